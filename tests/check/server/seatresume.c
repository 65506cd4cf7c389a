/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Seats of the server whose socket is lost, over real sockets: what comes back,
 * what does not, and for whom (protocol/signalling.md#resume). */

#include "support/net/nethost.h"

#include <glib/gstdio.h>
#include "program.h"

#include <gst/videomeet/wire/line.h>
#include <string.h>

/* As a network does it, without a close frame. */
static void
cut (NetSocket *socket)
{
  g_io_stream_close (
      soup_websocket_connection_get_io_stream (socket->socket), NULL, NULL);
}

static gchar *
read_token (const gchar *welcome)
{
  gchar *token = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, welcome, strlen (welcome), NULL));
  fail_unless (vm_json_get_string (&json, 0, "resume", 99, &token, NULL));
  fail_unless (token != NULL);
  return token;
}

static NetSocket *
resume (const gchar *token, guint last_seq)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, "/ws", "videomeet.v2", &error);

  g_assert_no_error (error);
  net_socket_send (socket,
      "{\"type\":\"hello\",\"resume\":\"%s\",\"lastSeq\":%u}", token, last_seq);
  return socket;
}

static void
say_to_bob (const gchar *reason)
{
  VmSignal *restart = vm_signal_new (VM_SIGNAL_RESTART);

  restart->to = g_strdup ("p002");
  restart->reason = g_strdup (reason);
  vm_seat_send (seat, restart);
  vm_signal_unref (restart);
}

GST_START_TEST (test_resume)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob"), *again;
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autofree gchar *token = read_token (welcome);
  g_autofree gchar *back = NULL, *missed = NULL, *last = NULL, *next = NULL;

  g_free (net_socket_wait (bob, "meeting-state"));
  say_to_bob ("heard");
  g_free (net_socket_wait (bob, "restart"));
  cut (bob);
  say_to_bob ("missed");
  again = resume (token, 3);
  back = net_socket_next (again);
  has (back, "{\"type\":\"welcome\",\"ack\":1,");
  has (back, "\"id\":\"p002\"");
  has (back, "\"resumed\":true");
  missed = net_socket_next (again);
  has (missed, "{\"type\":\"restart\",\"seq\":4,");
  has (missed, "\"reason\":\"missed\"");
  say_to_bob ("new");
  last = net_socket_next (again);
  has (last, "{\"type\":\"restart\",\"seq\":5,");
  net_socket_free (bob);

  /* by the new token, the socket being there: it is superseded */
  next = read_token (back);
  net_socket_send (again, "{\"type\":\"ack\",\"ack\":5}");
  bob = resume (next, 5);
  g_free (net_socket_wait (bob, "welcome"));
  fail_unless_equals_int (net_socket_wait_closed (again), 1008);
  net_socket_free (again);
  net_socket_send (bob, "{\"type\":\"bye\",\"seq\":2}");
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_LEFT));
  fail_unless_equals_int (net_socket_wait_closed (bob), 1000);
  net_socket_free (bob);
}

GST_END_TEST;

static void
check_no_resume (const gchar *token, guint last_seq)
{
  NetSocket *socket = resume (token, last_seq);
  g_autofree gchar *error = net_socket_wait (socket, "error");

  has (error, "\"code\":\"RESUME_FAILED\"");
  fail_unless_equals_int (net_socket_wait_closed (socket), 1008);
  net_socket_free (socket);
}

GST_START_TEST (test_resume_refused)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autofree gchar *token = read_token (welcome);
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (GError) error = NULL;

  check_no_resume ("guess", 0);
  check_no_resume ("", 0);
  /* what it cannot have got */
  check_no_resume (token, 99);
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  error = vm_signal_get_error (left);
  g_assert_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED);
  fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
  check_no_resume (token, 1);
  net_socket_free (bob);
}

GST_END_TEST;

static void
check_missed (guint n, gboolean kept)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob"), *again;
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autofree gchar *token = read_token (welcome);

  g_free (net_socket_wait (bob, "meeting-state"));
  cut (bob);
  for (guint i = 0; i < n; i++)
    say_to_bob ("missed");
  if (!kept) {
    check_no_resume (token, 2);
  } else {
    again = resume (token, 2);
    g_free (net_socket_wait (again, "welcome"));
    for (guint i = 0; i < n; i++) {
      g_autofree gchar *text = net_socket_next (again);
      g_autofree gchar *seq = g_strdup_printf ("\"seq\":%u,", 3 + i);

      has (text, seq);
    }
    net_socket_send (again, "{\"type\":\"bye\",\"seq\":2}");
    net_socket_wait_closed (again);
    net_socket_free (again);
  }
  net_socket_free (bob);
}

GST_START_TEST (test_resume_after_256)
{
  check_missed (VM_LINE_MESSAGES, TRUE);
  teardown ();
  setup ();
  check_missed (VM_LINE_MESSAGES + 1, FALSE);
}

GST_END_TEST;

#define MISSED 250 /* below VM_LINE_MESSAGES */

/* As much as is kept for who is lost: what is told it next has room behind
 * it. */
GST_START_TEST (test_resume_after_a_mebibyte)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob"), *again;
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autofree gchar *token = read_token (welcome);
  g_autofree gchar *heard = NULL, *reason = NULL, *state = NULL;

  g_free (net_socket_wait (bob, "meeting-state"));
  say_to_bob ("heard");
  heard = net_socket_wait (bob, "restart");
  /* their numbers are up to two digits longer */
  reason = g_strnfill (
      VM_LINE_BYTES / MISSED - strlen (heard) + strlen ("heard") - 2, 'x');
  cut (bob);
  for (guint i = 0; i < MISSED; i++)
    say_to_bob (reason);
  /* then it is told so when it comes back, at once */
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_STATE));
  again = resume (token, 3);
  g_free (net_socket_wait (again, "welcome"));
  for (guint i = 0; i < MISSED; i++) {
    g_autofree gchar *text = net_socket_wait (again, "restart");

    fail_unless (text != NULL, "closed behind %u messages", i);
  }
  state = net_socket_wait (again, "participant-state");
  fail_unless (state != NULL);
  net_socket_free (again);
  net_socket_free (bob);
}

GST_END_TEST;

/* The server says by itself what it has got. */
GST_START_TEST (test_server_acknowledges)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *ack = NULL;

  g_free (net_socket_wait (bob, "meeting-state"));
  for (guint i = 2; i < 2 + VM_LINE_ACK_MESSAGES; i++)
    net_socket_send (bob, "{\"type\":\"chat\",\"seq\":%u,\"text\":\"hi\"}", i);
  ack = net_socket_next (bob);
  fail_unless_equals_string (ack, "{\"type\":\"ack\",\"ack\":33}");
  net_socket_free (bob);
}

GST_END_TEST;

/* Ticket and token are good for the key alone that asked for the ticket. */
GST_START_TEST (test_bound_to_the_key)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-key-XXXXXX", NULL);
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autoptr (VmIdentity) own = vm_identity_load (NULL, NULL);
  g_autoptr (VmIdentity) other = vm_identity_load (folder, NULL);
  VmIdentity *wrong[] = { NULL, other };
  g_autofree gchar *ticket = NULL, *path = NULL, *welcome = NULL;
  g_autofree gchar *token = NULL;
  NetSocket *bob;

  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  net_use_identity (own);
  ticket = net_ticket (server, "standup", "Bob");
  path = g_strdup_printf ("/ws?ticket=%s", ticket);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    net_use_identity (wrong[i]);
    check_upgrade (path, "videomeet.v2");
  }
  net_use_identity (own);
  bob = net_socket_open (server, path, "videomeet.v2", NULL);
  fail_unless (bob != NULL);
  net_socket_send (bob, "{\"type\":\"hello\",\"seq\":1}");
  welcome = net_socket_wait (bob, "welcome");
  token = read_token (welcome);
  cut (bob);
  net_socket_free (bob);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    net_use_identity (wrong[i]);
    check_no_resume (token, 1);
  }
  net_use_identity (own);
  bob = resume (token, 1);
  g_free (net_socket_wait (bob, "welcome"));
  net_socket_free (bob);
  net_use_identity (NULL);
  g_remove (file);
  g_rmdir (folder);
}

GST_END_TEST;

/* A close frame is a goodbye, though not as good as bye. */
GST_START_TEST (test_closed_by_the_client)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autofree gchar *token = read_token (welcome);
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (GError) error = NULL;

  soup_websocket_connection_close (bob->socket, 1001, NULL);
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  error = vm_signal_get_error (left);
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  check_no_resume (token, 1);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_silence_before_resume)
{
  VmServerTimes times = patient;
  NetSocket *bob;

  times.first_message = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  bob = net_socket_open (server, "/ws", "videomeet.v2", NULL);
  fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
  net_socket_free (bob);
}

GST_END_TEST;

static Suite *
seatresume_suite (void)
{
  Suite *s = suite_create ("seatresume");
  TCase *tc = tcase_create ("seatresume");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_resume_refused);
  tcase_add_test (tc, test_resume_after_256);
  tcase_add_test (tc, test_resume_after_a_mebibyte);
  tcase_add_test (tc, test_server_acknowledges);
  tcase_add_test (tc, test_bound_to_the_key);
  tcase_add_test (tc, test_closed_by_the_client);
  tcase_add_test (tc, test_silence_before_resume);
  return s;
}

CHECK_PROGRAM (seatresume)
