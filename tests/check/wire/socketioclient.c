/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of the Socket.IO dialect, frame by frame, against
 * protocol/socketio.md and "Protocol exchange" of the Socket.IO protocol. */

#include "program.h"

#include <gst/videomeet/wire/dialect.h>
#include <string.h>

static const VmDialect *const client = &vm_dialect_socketio_client;

/* A session that is connected as "me" and in a room of @users. */
typedef struct
{
  gpointer state;
  GError *error; /* of the last frame */
} Session;

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

  g_string_append_printf (out, "%s%s", out->len ? " " : "",
      vm_signal_type_to_string (signal->type));
  if (who)
    g_string_append_printf (out, ":%s=%s", who->id, who->user);
  if (signal->id)
    g_string_append_printf (out, ":%s", signal->id);
  if (signal->from)
    g_string_append_printf (out, ":%s", signal->from);
  if (signal->session.size)
    g_string_append_printf (
        out, ":%.*s", (gint) signal->session.size, signal->session.data);
  if (signal->code)
    g_string_append_printf (out, ":%s", signal->code);
  if (signal->message)
    g_string_append_printf (out, ":%s", signal->message);
}

/* The frame @text comes: @told is what the model hears, @said what goes out. */
static void
comes (
    Session *session, const gchar *text, const gchar *told, const gchar *said)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GString) signals = g_string_new (NULL);
  g_autoptr (GString) replies = g_string_new (NULL);
  VmSignal *signal;
  GBytes *reply;

  g_clear_error (&session->error);
  signal = client->parse (session->state, bytes, &session->error);
  fail_unless (!signal || !session->error);
  for (; signal; signal = client->more (session->state)) {
    append_signal (signals, signal);
    vm_signal_unref (signal);
  }
  while ((reply = client->reply (session->state))) {
    g_autofree gchar *line = to_text (reply);

    g_string_append_printf (replies, "%s%s", replies->len ? " " : "", line);
  }
  fail_unless_equals_string (signals->str, told);
  fail_unless_equals_string (replies->str, said);
}

static void
goes (Session *session, const VmSignal *signal, const gchar *text)
{
  g_autofree gchar *written = to_text (client->format (session->state, signal));

  fail_unless_equals_string (written, text);
}

static void
hello (Session *session, const gchar *room, const gchar *text)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_HELLO);

  signal->meeting = g_strdup (room);
  goes (session, signal, text);
}

static void
session_open (Session *session, guint users)
{
  g_autofree gchar *joined = g_strdup_printf (
      "42[\"room_joined\",{\"room\":\"room1\",\"users\":%u}]", users);

  *session = (Session){ client->state_new () };
  hello (session, "room1", NULL);
  comes (session,
      "0{\"sid\":\"e\",\"upgrades\":[],\"pingInterval\":25000,"
      "\"pingTimeout\":20000,\"maxPayload\":1000000}",
      "", "40");
  comes (session, "40{\"sid\":\"me\"}", "",
      "42[\"join_room\",{\"room\":\"room1\"}]");
  comes (session, joined, "welcome:p100000", "");
}

static void
session_clear (Session *session)
{
  client->state_free (session->state);
  g_clear_error (&session->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Session, session_clear)

#define SDP "\"v=0\\r\\n\""
#define OFFER "\"offer\":{\"type\":\"offer\",\"sdp\":" SDP "}"
#define ANSWER "\"answer\":{\"type\":\"answer\",\"sdp\":" SDP "}"
#define CANDIDATE                                                  \
  "\"candidate\":{\"candidate\":\"candidate:1\",\"sdpMid\":\"0\"," \
  "\"sdpMLineIndex\":0}"

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

/* "Signaling Flow", as user A, at a server that names nobody. */
GST_START_TEST (test_first_of_two)
{
  g_auto (Session) a = { NULL };
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);

  session_open (&a, 1);
  comes (&a, "42[\"user_joined\",{\"user_id\":\"user_b\",\"users\":2}]",
      "participant-joined:p100001=user_b", "");
  tells (&a, VM_SIGNAL_OFFER, "p100001",
      "42[\"offer\",{\"room\":\"room1\"," OFFER "}]");
  comes (&a, "42[\"answer\",{" ANSWER "}]", "answer:p100001:\"s-1\"", "");
  tells (&a, VM_SIGNAL_CANDIDATE, "p100001",
      "42[\"ice_candidate\",{\"room\":\"room1\"," CANDIDATE "}]");
  comes (&a, "42[\"ice_candidate\",{" CANDIDATE "}]",
      "candidate:p100001:\"s-1\"", "");
  comes (&a, "42[\"user_left\",{\"user_id\":\"user_b\"}]",
      "participant-left:p100001", "");
  tells (&a, VM_SIGNAL_CANDIDATE, "p100001", NULL);
  chat->text = g_strdup ("hello");
  goes (&a, chat, NULL);
  goes (&a, bye, "42[\"leave_room\",{\"room\":\"room1\"}]");
}

GST_END_TEST;

/* As user B: who was there is known by the offer. */
GST_START_TEST (test_second_of_two)
{
  g_auto (Session) b = { NULL };

  session_open (&b, 2);
  comes (&b, "42[\"ice_candidate\",{" CANDIDATE "}]", "", "");
  comes (&b, "42[\"offer\",{" OFFER "}]",
      "participant-joined:p001=p001 offer:p001:\"room-1\"", "");
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      "42[\"answer\",{\"room\":\"room1\"," ANSWER "}]");
  comes (&b, "42[\"offer\",{" OFFER "}]", "offer:p001:\"room-2\"", "");
  /* whoever that was, it was the only one */
  comes (&b, "42[\"user_left\",{\"user_id\":\"user_a\",\"users\":1}]",
      "participant-left:p001", "");
}

GST_END_TEST;

/* Three, at a server that says whose an event is and for whom. */
GST_START_TEST (test_three)
{
  g_auto (Session) b = { NULL };

  session_open (&b, 2);
  comes (&b, "42[\"offer\",{" OFFER ",\"sender\":\"a\"}]",
      "participant-joined:p001=a offer:p001:\"room-1\"", "");
  comes (&b, "42[\"user_joined\",{\"user_id\":\"c\",\"users\":3}]",
      "participant-joined:p100001=c", "");
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      "42[\"answer\",{\"room\":\"room1\"," ANSWER ",\"target\":\"a\"}]");
  tells (&b, VM_SIGNAL_OFFER, "p100001",
      "42[\"offer\",{\"room\":\"room1\"," OFFER ",\"target\":\"c\"}]");
  comes (&b, "42[\"answer\",{" ANSWER ",\"sender\":\"c\"}]",
      "answer:p100001:\"s-1\"", "");
  /* nobody's, a stranger's, and its own */
  comes (&b, "42[\"answer\",{" ANSWER "}]", "", "");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_UNROUTABLE);
  comes (&b, "42[\"answer\",{" ANSWER ",\"sender\":\"d\"}]", "", "");
  comes (&b, "42[\"offer\",{" OFFER ",\"sender\":\"me\"}]", "", "");
  comes (&b, "42[\"user_joined\",{\"user_id\":\"me\",\"users\":3}]", "", "");
  comes (&b, "42[\"user_joined\",{\"user_id\":\"c\",\"users\":3}]", "", "");
  comes (&b, "42[\"user_left\",{\"user_id\":\"d\",\"users\":3}]", "", "");
  comes (&b, "42[\"user_left\",{\"user_id\":\"c\",\"users\":2}]",
      "participant-left:p100001", "");
  tells (&b, VM_SIGNAL_ANSWER, "p001",
      "42[\"answer\",{\"room\":\"room1\"," ANSWER "}]");
}

GST_END_TEST;

/* A server that does not say who leaves counts who is there. */
GST_START_TEST (test_who_is_not_counted_is_gone)
{
  g_auto (Session) a = { NULL };

  session_open (&a, 1);
  comes (&a, "42[\"user_joined\",{\"user_id\":\"b\",\"users\":2}]",
      "participant-joined:p100001=b", "");
  comes (&a, "42[\"user_joined\",{\"user_id\":\"c\",\"users\":2}]",
      "participant-left:p100001 participant-joined:p100002=c", "");
}

GST_END_TEST;

/* As the protocols of Engine.IO and Socket.IO have it. */
GST_START_TEST (test_packets)
{
  g_auto (Session) a = { NULL };

  session_open (&a, 1);
  comes (&a, "2", "", "3");
  comes (&a, "2probe", "", "3probe");
  comes (&a, "3", "", "");
  comes (&a, "6", "", "");
  fail_unless (a.error == NULL);
  /* it wants to know that it has come */
  comes (&a, "427[\"user_joined\",{\"user_id\":\"b\",\"users\":2}]",
      "participant-joined:p100001=b", "437[]");
  comes (&a, "42[\"chat\",{\"text\":\"hello\"}]", "", "");
  comes (&a, "42/admin,[\"room_joined\",{}]", "", "");
  comes (&a, "43[1]", "", "");
  fail_unless (a.error != NULL);
  comes (&a, "451-[\"offer\",{\"_placeholder\":true,\"num\":0}]", "", "");
  fail_unless (a.error == NULL);
  comes (&a, "42[\"error\",{\"code\":\"KICKED\",\"message\":\"Out\"}]",
      "error:KICKED:Out", "");
  comes (&a, "42[\"error\",\"out\"]", "error:FAILED", "");
  comes (&a, "41", "error:DISCONNECTED:The server has ended the session", "");
  comes (&a, "42[\"user_left\",{\"user_id\":\"b\",\"users\":1}]", "", "");
  g_assert_error (a.error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  hello (&a, "room1", NULL);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_auto (Session) a = { client->state_new () };
  g_auto (Session) b = { client->state_new () };

  comes (&a, "0{\"sid\":\"e\"}", "", "40");
  comes (&a, "44{\"message\":\"Not authorized\"}",
      "error:FAILED:Not authorized", "");
  comes (&b, "0{\"sid\":\"e\"}", "", "40");
  comes (&b, "1", "error:DISCONNECTED:The server has ended the session", "");
}

GST_END_TEST;

/* Again is a leave and a join, by this side. */
GST_START_TEST (test_join_again)
{
  g_auto (Session) a = { NULL };
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);

  session_open (&a, 2);
  comes (&a, "42[\"offer\",{" OFFER ",\"sender\":\"b\"}]",
      "participant-joined:p001=b offer:p001:\"room-1\"", "");
  goes (&a, bye, "42[\"leave_room\",{\"room\":\"room1\"}]");
  hello (&a, "room1", "42[\"join_room\",{\"room\":\"room1\"}]");
  comes (&a, "42[\"room_joined\",{\"room\":\"room1\",\"users\":2}]", "", "");
  comes (&a, "42[\"offer\",{" OFFER ",\"sender\":\"b\"}]",
      "offer:p001:\"room-2\"", "");
}

GST_END_TEST;

/* Before its time, and what cannot be read: one frame each, in a room of
 * one. */
GST_START_TEST (test_refuses)
{
  const gchar *early[] = { "40", "41x", "42[\"room_joined\",{}]", "", "7", "4",
    "48", "0x\xff" };
  const gchar *late[] = { "0{}", "40{\"sid\":\"other\"}", "44{}x",
    "42[\"room_joined\"", "42[]", "42[1]", "42[\"user_joined\",{}]",
    "42[\"user_joined\",{\"user_id\":\"\"}]",
    "42[\"user_joined\",{\"user_id\":\"a\\u0001\"}]",
    "42[\"user_joined\",{\"user_id\":1}]", "42[\"user_left\",3]",
    "42[\"offer\",{}]", "42[\"offer\",{\"offer\":{\"type\":\"offer\"}}]",
    "42[\"offer\",{\"offer\":{\"type\":\"answer\",\"sdp\":\"v=0\"}}]",
    "42[\"offer\",{" OFFER ",\"sender\":\"\"}]",
    "42[\"offer\",{" OFFER ",\"sender\":7}]",
    "42[\"ice_candidate\",{\"candidate\":7}]" };

  for (guint i = 0; i < G_N_ELEMENTS (early); i++) {
    g_auto (Session) a = { client->state_new () };

    comes (&a, early[i], "", "");
    fail_unless (a.error != NULL, "%s", early[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (late); i++) {
    g_auto (Session) a = { NULL };

    session_open (&a, 1);
    comes (&a, late[i], "", "");
    fail_unless (a.error != NULL, "%s", late[i]);
  }
}

GST_END_TEST;

/* Limits: the names, and how many others there can be. */
GST_START_TEST (test_limits)
{
  g_auto (Session) a = { NULL };
  g_autofree gchar *name = g_strnfill (VM_SIGNAL_NAME_MAX, 'x');
  g_autofree gchar *good = g_strdup_printf (
      "42[\"user_joined\",{\"user_id\":\"%s\",\"users\":2}]", name);
  g_autofree gchar *bad = g_strdup_printf (
      "42[\"user_joined\",{\"user_id\":\"%sx\",\"users\":3}]", name);
  g_autofree gchar *told =
      g_strdup_printf ("participant-joined:p100001=%s", name);

  session_open (&a, 1);
  comes (&a, good, told, "");
  comes (&a, bad, "", "");
  g_assert_error (a.error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  for (guint i = 1; i <= VM_SIGNAL_ROSTER_MAX; i++) {
    g_autofree gchar *text =
        g_strdup_printf ("42[\"offer\",{" OFFER ",\"sender\":\"user_%u\"}]", i);
    g_autofree gchar *heard = g_strdup_printf (
        "participant-joined:p%03u=user_%u offer:p%03u:\"room-%u\"", i, i, i, i);

    comes (&a, text, i < VM_SIGNAL_ROSTER_MAX ? heard : "", "");
  }
}

GST_END_TEST;

static Suite *
socketioclient_suite (void)
{
  Suite *s = suite_create ("socketioclient");
  TCase *tc = tcase_create ("socketioclient");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_first_of_two);
  tcase_add_test (tc, test_second_of_two);
  tcase_add_test (tc, test_three);
  tcase_add_test (tc, test_who_is_not_counted_is_gone);
  tcase_add_test (tc, test_packets);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_join_again);
  tcase_add_test (tc, test_refuses);
  tcase_add_test (tc, test_limits);
  return s;
}

CHECK_PROGRAM (socketioclient)
