/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A device that joins a room of the mesh, on a server that speaks it: the other
 * device's. Real sockets, on loopback only. */

#include "program.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

static void
use_room (const gchar *name, const gchar *path)
{
  use_dialect (VM_DIALECT_NAME_MESH, "ws", name, path);
}

static void
meet (void)
{
  host ();
  use_room (NULL, "/standup");
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "+p001"));
  heard (&a, "joined:p001 announced +p002 active");
  heard (&b, "joined:p100000 active +p001");
}

static void
offer (const gchar *sdp)
{
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      sdp, NULL, 0, "s-1", 1, NULL);
}

/* By a session, and a capability that the server has given. */
GST_START_TEST (test_call)
{
  meet ();
  fail_unless_equals_string (vm_participant_get_user (a.other), "Bob");
  fail_unless_equals_string (vm_participant_get_user (b.other), "p001");
  fail_unless (vm_meeting_offers_to (a.meeting, a.other));
  fail_if (vm_meeting_offers_to (b.meeting, b.other));
  offer ("v=0\r\n");
  vm_meeting_send_candidate (
      a.meeting, a.other, "candidate:1", 2, "m", "s-1", 1);
  WAIT_FOR (has (&b, "candidate:candidate"));
  heard (&b, "offer:room-1:1 candidate:candidate:1:2:m:room-1:1");
  fail_unless_equals_string (b.sdp, "v=0\r\n");
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  vm_meeting_send_candidate (
      b.meeting, b.other, "candidate:2", 0, NULL, "room-1", 1);
  WAIT_FOR (has (&a, "candidate:candidate"));
  heard (&a, "answer:s-1:1 candidate:candidate:2:0::s-1:1");
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  /* the end of its connection, which it has closed itself, says so */
  heard (&a, "disconnected -p002 idle");
}

GST_END_TEST;

static void
on_chat (VmMeeting *meeting, VmChatMessage *message, GString *said)
{
  g_string_append_printf (said, "%s:%s ", vm_chat_message_get_user (message),
      vm_chat_message_get_text (message));
}

GST_START_TEST (test_talk)
{
  g_autoptr (GString) by_a = g_string_new (NULL);
  g_autoptr (GString) by_b = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  meet ();
  g_signal_connect (a.meeting, "chat-received", G_CALLBACK (on_chat), by_b);
  g_signal_connect (b.meeting, "chat-received", G_CALLBACK (on_chat), by_a);
  fail_unless (vm_meeting_send_chat (b.meeting, NULL, "hello", NULL));
  WAIT_FOR (by_b->len > 0);
  fail_unless (vm_meeting_send_chat (a.meeting, NULL, "hi", NULL));
  WAIT_FOR (by_a->len > 0);
  fail_unless_equals_string (by_b->str, "Bob:hello ");
  fail_unless_equals_string (by_a->str, "p001:hi ");
  fail_if (vm_meeting_send_chat (b.meeting, b.other, "psst", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_UNROUTABLE);
  vm_meeting_set_presence (b.meeting, "busy", TRUE, TRUE);
  WAIT_FOR (g_strcmp0 (vm_participant_get_status (a.other), "busy") == 0);
}

GST_END_TEST;

/* Without one that is good nobody can be met. */
GST_START_TEST (test_bad_capability)
{
  host ();
  use_room (NULL, "/standup");
  g_object_set (b.meeting, "cap-token", "h.eyJleHAiOjB9.s", NULL);
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "+p001"));
  offer ("v=0");
  WAIT_FOR (has (&b, "offer"));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "room-1", 1, NULL);
  WAIT_FOR (has (&b, "failed"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  check_pins (VM_DIALECT_NAME_MESH);
}

GST_END_TEST;

/* Where the server has its WebSocket, and a token that it never gave. */
GST_START_TEST (test_places)
{
  const Place places[] = {
    { NULL, "/v2/ws/standup", TRUE },
    { "standup", "", TRUE },
    { "standup", "/v2/ws", TRUE },
    { "standup", "/nowhere", FALSE },
    { "standup", "/v2/ws?access_token=none", FALSE },
    { NULL, "/retro", FALSE },
  };

  check_places (VM_DIALECT_NAME_MESH, places, G_N_ELEMENTS (places));
}

GST_END_TEST;

GST_START_TEST (test_host_ends)
{
  meet ();
  vm_meeting_stop (a.meeting);
  WAIT_FOR (has (&b, "ended"));
  fail_unless (b.error == NULL);
}

GST_END_TEST;

static Suite *
meshmeeting_suite (void)
{
  Suite *s = suite_create ("meshmeeting");
  TCase *tc = tcase_create ("meshmeeting");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_call);
  tcase_add_test (tc, test_talk);
  tcase_add_test (tc, test_bad_capability);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_places);
  tcase_add_test (tc, test_host_ends);
  return s;
}

CHECK_PROGRAM (meshmeeting)
