/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* vmtrust behind a source that says nothing of its caps, as filesrc. A warning
 * of GStreamer fails these tests. */

#include "program.h"

#define DEADLINE (60 * GST_SECOND)

static GstPadProbeReturn
note (GstPad *pad, GstPadProbeInfo *info, gpointer heard)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (GST_EVENT_IS_STICKY (event))
    g_string_append_printf (heard, "%s ", GST_EVENT_TYPE_NAME (event));
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_caps_come_before_the_segment)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (
      "fakesrc num-buffers=3 sizetype=fixed sizemax=100 ! vmtrust mode=sign ! "
      "fakesink name=s",
      &error);
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GString) heard = g_string_new (NULL);

  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note, heard, NULL);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (
      bus, DEADLINE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (g_str_has_prefix (heard->str, "stream-start caps segment "),
      "%s", heard->str);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
vmtrustpipe_suite (void)
{
  Suite *suite = suite_create ("vmtrustpipe");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_caps_come_before_the_segment);
  return suite;
}

CHECK_PROGRAM (vmtrustpipe)
