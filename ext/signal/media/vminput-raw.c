/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What raw frames pass before an encoder. Encoders of H.264 take even sizes
 * only, nothing in RTP says that pixels are not square, or that a picture
 * stands on its side, and Opus has two channels. */

#include "media/vminput-priv.h"

#include <gst/audio/audio.h>
#include <gst/video/video.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

/* Pixels of either side: the least of x264enc, and the most that VP8's frame
 * header holds (RFC 6386 §9.1), both even. */
#define SIDE_MIN 16
#define SIDE_MAX 16382

/* gst_audio_channel_mixer_new() takes no more (audio-channel-mixer.c, 1.22). */
#define CHANNELS_MAX 63

#define LEVEL_SILENCE 127 /* -dBov, RFC 6464 §3 */

static guint
side (guint64 pixels)
{
  return CLAMP (pixels, SIDE_MIN, SIDE_MAX) & ~1u;
}

/* A picture is made larger, so that nothing of it is lost. */
static void
choose_size (const GstCaps *caps, guint *width, guint *height)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  gint w = 0, h = 0, n = 1, d = 1;
  guint64 wide, high;

  gst_structure_get (
      s, "width", G_TYPE_INT, &w, "height", G_TYPE_INT, &h, NULL);
  gst_structure_get_fraction (s, "pixel-aspect-ratio", &n, &d);
  if (n <= 0 || d <= 0)
    n = d = 1;
  wide = n > d ? gst_util_uint64_scale_int_round (w, n, d) : w;
  high = n < d ? gst_util_uint64_scale_int_round (h, d, n) : h;
  if (wide > SIDE_MAX) {
    high = gst_util_uint64_scale (high, SIDE_MAX, wide);
    wide = SIDE_MAX;
  }
  if (high > SIDE_MAX) {
    wide = gst_util_uint64_scale (wide, SIDE_MAX, high);
    high = SIDE_MAX;
  }
  *width = side (wide);
  *height = side (high);
}

/* In front of the scaler, where a picture is upright already. */
static GstPadProbeReturn
on_picture (GstPad *pad, GstPadProbeInfo *info, gpointer filter)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  g_autoptr (GstCaps) wanted = NULL;
  guint width, height;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  choose_size (caps, &width, &height);
  wanted = gst_caps_new_simple ("video/x-raw", "width", G_TYPE_INT, width,
      "height", G_TYPE_INT, height, "pixel-aspect-ratio", GST_TYPE_FRACTION, 1,
      1, NULL);
  GST_DEBUG_OBJECT (pad, "sent as %u x %u", width, height);
  g_object_set (filter, "caps", wanted, NULL);
  return GST_PAD_PROBE_OK;
}

/* Adds them in a row that ends at the tee; those that are not installed are
 * left out. Returns: (transfer none): the first */
static GstElement *
add_row (VmInput *self, GstElement **elements, guint n)
{
  GstElement *next = self->tee;

  for (guint i = n; i > 0; i--) {
    if (!elements[i - 1])
      continue;
    gst_bin_add (GST_BIN (self), elements[i - 1]);
    gst_element_link (elements[i - 1], next);
    gst_element_sync_state_with_parent (elements[i - 1]);
    next = elements[i - 1];
  }
  return next;
}

GstElement *
vm_input_add_raw_video (VmInput *self)
{
  GstElement *row[] = { gst_element_factory_make ("videoconvert", NULL),
    gst_element_factory_make ("videoflip", NULL),
    gst_element_factory_make ("videoscale", NULL),
    gst_element_factory_make ("capsfilter", NULL) };
  g_autoptr (GstPad) sink = NULL;

  if (!row[2] || !row[3]) {
    gst_clear_object (&row[2]);
    gst_clear_object (&row[3]);
    return add_row (self, row, 2);
  }
  if (row[1])
    gst_util_set_object_arg (G_OBJECT (row[1]), "video-direction", "auto");
  /* one line more or less is no reason for a border */
  g_object_set (row[2], "add-borders", FALSE, NULL);
  sink = gst_element_get_static_pad (row[2], "sink");
  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_picture,
      gst_object_ref (row[3]), gst_object_unref);
  return add_row (self, row, G_N_ELEMENTS (row));
}

static GstPadProbeReturn
on_level (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmInput *self = user_data;
  const GstAudioLevelMeta *meta =
      gst_buffer_get_audio_level_meta (GST_PAD_PROBE_INFO_BUFFER (info));
  gint level = meta ? MIN (meta->level, LEVEL_SILENCE) : LEVEL_SILENCE;
  gint old = g_atomic_int_get (&self->loudest);

  while (meta && (old < 0 || level < old)
         && !g_atomic_int_compare_and_exchange (&self->loudest, old, level))
    old = g_atomic_int_get (&self->loudest);
  return GST_PAD_PROBE_OK;
}

GstElement *
vm_input_add_raw_audio (VmInput *self, GstElement **volume)
{
  GstElement *row[] = { gst_element_factory_make ("audioconvert", NULL),
    gst_element_factory_make ("volume", NULL),
    gst_element_factory_make ("level", NULL) };
  g_autoptr (GstPad) src = gst_element_get_static_pad (row[2], "src");

  g_object_set (row[1], "mute", g_atomic_int_get (&self->mute), NULL);
  /* tells others who speaks */
  g_object_set (row[2], "audio-level-meta", TRUE, "post-messages", FALSE, NULL);
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_level, self, NULL);
  *volume = row[1];
  return add_row (self, row, G_N_ELEMENTS (row));
}

gboolean
vm_input_can_mix (const GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  gint channels;

  return !gst_structure_has_name (s, "audio/x-raw")
         || !gst_structure_get_int (s, "channels", &channels)
         || channels <= CHANNELS_MAX;
}

/* Which of more than two channels is where is not said by many a sound card,
 * nor by many a file, and then they cannot be mixed: they are taken to be in
 * their usual order. NULL: nothing to be said. */
static GstCaps *
name_channels (const GstCaps *caps)
{
  const GstStructure *s =
      gst_caps_get_size (caps) ? gst_caps_get_structure (caps, 0) : NULL;
  guint64 mask = 0;
  gint channels;
  GstCaps *named;

  if (!s || !gst_structure_has_name (s, "audio/x-raw")
      || !gst_structure_get_int (s, "channels", &channels) || channels <= 2
      || (gst_structure_get (s, "channel-mask", GST_TYPE_BITMASK, &mask, NULL)
          && mask))
    return NULL;
  mask = gst_audio_channel_get_fallback_mask (channels);
  /* there is no usual order of so many, but there are positions */
  if (!mask && channels <= 28)
    mask = (G_GUINT64_CONSTANT (1) << channels) - 1;
  if (!mask)
    return NULL;
  named = gst_caps_copy (caps);
  gst_caps_set_simple (named, "channel-mask", GST_TYPE_BITMASK, mask, NULL);
  return named;
}

void
vm_input_name_channels (GstPadProbeInfo *info)
{
  g_autoptr (GstCaps) named = NULL;
  GstCaps *caps;

  gst_event_parse_caps (GST_PAD_PROBE_INFO_EVENT (info), &caps);
  if (!(named = name_channels (caps)))
    return;
  gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
  GST_PAD_PROBE_INFO_DATA (info) = gst_event_new_caps (named);
}
