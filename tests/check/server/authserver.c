/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that admits those alone who show a token, in every dialect: none, a
 * good one, and each kind that is not, by the dialect's own error. */

#include "support/net/netclient.h"
#include "support/net/passtokens.h"

#include "program.h"

#include <gst/videomeet/base/json/json.h>
#include <string.h>

static VmServer *server;

/* Of each dialect. */
static const struct
{
  const gchar *claims;
  const gchar *secret; /* NULL: no token is shown */
  const gchar *code; /* NULL: it is good */
} cases[] = {
  { "", NULL, "CAP_REQUIRED" },
  { "{\"exp\":4102444800}", PASS_SECRET, "CAP_INVALID" },
  { "{\"exp\":4102444800,\"aud\":\"blue\"}", PASS_SECRET, NULL },
  { "{\"exp\":4102444800,\"room_id\":\"blue\",\"sub\":\"ann\"}", PASS_SECRET,
      NULL },
  { "{\"exp\":4102444800,\"room_id\":\"red\"}", PASS_SECRET, "CAP_INVALID" },
  { "{\"exp\":1}", PASS_SECRET, "CAP_EXPIRED" },
  { "{\"exp\":4102444800}", "a secret of somebody else, long enough",
      "CAP_INVALID" },
  { "{}", PASS_SECRET, "CAP_INVALID" },
};

static gchar *
token_of (guint i)
{
  return cases[i].secret
             ? pass_token_by_secret (cases[i].secret, cases[i].claims)
             : NULL;
}

/* @name=TOKEN for a URL, behind @before; or "". */
static gchar *
query_of (guint i, const gchar *before)
{
  g_autofree gchar *token = token_of (i);

  return token ? g_strdup_printf ("%stoken=%s", before, token) : g_strdup ("");
}

static void
setup (void)
{
  VmServerConfig config = { .loopback_only = TRUE,
    .open_rooms = TRUE,
    .calls = TRUE,
    .auth_keys = PASS_SECRET };

  server = net_server (&config, NULL);
}

static void
teardown (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

static void
has (const gchar *text, const gchar *part)
{
  fail_unless (text && strstr (text, part), "no %s in %s", part, text);
}

/* @text has the code, or, where there is none, @good. */
static void
check (const gchar *text, const gchar *code, const gchar *good)
{
  g_autofree gchar *wanted =
      code ? g_strdup_printf ("\"code\":\"%s\"", code) : g_strdup (good);

  has (text, wanted);
}

static NetAnswer *
post (const gchar *path, const gchar *bearer, const gchar *body)
{
  g_autofree gchar *header =
      bearer ? g_strdup_printf ("Authorization: Bearer %s\r\n", bearer)
             : g_strdup ("");

  return net_ask (server,
      "POST %s HTTP/1.1\r\nHost: localhost\r\n%s"
      "Content-Type: application/json\r\nContent-Length: %" G_GSIZE_FORMAT
      "\r\n\r\n%s",
      path, header, strlen (body), body);
}

/* In the URL, in the header, in the body. */
GST_START_TEST (test_native)
{
  const gchar *code = cases[__i__].code;
  g_autofree gchar *token = token_of (__i__);
  g_autofree gchar *query = query_of (__i__, "?");
  g_autofree gchar *path = g_strconcat ("/meetings/join", query, NULL);
  g_autofree gchar *body =
      token ? g_strdup_printf (
          "{\"meeting\":\"blue\",\"user\":\"Ann\",\"token\":\"%s\"}", token)
            : g_strdup ("{\"meeting\":\"blue\",\"user\":\"Ann\"}");
  const gchar *plain = "{\"meeting\":\"blue\",\"user\":\"Ann\"}";
  g_autoptr (NetAnswer) in_url = post (path, NULL, plain);
  g_autoptr (NetAnswer) in_header = post ("/meetings/join", token, plain);
  g_autoptr (NetAnswer) in_body = post ("/meetings/join", NULL, body);
  NetAnswer *answers[] = { in_url, in_header, in_body };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    fail_unless_equals_int (answers[i]->status, code ? 403 : 200);
    check (answers[i]->body, code, "\"ticket\":");
  }
}

GST_END_TEST;

/* The ticket is what the token was for. */
GST_START_TEST (test_ticket)
{
  g_autofree gchar *token = pass_token_by_secret (
      PASS_SECRET, "{\"exp\":4102444800,\"room_id\":\"blue\"}");
  g_autofree gchar *path = g_strconcat ("/meetings/join?token=", token, NULL);
  g_autoptr (NetAnswer) answer =
      post (path, NULL, "{\"meeting\":\"blue\",\"user\":\"Ann\"}");
  g_autofree gchar *ticket = NULL;
  g_autofree gchar *socket_path = NULL;
  g_autofree gchar *welcome = NULL;
  NetSocket *socket;
  VmJson json;

  fail_unless (vm_json_read (&json, answer->body, strlen (answer->body), NULL));
  vm_json_get_string (&json, 0, "ticket", 128, &ticket, NULL);
  socket_path = g_strdup_printf ("/ws?ticket=%s", ticket);
  socket = net_socket_open (server, socket_path, "videomeet.v2", NULL);
  net_socket_send (socket, "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\"}");
  welcome = net_socket_wait (socket, "welcome");
  has (welcome, "\"meeting\":\"blue\"");
  net_socket_free (socket);
}

GST_END_TEST;

static NetSocket *
open_at (const gchar *path, const gchar *query)
{
  g_autofree gchar *whole = g_strconcat (path, query, NULL);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, whole, NULL, &error);

  g_assert_no_error (error);
  return socket;
}

GST_START_TEST (test_room)
{
  g_autofree gchar *query = query_of (__i__, "?");
  NetSocket *socket = open_at ("/", query);
  g_autofree gchar *text = NULL;

  g_free (net_socket_wait (socket, "id"));
  net_socket_send (socket, "{\"type\":\"join\",\"roomId\":\"blue\"}");
  text = net_socket_next (socket);
  check (text, cases[__i__].code, "\"joined\"");
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_socketio)
{
  g_autofree gchar *query = query_of (__i__, "&");
  NetSocket *socket = open_at ("/socket.io/?EIO=4&transport=websocket", query);
  g_autofree gchar *text = NULL;

  g_free (net_socket_next (socket));
  net_socket_send (socket, "40");
  g_free (net_socket_next (socket));
  net_socket_send (socket, "42[\"join_room\",\"blue\"]");
  text = net_socket_next (socket);
  check (text, cases[__i__].code, "42[\"room_joined\"");
  net_socket_free (socket);
}

GST_END_TEST;

/* A call is in no room, and its user is the token's. */
GST_START_TEST (test_call)
{
  static const struct
  {
    const gchar *claims, *user, *code;
  } calls[] = {
    { NULL, "ann", "CAP_REQUIRED" },
    { "{\"exp\":4102444800,\"sub\":\"ann\"}", "ann", NULL },
    { "{\"exp\":4102444800,\"sub\":\"ann\"}", "bob", "CAP_INVALID" },
    { "{\"exp\":4102444800}", "ann", "CAP_INVALID" },
    { "{\"exp\":4102444800,\"sub\":\"ann\",\"room_id\":\"blue\"}", "ann",
        "CAP_INVALID" },
    { "{\"exp\":1,\"sub\":\"ann\"}", "ann", "CAP_EXPIRED" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    g_autofree gchar *token =
        calls[i].claims ? pass_token_by_secret (PASS_SECRET, calls[i].claims)
                        : g_strdup ("");
    g_autofree gchar *known =
        g_strdup_printf ("/?userId=%s&token=%s", calls[i].user, token);
    g_autofree gchar *unknown = g_strdup_printf ("/?token=%s", token);
    NetSocket *by_url = open_at (known, "");
    NetSocket *by_message = open_at (unknown, "");
    g_autofree gchar *first = net_socket_next (by_url);
    g_autofree gchar *second = NULL;

    check (first, calls[i].code, "\"registered\"");
    g_free (net_socket_wait (by_message, "id"));
    net_socket_free (by_url);
    /* the name is free again when that is heard */
    do {
      g_free (second);
      net_socket_send (by_message, "{\"type\":\"register\",\"userId\":\"%s\"}",
          calls[i].user);
      second = net_socket_next (by_message);
    } while (strstr (second, "USER_TAKEN"));
    check (second, calls[i].code, "\"registered\"");
    net_socket_free (by_message);
  }
}

GST_END_TEST;

/* A session is opened by a token for whatever room; the room is asked for at
 * the join. */
GST_START_TEST (test_mesh)
{
  const gchar *code = cases[__i__].code;
  /* another room, or none */
  gboolean other_room = cases[__i__].secret
                        && strcmp (cases[__i__].secret, PASS_SECRET) == 0
                        && strstr (cases[__i__].claims, "4102444800") != NULL;
  g_autofree gchar *token = token_of (__i__);
  g_autofree gchar *query = query_of (__i__, "?");
  g_autofree gchar *path = g_strconcat ("/v2/sessions", query, NULL);
  g_autoptr (NetAnswer) in_url = post (path, NULL, "{\"user\":\"Ann\"}");
  g_autoptr (NetAnswer) in_header =
      post ("/v2/sessions", token, "{\"user\":\"Ann\"}");
  g_autoptr (NetAnswer) room = NULL;
  g_autofree gchar *access = NULL, *text = NULL;
  NetSocket *socket;
  VmJson json;

  check (in_url->body, other_room ? NULL : code, "\"access_token\"");
  check (in_header->body, other_room ? NULL : code, "\"access_token\"");
  if (in_url->status != 200)
    return;
  fail_unless (vm_json_read (&json, in_url->body, strlen (in_url->body), NULL));
  vm_json_get_string (&json, 0, "access_token", 128, &access, NULL);
  room = post ("/v2/rooms", access, "{\"name\":\"blue\"}");
  check (room->body, code, "\"room_id\":\"blue\"");
  socket = open_at ("/v2/ws?access_token=", access);
  net_socket_send (socket,
      "{\"type\":\"system.hello\",\"id\":\"1\",\"payload\":"
      "{\"peer_type\":\"client\",\"version\":\"1\"}}");
  g_free (net_socket_wait (socket, "system.welcome"));
  net_socket_send (socket, "{\"type\":\"room.join\",\"id\":\"2\",\"payload\":"
                           "{\"room_id\":\"blue\"}}");
  text = net_socket_next (socket);
  check (text, code, "\"room.joined\"");
  net_socket_free (socket);
}

GST_END_TEST;

/* Whoever has no token learns of no room, and begins none. */
GST_START_TEST (test_nothing_begins)
{
  g_autoptr (NetAnswer) metrics = NULL;

  for (guint i = 0; i < 3; i++) {
    g_autoptr (NetAnswer) answer =
        net_join (server, "{\"meeting\":\"blue\",\"user\":\"Eve\"}");

    has (answer->body, "\"CAP_REQUIRED\"");
  }
  metrics =
      net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  has (metrics->body, "\nvideomeet_rooms 0\n");
}

GST_END_TEST;

GST_START_TEST (test_bad_keys)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
  g_autoptr (VmServer) other = vm_server_new (identity);
  VmServerConfig config = { .loopback_only = TRUE, .auth_keys = "too short" };
  g_autoptr (GError) error = NULL;

  fail_if (vm_server_start (other, &config, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

static Suite *
authserver_suite (void)
{
  const gint n = G_N_ELEMENTS (cases);
  Suite *s = suite_create ("authserver");
  TCase *tc = tcase_create ("authserver");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_native, 0, n);
  tcase_add_test (tc, test_ticket);
  tcase_add_loop_test (tc, test_room, 0, n);
  tcase_add_loop_test (tc, test_socketio, 0, n);
  tcase_add_test (tc, test_call);
  tcase_add_loop_test (tc, test_mesh, 0, n);
  tcase_add_test (tc, test_nothing_begins);
  tcase_add_test (tc, test_bad_keys);
  return s;
}

CHECK_PROGRAM (authserver)
