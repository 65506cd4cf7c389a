/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Raw frames of any size, shape and number of channels on their way into a
 * meeting, and encoders that fail. */

#include "media/vminput.h"

#include "program.h"

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define WAIT_US (60 * G_USEC_PER_SEC)

static GMutex lock; /* of what follows */
static GCond cond;
static GstCaps *sent; /* of the last frame that was encoded */
static guint samples;
static VmCodec failed;

static void
on_sample (
    gpointer user_data, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_mutex_lock (&lock);
  gst_caps_replace (&sent, gst_sample_get_caps (sample));
  samples++;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
}

static void
ignore_change (gpointer user_data, VmPeerStream stream)
{
}

static void
on_failed (
    gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why)
{
  g_mutex_lock (&lock);
  fail_unless_equals_int (failed, VM_CODEC_NONE);
  failed = codec;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
}

static void
setup (void)
{
  samples = 0;
  failed = VM_CODEC_NONE;
}

static void
teardown (void)
{
  gst_clear_caps (&sent);
}

static GstHarness *
start (VmInput **input, VmPeerStream stream, const gchar *caps)
{
  static const VmInputFuncs funcs = { on_sample, ignore_change, on_failed };
  GstHarness *h;

  *input = vm_input_new (stream, "input", &funcs, NULL);
  h = gst_harness_new_with_element (
      gst_object_ref_sink (GST_ELEMENT (*input)), "sink", NULL);
  gst_object_unref (*input);
  if (caps)
    gst_harness_set_src_caps_str (h, caps);
  return h;
}

static void
acquire (VmInput *input, VmCodec codec)
{
  g_autoptr (GError) error = NULL;

  vm_input_acquire (input, codec, &error);
  g_assert_no_error (error);
}

static void
push_picture (GstHarness *h, guint n, gint width, gint height)
{
  GstVideoInfo info;
  GstBuffer *buffer;

  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_I420, width, height);
  buffer = gst_harness_create_buffer (h, info.size);
  gst_buffer_memset (buffer, 0, 128, info.size);
  GST_BUFFER_PTS (buffer) = n * GST_SECOND / 15;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 15;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
}

/* Until a frame was encoded, or one has failed. */
static void
wait_for_either (void)
{
  gint64 end = g_get_monotonic_time () + WAIT_US;

  g_mutex_lock (&lock);
  while (!samples && failed == VM_CODEC_NONE)
    fail_unless (g_cond_wait_until (&cond, &lock, end), "nothing came");
  g_mutex_unlock (&lock);
}

typedef struct
{
  gint width, height;
  const gchar *shape; /* of pixels */
  gint sent_width, sent_height;
} Size;

static const Size sizes[] = {
  { 160, 120, "1/1", 160, 120 },
  /* odd, and beside it */
  { 640, 360, "1/1", 640, 360 },
  { 641, 361, "1/1", 640, 360 },
  { 642, 362, "1/1", 642, 362 },
  { 160, 121, "1/1", 160, 120 },
  /* below, at and above the least */
  { 1, 1, "1/1", 16, 16 },
  { 15, 40, "1/1", 16, 40 },
  { 16, 16, "1/1", 16, 16 },
  { 17, 17, "1/1", 16, 16 },
  /* not square: made larger, wide and high */
  { 704, 576, "16/11", 1024, 576 },
  { 720, 480, "8/9", 720, 540 },
  { 353, 288, "12/11", 384, 288 },
};

static void
try_size (const Size *size, VmCodec codec)
{
  g_autofree gchar *caps = g_strdup_printf (
      "video/x-raw,format=I420,width=%d,height=%d,framerate=15/1,"
      "pixel-aspect-ratio=%s",
      size->width, size->height, size->shape);
  VmInput *input;
  GstHarness *h = start (&input, VM_PEER_VIDEO, caps);
  const GstStructure *s;
  gint width = 0, height = 0, n = 1, d = 1;

  acquire (input, codec);
  push_picture (h, 0, size->width, size->height);
  push_picture (h, 1, size->width, size->height);
  wait_for_either ();
  fail_unless_equals_int (failed, VM_CODEC_NONE);
  g_mutex_lock (&lock);
  s = gst_caps_get_structure (sent, 0);
  gst_structure_get (
      s, "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height, NULL);
  gst_structure_get_fraction (s, "pixel-aspect-ratio", &n, &d);
  g_mutex_unlock (&lock);
  fail_unless (
      width == size->sent_width && height == size->sent_height && n == d,
      "%d x %d became %d x %d of %d/%d", size->width, size->height, width,
      height, n, d);
  gst_harness_teardown (h);
}

GST_START_TEST (test_sizes_vp8)
{
  try_size (&sizes[__i__], VM_CODEC_VP8);
}

GST_END_TEST;

GST_START_TEST (test_sizes_h264)
{
  try_size (&sizes[__i__], VM_CODEC_H264);
}

GST_END_TEST;

/* As a phone writes it. */
GST_START_TEST (test_picture_that_stands_on_its_side)
{
  VmInput *input;
  GstHarness *h = start (&input, VM_PEER_VIDEO,
      "video/x-raw,format=I420,width=160,height=120,framerate=15/1");
  gint width = 0, height = 0;

  acquire (input, VM_CODEC_VP8);
  fail_unless (gst_harness_push_event (
      h, gst_event_new_tag (
             gst_tag_list_new (GST_TAG_IMAGE_ORIENTATION, "rotate-90", NULL))));
  push_picture (h, 0, 160, 120);
  push_picture (h, 1, 160, 120);
  wait_for_either ();
  g_mutex_lock (&lock);
  gst_structure_get (gst_caps_get_structure (sent, 0), "width", G_TYPE_INT,
      &width, "height", G_TYPE_INT, &height, NULL);
  g_mutex_unlock (&lock);
  fail_unless_equals_int (width, 120);
  fail_unless_equals_int (height, 160);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
push_sound (GstHarness *h, guint n, guint channels)
{
  gsize size = 960 * channels * sizeof (gint16);
  GstBuffer *buffer = gst_harness_create_buffer (h, size);

  gst_buffer_memset (buffer, 0, 0, size);
  GST_BUFFER_PTS (buffer) = n * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
}

static const guint channels[] = { 1, 2, 3, 6, 8, 9, 16, 28, 29, 63 };

/* A card that does not say which channel is where. */
GST_START_TEST (test_channels_without_positions)
{
  guint n = channels[__i__];
  g_autofree gchar *caps = g_strdup_printf (
      "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=%u%s", n,
      n > 2 ? ",channel-mask=(bitmask)0" : "");
  VmInput *input;
  GstHarness *h = start (&input, VM_PEER_AUDIO, caps);

  acquire (input, VM_CODEC_OPUS);
  for (guint i = 0; i < 5; i++)
    push_sound (h, i, n);
  wait_for_either ();
  /* more than there are positions for cannot be mixed: that costs the sound */
  fail_unless_equals_int (failed, n <= 28 ? VM_CODEC_NONE : VM_CODEC_OPUS);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_more_channels_than_can_be_mixed)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  VmInput *input;
  GstHarness *h = start (&input, VM_PEER_AUDIO, NULL);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (GST_ELEMENT (input), bus);
  gst_harness_set_src_caps_str (h,
      "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=64,"
      "channel-mask=(bitmask)0");
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_element_set_bus (GST_ELEMENT (input), NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

static GstFlowReturn
refuse (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_ERROR;
}

typedef enum
{
  BY_FLOW,
  BY_MESSAGE,
  N_WAYS
} Way;

/* That costs the codec: the frames go on, to another one. */
GST_START_TEST (test_encoder_that_fails)
{
  VmInput *input;
  GstHarness *h = start (&input, VM_PEER_VIDEO,
      "video/x-raw,format=I420,width=160,height=120,framerate=15/1");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstElement) encoder = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (GST_ELEMENT (input), bus);
  acquire (input, VM_CODEC_H264);
  encoder = gst_bin_get_by_name (GST_BIN (input), "encoder");
  pad = gst_element_get_static_pad (encoder, "sink");
  if (__i__ == BY_FLOW)
    gst_pad_set_chain_function (pad, refuse);
  else
    GST_ELEMENT_ERROR (encoder, STREAM, ENCODE, ("on purpose"), (NULL));
  push_picture (h, 0, 160, 120);
  wait_for_either ();
  fail_unless_equals_int (failed, VM_CODEC_H264);
  fail_unless (vm_input_has_failed (input, VM_CODEC_H264));
  fail_if (vm_input_acquire (input, VM_CODEC_H264, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_CODEC);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR) == NULL);

  failed = VM_CODEC_NONE;
  acquire (input, VM_CODEC_VP8);
  for (guint i = 1; i < 4; i++)
    push_picture (h, i, 160, 120);
  wait_for_either ();
  fail_unless_equals_int (failed, VM_CODEC_NONE);
  gst_element_set_bus (GST_ELEMENT (input), NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
vminputraw_suite (void)
{
  Suite *s = suite_create ("vminputraw");
  TCase *tc = tcase_create ("vminputraw");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_sizes_vp8, 0, G_N_ELEMENTS (sizes));
  tcase_add_loop_test (tc, test_sizes_h264, 0, G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_picture_that_stands_on_its_side);
  tcase_add_loop_test (
      tc, test_channels_without_positions, 0, G_N_ELEMENTS (channels));
  tcase_add_test (tc, test_more_channels_than_can_be_mixed);
  tcase_add_loop_test (tc, test_encoder_that_fails, 0, N_WAYS);
  return s;
}

CHECK_PROGRAM (vminputraw)
