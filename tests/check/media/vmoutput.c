/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Frames of one participant while nobody takes them: how many wait, what
 * becomes of the rest, and how the stream goes on. */

#include "media/vmoutput.h"

#include "program.h"

#include <gst/video/video.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define WAIT_MS 10000

static GstElement *pipeline;
static VmOutput *output;
static GstPad *src;
static gulong block;
static gint key_units; /* asked for */
static GMutex lock; /* of what follows */
static GCond cond;
static gboolean blocked;
static GArray *out; /* of guint: numbers of the frames that came out */

static void
on_need_key_unit (gpointer user_data)
{
  key_units++;
}

static GstPadProbeReturn
on_blocked (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_mutex_lock (&lock);
  blocked = TRUE;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
  return GST_PAD_PROBE_OK;
}

static void
on_handoff (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  guint n = GST_BUFFER_PTS (buffer) / GST_MSECOND;

  g_mutex_lock (&lock);
  g_array_append_val (out, n);
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
}

/* Until what @done points to is true, or that many frames came out. */
static void
wait_for (const gboolean *done, guint frames)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;
  gboolean late = FALSE;

  g_mutex_lock (&lock);
  while (!late && !(done && *done) && !(frames && out->len >= frames))
    late = !g_cond_wait_until (&cond, &lock, end);
  g_mutex_unlock (&lock);
  fail_if (late);
}

static void
push (guint n, gboolean key)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, 16, NULL);
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstSample) sample = NULL;

  /* an Opus packet of one frame of 10 ms (RFC 6716 §3.1) */
  gst_buffer_memset (buffer, 0, 0, 16);
  caps = gst_caps_from_string (g_object_get_data (G_OBJECT (output), "caps"));
  GST_BUFFER_PTS (buffer) = n * GST_MSECOND;
  if (!key)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  sample = gst_sample_new (buffer, caps, NULL, NULL);
  vm_output_push (output, sample);
}

/* An output that plays, and whose first frame nobody takes: what comes next has
 * to wait. */
static void
start (VmCodec codec, const gchar *caps)
{
  VmOutputConfig config = {
    .codec = codec, .stream_id = "p002/x", .title = "Bob"
  };
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GError) error = NULL;

  output =
      vm_output_new ("output", &config, on_need_key_unit, NULL, NULL, &error);
  g_assert_no_error (error);
  g_object_set_data (G_OBJECT (output), "caps", (gpointer) caps);
  g_object_set (
      sink, "signal-handoffs", TRUE, "sync", FALSE, "async", FALSE, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), NULL);
  pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  gst_bin_add_many (GST_BIN (pipeline), GST_ELEMENT (output), sink, NULL);
  fail_unless (gst_element_link (GST_ELEMENT (output), sink));
  src = gst_element_get_static_pad (GST_ELEMENT (output), "src");
  blocked = FALSE;
  block = gst_pad_add_probe (src,
      GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, on_blocked, NULL,
      NULL);
  vm_output_set_wanted (output, TRUE);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  push (0, TRUE);
  wait_for (&blocked, 0);
}

static void
setup (void)
{
  out = g_array_new (FALSE, FALSE, sizeof (guint));
  key_units = 0;
}

static void
teardown (void)
{
  g_clear_pointer (&out, g_array_unref);
}

/* Part of each test: GstCheck waits for GStreamer's threads before a
 * teardown. */
static void
stop (void)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_clear_object (&src);
  gst_clear_object (&pipeline);
}

static void
expect_first (guint n)
{
  wait_for (NULL, n);
  fail_unless_equals_int (out->len, n);
  for (guint i = 0; i < n; i++)
    fail_unless_equals_int (g_array_index (out, guint, i), i);
}

GST_START_TEST (test_below_and_at_the_limit_nothing_is_lost)
{
  guint waiting = VM_OUTPUT_QUEUE_MAX - 1 + __i__;

  start (VM_CODEC_VP8, "video/x-vp8");
  for (guint i = 1; i <= waiting; i++)
    push (i, FALSE);
  fail_unless_equals_int (key_units, 0);
  gst_pad_remove_probe (src, block);
  expect_first (1 + waiting);
  push (1 + waiting, FALSE);
  expect_first (2 + waiting);
  fail_unless_equals_int (key_units, 0);
  stop ();
}

GST_END_TEST;

/* A picture without one before it is no picture: up to the next key frame,
 * which is asked for, nothing comes out. */
GST_START_TEST (test_beyond_the_limit_pictures_go_on_with_a_key_frame)
{
  guint next = VM_OUTPUT_QUEUE_MAX + 1;

  start (VM_CODEC_VP8, "video/x-vp8");
  for (guint i = 1; i <= VM_OUTPUT_QUEUE_MAX; i++)
    push (i, FALSE);
  fail_unless_equals_int (key_units, 0);
  push (1000, FALSE);
  fail_unless_equals_int (key_units, 1);
  gst_pad_remove_probe (src, block);
  expect_first (next);
  push (1001, FALSE);
  fail_unless_equals_int (key_units, 2);
  push (next, TRUE);
  push (next + 1, FALSE);
  expect_first (next + 2);
  fail_unless_equals_int (key_units, 2);
  stop ();
}

GST_END_TEST;

/* Nothing is lost while frames wait, but one before them was. */
GST_START_TEST (test_after_a_loss_pictures_go_on_with_a_key_frame)
{
  start (VM_CODEC_VP8, "video/x-vp8");
  push (1, FALSE);
  vm_output_wait_key (output);
  push (1000, FALSE);
  fail_unless_equals_int (key_units, 1);
  push (2, TRUE);
  push (3, FALSE);
  gst_pad_remove_probe (src, block);
  expect_first (4);
  fail_unless_equals_int (key_units, 1);
  stop ();
}

GST_END_TEST;

GST_START_TEST (test_after_a_loss_sound_goes_on)
{
  start (VM_CODEC_OPUS, "audio/x-opus, channel-mapping-family=(int)0");
  vm_output_wait_key (output);
  push (1, TRUE);
  gst_pad_remove_probe (src, block);
  expect_first (2);
  fail_unless_equals_int (key_units, 0);
  stop ();
}

GST_END_TEST;

GST_START_TEST (test_beyond_the_limit_sound_lacks_what_came_too_much)
{
  guint next = VM_OUTPUT_QUEUE_MAX + 1;

  start (VM_CODEC_OPUS, "audio/x-opus, channel-mapping-family=(int)0");
  for (guint i = 1; i <= VM_OUTPUT_QUEUE_MAX; i++)
    push (i, TRUE);
  push (1000, TRUE);
  gst_pad_remove_probe (src, block);
  expect_first (next);
  push (next, TRUE);
  expect_first (next + 1);
  fail_unless_equals_int (key_units, 0);
  stop ();
}

GST_END_TEST;

/* What plays, or muxes, it takes no time that goes back. */
GST_START_TEST (test_times_never_go_back)
{
  static const guint times[] = { 0, 1000, 400, 1001, 1200 };
  static const guint expected[] = { 0, 1000, 1001, 1002, 1200 };

  if (__i__)
    start (VM_CODEC_OPUS, "audio/x-opus, channel-mapping-family=(int)0");
  else
    start (VM_CODEC_VP8, "video/x-vp8");
  for (guint i = 1; i < G_N_ELEMENTS (times); i++)
    push (times[i], TRUE);
  gst_pad_remove_probe (src, block);
  wait_for (NULL, G_N_ELEMENTS (times));
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    fail_unless_equals_int (g_array_index (out, guint, i), expected[i]);
  stop ();
}

GST_END_TEST;

/* What cuts the stream, or has lost a part of it, asks upstream. */
GST_START_TEST (test_key_unit_is_asked_for)
{
  start (VM_CODEC_VP8, "video/x-vp8");
  fail_unless_equals_int (key_units, 0);
  fail_unless (
      gst_pad_send_event (src, gst_video_event_new_upstream_force_key_unit (
                                   GST_CLOCK_TIME_NONE, TRUE, 0)));
  fail_unless_equals_int (key_units, 1);
  gst_pad_remove_probe (src, block);
  stop ();
}

GST_END_TEST;

static Suite *
vmoutput_suite (void)
{
  Suite *s = suite_create ("vmoutput");
  TCase *tc = tcase_create ("vmoutput");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 30);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_below_and_at_the_limit_nothing_is_lost, 0, 2);
  tcase_add_test (tc, test_beyond_the_limit_pictures_go_on_with_a_key_frame);
  tcase_add_test (tc, test_after_a_loss_pictures_go_on_with_a_key_frame);
  tcase_add_test (tc, test_after_a_loss_sound_goes_on);
  tcase_add_test (tc, test_beyond_the_limit_sound_lacks_what_came_too_much);
  tcase_add_loop_test (tc, test_times_never_go_back, 0, 2);
  tcase_add_test (tc, test_key_unit_is_asked_for);
  return s;
}

CHECK_PROGRAM (vmoutput)
