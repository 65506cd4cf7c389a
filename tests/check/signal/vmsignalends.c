/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between two vmsignalbin in one process: what ends a call, a pad or a
 * stream, and what goes on. */

#include "program.h"

#include "elements/knownfaults.h"
#include "signalside.h"

#include <string.h>

/* A pad that comes late, and to which nothing is pushed, as for a screen that
 * nobody has chosen yet, keeps nobody out. */
GST_START_TEST (test_late_pad_without_caps)
{
  Side a = host (AUDIO "m.audio_sink_0"), b;
  GstPad *pad;

  /* until the pads of the beginning are waited for no more */
  fail_if (gst_bus_timed_pop_filtered (
      a.bus, 6 * GST_SECOND, GST_MESSAGE_ERROR | GST_MESSAGE_EOS));
  pad = gst_element_request_pad_simple (a.bin, "video_sink_1");
  fail_unless (pad != NULL);
  b = join (AUDIO "m.audio_sink_0");
  wait_for_state (&b, "connected");
  gst_element_release_request_pad (a.bin, pad);
  gst_object_unref (pad);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* A stream that cannot be decoded raises a warning that names its sender. The
 * other streams and the meeting go on. */
GST_START_TEST (test_stream_that_cannot_be_decoded)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *sound = count_on (&a, "a");
  g_autoptr (GstElement) part = NULL;
  g_autoptr (GstMessage) warning = NULL;
  const GstStructure *details = NULL;

  wait_count (count_on (&a, "v"), 5, FALSE);
  part = gst_bin_get_by_name (GST_BIN (a.bin), "p002-video-0");
  fail_unless (part != NULL);
  GST_ELEMENT_ERROR (part, STREAM, DECODE, ("That is no picture"), (NULL));
  warning = gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_WARNING);
  fail_unless (warning != NULL);
  fail_unless (GST_MESSAGE_SRC (warning) == GST_OBJECT (a.bin));
  gst_message_parse_warning_details (warning, &details);
  fail_unless (details != NULL);
  fail_unless_equals_string (
      gst_structure_get_string (details, "participant-id"), "p002");
  fail_unless_equals_string (
      gst_structure_get_string (details, "stream-id"), "p002/video");
  reset_count (sound);
  wait_count (sound, 30, FALSE);
  side_free (&b);
  wait_for_state (&a, "disconnected");
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_who_leaves_ends_its_pads_and_only_these)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *video = count_on (&a, "v"), *audio = count_on (&a, "a");
  GstPad *pad;

  wait_count (video, 10, FALSE);
  wait_count (audio, 10, FALSE);
  side_free (&b);
  wait_count (video, 10, TRUE);
  wait_count (audio, 10, TRUE);
  gst_message_unref (wait_for (&a, "vm-participant-left"));
  /* the next one gets the slot again: the meeting went on */
  pad = gst_element_get_static_pad (a.bin, "video_sink_0");
  fail_unless (pad != NULL);
  gst_object_unref (pad);
  b = join (BOTH);
  wait_for_state (&a, "connected");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Whoever holds a pad of somebody who has left may let go of it at any time, on
 * any thread: what belongs to it goes with it and not beside it. */
GST_START_TEST (test_pad_that_is_kept_keeps_its_output)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *audio = count_on (&a, "a");
  GstPad *pad;
  GstElement *output;
  gpointer weak_pad = NULL, weak_output = NULL;

  wait_count (audio, 10, FALSE);
  pad = gst_element_get_static_pad (a.bin, "audio_src_0");
  {
    g_autoptr (GstPad) target = gst_ghost_pad_get_target (GST_GHOST_PAD (pad));

    output = gst_pad_get_parent_element (target);
  }
  g_set_weak_pointer (&weak_pad, pad);
  g_set_weak_pointer (&weak_output, output);
  gst_object_unref (output);
  side_free (&b);
  wait_count (audio, 10, TRUE);
  gst_message_unref (wait_for (&a, "vm-participant-left"));
  side_free (&a);
  fail_unless (weak_output != NULL);
  gst_object_unref (pad);
  fail_unless (weak_pad == NULL);
  fail_unless (weak_output == NULL);
}

GST_END_TEST;

GST_START_TEST (test_eos_to_the_element_says_bye_and_ends_its_pads)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *at_a = count_on (&a, "v"), *at_b = count_on (&b, "v");

  wait_count (at_a, 10, FALSE);
  wait_count (at_b, 10, FALSE);
  fail_unless (gst_element_send_event (b.pipeline, gst_event_new_eos ()));
  wait_count (at_b, 10, TRUE);
  gst_message_unref (wait_for (&b, "eos"));
  gst_message_unref (wait_for (&a, "vm-participant-left"));
  wait_count (at_a, 10, TRUE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_sink_that_was_paused_gets_its_eos_later)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *at_b = count_on (&b, "v");

  wait_count (at_b, 10, FALSE);
  gst_element_set_state (b.pipeline, GST_STATE_PAUSED);
  gst_element_get_state (b.pipeline, NULL, NULL, DEADLINE);
  g_signal_emit_by_name (a.bin, "hang-up");
  gst_message_unref (wait_for (&b, "vm-participant-left"));
  gst_element_set_state (b.pipeline, GST_STATE_PLAYING);
  wait_count (at_b, 10, TRUE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_host_that_ends_ends_the_guest)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *at_b = count_on (&b, "v");

  wait_count (at_b, 10, FALSE);
  g_signal_emit_by_name (a.bin, "hang-up");
  wait_count (at_b, 10, TRUE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_input_that_becomes_another)
{
  Side a = side_new ("vmsignalbin name=m meeting=standup mode=host "
                     "concat name=c ! m.video_sink_0 "
                     "videotestsrc num-buffers=3 ! c. "
                     "videotestsrc num-buffers=3 ! vp8enc deadline=1 ! c.");
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_ERROR);
  const GstStructure *details = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, &debug);
  g_assert_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT);
  fail_unless (strstr (debug, "video/x-vp8") != NULL, "%s", debug);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "CODEC");
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_meeting_that_is_not_there)
{
  Side a = host (BOTH);
  g_autofree gchar *launch =
      g_strdup_printf ("vmsignalbin name=m uri=videomeet://127.0.0.1:%u/coffee",
          vm_node_get_port (node));
  Side b = side_new (launch);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (b.bus, DEADLINE, GST_MESSAGE_ERROR);
  const GstStructure *details = NULL;

  fail_unless (message != NULL);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "MEETING_NOT_FOUND");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmsignalends_suite (void)
{
  Suite *s = suite_create ("vmsignalends");
  TCase *tc = tcase_create ("calls");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_late_pad_without_caps);
  tcase_add_test (tc, test_stream_that_cannot_be_decoded);
  tcase_add_test (tc, test_who_leaves_ends_its_pads_and_only_these);
  tcase_add_test (tc, test_pad_that_is_kept_keeps_its_output);
  tcase_add_test (tc, test_eos_to_the_element_says_bye_and_ends_its_pads);
  tcase_add_test (tc, test_sink_that_was_paused_gets_its_eos_later);
  tcase_add_test (tc, test_host_that_ends_ends_the_guest);
  tcase_add_test (tc, test_input_that_becomes_another);
  tcase_add_test (tc, test_meeting_that_is_not_there);
  return s;
}

CHECK_PROGRAM (vmsignalends)
