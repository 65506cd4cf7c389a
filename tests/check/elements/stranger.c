/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "stranger.h"

#include <gst/check/gstcheck.h>
#include <gst/sdp/sdp.h>
#include <gst/webrtc/webrtc.h>
#include <string.h>

/* With the SSRC, which is in its descriptions only so. */
#define CAMERA                                                            \
  "videotestsrc is-live=true ! "                                          \
  "video/x-raw,width=160,height=120,framerate=15/1 ! "                    \
  "vp8enc deadline=1 keyframe-max-dist=15 ! valve name=%s drop-mode=1 ! " \
  "rtpvp8pay pt=96 ssrc=%u ! capsfilter caps=\"application/x-rtp,"        \
  "media=video,encoding-name=VP8,clock-rate=90000,payload=96,ssrc=(uint)%u\""
#define SOUND                                                               \
  "audiotestsrc is-live=true ! opusenc ! rtpopuspay pt=111 ssrc=1234567 ! " \
  "capsfilter caps=\"application/x-rtp,media=audio,encoding-name=OPUS,"     \
  "clock-rate=48000,payload=111,ssrc=(uint)1234567\""

typedef GstWebRTCSessionDescription Description;

static GstPadProbeReturn
count (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc (&((Stranger *) user_data)->pictures);
  return GST_PAD_PROBE_OK;
}

static void
on_pad_added (GstElement *webrtc, GstPad *pad, Stranger *self)
{
  g_autoptr (GstCaps) caps = NULL;
  GstElement *sink;
  g_autoptr (GstPad) sinkpad = NULL;

  if (GST_PAD_DIRECTION (pad) != GST_PAD_SRC)
    return;
  caps = gst_pad_get_current_caps (pad);
  if (strcmp (
          gst_structure_get_string (gst_caps_get_structure (caps, 0), "media"),
          "video")
      == 0)
    gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count, self, NULL);
  sink = gst_element_factory_make ("fakesink", NULL);
  g_object_set (sink, "sync", FALSE, "async", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  sinkpad = gst_element_get_static_pad (sink, "sink");
  gst_pad_link (pad, sinkpad);
}

static void
on_candidate (
    GstElement *webrtc, guint mline, const gchar *candidate, Stranger *self)
{
  g_async_queue_push (
      self->candidates, g_strdup_printf ("%u %s", mline, candidate));
}

static void
on_channel (GstElement *webrtc, GObject *channel, Stranger *self)
{
  g_atomic_int_inc (&self->channels);
}

Stranger *
stranger_new (void)
{
  Stranger *self = g_new0 (Stranger, 1);
  g_autoptr (GObject) ice = NULL, agent = NULL;

  self->candidates = g_async_queue_new_full (g_free);
  self->pipeline = gst_object_ref_sink (gst_pipeline_new ("stranger"));
  self->webrtc = gst_element_factory_make ("webrtcbin", "webrtc");
  gst_util_set_object_arg (
      G_OBJECT (self->webrtc), "bundle-policy", "max-bundle");
  g_signal_connect (self->webrtc, "pad-added", G_CALLBACK (on_pad_added), self);
  g_signal_connect (
      self->webrtc, "on-ice-candidate", G_CALLBACK (on_candidate), self);
  g_signal_connect (
      self->webrtc, "on-data-channel", G_CALLBACK (on_channel), self);
  /* libnice's UPnP loses the addresses of its sockets */
  g_object_get (self->webrtc, "ice-agent", &ice, NULL);
  g_object_get (ice, "agent", &agent, NULL);
  g_object_set (agent, "upnp", FALSE, NULL);
  gst_bin_add (GST_BIN (self->pipeline), self->webrtc);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
  return self;
}

void
stranger_free (Stranger *self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->pipeline);
  g_async_queue_unref (self->candidates);
  g_free (self);
}

static void
add (Stranger *self, const gchar *launch)
{
  g_autoptr (GError) error = NULL;
  GstElement *source = gst_parse_bin_from_description (launch, TRUE, &error);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  gst_bin_add (GST_BIN (self->pipeline), source);
  fail_unless (gst_element_link (source, self->webrtc));
  gst_element_sync_state_with_parent (source);
}

void
stranger_add_sound (Stranger *self)
{
  add (self, SOUND);
}

void
stranger_add_camera (Stranger *self, const gchar *name)
{
  guint ssrc = g_str_hash (name);
  g_autofree gchar *launch = g_strdup_printf (CAMERA, name, ssrc, ssrc);

  add (self, launch);
}

void
stranger_turn (Stranger *self, const gchar *name, gboolean on)
{
  g_autoptr (GstElement) valve =
      gst_bin_get_by_name (GST_BIN (self->pipeline), name);

  g_object_set (valve, "drop", !on, NULL);
}

guint64
stranger_count_sent (Stranger *self, const gchar *name)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (self->webrtc), "rtpbin");
  g_autoptr (GObject) session = NULL, source = NULL;
  g_autoptr (GstStructure) stats = NULL;
  guint64 sent = 0;

  g_signal_emit_by_name (rtpbin, "get-internal-session", 0, &session);
  g_signal_emit_by_name (
      session, "get-source-by-ssrc", g_str_hash (name), &source);
  if (!source)
    return 0;
  g_object_get (source, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "packets-sent", &sent);
  return sent;
}

/* What @signal makes, under the name of @field; or NULL. */
static Description *
ask (Stranger *self, const gchar *signal, Description *what, const gchar *field)
{
  g_autoptr (GstPromise) promise = gst_promise_new ();
  const GstStructure *reply;
  Description *made = NULL;
  g_autoptr (GError) error = NULL;

  g_signal_emit_by_name (self->webrtc, signal, what, promise);
  fail_unless (gst_promise_wait (promise) == GST_PROMISE_RESULT_REPLIED);
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_has_field (reply, "error"))
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
  fail_unless (error == NULL, "%s: %s", signal, error ? error->message : "");
  if (field)
    gst_structure_get (
        reply, field, GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &made, NULL);
  return made;
}

static gchar *
make (Stranger *self, const gchar *signal, const gchar *field)
{
  g_autoptr (GstWebRTCSessionDescription) made =
      ask (self, signal, NULL, field);

  ask (self, "set-local-description", made, NULL);
  return gst_sdp_message_as_text (made->sdp);
}

static void
take (Stranger *self, GstWebRTCSDPType type, const gchar *text)
{
  g_autoptr (GstWebRTCSessionDescription) description = NULL;
  GstSDPMessage *sdp = NULL;

  fail_unless (gst_sdp_message_new_from_text (text, &sdp) == GST_SDP_OK);
  description = gst_webrtc_session_description_new (type, sdp);
  ask (self, "set-remote-description", description, NULL);
}

gchar *
stranger_offer (Stranger *self)
{
  return make (self, "create-offer", "offer");
}

void
stranger_take_offer (Stranger *self, const gchar *sdp)
{
  take (self, GST_WEBRTC_SDP_TYPE_OFFER, sdp);
}

gchar *
stranger_answer (Stranger *self)
{
  return make (self, "create-answer", "answer");
}

void
stranger_take_answer (Stranger *self, const gchar *sdp)
{
  take (self, GST_WEBRTC_SDP_TYPE_ANSWER, sdp);
}

void
stranger_take_candidate (Stranger *self, const gchar *candidate)
{
  if (*candidate)
    g_signal_emit_by_name (self->webrtc, "add-ice-candidate", 0u, candidate);
}
