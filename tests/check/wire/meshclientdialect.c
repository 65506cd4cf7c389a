/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of the mesh, message by message, against protocol/mesh.md#envelope
 * and #mesh-messages. */

#include "program.h"

#include <gst/videomeet/wire/mesh/meshclient.h>
#include <string.h>

static const VmDialect *const client = &vm_dialect_mesh_client;

typedef struct
{
  gpointer state;
  GError *error; /* of the last message */
} Session;

/* What every message here begins with. */
#define HEAD(type, from, to)                                                   \
  "{\"type\":\"" type "\",\"id\":\"u-1\",\"timestamp\":\"2026-01-02T03:04:05Z" \
  "\",\"from\":\"" from "\",\"to\":\"" to "\",\"payload\":{"
#define JOINED(from, peer)         \
  HEAD ("room.joined", from, "me") \
  "\"peer_id\":\"" peer "\",\"role\":\"member\",\"room_id\":\"room-1\"}}"
#define RTC(type, from, content) \
  HEAD (type, from, "me")        \
  "\"room_id\":\"room-1\",\"target_peer_id\":\"me\"," content "}}"
#define SDP "\"sdp\":\"v=0\\r\\n\""
#define CANDIDATE                                                  \
  "\"candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"," \
  "\"sdpMLineIndex\":0}"

static void
stamp (gchar **id, gchar **time, gpointer data)
{
  *id = g_strdup ("u-1");
  *time = g_strdup ("2026-01-02T03:04:05Z");
}

static gchar *
to_text (GBytes *bytes)
{
  gsize size;
  const gchar *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  gchar *text = data ? g_strndup (data, size) : NULL;

  g_clear_pointer (&bytes, g_bytes_unref);
  return text;
}

static void
append_signal (GString *out, const VmSignal *signal)
{
  const VmSignalParticipant *who =
      signal->participants->len ? g_ptr_array_index (signal->participants, 0)
                                : NULL;
  const gchar *fields[] = { signal->id, signal->from, signal->status,
    signal->text, signal->time, signal->code, signal->message };

  g_string_append_printf (out, "%s%s", out->len ? " " : "",
      vm_signal_type_to_string (signal->type));
  if (who)
    g_string_append_printf (out, ":%s=%s", who->id, who->user);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (fields[i])
      g_string_append_printf (out, ":%s", fields[i]);
  }
  if (signal->session.size)
    g_string_append_printf (
        out, ":%.*s", (gint) signal->session.size, signal->session.data);
}

/* What the model hears until there is no more. */
static gchar *
told_by (Session *session, VmSignal *first)
{
  GString *told = g_string_new (NULL);

  for (VmSignal *signal = first; signal;
       signal = client->more (session->state)) {
    append_signal (told, signal);
    vm_signal_unref (signal);
  }
  return g_string_free (told, FALSE);
}

/* @text comes: @told is what the model hears, @said what goes out, or NULL. */
static void
comes (
    Session *session, const gchar *text, const gchar *told, const gchar *said)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autofree gchar *heard = NULL;
  g_autofree gchar *reply = NULL;

  g_clear_error (&session->error);
  heard =
      told_by (session, client->parse (session->state, bytes, &session->error));
  reply = to_text (client->reply (session->state));
  fail_unless_equals_string (heard, told);
  fail_unless_equals_string (reply, said);
  fail_unless (client->reply (session->state) == NULL);
}

static void
goes (Session *session, const VmSignal *signal, const gchar *text)
{
  g_autofree gchar *written = to_text (client->format (session->state, signal));

  fail_unless_equals_string (written, text);
}

/* As far as the room, with that capability. */
static void
session_open (Session *session, const gchar *cap_token, gboolean waits)
{
  const VmMeshClientConfig config = {
    .version = "1.2.3", .cap_token = cap_token, .waits = waits, .stamp = stamp
  };
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);

  *session = (Session){ client->state_new () };
  vm_mesh_client_configure (session->state, &config);
  hello->meeting = g_strdup ("room-1");
  goes (session, hello,
      HEAD ("system.hello", "client", "server") "\"peer_type\":\"client\","
                                                "\"version\":\"1.2.3\"}}");
  comes (session,
      HEAD ("system.welcome", "server", "me") "\"peer_id\":\"me\","
                                              "\"user_id\":\"u\"}}",
      "", HEAD ("room.join", "me", "server") "\"room_id\":\"room-1\"}}");
  fail_if (vm_mesh_client_wants_capability (session->state));
}

static void
enter (Session *session)
{
  session_open (session, "cap", FALSE);
  comes (session, JOINED ("server", "me"), "welcome:p100000", NULL);
}

static void
session_clear (Session *session)
{
  client->state_free (session->state);
  g_clear_error (&session->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, session_clear)

static VmSignal *
new_content (VmSignalType type, const gchar *to)
{
  VmSignal *signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  vm_signal_set_text (signal, &signal->session, "s-1");
  signal->generation = 1;
  if (type == VM_SIGNAL_CANDIDATE) {
    vm_signal_set_text (signal, &signal->candidate, "candidate:1");
    vm_signal_set_text (signal, &signal->sdp_mid, "0");
    signal->sdp_mline_index = 0;
  } else {
    vm_signal_set_text (signal, &signal->sdp, "v=0\r\n");
  }
  return signal;
}

static void
tells (Session *session, VmSignalType type, const gchar *to, const gchar *text)
{
  g_autoptr (VmSignal) signal = new_content (type, to);

  goes (session, signal, text);
}

/* Who is there offers; who comes later is offered to. */
GST_START_TEST (test_media)
{
  g_auto (Session) b = { NULL };

  enter (&b);
  comes (&b, JOINED ("server", "a"), "participant-joined:p001=a", NULL);
  comes (&b, RTC ("rtc.offer", "a", SDP), "offer:p001:\"room-1\"", NULL);
  comes (
      &b, RTC ("rtc.ice", "a", CANDIDATE), "candidate:p001:\"room-1\"", NULL);
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      HEAD ("rtc.answer", "me", "a") "\"room_id\":\"room-1\","
                                     "\"target_peer_id\":\"a\"," SDP
                                     ",\"cap_token\":\"cap\"}}");
  comes (&b, JOINED ("c", "c"), "participant-joined:p100001=c", NULL);
  tells (&b, VM_SIGNAL_OFFER, "p100001",
      HEAD ("rtc.offer", "me", "c") "\"room_id\":\"room-1\","
                                    "\"target_peer_id\":\"c\"," SDP
                                    ",\"cap_token\":\"cap\"}}");
  tells (&b, VM_SIGNAL_CANDIDATE, "p100001",
      HEAD ("rtc.ice", "me", "c") "\"room_id\":\"room-1\","
                                  "\"target_peer_id\":\"c\"," CANDIDATE
                                  ",\"cap_token\":\"cap\"}}");
  comes (&b, RTC ("rtc.answer", "c", SDP), "answer:p100001:\"s-1\"", NULL);
  tells (&b, VM_SIGNAL_OFFER, "p007", NULL);
  comes (&b,
      HEAD ("presence.update", "c", "me") "\"peer_id\":\"c\",\"status\":"
                                          "\"offline\"}}",
      "participant-left:p100001", NULL);
}

GST_END_TEST;

/* Nobody's, for another, and what is not for this side. */
GST_START_TEST (test_not_for_it)
{
  g_auto (Session) b = { NULL };

  enter (&b);
  comes (&b, JOINED ("server", "me"), "", NULL);
  comes (&b, RTC ("rtc.answer", "x", SDP), "", NULL);
  comes (&b, RTC ("rtc.offer", "me", SDP), "", NULL);
  comes (&b, HEAD ("rtc.offer", "x", "y") "\"target_peer_id\":\"y\"," SDP "}}",
      "", NULL);
  comes (&b,
      HEAD ("room.joined", "server", "me") "\"peer_id\":\"d\",\"role\":"
                                           "\"agent\",\"room_id\":\"room-1\"}}",
      "", NULL);
  comes (&b, HEAD ("p2p.session.created", "server", "me") "}}", "", NULL);
  comes (&b,
      HEAD ("presence.update", "x", "me") "\"peer_id\":\"x\",\"status\":"
                                          "\"busy\"}}",
      "", NULL);
  fail_unless (b.error == NULL);
  /* who was not told of is there by its offer */
  comes (&b, RTC ("rtc.offer", "x", SDP),
      "participant-joined:p001=x offer:p001:\"room-1\"", NULL);
  comes (&b, JOINED ("server", "x"), "", NULL);
}

GST_END_TEST;

#define CHAT(from, content)                 \
  HEAD ("chat.message.created", from, "me") \
  "\"message_id\":\"m-1\",\"from\":\"" from "\",\"content\":\"" content "\"}}"

GST_START_TEST (test_talk)
{
  g_auto (Session) b = { NULL };
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);
  g_autoptr (VmSignal) hand = vm_signal_new (VM_SIGNAL_HAND);

  enter (&b);
  comes (&b, JOINED ("server", "a"), "participant-joined:p001=a", NULL);
  comes (&b, CHAT ("a", "hello"), "chat:m-1:p001:hello:2026-01-02T03:04:05Z",
      NULL);
  comes (&b, CHAT ("me", "hello"), "", NULL);
  comes (&b,
      HEAD ("presence.update", "a", "me") "\"peer_id\":\"a\",\"status\":"
                                          "\"sharing\"}}",
      "presence:p001:sharing", NULL);
  chat->text = g_strdup ("hi");
  goes (&b, chat,
      HEAD ("chat.message.send", "me", "room-1") "\"room_id\":\"room-1\","
                                                 "\"content\":\"hi\"}}");
  chat->to = g_strdup ("p001");
  goes (&b, chat, NULL);
  goes (&b, bye, NULL);
  goes (&b, hand, NULL);
}

GST_END_TEST;

#define BUSY                               \
  HEAD ("presence.update", "me", "room-1") \
  "\"peer_id\":\"me\",\"status\":\"busy\"}}"
#define ONLINE                             \
  HEAD ("presence.update", "me", "room-1") \
  "\"peer_id\":\"me\",\"status\":\"online\"}}"

/* What has changed, in the three words that there are. */
GST_START_TEST (test_presence)
{
  g_auto (Session) b = { NULL };
  g_autoptr (VmSignal) presence = vm_signal_new (VM_SIGNAL_PRESENCE);
  g_autoptr (VmSignal) busy = vm_signal_new (VM_SIGNAL_PRESENCE);
  g_autoptr (VmSignal) again = vm_signal_new (VM_SIGNAL_PRESENCE);

  enter (&b);
  goes (&b, presence, NULL);
  busy->status = g_strdup ("busy");
  goes (&b, busy, BUSY);
  goes (&b, busy, NULL);
  again->status = g_strdup ("busy");
  again->to = g_strdup ("p100001");
  goes (&b, again, BUSY);
  presence->status = g_strdup ("at lunch");
  goes (&b, presence, ONLINE);
}

GST_END_TEST;

/* Nobody hears of anybody before there is a capability. */
GST_START_TEST (test_capability)
{
  g_auto (Session) b = { NULL };
  g_autofree gchar *told = NULL;

  session_open (&b, NULL, TRUE);
  comes (&b, JOINED ("server", "me"), "", NULL);
  fail_unless (vm_mesh_client_wants_capability (b.state));
  comes (&b, JOINED ("server", "a"), "", NULL);
  comes (&b, RTC ("rtc.offer", "a", SDP), "", NULL);
  vm_mesh_client_set_capability (b.state, "new");
  fail_if (vm_mesh_client_wants_capability (b.state));
  told = told_by (&b, client->more (b.state));
  fail_unless_equals_string (
      told, "welcome:p100000 participant-joined:p001=a offer:p001:\"room-1\"");
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      HEAD ("rtc.answer", "me", "a") "\"room_id\":\"room-1\","
                                     "\"target_peer_id\":\"a\"," SDP
                                     ",\"cap_token\":\"new\"}}");
  vm_mesh_client_set_capability (b.state, NULL);
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      HEAD ("rtc.answer", "me", "a") "\"room_id\":\"room-1\","
                                     "\"target_peer_id\":\"a\"," SDP "}}");
}

GST_END_TEST;

/* @text with blanks after it, of that size. */
static VmSignal *
comes_long (Session *session, const gchar *text, gsize size)
{
  g_autofree gchar *padded = g_malloc (size);
  g_autoptr (GBytes) bytes = NULL;
  gsize length = strlen (text);

  fail_unless (length <= size);
  memset (padded, ' ', size);
  memcpy (padded, text, length);
  bytes = g_bytes_new_take (g_steal_pointer (&padded), size);
  return client->parse (session->state, bytes, NULL);
}

/* Below VM_MESH_CLIENT_HELD_MAX, at it, and above, where it waits no more. */
GST_START_TEST (test_held)
{
  static const gchar joined[] = JOINED ("server", "me");
  static const gchar offer[] = RTC ("rtc.offer", "a", SDP);
  const gsize size = VM_MESH_CLIENT_HELD_MAX / 4;
  g_auto (Session) b = { NULL };
  g_autofree gchar *told = NULL;

  session_open (&b, NULL, TRUE);
  comes (&b, joined, "", NULL);
  for (guint i = 0; i < 3; i++)
    fail_unless (comes_long (&b, offer, size) == NULL);
  fail_unless (comes_long (&b, offer, size - strlen (joined)) == NULL);
  fail_unless (vm_mesh_client_wants_capability (b.state));
  if (__i__) {
    told = told_by (&b, comes_long (&b, offer, sizeof offer - 1));
    fail_unless_equals_string (told,
        "error:RATE_LIMITED:The server says more than 1 MiB before it gives a "
        "capability");
    fail_if (vm_mesh_client_wants_capability (b.state));
  } else {
    vm_mesh_client_set_capability (b.state, "new");
    told = told_by (&b, client->more (b.state));
    fail_unless (g_str_has_prefix (told, "welcome:p100000 participant-joined"));
  }
}

GST_END_TEST;

GST_START_TEST (test_expiry)
{
  /* {"exp":1700000000}, {"exp":-1}, {"sub":"????>>>>"}, and what is none */
  const struct
  {
    const gchar *token;
    gint64 expiry;
  } cases[] = {
    { "h.eyJleHAiOjE3MDAwMDAwMDB9.s", 1700000000 },
    { "h.eyJleHAiOi0xfQ.s", -1 },
    { "h.eyJzdWIiOiI_Pz8_Pj4-PiJ9.s", -1 },
    { "h.eyJleHAiOjE3MDAwMDAwMDB9", -1 },
    { "h.eyJleHAiOjE3MDAwMDAwMDB9.s.t", -1 },
    { "h..s", -1 },
    { "", -1 },
    { NULL, -1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int64 (
        vm_mesh_token_get_expiry (cases[i].token), cases[i].expiry);
}

GST_END_TEST;

#define ERROR(code) \
  HEAD ("error", "server", "me") "\"code\":\"" code "\",\"message\":\"no\"}}"

GST_START_TEST (test_errors)
{
  g_auto (Session) b = { NULL };

  session_open (&b, NULL, TRUE);
  comes (&b, ERROR ("ROOM_NOT_FOUND"), "error:MEETING_NOT_FOUND:no", NULL);
  comes (&b, ERROR ("ROOM_FULL"), "error:MEETING_FULL:no", NULL);
  comes (&b, ERROR ("CAP_EXPIRED"), "error:CAP_EXPIRED:no", NULL);
  comes (&b, HEAD ("error", "server", "me") "}}", "error:FAILED", NULL);
}

GST_END_TEST;

/* One message each, in a room with "a". */
GST_START_TEST (test_refuses)
{
  const gchar *bad[] = { "", "[]", "{\"type\":7}", "{\"payload\":{}}",
    HEAD ("system.welcome", "server", "me") "\"peer_id\":\"you\"}}",
    HEAD ("room.joined", "server", "me") "}}",
    HEAD ("room.joined", "server", "me") "\"peer_id\":\"a\\u0001\"}}",
    HEAD ("room.joined", "server", "me") "\"peer_id\":\"d\",\"role\":7}}",
    HEAD ("presence.update", "a", "me") "\"peer_id\":\"a\"}}", CHAT ("a", ""),
    CHAT ("a", "\\u0007"), RTC ("rtc.offer", "a", "\"sdp\":7"),
    RTC ("rtc.offer", "a", "\"sdp\":\"\""),
    RTC ("rtc.ice", "a", "\"candidate\":\"candidate:1\""),
    "{\"type\":\"rtc.answer\",\"payload\":{" SDP "}}" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_auto (Session) b = { NULL };

    enter (&b);
    comes (&b, JOINED ("server", "a"), "participant-joined:p001=a", NULL);
    comes (&b, bad[i], "", NULL);
    g_assert_error (b.error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

/* At, below and above: names, what is said, and how many others there can
 * be. */
GST_START_TEST (test_limits)
{
  g_auto (Session) b = { NULL };
  g_autofree gchar *words = g_strnfill (VM_SIGNAL_CHAT_MAX, 'x');
  g_autofree gchar *said = g_strdup_printf (CHAT ("a", "%s"), words);
  g_autofree gchar *more = g_strdup_printf (CHAT ("a", "%sx"), words);
  g_autofree gchar *told =
      g_strdup_printf ("chat:m-1:p001:%s:2026-01-02T03:04:05Z", words);

  enter (&b);
  comes (&b, JOINED ("server", "a"), "participant-joined:p001=a", NULL);
  comes (&b, said, told, NULL);
  comes (&b, more, "", NULL);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  for (guint i = 1; i <= VM_SIGNAL_ROSTER_MAX; i++) {
    g_autofree gchar *text = g_strdup_printf (JOINED ("server", "peer-%u"), i);
    g_autofree gchar *heard =
        g_strdup_printf ("participant-joined:p%03u=peer-%u", i + 1, i);

    comes (&b, text, i < VM_SIGNAL_ROSTER_MAX ? heard : "", NULL);
  }
}

GST_END_TEST;

static Suite *
meshclientdialect_suite (void)
{
  Suite *s = suite_create ("meshclientdialect");
  TCase *tc = tcase_create ("meshclientdialect");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_media);
  tcase_add_test (tc, test_not_for_it);
  tcase_add_test (tc, test_talk);
  tcase_add_test (tc, test_presence);
  tcase_add_test (tc, test_capability);
  tcase_add_loop_test (tc, test_held, 0, 2);
  tcase_add_test (tc, test_expiry);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_refuses);
  tcase_add_test (tc, test_limits);
  return s;
}

CHECK_PROGRAM (meshclientdialect)
