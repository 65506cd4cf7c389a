/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <gst/rtp/rtp.h>
#include <gst/video/video.h>
#include <gst/webrtc/webrtc.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

/* webrtcbin ! depayloader ! parser ! appsink; what goes the other way is in
 * vmpeer-send.c. What crosses is encoded frames in running time; the peer's
 * pipeline has the clock and base time of the parent, so running times are the
 * same. */

const gchar *
vm_peer_stream_to_string (VmPeerStream stream)
{
  static const gchar *const names[] = { "audio", "camera", "screen" };

  g_return_val_if_fail ((guint) stream < G_N_ELEMENTS (names), "none");

  return names[stream];
}

const gchar *
vm_peer_mline_name (const VmPeerMline *line)
{
  return (guint) line->stream < VM_PEER_N_STREAMS
             ? vm_peer_stream_to_string (line->stream)
             : line->mid;
}

gboolean
vm_peer_missing (GError **error, const gchar *launch)
{
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "GStreamer's elements for \"%s\" are not installed", launch);
  return FALSE;
}

/* What is not sent has a transceiver too, with the extension in its caps: an
 * answer made without one drops it. */
static void
add_transceiver (VmPeer *self, guint index)
{
  const VmPeerMline *line = &self->mlines[index];
  const gchar *media = line->audio ? "audio" : "video";
  g_autoptr (GstCaps) caps = gst_caps_new_empty ();
  GstWebRTCRTPTransceiver *transceiver = NULL;
  const VmPeerCodec *codec;

  if (line->codec) {
    gst_caps_append (caps, vm_peer_codec_rtp_caps (line->codec, line->pt, 0,
                               line->twcc, line->mid));
    vm_peer_codec_add_level (caps, line->level);
  } else {
    /* each would add an a=mid of its own */
    for (guint i = 0; (codec = vm_peer_codec_nth (media, i)); i++)
      gst_caps_append (caps, vm_peer_codec_rtp_caps (codec, codec->pt, 0,
                                 line->twcc, i == 0 ? line->mid : NULL));
    vm_peer_codec_add_level (caps, line->level);
  }
  g_signal_emit_by_name (self->webrtc, "add-transceiver",
      line->can_receive ? GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_RECVONLY
                        : GST_WEBRTC_RTP_TRANSCEIVER_DIRECTION_INACTIVE,
      caps, &transceiver);
  if (transceiver && line->codec)
    g_object_set (transceiver, "do-nack", !line->audio, NULL);
  gst_clear_object (&transceiver);
}

gboolean
vm_peer_media_add_mline (VmPeer *self, guint index, GError **error)
{
  if (self->mlines[index].can_send)
    return vm_peer_send_add (self, index, error);
  add_transceiver (self, index);
  return TRUE;
}

/* @sample with its times as running time, on the segment's account; @lost
 * packets are missing before it. */
static GstSample *
in_running_time (GstSample *sample, guint lost)
{
  const GstSegment *segment = gst_sample_get_segment (sample);
  GstBuffer *buffer = gst_buffer_copy (gst_sample_get_buffer (sample));
  GstSample *out;

  GST_BUFFER_PTS (buffer) = gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  GST_BUFFER_DTS (buffer) = gst_segment_to_running_time (
      segment, GST_FORMAT_TIME, GST_BUFFER_DTS (buffer));
  out = gst_sample_new (
      buffer, gst_sample_get_caps (sample), NULL, vm_peer_lost_to_info (lost));
  gst_buffer_unref (buffer);
  return out;
}

static GstFlowReturn
on_sample (GstAppSink *appsink, gpointer user_data)
{
  VmPeerBranch *branch = user_data;
  VmPeerLink *link = branch->link;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (appsink);
  g_autoptr (GstSample) out = NULL;

  if (!sample || !gst_sample_get_buffer (sample))
    return GST_FLOW_OK;
  out = in_running_time (
      sample, vm_peer_lost_take (&link->in[branch->stream].lost));
  if (!vm_peer_link_enter (link, branch->stream))
    return GST_FLOW_OK;
  link->func (link->user_data, branch->stream, out);
  g_mutex_lock (&link->lock);
  link->in[branch->stream].received++;
  link->heard_at = g_get_monotonic_time ();
  g_mutex_unlock (&link->lock);
  vm_peer_link_leave (link, branch->stream);
  return GST_FLOW_OK;
}

/* The whole branch exists before webrtcbin makes its pad, which is linked on a
 * streaming thread. */
gboolean
vm_peer_media_add_receiver (VmPeer *self, guint index, GError **error)
{
  static const GstAppSinkCallbacks callbacks = { .new_sample = on_sample };
  const VmPeerMline *line = &self->mlines[index];
  g_autofree gchar *launch = NULL;
  GstElement *bin;
  g_autoptr (GstElement) appsink = NULL;
  VmPeerIn *in;

  if (!line->receive || !line->codec)
    return TRUE;
  in = &self->link->in[line->stream];
  if (in->sinkpad && in->codec == line->codec)
    return TRUE;
  /* on_sample() takes each frame before the next one can come */
  launch = g_strdup_printf ("%s ! appsink name=sink sync=false async=false "
                            "enable-last-sample=false qos=false max-buffers=1",
      line->codec->depayloader);
  bin = gst_parse_bin_from_description (launch, TRUE, NULL);
  if (!bin)
    return vm_peer_missing (error, line->codec->depayloader);
  appsink = gst_bin_get_by_name (GST_BIN (bin), "sink");
  gst_app_sink_set_callbacks (GST_APP_SINK (appsink),
      (GstAppSinkCallbacks *) &callbacks,
      vm_peer_branch_new (self->link, line->stream), vm_peer_branch_free);
  gst_bin_add (GST_BIN (self->pipeline), bin);
  gst_element_sync_state_with_parent (bin);

  g_mutex_lock (&self->link->lock);
  gst_clear_object (&in->sinkpad);
  in->sinkpad = gst_element_get_static_pad (bin, "sink");
  in->codec = line->codec;
  g_mutex_unlock (&self->link->lock);
  if (line->audio) {
    vm_peer_level_read_on (self, line->stream, in->sinkpad);
    vm_peer_lost_watch (self, line->stream, in->sinkpad);
  } else if (self->many) {
    gst_pad_add_probe (in->sinkpad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM,
        vm_peer_key_unit_missed, vm_peer_branch_new (self->link, line->stream),
        vm_peer_branch_free);
  }
  return TRUE;
}

static GstPadProbeReturn
drop (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_PAD_PROBE_DROP;
}

/* A pad without receiver must not say NOT_LINKED to the others. */
static gulong
discard (GstPad *pad)
{
  return gst_pad_add_probe (pad,
      GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BUFFER_LIST, drop, NULL,
      NULL);
}

static guint
mline_of_pad (GstPad *pad)
{
  g_autoptr (GstWebRTCRTPTransceiver) transceiver = NULL;
  guint mline = G_MAXUINT;

  g_object_get (pad, "transceiver", &transceiver, NULL);
  if (transceiver)
    g_object_get (transceiver, "mlineindex", &mline, NULL);
  return mline;
}

static gboolean
pad_has_codec (GstPad *pad, const VmPeerCodec *codec)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);

  return caps && codec
         && vm_peer_codec_from_encoding (codec->media,
                gst_structure_get_string (
                    gst_caps_get_structure (caps, 0), "encoding-name"))
                == codec;
}

/* The stream that @pad belongs to by the descriptions so far, or -1. Under the
 * lock. */
static gint
find_stream (VmPeerLink *link, GstPad *pad)
{
  guint mline = mline_of_pad (pad);
  gint stream;

  if (mline >= VM_PEER_MLINES_MAX || link->closed)
    return -1;
  stream = link->mline_stream[mline];
  if (stream < 0 || !link->in[stream].sinkpad
      || !pad_has_codec (pad, link->in[stream].codec))
    return -1;
  return stream;
}

/* Its frames were faster than the offer that names them. Under the lock. */
static void
keep_early (VmPeerLink *link, GstPad *pad)
{
  gulong drop = discard (pad);

  if (!link->closed && link->n_early < VM_PEER_EARLY_PADS_MAX)
    link->early[link->n_early++] =
        (VmPeerEarlyPad){ gst_object_ref (pad), drop };
}

/* A pad, and what it is linked to. */
typedef struct
{
  GstPad *pad, *sinkpad;
  GstPad *old; /* that was linked before; or NULL */
  gint stream;
  gboolean sound; /* whose jitter buffer waits for less than all do */
} Joint;

/* Makes @pad the one of its stream, if it has one by now. Under the lock. */
static gboolean
take_pad (VmPeerLink *link, GstPad *pad, Joint *joint)
{
  gint stream = find_stream (link, pad);
  VmPeerIn *in = &link->in[MAX (stream, 0)];

  if (stream < 0)
    return FALSE;
  *joint = (Joint){ gst_object_ref (pad), gst_object_ref (in->sinkpad),
    in->srcpad, stream,
    g_atomic_int_get (&link->sound_wait_ms)
        && strcmp (in->codec->media, "audio") == 0 };
  in->srcpad = gst_object_ref (pad);
  return TRUE;
}

static void
link_joint (VmPeerLink *link, Joint *joint)
{
  if (joint->old) {
    g_autoptr (GstPad) was = gst_pad_get_peer (joint->old);

    /* the sender began anew with another SSRC, or in another m-line */
    discard (joint->old);
    if (was)
      gst_pad_unlink (joint->old, was);
  }
  if (joint->sound)
    vm_peer_wait_watch (link, joint->pad);
  if (gst_pad_link (joint->pad, joint->sinkpad) != GST_PAD_LINK_OK) {
    GST_WARNING_OBJECT (joint->pad, "cannot be linked");
    discard (joint->pad);
  }
  gst_object_unref (joint->pad);
  gst_object_unref (joint->sinkpad);
  gst_clear_object (&joint->old);
}

/* Streaming thread. */
void
vm_peer_media_pad_added (GstElement *webrtc, GstPad *pad, VmPeerLink *link)
{
  gboolean found;
  Joint joint;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  g_mutex_lock (&link->lock);
  found = take_pad (link, pad, &joint);
  if (!found)
    keep_early (link, pad);
  g_mutex_unlock (&link->lock);
  if (found)
    link_joint (link, &joint);
  else
    GST_INFO_OBJECT (pad, "no description has named this stream");
}

/* The next of the early pads that a description has named since. */
static gboolean
take_early (VmPeerLink *link, Joint *joint, VmPeerEarlyPad *early)
{
  gboolean found = FALSE;

  g_mutex_lock (&link->lock);
  for (guint i = 0; i < link->n_early && !found; i++) {
    found = take_pad (link, link->early[i].pad, joint);
    if (found) {
      *early = link->early[i];
      link->early[i] = link->early[--link->n_early];
    }
  }
  g_mutex_unlock (&link->lock);
  return found;
}

void
vm_peer_media_link_early (VmPeer *self)
{
  VmPeerEarlyPad early;
  Joint joint;

  while (take_early (self->link, &joint, &early)) {
    gint stream = joint.stream;

    link_joint (self->link, &joint);
    gst_pad_remove_probe (early.pad, early.drop);
    gst_object_unref (early.pad);
    vm_peer_key_unit_ask (self, stream);
  }
}
