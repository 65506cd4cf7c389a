/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A transfer of a meeting over a WebSocket: who may open one, and what it
 * carries. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/client/upload/filesocket-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/server/dialect/transfer/transfer-priv.h>
#include <gst/videomeet/server/socket/ws.h>
#include <gst/videomeet/trust/media/vmmediasession-priv.h>
#include <string.h>

#define ID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define OTHER_ID "4d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define DEADLINE (90 * G_TIME_SPAN_SECOND)
#define SDP(fp, ufrag)                                                       \
  "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"                        \
  "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=fingerprint:sha-256 "                 \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:00:11:22:33:44:55:66:77:" \
  "88:99:AA:BB:CC:DD:EE:" fp "\r\na=ice-ufrag:" ufrag "\r\n"
#define OFFER SDP ("AA", "offr")
#define ANSWER SDP ("BB", "answ")

static VmServer *server; /* of ann, who receives */
static gchar *uri;
static VmMediaSession *session; /* of the sender, bob */
static VmFileInlet *inlet;
static VmFileSocket *file_socket;
static gboolean opened;
static GError *closed; /* why */
static GPtrArray *received; /* GstBuffer */
static GPtrArray *answers; /* GstStructure */

static VmMediaSession *
new_session (VmIdentity *own, VmIdentity *other, gboolean first)
{
  const VmMediaSessionConfig config = trust_media_config (own, other, first);

  return vm_media_session_new (&config, NULL);
}

/* Of @sender, with a connection to @other that both have signed. */
static VmMediaSession *
sign (VmIdentity *sender, VmIdentity *other)
{
  g_autoptr (VmMediaSession) there = new_session (other, sender, TRUE);
  VmMediaSession *here = new_session (sender, other, FALSE);
  g_autofree gchar *offer = NULL, *answer = NULL;

  fail_unless (vm_media_session_sign (
      there, VM_DESCRIPTION_TYPE_OFFER, OFFER, &offer, NULL));
  fail_unless (vm_media_session_check (
      here, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer, NULL));
  fail_unless (vm_media_session_sign (
      here, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, &answer, NULL));
  fail_unless (vm_media_session_check (
      there, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, answer, NULL));
  return here;
}

static void
setup (void)
{
  VmServerConfig config = { 0 };
  g_autoptr (GError) error = NULL;

  server = vm_server_new (ann);
  vm_server_start (server, &config, &error);
  g_assert_no_error (error);
  uri = g_strdup_printf ("https://127.0.0.1:%u", vm_server_get_port (server));
  session = sign (bob, ann);
  received = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  answers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_structure_free);
  opened = FALSE;
  vm_file_socket_set_times (
      80 * 1000, 80 * 1000); /* as others take the cores */
}

static void
drop_inlet (void)
{
  if (inlet)
    vm_file_inlet_close (inlet);
  g_clear_object (&inlet);
}

static void
teardown (void)
{
  g_clear_object (&file_socket);
  drop_inlet ();
  vm_server_stop (server);
  g_clear_object (&server);
  g_clear_object (&session);
  g_clear_error (&closed);
  g_clear_pointer (&uri, g_free);
  g_clear_pointer (&received, g_ptr_array_unref);
  g_clear_pointer (&answers, g_ptr_array_unref);
  vm_meeting_settle (30000);
}

static void
on_received (VmFileInlet *object, GstBuffer *buffer, gpointer data)
{
  g_ptr_array_add (received, gst_buffer_ref (buffer));
}

static void
on_opened (VmFileSocket *object, gpointer data)
{
  opened = TRUE;
}

static void
on_answer (VmFileSocket *object, const GstStructure *message, gpointer data)
{
  g_ptr_array_add (answers, gst_structure_copy (message));
}

static void
on_closed (VmFileSocket *object, const GError *error, gpointer data)
{
  fail_unless (!closed);
  closed = g_error_copy (error);
}

static gboolean
wake (gpointer unused)
{
  return G_SOURCE_CONTINUE;
}

/* Runs the main context until @done. */
static void
wait_until (gboolean (*done) (void))
{
  gint64 until = g_get_monotonic_time () + DEADLINE;
  guint timer = g_timeout_add (1000, wake, NULL);

  while (!done ()) {
    fail_unless (g_get_monotonic_time () < until);
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (timer);
}

static gboolean
is_opened (void)
{
  fail_unless (!closed, "%s", closed ? closed->message : "");
  return opened;
}

static gboolean
is_closed (void)
{
  return closed != NULL;
}

static gboolean
is_received (void)
{
  return received->len > 0;
}

static gboolean
is_received_twice (void)
{
  return received->len > 1;
}

static gboolean
is_answered (void)
{
  return answers->len > 0;
}

/* For a transfer that bob has offered. */
static void
expect (void)
{
  inlet =
      vm_server_add_file_inlet (server, vm_identity_get_device_id (bob), ID);
  g_signal_connect (inlet, "message", G_CALLBACK (on_received), NULL);
}

static void
open_socket (const gchar *id)
{
  file_socket = vm_file_socket_new (session, uri, id);
  g_signal_connect (file_socket, "opened", G_CALLBACK (on_opened), NULL);
  g_signal_connect (file_socket, "message", G_CALLBACK (on_answer), NULL);
  g_signal_connect (file_socket, "closed", G_CALLBACK (on_closed), NULL);
}

static void
say (const gchar *text, GBytes *data)
{
  g_autoptr (GstStructure) s = gst_structure_from_string (text, NULL);
  g_autoptr (GError) error = NULL;

  fail_unless (s != NULL);
  fail_unless (vm_file_socket_send (file_socket, s, data, &error), "%s",
      error ? error->message : "");
}

static gboolean
answer (const gchar *text)
{
  g_autoptr (GstStructure) s = gst_structure_from_string (text, NULL);

  fail_unless (s != NULL);
  return vm_file_inlet_send (inlet, s);
}

static const GstStructure *
message_of (guint i)
{
  fail_unless_equals_string (
      vm_buffer_get_transfer_meta (received->pdata[i])->lane, "wss");
  return vm_buffer_get_transfer_meta (received->pdata[i])->message;
}

#define HASH \
  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\""
#define START                                                            \
  "TRANSFER_START, transferId=(string)" ID ", chunkSize=(gint64)65536, " \
  "totalChunks=(gint64)2"
#define CHUNK                                                  \
  "CHUNK_DATA, transferId=(string)" ID ", id=(gint64)1, hash=" \
  "(string)" HASH
#define ACK                                              \
  "CHUNK_ACK, transferId=(string)" ID ", id=(gint64)1, " \
  "status=(string)received, upTo=(gint64)2"
#define PAUSE "TRANSFER_PAUSE, transferId=(string)" ID

GST_START_TEST (test_both_ways)
{
  g_autofree guint8 *data = g_malloc (65536);
  g_autoptr (GBytes) bytes = NULL;
  gint64 number = -1;

  memset (data, 7, 65536);
  bytes = g_bytes_new (data, 65536);
  expect ();
  fail_if (answer (ACK)); /* nobody is there yet */
  open_socket (ID);
  fail_unless_equals_string (vm_file_socket_get_base_uri (file_socket), uri);
  wait_until (is_opened);
  say (START, NULL);
  say (CHUNK, bytes);
  wait_until (is_received_twice);
  fail_unless (gst_structure_has_name (message_of (0), "TRANSFER_START"));
  fail_unless (gst_structure_has_name (message_of (1), "CHUNK_DATA"));
  fail_unless_equals_int (
      gst_buffer_memcmp (received->pdata[1], 0, data, 65536), 0);
  fail_unless_equals_int (gst_buffer_get_size (received->pdata[1]), 65536);
  fail_unless (answer (ACK));
  wait_until (is_answered);
  gst_structure_get_int64 (answers->pdata[0], "upTo", &number);
  fail_unless_equals_int64 (number, 2);

  /* the last word gets out before it ends */
  g_ptr_array_set_size (answers, 0);
  fail_unless (answer (PAUSE));
  drop_inlet ();
  wait_until (is_closed);
  g_assert_error (closed, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_unless_equals_int (answers->len, 1);
}

GST_END_TEST;

/* Whoever is not the participant is sent nothing, wherever it answers. */
GST_START_TEST (test_another_device_answers)
{
  expect ();
  g_clear_object (&session);
  session = sign (bob, eve);
  open_socket (ID);
  wait_until (is_closed);
  g_assert_error (closed, VM_ERROR, VM_ERROR_WRONG_KEY);
  fail_if (opened);
}

GST_END_TEST;

/* Nor is a file taken from anybody but who has offered it. */
GST_START_TEST (test_another_device_sends)
{
  expect ();
  g_clear_object (&session);
  session = sign (eve, ann);
  open_socket (ID);
  wait_until (is_closed);
  g_assert_error (closed, VM_ERROR, VM_ERROR_DISCONNECTED);
  fail_if (opened);
}

GST_END_TEST;

GST_START_TEST (test_no_such_transfer)
{
  expect ();
  open_socket (OTHER_ID);
  wait_until (is_closed);
  g_assert_error (closed, VM_ERROR, VM_ERROR_DISCONNECTED);

  /* one that is over is none any more */
  g_clear_error (&closed);
  g_clear_object (&file_socket);
  drop_inlet ();
  open_socket (ID);
  wait_until (is_closed);
  fail_if (opened);
}

GST_END_TEST;

/* Who is not trusted with files any more. */
GST_START_TEST (test_stranger_under_require)
{
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  expect ();
  open_socket (ID);
  wait_until (is_closed);
  fail_if (opened);
}

GST_END_TEST;

/* Whose word an offer is was looked at in the meeting, and is not here. */
GST_START_TEST (test_no_offers)
{
  expect ();
  open_socket (ID);
  wait_until (is_opened);
  say ("FILE_OFFER, id=(string)" ID ", filename=(string)a, size=(gint64)1, "
       "hash=(string)\"\"",
      NULL);
  say (PAUSE, NULL);
  wait_until (is_received);
  fail_unless_equals_int (received->len, 1);
  fail_unless (gst_structure_has_name (message_of (0), "TRANSFER_PAUSE"));
}

GST_END_TEST;

GST_START_TEST (test_nothing_is_there)
{
  g_autoptr (GstStructure) s = gst_structure_from_string (PAUSE, NULL);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&uri, g_free);
  uri = g_strdup ("https://127.0.0.1:9");
  open_socket (ID);
  fail_if (vm_file_socket_send (file_socket, s, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  wait_until (is_closed);
  g_assert_error (closed, VM_ERROR, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

/* Below VM_FILE_INLET_QUEUE_MAX, at it, and above, where the socket is not read
 * until half of it was taken. */
GST_START_TEST (test_what_waits)
{
  const gsize count = 1024; /* of each message */
  gsize left = VM_FILE_INLET_QUEUE_MAX;

  expect ();
  while (left) {
    VmTransferMessage *message =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, ID);
    gsize size = MIN (left, VM_CHUNK_SIZE_MAX) - count;

    message->data = g_bytes_new_take (g_malloc0 (size), size);
    fail_unless (vm_file_inlet_push (inlet, message));
    left -= size + count;
  }
  fail_if (vm_file_inlet_push (
      inlet, vm_transfer_message_new (VM_TRANSFER_PAUSE, ID)));
  wait_until (is_received);
  fail_unless (vm_file_inlet_push (
      inlet, vm_transfer_message_new (VM_TRANSFER_PAUSE, ID)));
}

GST_END_TEST;

static gint held; /* the socket of OTHER_ID is not read; -1: not looked yet */

static void
look (VmServer *self, gpointer key)
{
  const VmWs *ws =
      g_hash_table_lookup (vm_transfer_server_of (self)->sockets, key);

  g_atomic_int_set (&held, ws && ws->held);
  g_main_context_wakeup (NULL);
}

static gboolean
has_looked (void)
{
  return g_atomic_int_get (&held) != -1;
}

/* After all that was posted to vm-net before. */
static gboolean
is_held (void)
{
  g_atomic_int_set (&held, -1);
  vm_server_post (server, look,
      vm_transfer_key (vm_identity_get_device_id (bob), OTHER_ID), g_free);
  wait_until (has_looked);
  return g_atomic_int_get (&held);
}

static void
fill (VmFileInlet *full)
{
  gboolean room = TRUE;

  while (room) {
    VmTransferMessage *message =
        vm_transfer_message_new (VM_TRANSFER_CHUNK_DATA, ID);

    message->data =
        g_bytes_new_take (g_malloc0 (VM_CHUNK_SIZE_MAX), VM_CHUNK_SIZE_MAX);
    room = vm_file_inlet_push (full, message);
  }
}

/* Of two inlets that are full one is emptied: the socket of the other waits
 * on. */
GST_START_TEST (test_one_of_two_is_full)
{
  g_autoptr (GMainContext) elsewhere = g_main_context_new ();
  g_autoptr (VmFileInlet) full = NULL;

  expect ();
  g_main_context_push_thread_default (elsewhere);
  full = vm_server_add_file_inlet (
      server, vm_identity_get_device_id (bob), OTHER_ID);
  g_main_context_pop_thread_default (elsewhere);
  open_socket (OTHER_ID);
  wait_until (is_opened);
  fill (full);
  say ("TRANSFER_PAUSE, transferId=(string)" OTHER_ID, NULL);
  wait_until (is_held);
  fill (inlet);
  wait_until (is_received);
  fail_unless (is_held ());
  /* its turn */
  while (g_main_context_iteration (elsewhere, FALSE))
    continue;
  fail_if (is_held ());
  vm_file_inlet_close (full);
}

GST_END_TEST;

static Suite *
filesocket_suite (void)
{
  Suite *s = suite_create ("filesocket");
  TCase *tc = tcase_create ("filesocket");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_both_ways);
  tcase_add_test (tc, test_another_device_answers);
  tcase_add_test (tc, test_another_device_sends);
  tcase_add_test (tc, test_no_such_transfer);
  tcase_add_test (tc, test_stranger_under_require);
  tcase_add_test (tc, test_no_offers);
  tcase_add_test (tc, test_nothing_is_there);
  tcase_add_test (tc, test_what_waits);
  tcase_add_test (tc, test_one_of_two_is_full);
  return s;
}

CHECK_PROGRAM (filesocket)
