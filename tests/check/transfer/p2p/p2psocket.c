/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A stream of messages over a socket of this machine. */

#include "transfer/p2p/p2psocket.h"

#include "program.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LONG (20 * G_USEC_PER_SEC)
#define SHORT (20 * 1000) /* µs */

static VmP2pPipe *pipe_a;
static gint far; /* the other end */

static void
open_pair (void)
{
  gint ends[2];

  fail_unless_equals_int (
      socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  pipe_a = vm_p2p_socket_new (ends[0]);
  far = ends[1];
}

static void
close_pair (void)
{
  vm_p2p_pipe_free (pipe_a);
  if (far >= 0)
    close (far);
}

static void
far_writes (const void *data, gsize size)
{
  fail_unless_equals_int (write (far, data, size), (gssize) size);
}

static void
receives (guint8 wanted_type, const gchar *wanted)
{
  g_autoptr (GError) error = NULL;
  guint8 type;
  g_autoptr (GBytes) body = vm_p2p_pipe_receive (pipe_a, LONG, &type, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (type, wanted_type);
  fail_unless_equals_int (g_bytes_get_size (body), strlen (wanted));
  fail_unless (
      memcmp (g_bytes_get_data (body, NULL), wanted, strlen (wanted)) == 0);
}

static void
fails_to_receive (gint64 timeout, VmError code)
{
  g_autoptr (GError) error = NULL;
  guint8 type;

  fail_unless (vm_p2p_pipe_receive (pipe_a, timeout, &type, &error) == NULL);
  g_assert_error (error, VM_ERROR, code);
}

GST_START_TEST (test_both_ways)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("dy", 2);
  gchar read_back[9];

  open_pair ();
  fail_if (vm_p2p_socket_wait (pipe_a, 0));
  far_writes ("\0\0\0\2\40ab\0\0", 9);
  fail_unless (vm_p2p_socket_wait (pipe_a, LONG));
  receives (32, "ab");
  fails_to_receive (0, VM_ERROR_TIMEOUT);
  far_writes ("\0\3\42xyz", 6);
  receives (34, "xyz");
  fail_unless (vm_p2p_pipe_send (pipe_a, 33, "bo", 2, body, LONG, NULL));
  fail_unless_equals_int (read (far, read_back, sizeof read_back), 9);
  fail_unless (memcmp (read_back, "\0\0\0\4\41body", 9) == 0);
  close_pair ();
}

GST_END_TEST;

/* What came before the end is received. */
GST_START_TEST (test_end)
{
  g_autoptr (GError) error = NULL;

  open_pair ();
  far_writes ("\0\0\0\1\40a", 6);
  close (far);
  far = -1;
  receives (32, "a");
  fails_to_receive (LONG, VM_ERROR_DISCONNECTED);
  fail_unless (vm_p2p_pipe_is_over (pipe_a));
  fail_if (vm_p2p_socket_wait (pipe_a, LONG));
  fail_if (vm_p2p_pipe_send (pipe_a, 32, NULL, 0, NULL, LONG, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_DISCONNECTED);
  close_pair ();
}

GST_END_TEST;

GST_START_TEST (test_what_cannot_be_read)
{
  /* a body of VM_P2P_BODY_MAX may come, one more byte may not */
  G_STATIC_ASSERT (VM_P2P_BODY_MAX == 0x100000);
  open_pair ();
  far_writes ("\0\20\0\0\40", 5);
  fails_to_receive (SHORT, VM_ERROR_TIMEOUT);
  close_pair ();
  open_pair ();
  far_writes ("\0\20\0\1\40", 5);
  fails_to_receive (LONG, VM_ERROR_BAD_MESSAGE);
  close_pair ();
}

GST_END_TEST;

/* Half a message is the end of the stream. */
GST_START_TEST (test_nobody_reads)
{
  g_autofree guint8 *data = g_malloc0 (VM_P2P_BODY_MAX);
  g_autoptr (GBytes) body = g_bytes_new_static (data, VM_P2P_BODY_MAX);
  g_autoptr (GError) error = NULL;

  open_pair ();
  fail_if (vm_p2p_pipe_send (pipe_a, 32, NULL, 0, body, SHORT, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_TIMEOUT);
  fail_unless (vm_p2p_pipe_is_over (pipe_a));
  close_pair ();
}

GST_END_TEST;

static gpointer
receive_nothing (gpointer data)
{
  fails_to_receive (LONG, VM_ERROR_KICKED);
  return NULL;
}

/* Whoever waits is woken by a close, and told why. */
GST_START_TEST (test_close)
{
  g_autoptr (GError) why = g_error_new (VM_ERROR, VM_ERROR_KICKED, "Out");
  gint64 began = g_get_monotonic_time ();
  GThread *thread;

  open_pair ();
  thread = g_thread_new ("receive", receive_nothing, NULL);
  vm_p2p_pipe_close (pipe_a, why);
  g_thread_join (thread);
  fail_unless (g_get_monotonic_time () - began < LONG);
  close_pair ();
}

GST_END_TEST;

static Suite *
p2psocket_suite (void)
{
  Suite *s = suite_create ("p2psocket");
  TCase *tc = tcase_create ("socket");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_both_ways);
  tcase_add_test (tc, test_end);
  tcase_add_test (tc, test_what_cannot_be_read);
  tcase_add_test (tc, test_nobody_reads);
  tcase_add_test (tc, test_close);
  return s;
}

CHECK_PROGRAM (p2psocket)
