/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server with rooms that nobody hosts, over real sockets: natives and clients
 * of the room dialect in one room, connections for each address, and clients
 * behind a proxy. */

#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/wire/turncredential.h>
#include <string.h>

static VmServer *server;

static void
start (VmServerConfig config)
{
  config.loopback_only = config.open_rooms = TRUE;
  server = net_server (&config, NULL);
}

static void
tear_down (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

static void
has (const gchar *text, const gchar *part)
{
  fail_unless (text && strstr (text, part), "no %s in %s", part, text);
}

static NetSocket *
open_room (const gchar *room)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, "/", NULL, &error);

  g_assert_no_error (error);
  g_free (net_socket_wait (socket, "id"));
  net_socket_send (socket, "{\"type\":\"join\",\"roomId\":\"%s\"}", room);
  return socket;
}

GST_START_TEST (test_meet)
{
  NetSocket *web, *ann, *bob;
  g_autofree gchar *joined = NULL, *welcome = NULL, *state = NULL;
  g_autofree gchar *offer = NULL, *left = NULL;

  start ((VmServerConfig){ 0 });
  web = open_room ("blue");
  joined = net_socket_wait (web, "joined");
  has (joined, "\"peers\":[]");
  ann = net_socket_join (server, "blue", "Ann");
  welcome = net_socket_wait (ann, "welcome");
  has (welcome, "\"id\":\"p002\"");
  has (welcome, "\"moderator\":\"p002\"");
  has (welcome, "\"maxParticipants\":10");
  fail_if (strstr (welcome, "\"host\":\""));
  g_free (net_socket_wait (web, "peer-joined"));
  net_socket_send (web, "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\","
                        "\"sdp\":\"v=0\\r\\n\"},"
                        "\"targetId\":\"p002\"}");
  offer = net_socket_wait (ann, "offer");
  has (offer, "\"from\":\"p001\"");
  /* whoever moderates may do what a host may */
  net_socket_send (ann, "{\"type\":\"lock\",\"locked\":true}");
  do {
    g_free (state);
    state = net_socket_wait (ann, "meeting-state");
  } while (!strstr (state, "\"locked\":true"));
  has (state, "\"signature\":\"");
  has (state, "\"moderator\":\"p002\"");
  {
    g_autoptr (NetAnswer) answer =
        net_join (server, "{\"meeting\":\"blue\",\"user\":\"Bob\"}");

    fail_unless_equals_int (answer->status, 423);
  }
  net_socket_send (ann, "{\"type\":\"bye\"}");
  left = net_socket_wait (web, "peer-left");
  net_socket_free (ann);
  /* nobody is left who could open it: it is open */
  bob = net_socket_join (server, "blue", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  net_socket_free (bob);
  net_socket_free (web);
}

GST_END_TEST;

GST_START_TEST (test_size)
{
  NetSocket *first, *second, *third;
  g_autofree gchar *error = NULL;

  start ((VmServerConfig){ .room_size = 2 });
  first = open_room ("blue");
  g_free (net_socket_wait (first, "joined"));
  second = open_room ("blue");
  g_free (net_socket_wait (second, "joined"));
  third = open_room ("blue");
  error = net_socket_wait (third, "error");
  has (error, "MEETING_FULL");
  net_socket_send (third, "{\"type\":\"join\",\"roomId\":\"red\"}");
  g_free (net_socket_wait (third, "joined"));
  net_socket_free (first);
  net_socket_free (second);
  net_socket_free (third);
}

GST_END_TEST;

/* Where nobody says how many: at, and above. */
GST_START_TEST (test_size_of_a_room)
{
  NetSocket *sockets[VM_ROOM_SIZE + 1];

  start ((VmServerConfig){ 0 });
  for (guint i = 0; i <= VM_ROOM_SIZE; i++) {
    sockets[i] = open_room ("blue");
    g_free (
        net_socket_wait (sockets[i], i < VM_ROOM_SIZE ? "joined" : "error"));
  }
  for (guint i = 0; i <= VM_ROOM_SIZE; i++)
    net_socket_free (sockets[i]);
}

GST_END_TEST;

GST_START_TEST (test_bad_sizes)
{
  static const guint bad[] = { 1, 129 };
  g_autoptr (VmIdentity) identity = NULL;

  start ((VmServerConfig){ .room_size = 128 });
  identity = g_object_ref (server->identity);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    const VmServerConfig config = { .loopback_only = TRUE,
      .room_size = bad[i] };
    g_autoptr (VmServer) other = vm_server_new (identity);
    g_autoptr (GError) error = NULL;

    fail_if (vm_server_start (other, &config, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

/* A user and password of a TURN server that is good for a while, at the coming
 * and again. */
GST_START_TEST (test_ice_servers)
{
  const gchar *const turn[] = { "turn://h:3478", NULL };
  g_autoptr (NetAnswer) answer = NULL;
  NetSocket *ann;
  g_autofree gchar *first = NULL, *second = NULL;

  start ((VmServerConfig){ .turn_servers = turn,
      .turn_secret = "between the two",
      .turn_lifetime = VM_TURN_LIFETIME_MIN,
      .relay_only = TRUE });
  answer = net_join (server, "{\"meeting\":\"blue\",\"user\":\"Bob\"}");
  has (answer->body, "\"urls\":[\"turn:h:3478\"]");
  has (answer->body, "\"iceTransportPolicy\":\"relay\"");
  has (answer->body, "\"iceExpiresIn\":60");
  ann = net_socket_join (server, "blue", "Ann");
  g_free (net_socket_wait (ann, "welcome"));
  net_socket_send (ann, "{\"type\":\"ice-servers\"}");
  first = net_socket_wait (ann, "ice-servers");
  has (first, "\"iceExpiresIn\":60");
  net_socket_send (ann, "{\"type\":\"ice-servers\"}");
  second = net_socket_wait (ann, "ice-servers");
  has (second, "\"iceTransportPolicy\":\"relay\"");
  fail_if (g_str_equal (
      strstr (first, "\"username\""), strstr (second, "\"username\"")));
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_turn_lifetimes)
{
  static const guint good[] = { VM_TURN_LIFETIME_MIN, VM_TURN_LIFETIME_MAX };
  static const guint bad[] = { VM_TURN_LIFETIME_MIN - 1,
    VM_TURN_LIFETIME_MAX + 1 };
  g_autoptr (VmIdentity) identity = NULL;

  start ((VmServerConfig){ 0 });
  identity = g_object_ref (server->identity);
  for (guint i = 0; i < 2 * G_N_ELEMENTS (good); i++) {
    const VmServerConfig config = { .loopback_only = TRUE,
      .turn_lifetime = i < 2 ? good[i] : bad[i - 2] };
    g_autoptr (VmServer) other = vm_server_new (identity);
    g_autoptr (GError) error = NULL;

    fail_unless_equals_int (vm_server_start (other, &config, &error), i < 2);
    if (i >= 2)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    else
      vm_server_stop (other);
  }
}

GST_END_TEST;

/* Nobody could be reached. */
GST_START_TEST (test_relays_without_turn)
{
  const gchar *const stun[] = { "stun://h:3478", NULL };
  const VmServerConfig config = {
    .loopback_only = TRUE, .ice_servers = stun, .relay_only = TRUE
  };
  g_autoptr (VmServer) other = NULL;
  g_autoptr (GError) error = NULL;

  start ((VmServerConfig){ 0 });
  other = vm_server_new (server->identity);
  fail_if (vm_server_start (other, &config, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

/* Whoever is in a room may come back, and its seat goes with the server. */
GST_START_TEST (test_stop)
{
  NetSocket *web, *ann;

  start ((VmServerConfig){ 0 });
  web = open_room ("blue");
  g_free (net_socket_wait (web, "joined"));
  ann = net_socket_join (server, "blue", "Ann");
  g_free (net_socket_wait (ann, "welcome"));
  vm_server_stop (server);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1001);
  fail_unless_equals_int (net_socket_wait_closed (web), 1001);
  net_socket_free (web);
  net_socket_free (ann);
}

GST_END_TEST;

static guint
ask_on (GIOStream *stream, const gchar *path, const gchar *forwarded)
{
  g_autofree gchar *request =
      g_strdup_printf ("GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s%s\r\n", path,
          forwarded ? "X-Forwarded-For: " : "", forwarded ? forwarded : "",
          forwarded ? "\r\n" : "");
  g_autoptr (NetAnswer) answer = net_ask_on (stream, request, strlen (request));

  return answer->status;
}

GST_START_TEST (test_connections_of_an_address)
{
  GIOStream *streams[3];

  start ((VmServerConfig){ .max_per_address = 2 });
  net_use_address ("127.0.0.5");
  for (guint i = 0; i < 3; i++) {
    streams[i] = net_connect (server);
    fail_unless_equals_int (
        ask_on (streams[i], "/healthz", NULL), i < 2 ? 200 : 429);
  }
  net_use_address (NULL);
  for (guint i = 0; i < 3; i++)
    g_object_unref (streams[i]);
}

GST_END_TEST;

/* A proxy may add a header of its own behind that of its client. */
GST_START_TEST (test_two_headers)
{
  const gchar *const proxies[] = { "127.0.0.7", NULL };
  g_autoptr (GIOStream) stream = NULL;

  start ((VmServerConfig){ .trusted_proxies = proxies });
  net_use_address ("127.0.0.7");
  stream = net_connect (server);
  fail_unless_equals_int (ask_on (stream, "/metrics", "127.0.0.9"), 200);
  fail_unless_equals_int (
      ask_on (stream, "/metrics", "127.0.0.9\r\nX-Forwarded-For: 192.0.2.7"),
      404);
  fail_unless_equals_int (
      ask_on (stream, "/metrics",
          "127.0.0.9, 127.0.0.9\r\nX-Forwarded-For: 192.0.2.7\r\n"
          "X-Forwarded-For: 127.0.0.7"),
      404);
  net_use_address (NULL);
}

GST_END_TEST;

GST_START_TEST (test_behind_a_proxy)
{
  static const gchar *const proxies[] = { "127.0.0.7", NULL };
  GIOStream *streams[4];

  start ((VmServerConfig){ .max_per_address = 2, .trusted_proxies = proxies });
  net_use_address ("127.0.0.7");
  for (guint i = 0; i < 4; i++)
    streams[i] = net_connect (server);
  /* each of its clients has connections of its own */
  fail_unless_equals_int (ask_on (streams[0], "/healthz", "192.0.2.1"), 200);
  fail_unless_equals_int (ask_on (streams[1], "/healthz", "192.0.2.1"), 200);
  fail_unless_equals_int (ask_on (streams[2], "/healthz", "192.0.2.1"), 429);
  fail_unless_equals_int (ask_on (streams[2], "/healthz", "192.0.2.2"), 200);
  /* one that another's request comes by counts for that one */
  fail_unless_equals_int (ask_on (streams[1], "/healthz", "192.0.2.2"), 200);
  fail_unless_equals_int (ask_on (streams[3], "/healthz", "192.0.2.1"), 200);
  /* who asks by the proxy is not on this machine */
  fail_unless_equals_int (ask_on (streams[3], "/metrics", "192.0.2.1"), 404);
  fail_unless_equals_int (
      ask_on (streams[3], "/metrics", "127.0.0.1, 192.0.2.1"), 404);
  net_use_address (NULL);
  for (guint i = 0; i < 4; i++)
    g_object_unref (streams[i]);
}

GST_END_TEST;

/* Who does not say whom it asks for may ask for anybody: this machine's own
 * have no proxy between. */
GST_START_TEST (test_no_right_behind_a_proxy)
{
  static const gchar *const proxies[] = { "127.0.0.7", NULL };
  static const gchar *const unreadable[] = { "unknown", "", "_hidden",
    "192.0.2.1, unknown", "127.0.0.1, unknown, 127.0.0.7" };
  g_autoptr (GIOStream) own = NULL;
  g_autoptr (GIOStream) stream = NULL;

  start ((VmServerConfig){ .trusted_proxies = proxies });
  net_use_address ("127.0.0.7");
  stream = net_connect (server);
  fail_unless_equals_int (ask_on (stream, "/metrics", NULL), 404);
  fail_unless_equals_int (ask_on (stream, "/healthz", NULL), 200);
  for (guint i = 0; i < G_N_ELEMENTS (unreadable); i++)
    fail_unless_equals_int (ask_on (stream, "/metrics", unreadable[i]), 404);
  fail_unless_equals_int (ask_on (stream, "/metrics", "127.0.0.1"), 200);
  fail_unless_equals_int (ask_on (stream, "/metrics", NULL), 404);
  /* one that the server was not told of is a proxy all the same */
  net_use_address ("127.0.0.8");
  own = net_connect (server);
  fail_unless_equals_int (ask_on (own, "/metrics", NULL), 200);
  fail_unless_equals_int (ask_on (own, "/metrics", "127.0.0.1"), 404);
  fail_unless_equals_int (ask_on (own, "/metrics", NULL), 200);
  net_use_address (NULL);
}

GST_END_TEST;

/* Who has a network of IPv6 addresses has one of these. */
GST_START_TEST (test_connections_of_a_network)
{
  static const gchar *const proxies[] = { "127.0.0.7", NULL };
  static const struct
  {
    const gchar *address;
    guint status;
  } clients[] = { { "2001:db8:0:7::1", 200 }, { "2001:db8:0:7::2", 200 },
    { "2001:db8:0:7:ffff::3", 429 }, { "2001:db8:0:8::1", 200 } };
  GIOStream *streams[G_N_ELEMENTS (clients)];

  start ((VmServerConfig){ .max_per_address = 2, .trusted_proxies = proxies });
  net_use_address ("127.0.0.7");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++) {
    streams[i] = net_connect (server);
    fail_unless_equals_int (
        ask_on (streams[i], "/healthz", clients[i].address), clients[i].status);
  }
  net_use_address (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    g_object_unref (streams[i]);
}

GST_END_TEST;

GST_START_TEST (test_nobody_else_is_believed)
{
  static const gchar *const proxies[] = { "127.0.0.7", NULL };
  GIOStream *streams[2];

  start ((VmServerConfig){ .max_per_address = 1, .trusted_proxies = proxies });
  net_use_address ("127.0.0.8");
  streams[0] = net_connect (server);
  streams[1] = net_connect (server);
  fail_unless_equals_int (ask_on (streams[0], "/healthz", "192.0.2.1"), 200);
  fail_unless_equals_int (ask_on (streams[1], "/healthz", "192.0.2.2"), 429);
  net_use_address (NULL);
  g_object_unref (streams[0]);
  g_object_unref (streams[1]);
}

GST_END_TEST;

static Suite *
openrooms_suite (void)
{
  Suite *s = suite_create ("openrooms");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, NULL, tear_down);
  tcase_add_test (tc, test_meet);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_size_of_a_room);
  tcase_add_test (tc, test_bad_sizes);
  tcase_add_test (tc, test_ice_servers);
  tcase_add_test (tc, test_turn_lifetimes);
  tcase_add_test (tc, test_relays_without_turn);
  tcase_add_test (tc, test_stop);
  tcase_add_test (tc, test_connections_of_an_address);
  tcase_add_test (tc, test_two_headers);
  tcase_add_test (tc, test_behind_a_proxy);
  tcase_add_test (tc, test_no_right_behind_a_proxy);
  tcase_add_test (tc, test_connections_of_a_network);
  tcase_add_test (tc, test_nobody_else_is_believed);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (openrooms)
