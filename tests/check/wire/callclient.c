/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A client of calls, against the tables of protocol/calls.md. */

#include "program.h"

#include <gst/videomeet/wire/call/callclient.h>
#include <string.h>

#define OFFER "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"v=1\\r\\n\"}"
#define CALLED                                                          \
  "{\"type\":\"call-offer\",\"toId\":\"ann\",\"callId\":\"c5\",\"offer" \
  "\":" OFFER                                                           \
  ",\"callType\":\"audio\",\"fromUsername\":\"Bob\",\"fromId\":\"bob\"}"

static const VmDialect *const dialect = &vm_dialect_call_client;
static gpointer state;

static VmSignal *
hears (const gchar *text)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  VmSignal *signal = dialect->parse (state, bytes, &error);

  g_assert_no_error (error);
  return signal;
}

static void
hears_nothing (const gchar *text)
{
  g_autoptr (VmSignal) signal = hears (text);

  fail_unless (signal == NULL, "%s", text);
}

/* "type:state", and the code. */
static void
hears_as (const gchar *text, VmSignalType type, const gchar *detail)
{
  g_autoptr (VmSignal) signal = hears (text);

  fail_unless (signal != NULL, "nothing in %s", text);
  fail_unless_equals_int (signal->type, type);
  fail_unless_equals_string (
      signal->code ? signal->code : signal->state, detail);
}

static void
is_text (GBytes *bytes, const gchar *text)
{
  gsize size = 0;
  const gchar *data = bytes ? g_bytes_get_data (bytes, &size) : NULL;
  g_autofree gchar *written = data ? g_strndup (data, size) : NULL;

  fail_unless_equals_string (written, text);
}

static void
writes (const VmSignal *signal, const gchar *text)
{
  g_autoptr (GBytes) bytes = dialect->format (state, signal);

  is_text (bytes, text);
}

/* A description for @to, as a device makes it. */
static VmSignal *
describe (VmSignalType type, const gchar *to, const gchar *sdp)
{
  VmSignal *signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  signal->generation = 1;
  vm_signal_set_text (signal, &signal->sdp, sdp);
  vm_signal_set_text (signal, &signal->session, "s-1");
  return signal;
}

static void
setup (void)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *me = vm_signal_add_participant (hello);
  g_autoptr (VmSignal) welcome = NULL;

  state = dialect->state_new ();
  hello->meeting = g_strdup ("ann");
  me->user = g_strdup ("Ann");
  hears_nothing ("{\"type\":\"id\",\"id\":\"peer-a-id\"}");
  writes (
      hello, "{\"type\":\"register\",\"userId\":\"ann\",\"username\":\"Ann\"}");
  welcome = hears (
      "{\"type\":\"registered\",\"userId\":\"ann\",\"username\":\"Ann\"}");
  fail_unless_equals_int (welcome->type, VM_SIGNAL_WELCOME);
  fail_unless_equals_string (welcome->meeting, "ann");
  fail_unless_equals_int (welcome->participants->len, 0);
}

static void
teardown (void)
{
  dialect->state_free (state);
}

/* Bob is called, and an offer is made to him. */
static gchar *
dial (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) joined =
      vm_call_client_dial (state, "bob", "c5", VM_CALL_TYPE_VIDEO, &error);
  const VmSignalParticipant *who;
  g_autoptr (VmSignal) offer = NULL;

  g_assert_no_error (error);
  who = g_ptr_array_index (joined->participants, 0);
  fail_unless_equals_string (who->user, "bob");
  offer = describe (VM_SIGNAL_OFFER, who->id, "v=0\r\n");
  writes (offer,
      "{\"type\":\"call-offer\",\"toId\":\"bob\",\"callId\":\"c5\","
      "\"offer\":" OFFER ",\"callType\":\"video\",\"fromUsername\":\"Ann\"}");
  /* once a call */
  writes (offer, NULL);
  return g_strdup (who->id);
}

GST_START_TEST (test_calling)
{
  g_autofree gchar *bob = dial ();
  g_autoptr (VmSignal) candidate = describe (VM_SIGNAL_CANDIDATE, bob, "");
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (VmSignal) heard = NULL;
  g_autofree gchar *session = NULL;

  vm_signal_set_text (candidate, &candidate->candidate, "candidate:1");
  candidate->sdp_mline_index = 0;
  writes (candidate,
      "{\"type\":\"ice-candidate\",\"toId\":\"bob\",\"candidate\":{"
      "\"candidate\":\"candidate:1\",\"sdpMLineIndex\":0},\"callId\":\"c5\"}");
  answer =
      hears ("{\"type\":\"call-answer\",\"toId\":\"ann\",\"callId\":\"c5\","
             "\"answer\":" ANSWER ",\"fromId\":\"bob\"}");
  session = vm_span_to_string (answer->session);
  fail_unless_equals_string (answer->from, bob);
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_int64 (answer->generation, 1);
  heard = hears ("{\"type\":\"ice-candidate\",\"toId\":\"ann\",\"candidate\":{"
                 "\"candidate\":\"c\"},\"callId\":\"c5\",\"fromId\":\"bob\"}");
  fail_unless_equals_string (heard->from, bob);
  hears_nothing (
      "{\"type\":\"call-end\",\"callId\":\"c4\",\"fromId\":\"bob\"}");
  hears_as ("{\"type\":\"call-end\",\"callId\":\"c5\",\"fromId\":\"bob\"}",
      VM_SIGNAL_PARTICIPANT_LEFT, NULL);
  hears_nothing (
      "{\"type\":\"call-end\",\"callId\":\"c5\",\"fromId\":\"bob\"}");
}

GST_END_TEST;

/* Each reason has a code of its own, and another call can be made. */
GST_START_TEST (test_what_becomes_of_it)
{
  static const struct
  {
    const gchar *text;
    const gchar *code;
  } rows[] = {
    { "{\"type\":\"call-reject\",\"callId\":\"c5\",\"fromId\":\"bob\"}",
        "DECLINED" },
    { "{\"type\":\"call-failed\",\"callId\":\"c5\",\"reason\":\"busy\"}",
        "DECLINED" },
    { "{\"type\":\"call-failed\",\"callId\":\"c5\",\"reason\":\"offline\"}",
        "NOT_FOUND" },
    { "{\"type\":\"call-failed\",\"callId\":\"c5\",\"reason\":\"timeout\"}",
        "TIMEOUT" },
    { "{\"type\":\"error\",\"code\":\"RATE_LIMITED\",\"message\":\"no\"}",
        "RATE_LIMITED" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_free (dial ());
    hears_as (rows[i].text, VM_SIGNAL_PARTICIPANT_LEFT, rows[i].code);
  }
  hears_as ("{\"type\":\"error\",\"code\":\"USER_TAKEN\",\"message\":\"no\"}",
      VM_SIGNAL_ERROR, "USER_TAKEN");
}

GST_END_TEST;

GST_START_TEST (test_accepting)
{
  g_autoptr (VmSignal) ringing = hears (CALLED);
  const VmSignalParticipant *who = g_ptr_array_index (ringing->participants, 0);
  g_autoptr (GPtrArray) signals = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (VmSignal) anew = NULL;
  const VmSignal *offer;

  fail_unless_equals_string (ringing->state, VM_CALL_RINGING);
  fail_unless_equals_string (who->alias, "bob");
  fail_unless_equals_string (who->user, "Bob");
  fail_unless_equals_int (who->call_type, VM_CALL_TYPE_AUDIO);
  /* at the limit, and beyond */
  for (guint i = 0; i <= VM_CALL_CANDIDATES_MAX; i++)
    hears_nothing ("{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":"
                   "\"c\"},\"callId\":\"c5\",\"fromId\":\"bob\"}");
  signals = vm_call_client_accept (state, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (signals->len, 2 + VM_CALL_CANDIDATES_MAX);
  fail_unless_equals_int (
      ((VmSignal *) signals->pdata[0])->type, VM_SIGNAL_PARTICIPANT_JOINED);
  offer = signals->pdata[1];
  fail_unless_equals_int (offer->type, VM_SIGNAL_OFFER);
  fail_unless_equals_string (
      ((VmSignal *) signals->pdata[2])->from, offer->from);
  answer = describe (VM_SIGNAL_ANSWER, offer->from, "v=1\r\n");
  writes (answer, "{\"type\":\"call-answer\",\"toId\":\"bob\",\"callId\":"
                  "\"c5\",\"answer\":" ANSWER "}");
  fail_unless (vm_call_client_accept (state, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  /* with another camera, in the connection there is */
  anew = hears (CALLED);
  fail_unless_equals_int (anew->type, VM_SIGNAL_OFFER);
  fail_unless_equals_string (anew->from, offer->from);
  fail_unless (anew->generation > offer->generation);
  writes (answer, "{\"type\":\"call-answer\",\"toId\":\"bob\",\"callId\":"
                  "\"c5\",\"answer\":" ANSWER "}");
}

GST_END_TEST;

GST_START_TEST (test_rejecting_and_missing)
{
  g_autoptr (GBytes) reject = NULL;
  g_autoptr (GError) error = NULL;

  hears_as (CALLED, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
  reject = vm_call_client_reject (state, NULL);
  is_text (
      reject, "{\"type\":\"call-reject\",\"toId\":\"bob\",\"callId\":\"c5\"}");
  fail_unless (vm_call_client_reject (state, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  hears_as (CALLED, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
  hears_as ("{\"type\":\"call-end\",\"callId\":\"c5\",\"fromId\":\"bob\"}",
      VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_MISSED);
  fail_unless (vm_call_client_accept (state, NULL) == NULL);
}

GST_END_TEST;

/* The server asks whether the two still talk, by another's offer. */
GST_START_TEST (test_called_while_talking)
{
  const gchar *called = "{\"type\":\"call-offer\",\"toId\":\"ann\","
                        "\"callId\":\"c9\",\"offer\":" OFFER
                        ",\"callType\":\"audio\",\"fromId\":\"carl\"}";
  g_autofree gchar *bob = dial ();
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (GBytes) refusal = NULL;
  g_autoptr (GBytes) bytes = NULL;

  /* while it rings the server knows */
  hears_nothing (called);
  answer = hears ("{\"type\":\"call-answer\",\"toId\":\"ann\",\"callId\":"
                  "\"c5\",\"answer\":" ANSWER ",\"fromId\":\"bob\"}");
  fail_unless (answer != NULL);
  hears_as (called, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_REFUSED);
  refusal = vm_call_client_take_refusal (state);
  is_text (refusal, "{\"type\":\"call-reject\",\"toId\":\"carl\",\"callId\":"
                    "\"c9\",\"reason\":\"busy\"}");
  fail_unless (vm_call_client_take_refusal (state) == NULL);
  /* one that was not said any more is no harm */
  hears_as (called, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_REFUSED);
  fail_unless (vm_call_client_end (state, &bytes, &left, NULL));
  hears_as (called, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
}

GST_END_TEST;

GST_START_TEST (test_ending)
{
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (VmSignal) left = NULL;
  g_autoptr (VmSignal) joined = NULL;
  g_autoptr (GError) error = NULL;

  writes (bye, NULL);
  fail_if (vm_call_client_end (state, &bytes, &left, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_free (dial ());
  writes (bye, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c5\"}");
  fail_unless (vm_call_client_end (state, &bytes, &left, NULL));
  is_text (bytes, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c5\"}");
  fail_unless_equals_int (left->type, VM_SIGNAL_PARTICIPANT_LEFT);
  g_clear_pointer (&bytes, g_bytes_unref);
  g_clear_pointer (&left, vm_signal_unref);
  /* nobody has heard of it yet */
  joined = vm_call_client_dial (state, "bob", "c6", VM_CALL_TYPE_VIDEO, NULL);
  fail_unless (joined != NULL);
  fail_unless (vm_call_client_end (state, &bytes, &left, NULL));
  fail_unless (bytes == NULL);
}

GST_END_TEST;

/* Of two that cross the lower id lives; the server says which does not. */
GST_START_TEST (test_crossed)
{
  g_autoptr (GPtrArray) signals = NULL;

  g_free (dial ());
  hears_nothing ("{\"type\":\"call-offer\",\"callId\":\"c6\",\"offer\":" OFFER
                 ",\"fromId\":\"bob\"}");
  hears_nothing (
      "{\"type\":\"call-end\",\"callId\":\"c6\",\"fromId\":\"bob\"}");
  hears_nothing ("{\"type\":\"call-offer\",\"callId\":\"c4\",\"offer\":" OFFER
                 ",\"fromId\":\"carl\"}");
  hears_as ("{\"type\":\"call-offer\",\"callId\":\"c4\",\"offer\":" OFFER
            ",\"fromId\":\"bob\"}",
      VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
  fail_unless (vm_call_client_accept (state, NULL) == NULL);
  hears_as ("{\"type\":\"call-failed\",\"callId\":\"c5\",\"reason\":\"busy\"}",
      VM_SIGNAL_PARTICIPANT_LEFT, "DECLINED");
  signals = vm_call_client_accept (state, NULL);
  fail_unless (signals != NULL);
}

GST_END_TEST;

/* The server is lost and back: what it is told of the call, and what becomes of
 * it. */
static void
registers (const gchar *going_on)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *me = vm_signal_add_participant (hello);
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"register\",\"userId\":\"ann\",\"username\":\"Ann\"%s}",
      going_on);
  g_autoptr (VmSignal) welcome = NULL;

  me->user = g_strdup ("Ann");
  hello->meeting = g_strdup ("ann");
  writes (hello, text);
  welcome = hears ("{\"type\":\"registered\",\"userId\":\"ann\","
                   "\"iceServers\":[{\"urls\":\"stun:h\"},{\"urls\":7}]}");
  fail_unless_equals_int (welcome->type, VM_SIGNAL_WELCOME);
  fail_unless (welcome->resumed);
  fail_unless_equals_int (g_strv_length (welcome->ice.uris), 1);
}

static void
loses (const gchar *detail)
{
  g_autoptr (VmSignal) signal = vm_call_client_lose (state);

  fail_unless_equals_string (
      signal ? signal->code ? signal->code : signal->state : NULL, detail);
}

GST_START_TEST (test_server_lost)
{
  g_autoptr (GBytes) end = NULL;
  g_autoptr (GBytes) owed = NULL;
  g_autoptr (VmSignal) left = NULL;

  loses (NULL);
  registers ("");
  g_free (dial ());
  loses ("DISCONNECTED");
  registers ("");
  g_free (dial ());
  vm_signal_unref (
      hears ("{\"type\":\"call-answer\",\"toId\":\"ann\",\"callId\":\"c5\","
             "\"answer\":" ANSWER ",\"fromId\":\"bob\"}"));
  loses (NULL);
  registers (",\"toId\":\"bob\",\"callId\":\"c5\"");
  fail_unless (vm_call_client_take_owed (state) == NULL);
  vm_call_client_owe_end (state);
  fail_unless (vm_call_client_end (state, &end, &left, NULL));
  /* it has to be in the call to end it */
  registers (",\"toId\":\"bob\",\"callId\":\"c5\"");
  owed = vm_call_client_take_owed (state);
  is_text (owed, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c5\"}");
  registers ("");
  fail_unless (vm_call_client_take_owed (state) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_server_lost_when_called)
{
  g_autoptr (GPtrArray) signals = NULL;
  g_autoptr (VmSignal) answer = NULL;

  hears_as (CALLED, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
  loses (VM_CALL_MISSED);
  fail_if (vm_call_client_accept (state, NULL));
  hears_as (CALLED, VM_SIGNAL_PARTICIPANT_STATE, VM_CALL_RINGING);
  signals = vm_call_client_accept (state, NULL);
  answer = describe (VM_SIGNAL_ANSWER, "p001", "v=1\r\n");
  g_bytes_unref (dialect->format (state, answer));
  loses (NULL);
  registers (",\"toId\":\"bob\",\"callId\":\"c5\"");
}

GST_END_TEST;

static Suite *
callclient_suite (void)
{
  Suite *s = suite_create ("callclient");
  TCase *tc = tcase_create ("callclient");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_calling);
  tcase_add_test (tc, test_what_becomes_of_it);
  tcase_add_test (tc, test_accepting);
  tcase_add_test (tc, test_rejecting_and_missing);
  tcase_add_test (tc, test_called_while_talking);
  tcase_add_test (tc, test_ending);
  tcase_add_test (tc, test_crossed);
  tcase_add_test (tc, test_server_lost);
  tcase_add_test (tc, test_server_lost_when_called);
  return s;
}

CHECK_PROGRAM (callclient)
