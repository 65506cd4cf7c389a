/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Signalling that does not come back: 30 s of it, on both sides
 * (protocol/signalling.md#resume). Slow for that reason alone. */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#define RESUME_SECONDS 30
#define SLACK_SECONDS 25 /* for a busy machine: less than to begin anew */

static gint64 host_heard, guest_heard;

static void
on_left (
    VmMeeting *meeting, VmParticipant *who, GError *error, gint64 *heard_at)
{
  *heard_at = g_get_monotonic_time ();
}

static void
check_time (gint64 cut, gint64 then)
{
  gdouble seconds = (then - cut) / (gdouble) G_USEC_PER_SEC;

  fail_unless (seconds >= RESUME_SECONDS - 1
                   && seconds <= RESUME_SECONDS + SLACK_SECONDS,
      "after %.1f s", seconds);
}

GST_START_TEST (test_lost_for_good)
{
  Cutter *cutter;
  gint64 cut;
  guint timer;
  gboolean late = FALSE;

  host ();
  cutter = cutter_new (vm_node_get_port (a.node));
  device_open (&b, VM_MEETING_MODE_JOIN);
  use_port (&b, cutter_get_port (cutter), "standup");
  g_object_set (b.meeting, "rejoin", FALSE, NULL);
  start (&b);
  WAIT_FOR (has (&a, "active") && has (&b, "active"));
  g_signal_connect (
      a.meeting, "participant-left", G_CALLBACK (on_left), &host_heard);
  g_signal_connect (
      b.meeting, "participant-left", G_CALLBACK (on_left), &guest_heard);
  g_string_truncate (a.heard, 0);
  g_string_truncate (b.heard, 0);
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  cut = g_get_monotonic_time ();
  timer = g_timeout_add_seconds (
      RESUME_SECONDS + SLACK_SECONDS, device_on_late, &late);
  while (!late && !(has (&a, "idle") && has (&b, "ended")))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  heard (&a, "disconnected -p002TIMEOUT idle");
  heard (&b, "disconnected -p001DISCONNECTED failed idle ended");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_DISCONNECTED);
  check_time (cut, host_heard);
  check_time (cut, guest_heard);
  cutter_free (cutter);
}

GST_END_TEST;

static Suite *
resumelate_suite (void)
{
  Suite *s = suite_create ("resumelate");
  TCase *tc = tcase_create ("resumelate");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_lost_for_good);
  return s;
}

CHECK_PROGRAM (resumelate)
