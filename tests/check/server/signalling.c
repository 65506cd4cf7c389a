/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Native signalling of the server over real sockets: POST /meetings/join, the
 * WebSocket, relaying, and every limit of security.md#limits that is a
 * socket's. */

#include "support/net/nethost.h"

#include "program.h"

#include <gst/videomeet/wire/line.h>
#include <string.h>

static void
check_join (const gchar *json, guint status, const gchar *code)
{
  g_autoptr (NetAnswer) answer = net_join (server, json);

  fail_unless (answer->status == status, "%s: %s", json, answer->text);
  if (code)
    has (answer->body, code);
}

GST_START_TEST (test_join)
{
  g_autoptr (NetAnswer) answer = net_join (server,
      "{\"meeting\":\"standup\",\"user\":\"Bob\",\"deviceId\":\"BBBB\","
      "\"callType\":\"audio\",\"unknown\":[]}");

  fail_unless_equals_int (answer->status, 200);
  has (answer->body, "\"meetingId\":\"");
  has (answer->body, "\"webSocket\":\"ws://localhost/ws\"");
  has (answer->body, "\"ticket\":\"");
  has (answer->body, "\"expiresIn\":30");
  has (answer->body, "\"iceServers\":[]");
  has (answer->body, "\"participants\":[{\"id\":\"p001\",\"user\":\"Ann\"");
}

GST_END_TEST;

GST_START_TEST (test_join_refused)
{
  check_join (
      "{\"meeting\":\"other\",\"user\":\"Bob\"}", 404, "MEETING_NOT_FOUND");
  check_join ("{\"user\":\"Bob\"}", 400, "BAD_REQUEST");
  check_join ("{\"meeting\":\"standup\"}", 400, "BAD_REQUEST");
  check_join ("{\"meeting\":\"standup\",\"user\":5}", 400, "BAD_MESSAGE");
  check_join ("{\"meeting\":\"standup\",\"user\":\"Bob\",\"callType\":\"x\"}",
      400, "BAD_REQUEST");
  check_join ("{\"meeting\":\"standup\"", 400, "BAD_MESSAGE");
  check_join ("", 400, "BAD_MESSAGE");
  check_join ("[]", 400, "BAD_REQUEST");
}

GST_END_TEST;

static void
check_people (const gchar *expected)
{
  g_autoptr (NetAnswer) answer = net_ask (
      server, "GET /meetings/people HTTP/1.1\r\nHost: localhost\r\n\r\n");

  fail_unless_equals_int (answer->status, 200);
  fail_unless_equals_string (answer->body, expected);
}

/* It announces itself by its id from now on. */
static void
show_id (void)
{
  VmDeviceInfo *info = vm_device_info_new ();

  info->device_id = g_strdup ("AAAA");
  vm_server_set_device_info (server, info);
  vm_device_info_free (info);
}

/* What may be known before admission: names, where anybody could join. */
GST_START_TEST (test_who_is_there)
{
  check_people ("{\"participants\":null}");
  show_id ();
  check_people ("{\"participants\":[\"Ann\"]}");
  vm_server_set_policy (server, VM_POLICY_REQUIRE);
  check_people ("{\"participants\":null}");
  vm_server_set_policy (server, VM_POLICY_OPEN);
  check_people ("{\"participants\":[\"Ann\"]}");
  reopen (NULL, "123456", 10);
  show_id ();
  check_people ("{\"participants\":null}");
}

GST_END_TEST;

GST_START_TEST (test_join_with_pin)
{
  reopen (NULL, "123456", 10);
  check_join ("{\"meeting\":\"standup\",\"user\":\"Bob\"}", 403, "WRONG_PIN");
  check_join ("{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"123456\"}",
      200, NULL);
  /* the wait is short, and over sometimes before the next is read */
  for (guint tries = 1;; tries++) {
    g_autoptr (NetAnswer) answer = NULL;

    check_join ("{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"000000\"}",
        403, "WRONG_PIN");
    answer = net_join (server,
        "{\"meeting\":\"standup\",\"user\":\"Bob\",\"pin\":\"123456\"}");
    if (answer->status == 200 && tries < 5)
      continue;
    fail_unless_equals_int (answer->status, 429);
    has (answer->body, "RATE_LIMITED");
    break;
  }
}

GST_END_TEST;

GST_START_TEST (test_full)
{
  NetSocket *bob;

  reopen (NULL, NULL, 2);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  check_join (
      "{\"meeting\":\"standup\",\"user\":\"Carl\"}", 409, "MEETING_FULL");
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_locked)
{
  VmSignal *lock = vm_signal_new (VM_SIGNAL_LOCK);
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *state = NULL;

  g_free (net_socket_wait (bob, "welcome"));
  g_free (net_socket_wait (bob, "meeting-state"));
  lock->locked = TRUE;
  vm_seat_send (seat, lock);
  vm_signal_unref (lock);
  state = net_socket_wait (bob, "meeting-state");
  has (state, "\"locked\":true");
  check_join (
      "{\"meeting\":\"standup\",\"user\":\"Carl\"}", 423, "MEETING_LOCKED");
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_status_shows_the_meeting)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");

  fail_unless_equals_int (answer->status, 200);
  /* the device of these tests announces no id, as with announce=minimal */
  has (answer->body, "private");
  fail_unless (strstr (answer->body, "standup") == NULL);
}

GST_END_TEST;

GST_START_TEST (test_upgrades_refused)
{
  g_autofree gchar *ticket = net_ticket (server, "standup", "Bob");
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);
  g_autofree gchar *elsewhere = g_strdup_printf ("/other?ticket=%s", ticket);
  NetSocket *bob;

  check_upgrade ("/ws?", "videomeet.v1");
  check_upgrade ("/ws?token=guess", "videomeet.v2");
  check_upgrade ("/ws?ticket=guess", "videomeet.v2");
  check_upgrade ("/ws?ticket=", "videomeet.v2");
  check_upgrade (elsewhere, "videomeet.v2");
  check_upgrade (path, "videomeet.v1");
  check_upgrade (path, NULL);
  bob = net_socket_open (server, path, "videomeet.v2", NULL);
  fail_unless (bob != NULL);
  fail_unless_equals_string (
      soup_websocket_connection_get_protocol (bob->socket), "videomeet.v2");
  /* single use */
  check_upgrade (path, "videomeet.v2");
  net_socket_free (bob);
}

GST_END_TEST;

static NetAnswer *
upgrade_raw (const gchar *headers, const gchar *ticket)
{
  return net_ask (server,
      "GET /ws?ticket=%s HTTP/1.1\r\n%sUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: videomeet.v2\r\n\r\n",
      ticket, headers);
}

GST_START_TEST (test_upgrade_from_elsewhere)
{
  g_autofree gchar *ticket = net_ticket (server, "standup", "Bob");
  g_autoptr (NetAnswer) host = upgrade_raw ("Host: evil.example\r\n", ticket);
  g_autoptr (NetAnswer) origin = upgrade_raw (
      "Host: localhost\r\nOrigin: http://evil.example\r\n", ticket);
  g_autoptr (NetAnswer) guess = upgrade_raw ("Host: localhost\r\n", "guess");

  fail_unless_equals_int (host->status, 421);
  has (host->body, "WRONG_HOST");
  fail_unless_equals_int (origin->status, 403);
  has (origin->body, "WRONG_ORIGIN");
  fail_unless_equals_int (guess->status, 403);
  has (guess->body, "BAD_TICKET");
}

GST_END_TEST;

GST_START_TEST (test_call)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *welcome = net_socket_wait (bob, "welcome");
  g_autoptr (VmSignal) joined = host_wait (VM_SIGNAL_PARTICIPANT_JOINED);
  VmSignalParticipant *who = g_ptr_array_index (joined->participants, 0);
  VmSignal *offer = vm_signal_new (VM_SIGNAL_OFFER);
  g_autofree gchar *got = NULL, *sdp = NULL;
  g_autoptr (VmSignal) answer = NULL, left = NULL;

  has (welcome, "\"id\":\"p002\"");
  has (welcome, "\"user\":\"Ann\"");
  fail_unless_equals_string (who->id, "p002");
  fail_unless_equals_string (who->user, "Bob");
  fail_unless_equals_string (who->nonce, "bg==");

  offer->to = g_strdup ("p002");
  offer->generation = 1;
  vm_signal_set_text (offer, &offer->sdp, "v=0\r\n");
  vm_signal_set_text (offer, &offer->session, "s");
  vm_seat_send (seat, offer);
  vm_signal_unref (offer);
  got = net_socket_wait (bob, "offer");
  has (got, "\"from\":\"p001\",\"to\":\"p002\",\"sdp\":\"v=0\\r\\n\"");

  net_socket_send (bob, "{\"type\":\"answer\",\"seq\":2,\"to\":\"p001\","
                        "\"sdp\":\"v\\u003d1\",\"from\":\"p001\"}");
  answer = host_wait (VM_SIGNAL_ANSWER);
  fail_unless_equals_string (answer->from, "p002");
  fail_unless_equals_int (answer->sdp.size, strlen ("\"v\\u003d1\""));
  sdp = vm_span_to_string (answer->sdp);
  fail_unless_equals_string (sdp, "v=1");

  net_socket_send (bob, "{\"type\":\"bye\"}");
  left = host_wait (VM_SIGNAL_PARTICIPANT_LEFT);
  fail_unless_equals_string (left->id, "p002");
  fail_unless (left->code == NULL);
  fail_unless_equals_int (net_socket_wait_closed (bob), 1000);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_secure_call)
{
  NetSocket *bob, *carl;
  const gchar *piece = "0123456789abcdef";
  g_autoptr (GString) sdp = g_string_new (NULL);
  g_autofree gchar *got = NULL;

  teardown ();
  open_with ((VmServerConfig){ 0 }, NULL, NULL, 10);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  carl = net_socket_join (server, "standup", "Carl");
  g_free (net_socket_wait (carl, "welcome"));
  /* several TLS records, as large as an SDP may be */
  while (sdp->len < VM_SIGNAL_SDP_MAX)
    g_string_append (sdp, piece);
  for (guint i = 0; i < 3; i++) {
    net_socket_send (
        bob, "{\"type\":\"offer\",\"to\":\"p003\",\"sdp\":\"%s\"}", sdp->str);
    g_free (got);
    got = net_socket_wait (carl, "offer");
    has (got, sdp->str);
  }
  net_socket_free (bob);
  net_socket_free (carl);
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  g_autofree gchar *bye = NULL;

  g_free (net_socket_wait (bob, "welcome"));
  vm_seat_close (g_steal_pointer (&seat));
  bye = net_socket_wait (bob, "bye");
  has (bye, "\"from\":\"p001\"");
  fail_unless_equals_int (net_socket_wait_closed (bob), 1000);
  check_join (
      "{\"meeting\":\"standup\",\"user\":\"Bob\"}", 404, "MEETING_NOT_FOUND");
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_stop_says_bye)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");

  g_free (net_socket_wait (bob, "welcome"));
  vm_server_stop (server);
  g_free (net_socket_wait (bob, "bye"));
  net_socket_wait_closed (bob);
  net_socket_free (bob);
}

GST_END_TEST;

static NetSocket *
open_ticket (void)
{
  g_autofree gchar *ticket = net_ticket (server, "standup", "Bob");
  g_autofree gchar *path = g_strdup_printf ("/ws?ticket=%s", ticket);

  return net_socket_open (server, path, "videomeet.v2", NULL);
}

GST_START_TEST (test_first_message)
{
  const gchar *wrong[] = { "{\"type\":\"chat\",\"text\":\"hi\"}",
    "{\"type\":\"offer\"}", "{", "{\"type\":\"bye\"}" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    NetSocket *bob = open_ticket ();
    g_autofree gchar *error = NULL;

    net_socket_send (bob, "%s", wrong[i]);
    error = net_socket_wait (bob, "error");
    has (error, "\"code\":\"BAD_MESSAGE\"");
    fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
    net_socket_free (bob);
  }
}

GST_END_TEST;

GST_START_TEST (test_silence_before_hello)
{
  VmServerTimes times = patient;
  NetSocket *bob;
  gint64 start;

  times.first_message = 500 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  /* the server's time begins somewhere in here */
  start = g_get_monotonic_time ();
  bob = open_ticket ();
  fail_unless_equals_int (net_socket_wait_closed (bob), 1008);
  fail_unless (g_get_monotonic_time () - start >= times.first_message);
  net_socket_free (bob);
}

GST_END_TEST;

static const gchar hello[] = "{\"type\":\"hello\"}";

/* Time enough to answer on a busy machine, and it is over twice. */
GST_START_TEST (test_pongs_keep_alive)
{
  VmServerTimes times = patient;
  GIOStream *stream;
  guint8 payload[NET_RAW_MAX], type;
  gsize size;
  gint64 end;

  times.ping = 200 * G_TIME_SPAN_MILLISECOND;
  times.dead = 5 * G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  stream = net_raw_open (server, "Bob");
  net_raw_send (stream, 0x81, hello, strlen (hello));
  end = g_get_monotonic_time () + 2 * times.dead;
  while (g_get_monotonic_time () < end) {
    type = net_raw_read (stream, payload, &size);
    fail_unless (type != 0 && type != 0x88, "cut off");
    if (type == 0x89)
      net_raw_send (stream, 0x8a, (const gchar *) payload, size);
  }
  g_object_unref (stream);
}

GST_END_TEST;

GST_START_TEST (test_dead_without_pong)
{
  VmServerTimes times = patient;
  GIOStream *stream;

  times.ping = 200 * G_TIME_SPAN_MILLISECOND;
  times.dead = 3 * G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  stream = net_raw_open (server, "Bob");
  net_raw_send (stream, 0x81, hello, strlen (hello));
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_JOINED));
  /* going away: the one after which it may resume */
  fail_unless_equals_int (net_raw_close_code (stream), 1001);
  g_object_unref (stream);
}

GST_END_TEST;

GST_START_TEST (test_binary)
{
  GIOStream *stream = net_raw_open (server, "Bob");

  net_raw_send (stream, 0x82, hello, strlen (hello));
  fail_unless_equals_int (net_raw_close_code (stream), 1003);
  g_object_unref (stream);
}

GST_END_TEST;

GST_START_TEST (test_malformed_messages_are_answered)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  const gchar *bad[] = { "", "{", "nonsense", "[]", "{\"type\":\"dance\"}",
    "{\"type\":\"chat\",\"text\":7}", "{\"type\":\"hello\"}",
    "{\"type\":\"welcome\",\"id\":\"p001\"}", "{\"type\":\"offer\"}" };

  g_free (net_socket_wait (bob, "welcome"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autofree gchar *error = NULL;

    net_socket_send (bob, "%s", bad[i]);
    error = net_socket_wait (bob, "error");
    has (error, "BAD_MESSAGE");
  }
  /* and an error is not answered */
  net_socket_send (bob, "{\"type\":\"error\",\"code\":5}");
  net_socket_send (bob, "{\"type\":\"offer\",\"seq\":9,\"sdp\":\"\","
                        "\"to\":\"p009\"}");
  {
    g_autofree gchar *error = net_socket_next (bob);

    has (error, "UNROUTABLE");
    has (error, "\"inReplyTo\":9");
  }
  fail_if (bob->closed);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_flood)
{
  VmServerTimes times = patient;
  GIOStream *stream;
  const gchar *bye = "{\"type\":\"presence\",\"status\":\"x\"}";
  guint sent = 0;

  times.flood = G_TIME_SPAN_SECOND;
  reopen (&times, NULL, 10);
  stream = net_raw_open (server, "Bob");
  net_raw_send (stream, 0x81, hello, strlen (hello));
  while (sent < 20000 && net_raw_send (stream, 0x81, bye, strlen (bye)))
    sent++;
  fail_unless_equals_int (net_raw_close_code (stream), 1008);
  g_object_unref (stream);
}

GST_END_TEST;

static gint
lacks (gconstpointer text, gconstpointer part)
{
  return strstr (text, part) == NULL;
}

GST_START_TEST (test_burst_is_read)
{
  NetSocket *bob = net_socket_join (server, "standup", "Bob");
  gint64 end = g_get_monotonic_time () + NET_SECONDS * G_USEC_PER_SEC;
  g_autoptr (VmSignal) last = NULL;

  g_free (net_socket_wait (bob, "welcome"));
  for (guint i = 0; i < VM_MESSAGE_BURST - 10; i++)
    net_socket_send (bob, "{\"type\":\"presence\",\"status\":\"%u\"}", i);
  net_socket_send (bob, "{\"type\":\"hand\",\"raised\":true}");
  last = host_wait (VM_SIGNAL_HAND);
  fail_unless (g_queue_is_empty (&bob->texts)
               || !strstr (g_queue_peek_tail (&bob->texts), "RATE_LIMITED"));
  /* beyond, it is read later and said so; a slow server allows more
   * meanwhile */
  while (g_get_monotonic_time () < end
         && !g_queue_find_custom (&bob->texts, "RATE_LIMITED", lacks)) {
    for (guint i = 0; i < VM_MESSAGE_RATE; i++)
      net_socket_send (bob, "{\"type\":\"presence\",\"status\":\"%u\"}", i);
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
  net_socket_send (bob, "{\"type\":\"hand\",\"raised\":false}");
  g_clear_pointer (&last, vm_signal_unref);
  last = host_wait (VM_SIGNAL_HAND);
  fail_if (last->raised);
  {
    g_autofree gchar *error = net_socket_wait (bob, "error");

    has (error, "RATE_LIMITED");
  }
  fail_if (bob->closed);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_slow_reader)
{
  GIOStream *slow = net_raw_open (server, "Slow");
  NetSocket *bob;
  g_autofree gchar *sdp = g_strnfill (60000, 'x');
  g_autofree gchar *left = NULL;

  net_raw_send (slow, 0x81, hello, strlen (hello));
  vm_signal_unref (host_wait (VM_SIGNAL_PARTICIPANT_JOINED));
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "welcome"));
  /* more than the socket's buffers and the queue hold */
  for (guint i = 0; i < 400; i++) {
    net_socket_send (
        bob, "{\"type\":\"offer\",\"to\":\"p002\",\"sdp\":\"%s\"}", sdp);
    while (g_main_context_iteration (NULL, FALSE))
      ;
  }
  left = net_socket_wait (bob, "participant-left");
  has (left, "p002");
  fail_if (bob->closed);
  g_object_unref (slow);
  net_socket_free (bob);
}

GST_END_TEST;

GST_START_TEST (test_slow_request)
{
  g_autoptr (GIOStream) stream = NULL;
  g_autoptr (NetAnswer) answer = NULL;
  g_autoptr (GError) error = NULL;
  VmServerTimes times = patient;
  const gchar *request =
      "POST /meetings/join HTTP/1.1\r\nHost: localhost\r\n"
      "Content-Type: application/json\r\nContent-Length: 10\r\n\r\n{";
  gchar more;

  times.request = 500 * G_TIME_SPAN_MILLISECOND;
  reopen (&times, NULL, 10);
  stream = net_connect (server);
  /* the body never comes; the server hangs up */
  answer = net_ask_on (stream, request, strlen (request));
  fail_unless_equals_int (answer->status, 0);
  g_input_stream_read (
      g_io_stream_get_input_stream (stream), &more, 1, NULL, &error);
  fail_if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
}

GST_END_TEST;

static gint n_infos;
static gchar *last_info;

static void
on_meetings (VmServer *of, const VmMeetingInfo *info, gpointer user_data)
{
  gchar *text = info ? g_strdup_printf ("%s %s %u/%u", info->name,
                    vm_meeting_state_to_string (info->state),
                    info->participants, info->max_participants)
                     : g_strdup ("none");

  g_free (g_atomic_pointer_exchange (&last_info, text));
  g_atomic_int_inc (&n_infos);
}

GST_START_TEST (test_what_is_announced)
{
  NetSocket *bob;

  vm_server_set_meetings_func (server, on_meetings, NULL);
  bob = net_socket_join (server, "standup", "Bob");
  g_free (net_socket_wait (bob, "meeting-state"));
  fail_unless_equals_string (last_info, "standup active 2/10");
  vm_seat_close (g_steal_pointer (&seat));
  g_free (net_socket_wait (bob, "bye"));
  net_socket_wait_closed (bob);
  vm_server_stop (server);
  fail_unless_equals_string (last_info, "none");
  net_socket_free (bob);
  g_clear_pointer (&last_info, g_free);
}

GST_END_TEST;

GST_START_TEST (test_meeting_opened_twice)
{
  VmMeetingConfig meeting = { "standup", "Ann", "desk", NULL, 10, 0 };
  g_autoptr (GError) error = NULL;

  fail_unless (vm_server_open_meeting (
                   server, &meeting, NULL, on_host_signal, NULL, &error)
               == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

static Suite *
signalling_suite (void)
{
  Suite *s = suite_create ("signalling");
  TCase *tc = tcase_create ("native");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_join);
  tcase_add_test (tc, test_join_refused);
  tcase_add_test (tc, test_who_is_there);
  tcase_add_test (tc, test_join_with_pin);
  tcase_add_test (tc, test_full);
  tcase_add_test (tc, test_locked);
  tcase_add_test (tc, test_status_shows_the_meeting);
  tcase_add_test (tc, test_upgrades_refused);
  tcase_add_test (tc, test_upgrade_from_elsewhere);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_secure_call);
  tcase_add_test (tc, test_host_ends);
  tcase_add_test (tc, test_stop_says_bye);
  tcase_add_test (tc, test_first_message);
  tcase_add_test (tc, test_silence_before_hello);
  tcase_add_test (tc, test_pongs_keep_alive);
  tcase_add_test (tc, test_dead_without_pong);
  tcase_add_test (tc, test_binary);
  tcase_add_test (tc, test_malformed_messages_are_answered);
  tcase_add_test (tc, test_flood);
  tcase_add_test (tc, test_burst_is_read);
  tcase_add_test (tc, test_slow_reader);
  tcase_add_test (tc, test_slow_request);
  tcase_add_test (tc, test_what_is_announced);
  tcase_add_test (tc, test_meeting_opened_twice);
  return s;
}

CHECK_PROGRAM (signalling)
