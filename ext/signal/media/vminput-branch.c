/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One codec's way out of an input. What fails in an encoder costs that codec:
 * nothing of it gets to whoever makes the frames. */

#include "media/vmh264.h"
#include "media/vminput-priv.h"

#include <gst/app/gstappsink.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);
#define GST_CAT_DEFAULT vm_signal_debug

/* Frames waiting for an encoder: what a busy machine keeps it from for a
 * moment; one that is too slow for good loses the oldest. */
#define RAW_VIDEO_QUEUE_MAX 8
#define RAW_AUDIO_QUEUE_MAX (200 * GST_MSECOND)

#define BRANCH "vm-branch" /* data of its bin, and of that one's sink pad */

/* Outside of this pipeline only running time means anything; x264enc, for one,
 * begins its segment at 1000 hours. */
static GstSample *
in_running_time (GstSample *sample)
{
  const GstSegment *segment = gst_sample_get_segment (sample);
  g_autoptr (GstBuffer) buffer =
      gst_buffer_copy (gst_sample_get_buffer (sample));

  GST_BUFFER_PTS (buffer) = gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  return gst_sample_new (buffer, gst_sample_get_caps (sample), NULL, NULL);
}

/* Of what comes encoded nobody can ask for a key frame: after a pause it goes
 * on with the next. */
static gboolean
is_key_awaited (VmInputBranch *branch, GstSample *sample, gboolean muted)
{
  if (!branch->bin_is_parser || branch->input->stream == VM_PEER_AUDIO)
    return FALSE;
  if (muted)
    branch->wait_key = TRUE;
  else if (!GST_BUFFER_FLAG_IS_SET (
               gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT))
    branch->wait_key = FALSE;
  return branch->wait_key;
}

static GstFlowReturn
on_sample (GstAppSink *appsink, gpointer user_data)
{
  VmInputBranch *branch = user_data;
  VmInput *self = branch->input;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (appsink);
  /* raw sound goes on as silence, so that the other side hears a pause and no
   * loss; all else has to stop */
  gboolean muted = g_atomic_int_get (&self->mute)
                   && (self->stream != VM_PEER_AUDIO || branch->bin_is_parser);

  if (sample && !is_key_awaited (branch, sample, muted) && !muted
      && g_atomic_int_get (&branch->consumers) > 0) {
    g_autoptr (GstSample) timed = in_running_time (sample);

    self->funcs.sample (self->user_data, self->stream, branch->codec, timed);
  }
  return GST_FLOW_OK;
}

/* Nobody takes this codec just now, or nobody can: nothing is encoded. */
static GstPadProbeReturn
gate (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmInputBranch *branch = user_data;

  return g_atomic_int_get (&branch->consumers) > 0
                 && !g_atomic_int_get (&branch->failed)
             ? GST_PAD_PROBE_OK
             : GST_PAD_PROBE_DROP;
}

/* What an encoder cannot take */

void
vm_input_branch_fail (VmInputBranch *branch, const gchar *why)
{
  VmInput *self = branch->input;

  if (!g_atomic_int_compare_and_exchange (&branch->failed, FALSE, TRUE))
    return;
  GST_WARNING_OBJECT (
      self, "no more %s: %s", vm_codec_get_name (branch->codec), why);
  vm_codec_give_up_encoder (branch->bin);
  self->funcs.failed (self->user_data, self->stream, branch->codec, why);
}

static VmInputBranch *
branch_of (GstPad *pad)
{
  return g_object_get_data (G_OBJECT (pad), BRANCH);
}

static GstFlowReturn
guard_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstFlowReturn flow = gst_proxy_pad_chain_default (pad, parent, buffer);

  if (flow > GST_FLOW_NOT_NEGOTIATED)
    return flow;
  vm_input_branch_fail (branch_of (pad), gst_flow_get_name (flow));
  return GST_FLOW_OK;
}

static gboolean
guard_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  gboolean caps = GST_EVENT_TYPE (event) == GST_EVENT_CAPS;

  if (gst_pad_event_default (pad, parent, event))
    return TRUE;
  if (caps)
    vm_input_branch_fail (branch_of (pad), "its format cannot be encoded");
  return caps;
}

/* The tee asks all its branches what they take: one that takes nothing would
 * have the source send nothing. */
static void
take_anything (GstQuery *query)
{
  GstCaps *caps, *filter;
  g_autoptr (GstCaps) any = NULL;

  gst_query_parse_caps_result (query, &caps);
  if (caps && !gst_caps_is_empty (caps))
    return;
  gst_query_parse_caps (query, &filter);
  any = filter ? gst_caps_ref (filter) : gst_caps_new_any ();
  gst_query_set_caps_result (query, any);
}

static gboolean
guard_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  gboolean answered = gst_pad_query_default (pad, parent, query);

  if (GST_QUERY_TYPE (query) == GST_QUERY_ACCEPT_CAPS) {
    gst_query_set_accept_caps_result (query, TRUE);
    return TRUE;
  }
  if (answered && GST_QUERY_TYPE (query) == GST_QUERY_CAPS)
    take_anything (query);
  return answered;
}

static void
guard (VmInputBranch *branch)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (branch->bin, "sink");

  g_object_set_data (G_OBJECT (pad), BRANCH, branch);
  gst_pad_set_chain_function (pad, guard_chain);
  gst_pad_set_event_function (pad, guard_event);
  gst_pad_set_query_function (pad, guard_query);
}

gboolean
vm_input_branch_take_error (VmInput *self, GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  GstObject *at = GST_MESSAGE_SRC (message);
  VmInputBranch *branch = NULL;

  for (; at && at != GST_OBJECT (self) && !branch; at = GST_OBJECT_PARENT (at))
    branch = g_object_get_data (G_OBJECT (at), BRANCH);
  if (!branch || branch->bin_is_parser)
    return FALSE;
  gst_message_parse_error (message, &error, NULL);
  vm_input_branch_fail (branch, error->message);
  return TRUE;
}

/* A picture that is shown before one that came earlier needs a decoder that
 * waits, and those of a call do not. The first one ends the input. */
static GstPadProbeReturn
on_h264 (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmInputBranch *branch = user_data;
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GError) error = NULL;
  GstMapInfo map;
  gboolean refused;

  if (g_atomic_int_get (&branch->failed))
    return GST_PAD_PROBE_DROP;
  if (!gst_buffer_map (GST_PAD_PROBE_INFO_BUFFER (info), &map, GST_MAP_READ))
    return GST_PAD_PROBE_OK;
  refused = vm_h264_is_b_picture (map.data, map.size);
  gst_buffer_unmap (GST_PAD_PROBE_INFO_BUFFER (info), &map);
  if (!refused || !g_atomic_int_compare_and_exchange (&branch->failed, 0, 1))
    return GST_PAD_PROBE_OK;
  caps = gst_pad_get_current_caps (pad);
  error = g_error_new (VM_ERROR, VM_ERROR_CODEC,
      "The H.264 that comes has B-frames, which a call does not carry; they "
      "have to be turned off where it is encoded");
  vm_input_fail (branch->input, error, caps);
  return GST_PAD_PROBE_DROP;
}

static void
watch_h264 (VmInputBranch *branch)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (branch->bin, "src");

  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_h264, branch, NULL);
}

/* What h264parse, vp9parse and encoders say of a picture that decoders of
 * browsers and phones do not take. NULL: they do. */
static const gchar *
find_rare_format (const GstStructure *s)
{
  const gchar *profile = gst_structure_get_string (s, "profile");
  const gchar *chroma = gst_structure_get_string (s, "chroma-format");
  guint depth = 8;

  gst_structure_get_uint (s, "bit-depth-luma", &depth);
  if (chroma && strcmp (chroma, "4:2:0") != 0)
    return chroma;
  if (profile && strstr (profile, "4:4:4"))
    return "4:4:4";
  if (profile && strstr (profile, "4:2:2"))
    return "4:2:2";
  if (depth > 8 || (profile && g_str_has_prefix (profile, "high-10")))
    return "more than 8 bits";
  return gst_structure_has_name (s, "video/x-vp9") && profile
                 && strcmp (profile, "0") != 0
             ? "a profile above 0"
             : NULL;
}

static GstPadProbeReturn
on_caps (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmInputBranch *branch = user_data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  const gchar *rare = NULL;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  rare = find_rare_format (gst_caps_get_structure (caps, 0));
  if (rare && !branch->told_rare)
    GST_ELEMENT_WARNING_WITH_DETAILS (branch->input, STREAM, FORMAT,
        ("The %s that comes has %s: browsers and most devices do not show it",
            branch->codec == VM_CODEC_H264 ? "H.264" : "VP9", rare),
        (NULL), ("code", G_TYPE_STRING, "CODEC", NULL));
  branch->told_rare = rare != NULL;
  return GST_PAD_PROBE_OK;
}

static void
watch_format (VmInputBranch *branch)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (branch->bin, "src");

  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, branch, NULL);
}

/* GStreamer 1.22.0's tee first tells a new pad what was sent before, and then
 * has it sent what comes: an event in between would be lost. */
static void
link_tee (VmInput *self, GstElement *queue)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (self->tee, "sink");

  GST_PAD_STREAM_LOCK (sink);
  gst_element_link (self->tee, queue);
  GST_PAD_STREAM_UNLOCK (sink);
}

VmInputBranch *
vm_input_branch_new (VmInput *self, VmCodec codec, gboolean raw, GError **error)
{
  g_autoptr (GstElement) bin = NULL;
  GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  GstElement *queue, *appsink;
  g_autoptr (GstPad) head = NULL;
  VmInputBranch *branch;

  bin = raw ? vm_codec_make_encoder (codec, vm_input_get_bitrate (self), error)
            : vm_codec_make_parser (codec, error);
  if (!bin)
    return NULL;
  gst_object_ref_sink (bin);
  if (raw && self->stream == VM_PEER_AUDIO) {
    VmSoundSettings sound;

    vm_input_get_sound (self, &sound);
    vm_codec_set_sound (bin, &sound);
  }
  queue = gst_element_factory_make ("queue", NULL);
  appsink = gst_element_factory_make ("appsink", NULL);
  if (!queue || !appsink) {
    gst_clear_object (&queue);
    gst_clear_object (&appsink);
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The elements queue and appsink are not installed");
    return NULL;
  }
  g_object_set (queue, "max-size-bytes", 0, "max-size-buffers",
      self->stream == VM_PEER_AUDIO ? 0 : RAW_VIDEO_QUEUE_MAX, "max-size-time",
      self->stream == VM_PEER_AUDIO ? (guint64) RAW_AUDIO_QUEUE_MAX : 0, NULL);
  /* A slow encoder drops raw frames; encoded ones depend on each other. */
  gst_util_set_object_arg (
      G_OBJECT (queue), "leaky", raw ? "downstream" : "no");
  g_object_set (appsink, "sync", FALSE, "async", FALSE, "max-buffers", 8,
      "emit-signals", FALSE, "enable-last-sample", FALSE, NULL);

  branch = g_new0 (VmInputBranch, 1);
  branch->input = self;
  branch->codec = codec;
  branch->bin = bin;
  branch->bin_is_parser = !raw;
  branch->appsink = appsink;
  gst_app_sink_set_callbacks (GST_APP_SINK (appsink), &callbacks, branch, NULL);
  g_object_set_data (G_OBJECT (bin), BRANCH, branch);
  if (raw)
    guard (branch);
  else
    watch_format (branch);
  if (!raw && codec == VM_CODEC_H264)
    watch_h264 (branch);
  gst_bin_add_many (GST_BIN (self), queue, bin, appsink, NULL);
  gst_element_link_many (queue, bin, appsink, NULL);
  head = gst_element_get_static_pad (queue, "sink");
  if (raw)
    gst_pad_add_probe (head, GST_PAD_PROBE_TYPE_BUFFER, gate, branch, NULL);
  gst_element_sync_state_with_parent (appsink);
  gst_element_sync_state_with_parent (bin);
  gst_element_sync_state_with_parent (queue);
  link_tee (self, queue);
  return branch;
}
