/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that joins a room of the room dialect, on a server that speaks it:
 * the other device's. Real sockets, on loopback only. */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/client/signalsocket.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>

static void
use_room (const gchar *name, const gchar *scheme, const gchar *path)
{
  use_dialect (VM_DIALECT_NAME_ROOM, scheme, name, path);
}

static void
meet (void)
{
  host ();
  use_room (NULL, "ws", "/standup");
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
}

GST_START_TEST (test_call)
{
  g_autofree gchar *link = NULL;
  g_autofree gchar *name = NULL;

  meet ();
  heard (&a, "joined:p001 announced +p002 active");
  heard (&b, "joined:p002 +p001 active");
  g_object_get (b.meeting, "link", &link, "name", &name, NULL);
  fail_unless (link == NULL);
  fail_unless_equals_string (name, "standup");
  fail_unless_equals_string (vm_participant_get_user (a.other), "Guest 2");
  fail_unless_equals_string (vm_participant_get_user (b.other), "p001");

  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  fail_if (vm_meeting_offers_to (b.meeting, b.other));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0\r\n", NULL, 0, "s-1", 1, NULL);
  vm_meeting_send_candidate (
      a.meeting, a.other, "candidate:1", 2, "m", "s-1", 1);
  /* the dialect has no end of candidates */
  vm_meeting_send_candidate (a.meeting, a.other, "", -1, NULL, "s-1", 1);
  WAIT_FOR (has (&b, "candidate:candidate"));
  heard (&b, "offer:room-1:1 candidate:candidate:1:2:m:room-1:1");
  fail_unless_equals_string (b.sdp, "v=0\r\n");
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  vm_meeting_send_candidate (
      b.meeting, b.other, "candidate:2", 0, NULL, "room-1", 1);
  WAIT_FOR (has (&a, "candidate:candidate"));
  heard (&a, "answer:s-1:1 candidate:candidate:2:0::s-1:1");

  /* again is another exchange, after a leave that only a page would see */
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=2", NULL, 0, "s-2", 2, NULL);
  WAIT_FOR (has (&b, "disconnected"));
  heard (&b, "disconnected -p001");
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  heard (&a, "disconnected -p002 idle");
}

GST_END_TEST;

/* With its certificate that nobody vouches for: it is on this machine. */
GST_START_TEST (test_over_tls)
{
  g_object_set (a.node, "interfaces", "", NULL);
  host ();
  use_room ("standup", "wss", "");
  start (&b);
  WAIT_FOR (has (&b, "active") || b.error);
  g_assert_no_error (b.error);
  fail_unless (vm_signal_host_is_loopback ("127.3.2.1"));
  fail_unless (vm_signal_host_is_loopback ("::1"));
  fail_unless (vm_signal_host_is_loopback ("localhost"));
  fail_if (vm_signal_host_is_loopback ("10.0.0.1"));
  fail_if (vm_signal_host_is_loopback ("localhost.example.org"));
  fail_if (vm_signal_host_is_loopback ("127.0.0.1.example.org"));
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  check_pins (VM_DIALECT_NAME_ROOM);
}

GST_END_TEST;

GST_START_TEST (test_no_such_room)
{
  host ();
  use_room (NULL, "ws", "/retro");
  start (&b);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  meet ();
  g_string_truncate (b.heard, 0);
  vm_meeting_stop (a.meeting);
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "disconnected -p001 idle ended");
}

GST_END_TEST;

GST_START_TEST (test_restart_is_a_leave_and_a_join)
{
  meet ();
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0", NULL, 0, "s-1", 1, NULL);
  WAIT_FOR (has (&b, "offer"));
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  vm_meeting_send_restart (b.meeting, b.other, "ice");
  WAIT_FOR (has (&a, "+p003"));
  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=1", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&b, "offer"));
  /* to this device it is the same participant, with another offer */
  heard (&b, "offer:room-2:2");
  fail_unless_equals_string (b.sdp, "v=1");
}

GST_END_TEST;

GST_START_TEST (test_kicked)
{
  g_autoptr (VmSignal) kick = vm_signal_new (VM_SIGNAL_KICK);

  meet ();
  g_string_truncate (b.heard, 0);
  kick->to = g_strdup ("p002");
  vm_meeting_send (a.meeting, kick);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_KICKED);
}

GST_END_TEST;

/* A socket that is lost is a seat that is lost, at once; whoever had it comes
 * back, as another, until that takes too long. */
GST_START_TEST (test_cut)
{
  Cutter *cutter;
  g_autofree gchar *uri = NULL;

  host ();
  cutter = cutter_new (vm_node_get_port (a.node));
  uri = g_strdup_printf ("ws://127.0.0.1:%u/", cutter_get_port (cutter));
  use_room ("standup", "ws", "/");
  g_object_set (b.meeting, "uri", uri, NULL);
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  g_string_truncate (b.heard, 0);
  cutter_cut (cutter);
  WAIT_FOR (has (&a, "+p003") && has (&b, "+p001"));
  heard (&b, "disconnected -p001RESUME_FAILED joined:p002 +p001");
  b.meeting->return_time = 1;
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  cutter_free (cutter);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  const gchar *bad[] = { "ws://127.0.0.1:1", "ws://127.0.0.1:1/",
    "http://127.0.0.1:1/room", "videomeet://127.0.0.1:1/room", "ws:///room",
    "room", "ws://127.0.0.1:1/a%00b",
    "ws://ann:482910@127.0.0.1:1/?pin=482910" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    device_open (&b, VM_MEETING_MODE_JOIN);
    g_object_set (b.meeting, "dialect", VM_DIALECT_NAME_ROOM, "name", NULL,
        "uri", bad[i], NULL);
    fail_if (vm_meeting_start (b.meeting, &error), "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    fail_if (strstr (error->message, "482910"), "%s", error->message);
    g_clear_object (&b.meeting);
  }
  {
    g_autoptr (GError) error = NULL;

    /* not looked for */
    device_open (&b, VM_MEETING_MODE_JOIN);
    g_object_set (b.meeting, "dialect", VM_DIALECT_NAME_ROOM, NULL);
    fail_if (vm_meeting_start (b.meeting, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

static Suite *
roommeeting_suite (void)
{
  Suite *s = suite_create ("roommeeting");
  TCase *tc = tcase_create ("roommeeting");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_over_tls);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_no_such_room);
  tcase_add_test (tc, test_host_ends);
  tcase_add_test (tc, test_restart_is_a_leave_and_a_join);
  tcase_add_test (tc, test_kicked);
  tcase_add_test (tc, test_cut);
  tcase_add_test (tc, test_addresses);
  return s;
}

CHECK_PROGRAM (roommeeting)
