/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long after asking to join the first picture is there. Ours: a
 * vmsignalbin that joins a host by its address, over TLS, from making it,
 * before POST /meetings/join, to the first decoded frame. Peer: two bare
 * webrtcbins whose offer and answer are handed over in memory, from making them
 * to the first decoded frame. Sources and encoders run before, and send the
 * same.
 *
 * Then, with hosts that are other programs and other devices: how much longer a
 * trusted device takes under the policy `require` than anybody under `open`. */

#include "bench.h"
#include "trusted.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <gst/videomeet/videomeet.h>
#include <gst/webrtc/webrtc.h>
#include <stdio.h>

#define DEADLINE_US (20 * G_TIME_SPAN_SECOND)
/* A host gives no two key frames within half a second: who comes sooner
 * waits. */
#define KEY_FRAME_US (600 * G_TIME_SPAN_MILLISECOND)
/* They differ by less than a frame, which comes when it comes. */
#define TRUST_ROUNDS (3 * BENCH_ROUNDS)
#define SOURCES                               \
  "videotestsrc is-live=true pattern=ball ! " \
  "video/x-raw,width=640,height=360,framerate=30/1 ! "
#define SOUND \
  "audiotestsrc is-live=true samplesperbuffer=960 ! audio/x-raw,rate=48000 ! "

/* The first buffer at a pad. */
typedef struct
{
  GMutex lock; /* of at */
  GCond cond;
  gint64 at; /* µs, monotonic; 0: not yet */
} First;

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  First *moment = user_data;

  g_mutex_lock (&moment->lock);
  if (!moment->at)
    moment->at = g_get_monotonic_time ();
  g_cond_broadcast (&moment->cond);
  g_mutex_unlock (&moment->lock);
  return GST_PAD_PROBE_REMOVE;
}

static void
watch (First *moment, GstElement *pipeline, const gchar *sink)
{
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), sink);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, moment, NULL);
}

static gdouble
wait_ms (First *moment, gint64 start)
{
  gboolean in_time = TRUE;

  g_mutex_lock (&moment->lock);
  while (!moment->at && in_time)
    in_time =
        g_cond_wait_until (&moment->cond, &moment->lock, start + DEADLINE_US);
  g_mutex_unlock (&moment->lock);
  if (!in_time)
    g_error ("no frame within %d s", (gint) (DEADLINE_US / G_TIME_SPAN_SECOND));
  return (moment->at - start) / 1000.0;
}

static GstElement *
launch (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (error)
    g_error ("%s", error->message);
  return pipeline;
}

static void
stop (GstElement *pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* Ours */

static gdouble
ours (const gchar *uri, const gchar *policy)
{
  First moment = { 0 };
  g_autofree gchar *line = g_strdup_printf (
      "vmsignalbin name=m uri=%s policy=%s user=Bob "
      "m.video_src_0 ! fakesink name=v sync=false async=false "
      "m.audio_src_0 ! fakesink sync=false async=false " SOUND "m.audio_sink_0",
      uri, policy);
  gint64 start = g_get_monotonic_time ();
  GstElement *pipeline = launch (line);
  gdouble ms;

  watch (&moment, pipeline, "v");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ms = wait_ms (&moment, start);
  stop (pipeline);
  return ms;
}

/* Peer */

static GstElement *camera, *microphone;
static GMutex senders_lock; /* of the two that follow */
static GstElement *video_sender, *audio_sender; /* appsrc of this round */

static GstFlowReturn
on_encoded (GstAppSink *sink, gpointer user_data)
{
  GstElement **sender = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GstElement) appsrc = NULL;

  g_mutex_lock (&senders_lock);
  appsrc = *sender ? gst_object_ref (*sender) : NULL;
  g_mutex_unlock (&senders_lock);
  if (sample && appsrc) {
    GstBuffer *buffer = gst_buffer_copy (gst_sample_get_buffer (sample));
    g_autoptr (GstClock) clock = gst_element_get_clock (appsrc);

    /* its time is that of another pipeline */
    GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
    GST_BUFFER_PTS (buffer) =
        clock ? gst_clock_get_time (clock) - gst_element_get_base_time (appsrc)
              : 0;
    gst_app_src_push_buffer (GST_APP_SRC (appsrc), buffer);
  }
  return GST_FLOW_OK;
}

static GstElement *
encoder (const gchar *line, GstElement **sender)
{
  GstElement *pipeline = launch (line);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline), "s");
  GstAppSinkCallbacks callbacks = { .new_sample = on_encoded };

  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, sender, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  return pipeline;
}

static void
ask_for_key_frame (void)
{
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (camera), "s");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");

  gst_pad_push_event (pad, gst_video_event_new_upstream_force_key_unit (
                               GST_CLOCK_TIME_NONE, TRUE, 0));
}

static GstPadProbeReturn
on_upstream (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (gst_video_event_is_force_key_unit (GST_PAD_PROBE_INFO_EVENT (info)))
    ask_for_key_frame ();
  return GST_PAD_PROBE_OK;
}

/* As ours does: a key frame as soon as there is somebody to see it. */
static void
on_connection_state (GstElement *bin, GParamSpec *pspec, gpointer user_data)
{
  GstWebRTCPeerConnectionState state;

  g_object_get (bin, "connection-state", &state, NULL);
  if (state == GST_WEBRTC_PEER_CONNECTION_STATE_CONNECTED)
    ask_for_key_frame ();
}

typedef struct
{
  GstElement *sender, *receiver; /* webrtcbins */
} Pair;

static void
on_candidate_of_sender (
    GstElement *bin, guint mline, gchar *candidate, Pair *pair)
{
  g_signal_emit_by_name (pair->receiver, "add-ice-candidate", mline, candidate);
}

static void
on_candidate_of_receiver (
    GstElement *bin, guint mline, gchar *candidate, Pair *pair)
{
  g_signal_emit_by_name (pair->sender, "add-ice-candidate", mline, candidate);
}

static GstWebRTCSessionDescription *
take_reply (GstPromise *promise, const gchar *field)
{
  GstWebRTCSessionDescription *description = NULL;

  gst_structure_get (gst_promise_get_reply (promise), field,
      GST_TYPE_WEBRTC_SESSION_DESCRIPTION, &description, NULL);
  gst_promise_unref (promise);
  return description;
}

static void
on_answer (GstPromise *promise, gpointer user_data)
{
  Pair *pair = user_data;
  GstWebRTCSessionDescription *answer = take_reply (promise, "answer");

  g_signal_emit_by_name (pair->receiver, "set-local-description", answer, NULL);
  g_signal_emit_by_name (pair->sender, "set-remote-description", answer, NULL);
  gst_webrtc_session_description_free (answer);
}

static void
on_offer_set (GstPromise *promise, gpointer user_data)
{
  Pair *pair = user_data;

  gst_promise_unref (promise);
  g_signal_emit_by_name (pair->receiver, "create-answer", NULL,
      gst_promise_new_with_change_func (on_answer, pair, NULL));
}

static void
on_offer (GstPromise *promise, gpointer user_data)
{
  Pair *pair = user_data;
  GstWebRTCSessionDescription *offer = take_reply (promise, "offer");

  g_signal_emit_by_name (pair->sender, "set-local-description", offer, NULL);
  g_signal_emit_by_name (pair->receiver, "set-remote-description", offer,
      gst_promise_new_with_change_func (on_offer_set, pair, NULL));
  gst_webrtc_session_description_free (offer);
}

static void
on_negotiation_needed (GstElement *sender, Pair *pair)
{
  g_signal_emit_by_name (sender, "create-offer", NULL,
      gst_promise_new_with_change_func (on_offer, pair, NULL));
}

static void
on_received_pad (GstElement *bin, GstPad *pad, GstElement *pipeline)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  gboolean video = g_strcmp0 (gst_structure_get_string (
                                  gst_caps_get_structure (caps, 0), "media"),
                       "video")
                   == 0;
  g_autoptr (GstElement) depay =
      gst_bin_get_by_name (GST_BIN (pipeline), video ? "vd" : "ad");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (depay, "sink");

  gst_pad_link (pad, sink);
}

static void
set_senders (GstElement *video, GstElement *audio)
{
  g_mutex_lock (&senders_lock);
  gst_clear_object (&video_sender);
  gst_clear_object (&audio_sender);
  video_sender = video;
  audio_sender = audio;
  g_mutex_unlock (&senders_lock);
}

static gdouble
peer (void)
{
  First moment = { 0 };
  Pair pair;
  GstElement *sending, *receiving, *video;
  g_autoptr (GstPad) pad = NULL;
  gint64 start = g_get_monotonic_time ();
  gdouble ms;

  sending = launch (
      "webrtcbin name=w bundle-policy=max-bundle "
      "appsrc name=v is-live=true format=time do-timestamp=false "
      "caps=video/x-vp8 ! rtpvp8pay ! "
      "application/x-rtp,media=video,encoding-name=VP8,payload=96,"
      "clock-rate=90000 ! w. "
      "appsrc name=a is-live=true format=time do-timestamp=false "
      "caps=audio/x-opus,channel-mapping-family=0,channels=1,rate=48000 ! "
      "rtpopuspay ! "
      "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,"
      "clock-rate=48000 ! w.");
  receiving = launch (
      "webrtcbin name=w bundle-policy=max-bundle "
      "rtpvp8depay name=vd request-keyframe=true wait-for-keyframe=true ! "
      "vp8dec ! fakesink name=v sync=false async=false "
      "rtpopusdepay name=ad ! opusdec ! fakesink sync=false async=false");
  pair.sender = gst_bin_get_by_name (GST_BIN (sending), "w");
  pair.receiver = gst_bin_get_by_name (GST_BIN (receiving), "w");
  watch (&moment, receiving, "v");
  video = gst_bin_get_by_name (GST_BIN (sending), "v");
  pad = gst_element_get_static_pad (video, "src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream, NULL, NULL);
  g_signal_connect (pair.sender, "on-ice-candidate",
      G_CALLBACK (on_candidate_of_sender), &pair);
  g_signal_connect (pair.receiver, "on-ice-candidate",
      G_CALLBACK (on_candidate_of_receiver), &pair);
  g_signal_connect (
      pair.receiver, "pad-added", G_CALLBACK (on_received_pad), receiving);
  g_signal_connect (pair.sender, "on-negotiation-needed",
      G_CALLBACK (on_negotiation_needed), &pair);
  g_signal_connect (pair.sender, "notify::connection-state",
      G_CALLBACK (on_connection_state), NULL);
  gst_element_set_state (receiving, GST_STATE_PLAYING);
  gst_element_set_state (sending, GST_STATE_PLAYING);
  set_senders (video, gst_bin_get_by_name (GST_BIN (sending), "a"));
  ms = wait_ms (&moment, start);
  set_senders (NULL, NULL);
  stop (sending);
  stop (receiving);
  gst_object_unref (pair.sender);
  gst_object_unref (pair.receiver);
  return ms;
}

/* Trust */

static void
measure_trust (const gchar *program, const gchar *folder, VmNode *node)
{
  gdouble required[TRUST_ROUNDS + 1], open[TRUST_ROUNDS + 1];
  TrustedHost *strict = trusted_host_start (program, folder, "require");
  TrustedHost *any = trusted_host_start (program, folder, "open");

  trusted_host_trust (strict, node);
  for (guint i = 0; i <= TRUST_ROUNDS; i++) {
    bench_wait (KEY_FRAME_US);
    required[i] = ours (trusted_host_get_uri (strict), "require");
    bench_wait (KEY_FRAME_US);
    open[i] = ours (trusted_host_get_uri (any), "open");
    fprintf (stderr, "round %u: require %.1f ms, open %.1f ms\n", i,
        required[i], open[i]);
  }
  bench_print ("first-frame-require", bench_median (required + 1, TRUST_ROUNDS),
      bench_median (open + 1, TRUST_ROUNDS), "ms");
  trusted_host_stop (strict);
  trusted_host_stop (any);
}

#define HOSTED SOURCES "m.video_sink_0 " SOUND "m.audio_sink_0"

int
main (int argc, char **argv)
{
  gdouble our[BENCH_ROUNDS + 1], their[BENCH_ROUNDS + 1];
  g_autoptr (VmNode) node = NULL;
  g_autoptr (VmTrustStore) store = NULL;
  GstElement *host;
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;
  gboolean joined = FALSE;
  g_autofree gchar *folder = NULL, *own = NULL, *uri = NULL;

  gst_init (&argc, &argv);
  if (argc == 4 && g_str_equal (argv[1], TRUSTED_HOST))
    return trusted_host_main (argv, HOSTED);
  node = vm_node_get_default ();
  folder = g_dir_make_tmp ("vm-bench-XXXXXX", NULL);
  own = g_build_filename (folder, "own", NULL);
  store = vm_trust_store_new (own);
  vm_node_set_trust_store (node, store, NULL);
  g_object_set (node, "interfaces", "lo", "insecure", FALSE, "methods",
      VM_METHODS_NONE, NULL);
  camera =
      encoder (SOURCES "vp8enc deadline=1 cpu-used=8 end-usage=cbr "
                       "lag-in-frames=0 error-resilient=partitions threads=1 "
                       "keyframe-max-dist=2000000000 target-bitrate=1000000 ! "
                       "appsink name=s sync=false",
          &video_sender);
  microphone =
      encoder (SOUND "opusenc ! appsink name=s sync=false", &audio_sender);
  host = launch ("vmsignalbin name=m mode=host meeting=bench user=Ann " HOSTED);
  gst_element_set_state (host, GST_STATE_PLAYING);
  bus = gst_element_get_bus (host);
  while (!joined
         && (message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
                 GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR))) {
    joined = gst_message_has_name (message, "vm-joined");
    gst_message_unref (message);
  }
  uri = g_strdup_printf (
      "videomeet://127.0.0.1:%u/bench", vm_node_get_port (node));
  /* the first round warms both up and is not counted */
  for (guint i = 0; joined && i <= BENCH_ROUNDS; i++) {
    our[i] = ours (uri, "pin");
    their[i] = peer ();
    fprintf (
        stderr, "round %u: ours %.1f ms, peer %.1f ms\n", i, our[i], their[i]);
  }
  if (joined)
    bench_print ("first-frame", bench_median (our + 1, BENCH_ROUNDS),
        bench_median (their + 1, BENCH_ROUNDS), "ms");
  stop (host);
  stop (camera);
  stop (microphone);
  if (joined)
    measure_trust (argv[0], folder, node);
  trusted_remove (folder);
  return joined ? 0 : 1;
}
