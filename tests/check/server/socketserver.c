/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Clients of the Socket.IO dialect in a meeting that a native device hosts,
 * over real sockets: Engine.IO 4 and Socket.IO 5 (protocol/socketio.md). */

#include "support/net/nethost.h"
#include "support/net/socketclient.h"

#include "program.h"

#include <string.h>

#define OFFER "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\ns=-\\r\\n\"}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}"
#define CANDIDATE "{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"}"

/* In the meeting. */
static SocketClient *
sit (gboolean polls, guint users)
{
  SocketClient *client = socket_client_connect (server, polls, "");

  socket_client_say (client, "42[\"join_room\",\"standup\"]");
  socket_client_hears (
      client, "42[\"room_joined\",{\"room\":\"standup\",\"users\":%u}]", users);
  return client;
}

static void
hears_error (SocketClient *client, const gchar *code)
{
  g_autofree gchar *start =
      g_strdup_printf ("42[\"error\",{\"code\":\"%s\",\"message\":", code);
  g_autofree gchar *text = socket_client_next (client);

  fail_unless (text && g_str_has_prefix (text, start), "%s", text);
}

/* Nothing comes any more. */
static void
is_over (SocketClient *client)
{
  gchar *text;

  while ((text = socket_client_next (client)))
    g_free (text);
}

static void
host_sees_left (void)
{
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_LEFT));
}

/* protocol/socketio.md#without-a-target, with a host beside. */
static void
check_two (gboolean ann_polls, gboolean bob_polls)
{
  SocketClient *ann = sit (ann_polls, 2), *bob = sit (bob_polls, 3);

  socket_client_hears (
      ann, "42[\"user_joined\",{\"user_id\":\"%s\",\"users\":3}]", bob->id);
  socket_client_say (
      ann, "42[\"offer\",{\"room\":\"standup\",\"offer\":" OFFER "}]");
  socket_client_hears (
      bob, "42[\"offer\",{\"offer\":" OFFER ",\"sender\":\"%s\"}]", ann->id);
  socket_client_say (
      bob, "42[\"answer\",{\"room\":\"standup\",\"answer\":" ANSWER "}]");
  socket_client_hears (
      ann, "42[\"answer\",{\"answer\":" ANSWER ",\"sender\":\"%s\"}]", bob->id);
  socket_client_say (ann,
      "42[\"ice_candidate\",{\"room\":\"standup\",\"candidate\":" CANDIDATE
      "}]");
  socket_client_hears (bob,
      "42[\"ice_candidate\",{\"candidate\":" CANDIDATE ",\"sender\":\"%s\"}]",
      ann->id);
  socket_client_say (bob,
      "42[\"ice_candidate\",{\"candidate\":" CANDIDATE ",\"target\":\"%s\"}]",
      ann->id);
  socket_client_hears (ann,
      "42[\"ice_candidate\",{\"candidate\":" CANDIDATE ",\"sender\":\"%s\"}]",
      bob->id);
  socket_client_say (bob, "42[\"leave_room\",{\"room\":\"standup\"}]");
  socket_client_hears (
      ann, "42[\"user_left\",{\"user_id\":\"%s\",\"users\":2}]", bob->id);
  /* it stays connected, under the same name */
  socket_client_say (bob, "42[\"join_room\",{\"room\":\"standup\"}]");
  socket_client_hears (
      bob, "42[\"room_joined\",{\"room\":\"standup\",\"users\":3}]");
  socket_client_hears (
      ann, "42[\"user_joined\",{\"user_id\":\"%s\",\"users\":3}]", bob->id);
  socket_client_say (bob, "41");
  socket_client_hears (
      ann, "42[\"user_left\",{\"user_id\":\"%s\",\"users\":2}]", bob->id);
  socket_client_say (ann, "1");
  is_over (ann);
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_START_TEST (test_two_clients)
{
  check_two (__i__ & 1, __i__ & 2);
}

GST_END_TEST;

GST_START_TEST (test_user_id_is_shown)
{
  SocketClient *ann = sit (FALSE, 2);
  g_autoptr (VmSignal) guest = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  g_autoptr (VmSignal) named = NULL;
  const VmSignalParticipant *who;

  socket_client_say (ann, "42[\"leave_room\"]");
  socket_client_say (
      ann, "42[\"join_room\",{\"room\":\"standup\",\"user_id\":\"user1\"}]");
  named = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  who = g_ptr_array_index (named->participants, 0);
  fail_unless_equals_string (who->user, "user1");
  socket_client_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_over_tls)
{
  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  fail_unless (vm_server_get_secure (server));
  check_two (TRUE, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_handshake)
{
  static const gchar start[] = "0{\"sid\":\"";
  VmServerTimes times = patient;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *greeting = NULL;
  NetSocket *socket;

  times.engine_ping = VM_ENGINE_PING_TIME;
  times.engine_pong = VM_ENGINE_PONG_TIME;
  reopen (&times, NULL, 10);
  answer = socket_poll (server, "");
  fail_unless (g_str_has_prefix (answer->body, start), "%s", answer->body);
  fail_unless_equals_string (answer->body + strlen (start) + 24,
      "\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
      "\"pingTimeout\":20000,\"maxPayload\":262144}");
  fail_unless (strstr (answer->text, "text/plain; charset=UTF-8") != NULL);
  socket = net_socket_open (
      server, "/socket.io/?EIO=4&transport=websocket", NULL, &error);
  g_assert_no_error (error);
  greeting = net_socket_next (socket);
  fail_unless_equals_string (greeting + strlen (start) + 24,
      "\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,"
      "\"maxPayload\":262144}");
  net_socket_free (socket);
}

GST_END_TEST;

static guint
get_status (const gchar *method, const gchar *query)
{
  g_autoptr (NetAnswer) answer = net_ask (server,
      "%s /socket.io/%s HTTP/1.1\r\nHost: localhost\r\n\r\n", method, query);

  return answer->status;
}

GST_START_TEST (test_wrong_requests)
{
  const gchar *queries[] = { "", "?EIO=3&transport=polling",
    "?transport=polling", "?EIO=4", "?EIO=4&transport=flashsocket",
    "?EIO=4&transport=websocket",
    "?EIO=4&transport=polling&sid=", "?EIO=4&transport=polling&sid=nobody" };
  const gchar *upgrades[] = { "/socket.io/?transport=websocket",
    "/socket.io/?EIO=4&transport=polling",
    "/socket.io/?EIO=4&transport=websocket&sid=nobody" };
  g_autoptr (NetAnswer) sent = socket_post (server, "nobody", "40", 2);

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    fail_unless (get_status ("GET", queries[i]) == 400, "%s", queries[i]);
  for (guint i = 0; i < G_N_ELEMENTS (upgrades); i++)
    check_upgrade (upgrades[i], NULL);
  fail_unless_equals_int (sent->status, 400);
  fail_unless_equals_int (
      get_status ("OPTIONS", "?EIO=4&transport=polling"), 405);
}

GST_END_TEST;

/* A poll on a connection that the server knows: it reads it before what comes
 * from others later. */
static GIOStream *
hold_poll (SocketClient *client)
{
  g_autofree gchar *request = g_strdup_printf (
      "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
      "Host: localhost\r\n\r\n",
      client->sid);
  static const gchar greeting[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  GIOStream *stream = net_connect (client->server);
  g_autoptr (NetAnswer) answer =
      net_ask_on (stream, greeting, sizeof greeting - 1);

  fail_unless_equals_int (answer->status, 200);
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), request,
      strlen (request), NULL, NULL, NULL);
  return stream;
}

/* What a client does that finds a WebSocket to work. */
GST_START_TEST (test_upgrade)
{
  SocketClient *ann = sit (TRUE, 2), *bob;
  g_autoptr (GIOStream) poll = hold_poll (ann);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) late = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *pong = NULL;
  g_autofree gchar *path = g_strdup_printf (
      "/socket.io/?EIO=4&transport=websocket&sid=%s", ann->sid);
  NetSocket *socket = net_socket_open (server, path, NULL, &error);

  g_assert_no_error (error);
  check_upgrade (path, NULL);
  net_socket_send (socket, "2probe");
  pong = net_socket_next (socket);
  fail_unless_equals_string (pong, "3probe");
  /* the poll that waits is let go */
  answer = net_ask_on (poll, "", 0);
  fail_unless_equals_string (answer->body, "6");
  /* what comes meanwhile comes by the other way */
  bob = sit (FALSE, 3);
  net_socket_send (socket, "5");
  ann->socket = socket;
  socket_client_hears (
      ann, "42[\"user_joined\",{\"user_id\":\"%s\",\"users\":3}]", bob->id);
  socket_client_say (ann, "421[\"leave_room\"]");
  socket_client_hears (ann, "431[]");
  socket_client_hears (
      bob, "42[\"user_left\",{\"user_id\":\"%s\",\"users\":2}]", ann->id);
  late = socket_post (server, ann->sid, "40", 2);
  fail_unless_equals_int (late->status, 400);
  check_upgrade (path, NULL);
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

/* A WebSocket that does not work out leaves the session as it is. */
GST_START_TEST (test_failed_upgrade)
{
  SocketClient *ann = sit (TRUE, 2);
  g_autofree gchar *path = g_strdup_printf (
      "/socket.io/?EIO=4&transport=websocket&sid=%s", ann->sid);
  const gchar *wrong[] = { "2", "2prober", "5", "40", "x" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    NetSocket *socket = net_socket_open (server, path, NULL, NULL);

    net_socket_send (socket, "%s", wrong[i]);
    fail_unless_equals_int (net_socket_wait_closed (socket), 1008);
    net_socket_free (socket);
    socket_client_say (ann, "421[\"error\"]");
    socket_client_hears (ann, "431[]");
  }
  socket_client_free (ann);
}

GST_END_TEST;

static void
check_metric (guint sessions)
{
  g_autofree gchar *wanted =
      g_strdup_printf ("\nvideomeet_polling_sessions %u\n", sessions);
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");

  has (answer->text, wanted);
}

GST_START_TEST (test_one_request_at_a_time)
{
  SocketClient *ann = sit (TRUE, 2);
  g_autoptr (GIOStream) poll = hold_poll (ann), again = NULL;
  g_autoptr (NetAnswer) one = NULL;
  g_autoptr (NetAnswer) other = NULL;

  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_JOINED));
  check_metric (1);
  again = hold_poll (ann);
  /* of the two the one that came second is told, and both end */
  host_sees_left ();
  one = net_ask_on (poll, "", 0);
  other = net_ask_on (again, "", 0);
  fail_unless_equals_int (one->status + other->status, 200 + 400);
  fail_unless_equals_string (one->status == 200 ? one->body : other->body, "1");
  check_metric (0);
  socket_client_free (ann);
}

GST_END_TEST;

/* A server that is about to stop takes nobody, and keeps whom it has. */
GST_START_TEST (test_drain)
{
  SocketClient *ann = socket_client_connect (server, TRUE, "");
  guint status;

  vm_server_drain (server);
  do
    status = get_status ("GET", "?EIO=4&transport=polling");
  while (status == 200);
  fail_unless_equals_int (status, 503);
  check_upgrade ("/socket.io/?EIO=4&transport=websocket", NULL);
  socket_client_say (ann, "427[\"error\"]");
  socket_client_hears (ann, "437[]");
  socket_client_free (ann);
}

GST_END_TEST;

/* A page of another origin is told of packets that it has waited for, too. */
GST_START_TEST (test_origin)
{
  const gchar *origins[] = { "https://example.org", NULL };
  SocketClient *ann;
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) other = NULL;
  g_autofree gchar *poll = NULL;

  teardown ();
  open_with ((VmServerConfig){ .loopback_only = TRUE, .origins = origins },
      NULL, NULL, 10);
  other = net_ask (server,
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
      "Host: localhost\r\nOrigin: https://example.com\r\n\r\n");
  fail_unless_equals_int (other->status, 403);
  ann = socket_client_connect (server, TRUE, "");
  poll = g_strdup_printf (
      "GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\n"
      "Host: localhost\r\nOrigin: https://example.org\r\n\r\n",
      ann->sid);
  stream = net_connect (server);
  g_output_stream_write_all (g_io_stream_get_output_stream (stream), poll,
      strlen (poll), NULL, NULL, NULL);
  socket_client_say (ann, "427[\"error\"]");
  answer = net_ask_on (stream, "", 0);
  fail_unless_equals_string (answer->body, "437[]");
  has (answer->text, "access-control-allow-origin: https://example.org\r\n");
  socket_client_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_lost_poll)
{
  SocketClient *ann = sit (TRUE, 2);
  g_autoptr (GIOStream) poll = hold_poll (ann);

  g_io_stream_close (poll, NULL, NULL);
  host_sees_left ();
  socket_client_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_refusals)
{
  static const gchar *const targets[] = { "", ",\"target\":\"p001\"" };
  SocketClient *ann = sit (FALSE, 2);

  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autoptr (VmSignal) refusal = NULL;

    socket_client_say (ann,
        "42[\"error\",{\"room\":\"standup\",\"code\":\"CODEC\","
        "\"message\":\"no\"%s}]",
        targets[i]);
    refusal = host_wait (VM_SIGNAL_ERROR);
    fail_unless_equals_string (refusal->from, "p002");
    fail_unless_equals_string (refusal->code, "CODEC");
  }
  host_refuses ("p002", "BAD_MESSAGE");
  socket_client_hears (ann, "42[\"error\",{\"code\":\"BAD_MESSAGE\","
                            "\"message\":\"a=setup\",\"sender\":\"p001\"}]");
  socket_client_free (ann);
}

GST_END_TEST;

/* A page that disconnects, or is closed, has left; one whose socket ends
 * without a word was lost. */
GST_START_TEST (test_closed_socket)
{
  SocketClient *ann = sit (FALSE, 2);
  g_autoptr (VmSignal) left = NULL;

  if (__i__ == 0)
    socket_client_say (ann, "41");
  else if (__i__ == 1)
    soup_websocket_connection_close (ann->socket->socket, 1001, NULL);
  else
    g_clear_pointer (&ann->socket, net_socket_free);
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  fail_unless_equals_string (left->code, __i__ < 2 ? NULL : "DISCONNECTED");
  socket_client_free (ann);
}

GST_END_TEST;

static guint
open_with_header (const gchar *header)
{
  g_autoptr (NetAnswer) answer = net_ask (server,
      "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
      "Host: localhost\r\n%s\r\n",
      header);

  return answer->status;
}

/* An image of another page's has no Origin; it begins no session. */
GST_START_TEST (test_embedded_elsewhere)
{
  const gchar *origins[] = { "https://example.org", NULL };
  const struct
  {
    const gchar *header;
    guint status;
  } cases[] = {
    { "", 200 },
    { "Sec-Fetch-Site: same-origin\r\n", 200 },
    { "Sec-Fetch-Site: none\r\n", 200 },
    { "Sec-Fetch-Site: cross-site\r\n", 403 },
    { "Sec-Fetch-Site: same-site\r\n", 403 },
    { "Sec-Fetch-Site: same-origin-and-much-more\r\n", 403 },
    { "Sec-Fetch-Site: cross-site\r\nOrigin: https://example.org\r\n", 200 },
    { "Sec-Fetch-Site: cross-site\r\nOrigin: https://example.com\r\n", 403 },
    { "Referer: http://localhost/page?a=b\r\n", 200 },
    { "Referer: https://example.org/\r\n", 200 },
    { "Referer: https://example.com/page\r\n", 403 },
    { "Referer: https://example.org.example.com/\r\n", 403 },
    { "Referer: nonsense\r\n", 403 },
  };

  teardown ();
  open_with ((VmServerConfig){ .loopback_only = TRUE, .origins = origins },
      NULL, NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint status = open_with_header (cases[i].header);

    fail_unless (status == cases[i].status, "%s: %u", cases[i].header, status);
  }
}

GST_END_TEST;

GST_START_TEST (test_pings)
{
  VmServerTimes times = patient;
  gboolean polls = __i__;
  SocketClient *ann;

  times.engine_ping = 100 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  ann = socket_client_open (server, polls, "");
  for (guint i = 0; i < 3; i++) {
    socket_client_hears (ann, "2");
    socket_client_say (ann, "3");
  }
  socket_client_free (ann);
}

GST_END_TEST;

/* Engine.IO asks whether the client is there; its WebSocket does not ask as
 * well. */
GST_START_TEST (test_pings_once)
{
  VmServerTimes times = patient;
  g_autoptr (GIOStream) stream = NULL;
  guint8 payload[NET_RAW_MAX];
  gsize size;

  times.ping = 1;
  times.engine_ping = 500 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  stream =
      net_raw_upgrade (server, "/socket.io/?EIO=4&transport=websocket", "");
  fail_unless_equals_int (net_raw_read (stream, payload, &size), 0x81);
  fail_unless_equals_int (payload[0], '0');
  fail_unless_equals_int (net_raw_read (stream, payload, &size), 0x81);
  fail_unless_equals_int (size, 1);
  fail_unless_equals_int (payload[0], '2');
}

GST_END_TEST;

GST_START_TEST (test_no_pong)
{
  VmServerTimes times = patient;
  gboolean polls = __i__;
  SocketClient *silent;

  times.engine_ping = 1;
  times.engine_pong = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  silent = socket_client_open (server, polls, "");
  is_over (silent);
  if (!polls)
    fail_unless_equals_int (net_socket_wait_closed (silent->socket), 1008);
  socket_client_free (silent);
}

GST_END_TEST;

/* Others wait for it: it is asked sooner, and has not long to answer. */
GST_START_TEST (test_silent_beside_others)
{
  VmServerTimes times = patient;
  SocketClient *ann, *bob;

  times.awaited_ping = 200 * G_TIME_SPAN_MILLISECOND;
  times.awaited_pong = 2 * G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  ann = socket_client_connect (server, FALSE, "");
  socket_client_say (ann, "42[\"join_room\",{\"room\":\"standup\"}]");
  g_free (socket_client_wait (ann, "42[\"room_joined\""));
  bob = socket_client_connect (server, TRUE, "");
  socket_client_say (bob, "42[\"join_room\",{\"room\":\"standup\"}]");
  g_free (socket_client_wait (bob, "2"));
  socket_client_say (bob, "3");
  socket_client_hears (
      ann, "42[\"user_joined\",{\"user_id\":\"%s\",\"users\":3}]", bob->id);
  socket_client_hears (
      ann, "42[\"user_left\",{\"user_id\":\"%s\",\"users\":2}]", bob->id);
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_first_message)
{
  VmServerTimes times = patient;
  gboolean polls = __i__;
  SocketClient *silent;

  times.first_message = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  silent = socket_client_open (server, polls, "");
  is_over (silent);
  if (!polls)
    fail_unless_equals_int (net_socket_wait_closed (silent->socket), 1008);
  socket_client_free (silent);
}

GST_END_TEST;

GST_START_TEST (test_connecting)
{
  gboolean polls = __i__;
  SocketClient *ann = socket_client_open (server, polls, "");
  g_autofree gchar *first = NULL, *second = NULL;

  /* before that there is nobody to hear it */
  socket_client_say (ann, "42[\"join_room\",\"standup\"]");
  socket_client_say (ann, "40/admin,{\"token\":\"123\"}");
  socket_client_hears (ann, "44/admin,{\"message\":\"Invalid namespace\"}");
  socket_client_say (ann, "40{}");
  first = socket_client_wait (ann, "40{\"sid\":\"");
  socket_client_say (ann, "42/admin,[\"join_room\",\"standup\"]");
  socket_client_say (ann, "4230[\"join_room\",\"standup\"]");
  socket_client_hears (
      ann, "42[\"room_joined\",{\"room\":\"standup\",\"users\":2}]");
  socket_client_hears (ann, "4330[]");
  socket_client_say (ann, "41");
  host_sees_left ();
  socket_client_say (ann, "40");
  second = socket_client_wait (ann, "40{\"sid\":\"");
  fail_if (strcmp (first, second) == 0);
  socket_client_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_wrong_messages)
{
  gboolean polls = __i__;
  SocketClient *ann = socket_client_connect (server, polls, "");

  socket_client_say (ann, "42[\"join_room\",\"elsewhere\"]");
  hears_error (ann, "MEETING_NOT_FOUND");
  socket_client_say (ann, "42[\"offer\",{\"offer\":" OFFER "}]");
  hears_error (ann, "UNROUTABLE");
  socket_client_say (ann, "425[\"dance\"]");
  hears_error (ann, "BAD_MESSAGE");
  socket_client_hears (ann, "435[]");
  /* never an error for an error */
  socket_client_say (ann, "42[\"error\",{\"code\":\"X\"}]");
  socket_client_say (ann, "42[\"join_room\",\"standup\"]");
  socket_client_hears (
      ann, "42[\"room_joined\",{\"room\":\"standup\",\"users\":2}]");
  socket_client_say (
      ann, "42[\"offer\",{\"offer\":" OFFER ",\"target\":\"nobody\"}]");
  hears_error (ann, "UNROUTABLE");
  /* nothing is read of what is binary, and nothing lost for it */
  socket_client_say (ann, "451-[\"offer\",{\"_placeholder\":true,\"num\":0}]");
  hears_error (ann, "BAD_MESSAGE");
  if (polls)
    socket_client_say (ann, "bAQIDBA==");
  else
    soup_websocket_connection_send_binary (ann->socket->socket, "\1\2", 2);
  socket_client_say (ann, "426[\"error\"]");
  socket_client_hears (ann, "436[]");
  socket_client_free (ann);
}

GST_END_TEST;

/* What is no packet ends the session. */
GST_START_TEST (test_nonsense)
{
  const gchar *wrong[] = { "7", "4", "49", "42{}", "40[]", "40", "44{}", "2",
    "5", "0{}" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    SocketClient *polls = sit (TRUE, 2), *socket = NULL;
    g_autoptr (NetAnswer) answer =
        socket_post (server, polls->sid, wrong[i], strlen (wrong[i]));

    fail_unless (answer->status == 400, "%s: %u", wrong[i], answer->status);
    host_sees_left ();
    socket_client_free (polls);
    socket = sit (FALSE, 2);
    socket_client_say (socket, "%s", wrong[i]);
    fail_unless_equals_int (net_socket_wait_closed (socket->socket), 1008);
    host_sees_left ();
    socket_client_free (socket);
  }
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  gboolean polls = __i__;
  SocketClient *right, *wrong;

  reopen (NULL, "123456", 10);
  right = socket_client_connect (server, polls, "&pin=123456");
  socket_client_say (right, "42[\"join_room\",\"standup\"]");
  g_free (socket_client_wait (right, "42[\"room_joined\""));
  wrong = socket_client_connect (server, polls, "&pin=654321");
  socket_client_say (wrong, "42[\"join_room\",\"standup\"]");
  hears_error (wrong, "WRONG_PIN");
  socket_client_free (right);
  socket_client_free (wrong);
}

GST_END_TEST;

static void
kick (const gchar *id)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_KICK);

  signal->to = g_strdup (id);
  vm_seat_send (seat, signal);
}

GST_START_TEST (test_kick_and_end)
{
  gboolean polls = __i__;
  SocketClient *ann = sit (polls, 2), *bob = sit (polls, 3);

  g_free (socket_client_wait (ann, "42[\"user_joined\""));
  kick ("p003");
  hears_error (bob, "KICKED");
  /* a client that is told so does not come again by itself */
  socket_client_hears (bob, "41");
  socket_client_hears (
      ann, "42[\"user_left\",{\"user_id\":\"%s\",\"users\":2}]", bob->id);
  vm_seat_close (g_steal_pointer (&seat));
  socket_client_hears (
      ann, "42[\"user_left\",{\"user_id\":\"p001\",\"users\":1}]");
  hears_error (ann, "MEETING_ENDED");
  socket_client_hears (ann, "41");
  socket_client_free (ann);
  socket_client_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_stop)
{
  SocketClient *polls = socket_client_connect (server, TRUE, "");
  SocketClient *socket = socket_client_connect (server, FALSE, "");
  g_autoptr (GIOStream) poll = hold_poll (polls);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) barrier = NULL;

  /* the server has read the poll when it has answered who came after it */
  barrier = socket_poll (server, "");
  vm_seat_close (g_steal_pointer (&seat));
  vm_server_stop (server);
  answer = net_ask_on (poll, "", 0);
  fail_unless_equals_string (answer->body, "1");
  fail_unless_equals_int (net_socket_wait_closed (socket->socket), 1001);
  socket_client_free (polls);
  socket_client_free (socket);
}

GST_END_TEST;

/* The end of the meeting is not lost in that of the session. */
GST_START_TEST (test_stop_in_a_meeting)
{
  SocketClient *ann = sit (TRUE, 2);
  g_autoptr (GIOStream) poll = hold_poll (ann);
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) barrier = socket_poll (server, "");

  vm_seat_close (g_steal_pointer (&seat));
  vm_server_stop (server);
  answer = net_ask_on (poll, "", 0);
  has (answer->body, "\"code\":\"MEETING_ENDED\"");
  fail_unless (g_str_has_suffix (answer->body, "\x1e"
                                               "41"),
      "%s", answer->body);
  socket_client_free (ann);
}

GST_END_TEST;

/* What flows between those in it goes on: nobody is told that the others have
 * left, whatever each is connected by. */
GST_START_TEST (test_stop_in_an_open_room)
{
  VmServerConfig config = { .loopback_only = TRUE, .open_rooms = TRUE };
  VmServer *rooms = net_server (&config, NULL);
  SocketClient *polls = socket_client_connect (rooms, TRUE, "");
  SocketClient *socket = socket_client_connect (rooms, FALSE, "");
  g_autoptr (GIOStream) poll = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (NetAnswer) barrier = NULL;
  g_autoptr (GError) error = NULL;
  NetSocket *web;

  socket_client_say (polls, "42[\"join_room\",\"blue\"]");
  g_free (socket_client_wait (polls, "42[\"room_joined\""));
  socket_client_say (socket, "42[\"join_room\",\"blue\"]");
  g_free (socket_client_wait (socket, "42[\"room_joined\""));
  web = net_socket_open (rooms, "/", NULL, &error);
  g_assert_no_error (error);
  net_socket_send (web, "{\"type\":\"join\",\"roomId\":\"blue\"}");
  g_free (net_socket_wait (web, "joined"));
  g_free (socket_client_wait (socket, "42[\"user_joined\""));
  for (guint i = 0; i < 2; i++)
    g_free (socket_client_wait (polls, "42[\"user_joined\""));
  poll = hold_poll (polls);
  barrier = socket_poll (rooms, "");
  vm_server_stop (rooms);
  fail_unless (net_socket_next (web) == NULL);
  fail_unless_equals_int (net_socket_wait_closed (web), 1001);
  fail_unless (socket_client_next (socket) == NULL);
  answer = net_ask_on (poll, "", 0);
  fail_unless_equals_string (answer->body, "1");
  net_socket_free (web);
  socket_client_free (polls);
  socket_client_free (socket);
  g_object_unref (rooms);
}

GST_END_TEST;

/* A native host offers, as to anybody. */
GST_START_TEST (test_with_the_host)
{
  SocketClient *ann = sit (TRUE, 2);
  g_autoptr (VmSignal) joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) answer = NULL;
  const VmSignalParticipant *who = g_ptr_array_index (joined->participants, 0);
  g_autofree gchar *session = NULL;

  fail_unless_equals_string (who->id, "p002");
  offer->to = g_strdup ("p002");
  offer->generation = 1;
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  vm_signal_set_text (offer, &offer->session, "s-1");
  vm_seat_send (seat, offer);
  socket_client_hears (ann,
      "42[\"offer\",{\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"},"
      "\"sender\":\"p001\"}]");
  socket_client_say (
      ann, "42[\"answer\",{\"room\":\"standup\",\"answer\":" ANSWER "}]");
  answer = host_wait (VM_SIGNAL_ANSWER);
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (answer->from, "p002");
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_int64 (answer->generation, 1);
  socket_client_free (ann);
}

GST_END_TEST;

static Suite *
socketserver_suite (void)
{
  Suite *s = suite_create ("socketserver");
  TCase *tc = tcase_create ("socketserver");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_two_clients, 0, 4);
  tcase_add_test (tc, test_over_tls);
  tcase_add_test (tc, test_user_id_is_shown);
  tcase_add_test (tc, test_handshake);
  tcase_add_test (tc, test_wrong_requests);
  tcase_add_test (tc, test_upgrade);
  tcase_add_test (tc, test_failed_upgrade);
  tcase_add_test (tc, test_one_request_at_a_time);
  tcase_add_test (tc, test_drain);
  tcase_add_test (tc, test_origin);
  tcase_add_test (tc, test_embedded_elsewhere);
  tcase_add_test (tc, test_refusals);
  tcase_add_test (tc, test_lost_poll);
  tcase_add_loop_test (tc, test_closed_socket, 0, 3);
  tcase_add_loop_test (tc, test_pings, 0, 2);
  tcase_add_test (tc, test_pings_once);
  tcase_add_test (tc, test_silent_beside_others);
  tcase_add_loop_test (tc, test_no_pong, 0, 2);
  tcase_add_loop_test (tc, test_first_message, 0, 2);
  tcase_add_loop_test (tc, test_connecting, 0, 2);
  tcase_add_loop_test (tc, test_wrong_messages, 0, 2);
  tcase_add_test (tc, test_nonsense);
  tcase_add_loop_test (tc, test_pin, 0, 2);
  tcase_add_loop_test (tc, test_kick_and_end, 0, 2);
  tcase_add_test (tc, test_stop);
  tcase_add_test (tc, test_stop_in_a_meeting);
  tcase_add_test (tc, test_stop_in_an_open_room);
  tcase_add_test (tc, test_with_the_host);
  return s;
}

CHECK_PROGRAM (socketserver)
