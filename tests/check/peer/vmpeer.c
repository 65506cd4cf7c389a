/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "elements/knownfaults.h"
#include "elements/peerpair.h"

#include <agent.h>
#include "program.h"

#include <string.h>
#include <sys/socket.h>

static void
expect_caps (Pair *pair, guint side, VmPeerStream stream, const gchar *text)
{
  Side *s = &pair->sides[side];
  g_autoptr (GstCaps) wanted = gst_caps_from_string (text);

  g_mutex_lock (&s->lock);
  fail_unless (gst_caps_is_subset (s->caps[stream], wanted), "%" GST_PTR_FORMAT,
      s->caps[stream]);
  g_mutex_unlock (&s->lock);
}

static void
expect_no_fec_decoder (Side *side)
{
  GstIterator *it = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (side->peer->webrtc), "rtpulpfecdec");
  GValue item = G_VALUE_INIT;
  GstIteratorResult result;

  while ((result = gst_iterator_next (it, &item)) == GST_ITERATOR_RESYNC)
    gst_iterator_resync (it);
  fail_unless_equals_int (result, GST_ITERATOR_DONE);
  gst_iterator_free (it);
}

static gint
get_receive_buffer (GSocket *socket)
{
  gint size = 0;

  fail_unless (
      g_socket_get_option (socket, SOL_SOCKET, SO_RCVBUF, &size, NULL));
  return size;
}

/* As much as the kernel gives whoever asks for it, and more than whoever does
 * not. */
static void
expect_wide_socket (Side *side)
{
  g_autoptr (GSocket) own = g_socket_new (G_SOCKET_FAMILY_IPV4,
      G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_UDP, NULL);
  gint usual = get_receive_buffer (own);
  g_autoptr (GSocket) socket =
      nice_agent_get_selected_socket (NICE_AGENT (side->peer->agent), 1, 1);
  gint size = get_receive_buffer (socket);

  g_socket_set_option (
      own, SOL_SOCKET, SO_RCVBUF, VM_PEER_RECEIVE_BUFFER, NULL);
  fail_unless_equals_int (size, get_receive_buffer (own));
  fail_unless (size > usual, "%d bytes", size);
}

GST_START_TEST (test_vp8_opus_both_ways)
{
  static Pair pair;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  for (guint i = 0; i < 2; i++) {
    pair_expect_samples (&pair, i, VM_PEER_AUDIO, 15);
    pair_expect_samples (&pair, i, VM_PEER_VIDEO, 10);
    expect_caps (&pair, i, VM_PEER_VIDEO, "video/x-vp8, width=160, height=120");
    expect_caps (&pair, i, VM_PEER_AUDIO, "audio/x-opus");
    fail_unless_equals_string (pair.sides[i].path, "host");
    expect_no_fec_decoder (&pair.sides[i]);
    expect_wide_socket (&pair.sides[i]);
  }
  g_print ("connected after %d and %d ms, first video after %d and %d ms\n",
      (gint) (pair.connected[0] - pair.started) / 1000,
      (gint) (pair.connected[1] - pair.started) / 1000,
      (gint) (pair.sides[0].first_sample[1] - pair.started) / 1000,
      (gint) (pair.sides[1].first_sample[1] - pair.started) / 1000);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* H.264 one way, encoded elsewhere: it arrives as avc with codec_data. */
GST_START_TEST (test_h264)
{
  static Pair pair;

  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    pair_config (&pair, i, VM_PEER_VIDEO, H264_CAPS, TRUE);
  pair_make (&pair);
  for (guint i = 0; i < 2; i++)
    pair_feed (&pair, i, VM_PEER_VIDEO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  for (guint i = 0; i < 2; i++) {
    pair_expect_samples (&pair, i, VM_PEER_VIDEO, 10);
    expect_caps (&pair, i, VM_PEER_VIDEO,
        "video/x-h264, stream-format=avc, alignment=au, width=160, height=120");
  }
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

GST_START_TEST (test_audio_only)
{
  static Pair pair;

  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    pair_config (&pair, i, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  for (guint i = 0; i < 2; i++)
    pair_feed (&pair, i, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  for (guint i = 0; i < 2; i++)
    pair_expect_samples (&pair, i, VM_PEER_AUDIO, 45);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* The offerer shows camera and screen and takes sound; the other only speaks
 * and looks. */
GST_START_TEST (test_one_way)
{
  static Pair pair;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, NULL, TRUE);
  pair_config (&pair, 0, VM_PEER_VIDEO, VP8_CAPS, FALSE);
  pair_config (&pair, 0, VM_PEER_SCREEN, VP8_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_AUDIO, OPUS_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_VIDEO, NULL, TRUE);
  pair_config (&pair, 1, VM_PEER_SCREEN, NULL, TRUE);
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_VIDEO);
  pair_feed (&pair, 0, VM_PEER_SCREEN);
  pair_feed (&pair, 1, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 0, VM_PEER_AUDIO, 15);
  pair_expect_samples (&pair, 1, VM_PEER_VIDEO, 10);
  pair_expect_samples (&pair, 1, VM_PEER_SCREEN, 10);
  fail_unless_equals_int (pair.sides[1].samples[VM_PEER_AUDIO], 0);
  fail_unless_equals_int (pair.sides[0].samples[VM_PEER_VIDEO], 0);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* Of an offerer that only takes, the answerer's codec decides. The screen is
 * told from the camera, which nobody has. */
GST_START_TEST (test_receive_only_offerer)
{
  static Pair pair;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_SCREEN, NULL, TRUE);
  pair_config (&pair, 1, VM_PEER_SCREEN, H264_CAPS, FALSE);
  pair_make (&pair);
  pair_feed (&pair, 1, VM_PEER_SCREEN);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 0, VM_PEER_SCREEN, 10);
  fail_unless_equals_int (pair.sides[0].samples[VM_PEER_VIDEO], 0);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* What the answerer does not want is not sent. */
GST_START_TEST (test_unwanted_stream)
{
  static Pair pair;
  g_autoptr (GstStructure) stats = NULL;
  guint64 sent = 1;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_config (&pair, 0, VM_PEER_VIDEO, VP8_CAPS, TRUE);
  pair_config (&pair, 1, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_AUDIO);
  pair_feed (&pair, 0, VM_PEER_VIDEO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 15);
  stats = vm_peer_get_stats (pair.sides[0].peer);
  fail_unless (gst_structure_get_uint64 (stats, "video-frames-sent", &sent));
  fail_unless_equals_uint64 (sent, 0);
  fail_unless_equals_int (pair.sides[1].samples[VM_PEER_VIDEO], 0);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

GST_START_TEST (test_candidates_before_description)
{
  static Pair pair;

  pair_init (&pair);
  pair.hold_descriptions = TRUE;
  for (guint i = 0; i < 2; i++)
    pair_config (&pair, i, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  for (guint i = 0; i < 2; i++) {
    fail_unless (pair.sides[i].candidates > 0);
    fail_unless_equals_int (pair.sides[i].ends, 1);
  }
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 5);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* The constant's own limit: at it a candidate is kept, above it is not. */
GST_START_TEST (test_early_candidates_bounded)
{
  static Pair pair;
  const gchar *candidate = "candidate:1 1 UDP 2015363327 127.0.0.1 9 typ host";

  pair_init (&pair);
  pair_config (&pair, 1, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  vm_peer_start (pair.sides[1].peer);
  for (guint i = 0; i < VM_PEER_CANDIDATES_EARLY; i++) {
    vm_peer_add_candidate (pair.sides[1].peer, 0, candidate);
    fail_unless_equals_int (pair.sides[1].peer->early.length, i + 1);
  }
  vm_peer_add_candidate (pair.sides[1].peer, 0, candidate);
  fail_unless_equals_int (
      pair.sides[1].peer->early.length, VM_PEER_CANDIDATES_EARLY);
  pair_clear (&pair);
}

GST_END_TEST;

static gint blocked; /* atomic: something waits at the pad */

static GstPadProbeReturn
block (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  g_atomic_int_set (&blocked, TRUE);
  return GST_PAD_PROBE_OK;
}

/* Holds what @side sends where its payloader ends. */
static GstPad *
hold_up (Side *side, gulong *id)
{
  g_autoptr (GstPad) sink =
      gst_pad_get_peer (side->peer->link->out[VM_PEER_VIDEO].pad);
  g_autoptr (GstElement) payloader = gst_pad_get_parent_element (sink);
  GstPad *pad = gst_element_get_static_pad (payloader, "src");

  g_atomic_int_set (&blocked, FALSE);
  *id = gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BLOCK_DOWNSTREAM, block, NULL, NULL);
  return pad;
}

/* A frame is inside and stays there, and is not just passing through. */
static gboolean
holds (gpointer data)
{
  VmPeerLink *link = ((Side *) data)->peer->link;
  gboolean inside;

  g_mutex_lock (&link->lock);
  inside = g_atomic_int_get (&blocked) && link->out[VM_PEER_VIDEO].inside;
  g_mutex_unlock (&link->lock);
  return inside;
}

static void
send_streaming_pair (Pair *pair)
{
  pair_init (pair);
  pair_config (pair, 0, VM_PEER_VIDEO, VP8_CAPS, FALSE);
  pair_config (pair, 1, VM_PEER_VIDEO, NULL, TRUE);
  pair_make (pair);
  pair_feed (pair, 0, VM_PEER_VIDEO);
  pair_start (pair);
  pair_expect_connected (pair);
  pair_expect_samples (pair, 1, VM_PEER_VIDEO, 10);
}

static guint64
count_dropped (Side *side)
{
  guint64 dropped = 0;
  g_autoptr (GstStructure) stats = vm_peer_get_stats (side->peer);

  gst_structure_get_uint64 (stats, "video-frames-dropped", &dropped);
  return dropped;
}

/* A frame is inside, and does not come out: the next one is dropped at once,
 * and it goes on with a key frame that was asked for. */
GST_START_TEST (test_held_up)
{
  static Pair pair;
  Side *side = &pair.sides[0];
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstBuffer) buffer = gst_buffer_new_allocate (NULL, 10, NULL);
  g_autoptr (GstSample) sample = gst_sample_new (buffer, NULL, NULL, NULL);
  guint64 dropped;
  guint before;
  gulong id;

  send_streaming_pair (&pair);
  before = side->key_units[VM_PEER_VIDEO];
  pad = hold_up (side, &id);
  fail_unless (wait_for (holds, side, PAIR_MEDIA_MS));
  for (guint i = 0; i < VM_PEER_STALL_CHECKS; i++)
    vm_peer_check_stalled (side->peer);
  /* what came before the first key frame was dropped, too */
  dropped = count_dropped (side);
  vm_peer_push (side->peer, VM_PEER_VIDEO, sample);
  fail_unless_equals_uint64 (count_dropped (side), dropped + 1);
  fail_unless (side->peer->link->out[VM_PEER_VIDEO].wait_key);
  gst_pad_remove_probe (pad, id);

  pair_expect_samples (&pair, 1, VM_PEER_VIDEO, 60);
  fail_unless (side->key_units[VM_PEER_VIDEO] > before);
  fail_if (side->peer->link->out[VM_PEER_VIDEO].wait_key);
  fail_unless_equals_int (pair.sides[1].bad_first, 0);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

/* It never comes out: the peer is given up, and whoever pushed is let go. */
GST_START_TEST (test_stalled)
{
  static Pair pair;
  Side *side = &pair.sides[0];
  g_autoptr (GstPad) pad = NULL;
  gulong id;

  send_streaming_pair (&pair);
  pad = hold_up (side, &id);
  fail_unless (wait_for (holds, side, PAIR_MEDIA_MS));
  for (guint i = 0; i < VM_PEER_STALL_CHECKS + 1; i++)
    vm_peer_check_stalled (side->peer);
  fail_unless (wait_for (side_has_ended, side, PAIR_MEDIA_MS));
  fail_unless (g_error_matches (side->error, VM_ERROR, VM_ERROR_TIMEOUT));
  pair_clear (&pair);
}

GST_END_TEST;

typedef struct
{
  Side *side;
  guint times;
} Asked;

static gboolean
was_asked (gpointer data)
{
  Asked *asked = data;

  return asked->side->key_units[VM_PEER_VIDEO] >= asked->times;
}

/* Bursts of requests become one every 500 ms. A busy machine loses packets, for
 * which the receiver asks too. */
GST_START_TEST (test_key_units)
{
  static Pair pair;
  Asked asked = { &pair.sides[0] };

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_VIDEO, VP8_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_VIDEO, NULL, TRUE);
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_VIDEO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 1, VM_PEER_VIDEO, 30);
  fail_unless (pair.sides[0].key_units[VM_PEER_VIDEO] >= 1);
  for (guint burst = 0; burst < 2; burst++) {
    asked.times = pair.sides[0].key_units[VM_PEER_VIDEO] + 1;
    for (guint i = 0; i < 20; i++)
      vm_peer_request_key_unit (pair.sides[1].peer, VM_PEER_VIDEO);
    fail_unless (wait_for (was_asked, &asked, PAIR_MEDIA_MS));
  }
  pair_expect_samples (&pair, 1, VM_PEER_VIDEO, 30);
  fail_unless (pair.sides[0].key_unit_gap
                   >= VM_PEER_KEY_UNIT_MS * G_TIME_SPAN_MILLISECOND,
      "%" G_GINT64_FORMAT " us between two", pair.sides[0].key_unit_gap);
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

typedef struct
{
  guint times[VM_PEER_STREAMS_OF_MANY];
  guint wanted;
} Missed;

static void
on_missed (VmPeer *peer, guint stream, Missed *missed)
{
  missed->times[stream]++;
}

static gboolean
was_missed (gpointer data)
{
  Missed *missed = data;

  return missed->times[0] >= missed->wanted
         && missed->times[VM_PEER_STREAMS_OF_MANY - 1] >= missed->wanted;
}

/* Whoever sends the streams of many is asked by the owner, for each of them as
 * often. */
GST_START_TEST (test_key_units_of_many)
{
  const VmPeerConfig config = { .many = TRUE };
  g_autoptr (VmPeer) peer = vm_peer_new (&config, NULL, NULL, NULL);
  Missed missed = { { 0 }, 1 };
  gint64 since = g_get_monotonic_time ();

  g_signal_connect (peer, "key-unit-missed", G_CALLBACK (on_missed), &missed);
  for (guint i = 0; i < 20; i++) {
    vm_peer_request_key_unit (peer, 0);
    vm_peer_request_key_unit (peer, VM_PEER_STREAMS_OF_MANY - 1);
  }
  fail_unless (wait_for (was_missed, &missed, PAIR_MEDIA_MS));
  missed.wanted = 2;
  fail_unless (wait_for (was_missed, &missed, PAIR_MEDIA_MS));
  fail_unless (g_get_monotonic_time () - since
               >= VM_PEER_KEY_UNIT_MS * G_TIME_SPAN_MILLISECOND);
  /* that was all of the burst */
  missed.wanted = 3;
  fail_if (wait_for (was_missed, &missed, 2 * VM_PEER_KEY_UNIT_MS));
  vm_peer_close (peer);
}

GST_END_TEST;

GST_START_TEST (test_stats)
{
  static const gchar *const counted[] = { "bytes-sent", "bytes-received",
    "packets-sent", "packets-received", "audio-frames-sent",
    "audio-frames-received" };
  static Pair pair;
  gint connect_ms = 0;
  gint64 lost = -1;

  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    pair_config (&pair, i, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair_make (&pair);
  for (guint i = 0; i < 2; i++)
    pair_feed (&pair, i, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 0, VM_PEER_AUDIO, 45);
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 45);
  for (guint close = 0; close < 2; close++) {
    g_autoptr (GstStructure) stats = vm_peer_get_stats (pair.sides[0].peer);

    for (guint i = 0; i < G_N_ELEMENTS (counted); i++) {
      guint64 value = 0;

      fail_unless (gst_structure_get_uint64 (stats, counted[i], &value));
      fail_unless (value > 40, "%s %" G_GUINT64_FORMAT, counted[i], value);
    }
    fail_unless (gst_structure_get_int64 (stats, "packets-lost", &lost));
    fail_unless_equals_int64 (lost, 0);
    fail_unless (gst_structure_get_int (stats, "connect-ms", &connect_ms));
    fail_unless (connect_ms > 0);
    fail_unless_equals_string (
        gst_structure_get_string (stats, "path"), "host");
    vm_peer_close (pair.sides[0].peer);
  }
  pair_clear (&pair);
}

GST_END_TEST;

/* Packets one side says it got of what the other numbered, for the whole
 * bundle; webrtcbin's answers drop the numbering if nobody looks after it. */
static gint
feedback_packets (Side *side)
{
  g_autoptr (GstElement) rtpbin =
      gst_bin_get_by_name (GST_BIN (side->peer->webrtc), "rtpbin");
  g_autoptr (GObject) session = NULL;
  g_autoptr (GstStructure) stats = NULL;
  guint received = 0;

  g_signal_emit_by_name (rtpbin, "get-session", 0u, &session);
  g_object_get (session, "twcc-stats", &stats, NULL);
  if (stats)
    gst_structure_get_uint (stats, "packets-recv", &received);
  return received;
}

static gboolean
has_feedback (gpointer data)
{
  Pair *pair = data;

  return feedback_packets (&pair->sides[0]) > 0
         && feedback_packets (&pair->sides[1]) > 0;
}

GST_START_TEST (test_congestion_feedback)
{
  static Pair pair;

  pair_make_talkers (&pair);
  pair_feed_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (has_feedback, &pair, PAIR_MEDIA_MS));
  pair_expect_clean (&pair);
  pair_clear (&pair);
}

GST_END_TEST;

static GstPadProbeReturn
claim_others (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = gst_buffer_make_writable (info->data);
  guint8 head[13] = { 0 };
  gint *claims = user_data;

  info->data = buffer;
  gst_buffer_extract (buffer, 0, head, sizeof head);
  if (head[0] == 0x8f && head[1] == 205) {
    /* the first number */
    gst_buffer_memset (buffer, 12, head[12] ^ 0x40, 1);
    g_atomic_int_inc (claims);
  }
  return GST_PAD_PROBE_OK;
}

static gboolean
has_five (gpointer claims)
{
  return g_atomic_int_get ((gint *) claims) >= 5;
}

/* Feedback on what was not sent does not get to the RTP session. */
GST_START_TEST (test_false_feedback)
{
  static Pair pair;
  g_autoptr (GstElement) rtpbin = NULL;
  g_autoptr (GstElement) session = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint claims = 0;

  pair_make_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  rtpbin = gst_bin_get_by_name (GST_BIN (pair.sides[1].peer->webrtc), "rtpbin");
  g_signal_emit_by_name (rtpbin, "get-session", 0u, &session);
  pad = gst_element_get_static_pad (session, "send_rtcp_src");
  gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BUFFER, claim_others, &claims, NULL);
  pair_feed_talkers (&pair);
  fail_unless (wait_for (has_five, &claims, PAIR_MEDIA_MS));
  pair_expect_samples (&pair, 0, VM_PEER_AUDIO, 45);
  fail_unless_equals_int (feedback_packets (&pair.sides[0]), 0);
  pair_clear (&pair);
}

GST_END_TEST;

static gboolean
times_are_good (gpointer data)
{
  Side *side = data;
  gint samples = g_atomic_int_get (&side->samples[VM_PEER_AUDIO]);

  return samples > 0 && g_atomic_int_get (&side->good_times) >= 25;
}

/* The parent went to PAUSED and back: running time is another. */
GST_START_TEST (test_new_base_time)
{
  static Pair pair;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, OPUS_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_AUDIO, NULL, TRUE);
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 15);
  pair_expect_clean (&pair);
  g_mutex_lock (&pair.sides[1].lock);
  pair.sides[1].base_time += 10 * GST_SECOND;
  g_mutex_unlock (&pair.sides[1].lock);
  vm_peer_set_clock (pair.sides[1].peer, pair.clock, pair.sides[1].base_time);
  g_atomic_int_set (&pair.sides[1].good_times, 0);
  fail_unless (wait_for (times_are_good, &pair.sides[1], PAIR_MEDIA_MS));
  pair_clear (&pair);
}

GST_END_TEST;

/* A base time that an application has set to a moment to come. */
GST_START_TEST (test_base_time_to_come)
{
  static Pair pair;
  GstClockTime future;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, OPUS_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_AUDIO, NULL, TRUE);
  future = pair.base_time + 3600 * GST_SECOND;
  pair.config[1].base_time = future;
  pair_make (&pair);
  pair_feed (&pair, 0, VM_PEER_AUDIO);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 15);
  vm_peer_set_clock (pair.sides[1].peer, pair.clock, future);
  g_atomic_int_set (&pair.sides[1].samples[VM_PEER_AUDIO], 0);
  pair_expect_samples (&pair, 1, VM_PEER_AUDIO, 50);
  pair_clear (&pair);
}

GST_END_TEST;

static Suite *
vmpeer_suite (void)
{
  Suite *s = suite_create ("vmpeer");
  TCase *tc = tcase_create ("media");

  known_faults_pass ();
  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_set_timeout (tc, 180);
  tcase_add_test (tc, test_vp8_opus_both_ways);
  tcase_add_test (tc, test_h264);
  tcase_add_test (tc, test_audio_only);
  tcase_add_test (tc, test_one_way);
  tcase_add_test (tc, test_receive_only_offerer);
  tcase_add_test (tc, test_unwanted_stream);
  tcase_add_test (tc, test_candidates_before_description);
  tcase_add_test (tc, test_early_candidates_bounded);
  tcase_add_test (tc, test_held_up);
  tcase_add_test (tc, test_stalled);
  tcase_add_test (tc, test_key_units);
  tcase_add_test (tc, test_key_units_of_many);
  tcase_add_test (tc, test_stats);
  tcase_add_test (tc, test_congestion_feedback);
  tcase_add_test (tc, test_false_feedback);
  tcase_add_test (tc, test_new_base_time);
  tcase_add_test (tc, test_base_time_to_come);
  return s;
}

CHECK_PROGRAM (vmpeer)
