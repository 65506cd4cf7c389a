/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting whose signalling is cut, at every message and in between: nobody
 * notices (protocol/signalling.md#resume). */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>

#define PROBE_MS 10000 /* of a busy machine */

static Cutter *cutter;

static void
meet (void)
{
  host ();
  cutter = cutter_new (vm_node_get_port (a.node));
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_port (&b, cutter_get_port (cutter), "standup");
}

static void
part (void)
{
  vm_meeting_stop (b.meeting);
  WAIT_FOR (has (&a, "idle"));
  vm_meeting_stop (a.meeting);
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    g_clear_object (&d->other);
    g_clear_object (&d->meeting);
    g_string_truncate (d->heard, 0);
  }
  g_clear_pointer (&cutter, cutter_free);
}

static void
send (Device *device, const gchar *candidate)
{
  vm_meeting_send_candidate (
      device->meeting, device->other, candidate, 0, "m", "s", 1);
}

/* What two devices say to each other that call; some of it at once. */
static void
call (void)
{
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  vm_meeting_send_description (a.meeting, a.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0", NULL, 0, "s", 1, NULL);
  send (&a, "a1");
  send (&a, "a2");
  send (&a, "");
  WAIT_FOR (has (&b, "candidate::0"));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_ANSWER,
      "v=1", NULL, 0, "s", 1, NULL);
  send (&b, "b1");
  send (&b, "");
  WAIT_FOR (has (&a, "candidate::0"));
  vm_meeting_set_participant_state (
      b.meeting, b.other, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
  for (guint i = 3; i < 6; i++) {
    g_autofree gchar *of_a = g_strdup_printf ("a%u", i);
    g_autofree gchar *of_b = g_strdup_printf ("b%u", i);

    send (&a, of_a);
    send (&b, of_b);
  }
  WAIT_FOR (has (&a, "b5") && has (&b, "a5"));
}

/* One more each way, without which nobody knows that all is well. */
static void
settle (void)
{
  cutter_arm (cutter, 0, FALSE);
  send (&a, "a-last");
  WAIT_FOR (has (&b, "a-last"));
  send (&b, "b-last");
  WAIT_FOR (has (&a, "b-last"));
}

static void
heard_all (void)
{
  heard (&a, "joined:p001 announced +p002 active answer:s:1 "
             "candidate:b1:0:m:s:1 candidate::0:m:s:1 candidate:b3:0:m:s:1 "
             "candidate:b4:0:m:s:1 candidate:b5:0:m:s:1 "
             "candidate:b-last:0:m:s:1");
  heard (&b, "joined:p002 +p001 active offer:s:1 candidate:a1:0:m:s:1 "
             "candidate:a2:0:m:s:1 candidate::0:m:s:1 connected "
             "candidate:a3:0:m:s:1 candidate:a4:0:m:s:1 candidate:a5:0:m:s:1 "
             "candidate:a-last:0:m:s:1");
}

/* hello, welcome, ack, meeting-state and what was said */
#define MESSAGES 18

GST_START_TEST (test_cut_at_every_message)
{
  guint n;

  meet ();
  cutter_arm (cutter, 0, FALSE);
  call ();
  n = cutter_count_messages (cutter);
  settle ();
  heard_all ();
  part ();
  fail_unless (n >= MESSAGES, "%u messages", n);
  for (guint i = 1; i <= n; i++) {
    for (guint deliver = 0; deliver < 2; deliver++) {
      GST_INFO ("message %u, %s", i, deliver ? "then cut" : "cut");
      meet ();
      cutter_arm (cutter, i, deliver);
      call ();
      /* acknowledgements besides may come together, or later */
      fail_unless (cutter_count_cuts (cutter) == 1 || i > MESSAGES,
          "message %u was not cut", i);
      settle ();
      heard_all ();
      part ();
    }
  }
}

GST_END_TEST;

/* By name another host would be tried when the first does not welcome this
 * device in time: it does, on the next socket. */
GST_START_TEST (test_cut_at_welcome_by_name)
{
  g_autofree gchar *peer = NULL;
  guint16 port;

  g_object_set (a.node, "announce", VM_ANNOUNCE_FULL, NULL);
  host ();
  port = vm_node_get_port (a.node);
  cutter = cutter_new_at ("127.0.0.2", port, port);
  cutter_arm (cutter, 1 + __i__ / 2, __i__ % 2);
  peer = g_strdup_printf ("127.0.0.2:%u", port);
  g_object_set (b.node, "methods", VM_METHODS_MANUAL, "peers", peer, "timeout",
      PROBE_MS, NULL);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = WAIT_SECONDS * 1000 / 4;
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  fail_unless_equals_int (cutter_count_cuts (cutter), 1);
  settle ();
  heard (&a, "joined:p001 announced +p002 active candidate:b-last:0:m:s:1");
  heard (&b, "joined:p002 +p001 active candidate:a-last:0:m:s:1");
  fail_unless (b.meeting->welcome_timer == NULL);
  part ();
}

GST_END_TEST;

/* Both talk on while there is no way through. */
GST_START_TEST (test_talk_while_cut)
{
  meet ();
  cutter_arm (cutter, 0, FALSE);
  call ();
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  for (guint i = 0; i < 2; i++) {
    gboolean late = FALSE;
    guint timer = g_timeout_add (300, device_on_late, &late);

    while (!late)
      g_main_context_iteration (NULL, TRUE);
    g_source_remove (timer);
    send (&a, i ? "a7" : "a6");
    send (&b, i ? "b7" : "b6");
  }
  fail_if (has (&a, "b6") || has (&b, "a6"));
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (has (&a, "b7") && has (&b, "a7"));
  fail_unless (has (&a, "candidate:b6:0:m:s:1 candidate:b7:0:m:s:1"));
  fail_unless (has (&b, "candidate:a6:0:m:s:1 candidate:a7:0:m:s:1"));
  fail_if (has (&a, "-p002") || has (&b, "-p001"));
  settle ();
  part ();
}

GST_END_TEST;

/* The key that the seat is bound to is shown again. */
GST_START_TEST (test_over_tls)
{
  g_object_set (a.node, "interfaces", "", NULL);
  meet ();
  cutter_arm (cutter, 0, FALSE);
  call ();
  for (guint i = 0; i < 3; i++) {
    cutter_cut (cutter);
    send (&a, "a-again");
    send (&b, "b-again");
    WAIT_FOR (has (&a, "b-again") && has (&b, "a-again"));
    fail_if (has (&a, "-p002") || has (&b, "-p001"));
    g_string_truncate (a.heard, 0);
    g_string_truncate (b.heard, 0);
  }
  settle ();
  part ();
}

GST_END_TEST;

/* More than is kept: it fails at once, not after 30 s. */
GST_START_TEST (test_too_much_missed)
{
  meet ();
  g_object_set (b.meeting, "rejoin", FALSE, NULL);
  cutter_arm (cutter, 0, FALSE);
  call ();
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  for (guint i = 0; i < 300; i++)
    send (&a, "flood");
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (has (&b, "ended") && has (&a, "idle"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_RESUME_FAILED);
  fail_unless (has (&b, "-p001RESUME_FAILED failed"));
  fail_unless (has (&a, "-p002RESUME_FAILED idle"));
  part ();
}

GST_END_TEST;

/* The host ends the meeting while the guest is away. */
GST_START_TEST (test_meeting_ends_meanwhile)
{
  meet ();
  cutter_arm (cutter, 0, FALSE);
  call ();
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL));
  vm_meeting_stop (a.meeting);
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (has (&b, "ended"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_MEETING_ENDED);
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
  g_clear_pointer (&cutter, cutter_free);
}

GST_END_TEST;

static Suite *
resume_suite (void)
{
  Suite *s = suite_create ("resume");
  TCase *tc = tcase_create ("resume");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_cut_at_every_message);
  tcase_add_loop_test (tc, test_cut_at_welcome_by_name, 0, 4);
  tcase_add_test (tc, test_talk_while_cut);
  tcase_add_test (tc, test_over_tls);
  tcase_add_test (tc, test_too_much_missed);
  tcase_add_test (tc, test_meeting_ends_meanwhile);
  return s;
}

CHECK_PROGRAM (resume)
