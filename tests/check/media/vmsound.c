/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How the sound of a device is encoded: what those who take it want together,
 * and what the encoder is told. */

#include "media/vminput.h"
#include "media/vmsound.h"
#include "program.h"

#include <gst/audio/audio.h>
#include <gst/check/gstharness.h>

#define SECOND G_USEC_PER_SEC
#define WAIT_US (60 * G_USEC_PER_SEC)

static VmSoundWish
wish_of (gint loss)
{
  VmSoundWish wish = VM_SOUND_WISH_INIT;
  const VmPeerSound sound = { TRUE, TRUE, 0, loss };

  vm_sound_wish_add (&wish, &sound);
  return wish;
}

static guint
follow (VmSound *sound, gint loss, gint64 now)
{
  VmSoundWish wish = wish_of (loss);

  vm_sound_follow (sound, &wish, now);
  return sound->settings.loss;
}

GST_START_TEST (test_loss_is_followed_in_steps)
{
  VmSound sound;
  gint64 now = SECOND;

  vm_sound_init (&sound, VM_AUDIO_PROFILE_VOICE, now);
  fail_unless_equals_int (sound.settings.loss, VM_SOUND_LOSS_START);
  /* nobody has reported */
  fail_unless_equals_int (follow (&sound, -1, now + 9 * SECOND), 5);
  now += 9 * SECOND;
  fail_unless_equals_int (follow (&sound, 25, now + SECOND / 2), 10);
  now += SECOND / 2;
  fail_unless_equals_int (follow (&sound, 25, now + SECOND), 20);
  now += SECOND;
  fail_unless_equals_int (follow (&sound, 25, now + SECOND), 25);
  now += SECOND;
  /* down it goes slowly */
  fail_unless_equals_int (follow (&sound, 0, now + SECOND - 1), 25);
  fail_unless_equals_int (follow (&sound, 0, now + SECOND), 24);
  now += SECOND;
  fail_unless_equals_int (follow (&sound, 0, now + 24 * SECOND), 0);
}

GST_END_TEST;

GST_START_TEST (test_loss_below_at_and_above_the_limit)
{
  static const gint losses[] = { VM_SOUND_LOSS_MAX - 1, VM_SOUND_LOSS_MAX,
    VM_SOUND_LOSS_MAX + 1, 100 };

  for (guint i = 0; i < G_N_ELEMENTS (losses); i++) {
    VmSound sound;

    vm_sound_init (&sound, VM_AUDIO_PROFILE_VOICE, 0);
    fail_unless_equals_int (follow (&sound, losses[i], 10 * SECOND),
        MIN (losses[i], VM_SOUND_LOSS_MAX));
  }
}

GST_END_TEST;

/* Many ticks a second make no more of it than few. */
GST_START_TEST (test_loss_in_small_ticks)
{
  VmSound sound;

  vm_sound_init (&sound, VM_AUDIO_PROFILE_VOICE, 0);
  for (guint i = 1; i <= 10; i++)
    follow (&sound, 30, i * SECOND / 10);
  fail_unless_equals_int (
      sound.settings.loss, VM_SOUND_LOSS_START + VM_SOUND_LOSS_UP);
}

GST_END_TEST;

GST_START_TEST (test_what_all_want)
{
  const VmPeerSound mono = { FALSE, TRUE, 64000, 3 };
  const VmPeerSound stereo = { TRUE, FALSE, 0, 50 };
  const VmPeerSound slow = { FALSE, TRUE, 20000, 7 };
  VmSoundWish wish = VM_SOUND_WISH_INIT;
  VmSound music, voice;

  vm_sound_init (&music, VM_AUDIO_PROFILE_MUSIC, 0);
  vm_sound_init (&voice, VM_AUDIO_PROFILE_VOICE, 0);
  vm_sound_follow (&music, &wish, 0);
  fail_unless (music.settings.stereo);
  fail_unless_equals_int (music.settings.bitrate, 128000);
  fail_unless_equals_int (voice.settings.bitrate, 32000);

  vm_sound_wish_add (&wish, &mono);
  vm_sound_follow (&music, &wish, 0);
  vm_sound_follow (&voice, &wish, 0);
  fail_if (music.settings.stereo);
  fail_unless_equals_int (music.settings.bitrate, 64000);
  fail_unless_equals_int (voice.settings.bitrate, 32000);

  vm_sound_wish_add (&wish, &stereo);
  vm_sound_follow (&music, &wish, 0);
  vm_sound_follow (&voice, &wish, 0);
  fail_unless (music.settings.stereo);
  fail_if (voice.settings.stereo);

  vm_sound_wish_add (&wish, &slow);
  vm_sound_follow (&voice, &wish, 0);
  fail_unless_equals_int (voice.settings.bitrate, 20000);
  /* what makes no use of FEC needs none */
  fail_unless_equals_int (wish.loss, 7);
}

GST_END_TEST;

/* The encoder */

static GMutex lock; /* of what follows */
static GCond cond;
static gint channels; /* of the last frame that was encoded */
static gsize size;
static guint frames;

static void
on_sample (
    gpointer user_data, VmPeerStream stream, VmCodec codec, GstSample *sample)
{
  g_mutex_lock (&lock);
  gst_structure_get_int (
      gst_caps_get_structure (gst_sample_get_caps (sample), 0), "channels",
      &channels);
  size = gst_buffer_get_size (gst_sample_get_buffer (sample));
  frames++;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
}

static void
ignore_change (gpointer user_data, VmPeerStream stream)
{
}

static void
ignore_failure (
    gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why)
{
}

static guint next; /* period */

/* 20 ms of a square wave, or of silence. */
static void
push (GstHarness *h, gboolean loud)
{
  GstBuffer *buffer = gst_harness_create_buffer (h, 960 * 2 * 2);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (guint i = 0; i < 960 * 2; i++)
    ((gint16 *) map.data)[i] = !loud ? 0 : i / 100 % 2 ? 8000 : -8000;
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = next * 20 * GST_MSECOND;
  GST_BUFFER_DURATION (buffer) = 20 * GST_MSECOND;
  next++;
  fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
}

/* Pushes and waits until what is encoded has so many channels. */
static void
expect_channels (GstHarness *h, gint expected)
{
  gint64 end = g_get_monotonic_time () + WAIT_US;
  guint before;

  do {
    before = frames;
    push (h, TRUE);
    g_mutex_lock (&lock);
    while (frames == before && g_get_monotonic_time () < end)
      if (!g_cond_wait_until (
              &cond, &lock, g_get_monotonic_time () + SECOND / 10))
        break;
    g_mutex_unlock (&lock);
  } while (channels != expected && g_get_monotonic_time () < end);
  fail_unless_equals_int (channels, expected);
}

static void
read_encoder (VmInput *input, const gchar *name, gint *value)
{
  g_autoptr (GstElement) encoder =
      gst_bin_get_by_name (GST_BIN (input), "encoder");

  g_object_get (encoder, name, value, NULL);
}

static GstHarness *
start (VmInput **input, VmAudioProfile profile)
{
  static const VmInputFuncs funcs = { on_sample, ignore_change,
    ignore_failure };
  VmSoundSettings settings;
  GstHarness *h;

  next = frames = 0;
  *input = vm_input_new (VM_PEER_AUDIO, "input", &funcs, NULL);
  vm_sound_settings_init (&settings, profile);
  vm_input_set_sound (*input, &settings);
  h = gst_harness_new_with_element (
      gst_object_ref_sink (GST_ELEMENT (*input)), "sink", NULL);
  gst_object_unref (*input);
  gst_harness_set_src_caps_str (h,
      "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=2,"
      "channel-mask=(bitmask)0x3");
  fail_unless (vm_input_acquire (*input, VM_CODEC_OPUS, NULL));
  return h;
}

GST_START_TEST (test_voice)
{
  VmInput *input;
  GstHarness *h = start (&input, VM_AUDIO_PROFILE_VOICE);
  VmSoundSettings settings;
  gint loss = 0, bitrate = 0, dtx = 0, fec = 0;

  expect_channels (h, 1);
  vm_sound_settings_init (&settings, VM_AUDIO_PROFILE_VOICE);
  settings.loss = 20;
  settings.bitrate = 20000;
  vm_input_set_sound (input, &settings);
  read_encoder (input, "packet-loss-percentage", &loss);
  read_encoder (input, "bitrate", &bitrate);
  read_encoder (input, "dtx", &dtx);
  read_encoder (input, "inband-fec", &fec);
  fail_unless_equals_int (loss, 20);
  fail_unless_equals_int (bitrate, 20000);
  fail_unless (dtx && fec);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_music)
{
  VmInput *input;
  GstHarness *h = start (&input, VM_AUDIO_PROFILE_MUSIC);
  VmSoundSettings settings;
  gint bitrate = 0, dtx = 1;

  expect_channels (h, 2);
  read_encoder (input, "bitrate", &bitrate);
  read_encoder (input, "dtx", &dtx);
  fail_unless_equals_int (bitrate, 128000);
  fail_if (dtx);
  /* while it runs: nobody takes stereo, and somebody does */
  vm_sound_settings_init (&settings, VM_AUDIO_PROFILE_MUSIC);
  settings.stereo = FALSE;
  vm_input_set_sound (input, &settings);
  expect_channels (h, 1);
  settings.stereo = TRUE;
  vm_input_set_sound (input, &settings);
  expect_channels (h, 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_own_level)
{
  VmInput *input;
  GstHarness *h = start (&input, VM_AUDIO_PROFILE_VOICE);
  gint level;

  fail_unless_equals_int (vm_input_take_audio_level (input), -1);
  push (h, TRUE);
  level = vm_input_take_audio_level (input);
  /* 8000 of 32768 are 12 dB less than all */
  fail_unless (level >= 11 && level <= 13, "%d", level);
  fail_unless_equals_int (vm_input_take_audio_level (input), -1);
  push (h, FALSE);
  fail_unless_equals_int (vm_input_take_audio_level (input), 127);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
vmsound_suite (void)
{
  Suite *s = suite_create ("vmsound");
  TCase *tc = tcase_create ("sound");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_loss_is_followed_in_steps);
  tcase_add_test (tc, test_loss_below_at_and_above_the_limit);
  tcase_add_test (tc, test_loss_in_small_ticks);
  tcase_add_test (tc, test_what_all_want);
  tcase_add_test (tc, test_voice);
  tcase_add_test (tc, test_music);
  tcase_add_test (tc, test_own_level);
  return s;
}

CHECK_PROGRAM (vmsound)
