/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elements/knownfaults.h"
#include "elements/peerpair.h"

#include "program.h"

/* Whose other side says nothing any more. */

/* a peer is gone within 10 s: silence, and the ping before it */
G_STATIC_ASSERT (VM_PEER_SILENCE_MS + VM_PEER_PING_MS <= 10000);

static gboolean
heartbeat_is_counted (gpointer side)
{
  return ((Side *) side)->peer->silence != NULL;
}

/* Nothing comes any more, as when the other machine loses its power. */
GST_START_TEST (test_silent_death)
{
  static Pair pair;
  gint64 from;

  pair_make_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  from = g_get_monotonic_time ();
  fail_unless (
      wait_for (heartbeat_is_counted, &pair.sides[1], PAIR_CONNECT_MS));
  g_atomic_int_set (&pair.sides[0].peer->link->gate, VM_PEER_GATE_REFUSED);
  fail_unless (wait_for (
      side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS + PAIR_CONNECT_MS));
  fail_unless (
      g_error_matches (pair.sides[1].error, VM_ERROR, VM_ERROR_TIMEOUT));
  fail_unless (g_get_monotonic_time () - from
               >= (VM_PEER_SILENCE_MS - 10) * G_TIME_SPAN_MILLISECOND);
  pair_clear (&pair);
}

GST_END_TEST;

/* Answers that stay away on a slow network do not end what is seen and heard;
 * that which is neither ends as ever. */
GST_START_TEST (test_who_is_heard_is_not_silent)
{
  static Pair pair;
  VmPeer *peer;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  peer = pair.sides[1].peer;
  fail_unless (
      wait_for (heartbeat_is_counted, &pair.sides[1], PAIR_CONNECT_MS));
  /* a question that is on its way for ever */
  vm_timer_clear (&peer->ping);
  peer->ping_n++;
  peer->owed_since = g_get_monotonic_time ();
  fail_if (wait_for (
      side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS + VM_PEER_PING_MS));
  g_atomic_int_set (&pair.sides[0].peer->link->gate, VM_PEER_GATE_REFUSED);
  fail_unless (wait_for (
      side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS + PAIR_CONNECT_MS));
  fail_unless (
      g_error_matches (pair.sides[1].error, VM_ERROR, VM_ERROR_TIMEOUT));
  pair_clear (&pair);
}

GST_END_TEST;

static gboolean
all_is_answered (gpointer side)
{
  VmPeer *peer = ((Side *) side)->peer;

  return peer->pong_n != 0 && peer->pong_n == peer->ping_n;
}

/* Who has not asked, as its thread stood still on a machine that is too busy,
 * does not take the other one for gone. */
GST_START_TEST (test_not_asked_is_no_silence)
{
  static Pair pair;

  pair_make_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (all_is_answered, &pair.sides[1], PAIR_CONNECT_MS));
  vm_timer_clear (&pair.sides[1].peer->ping);
  fail_if (wait_for (
      side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS + VM_PEER_PING_MS));
  pair_clear (&pair);
}

GST_END_TEST;

/* A thread of webrtcbin. */
static void
on_data_channel (GstElement *webrtc, GObject *channel, GObject **heartbeat)
{
  g_autofree gchar *label = NULL;

  g_object_get (channel, "label", &label, NULL);
  if (g_strcmp0 (label, "heartbeat") == 0)
    g_atomic_pointer_set (heartbeat, g_object_ref (channel));
}

/* The time is over and the answer is there, but this side's thread had no time
 * for either. */
GST_START_TEST (test_an_answer_that_waits_is_read_first)
{
  static Pair pair;
  static GObject *heartbeat;
  g_autofree gchar *answer = NULL;
  VmPeer *peer;

  pair_make_talkers (&pair);
  peer = pair.sides[1].peer;
  g_signal_connect (peer->webrtc, "on-data-channel",
      G_CALLBACK (on_data_channel), &heartbeat);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (all_is_answered, &pair.sides[1], PAIR_CONNECT_MS));
  vm_timer_clear (&peer->ping);
  peer->ping_n++;
  peer->owed_since = g_get_monotonic_time ()
                     - 2 * VM_PEER_SILENCE_MS * G_TIME_SPAN_MILLISECOND;
  g_source_set_ready_time (peer->silence, 0);
  answer = g_strdup_printf ("{\"t\":\"pong\",\"n\":%u}", peer->ping_n);
  g_signal_emit_by_name (heartbeat, "on-message-string", answer);
  fail_if (wait_for (side_has_ended, &pair.sides[1], VM_PEER_PING_MS));
  fail_unless (all_is_answered (&pair.sides[1]));
  g_clear_object (&heartbeat);
  pair_clear (&pair);
}

GST_END_TEST;

static void
say_goodbye (const GValue *item, gpointer user_data)
{
  g_autoptr (GstIterator) pads =
      gst_element_iterate_sink_pads (g_value_get_object (item));
  g_auto (GValue) pad = G_VALUE_INIT;

  fail_unless_equals_int (gst_iterator_next (pads, &pad), GST_ITERATOR_OK);
  gst_pad_send_event (g_value_get_object (&pad), gst_event_new_eos ());
}

/* What DTLS says when a connection is closed, as a page does: the other side
 * knows long before its silence would tell, and not at once, for the reason may
 * be on its way by the server. */
GST_START_TEST (test_other_side_says_goodbye)
{
  static Pair pair;
  g_autoptr (GstIterator) encoders = NULL;
  GstIteratorResult result;
  gint64 from, ms;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_if (vm_peer_get_closed_by_other (pair.sides[1].peer));
  encoders = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (pair.sides[0].peer->pipeline), "dtlsenc");
  from = g_get_monotonic_time ();
  /* the pipeline may change meanwhile; a second goodbye is none */
  while ((result = gst_iterator_foreach (encoders, say_goodbye, NULL))
         == GST_ITERATOR_RESYNC)
    gst_iterator_resync (encoders);
  fail_unless_equals_int (result, GST_ITERATOR_DONE);
  fail_unless (
      wait_for (side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS / 2));
  ms = (g_get_monotonic_time () - from) / G_TIME_SPAN_MILLISECOND;
  fail_unless (ms >= VM_PEER_CLOSED_MS, "after %d ms", (gint) ms);
  fail_unless (
      g_error_matches (pair.sides[1].error, VM_ERROR, VM_ERROR_DISCONNECTED));
  fail_unless (vm_peer_get_closed_by_other (pair.sides[1].peer));
  pair_clear (&pair);
}

GST_END_TEST;

/* Its pipeline stops without a word. */
GST_START_TEST (test_other_side_stops)
{
  static Pair pair;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (
      wait_for (heartbeat_is_counted, &pair.sides[1], PAIR_CONNECT_MS));
  vm_peer_close (pair.sides[0].peer);
  fail_unless (wait_for (
      side_has_ended, &pair.sides[1], VM_PEER_SILENCE_MS + PAIR_CONNECT_MS));
  fail_unless (pair.sides[1].error != NULL);
  pair_clear (&pair);
}

GST_END_TEST;

static Suite *
vmpeersilence_suite (void)
{
  Suite *s = suite_create ("vmpeersilence");
  TCase *tc = tcase_create ("silence");

  known_faults_pass ();
  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_set_timeout (tc, 240);
  tcase_add_test (tc, test_silent_death);
  tcase_add_test (tc, test_who_is_heard_is_not_silent);
  tcase_add_test (tc, test_not_asked_is_no_silence);
  tcase_add_test (tc, test_an_answer_that_waits_is_read_first);
  tcase_add_test (tc, test_other_side_says_goodbye);
  tcase_add_test (tc, test_other_side_stops);
  return s;
}

CHECK_PROGRAM (vmpeersilence)
