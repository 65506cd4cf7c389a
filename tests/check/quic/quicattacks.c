/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What those send who are no participant of a session. */

#include "program.h"
#include "support/quicpair.h"

#include <gst/videomeet/quic/quicseat.h>
#include <gst/videomeet/quic/quicsocket.h>
#include <string.h>

#define SOON QUIC_PAIR_SOON
#define INITIAL_SIZE 1200

static QuicPair *pair;
static GSocket *stranger;
static GSocketAddress *bobs;

static void
setup (void)
{
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GError) error = NULL;

  pair = quic_pair_new ();
  bobs = g_inet_socket_address_new (
      loopback, vm_quic_endpoint_get_port (pair->bob));
  stranger = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, &error);
  g_assert_no_error (error);
  g_socket_bind (stranger, any, FALSE, &error);
  g_assert_no_error (error);
  g_socket_set_blocking (stranger, FALSE);
}

static void
teardown (void)
{
  g_clear_object (&stranger);
  g_clear_object (&bobs);
  g_clear_pointer (&pair, quic_pair_free);
}

static void
begin_asked (void)
{
  VmQuicCandidate candidate;
  VmQuicSession session;
  g_autoptr (GError) error = NULL;

  quic_pair_session (pair->alice, "token", &candidate, &session);
  session.n_candidates = 0;
  pair->asked = vm_quic_endpoint_expect (pair->bob, &session, &error);
  g_assert_no_error (error);
  g_bytes_unref (session.secret);
}

/* Alice's session is as good as ever. */
static void
check_connects (void)
{
  VmQuicCandidate candidate;
  VmQuicSession session;
  g_autoptr (GError) error = NULL;

  quic_pair_session (pair->bob, "token", &candidate, &session);
  pair->asking = vm_quic_endpoint_connect (pair->alice, &session, &error);
  g_assert_no_error (error);
  g_bytes_unref (session.secret);
  vm_quic_connection_wait (pair->asking, SOON, &error);
  g_assert_no_error (error);
  vm_quic_connection_wait (pair->asked, SOON, &error);
  g_assert_no_error (error);
}

static void
check_no_answer (void)
{
  gchar data[2048];
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (
      g_socket_receive (stranger, data, sizeof data, NULL, &error), <, 0);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
}

/* An Initial that goes on with @rest, and then with nonsense. */
static void
send_initial (guint8 first, const guint8 *rest, gsize size)
{
  static const guint8 version[4] = { 0, 0, 0, 1 };
  guint8 data[INITIAL_SIZE];
  g_autoptr (GError) error = NULL;
  gsize at = 0;

  for (gsize i = 0; i < sizeof data; i++)
    data[i] = g_random_int ();
  data[at++] = first;
  memcpy (data + at, version, sizeof version);
  at += sizeof version;
  data[at] = 8; /* bytes of each connection id */
  data[at + 9] = 8;
  memcpy (data + at + 18, rest, size);
  g_socket_send_to (
      stranger, bobs, (const gchar *) data, sizeof data, NULL, &error);
  g_assert_no_error (error);
}

/* Nobody has keys for them, and nobody is told. */
GST_START_TEST (test_initials_that_do_not_parse)
{
  static const struct
  {
    guint8 first;
    guint8 rest[8];
    gsize size;
  } bad[] = {
    { 0xc3, { 0, 0x4f, 0xff }, 3 }, /* longer than the datagram */
    { 0xc3, { 0, 0x00 }, 2 }, /* nothing follows */
    { 0xc3, { 0, 0x01 }, 2 }, /* no room for a number and a tag */
    { 0xc3, { 16 }, 1 }, /* a token that nobody has given */
    { 0xc3, { 0x44, 0x00 }, 2 }, /* a large one */
    { 0xc3, { 0x7f, 0xff }, 2 }, /* one that ends beyond the datagram */
    { 0xc3, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, 8 },
    { 0xcf, { 0, 0x44, 0x90 }, 3 }, /* that parses, and is not sealed */
    { 0xd3, { 0x44, 0x90 }, 2 }, /* of 0-RTT */
    { 0xe3, { 0x44, 0x90 }, 2 }, /* of the handshake */
    { 0xf3, { 1, 2, 3 }, 3 }, /* a Retry */
  };

  begin_asked ();
  for (guint round = 0; round < 20; round++)
    for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
      send_initial (bad[i].first, bad[i].rest, bad[i].size);
  /* what the socket has before Alice's is dealt with before hers */
  check_connects ();
  check_no_answer ();
}

GST_END_TEST;

/* Initials that are good, of clients that go no further. */

static gboolean
judge (const guint8 *fingerprint, gpointer user_data)
{
  return TRUE;
}

static void
ignore_cid (const VmQuicCid *cid, gboolean added, gpointer user_data)
{
}

static gsize
keep (const guint8 *data, gsize size, gsize segment, const VmQuicAddress *to,
    gpointer user_data)
{
  g_byte_array_append (user_data, data, size);
  return size;
}

static GByteArray *
make_initial (VmQuicTls *tls)
{
  static const VmQuicLinkFuncs funcs = {
    .judge = judge, .cid_changed = ignore_cid, .send = keep
  };
  GByteArray *datagram = g_byte_array_new ();
  guint8 *buffer = g_malloc (VM_QUIC_BATCH_MAX);
  VmQuicAddress to;
  gboolean more;
  VmQuicLink *link;

  fail_unless (vm_quic_address_from_text ("127.0.0.1", 9, &to));
  link = vm_quic_link_new (
      tls, NULL, NULL, 0, &to, 0, &funcs, datagram, 1000000000);
  fail_unless (vm_quic_link_write (link, buffer, 1000000000, &more));
  vm_quic_link_free (link);
  g_free (buffer);
  fail_unless (datagram->len >= INITIAL_SIZE);
  return datagram;
}

static GSocket *
socket_at (guint number)
{
  g_autofree gchar *text = g_strdup_printf ("127.0.0.%u", number);
  g_autoptr (GSocketAddress) address =
      g_inet_socket_address_new_from_string (text, 0);
  g_autoptr (GError) error = NULL;
  GSocket *made = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, &error);

  g_assert_no_error (error);
  g_socket_bind (made, address, FALSE, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (made, SOON / G_USEC_PER_SEC);
  return made;
}

static void
send_good (VmQuicTls *tls, GSocket *from)
{
  g_autoptr (GByteArray) initial = make_initial (tls);

  g_socket_send_to (
      from, bobs, (gchar *) initial->data, initial->len, NULL, NULL);
}

static void
check_answered (GSocket *from)
{
  gchar data[2048];
  g_autoptr (GError) error = NULL;

  g_socket_receive (from, data, sizeof data, NULL, &error);
  g_assert_no_error (error);
}

/* Once what came later has been answered. */
static void
check_not_answered (GSocket *from)
{
  gchar data[2048];

  g_socket_set_blocking (from, FALSE);
  g_assert_cmpint (
      g_socket_receive (from, data, sizeof data, NULL, NULL), <, 0);
}

/* Before that, Bob expects nobody, and answers nobody. */
static void
wait_until_expected (void)
{
  gint64 until = g_get_monotonic_time () + SOON;
  gboolean queued = TRUE;

  while (queued) {
    g_mutex_lock (&pair->bob->lock);
    queued = pair->asked->queued;
    g_mutex_unlock (&pair->bob->lock);
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_thread_yield ();
  }
}

/* So many handshakes are open from one address, and in all; those of the
 * session that is expected have places of their own. */
GST_START_TEST (test_half_open)
{
  const guint most = VM_QUIC_HALF_OPEN_MAX, group = VM_QUIC_HALF_OPEN_GROUP_MAX;
  g_autoptr (GError) error = NULL;
  VmQuicTls *tls = vm_quic_tls_new (pair->identities[0], VM_QUIC_ALPN, &error);
  g_autoptr (GSocket) one_more = socket_at (10); /* of the first address */
  g_autoptr (GSocket) last = socket_at (100);

  g_assert_no_error (error);
  begin_asked ();
  wait_until_expected ();
  for (guint i = 0; i < most / group; i++) {
    GSocket *sockets[VM_QUIC_HALF_OPEN_GROUP_MAX];

    for (guint k = 0; k < group; k++) {
      sockets[k] = socket_at (10 + i);
      send_good (tls, sockets[k]);
    }
    for (guint k = 0; k < group; k++) {
      check_answered (sockets[k]);
      g_object_unref (sockets[k]);
    }
    if (i == 0)
      send_good (tls, one_more);
  }
  send_good (tls, last);
  check_connects ();
  check_not_answered (one_more);
  check_not_answered (last);
  vm_quic_tls_free (tls);
}

GST_END_TEST;

/* Streams that nobody at Alice's accepts: she is the one who asks. */

#define PIPES 2000
/* More than the window of a connection, in the largest messages. */
#define LARGE_PIPES (VM_QUIC_CONNECTION_WINDOW / VM_P2P_BODY_MAX + 8)

static VmP2pPipe *
open_for_nobody (GBytes *body)
{
  g_autoptr (GError) error = NULL;
  VmP2pPipe *pipe = vm_quic_connection_open_pipe (pair->asked, SOON, &error);

  g_assert_no_error (error);
  vm_p2p_pipe_send (pipe, VM_P2P_FILE_META, NULL, 0, body, SOON, &error);
  g_assert_no_error (error);
  return pipe;
}

static guint
count_accepted (void)
{
  guint n;

  g_mutex_lock (&pair->asking->lock);
  n = pair->asking->accepted.length;
  g_mutex_unlock (&pair->asking->lock);
  return n;
}

/* Streams that are given up before are none to Alice. */
static void
wait_until_seen (gint64 id)
{
  gint64 until = g_get_monotonic_time () + SOON;
  gint64 last = -1;

  while (last != id) {
    VmQuicStream *stream;

    g_mutex_lock (&pair->asking->lock);
    stream = g_queue_peek_tail (&pair->asking->accepted);
    if (stream)
      last = stream->id;
    g_mutex_unlock (&pair->asking->lock);
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_thread_yield ();
  }
}

/* Messages that have come, and that nobody has received. */
static void
wait_for_waiting (gint n)
{
  gint64 until = g_get_monotonic_time () + SOON;

  while (g_atomic_int_get (&pair->asking->waiting) != n) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    g_thread_yield ();
  }
}

/* Bob opens one after the other, and gives each up. */
GST_START_TEST (test_streams_for_nobody)
{
  g_autoptr (GBytes) body = g_bytes_new_static ("{}", 2);

  quic_pair_connect (pair);
  for (guint i = 0; i < PIPES; i++) {
    VmP2pPipe *pipe = open_for_nobody (body);

    wait_until_seen (((VmQuicStream *) pipe)->id);
    vm_p2p_pipe_free (pipe);
    g_assert_cmpuint (count_accepted (), <=, VM_QUIC_STREAMS_MAX);
  }
}

GST_END_TEST;

/* What came on them is kept no longer either, and does not use up the window of
 * the connection. */
GST_START_TEST (test_large_streams_for_nobody)
{
  g_autoptr (GBytes) body =
      g_bytes_new_take (g_malloc0 (VM_P2P_BODY_MAX), VM_P2P_BODY_MAX);

  quic_pair_connect (pair);
  for (guint i = 0; i < LARGE_PIPES; i++) {
    VmP2pPipe *pipe = open_for_nobody (body);

    wait_for_waiting (1);
    vm_p2p_pipe_free (pipe);
    wait_for_waiting (0);
  }
  g_assert_cmpuint (count_accepted (), ==, 0);
}

GST_END_TEST;

static Suite *
quicattacks_suite (void)
{
  Suite *s = suite_create ("quicattacks");
  TCase *tc = tcase_create ("quicattacks");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_initials_that_do_not_parse);
  tcase_add_test (tc, test_half_open);
  tcase_add_test (tc, test_streams_for_nobody);
  tcase_add_test (tc, test_large_streams_for_nobody);
  return s;
}

CHECK_PROGRAM (quicattacks)
