/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mesh at the server, over real sockets: each rule of protocol/mesh.md with
 * and without a valid capability, by its exact code. */

#include "support/net/meshclient.h"
#include "trust/keys/vmidentity-priv.h"

#include "program.h"

#include <gst/videomeet/server/dialect/mesh/mesh.h>
#include <gst/videomeet/server/socket/ws.h>
#include <gst/videomeet/trust/token/capability.h>
#include <string.h>
#include <unistd.h>

#define SDP "v=0\\r\\nm=audio 9 UDP/TLS/RTP/SAVPF 111\\r\\n"
#define SCREEN SDP "m=video 9 UDP/TLS/RTP/SAVPF 96\\r\\na=content:slides\\r\\n"
#define JOINED "{\"peer_id\":\"%s\",\"role\":\"%s\",\"room_id\":\"standup\"}"

static void
check_answer (NetAnswer *answer, guint status, const gchar *code)
{
  g_autofree gchar *wanted =
      g_strdup_printf ("{\"error\":{\"code\":\"%s\",", code);

  fail_unless_equals_int (answer->status, status);
  fail_unless (g_str_has_prefix (answer->body, wanted), "%s", answer->body);
  net_answer_free (answer);
}

/* Over HTTP */

GST_START_TEST (test_sessions_and_rooms)
{
  g_autofree gchar *token = mesh_session ("Bob");
  g_autoptr (NetAnswer) room =
      mesh_post (token, "/v2/rooms", "{\"name\":\"standup\"}");
  g_autoptr (NetAnswer) seen = mesh_get (token, "/v2/rooms/standup");
  g_autoptr (NetAnswer) keys = mesh_get (NULL, "/v2/keys");

  fail_unless_equals_string (room->body, "{\"room_id\":\"standup\"}");
  fail_unless_equals_string (seen->body,
      "{\"room_id\":\"standup\",\"state\":\"announced\",\"participants\":1,"
      "\"max_participants\":10}");
  has (keys->body, "\"alg\":\"ES256\"");

  check_answer (mesh_post (NULL, "/v2/sessions", "{}"), 400, "BAD_REQUEST");
  check_answer (
      mesh_post (NULL, "/v2/sessions", "{\"user\":\"\"}"), 400, "BAD_REQUEST");
  check_answer (mesh_post (NULL, "/v2/rooms", "{\"name\":\"standup\"}"), 401,
      "NOT_TRUSTED");
  check_answer (mesh_get ("x", "/v2/rooms/standup"), 401, "NOT_TRUSTED");
  check_answer (mesh_post (token, "/v2/rooms", "{\"name\":\"elsewhere\"}"), 404,
      "ROOM_NOT_FOUND");
  check_answer (mesh_get (token, "/v2/rooms/elsewhere"), 404, "ROOM_NOT_FOUND");
  check_answer (mesh_get (token, "/v2/nothing"), 404, "NOT_FOUND");
  check_answer (mesh_post (token, "/v2/nothing", "{}"), 404, "NOT_FOUND");
  check_answer (mesh_post (token, "/v2/rooms/standup/capabilities",
                    "{\"caps\":[\"call\"]}"),
      404, "ROOM_NOT_FOUND");
}

GST_END_TEST;

GST_START_TEST (test_capabilities_over_http)
{
  const gchar *wrong[] = { "{}", "{\"caps\":[]}", "{\"caps\":\"call\"}",
    "{\"caps\":[\"fly\"]}", "{\"caps\":[5]}",
    "{\"caps\":[\"call\"],\"target_peer_id\":\"\"}" };
  const gchar *out_of_range[] = { "{\"caps\":[\"call\"],\"ttl\":0}",
    "{\"caps\":[\"call\"],\"ttl\":301}",
    "{\"caps\":[\"call\"],\"max_size\":-1}",
    "{\"caps\":[\"call\"],\"ttl\":\"1\"}" };
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autofree gchar *least = mesh_mint (bob, "\"call\"", ",\"ttl\":1");
  g_autofree gchar *most = mesh_mint (bob, "\"call\"", ",\"ttl\":300");

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    check_answer (mesh_post (bob->access_token,
                      "/v2/rooms/standup/capabilities", wrong[i]),
        400, "BAD_REQUEST");
  for (guint i = 0; i < G_N_ELEMENTS (out_of_range); i++)
    check_answer (mesh_post (bob->access_token,
                      "/v2/rooms/standup/capabilities", out_of_range[i]),
        400, "BAD_MESSAGE");
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_secret)
{
  g_autofree gchar *token = NULL;
  g_autoptr (NetAnswer) right = NULL;

  teardown ();
  open_with (
      (VmServerConfig){ .loopback_only = TRUE, .mesh_secret = "open sesame" },
      NULL, NULL, 10);
  right = mesh_post (
      NULL, "/v2/sessions", "{\"user\":\"Bob\",\"secret\":\"open sesame\"}");
  token = mesh_text_of (right->body, "access_token");
  check_answer (mesh_post (NULL, "/v2/sessions", "{\"user\":\"Bob\"}"), 403,
      "NOT_TRUSTED");
  check_answer (mesh_post (NULL, "/v2/sessions",
                    "{\"user\":\"Bob\",\"secret\":\"open\"}"),
      403, "NOT_TRUSTED");
}

GST_END_TEST;

/* At the limit, above, below: the last is a wrong one. */
GST_START_TEST (test_size_of_a_secret)
{
  const struct
  {
    gint more;
    guint status;
  } cases[] = { { 0, 200 }, { 1, 400 }, { -1, 403 } };
  g_autofree gchar *secret = g_strnfill (VM_MESH_SECRET_MAX, 'a');

  teardown ();
  open_with ((VmServerConfig){ .loopback_only = TRUE, .mesh_secret = secret },
      NULL, NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *said =
        g_strnfill (VM_MESH_SECRET_MAX + cases[i].more, 'a');
    g_autofree gchar *body =
        g_strdup_printf ("{\"user\":\"Bob\",\"secret\":\"%s\"}", said);
    g_autoptr (NetAnswer) answer = mesh_post (NULL, "/v2/sessions", body);

    fail_unless_equals_int (answer->status, cases[i].status);
  }
}

GST_END_TEST;

/* The token may stand in a header, as RFC 6750 has it. */
GST_START_TEST (test_bearer)
{
  g_autofree gchar *token = mesh_session ("Bob");
  const struct
  {
    const gchar *token, *answer;
  } cases[] = { { token, "101" }, { "wrong", "401" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GIOStream) stream = net_connect (server);
    g_autofree gchar *request = g_strdup_printf (
        "GET /v2/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Authorization: Bearer %s\r\n\r\n",
        cases[i].token);
    gchar answer[13] = { 0 };
    gsize n;

    g_output_stream_write_all (g_io_stream_get_output_stream (stream), request,
        strlen (request), NULL, NULL, NULL);
    g_input_stream_read_all (
        g_io_stream_get_input_stream (stream), answer, 12, &n, NULL, NULL);
    fail_unless_equals_string (answer + 9, cases[i].answer);
  }
  check_upgrade ("/v2/ws", NULL);
  check_upgrade ("/v2/ws?access_token=wrong", NULL);
}

GST_END_TEST;

/* protocol/mesh.md#mesh-messages, in the order of its tables */
GST_START_TEST (test_two_pages)
{
  MeshClient *ann = mesh_open ("Ann", NULL, ""), *bob;
  g_autofree gchar *cap_a = NULL;
  g_autofree gchar *cap_b = NULL;
  g_autofree gchar *chat_a = NULL;
  g_autofree gchar *chat_b = NULL;

  mesh_say (ann, "room.join", "{\"room_id\":\"standup\"}");
  mesh_hears (ann, "room.joined", JOINED, ann->id, "member");
  mesh_hears (ann, "room.joined", JOINED, "p001", "host");
  bob = mesh_open ("Bob", NULL, "");
  mesh_say (bob, "room.join", "{\"room_id\":\"standup\"}");
  mesh_hears (bob, "room.joined", JOINED, bob->id, "member");
  mesh_hears (bob, "room.joined", JOINED, "p001", "host");
  mesh_hears (bob, "room.joined", JOINED, ann->id, "member");
  fail_unless_equals_string (bob->from, "server");
  mesh_hears (ann, "room.joined", JOINED, bob->id, "member");
  /* who comes says so itself: whoever hears that is the one to offer */
  fail_unless_equals_string (ann->from, bob->id);
  cap_a = mesh_mint (ann, "\"call\"", "");
  cap_b = mesh_mint (bob, "\"call\"", "");

  mesh_say (ann, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"cap_token\":\"%s\"}",
      bob->id, cap_a);
  mesh_hears (bob, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP "\"}",
      bob->id);
  fail_unless_equals_string (bob->from, ann->id);
  mesh_say (bob, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"cap_token\":\"%s\"}",
      ann->id, cap_b);
  mesh_hears (ann, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP "\"}",
      ann->id);
  mesh_say (bob, "rtc.ice",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"candidate\":"
      "{\"candidate\":\"c\",\"sdpMid\":\"0\"},\"cap_token\":\"%s\"}",
      ann->id, cap_b);
  mesh_hears (ann, "rtc.ice",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"candidate\":"
      "{\"candidate\":\"c\",\"sdpMid\":\"0\"}}",
      ann->id);
  /* more of the same connection is no new one */
  mesh_say (ann, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"" SDP
      "\",\"cap_token\":\"%s\"}",
      bob->id, cap_a);
  g_free (mesh_next (bob, "rtc.offer"));

  mesh_say (bob, "presence.update", "{\"status\":\"busy\"}");
  mesh_hears (ann, "presence.update",
      "{\"peer_id\":\"%s\",\"status\":\"busy\"}", bob->id);
  mesh_say (bob, "chat.message.send",
      "{\"room_id\":\"standup\",\"content\":\"hello\"}");
  chat_a = mesh_next (ann, "chat.message.created");
  chat_b = mesh_next (bob, "chat.message.created");
  fail_unless_equals_string (chat_a, chat_b);
  has (chat_a, "\"content\":\"hello\"");
  has (chat_a, bob->id);

  mesh_free (bob);
  g_free (mesh_next (ann, "presence.update"));
  mesh_free (ann);
}

GST_END_TEST;

/* What a token can be, and what comes of it. */
typedef struct
{
  const gchar *sub, *room, *peer;
  gint64 from, until; /* seconds from now */
  VmCaps caps;
  gboolean foreign;
} Token;

static gchar *
forge (const Token *token)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *folder =
      token->foreign ? g_dir_make_tmp ("vm-mesh-XXXXXX", NULL) : NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, &error);
  g_autoptr (VmCapability) c = vm_capability_new ();
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  gchar *text;

  g_assert_no_error (error);
  c->sub = g_strdup (token->sub);
  c->room_id = g_strdup (token->room);
  c->target_peer_id = g_strdup (token->peer);
  c->iat = c->nbf = now + token->from;
  c->exp = now + token->until;
  c->caps = token->caps;
  c->jti = g_uuid_string_random ();
  text = vm_capability_sign (identity, c, &error);
  g_assert_no_error (error);
  if (folder) {
    unlink (vm_identity_get_path (identity));
    rmdir (folder);
  }
  return text;
}

static void
offer (MeshClient *client, const gchar *sdp, const gchar *cap)
{
  if (cap)
    mesh_say (client, "rtc.offer",
        "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",\"sdp\":\"%s\","
        "\"cap_token\":\"%s\"}",
        sdp, cap);
  else
    mesh_say (client, "rtc.offer",
        "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",\"sdp\":\"%s\"}",
        sdp);
}

/* The host has got an offer. */
static void
arrives (void)
{
  vm_signal_unref (host_wait (VM_SIGNAL_OFFER));
}

GST_START_TEST (test_every_token)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  const gchar *me = bob->user_id;
  const struct
  {
    Token token;
    const gchar *code; /* NULL: it is good */
  } cases[] = {
    { { me, "standup", NULL, 0, 60, VM_CAP_CALL }, NULL },
    { { me, "standup", "p001", 0, 60, VM_CAP_CALL }, NULL },
    { { me, "standup", NULL, -60, 240, VM_CAP_CALL }, NULL },
    { { me, "standup", NULL, -120, -60, VM_CAP_CALL }, "CAP_EXPIRED" },
    { { me, "standup", NULL, 120, 240, VM_CAP_CALL }, "CAP_INVALID" },
    { { me, "standup", NULL, -10, 291, VM_CAP_CALL }, "CAP_INVALID" },
    { { me, "elsewhere", NULL, 0, 60, VM_CAP_CALL }, "CAP_INVALID" },
    { { me, "standup", "p002", 0, 60, VM_CAP_CALL }, "CAP_INVALID" },
    { { "other", "standup", NULL, 0, 60, VM_CAP_CALL }, "CAP_INVALID" },
    { { me, "standup", NULL, 0, 60, VM_CAP_CALL, TRUE }, "CAP_INVALID" },
    { { me, "standup", NULL, 0, 60, VM_CAPS_ALL & ~VM_CAP_CALL },
        "CAP_REQUIRED" },
  };
  g_autofree gchar *large = g_strnfill (VM_CAPABILITY_SIZE_MAX + 1, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *token = forge (&cases[i].token);

    offer (bob, SDP, token);
    if (cases[i].code)
      mesh_fails (bob, cases[i].code);
    else
      arrives ();
  }
  offer (bob, SDP, NULL);
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, SDP, "");
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, SDP, large);
  mesh_fails (bob, "CAP_INVALID");
  offer (bob, SDP, "eyJhbGciOiJub25lIn0.e30.");
  mesh_fails (bob, "CAP_INVALID");
  mesh_free (bob);
}

GST_END_TEST;

/* All that is said of a call needs it, each by itself. */
GST_START_TEST (test_every_message_of_a_call)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autofree gchar *file = mesh_mint (bob, "\"share:file\"", "");
  g_autofree gchar *call = mesh_mint (bob, "\"call\"", "");
  const struct
  {
    const gchar *type, *rest;
    VmSignalType signal;
  } cases[] = {
    { "rtc.offer", "\"sdp\":\"" SDP "\"", VM_SIGNAL_OFFER },
    { "rtc.answer", "\"sdp\":\"" SDP "\"", VM_SIGNAL_ANSWER },
    { "rtc.ice", "\"candidate\":{\"candidate\":\"c\"}", VM_SIGNAL_CANDIDATE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    mesh_say (bob, cases[i].type,
        "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",%s}",
        cases[i].rest);
    mesh_fails (bob, "CAP_REQUIRED");
    mesh_say (bob, cases[i].type,
        "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",%s,"
        "\"cap_token\":\"%s\"}",
        cases[i].rest, file);
    mesh_fails (bob, "CAP_REQUIRED");
    mesh_say (bob, cases[i].type,
        "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",%s,"
        "\"cap_token\":\"%s\"}",
        cases[i].rest, call);
    vm_signal_unref (host_wait (cases[i].signal));
  }
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_screen)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autofree gchar *call = mesh_mint (bob, "\"call\"", "");
  g_autofree gchar *both = mesh_mint (bob, "\"call\",\"screen\"", "");
  g_autofree gchar *screen = mesh_mint (bob, "\"screen\"", "");

  offer (bob, SCREEN, call);
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, SCREEN, screen);
  mesh_fails (bob, "CAP_REQUIRED");
  offer (bob, SCREEN, both);
  arrives ();
  mesh_free (bob);
}

GST_END_TEST;

/* One session, two connections: a token belongs to the first that shows it. */
GST_START_TEST (test_replay)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  MeshClient *again = mesh_open_again (bob, NULL), *carl;
  g_autofree gchar *cap = mesh_mint (bob, "\"call\"", "");

  fail_unless_equals_string (bob->user_id, again->user_id);
  mesh_say (again, "room.join", "{\"room_id\":\"standup\"}");
  for (guint i = 0; i < 3; i++)
    g_free (mesh_next (again, "room.joined"));
  offer (bob, SDP, cap);
  arrives ();
  offer (again, SDP, cap);
  mesh_fails (again, "CAP_INVALID");
  carl = mesh_sit ("Carl", NULL, 3);
  offer (carl, SDP, cap);
  mesh_fails (carl, "CAP_INVALID");
  g_free (mesh_next (bob, "room.joined"));
  g_free (mesh_next (bob, "room.joined"));
  offer (bob, SDP, cap);
  arrives ();
  mesh_free (bob);
  mesh_free (again);
  mesh_free (carl);
}

GST_END_TEST;

/* However long this takes, nothing is made up for. */
static void
stop_refilling (VmServer *self, gpointer data)
{
  vm_rates_free (self->checks);
  self->checks = vm_rates_new (VM_CAPABILITY_CHECK_BURST, NET_LONG);
}

/* Signatures cost the server: an address has a rate of them. What was looked at
 * before is not looked at again. */
GST_START_TEST (test_rate_of_capabilities)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  MeshClient *eve = mesh_sit ("Eve", NULL, 2);
  g_autofree gchar *cap = mesh_mint (bob, "\"call\"", "");

  g_free (mesh_next (bob, "room.joined"));
  vm_server_post (server, stop_refilling, NULL, NULL);
  offer (bob, SDP, cap);
  arrives ();
  for (guint i = 1; i < VM_CAPABILITY_CHECK_BURST; i++) {
    offer (eve, SDP, "x");
    mesh_fails (eve, "CAP_INVALID");
  }
  offer (eve, SDP, "x");
  mesh_fails (eve, "RATE_LIMITED");
  offer (bob, SDP, cap);
  arrives ();
  mesh_free (bob);
  mesh_free (eve);
}

GST_END_TEST;

GST_START_TEST (test_wrong_messages)
{
  MeshClient *bob = mesh_open ("Bob", NULL, "");
  g_autofree gchar *cap = NULL;

  mesh_say (bob, "system.hello", "{\"peer_type\":\"client\"}");
  mesh_fails (bob, "BAD_MESSAGE");
  mesh_say (bob, "dance", "{}");
  mesh_fails (bob, "BAD_MESSAGE");
  mesh_say (
      bob, "chat.message.send", "{\"room_id\":\"standup\",\"content\":\"x\"}");
  mesh_fails (bob, "ROOM_NOT_FOUND");
  mesh_say (bob, "room.join", "{\"room_id\":\"elsewhere\"}");
  mesh_fails (bob, "ROOM_NOT_FOUND");
  /* never an error for an error */
  mesh_say (bob, "error", "{\"code\":\"X\"}");
  mesh_say (bob, "room.join", "{\"room_id\":\"standup\"}");
  g_free (mesh_next (bob, "room.joined"));
  g_free (mesh_next (bob, "room.joined"));
  mesh_say (bob, "chat.message.send",
      "{\"room_id\":\"elsewhere\",\"content\":\"x\"}");
  mesh_fails (bob, "ROOM_NOT_FOUND");
  cap = mesh_mint (bob, "\"call\"", "");
  mesh_say (bob, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"nobody\",\"sdp\":\"" SDP
      "\",\"cap_token\":\"%s\"}",
      cap);
  mesh_fails (bob, "UNROUTABLE");
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_first_message)
{
  g_autofree gchar *token = mesh_session ("Bob");
  g_autofree gchar *path = g_strdup_printf ("/v2/ws?access_token=%s", token);
  NetSocket *socket = net_socket_open (server, path, NULL, NULL);
  g_autofree gchar *text = NULL;

  net_socket_send (
      socket, "{\"type\":\"room.join\",\"payload\":{\"room_id\":\"a\"}}");
  text = net_socket_wait (socket, "error");
  has (text, "BAD_MESSAGE");
  has (text, "\"from\":\"server\",\"to\":\"client\",");
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_silence)
{
  VmServerTimes times = patient;
  g_autofree gchar *token = NULL;
  g_autofree gchar *path = NULL;
  NetSocket *socket;

  times.first_message = 200 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  token = mesh_session ("Bob");
  path = g_strdup_printf ("/v2/ws?access_token=%s", token);
  socket = net_socket_open (server, path, NULL, NULL);
  fail_unless_equals_int (net_socket_wait_closed (socket), VM_CLOSE_POLICY);
  net_socket_free (socket);
}

GST_END_TEST;

/* Admission is the room model's. */
GST_START_TEST (test_pin)
{
  MeshClient *wrong, *right;
  g_autofree gchar *token = NULL;

  reopen (NULL, "123456", 10);
  wrong = mesh_open ("Bob", NULL, "");
  mesh_say (wrong, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (wrong, "WRONG_PIN");
  check_answer (
      mesh_get (wrong->access_token, "/v2/rooms/standup"), 403, "WRONG_PIN");
  check_answer (mesh_post (wrong->access_token,
                    "/v2/rooms/standup/capabilities", "{\"caps\":[\"call\"]}"),
      404, "ROOM_NOT_FOUND");
  right = mesh_open ("Carl", NULL, "&pin=123456");
  mesh_say (right, "room.join", "{\"room_id\":\"standup\"}");
  mesh_hears (right, "room.joined", JOINED, right->id, "member");
  token = mesh_mint (right, "\"call\"", "");
  mesh_free (wrong);
  mesh_free (right);
}

GST_END_TEST;

/* At, and above; the host has one of the seats. */
GST_START_TEST (test_room_size)
{
  MeshClient *clients[VM_MESH_ROOM_SIZE - 1], *last;

  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    clients[i] = mesh_sit ("Bob", NULL, i + 1);
  last = mesh_open ("Dora", NULL, "");
  mesh_say (last, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (last, "ROOM_FULL");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    mesh_free (clients[i]);
  mesh_free (last);
}

GST_END_TEST;

/* The server may have more, and rooms that nobody hosts. */
GST_START_TEST (test_room_size_is_raised)
{
  MeshClient *clients[5], *last, *alone;
  g_autoptr (NetAnswer) room = NULL;
  g_autoptr (NetAnswer) again = NULL;

  teardown ();
  open_with (
      (VmServerConfig){
          .loopback_only = TRUE, .open_rooms = TRUE, .room_size = 6 },
      NULL, NULL, 10);
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    clients[i] = mesh_sit ("Bob", NULL, i + 1);
  last = mesh_open ("Dora", NULL, "");
  mesh_say (last, "room.join", "{\"room_id\":\"standup\"}");
  mesh_fails (last, "ROOM_FULL");
  for (guint i = 0; i < G_N_ELEMENTS (clients); i++)
    mesh_free (clients[i]);

  room = mesh_post (last->access_token, "/v2/rooms", "{\"name\":\"open\"}");
  fail_unless_equals_string (room->body, "{\"room_id\":\"open\"}");
  mesh_say (last, "room.join", "{\"room_id\":\"open\"}");
  mesh_hears (last, "room.joined",
      "{\"peer_id\":\"%s\",\"role\":\"member\",\"room_id\":\"open\"}",
      last->id);
  /* an agent alone begins a room, which ends with it */
  alone = mesh_open ("Eve", "dev-a", "");
  mesh_say (alone, "room.join", "{\"room_id\":\"empty\"}");
  mesh_hears (alone, "room.joined",
      "{\"peer_id\":\"dev-a\",\"role\":\"agent\",\"room_id\":\"empty\","
      "\"user\":\"Eve\"}");
  again = mesh_get (last->access_token, "/v2/rooms/empty");
  fail_unless_equals_int (again->status, 200);
  mesh_free (alone);
  while (again->status == 200) {
    net_answer_free (again);
    again = mesh_get (last->access_token, "/v2/rooms/empty");
  }
  fail_unless_equals_int (again->status, 404);
  mesh_free (last);
}

GST_END_TEST;

static void
host_says (VmSignalType type, const gchar *to, const gchar *session)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  signal->generation = 1;
  if (type == VM_SIGNAL_OFFER)
    vm_signal_set_text (signal, &signal->sdp, "v=0\r\n");
  if (session)
    vm_signal_set_text (signal, &signal->session, session);
  signal->text = g_strdup ("hi");
  signal->raised = TRUE;
  vm_seat_send (seat, signal);
}

GST_START_TEST (test_with_the_host)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autoptr (VmSignal) joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  const VmSignalParticipant *who = g_ptr_array_index (joined->participants, 0);
  g_autofree gchar *cap = mesh_mint (bob, "\"call\"", "");
  g_autofree gchar *chat = NULL;
  g_autofree gchar *session = NULL;
  g_autoptr (VmSignal) answer = NULL;

  fail_unless_equals_string (who->user, "Bob");
  host_says (VM_SIGNAL_OFFER, "p002", "s-1");
  mesh_hears (bob, "rtc.offer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\","
      "\"sdp\":\"v=0\\r\\n\"}",
      bob->id);
  mesh_say (bob, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"p001\",\"sdp\":\"v=0\","
      "\"cap_token\":\"%s\"}",
      cap);
  answer = host_wait (VM_SIGNAL_ANSWER);
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_string (answer->from, "p002");
  /* what the mesh dialect has no message for is not sent */
  host_says (VM_SIGNAL_HAND, NULL, NULL);
  host_says (VM_SIGNAL_CHAT, NULL, NULL);
  chat = mesh_next (bob, "chat.message.created");
  has (chat, "\"from\":\"p001\",\"content\":\"hi\"");
  /* another session of a device is a new connection */
  host_says (VM_SIGNAL_OFFER, "p002", "s-2");
  mesh_hears (
      bob, "presence.update", "{\"peer_id\":\"p001\",\"status\":\"offline\"}");
  mesh_hears (bob, "room.joined", JOINED, "p001", "member");
  fail_unless_equals_string (bob->from, "server");
  g_free (mesh_next (bob, "rtc.offer"));
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_refusals)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autoptr (VmSignal) refusal = NULL;

  mesh_say (bob, "error",
      "{\"code\":\"CODEC\",\"message\":\"no\",\"target_peer_id\":\"p001\"}");
  refusal = host_wait (VM_SIGNAL_ERROR);
  fail_unless_equals_string (refusal->from, "p002");
  fail_unless_equals_string (refusal->code, "CODEC");
  host_refuses ("p002", "BAD_MESSAGE");
  mesh_hears (
      bob, "error", "{\"code\":\"BAD_MESSAGE\",\"message\":\"a=setup\"}");
  fail_unless_equals_string (bob->from, "p001");
  mesh_free (bob);
}

GST_END_TEST;

/* Pages of the room dialect in the same room */
GST_START_TEST (test_with_a_room_page)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  g_autofree gchar *cap = mesh_mint (bob, "\"call\"", "");
  NetSocket *page = net_socket_open (server, "/", NULL, NULL);
  g_autofree gchar *greeting = net_socket_next (page);
  g_autofree gchar *id = mesh_text_of (greeting, "id");
  g_autofree gchar *got = NULL;

  net_socket_send (page, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  g_free (net_socket_wait (page, "joined"));
  mesh_hears (bob, "room.joined", JOINED, id, "member");
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *text = NULL;

    mesh_say (bob, "rtc.offer",
        "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"v=0\","
        "\"cap_token\":\"%s\"}",
        id, cap);
    text = net_socket_next (page);
    has (text, "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\","
               "\"sdp\":\"v=0\"},\"senderId\":");
  }
  net_socket_send (page,
      "{\"type\":\"answer\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=1\"},"
      "\"targetId\":\"%s\"}",
      bob->id);
  mesh_hears (bob, "rtc.answer",
      "{\"room_id\":\"standup\",\"target_peer_id\":\"%s\",\"sdp\":\"v=1\"}",
      bob->id);
  net_socket_free (page);
  mesh_hears (bob, "presence.update",
      "{\"peer_id\":\"%s\",\"status\":\"offline\"}", id);
  mesh_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_end)
{
  MeshClient *bob = mesh_sit ("Bob", NULL, 1);
  MeshClient *agent = mesh_sit ("Carl", "dev-a", 1);
  g_autofree gchar *last = NULL;
  g_autofree gchar *agents = NULL;

  g_free (mesh_next (bob, "room.joined"));
  vm_seat_close (seat);
  seat = NULL;
  mesh_hears (
      bob, "presence.update", "{\"peer_id\":\"p001\",\"status\":\"offline\"}");
  last = mesh_next (bob, "error");
  has (last, "MEETING_ENDED");
  fail_unless_equals_int (
      net_socket_wait_closed (bob->socket), VM_CLOSE_NORMAL);
  g_free (mesh_next (agent, "presence.update"));
  agents = mesh_next (agent, "error");
  has (agents, "MEETING_ENDED");
  mesh_free (bob);
  mesh_free (agent);
}

GST_END_TEST;

static Suite *
meshserver_suite (void)
{
  Suite *s = suite_create ("meshserver");
  TCase *tc = tcase_create ("rules");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_sessions_and_rooms);
  tcase_add_test (tc, test_capabilities_over_http);
  tcase_add_test (tc, test_secret);
  tcase_add_test (tc, test_size_of_a_secret);
  tcase_add_test (tc, test_bearer);
  tcase_add_test (tc, test_two_pages);
  tcase_add_test (tc, test_every_token);
  tcase_add_test (tc, test_every_message_of_a_call);
  tcase_add_test (tc, test_screen);
  tcase_add_test (tc, test_replay);
  tcase_add_test (tc, test_rate_of_capabilities);
  tcase_add_test (tc, test_wrong_messages);
  tcase_add_test (tc, test_first_message);
  tcase_add_test (tc, test_silence);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_room_size);
  tcase_add_test (tc, test_room_size_is_raised);
  tcase_add_test (tc, test_with_the_host);
  tcase_add_test (tc, test_refusals);
  tcase_add_test (tc, test_with_a_room_page);
  tcase_add_test (tc, test_end);
  return s;
}

CHECK_PROGRAM (meshserver)
