/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <gst/app/gstappsink.h>
#include "program.h"
#include "ui/stamp.h"

#define WAIT (60 * GST_SECOND)

static GstBuffer *
picture (GstVideoInfo *info, GstVideoFormat format, gint width, gint height)
{
  gst_video_info_set_format (info, format, width, height);
  return gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (info), NULL);
}

static void
draw_and_read (GstVideoFormat format, gint width, gint height, guint32 counter)
{
  GstVideoInfo info;
  g_autoptr (GstBuffer) buffer = picture (&info, format, width, height);
  GstVideoFrame frame;
  guint32 found = ~counter;

  gst_buffer_memset (buffer, 0, 100, -1);
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
  fail_if (vmt_stamp_read (&frame, &found));
  fail_unless (vmt_stamp_draw (&frame, counter));
  fail_unless (vmt_stamp_read (&frame, &found));
  gst_video_frame_unmap (&frame);
  fail_unless_equals_int64 (found, counter);
}

GST_START_TEST (test_every_bit)
{
  draw_and_read (GST_VIDEO_FORMAT_I420, 640, 360, 0);
  draw_and_read (GST_VIDEO_FORMAT_I420, 640, 360, G_MAXUINT32);
  for (guint bit = 0; bit < 32; bit++)
    draw_and_read (GST_VIDEO_FORMAT_I420, 640, 360, 1u << bit);
}

GST_END_TEST;

GST_START_TEST (test_formats_and_sizes)
{
  draw_and_read (GST_VIDEO_FORMAT_NV12, 640, 360, 12345);
  draw_and_read (GST_VIDEO_FORMAT_YUY2, 320, 180, 12345);
  draw_and_read (GST_VIDEO_FORMAT_GRAY8, 1000, 777, 12345);
  draw_and_read (
      GST_VIDEO_FORMAT_I420, VMT_STAMP_MIN_WIDTH, VMT_STAMP_MIN_HEIGHT, 12345);
}

GST_END_TEST;

static void
refused (GstVideoFormat format, gint width, gint height)
{
  GstVideoInfo info;
  g_autoptr (GstBuffer) buffer = picture (&info, format, width, height);
  GstVideoFrame frame;
  guint32 found;

  gst_buffer_memset (buffer, 0, 0, -1);
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
  fail_if (vmt_stamp_draw (&frame, 1));
  fail_if (vmt_stamp_read (&frame, &found));
  gst_video_frame_unmap (&frame);
}

GST_START_TEST (test_refused)
{
  refused (GST_VIDEO_FORMAT_RGB, 640, 360);
  refused (GST_VIDEO_FORMAT_I420_10LE, 640, 360);
  refused (GST_VIDEO_FORMAT_NV12_64Z32, 640, 384);
  refused (
      GST_VIDEO_FORMAT_I420, VMT_STAMP_MIN_WIDTH - 2, VMT_STAMP_MIN_HEIGHT);
  refused (
      GST_VIDEO_FORMAT_I420, VMT_STAMP_MIN_WIDTH, VMT_STAMP_MIN_HEIGHT - 2);
}

GST_END_TEST;

/* One block turned over must not pass for another counter. */
GST_START_TEST (test_damage_is_seen)
{
  GstVideoInfo info;
  g_autoptr (GstBuffer) buffer =
      picture (&info, GST_VIDEO_FORMAT_GRAY8, 640, 360);
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
  for (gint cell = 0; cell < VMT_STAMP_COLUMNS * VMT_STAMP_ROWS; cell++) {
    gint x0 = cell % VMT_STAMP_COLUMNS * 40, y0 = cell / VMT_STAMP_COLUMNS * 40;
    guint32 found;

    fail_unless (vmt_stamp_draw (&frame, 0xdeadbeef));
    for (gint y = y0; y < y0 + 40; y++)
      for (gint x = x0; x < x0 + 40; x++) {
        guint8 *luma = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0);

        luma += y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0) + x;
        *luma = 251 - *luma;
      }
    fail_if (vmt_stamp_read (&frame, &found), "cell %d", cell);
  }
  gst_video_frame_unmap (&frame);
}

GST_END_TEST;

static GstPadProbeReturn
stamp_probe (GstPad *pad, GstPadProbeInfo *probe, gpointer user_data)
{
  guint32 *counter = user_data;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  GstBuffer *buffer =
      gst_buffer_make_writable (GST_PAD_PROBE_INFO_BUFFER (probe));
  GstVideoInfo info;
  GstVideoFrame frame;

  GST_PAD_PROBE_INFO_DATA (probe) = buffer;
  fail_unless (gst_video_info_from_caps (&info, caps));
  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READWRITE));
  fail_unless (vmt_stamp_draw (&frame, (*counter)++));
  gst_video_frame_unmap (&frame);
  return GST_PAD_PROBE_OK;
}

/* Stamps drawn on moving content must come back whole, each of them, from
 * @middle (an encoder, a decoder and what stands between). */
static void
survives (const gchar *middle, guint n_frames)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc name=s pattern=ball num-buffers=%u ! "
      "video/x-raw,format=I420,width=640,height=360,framerate=30/1 ! %s ! "
      "appsink name=d sync=false",
      n_frames, middle);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) source = NULL, sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  guint32 counter = 0x01fffff0; /* many bits turn over on the way */
  guint32 expected = counter;

  g_assert_no_error (error);
  source = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "d");
  pad = gst_element_get_static_pad (source, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, stamp_probe, &counter, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint i = 0; i < n_frames; i++) {
    g_autoptr (GstSample) sample =
        gst_app_sink_try_pull_sample (GST_APP_SINK (sink), WAIT);
    GstVideoInfo info;
    GstVideoFrame frame;
    guint32 found = 0;

    fail_unless (sample != NULL, "frame %u did not come", i);
    fail_unless (
        gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
    fail_unless (gst_video_frame_map (
        &frame, &info, gst_sample_get_buffer (sample), GST_MAP_READ));
    fail_unless (vmt_stamp_read (&frame, &found), "frame %u is unreadable", i);
    gst_video_frame_unmap (&frame);
    fail_unless_equals_int64 (found, expected++);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_START_TEST (test_vp8_at_200_kbits)
{
  survives ("vp8enc deadline=1 cpu-used=8 end-usage=cbr "
            "target-bitrate=200000 keyframe-max-dist=2000 ! vp8dec",
      90);
}

GST_END_TEST;

/* Not by libav: what it loads has instructions that valgrind knows only where
 * the processor says that it has them. */
GST_START_TEST (test_h264_at_200_kbits)
{
  survives ("x264enc bitrate=200 tune=zerolatency speed-preset=ultrafast ! "
            "video/x-h264,profile=constrained-baseline ! h264parse ! "
            "openh264dec",
      90);
}

GST_END_TEST;

GST_START_TEST (test_scaled)
{
  survives ("videoscale add-borders=false ! video/x-raw,width=320,height=240,"
            "pixel-aspect-ratio=1/1 ! videoscale add-borders=false ! "
            "video/x-raw,width=960,height=540",
      10);
}

GST_END_TEST;

GST_START_TEST (test_row)
{
  VmtStampRow row = { 0 };

  vmt_stamp_row_add_unreadable (&row);
  fail_unless_equals_int64 (row.unreadable, 0);
  vmt_stamp_row_add (&row, 100);
  vmt_stamp_row_add (&row, 101);
  fail_unless_equals_int64 (row.missing, 0);
  vmt_stamp_row_add (&row, 101);
  fail_unless_equals_int64 (row.repeated, 1);
  vmt_stamp_row_add (&row, 105);
  fail_unless_equals_int64 (row.missing, 3);
  vmt_stamp_row_add_unreadable (&row);
  fail_unless_equals_int64 (row.unreadable, 1);
  fail_unless_equals_int64 (row.first, 100);
  fail_unless_equals_int64 (row.last, 105);
  fail_unless_equals_int64 (row.read, 4);
}

GST_END_TEST;

static Suite *
stamp_suite (void)
{
  Suite *s = suite_create ("stamp");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_bit);
  tcase_add_test (tc, test_formats_and_sizes);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_damage_is_seen);
  tcase_add_test (tc, test_vp8_at_200_kbits);
  tcase_add_test (tc, test_h264_at_200_kbits);
  tcase_add_test (tc, test_scaled);
  tcase_add_test (tc, test_row);
  return s;
}

CHECK_PROGRAM (stamp)
