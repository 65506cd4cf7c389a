/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-codec.h"

#include "program.h"

#include <gst/check/gstharness.h>
#include <gst/video/video.h>

/* The encoders of the table of codecs, each by itself. */

#define WIDTH 160
#define HEIGHT 120
#define RATE 15 /* pictures per second */
#define BITRATE 500000

/* NULL where it is not installed */
static GstHarness *
harness_new (const VmPeerEncoder *encoder)
{
  g_autoptr (GstElementFactory) found =
      gst_element_factory_find (encoder->factory);
  g_autofree gchar *launch = NULL;
  g_autoptr (GError) error = NULL;
  GstElement *bin;
  GstHarness *h;

  if (!found)
    return NULL;
  launch = g_strdup_printf (encoder->launch, BITRATE / encoder->divisor);
  bin = gst_parse_bin_from_description (launch, TRUE, &error);
  fail_unless (bin != NULL, "%s", error ? error->message : launch);
  h = gst_harness_new_with_element (gst_object_ref_sink (bin), "sink", "src");
  gst_object_unref (bin);
  gst_harness_set_src_caps (
      h, gst_caps_new_simple ("video/x-raw", "format", G_TYPE_STRING, "I420",
             "width", G_TYPE_INT, WIDTH, "height", G_TYPE_INT, HEIGHT,
             "framerate", GST_TYPE_FRACTION, RATE, 1, NULL));
  return h;
}

static void
ask_for_key_frame (GstHarness *h)
{
  fail_unless (gst_harness_push_upstream_event (
      h, gst_video_event_new_upstream_force_key_unit (
             GST_CLOCK_TIME_NONE, TRUE, 0)));
}

/* Whether the @n-th picture, counted from 0, comes out as a key frame. */
static gboolean
is_key_frame (GstHarness *h, guint n)
{
  GstBuffer *raw = gst_buffer_new_allocate (NULL, WIDTH * HEIGHT * 3 / 2, NULL);
  g_autoptr (GstBuffer) encoded = NULL;

  gst_buffer_memset (raw, 0, 128, -1);
  GST_BUFFER_PTS (raw) = gst_util_uint64_scale (n, GST_SECOND, RATE);
  GST_BUFFER_DURATION (raw) = GST_SECOND / RATE;
  fail_unless_equals_int (gst_harness_push (h, raw), GST_FLOW_OK);
  encoded = gst_harness_pull (h);
  fail_unless (encoded != NULL);
  return !GST_BUFFER_FLAG_IS_SET (encoded, GST_BUFFER_FLAG_DELTA_UNIT);
}

/* A call that connects while the encoder starts asks before there is a picture;
 * who comes later is served as well. */
GST_START_TEST (test_key_frame_after_one_asked_for_too_early)
{
  guint tried = 0;

  for (gint codec = 0; codec < VM_CODEC_N; codec++) {
    const VmPeerCodec *row = vm_peer_codec_get (codec);

    if (strcmp (row->media, "video") != 0)
      continue;
    for (guint i = 0; i < G_N_ELEMENTS (row->encoders); i++) {
      const VmPeerEncoder *encoder = &row->encoders[i];
      GstHarness *h = encoder->factory ? harness_new (encoder) : NULL;
      guint n = 0;

      if (!h)
        continue;
      tried++;
      ask_for_key_frame (h);
      fail_unless (is_key_frame (h, n++), "%s", encoder->factory);
      while (n < 3 * RATE)
        fail_if (is_key_frame (h, n++), "%s", encoder->factory);
      ask_for_key_frame (h);
      fail_unless (is_key_frame (h, n++), "%s makes no key frame any more",
          encoder->factory);
      fail_if (is_key_frame (h, n), "%s", encoder->factory);
      gst_harness_teardown (h);
    }
  }
  fail_unless (tried >= 2);
}

GST_END_TEST;

static const struct
{
  const gchar *caps, *profile_level_id;
  guint rank;
} profiles[] = {
  { "video/x-h264", "42e01f", 0 },
  { "video/x-h264,profile=constrained-baseline,level=(string)4", "42e028", 0 },
  { "video/x-h264,profile=baseline,level=(string)3.1", "42001f", 0 },
  { "video/x-h264,profile=main,level=(string)3", "4d001e", 1 },
  { "video/x-h264,profile=high,level=(string)4.1", "640029", 2 },
  { "video/x-h264,profile=constrained-high", "640c1f", 2 },
};

/* What comes encoded is offered as what it is. */
GST_START_TEST (test_profiles)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (profiles[__i__].caps);
  g_autofree gchar *id = vm_peer_codec_profile_level_id (caps);
  g_autofree gchar *name = vm_peer_codec_describe (caps);
  const gchar *profile =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), "profile");

  fail_unless_equals_string (id, profiles[__i__].profile_level_id);
  fail_unless_equals_int (
      vm_peer_codec_profile_rank (id), profiles[__i__].rank);
  fail_unless (g_str_has_prefix (name, "H.264"));
  fail_unless (!profile || g_str_has_suffix (name, profile));
  fail_unless_equals_int (vm_peer_codec_profile_rank (NULL), 0);
}

GST_END_TEST;

static Suite *
vmpeercodec_suite (void)
{
  Suite *s = suite_create ("vmpeercodec");
  TCase *tc = tcase_create ("encoders");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_profiles, 0, G_N_ELEMENTS (profiles));
  tcase_add_test (tc, test_key_frame_after_one_asked_for_too_early);
  return s;
}

CHECK_PROGRAM (vmpeercodec)
