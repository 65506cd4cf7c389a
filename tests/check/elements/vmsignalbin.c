/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between two vmsignalbin in one process, over loopback: what a user of
 * gst-launch sees. A harness has no bus, no preroll and no parent, so all of it
 * is done with pipelines. */

#include "program.h"

#include "knownfaults.h"
#include "signalside.h"

#include <gst/base/gstbasesink.h>
#include <gst/video/video.h>
#include <glib/gstdio.h>
#include <string.h>

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

/* What cannot be decoded is a warning, which says whose it is; the others, and
 * the meeting, go on. */
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

GST_START_TEST (test_screen_alone_has_the_first_slot)
{
  Side a = host (VIDEO "m.video_sink_1 " RECEIVE), b = join (BOTH);
  Count *at_b = count_on (&b, "v");

  wait_count (at_b, 10, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_camera_and_screen_have_a_pad_each)
{
  Side a = host (VIDEO "m.video_sink_0 " VIDEO "m.video_sink_1");
  Side b = join (
      BOTH "m.video_src_1 ! queue ! fakesink name=s sync=false async=false");
  Count *at_b = count_on (&b, "v"), *screen = count_on (&b, "s");

  wait_count (at_b, 10, FALSE);
  wait_count (screen, 10, FALSE);
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

GST_START_TEST (test_latency_of_the_jitter_buffer_is_reported)
{
  Side a = host ("latency=300 " BOTH), b = join (BOTH);
  Count *at_a = count_on (&a, "v");
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  g_autoptr (GstPad) pad = NULL;
  gboolean live = FALSE;
  GstClockTime min = 0;

  wait_count (at_a, 5, FALSE);
  pad = gst_element_get_static_pad (a.bin, "video_src_0");
  fail_unless (gst_pad_query (pad, query));
  gst_query_parse_latency (query, &live, &min, NULL);
  fail_unless (live);
  fail_unless (min >= 300 * GST_MSECOND);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Pictures that are to be shown within 100 ms of leaving the element. */
typedef struct
{
  GstElement *sink;
  gint soon; /* atomic */
} Held;

static GstPadProbeReturn
on_left (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  Held *held = user_data;
  GstClockTime due = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info))
                     + gst_base_sink_get_latency (GST_BASE_SINK (held->sink));

  if (due
      < gst_element_get_current_running_time (held->sink) + 100 * GST_MSECOND)
    g_atomic_int_inc (&held->soon);
  return GST_PAD_PROBE_OK;
}

/* On one machine nothing has to be waited for. */
GST_START_TEST (test_a_quiet_network_is_not_waited_for)
{
  Side a = host (BOTH);
  Side b = join (VIDEO "m.video_sink_0 " AUDIO "m.audio_sink_0 "
                       "m.video_src_0 ! queue ! fakesink name=v sync=true");
  Count *video = count_on (&b, "v");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (b.pipeline), "v");
  g_autoptr (GstPad) pad = NULL;
  Held held = { sink, 0 };

  wait_count (video, 10, FALSE);
  /* as an application does when it is told of a latency */
  gst_bin_recalculate_latency (GST_BIN (b.pipeline));
  pad = gst_element_get_static_pad (b.bin, "video_src_0");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_left, &held, NULL);
  wait_count (video, 45, FALSE);
  fail_unless (g_atomic_int_get (&held.soon) >= 20, "only %d of 30",
      g_atomic_int_get (&held.soon));
  side_free (&b);
  side_free (&a);
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

/* The compositor of the line that docs/users/pipelines.md has for it. */
static gchar *
read_tiles (void)
{
  g_autofree gchar *path = g_build_filename (
      g_getenv ("VM_SOURCE_ROOT"), "docs/users/pipelines.md", NULL);
  g_autofree gchar *text = NULL;
  gchar *begin, *end;

  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  begin = strstr (text, "<!-- test: everybody -->");
  fail_unless (begin && (begin = strstr (begin, "compositor ")));
  end = strstr (begin, "! videoconvert");
  fail_unless (end != NULL);
  *end = '\0';
  return g_strdelimit (g_strdup (begin), "\\\n", ' ');
}

/* How bright the last picture is at the middle of each of its four tiles. */
static void
read_brightness (GstElement *sink, guint8 tiles[4])
{
  g_autoptr (GstSample) sample = NULL;
  GstVideoInfo info;
  GstVideoFrame frame;

  memset (tiles, 0, 4);
  g_object_get (sink, "last-sample", &sample, NULL);
  if (!sample || !gst_video_info_from_caps (&info, gst_sample_get_caps (sample))
      || !gst_video_frame_map (
          &frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ))
    return;
  for (guint i = 0; i < 4; i++) {
    gint x = 320 + i % 2 * 640, y = 180 + i / 2 * 360;

    if (x < info.width && y < info.height)
      tiles[i] = ((guint8 *) GST_VIDEO_FRAME_PLANE_DATA (
          &frame, 0))[y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) + x];
  }
  gst_video_frame_unmap (&frame);
}

#define WHITE                                  \
  "videotestsrc is-live=true pattern=white ! " \
  "video/x-raw,width=64,height=36,framerate=5/1 ! m.video_sink_0"

GST_START_TEST (test_everybody_in_one_picture)
{
  g_autofree gchar *tiles = read_tiles ();
  g_autofree gchar *line =
      g_strdup_printf (VIDEO "m.video_sink_0 %s ! videoconvert ! "
                             "video/x-raw,format=GRAY8 ! "
                             "fakesink name=v sync=false async=false m. : c.",
          tiles);
  Side a = host (line), b = join (WHITE), c = join (WHITE);
  Count *at_a = count_on (&a, "v");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (a.pipeline), "v");
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  guint8 seen[4];

  do {
    fail_unless (g_get_monotonic_time () < end, "%u %u %u %u", seen[0], seen[1],
        seen[2], seen[3]);
    reset_count (at_a);
    wait_count (at_a, 5, FALSE);
    read_brightness (sink, seen);
  } while (seen[0] < 200 || seen[1] < 200);
  fail_unless (seen[2] < 50 && seen[3] < 50);
  side_free (&c);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_muted_video_stops_and_comes_back)
{
  Side a = host (BOTH), b = join (BOTH);
  Count *video = count_on (&a, "v"), *audio = count_on (&a, "a");
  gint64 end;

  wait_count (video, 10, FALSE);
  g_object_set (b.bin, "mute-video", TRUE, "mute-audio", TRUE, NULL);
  /* what is on its way still comes */
  end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  do {
    fail_unless (g_get_monotonic_time () < end, "the picture never stops");
    reset_count (video);
    reset_count (audio);
    /* sound goes on, as silence */
    wait_count (audio, 100, FALSE);
  } while (reset_count (video) > 0);
  g_object_set (b.bin, "mute-video", FALSE, NULL);
  wait_count (video, 10, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_recording_and_statistics)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-call-XXXXXX", NULL);
  g_autofree gchar *inner = g_build_filename (folder, "today", NULL);
  g_autofree gchar *settings = g_strdup_printf ("record-dir=%s " BOTH, inner);
  Side a = host (settings), b = join (BOTH);
  Count *video = count_on (&a, "v");
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstStructure) stats = NULL;
  g_autofree gchar *location = NULL;
  guint64 frames = 0;
  gdouble level = 1;
  const GValue *one;
  GStatBuf st;

  wait_count (video, 30, FALSE);
  g_object_get (a.bin, "stats", &stats, NULL);
  /* Bob, and how loud this side is */
  fail_unless_equals_int (gst_structure_n_fields (stats), 2);
  fail_unless (gst_structure_get_double (stats, "audio-level", &level));
  fail_unless (level <= 0 && level >= -127, "%f", level);
  one =
      gst_structure_get_value (stats, gst_structure_nth_field_name (stats, 0));
  fail_unless (gst_structure_get_uint64 (
      gst_value_get_structure (one), "video-frames-received", &frames));
  fail_unless (frames > 0);
  fail_unless (gst_structure_get_double (
      gst_value_get_structure (one), "audio-level", &level));
  fail_unless (level <= 0 && level >= -127, "%f", level);
  side_free (&b);
  do {
    g_clear_pointer (&message, gst_message_unref);
    message = wait_for (&a, "vm-record");
  } while (g_strcmp0 (gst_structure_get_string (
                          gst_message_get_structure (message), "event"),
               "finished")
           != 0);
  location = g_strdup (gst_structure_get_string (
      gst_message_get_structure (message), "location"));
  fail_unless_equals_int (g_stat (location, &st), 0);
  fail_unless (st.st_size > 1000);
  fail_unless_equals_int (st.st_mode & 07777, 0600);
  fail_unless_equals_int (g_stat (inner, &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0700);
  side_free (&a);
  g_unlink (location);
  g_rmdir (inner);
  g_rmdir (folder);
}

GST_END_TEST;

#define UPRIGHT "video/x-raw,width=72,height=128,framerate=15/1"
#define ON_ITS_SIDE "video/x-raw,width=128,height=72,framerate=15/1"

/* In what comes to the fakesink "v" of @bin: 0 before anything has. */
static gint
get_width (GstElement *bin)
{
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (bin), "v");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint width = 0;

  if (caps)
    gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
  return width;
}

static GstPadProbeReturn
on_size (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  gboolean *seen = user_data;
  GstCaps *caps;
  gint width = 0;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  gst_structure_get_int (gst_caps_get_structure (caps, 0), "width", &width);
  seen[0] |= width == 72;
  seen[1] |= width == 128;
  return GST_PAD_PROBE_OK;
}

/* Plays a recording from start to end; what it shows upright, and on its side.
 */
static void
play_recording (const gchar *path, gboolean *seen)
{
  g_autofree gchar *line =
      g_strdup_printf ("filesrc location=%s ! decodebin ! videoconvert ! "
                       "fakesink name=v sync=false",
          path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "v");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_size, seen, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, DEADLINE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* In either codec: the others see it, and recordings play. */
GST_START_TEST (test_phone_that_is_turned)
{
  static const gchar *const codecs[] = { "vp8", "h264" };
  g_autofree gchar *folder = g_dir_make_tmp ("vm-call-XXXXXX", NULL);
  g_autofree gchar *hosts = g_strdup_printf (
      "record-dir=%s codecs=%s " RECEIVE, folder, codecs[__i__]);
  g_autofree gchar *joins = g_strdup_printf (
      "codecs=%s videotestsrc is-live=true ! capsfilter name=phone "
      "caps=\"" UPRIGHT "\" ! m.video_sink_0 " AUDIO "m.audio_sink_0",
      codecs[__i__]);
  Side a = host (hosts), b = join (joins);
  Count *video = count_on (&a, "v");
  g_autoptr (GstElement) phone =
      gst_bin_get_by_name (GST_BIN (b.pipeline), "phone");
  gint64 end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  gboolean seen[2] = { FALSE, FALSE };

  wait_count (video, 10, FALSE);
  fail_unless_equals_int (get_width (a.pipeline), 72);
  gst_util_set_object_arg (G_OBJECT (phone), "caps", ON_ITS_SIDE);
  while (get_width (a.pipeline) != 128) {
    fail_unless (g_get_monotonic_time () < end, "the others see no turn");
    reset_count (video);
    wait_count (video, 1, FALSE);
  }
  reset_count (video);
  wait_count (video, 10, FALSE);
  side_free (&b);
  while (!seen[0] || !seen[1]) {
    g_autoptr (GstMessage) message = wait_for (&a, "vm-record");
    const GstStructure *s = gst_message_get_structure (message);
    const gchar *path = gst_structure_get_string (s, "location");

    if (g_strcmp0 (gst_structure_get_string (s, "event"), "finished") != 0)
      continue;
    play_recording (path, seen);
    g_unlink (path);
  }
  side_free (&a);
  g_rmdir (folder);
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
  tcase_add_test (tc, test_late_pad_without_caps);
  tcase_add_test (tc, test_pads_say_whose_they_are);
  tcase_add_test (tc, test_unlinked_pads_cost_nothing_and_can_be_linked_later);
  tcase_add_test (tc, test_stream_that_cannot_be_decoded);
  tcase_add_test (tc, test_who_leaves_ends_its_pads_and_only_these);
  tcase_add_test (tc, test_pad_that_is_kept_keeps_its_output);
  tcase_add_test (tc, test_eos_to_the_element_says_bye_and_ends_its_pads);
  tcase_add_test (tc, test_host_that_ends_ends_the_guest);
  tcase_add_test (tc, test_sink_that_was_paused_gets_its_eos_later);
  tcase_add_test (tc, test_screen_alone_has_the_first_slot);
  tcase_add_test (tc, test_camera_and_screen_have_a_pad_each);
  tcase_add_test (tc, test_is_live);
  tcase_add_test (tc, test_latency_of_the_jitter_buffer_is_reported);
  tcase_add_test (tc, test_a_quiet_network_is_not_waited_for);
  tcase_add_test (tc, test_only_the_three_sink_pads_are_given);
  tcase_add_test (tc, test_settings_that_cannot_work);
  tcase_add_test (tc, test_input_that_becomes_another);
  tcase_add_test (tc, test_meeting_that_is_not_there);
  tcase_add_test (tc, test_everybody_in_one_picture);
  tcase_add_test (tc, test_muted_video_stops_and_comes_back);
  tcase_add_test (tc, test_recording_and_statistics);
  tcase_add_loop_test (tc, test_phone_that_is_turned, 0, 2);
  return s;
}

CHECK_PROGRAM (vmsignalbin)
