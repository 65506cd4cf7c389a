/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A file from one device to another, without a meeting: over the server's
 * WebSocket, in one process, with real sockets and a real folder. */

#include "support/net/netclient.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/store/vmtrustfacts-priv.h"

#include "program.h"

#include <gst/videomeet/client/upload/fileupload-priv.h>
#include <gst/videomeet/vmtransferstate.h>
#include <gst/videomeet/server/dialect/transfer/transfer-priv.h>
#include <gst/videomeet/server/http/trust.h>
#include <gst/videomeet/server/socket/ws.h>
#include <gst/videomeet/vmfilereceiver.h>
#include <gst/videomeet/vmfilesender.h>
#include <gst/videomeet/base/json/json.h>
#include <glib/gstdio.h>
#include <string.h>

#define CHUNK 65536
#define DEADLINE (60 * G_TIME_SPAN_SECOND)
#define DEAD_MS 60000 /* as fileuploadlane.c has it */

static gchar *folder, *in, *path, *data;
static gsize size;
static VmIdentity *sender_identity;
static VmServer *server;
static VmFileReceiver *receiver;
static gchar *uri;
static VmFileSender *sender;

/* Of the signals, which come on other threads. */
static GMutex lock;
static GCond cond;
static VmTransferState seen; /* by the receiver */
static gchar *seen_from;
static const gchar *seen_id; /* interned: it outlives the lock */
static guint64 seen_done;
static guint seen_pending; /* transfers */
static guint64 seen_before; /* what the last one found when it was accepted */

static void
on_changed (
    VmFileReceiver *object, const GstStructure *transfer, gpointer user_data)
{
  VmTransferState before;

  g_mutex_lock (&lock);
  before = seen;
  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &seen, "done",
      G_TYPE_UINT64, &seen_done, NULL);
  if (before == VM_TRANSFER_STATE_PENDING
      && seen == VM_TRANSFER_STATE_TRANSFERRING)
    seen_before = seen_done;
  seen_pending += seen == VM_TRANSFER_STATE_PENDING;
  g_free (seen_from);
  seen_from = g_strdup (gst_structure_get_string (transfer, "from"));
  seen_id = g_intern_string (gst_structure_get_string (transfer, "transferId"));
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static const gchar *
get_id (void)
{
  const gchar *id;

  g_mutex_lock (&lock);
  id = seen_id;
  g_mutex_unlock (&lock);
  return id;
}

static void
wait_state (VmTransferState state)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (!seen_pending || seen != state)
    fail_unless (g_cond_wait_until (&cond, &lock, until));
  g_mutex_unlock (&lock);
}

static guint64
get_done (void)
{
  guint64 done;

  g_mutex_lock (&lock);
  done = seen_done;
  g_mutex_unlock (&lock);
  return done;
}

static void
wait_done (guint64 bytes)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (seen_done < bytes)
    fail_unless (g_cond_wait_until (&cond, &lock, until));
  g_mutex_unlock (&lock);
}

static guint
get_pending (void)
{
  guint pending;

  g_mutex_lock (&lock);
  pending = seen_pending;
  g_mutex_unlock (&lock);
  return pending;
}

static void
serve (void)
{
  VmServerConfig config = { 0 };
  g_autoptr (GError) error = NULL;

  seen = VM_TRANSFER_STATE_PENDING;
  receiver = vm_file_receiver_new (in);
  g_signal_connect (receiver, "changed", G_CALLBACK (on_changed), NULL);
  fail_unless (vm_file_receiver_start (receiver, &error));
  server = net_server (&config, NULL);
  vm_server_set_file_receiver (server, receiver);
  uri = g_strdup_printf ("https://127.0.0.1:%u", vm_server_get_port (server));
}

static void
setup (void)
{
  g_autofree gchar *keys = NULL;

  folder = g_dir_make_tmp ("vm-upload-XXXXXX", NULL);
  in = g_build_filename (folder, "in", NULL);
  fail_unless_equals_int (g_mkdir (in, 0700), 0);
  keys = g_build_filename (folder, "keys", NULL);
  sender_identity = vm_identity_load (keys, NULL);
  seen_pending = 0;
  seen_done = seen_before = 0;
  serve ();
}

static void
stop_serving (void)
{
  vm_server_set_file_receiver (server, NULL);
  vm_server_stop (server);
  g_clear_object (&server);
  vm_file_receiver_stop (receiver);
  g_clear_object (&receiver);
  g_clear_pointer (&uri, g_free);
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  /* whatever the test has set for the whole process */
  vm_upload_set_dead_time (DEAD_MS);
  net_use_identity (NULL);
  if (server)
    stop_serving ();
  g_clear_object (&sender);
  g_clear_object (&sender_identity);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&in, g_free);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&data, g_free);
  g_clear_pointer (&seen_from, g_free);
  seen_id = NULL;
}

static void
write_file (gsize bytes)
{
  g_autoptr (GError) error = NULL;

  size = bytes;
  data = g_malloc (size + 1);
  for (gsize i = 0; i < size; i++)
    data[i] = i * 7 + i / CHUNK * 13;
  path = g_build_filename (folder, "a.bin", NULL);
  fail_unless (g_file_set_contents (path, data, size, NULL));
  sender = vm_file_sender_new (path, CHUNK, &error);
  g_assert_no_error (error);
}

static void
assert_received (void)
{
  g_autofree gchar *there = g_build_filename (in, "a.bin", NULL);
  g_autofree gchar *got = NULL;
  gsize n;

  fail_unless (g_file_get_contents (there, &got, &n, NULL));
  fail_unless_equals_uint64 (n, size);
  fail_unless (memcmp (got, data, n) == 0);
}

static gboolean
upload (GError **error)
{
  return vm_file_sender_upload (
      sender, sender_identity, uri, NULL, NULL, error);
}

static const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1,
  20 * 1024 * 1024 };

GST_START_TEST (test_sizes)
{
  g_autoptr (GError) error = NULL;
  gboolean done;

  write_file (sizes[__i__]);
  done = upload (&error);
  g_assert_no_error (error);
  fail_unless (done);
  assert_received ();
  wait_state (VM_TRANSFER_STATE_COMPLETED);
  fail_unless_equals_string (
      seen_from, vm_identity_get_device_id (sender_identity));
}

GST_END_TEST;

GST_START_TEST (test_nobody_receives)
{
  g_autoptr (GError) error = NULL;

  write_file (10);
  vm_server_set_file_receiver (server, NULL);
  fail_unless (!upload (&error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
}

GST_END_TEST;

GST_START_TEST (test_another_key_is_not_sent_to)
{
  g_autoptr (GError) error = NULL;
  const gchar *key = vm_identity_get_key_hash (sender_identity);

  write_file (10);
  fail_unless (
      !vm_file_sender_upload (sender, sender_identity, uri, key, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (get_pending (), 0);
}

GST_END_TEST;

GST_START_TEST (test_stranger_under_require)
{
  g_autoptr (GError) error = NULL;

  write_file (10);
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  fail_unless (!upload (&error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless_equals_int (get_pending (), 0);
}

GST_END_TEST;

GST_START_TEST (test_declined)
{
  g_autoptr (GError) error = NULL;

  write_file (10);
  g_object_set (receiver, "accept", VM_ACCEPT_NEVER, NULL);
  fail_unless (!upload (&error));
  g_assert_error (error, VM_ERROR, VM_ERROR_DECLINED);
}

GST_END_TEST;

typedef struct
{
  GThread *thread;
  GCancellable *cancellable;
  GError *error;
  gboolean done;
} Background;

static gpointer
upload_thread (gpointer user_data)
{
  Background *self = user_data;

  self->done = vm_file_sender_upload (
      sender, sender_identity, uri, NULL, self->cancellable, &self->error);
  return NULL;
}

static void
begin (Background *self)
{
  *self = (Background){ .cancellable = g_cancellable_new () };
  self->thread = g_thread_new ("upload", upload_thread, self);
}

static void
finish (Background *self)
{
  g_thread_join (self->thread);
  g_clear_object (&self->cancellable);
}

/* What takes a while at @max_bitrate. */
static void
begin_slowly (Background *self, guint64 max_bitrate)
{
  write_file (8 * 1024 * 1024);
  vm_file_sender_set_max_bitrate (sender, max_bitrate);
  begin (self);
}

GST_START_TEST (test_user_is_asked)
{
  Background up;

  write_file (100000);
  g_object_set (receiver, "accept", VM_ACCEPT_ASK, NULL);
  begin (&up);
  wait_state (VM_TRANSFER_STATE_PENDING);
  vm_file_receiver_accept (receiver, get_id ());
  finish (&up);
  g_assert_no_error (up.error);
  assert_received ();
}

GST_END_TEST;

/* A reason, and what the sender is told: nothing twice. */
static const gchar *const declined[][2] = {
  { NULL, "The file was declined" },
  { "No room", "The file was declined: No room" },
};

GST_START_TEST (test_user_declines)
{
  Background up;

  write_file (10);
  g_object_set (receiver, "accept", VM_ACCEPT_ASK, NULL);
  begin (&up);
  wait_state (VM_TRANSFER_STATE_PENDING);
  vm_file_receiver_decline (receiver, get_id (), declined[__i__][0]);
  finish (&up);
  g_assert_error (up.error, VM_ERROR, VM_ERROR_DECLINED);
  fail_unless_equals_string (up.error->message, declined[__i__][1]);
  g_clear_error (&up.error);
}

GST_END_TEST;

/* Returns: how much the receiver had of it, at least @bytes */
static guint64
interrupt (guint64 bytes)
{
  Background up;

  begin_slowly (&up, 4 * 1024 * 1024);
  wait_done (bytes);
  g_cancellable_cancel (up.cancellable);
  finish (&up);
  g_assert_error (up.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&up.error);
  return get_done ();
}

/* Not again what was there @before. */
static void
send_the_rest (guint64 before)
{
  g_autoptr (GError) error = NULL;

  g_clear_object (&sender);
  sender = vm_file_sender_new (path, CHUNK, NULL);
  upload (&error);
  g_assert_no_error (error);
  assert_received ();
  g_mutex_lock (&lock);
  fail_unless (seen_before >= before);
  g_mutex_unlock (&lock);
}

GST_START_TEST (test_interrupted_and_resumed)
{
  guint64 before = interrupt (1);

  /* another program, later */
  stop_serving ();
  serve ();
  send_the_rest (before);
}

GST_END_TEST;

/* The receiver has not heard the last of the one that was interrupted. */
GST_START_TEST (test_sent_again_to_the_same_receiver)
{
  send_the_rest (interrupt (4 * 1024 * 1024));
}

GST_END_TEST;

/* Beside one whose socket stands the second waits; then its name is taken. */
GST_START_TEST (test_sent_twice_at_a_time)
{
  Background up;
  VmFileSender *first;
  g_autoptr (GError) error = NULL;

  begin_slowly (&up, 16 * 1024 * 1024);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  first = sender;
  vm_file_sender_set_max_bitrate (first, 0);
  sender = vm_file_sender_new (path, CHUNK, NULL);
  fail_unless (!upload (&error));
  g_assert_error (error, VM_ERROR, VM_ERROR_DECLINED);
  g_object_unref (sender);
  sender = first;
  finish (&up);
  g_assert_no_error (up.error);
  assert_received ();
}

GST_END_TEST;

/* The socket is lost, and comes back: the transfer does not notice. */
static void
cut_sockets (VmServer *self, gpointer user_data)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    vm_conn_cut (key);
}

GST_START_TEST (test_socket_is_cut)
{
  Background up;

  begin_slowly (&up, 64 * 1024 * 1024);
  for (guint64 cut = 1; cut <= 3; cut++) {
    wait_done (cut * 2 * 1024 * 1024 - CHUNK * 8);
    vm_server_post (server, cut_sockets, NULL, NULL);
  }
  finish (&up);
  g_assert_no_error (up.error);
  assert_received ();
  fail_unless_equals_int (get_pending (), 1);
}

GST_END_TEST;

/* How often it was told that the connection is lost, and is there again. */
typedef struct
{
  gboolean lost;
  guint losses, returns;
} Told;

static void
on_told (GObject *object, const GstStructure *transfer, gpointer user_data)
{
  Told *told = user_data;
  gboolean lost = FALSE;

  gst_structure_get_boolean (transfer, "lost", &lost);
  g_mutex_lock (&lock);
  told->losses += lost && !told->lost;
  told->returns += !lost && told->lost;
  told->lost = lost;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
}

static void
wait_told (const guint *count)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (!*count)
    fail_unless (g_cond_wait_until (&cond, &lock, until));
  g_mutex_unlock (&lock);
}

/* For a moment, to both sides; then for as long as nobody knows that the
 * receiver does not come back. */
GST_START_TEST (test_loss_is_told)
{
  Told sent = { 0 }, received = { 0 };
  Background up;

  write_file (8 * 1024 * 1024);
  vm_file_sender_set_max_bitrate (sender, 16 * 1024 * 1024);
  g_signal_connect (sender, "changed", G_CALLBACK (on_told), &sent);
  g_signal_connect (receiver, "changed", G_CALLBACK (on_told), &received);
  begin (&up);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  vm_server_post (server, cut_sockets, NULL, NULL);
  wait_told (&sent.returns);
  wait_told (&received.returns);
  g_mutex_lock (&lock);
  fail_unless (sent.losses == 1 && received.losses == 1);
  sent.losses = 0;
  g_mutex_unlock (&lock);
  stop_serving ();
  wait_told (&sent.losses);
  g_cancellable_cancel (up.cancellable);
  finish (&up);
  g_assert_error (up.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&up.error);
}

GST_END_TEST;

typedef struct
{
  VmWs *held;
  VmWs *other; /* that has come since */
} Sockets;

/* The first time, the one that is there is not read from any more. */
static void
look_at_sockets (VmServer *self, gpointer data)
{
  Sockets *sockets = data;
  GHashTableIter iter;
  gpointer ws;

  g_hash_table_iter_init (&iter, vm_transfer_server_of (self)->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &ws)) {
    if (!sockets->held)
      vm_ws_hold (sockets->held = ws, TRUE);
    else if (ws != sockets->held)
      sockets->other = ws;
  }
}

/* Nothing is read any more from a socket that nobody has closed, as when the
 * machine has lost its power; and nothing is to be said. */
GST_START_TEST (test_silent_while_paused)
{
  Background up;
  Sockets sockets = { 0 };
  gint64 until = g_get_monotonic_time () + DEADLINE;

  vm_upload_set_dead_time (2000);
  begin_slowly (&up, 64 * 1024 * 1024);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  vm_file_receiver_set_paused (receiver, get_id (), TRUE);
  wait_state (VM_TRANSFER_STATE_PAUSED);
  net_run (server, look_at_sockets, &sockets);
  fail_unless (sockets.held);
  while (!sockets.other) {
    fail_unless (g_get_monotonic_time () < until);
    g_mutex_lock (&lock);
    g_cond_wait_until (&cond, &lock, g_get_monotonic_time () + 20 * 1000);
    g_mutex_unlock (&lock);
    net_run (server, look_at_sockets, &sockets);
  }
  vm_file_receiver_set_paused (receiver, get_id (), FALSE);
  finish (&up);
  g_assert_no_error (up.error);
  assert_received ();
  fail_unless_equals_int (get_pending (), 1);
}

GST_END_TEST;

/* All of the sender, from now on: it may send for so many seconds, or not. */
static void
know (gboolean revoked, gint64 seconds)
{
  GPtrArray *known =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_trust_facts_free);
  VmTrustFacts *facts =
      vm_trust_facts_new (vm_identity_get_device_id (sender_identity));

  facts->revoked = revoked;
  facts->given = revoked ? 0 : VM_PERMISSIONS_FILE;
  facts->given_until = g_get_real_time () / G_USEC_PER_SEC + seconds;
  g_ptr_array_add (known, facts);
  vm_server_take_known (server, known, FALSE, G_MAXUINT64);
}

/* The socket is closed, and what it asks for again is refused. */
GST_START_TEST (test_revoked_in_mid_file)
{
  Background up;
  g_autofree gchar *there = g_build_filename (in, "a.bin", NULL);

  begin_slowly (&up, 1024 * 1024);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  know (TRUE, 0);
  finish (&up);
  g_assert_error (up.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  g_clear_error (&up.error);
  g_clear_object (&sender);
  sender = vm_file_sender_new (path, CHUNK, NULL);
  fail_if (upload (&up.error));
  g_assert_error (up.error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  g_clear_error (&up.error);
  fail_if (g_file_test (there, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

/* What was given runs out in the middle of it. */
GST_START_TEST (test_trust_runs_out_in_mid_file)
{
  Background up;

  know (FALSE, 3600);
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  begin_slowly (&up, 64 * 1024);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  know (FALSE, 2);
  finish (&up);
  g_assert_error (up.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  g_clear_error (&up.error);
}

GST_END_TEST;

/* Whichever key was first: another device at the same address is sent
 * nothing. */
GST_START_TEST (test_another_device_takes_its_place)
{
  Background up;
  VmServerConfig config = { 0 };
  g_autoptr (VmServer) other = NULL;
  g_autofree gchar *keys = g_build_filename (folder, "other", NULL);
  g_autoptr (VmIdentity) identity = vm_identity_load (keys, NULL);
  g_autoptr (GError) error = NULL;

  begin_slowly (&up, 8 * 1024 * 1024);
  wait_state (VM_TRANSFER_STATE_TRANSFERRING);
  config.port = vm_server_get_port (server);
  config.port_explicit = TRUE;
  vm_server_set_file_receiver (server, NULL);
  vm_server_stop (server);
  other = vm_server_new (identity);
  vm_server_set_file_receiver (other, receiver);
  fail_unless (vm_server_start (other, &config, &error));
  finish (&up);
  g_assert_error (up.error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&up.error);
  vm_server_set_file_receiver (other, NULL);
  vm_server_stop (other);
}

GST_END_TEST;

/* Without a key, or with a body that is none: an answer in words. */
GST_START_TEST (test_bad_requests)
{
  g_autoptr (NetAnswer) nobody = net_ask (server,
      "POST /transfers HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
      "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      vm_server_get_port (server));
  g_autoptr (NetAnswer) nothing = NULL;
  g_autoptr (NetAnswer) other = NULL;

  fail_unless_equals_int (nobody->status, 403);
  net_use_identity (sender_identity);
  nothing = net_ask (server,
      "POST /transfers HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
      "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
      vm_server_get_port (server));
  fail_unless_equals_int (nothing->status, 400);
  other = net_ask (server,
      "POST /transfers HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
      "Content-Type: application/json\r\nContent-Length: 43\r\n\r\n"
      "{\"type\":\"TRANSFER_CANCEL\",\"transferId\":\"x\"}",
      vm_server_get_port (server));
  fail_unless_equals_int (other->status, 400);
  net_use_identity (NULL);
}

GST_END_TEST;

/* A socket for a file, by hand. */
static NetSocket *
open_socket (void)
{
  static const gchar body[] =
      "{\"type\":\"FILE_OFFER\",\"filename\":\"f\",\"size\":1,\"hash\":\"\","
      "\"id\":\"t\"}";
  g_autoptr (NetAnswer) answer = NULL;
  g_autofree gchar *ticket = NULL;
  g_autofree gchar *at = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *socket;
  VmJson json;

  net_use_identity (sender_identity);
  answer = net_ask (server,
      "POST /transfers HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      vm_server_get_port (server), strlen (body), body);
  fail_unless_equals_int (answer->status, 202);
  fail_unless (vm_json_read (&json, answer->body, strlen (answer->body), NULL));
  fail_unless (vm_json_get_string (&json, 0, "ticket", 99, &ticket, NULL));
  at = g_strdup_printf ("/transfer?ticket=%s", ticket);
  socket = net_socket_open (server, at, "videomeet.file", &error);
  g_assert_no_error (error);
  net_use_identity (NULL);
  return socket;
}

/* A message that is nothing, but not too large, is answered. */
GST_START_TEST (test_message_of_a_size)
{
  gsize n = VM_TRANSFER_SOCKET_MESSAGE_MAX + __i__;
  g_autofree gchar *zeros = g_malloc0 (n);
  NetSocket *socket = open_socket ();
  g_autofree gchar *answer = NULL;

  soup_websocket_connection_send_binary (socket->socket, zeros, n);
  answer = net_socket_next (socket);
  fail_unless ((answer != NULL) == (__i__ <= 0));
  if (answer)
    fail_unless (g_str_has_prefix (answer, "{\"type\":\"error\","));
  else
    fail_unless_equals_int (net_socket_wait_closed (socket), 1009);
  net_socket_free (socket);
}

GST_END_TEST;

/* What reaches no disk is as dear as any other message, however long. */
GST_START_TEST (test_flood_of_what_is_nothing)
{
  g_autofree gchar *junk = g_strnfill (VM_TRANSFER_SOCKET_FREE, 'x');
  NetSocket *socket = open_socket ();
  g_autofree gchar *text = NULL;

  for (guint i = 0; i < 4 * VM_MESSAGE_BURST; i++) {
    if (__i__)
      soup_websocket_connection_send_binary (
          socket->socket, junk, strlen (junk));
    else
      net_socket_send (socket, "%s", junk);
  }
  do {
    g_free (text);
    text = net_socket_next (socket);
    fail_unless (text != NULL);
  } while (!strstr (text, "RATE_LIMITED"));
  net_socket_free (socket);
}

GST_END_TEST;

#define SEED_CHUNK 1024
#define SEED_CHUNKS (VM_MESSAGE_BURST + 500)

/* A sender that knows only the base messages, and is faster than other messages
 * may come: bytes of a file are paid for by the disk, in JSON as well. */
GST_START_TEST (test_chunks_as_json)
{
  g_autofree guint8 *zeros = g_malloc0 (SEED_CHUNK * SEED_CHUNKS);
  g_autofree gchar *base64 = g_base64_encode (zeros, SEED_CHUNK);
  g_autofree gchar *hash =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, zeros, SEED_CHUNK);
  g_autofree gchar *whole = g_compute_checksum_for_data (
      G_CHECKSUM_SHA256, zeros, SEED_CHUNK * SEED_CHUNKS);
  NetSocket *socket = open_socket ();
  g_autofree gchar *text = NULL;

  net_socket_send (socket,
      "{\"type\":\"FILE_OFFER\",\"filename\":\"a.bin\",\"size\":%d,"
      "\"hash\":\"\",\"id\":\"t\"}",
      SEED_CHUNK * SEED_CHUNKS);
  g_free (net_socket_wait (socket, "FILE_RESPONSE"));
  net_socket_send (socket,
      "{\"type\":\"TRANSFER_START\",\"chunkSize\":%d,\"totalChunks\":%d}",
      SEED_CHUNK, SEED_CHUNKS);
  for (guint i = 0; i < SEED_CHUNKS; i++)
    net_socket_send (socket,
        "{\"type\":\"CHUNK_DATA\",\"id\":%u,\"data\":\"%s\","
        "\"hash\":\"%s\"}",
        i, base64, hash);
  net_socket_send (socket,
      "{\"type\":\"TRANSFER_COMPLETE\",\"totalChunks\":%d,"
      "\"finalHash\":\"%s\"}",
      SEED_CHUNKS, whole);
  do {
    g_free (text);
    text = net_socket_next (socket);
    fail_unless (text != NULL);
    fail_if (strstr (text, "RATE_LIMITED"), "%s", text);
  } while (!strstr (text, "TRANSFER_VERIFIED"));
  fail_unless (strstr (text, "\"verified\""));
  net_socket_free (socket);
}

GST_END_TEST;

#define PIECES 8

typedef struct
{
  gint beyond; /* the limit */
} Feed;

/* On the server's thread in one go: nothing is written meanwhile. */
static void
feed (VmServer *self, gpointer data)
{
  Feed *fed = data;
  GHashTableIter iter;
  gpointer ws = NULL;

  g_hash_table_iter_init (&iter, vm_transfer_server_of (self)->sockets);
  fail_unless (g_hash_table_iter_next (&iter, NULL, &ws));
  for (guint i = 1; i <= PIECES; i++) {
    gsize n =
        VM_TRANSFER_SOCKET_QUEUE / PIECES + (i < PIECES ? 0 : fed->beyond);
    g_autoptr (GBytes) bytes = g_bytes_new_take (g_strnfill (n, 'a'), n);

    vm_ws_send (ws, bytes);
  }
}

GST_START_TEST (test_bytes_that_wait_to_be_sent)
{
  Feed fed = { .beyond = __i__ };
  NetSocket *socket = open_socket ();

  vm_server_post (server, feed, &fed, NULL);
  if (fed.beyond > 0)
    fail_unless_equals_int (net_socket_wait_closed (socket), 1013);
  for (guint i = 1; fed.beyond <= 0 && i <= PIECES; i++) {
    g_autofree gchar *text = net_socket_next (socket);

    fail_unless (text != NULL);
    fail_unless_equals_int (strlen (text),
        VM_TRANSFER_SOCKET_QUEUE / PIECES + (i < PIECES ? 0 : fed.beyond));
  }
  net_socket_free (socket);
}

GST_END_TEST;

static Suite *
fileupload_suite (void)
{
  Suite *s = suite_create ("fileupload");
  TCase *tc = tcase_create ("fileupload");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_sizes, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_nobody_receives);
  tcase_add_test (tc, test_another_key_is_not_sent_to);
  tcase_add_test (tc, test_stranger_under_require);
  tcase_add_test (tc, test_declined);
  tcase_add_test (tc, test_user_is_asked);
  tcase_add_loop_test (tc, test_user_declines, 0, G_N_ELEMENTS (declined));
  tcase_add_test (tc, test_interrupted_and_resumed);
  tcase_add_test (tc, test_sent_again_to_the_same_receiver);
  tcase_add_test (tc, test_sent_twice_at_a_time);
  tcase_add_test (tc, test_socket_is_cut);
  tcase_add_test (tc, test_loss_is_told);
  tcase_add_test (tc, test_silent_while_paused);
  tcase_add_test (tc, test_revoked_in_mid_file);
  tcase_add_test (tc, test_trust_runs_out_in_mid_file);
  tcase_add_test (tc, test_another_device_takes_its_place);
  tcase_add_test (tc, test_bad_requests);
  tcase_add_loop_test (tc, test_message_of_a_size, -1, 2);
  tcase_add_loop_test (tc, test_flood_of_what_is_nothing, 0, 2);
  tcase_add_test (tc, test_chunks_as_json);
  tcase_add_loop_test (tc, test_bytes_that_wait_to_be_sent, -1, 2);
  return s;
}

CHECK_PROGRAM (fileupload)
