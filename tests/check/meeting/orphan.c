/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting whose host is lost: two guests go on without it, over data channels
 * that are function calls here. */

#include "program.h"
#include "support/net/cutter.h"
#include "support/meetingdevice.h"

#include <gst/videomeet/meeting/vmmeeting-priv.h>
#include <gst/videomeet/meeting/vmparticipant-priv.h>

#define RESUME_MS 3000 /* a lost connection is given up */
#define GIVEN_UP_SECONDS 30 /* some for a busy machine */

static Cutter *cutter;
static guint resume_ms; /* 0: as long as the protocol says */
/* whether a data channel takes what is said on it, however open it is told */
static gboolean carries = TRUE;

static gboolean
carry (VmMeeting *meeting, VmParticipant *to, const gchar *label,
    const gchar *text, Device *from)
{
  Device *device = from == &b ? &c : &b;

  VmParticipant *sender =
      find (device, vm_participant_get_id (vm_meeting_get_self (meeting)));

  /* it has hung up as well */
  if (!sender || !carries)
    return FALSE;
  vm_meeting_take_message (device->meeting, sender, label, text);
  return TRUE;
}

static void
on_host (VmMeeting *meeting, VmParticipant *host, gchar *word)
{
  Device *device = meeting == b.meeting ? &b : &c;

  fail_unless (!host || vm_participant_get_host (host));
  g_string_append_printf (device->heard, " %s", word);
}

static void
on_hand (VmMeeting *meeting, VmParticipant *from, Device *device)
{
  g_string_append_printf (device->heard, " %s^", vm_participant_get_id (from));
}

static void
on_rejoining (VmMeeting *meeting, GError *reason, Device *device)
{
  fail_unless (g_error_matches (reason, VM_ERROR, VM_ERROR_DISCONNECTED)
               || g_error_matches (reason, VM_ERROR, VM_ERROR_RESUME_FAILED));
  g_string_append (device->heard, " REJOINS");
}

static void
join (Device *device)
{
  device_open (device, VM_MEETING_MODE_JOIN);
  if (resume_ms)
    device->meeting->resume_time = resume_ms;
  use_port (device, cutter_get_port (cutter), "standup");
  g_signal_connect (
      device->meeting, "host-lost", G_CALLBACK (on_host), (gpointer) "LOST");
  g_signal_connect (device->meeting, "host-returned", G_CALLBACK (on_host),
      (gpointer) "BACK");
  g_signal_connect (
      device->meeting, "rejoining", G_CALLBACK (on_rejoining), device);
  g_signal_connect (
      device->meeting, "hand-changed", G_CALLBACK (on_hand), device);
  g_signal_connect (
      device->meeting, "send-message", G_CALLBACK (carry), device);
  start (device);
  WAIT_FOR (has (device, "active"));
}

static void
forget (void)
{
  g_string_truncate (b.heard, 0);
  g_string_truncate (c.heard, 0);
}

/* Bob and Carl, connected to each other and to the host. */
static void
meet (void)
{
  host ();
  cutter = cutter_new (vm_node_get_port (a.node));
  join (&b);
  join (&c);
  WAIT_FOR (has (&b, "+p003"));
  g_set_object (&b.other, find (&b, "p003"));
  g_set_object (&c.other, find (&c, "p002"));
  for (Device *d = &b; d; d = d == &b ? &c : NULL) {
    VmParticipant *ann = find (d, "p001");

    vm_meeting_set_channel (d->meeting, d->other, "signal", TRUE);
    vm_meeting_set_participant_state (
        d->meeting, d->other, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
    vm_meeting_set_participant_state (
        d->meeting, ann, VM_PARTICIPANT_EVENT_CONNECTED, NULL);
    vm_meeting_set_heartbeat (d->meeting, ann, TRUE);
  }
  forget ();
}

static void
lose_host (void)
{
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  for (Device *d = &b; d; d = d == &b ? &c : NULL)
    vm_meeting_set_heartbeat (d->meeting, find (d, "p001"), FALSE);
  WAIT_FOR (has (&b, "LOST") && has (&c, "LOST"));
  heard (&b, " LOST");
  heard (&c, " LOST");
}

static gboolean
wait_for_end_of (Device *device, const gchar *word)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (GIVEN_UP_SECONDS, device_on_late, &late);

  while (!late && !has (device, word))
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return !late;
}

static void
on_host_changed (VmMeeting *meeting, VmParticipant *host, Device *device)
{
  g_string_append_printf (
      device->heard, " %s HOSTS", vm_participant_get_id (host));
}

/* Carl tells Bob that he hosts the meeting. */
static void
claim (guint epoch, const gchar *meeting, const gchar *roster)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"type\":\"meeting-state\",\"meetingId\":\"%s\",\"state\":\"active\","
      "\"epoch\":%u,\"count\":1,\"host\":\"p003\",\"roster\":[%s],"
      "\"locked\":false}",
      meeting, epoch, roster);

  vm_meeting_take_message (b.meeting, b.other, "signal", text);
}

/* Who misses the host follows; a claim that cannot be right changes nothing. */
GST_START_TEST (test_claims)
{
  g_autofree gchar *id = NULL;
  guint epoch;

  meet ();
  g_signal_connect (
      b.meeting, "host-changed", G_CALLBACK (on_host_changed), &b);
  id = g_strdup (vm_meeting_get_id (b.meeting));
  epoch = b.meeting->epoch;
  lose_host ();
  claim (epoch, id, "\"p002\",\"p003\"");
  claim (epoch + VM_MEETING_EPOCHS_MAX + 1, id, "\"p002\",\"p003\"");
  claim (epoch + 1, "another", "\"p002\",\"p003\"");
  claim (epoch + 1, id, "\"p003\"");
  claim (epoch + 1, id, "\"p002\"");
  heard (&b, "");
  fail_unless (find (&b, "p001") != NULL);
  claim (epoch + VM_MEETING_EPOCHS_MAX, id, "\"p002\",\"p003\"");
  fail_unless (has (&b, "p003 HOSTS"));
  fail_unless (find (&b, "p001") == NULL);
  fail_unless (find (&b, "p003") == b.other);
  fail_if (vm_meeting_get_host_lost (b.meeting));
  /* the goodbye at the end of the test finds no Carl */
  g_signal_handlers_disconnect_by_func (b.meeting, carry, &b);
}

GST_END_TEST;

/* A host that is heard is the host; the claim waits until it is missed. */
GST_START_TEST (test_claim_before_the_loss)
{
  meet ();
  g_signal_connect (
      b.meeting, "host-changed", G_CALLBACK (on_host_changed), &b);
  claim (
      b.meeting->epoch + 1, vm_meeting_get_id (b.meeting), "\"p002\",\"p003\"");
  heard (&b, "");
  vm_meeting_set_heartbeat (b.meeting, find (&b, "p001"), FALSE);
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  WAIT_FOR (has (&b, "p003 HOSTS"));
  g_signal_handlers_disconnect_by_func (b.meeting, carry, &b);
}

GST_END_TEST;

/* Neither the socket alone nor the heartbeat alone is the host. */
GST_START_TEST (test_not_lost)
{
  meet ();
  vm_meeting_set_heartbeat (b.meeting, find (&b, "p001"), FALSE);
  cutter_cut (cutter);
  vm_meeting_set_heartbeat (b.meeting, find (&b, "p001"), TRUE);
  vm_meeting_set_presence (b.meeting, "here", TRUE, TRUE);
  WAIT_FOR (
      g_strcmp0 (vm_participant_get_status (find (&a, "p002")), "here") == 0);
  fail_if (vm_meeting_get_host_lost (b.meeting));
  fail_if (vm_meeting_get_host_lost (c.meeting));
  heard (&b, "");
}

GST_END_TEST;

GST_START_TEST (test_signalling_without_host)
{
  meet ();
  fail_unless (vm_meeting_can_signal (b.meeting, b.other));
  lose_host ();
  fail_unless (vm_meeting_get_host_lost (b.meeting));
  fail_unless (vm_meeting_can_signal (b.meeting, b.other));
  fail_if (vm_meeting_can_signal (b.meeting, find (&b, "p001")));
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      "v=0", NULL, 0, "s", 2, NULL);
  vm_meeting_send_candidate (b.meeting, b.other, "c", 0, "m", "s", 2);
  heard (&c, "offer:s:2 candidate:c:0:m:s:2");
  vm_meeting_send_restart (c.meeting, c.other, "why not");
  vm_meeting_raise_hand (c.meeting, TRUE);
  heard (&b, "restart:why not p003^");
  /* what a channel brings is said by whose channel it is, and no host speaks
   * so */
  vm_meeting_take_message (c.meeting, c.other, "signal",
      "{\"type\":\"kick\",\"from\":\"p001\",\"to\":\"p003\"}");
  vm_meeting_take_message (c.meeting, c.other, "signal",
      "{\"type\":\"participant-left\",\"id\":\"p001\"}");
  vm_meeting_take_message (
      c.meeting, c.other, "signal", "{\"type\":\"offer\"}");
  vm_meeting_take_message (c.meeting, c.other, "signal",
      "{\"type\":\"hand\",\"raised\":true,\"from\":\"p001\"}");
  heard (&c, " p002^");
  /* the host is there again, within 30 s */
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (has (&b, "BACK") && has (&c, "BACK"));
  fail_if (vm_meeting_get_host_lost (b.meeting));
}

GST_END_TEST;

static void
send_candidates (guint n)
{
  carries = FALSE;
  for (guint i = 0; i < n; i++)
    vm_meeting_send_candidate (b.meeting, b.other, "c", i, "m", "s", 2);
  carries = TRUE;
  heard (&c, "");
}

/* Of @n that waited, the last @m come when a channel opens. */
static void
check_unsent (guint n, guint m)
{
  g_autoptr (GString) wanted = g_string_new (NULL);

  send_candidates (n);
  vm_meeting_set_channel (b.meeting, b.other, "signal", TRUE);
  for (guint i = n - m; i < n; i++)
    g_string_append_printf (
        wanted, "%scandidate:c:%u:m:s:2", wanted->len ? " " : "", i);
  heard (&c, wanted->str);
}

/* While one connection takes another's place, neither may carry what the next
 * one is set up with. */
GST_START_TEST (test_signalling_waits)
{
  g_autofree gchar *sdp = g_strnfill (VM_SIGNAL_CHANNEL_TEXT_MAX, 'x');

  meet ();
  lose_host ();
  check_unsent (1, 1);
  check_unsent (VM_SIGNALS_UNSENT_MAX - 1, VM_SIGNALS_UNSENT_MAX - 1);
  check_unsent (VM_SIGNALS_UNSENT_MAX, VM_SIGNALS_UNSENT_MAX);
  check_unsent (VM_SIGNALS_UNSENT_MAX + 1, VM_SIGNALS_UNSENT_MAX);
  /* in order, and by the next that is said, too */
  send_candidates (1);
  vm_meeting_send_candidate (b.meeting, b.other, "d", 7, "m", "s", 2);
  heard (&c, "candidate:c:0:m:s:2 candidate:d:7:m:s:2");
  /* nothing waits for a channel that would never take it */
  carries = FALSE;
  vm_meeting_send_description (b.meeting, b.other, VM_DESCRIPTION_TYPE_OFFER,
      sdp, NULL, 0, "s", 3, NULL);
  carries = TRUE;
  check_unsent (1, 1);
  /* nor is anything said on a channel that was closed meanwhile */
  send_candidates (1);
  vm_meeting_set_channel (b.meeting, b.other, "signal", FALSE);
  vm_meeting_set_channel (b.meeting, b.other, "signal", TRUE);
  heard (&c, "");
}

GST_END_TEST;

GST_START_TEST (test_goes_on)
{
  resume_ms = RESUME_MS;
  meet ();
  lose_host ();
  fail_unless (wait_for_end_of (&b, "-p001") && wait_for_end_of (&c, "-p001"));
  heard (&b, "disconnected -p001DISCONNECTED");
  heard (&c, "disconnected -p001DISCONNECTED");
  fail_unless_equals_int (
      vm_meeting_get_state (b.meeting), VM_MEETING_STATE_ACTIVE);
  vm_meeting_raise_hand (b.meeting, TRUE);
  heard (&c, " p002^");
  /* the last one to leave ends it */
  vm_meeting_stop (b.meeting);
  heard (&c, "disconnected -p002 idle ended");
  fail_if (c.error);
}

GST_END_TEST;

/* Without a bye: the connection to the other is what tells. */
GST_START_TEST (test_the_other_is_cut)
{
  g_autoptr (GError) cut =
      g_error_new (VM_ERROR, VM_ERROR_TIMEOUT, "silent for 8 seconds");

  resume_ms = RESUME_MS;
  meet ();
  lose_host ();
  fail_unless (wait_for_end_of (&b, "-p001"));
  g_string_truncate (b.heard, 0);
  vm_meeting_set_participant_state (
      b.meeting, b.other, VM_PARTICIPANT_EVENT_LEAVES, cut);
  heard (&b, "disconnected -p003TIMEOUT idle ended");
}

GST_END_TEST;

/* The host says more to @bob than it keeps for a lost seat, and is there
 * again. */
static void
give_seat_away (VmParticipant *bob)
{
  for (guint i = 0; i < 300; i++)
    vm_meeting_send_description (a.meeting, bob, VM_DESCRIPTION_TYPE_OFFER,
        "v=0", NULL, 0, "s", i, NULL);
  cutter_refuse (cutter, FALSE);
}

/* The host is there again and has given Bob's seat away, but not Carl's: were
 * Bob to go on without it, there would be two meetings. So Bob joins anew. */
GST_START_TEST (test_seat_is_given_away)
{
  VmParticipant *bob;

  meet ();
  bob = find (&a, "p002");
  lose_host ();
  give_seat_away (bob);
  WAIT_FOR (has (&b, "joined:p004") && has (&c, "BACK"));
  fail_unless (has (&b, "-p003RESUME_FAILED"), "%s", b.heard->str);
  WAIT_FOR (has (&c, "-p002") && has (&c, "+p004"));
  fail_if (b.error);
  fail_unless (find (&b, "p001") && find (&b, "p003"));
  fail_unless_equals_int (
      vm_meeting_get_state (c.meeting), VM_MEETING_STATE_ACTIVE);
  fail_unless (find (&c, "p001") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_seat_is_given_away_for_good)
{
  VmParticipant *bob;

  meet ();
  bob = find (&a, "p002");
  g_object_set (b.meeting, "rejoin", FALSE, NULL);
  lose_host ();
  give_seat_away (bob);
  WAIT_FOR (has (&b, "ended") && has (&c, "BACK"));
  g_assert_error (b.error, VM_ERROR, VM_ERROR_RESUME_FAILED);
  fail_unless (has (&b, "failed"), "%s", b.heard->str);
}

GST_END_TEST;

/* Nobody is left but the host, who does not answer; then does, and has ended
 * the meeting. */
GST_START_TEST (test_rejoins_what_is_over)
{
  resume_ms = RESUME_MS;
  meet ();
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (&b, "-p003"));
  cutter_refuse (cutter, TRUE);
  cutter_cut (cutter);
  vm_meeting_set_heartbeat (b.meeting, find (&b, "p001"), FALSE);
  fail_unless (wait_for_end_of (&b, "REJOINS"));
  vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL);
  vm_meeting_stop (a.meeting);
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (b.error);
  g_assert_error (b.error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND);
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
}

GST_END_TEST;

/* At its address there is a server without the meeting: nothing to come back
 * to. */
GST_START_TEST (test_host_is_started_anew)
{
  meet ();
  lose_host ();
  fail_unless (vm_node_start (a.node, VM_NODE_ROLES_SERVE, NULL));
  vm_meeting_stop (a.meeting);
  cutter_refuse (cutter, FALSE);
  WAIT_FOR (has (&b, "-p001MEETING_ENDED") && has (&c, "-p001MEETING_ENDED"));
  heard (&b, "disconnected -p001MEETING_ENDED");
  fail_unless_equals_int (
      vm_meeting_get_state (b.meeting), VM_MEETING_STATE_ACTIVE);
  heard (&c, "disconnected -p001MEETING_ENDED");
  vm_meeting_raise_hand (b.meeting, TRUE);
  heard (&c, " p002^");
  vm_node_stop (a.node, VM_NODE_ROLES_SERVE);
}

GST_END_TEST;

static void
be_reached (Device *device)
{
  vm_meeting_set_heartbeat (device->meeting, device->other, TRUE);
}

/* Ann's device comes back with the key of somebody whom it has removed: what
 * the host kept out stays out when Bob hosts the meeting, and who follows him
 * knows it too. */
GST_START_TEST (test_bars_go_along)
{
  g_autoptr (VmSignal) state = vm_signal_new (VM_SIGNAL_MEETING_STATE);
  const gchar *id = vm_identity_get_device_id (key_of (&a));
  const VmSignalBar *bar;
  g_autofree gchar *old = NULL;

  /* a server on loopback alone would ask nobody for a key */
  g_object_set (b.node, "interfaces", "", NULL);
  meet ();
  be_reached (&b);
  be_reached (&c);
  state->meeting_id = g_strdup (vm_meeting_get_id (b.meeting));
  state->state = g_strdup ("active");
  state->epoch = b.meeting->epoch;
  state->barred = g_ptr_array_new_with_free_func (vm_signal_bar_free);
  g_ptr_array_add (state->barred, vm_signal_bar_new ("p009", id, NULL, 0));
  vm_meeting_take_signal (b.meeting, state);
  lose_host ();
  WAIT_FOR (c.meeting->relay_id && c.meeting->host_state->barred);
  fail_unless_equals_int (c.meeting->host_state->barred->len, 1);
  bar = c.meeting->host_state->barred->pdata[0];
  fail_unless_equals_string (bar->id, "p009");
  fail_unless_equals_string (bar->device_id, id);
  /* a state that is not later than the last is none */
  old = g_strdup_printf (
      "{\"type\":\"meeting-state\",\"meetingId\":\"%s\",\"state\":\"active\","
      "\"epoch\":%u,\"count\":1,\"host\":\"p002\",\"locked\":true}",
      vm_meeting_get_id (c.meeting), c.meeting->epoch);
  vm_meeting_take_message (c.meeting, c.other, "signal", old);
  fail_if (vm_meeting_get_locked (c.meeting));
  fail_unless (c.meeting->host_state->barred != NULL);
  vm_meeting_stop (a.meeting);
  g_clear_object (&a.meeting);
  device_open (&a, VM_MEETING_MODE_JOIN);
  use_port (&a, vm_node_get_port (b.node), "standup");
  start (&a);
  WAIT_FOR (a.error);
  g_assert_error (a.error, VM_ERROR, VM_ERROR_KICKED);
}

GST_END_TEST;

static void
teardown_all (void)
{
  resume_ms = 0;
  teardown_three ();
  g_clear_pointer (&cutter, cutter_free);
}

static Suite *
orphan_suite (void)
{
  Suite *s = suite_create ("orphan");
  TCase *tc = tcase_create ("orphan");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup_three, teardown_all);
  tcase_add_test (tc, test_not_lost);
  tcase_add_test (tc, test_claims);
  tcase_add_test (tc, test_claim_before_the_loss);
  tcase_add_test (tc, test_signalling_without_host);
  tcase_add_test (tc, test_signalling_waits);
  tcase_add_test (tc, test_goes_on);
  tcase_add_test (tc, test_the_other_is_cut);
  tcase_add_test (tc, test_seat_is_given_away);
  tcase_add_test (tc, test_seat_is_given_away_for_good);
  tcase_add_test (tc, test_rejoins_what_is_over);
  tcase_add_test (tc, test_host_is_started_anew);
  tcase_add_test (tc, test_bars_go_along);
  return s;
}

CHECK_PROGRAM (orphan)
