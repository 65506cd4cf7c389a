/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the two sides say of their sound, a=fmtp of Opus, and what each makes of
 * it; and what is reported as lost. */

#include "elements/knownfaults.h"
#include "elements/peerpair.h"
#include "peer/vmpeer-loss.h"
#include "program.h"

#include <gst/check/gstcheck.h>
#include <gst/rtp/gstrtcpbuffer.h>
#include <string.h>

#define MEDIA_MS 20000

/* --- reading and writing --- */

static VmPeerOpus
read_fmtp (const gchar *fmtp)
{
  GstSDPMedia media = { 0 };
  VmPeerOpus opus;

  gst_sdp_media_init (&media);
  gst_sdp_media_add_attribute (&media, "fmtp", "96 stereo=1;usedtx=1");
  if (fmtp)
    gst_sdp_media_add_attribute (&media, "fmtp", fmtp);
  vm_peer_opus_read (&media, 111, &opus);
  gst_sdp_media_uninit (&media);
  return opus;
}

static void
check (
    const gchar *fmtp, gboolean stereo, gboolean fec, gboolean dtx, guint rate)
{
  VmPeerOpus opus = read_fmtp (fmtp);

  fail_unless (opus.stereo == stereo && opus.fec == fec && opus.dtx == dtx
                   && opus.max_bitrate == rate,
      "%s: %d %d %d %u", fmtp, opus.stereo, opus.fec, opus.dtx,
      opus.max_bitrate);
}

GST_START_TEST (test_read)
{
  /* RFC 7587 §6.1: nothing said is no stereo, no FEC, no DTX */
  check (NULL, FALSE, FALSE, FALSE, 0);
  /* Chromium and Firefox */
  check ("111 minptime=10;useinbandfec=1", FALSE, TRUE, FALSE, 0);
  check ("111 maxplaybackrate=48000;stereo=1;useinbandfec=1", TRUE, TRUE, FALSE,
      0);
  /* as people write it */
  check ("111 Stereo=1; usedtx = 1 ;maxaveragebitrate=64000", TRUE, FALSE, TRUE,
      64000);
  check ("111 sprop-stereo=1;stereo=0", FALSE, FALSE, FALSE, 0);
  check ("111 ;;=;stereo;stereo==1;useinbandfec=yes", FALSE, FALSE, FALSE, 0);
  check ("1111 stereo=1", FALSE, FALSE, FALSE, 0);
  check ("111stereo=1", FALSE, FALSE, FALSE, 0);
  check ("111", FALSE, FALSE, FALSE, 0);
}

GST_END_TEST;

GST_START_TEST (test_bitrate_below_at_and_above_the_limits)
{
  check ("111 maxaveragebitrate=5999", FALSE, FALSE, FALSE, 6000);
  check ("111 maxaveragebitrate=6000", FALSE, FALSE, FALSE, 6000);
  check ("111 maxaveragebitrate=6001", FALSE, FALSE, FALSE, 6001);
  check ("111 maxaveragebitrate=509999", FALSE, FALSE, FALSE, 509999);
  check ("111 maxaveragebitrate=510000", FALSE, FALSE, FALSE, 510000);
  check ("111 maxaveragebitrate=510001", FALSE, FALSE, FALSE, 510000);
  check ("111 maxaveragebitrate=99999999999999999999", FALSE, FALSE, FALSE,
      510000);
  check ("111 maxaveragebitrate=0", FALSE, FALSE, FALSE, 0);
  check ("111 maxaveragebitrate=-1", FALSE, FALSE, FALSE, 0);
  check ("111 maxaveragebitrate=", FALSE, FALSE, FALSE, 0);
}

GST_END_TEST;

GST_START_TEST (test_write)
{
  GstSDPMedia media = { 0 };
  VmPeerOpus opus;

  gst_sdp_media_init (&media);
  gst_sdp_media_add_attribute (&media, "fmtp", "96 apt=111");
  gst_sdp_media_add_attribute (&media, "fmtp", "111 stereo=1");
  gst_sdp_media_add_attribute (&media, "fmtp", "111 usedtx=1");
  vm_peer_opus_write (&media, 111, FALSE);
  fail_unless_equals_int (gst_sdp_media_attributes_len (&media), 2);
  fail_unless_equals_string (
      gst_sdp_media_get_attribute_val_n (&media, "fmtp", 0), "96 apt=111");
  vm_peer_opus_read (&media, 111, &opus);
  fail_unless (!opus.stereo && opus.fec && opus.dtx && !opus.max_bitrate);
  vm_peer_opus_write (&media, 111, TRUE);
  vm_peer_opus_read (&media, 111, &opus);
  fail_unless (opus.stereo && opus.fec && !opus.dtx);
  fail_unless_equals_int (opus.max_bitrate, 128000);
  gst_sdp_media_uninit (&media);
}

GST_END_TEST;

/* --- two peers --- */

static Pair pair;
static gchar *said[2]; /* by the offer, by the answer */
static const gchar *instead; /* of what the offer says; or NULL */

static gchar *
listen (gboolean offer, const gchar *sdp)
{
  const gchar *fmtp = strstr (sdp, "a=fmtp:111 ");
  const gchar *end = fmtp ? strchr (fmtp, '\r') : NULL;

  fail_unless (end != NULL, "%s", sdp);
  g_free (said[!offer]);
  said[!offer] = g_strndup (fmtp, end - fmtp);
  /* once */
  fail_if (strstr (end, "a=fmtp:111 "), "%s", sdp);
  if (offer && instead) {
    g_autofree gchar *head = g_strndup (sdp, fmtp - sdp);

    return g_strconcat (head, "a=fmtp:111 ", instead, end, NULL);
  }
  return g_strdup (sdp);
}

static void
connect (gboolean offers_music, gboolean answers_music)
{
  pair_init (&pair);
  for (guint i = 0; i < 2; i++)
    pair_config (&pair, i, VM_PEER_AUDIO, OPUS_CAPS, TRUE);
  pair.config[0].music = offers_music;
  pair.config[1].music = answers_music;
  pair.mangle = listen;
  pair_make (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
}

static void
clear (void)
{
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&said[i], g_free);
  instead = NULL;
}

static gboolean
has_sound (gpointer data)
{
  return g_atomic_int_get (&((Side *) data)->samples[VM_PEER_AUDIO]) >= 10;
}

static void
expect_sound_both_ways (void)
{
  for (guint i = 0; i < 2; i++)
    pair_feed (&pair, i, VM_PEER_AUDIO);
  for (guint i = 0; i < 2; i++)
    fail_unless (wait_for (has_sound, &pair.sides[i], MEDIA_MS));
}

GST_START_TEST (test_voice_and_music)
{
  VmPeerSound sound;

  connect (TRUE, FALSE);
  fail_unless (strstr (said[0], "stereo=1;sprop-stereo=1"
                                ";maxaveragebitrate=128000"));
  fail_if (strstr (said[0], "usedtx"));
  /* the answer is no echo of the offer */
  fail_if (strstr (said[1], "stereo"));
  fail_unless (strstr (said[1], "usedtx=1"));
  fail_unless (strstr (said[1], "useinbandfec=1"));
  fail_unless (vm_peer_get_sound (pair.sides[0].peer, &sound));
  fail_unless (!sound.stereo && sound.fec && !sound.max_bitrate);
  fail_unless (vm_peer_get_sound (pair.sides[1].peer, &sound));
  fail_unless (sound.stereo && sound.fec);
  fail_unless_equals_int (sound.max_bitrate, 128000);
  expect_sound_both_ways ();
  pair_clear (&pair);
  clear ();
}

GST_END_TEST;

/* It says what it wants, and is told what this side does, not its own words. */
GST_START_TEST (test_browser_offers)
{
  VmPeerSound sound;

  instead = "minptime=10;useinbandfec=0;stereo=1;maxaveragebitrate=24000";
  connect (FALSE, TRUE);
  fail_unless (strstr (said[1], "stereo=1;sprop-stereo=1"
                                ";maxaveragebitrate=128000"));
  fail_unless (vm_peer_get_sound (pair.sides[1].peer, &sound));
  fail_unless (sound.stereo && !sound.fec);
  fail_unless_equals_int (sound.max_bitrate, 24000);
  expect_sound_both_ways ();
  pair_clear (&pair);
  clear ();
}

GST_END_TEST;

static gboolean
has_report (gpointer data)
{
  VmPeerSound sound;

  return vm_peer_get_sound (((Side *) data)->peer, &sound) && sound.loss >= 0;
}

/* The other side reports of the sound, also where there is a picture, too. */
GST_START_TEST (test_report)
{
  VmPeerSound sound;

  pair_make_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (vm_peer_get_sound (pair.sides[0].peer, &sound));
  pair_feed_talkers (&pair);
  fail_unless (wait_for (has_report, &pair.sides[0], MEDIA_MS));
  vm_peer_get_sound (pair.sides[0].peer, &sound);
  fail_unless (sound.loss <= 100, "%d", sound.loss);
  pair_clear (&pair);
}

GST_END_TEST;

/* --- reports --- */

static GstBuffer *
report (guint8 fraction)
{
  GstBuffer *buffer = gst_rtcp_buffer_new (1400);
  GstRTCPBuffer rtcp = GST_RTCP_BUFFER_INIT;
  GstRTCPPacket packet;

  gst_rtcp_buffer_map (buffer, GST_MAP_READWRITE, &rtcp);
  gst_rtcp_buffer_add_packet (&rtcp, GST_RTCP_TYPE_SR, &packet);
  gst_rtcp_packet_sr_set_sender_info (&packet, 9, 0, 0, 0, 0);
  gst_rtcp_packet_add_rb (&packet, 1, fraction, 3, 4, 5, 6, 7);
  gst_rtcp_packet_add_rb (&packet, 2, 0, 3, 4, 5, 6, 7);
  gst_rtcp_buffer_unmap (&rtcp);
  return buffer;
}

GST_START_TEST (test_reports)
{
  static const struct
  {
    guint8 fraction;
    guint percent;
  } cases[] = { { 0, 0 }, { 1, 0 }, { 2, 1 }, { 64, 25 }, { 128, 50 },
    { 255, 100 } };
  g_autoptr (GstBuffer) none = gst_buffer_new_allocate (NULL, 3, NULL);
  guint percent = 0;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GstBuffer) buffer = report (cases[i].fraction);

    fail_unless (vm_peer_loss_read (buffer, 1, &percent));
    fail_unless_equals_int (percent, cases[i].percent);
    fail_unless (vm_peer_loss_read (buffer, 2, &percent));
    fail_unless_equals_int (percent, 0);
    fail_if (vm_peer_loss_read (buffer, 3, &percent));
  }
  gst_buffer_memset (none, 0, 0xff, 3);
  fail_if (vm_peer_loss_read (none, 1, &percent));
}

GST_END_TEST;

static Suite *
vmpeeropus_suite (void)
{
  Suite *s = suite_create ("vmpeeropus");
  TCase *tc = tcase_create ("opus");

  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_add_test (tc, test_read);
  tcase_add_test (tc, test_bitrate_below_at_and_above_the_limits);
  tcase_add_test (tc, test_write);
  tcase_add_test (tc, test_reports);
  tcase_add_test (tc, test_voice_and_music);
  tcase_add_test (tc, test_browser_offers);
  tcase_add_test (tc, test_report);
  return s;
}

CHECK_PROGRAM (vmpeeropus)
