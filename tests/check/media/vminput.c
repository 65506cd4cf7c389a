/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One sink pad's way into the meeting, by itself. */

#include "media/vminput.h"

#include "program.h"

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define INTERVAL_MS 500 /* what vminput.h promises */
#define PEERS 9

static void
ignore_sample (
    gpointer user_data, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
}

static void
ignore_change (gpointer user_data, VmPeerStream stream)
{
}

static void
ignore_failure (
    gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why)
{
}

/* An input of VP8, which all peers take. */
static GstHarness *
harness_new (VmInput **input)
{
  static const VmInputFuncs funcs = { ignore_sample, ignore_change,
    ignore_failure };
  g_autoptr (GError) error = NULL;
  GstHarness *h;

  *input = vm_input_new (VM_PEER_VIDEO, "input", &funcs, NULL);
  h = gst_harness_new_with_element (
      gst_object_ref_sink (GST_ELEMENT (*input)), "sink", NULL);
  gst_object_unref (*input);
  gst_harness_set_src_caps_str (
      h, "video/x-vp8, width=(int)160, height=(int)120");
  for (guint i = 0; i < PEERS; i++)
    fail_unless (vm_input_acquire (*input, VM_CODEC_VP8, &error), "%s",
        error ? error->message : "");
  return h;
}

/* When the next request for a key frame comes out, monotonic. */
static gint64
next_request (GstHarness *h)
{
  g_autoptr (GstEvent) event = NULL;

  do {
    gst_clear_event (&event);
    event = gst_harness_pull_upstream_event (h);
    fail_unless (event != NULL, "no request for a key frame");
  } while (!gst_video_event_is_force_key_unit (event));
  return g_get_monotonic_time ();
}

/* Everybody asks at once, again and again: the first is served at once, all
 * others together when the time is over, and nobody is forgotten. */
GST_START_TEST (test_key_frames_are_spaced)
{
  VmInput *input;
  GstHarness *h = harness_new (&input);
  gint64 began = g_get_monotonic_time ();

  vm_input_request_key_unit (input, VM_CODEC_VP8);
  next_request (h);
  for (guint round = 1; round <= 3; round++) {
    gint64 passed;

    for (guint i = 0; i < PEERS; i++)
      vm_input_request_key_unit (input, VM_CODEC_VP8);
    passed = next_request (h) - began;
    fail_unless (passed >= round * INTERVAL_MS * G_TIME_SPAN_MILLISECOND,
        "%" G_GINT64_FORMAT " us", passed);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Who asks when the time is over waits for nothing. */
GST_START_TEST (test_key_frame_after_the_interval_is_at_once)
{
  VmInput *input;
  GstHarness *h = harness_new (&input);
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID over;

  vm_input_request_key_unit (input, VM_CODEC_VP8);
  next_request (h);
  over = gst_clock_new_single_shot_id (
      clock, gst_clock_get_time (clock) + INTERVAL_MS * GST_MSECOND);
  gst_clock_id_wait (over, NULL);
  gst_clock_id_unref (over);
  fail_unless (gst_harness_upstream_events_in_queue (h) == 0);
  vm_input_request_key_unit (input, VM_CODEC_VP8);
  /* in this thread: it is there already */
  fail_unless (gst_harness_upstream_events_in_queue (h) == 1);
  next_request (h);
  gst_harness_teardown (h);
}

GST_END_TEST;

static guint
get_bitrate (VmInput *input)
{
  g_autoptr (GstElement) encoder =
      gst_bin_get_by_name (GST_BIN (input), "encoder");
  gint bitrate;

  g_object_get (encoder, "target-bitrate", &bitrate, NULL);
  return (guint) bitrate;
}

/* The lower of the two counts, whichever comes first, and for an encoder that
 * comes later as well. */
GST_START_TEST (test_bitrate_limit)
{
  static const VmInputFuncs funcs = { ignore_sample, ignore_change,
    ignore_failure };
  VmInput *input = vm_input_new (VM_PEER_VIDEO, "input", &funcs, NULL);
  GstHarness *h = gst_harness_new_with_element (
      gst_object_ref_sink (GST_ELEMENT (input)), "sink", NULL);

  gst_object_unref (input);
  gst_harness_set_src_caps_str (h, "video/x-raw, format=(string)I420, "
                                   "width=(int)160, height=(int)120, "
                                   "framerate=(fraction)10/1");
  vm_input_set_bitrate (input, 500000);
  vm_input_set_bitrate_limit (input, 200000);
  fail_unless (vm_input_acquire (input, VM_CODEC_VP8, NULL));
  fail_unless_equals_int (get_bitrate (input), 200000);
  vm_input_set_bitrate_limit (input, 500000);
  fail_unless_equals_int (get_bitrate (input), 500000);
  vm_input_set_bitrate_limit (input, 500001);
  fail_unless_equals_int (get_bitrate (input), 500000);
  vm_input_set_bitrate_limit (input, 300000);
  vm_input_set_bitrate (input, 800000);
  fail_unless_equals_int (get_bitrate (input), 300000);
  vm_input_set_bitrate_limit (input, 0);
  fail_unless_equals_int (get_bitrate (input), 800000);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
vminput_suite (void)
{
  Suite *s = suite_create ("vminput");
  TCase *tc = tcase_create ("vminput");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_key_frames_are_spaced);
  tcase_add_test (tc, test_key_frame_after_the_interval_is_at_once);
  tcase_add_test (tc, test_bitrate_limit);
  return s;
}

CHECK_PROGRAM (vminput)
