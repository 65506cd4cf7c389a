/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmhardware.h"

#include <gst/app/gstappsink.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

#define TRIAL                                \
  "videotestsrc num-buffers=5 pattern=ball " \
  "! capsfilter caps=video/x-raw,width=640,height=360,framerate=30/1"
#define TRIAL_PICTURES                                   \
  3 /* that come out of five: none is held back for long \
     */
#define TRIAL_BITRATE 500000
#define TRIAL_LOOK_MS 50

/* What the drivers' elements call a setting: those of VA-API (va, vaapi),
 * NVENC, Quick Sync (qsv, msdk) and AMF. */
static const struct
{
  const gchar *property, *value;
} settings[] = {
  /* no picture is shown before one that comes later */
  { "b-frames", "0" },
  { "bframes", "0" },
  { "max-bframes", "0" },
  /* nothing is held back */
  { "zerolatency", "true" },
  { "low-latency", "true" },
  { "rc-lookahead", "0" },
  { "tune", "ultra-low-latency" },
  /* the rate is kept */
  { "rate-control", "cbr" },
  { "rc-mode", "cbr" },
  { "key-int-max", G_STRINGIFY (VM_HARDWARE_KEY_INTERVAL) },
  { "keyframe-period", G_STRINGIFY (VM_HARDWARE_KEY_INTERVAL) },
  { "gop-size", G_STRINGIFY (VM_HARDWARE_KEY_INTERVAL) },
};

/* Whether one works, by the name of its factory. */
static GHashTable *known;
static GMutex known_lock;

static gboolean
is_hardware (GstElementFactory *factory)
{
  return gst_element_factory_list_is_type (
      factory, GST_ELEMENT_FACTORY_TYPE_HARDWARE);
}

GList *
vm_hardware_list (const VmPeerCodec *codec, guint rank)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (codec->caps);
  GList *all = gst_element_factory_list_get_elements (
      GST_ELEMENT_FACTORY_TYPE_VIDEO_ENCODER, MAX (rank, GST_RANK_MARGINAL));
  GList *fit = gst_element_factory_list_filter (all, caps, GST_PAD_SRC, FALSE);
  GList *found = NULL;

  for (GList *l = fit; l; l = l->next)
    if (is_hardware (l->data))
      found = g_list_prepend (found, gst_object_ref (l->data));
  gst_plugin_feature_list_free (fit);
  gst_plugin_feature_list_free (all);
  return g_list_sort (found, gst_plugin_feature_rank_compare_func);
}

static void
set (GstElement *encoder, const gchar *property, const gchar *value)
{
  GParamSpec *spec =
      g_object_class_find_property (G_OBJECT_GET_CLASS (encoder), property);

  if (spec && spec->flags & G_PARAM_WRITABLE)
    gst_util_set_object_arg (G_OBJECT (encoder), property, value);
}

static gboolean
has (GstElement *encoder, const gchar *property)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS (encoder), property)
         != NULL;
}

void
vm_hardware_set_bitrate (GstElement *encoder, guint bitrate)
{
  g_autofree gchar *bits = g_strdup_printf ("%u", bitrate);
  g_autofree gchar *kbits = g_strdup_printf ("%u", MAX (bitrate / 1000, 1));

  if (has (encoder, "extra-controls")) {
    /* V4L2 has no properties, but the driver's controls */
    g_autofree gchar *controls =
        g_strdup_printf ("controls,video_bitrate=%u,video_b_frames=0,"
                         "h264_i_frame_period=%d,repeat_sequence_header=1",
            bitrate, VM_HARDWARE_KEY_INTERVAL);

    set (encoder, "extra-controls", controls);
  } else if (has (encoder, "target-bitrate")) {
    set (encoder, "target-bitrate", bits);
  } else {
    set (encoder, "bitrate", kbits);
  }
}

static GstElement *
make (const VmPeerCodec *codec, GstElementFactory *factory, guint bitrate)
{
  gboolean h264 = strcmp (codec->encoding, "H264") == 0;
  g_autofree gchar *line = g_strdup_printf ("videoconvert ! %s name=encoder%s",
      GST_OBJECT_NAME (factory),
      h264 ? " ! capsfilter caps=\"video/x-h264,profile=(string){ "
             "constrained-baseline, baseline }\" ! h264parse "
             "config-interval=-1"
           : "");
  GstElement *bin = gst_parse_bin_from_description (line, TRUE, NULL);
  g_autoptr (GstElement) encoder =
      bin ? gst_bin_get_by_name (GST_BIN (bin), "encoder") : NULL;

  for (guint i = 0; encoder && i < G_N_ELEMENTS (settings); i++)
    set (encoder, settings[i].property, settings[i].value);
  if (encoder)
    vm_hardware_set_bitrate (encoder, bitrate);
  return bin;
}

/* Whether the trial is over without what it waits for. */
static gboolean
has_ended (GstElement *pipeline, GstElement *sink)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) error = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);

  return error || gst_app_sink_is_eos (GST_APP_SINK (sink));
}

static gboolean
wait_for_pictures (GstElement *pipeline, GstElement *sink)
{
  gint64 end =
      g_get_monotonic_time () + VM_HARDWARE_TRIAL_MS * G_TIME_SPAN_MILLISECOND;
  guint n = 0;

  while (n < TRIAL_PICTURES && g_get_monotonic_time () < end) {
    g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample (
        GST_APP_SINK (sink), TRIAL_LOOK_MS * GST_MSECOND);

    n += sample != NULL;
    if (!sample && has_ended (pipeline, sink))
      return FALSE;
  }
  return n >= TRIAL_PICTURES;
}

/* What is installed may have no driver, and what has one may not work. */
static gboolean
try_out (const VmPeerCodec *codec, GstElementFactory *factory)
{
  GstElement *bin = make (codec, factory, TRIAL_BITRATE), *source, *sink;
  g_autoptr (GstElement) pipeline = NULL;
  gboolean works;

  if (!bin)
    return FALSE;
  pipeline = gst_object_ref_sink (gst_pipeline_new (NULL));
  source = gst_parse_bin_from_description (TRIAL, TRUE, NULL);
  sink = gst_element_factory_make ("appsink", NULL);
  if (!source || !sink) {
    gst_clear_object (&source);
    gst_clear_object (&sink);
    gst_object_unref (gst_object_ref_sink (bin));
    return FALSE;
  }
  g_object_set (sink, "sync", FALSE, NULL);
  gst_bin_add_many (GST_BIN (pipeline), source, bin, sink, NULL);
  works = gst_element_link_many (source, bin, sink, NULL)
          && gst_element_set_state (pipeline, GST_STATE_PLAYING)
                 != GST_STATE_CHANGE_FAILURE
          && wait_for_pictures (pipeline, sink);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  GST_INFO ("%s %s", GST_OBJECT_NAME (factory), works ? "works" : "fails");
  return works;
}

/* Whether it works; @found: that is known. */
static gboolean
recall (const gchar *name, gboolean *found)
{
  gpointer works = NULL;

  g_mutex_lock (&known_lock);
  *found = known && g_hash_table_lookup_extended (known, name, NULL, &works);
  g_mutex_unlock (&known_lock);
  return GPOINTER_TO_INT (works);
}

static void
remember (const gchar *name, gboolean works)
{
  g_mutex_lock (&known_lock);
  if (!known)
    known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_insert (known, g_strdup (name), GINT_TO_POINTER (works));
  g_mutex_unlock (&known_lock);
}

GstElement *
vm_hardware_make (
    const VmPeerCodec *codec, GstElementFactory *factory, guint bitrate)
{
  const gchar *name = GST_OBJECT_NAME (factory);
  gboolean found, works = recall (name, &found);

  if (!found) {
    works = try_out (codec, factory);
    remember (name, works);
  }
  return works ? make (codec, factory, bitrate) : NULL;
}

void
vm_hardware_give_up (GstElement *encoder)
{
  GstElementFactory *factory = gst_element_get_factory (encoder);

  if (is_hardware (factory))
    remember (GST_OBJECT_NAME (factory), FALSE);
}
