/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The limits of Engine.IO at the edge itself, over real sockets. */

#include "support/net/nethost.h"
#include "support/net/socketclient.h"

#include <glib/gstdio.h>
#include "program.h"

#include <gst/videomeet/wire/socketio/engineio.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static SocketClient *
sit (gboolean polls)
{
  SocketClient *client = socket_client_connect (server, polls, "");

  socket_client_say (client, "42[\"join_room\",\"standup\"]");
  g_free (socket_client_wait (client, "42[\"room_joined\""));
  return client;
}

/* What a body of @size bytes is answered: one event that nobody knows. */
static guint
post_of_size (SocketClient *client, gsize size)
{
  static const gchar start[] = "42[\"error\",\"";
  g_autofree gchar *body = g_strnfill (size, 'x');
  g_autoptr (NetAnswer) answer = NULL;

  memcpy (body, start, sizeof start - 1);
  memcpy (body + size - 2, "\"]", 2);
  answer = socket_post (server, client->sid, body, size);
  return answer->status;
}

static void
open_over_tls (void)
{
  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  fail_unless (vm_server_get_secure (server));
}

/* In the clear, then over TLS. */
GST_START_TEST (test_body)
{
  SocketClient *client;

  if (__i__)
    open_over_tls ();
  client = socket_client_connect (server, TRUE, "");

  fail_unless_equals_int (post_of_size (client, VM_HTTP_REQUEST_MAX + 1), 200);
  fail_unless_equals_int (
      post_of_size (client, VM_ENGINE_PAYLOAD_MAX - 1), 200);
  fail_unless_equals_int (post_of_size (client, VM_ENGINE_PAYLOAD_MAX), 200);
  fail_unless_equals_int (
      post_of_size (client, VM_ENGINE_PAYLOAD_MAX + 1), 413);
  /* it was not read, so that nothing has happened */
  fail_unless_equals_int (post_of_size (client, 100), 200);
  socket_client_free (client);
}

GST_END_TEST;

static guint
post_packets (SocketClient *client, guint count)
{
  g_autoptr (GString) body = g_string_new ("6");
  g_autoptr (NetAnswer) answer = NULL;

  for (guint i = 1; i < count; i++)
    g_string_append (body, "\x1e"
                           "6");
  answer = socket_post (server, client->sid, body->str, body->len);
  return answer->status;
}

GST_START_TEST (test_packets)
{
  SocketClient *client = socket_client_connect (server, TRUE, "");

  fail_unless_equals_int (
      post_packets (client, VM_ENGINE_PACKETS_MAX - 1), 200);
  fail_unless_equals_int (post_packets (client, VM_ENGINE_PACKETS_MAX), 200);
  fail_unless_equals_int (
      post_packets (client, VM_ENGINE_PACKETS_MAX + 1), 400);
  /* and with that it has ended */
  fail_unless_equals_int (post_packets (client, 1), 400);
  socket_client_free (client);
}

GST_END_TEST;

/* What was said before is read. */
static void
settle (SocketClient *client)
{
  socket_client_say (client, "427[\"error\"]");
  g_free (socket_client_wait (client, "437[]"));
}

static guint
handshake (void)
{
  g_autoptr (NetAnswer) answer = socket_poll (server, "");

  return answer->status;
}

GST_START_TEST (test_sessions)
{
  const guint addresses = VM_ENGINE_POLLING_MAX / VM_CONNECTIONS_PER_ADDRESS;
  SocketClient *first, *stays;
  NetSocket *socket;
  g_autoptr (GError) error = NULL;

  net_use_address ("127.0.1.1");
  first = socket_client_open (server, TRUE, "");
  stays = socket_client_connect (server, TRUE, "");
  for (guint i = 2; i < VM_CONNECTIONS_PER_ADDRESS; i++)
    fail_unless_equals_int (handshake (), 200);
  fail_unless_equals_int (handshake (), 429);
  /* one that ends makes room */
  socket_client_say (first, "1");
  fail_unless_equals_int (handshake (), 200);
  for (guint a = 1; a < addresses; a++) {
    g_autofree gchar *address = g_strdup_printf ("127.0.1.%u", a + 1);

    net_use_address (address);
    for (guint i = 0; i < VM_CONNECTIONS_PER_ADDRESS; i++)
      fail_unless_equals_int (handshake (), 200);
  }
  /* who comes then has its share of those that have more, and no more */
  net_use_address ("127.0.2.1");
  for (guint i = 0; i < VM_ENGINE_POLLING_MAX / (addresses + 1); i++)
    fail_unless_equals_int (handshake (), 200);
  fail_unless_equals_int (handshake (), 429);
  /* the others have lost their latest: who was there before is there */
  net_use_address ("127.0.1.1");
  settle (stays);
  fail_unless_equals_int (handshake (), 429);
  net_use_address (NULL);
  /* a WebSocket is counted as a connection */
  socket = net_socket_open (
      server, "/socket.io/?EIO=4&transport=websocket", NULL, &error);
  g_assert_no_error (error);
  net_socket_free (socket);
  socket_client_free (stays);
  socket_client_free (first);
}

GST_END_TEST;

static GIOStream *
connect_and_ask (const gchar *request)
{
  GIOStream *stream = net_connect (server);
  g_autoptr (NetAnswer) answer = net_ask_on (stream, request, strlen (request));

  fail_unless_equals_int (answer->status, 200);
  return stream;
}

/* When there are too many connections, those go that wait for nothing. */
GST_START_TEST (test_polls_stay)
{
  static const gchar health[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autoptr (GPtrArray) others =
      g_ptr_array_new_with_free_func (g_object_unref);
  SocketClient *client = socket_client_connect (server, TRUE, "");
  g_autoptr (GIOStream) stream = connect_and_ask (health);
  g_autofree gchar *poll = g_strdup_printf (
      "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
      "Host: localhost\r\n\r\n",
      client->sid);
  g_autoptr (NetAnswer) answer = NULL;

  g_output_stream_write_all (g_io_stream_get_output_stream (stream), poll,
      strlen (poll), NULL, NULL, NULL);
  for (guint i = 0; i < VM_CONNECTIONS_MAX; i++) {
    g_autofree gchar *address =
        g_strdup_printf ("127.0.3.%u", 1 + i / VM_CONNECTIONS_PER_ADDRESS);

    net_use_address (address);
    g_ptr_array_add (others, connect_and_ask (health));
  }
  net_use_address (NULL);
  socket_client_say (client, "427[\"error\"]");
  answer = net_ask_on (stream, "", 0);
  fail_unless_equals_string (answer->body, "437[]");
  socket_client_free (client);
}

GST_END_TEST;

/* @count candidates for @to, that comes to no poll. */
static void
send_many (SocketClient *from, SocketClient *to, guint count)
{
  for (guint i = 0; i < count; i++)
    socket_client_say (from,
        "42[\"ice_candidate\",{\"candidate\":{\"candidate\":\"%u\"},"
        "\"target\":\"%s\"}]",
        i, to->id);
}

GST_START_TEST (test_queued_messages)
{
  VmServerTimes times = patient;
  SocketClient *ann, *bob;

  times.queue = 0;
  reopen (&times, NULL, 10);
  ann = sit (TRUE);
  bob = sit (FALSE);
  g_free (socket_client_wait (ann, "42[\"user_joined\""));
  send_many (bob, ann, VM_QUEUE_MESSAGES);
  settle (bob);
  for (guint i = 0; i < VM_QUEUE_MESSAGES; i++)
    socket_client_hears (ann,
        "42[\"ice_candidate\",{\"candidate\":{\"candidate\":\"%u\"},"
        "\"sender\":\"%s\"}]",
        i, bob->id);
  send_many (bob, ann, VM_QUEUE_MESSAGES + 1);
  g_free (socket_client_wait (bob, "42[\"user_left\""));
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

#define LARGE 60000 /* bytes of an offer */

GST_START_TEST (test_queued_bytes)
{
  g_autofree gchar *sdp = g_strnfill (LARGE, 'x');
  guint fit = VM_QUEUE_BYTES / (LARGE + 200);
  SocketClient *ann = sit (TRUE), *bob = sit (FALSE);

  g_free (socket_client_wait (ann, "42[\"user_joined\""));
  for (guint i = 0; i < fit; i++)
    socket_client_say (bob,
        "42[\"offer\",{\"offer\":{\"sdp\":\"%s\"},\"target\":\"%s\"}]", sdp,
        ann->id);
  settle (bob);
  for (guint i = 0; i < fit; i++)
    g_free (socket_client_wait (ann, "42[\"offer\""));
  for (guint i = 0; i <= VM_QUEUE_BYTES / LARGE; i++)
    socket_client_say (bob,
        "42[\"offer\",{\"offer\":{\"sdp\":\"%s\"},\"target\":\"%s\"}]", sdp,
        ann->id);
  g_free (socket_client_wait (bob, "42[\"user_left\""));
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

/* More than a burst is taken, but only as fast as others may send. */
GST_START_TEST (test_flood)
{
  SocketClient *ann = sit (TRUE);
  g_autofree gchar *told = NULL;

  for (guint i = 0; i <= VM_MESSAGE_BURST / VM_ENGINE_PACKETS_MAX + 1; i++)
    fail_unless_equals_int (post_packets (ann, VM_ENGINE_PACKETS_MAX), 200);
  told = socket_client_wait (ann, "42[\"error\",{\"code\":\"RATE_LIMITED\"");
  settle (ann);
  socket_client_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_flood_that_goes_on)
{
  VmServerTimes times = patient;
  SocketClient *ann;

  times.flood = 1;
  reopen (&times, NULL, 10);
  ann = sit (TRUE);
  while (post_packets (ann, VM_ENGINE_PACKETS_MAX) == 200)
    continue;
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_LEFT));
  socket_client_free (ann);
}

GST_END_TEST;

/* A connection whose client takes next to nothing: its server's buffer is small
 * as well, as is that of a slow network. */
static GSocket *
connect_narrow (void)
{
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new_from_string (
      "127.0.0.1", vm_server_get_port (server));
  g_autoptr (GError) error = NULL;
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM,
      G_SOCKET_PROTOCOL_TCP, &error);

  g_assert_no_error (error);
  g_socket_set_option (socket, SOL_SOCKET, SO_RCVBUF, 2048, NULL);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_MAXSEG, 536, NULL);
  g_socket_connect (socket, address, NULL, &error);
  g_assert_no_error (error);
  return socket;
}

static gboolean
has_connections (guint count)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autofree gchar *line =
      g_strdup_printf ("\nvideomeet_connections %u\n", count);

  return strstr (answer->text, line) != NULL;
}

/* Whoever does not take the answer to its poll is not waited for. */
GST_START_TEST (test_untaken_answer)
{
  VmServerTimes times = patient;
  g_autofree gchar *sdp = g_strnfill (LARGE, 'x');
  g_autoptr (GSocket) narrow = NULL;
  g_autofree gchar *poll = NULL;
  SocketClient *ann, *bob;

  times.answer = 1;
  reopen (&times, NULL, 10);
  ann = sit (TRUE);
  bob = sit (FALSE);
  g_free (socket_client_wait (ann, "42[\"user_joined\""));
  narrow = connect_narrow ();
  poll = g_strdup_printf ("GET /socket.io/?EIO=4&transport=polling&sid=%s "
                          "HTTP/1.1\r\nHost: localhost\r\n\r\n",
      ann->sid);
  g_socket_send (narrow, poll, strlen (poll), NULL, NULL);
  while (!has_connections (3))
    continue;
  for (guint i = 0; i < 8; i++)
    socket_client_say (bob,
        "42[\"offer\",{\"offer\":{\"sdp\":\"%s\"},\"target\":\"%s\"}]", sdp,
        ann->id);
  settle (bob);
  while (!has_connections (2))
    continue;
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

/* A sid alone does not open the session of who has shown a key. */
GST_START_TEST (test_key)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-key-XXXXXX", NULL);
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, &error);
  g_autofree gchar *query = NULL;
  g_autoptr (NetAnswer) polled = NULL, sent = NULL;
  SocketClient *ann;

  g_assert_no_error (error);
  open_over_tls ();
  net_use_identity (identity);
  ann = socket_client_connect (server, TRUE, "");
  query = g_strdup_printf ("&sid=%s", ann->sid);
  socket_client_say (ann, "427[\"error\"]");
  net_use_identity (NULL);
  polled = socket_poll (server, query);
  fail_unless_equals_int (polled->status, 400);
  sent = socket_post (server, ann->sid, "1", 1);
  fail_unless_equals_int (sent->status, 400);
  net_use_identity (identity);
  socket_client_hears (ann, "437[]");
  net_use_identity (NULL);
  socket_client_free (ann);
  g_unlink (file);
  g_rmdir (folder);
}

GST_END_TEST;

/* What is binary is read by nobody, and costs as much as what is. */
GST_START_TEST (test_binary_flood)
{
  static const guint8 message[VM_TRANSFER_SOCKET_FREE] = { 0 };
  SocketClient *ann = sit (FALSE);

  for (guint i = 0; i < 4 * VM_MESSAGE_BURST; i++)
    soup_websocket_connection_send_binary (
        ann->socket->socket, message, sizeof message);
  g_free (socket_client_wait (ann, "42[\"error\",{\"code\":\"RATE_LIMITED\""));
  socket_client_free (ann);
}

GST_END_TEST;

/* Whether a seat was to be had. */
static gboolean
join (SocketClient *client)
{
  gchar *text;
  gboolean joined, limited;

  socket_client_say (client, "42[\"join_room\",\"standup\"]");
  do {
    text = socket_client_next (client);
    fail_unless (text != NULL);
    joined = g_str_has_prefix (text, "42[\"room_joined\"");
    limited =
        g_str_has_prefix (text, "42[\"error\",{\"code\":\"RATE_LIMITED\"");
    g_free (text);
  } while (!joined && !limited);
  return joined;
}

/* Whoever connects to the namespace again is the same connection. */
GST_START_TEST (test_joins_are_limited)
{
  SocketClient *ann = socket_client_connect (server, __i__, "");
  gint64 start = g_get_monotonic_time ();
  guint joined = 0, most;

  for (guint i = 1; i <= 4 * VM_JOIN_BURST; i++) {
    joined += join (ann);
    most = VM_JOIN_BURST + (g_get_monotonic_time () - start) / VM_JOIN_TIME;
    fail_unless (joined <= most, "%u joins", joined);
    if (i % VM_JOIN_BURST)
      continue;
    socket_client_say (ann, "41");
    socket_client_say (ann, "40");
    g_free (socket_client_wait (ann, "40"));
  }
  fail_unless (joined >= VM_JOIN_BURST, "%u joins", joined);
  socket_client_free (ann);
}

GST_END_TEST;

static Suite *
socketlimits_suite (void)
{
  Suite *s = suite_create ("socketlimits");
  TCase *tc = tcase_create ("socketlimits");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_body, 0, 2);
  tcase_add_test (tc, test_packets);
  tcase_add_test (tc, test_sessions);
  tcase_add_test (tc, test_polls_stay);
  tcase_add_test (tc, test_queued_messages);
  tcase_add_test (tc, test_queued_bytes);
  tcase_add_test (tc, test_flood);
  tcase_add_test (tc, test_flood_that_goes_on);
  tcase_add_test (tc, test_untaken_answer);
  tcase_add_test (tc, test_key);
  tcase_add_test (tc, test_binary_flood);
  tcase_add_loop_test (tc, test_joins_are_limited, 0, 2);
  return s;
}

CHECK_PROGRAM (socketlimits)
