/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The other side of mesh-cpu.c: an encoder for each participant. Offers and
 * answers go over the pipes of the receiving process, whole, with their
 * candidates: "INDEX BASE64". */

#include "mesh-cpu.h"
#include "bench.h"

#include <gst/webrtc/webrtc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_US (20 * G_TIME_SPAN_SECOND)

static gchar *
pack (guint index, const GstWebRTCSessionDescription *description)
{
  g_autofree gchar *text = gst_sdp_message_as_text (description->sdp);
  g_autofree gchar *base64 =
      g_base64_encode ((const guchar *) text, strlen (text));

  return g_strdup_printf ("%u %s", index, base64);
}

static GstWebRTCSessionDescription *
unpack (const gchar *line, GstWebRTCSDPType type, guint *index)
{
  GstSDPMessage *sdp = NULL;
  gchar *rest = NULL;
  g_autofree guchar *data = NULL;
  g_autofree gchar *text = NULL;
  gsize length;

  *index = strtoul (line, &rest, 10);
  data = g_base64_decode (rest + 1, &length);
  text = g_strndup ((const gchar *) data, length);
  if (*index >= RECEIVERS
      || gst_sdp_message_new_from_text (text, &sdp) != GST_SDP_OK)
    g_error ("unexpected \"%s\"", line);
  return gst_webrtc_session_description_new (type, sdp);
}

static GstWebRTCSessionDescription *
create (GstElement *bin, const gchar *signal, const gchar *field)
{
  GstPromise *promise = gst_promise_new ();
  GstWebRTCSessionDescription *description = NULL;

  g_signal_emit_by_name (bin, signal, NULL, promise);
  gst_promise_wait (promise);
  gst_structure_get (gst_promise_get_reply (promise), field,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  gst_promise_unref (promise);
  if (!description)
    g_error ("%s makes none", signal);
  return description;
}

static void
set (GstElement *bin, const gchar *signal,
    GstWebRTCSessionDescription *description)
{
  GstPromise *promise = gst_promise_new ();

  g_signal_emit_by_name (bin, signal, description, promise);
  gst_promise_wait (promise);
  gst_promise_unref (promise);
}

/* With all candidates in it. */
static GstWebRTCSessionDescription *
gathered (GstElement *bin)
{
  gint64 end = g_get_monotonic_time () + STEP_US;
  GstWebRTCSessionDescription *description = NULL;
  GstWebRTCICEGatheringState state = GST_WEBRTC_ICE_GATHERING_STATE_NEW;

  while (state != GST_WEBRTC_ICE_GATHERING_STATE_COMPLETE
         && g_get_monotonic_time () < end) {
    bench_wait (5 * G_TIME_SPAN_MILLISECOND);
    g_object_get (bin, "ice-gathering-state", &state, NULL);
  }
  g_object_get (bin, "local-description", &description, NULL);
  return description;
}

/* Sending */

int
peer_send (const gchar *program)
{
  g_autoptr (GString) line =
      g_string_new (SOURCE_VIDEO "tee name=v " SOURCE_AUDIO "tee name=a ");
  GstElement *pipeline;
  Child child;

  for (guint i = 0; i < RECEIVERS; i++)
    g_string_append_printf (line,
        "webrtcbin name=w%u bundle-policy=max-bundle "
        "v. ! queue leaky=downstream ! videoconvert ! video/x-raw,format=I420 "
        "! "
        "vp8enc deadline=1 cpu-used=8 end-usage=cbr lag-in-frames=0 "
        "error-resilient=partitions threads=1 keyframe-max-dist=2000000000 "
        "undershoot=95 overshoot=25 buffer-size=1000 buffer-initial-size=500 "
        "buffer-optimal-size=600 min-force-key-unit-interval=500000000 "
        "target-bitrate=1000000 ! rtpvp8pay picture-id-mode=2 pt=96 ! "
        "application/x-rtp,media=video,encoding-name=VP8,payload=96 ! w%u. "
        "a. ! queue leaky=downstream ! audioconvert ! audioresample ! "
        "opusenc frame-size=20 inband-fec=true packet-loss-percentage=5 "
        "audio-type=voice bitrate=48000 ! rtpopuspay pt=111 ! "
        "application/x-rtp,media=audio,encoding-name=OPUS,payload=111 ! w%u. ",
        i, i, i);
  pipeline = launch (line->str);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  child_start (&child, program, "peer-receive", NULL);
  for (guint i = 0; i < RECEIVERS; i++) {
    g_autofree gchar *name = g_strdup_printf ("w%u", i);
    g_autoptr (GstElement) bin = gst_bin_get_by_name (GST_BIN (pipeline), name);
    g_autoptr (GstWebRTCSessionDescription) offer =
        create (bin, "create-offer", "offer");
    g_autoptr (GstWebRTCSessionDescription) whole = NULL;
    g_autoptr (GstWebRTCSessionDescription) answer = NULL;
    g_autofree gchar *out = NULL;
    g_autofree gchar *in = NULL;
    guint index;

    set (bin, "set-local-description", offer);
    whole = gathered (bin);
    out = pack (i, whole);
    child_send (&child, out);
    in = child_receive (&child);
    answer = unpack (in, GST_WEBRTC_SDP_TYPE_ANSWER, &index);
    set (bin, "set-remote-description", answer);
  }
  measure (&child);
  child_stop (&child);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return 0;
}

/* Receiving */

typedef struct
{
  GstElement *pipelines[RECEIVERS];
  gint frames[RECEIVERS]; /* atomic */
} Receivers;

static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  g_atomic_int_inc ((gint *) user_data);
  return GST_PAD_PROBE_OK;
}

static void
on_pad (GstElement *bin, GstPad *pad, gpointer user_data)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstObject) pipeline = gst_object_get_parent (GST_OBJECT (bin));
  gboolean video =
      g_strcmp0 (gst_structure_get_string (
                     gst_caps_get_structure (caps, 0), "encoding-name"),
          "VP8")
      == 0;
  GstElement *rest = gst_parse_bin_from_description (
      video ? "rtpvp8depay ! fakesink name=f sync=false async=false"
            : "rtpopusdepay ! fakesink name=f sync=false async=false",
      TRUE, NULL);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (rest, "sink");
  g_autoptr (GstElement) end = gst_bin_get_by_name (GST_BIN (rest), "f");
  g_autoptr (GstPad) counted = gst_element_get_static_pad (end, "sink");

  if (video)
    gst_pad_add_probe (
        counted, GST_PAD_PROBE_TYPE_BUFFER, on_frame, user_data, NULL);
  gst_bin_add (GST_BIN (pipeline), rest);
  gst_element_sync_state_with_parent (rest);
  gst_pad_link (pad, sink);
}

static guint64
peer_count (guint receiver, gpointer user_data)
{
  Receivers *self = user_data;

  return g_atomic_int_get (&self->frames[receiver]);
}

static void
on_offer (const gchar *line, gpointer user_data)
{
  Receivers *self = user_data;
  guint index;
  g_autoptr (GstWebRTCSessionDescription) offer =
      unpack (line, GST_WEBRTC_SDP_TYPE_OFFER, &index);
  GstElement *bin = gst_element_factory_make ("webrtcbin", NULL);
  g_autoptr (GstWebRTCSessionDescription) answer = NULL;
  g_autoptr (GstWebRTCSessionDescription) whole = NULL;
  g_autofree gchar *out = NULL;

  gst_util_set_object_arg (G_OBJECT (bin), "bundle-policy", "max-bundle");
  self->pipelines[index] = gst_pipeline_new (NULL);
  gst_bin_add (GST_BIN (self->pipelines[index]), bin);
  g_signal_connect (
      bin, "pad-added", G_CALLBACK (on_pad), &self->frames[index]);
  gst_element_set_state (self->pipelines[index], GST_STATE_PLAYING);
  set (bin, "set-remote-description", offer);
  answer = create (bin, "create-answer", "answer");
  set (bin, "set-local-description", answer);
  whole = gathered (bin);
  out = pack (index, whole);
  puts (out);
}

int
peer_receive (void)
{
  Receivers self = { 0 };

  serve (peer_count, on_offer, &self);
  for (guint i = 0; i < RECEIVERS && self.pipelines[i]; i++) {
    gst_element_set_state (self.pipelines[i], GST_STATE_NULL);
    gst_object_unref (self.pipelines[i]);
  }
  return 0;
}
