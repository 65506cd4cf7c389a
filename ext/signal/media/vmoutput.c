/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmoutput.h"
#include "media/vmturns.h"
#if HAVE_OPUS
#include "media/vmopusdecoder.h"
#endif

#include <gst/app/gstappsrc.h>
#include <gst/audio/audio.h>
#include <gst/video/video.h>
#include <gst/videomeet/quality/pace.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

struct _VmOutput
{
  GstBin parent;

  VmCodec codec;
  gboolean decode;
  gchar *participant_id, *stream_id;
  GstElement *appsrc, *next; /* @next: decoder or parser */
  GstCaps *caps; /* as last pushed; streaming thread of the peer */
  GstTagList *tags; /* to be sent after the next buffer, or NULL */
  void (*need_key_unit) (gpointer user_data);
  gpointer user_data;
  GDestroyNotify notify;

  gint wanted; /* atomic */
  gint wait_key; /* atomic: drop up to the next key frame */
  gint dropped; /* atomic */

  VmPlayout *playout; /* or NULL */
  VmPeerStream stream;
  VmPace pace; /* streaming thread of the peer, or of the decoder of sound */
  VmPaceSound pace_sound; /* streaming thread of the decoder */
  gint latency_ms; /* atomic: of the pipeline, as it was told */
};

/* A packet of sound whose length is not known. */
#define PACKET_MS 20
/* With which a sink plays at least (GstBaseSink's processing-deadline). */
#define LATENCY_MIN_MS 20

G_DEFINE_FINAL_TYPE (VmOutput, vm_output, GST_TYPE_BIN)

static void
vm_output_finalize (GObject *object)
{
  VmOutput *self = VM_OUTPUT (object);

  g_free (self->participant_id);
  g_free (self->stream_id);
  gst_clear_caps (&self->caps);
  gst_clear_tag_list (&self->tags);
  g_clear_pointer (&self->playout, vm_playout_unref);
  if (self->notify)
    self->notify (self->user_data);
  G_OBJECT_CLASS (vm_output_parent_class)->finalize (object);
}

static void
vm_output_handle_message (GstBin *bin, GstMessage *message)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_STREAM_STATUS)
    vm_turns_follow (message, vm_codec_is_audio (VM_OUTPUT (bin)->codec));
  GST_BIN_CLASS (vm_output_parent_class)->handle_message (bin, message);
}

static void
vm_output_class_init (VmOutputClass *klass)
{
  GST_BIN_CLASS (klass)->handle_message = vm_output_handle_message;
  G_OBJECT_CLASS (klass)->finalize = vm_output_finalize;
}

static void
vm_output_init (VmOutput *self)
{
}

/* appsrc makes up a stream id; downstream shall know whose stream it is. */
static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info), *named;
  guint group;

  if (GST_EVENT_TYPE (event) == GST_EVENT_STREAM_START) {
    named = gst_event_new_stream_start (user_data);
    if (gst_event_parse_group_id (event, &group))
      gst_event_set_group_id (named, group);
    gst_event_unref (event);
    GST_PAD_PROBE_INFO_DATA (info) = named;
  }
  return GST_PAD_PROBE_OK;
}

/* Whoever is downstream cuts the stream, as a muxer of segments does, or has
 * lost a part of it; nobody but the sender can make a key frame. */
static GstPadProbeReturn
on_upstream (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmOutput *self = user_data;

  if (!gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    return GST_PAD_PROBE_OK;
  self->need_key_unit (self->user_data);
  gst_event_unref (GST_PAD_PROBE_INFO_EVENT (info));
  return GST_PAD_PROBE_HANDLED;
}

static GstClockTimeDiff
get_now (VmOutput *self)
{
  GstClockTime now =
      gst_element_get_current_running_time (GST_ELEMENT (self->appsrc));

  return GST_CLOCK_TIME_IS_VALID (now) ? (GstClockTimeDiff) now
                                       : GST_CLOCK_STIME_NONE;
}

/* Sound that was decoded, as the plan has it; NULL: nothing is left. */
static GstBuffer *
carry_out (const VmPacePlan *plan, GstBuffer *buffer, const gint16 *in,
    guint samples, const GstAudioInfo *info)
{
  guint count = vm_pace_count (plan, samples);
  GstBuffer *out;
  GstMapInfo map;

  if (count == 0)
    return NULL;
  if (count == samples && !plan->insert && !plan->stretch) {
    out = gst_buffer_copy (buffer);
  } else {
    out = gst_buffer_new_allocate (
        NULL, (gsize) count * GST_AUDIO_INFO_BPF (info), NULL);
    gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_FLAGS, 0, -1);
    gst_buffer_map (out, &map, GST_MAP_WRITE);
    vm_pace_write (
        plan, in, samples, GST_AUDIO_INFO_CHANNELS (info), (gint16 *) map.data);
    gst_buffer_unmap (out, &map);
  }
  GST_BUFFER_PTS (out) = plan->time;
  GST_BUFFER_DURATION (out) =
      gst_util_uint64_scale (count, GST_SECOND, GST_AUDIO_INFO_RATE (info));
  if (plan->begins)
    GST_BUFFER_FLAG_SET (out, GST_BUFFER_FLAG_DISCONT);
  else
    GST_BUFFER_FLAG_UNSET (out, GST_BUFFER_FLAG_DISCONT);
  return out;
}

static gboolean
get_sound_info (GstPad *pad, GstAudioInfo *info)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  return caps && gst_audio_info_from_caps (info, caps)
         && GST_AUDIO_INFO_FORMAT (info) == GST_AUDIO_FORMAT_S16
         && GST_AUDIO_INFO_LAYOUT (info) == GST_AUDIO_LAYOUT_INTERLEAVED;
}

/* Sound of a format that is not looked into. */
static GstBuffer *
pace_whole (VmOutput *self, GstBuffer *buffer, GstClockTimeDiff now)
{
  GstBuffer *out = gst_buffer_copy (buffer);

  GST_BUFFER_PTS (out) = vm_pace_take (&self->pace, GST_BUFFER_PTS (buffer),
      vm_playout_get (self->playout, self->stream), now, TRUE);
  return out;
}

/* Sound behind its decoder. */
static GstPadProbeReturn
on_sound (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmOutput *self = user_data;
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info), *out;
  GstClockTimeDiff now = get_now (self);
  gint latency = g_atomic_int_get (&self->latency_ms);
  GstAudioInfo audio;
  VmPacePlan plan;
  GstMapInfo map;
  guint samples;

  if (!GST_BUFFER_PTS_IS_VALID (buffer) || now == GST_CLOCK_STIME_NONE
      || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return GST_PAD_PROBE_OK;
  if (!get_sound_info (pad, &audio)) {
    gst_buffer_unmap (buffer, &map);
    GST_PAD_PROBE_INFO_DATA (info) = pace_whole (self, buffer, now);
    gst_buffer_unref (buffer);
    return GST_PAD_PROBE_OK;
  }
  samples = map.size / GST_AUDIO_INFO_BPF (&audio);
  vm_pace_sound (&self->pace_sound, GST_BUFFER_PTS (buffer), samples,
      GST_AUDIO_INFO_RATE (&audio),
      vm_playout_get (self->playout, self->stream),
      now - MAX (latency, LATENCY_MIN_MS) * GST_MSECOND,
      vm_pace_peak ((const gint16 *) map.data, map.size / sizeof (gint16)),
      &plan);
  out = carry_out (&plan, buffer, (const gint16 *) map.data, samples, &audio);
  gst_buffer_unmap (buffer, &map);
  if (!out)
    return GST_PAD_PROBE_DROP;
  gst_buffer_unref (buffer);
  GST_PAD_PROBE_INFO_DATA (info) = out;
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
on_latency (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmOutput *self = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstClockTime latency;

  if (GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_parse_latency (event, &latency);
    g_atomic_int_set (
        &self->latency_ms, (gint) MIN (latency / GST_MSECOND, G_MAXINT));
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
is_decoded_sound (VmOutput *self)
{
  return self->decode && vm_codec_is_audio (self->codec);
}

static void
watch_sound (VmOutput *self, GstPad *src)
{
  if (!self->playout || !is_decoded_sound (self))
    return;
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_sound, self, NULL);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_latency, self, NULL);
}

VmOutput *
vm_output_new (const gchar *name, const VmOutputConfig *config,
    void (*need_key_unit) (gpointer user_data), gpointer user_data,
    GDestroyNotify notify, GError **error)
{
  g_autoptr (VmOutput) self =
      gst_object_ref_sink (g_object_new (VM_TYPE_OUTPUT, "name", name, NULL));
  GstElement *next;
  g_autoptr (GstPad) src = NULL;
  g_autoptr (GstPad) start = NULL;

  self->codec = config->codec;
  self->decode = config->decode;
  self->participant_id = g_strdup (config->participant_id);
  self->stream_id = g_strdup (config->stream_id);
  self->need_key_unit = need_key_unit;
  self->user_data = user_data;
  self->notify = notify;
  self->wait_key = !vm_codec_is_audio (config->codec);
  self->playout = config->playout ? vm_playout_ref (config->playout) : NULL;
  self->stream = config->stream;
  next = config->decode ? vm_codec_make_decoder (config->codec, error)
                        : vm_codec_make_parser (config->codec, error);
  if (!next)
    return NULL;
  self->appsrc = gst_element_factory_make ("appsrc", NULL);
  g_object_set (self->appsrc, "format", GST_FORMAT_TIME, "is-live", TRUE,
      "block", FALSE, "max-bytes", (guint64) 0, "max-time", (guint64) 0,
      "max-buffers", (guint64) VM_OUTPUT_QUEUE_MAX, "min-latency",
      (gint64) config->latency, "emit-signals", FALSE, "do-timestamp", FALSE,
      NULL);
  start = gst_element_get_static_pad (self->appsrc, "src");
  gst_pad_add_probe (start, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event,
      g_strdup (config->stream_id), g_free);
  if (!vm_codec_is_audio (config->codec))
    gst_pad_add_probe (
        start, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream, self, NULL);
  self->next = next;
  gst_bin_add_many (GST_BIN (self), self->appsrc, next, NULL);
  if (config->decode && config->codec == VM_CODEC_H264) {
    /* decoders differ in the stream format they take */
    GstElement *parse = gst_element_factory_make ("h264parse", NULL);

    gst_bin_add (GST_BIN (self), parse);
    gst_element_link_many (self->appsrc, parse, next, NULL);
  } else {
    gst_element_link (self->appsrc, next);
  }
  src = gst_element_get_static_pad (next, "src");
  watch_sound (self, src);
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("src", src));
  self->tags = gst_tag_list_new (GST_TAG_TITLE, config->title, NULL);
  /* the floating reference that a new element has */
  g_object_force_floating (G_OBJECT (self));
  return g_steal_pointer (&self);
}

const gchar *
vm_output_get_participant_id (VmOutput *self)
{
  return self->participant_id;
}

const gchar *
vm_output_get_stream_id (VmOutput *self)
{
  return self->stream_id;
}

/* @buffer with the time at which it is played, after that of the one before.
 * What is decoded is looked into behind the decoder. */
static GstBuffer *
pace (VmOutput *self, GstBuffer *buffer, gboolean kept)
{
  GstClockTime time = GST_BUFFER_PTS (buffer);
  GstClockTimeDiff now = get_now (self);
  GstBuffer *out;

  if (!GST_CLOCK_TIME_IS_VALID (time) || now == GST_CLOCK_STIME_NONE)
    return gst_buffer_ref (buffer);
  if (self->playout && !kept)
    vm_playout_add (self->playout, self->stream, now - (GstClockTimeDiff) time,
        g_get_monotonic_time ());
  if (is_decoded_sound (self))
    return gst_buffer_ref (buffer);
  out = gst_buffer_copy (buffer);
  GST_BUFFER_PTS (out) = self->playout
                             ? vm_pace_take (&self->pace, time,
                                 vm_playout_get (self->playout, self->stream),
                                 now, vm_codec_is_audio (self->codec))
                             : vm_pace_take (&self->pace, time, 0, 0, TRUE);
  /* no frame goes out before one that was sent earlier */
  GST_BUFFER_DTS (out) = GST_CLOCK_TIME_NONE;
  return out;
}

/* The decoder makes up for it, when it has the packet behind it. */
static void
tell_lost (VmOutput *self, GstSample *sample)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstClockTime time = GST_BUFFER_PTS (buffer);
  GstClockTime length = GST_BUFFER_DURATION_IS_VALID (buffer)
                            ? GST_BUFFER_DURATION (buffer)
                            : PACKET_MS * GST_MSECOND;
  GstClockTime lost = length * vm_peer_sample_get_lost (sample);

  /* nothing is missed before the first packet */
  if (!lost || !self->caps || !GST_CLOCK_TIME_IS_VALID (time) || lost > time)
    return;
  gst_element_send_event (self->appsrc, gst_event_new_gap (time - lost, lost));
}

static void
push (VmOutput *self, GstSample *sample, gboolean kept)
{
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstCaps *caps = gst_sample_get_caps (sample);
  gboolean key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  gboolean video = !vm_codec_is_audio (self->codec);

  if (!g_atomic_int_get (&self->wanted))
    return;
  if (gst_app_src_get_current_level_buffers (GST_APP_SRC (self->appsrc))
      >= VM_OUTPUT_QUEUE_MAX) {
    g_atomic_int_inc (&self->dropped);
    if (video && g_atomic_int_compare_and_exchange (&self->wait_key, 0, 1)) {
      GST_WARNING_OBJECT (self, "downstream is slow: dropping to the next key "
                                "frame");
      self->need_key_unit (self->user_data);
    }
    return;
  }
  if (video && g_atomic_int_get (&self->wait_key)) {
    if (!key) {
      g_atomic_int_inc (&self->dropped);
      self->need_key_unit (self->user_data);
      return;
    }
    g_atomic_int_set (&self->wait_key, 0);
  }
  if (is_decoded_sound (self))
    tell_lost (self, sample);
  if (caps && (!self->caps || !gst_caps_is_equal (caps, self->caps))) {
    gst_caps_replace (&self->caps, caps);
    gst_app_src_set_caps (GST_APP_SRC (self->appsrc), caps);
  }
  gst_app_src_push_buffer (
      GST_APP_SRC (self->appsrc), pace (self, buffer, kept));
  /* not earlier: tags that overtake the segment are misordered */
  if (self->tags)
    gst_element_send_event (
        self->appsrc, gst_event_new_tag (g_steal_pointer (&self->tags)));
}

void
vm_output_push (VmOutput *self, GstSample *sample)
{
  push (self, sample, FALSE);
}

void
vm_output_push_kept (VmOutput *self, GstSample *sample)
{
  push (self, sample, TRUE);
}

void
vm_output_wait_key (VmOutput *self)
{
  g_atomic_int_set (&self->wait_key, !vm_codec_is_audio (self->codec));
}

void
vm_output_set_wanted (VmOutput *self, gboolean wanted)
{
  if (wanted == g_atomic_int_get (&self->wanted))
    return;
  /* the first frame that is no key frame asks for one */
  if (wanted)
    vm_output_wait_key (self);
  g_atomic_int_set (&self->wanted, wanted);
}

VmCodec
vm_output_get_codec (VmOutput *self)
{
  return self->codec;
}

void
vm_output_get_sound (VmOutput *self, VmOutputSound *sound)
{
  *sound = (VmOutputSound){ 0 };
#if HAVE_OPUS
  if (VM_IS_OPUS_DECODER (self->next)) {
    VmOpusCounts counts;

    vm_opus_decoder_get_counts (VM_OPUS_DECODER (self->next), &counts);
    *sound = (VmOutputSound){ counts.recovered, counts.concealed };
  }
#endif
}

gboolean
vm_output_is_encoded (VmOutput *self)
{
  return !self->decode && g_atomic_int_get (&self->wanted);
}

void
vm_output_end (VmOutput *self)
{
  g_atomic_int_set (&self->wanted, FALSE);
  gst_app_src_end_of_stream (GST_APP_SRC (self->appsrc));
}
