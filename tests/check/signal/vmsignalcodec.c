/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The codecs of a call: encoders that fail cost a codec, and not the meeting;
 * what comes encoded; a picture of another size. */

#include "program.h"
#include "elements/knownfaults.h"
#include "signalside.h"

#include <glib/gstdio.h>
#include <string.h>

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

/* As of a camera: a meeting of another codec goes over to its own. */
GST_START_TEST (test_encoded_picture_decides)
{
  Side a = host (BOTH);
  Side b = join (
      VIDEO "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! "
            "video/x-h264,profile=high ! h264parse ! m.video_sink_0 " AUDIO
            "m.audio_sink_0 " RECEIVE);
  Count *at_a = count_on (&a, "v"), *at_b = count_on (&b, "v");
  g_autoptr (GstMessage) warning = NULL;

  wait_count (at_a, 10, FALSE);
  wait_count (at_b, 10, FALSE);
  warning = gst_bus_pop_filtered (b.bus, GST_MESSAGE_WARNING);
  fail_unless (warning == NULL);
  side_free (&b);
  side_free (&a);
}

GST_END_TEST;

GST_START_TEST (test_b_frames_are_refused)
{
  Side a = side_new (
      "vmsignalbin name=m meeting=standup mode=host " VIDEO
      "x264enc bframes=2 b-adapt=false rc-lookahead=5 sync-lookahead=0 "
      "key-int-max=15 ! video/x-h264,profile=main ! m.video_sink_0");
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_ERROR);
  const GstStructure *details = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (
      strstr (error->message, "B-frames") != NULL, "%s", error->message);
  gst_message_parse_error_details (message, &details);
  fail_unless_equals_string (
      gst_structure_get_string (details, "code"), "CODEC");
  side_free (&a);
}

GST_END_TEST;

/* The meeting goes on: who has a decoder shows it. */
GST_START_TEST (test_rare_formats_are_named)
{
  static const gchar *const cases[][2] = {
    { "video/x-raw,format=Y444 ! x264enc tune=zerolatency", "4:4:4" },
    { "video/x-raw,format=I420_10LE ! x264enc tune=zerolatency", "8 bits" },
    { "video/x-raw,format=Y444 ! vp9enc deadline=1",
        "VP9 that comes has a profile above 0" }
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *line = g_strdup_printf (
        "vmsignalbin name=m meeting=standup mode=host codecs=vp9,h264 " VIDEO
        "videoconvert ! %s ! m.video_sink_0",
        cases[i][0]);
    Side a = side_new (line);
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (a.bus, DEADLINE, GST_MESSAGE_WARNING);
    g_autoptr (GError) error = NULL;

    fail_unless (message != NULL, "%s", cases[i][0]);
    gst_message_parse_warning (message, &error, NULL);
    fail_unless (
        strstr (error->message, cases[i][1]) != NULL, "%s", error->message);
    side_free (&a);
  }
}

GST_END_TEST;

static gboolean
has_size (GstElement *sink, gint width, gint height)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gint w = 0, h = 0;

  if (caps)
    gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT,
        &w, "height", G_TYPE_INT, &h, NULL);
  return w == width && h == height;
}

/* The next recording that is whole. */
static gchar *
wait_for_record (Side *side)
{
  for (;;) {
    g_autoptr (GstMessage) message = wait_for (side, "vm-record");
    const GstStructure *s = gst_message_get_structure (message);
    const gchar *event = gst_structure_get_string (s, "event");

    fail_if (g_strcmp0 (event, "failed") == 0);
    if (g_strcmp0 (event, "finished") == 0)
      return g_strdup (gst_structure_get_string (s, "location"));
  }
}

/* All of @path has that size, and there are some pictures. */
static void
check_record (const gchar *path, gint width, gint height)
{
  g_autofree gchar *line = g_strdup_printf (
      "filesrc location=\"%s\" ! matroskademux name=d d.video_0 ! queue ! "
      "decodebin ! videoconvert ! appsink name=v sync=false",
      path);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, NULL);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "v");
  GstSample *sample = NULL;
  gboolean eos = FALSE;
  guint n = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (;;) {
    g_signal_emit_by_name (
        sink, "try-pull-sample", (guint64) DEADLINE, &sample);
    if (!sample)
      break;
    fail_unless (has_size (sink, width, height));
    gst_sample_unref (sample);
    n++;
  }
  g_object_get (sink, "eos", &eos, NULL);
  fail_unless (eos, "%s", path);
  fail_unless (n >= 5, "%u pictures in %s", n, path);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless_equals_int (g_unlink (path), 0);
}

static const gchar *const turned[] = { "vp8", "h264", "vp9" };

/* A phone: what others see stands upright, and so does what they record. */
GST_START_TEST (test_picture_that_turns)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-turn-XXXXXX", NULL);
  g_autofree gchar *ann = g_strdup_printf (
      "codecs=%s videotestsrc is-live=true ! capsfilter name=size "
      "caps=video/x-raw,width=128,height=72,framerate=15/1 ! "
      "m.video_sink_0 " AUDIO "m.audio_sink_0 ",
      turned[__i__]);
  g_autofree gchar *bob =
      g_strdup_printf ("record-dir=\"%s\" " RECEIVE, folder);
  g_autofree gchar *first = NULL, *second = NULL;
  g_autoptr (GstCaps) portrait =
      gst_caps_from_string ("video/x-raw,width=72,height=128,framerate=15/1");
  Side a = host (ann), b = join (bob);
  Count *seen = count_on (&b, "v");
  g_autoptr (GstElement) size =
      gst_bin_get_by_name (GST_BIN (a.pipeline), "size");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (b.pipeline), "v");
  gint64 end;

  wait_count (seen, 20, FALSE);
  fail_unless (has_size (sink, 128, 72));
  g_object_set (size, "caps", portrait, NULL);
  end = g_get_monotonic_time () + DEADLINE / GST_USECOND;
  while (!has_size (sink, 72, 128)) {
    fail_unless (g_get_monotonic_time () < end);
    reset_count (seen);
    wait_count (seen, 1, FALSE);
  }
  reset_count (seen);
  wait_count (seen, 30, FALSE);
  first = wait_for_record (&b);
  side_free (&a);
  second = wait_for_record (&b);
  check_record (first, 128, 72);
  check_record (second, 72, 128);
  side_free (&b);
  fail_unless_equals_int (g_rmdir (folder), 0);
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
  tcase_add_test (tc, test_encoded_picture_decides);
  tcase_add_test (tc, test_b_frames_are_refused);
  tcase_add_test (tc, test_rare_formats_are_named);
  tcase_add_loop_test (tc, test_picture_that_turns, 0, G_N_ELEMENTS (turned));
  return suite;
}

CHECK_PROGRAM (vmsignalcodec)
