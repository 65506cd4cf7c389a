/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The messages of calls, against the tables of protocol/calls.md#call-messages,
 * and what protocol/calls.md adds to them. */

#include "program.h"

#include <gst/videomeet/wire/call/call.h>
#include <string.h>

#define SERVER VM_CALL_SIDE_SERVER
#define CLIENT VM_CALL_SIDE_CLIENT

#define SDP "\"v=0\\r\\no=- 123456789 2 IN IP4 127.0.0.1\\r\\ns=-\\r\\n\""
/* The base protocol's own tables, with what stands for "..." there. */
#define OFFER                                                        \
  "{\"type\":\"call-offer\",\"toId\":\"user123\",\"callId\":\"call_" \
  "1701234567890\",\"offer\":{\"type\":\"offer\",\"sdp\":" SDP       \
  "},\"callType\":\"video\",\"fromUsername\":\"Alice\"}"
#define ANSWER                                                        \
  "{\"type\":\"call-answer\",\"toId\":\"user456\",\"callId\":\"call_" \
  "1701234567890\",\"answer\":{\"type\":\"answer\",\"sdp\":" SDP "}}"
#define CANDIDATE                                                        \
  "{\"type\":\"ice-candidate\",\"toId\":\"user123\",\"candidate\":{"     \
  "\"candidate\":\"candidate:1 1 udp 2113937151 192.168.1.10 54321 typ " \
  "host\",\"sdpMLineIndex\":0,\"sdpMid\":\"video\"}}"
#define REJECT                                                        \
  "{\"type\":\"call-reject\",\"toId\":\"user456\",\"callId\":\"call_" \
  "1701234567890\"}"
#define END                                                        \
  "{\"type\":\"call-end\",\"toId\":\"user456\",\"callId\":\"call_" \
  "1701234567890\"}"

static VmCallMessage *
parse (VmCallSide side, const gchar *text, GError **error)
{
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));

  return vm_call_message_parse (side, bytes, error);
}

static gchar *
to_text (const VmCallMessage *message)
{
  g_autoptr (GBytes) bytes = vm_call_message_format (message);
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  return g_strndup (data, size);
}

static void
writes (const VmCallMessage *message, const gchar *text)
{
  g_autofree gchar *written = to_text (message);

  fail_unless_equals_string (written, text);
}

static void
refuses (VmCallSide side, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCallMessage) message = parse (side, text, &error);

  fail_unless (message == NULL, "taken: %s", text);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
}

/* @text with the member @key after its last one. */
static gchar *
with (const gchar *text, const gchar *key, const gchar *value)
{
  return g_strdup_printf (
      "%.*s,\"%s\":\"%s\"}", (int) strlen (text) - 1, text, key, value);
}

/* What the tables hold is read, and written again byte for byte; on its way the
 * server adds who it is from. */
GST_START_TEST (test_tables)
{
  static const struct
  {
    const gchar *text;
    VmCallMessageType type;
  } rows[] = {
    { OFFER, VM_CALL_OFFER },
    { ANSWER, VM_CALL_ANSWER },
    { CANDIDATE, VM_CALL_CANDIDATE },
    { REJECT, VM_CALL_REJECT },
    { END, VM_CALL_END },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmCallMessage) message = parse (SERVER, rows[i].text, &error);
    g_autoptr (VmCallMessage) heard = NULL;
    g_autofree gchar *stamped = with (rows[i].text, "fromId", "user789");

    g_assert_no_error (error);
    fail_unless_equals_int (message->type, rows[i].type);
    writes (message, rows[i].text);
    message->from = g_strdup ("user789");
    writes (message, stamped);
    heard = parse (CLIENT, stamped, &error);
    g_assert_no_error (error);
    fail_unless_equals_string (heard->from, "user789");
    writes (heard, stamped);
    refuses (CLIENT, rows[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_offer)
{
  g_autoptr (VmCallMessage) offer = parse (SERVER, OFFER, NULL);
  g_autoptr (VmCallMessage) audio = parse (SERVER,
      "{\"type\":\"call-offer\",\"toId\":\"b\",\"callId\":\"1\","
      "\"offer\":{\"sdp\":\"v=0\"},\"callType\":\"audio\"}",
      NULL);
  g_autoptr (VmCallMessage) unsaid = parse (SERVER,
      "{\"type\":\"call-offer\",\"toId\":\"b\",\"callId\":\"1\","
      "\"offer\":{\"sdp\":\"v=0\"},\"more\":[1]}",
      NULL);

  fail_unless_equals_string (offer->to, "user123");
  fail_unless_equals_string (offer->call_id, "call_1701234567890");
  fail_unless_equals_string (offer->username, "Alice");
  fail_unless_equals_int (offer->call_type, VM_CALL_TYPE_VIDEO);
  fail_unless_equals_int (audio->call_type, VM_CALL_TYPE_AUDIO);
  fail_unless (audio->username == NULL);
  fail_unless_equals_int (unsaid->call_type, VM_CALL_TYPE_VIDEO);
}

GST_END_TEST;

/* What the base protocol leaves open, in the words of protocol/calls.md. */
GST_START_TEST (test_additions)
{
  const gchar *register_text =
      "{\"type\":\"register\",\"userId\":\"user123\",\"username\":\"Alice\"}";
  const gchar *going_on =
      "{\"type\":\"register\",\"userId\":\"user123\",\"toId\":\"user456\","
      "\"callId\":\"c1\"}";
  const gchar *with_stun =
      "{\"type\":\"registered\",\"userId\":\"user123\",\"username\":\"Alice\","
      "\"iceServers\":[{\"urls\":[\"stun:h:3478\"]}]}";
  g_autoptr (VmCallMessage) named = NULL;
  const gchar *reasons[] = { "offline", "busy", "timeout" };
  g_autoptr (VmCallMessage) goes_on = parse (SERVER, going_on, NULL);
  g_autoptr (VmCallMessage) reg = parse (SERVER, register_text, NULL);
  g_autoptr (VmCallMessage) nameless =
      parse (SERVER, "{\"type\":\"register\",\"userId\":\"user123\"}", NULL);
  g_autoptr (VmCallMessage) registered =
      vm_call_message_new (VM_CALL_REGISTERED);
  g_autoptr (GError) taken =
      g_error_new (VM_ERROR, VM_ERROR_USER_TAKEN, "Somebody is");
  g_autoptr (VmCallMessage) error = vm_call_message_new_error (taken);

  fail_unless_equals_string (reg->user_id, "user123");
  fail_unless_equals_string (reg->username, "Alice");
  writes (reg, register_text);
  fail_unless (nameless->username == NULL);
  fail_unless (reg->to == NULL && reg->call_id == NULL);
  writes (goes_on, going_on);
  fail_unless_equals_string (goes_on->to, "user456");
  fail_unless_equals_string (goes_on->call_id, "c1");
  refuses (SERVER, "{\"type\":\"register\",\"userId\":\"a\",\"toId\":\"b\"}");
  refuses (SERVER, "{\"type\":\"register\",\"userId\":\"a\",\"callId\":\"c\"}");
  registered->user_id = g_strdup ("user123");
  registered->username = g_strdup ("Alice");
  writes (registered, "{\"type\":\"registered\",\"userId\":\"user123\","
                      "\"username\":\"Alice\"}");
  registered->ice.uris = g_strsplit ("stun://h:3478", " ", 0);
  writes (registered, with_stun);
  named = parse (CLIENT, with_stun, NULL);
  fail_unless_equals_string (named->ice.uris[0], "stun://h:3478");
  writes (error, "{\"type\":\"error\",\"code\":\"USER_TAKEN\",\"message\":"
                 "\"Somebody is\"}");
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++) {
    g_autofree gchar *text = g_strdup_printf (
        "{\"type\":\"call-failed\",\"callId\":\"c\",\"reason\":\"%s\"}",
        reasons[i]);
    g_autoptr (VmCallMessage) failed = parse (CLIENT, text, NULL);

    fail_unless_equals_int (failed->reason, i);
    fail_unless_equals_string (vm_call_reason_to_string (i), reasons[i]);
    writes (failed, text);
    refuses (SERVER, text);
  }
}

GST_END_TEST;

GST_START_TEST (test_users)
{
  g_autoptr (VmCallMessage) asked =
      parse (SERVER, "{\"type\":\"users\"}", NULL);
  g_autoptr (VmCallMessage) answer = vm_call_message_new (VM_CALL_USERS);

  fail_unless_equals_int (asked->type, VM_CALL_USERS);
  writes (asked, "{\"type\":\"users\"}");
  answer->users = g_ptr_array_new_with_free_func (vm_call_person_free);
  g_ptr_array_add (answer->users, vm_call_person_new ("u1", "Ann", FALSE));
  g_ptr_array_add (answer->users, vm_call_person_new ("u2", "Bo", TRUE));
  answer->more = 3;
  writes (answer,
      "{\"type\":\"users\",\"users\":["
      "{\"userId\":\"u1\",\"username\":\"Ann\",\"busy\":false},"
      "{\"userId\":\"u2\",\"username\":\"Bo\",\"busy\":true}],\"more\":3}");
}

GST_END_TEST;

/* Why a call is rejected is the user's own, but for one reason. */
GST_START_TEST (test_busy)
{
  static const gchar *const others[] = { "", ",\"reason\":\"asleep\"",
    ",\"reason\":7", ",\"reason\":\"offline\"" };
  const gchar *busy = "{\"type\":\"call-reject\",\"toId\":\"bob\","
                      "\"callId\":\"c\",\"reason\":\"busy\"}";
  g_autoptr (VmCallMessage) message = parse (SERVER, busy, NULL);

  fail_unless (message->busy);
  writes (message, busy);
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autofree gchar *text =
        g_strdup_printf ("{\"type\":\"call-reject\",\"toId\":\"bob\","
                         "\"callId\":\"c\"%s}",
            others[i]);
    g_autoptr (VmCallMessage) plain = parse (SERVER, text, NULL);

    fail_if (plain->busy);
    writes (
        plain, "{\"type\":\"call-reject\",\"toId\":\"bob\",\"callId\":\"c\"}");
  }
}

GST_END_TEST;

GST_START_TEST (test_candidates)
{
  g_autofree gchar *with_call = with (CANDIDATE, "callId", "call_1");
  g_autoptr (VmCallMessage) candidate = parse (SERVER, with_call, NULL);
  /* a page that sends what its handler is given last */
  g_autoptr (VmCallMessage) last = parse (SERVER,
      "{\"type\":\"ice-candidate\",\"toId\":\"b\",\"candidate\":null}", NULL);

  fail_unless_equals_string (candidate->call_id, "call_1");
  writes (candidate, with_call);
  writes (
      last, "{\"type\":\"ice-candidate\",\"toId\":\"b\",\"candidate\":null}");
}

GST_END_TEST;

/* protocol/calls.md#registration: the first message latches the dialect. */
GST_START_TEST (test_which_dialect)
{
  static const struct
  {
    const gchar *text;
    gboolean call;
  } rows[] = {
    { OFFER, TRUE },
    { ANSWER, TRUE },
    { CANDIDATE, TRUE },
    { REJECT, TRUE },
    { END, TRUE },
    { "{\"type\":\"register\",\"userId\":\"a\"}", TRUE },
    /* as a call it will be refused */
    { "{\"type\":\"register\"}", TRUE },
    { "{\"type\":\"join\",\"roomId\":\"r\"}", FALSE },
    { "{\"type\":\"offer\",\"toId\":\"b\"}", FALSE },
    { "{\"type\":\"ice-candidate\",\"targetId\":\"b\"}", FALSE },
    { "{\"type\":\"error\"}", FALSE },
    { "{\"type\":\"registered\",\"userId\":\"a\"}", FALSE },
    { "{\"type\":7}", FALSE },
    { "[]", FALSE },
    { "no JSON", FALSE },
    { "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GBytes) bytes =
        g_bytes_new (rows[i].text, strlen (rows[i].text));

    fail_unless_equals_int (vm_call_is_first (bytes), rows[i].call);
  }
}

GST_END_TEST;

GST_START_TEST (test_wrong_messages)
{
  static const gchar *const wrong[] = {
    "",
    "[]",
    "{}",
    "{\"type\":\"dance\"}",
    "{\"type\":\"register\"}",
    "{\"type\":\"register\",\"userId\":\"\"}",
    "{\"type\":\"register\",\"userId\":5}",
    "{\"type\":\"register\",\"userId\":\"a\\u0007\"}",
    "{\"type\":\"register\",\"userId\":\"a\",\"username\":\"b\\n\"}",
    "{\"type\":\"registered\",\"userId\":\"a\"}",
    "{\"type\":\"call-end\",\"callId\":\"c\"}",
    "{\"type\":\"call-end\",\"toId\":\"b\"}",
    "{\"type\":\"call-end\",\"toId\":\"b\",\"targetId\":\"b\",\"callId\":"
    "\"c\"}",
    "{\"type\":\"call-answer\",\"toId\":\"b\",\"callId\":\"c\"}",
    "{\"type\":\"call-answer\",\"toId\":\"b\",\"callId\":\"c\",\"answer\":{}}",
    "{\"type\":\"call-answer\",\"toId\":\"b\",\"callId\":\"c\",\"answer\":{"
    "\"type\":\"offer\",\"sdp\":\"v=0\"}}",
    "{\"type\":\"call-offer\",\"toId\":\"b\",\"callId\":\"c\",\"offer\":{"
    "\"sdp\":\"v=0\"},\"callType\":\"hologram\"}",
    "{\"type\":\"ice-candidate\",\"toId\":\"b\",\"candidate\":7}",
    "{\"type\":\"ice-candidate\",\"toId\":\"b\",\"candidate\":{},\"callId\":"
    "5}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    refuses (SERVER, wrong[i]);
  refuses (CLIENT, "{\"type\":\"call-failed\",\"callId\":\"c\",\"reason\":"
                   "\"bored\"}");
  refuses (CLIENT, "{\"type\":\"register\",\"userId\":\"a\"}");
}

GST_END_TEST;

static gboolean
takes (const gchar *format, gsize length)
{
  g_autofree gchar *filler = g_strnfill (length, 'x');
  g_autoptr (GString) text = g_string_new (format);
  g_autoptr (VmCallMessage) message = NULL;

  g_string_replace (text, "@", filler, 0);
  message = parse (SERVER, text->str, NULL);
  return message != NULL;
}

/* Each at its limit, and one byte beyond. */
GST_START_TEST (test_limits)
{
  static const struct
  {
    const gchar *text;
    gsize max;
  } rows[] = {
    { "{\"type\":\"register\",\"userId\":\"@\"}", VM_CALL_NAME_MAX },
    { "{\"type\":\"register\",\"userId\":\"a\",\"username\":\"@\"}",
        VM_CALL_NAME_MAX },
    { "{\"type\":\"call-end\",\"toId\":\"@\",\"callId\":\"c\"}",
        VM_CALL_NAME_MAX },
    { "{\"type\":\"call-end\",\"toId\":\"b\",\"callId\":\"@\"}",
        VM_CALL_ID_MAX },
    { "{\"type\":\"call-answer\",\"toId\":\"b\",\"callId\":\"c\",\"answer\":{"
      "\"sdp\":\"@\"}}",
        VM_SIGNAL_SDP_MAX },
    { "{\"type\":\"ice-candidate\",\"toId\":\"b\",\"candidate\":{"
      "\"candidate\":\"@\"}}",
        VM_SIGNAL_CANDIDATE_MAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    fail_unless (takes (rows[i].text, 1), "%s", rows[i].text);
    fail_unless (takes (rows[i].text, rows[i].max - 1), "%s", rows[i].text);
    fail_unless (takes (rows[i].text, rows[i].max), "%s", rows[i].text);
    fail_if (takes (rows[i].text, rows[i].max + 1), "%s", rows[i].text);
  }
}

GST_END_TEST;

static Suite *
calldialect_suite (void)
{
  Suite *s = suite_create ("calldialect");
  TCase *tc = tcase_create ("calldialect");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_tables);
  tcase_add_test (tc, test_offer);
  tcase_add_test (tc, test_additions);
  tcase_add_test (tc, test_users);
  tcase_add_test (tc, test_busy);
  tcase_add_test (tc, test_candidates);
  tcase_add_test (tc, test_which_dialect);
  tcase_add_test (tc, test_wrong_messages);
  tcase_add_test (tc, test_limits);
  return s;
}

CHECK_PROGRAM (calldialect)
