/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between two vmsignalbin in one process, over loopback: what a user of
 * gst-launch sees. A harness has no bus, no preroll and no parent, so all of it
 * is done with pipelines. */

#include "program.h"

#include "elements/knownfaults.h"
#include "signalside.h"

GST_START_TEST (test_raw_picture_and_sound_both_ways)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *counts[] = { count_on (&a, "v"), count_on (&a, "a"),
    count_on (&b, "v"), count_on (&b, "a") };

  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    wait_count (counts[i], 30, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static guint
count_elements (GstElement *bin, const gchar *factory)
{
  g_autoptr (GstIterator) it =
      gst_bin_iterate_all_by_element_factory_name (GST_BIN (bin), factory);
  GValue item = G_VALUE_INIT;
  guint n = 0;

  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    n++;
    g_value_reset (&item);
  }
  g_value_unset (&item);
  return n;
}

GST_START_TEST (test_encoded_h264_is_not_transcoded)
{
  Side a = host (
      VIDEO "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! "
            "video/x-h264,profile=baseline ! m.video_sink_0 " RECEIVE);
  Side b =
      join ("decode=false " AUDIO "m.audio_sink_0 "
            "m.video_src_0 ! queue ! fakesink name=v sync=false async=false");
  Count *video = count_on (&b, "v"), *audio = count_on (&a, "a");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (b.pipeline), "v");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = NULL;

  wait_count (video, 20, FALSE);
  wait_count (audio, 20, FALSE);
  caps = gst_pad_get_current_caps (pad);
  fail_unless_equals_string (
      gst_structure_get_name (gst_caps_get_structure (caps, 0)),
      "video/x-h264");
  fail_unless_equals_int (count_elements (a.bin, "x264enc"), 0);
  fail_unless_equals_int (count_elements (a.bin, "vp8enc"), 0);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_raw_input_answers_in_the_codec_of_the_offer)
{
  Side a = host ("codecs=h264 " BOTH), b = join ("codecs=vp8 " BOTH);
  Count *at_a = count_on (&a, "v"), *at_b = count_on (&b, "v");

  wait_count (at_a, 20, FALSE);
  wait_count (at_b, 20, FALSE);
  fail_unless_equals_int (count_elements (b.bin, "vp8enc"), 0);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_peer_without_the_codec_fails_by_name)
{
  Side a = host ("codecs=vp8 " BOTH);
  Side b = join (VIDEO "x264enc tune=zerolatency ! m.video_sink_0");
  g_autoptr (GstMessage) warning =
      gst_bus_timed_pop_filtered (b.bus, DEADLINE, GST_MESSAGE_WARNING);
  const GstStructure *details = NULL;

  fail_unless (warning != NULL);
  gst_message_parse_warning_details (warning, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "CODEC");
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_sound_only)
{
  Side a =
      host ("call-type=audio " AUDIO "m.audio_sink_0 "
            "m.audio_src_0 ! queue ! fakesink name=a sync=false async=false");
  Side b =
      join ("call-type=audio " AUDIO "m.audio_sink_0 "
            "m.audio_src_0 ! queue ! fakesink name=a sync=false async=false");
  Count *at_a = count_on (&a, "a"), *at_b = count_on (&b, "a");

  wait_count (at_a, 50, FALSE);
  wait_count (at_b, 50, FALSE);
  fail_unless_equals_int (count_elements (a.bin, "vp8dec"), 0);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_pads_say_whose_they_are)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *video = count_on (&a, "v");
  g_autoptr (GstPad) pad = NULL;
  g_autofree gchar *id = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *stream_id = NULL;

  wait_count (video, 5, FALSE);
  pad = gst_element_get_static_pad (a.bin, "video_src_0");
  fail_unless (pad != NULL);
  g_object_get (pad, "participant-id", &id, "participant-name", &name, NULL);
  fail_unless_equals_string (name, "Bob");
  stream_id = gst_pad_get_stream_id (pad);
  fail_unless (g_str_has_prefix (stream_id, id), "%s", stream_id);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_unlinked_pads_cost_nothing_and_can_be_linked_later)
{
  Side a = host (VIDEO "m.video_sink_0 " AUDIO "m.audio_sink_0");
  Side b = join (BOTH);
  Count *at_b = count_on (&b, "v"), *late;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  GstElement *sink;

  wait_count (at_b, 10, FALSE);
  wait_for_state (&a, "connected");
  wait_count (at_b, 30, FALSE);
  pad = gst_element_get_static_pad (a.bin, "video_src_0");
  fail_unless (pad != NULL);
  sink = gst_element_factory_make ("fakesink", "late");
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (a.pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  late = count_on (&a, "late");
  sink_pad = gst_element_get_static_pad (sink, "sink");
  fail_unless_equals_int (gst_pad_link (pad, sink_pad), GST_PAD_LINK_OK);
  wait_count (late, 10, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_is_live)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "vmsignalbin name=m mode=host meeting=live " VIDEO "m.video_sink_0",
      NULL);
  g_autoptr (GstElement) bin = gst_bin_get_by_name (GST_BIN (pipeline), "m");

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_unless_equals_int (
      gst_element_get_state (pipeline, NULL, NULL, DEADLINE),
      GST_STATE_CHANGE_SUCCESS);
  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_NO_PREROLL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (GST_OBJECT_FLAG_IS_SET (bin, GST_ELEMENT_FLAG_SOURCE));
  fail_unless (GST_OBJECT_FLAG_IS_SET (bin, GST_ELEMENT_FLAG_SINK));
}

GST_END_TEST;

GST_START_TEST (test_only_the_three_sink_pads_are_given)
{
  g_autoptr (GstElement) bin =
      gst_object_ref_sink (gst_element_factory_make ("vmsignalbin", NULL));
  const gchar *good[] = { "audio_sink_0", "video_sink_0", "video_sink_1" };
  const gchar *bad[] = { "audio_sink_1", "video_sink_2" };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++) {
    GstPad *pad = gst_element_request_pad_simple (bin, good[i]);

    fail_unless (pad != NULL);
    gst_object_unref (pad);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    GstPad *pad;

    g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, "*");
    pad = gst_element_request_pad_simple (bin, bad[i]);
    g_test_assert_expected_messages ();
    fail_unless (pad == NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_settings_that_cannot_work)
{
  const struct
  {
    const gchar *line, *property; /* the one to blame */
  } cases[] = { { "vmsignalbin mode=join", "meeting" },
    { "vmsignalbin meeting=x codecs=mp3", "codecs" },
    { "vmsignalbin meeting=x fallback=none", "fallback" },
    { "vmsignalbin meeting=x fallback=host,turn", "fallback" },
    { "vmsignalbin meeting=x fallback=host,srflx ice-transport-policy=relay",
        "fallback" },
    { "vmsignalbin meeting=x latency=10001", "latency" },
    { "vmsignalbin meeting=x latency=-1", "latency" },
    { "vmsignalbin meeting=x latency=short", "latency" },
    { "vmsignalbin meeting=x record-dir=/proc/none", "record-dir" },
    { "vmsignalbin meeting=x record-dir=/proc", "record-dir" },
    { "vmsignalbin meeting=x record-dir=/dev/null", "record-dir" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstMessage) message = NULL;
    const GstStructure *details = NULL;

    gst_bin_add (GST_BIN (pipeline), gst_parse_launch (cases[i].line, NULL));
    fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PLAYING),
        GST_STATE_CHANGE_FAILURE);
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (message != NULL, "%s", cases[i].line);
    gst_message_parse_error_details (message, &details);
    fail_unless_equals_string (
        gst_structure_get_string (details, "property"), cases[i].property);
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
}

GST_END_TEST;

static Suite *
vmsignalbin_suite (void)
{
  Suite *s = suite_create ("vmsignalbin");
  TCase *tc = tcase_create ("calls");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_raw_picture_and_sound_both_ways);
  tcase_add_test (tc, test_encoded_h264_is_not_transcoded);
  tcase_add_test (tc, test_raw_input_answers_in_the_codec_of_the_offer);
  tcase_add_test (tc, test_peer_without_the_codec_fails_by_name);
  tcase_add_test (tc, test_sound_only);
  tcase_add_test (tc, test_pads_say_whose_they_are);
  tcase_add_test (tc, test_unlinked_pads_cost_nothing_and_can_be_linked_later);
  tcase_add_test (tc, test_is_live);
  tcase_add_test (tc, test_only_the_three_sink_pads_are_given);
  tcase_add_test (tc, test_settings_that_cannot_work);
  return s;
}

CHECK_PROGRAM (vmsignalbin)
