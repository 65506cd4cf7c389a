/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Sound that was lost on its way: from the encoder through a jitter buffer to
 * what is heard. */

#include "media/vmcodec.h"
#include "media/vmopusdecoder.h"
#include "media/vmoutput.h"
#include "peer/vmpeer-loss.h"
#include "program.h"

#include <gst/app/gstappsink.h>
#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>
#include <gst/rtp/rtp.h>
#include <math.h>

GST_DEBUG_CATEGORY_EXTERN (vm_signal_debug);

#define PACKET_MS 20
#define PACKET (PACKET_MS * GST_MSECOND)
#define SAMPLES (48 * PACKET_MS)
#define WAIT_MS 20000
#define DROP_EACH 10

/* --- packets --- */

/* A tone, and where @silent is not 0 silence in the packets from @silent up to
 * @loud. */
static GstBuffer *
make_piece (guint n, guint silent, guint loud)
{
  GstBuffer *piece =
      gst_buffer_new_allocate (NULL, SAMPLES * sizeof (gint16), NULL);
  GstMapInfo map;

  gst_buffer_map (piece, &map, GST_MAP_WRITE);
  for (guint i = 0; i < SAMPLES; i++)
    ((gint16 *) map.data)[i] =
        silent && n >= silent && n < loud
            ? 0
            : (gint16) (8000
                        * sin (2 * G_PI * 440 * (n * SAMPLES + i) / 48000.0));
  gst_buffer_unmap (piece, &map);
  GST_BUFFER_PTS (piece) = n * PACKET;
  GST_BUFFER_DURATION (piece) = PACKET;
  return piece;
}

/* Takes @element, which is floating. */
static GstHarness *
harness_new (GstElement *element)
{
  GstHarness *harness;

  gst_object_ref_sink (element);
  harness = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  return harness;
}

/* @count packets as this device sends them when a tenth is lost. */
static GPtrArray *
encode (guint count, guint silent, guint loud)
{
  GPtrArray *packets =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  g_autoptr (GError) error = NULL;
  VmSoundSettings settings;
  GstElement *encoder =
      vm_codec_make_encoder (VM_CODEC_OPUS, VM_SOUND_VOICE_BITRATE, &error);
  GstHarness *harness;

  g_assert_no_error (error);
  vm_sound_settings_init (&settings, VM_AUDIO_PROFILE_VOICE);
  settings.loss = 100 / DROP_EACH;
  vm_codec_set_sound (encoder, &settings);
  harness = harness_new (encoder);
  gst_harness_set_src_caps_str (
      harness, "audio/x-raw,format=" GST_AUDIO_NE (
                   S16) ",rate=48000,channels=1,layout=interleaved");
  for (guint n = 0; n < count; n++) {
    fail_unless_equals_int (
        gst_harness_push (harness, make_piece (n, silent, loud)), GST_FLOW_OK);
    while (gst_harness_buffers_in_queue (harness)) {
      GstBuffer *packet = gst_harness_pull (harness);

      GST_BUFFER_PTS (packet) = packets->len * PACKET;
      GST_BUFFER_DURATION (packet) = PACKET;
      g_ptr_array_add (packets, packet);
    }
  }
  gst_harness_teardown (harness);
  fail_unless (packets->len + 1 >= count, "%u packets", packets->len);
  return packets;
}

/* --- a decoder by itself --- */

static GstHarness *
decoder_new (void)
{
  GstHarness *harness = harness_new (vm_opus_decoder_new ());

  gst_harness_set_src_caps_str (harness,
      "audio/x-opus,channel-mapping-family=(int)0,channels=(int)2,"
      "rate=(int)48000");
  return harness;
}

/* Pushes the packet behind @count that are lost from @from on. */
static void
decoder_lose (GstHarness *harness, GPtrArray *packets, guint from, guint count)
{
  GstBuffer *packet = g_ptr_array_index (packets, from + count);
  GstFlowReturn flow;

  if (count)
    gst_harness_push_event (
        harness, gst_event_new_gap (from * PACKET, count * PACKET));
  flow = gst_harness_push (harness, gst_buffer_ref (packet));
  fail_unless_equals_int (flow, GST_FLOW_OK);
}

/* What came out has neither hole nor overlap up to @end; how many pieces. */
static guint
expect_whole (GstHarness *harness, GstClockTime begin, GstClockTime end)
{
  GstClockTime at = begin;
  guint pieces = 0;

  while (gst_harness_buffers_in_queue (harness)) {
    g_autoptr (GstBuffer) piece = gst_harness_pull (harness);

    fail_unless_equals_uint64 (GST_BUFFER_PTS (piece), at);
    at += GST_BUFFER_DURATION (piece);
    pieces++;
  }
  fail_unless_equals_uint64 (at, end);
  return pieces;
}

static VmOpusCounts
counts_of (GstHarness *harness)
{
  VmOpusCounts counts;

  vm_opus_decoder_get_counts (VM_OPUS_DECODER (harness->element), &counts);
  return counts;
}

/* Nothing is held back: each packet is heard before the next one comes. */
GST_START_TEST (test_nothing_is_held_back)
{
  g_autoptr (GPtrArray) packets = encode (5, 0, 0);
  GstHarness *harness = decoder_new ();
  GstQuery *query = gst_query_new_latency ();
  GstClockTime latency = GST_CLOCK_TIME_NONE;

  for (guint i = 0; i < packets->len; i++) {
    decoder_lose (harness, packets, i, 0);
    fail_unless_equals_int (gst_harness_buffers_in_queue (harness), i + 1);
  }
  gst_harness_set_upstream_latency (harness, 0);
  fail_unless (gst_pad_peer_query (harness->sinkpad, query));
  gst_query_parse_latency (query, NULL, &latency, NULL);
  fail_unless_equals_uint64 (latency, 0);
  gst_query_unref (query);
  gst_harness_teardown (harness);
}

GST_END_TEST;

/* One packet is in the one behind it, of several the others are made up, and of
 * more than is made up for there is silence. */
GST_START_TEST (test_below_at_and_above_the_limit)
{
  const guint most = VM_OPUS_MADE_UP_MAX_MS / PACKET_MS;
  g_autoptr (GPtrArray) packets = encode (40, 0, 0);

  for (guint lost = 1; lost <= most + 2; lost++) {
    guint made_up = MIN (lost, most);
    GstHarness *harness = decoder_new ();
    VmOpusCounts counts;
    guint pieces = 0;

    for (guint i = 0; i <= 10; i++)
      decoder_lose (harness, packets, i, 0);
    expect_whole (harness, 0, 11 * PACKET);
    decoder_lose (harness, packets, 11, lost);
    counts = counts_of (harness);
    fail_unless_equals_uint64 (counts.decoded, 12);
    fail_unless_equals_uint64 (counts.recovered, 1);
    fail_unless_equals_uint64 (counts.concealed, made_up - 1);
    if (lost <= most)
      pieces = expect_whole (harness, 11 * PACKET, (12 + lost) * PACKET);
    else
      pieces = gst_harness_buffers_in_queue (harness);
    fail_unless_equals_int (pieces, made_up + 1);
    gst_harness_teardown (harness);
  }
}

GST_END_TEST;

/* Silence that was not sent is no loss, and a packet that was lost in it is one
 * packet. */
GST_START_TEST (test_silence_is_no_loss)
{
  g_autoptr (GPtrArray) packets = encode (40, 0, 0);
  GstHarness *harness = decoder_new ();

  for (guint i = 0; i < 10; i++)
    decoder_lose (harness, packets, i, 0);
  decoder_lose (harness, packets, 20, 0);
  fail_unless_equals_uint64 (counts_of (harness).recovered, 0);
  fail_unless_equals_uint64 (counts_of (harness).concealed, 0);
  fail_unless_equals_int (gst_harness_buffers_in_queue (harness), 11);
  decoder_lose (harness, packets, 31, 1);
  fail_unless_equals_uint64 (
      counts_of (harness).recovered + counts_of (harness).concealed, 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (harness), 13);
  gst_harness_teardown (harness);
}

GST_END_TEST;

/* What is said to be lost is no more than there is room for. */
GST_START_TEST (test_no_more_than_the_time_between)
{
  g_autoptr (GPtrArray) packets = encode (10, 0, 0);
  GstHarness *harness = decoder_new ();

  for (guint i = 0; i < 4; i++)
    decoder_lose (harness, packets, i, 0);
  gst_harness_push_event (
      harness, gst_event_new_gap (4 * PACKET, 1000 * PACKET));
  gst_harness_push (harness, gst_buffer_ref (g_ptr_array_index (packets, 5)));
  expect_whole (harness, 0, 6 * PACKET);
  /* and none before the first */
  gst_harness_teardown (harness);
  harness = decoder_new ();
  gst_harness_push_event (harness, gst_event_new_gap (0, 5 * PACKET));
  gst_harness_push (harness, gst_buffer_ref (g_ptr_array_index (packets, 5)));
  expect_whole (harness, 5 * PACKET, 6 * PACKET);
  gst_harness_teardown (harness);
}

GST_END_TEST;

/* What comes from the network may be anything. */
GST_START_TEST (test_what_is_no_packet)
{
  g_autoptr (GPtrArray) packets = encode (10, 0, 0);
  GRand *rand = g_rand_new_with_seed (7);
  GstHarness *harness = decoder_new ();

  for (guint i = 0; i < 2000; i++) {
    gsize size = g_rand_int_range (rand, 0, 40);
    GstBuffer *buffer = gst_buffer_new_allocate (NULL, size, NULL);

    for (gsize at = 0; at < size; at++)
      gst_buffer_memset (buffer, at, (guint8) g_rand_int (rand), 1);
    GST_BUFFER_PTS (buffer) = i * PACKET;
    if (i % 3 == 0)
      gst_harness_push_event (
          harness, gst_event_new_gap (i * PACKET - PACKET, 2 * PACKET));
    fail_unless_equals_int (gst_harness_push (harness, buffer), GST_FLOW_OK);
  }
  while (gst_harness_buffers_in_queue (harness))
    gst_buffer_unref (gst_harness_pull (harness));
  /* and it goes on */
  gst_harness_push (harness, gst_buffer_ref (g_ptr_array_index (packets, 9)));
  fail_unless_equals_int (gst_harness_buffers_in_queue (harness), 1);
  gst_harness_teardown (harness);
  g_rand_free (rand);
}

GST_END_TEST;

/* Who is behind it may want another rate, and one channel. */
GST_START_TEST (test_format_that_is_wanted)
{
  g_autoptr (GPtrArray) packets = encode (3, 0, 0);
  GstHarness *harness = decoder_new ();
  g_autoptr (GstBuffer) piece = NULL;

  gst_harness_set_sink_caps_str (harness, "audio/x-raw,rate=16000,channels=1");
  decoder_lose (harness, packets, 0, 0);
  piece = gst_harness_pull (harness);
  fail_unless_equals_int (
      gst_buffer_get_size (piece), 16 * PACKET_MS * sizeof (gint16));
  gst_harness_teardown (harness);
}

GST_END_TEST;

/* --- all of the way --- */

static GMutex lock; /* of what follows */
static GCond cond;
static VmPeerLost lost;
static guint sent, dropped;
static VmOutput *output;
static GArray *heard; /* of Piece */
static gboolean over;

typedef struct
{
  GstClockTime time, length;
  gdouble power; /* mean square */
} Piece;

/* Packets behind the first, on their way. */
static GstPadProbeReturn
on_way (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  if (++sent % DROP_EACH)
    return GST_PAD_PROBE_OK;
  dropped++;
  return GST_PAD_PROBE_DROP;
}

static GstPadProbeReturn
on_rtp (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  vm_peer_lost_add (&lost, GST_PAD_PROBE_INFO_BUFFER (info));
  return GST_PAD_PROBE_OK;
}

static GstFlowReturn
on_sample (GstAppSink *sink, gpointer user_data)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GstSample) out = gst_sample_new (gst_sample_get_buffer (sample),
      gst_sample_get_caps (sample), NULL,
      vm_peer_lost_to_info (vm_peer_lost_take (&lost)));

  vm_output_push (output, out);
  return GST_FLOW_OK;
}

static void
on_end (GstAppSink *sink, gpointer user_data)
{
  vm_output_end (output);
}

static void
on_heard (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Piece piece = { GST_BUFFER_PTS (buffer), GST_BUFFER_DURATION (buffer), 0 };
  GstMapInfo map;
  gsize n;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  n = map.size / sizeof (gint16);
  for (gsize i = 0; i < n; i++)
    piece.power += pow (((gint16 *) map.data)[i], 2) / n;
  gst_buffer_unmap (buffer, &map);
  g_mutex_lock (&lock);
  g_array_append_val (heard, piece);
  g_mutex_unlock (&lock);
}

static GstBusSyncReply
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS) {
    g_mutex_lock (&lock);
    over = TRUE;
    g_cond_signal (&cond);
    g_mutex_unlock (&lock);
  }
  return GST_BUS_PASS;
}

static void
probe (GstElement *bin, const gchar *name, const gchar *pad_name,
    GstPadProbeCallback callback)
{
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (bin), name);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, pad_name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, callback, NULL, NULL);
}

static void
expect_over (void)
{
  gint64 end = g_get_monotonic_time () + WAIT_MS * G_TIME_SPAN_MILLISECOND;
  gboolean late = FALSE;

  g_mutex_lock (&lock);
  while (!over && !late)
    late = !g_cond_wait_until (&cond, &lock, end);
  g_mutex_unlock (&lock);
  fail_if (late);
}

/* Two seconds of a tone of which every tenth packet is lost. */
static void
send_tone (const gchar *source, VmOutputSound *sound)
{
  static const GstAppSinkCallbacks callbacks = { .new_sample = on_sample,
    .eos = on_end };
  const VmOutputConfig config = { .codec = VM_CODEC_OPUS,
    .decode = TRUE,
    .stream_id = "p002/audio",
    .title = "Bob" };
  g_autofree gchar *line = g_strdup_printf (
      "%s ! audio/x-raw,format=S16LE,rate=48000,channels=1 ! "
      "opusenc frame-size=20 inband-fec=true packet-loss-percentage=10 "
      "audio-type=voice dtx=true bitrate=32000 ! rtpopuspay dtx=true "
      "name=pay ! rtpjitterbuffer latency=60 do-lost=true "
      "rtx-next-seqnum=false faststart-min-packets=1 ! "
      "rtpopusdepay name=depay ! opusparse ! appsink name=sink sync=false",
      source);
  g_autoptr (GError) error = NULL;
  GstElement *sender = gst_parse_launch (line, &error);
  GstElement *receiver = gst_object_ref_sink (gst_pipeline_new (NULL));
  GstElement *ear = gst_element_factory_make ("fakesink", NULL);
  g_autoptr (GstElement) appsink = NULL;
  g_autoptr (GstBus) bus = gst_element_get_bus (receiver);

  g_assert_no_error (error);
  lost = (VmPeerLost){ 0 };
  sent = dropped = 0;
  over = FALSE;
  heard = g_array_new (FALSE, FALSE, sizeof (Piece));
  output = vm_output_new ("output", &config, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_object_set (ear, "signal-handoffs", TRUE, "sync", FALSE, NULL);
  g_signal_connect (ear, "handoff", G_CALLBACK (on_heard), NULL);
  gst_bin_add_many (GST_BIN (receiver), GST_ELEMENT (output), ear, NULL);
  fail_unless (gst_element_link (GST_ELEMENT (output), ear));
  gst_bus_set_sync_handler (bus, on_message, NULL, NULL);
  vm_output_set_wanted (output, TRUE);
  gst_element_set_state (receiver, GST_STATE_PLAYING);
  probe (sender, "pay", "src", on_way);
  probe (sender, "depay", "sink", on_rtp);
  appsink = gst_bin_get_by_name (GST_BIN (sender), "sink");
  gst_app_sink_set_callbacks (
      GST_APP_SINK (appsink), (GstAppSinkCallbacks *) &callbacks, NULL, NULL);
  gst_element_set_state (sender, GST_STATE_PLAYING);
  expect_over ();
  vm_output_get_sound (output, sound);
  gst_element_set_state (sender, GST_STATE_NULL);
  gst_object_unref (sender);
  gst_element_set_state (receiver, GST_STATE_NULL);
  gst_bus_set_sync_handler (bus, NULL, NULL, NULL);
  gst_object_unref (receiver);
}

static gint
compare_power (gconstpointer a, gconstpointer b)
{
  gdouble difference = ((const Piece *) a)->power - ((const Piece *) b)->power;

  return difference < 0 ? -1 : difference > 0;
}

/* No hole is in it, and no piece of it is softer than the others by 20 dB. */
GST_START_TEST (test_lost_packets_are_not_heard)
{
  GstClockTime end = GST_CLOCK_TIME_NONE;
  VmOutputSound sound;
  gdouble median;

  send_tone ("audiotestsrc is-live=true samplesperbuffer=960 num-buffers=100 "
             "freq=440 volume=0.3",
      &sound);
  fail_unless (dropped >= 8, "%u packets dropped", dropped);
  for (guint i = 0; i < heard->len; i++) {
    Piece *piece = &g_array_index (heard, Piece, i);

    /* the first is cut by what the encoder looks ahead */
    if (i > 1)
      fail_unless (
          ABS (GST_CLOCK_DIFF (end, piece->time)) < (gint64) (5 * GST_MSECOND),
          "a hole of %d ms before piece %u",
          (gint) (GST_CLOCK_DIFF (end, piece->time) / (gint64) GST_MSECOND), i);
    end = piece->time + piece->length;
  }
  /* the first and the last fade, with the encoder */
  g_array_remove_range (heard, 0, 2);
  g_array_set_size (heard, heard->len - 2);
  g_array_sort (heard, compare_power);
  median = g_array_index (heard, Piece, heard->len / 2).power;
  fail_unless (g_array_index (heard, Piece, 0).power > median / 100,
      "%f, and %f in the middle", g_array_index (heard, Piece, 0).power,
      median);
  fail_unless (sound.recovered + sound.concealed + 1 >= dropped,
      "%u dropped, %u recovered, %u concealed", dropped,
      (guint) sound.recovered, (guint) sound.concealed);
  /* of a tone that goes on the encoder sends few packets twice */
  fail_unless (sound.recovered > 0);
  g_array_unref (heard);
}

GST_END_TEST;

/* With silence that is not sent between two beeps. */
GST_START_TEST (test_silence_is_not_made_up_for)
{
  VmOutputSound sound;

  send_tone ("audiotestsrc is-live=true samplesperbuffer=960 num-buffers=100 "
             "wave=ticks tick-interval=1000000000 volume=0.3",
      &sound);
  fail_unless (sent < 60, "%u packets sent", sent);
  fail_unless (sound.recovered + sound.concealed <= dropped,
      "%u dropped, %u recovered, %u concealed", dropped,
      (guint) sound.recovered, (guint) sound.concealed);
  g_array_unref (heard);
}

GST_END_TEST;

/* --- what is counted --- */

static void
add (VmPeerLost *count, guint32 ssrc, guint16 number)
{
  GstRTPBuffer rtp = GST_RTP_BUFFER_INIT;
  g_autoptr (GstBuffer) buffer = gst_rtp_buffer_new_allocate (4, 0, 0);

  gst_rtp_buffer_map (buffer, GST_MAP_WRITE, &rtp);
  gst_rtp_buffer_set_seq (&rtp, number);
  gst_rtp_buffer_set_ssrc (&rtp, ssrc);
  gst_rtp_buffer_unmap (&rtp);
  vm_peer_lost_add (count, buffer);
}

GST_START_TEST (test_numbers_of_packets)
{
  VmPeerLost count = { 0 };
  const struct
  {
    guint32 ssrc;
    guint16 number;
    guint lost;
  } cases[] = {
    { 1, 65530, 0 }, /* the first */
    { 1, 65531, 0 }, { 1, 65533, 1 }, { 1, 2, 4 }, /* round the end */
    { 1, 2, 0 }, /* twice */
    { 1, 3, 0 }, { 2, 10, 0 }, /* another sender */
    { 2, 10 + VM_PEER_LOST_MAX, VM_PEER_LOST_MAX - 1 },
    { 2, 11 + 2 * VM_PEER_LOST_MAX, VM_PEER_LOST_MAX },
    { 2, 13 + 3 * VM_PEER_LOST_MAX, 0 }, /* begun anew */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    add (&count, cases[i].ssrc, cases[i].number);
    fail_unless (vm_peer_lost_take (&count) == cases[i].lost, "case %u", i);
  }
}

GST_END_TEST;

static Suite *
vmopusdecoder_suite (void)
{
  Suite *s = suite_create ("vmopusdecoder");
  TCase *tc = tcase_create ("vmopusdecoder");

  GST_DEBUG_CATEGORY_INIT (vm_signal_debug, "vmsignalbin", 0, "under test");
  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 30);
  tcase_add_test (tc, test_nothing_is_held_back);
  tcase_add_test (tc, test_below_at_and_above_the_limit);
  tcase_add_test (tc, test_silence_is_no_loss);
  tcase_add_test (tc, test_no_more_than_the_time_between);
  tcase_add_test (tc, test_what_is_no_packet);
  tcase_add_test (tc, test_format_that_is_wanted);
  tcase_add_test (tc, test_lost_packets_are_not_heard);
  tcase_add_test (tc, test_silence_is_not_made_up_for);
  tcase_add_test (tc, test_numbers_of_packets);
  return s;
}

CHECK_PROGRAM (vmopusdecoder)
