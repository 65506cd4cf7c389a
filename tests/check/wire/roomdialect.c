/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect, against the tables and examples of
 * protocol/rooms.md#room-messages. */

#include "program.h"

#include <gst/videomeet/wire/dialect.h>
#include <string.h>

static const VmDialect *const server = &vm_dialect_room;
static const VmDialect *const client = &vm_dialect_room_client;

static VmSignal *
parse (
    const VmDialect *dialect, gpointer state, const gchar *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return dialect->parse (state, bytes, error);
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

/* That @signal is written so; @text NULL: that there is no such message. */
static void
writes (const VmDialect *dialect, gpointer state, const VmSignal *signal,
    const gchar *text)
{
  g_autofree gchar *written = to_text (dialect->format (state, signal));

  fail_unless_equals_string (written, text);
}

static void
add (VmSignal *signal, const gchar *id, const gchar *alias)
{
  VmSignalParticipant *who = vm_signal_add_participant (signal);

  who->id = g_strdup (id);
  who->alias = g_strdup (alias);
}

/* A server's end of peer-b's connection, in a room with peer-a and a native. */
static gpointer
inside (void)
{
  gpointer state = server->state_new ();
  g_autoptr (VmSignal) welcome = vm_signal_new (VM_SIGNAL_WELCOME);

  g_bytes_unref (vm_dialect_room_greet (state, "peer-b-id"));
  welcome->id = g_strdup ("p003");
  welcome->meeting = g_strdup ("room-123");
  add (welcome, "p001", NULL);
  add (welcome, "p002", "peer-a-id");
  writes (server, state, welcome,
      "{\"type\":\"joined\",\"roomId\":\"room-123\",\"peerId\":\"peer-b-id\","
      "\"peers\":[\"p001\",\"peer-a-id\"]}");
  return state;
}

GST_START_TEST (test_joining_a_room)
{
  gpointer state = server->state_new ();
  g_autofree gchar *id = to_text (vm_dialect_room_greet (state, "peer-a-id"));
  g_autoptr (VmSignal) join = parse (
      server, state, "{\"type\":\"join\",\"roomId\":\"room-123\"}", NULL);
  g_autoptr (VmSignal) welcome = vm_signal_new (VM_SIGNAL_WELCOME);
  g_autoptr (VmSignal) joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);
  g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);
  g_autoptr (VmSignal) leave = NULL;

  fail_unless_equals_string (id, "{\"type\":\"id\",\"id\":\"peer-a-id\"}");
  fail_unless_equals_int (join->type, VM_SIGNAL_HELLO);
  fail_unless_equals_string (join->meeting, "room-123");
  welcome->id = g_strdup ("p001");
  welcome->meeting = g_strdup ("room-123");
  writes (server, state, welcome,
      "{\"type\":\"joined\",\"roomId\":\"room-123\",\"peerId\":\"peer-a-id\","
      "\"peers\":[]}");
  add (joined, "p002", "peer-b-id");
  writes (server, state, joined,
      "{\"type\":\"peer-joined\",\"peerId\":\"peer-b-id\"}");
  left->id = g_strdup ("p002");
  writes (
      server, state, left, "{\"type\":\"peer-left\",\"peerId\":\"peer-b-id\"}");
  leave = parse (server, state, "{\"type\":\"leave\"}", NULL);
  fail_unless_equals_int (leave->type, VM_SIGNAL_BYE);
  server->state_free (state);
}

GST_END_TEST;

/* What JSON.stringify makes of RTCSessionDescription and RTCIceCandidate. */
#define SDP "\"v=0\\r\\no=- 123456789 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\n\""
#define OFFER "{\"type\":\"offer\",\"sdp\":" SDP "}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":" SDP "}"
#define CANDIDATE                                                         \
  "{\"candidate\":\"candidate:1 1 udp 2113937151 192.168.1.10 54321 typ " \
  "host\",\"sdpMid\":\"0\",\"sdpMLineIndex\":0,\"usernameFragment\":\"abcd\"}"

/* Between two clients of the dialect nothing but the address changes. */
static void
check_relay (const gchar *head, const gchar *object, VmSignalType type)
{
  gpointer a = inside (), b = inside ();
  g_autofree gchar *sent =
      g_strdup_printf ("{%s:%s,\"targetId\":\"peer-a-id\"}", head, object);
  g_autofree gchar *wanted =
      g_strdup_printf ("{%s:%s,\"senderId\":\"peer-a-id\"}", head, object);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = parse (server, a, sent, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (signal->type, type);
  fail_unless_equals_string (signal->to, "p002");
  signal->from = g_strdup ("p002");
  writes (server, b, signal, wanted);
  server->state_free (a);
  server->state_free (b);
}

GST_START_TEST (test_relay_keeps_the_bytes)
{
  check_relay ("\"type\":\"offer\",\"offer\"", OFFER, VM_SIGNAL_OFFER);
  check_relay ("\"type\":\"answer\",\"answer\"", ANSWER, VM_SIGNAL_ANSWER);
  check_relay ("\"type\":\"ice-candidate\",\"candidate\"", CANDIDATE,
      VM_SIGNAL_CANDIDATE);
  /* other fields, blanks and escapes of its own too */
  check_relay ("\"type\":\"offer\",\"offer\"",
      "{ \"sdp\" : \"v=0\\u000d\\u000a\", \"toJSON\":{}}", VM_SIGNAL_OFFER);
  /* no candidates any more, as some pages say it */
  check_relay (
      "\"type\":\"ice-candidate\",\"candidate\"", "null", VM_SIGNAL_CANDIDATE);
  check_relay ("\"type\":\"ice-candidate\",\"candidate\"",
      "{\"candidate\":\"\",\"sdpMid\":\"0\"}", VM_SIGNAL_CANDIDATE);
}

GST_END_TEST;

GST_START_TEST (test_to_native)
{
  gpointer state = inside ();
  g_autoptr (VmSignal) offer = parse (server, state,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p001\"}", NULL);
  g_autoptr (VmSignal) candidate = parse (server, state,
      "{\"type\":\"ice-candidate\",\"candidate\":" CANDIDATE
      ",\"targetId\":\"p001\"}",
      NULL);
  g_autoptr (VmSignal) again = parse (server, state,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p001\"}", NULL);
  g_autofree gchar *first_session = vm_span_to_string (offer->session);
  g_autofree gchar *same = vm_span_to_string (candidate->session);
  g_autofree gchar *next = vm_span_to_string (again->session);
  g_autofree gchar *sdp = g_strndup (offer->sdp.data, offer->sdp.size);

  fail_unless_equals_string (offer->to, "p001");
  fail_unless_equals_string (sdp, SDP);
  fail_unless_equals_int64 (offer->generation, 1);
  fail_unless_equals_string (same, first_session);
  fail_unless_equals_int64 (candidate->generation, 1);
  fail_unless_equals_int64 (candidate->sdp_mline_index, 0);
  /* a second offer is a new exchange, not a stale one */
  fail_unless_equals_int64 (again->generation, 2);
  fail_if (strcmp (next, first_session) == 0);
  server->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_from_native)
{
  gpointer state = inside ();
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) candidate = vm_signal_new (VM_SIGNAL_CANDIDATE);
  g_autoptr (VmSignal) end = vm_signal_new (VM_SIGNAL_CANDIDATE);
  g_autoptr (VmSignal) answer = NULL;
  g_autofree gchar *session = NULL;

  offer->from = g_strdup ("p001");
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  vm_signal_set_text (offer, &offer->session, "s-1");
  offer->generation = 7;
  writes (server, state, offer,
      "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"
      ",\"senderId\":\"p001\"}");
  candidate->from = g_strdup ("p001");
  vm_signal_set_text (candidate, &candidate->candidate, "candidate:1");
  candidate->sdp_mline_index = 1;
  writes (server, state, candidate,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"candidate:1\""
      ",\"sdpMLineIndex\":1},\"senderId\":\"p001\"}");
  /* RTCIceCandidate wants a place, and has no end */
  candidate->sdp_mline_index = -1;
  writes (server, state, candidate,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"candidate:1\""
      ",\"sdpMLineIndex\":0},\"senderId\":\"p001\"}");
  end->from = g_strdup ("p001");
  vm_signal_set_text (end, &end->candidate, "");
  writes (server, state, end, NULL);
  /* the answer belongs to the offer that went out last */
  answer = parse (server, state,
      "{\"type\":\"answer\",\"answer\":" ANSWER ",\"targetId\":\"p001\"}",
      NULL);
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_int64 (answer->generation, 7);
  server->state_free (state);
}

GST_END_TEST;

/* The base protocol has no such messages: its pages hear nothing of them. */
GST_START_TEST (test_what_the_dialect_has_not)
{
  const VmSignalType types[] = { VM_SIGNAL_CHAT, VM_SIGNAL_PRESENCE,
    VM_SIGNAL_HAND, VM_SIGNAL_MUTE_REQUEST, VM_SIGNAL_KICK, VM_SIGNAL_LOCK,
    VM_SIGNAL_RESTART, VM_SIGNAL_PARTICIPANT_STATE, VM_SIGNAL_MEETING_STATE,
    VM_SIGNAL_BYE, VM_SIGNAL_ACK };
  gpointer state = inside ();

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (VmSignal) signal = vm_signal_new (types[i]);

    signal->from = g_strdup ("p001");
    writes (server, state, signal, NULL);
  }
  server->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_errors)
{
  gpointer state = inside ();
  g_autoptr (GError) full =
      g_error_new (VM_ERROR, VM_ERROR_MEETING_FULL, "All seats are taken");
  g_autoptr (VmSignal) error = vm_signal_new_error (full, 3);
  g_autoptr (VmSignal) nobody = parse (server, state,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"peer-x\"}", NULL);
  g_autoptr (VmSignal) said = NULL;

  writes (server, state, error,
      "{\"type\":\"error\",\"code\":\"MEETING_FULL\","
      "\"message\":\"All seats are taken\"}");
  /* for the room model to find nobody by it */
  fail_unless_equals_string (nobody->to, "peer-x");
  /* never answered by an error, so never wrong */
  said = parse (server, state, "{\"type\":\"error\",\"code\":7}", NULL);
  fail_unless_equals_int (said->type, VM_SIGNAL_ERROR);
  server->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  g_autofree gchar *sdp = g_strnfill (VM_SIGNAL_SDP_MAX + 1, 'x');
  g_autofree gchar *large = g_strdup_printf (
      "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"%s\"},"
      "\"targetId\":\"p001\"}",
      sdp);
  g_autofree gchar *name = g_strnfill (VM_SIGNAL_NAME_MAX + 1, 'x');
  g_autofree gchar *named =
      g_strdup_printf ("{\"type\":\"join\",\"roomId\":\"%s\"}", name);
  const gchar *bad[] = { "", "{}", "[]", "5", "{\"type\":\"dance\"}",
    "{\"type\":1}", "{\"type\":null}", "{\"type\":\"join\"}",
    "{\"type\":\"join\",\"roomId\":\"\"}", "{\"type\":\"join\",\"roomId\":7}",
    "{\"type\":\"join\",\"roomId\":\"a\\u0007\"}", named,
    "{\"type\":\"id\",\"id\":\"x\"}", "{\"type\":\"joined\"}",
    "{\"type\":\"peer-left\",\"peerId\":\"p001\"}", "{\"type\":\"offer\"}",
    "{\"type\":\"offer\",\"offer\":\"v=0\",\"targetId\":\"p001\"}",
    "{\"type\":\"offer\",\"offer\":null,\"targetId\":\"p001\"}",
    "{\"type\":\"offer\",\"offer\":{},\"targetId\":\"p001\"}",
    "{\"type\":\"offer\",\"offer\":{\"sdp\":1},\"targetId\":\"p001\"}",
    "{\"type\":\"offer\",\"offer\":" ANSWER ",\"targetId\":\"p001\"}",
    "{\"type\":\"offer\",\"offer\":" OFFER "}",
    "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":null}",
    "{\"type\":\"answer\",\"offer\":" ANSWER ",\"targetId\":\"p001\"}",
    "{\"type\":\"ice-candidate\",\"targetId\":\"p001\"}",
    "{\"type\":\"ice-candidate\",\"candidate\":[],\"targetId\":\"p001\"}",
    "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":1},"
    "\"targetId\":\"p001\"}",
    "{\"type\":\"ice-candidate\",\"candidate\":{\"sdpMLineIndex\":1024},"
    "\"targetId\":\"p001\"}",
    large };
  gpointer state = inside ();

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (parse (server, state, bad[i], &error) == NULL, "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  sdp[VM_SIGNAL_SDP_MAX] = '\0';
  {
    g_autofree gchar *largest = g_strdup_printf (
        "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"%s\"},"
        "\"targetId\":\"p001\"}",
        sdp);
    g_autoptr (VmSignal) offer = parse (server, state, largest, NULL);

    fail_unless (offer != NULL);
  }
  server->state_free (state);
}

GST_END_TEST;

/* The other end: this device in somebody else's room. */

static void
hears_nothing (gpointer state, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = parse (client, state, text, &error);

  g_assert_no_error (error);
  fail_unless (signal == NULL, "%s", text);
}

static gpointer
client_inside (void)
{
  gpointer state = client->state_new ();
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autoptr (VmSignal) welcome = NULL;
  const VmSignalParticipant *who;

  hears_nothing (state, "{\"type\":\"id\",\"id\":\"peer-b-id\"}");
  hello->meeting = g_strdup ("room-123");
  writes (client, state, hello, "{\"type\":\"join\",\"roomId\":\"room-123\"}");
  welcome = parse (client, state,
      "{\"type\":\"joined\",\"roomId\":\"room-123\",\"peerId\":\"peer-b-id\","
      "\"peers\":[\"peer-a-id\"]}",
      NULL);
  fail_unless_equals_int (welcome->type, VM_SIGNAL_WELCOME);
  fail_unless_equals_string (welcome->id, "p002");
  fail_unless_equals_string (welcome->meeting_id, "room-123");
  fail_unless_equals_int (welcome->participants->len, 1);
  who = g_ptr_array_index (welcome->participants, 0);
  fail_unless_equals_string (who->id, "p001");
  fail_unless_equals_string (who->user, "peer-a-id");
  return state;
}

GST_START_TEST (test_client_counts_by_arrival)
{
  gpointer state = client_inside ();
  g_autoptr (VmSignal) joined = parse (
      client, state, "{\"type\":\"peer-joined\",\"peerId\":\"0\"}", NULL);
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (VmSignal) again = NULL;
  const VmSignalParticipant *who = g_ptr_array_index (joined->participants, 0);

  fail_unless_equals_string (who->id, "p003");
  left =
      parse (client, state, "{\"type\":\"peer-left\",\"peerId\":\"0\"}", NULL);
  fail_unless_equals_string (left->id, "p003");
  again = parse (
      client, state, "{\"type\":\"peer-joined\",\"peerId\":\"0\"}", NULL);
  who = g_ptr_array_index (again->participants, 0);
  fail_unless_equals_string (who->id, "p004");
  /* nobody twice, and not oneself */
  hears_nothing (state, "{\"type\":\"peer-joined\",\"peerId\":\"0\"}");
  hears_nothing (state, "{\"type\":\"peer-joined\",\"peerId\":\"peer-b-id\"}");
  hears_nothing (state, "{\"type\":\"peer-left\",\"peerId\":\"x\"}");
  hears_nothing (state, "{\"type\":\"joined\",\"peers\":[\"y\"]}");
  hears_nothing (state, "{\"type\":\"weather\",\"is\":\"fine\"}");
  client->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_client_answers)
{
  gpointer state = client_inside ();
  g_autoptr (VmSignal) offer = parse (client, state,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"senderId\":\"peer-a-id\"}",
      NULL);
  g_autoptr (VmSignal) candidate = parse (client, state,
      "{\"type\":\"ice-candidate\",\"candidate\":" CANDIDATE
      ",\"senderId\":\"peer-a-id\"}",
      NULL);
  g_autoptr (VmSignal) answer = vm_signal_new (VM_SIGNAL_ANSWER);
  g_autoptr (VmSignal) leave = vm_signal_new (VM_SIGNAL_BYE);
  g_autoptr (VmSignal) state_of = vm_signal_new (VM_SIGNAL_PARTICIPANT_STATE);
  g_autofree gchar *one = vm_span_to_string (offer->session);
  g_autofree gchar *other = vm_span_to_string (candidate->session);

  fail_unless_equals_string (offer->from, "p001");
  fail_unless_equals_string (one, other);
  fail_unless_equals_int64 (offer->generation, candidate->generation);
  answer->to = g_strdup ("p001");
  vm_signal_set_text (answer, &answer->sdp, "v=0");
  writes (client, state, answer,
      "{\"type\":\"answer\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"},"
      "\"targetId\":\"peer-a-id\"}");
  writes (client, state, state_of, NULL);
  writes (client, state, leave, "{\"type\":\"leave\"}");
  hears_nothing (state,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"senderId\":\"nobody\"}");
  client->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_client_offers)
{
  gpointer state = client_inside ();
  g_autoptr (VmSignal) joined = parse (
      client, state, "{\"type\":\"peer-joined\",\"peerId\":\"c\"}", NULL);
  g_autoptr (VmSignal) offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autoptr (VmSignal) answer = NULL;
  g_autofree gchar *session = NULL;

  offer->to = g_strdup ("p003");
  vm_signal_set_text (offer, &offer->sdp, "v=0");
  vm_signal_set_text (offer, &offer->session, "ours");
  offer->generation = 4;
  writes (client, state, offer,
      "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\"},"
      "\"targetId\":\"c\"}");
  answer = parse (client, state,
      "{\"type\":\"answer\",\"answer\":" ANSWER ",\"senderId\":\"c\"}", NULL);
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (session, "ours");
  fail_unless_equals_int64 (answer->generation, 4);
  offer->to[0] = 'x';
  writes (client, state, offer, NULL);
  client->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_client_is_told_what_is_wrong)
{
  gpointer state = client->state_new ();
  const gchar *errors[] = {
    "{\"type\":\"error\",\"code\":\"WRONG_PIN\",\"message\":\"no\"}",
    "{\"type\":\"error\",\"code\":5,\"message\":\"a\\u0007\"}",
    "{\"type\":\"error\"}",
    "{\"type\":\"error\",\"code\":\"\\u001b]0;x\\u0007\"}",
  };
  const VmError codes[] = { VM_ERROR_WRONG_PIN, VM_ERROR_FAILED,
    VM_ERROR_FAILED, VM_ERROR_FAILED };
  const gchar *bad[] = { "{\"type\":\"joined\",\"peers\":5}",
    "{\"type\":\"joined\",\"peers\":[5]}", "{\"type\":\"joined\",\"peerId\":5}",
    "{\"type\":\"joined\",\"roomId\":\"a\\u001b\"}",
    "{\"type\":\"peer-joined\"}", "{\"type\":\"peer-left\",\"peerId\":{}}",
    "{\"type\":\"offer\",\"offer\":" OFFER "}", "{\"type\":\"id\",\"id\":5}" };

  for (guint i = 0; i < G_N_ELEMENTS (errors); i++) {
    g_autoptr (VmSignal) signal = parse (client, state, errors[i], NULL);
    g_autoptr (GError) error = vm_signal_get_error (signal);

    g_assert_error (error, VM_ERROR, codes[i]);
    fail_if (strpbrk (error->message, "\033\007"));
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (parse (client, state, bad[i], &error) == NULL, "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  client->state_free (state);
}

GST_END_TEST;

GST_START_TEST (test_client_bounds_a_room)
{
  gpointer state = client_inside ();

  for (guint i = 1; i <= VM_SIGNAL_ROSTER_MAX + 1; i++) {
    g_autofree gchar *text =
        g_strdup_printf ("{\"type\":\"peer-joined\",\"peerId\":\"n%u\"}", i);
    g_autoptr (VmSignal) signal = parse (client, state, text, NULL);

    /* peer-a-id is there already */
    fail_unless (!!signal == (i < VM_SIGNAL_ROSTER_MAX), "%u", i);
  }
  client->state_free (state);
}

GST_END_TEST;

static Suite *
roomdialect_suite (void)
{
  Suite *s = suite_create ("roomdialect");
  TCase *tc = tcase_create ("roomdialect");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_joining_a_room);
  tcase_add_test (tc, test_relay_keeps_the_bytes);
  tcase_add_test (tc, test_to_native);
  tcase_add_test (tc, test_from_native);
  tcase_add_test (tc, test_what_the_dialect_has_not);
  tcase_add_test (tc, test_errors);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_client_counts_by_arrival);
  tcase_add_test (tc, test_client_answers);
  tcase_add_test (tc, test_client_offers);
  tcase_add_test (tc, test_client_is_told_what_is_wrong);
  tcase_add_test (tc, test_client_bounds_a_room);
  return s;
}

CHECK_PROGRAM (roomdialect)
