/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "elements/knownfaults.h"
#include "elements/peerpair.h"

#include <gst/app/gstappsink.h>
#include "program.h"

#include <gst/webrtc/webrtc.h>
#include <stdlib.h>
#include <string.h>

/* What GStreamer's RTP session would lose. */

#define MEDIA_MS 60000 /* a second of it, where others take the cores */

/* --- pictures that come later than they began to --- */

#define SLIDE_MS 500
#define SLIDE_LATE_MS 400 /* twice what the jitter buffer waits */
#define SLIDES_ON_TIME 3

typedef struct
{
  Pair *pair;
  GstSample *picture; /* a key frame, of several packets */
  GstClockTime began; /* running time */
  guint pushed;
  guint source;
} Slides;

static gboolean
push_slide (gpointer data)
{
  Slides *slides = data;
  g_autoptr (GstBuffer) buffer =
      gst_buffer_copy (gst_sample_get_buffer (slides->picture));
  g_autoptr (GstSample) sample = NULL;
  gboolean late = slides->pushed + 1 == SLIDES_ON_TIME;

  GST_BUFFER_PTS (buffer) =
      slides->began + slides->pushed++ * SLIDE_MS * GST_MSECOND;
  sample = gst_sample_new (
      buffer, gst_sample_get_caps (slides->picture), NULL, NULL);
  vm_peer_push (slides->pair->sides[0].peer, VM_PEER_VIDEO, sample);
  slides->source = g_timeout_add (
      late ? SLIDE_MS + SLIDE_LATE_MS : SLIDE_MS, push_slide, slides);
  return G_SOURCE_REMOVE;
}

static GstSample *
make_picture (void)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "videotestsrc pattern=snow num-buffers=1 ! "
      "video/x-raw,width=160,height=120,framerate=2/1 ! vp8enc deadline=1 ! "
      "appsink name=sink sync=false",
      NULL);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  sample = gst_app_sink_try_pull_sample (
      GST_APP_SINK (sink), MEDIA_MS * GST_MSECOND);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (sample != NULL);
  fail_unless (gst_buffer_get_size (gst_sample_get_buffer (sample)) > 3000);
  return sample;
}

static gboolean
has_late_ones (gpointer data)
{
  return g_atomic_int_get (&((Side *) data)->samples[VM_PEER_VIDEO])
         >= SLIDES_ON_TIME + 5;
}

/* Seldom ones, as of a screen. The others would be in time by what is known of
 * those before, and each would count as lost before it is sent. */
GST_START_TEST (test_later_than_they_began)
{
  static Pair pair;
  Slides slides = { &pair, make_picture () };

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_VIDEO, VP8_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_VIDEO, NULL, TRUE);
  pair_make (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  slides.began = gst_clock_get_time (pair.clock) - pair.base_time;
  push_slide (&slides);
  fail_unless (wait_for (has_late_ones, &pair.sides[1], MEDIA_MS),
      "%d of %u came", pair.sides[1].samples[VM_PEER_VIDEO], slides.pushed);
  /* all that were sent, but those on their way */
  fail_unless (
      slides.pushed <= (guint) pair.sides[1].samples[VM_PEER_VIDEO] + 2,
      "%d of %u came", pair.sides[1].samples[VM_PEER_VIDEO], slides.pushed);
  g_source_remove (slides.source);
  gst_sample_unref (slides.picture);
  pair_clear (&pair);
}

GST_END_TEST;

/* --- a stream that begins late --- */

/* The screen's by the offer, which has no other picture; the next is that of
 * its packets that are sent again. */
static guint
expected_ssrc (Side *side)
{
  GstWebRTCSessionDescription *offer = NULL;
  g_autofree gchar *sdp = NULL;
  const gchar *line;

  g_object_get (side->peer->webrtc, "remote-description", &offer, NULL);
  sdp = gst_sdp_message_as_text (offer->sdp);
  gst_webrtc_session_description_free (offer);
  line = strstr (sdp, "m=video");
  line = line ? strstr (line, "a=ssrc:") : NULL;
  fail_unless (line != NULL, "%s", sdp);
  return strtoul (line + strlen ("a=ssrc:"), NULL, 10);
}

static gboolean
has_ten (gpointer data)
{
  return g_atomic_int_get (&((Side *) data)->samples[VM_PEER_SCREEN]) >= 10;
}

static const gchar *const given_up[] = { "on-timeout", "on-sender-timeout" };

/* Of a screen that is not shared a browser may send one packet of padding, and
 * nothing for minutes; the session gives up that SSRC, as it says with these
 * signals. */
GST_START_TEST (test_screen_after_a_long_silence)
{
  static Pair pair;
  g_autoptr (GstElement) rtpbin = NULL;

  pair_init (&pair);
  pair_config (&pair, 0, VM_PEER_AUDIO, OPUS_CAPS, FALSE);
  pair_config (&pair, 0, VM_PEER_SCREEN, VP8_CAPS, FALSE);
  pair_config (&pair, 1, VM_PEER_AUDIO, NULL, TRUE);
  pair_config (&pair, 1, VM_PEER_SCREEN, NULL, TRUE);
  pair_make (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  rtpbin = gst_bin_get_by_name (GST_BIN (pair.sides[1].peer->webrtc), "rtpbin");
  g_signal_emit_by_name (
      rtpbin, given_up[__i__], 0, expected_ssrc (&pair.sides[1]));
  pair_feed (&pair, 0, VM_PEER_SCREEN);
  fail_unless (wait_for (has_ten, &pair.sides[1], MEDIA_MS), "%d pictures",
      pair.sides[1].samples[VM_PEER_SCREEN]);
  pair_clear (&pair);
}

GST_END_TEST;

/* --- sound that is lost, or late --- */

#define PACKET_MS 20
#define PACKETS 120
#define SPECIAL 30 /* which of them is lost, or late */
#define PACKETS_LATE_MS 150

typedef struct
{
  Pair *pair;
  GstSample *packet;
  GstClockTime began; /* running time */
  guint pushed;
  guint late_ms;
  guint source;
} Packets;

static GstSample *
make_packet (void)
{
  g_autoptr (GstElement) pipeline =
      gst_parse_launch ("audiotestsrc num-buffers=4 samplesperbuffer=960 ! "
                        "audio/x-raw,rate=48000,channels=1 ! opusenc ! "
                        "appsink name=sink sync=false",
          NULL);
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  sample = gst_app_sink_try_pull_sample (
      GST_APP_SINK (sink), MEDIA_MS * GST_MSECOND);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (sample != NULL);
  return sample;
}

/* Those that are due by the clock. */
static gboolean
push_packets (gpointer data)
{
  Packets *packets = data;
  Side *side = &packets->pair->sides[0];
  GstClockTime now =
      gst_clock_get_time (packets->pair->clock) - packets->pair->base_time;

  for (; packets->pushed < PACKETS; packets->pushed++) {
    GstClockTime due =
        packets->began + packets->pushed * PACKET_MS * GST_MSECOND;
    g_autoptr (GstBuffer) buffer = NULL;
    g_autoptr (GstSample) sample = NULL;
    guint late = packets->pushed == SPECIAL ? packets->late_ms : 0;

    if (due + late * GST_MSECOND > now)
      return G_SOURCE_CONTINUE;
    buffer = gst_buffer_copy (gst_sample_get_buffer (packets->packet));
    GST_BUFFER_PTS (buffer) = due;
    sample = gst_sample_new (
        buffer, gst_sample_get_caps (packets->packet), NULL, NULL);
    vm_peer_push (side->peer, VM_PEER_AUDIO, sample);
  }
  return G_SOURCE_CONTINUE;
}

static GstPadProbeReturn
lose_one (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  gint *left = user_data;

  return (*left)-- == 0 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

static GstPad *
find_payloader (Pair *pair)
{
  g_autoptr (GstIterator) it =
      gst_bin_iterate_recurse (GST_BIN (pair->sides[0].peer->pipeline));
  g_auto (GValue) item = G_VALUE_INIT;

  while (gst_iterator_next (it, &item) == GST_ITERATOR_OK) {
    GstElement *element = g_value_get_object (&item);
    GstElementFactory *factory = gst_element_get_factory (element);

    if (factory && strcmp (GST_OBJECT_NAME (factory), "rtpopuspay") == 0)
      return gst_element_get_static_pad (element, "src");
    g_value_reset (&item);
  }
  return NULL;
}

static void
begin_packets (Packets *packets, Pair *pair)
{
  pair_init (pair);
  pair_config (pair, 0, VM_PEER_AUDIO, OPUS_CAPS, FALSE);
  pair_config (pair, 1, VM_PEER_AUDIO, NULL, TRUE);
  /* what all are waited for, were it not for the other */
  pair->config[1].latency_ms = MEDIA_MS;
  pair->config[1].sound_wait_ms = PACKET_MS;
  pair_make (pair);
  pair_start (pair);
  pair_expect_connected (pair);
  packets->pair = pair;
  packets->packet = make_packet ();
  packets->began = gst_clock_get_time (pair->clock) - pair->base_time;
  packets->source = g_timeout_add (PACKET_MS / 2, push_packets, packets);
}

static void
end_packets (Packets *packets)
{
  g_source_remove (packets->source);
  gst_sample_unref (packets->packet);
  pair_clear (packets->pair);
}

static gboolean
has_all_but_one (gpointer data)
{
  return g_atomic_int_get (&((Side *) data)->samples[VM_PEER_AUDIO])
         >= PACKETS - 1;
}

GST_START_TEST (test_lost_sound_is_not_waited_for)
{
  static Pair pair;
  static gint left = SPECIAL;
  g_autoptr (GstPad) payloader = NULL;
  Packets packets = { 0 };

  begin_packets (&packets, &pair);
  payloader = find_payloader (&pair);
  gst_pad_add_probe (
      payloader, GST_PAD_PROBE_TYPE_BUFFER, lose_one, &left, NULL);
  fail_unless (wait_for (has_all_but_one, &pair.sides[1], MEDIA_MS / 2),
      "only %d came", pair.sides[1].samples[VM_PEER_AUDIO]);
  end_packets (&packets);
}

GST_END_TEST;

/* Though it is later than lost sound is waited for. */
GST_START_TEST (test_late_sound_keeps_its_time)
{
  static Pair pair;
  Packets packets = { .late_ms = PACKETS_LATE_MS };
  GstClockTimeDiff moved;

  begin_packets (&packets, &pair);
  fail_unless (wait_for (has_all_but_one, &pair.sides[1], MEDIA_MS),
      "only %d came", pair.sides[1].samples[VM_PEER_AUDIO]);
  g_mutex_lock (&pair.sides[1].lock);
  moved =
      GST_CLOCK_DIFF (packets.began + (PACKETS - 1) * PACKET_MS * GST_MSECOND,
          pair.sides[1].last_time[VM_PEER_AUDIO]);
  g_mutex_unlock (&pair.sides[1].lock);
  fail_unless (moved < PACKETS_LATE_MS * GST_MSECOND / 2,
      "by %" GST_STIME_FORMAT, GST_STIME_ARGS (moved));
  end_packets (&packets);
}

GST_END_TEST;

static Suite *
vmpeerrtp_suite (void)
{
  Suite *s = suite_create ("vmpeerrtp");
  TCase *tc = tcase_create ("rtp");

  known_faults_pass ();
  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_set_timeout (tc, 240);
  tcase_add_test (tc, test_later_than_they_began);
  tcase_add_test (tc, test_lost_sound_is_not_waited_for);
  tcase_add_test (tc, test_late_sound_keeps_its_time);
  tcase_add_loop_test (
      tc, test_screen_after_a_long_silence, 0, G_N_ELEMENTS (given_up));
  return s;
}

CHECK_PROGRAM (vmpeerrtp)
