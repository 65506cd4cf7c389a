/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A loudspeaker and a microphone in one room: what the others say comes back
 * late and weaker, and is taken out; who sits there is heard. Time is counted
 * in periods of 10 ms, in which the probe gets what will be played, and the
 * microphone what was. */

#include "program.h"
#include "ui/voice.h"

#include <gst/check/gstharness.h>
#include <math.h>

#define RATE 48000
#define PERIOD (RATE / 100) /* samples */
#define QUANTUM \
  1024 /* samples that a microphone of PipeWire brings at a time */
#define CAPS "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels="
#define SECONDS 11
#define SAMPLES (SECONDS * RATE)

/* As of a participant behind a jitter buffer, in the launcher's mix. */
#define LATE_MS 310 /* what is played comes to the probe so late */
#define LATENCY_MS 340 /* and is played after so long */
#define HEARD_MS 20 /* what the microphone hears comes after so long */
#define AIR_MS                                                   \
  60 /* from the loudspeaker to the microphone, with its buffers \
      */
#define ECHO 0.4 /* of what is played */
#define QUIET 0.5 /* seconds */

#define SETTLED 5 /* s: after which the echo is gone */
#define DOUBLE_TALK 8 /* s: from which the near side speaks, too */
#define ERLE_MIN 25.0 /* dB */
#define KEPT_MIN (-6.0) /* dB, of the near side while both speak */
#define TONE_MAX (-40.0) /* dBFS, of what comes back of a tone */

/* Noise through one pole, louder and softer four times a second, with pauses:
 * as wide and as uneven as speech. */
typedef struct
{
  guint32 seed;
  gdouble pole;
} Voice;

static gdouble
speak (Voice *voice, guint64 n, gdouble syllables)
{
  gdouble noise, t = (gdouble) n / RATE;
  gdouble envelope = MAX (sin (2 * G_PI * syllables * t), 0);

  voice->seed = voice->seed * 1664525u + 1013904223u;
  noise = (gdouble) (gint32) voice->seed / G_MAXINT32;
  voice->pole = 0.9 * voice->pole + 0.3 * noise;
  return 0.5 * envelope * voice->pole;
}

typedef struct
{
  gint64 air; /* ms, as AIR_MS */
  gint64 jitter; /* ms by which a piece of the microphone comes late */
  gdouble *far, *near, *heard, *out; /* samples */
} Room;

static void
room_init (Room *room)
{
  gdouble **all[] = { &room->far, &room->near, &room->heard, &room->out };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    *all[i] = g_new0 (gdouble, SAMPLES);
}

static void
room_clear (Room *room)
{
  g_free (room->far);
  g_free (room->near);
  g_free (room->heard);
  g_free (room->out);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Room, room_clear)

/* @size samples from @at, of which all before the first is silent. */
static GstBuffer *
piece (const gdouble *samples, gint64 at, guint size, guint channels)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size * channels * 2, NULL);
  GstMapInfo map;
  gint16 *data;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  data = (gint16 *) map.data;
  for (guint i = 0; i < size * channels; i++) {
    gint64 n = at + i / channels;

    data[i] = n >= 0 && n < SAMPLES ? (gint16) (samples[n] * G_MAXINT16) : 0;
  }
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (at, GST_SECOND, RATE);
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (size, GST_SECOND, RATE);
  return buffer;
}

static gint64
ms_to_samples (gint64 ms)
{
  return ms * RATE / 1000;
}

/* Of the microphone: it has the time at which it comes. */
static GstBuffer *
heard_piece (Room *room, gint64 at, guint32 *seed)
{
  GstBuffer *buffer = piece (room->heard, at, QUANTUM, 1);

  *seed = *seed * 1664525u + 1013904223u;
  GST_BUFFER_PTS (buffer) +=
      gst_util_uint64_scale (room->jitter * GST_MSECOND, *seed, G_MAXUINT32);
  return buffer;
}

static void
take_out (GstHarness *microphone, Room *room)
{
  GstBuffer *buffer;

  while ((buffer = gst_harness_try_pull (microphone))) {
    guint64 at =
        gst_util_uint64_scale_round (GST_BUFFER_PTS (buffer), RATE, GST_SECOND);
    GstMapInfo map;

    gst_buffer_map (buffer, &map, GST_MAP_READ);
    for (guint i = 0; i < map.size / 2 && at + i < SAMPLES; i++)
      room->out[at + i] = ((gint16 *) map.data)[i] / (gdouble) G_MAXINT16;
    gst_buffer_unmap (buffer, &map);
    gst_buffer_unref (buffer);
  }
}

static GstHarness *
make_speaker (void)
{
  g_autofree gchar *line =
      g_strdup_printf ("identity %s", vmt_voice_probe_line ());
  GstElement *bin = gst_parse_bin_from_description (line, TRUE, NULL);
  GstHarness *h;

  fail_unless (bin != NULL, "%s", line);
  vmt_voice_prepare_probe (bin);
  h = gst_harness_new_with_element (gst_object_ref_sink (bin), "sink", "src");
  gst_object_unref (bin);
  gst_harness_set_upstream_latency (h, LATE_MS * GST_MSECOND);
  gst_harness_set_src_caps_str (h, CAPS "2,channel-mask=(bitmask)0x3");
  gst_harness_set_live (h, TRUE);
  gst_harness_push_upstream_event (
      h, gst_event_new_latency (LATENCY_MS * GST_MSECOND));
  return h;
}

static GstHarness *
make_microphone (void)
{
  GstElement *voice = gst_object_ref_sink (vmt_voice_new ());
  GstHarness *h = gst_harness_new_with_element (voice, "sink", "src");

  gst_object_unref (voice);
  gst_harness_set_src_caps_str (h, CAPS "1");
  return h;
}

/* Fills in what is heard and what is sent of it. */
static void
run (Room *room)
{
  GstHarness *speaker = make_speaker ();
  GstHarness *microphone = make_microphone ();
  guint32 seed = 3;
  gint64 heard = 0;

  for (gint64 n = 0; n < SAMPLES; n++) {
    gint64 played = n - ms_to_samples (LATENCY_MS + room->air);

    room->heard[n] =
        room->near[n] + (played >= 0 ? ECHO * room->far[played] : 0);
  }
  for (gint64 now = 0; now < SAMPLES; now += PERIOD) {
    gint64 plays = now - ms_to_samples (LATE_MS);

    if (plays >= 0) {
      gst_harness_push (speaker, piece (room->far, plays, PERIOD, 2));
      gst_buffer_unref (gst_harness_pull (speaker));
    }
    for (; heard + QUANTUM <= now - ms_to_samples (HEARD_MS); heard += QUANTUM)
      gst_harness_push (microphone, heard_piece (room, heard, &seed));
    take_out (microphone, room);
  }
  gst_harness_teardown (microphone);
  gst_harness_teardown (speaker);
}

/* In dBFS, of a sine at full scale. */
static gdouble
level (const gdouble *samples, gdouble from, gdouble to)
{
  gdouble sum = 0;
  guint n = 0;

  for (gint64 i = from * RATE; i < to * RATE && i < SAMPLES; i++, n++)
    sum += samples[i] * samples[i];
  return 10 * log10 (2 * sum / n + 1e-12);
}

/* The echo comes later, or earlier, than speaker and microphone say. */
static const struct
{
  gint64 air, jitter;
} rooms[] = { { -10, 0 }, { AIR_MS, 0 }, { 85, 0 }, { 0, 20 }, { 30, 20 },
  { AIR_MS, 20 }, { 80, 20 } };

GST_START_TEST (test_echo)
{
  g_auto (Room)
      room = { .air = rooms[__i__].air, .jitter = rooms[__i__].jitter };
  Voice far = { 1, 0 }, near = { 2, 0 };
  gdouble before, after, spoken, sent;

  room_init (&room);
  for (gint64 n = 0; n < SAMPLES; n++) {
    room.far[n] = speak (&far, n, 2);
    if (n >= DOUBLE_TALK * RATE)
      room.near[n] = 1.5 * speak (&near, n, 1.3);
  }
  run (&room);
  before = level (room.heard, SETTLED, DOUBLE_TALK);
  after = level (room.out, SETTLED, DOUBLE_TALK);
  spoken = level (room.near, DOUBLE_TALK + QUIET, SECONDS - QUIET);
  sent = level (room.out, DOUBLE_TALK + QUIET, SECONDS - QUIET);
  fail_unless (before - after >= ERLE_MIN,
      "%d: of an echo of %.1f dBFS %.1f are left", __i__, before, after);
  fail_unless (sent - spoken >= KEPT_MIN,
      "%d: of %.1f dBFS that are spoken %.1f are sent", __i__, spoken, sent);
  GST_INFO (
      "echo %.1f -> %.1f, spoken %.1f -> %.1f", before, after, spoken, sent);
}

GST_END_TEST;

GST_START_TEST (test_tone)
{
  g_auto (Room) room = { .air = AIR_MS };
  gdouble before, after;

  room_init (&room);
  for (gint64 n = 0; n < SAMPLES; n++)
    room.far[n] = 0.3 * sin (2 * G_PI * 440 * n / RATE);
  run (&room);
  before = level (room.heard, SETTLED, SECONDS - QUIET);
  after = level (room.out, SETTLED, SECONDS - QUIET);
  fail_unless (before > TONE_MAX + 15, "%.1f dBFS are heard", before);
  fail_unless (after < TONE_MAX, "of %.1f dBFS %.1f come back", before, after);
  GST_INFO ("tone %.1f -> %.1f", before, after);
}

GST_END_TEST;

static Suite *
tool_voice_suite (void)
{
  Suite *s = suite_create ("tool-voice");
  TCase *tc = tcase_create ("room");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_echo, 0, G_N_ELEMENTS (rooms));
  tcase_add_test (tc, test_tone);
  return s;
}

CHECK_PROGRAM (tool_voice)
