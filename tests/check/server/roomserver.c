/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect at the server, over real sockets: clients of the room
 * dialect in a meeting that a native device hosts (protocol/rooms.md). */

#include "support/net/nethost.h"

#include "program.h"

#include <string.h>

#define OFFER "{\"type\":\"offer\",\"sdp\":\"v=0\\r\\ns=-\\r\\n\"}"
#define ANSWER "{\"type\":\"answer\",\"sdp\":\"v=0\\r\\n\"}"

static gchar *
text_of (const gchar *json_text, const gchar *key)
{
  gchar *value = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, json_text, strlen (json_text), NULL));
  vm_json_get_string (&json, 0, key, 200, &value, NULL);
  fail_unless (value != NULL, "no %s in %s", key, json_text);
  return value;
}

/* Just this comes next. */
static void
next_is (NetSocket *socket, const gchar *format, ...)
{
  g_autofree gchar *wanted = NULL;
  g_autofree gchar *text = net_socket_next (socket);
  va_list args;

  va_start (args, format);
  wanted = g_strdup_vprintf (format, args);
  va_end (args);
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

/* A client, with the id it was given. */
static NetSocket *
open_room (const gchar *path, gchar **id)
{
  g_autoptr (GError) error = NULL;
  NetSocket *socket = net_socket_open (server, path, NULL, &error);
  g_autofree gchar *text = NULL;

  g_assert_no_error (error);
  text = net_socket_next (socket);
  *id = text_of (text, "id");
  fail_unless (g_str_has_prefix (text, "{\"type\":\"id\",\"id\":\""));
  return socket;
}

static void
join (NetSocket *socket, const gchar *room)
{
  net_socket_send (socket, "{\"type\":\"join\",\"roomId\":\"%s\"}", room);
}

static NetSocket *
sit (gchar **id)
{
  NetSocket *socket = open_room ("/", id);

  join (socket, "standup");
  g_free (net_socket_wait (socket, "joined"));
  return socket;
}

/* The host says something. */
static void
host_says (
    VmSignalType type, const gchar *to, const gchar *session, gint64 generation)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  signal->generation = generation;
  if (type == VM_SIGNAL_OFFER)
    vm_signal_set_text (signal, &signal->sdp, "v=0\r\n");
  if (type == VM_SIGNAL_CANDIDATE)
    vm_signal_set_text (signal, &signal->candidate, "candidate:1");
  if (session)
    vm_signal_set_text (signal, &signal->session, session);
  signal->text = g_strdup ("hello");
  signal->status = g_strdup ("busy");
  signal->locked = signal->raised = TRUE;
  vm_seat_send (seat, signal);
}

GST_START_TEST (test_two_clients)
{
  g_autofree gchar *a = NULL, *b = NULL;
  NetSocket *ann = open_room ("/", &a), *bob;

  join (ann, "standup");
  next_is (ann,
      "{\"type\":\"joined\",\"roomId\":\"standup\",\"peerId\":\"%s\","
      "\"peers\":[\"p001\"]}",
      a);
  bob = open_room ("/", &b);
  join (bob, "standup");
  next_is (bob,
      "{\"type\":\"joined\",\"roomId\":\"standup\",\"peerId\":\"%s\","
      "\"peers\":[\"p001\",\"%s\"]}",
      b, a);
  next_is (ann, "{\"type\":\"peer-joined\",\"peerId\":\"%s\"}", b);

  net_socket_send (
      ann, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"%s\"}", b);
  next_is (
      bob, "{\"type\":\"offer\",\"offer\":" OFFER ",\"senderId\":\"%s\"}", a);
  net_socket_send (bob,
      "{\"type\":\"answer\",\"answer\":" ANSWER ",\"targetId\":\"%s\"}", a);
  next_is (ann,
      "{\"type\":\"answer\",\"answer\":" ANSWER ",\"senderId\":\"%s\"}", b);
  net_socket_send (bob,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"c\"},"
      "\"targetId\":\"%s\"}",
      a);
  next_is (ann,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"c\"},"
      "\"senderId\":\"%s\"}",
      b);

  /* who leaves stays connected, under the same name */
  net_socket_send (bob, "{\"type\":\"leave\"}");
  next_is (ann, "{\"type\":\"peer-left\",\"peerId\":\"%s\"}", b);
  net_socket_send (bob, "{\"type\":\"leave\"}");
  join (bob, "standup");
  next_is (bob,
      "{\"type\":\"joined\",\"roomId\":\"standup\",\"peerId\":\"%s\","
      "\"peers\":[\"p001\",\"%s\"]}",
      b, a);
  next_is (ann, "{\"type\":\"peer-joined\",\"peerId\":\"%s\"}", b);
  /* there is no way back for a socket that is lost */
  net_socket_free (bob);
  next_is (ann, "{\"type\":\"peer-left\",\"peerId\":\"%s\"}", b);
  net_socket_free (ann);
}

GST_END_TEST;

/* What one does not take of the other's, each hears as the other's word, and
 * the room is as it was. */
GST_START_TEST (test_refusals)
{
  g_autofree gchar *id = NULL;
  NetSocket *socket = sit (&id);
  g_autoptr (VmSignal) refusal = NULL;

  net_socket_send (socket,
      "{\"type\":\"error\",\"code\":\"CODEC\",\"message\":\"no\","
      "\"targetId\":\"nobody\"}");
  net_socket_send (socket,
      "{\"type\":\"error\",\"code\":\"CODEC\",\"message\":\"no\","
      "\"targetId\":\"p001\"}");
  refusal = host_wait (VM_SIGNAL_ERROR);
  fail_unless_equals_string (refusal->from, "p002");
  fail_unless_equals_string (refusal->code, "CODEC");
  fail_unless_equals_string (refusal->message, "no");
  host_refuses ("p002", "BAD_MESSAGE");
  next_is (socket,
      "{\"type\":\"error\",\"code\":\"BAD_MESSAGE\",\"message\":\"a=setup\","
      "\"senderId\":\"p001\"}");
  /* who is not met is gone */
  host_refuses ("p002", "NOT_TRUSTED");
  next_is (socket,
      "{\"type\":\"error\",\"code\":\"NOT_TRUSTED\",\"message\":\"a=setup\","
      "\"senderId\":\"p001\"}");
  next_is (socket, "{\"type\":\"peer-left\",\"peerId\":\"p001\"}");
  net_socket_free (socket);
}

GST_END_TEST;

/* A page that is closed, or goes elsewhere, says no `leave`: its socket ends
 * with a close frame. One that is lost ends without. */
GST_START_TEST (test_a_closed_page_has_left)
{
  static const gchar join_it[] = "{\"type\":\"join\",\"roomId\":\"standup\"}";
  g_autoptr (GIOStream) page = net_raw_upgrade (server, "/", "");
  g_autoptr (VmSignal) joined = NULL;
  g_autoptr (VmSignal) left = NULL;

  fail_unless (net_raw_send (page, 0x81, join_it, strlen (join_it)));
  joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  if (__i__ == 0)
    fail_unless (net_raw_send (page, 0x88, "\x03\xe9", 2));
  else
    fail_unless (g_io_stream_close (page, NULL, NULL));
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  fail_unless_equals_string (left->code, __i__ == 0 ? NULL : "DISCONNECTED");
}

GST_END_TEST;

/* Its device is gone, and its socket stays open. */
GST_START_TEST (test_a_silent_page_is_gone)
{
  static const gchar join_it[] = "{\"type\":\"join\",\"roomId\":\"standup\"}";
  VmServerTimes times = patient;
  g_autoptr (GIOStream) page = NULL;
  g_autoptr (VmSignal) joined = NULL;
  g_autoptr (VmSignal) left = NULL;
  guint8 payload[NET_RAW_MAX], type;
  gsize size;

  times.awaited_ping = 200 * G_TIME_SPAN_MILLISECOND;
  times.awaited_pong = 2 * G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  page = net_raw_upgrade (server, "/", "");
  fail_unless (net_raw_send (page, 0x81, join_it, strlen (join_it)));
  joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  while ((type = net_raw_read (page, payload, &size)) != 0x89)
    fail_unless (type == 0x81, "cut off");
  net_raw_send (page, 0x8a, (const gchar *) payload, size);
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  fail_unless_equals_string (left->code, "DISCONNECTED");
}

GST_END_TEST;

static gboolean
on_time (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

GST_START_TEST (test_silence_is_legal)
{
  VmServerTimes times = patient;
  g_autofree gchar *id = NULL;
  NetSocket *socket;
  gboolean over = FALSE;

  times.first_message = 300 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  socket = open_room ("/", &id);
  g_timeout_add (2 * times.first_message / 1000, on_time, &over);
  while (!over)
    g_main_context_iteration (NULL, TRUE);
  fail_if (socket->closed);
  join (socket, "standup");
  g_free (net_socket_wait (socket, "joined"));
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_wrong_messages)
{
  g_autofree gchar *id = NULL;
  NetSocket *socket = open_room ("/", &id);

  join (socket, "elsewhere");
  next_is_error (socket, "MEETING_NOT_FOUND");
  net_socket_send (
      socket, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p001\"}");
  next_is_error (socket, "UNROUTABLE");
  net_socket_send (socket, "{\"type\":\"dance\"}");
  next_is_error (socket, "BAD_MESSAGE");
  net_socket_send (socket, "no JSON");
  next_is_error (socket, "BAD_MESSAGE");
  /* never an error for an error */
  net_socket_send (socket, "{\"type\":\"error\",\"code\":\"X\"}");
  join (socket, "standup");
  g_free (net_socket_wait (socket, "joined"));
  net_socket_send (socket,
      "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"nobody\"}");
  next_is_error (socket, "UNROUTABLE");
  net_socket_free (socket);
}

GST_END_TEST;

GST_START_TEST (test_with_the_host)
{
  g_autofree gchar *id = NULL, *session = NULL, *sdp = NULL;
  NetSocket *socket = sit (&id);
  g_autoptr (VmSignal) joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  g_autoptr (VmSignal) answer = NULL;
  g_autoptr (VmSignal) candidate = NULL;
  const VmSignalParticipant *who = g_ptr_array_index (joined->participants, 0);

  fail_unless_equals_string (who->id, "p002");
  fail_unless_equals_string (who->user, "Guest 2");
  host_says (VM_SIGNAL_OFFER, "p002", "s-1", 1);
  next_is (socket,
      "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"
      ",\"senderId\":\"p001\"}");
  host_says (VM_SIGNAL_CANDIDATE, "p002", "s-1", 1);
  next_is (socket,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"candidate:1\""
      ",\"sdpMLineIndex\":0},\"senderId\":\"p001\"}");
  net_socket_send (socket,
      "{\"type\":\"answer\",\"answer\":" ANSWER ",\"targetId\":\"p001\"}");
  answer = host_wait (VM_SIGNAL_ANSWER);
  session = vm_span_to_string (answer->session);
  sdp = vm_span_to_string (answer->sdp);
  fail_unless_equals_string (answer->from, "p002");
  fail_unless_equals_string (session, "s-1");
  fail_unless_equals_string (sdp, "v=0\r\n");
  fail_unless_equals_int64 (answer->generation, 1);
  net_socket_send (socket,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"c\","
      "\"sdpMLineIndex\":2},\"targetId\":\"p001\"}");
  candidate = host_wait (VM_SIGNAL_CANDIDATE);
  fail_unless_equals_int64 (candidate->generation, 1);
  fail_unless_equals_int64 (candidate->sdp_mline_index, 2);

  /* what the room dialect has no message for is not sent */
  host_says (VM_SIGNAL_CHAT, NULL, NULL, -1);
  host_says (VM_SIGNAL_HAND, NULL, NULL, -1);
  host_says (VM_SIGNAL_PRESENCE, NULL, NULL, -1);
  host_says (VM_SIGNAL_MUTE_REQUEST, "p002", NULL, -1);
  /* the same exchange goes on; another one is a leave and an offer */
  host_says (VM_SIGNAL_OFFER, "p002", "s-1", 2);
  g_free (net_socket_next (socket));
  host_says (VM_SIGNAL_OFFER, "p002", "s-2", 1);
  next_is (socket, "{\"type\":\"peer-left\",\"peerId\":\"p001\"}");
  next_is (socket,
      "{\"type\":\"offer\",\"offer\":{\"type\":\"offer\",\"sdp\":\"v=0\\r\\n\"}"
      ",\"senderId\":\"p001\"}");
  net_socket_free (socket);
}

GST_END_TEST;

/* The later participant asks the earlier to offer again. */
GST_START_TEST (test_restart_is_a_leave_and_a_join)
{
  g_autofree gchar *id = NULL, *one = NULL, *two = NULL;
  NetSocket *socket = sit (&id), *native;

  native = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (native, "welcome"));
  next_is (socket, "{\"type\":\"peer-joined\",\"peerId\":\"p003\"}");
  net_socket_send (
      socket, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p003\"}");
  one = net_socket_wait (native, "offer");
  has (one, "\"from\":\"p002\"");
  has (one, "\"generation\":1");
  net_socket_send (native, "{\"type\":\"restart\",\"seq\":2,\"to\":\"p002\"}");
  next_is (socket, "{\"type\":\"peer-left\",\"peerId\":\"p003\"}");
  next_is (socket, "{\"type\":\"peer-joined\",\"peerId\":\"p003\"}");
  net_socket_send (
      socket, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p003\"}");
  two = net_socket_wait (native, "offer");
  has (two, "\"generation\":2");
  net_socket_free (socket);
  net_socket_free (native);
}

GST_END_TEST;

/* Candidates beside a native description have a message each here. */
GST_START_TEST (test_candidates_of_a_description)
{
  g_autofree gchar *id = NULL;
  NetSocket *socket = sit (&id), *native;

  native = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (native, "welcome"));
  g_free (net_socket_wait (socket, "peer-joined"));
  net_socket_send (
      socket, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p003\"}");
  g_free (net_socket_wait (native, "offer"));
  net_socket_send (native,
      "{\"type\":\"answer\",\"seq\":2,\"to\":\"p002\",\"sdp\":\"v=0\","
      "\"candidates\":[{\"candidate\":\"a\",\"sdpMid\":\"0\"},5,{\"b\":1}]}");
  next_is (socket,
      "{\"type\":\"answer\",\"answer\":{\"type\":\"answer\",\"sdp\":\"v=0\"},"
      "\"senderId\":\"p003\"}");
  next_is (socket,
      "{\"type\":\"ice-candidate\",\"candidate\":{\"candidate\":\"a\","
      "\"sdpMid\":\"0\"},\"senderId\":\"p003\"}");
  next_is (socket, "{\"type\":\"ice-candidate\",\"candidate\":{\"b\":1},"
                   "\"senderId\":\"p003\"}");
  net_socket_free (socket);
  net_socket_free (native);
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  const gchar *wrong[] = { "/", "/?pin=654321", "/?other=123456" };
  g_autofree gchar *right_id = NULL;
  NetSocket *right;

  reopen (NULL, "123456", 10);
  right = open_room ("/?a=b&pin=123456", &right_id);
  join (right, "standup");
  g_free (net_socket_wait (right, "joined"));
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree gchar *id = NULL;
    NetSocket *socket = open_room (wrong[i], &id);

    join (socket, "standup");
    g_free (net_socket_wait (socket, "error"));
    fail_if (socket->closed);
    net_socket_free (socket);
  }
  net_socket_free (right);
}

GST_END_TEST;

GST_START_TEST (test_full_and_locked)
{
  g_autofree gchar *a = NULL, *b = NULL;
  NetSocket *ann, *bob;

  reopen (NULL, NULL, 2);
  ann = sit (&a);
  bob = open_room ("/", &b);
  join (bob, "standup");
  next_is_error (bob, "MEETING_FULL");
  /* the seat that is left for the new one is free */
  join (ann, "standup");
  next_is (ann,
      "{\"type\":\"joined\",\"roomId\":\"standup\",\"peerId\":\"%s\","
      "\"peers\":[\"p001\"]}",
      a);
  host_says (VM_SIGNAL_LOCK, NULL, NULL, -1);
  host_wait_locked (TRUE);
  net_socket_send (ann, "{\"type\":\"leave\"}");
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_LEFT));
  join (bob, "standup");
  next_is_error (bob, "MEETING_LOCKED");
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_kick_and_end)
{
  g_autofree gchar *a = NULL, *b = NULL;
  NetSocket *ann = sit (&a), *bob = sit (&b);

  g_free (net_socket_wait (ann, "peer-joined"));
  host_says (VM_SIGNAL_KICK, "p003", NULL, -1);
  next_is_error (bob, "KICKED");
  fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
  next_is (ann, "{\"type\":\"peer-left\",\"peerId\":\"%s\"}", b);
  vm_seat_close (g_steal_pointer (&seat));
  next_is (ann, "{\"type\":\"peer-left\",\"peerId\":\"p001\"}");
  next_is_error (ann, "MEETING_ENDED");
  fail_unless_equals_int (net_socket_wait_closed (ann), 1000);
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_joining_again_moves)
{
  VmMeetingConfig other = { "retro", "Ann", "desk", NULL, 10,
    VM_CALL_TYPE_VIDEO };
  g_autofree gchar *a = NULL, *b = NULL;
  NetSocket *ann = sit (&a), *bob = sit (&b);
  g_autoptr (GError) error = NULL;
  VmSeat *second = vm_server_open_meeting (
      server, &other, NULL, on_host_signal, NULL, &error);

  g_assert_no_error (error);
  g_free (net_socket_wait (ann, "peer-joined"));
  /* where it cannot go it stays */
  join (bob, "nowhere");
  next_is_error (bob, "MEETING_NOT_FOUND");
  net_socket_send (
      bob, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"%s\"}", a);
  g_free (net_socket_wait (ann, "offer"));
  join (bob, "retro");
  next_is (bob,
      "{\"type\":\"joined\",\"roomId\":\"retro\",\"peerId\":\"%s\","
      "\"peers\":[\"p001\"]}",
      b);
  next_is (ann, "{\"type\":\"peer-left\",\"peerId\":\"%s\"}", b);
  net_socket_send (
      bob, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"%s\"}", a);
  next_is_error (bob, "UNROUTABLE");
  vm_seat_close (second);
  net_socket_free (ann);
  net_socket_free (bob);
}

GST_END_TEST;

/* What is refused costs nothing, what is not is counted. */
GST_START_TEST (test_joins_are_limited)
{
  g_autofree gchar *id = NULL;
  NetSocket *socket = open_room ("/", &id);
  gint64 start = g_get_monotonic_time ();
  guint joined = 0, most;
  gboolean limited = FALSE;

  for (guint i = 0; i < 2 * VM_JOIN_BURST; i++) {
    join (socket, "elsewhere");
    next_is_error (socket, "MEETING_NOT_FOUND");
  }
  while (!limited) {
    g_autofree gchar *text = NULL;

    join (socket, "standup");
    text = net_socket_next (socket);
    limited = g_str_has_prefix (
        text, "{\"type\":\"error\",\"code\":\"RATE_LIMITED\"");
    joined += !limited;
    most = VM_JOIN_BURST + (g_get_monotonic_time () - start) / VM_JOIN_TIME;
    fail_unless (joined <= most, "%u joins", joined);
  }
  fail_unless (joined >= VM_JOIN_BURST, "%u joins", joined);
  /* it is where it was */
  net_socket_send (
      socket, "{\"type\":\"offer\",\"offer\":" OFFER ",\"targetId\":\"p001\"}");
  vm_signal_unref (host_wait (VM_SIGNAL_OFFER));
  net_socket_free (socket);
}

GST_END_TEST;

/* What is said right before goodbye is heard, and goodbye is answered: whatever
 * waits for its client then. */
GST_START_TEST (test_last_words)
{
  static const gchar words[] = "{\"type\":\"join\",\"roomId\":\"standup\"}";
  g_autofree gchar *a = NULL, *joined = NULL, *left = NULL, *b = NULL;
  NetSocket *ann = sit (&a);
  GIOStream *bob = net_raw_upgrade (server, "/", "");

  fail_unless (net_raw_send (bob, 0x81, words, strlen (words)));
  fail_unless (net_raw_send (bob, 0x88, "\x03\xe8", 2));
  joined = net_socket_next (ann);
  b = text_of (joined, "peerId");
  left = net_socket_next (ann);
  fail_unless (strstr (joined, "\"peer-joined\""), "%s", joined);
  fail_unless (strstr (left, "\"peer-left\"") && strstr (left, b), "%s", left);
  fail_unless_equals_int (net_raw_close_code (bob), 1000);
  g_object_unref (bob);
  net_socket_free (ann);
}

GST_END_TEST;

/* A client that is in no meeting does not hold the server up. */
GST_START_TEST (test_stop)
{
  g_autofree gchar *id = NULL;
  NetSocket *socket = open_room ("/", &id);

  vm_seat_close (g_steal_pointer (&seat));
  vm_server_stop (server);
  fail_unless_equals_int (net_socket_wait_closed (socket), 1001);
  net_socket_free (socket);
}

GST_END_TEST;

static Suite *
roomserver_suite (void)
{
  Suite *s = suite_create ("roomserver");
  TCase *tc = tcase_create ("roomserver");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_two_clients);
  tcase_add_test (tc, test_refusals);
  tcase_add_loop_test (tc, test_a_closed_page_has_left, 0, 2);
  tcase_add_test (tc, test_a_silent_page_is_gone);
  tcase_add_test (tc, test_silence_is_legal);
  tcase_add_test (tc, test_wrong_messages);
  tcase_add_test (tc, test_with_the_host);
  tcase_add_test (tc, test_restart_is_a_leave_and_a_join);
  tcase_add_test (tc, test_candidates_of_a_description);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_full_and_locked);
  tcase_add_test (tc, test_kick_and_end);
  tcase_add_test (tc, test_joining_again_moves);
  tcase_add_test (tc, test_joins_are_limited);
  tcase_add_test (tc, test_last_words);
  tcase_add_test (tc, test_stop);
  return s;
}

CHECK_PROGRAM (roomserver)
