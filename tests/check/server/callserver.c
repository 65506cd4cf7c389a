/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls at the server, over real sockets (protocol/calls.md). */

#include "support/net/netclient.h"

#include "program.h"

#include <gst/videomeet/wire/call/call.h>
#include <string.h>

#define OFFER "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\ns=-\\r\\n\"}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}"

static VmServer *server;

static void
open_server (gboolean calls, const VmServerTimes *times)
{
  VmServerConfig config = { .loopback_only = TRUE, .calls = calls };

  server = net_server (&config, times);
}

static void
setup (void)
{
  open_server (TRUE, NULL);
}

static void
teardown (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

static void
reopen (gboolean calls, const VmServerTimes *times)
{
  teardown ();
  open_server (calls, times);
}

/* Just this comes next. */
static void
next_is (NetSocket *socket, const gchar *wanted)
{
  g_autofree gchar *text = net_socket_next (socket);

  fail_unless_equals_string (text, wanted);
}

static void
next_is_error (NetSocket *socket, const gchar *code)
{
  g_autofree gchar *text = net_socket_next (socket);
  g_autofree gchar *start = g_strdup_printf (
      "{\"type\":\"error\",\"code\":\"%s\",\"message\":", code);

  fail_unless (text && g_str_has_prefix (text, start), "%s", text);
}

static NetSocket *
open_path (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, NULL, &error);

  g_assert_no_error (error);
  return socket;
}

static NetSocket *
come (const gchar *id)
{
  g_autofree gchar *path = g_strdup_printf ("/?userId=%s", id);
  NetSocket *socket = open_path (path);

  g_free (net_socket_wait (socket, "registered"));
  return socket;
}

static void
offer (NetSocket *socket, const gchar *to, const gchar *call)
{
  net_socket_send (socket,
      "{\"type\":\"call-offer\",\"toId\":\"%s\",\"callId\":\"%s\","
      "\"offer\":" OFFER ",\"callType\":\"audio\",\"fromUsername\":\"A\"}",
      to, call);
}

static void
say (NetSocket *socket, const gchar *type, const gchar *to, const gchar *call)
{
  net_socket_send (socket,
      "{\"type\":\"%s\",\"toId\":\"%s\",\"callId\":\"%s\"}", type, to, call);
}

GST_START_TEST (test_a_call)
{
  NetSocket *ann = open_path ("/?userId=user456&username=Alice%20%C3%84");
  NetSocket *bob = open_path ("/?username=Bob&userId=user123");

  next_is (ann, "{\"type\":\"registered\",\"userId\":\"user456\","
                "\"username\":\"Alice Ä\"}");
  next_is (bob, "{\"type\":\"registered\",\"userId\":\"user123\","
                "\"username\":\"Bob\"}");
  offer (ann, "user123", "c1");
  next_is (bob,
      "{\"type\":\"call-offer\",\"toId\":\"user123\",\"callId\":\"c1\","
      "\"offer\":" OFFER ",\"callType\":\"audio\",\"fromUsername\":\"Alice Ä\","
      "\"fromId\":\"user456\"}");
  net_socket_send (bob,
      "{\"type\":\"call-answer\",\"toId\":\"user456\",\"callId\":\"c1\","
      "\"answer\":" ANSWER "}");
  next_is (ann,
      "{\"type\":\"call-answer\",\"toId\":\"user456\",\"callId\":\"c1\","
      "\"answer\":" ANSWER ",\"fromId\":\"user123\"}");
  net_socket_send (ann,
      "{\"type\":\"ice-candidate\",\"toId\":\"user123\",\"candidate\":{"
      "\"candidate\":\"c\",\"sdpMLineIndex\":0,\"sdpMid\":\"video\"}}");
  next_is (bob,
      "{\"type\":\"ice-candidate\",\"toId\":\"user123\",\"candidate\":{"
      "\"candidate\":\"c\",\"sdpMLineIndex\":0,\"sdpMid\":\"video\"},"
      "\"callId\":\"c1\",\"fromId\":\"user456\"}");
  say (bob, "call-end", "user456", "c1");
  next_is (ann, "{\"type\":\"call-end\",\"toId\":\"user456\",\"callId\":\"c1\","
                "\"fromId\":\"user123\"}");
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

/* Who has registered no name is called as the offer says. */
GST_START_TEST (test_name_of_an_offer)
{
  NetSocket *ann = come ("user456"), *bob = come ("bob");
  g_autofree gchar *text = NULL;

  offer (ann, "bob", "c1");
  text = net_socket_wait (bob, "call-offer");
  fail_unless (strstr (text, "\"fromUsername\":\"A\",") != NULL, "%s", text);
  fail_unless (strstr (text, "\"fromId\":\"user456\"") != NULL, "%s", text);
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

/* What one does not take of the other's; of a call that is not, nobody hears.
 */
GST_START_TEST (test_refusals)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob"), *carl = come ("carl");

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  net_socket_send (carl,
      "{\"type\":\"error\",\"code\":\"CODEC\",\"toId\":\"ann\","
      "\"callId\":\"c1\"}");
  net_socket_send (bob,
      "{\"type\":\"error\",\"code\":\"CODEC\",\"message\":\"no\","
      "\"toId\":\"ann\",\"callId\":\"c1\"}");
  next_is (ann, "{\"type\":\"error\",\"code\":\"CODEC\",\"message\":\"no\","
                "\"toId\":\"ann\",\"callId\":\"c1\",\"fromId\":\"bob\"}");
  /* nothing has ended */
  say (bob, "call-reject", "ann", "c1");
  g_free (net_socket_wait (ann, "call-reject"));
  net_socket_free (ann);
  net_socket_free (bob);
  net_socket_free (carl);
}

GST_END_TEST;

/* A client without a userId has the greeting of rooms, and ignores it. */
GST_START_TEST (test_first_message_latches)
{
  NetSocket *ann = open_path ("/"), *bob = come ("bob"),
            *carl = open_path ("/");

  g_free (net_socket_wait (ann, "id"));
  net_socket_send (ann, "{\"type\":\"register\",\"userId\":\"ann\","
                        "\"username\":\"Ann\"}");
  next_is (ann, "{\"type\":\"registered\",\"userId\":\"ann\","
                "\"username\":\"Ann\"}");
  offer (bob, "ann", "c1");
  g_free (net_socket_wait (ann, "call-offer"));
  /* the room's words are none of a call */
  net_socket_send (ann, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  next_is_error (ann, "BAD_MESSAGE");
  /* nor the other way round */
  g_free (net_socket_wait (carl, "id"));
  net_socket_send (carl, "{\"type\":\"join\",\"roomId\":\"standup\"}");
  next_is_error (carl, "MEETING_NOT_FOUND");
  net_socket_send (carl, "{\"type\":\"register\",\"userId\":\"carl\"}");
  next_is_error (carl, "BAD_MESSAGE");
  net_socket_send (carl,
      "{\"type\":\"ice-candidate\",\"toId\":\"a\",\"targetId\":\"a\","
      "\"candidate\":{\"candidate\":\"c\"}}");
  next_is_error (carl, "BAD_MESSAGE");
  net_socket_free (ann);
  net_socket_free (bob);
  net_socket_free (carl);
}

GST_END_TEST;

GST_START_TEST (test_before_registering)
{
  NetSocket *ann = open_path ("/");

  g_free (net_socket_wait (ann, "id"));
  offer (ann, "bob", "c1");
  next_is_error (ann, "UNROUTABLE");
  net_socket_send (ann, "{\"type\":\"register\"}");
  next_is_error (ann, "BAD_MESSAGE");
  /* never an error for an error */
  net_socket_send (ann, "{\"type\":\"error\",\"code\":5}");
  net_socket_send (ann, "{\"type\":\"register\",\"userId\":\"ann\"}");
  next_is (ann, "{\"type\":\"registered\",\"userId\":\"ann\"}");
  net_socket_send (ann, "no JSON");
  next_is_error (ann, "BAD_MESSAGE");
  net_socket_send (ann, "{\"type\":\"register\",\"userId\":\"bob\"}");
  next_is_error (ann, "BAD_MESSAGE");
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_user_taken)
{
  NetSocket *ann = come ("ann"), *other = open_path ("/?userId=ann");

  next_is_error (other, "USER_TAKEN");
  net_socket_send (other, "{\"type\":\"register\",\"userId\":\"ann\"}");
  next_is_error (other, "USER_TAKEN");
  /* it stays connected, and may be somebody else */
  net_socket_send (other, "{\"type\":\"register\",\"userId\":\"anna\"}");
  next_is (other, "{\"type\":\"registered\",\"userId\":\"anna\"}");
  net_socket_free (ann);
  net_socket_free (other);
}

GST_END_TEST;

/* A name is free again as soon as its socket is gone. */
GST_START_TEST (test_name_is_free_again)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob");

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  net_socket_free (ann);
  next_is (bob, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c1\","
                "\"fromId\":\"ann\"}");
  ann = come ("ann");
  offer (bob, "ann", "c2");
  g_free (net_socket_wait (ann, "call-offer"));
  net_socket_free (ann);
  next_is (bob,
      "{\"type\":\"call-failed\",\"callId\":\"c2\",\"reason\":\"offline\"}");
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_socket_lost_in_mid_call)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob");

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  net_socket_send (bob,
      "{\"type\":\"call-answer\",\"toId\":\"ann\",\"callId\":\"c1\","
      "\"answer\":" ANSWER "}");
  g_free (net_socket_wait (ann, "call-answer"));
  net_socket_free (bob);
  next_is (ann, "{\"type\":\"call-end\",\"toId\":\"ann\",\"callId\":\"c1\","
                "\"fromId\":\"bob\"}");
  net_socket_free (ann);
}

GST_END_TEST;

/* This server has never heard of the call; one says so in its URL. */
GST_START_TEST (test_a_call_goes_on)
{
  NetSocket *ann = open_path ("/?userId=ann&toId=bob&callId=c1");
  NetSocket *bob = open_path ("/");

  next_is (ann, "{\"type\":\"registered\",\"userId\":\"ann\"}");
  g_free (net_socket_wait (bob, "id"));
  net_socket_send (bob,
      "{\"type\":\"register\",\"userId\":\"bob\",\"toId\":\"ann\","
      "\"callId\":\"c1\"}");
  next_is (bob, "{\"type\":\"registered\",\"userId\":\"bob\"}");
  say (bob, "call-end", "ann", "c1");
  next_is (ann, "{\"type\":\"call-end\",\"toId\":\"ann\",\"callId\":\"c1\","
                "\"fromId\":\"bob\"}");
  net_socket_free (bob);
  net_socket_free (ann);
}

GST_END_TEST;

/* In another network: its connection before stands still, and says nothing. */
GST_START_TEST (test_back_in_mid_call)
{
  static const gchar *const strangers[] = { "/?userId=bob&toId=ann&callId=c2",
    "/?userId=bob&toId=carl&callId=c1", "/?userId=bob" };
  NetSocket *ann = come ("ann"), *bob = come ("bob"), *again;

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  /* it only rings */
  again = open_path ("/?userId=bob&toId=ann&callId=c1");
  next_is_error (again, "USER_TAKEN");
  net_socket_free (again);
  net_socket_send (bob, "{\"type\":\"call-answer\",\"toId\":\"ann\","
                        "\"callId\":\"c1\",\"answer\":" ANSWER "}");
  g_free (net_socket_wait (ann, "call-answer"));
  for (guint i = 0; i < G_N_ELEMENTS (strangers); i++) {
    again = open_path (strangers[i]);
    next_is_error (again, "USER_TAKEN");
    net_socket_free (again);
  }
  again = open_path ("/?userId=bob&toId=ann&callId=c1");
  next_is (again, "{\"type\":\"registered\",\"userId\":\"bob\"}");
  next_is_error (bob, "USER_TAKEN");
  fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
  net_socket_free (bob);
  offer (again, "ann", "c1");
  g_free (net_socket_wait (ann, "call-offer"));
  say (ann, "call-end", "bob", "c1");
  next_is (again, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c1\","
                  "\"fromId\":\"ann\"}");
  net_socket_free (again);
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_offline_busy_rejected)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob"), *carl = come ("carl");

  offer (ann, "dora", "c1");
  next_is (ann,
      "{\"type\":\"call-failed\",\"callId\":\"c1\",\"reason\":\"offline\"}");
  offer (ann, "bob", "c2");
  g_free (net_socket_wait (bob, "call-offer"));
  offer (carl, "bob", "c3");
  next_is (
      carl, "{\"type\":\"call-failed\",\"callId\":\"c3\",\"reason\":\"busy\"}");
  say (carl, "call-end", "bob", "c2");
  next_is_error (carl, "UNROUTABLE");
  say (bob, "call-reject", "ann", "c2");
  next_is (ann, "{\"type\":\"call-reject\",\"toId\":\"ann\",\"callId\":\"c2\","
                "\"fromId\":\"bob\"}");
  net_socket_free (ann);
  net_socket_free (bob);
  net_socket_free (carl);
}

GST_END_TEST;

/* Reads until a ping comes, and answers it. */
static void
pong (GIOStream *stream)
{
  guint8 payload[NET_RAW_MAX], type;
  gsize size;

  do {
    type = net_raw_read (stream, payload, &size);
    fail_unless (type != 0 && type != 0x88, "cut off");
  } while (type != 0x89);
  net_raw_send (stream, 0x8a, (const gchar *) payload, size);
}

static void
read_offer (GIOStream *stream)
{
  guint8 payload[NET_RAW_MAX], type;
  gsize size;

  do {
    type = net_raw_read (stream, payload, &size);
    fail_unless (type != 0 && type != 0x88, "cut off");
  } while (type != 0x81
           || !g_strstr_len ((const gchar *) payload, size, "call-offer"));
}

/* Bob's device is gone and its socket stays open: Ann's call ends, and both can
 * be called again. */
GST_START_TEST (test_silent_in_mid_call)
{
  static const gchar answer[] = "{\"type\":\"call-answer\",\"toId\":\"ann\","
                                "\"callId\":\"c1\",\"answer\":" ANSWER "}";
  VmServerTimes times = patient;
  g_autoptr (GIOStream) bob = NULL;
  NetSocket *ann, *carl;

  times.awaited_ping = 200 * G_TIME_SPAN_MILLISECOND;
  /* Ann answers no ping while this waits for Bob's */
  times.awaited_pong = 5 * G_TIME_SPAN_SECOND;
  reopen (TRUE, &times);
  ann = come ("ann");
  bob = net_raw_upgrade (server, "/?userId=bob", "");
  offer (ann, "bob", "c1");
  read_offer (bob);
  net_raw_send (bob, 0x81, answer, strlen (answer));
  g_free (net_socket_wait (ann, "call-answer"));
  pong (bob);
  next_is (ann, "{\"type\":\"call-end\",\"toId\":\"ann\",\"callId\":\"c1\","
                "\"fromId\":\"bob\"}");
  carl = come ("carl");
  offer (carl, "ann", "c2");
  g_free (net_socket_wait (ann, "call-offer"));
  offer (carl, "bob", "c3");
  next_is (carl,
      "{\"type\":\"call-failed\",\"callId\":\"c3\",\"reason\":\"offline\"}");
  net_socket_free (ann);
  net_socket_free (carl);
}

GST_END_TEST;

/* Nobody waits for a user without a call, and a client that never answers
 * pings may not know them. */
GST_START_TEST (test_silence_that_is_none)
{
  VmServerTimes times = patient;
  g_autoptr (GIOStream) bob = NULL;
  g_autoptr (GIOStream) dan = NULL;
  NetSocket *ann;

  times.ping = times.awaited_ping = 100 * G_TIME_SPAN_MILLISECOND;
  times.awaited_pong = 100 * G_TIME_SPAN_MILLISECOND;
  times.ring = G_TIME_SPAN_SECOND;
  reopen (TRUE, &times);
  ann = come ("ann");
  bob = net_raw_upgrade (server, "/?userId=bob", "");
  dan = net_raw_upgrade (server, "/?userId=dan", "");
  pong (dan);
  offer (ann, "bob", "c1");
  next_is (ann,
      "{\"type\":\"call-failed\",\"callId\":\"c1\",\"reason\":\"timeout\"}");
  net_socket_free (ann);
  ann = open_path ("/?userId=dan");
  next_is_error (ann, "USER_TAKEN");
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_missed)
{
  VmServerTimes times = patient;
  NetSocket *ann, *bob;

  times.ring = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (TRUE, &times);
  ann = come ("ann");
  bob = come ("bob");
  offer (ann, "bob", "c1");
  next_is (ann,
      "{\"type\":\"call-failed\",\"callId\":\"c1\",\"reason\":\"timeout\"}");
  g_free (net_socket_wait (bob, "call-offer"));
  next_is (bob, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c1\","
                "\"fromId\":\"ann\"}");
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_names_in_the_url)
{
  static const struct
  {
    gsize size;
    gboolean taken;
  } rows[] = {
    { VM_CALL_NAME_MAX - 1, TRUE },
    { VM_CALL_NAME_MAX, TRUE },
    { VM_CALL_NAME_MAX + 1, FALSE },
    { 20 * VM_CALL_NAME_MAX, FALSE },
  };
  const gchar *keys[] = { "userId=", "userId=a&username=" };

  for (guint i = 0; i < G_N_ELEMENTS (keys) * G_N_ELEMENTS (rows); i++) {
    gsize size = rows[i / 2].size;
    g_autofree gchar *name = g_strnfill (size, 'n');
    g_autofree gchar *path = g_strdup_printf ("/?%s%s", keys[i % 2], name);
    g_autoptr (GError) error = NULL;
    NetSocket *socket = net_socket_open (server, path, NULL, &error);

    fail_unless_equals_int (socket != NULL, rows[i / 2].taken);
    if (!socket)
      continue;
    g_free (net_socket_wait (socket, "registered"));
    net_socket_free (socket);
  }
  fail_unless (net_socket_open (server, "/?userId=a%07", NULL, NULL) == NULL);
  fail_unless (net_socket_open (server, "/?userId=%ff", NULL, NULL) == NULL);
}

GST_END_TEST;

/* What a connection bears is the same in every dialect; here it ends a call. */
GST_START_TEST (test_too_large)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob");
  g_autofree gchar *filler = g_strnfill (VM_MESSAGE_MAX - 10, 'x');

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  /* at the limit it is read, and says nothing */
  net_socket_send (ann, "{\"type\":\"%s\"}", filler + 1);
  next_is_error (ann, "BAD_MESSAGE");
  net_socket_send (ann, "{\"type\":\"%s\"}", filler);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1009);
  next_is (bob, "{\"type\":\"call-end\",\"toId\":\"bob\",\"callId\":\"c1\","
                "\"fromId\":\"ann\"}");
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_text_only)
{
  NetSocket *ann = come ("ann");

  soup_websocket_connection_send_binary (ann->socket, "{}", 2);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1003);
  net_socket_free (ann);
}

GST_END_TEST;

/* Who floods is told so in the words of calls. */
GST_START_TEST (test_flood)
{
  NetSocket *ann = come ("ann");
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;

  while (!ann->texts.length && g_get_monotonic_time () < end) {
    for (guint i = 0; i < VM_MESSAGE_RATE; i++)
      net_socket_send (ann, "{\"type\":\"error\"}");
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
  next_is_error (ann, "RATE_LIMITED");
  net_socket_free (ann);
}

GST_END_TEST;

/* A device that hosts meetings is nobody's exchange. */
GST_START_TEST (test_server_without_calls)
{
  g_autoptr (GError) error = NULL;
  NetSocket *ann;

  reopen (FALSE, NULL);
  fail_unless (net_socket_open (server, "/?userId=ann", NULL, &error) == NULL);
  g_assert_error (
      error, SOUP_WEBSOCKET_ERROR, SOUP_WEBSOCKET_ERROR_NOT_WEBSOCKET);
  ann = open_path ("/");
  g_free (net_socket_wait (ann, "id"));
  net_socket_send (ann, "{\"type\":\"register\",\"userId\":\"ann\"}");
  next_is_error (ann, "BAD_MESSAGE");
  net_socket_free (ann);
}

GST_END_TEST;

GST_START_TEST (test_metrics)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob"), *carl = come ("carl");
  g_autoptr (NetAnswer) answer = NULL;

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  answer = net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  fail_unless (strstr (answer->body, "\nvideomeet_call_users 3\n") != NULL);
  fail_unless (strstr (answer->body, "\nvideomeet_calls 1\n") != NULL);
  net_socket_free (ann);
  net_socket_free (bob);
  net_socket_free (carl);
}

GST_END_TEST;

/* The connections end, not the calls: what flows between the two flows on. */
GST_START_TEST (test_stop)
{
  NetSocket *ann = come ("ann"), *bob = come ("bob");

  offer (ann, "bob", "c1");
  g_free (net_socket_wait (bob, "call-offer"));
  net_socket_send (bob,
      "{\"type\":\"call-answer\",\"toId\":\"ann\",\"callId\":\"c1\","
      "\"answer\":" ANSWER "}");
  g_free (net_socket_wait (ann, "call-answer"));
  vm_server_stop (server);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1001);
  fail_unless_equals_int (net_socket_wait_closed (bob), 1001);
  fail_unless (net_socket_next (ann) == NULL);
  fail_unless (net_socket_next (bob) == NULL);
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

static Suite *
callserver_suite (void)
{
  Suite *s = suite_create ("callserver");
  TCase *tc = tcase_create ("callserver");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_a_call);
  tcase_add_test (tc, test_refusals);
  tcase_add_test (tc, test_name_of_an_offer);
  tcase_add_test (tc, test_first_message_latches);
  tcase_add_test (tc, test_before_registering);
  tcase_add_test (tc, test_user_taken);
  tcase_add_test (tc, test_name_is_free_again);
  tcase_add_test (tc, test_socket_lost_in_mid_call);
  tcase_add_test (tc, test_a_call_goes_on);
  tcase_add_test (tc, test_back_in_mid_call);
  tcase_add_test (tc, test_offline_busy_rejected);
  tcase_add_test (tc, test_silent_in_mid_call);
  tcase_add_test (tc, test_silence_that_is_none);
  tcase_add_test (tc, test_missed);
  tcase_add_test (tc, test_names_in_the_url);
  tcase_add_test (tc, test_too_large);
  tcase_add_test (tc, test_text_only);
  tcase_add_test (tc, test_flood);
  tcase_add_test (tc, test_server_without_calls);
  tcase_add_test (tc, test_metrics);
  tcase_add_test (tc, test_stop);
  return s;
}

CHECK_PROGRAM (callserver)
