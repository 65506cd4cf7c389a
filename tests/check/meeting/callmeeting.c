/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two devices that call each other over a server of calls. Real sockets, on
 * loopback only. */

#include "program.h"
#include "support/meetingdevice.h"
#include "support/net/netclient.h"

#include <gst/videomeet/client/signalclient-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>

static VmServer *server;

static void
on_call_offered (VmMeeting *meeting, const gchar *id, const gchar *user,
    VmCallType type, Device *device)
{
  g_string_append_printf (device->heard, " rings:%s=%s:%s", id, user,
      type == VM_CALL_TYPE_AUDIO ? "audio" : "video");
}

static void
on_call_missed (
    VmMeeting *meeting, const gchar *id, const gchar *user, Device *device)
{
  g_string_append_printf (device->heard, " missed:%s=%s", id, user);
}

static void
register_as (Device *device, const gchar *id)
{
  g_autofree gchar *uri =
      g_strdup_printf ("ws://127.0.0.1:%u/%s", vm_server_get_port (server), id);

  device_open (device, VM_MEETING_MODE_JOIN);
  g_object_set (device->meeting, "dialect", VM_DIALECT_NAME_CALL, "name", NULL,
      "uri", uri, "call-type", VM_CALL_TYPE_AUDIO, NULL);
  g_signal_connect (
      device->meeting, "call-offered", G_CALLBACK (on_call_offered), device);
  g_signal_connect (
      device->meeting, "call-missed", G_CALLBACK (on_call_missed), device);
  start (device);
}

static void
come (Device *device, const gchar *id)
{
  register_as (device, id);
  WAIT_FOR (has (device, "active"));
  heard (device, "joined:p100000 active");
}

static void
set_up (void)
{
  VmServerConfig config = { .loopback_only = TRUE, .calls = TRUE };

  setup ();
  server = net_server (&config, NULL);
  come (&a, "ann");
  come (&b, "bob");
}

static void
tear_down (void)
{
  teardown ();
  vm_server_stop (server);
  g_clear_object (&server);
}

/* @a calls @b, and makes its offer. */
static void
ring (void)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vm_meeting_call (a.meeting, "bob", &error));
  g_assert_no_error (error);
  heard (&a, "+p100001");
  fail_unless_equals_string (vm_participant_get_user (a.other), "bob");
  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-1", 1, NULL);
  vm_meeting_send_candidate (
      a.meeting, a.other, "candidate:1", 0, NULL, "s-1", 1);
  WAIT_FOR (has (&b, "rings"));
}

static void
talk (void)
{
  ring ();
  fail_unless (vm_meeting_accept_call (b.meeting, NULL));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  WAIT_FOR (has (&a, "answer") && has (&b, "candidate:candidate"));
}

GST_START_TEST (test_call)
{
  ring ();
  heard (&b, " rings:ann=Ann:audio");
  fail_unless (vm_meeting_accept_call (b.meeting, NULL));
  fail_if (vm_meeting_offers_to (b.meeting, b.other));
  WAIT_FOR (has (&b, "candidate:candidate"));
  heard (&b, "+p001 offer:room-1:1 candidate:candidate:1:0::room-1:1");
  fail_unless_equals_string (b.sdp, "v=0\r\n");
  fail_unless_equals_string (vm_participant_get_user (b.other), "Ann");
  fail_unless (vm_meeting_open_media (b.meeting, b.other, "room-1", 1) == NULL);
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  vm_meeting_send_candidate (
      b.meeting, b.other, "candidate:2", 0, NULL, "room-1", 1);
  WAIT_FOR (has (&a, "candidate:candidate"));
  heard (&a, "answer:s-1:1 candidate:candidate:2:0::s-1:1");
  fail_unless (vm_meeting_end_call (a.meeting, NULL));
  heard (&a, "disconnected -p100001");
  WAIT_FOR (has (&b, "-p001"));
  heard (&b, "disconnected -p001");
  /* both are there still, and the other way round is as good */
  fail_unless (vm_meeting_call (b.meeting, "ann", NULL));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&a, "rings"));
}

GST_END_TEST;

/* Its connection is lost, or closed by the other: the server is told, and both
 * are there for the next. */
GST_START_TEST (test_connection_ends)
{
  g_autoptr (GError) lost =
      g_error_new_literal (VM_ERROR, VM_ERROR_TIMEOUT, "It is silent");
  const GError *const reasons[] = { NULL, lost };
  const GError *reason = reasons[__i__];

  talk ();
  heard (&a, "answer:s-1:1");
  fail_if (vm_meeting_can_signal (a.meeting, a.other));
  vm_meeting_set_participant_state (
      a.meeting, a.other, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  heard (&a, "connected");
  vm_meeting_set_participant_state (
      a.meeting, a.other, VM_PARTICIPANT_EVENT_LEAVES, reason);
  heard (&a, reason ? "disconnected -p100001TIMEOUT" : "disconnected -p100001");
  WAIT_FOR (has (&b, "-p001"));
  fail_unless (vm_meeting_call (b.meeting, "ann", NULL));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&a, "rings"));
}

GST_END_TEST;

GST_START_TEST (test_rejected)
{
  ring ();
  fail_unless (vm_meeting_reject_call (b.meeting, NULL));
  WAIT_FOR (has (&a, "-p100001"));
  heard (&a, "disconnected -p100001DECLINED");
  heard (&b, " rings:ann=Ann:audio");
}

GST_END_TEST;

GST_START_TEST (test_missed)
{
  ring ();
  fail_unless (vm_meeting_end_call (a.meeting, NULL));
  WAIT_FOR (has (&b, "missed"));
  heard (&b, " rings:ann=Ann:audio missed:ann=Ann");
  fail_if (vm_meeting_accept_call (b.meeting, NULL));
}

GST_END_TEST;

GST_START_TEST (test_nobody_there)
{
  fail_unless (vm_meeting_call (a.meeting, "dora", NULL));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-1", 1, NULL);
  WAIT_FOR (has (&a, "-p100001"));
  heard (&a, "+p100001 disconnected -p100001NOT_FOUND");
}

GST_END_TEST;

/* Who leaves the server ends its call. */
GST_START_TEST (test_stop)
{
  talk ();
  g_string_truncate (a.heard, 0);
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "-p100001"));
  heard (&a, "disconnected -p100001");
}

GST_END_TEST;

/* Another at the same place, which knows of nobody. */
static void
replace_server (guint16 port)
{
  VmServerConfig config = {
    .loopback_only = TRUE, .calls = TRUE, .port = port, .port_explicit = TRUE
  };

  g_clear_object (&server);
  server = net_server (&config, NULL);
}

static guint16
stop_server (void)
{
  guint16 port = vm_server_get_port (server);

  vm_server_stop (server);
  WAIT_FOR (vm_signal_client_is_lost (a.meeting->client)
            && vm_signal_client_is_lost (b.meeting->client));
  return port;
}

static void
wait_for_server (Device *device)
{
  WAIT_FOR (!vm_signal_client_is_lost (device->meeting->client));
}

/* The call goes on, and can be ended over the other server. */
GST_START_TEST (test_server_again)
{
  guint16 port;

  talk ();
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  port = stop_server ();
  replace_server (port);
  wait_for_server (&a);
  wait_for_server (&b);
  heard (&a, "");
  heard (&b, "");
  fail_unless (vm_meeting_end_call (a.meeting, NULL));
  WAIT_FOR (has (&b, "-p001"));
  heard (&a, "disconnected -p100001");
  heard (&b, "disconnected -p001");
  fail_unless (vm_meeting_call (b.meeting, "ann", NULL));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&a, "rings"));
}

GST_END_TEST;

GST_START_TEST (test_ended_without_server)
{
  guint16 port;

  talk ();
  g_string_truncate (b.heard, 0);
  port = stop_server ();
  fail_unless (vm_meeting_end_call (a.meeting, NULL));
  WAIT_FOR (has (&a, "-p100001"));
  heard (&b, "");
  replace_server (port);
  WAIT_FOR (has (&b, "-p001"));
  heard (&b, "disconnected -p001");
}

GST_END_TEST;

/* What was not answered yet is over. */
GST_START_TEST (test_server_lost_while_it_rings)
{
  guint16 port;

  ring ();
  g_string_truncate (b.heard, 0);
  port = stop_server ();
  WAIT_FOR (has (&a, "-p100001") && has (&b, "missed"));
  heard (&a, "disconnected -p100001DISCONNECTED");
  heard (&b, " missed:ann=Ann");
  replace_server (port);
  wait_for_server (&a);
  wait_for_server (&b);
  fail_unless (vm_meeting_call (a.meeting, "bob", NULL));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&b, "rings"));
}

GST_END_TEST;

/* The other says it where the server cannot: on the data channel between
 * them. */
GST_START_TEST (test_bye_without_server)
{
  const gchar *bye = "{\"type\":\"bye\"}";

  talk ();
  stop_server ();
  g_string_truncate (b.heard, 0);
  fail_unless (vm_meeting_say_bye (a.meeting));
  vm_meeting_take_message (b.meeting, b.other, "signal", bye);
  heard (&b, "disconnected -p001");
  fail_unless (!vm_meeting_end_call (b.meeting, NULL));
}

GST_END_TEST;

GST_START_TEST (test_server_lost)
{
  talk ();
  a.meeting->client->config.return_ms = 1000;
  vm_server_stop (server);
  WAIT_FOR (has (&a, "failed"));
  g_assert_error (a.error, VM_ERROR, VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

GST_START_TEST (test_user_taken)
{
  vm_meeting_stop (b.meeting);
  g_clear_object (&b.meeting);
  g_string_truncate (b.heard, 0);
  register_as (&b, "ann");
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_USER_TAKEN);
}

GST_END_TEST;

static gint
code_of (gboolean done, GError **error)
{
  gint code = *error ? (*error)->code : -1;

  fail_unless_equals_int (done, *error == NULL);
  g_clear_error (error);
  return code;
}

GST_START_TEST (test_what_cannot_be)
{
  g_autofree gchar *longest = g_strnfill (129, 'x');
  GError *e = NULL;

  fail_unless_equals_int (
      code_of (vm_meeting_accept_call (a.meeting, &e), &e), VM_ERROR_FAILED);
  fail_unless_equals_int (
      code_of (vm_meeting_reject_call (a.meeting, &e), &e), VM_ERROR_FAILED);
  fail_unless_equals_int (
      code_of (vm_meeting_end_call (a.meeting, &e), &e), VM_ERROR_FAILED);
  fail_unless_equals_int (
      code_of (vm_meeting_call (a.meeting, "", &e), &e), VM_ERROR_BAD_REQUEST);
  fail_unless_equals_int (
      code_of (vm_meeting_call (a.meeting, longest, &e), &e),
      VM_ERROR_BAD_REQUEST);
  longest[128] = '\0';
  fail_unless_equals_int (
      code_of (vm_meeting_call (a.meeting, longest, &e), &e), -1);
  fail_unless_equals_int (
      code_of (vm_meeting_call (a.meeting, "bob", &e), &e), VM_ERROR_FAILED);
  vm_meeting_stop (a.meeting);
  fail_unless_equals_int (code_of (vm_meeting_call (a.meeting, "bob", &e), &e),
      VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

static Suite *
callmeeting_suite (void)
{
  Suite *s = suite_create ("callmeeting");
  TCase *tc = tcase_create ("callmeeting");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 90);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_call);
  tcase_add_loop_test (tc, test_connection_ends, 0, 2);
  tcase_add_test (tc, test_rejected);
  tcase_add_test (tc, test_missed);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_stop);
  tcase_add_test (tc, test_server_again);
  tcase_add_test (tc, test_ended_without_server);
  tcase_add_test (tc, test_server_lost_while_it_rings);
  tcase_add_test (tc, test_bye_without_server);
  tcase_add_test (tc, test_server_lost);
  tcase_add_test (tc, test_user_taken);
  tcase_add_test (tc, test_what_cannot_be);
  return s;
}

CHECK_PROGRAM (callmeeting)
