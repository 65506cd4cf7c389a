/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* An encoder that fails in a call costs that codec, and not the meeting. */

#include "program.h"
#include "knownfaults.h"
#include "signalside.h"

#define NEXT "fakesink name=next sync=false async=false "

/* What the element itself warns of. */
static void
wait_for_warning (Side *side, const gchar *code)
{
  for (;;) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
        side->bus, DEADLINE, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
    const GstStructure *details = NULL;

    fail_unless (
        message != NULL && GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING);
    gst_message_parse_warning_details (message, &details);
    if (details
        && g_strcmp0 (gst_structure_get_string (details, "code"), code) == 0)
      return;
  }
}

static void
break_encoder (Side *side)
{
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (side->bin), "x264enc");
  g_auto (GValue) item = G_VALUE_INIT;
  GstElement *encoder;

  fail_unless_equals_int (gst_iterator_next (it, &item), GST_ITERATOR_OK);
  encoder = g_value_get_object (&item);
  GST_ELEMENT_ERROR (encoder, STREAM, ENCODE, ("on purpose"), (NULL));
}

/* What takes the place of the pad that was linked at first. */
static void
on_pad_added (GstElement *bin, GstPad *pad, gpointer pipeline)
{
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstPad) to = NULL;

  if (!g_str_has_prefix (GST_PAD_NAME (pad), "video_src"))
    return;
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "next");
  to = gst_element_get_static_pad (sink, "sink");
  gst_pad_link (pad, to);
}

GST_START_TEST (test_picture_goes_on_in_another_codec)
{
  Side a = host ("codecs=h264,vp8 " VIDEO "m.video_sink_0 " RECEIVE);
  Side b = join ("codecs=h264,vp8 " VIDEO "m.video_sink_0 " RECEIVE NEXT);
  Count *first = count_on (&a, "v"), *seen = count_on (&b, "next");

  wait_count (first, 5, FALSE);
  g_signal_connect (b.bin, "pad-added", G_CALLBACK (on_pad_added), b.pipeline);
  break_encoder (&a);
  wait_for_warning (&a, "CODEC");
  wait_count (seen, 10, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Nor does who answers, and has no other codec to choose: it sees and hears on,
 * on the pad that it has. */
GST_START_TEST (test_who_answers_goes_on_without_a_picture)
{
  Side a = host ("codecs=h264 " VIDEO "m.video_sink_0 " RECEIVE);
  Side b = join (BOTH);
  Count *seen = count_on (&b, "v");

  wait_count (seen, 5, FALSE);
  break_encoder (&b);
  wait_for_warning (&b, "CODEC");
  reset_count (seen);
  wait_count (seen, 30, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

/* Who has offered sees what comes in another codec than before. */
GST_START_TEST (test_who_is_sent_another_codec)
{
  Side a = host ("codecs=h264,vp8 " VIDEO "m.video_sink_0 " RECEIVE NEXT);
  Side b = join ("codecs=h264,vp8 " VIDEO "m.video_sink_0 " RECEIVE);
  Count *first = count_on (&a, "v"), *seen = count_on (&a, "next");

  wait_count (first, 5, FALSE);
  g_signal_connect (a.bin, "pad-added", G_CALLBACK (on_pad_added), a.pipeline);
  break_encoder (&a);
  wait_for_warning (&a, "CODEC");
  wait_count (seen, 10, FALSE);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

static Suite *
vmsignalcodec_suite (void)
{
  Suite *suite = suite_create ("vmsignalcodec");
  TCase *tc = tcase_create ("general");

  known_faults_pass ();
  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_picture_goes_on_in_another_codec);
  tcase_add_test (tc, test_who_is_sent_another_codec);
  tcase_add_test (tc, test_who_answers_goes_on_without_a_picture);
  return suite;
}

CHECK_PROGRAM (vmsignalcodec)
