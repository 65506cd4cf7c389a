/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quality/delay.h"

/* How a stream follows its delay so that nobody sees or hears it: frames of a
 * picture come a part of a frame sooner or later than they would have, sound is
 * shortened and lengthened where it is silent, else by a hundredth. Sans I/O.
 * Not thread-safe. Times are ns. */

/* Frames that are further apart are those of another picture, or of a screen
 * that stood still. */
#define VM_PACE_INTERVAL_MAX (100 * VM_DELAY_MS)
/* Of the distance to the frame before. */
#define VM_PACE_UP 2 /* a half */
#define VM_PACE_DOWN 4 /* a quarter */
/* Sound that is not silent is stretched by one sample in so many: a sixth of a
 * semitone. */
#define VM_PACE_STRETCH 100
/* What is not worth a change of sound. */
#define VM_PACE_IGNORED (2 * VM_DELAY_MS)
/* A jump in the time of what comes in by more than this begins it anew; by more
 * than VM_PACE_HOLE it is a hole, as of what was lost or of silence that was
 * not sent, behind which the delay is right at once. */
#define VM_PACE_JUMP (500 * VM_DELAY_MS)
#define VM_PACE_HOLE (5 * VM_DELAY_MS)
/* Silence: no sample is larger, or than that part of the loudest of late. */
#define VM_PACE_SILENCE 256 /* -42 dBFS */
#define VM_PACE_QUIET 32 /* 30 dB below */

typedef struct
{
  gboolean begun;
  gint64 shift; /* of the frames to their time */
  gint64 in, out; /* of the last frame */
} VmPace;

/* The time at which a frame of the time @time is played, that comes at @now and
 * whose stream has the delay @delay. Never before the frame before, nor in the
 * past. @encoded_sound: it is a packet of sound, which is not looked into, and
 * keeps its distance to the one before, by a hundredth, however late it is. */
gint64 vm_pace_take (VmPace *self, gint64 time, gint64 delay, gint64 now,
    gboolean encoded_sound);

typedef struct
{
  gboolean begun;
  gint64 in, out; /* what comes next has and gets this time */
  gint loudest; /* of late */
} VmPaceSound;

/* What becomes of a piece of sound: so many samples are put before it, taken
 * off its start, and its rest is made so much longer, or shorter. */
typedef struct
{
  gint64 time;
  gboolean begins; /* anew: nothing joins what was before */
  guint insert, drop; /* samples of each channel */
  gint stretch;
} VmPacePlan;

/* The @samples at @rate of a piece whose time is @time and which comes at
 * a moment in which what should be played before @now is lost. @peak: the
 * largest of them, 0 to 32768. */
void vm_pace_sound (VmPaceSound *self, gint64 time, guint samples, guint rate,
    gint64 delay, gint64 now, gint peak, VmPacePlan *plan);
/* Samples of each channel that a piece of @samples gets. */
guint vm_pace_count (const VmPacePlan *plan, guint samples);
/* Writes vm_pace_count() interleaved samples of @channels channels. */
void vm_pace_write (const VmPacePlan *plan, const gint16 *in, guint samples,
    guint channels, gint16 *out);
gint vm_pace_peak (const gint16 *in, guint count);
