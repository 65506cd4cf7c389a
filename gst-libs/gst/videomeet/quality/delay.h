/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long a stream is held back before it is played: by how much its frames
 * have come later than their time. Sans I/O: lateness and the time in, the
 * delay out. Not thread-safe. Times of streams are ns, as GStreamer's. */

#define VM_DELAY_MS ((gint64) 1000000) /* ns */

/* A bucket of the histogram. */
#define VM_DELAY_STEP (5 * VM_DELAY_MS)
/* Frames may be played before the time that they have: that of sound, which is
 * ready before the picture, is the picture's. */
#define VM_DELAY_FLOOR (-100 * VM_DELAY_MS)
/* What comes later is not waited for: nobody talks well across more. */
#define VM_DELAY_CEILING (400 * VM_DELAY_MS)
#define VM_DELAY_BUCKETS \
  ((VM_DELAY_CEILING - VM_DELAY_FLOOR) / VM_DELAY_STEP + 1)
/* Before anything is known of the network. */
#define VM_DELAY_START (30 * VM_DELAY_MS)
/* Down by so much in a second; up at once. */
#define VM_DELAY_DOWN (10 * VM_DELAY_MS)
/* Of this many frames the last ones count most: 10 s of sound, and of pictures
 * at 30 a second. */
#define VM_DELAY_MEMORY_SOUND 500
#define VM_DELAY_MEMORY_PICTURE 300
/* The share of the frames that come in time. */
#define VM_DELAY_SHARE_SOUND 0.99
#define VM_DELAY_SHARE_PICTURE 0.97
/* Sound before its picture, and behind it. */
#define VM_DELAY_EARLY (40 * VM_DELAY_MS)
#define VM_DELAY_LATE (60 * VM_DELAY_MS)

typedef struct
{
  gdouble share; /* 0 to 1 */
  guint memory;
  guint frames; /* that were added, up to @memory */
  gdouble buckets[VM_DELAY_BUCKETS]; /* their sum is 1, once there is a frame */
  gint64 target;
  gint64 at; /* µs: when it was set; 0: not yet */
} VmDelay;

void vm_delay_init (VmDelay *self, gdouble share, guint memory);
/* @late: ns between the time of a frame and its arrival; @now: µs. Returns the
 * delay from now on. */
gint64 vm_delay_add (VmDelay *self, gint64 late, gint64 now);
/* Keeps sound and picture of one participant together: the one that would be
 * played too early waits. */
void vm_delay_pair (gint64 *sound, gint64 *picture);
