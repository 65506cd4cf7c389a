/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long a stream is held back on networks of all kinds, and how it follows
 * that so that nobody sees or hears it. */

#include "program.h"

#include <gst/videomeet/quality/pace.h>
#include <math.h>
#include <string.h>

#define MS VM_DELAY_MS
#define RATE 48000
#define PIECE 960 /* samples: 20 ms */
#define TWENTY_US (20 * G_TIME_SPAN_MILLISECOND)

static gint64 now; /* µs */

/* @seconds of sound whose packets are late by up to @jitter. */
static gint64
hear (VmDelay *delay, guint seconds, gint64 jitter, GRand *rand)
{
  for (guint i = 0; i < seconds * 50; i++, now += TWENTY_US)
    vm_delay_add (delay,
        jitter ? g_rand_int_range (rand, 0, (gint) jitter) : MS / 2, now);
  return delay->target;
}

static void
sound (VmDelay *delay)
{
  now = 100 * G_TIME_SPAN_SECOND;
  vm_delay_init (delay, VM_DELAY_SHARE_SOUND, VM_DELAY_MEMORY_SOUND);
}

GST_START_TEST (test_quiet_network)
{
  VmDelay delay;

  sound (&delay);
  fail_unless_equals_int64 (delay.target, VM_DELAY_START);
  fail_unless_equals_int64 (hear (&delay, 5, 0, NULL), 5 * MS);
}

GST_END_TEST;

GST_START_TEST (test_follows_jitter)
{
  GRand *rand = g_rand_new_with_seed (7);
  gint64 up, down;
  VmDelay delay;

  sound (&delay);
  hear (&delay, 20, 0, NULL);
  /* most of the way within a second, and soon to what comes in time */
  up = hear (&delay, 1, 60 * MS, rand);
  fail_unless (up >= 45 * MS && up <= 60 * MS, "%d ms", (gint) (up / MS));
  up = hear (&delay, 9, 60 * MS, rand);
  fail_unless_equals_int64 (up, 60 * MS);
  /* a quiet second later it is the same, or a little less */
  down = hear (&delay, 1, 0, NULL);
  fail_unless (down >= up - 11 * MS, "%d ms", (gint) (down / MS));
  fail_unless_equals_int64 (hear (&delay, 60, 0, NULL), 5 * MS);
  g_rand_free (rand);
}

GST_END_TEST;

GST_START_TEST (test_one_late_packet)
{
  VmDelay delay;

  sound (&delay);
  hear (&delay, 20, 0, NULL);
  vm_delay_add (&delay, 250 * MS, now);
  fail_unless_equals_int64 (delay.target, 5 * MS);
}

GST_END_TEST;

/* Retransmissions make every tenth picture late. */
GST_START_TEST (test_retransmissions)
{
  VmDelay delay;

  vm_delay_init (&delay, VM_DELAY_SHARE_PICTURE, VM_DELAY_MEMORY_PICTURE);
  for (guint i = 0; i < 300; i++)
    vm_delay_add (&delay, (i % 10 ? 2 : 78) * MS, i * 33000);
  fail_unless_equals_int64 (delay.target, 80 * MS);
}

GST_END_TEST;

GST_START_TEST (test_limits)
{
  const gint64 late[] = { VM_DELAY_CEILING - 1, VM_DELAY_CEILING,
    VM_DELAY_CEILING + 1, G_MAXINT64 / 2 };
  const gint64 early[] = { VM_DELAY_FLOOR + 1, VM_DELAY_FLOOR,
    VM_DELAY_FLOOR - 1, G_MININT64 / 2 };
  VmDelay delay;

  for (guint i = 0; i < G_N_ELEMENTS (late); i++) {
    sound (&delay);
    vm_delay_add (&delay, late[i], now);
    fail_unless_equals_int64 (delay.target, VM_DELAY_CEILING);
    sound (&delay);
    delay.target = 0;
    for (guint n = 0; n < 1000; n++, now += TWENTY_US)
      vm_delay_add (&delay, early[i], now);
    fail_unless_equals_int64 (delay.target, VM_DELAY_FLOOR + VM_DELAY_STEP);
  }
}

GST_END_TEST;

GST_START_TEST (test_together)
{
  const struct
  {
    gint sound, picture, sound_after, picture_after; /* ms */
  } cases[] = {
    { 10, 49, 10, 49 },
    { 10, 50, 10, 50 },
    { 10, 51, 11, 51 },
    { 5, 200, 160, 200 },
    { 69, 10, 69, 10 },
    { 70, 10, 70, 10 },
    { 71, 10, 71, 11 },
    { -60, 5, -35, 5 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint64 sound = cases[i].sound * MS, picture = cases[i].picture * MS;

    vm_delay_pair (&sound, &picture);
    fail_unless_equals_int64 (sound, cases[i].sound_after * MS);
    fail_unless_equals_int64 (picture, cases[i].picture_after * MS);
  }
}

GST_END_TEST;

/* Pictures at 30 a second: each is played once and in its order, and none is
 * moved by a frame, whatever the delay does. */
GST_START_TEST (test_pictures)
{
  VmPace pace = { 0 };
  gint64 before = 0, frame = 33 * MS;

  for (guint i = 0; i < 300; i++) {
    gint64 time = 1000 * MS + i * frame;
    gint64 delay = i < 100 ? 10 * MS : i < 200 ? 200 * MS : 30 * MS;
    gint64 out = vm_pace_take (&pace, time, delay, time, FALSE);

    if (i) {
      fail_unless (out > before);
      fail_unless (ABS (out - before - frame) < frame);
    }
    if (i == 99 || i == 199 || i == 299)
      fail_unless_equals_int64 (out - time, delay);
    before = out;
  }
}

GST_END_TEST;

/* It is shown when it comes, and so is what came behind it. */
GST_START_TEST (test_late_picture)
{
  VmPace pace = { 0 };
  gint64 frame = 33 * MS, out;

  vm_pace_take (&pace, 1000 * MS, 10 * MS, 1000 * MS, FALSE);
  out = vm_pace_take (&pace, 1000 * MS + frame, 10 * MS, 1300 * MS, FALSE);
  fail_unless_equals_int64 (out, 1300 * MS);
  out = vm_pace_take (&pace, 1000 * MS + 2 * frame, 10 * MS, 1300 * MS, FALSE);
  fail_unless_equals_int64 (out, 1301 * MS);
}

GST_END_TEST;

/* By less than VM_PACE_JUMP, by it, and by more. */
GST_START_TEST (test_time_that_goes_back)
{
  VmPace pace = { 0 };
  gint64 back = VM_PACE_JUMP + (__i__ - 1) * MS;

  vm_pace_take (&pace, 1000 * MS, 0, 0, TRUE);
  fail_unless_equals_int64 (
      vm_pace_take (&pace, 1000 * MS - back, 0, 0, TRUE), 1001 * MS);
}

GST_END_TEST;

GST_START_TEST (test_packets_of_sound)
{
  VmPace pace = { 0 };
  gint64 before, piece = 20 * MS;
  gint64 time = 1000 * MS;

  before = vm_pace_take (&pace, time, 10 * MS, time, TRUE);
  fail_unless_equals_int64 (before, 1010 * MS);
  for (guint i = 1; i < 300; i++, before = pace.out) {
    time += piece;
    /* every tenth is late */
    vm_pace_take (&pace, time, 50 * MS, time + (i % 10 ? 0 : 200 * MS), TRUE);
    fail_unless (ABS (pace.out - before - piece) <= piece / VM_PACE_STRETCH);
  }
  fail_unless_equals_int64 (pace.out - time, 50 * MS);
}

GST_END_TEST;

typedef struct
{
  VmPaceSound pace;
  gint64 time; /* of the next piece */
  gint64 end; /* of what was played */
  gdouble phase;
  gint last; /* sample that was played */
  gint jump; /* the largest between two samples */
  guint holes;
  gint16 in[PIECE];
} Player;

/* A piece of a tone, or of silence, which comes @late. */
static void
play (Player *self, gboolean tone, gint64 delay, gint64 late)
{
  g_autofree gint16 *out = NULL;
  VmPacePlan plan;
  guint count;

  for (guint i = 0; i < PIECE; i++, self->phase += 2 * G_PI * 440 / RATE)
    self->in[i] = tone ? (gint16) (8000 * sin (self->phase)) : 0;
  vm_pace_sound (&self->pace, self->time, PIECE, RATE, delay, self->time + late,
      vm_pace_peak (self->in, PIECE), &plan);
  if (self->end && ABS (plan.time - self->end) > MS / 10)
    self->holes++;
  count = vm_pace_count (&plan, PIECE);
  out = g_new0 (gint16, count + 1);
  vm_pace_write (&plan, self->in, PIECE, 1, out);
  for (guint i = 0; i < count; i++) {
    self->jump = MAX (self->jump, ABS (out[i] - self->last));
    self->last = out[i];
  }
  self->end = plan.time + (gint64) count * 1000 * MS / RATE;
  self->time += 20 * MS;
}

/* In silence it is there at once; a tone has neither gap nor click. */
GST_START_TEST (test_sound_in_silence)
{
  Player player = { .time = 1000 * MS };

  for (guint i = 0; i < 20; i++)
    play (&player, FALSE, 10 * MS, 0);
  play (&player, FALSE, 80 * MS, 0);
  fail_unless_equals_int64 (player.end - player.time, 80 * MS);
  for (guint i = 0; i < 4; i++)
    play (&player, FALSE, 10 * MS, 0);
  fail_unless_equals_int64 (player.end - player.time, 10 * MS);
  fail_unless_equals_int (player.holes, 0);
}

GST_END_TEST;

GST_START_TEST (test_sound_in_a_tone)
{
  /* as steep as the tone itself is, and a little more */
  const gint steepest = (gint) (8000 * 2 * G_PI * 440 / RATE * 1.05) + 2;
  Player player = { .time = 1000 * MS };

  for (guint i = 0; i < 20; i++)
    play (&player, TRUE, 10 * MS, 0);
  for (guint i = 0; i < 50 * 10; i++)
    play (&player, TRUE, 60 * MS, 0);
  fail_unless (player.end - player.time > 60 * MS - VM_PACE_IGNORED);
  for (guint i = 0; i < 50 * 10; i++)
    play (&player, TRUE, 10 * MS, 0);
  fail_unless (player.end - player.time < 10 * MS + VM_PACE_IGNORED);
  fail_unless_equals_int (player.holes, 0);
  fail_unless (player.jump <= steepest, "%d, not %d", player.jump, steepest);
}

GST_END_TEST;

/* What is heard as a gap anyway is not heard for longer than that. */
GST_START_TEST (test_late_sound)
{
  Player player = { .time = 1000 * MS };

  for (guint i = 0; i < 20; i++)
    play (&player, TRUE, 10 * MS, 0);
  play (&player, TRUE, 80 * MS, 40 * MS);
  fail_unless_equals_int64 (player.end - player.time, 40 * MS);
}

GST_END_TEST;

/* Packets that never came: what follows has its time. */
GST_START_TEST (test_hole)
{
  Player player = { .time = 1000 * MS };

  for (guint i = 0; i < 20; i++)
    play (&player, TRUE, 10 * MS, 0);
  player.time += 60 * MS;
  play (&player, TRUE, 10 * MS, 0);
  fail_unless_equals_int (player.holes, 1);
  fail_unless_equals_int64 (player.end - player.time, 10 * MS);
  /* one in which the delay has changed */
  player.time += 60 * MS;
  play (&player, TRUE, 40 * MS, 0);
  fail_unless_equals_int64 (player.end - player.time, 40 * MS);
  player.time += 20 * MS;
  play (&player, TRUE, 10 * MS, 0);
  fail_unless (ABS (player.end - player.time - 20 * MS) < MS);
  /* and one that is a new beginning */
  player.time += VM_PACE_JUMP + MS;
  play (&player, TRUE, 10 * MS, 0);
  fail_unless_equals_int64 (player.end - player.time, 10 * MS);
}

GST_END_TEST;

static Suite *
delay_suite (void)
{
  Suite *s = suite_create ("delay");
  TCase *tc = tcase_create ("delay");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_quiet_network);
  tcase_add_test (tc, test_follows_jitter);
  tcase_add_test (tc, test_one_late_packet);
  tcase_add_test (tc, test_retransmissions);
  tcase_add_test (tc, test_limits);
  tcase_add_test (tc, test_together);
  tcase_add_test (tc, test_pictures);
  tcase_add_test (tc, test_late_picture);
  tcase_add_loop_test (tc, test_time_that_goes_back, 0, 3);
  tcase_add_test (tc, test_packets_of_sound);
  tcase_add_test (tc, test_sound_in_silence);
  tcase_add_test (tc, test_sound_in_a_tone);
  tcase_add_test (tc, test_late_sound);
  tcase_add_test (tc, test_hole);
  return s;
}

CHECK_PROGRAM (delay)
