/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <gst/rtp/rtp.h>
#include <gst/video/video.h>
#include <gst/webrtc/webrtc.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

/* Encoded frames towards the remote side: a pad of this file's own, then a
 * payloader, then webrtcbin, all run by the thread that brings the frame. What
 * follows the pad does not wait for the network: a datagram that cannot be sent
 * is lost. A queue here would have a thread for each stream of each peer, and
 * in a meeting of ten the wakening of eighteen threads costs more than all that
 * they do. Should a frame stay inside all the same, the peer is given up, so
 * that it holds up the others for a moment only. */

static void
key_unit_wanted (VmPeer *self, gpointer data)
{
  vm_peer_key_unit_wanted (self, GPOINTER_TO_UINT (data));
}

static void
want_key_unit (VmPeerLink *link, VmPeerStream stream)
{
  vm_peer_link_post (link, key_unit_wanted, GUINT_TO_POINTER (stream), NULL);
}

static GstPadProbeReturn
on_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmPeerBranch *branch = user_data;

  if (gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    want_key_unit (branch->link, branch->stream);
  return GST_PAD_PROBE_OK;
}

/* rtpfunnel numbers packets across the bundle for congestion control, but only
 * those that come one by one. */
static GstPadProbeReturn
split_list (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_autoptr (GstBufferList) list = GST_PAD_PROBE_INFO_BUFFER_LIST (info);
  GstFlowReturn flow = GST_FLOW_OK;
  guint n = gst_buffer_list_length (list);

  for (guint i = 0; i < n && flow == GST_FLOW_OK; i++)
    flow = gst_pad_push (pad, gst_buffer_ref (gst_buffer_list_get (list, i)));
  GST_PAD_PROBE_INFO_FLOW_RETURN (info) = flow;
  return GST_PAD_PROBE_HANDLED;
}

static void
add_twcc (GstElement *payloader, guint id)
{
  g_autoptr (GstRTPHeaderExtension) extension = NULL;

  if (!id)
    return;
  extension = gst_rtp_header_extension_create_from_uri (VM_PEER_TWCC_URI);
  if (!extension)
    return;
  gst_rtp_header_extension_set_id (extension, id);
  g_signal_emit_by_name (payloader, "add-extension", extension);
}

static gboolean
on_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return FALSE;
  gst_query_set_latency (query, TRUE, 0, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/* What is stored on the pad goes ahead of the first frame. */
static GstPad *
make_pad (VmPeer *self, VmPeerStream stream)
{
  const gchar *name = vm_peer_stream_to_string (stream);
  GstPad *pad = gst_object_ref_sink (gst_pad_new (name, GST_PAD_SRC));
  g_autofree gchar *id = g_strdup_printf ("%s/%s", self->name, name);
  GstSegment segment;

  gst_pad_set_query_function (pad, on_query);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream_event,
      vm_peer_branch_new (self->link, stream), vm_peer_branch_free);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_set_active (pad, TRUE);
  gst_pad_push_event (pad, gst_event_new_stream_start (id));
  gst_pad_push_event (pad, gst_event_new_caps (self->send[stream]));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  return pad;
}

static GstElement *
make_payloader (const VmPeerCodec *codec, gint pt, guint ssrc, guint twcc)
{
  GstElement *payloader = gst_parse_bin_from_description_full (codec->payloader,
      FALSE, NULL, GST_PARSE_FLAG_NO_SINGLE_ELEMENT_BINS, NULL);
  g_autoptr (GstPad) pad = NULL;

  if (!payloader)
    return NULL;
  pad = gst_element_get_static_pad (payloader, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER_LIST, split_list, NULL, NULL);
  /* those it makes by itself change the caps (vmpeer-level.c) */
  g_object_set (
      payloader, "pt", pt, "ssrc", ssrc, "auto-header-extension", FALSE, NULL);
  add_twcc (payloader, twcc);
  return payloader;
}

/* The pad is asked for by its m-line, which makes webrtcbin's transceiver. */
static GstWebRTCRTPTransceiver *
request_pad (VmPeer *self, guint index, GstCaps *caps, GstPad **pad)
{
  GstElementClass *klass = GST_ELEMENT_GET_CLASS (self->webrtc);
  GstPadTemplate *templ = gst_element_class_get_pad_template (klass, "sink_%u");
  g_autofree gchar *name = g_strdup_printf ("sink_%u", index);
  GstWebRTCRTPTransceiver *transceiver = NULL;

  *pad = gst_element_request_pad (self->webrtc, templ, name, caps);
  if (*pad)
    g_object_get (*pad, "transceiver", &transceiver, NULL);
  return transceiver;
}

gboolean
vm_peer_send_add (VmPeer *self, guint index, GError **error)
{
  const VmPeerMline *line = &self->mlines[index];
  VmPeerOut *out = &self->link->out[line->stream];
  guint ssrc = g_random_int_range (1, G_MAXINT32);
  g_autoptr (GstCaps) caps = vm_peer_codec_rtp_caps (
      line->codec, line->pt, ssrc, line->twcc, line->mid);
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  g_autoptr (GstPad) sinkpad = NULL;
  g_autoptr (GstPad) srcpad = NULL;
  GstElement *payloader =
      make_payloader (line->codec, line->pt, ssrc, line->twcc);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstPad) payload = NULL;

  vm_peer_codec_add_level (caps, line->level);

  if (!payloader)
    return vm_peer_missing (error, line->codec->payloader);
  transceiver = request_pad (self, index, caps, &sinkpad);
  if (!transceiver) {
    gst_object_unref (gst_object_ref_sink (payloader));
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The %s stream cannot be sent", line->mid);
    return FALSE;
  }
  g_object_set (transceiver, "codec-preferences", caps, "direction",
      line->can_receive ? GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDRECV
                        : GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_SENDONLY,
      "do-nack", line->stream != VM_PEER_AUDIO, NULL);
  gst_bin_add (GST_BIN (self->pipeline), payloader);
  srcpad = gst_element_get_static_pad (payloader, "src");
  if (line->stream == VM_PEER_AUDIO)
    vm_peer_level_write_on (self, srcpad);
  gst_pad_link (srcpad, sinkpad);
  gst_element_sync_state_with_parent (payloader);
  if (line->stream == VM_PEER_AUDIO)
    g_atomic_int_set (&self->link->audio_ssrc, (gint) ssrc);
  pad = make_pad (self, line->stream);
  payload = gst_element_get_static_pad (payloader, "sink");
  gst_pad_link (pad, payload);

  g_mutex_lock (&self->link->lock);
  out->pad = g_steal_pointer (&pad);
  out->codec = line->codec;
  out->caps = gst_caps_ref (self->send[line->stream]);
  out->wait_key = line->stream != VM_PEER_AUDIO;
  g_mutex_unlock (&self->link->lock);
  return TRUE;
}

/* Nothing here waits for the clock, but without a latency the RTP session does
 * not know the time of what it sends, and makes no sender reports, by which
 * picture and sound are kept together. No sink of this pipeline tells it. */
static void
tell_latency (VmPeer *self)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  g_autoptr (GstPad) pad =
      rtpbin ? gst_element_get_static_pad (rtpbin, "send_rtp_src_0") : NULL;

  if (pad)
    gst_pad_send_event (pad, gst_event_new_latency (0));
}

void
vm_peer_send_start (VmPeer *self)
{
  g_mutex_lock (&self->link->lock);
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];

    if (line->audio && line->stream >= 0)
      g_atomic_int_set (&self->link->in[line->stream].level, line->level);
    if (line->stream == VM_PEER_AUDIO)
      g_atomic_int_set (&self->link->out[line->stream].level, line->level);
    if (line->stream >= 0 && line->can_send) {
      VmPeerOut *out = &self->link->out[line->stream];

      /* what was sent before is forgotten over there */
      out->wait_key |= !line->send && line->stream != VM_PEER_AUDIO;
      out->wanted = line->send;
    }
  }
  self->link->flowing = TRUE;
  g_mutex_unlock (&self->link->lock);
  tell_latency (self);
}

/* Of what waits for one. */
void
vm_peer_send_ask_key_units (VmPeer *self)
{
  for (guint i = 0; vm_peer_is_live (self) && i < VM_PEER_N_STREAMS; i++) {
    gboolean due;

    g_mutex_lock (&self->link->lock);
    due = self->link->out[i].wanted && self->link->out[i].wait_key;
    g_mutex_unlock (&self->link->lock);
    if (due)
      vm_peer_key_unit_wanted (self, i);
  }
}

typedef enum
{
  FRAME_TAKE,
  FRAME_SKIP,
  FRAME_DROP_AND_ASK
} FrameFate;

/* Called with the link's lock held. */
static FrameFate
decide (VmPeerOut *out, gboolean video, gboolean key, gboolean refused)
{
  if (!refused && (!out->wait_key || key)) {
    out->wait_key = FALSE;
    out->sent++;
    return FRAME_TAKE;
  }
  out->dropped++;
  if (!video)
    return FRAME_SKIP;
  out->wait_key = TRUE;
  return FRAME_DROP_AND_ASK;
}

/* webrtcbin's clocksync waits for the DTS first, and only the PTS is running
 * time: encoders put theirs 1000 hours off to keep it positive. */
static GstBuffer *
without_dts (GstBuffer *buffer)
{
  if (!GST_BUFFER_DTS_IS_VALID (buffer))
    return gst_buffer_ref (buffer);
  buffer = gst_buffer_copy (buffer);
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  return buffer;
}

/* Takes the frame's place in @out, or says why not. */
static FrameFate
enter (VmPeerLink *link, VmPeerStream stream, GstSample *sample, GstPad **pad,
    GstCaps **new_caps)
{
  VmPeerOut *out = &link->out[stream];
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstCaps *caps = gst_sample_get_caps (sample);
  gboolean key = !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  FrameFate fate = FRAME_SKIP;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&link->lock);
  gboolean changed = caps && out->caps && !gst_caps_is_equal (caps, out->caps);
  gboolean refused =
      /* nobody agreed on another codec */
      (changed && vm_peer_codec_from_caps (caps) != out->codec)
      /* another frame has not come out yet */
      || out->inside;

  if (!link->flowing || !out->pad || !out->wanted)
    return FRAME_SKIP;
  fate = decide (out, stream != VM_PEER_AUDIO, key, refused);
  if (fate != FRAME_TAKE)
    return fate;
  if (changed) {
    gst_caps_replace (&out->caps, caps);
    *new_caps = gst_caps_ref (caps);
  }
  out->inside = TRUE;
  out->checks = 0;
  *pad = gst_object_ref (out->pad);
  return FRAME_TAKE;
}

static void
leave (VmPeerLink *link, VmPeerStream stream)
{
  g_mutex_lock (&link->lock);
  link->out[stream].inside = FALSE;
  g_cond_broadcast (&link->left);
  g_mutex_unlock (&link->lock);
}

static gboolean
is_sending (const VmPeerLink *link)
{
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    if (link->out[i].inside)
      return TRUE;
  return FALSE;
}

/* A payloader of GStreamer loses memory when it is stopped in the moment in
 * which a first frame goes through it. A stalled one is not waited for longer
 * than VM_PEER_LEAVE_MS. */
void
vm_peer_send_drain (VmPeerLink *link)
{
  gint64 deadline =
      g_get_monotonic_time () + VM_PEER_LEAVE_MS * G_TIME_SPAN_MILLISECOND;
  gboolean waited = TRUE;

  g_mutex_lock (&link->lock);
  while (is_sending (link) && waited)
    waited = g_cond_wait_until (&link->left, &link->lock, deadline);
  g_mutex_unlock (&link->lock);
}

static void
cannot_send (VmPeer *self, gpointer data)
{
  const gchar *flow = data;

  vm_peer_fail (self, VM_ERROR_FAILED,
      "What is to be sent does not get through its own pipeline (%s)", flow);
}

void
vm_peer_push (VmPeer *self, VmPeerStream stream, GstSample *sample)
{
  VmPeerLink *link = self->link;
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstFlowReturn flow;

  if (!buffer)
    return;
  switch (enter (link, stream, sample, &pad, &caps)) {
    case FRAME_TAKE:
      break;
    case FRAME_DROP_AND_ASK:
      want_key_unit (link, stream);
      return;
    default:
      return;
  }
  if (caps)
    gst_pad_push_event (pad, gst_event_new_caps (caps));
  flow = gst_pad_push (pad, without_dts (buffer));
  leave (link, stream);
  /* flushing: it is being closed */
  if (flow != GST_FLOW_OK && flow != GST_FLOW_FLUSHING)
    vm_peer_link_post (
        link, cannot_send, (gpointer) gst_flow_get_name (flow), NULL);
}

static void
stalled (VmPeer *self, gpointer data)
{
  vm_peer_fail (
      self, VM_ERROR_TIMEOUT, "Nothing can be sent to the other side any more");
}

/* Counted and not timed: a process that was held up as a whole, or gets little
 * of the processor, has no stalled peer. */
void
vm_peer_check_stalled (VmPeer *self)
{
  gboolean found = FALSE;

  g_return_if_fail (VM_IS_PEER (self));

  g_mutex_lock (&self->link->lock);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    VmPeerOut *out = &self->link->out[i];

    if (out->inside && ++out->checks > VM_PEER_STALL_CHECKS)
      found = TRUE;
  }
  g_mutex_unlock (&self->link->lock);
  if (found)
    vm_peer_link_post (self->link, stalled, NULL, NULL);
}
