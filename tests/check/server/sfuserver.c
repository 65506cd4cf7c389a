/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A server that takes rooms to a Janus, over real sockets: participants reach
 * it through /sfu, under the name of their seat (protocol/cloud.md). */

#include "support/net/fakejanus.h"
#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/server/socket/ws.h>
#include <string.h>

#define SECRET "between-the-servers"
#define SHOWN ",\"apisecret\":\"" SECRET "\""
#define MESH_MAX 2

static FakeJanus *janus;
static VmServer *server;
static NetSocket *ann, *bob, *carl;

static gboolean
on_deadline (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_CONTINUE;
}

#define WAIT_UNTIL(condition, what)                                        \
  G_STMT_START                                                             \
  {                                                                        \
    gboolean late = FALSE;                                                 \
    guint timer = g_timeout_add_seconds (NET_SECONDS, on_deadline, &late); \
    while (!(condition) && !late)                                          \
      g_main_context_iteration (NULL, TRUE);                               \
    g_source_remove (timer);                                               \
    fail_if (late, "never: %s", what);                                     \
  }                                                                        \
  G_STMT_END

static void
start (void)
{
  g_autofree gchar *uri = NULL;
  VmServerConfig config = { .loopback_only = TRUE,
    .open_rooms = TRUE,
    .sfu_secret = SECRET,
    .mesh_max = MESH_MAX };

  janus = fake_janus_new ();
  config.sfu_uri = uri =
      g_strdup_printf ("janus+ws://127.0.0.1:%u/", janus->port);
  server = net_server (&config, NULL);
  WAIT_UNTIL (
      fake_janus_was_asked (janus, "\"attach\"", NULL), "the server at Janus");
}

static void
tear_down (void)
{
  if (server)
    vm_server_stop (server);
  g_clear_object (&server);
  g_clear_pointer (&ann, net_socket_free);
  g_clear_pointer (&bob, net_socket_free);
  g_clear_pointer (&carl, net_socket_free);
  g_clear_pointer (&janus, fake_janus_free);
}

static NetSocket *
come (const gchar *user, gboolean takes_sfu)
{
  g_autofree gchar *ticket = net_ticket (server, "blue", user);
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, "videomeet.v2", &error);

  g_assert_no_error (error);
  net_socket_send (socket,
      "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\"%s}",
      takes_sfu ? ",\"sfu\":true" : "");
  g_free (net_socket_wait (socket, "welcome"));
  return socket;
}

/* Whom the answer to a join refuses. */
static gboolean
is_admitted (const gchar *user)
{
  g_autofree gchar *body =
      g_strdup_printf ("{\"meeting\":\"blue\",\"user\":\"%s\"}", user);
  g_autoptr (NetAnswer) answer = net_join (server, body);

  fail_unless (
      answer->status == 200 || answer->status == 409, "%s", answer->text);
  return answer->status == 200;
}

/* The path in the next `sfu`; NULL: the room is a mesh. */
static gchar *
wait_for_path (NetSocket *socket)
{
  g_autofree gchar *text = net_socket_wait (socket, "sfu");
  gchar *path = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL));
  vm_json_get_string (&json, 0, "path", 128, &path, NULL);
  return path;
}

/* Three in a room that goes by the SFU; the path of the first. */
static gchar *
grow (void)
{
  start ();
  ann = come ("Ann", TRUE);
  bob = come ("Bob", TRUE);
  /* the server learns by the next turn of its loop that Janus is there */
  WAIT_UNTIL (is_admitted ("Carl"), "a third one");
  carl = come ("Carl", TRUE);
  g_free (wait_for_path (carl));
  return wait_for_path (ann);
}

static NetSocket *
connect_to (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, "janus-protocol", &error);

  g_assert_no_error (error);
  return socket;
}

static gboolean
is_refused (const gchar *path, const gchar *protocol)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, protocol, &error);

  if (socket)
    net_socket_free (socket);
  return socket == NULL;
}

/* A session, and its id. */
static guint
create (NetSocket *socket)
{
  g_autofree gchar *answer = NULL;

  net_socket_send (socket, "{\"janus\":\"create\",\"transaction\":\"t\"}");
  answer = net_socket_next (socket);
  fail_unless (answer && strstr (answer, "success"), "%s", answer);
  return janus->last_id;
}

GST_START_TEST (test_passes)
{
  g_autofree gchar *path = grow ();
  g_autofree gchar *joined = NULL, *attached = NULL, *refused = NULL;
  NetSocket *socket = connect_to (path);
  guint session = create (socket);
  gchar *number = strstr (janus->asked->str, "\"room\":");
  g_autofree gchar *room = NULL;

  fail_unless (fake_janus_was_asked (janus, "\"request\":\"create\"",
      "\"is_private\":true", "\"permanent\":false", "\"publishers\":10",
      "\"pin\":\"", "\"secret\":\"", SHOWN, NULL));
  room = g_strndup (
      number + strlen ("\"room\":"), strspn (number + 7, "0123456789"));
  net_socket_send (socket,
      "{\"janus\":\"attach\",\"transaction\":\"t\",\"session_id\":%u,"
      "\"plugin\":\"janus.plugin.videoroom\"}",
      session);
  attached = net_socket_next (socket);
  net_socket_send (socket,
      "{\"janus\":\"message\",\"transaction\":\"t\",\"session_id\":%u,"
      "\"handle_id\":%u,\"body\":{\"request\":\"join\",\"ptype\":\"publisher\","
      "\"room\":%s,\"display\":\"Bob\"}}",
      session, janus->last_id, room);
  joined = net_socket_next (socket);
  fail_unless (joined && strstr (joined, "\"joined\""), "%s", joined);
  fail_unless (fake_janus_was_asked (janus, "\"request\":\"join\"",
      "\"display\":\"Ann \xe2\x9f\xa8", ":p001\xe2\x9f\xa9\"", "\"pin\":\"",
      SHOWN, NULL));
  fail_if (fake_janus_was_asked (janus, "\"display\":\"Bob\"", NULL));

  net_socket_send (socket, "{\"janus\":\"info\",\"transaction\":\"t\"}");
  refused = net_socket_next (socket);
  fail_unless (refused && strstr (refused, "\"code\":403"), "%s", refused);
  fail_if (fake_janus_was_asked (janus, "\"info\"", NULL));
  fake_janus_say (janus, "{\"janus\":\"webrtcup\",\"session_id\":1}");
  g_free (net_socket_next (socket));
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_tickets)
{
  g_autofree gchar *path = grow ();
  g_autofree gchar *again = NULL;
  NetSocket *one, *other;

  fail_unless (is_refused ("/sfu", "janus-protocol"));
  fail_unless (is_refused ("/sfu?ticket=x", "janus-protocol"));
  fail_unless (is_refused (path, "videomeet.v2"));
  one = connect_to (path);
  fail_unless (is_refused (path, "janus-protocol"));
  create (one);

  /* another connection of the same participant */
  net_socket_send (ann, "{\"type\":\"sfu\",\"seq\":2}");
  again = wait_for_path (ann);
  other = connect_to (again);
  fail_unless_equals_int (net_socket_wait_closed (one), VM_CLOSE_POLICY);
  create (other);

  net_socket_send (ann, "{\"type\":\"bye\",\"seq\":3}");
  fail_unless_equals_int (net_socket_wait_closed (other), VM_CLOSE_NORMAL);
  net_socket_free (one);
  net_socket_free (other);
}

GST_END_TEST;

/* Who has no word for the SFU is refused where others are not. */
GST_START_TEST (test_older_client)
{
  g_autofree gchar *path = NULL, *error = NULL, *ticket = NULL, *first = NULL;
  NetSocket *late;

  path = grow ();
  ticket = net_ticket (server, "blue", "Dan");
  first = g_strdup_printf ("/ws?ticket=%s", ticket);
  late = net_socket_open (server, first, "videomeet.v2", NULL);
  net_socket_send (late, "{\"type\":\"hello\",\"seq\":1,\"nonce\":\"bg==\"}");
  error = net_socket_wait (late, "error");
  fail_unless (strstr (error, "MEETING_FULL") != NULL, "%s", error);
  net_socket_free (late);
}

GST_END_TEST;

GST_START_TEST (test_janus_is_gone)
{
  g_autofree gchar *path = grow ();
  NetSocket *socket = connect_to (path);

  create (socket);
  fake_janus_cut (janus);
  fail_unless_equals_int (net_socket_wait_closed (socket), VM_CLOSE_GOING_AWAY);
  net_socket_free (socket);
  g_string_truncate (janus->asked, 0);
  /* it is there again, and so is the room */
  WAIT_UNTIL (fake_janus_was_asked (janus, "\"request\":\"create\"", NULL),
      "the room again");
}

GST_END_TEST;

GST_START_TEST (test_no_janus)
{
  VmServerConfig config = { .loopback_only = TRUE,
    .open_rooms = TRUE,
    .sfu_uri = "janus+ws://127.0.0.1:9/",
    .mesh_max = MESH_MAX };

  server = net_server (&config, NULL);
  ann = come ("Ann", TRUE);
  bob = come ("Bob", FALSE);
  fail_if (is_admitted ("Carl"));
}

GST_END_TEST;

/* Types of messages. */
static void
on_host_signal (VmSeat *seat, const VmSignal *signal, gpointer types)
{
  g_string_append_printf (
      types, "%s ", vm_signal_type_to_string (signal->type));
}

static VmSeat *
open_hosted (const gchar *uri, GString *types)
{
  const VmMeetingConfig config = { .name = "blue",
    .user = "Ann",
    .device = "desk",
    .max_participants = 4,
    .call_type = VM_CALL_TYPE_VIDEO,
    .takes_sfu = TRUE,
    .sfu_uri = uri,
    .sfu_secret = SECRET };
  g_autoptr (GError) error = NULL;
  VmSeat *seat = vm_server_open_meeting (
      server, &config, NULL, on_host_signal, types, &error);

  g_assert_no_error (error);
  return seat;
}

/* The Janus of a host is there for pairs, and as long as the meeting that asks
 * for it; one that cannot be used keeps nobody from hosting. */
GST_START_TEST (test_pair_of_a_host)
{
  VmServerConfig config = { .loopback_only = TRUE };
  g_autoptr (GString) types = g_string_new (NULL);
  g_autoptr (VmSignal) asks = vm_signal_new (VM_SIGNAL_SFU_PAIR);
  g_autofree gchar *uri = NULL, *path = NULL;
  VmSeat *seat;

  janus = fake_janus_new ();
  uri = g_strdup_printf ("janus+ws://127.0.0.1:%u/", janus->port);
  server = net_server (&config, NULL);
  vm_seat_close (open_hosted ("janus+wss://localhost/", types));
  seat = open_hosted (uri, types);
  WAIT_UNTIL (
      fake_janus_was_asked (janus, "\"attach\"", NULL), "the server at Janus");
  bob = come ("Bob", TRUE);
  net_socket_send (
      bob, "{\"type\":\"sfu-pair\",\"seq\":2,\"to\":\"p001\",\"active\":true}");
  WAIT_UNTIL (strstr (types->str, "sfu-pair"), "the host is asked");
  asks->to = g_strdup ("p002");
  asks->active = TRUE;
  vm_seat_send (seat, asks);
  path = wait_for_path (bob);
  fail_unless (path != NULL);
  WAIT_UNTIL (strstr (types->str, "sfu "), "the host");
  carl = connect_to (path);
  vm_seat_close (seat);
  vm_seat_close (open_hosted (NULL, types));
  fail_unless (is_refused (path, "janus-protocol"));
}

GST_END_TEST;

static GString *warned; /* by another thread, which has ended when it is read */

static void
on_warning (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
  g_string_append_printf (warned, "%s\n", message);
}

/* Where there is no way to the address of Janus, every attempt fails at once,
 * and leaves nothing behind. */
GST_START_TEST (test_no_route)
{
  VmServerConfig config = { .loopback_only = TRUE,
    .open_rooms = TRUE,
    .sfu_uri = "janus+ws://255.255.255.255:8188/" };
  guint handler;

  warned = g_string_new (NULL);
  handler =
      g_log_set_handler ("videomeet", G_LOG_LEVEL_WARNING, on_warning, NULL);
  server = net_server (&config, NULL);
  ann = come ("Ann", TRUE);
  vm_server_stop (server);
  g_log_remove_handler ("videomeet", handler);
  fail_if (strstr (warned->str, "handles"), "%s", warned->str);
  g_string_free (warned, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_rooms_end_with_the_server)
{
  g_autofree gchar *path = grow ();

  vm_server_stop (server);
  WAIT_UNTIL (fake_janus_was_asked (
                  janus, "\"request\":\"destroy\"", "\"secret\":\"", NULL),
      "the end of the room");
}

GST_END_TEST;

static void
say (NetSocket *socket, guint session, gsize size)
{
  static const gchar end[] = "\"}}";
  g_autofree gchar *head =
      g_strdup_printf ("{\"janus\":\"message\",\"transaction\":\"t\","
                       "\"session_id\":%u,\"handle_id\":8,"
                       "\"body\":{\"request\":\"start\"},\"jsep\":{\"sdp\":\"",
          session);
  g_autofree gchar *fill =
      g_strnfill (size - strlen (head) - strlen (end) - strlen (SHOWN), 'v');

  net_socket_send (socket, "%s%s%s", head, fill, end);
}

/* Janus takes nothing: so much waits for it. */
GST_START_TEST (test_queue)
{
  g_autofree gchar *path = grow ();
  NetSocket *socket = connect_to (path);
  guint session = create (socket);
  g_autofree gchar *again = NULL;
  NetSocket *held;

  net_socket_send (ann, "{\"type\":\"sfu\",\"seq\":2}");
  again = wait_for_path (ann);
  janus->holds = TRUE;
  held = connect_to (again);
  WAIT_UNTIL (janus->held > 0, "the connection");
  for (guint i = 0; i < 4; i++)
    say (held, session, VM_SFU_QUEUE_BYTES / 4);
  /* an answer of the server's own comes behind what was taken */
  net_socket_send (held, "{\"janus\":\"info\",\"transaction\":\"t\"}");
  g_free (net_socket_next (held));
  fail_if (held->closed);
  say (held, session, 200);
  fail_unless_equals_int (net_socket_wait_closed (held), VM_CLOSE_TRY_LATER);
  net_socket_free (held);
  net_socket_free (socket);
}

GST_END_TEST;

static gchar *
message_of (gsize size)
{
  static const gchar head[] = "{\"janus\":\"ack\",\"x\":\"";
  g_autofree gchar *fill = g_strnfill (size - strlen (head) - 2, 'v');

  return g_strconcat (head, fill, "\"}", NULL);
}

GST_START_TEST (test_message)
{
  g_autofree gchar *path = grow ();
  NetSocket *socket = connect_to (path);

  create (socket);
  for (gint beyond = -1; beyond <= 1; beyond++) {
    g_autofree gchar *text = message_of (VM_SFU_MESSAGE_MAX + beyond);
    g_autofree gchar *got = NULL;

    fake_janus_say (janus, text);
    got = net_socket_next (socket);
    fail_unless (!got == (beyond > 0), "%d", beyond);
  }
  fail_unless_equals_int (net_socket_wait_closed (socket), VM_CLOSE_GOING_AWAY);
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_settings)
{
  static const VmServerConfig bad[] = {
    { .open_rooms = TRUE, .sfu_uri = "ws://127.0.0.1:8188/" },
    { .open_rooms = TRUE, .sfu_uri = "janus+wss://127.0.0.1:8188/" },
    { .open_rooms = TRUE, .sfu_uri = "janus+ws://nobody.invalid/" },
    { .sfu_uri = "janus+ws://127.0.0.1/" },
    { .open_rooms = TRUE, .mesh_max = 4 },
    { .open_rooms = TRUE, .mesh_return = 4 },
    { .open_rooms = TRUE, .sfu_secret = "s" },
    { .open_rooms = TRUE, .sfu_uri = "janus+ws://127.0.0.1/", .mesh_max = 1 },
    { .open_rooms = TRUE, .sfu_uri = "janus+ws://127.0.0.1/", .mesh_max = 11 },
    { .open_rooms = TRUE,
        .sfu_uri = "janus+ws://127.0.0.1/",
        .mesh_return = VM_SFU_FEW_SECONDS_MAX + 1 },
    { .open_rooms = TRUE,
        .sfu_uri = "janus+ws://127.0.0.1/",
        .sfu_secret = "two\nlines" },
    { .open_rooms = TRUE,
        .sfu_uri = "janus+ws://127.0.0.1/",
        .cluster = "nats://127.0.0.1" },
  };
  g_autoptr (GError) none = NULL;
  g_autoptr (VmIdentity) identity = vm_identity_load (NULL, &none);

  g_assert_no_error (none);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (VmServer) one = vm_server_new (identity);
    VmServerConfig config = bad[i];
    g_autoptr (GError) error = NULL;

    config.loopback_only = TRUE;
    fail_if (vm_server_start (one, &config, &error), "%u", i);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

static Suite *
sfuserver_suite (void)
{
  Suite *s = suite_create ("sfuserver");
  TCase *tc = tcase_create ("general");

  tcase_add_checked_fixture (tc, NULL, tear_down);
  tcase_add_test (tc, test_passes);
  tcase_add_test (tc, test_tickets);
  tcase_add_test (tc, test_older_client);
  tcase_add_test (tc, test_janus_is_gone);
  tcase_add_test (tc, test_no_janus);
  tcase_add_test (tc, test_no_route);
  tcase_add_test (tc, test_rooms_end_with_the_server);
  tcase_add_test (tc, test_queue);
  tcase_add_test (tc, test_message);
  tcase_add_test (tc, test_pair_of_a_host);
  tcase_add_test (tc, test_settings);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (sfuserver)
