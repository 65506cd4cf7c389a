/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmopusdecoder.h"

#include <gst/audio/audio.h>
#include <opus.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

#define RATE 48000
#define CHANNELS_MAX 2
#define SOUND                                                     \
  "audio/x-raw, format=(string)" GST_AUDIO_NE (                   \
      S16) ", "                                                   \
           "layout=(string)interleaved, channels=(int)[ 1, 2 ], " \
           "rate=(int){ 48000, 24000, 16000, 12000, 8000 }"

struct _VmOpusDecoder
{
  GstElement parent;

  GstPad *sink, *src;
  /* streaming thread */
  gint channels; /* that the caps name */
  GstAudioInfo info; /* of what goes out */
  OpusDecoder *state; /* NULL: no format yet */
  GstClockTime lost; /* before the next packet */
  GstClockTime end; /* of the last that went out */
  gboolean discont;

  VmOpusCounts counts; /* under the object's lock */
};

static GstStaticPadTemplate sink_template =
    GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
        GST_STATIC_CAPS ("audio/x-opus, channel-mapping-family=(int)0"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (SOUND));

G_DEFINE_FINAL_TYPE (VmOpusDecoder, vm_opus_decoder, GST_TYPE_ELEMENT)

static void
forget (VmOpusDecoder *self)
{
  self->lost = 0;
  self->end = GST_CLOCK_TIME_NONE;
  self->discont = TRUE;
}

static void
reset (VmOpusDecoder *self)
{
  g_clear_pointer (&self->state, opus_decoder_destroy);
  gst_audio_info_init (&self->info);
  forget (self);
}

/* What goes out: as Opus and the sender have it, where downstream takes that.
 */
static gboolean
choose_format (VmOpusDecoder *self, GstAudioInfo *info)
{
  g_autoptr (GstCaps) allowed = gst_pad_get_allowed_caps (self->src);
  g_autoptr (GstCaps) wanted = gst_caps_new_simple ("audio/x-raw", "rate",
      G_TYPE_INT, RATE, "channels", G_TYPE_INT, self->channels, NULL);
  g_autoptr (GstCaps) chosen = NULL;
  GstStructure *s;

  if (!allowed)
    allowed = gst_pad_get_pad_template_caps (self->src);
  chosen = gst_caps_intersect (allowed, wanted);
  if (gst_caps_is_empty (chosen))
    gst_caps_replace (&chosen, allowed);
  if (gst_caps_is_empty (chosen))
    return FALSE;
  chosen = gst_caps_make_writable (gst_caps_truncate (chosen));
  s = gst_caps_get_structure (chosen, 0);
  gst_structure_fixate_field_nearest_int (s, "rate", RATE);
  gst_structure_fixate_field_nearest_int (s, "channels", self->channels);
  chosen = gst_caps_fixate (chosen);
  return gst_audio_info_from_caps (info, chosen);
}

static gboolean
negotiate (VmOpusDecoder *self)
{
  g_autoptr (GstCaps) caps = NULL;
  GstAudioInfo info;

  if (!choose_format (self, &info))
    return FALSE;
  if (self->state && gst_audio_info_is_equal (&info, &self->info))
    return TRUE;
  g_clear_pointer (&self->state, opus_decoder_destroy);
  self->info = info;
  self->discont = TRUE;
  self->state = opus_decoder_create (
      GST_AUDIO_INFO_RATE (&info), GST_AUDIO_INFO_CHANNELS (&info), NULL);
  caps = gst_audio_info_to_caps (&info);
  return self->state
         && gst_pad_push_event (self->src, gst_event_new_caps (caps));
}

static gboolean
take_caps (VmOpusDecoder *self, const GstCaps *caps)
{
  gint channels = CHANNELS_MAX;

  gst_structure_get_int (
      gst_caps_get_structure (caps, 0), "channels", &channels);
  if (channels < 1 || channels > CHANNELS_MAX)
    return FALSE;
  self->channels = channels;
  return negotiate (self);
}

static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  VmOpusDecoder *self = VM_OPUS_DECODER (parent);
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  GstCaps *caps;
  gboolean taken;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
      gst_event_parse_caps (event, &caps);
      taken = take_caps (self, caps);
      gst_event_unref (event);
      return taken;
    case GST_EVENT_GAP:
      /* what fills it comes with the next packet */
      gst_event_parse_gap (event, NULL, &duration);
      if (GST_CLOCK_TIME_IS_VALID (duration))
        self->lost += MIN (duration, GST_SECOND);
      gst_event_unref (event);
      return TRUE;
    case GST_EVENT_FLUSH_STOP:
      if (self->state)
        opus_decoder_ctl (self->state, OPUS_RESET_STATE);
      forget (self);
      break;
    default:
      break;
  }
  return gst_pad_event_default (pad, parent, event);
}

/* Whether a packet carries the one before it once more: the flag of the first
 * SILK frame, behind the flags of voice activity (RFC 6716 §4.2.3, §4.2.4). */
static gboolean
carries_last (const guint8 *data, gsize size)
{
  const guint8 *frames[48];
  gint16 sizes[48];
  guint silk = MAX (opus_packet_get_samples_per_frame (data, RATE) / 960, 1);
  gboolean celt = data[0] & 0x80;

  if (celt
      || opus_packet_parse (data, (opus_int32) size, NULL, frames, sizes, NULL)
             <= 0
      || sizes[0] == 0)
    return FALSE;
  return (frames[0][0] >> (7 - silk) & 1)
         || (opus_packet_get_nb_channels (data) == 2
             && (frames[0][0] >> (6 - 2 * silk) & 1));
}

/* Of one packet; @data NULL: of one that is made up. */
static GstFlowReturn
decode (VmOpusDecoder *self, const guint8 *data, gsize size, gboolean last,
    guint samples, GstClockTime time)
{
  gsize frame = GST_AUDIO_INFO_BPF (&self->info);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, samples * frame, NULL);
  GstMapInfo map;
  gint n;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  n = opus_decode (self->state, data, (opus_int32) size,
      (opus_int16 *) map.data, (gint) samples, last);
  gst_buffer_unmap (buffer, &map);
  if (n <= 0) {
    GST_WARNING_OBJECT (self, "a packet of %" G_GSIZE_FORMAT " bytes: %s", size,
        opus_strerror (n));
    gst_buffer_unref (buffer);
    return GST_FLOW_OK;
  }
  gst_buffer_set_size (buffer, (gssize) (n * frame));
  GST_BUFFER_PTS (buffer) = time;
  GST_BUFFER_DURATION (buffer) =
      gst_util_uint64_scale (n, GST_SECOND, GST_AUDIO_INFO_RATE (&self->info));
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  self->discont = FALSE;
  self->end = time + GST_BUFFER_DURATION (buffer);
  return gst_pad_push (self->src, buffer);
}

static void
count (VmOpusDecoder *self, guint64 *which)
{
  GST_OBJECT_LOCK (self);
  ++*which;
  GST_OBJECT_UNLOCK (self);
}

/* Packets of the length of this one that were lost before it. Time alone does
 * not tell: silence that was not sent is no loss, and of a loss in it there is
 * no more than there were packets. */
static guint
count_lost (VmOpusDecoder *self, GstClockTime time, GstClockTime length)
{
  GstClockTime lost = self->lost;
  guint64 room;

  self->lost = 0;
  if (!GST_CLOCK_TIME_IS_VALID (self->end) || time <= self->end)
    return 0;
  room = (time - self->end + length / 2) / length;
  return (guint) MIN ((lost + length / 2) / length, room);
}

/* The first of what was lost follows what was heard, the last is in the packet
 * at hand. */
static GstFlowReturn
make_up (VmOpusDecoder *self, const guint8 *data, gsize size, guint samples,
    GstClockTime time)
{
  GstClockTime length = gst_util_uint64_scale (
      samples, GST_SECOND, GST_AUDIO_INFO_RATE (&self->info));
  guint lost = count_lost (self, time, length);
  guint most = MAX (VM_OPUS_MADE_UP_MAX_MS * GST_MSECOND / length, 1);
  GstFlowReturn flow = GST_FLOW_OK;

  for (guint i = lost; i > 0 && flow == GST_FLOW_OK; i--) {
    gboolean carried = i == 1 && carries_last (data, size);

    /* one of them is left for the last */
    if (i > 1 && lost - i + 1 >= most)
      continue;
    flow = decode (self, carried ? data : NULL, carried ? size : 0, carried,
        samples, time - MIN (i * length, time));
    count (self, carried ? &self->counts.recovered : &self->counts.concealed);
  }
  return flow;
}

static GstFlowReturn
on_buffer (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  VmOpusDecoder *self = VM_OPUS_DECODER (parent);
  GstClockTime time = GST_BUFFER_PTS (buffer);
  GstFlowReturn flow = GST_FLOW_NOT_NEGOTIATED;
  GstMapInfo map;
  gint samples;

  if (gst_pad_check_reconfigure (self->src) && !negotiate (self))
    gst_pad_mark_reconfigure (self->src);
  else if (self->state)
    flow = GST_FLOW_OK;
  if (flow != GST_FLOW_OK || !GST_CLOCK_TIME_IS_VALID (time)
      || !gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    return flow;
  }
  samples = map.size ? opus_packet_get_nb_samples (map.data,
                (opus_int32) MIN (map.size, G_MAXINT32),
                GST_AUDIO_INFO_RATE (&self->info))
                     : 0;
  if (samples > 0) {
    flow = make_up (self, map.data, map.size, samples, time);
    if (flow == GST_FLOW_OK)
      flow = decode (self, map.data, map.size, FALSE, samples, time);
    count (self, &self->counts.decoded);
  } else {
    GST_WARNING_OBJECT (
        self, "%" G_GSIZE_FORMAT " bytes are no packet", map.size);
  }
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

static GstStateChangeReturn
vm_opus_decoder_change_state (GstElement *element, GstStateChange change)
{
  GstStateChangeReturn changed =
      GST_ELEMENT_CLASS (vm_opus_decoder_parent_class)
          ->change_state (element, change);

  if (change == GST_STATE_CHANGE_PAUSED_TO_READY)
    reset (VM_OPUS_DECODER (element));
  return changed;
}

static void
vm_opus_decoder_finalize (GObject *object)
{
  reset (VM_OPUS_DECODER (object));
  G_OBJECT_CLASS (vm_opus_decoder_parent_class)->finalize (object);
}

static void
vm_opus_decoder_class_init (VmOpusDecoderClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = vm_opus_decoder_finalize;
  element_class->change_state = vm_opus_decoder_change_state;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Opus decoder",
      "Codec/Decoder/Audio",
      "Decodes Opus, and makes up for lost packets at once",
      "The gst-videomeet developers");
}

static void
vm_opus_decoder_init (VmOpusDecoder *self)
{
  self->channels = CHANNELS_MAX;
  reset (self);
  self->sink = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_event_function (self->sink, on_event);
  gst_pad_set_chain_function (self->sink, on_buffer);
  gst_element_add_pad (GST_ELEMENT (self), self->sink);
  self->src = gst_pad_new_from_static_template (&src_template, "src");
  gst_element_add_pad (GST_ELEMENT (self), self->src);
}

GstElement *
vm_opus_decoder_new (void)
{
  return g_object_new (VM_TYPE_OPUS_DECODER, "name", "decoder", NULL);
}

void
vm_opus_decoder_get_counts (VmOpusDecoder *self, VmOpusCounts *counts)
{
  GST_OBJECT_LOCK (self);
  *counts = self->counts;
  GST_OBJECT_UNLOCK (self);
}
