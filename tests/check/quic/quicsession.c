/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How two endpoints find each other, refuse each other, and end. */

#include "program.h"
#include "support/quicpair.h"

#include <gst/videomeet/quic/quicseat.h>

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#define SOON QUIC_PAIR_SOON
/* with a sanitizer each handshake takes longer */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SESSIONS 100
#else
#define SESSIONS 1000
#endif
#define SESSIONS_MEMORY (256 * 1024) /* bytes that all may need in the end */

static QuicPair *pair;

static void
setup (void)
{
  pair = quic_pair_new ();
}

static void
teardown (void)
{
  g_clear_pointer (&pair, quic_pair_free);
}

static VmQuicConnection *
begin (VmQuicEndpoint *self, gboolean asks, VmQuicSession *session)
{
  g_autoptr (GError) error = NULL;
  VmQuicConnection *connection =
      asks ? vm_quic_endpoint_connect (self, session, &error)
           : vm_quic_endpoint_expect (self, session, &error);

  g_assert_no_error (error);
  g_clear_pointer (&session->secret, g_bytes_unref);
  return connection;
}

static void
check_wait (VmQuicConnection *connection, VmError code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (vm_quic_connection_wait (connection, SOON, &error));
  quic_pair_check (error, code);
}

static void
check_connected (VmQuicConnection *connection)
{
  g_autoptr (GError) error = NULL;

  vm_quic_connection_wait (connection, SOON, &error);
  g_assert_no_error (error);
}

/* Bob is not who Alice was told. */
GST_START_TEST (test_wrong_certificate_of_the_asked)
{
  guint8 other[VM_QUIC_FINGERPRINT_SIZE] = { 1, 2, 3 };
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->alice, "token", &candidate, &session);
  pair->asked = begin (pair->bob, FALSE, &session);
  quic_pair_session (pair->bob, "token", &candidate, &session);
  session.fingerprint = other;
  pair->asking = begin (pair->alice, TRUE, &session);
  check_wait (pair->asking, VM_ERROR_FINGERPRINT);
}

GST_END_TEST;

/* Alice is not who Bob was told: both hear of it. */
GST_START_TEST (test_wrong_certificate_of_the_asking)
{
  guint8 other[VM_QUIC_FINGERPRINT_SIZE] = { 1, 2, 3 };
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->alice, "token", &candidate, &session);
  session.fingerprint = other;
  pair->asked = begin (pair->bob, FALSE, &session);
  quic_pair_session (pair->bob, "token", &candidate, &session);
  pair->asking = begin (pair->alice, TRUE, &session);
  check_wait (pair->asking, VM_ERROR_FINGERPRINT);
  check_wait (pair->asked, VM_ERROR_FINGERPRINT);
}

GST_END_TEST;

GST_START_TEST (test_another_protocol)
{
  g_autoptr (VmQuicEndpoint) carl = quic_pair_endpoint (pair, 0, "h3");
  VmQuicCandidate candidate;
  VmQuicSession session;
  g_autoptr (GError) error = NULL;

  quic_pair_session (carl, "token", &candidate, &session);
  pair->asked = begin (pair->bob, FALSE, &session);
  quic_pair_session (pair->bob, "token", &candidate, &session);
  pair->asking = begin (carl, TRUE, &session);
  g_assert_false (vm_quic_connection_wait (pair->asking, SOON, &error));
  quic_pair_check (error, VM_ERROR_BAD_MESSAGE);
  g_clear_pointer (&pair->asking, vm_quic_connection_unref);
}

GST_END_TEST;

/* Nobody listens where Alice was told. */
GST_START_TEST (test_nobody)
{
  VmQuicCandidate candidate;
  VmQuicSession session;
  gint64 start = g_get_monotonic_time ();

  quic_pair_session (pair->bob, "token", &candidate, &session);
  session.timeout = G_USEC_PER_SEC / 2;
  g_clear_pointer (&pair->bob, vm_quic_endpoint_free);
  session.fingerprint = vm_quic_endpoint_get_fingerprint (pair->alice);
  pair->asking = begin (pair->alice, TRUE, &session);
  check_wait (pair->asking, VM_ERROR_TIMEOUT);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_USEC_PER_SEC / 2);
}

GST_END_TEST;

/* Bob expects nobody: he is silent, and keeps nothing. */
GST_START_TEST (test_unexpected)
{
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->bob, "token", &candidate, &session);
  session.timeout = G_USEC_PER_SEC * 2; /* it tries without an answer too */
  pair->asking = begin (pair->alice, TRUE, &session);
  check_wait (pair->asking, VM_ERROR_TIMEOUT);
  g_assert_cmpuint (pair->bob->seats->len, ==, 0);
}

GST_END_TEST;

/* A peer that does not know the small datagrams, for it has another secret. */
GST_START_TEST (test_without_punching)
{
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->alice, "Bob's", &candidate, &session);
  pair->asked = begin (pair->bob, FALSE, &session);
  quic_pair_session (pair->bob, "Alice's", &candidate, &session);
  pair->asking = begin (pair->alice, TRUE, &session);
  check_connected (pair->asking);
  check_connected (pair->asked);
}

GST_END_TEST;

GST_START_TEST (test_close_says_why)
{
  g_autoptr (GError) why =
      g_error_new (VM_ERROR, VM_ERROR_CAP_EXPIRED, "The permission is over");
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GBytes) none = NULL;
  guint8 type;

  quic_pair_connect (pair);
  quic_pair_open (pair, &a, &b);
  vm_quic_connection_close (pair->asked, why);
  none = vm_p2p_pipe_receive (a, SOON, &type, &error);
  g_assert_error (error, VM_ERROR, VM_ERROR_CAP_EXPIRED);
  g_assert_cmpstr (error->message, ==, "The permission is over");
  check_wait (pair->asking, VM_ERROR_CAP_EXPIRED);
  check_wait (pair->asked, VM_ERROR_CAP_EXPIRED);
}

GST_END_TEST;

GST_START_TEST (test_endpoint_ends)
{
  quic_pair_connect (pair);
  g_clear_pointer (&pair->bob, vm_quic_endpoint_free);
  check_wait (pair->asked, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

/* The asking side has another port from now on. */
GST_START_TEST (test_asking_moves)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GBytes) got = NULL;
  guint8 type;
  guint16 port = vm_quic_endpoint_get_port (pair->alice);

  quic_pair_connect (pair);
  quic_pair_open (pair, &a, &b);
  vm_quic_endpoint_move (pair->alice);
  vm_p2p_pipe_send (a, VM_P2P_FILE_META, "still here", 10, NULL, SOON, &error);
  g_assert_no_error (error);
  got = vm_p2p_pipe_receive (b, SOON, &type, &error);
  g_assert_no_error (error);
  while (vm_quic_endpoint_get_port (pair->alice) == port)
    g_thread_yield ();
  vm_p2p_pipe_send (b, VM_P2P_FILE_ACK, "good", 4, NULL, SOON, &error);
  g_assert_no_error (error);
  g_bytes_unref (got);
  got = vm_p2p_pipe_receive (a, SOON, &type, &error);
  g_assert_no_error (error);
}

GST_END_TEST;

/* And so has the asked one, which QUIC itself does not allow for. */
GST_START_TEST (test_asked_moves)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GBytes) got = NULL;
  guint8 type;
  guint16 port = vm_quic_endpoint_get_port (pair->bob);

  quic_pair_connect (pair);
  quic_pair_open (pair, &a, &b);
  vm_quic_endpoint_move (pair->bob);
  while (vm_quic_endpoint_get_port (pair->bob) == port)
    g_thread_yield ();
  vm_p2p_pipe_send (b, VM_P2P_FILE_ACK, "here now", 8, NULL, SOON, &error);
  g_assert_no_error (error);
  got = vm_p2p_pipe_receive (a, SOON, &type, &error);
  g_assert_no_error (error);
}

GST_END_TEST;

static void
run_ip (const gchar *arguments)
{
  g_autofree gchar *line = g_strconcat ("ip ", arguments, NULL);
  g_autoptr (GError) error = NULL;
  gint status;

  g_spawn_command_line_sync (line, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
}

/* An address that comes and goes beside the one in use moves nobody. In a
 * network of this test's own, which root alone can make. */
GST_START_TEST (test_foreign_address)
{
  static const gchar *const changes[] = { "address add 10.98.0.1/32 dev lo",
    "address del 10.98.0.1/32 dev lo" };
  gint before = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GError) error = NULL;
  guint16 local;

  if (before < 0 || geteuid () != 0)
    return;
  teardown ();
  g_assert_cmpint (unshare (CLONE_NEWNET), ==, 0);
  run_ip ("link set lo up");
  setup ();
  quic_pair_connect (pair);
  quic_pair_open (pair, &a, &b);
  local = pair->asking->seat->last_local;
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++) {
    g_autoptr (GBytes) got = NULL;
    guint8 type;

    run_ip (changes[i]);
    /* the thread looks at the addresses before it sends that, or together */
    vm_p2p_pipe_send (a, VM_P2P_FILE_META, "on", 2, NULL, SOON, &error);
    g_assert_no_error (error);
    got = vm_p2p_pipe_receive (b, SOON, &type, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (pair->asking->seat->last_local, ==, local);
    g_assert_false (pair->asked->punch.moved);
  }
  g_clear_pointer (&a, vm_p2p_pipe_free);
  g_clear_pointer (&b, vm_p2p_pipe_free);
  teardown ();
  g_assert_cmpint (setns (before, CLONE_NEWNET), ==, 0);
  close (before);
}

GST_END_TEST;

/* Relay */

static void
to_other (const guint8 *data, gsize size, gpointer user_data)
{
  VmQuicConnection **other = user_data;
  VmQuicConnection *connection = g_atomic_pointer_get (other);

  if (connection)
    vm_quic_connection_take_datagram (connection, data, size);
}

static gint paths[VM_QUIC_PATH_RELAY + 1];

static void
on_path (VmQuicPath path, gpointer user_data)
{
  g_atomic_int_inc (&paths[path]);
}

static void
relay_pair (gboolean with_candidates)
{
  VmQuicCandidate candidate;
  VmQuicSession session;

  memset (paths, 0, sizeof paths);
  quic_pair_session (pair->alice, "token", &candidate, &session);
  session.n_candidates = with_candidates;
  session.relay_send = to_other;
  session.user_data = &pair->asking;
  g_atomic_pointer_set (&pair->asked, begin (pair->bob, FALSE, &session));
  quic_pair_session (pair->bob, "token", &candidate, &session);
  session.n_candidates = with_candidates;
  session.relay_send = to_other;
  session.path_changed = on_path;
  session.user_data = &pair->asked;
  g_atomic_pointer_set (&pair->asking, begin (pair->alice, TRUE, &session));
  check_connected (pair->asking);
  check_connected (pair->asked);
}

static void
move_some (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmP2pPipe) a = NULL;
  g_autoptr (VmP2pPipe) b = NULL;
  g_autoptr (GBytes) body =
      g_bytes_new_take (g_malloc0 (VM_P2P_BODY_MAX), VM_P2P_BODY_MAX);
  guint8 type;

  quic_pair_open (pair, &a, &b);
  for (guint i = 0; i < 4; i++) {
    g_autoptr (GBytes) got = NULL;

    vm_p2p_pipe_send (a, VM_P2P_FILE_CHUNK, NULL, 0, body, SOON, &error);
    g_assert_no_error (error);
    got = vm_p2p_pipe_receive (b, SOON, &type, &error);
    g_assert_no_error (error);
    g_assert_true (g_bytes_equal (got, body));
  }
}

static void
end_relay (void)
{
  /* nothing of one endpoint calls into what the other has freed */
  VmQuicConnection *asking = pair->asking, *asked = pair->asked;

  g_clear_pointer (&pair->alice, vm_quic_endpoint_free);
  g_clear_pointer (&pair->bob, vm_quic_endpoint_free);
  pair->asking = pair->asked = NULL;
  vm_quic_connection_unref (asking);
  vm_quic_connection_unref (asked);
}

GST_START_TEST (test_relay_alone)
{
  relay_pair (FALSE);
  move_some ();
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_RELAY);
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asked), ==, VM_QUIC_PATH_RELAY);
  g_assert_cmpint (g_atomic_int_get (&paths[VM_QUIC_PATH_RELAY]), ==, 1);
  g_assert_cmpstr (vm_quic_path_to_string (VM_QUIC_PATH_RELAY), ==, "relay");
  end_relay ();
}

GST_END_TEST;

/* Where a direct way is found, the relay carries nothing. */
GST_START_TEST (test_direct_before_relay)
{
  relay_pair (TRUE);
  move_some ();
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_DIRECT);
  g_assert_cmpint (g_atomic_int_get (&paths[VM_QUIC_PATH_RELAY]), ==, 0);
  end_relay ();
}

GST_END_TEST;

static gboolean
on_wake (gpointer data)
{
  return G_SOURCE_REMOVE;
}

/* Waits for a moment, and leaves the processor to the endpoints. */
static void
look_again (void)
{
  g_timeout_add (20, on_wake, NULL);
  g_main_context_iteration (NULL, TRUE);
}

static void
wait_for_path (VmQuicPath path)
{
  gint64 until = g_get_monotonic_time () + SOON;

  while (vm_quic_connection_get_path (pair->asking) != path) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    look_again ();
  }
}

/* A peer that does not know the small datagrams, and comes to no relay. */
GST_START_TEST (test_without_punching_beside_relay)
{
  static VmQuicConnection *nobody;
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->alice, "Bob's", &candidate, &session);
  pair->asked = begin (pair->bob, FALSE, &session);
  quic_pair_session (pair->bob, "Alice's", &candidate, &session);
  session.relay_send = to_other;
  session.user_data = &nobody;
  pair->asking = begin (pair->alice, TRUE, &session);
  check_connected (pair->asking);
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_DIRECT);
}

GST_END_TEST;

/* A peer of which there is the relay alone, though it names an address. */
GST_START_TEST (test_relay_beside_no_way)
{
  g_autoptr (VmQuicEndpoint) gone = quic_pair_endpoint (pair, 0, "h3");
  VmQuicCandidate candidate;
  VmQuicSession session;

  quic_pair_session (pair->alice, "token", &candidate, &session);
  session.n_candidates = 0;
  session.relay_send = to_other;
  session.user_data = &pair->asking;
  g_atomic_pointer_set (&pair->asked, begin (pair->bob, FALSE, &session));
  quic_pair_session (gone, "token", &candidate, &session);
  session.fingerprint = vm_quic_endpoint_get_fingerprint (pair->bob);
  session.relay_send = to_other;
  session.user_data = &pair->asked;
  g_clear_pointer (&gone, vm_quic_endpoint_free);
  g_atomic_pointer_set (&pair->asking, begin (pair->alice, TRUE, &session));
  check_connected (pair->asking);
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_RELAY);
  end_relay ();
}

GST_END_TEST;

/* A direct way that is lost is left for the relay, once it has been silent, and
 * is taken again when it is back. */
GST_START_TEST (test_direct_then_relay)
{
  gint64 until = g_get_monotonic_time () + SOON;

  relay_pair (TRUE);
  move_some ();
  vm_quic_connection_use_relay (pair->asking);
  move_some ();
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_DIRECT);
  vm_quic_endpoint_lose (pair->alice, 1);
  vm_quic_endpoint_lose (pair->bob, 1);
  while (vm_quic_connection_get_silence (pair->asking) < VM_QUIC_SILENCE_MAX) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    look_again ();
  }
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_DIRECT);
  vm_quic_connection_use_relay (pair->asking);
  wait_for_path (VM_QUIC_PATH_RELAY);
  move_some ();
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asked), ==, VM_QUIC_PATH_RELAY);
  vm_quic_endpoint_lose (pair->alice, 0);
  vm_quic_endpoint_lose (pair->bob, 0);
  wait_for_path (VM_QUIC_PATH_DIRECT);
  move_some ();
  end_relay ();
}

GST_END_TEST;

/* Nothing is said for longer than a lost way is borne, and it is heard still.
 */
GST_START_TEST (test_silence_of_nobody)
{
  gint64 until = g_get_monotonic_time () + VM_QUIC_SILENCE_MAX + G_USEC_PER_SEC;

  quic_pair_connect (pair);
  while (g_get_monotonic_time () < until) {
    g_assert_cmpint (
        vm_quic_connection_get_silence (pair->asking), <, VM_QUIC_SILENCE_MAX);
    look_again ();
  }
}

GST_END_TEST;

/* A direct way that opens later takes over. */
GST_START_TEST (test_relay_then_direct)
{
  vm_quic_endpoint_lose (pair->alice, 1);
  vm_quic_endpoint_lose (pair->bob, 1);
  relay_pair (TRUE);
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asking), ==, VM_QUIC_PATH_RELAY);
  vm_quic_endpoint_lose (pair->alice, 0);
  vm_quic_endpoint_lose (pair->bob, 0);
  wait_for_path (VM_QUIC_PATH_DIRECT);
  move_some ();
  g_assert_cmpint (
      vm_quic_connection_get_path (pair->asked), ==, VM_QUIC_PATH_DIRECT);
  end_relay ();
}

GST_END_TEST;

/* Victims */

static GSocket *
open_victim (VmQuicCandidate *candidate)
{
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_DATAGRAM,
      G_SOCKET_PROTOCOL_UDP, NULL);

  g_assert_true (g_socket_bind (socket, address, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  g_strlcpy (candidate->ip, "127.0.0.1", sizeof candidate->ip);
  candidate->port =
      g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  g_socket_set_blocking (socket, FALSE);
  return socket;
}

/* A server that names eight who have nothing to do with it: each gets 25
 * datagrams at most, from either side, whatever is tried. */
GST_START_TEST (test_victims)
{
  VmQuicCandidate victims[VM_QUIC_CANDIDATES_MAX] = { 0 };
  GSocket *sockets[VM_QUIC_CANDIDATES_MAX];
  VmQuicCandidate candidate;
  VmQuicSession session;
  gboolean asks = __i__ != 0;

  for (guint i = 0; i < VM_QUIC_CANDIDATES_MAX; i++)
    sockets[i] = open_victim (&victims[i]);
  quic_pair_session (pair->bob, "token", &candidate, &session);
  session.candidates = victims;
  session.n_candidates = VM_QUIC_CANDIDATES_MAX;
  session.timeout = 8 * G_USEC_PER_SEC;
  pair->asking = begin (pair->alice, asks, &session);
  check_wait (pair->asking, VM_ERROR_TIMEOUT);
  for (guint i = 0; i < VM_QUIC_CANDIDATES_MAX; i++) {
    gchar data[2048];
    guint n = 0;

    while (g_socket_receive (sockets[i], data, sizeof data, NULL, NULL) > 0)
      n++;
    g_assert_cmpuint (n, <=, 25);
    g_assert_cmpuint (n, >=, 20);
    g_object_unref (sockets[i]);
  }
}

GST_END_TEST;

/* Hello */

static gpointer
hear_hello (gpointer user_data)
{
  const GError *denial = user_data;
  g_autoptr (GError) error = NULL;
  VmP2pHello *hello = NULL;
  g_autoptr (VmP2pPipe) pipe =
      vm_quic_connection_hear_hello (pair->asked, SOON, &hello, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (hello->session_token, ==, "secret");
  vm_quic_connection_answer_hello (pair->asked, pipe, denial, SOON, &error);
  g_assert_no_error (error);
  vm_p2p_hello_free (hello);
  return g_steal_pointer (&pipe);
}

GST_START_TEST (test_hello)
{
  VmP2pHello hello = { (gchar *) "a session", (gchar *) "secret",
    (gchar *) "ALICE" };
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) got = NULL;
  GThread *thread;
  guint8 type;

  quic_pair_connect (pair);
  thread = g_thread_new ("bob", hear_hello, NULL);
  {
    g_autoptr (VmP2pPipe) a =
        vm_quic_connection_say_hello (pair->asking, &hello, SOON, &error);
    g_autoptr (VmP2pPipe) b = g_thread_join (thread);

    g_assert_no_error (error);
    /* and the same stream carries messages */
    vm_p2p_pipe_send (a, VM_P2P_FILE_META, "{}", 2, NULL, SOON, &error);
    g_assert_no_error (error);
    got = vm_p2p_pipe_receive (b, SOON, &type, &error);
    g_assert_no_error (error);
    g_assert_cmpuint (type, ==, VM_P2P_FILE_META);
  }
}

GST_END_TEST;

GST_START_TEST (test_hello_denied)
{
  VmP2pHello hello = { (gchar *) "a session", (gchar *) "secret",
    (gchar *) "ALICE" };
  g_autoptr (GError) denial = g_error_new (
      VM_ERROR, VM_ERROR_P2P_SESSION_DENIED, "The token was used before");
  g_autoptr (GError) error = NULL;
  GThread *thread;

  quic_pair_connect (pair);
  thread = g_thread_new ("bob", hear_hello, denial);
  g_assert_null (
      vm_quic_connection_say_hello (pair->asking, &hello, SOON, &error));
  vm_p2p_pipe_free (g_thread_join (thread));
  g_assert_error (error, VM_ERROR, VM_ERROR_P2P_SESSION_DENIED);
  g_assert_cmpstr (error->message, ==, "The token was used before");
  /* no stream comes: the connection is closed too */
  g_assert_null (vm_quic_connection_accept_pipe (pair->asking, SOON, NULL));
  check_wait (pair->asking, VM_ERROR_P2P_SESSION_DENIED);
}

GST_END_TEST;

/* Many */

GST_START_TEST (test_sessions_leave_nothing)
{
  guint files = 0, threads = 0;
  gsize memory = 0;
  gint64 until;

  for (guint i = 0; i < SESSIONS; i++) {
    quic_pair_connect (pair);
    g_clear_pointer (&pair->asking, vm_quic_connection_unref);
    g_clear_pointer (&pair->asked, vm_quic_connection_unref);
    if (i == SESSIONS / 10) {
      files = quic_pair_count ("fd");
      threads = quic_pair_count ("task");
      memory = quic_pair_memory ();
    }
  }
  until = g_get_monotonic_time () + SOON;
  g_assert_cmpuint (quic_pair_count ("fd"), ==, files);
  g_assert_cmpuint (quic_pair_count ("task"), ==, threads);
  /* those that ended last have memory until nothing can come for them */
  while (quic_pair_memory () >= memory + SESSIONS_MEMORY) {
    g_assert_cmpint (g_get_monotonic_time (), <, until);
    look_again ();
  }
}

GST_END_TEST;

GST_START_TEST (test_sessions_at_most)
{
  VmQuicConnection *all[VM_QUIC_SESSIONS_MAX];
  g_autoptr (GError) error = NULL;
  VmQuicCandidate candidate;
  VmQuicSession session;

  for (guint i = 0; i < VM_QUIC_SESSIONS_MAX; i++) {
    quic_pair_session (pair->bob, "token", &candidate, &session);
    session.n_candidates = 0;
    all[i] = begin (pair->alice, FALSE, &session);
  }
  g_assert_null (vm_quic_endpoint_expect (pair->alice, &session, &error));
  quic_pair_check (error, VM_ERROR_RATE_LIMITED);
  for (guint i = 0; i < VM_QUIC_SESSIONS_MAX; i++) {
    vm_quic_connection_close (all[i], NULL);
    check_wait (all[i], VM_ERROR_DISCONNECTED);
    vm_quic_connection_unref (all[i]);
  }
}

GST_END_TEST;

static Suite *
quicsession_suite (void)
{
  Suite *s = suite_create ("quicsession");
  TCase *tc = tcase_create ("quicsession");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_wrong_certificate_of_the_asked);
  tcase_add_test (tc, test_wrong_certificate_of_the_asking);
  tcase_add_test (tc, test_another_protocol);
  tcase_add_test (tc, test_nobody);
  tcase_add_test (tc, test_unexpected);
  tcase_add_test (tc, test_without_punching);
  tcase_add_test (tc, test_close_says_why);
  tcase_add_test (tc, test_endpoint_ends);
  tcase_add_test (tc, test_asking_moves);
  tcase_add_test (tc, test_asked_moves);
  tcase_add_test (tc, test_foreign_address);
  tcase_add_test (tc, test_relay_alone);
  tcase_add_test (tc, test_direct_before_relay);
  tcase_add_test (tc, test_without_punching_beside_relay);
  tcase_add_test (tc, test_relay_beside_no_way);
  tcase_add_test (tc, test_relay_then_direct);
  tcase_add_test (tc, test_direct_then_relay);
  tcase_add_test (tc, test_silence_of_nobody);
  tcase_add_loop_test (tc, test_victims, 0, 2);
  tcase_add_test (tc, test_hello);
  tcase_add_test (tc, test_hello_denied);
  tcase_add_test (tc, test_sessions_leave_nothing);
  tcase_add_test (tc, test_sessions_at_most);
  return s;
}

CHECK_PROGRAM (quicsession)
