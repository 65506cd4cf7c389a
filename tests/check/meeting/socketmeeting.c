/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that joins a room of the Socket.IO dialect, on a server of Socket.IO
 * that speaks it: the other device's. Real sockets, on loopback only. */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>

static void
use_room (const gchar *name, const gchar *path)
{
  use_dialect (VM_DIALECT_NAME_SOCKETIO, "ws", name, path);
}

static void
offer (const gchar *sdp, const gchar *session, guint generation)
{
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      sdp, NULL, 0, session, generation, NULL);
}

static void
meet (void)
{
  host ();
  use_room (NULL, "/standup");
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  heard (&a, "joined:p001 announced +p002 active");
}

GST_START_TEST (test_call)
{
  g_autofree gchar *name = NULL;

  meet ();
  /* nobody is named to who comes in */
  heard (&b, "joined:p100000 active");
  g_object_get (b.meeting, "name", &name, NULL);
  fail_unless_equals_string (name, "standup");

  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  offer ("v=0\r\n", "s-1", 1);
  vm_meeting_send_candidate (
      a.meeting, a.other, "candidate:1", 2, "m", "s-1", 1);
  vm_meeting_send_candidate (a.meeting, a.other, "", -1, NULL, "s-1", 1);
  WAIT_FOR (has (&b, "candidate:candidate"));
  heard (&b, "+p001 offer:room-1:1 candidate:candidate:1:2:m:room-1:1");
  fail_unless_equals_string (b.sdp, "v=0\r\n");
  fail_unless_equals_string (vm_participant_get_user (b.other), "p001");
  fail_if (vm_meeting_offers_to (b.meeting, b.other));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  vm_meeting_send_candidate (
      b.meeting, b.other, "candidate:2", 0, NULL, "room-1", 1);
  WAIT_FOR (has (&a, "candidate:candidate"));
  heard (&a, "answer:s-1:1 candidate:candidate:2:0::s-1:1");

  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  heard (&a, "disconnected -p002 idle");
}

GST_END_TEST;

/* Who comes later is offered to, each by its name. */
GST_START_TEST (test_third_comes)
{
  meet ();
  offer ("v=0", "s-1", 1);
  WAIT_FOR (has (&b, "offer"));
  g_string_truncate (b.heard, 0);
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_uri (&c, "standup");
  start (&c);
  WAIT_FOR (has (&c, "+p002") && has (&b, "+p100001"));
  fail_unless (vm_meeting_offers_to (b.meeting, b.other));
  fail_unless_equals_string (vm_participant_get_user (b.other), "p003");
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=2", NULL, 0, "s-2", 1, NULL);
  WAIT_FOR (has (&c, "offer"));
  fail_unless_equals_string (c.sdp, "v=2");
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (&b, "-p100001"));
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  check_pins (VM_DIALECT_NAME_SOCKETIO);
}

GST_END_TEST;

/* Where the server has its sessions, said and not said. */
GST_START_TEST (test_places)
{
  const Place places[] = {
    { NULL, "/socket.io/standup", TRUE },
    { "standup", "", TRUE },
    { "standup", "/", TRUE },
    { "standup", "/socket.io/", TRUE },
    { "standup", "/nowhere/", FALSE },
    { NULL, "/retro", FALSE },
  };

  check_places (VM_DIALECT_NAME_SOCKETIO, places, G_N_ELEMENTS (places));
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  meet ();
  offer ("v=0", "s-1", 1);
  WAIT_FOR (has (&b, "offer"));
  g_string_truncate (b.heard, 0);
  vm_meeting_stop (a.meeting);
  WAIT_FOR (has (&b, "ended"));
  fail_unless (b.error == NULL);
}

GST_END_TEST;

GST_START_TEST (test_restart_is_a_leave_and_a_join)
{
  meet ();
  offer ("v=0", "s-1", 1);
  WAIT_FOR (has (&b, "offer"));
  g_string_truncate (b.heard, 0);
  vm_meeting_send_restart (b.meeting, b.other, "ice");
  WAIT_FOR (has (&a, "+p003"));
  offer ("v=1", "s-2", 1);
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
  use_room ("standup", "/");
  g_object_set (b.meeting, "uri", uri, NULL);
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  g_string_truncate (b.heard, 0);
  cutter_cut (cutter);
  WAIT_FOR (has (&a, "+p003") && has (&b, "joined:p100000"));
  b.meeting->return_time = 1;
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  cutter_free (cutter);
}

GST_END_TEST;

static Suite *
socketmeeting_suite (void)
{
  Suite *s = suite_create ("socketmeeting");
  TCase *tc = tcase_create ("socketmeeting");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup_three, teardown_three);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_third_comes);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_places);
  tcase_add_test (tc, test_host_ends);
  tcase_add_test (tc, test_restart_is_a_leave_and_a_join);
  tcase_add_test (tc, test_kicked);
  tcase_add_test (tc, test_cut);
  return s;
}

CHECK_PROGRAM (socketmeeting)
