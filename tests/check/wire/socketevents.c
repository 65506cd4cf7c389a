/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The events of the Socket.IO dialect, against protocol/socketio.md. */

#include "program.h"

#include <gst/videomeet/wire/dialect.h>
#include <string.h>

static const VmDialect *const dialect = &vm_dialect_socketio;

#define OFFER "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}"
#define CANDIDATE                                                         \
  "{\"candidate\":\"candidate:1 1 udp 2113937151 192.168.1.10 54321 typ " \
  "host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0}"
#define SEND_OFFER "[\"offer\",{\"room\":\"room1\",\"offer\":" OFFER "}]"
#define SEND_ANSWER "[\"answer\",{\"room\":\"room1\",\"answer\":" ANSWER "}]"
#define SEND_CANDIDATE \
  "[\"ice_candidate\",{\"room\":\"room1\",\"candidate\":" CANDIDATE "}]"

static VmSignal *
parse (gpointer state, const gchar *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return dialect->parse (state, bytes, error);
}

static void
writes (gpointer state, const VmSignal *signal, const gchar *text)
{
  g_autoptr (GBytes) bytes = dialect->format (state, signal);
  gsize size = 0;
  const gchar *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  g_autofree gchar *written = data ? g_strndup (data, size) : NULL;

  fail_unless_equals_string (written, text);
}

static void
add (VmSignal *signal, const gchar *id, const gchar *alias)
{
  VmSignalParticipant *who = vm_signal_add_participant (signal);

  who->id = g_strdup (id);
  who->alias = g_strdup (alias);
}

/* A client that has come into room1, where a native host and user_a are. */
static gpointer
inside (void)
{
  gpointer state = dialect->state_new ();
  g_autoptr (VmSignal) welcome = vm_signal_new (VM_SIGNAL_WELCOME);

  g_bytes_unref (vm_dialect_room_greet (state, "user_b"));
  welcome->id = g_strdup ("p003");
  welcome->meeting = g_strdup ("room1");
  add (welcome, "p001", NULL);
  add (welcome, "p002", "user_a");
  writes (state, welcome, "[\"room_joined\",{\"room\":\"room1\",\"users\":3}]");
  return state;
}

static void
comes (gpointer state, const gchar *id, const gchar *alias, guint users)
{
  g_autoptr (VmSignal) joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);
  g_autofree gchar *wanted = g_strdup_printf (
      "[\"user_joined\",{\"user_id\":\"%s\",\"users\":%u}]", alias, users);

  add (joined, id, alias);
  writes (state, joined, wanted);
}

static void
goes (gpointer state, const gchar *id, const gchar *alias, guint users)
{
  g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);
  g_autofree gchar *wanted = g_strdup_printf (
      "[\"user_left\",{\"user_id\":\"%s\",\"users\":%u}]", alias, users);

  left->id = g_strdup (id);
  writes (state, left, wanted);
}

/* To whom this goes. */
static void
goes_to (gpointer state, const gchar *text, const gchar *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = parse (state, text, &error);

  g_assert_no_error (error);
  fail_unless_equals_string (signal->to, id);
}

static void
offers (gpointer state, const gchar *id, const gchar *alias)
{
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autofree gchar *wanted = g_strdup_printf (
      "[\"offer\",{\"offer\":" OFFER ",\"sender\":\"%s\"}]", alias);

  offer->from = g_strdup (id);
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  writes (state, offer, wanted);
}

static void
fails (gpointer state, const gchar *text, VmError code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (parse (state, text, &error) == NULL, "%s", text);
  g_assert_error (error, VM_ERROR, code);
}

GST_START_TEST (test_rooms)
{
  gpointer state = dialect->state_new ();
  const gchar *joins[] = { "[\"join_room\",\"room1\"]",
    "[\"join_room\",{\"room\":\"room1\"}]",
    "[\"join_room\",{\"room\":\"room1\",\"name\":\"Ann\"},5]",
    "[\"join_room\",{\"room\":\"room1\",\"user_id\":\"user1\"}]",
    "[\"join_room\",{\"room\":\"room1\",\"user_id\":\"a\\u0007\"}]",
    "[\"join_room\",{\"room\":\"room1\",\"user_id\":7}]" };
  const gchar *users[] = { NULL, NULL, NULL, "user1", NULL, NULL };
  const gchar *leaves[] = { "[\"leave_room\"]", "[\"leave_room\",\"room1\"]",
    "[\"leave_room\",{\"room\":\"room1\"}]", "[\"leave_room\",null]",
    "[\"leave_room\",{}]" };

  for (guint i = 0; i < G_N_ELEMENTS (joins); i++) {
    g_autoptr (VmSignal) join = parse (state, joins[i], NULL);

    fail_unless (join != NULL, "%s", joins[i]);
    fail_unless_equals_int (join->type, VM_SIGNAL_HELLO);
    fail_unless_equals_string (join->meeting, "room1");
    fail_unless_equals_int (join->participants->len, users[i] != NULL);
    if (users[i])
      fail_unless_equals_string (
          ((VmSignalParticipant *) join->participants->pdata[0])->user,
          users[i]);
  }
  dialect->state_free (state);
  state = inside ();
  for (guint i = 0; i < G_N_ELEMENTS (leaves); i++) {
    g_autoptr (VmSignal) leave = parse (state, leaves[i], NULL);

    fail_unless (leave != NULL, "%s", leaves[i]);
    fail_unless_equals_int (leave->type, VM_SIGNAL_BYE);
  }
  comes (state, "p004", "user_c", 4);
  goes (state, "p002", "user_a", 3);
  goes (state, "p001", "p001", 2);
  dialect->state_free (state);
}

GST_END_TEST;

/* Between two clients of the dialect nothing but the address changes. */
static void
check_relay (const gchar *event, const gchar *key, const gchar *object)
{
  gpointer a = inside (), b = inside ();
  g_autofree gchar *sent = g_strdup_printf (
      "[\"%s\",{\"room\":\"room1\",\"%s\":%s,\"target\":\"user_a\"}]", event,
      key, object);
  g_autofree gchar *wanted = g_strdup_printf (
      "[\"%s\",{\"%s\":%s,\"sender\":\"user_a\"}]", event, key, object);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = parse (a, sent, &error);

  g_assert_no_error (error);
  fail_unless_equals_string (signal->to, "p002");
  signal->from = g_strdup ("p002");
  writes (b, signal, wanted);
  dialect->state_free (a);
  dialect->state_free (b);
}

GST_START_TEST (test_relay_keeps_the_bytes)
{
  check_relay ("offer", "offer", OFFER);
  check_relay ("answer", "answer", ANSWER);
  check_relay ("ice_candidate", "candidate", CANDIDATE);
  check_relay (
      "offer", "offer", "{ \"sdp\" : \"v=0\\u000d\\u000a\", \"x\":{}}");
  check_relay ("ice_candidate", "candidate", "null");
}

GST_END_TEST;

/* The Socket.IO dialect knows rooms of two: who came first offers to who came
 * then. */
GST_START_TEST (test_two_without_targets)
{
  gpointer a = dialect->state_new (), b = dialect->state_new ();
  g_autoptr (VmSignal) first = vm_signal_new (VM_SIGNAL_WELCOME);
  g_autoptr (VmSignal) second = vm_signal_new (VM_SIGNAL_WELCOME);

  first->meeting = g_strdup ("room1");
  writes (a, first, "[\"room_joined\",{\"room\":\"room1\",\"users\":1}]");
  fails (a, SEND_OFFER, VM_ERROR_UNROUTABLE);
  comes (a, "p002", "user_b", 2);
  second->meeting = g_strdup ("room1");
  add (second, "p001", "user_a");
  writes (b, second, "[\"room_joined\",{\"room\":\"room1\",\"users\":2}]");
  fails (b, SEND_ANSWER, VM_ERROR_UNROUTABLE);
  fails (b, SEND_CANDIDATE, VM_ERROR_UNROUTABLE);
  goes_to (a, SEND_OFFER, "p002");
  goes_to (a, SEND_CANDIDATE, "p002");
  offers (b, "p001", "user_a");
  goes_to (b, SEND_CANDIDATE, "p001");
  goes_to (b, SEND_ANSWER, "p001");
  goes_to (b, SEND_CANDIDATE, "p001");
  /* more of the same connection */
  goes_to (a, SEND_OFFER, "p002");
  goes_to (b, SEND_OFFER, "p001");
  dialect->state_free (a);
  dialect->state_free (b);
}

GST_END_TEST;

/* Both offer at once. */
GST_START_TEST (test_offer_to_who_has_offered)
{
  gpointer b = dialect->state_new ();
  g_autoptr (VmSignal) welcome = vm_signal_new (VM_SIGNAL_WELCOME);

  welcome->meeting = g_strdup ("room1");
  add (welcome, "p001", "user_a");
  writes (b, welcome, "[\"room_joined\",{\"room\":\"room1\",\"users\":2}]");
  offers (b, "p001", "user_a");
  goes_to (b, SEND_OFFER, "p001");
  dialect->state_free (b);
}

GST_END_TEST;

GST_START_TEST (test_offers_without_targets)
{
  gpointer state = inside ();

  /* those who were there offer themselves; if not, the oldest first */
  comes (state, "p004", "user_c", 4);
  comes (state, "p005", "user_d", 5);
  goes_to (state, SEND_OFFER, "p004");
  goes_to (state, SEND_CANDIDATE, "p004");
  goes_to (state, SEND_OFFER, "p005");
  goes_to (state, SEND_CANDIDATE, "p005");
  offers (state, "p001", "p001");
  goes_to (state, SEND_OFFER, "p002");
  goes_to (state, SEND_CANDIDATE, "p002");
  /* who went and came again is new */
  goes (state, "p002", "user_a", 4);
  goes_to (state, SEND_CANDIDATE, "p001");
  comes (state, "p006", "user_a", 5);
  goes_to (state, SEND_OFFER, "p006");
  dialect->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_answers_without_targets)
{
  gpointer state = inside ();

  /* in the order of the offers */
  offers (state, "p002", "user_a");
  offers (state, "p001", "p001");
  goes_to (state, SEND_CANDIDATE, "p002");
  goes_to (state, SEND_ANSWER, "p002");
  goes_to (state, SEND_CANDIDATE, "p002");
  goes_to (state, SEND_ANSWER, "p001");
  goes_to (state, SEND_CANDIDATE, "p001");
  /* what names its receiver is taken at its word */
  offers (state, "p001", "p001");
  goes_to (state, "[\"answer\",{\"answer\":" ANSWER ",\"target\":\"user_a\"}]",
      "p002");
  goes_to (state, SEND_CANDIDATE, "p002");
  goes_to (state, SEND_ANSWER, "p001");
  goes_to (state, "[\"answer\",{\"answer\":" ANSWER ",\"target\":\"nobody\"}]",
      "nobody");
  dialect->state_free (state);
}

GST_END_TEST;

/* The exchange is the one that the offer began. */
GST_START_TEST (test_exchanges)
{
  gpointer state = inside ();
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) answer = NULL;
  g_autofree gchar *session = NULL;

  offer->from = g_strdup ("p001");
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  vm_signal_set_text (offer, &offer->session, "s-1");
  offer->generation = 7;
  writes (
      state, offer, "[\"offer\",{\"offer\":" OFFER ",\"sender\":\"p001\"}]");
  answer = parse (state, SEND_ANSWER, NULL);
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_int64 (answer->generation, 7);
  dialect->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_autofree gchar *name = g_strnfill (VM_SIGNAL_NAME_MAX + 1, 'x');
  g_autofree gchar *named = g_strdup_printf ("[\"join_room\",\"%s\"]", name);
  g_autofree gchar *sdp = g_strnfill (VM_SIGNAL_SDP_MAX + 1, 'x');
  g_autofree gchar *large =
      g_strdup_printf ("[\"offer\",{\"offer\":{\"sdp\":\"%s\"}}]", sdp);
  const gchar *bad[] = { "", "{}", "[]", "[1]", "[null]", "[\"dance\"]",
    "[\"room_joined\",{}]", "[\"join_room\"]", "[\"join_room\",null]",
    "[\"join_room\",\"\"]", "[\"join_room\",7]", "[\"join_room\",{}]",
    "[\"join_room\",{\"room\":7}]", "[\"join_room\",\"a\\u0007\"]", named,
    "[\"leave_room\",7]", "[\"offer\"]", "[\"offer\",\"v=0\"]",
    "[\"offer\",[]]", "[\"offer\",{}]", "[\"offer\",{\"offer\":\"v=0\"}]",
    "[\"offer\",{\"offer\":" ANSWER "}]",
    "[\"offer\",{\"room\":5,\"offer\":" OFFER "}]",
    "[\"offer\",{\"target\":5,\"offer\":" OFFER "}]",
    "[\"answer\",{\"offer\":" OFFER "}]", "[\"ice_candidate\",{}]",
    "[\"ice-candidate\",{\"candidate\":" CANDIDATE "}]", large };
  gpointer state = inside ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fails (state, bad[i], VM_ERROR_BAD_MESSAGE);
  name[VM_SIGNAL_NAME_MAX] = '\0';
  g_free (named);
  named = g_strdup_printf ("[\"join_room\",\"%s\"]", name);
  vm_signal_unref (parse (state, named, NULL));
  /* of another room */
  fails (state, "[\"offer\",{\"room\":\"room2\",\"offer\":" OFFER "}]",
      VM_ERROR_UNROUTABLE);
  fails (state, "[\"leave_room\",\"room2\"]", VM_ERROR_UNROUTABLE);
  dialect->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_errors)
{
  gpointer state = inside ();
  g_autoptr (GError) full =
      g_error_new (VM_ERROR, VM_ERROR_MEETING_FULL, "All seats are taken");
  g_autoptr (VmSignal) error = vm_signal_new_error (full, 3);
  g_autoptr (VmSignal) chat = vm_signal_new (VM_SIGNAL_CHAT);
  g_autoptr (VmSignal) said = parse (state, "[\"error\",7]", NULL);

  writes (state, error,
      "[\"error\",{\"code\":\"MEETING_FULL\","
      "\"message\":\"All seats are taken\"}]");
  writes (state, chat, NULL);
  fail_unless_equals_int (said->type, VM_SIGNAL_ERROR);
  dialect->state_free (state);
}

GST_END_TEST;

static Suite *
socketevents_suite (void)
{
  Suite *s = suite_create ("socketevents");
  TCase *tc = tcase_create ("socketevents");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_rooms);
  tcase_add_test (tc, test_relay_keeps_the_bytes);
  tcase_add_test (tc, test_two_without_targets);
  tcase_add_test (tc, test_offer_to_who_has_offered);
  tcase_add_test (tc, test_offers_without_targets);
  tcase_add_test (tc, test_answers_without_targets);
  tcase_add_test (tc, test_exchanges);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_errors);
  return s;
}

CHECK_PROGRAM (socketevents)
