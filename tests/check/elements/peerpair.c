/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peerpair.h"
#include "knownfaults.h"

#include <gst/check/gstcheck.h>
#include <gst/video/video.h>
#include <string.h>
#include <sys/resource.h>

/* A time by another base is wrong by PAST; a frame that waits for a busy
 * machine is right and comes late. */
#define LATE_MS 15000 /* well below PAST */
#define WORKERS_TIME (60 * GST_SECOND) /* to take two pipelines down */
#define FREED_MS 60000 /* for what another thread still holds of a peer */

static const gchar *const loopback[] = { "127.0.0.1", NULL };

/* --- a side --- */

static gboolean
is_key (GstSample *sample)
{
  return !GST_BUFFER_FLAG_IS_SET (
      gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);
}

static Pair *running;

/* How long the parent has been running already. */
#define PAST (20 * GST_SECOND)

static void
on_sample (gpointer user_data, VmPeerStream stream, GstSample *sample)
{
  Side *side = user_data;
  GstClockTime now = gst_clock_get_time (side->pair->clock);
  GstClockTime pts = GST_BUFFER_PTS (gst_sample_get_buffer (sample));

  if (stream == VM_PEER_AUDIO)
    g_atomic_int_set (&side->sound_nice, getpriority (PRIO_PROCESS, 0));
  if (g_atomic_int_add (&side->samples[stream], 1) == 0) {
    side->first_sample[stream] = g_get_monotonic_time ();
    if (stream != VM_PEER_AUDIO && !is_key (sample))
      g_atomic_int_inc (&side->bad_first);
  }
  g_mutex_lock (&side->lock);
  now -= side->base_time;
  g_mutex_unlock (&side->lock);
  if (!GST_CLOCK_TIME_IS_VALID (pts)
      || ABS (GST_CLOCK_DIFF (pts, now)) > LATE_MS * GST_MSECOND) {
    g_atomic_int_inc (&side->bad_times);
    g_atomic_int_set (&side->good_times, 0);
  } else {
    g_atomic_int_inc (&side->good_times);
  }
  g_mutex_lock (&side->lock);
  gst_caps_replace (&side->caps[stream], gst_sample_get_caps (sample));
  side->last_time[stream] = pts;
  g_mutex_unlock (&side->lock);
}

static Side *
other (Side *side)
{
  return &side->pair->sides[!side->index];
}

static void
deliver (Side *to, gboolean offer, const gchar *sdp)
{
  g_autofree gchar *mangled =
      to->pair->mangle ? to->pair->mangle (offer, sdp) : g_strdup (sdp);

  vm_peer_set_remote_description (to->peer, offer, mangled);
}

static void
on_description (VmPeer *peer, gboolean offer, const gchar *sdp, Side *side)
{
  Pair *pair = side->pair;

  side->described = TRUE;
  side->found = peer->found->len;
  fail_unless (offer == (side->index == 0));
  if (pair->hold_descriptions) {
    g_free (pair->held);
    pair->held = g_strdup (sdp);
    pair->held_offer = offer;
    return;
  }
  deliver (other (side), offer, sdp);
}

static void
on_candidate (VmPeer *peer, guint mline, const gchar *candidate, Side *side)
{
  side->after_end += *candidate && side->ends;
  side->before_description += !side->described;
  if (*candidate)
    side->candidates++;
  else
    side->ends++;
  vm_peer_add_candidate (other (side)->peer, mline, candidate);
  if (!*candidate && side->pair->held) {
    g_autofree gchar *held = g_steal_pointer (&side->pair->held);

    deliver (other (side), side->pair->held_offer, held);
  }
}

static void
on_state (VmPeer *peer, guint state, GError *error, Side *side)
{
  fail_unless ((error != NULL) == (state == VM_PEER_STATE_FAILED));
  fail_unless_equals_int (vm_peer_get_state (peer), state);
  side->state = state;
  if (error && !side->error)
    side->error = g_error_copy (error);
  if (state == VM_PEER_STATE_CONNECTED) {
    side->connected_seen++;
    side->pair->connected[side->index] = g_get_monotonic_time ();
  }
  side->ended |= state >= VM_PEER_STATE_FAILED;
}

static void
note_key_unit (Side *side)
{
  /* when it was asked, which is not when this thread gets to it */
  gint64 now = side->peer->key_wanted[VM_PEER_VIDEO];
  gint64 gap = side->key_unit_time ? now - side->key_unit_time : 0;

  side->key_unit_time = now;
  if (gap && (!side->key_unit_gap || gap < side->key_unit_gap))
    side->key_unit_gap = gap;
}

static void
on_key_unit (VmPeer *peer, guint stream, Side *side)
{
  g_autofree gchar *name = g_strdup_printf ("%u-%u", side->index, stream);

  side->key_units[stream]++;
  if (stream == VM_PEER_VIDEO)
    note_key_unit (side);
  for (guint i = 0; i < side->pair->sources->len; i++) {
    GstElement *source = g_ptr_array_index (side->pair->sources, i);
    g_autoptr (GstElement) sink = NULL;

    if (strcmp (GST_OBJECT_NAME (source), name) != 0)
      continue;
    sink = gst_bin_get_by_name (GST_BIN (source), "sink");
    gst_element_send_event (sink, gst_video_event_new_upstream_force_key_unit (
                                      GST_CLOCK_TIME_NONE, TRUE, 0));
  }
}

static void
on_path (VmPeer *peer, Side *side)
{
  VmPeerPath path;

  fail_unless (vm_peer_get_path (peer, &path));
  g_free (side->path);
  side->path = g_strdup (path.kind);
}

static void
on_channel (VmPeer *peer, const gchar *label, gboolean open, Side *side)
{
  if (open)
    side->channels_open++;
}

static void
on_message (VmPeer *peer, const gchar *label, const gchar *text, Side *side)
{
  g_queue_push_tail (&side->messages, g_strdup_printf ("%s %s", label, text));
}

/* --- the pair --- */

void
pair_prepare (void)
{
  known_faults_pass ();
  vm_peer_prepare ();
  if (!vm_peer_join_workers (WORKERS_TIME))
    g_error ("a worker still runs");
}

void
pair_init (Pair *pair)
{
  memset (pair, 0, sizeof *pair);
  pair->clock = gst_system_clock_obtain ();
  pair->base_time = gst_clock_get_time (pair->clock) - PAST;
  pair->sources = g_ptr_array_new_with_free_func (gst_object_unref);
  for (guint i = 0; i < 2; i++) {
    pair->sides[i].pair = pair;
    pair->sides[i].index = i;
    pair->sides[i].base_time = pair->base_time;
    g_mutex_init (&pair->sides[i].lock);
    g_queue_init (&pair->sides[i].messages);
    pair->config[i] = (VmPeerConfig){ .name = i ? "002" : "001",
      .offerer = i == 0,
      .clock = pair->clock,
      .base_time = pair->base_time,
      .local_addresses = loopback,
      .latency_ms = 100 };
  }
}

void
pair_config (Pair *pair, guint side, VmPeerStream stream, const gchar *send,
    gboolean receive)
{
  if (send)
    pair->config[side].send[stream] = gst_caps_from_string (send);
  pair->config[side].receive[stream] = receive;
}

void
pair_make (Pair *pair)
{
  running = pair;
  for (guint i = 0; i < 2; i++) {
    Side *side = &pair->sides[i];

    side->peer = vm_peer_new (&pair->config[i], on_sample, side, NULL);
    side->peer->connect_ms = PAIR_CONNECT_MS;
    g_signal_connect (
        side->peer, "description", G_CALLBACK (on_description), side);
    g_signal_connect (side->peer, "candidate", G_CALLBACK (on_candidate), side);
    g_signal_connect (side->peer, "state", G_CALLBACK (on_state), side);
    g_signal_connect (
        side->peer, "key-unit-requested", G_CALLBACK (on_key_unit), side);
    g_signal_connect (side->peer, "path", G_CALLBACK (on_path), side);
    g_signal_connect (side->peer, "channel", G_CALLBACK (on_channel), side);
    g_signal_connect (side->peer, "message", G_CALLBACK (on_message), side);
  }
}

void
pair_start (Pair *pair)
{
  pair->started = g_get_monotonic_time ();
  vm_peer_start (pair->sides[1].peer);
  vm_peer_start (pair->sides[0].peer);
}

typedef struct
{
  VmPeer *peer;
  VmPeerStream stream;
} Feed;

static void
feed_free (gpointer data)
{
  Feed *feed = data;

  g_object_unref (feed->peer);
  g_free (feed);
}

static GstFlowReturn
on_encoded (GstAppSink *sink, gpointer user_data)
{
  Feed *feed = user_data;
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);

  if (sample) {
    GstBuffer *buffer = gst_buffer_copy (gst_sample_get_buffer (sample));
    g_autoptr (GstSample) out = NULL;

    GST_BUFFER_PTS (buffer) =
        gst_segment_to_running_time (gst_sample_get_segment (sample),
            GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
    out = gst_sample_new (buffer, gst_sample_get_caps (sample), NULL, NULL);
    gst_buffer_unref (buffer);
    vm_peer_push (feed->peer, feed->stream, out);
  }
  return GST_FLOW_OK;
}

static const gchar *
launch_for (const GstCaps *caps)
{
  const VmPeerCodec *codec = vm_peer_codec_from_caps (caps);

  if (strcmp (codec->encoding, "OPUS") == 0)
    return "audiotestsrc is-live=true samplesperbuffer=960 ! "
           "audio/x-raw,rate=48000,channels=1 ! opusenc ! appsink name=sink "
           "sync=false async=false";
  if (strcmp (codec->encoding, "H264") == 0)
    return "videotestsrc is-live=true ! "
           "video/x-raw,width=160,height=120,framerate=30/1 ! x264enc "
           "tune=zerolatency speed-preset=ultrafast key-int-max=3000 ! "
           "video/x-h264,profile=constrained-baseline,"
           "stream-format=byte-stream ! appsink name=sink sync=false "
           "async=false";
  return "videotestsrc is-live=true ! "
         "video/x-raw,width=160,height=120,framerate=30/1 ! vp8enc deadline=1 "
         "cpu-used=8 keyframe-max-dist=3000 ! appsink name=sink sync=false "
         "async=false";
}

void
pair_feed (Pair *pair, guint index, VmPeerStream stream)
{
  static const GstAppSinkCallbacks callbacks = { .new_sample = on_encoded };
  GstElement *source = gst_object_ref_sink (
      gst_parse_launch (launch_for (pair->config[index].send[stream]), NULL));
  g_autofree gchar *name = g_strdup_printf ("%u-%u", index, stream);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (source), "sink");
  Feed *feed = g_new (Feed, 1);

  *feed = (Feed){ g_object_ref (pair->sides[index].peer), stream };
  gst_object_set_name (GST_OBJECT (source), name);
  gst_app_sink_set_callbacks (
      GST_APP_SINK (sink), (GstAppSinkCallbacks *) &callbacks, feed, feed_free);
  gst_pipeline_use_clock (GST_PIPELINE (source), pair->clock);
  gst_element_set_start_time (source, GST_CLOCK_TIME_NONE);
  gst_element_set_base_time (source, pair->base_time);
  gst_element_set_state (source, GST_STATE_PLAYING);
  g_ptr_array_add (pair->sources, source);
}

void
pair_make_talkers (Pair *pair)
{
  pair_init (pair);
  for (guint i = 0; i < 2; i++) {
    pair_config (pair, i, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
    pair_config (pair, i, VM_PEER_VIDEO, VP8_CAPS, TRUE);
  }
  pair_make (pair);
}

void
pair_feed_talkers (Pair *pair)
{
  for (guint i = 0; i < 2; i++) {
    pair_feed (pair, i, VM_PEER_AUDIO);
    pair_feed (pair, i, VM_PEER_VIDEO);
  }
}

static gboolean
is_gone (gpointer weak)
{
  return *(GObject **) weak == NULL;
}

static void
stop (Pair *pair)
{
  for (guint i = 0; i < pair->sources->len; i++)
    gst_element_set_state (pair->sources->pdata[i], GST_STATE_NULL);
  for (guint i = 0; i < 2; i++)
    vm_peer_close (pair->sides[i].peer);
}

void
pair_stop_failed (void)
{
  if (!running)
    return;
  stop (running);
  vm_peer_join_workers (WORKERS_TIME);
  running = NULL;
}

void
pair_clear (Pair *pair)
{
  stop (pair);
  running = NULL;
  g_ptr_array_unref (pair->sources);
  for (guint i = 0; i < 2; i++) {
    Side *side = &pair->sides[i];
    GObject *gone = NULL;

    g_set_weak_pointer (&gone, (GObject *) side->peer);
    g_object_unref (side->peer);
    fail_unless (
        wait_for (is_gone, &gone, FREED_MS), "the peer is still referenced");
    for (guint s = 0; s < VM_PEER_N_STREAMS; s++) {
      gst_clear_caps (&side->caps[s]);
      gst_clear_caps (&pair->config[i].send[s]);
    }
    g_clear_error (&side->error);
    g_free (side->path);
    g_queue_clear_full (&side->messages, g_free);
    g_mutex_clear (&side->lock);
  }
  fail_unless (vm_peer_join_workers (WORKERS_TIME));
  g_free (pair->held);
  gst_object_unref (pair->clock);
}

/* --- waiting --- */

static gboolean
wake (gpointer expired)
{
  if (expired)
    *(gboolean *) expired = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
wait_for (Condition condition, gpointer data, guint ms)
{
  gboolean expired = FALSE, met;
  guint deadline = g_timeout_add (ms, wake, &expired);
  guint poll = g_timeout_add (5, wake, NULL);

  while (!(met = condition (data)) && !expired)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (deadline);
  g_source_remove (poll);
  return met;
}

static gboolean
pair_is_connected (gpointer data)
{
  Pair *pair = data;

  return pair->sides[0].state == VM_PEER_STATE_CONNECTED
         && pair->sides[1].state == VM_PEER_STATE_CONNECTED;
}

void
pair_expect_connected (Pair *pair)
{
  fail_unless (wait_for (pair_is_connected, pair, PAIR_CONNECT_MS),
      "states %s %s, errors %s %s",
      vm_peer_state_to_string (pair->sides[0].state),
      vm_peer_state_to_string (pair->sides[1].state),
      pair->sides[0].error ? pair->sides[0].error->message : "none",
      pair->sides[1].error ? pair->sides[1].error->message : "none");
}

gboolean
pair_channels_are_open (gpointer data)
{
  Pair *pair = data;

  return pair->sides[0].channels_open == 3 && pair->sides[1].channels_open == 3;
}

typedef struct
{
  Side *side;
  VmPeerStream stream;
  gint samples;
} Wanted;

static gboolean
has_samples (gpointer data)
{
  Wanted *wanted = data;

  return g_atomic_int_get (&wanted->side->samples[wanted->stream])
         >= wanted->samples;
}

void
pair_expect_samples (Pair *pair, guint side, VmPeerStream stream, gint samples)
{
  Side *s = &pair->sides[side];
  Wanted wanted = { s, stream,
    g_atomic_int_get (&s->samples[stream]) + samples };

  fail_unless (wait_for (has_samples, &wanted, PAIR_MEDIA_MS),
      "side %u stream %d: %d samples, error %s", side, stream,
      s->samples[stream], s->error ? s->error->message : "none");
}

void
pair_expect_clean (Pair *pair)
{
  for (guint i = 0; i < 2; i++) {
    fail_unless (pair->sides[i].error == NULL);
    fail_unless_equals_int (pair->sides[i].bad_first, 0);
    fail_unless_equals_int (pair->sides[i].bad_times, 0);
  }
}

gboolean
side_has_ended (gpointer data)
{
  return ((Side *) data)->ended;
}

guint
count_threads (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}
