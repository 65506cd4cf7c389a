/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Streams of a connection between two endpoints. */

#include "program.h"
#include "support/quicpair.h"

#include <string.h>

#define SOON QUIC_PAIR_SOON

static QuicPair *pair;

static void
setup (void)
{
  pair = quic_pair_new ();
  quic_pair_connect (pair);
}

static void
teardown (void)
{
  g_clear_pointer (&pair, quic_pair_free);
}

static void
send_text (VmP2pPipe *pipe, guint8 type, const gchar *head, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body = text ? g_bytes_new (text, strlen (text)) : NULL;

  vm_p2p_pipe_send (pipe, type, head, strlen (head), body, SOON, &error);
  g_assert_no_error (error);
}

static void
check_text (VmP2pPipe *pipe, guint8 type, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  guint8 got;
  g_autoptr (GBytes) body = vm_p2p_pipe_receive (pipe, SOON, &got, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (got, ==, type);
  g_assert_cmpmem (g_bytes_get_data (body, NULL), g_bytes_get_size (body), text,
      strlen (text));
}

static void
check_over (VmP2pPipe *pipe, VmError code)
{
  g_autoptr (GError) error = NULL;
  guint8 type;
  g_autoptr (GBytes) body = vm_p2p_pipe_receive (pipe, SOON, &type, &error);

  g_assert_null (body);
  quic_pair_check (error, code);
}

GST_START_TEST (test_both_ways)
{
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;

  quic_pair_open (pair, &a, &b);
  send_text (a, VM_P2P_FILE_CHUNK, "head ", "and body");
  send_text (b, VM_P2P_FILE_ACK, "only a head", NULL);
  send_text (a, VM_P2P_FILE_DONE, "", NULL);
  check_text (b, VM_P2P_FILE_CHUNK, "head and body");
  check_text (b, VM_P2P_FILE_DONE, "");
  check_text (a, VM_P2P_FILE_ACK, "only a head");
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_DIRECT);
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asked), ==, VM_QUIC_PATH_DIRECT);
}

GST_END_TEST;

GST_START_TEST (test_end_after_all_that_was_sent)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;

  quic_pair_open (pair, &a, &b);
  for (guint i = 0; i < 100; i++)
    send_text (a, VM_P2P_FILE_CHUNK, "message", NULL);
  vm_p2p_pipe_end (a);
  g_assert_false (
      vm_p2p_pipe_send (a, VM_P2P_FILE_DONE, NULL, 0, NULL, SOON, &error));
  quic_pair_check (error, VM_ERROR_DISCONNECTED);
  for (guint i = 0; i < 100; i++)
    check_text (b, VM_P2P_FILE_CHUNK, "message");
  check_over (b, VM_ERROR_DISCONNECTED);
  /* the other direction goes on */
  send_text (b, VM_P2P_FILE_ACK, "thanks", NULL);
  check_text (a, VM_P2P_FILE_ACK, "thanks");
}

GST_END_TEST;

/* A body of the largest size passes, one byte more does not. */
GST_START_TEST (test_large_messages)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autofree guint8 *data = g_malloc (VM_P2P_BODY_MAX);
  g_autoptr (GBytes) body = NULL;
  g_autoptr (GBytes) got = NULL;
  guint8 type;

  for (guint i = 0; i < VM_P2P_BODY_MAX; i++)
    data[i] = i * 7 + (i >> 11);
  body = g_bytes_new (data, VM_P2P_BODY_MAX);
  quic_pair_open (pair, &a, &b);
  g_assert_false (
      vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, "x", 1, body, SOON, &error));
  quic_pair_check (error, VM_ERROR_TOO_LARGE);
  g_clear_error (&error);
  vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, body, SOON, &error);
  g_assert_no_error (error);
  got = vm_p2p_pipe_receive (b, SOON, &type, &error);
  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (got, body));
}

GST_END_TEST;

/* Who receives nothing stops the sender: what is under way has a bound, and
 * all of it arrives later. */
GST_START_TEST (test_sender_waits)
{
  const gsize most =
      VM_QUIC_UNSENT_MAX + VM_QUIC_STREAM_WINDOW + 2 * VM_P2P_BODY_MAX;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GBytes) body =
      g_bytes_new_take (g_malloc0 (VM_P2P_BODY_MAX), VM_P2P_BODY_MAX);
  guint sent = 0;
  guint8 type;

  quic_pair_open (pair, &a, &b);
  while (vm_p2p_pipe_send (
      a, VM_P2P_FILE_CHUNK, NULL, 0, body, G_USEC_PER_SEC / 2, &error)) {
    sent++;
    g_assert_cmpuint ((gsize) sent * VM_P2P_BODY_MAX, <=, most);
  }
  quic_pair_check (error, VM_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_assert_cmpuint ((gsize) sent * VM_P2P_BODY_MAX, >=, VM_QUIC_STREAM_WINDOW);
  for (guint i = 0; i < sent; i++) {
    g_autoptr (GBytes) got = vm_p2p_pipe_receive (b, SOON, &type, &error);

    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (got), ==, VM_P2P_BODY_MAX);
  }
  vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, body, SOON, &error);
  g_assert_no_error (error);
}

GST_END_TEST;

static gpointer
close_soon (gpointer pipe)
{
  g_autoptr (GError) why =
      g_error_new (VM_ERROR, VM_ERROR_CANCELLED, "Alice has had enough");

  vm_p2p_pipe_close (pipe, why);
  return NULL;
}

/* Who waits hears why; the other side hears that it is over. */
GST_START_TEST (test_close_wakes)
{
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  GThread *thread;

  quic_pair_open (pair, &a, &b);
  thread = g_thread_new ("closer", close_soon, a);
  check_over (a, VM_ERROR_CANCELLED);
  check_over (b, VM_ERROR_DISCONNECTED);
  g_thread_join (thread);
}

GST_END_TEST;

GST_START_TEST (test_receive_has_a_deadline)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  guint8 type;

  quic_pair_open (pair, &a, &b);
  g_assert_null (vm_p2p_pipe_receive (b, 0, &type, &error));
  quic_pair_check (error, VM_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_assert_null (vm_quic_connection_accept_pipe (pair->asking, 1000, &error));
  quic_pair_check (error, VM_ERROR_TIMEOUT);
}

GST_END_TEST;

/* As many as are allowed, and one more once one has ended. */
GST_START_TEST (test_many_streams)
{
  g_autoptr (GError) error = NULL;
  VmP2pPipe *a[VM_QUIC_STREAMS_MAX], *b[VM_QUIC_STREAMS_MAX];
  VmP2pPipe *late;

  for (guint i = 0; i < VM_QUIC_STREAMS_MAX; i++)
    quic_pair_open (pair, &a[i], &b[i]);
  late =
      vm_quic_connection_open_pipe (pair->asking, G_USEC_PER_SEC / 10, &error);
  g_assert_null (late);
  quic_pair_check (error, VM_ERROR_TIMEOUT);
  g_clear_error (&error);
  for (guint i = 0; i < VM_QUIC_STREAMS_MAX; i++) {
    g_autofree gchar *text = g_strdup_printf ("stream %u", i);

    send_text (a[i], VM_P2P_FILE_META, text, NULL);
    send_text (b[i], VM_P2P_FILE_ACK, text, NULL);
  }
  for (guint i = VM_QUIC_STREAMS_MAX; i-- > 0;) {
    g_autofree gchar *text = g_strdup_printf ("stream %u", i);

    check_text (a[i], VM_P2P_FILE_ACK, text);
    check_text (b[i], VM_P2P_FILE_META, text);
  }
  vm_p2p_pipe_free (a[7]);
  vm_p2p_pipe_free (b[7]);
  quic_pair_open (pair, &a[7], &b[7]);
  send_text (a[7], VM_P2P_FILE_META, "the late one", NULL);
  check_text (b[7], VM_P2P_FILE_META, "the late one");
  for (guint i = 0; i < VM_QUIC_STREAMS_MAX; i++) {
    vm_p2p_pipe_free (a[i]);
    vm_p2p_pipe_free (b[i]);
  }
}

GST_END_TEST;

/* Streams that are given up with much unread do not use up the window of the
 * connection. */
GST_START_TEST (test_abandoned_streams)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) body =
      g_bytes_new_take (g_malloc0 (VM_P2P_BODY_MAX), VM_P2P_BODY_MAX);

  for (guint i = 0; i < 8; i++) {
    VmP2pPipe *a, *b;

    quic_pair_open (pair, &a, &b);
    for (guint j = 0; j < 12; j++) {
      vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, body, SOON, &error);
      g_assert_no_error (error);
    }
    vm_p2p_pipe_free (b);
    vm_p2p_pipe_free (a);
  }
}

GST_END_TEST;

/* The bytes of Alice's user are none of a message. */
GST_START_TEST (test_no_message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  VmQuicStream *stream;
  static const guint8 bad[] = { 0, 16, 0, 1, VM_P2P_FILE_CHUNK };

  quic_pair_open (pair, &a, &b);
  stream = (VmQuicStream *) a;
  g_mutex_lock (&pair->asking->lock);
  g_queue_push_tail (&stream->pending, g_bytes_new (bad, sizeof bad));
  stream->unsent += sizeof bad;
  vm_quic_connection_touch (pair->asking, stream);
  g_mutex_unlock (&pair->asking->lock);
  check_over (b, VM_ERROR_BAD_MESSAGE);
  check_over (a, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

/* Alice's user sends @n empty messages, and then the end. */
static void
send_empty (VmP2pPipe *pipe, guint n)
{
  VmQuicStream *stream = (VmQuicStream *) pipe;
  gsize size = (gsize) n * VM_P2P_HEADER_SIZE;
  guint8 *data = g_malloc0 (size);

  for (guint i = 0; i < n; i++)
    vm_p2p_header_write (data + i * VM_P2P_HEADER_SIZE, VM_P2P_FILE_CONTROL, 0);
  g_mutex_lock (&pair->asking->lock);
  g_queue_push_tail (&stream->pending, g_bytes_new_take (data, size));
  stream->unsent += size;
  vm_quic_connection_touch (pair->asking, stream);
  g_mutex_unlock (&pair->asking->lock);
  vm_p2p_pipe_end (pipe);
}

static void
wait_for_waiting (gint n)
{
  gint64 until = g_get_monotonic_time () + SOON;

  while (g_atomic_int_get (&pair->asked->waiting) != n) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_thread_yield ();
  }
}

/* All that the other side sends by @pipe was taken, or refused. */
static void
wait_for_end (VmP2pPipe *pipe)
{
  VmQuicStream *stream = (VmQuicStream *) pipe;
  gint64 until = g_get_monotonic_time () + SOON;

  g_mutex_lock (&pair->asked->lock);
  while (!stream->finished && !stream->over)
    g_assert_true (
        g_cond_wait_until (&stream->changed, &pair->asked->lock, until));
  g_mutex_unlock (&pair->asked->lock);
}

/* Bob's user receives nothing for a while: so many wait, of all streams, and
 * none more. */
GST_START_TEST (test_messages_that_wait)
{
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (VmP2pPipe) a2 = NULL;
  g_autoptr (VmP2pPipe) b2 = NULL;
  guint more = __i__;

  quic_pair_open (pair, &a, &b);
  quic_pair_open (pair, &a2, &b2);
  send_empty (a2, 100);
  wait_for_waiting (100);
  send_empty (a, VM_QUIC_WAITING_MAX - 100 + more);
  wait_for_end (b);
  g_assert_cmpint (
      g_atomic_int_get (&pair->asked->waiting), ==, VM_QUIC_WAITING_MAX);
  for (guint i = 0; i < VM_QUIC_WAITING_MAX - 100; i++)
    check_text (b, VM_P2P_FILE_CONTROL, "");
  check_over (b, more ? VM_ERROR_RATE_LIMITED : VM_ERROR_DISCONNECTED);
  /* the other stream has lost nothing */
  for (guint i = 0; i < 50; i++)
    check_text (b2, VM_P2P_FILE_CONTROL, "");
  wait_for_waiting (50);
  vm_p2p_pipe_close (b2, NULL);
  wait_for_waiting (0);
}

GST_END_TEST;

/* Every seventh datagram of both is lost. */
GST_START_TEST (test_lost_datagrams)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  guint8 type;

  quic_pair_open (pair, &a, &b);
  vm_quic_endpoint_lose (pair->alice, 7);
  vm_quic_endpoint_lose (pair->bob, 7);
  for (guint i = 0; i < 20; i++) {
    guint8 *data = g_malloc (50000);

    memset (data, i, 50000);
    {
      g_autoptr (GBytes) body = g_bytes_new_take (data, 50000);

      vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, body, SOON, &error);
      g_assert_no_error (error);
    }
  }
  for (guint i = 0; i < 20; i++) {
    g_autoptr (GBytes) got = vm_p2p_pipe_receive (b, SOON, &type, &error);
    const guint8 *data;
    gsize size;

    g_assert_no_error (error);
    data = g_bytes_get_data (got, &size);
    g_assert_cmpuint (size, ==, 50000);
    g_assert_cmpuint (data[0], ==, i);
    g_assert_cmpuint (data[size - 1], ==, i);
  }
}

GST_END_TEST;

static Suite *
quicpipe_suite (void)
{
  Suite *s = suite_create ("quicpipe");
  TCase *tc = tcase_create ("quicpipe");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_both_ways);
  tcase_add_test (tc, test_end_after_all_that_was_sent);
  tcase_add_test (tc, test_large_messages);
  tcase_add_test (tc, test_sender_waits);
  tcase_add_test (tc, test_close_wakes);
  tcase_add_test (tc, test_receive_has_a_deadline);
  tcase_add_test (tc, test_many_streams);
  tcase_add_test (tc, test_abandoned_streams);
  tcase_add_test (tc, test_no_message);
  tcase_add_loop_test (tc, test_messages_that_wait, 0, 2);
  tcase_add_test (tc, test_lost_datagrams);
  return s;
}

CHECK_PROGRAM (quicpipe)
