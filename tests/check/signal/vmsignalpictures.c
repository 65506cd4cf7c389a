/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls between two vmsignalbin in one process: when pictures are shown, who is
 * in them, and how they are recorded. */

#include "program.h"

#include "elements/knownfaults.h"
#include "signalside.h"

#include <gst/base/gstbasesink.h>
#include <gst/video/video.h>
#include <glib/gstdio.h>
#include <string.h>

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
  pad = gst_element_get_static_pad (b.bin, "video_src_0");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_left, &held, NULL);
  /* a machine that stood still at the start looks like a slow network */
  for (guint n = 40; n <= 310 && g_atomic_int_get (&held.soon) < 20; n += 30) {
    /* as an application does when it is told of a latency */
    gst_bin_recalculate_latency (GST_BIN (b.pipeline));
    wait_count (video, n, FALSE);
  }
  fail_unless (g_atomic_int_get (&held.soon) >= 20, "only %d of 300",
      g_atomic_int_get (&held.soon));
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
vmsignalpictures_suite (void)
{
  Suite *s = suite_create ("vmsignalpictures");
  TCase *tc = tcase_create ("calls");

  known_faults_pass ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_screen_alone_has_the_first_slot);
  tcase_add_test (tc, test_camera_and_screen_have_a_pad_each);
  tcase_add_test (tc, test_latency_of_the_jitter_buffer_is_reported);
  tcase_add_test (tc, test_a_quiet_network_is_not_waited_for);
  tcase_add_test (tc, test_everybody_in_one_picture);
  tcase_add_test (tc, test_muted_video_stops_and_comes_back);
  tcase_add_test (tc, test_recording_and_statistics);
  tcase_add_loop_test (tc, test_phone_that_is_turned, 0, 2);
  return s;
}

CHECK_PROGRAM (vmsignalpictures)
