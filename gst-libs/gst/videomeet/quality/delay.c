/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quality/delay.h"

#include <string.h>

/* A pause of the stream says nothing of the network. */
#define PAUSE_US G_TIME_SPAN_SECOND

void
vm_delay_init (VmDelay *self, gdouble share, guint memory)
{
  memset (self, 0, sizeof *self);
  self->share = share;
  self->memory = memory;
  self->target = VM_DELAY_START;
}

/* The last bucket is for whatever is later still. */
static guint
bucket_of (gint64 late)
{
  gint64 above =
      CLAMP (late, VM_DELAY_FLOOR, VM_DELAY_CEILING) - VM_DELAY_FLOOR;

  return (guint) (above / VM_DELAY_STEP);
}

/* With which that share of the frames is in time. */
static gint64
find_delay (const VmDelay *self)
{
  gdouble sum = 0;
  guint i;

  for (i = 0; i < VM_DELAY_BUCKETS - 1; i++) {
    sum += self->buckets[i];
    if (sum >= self->share)
      break;
  }
  return MIN (VM_DELAY_FLOOR + (i + 1) * VM_DELAY_STEP, VM_DELAY_CEILING);
}

static gint64
go_down (const VmDelay *self, gint64 wanted, gint64 now)
{
  gint64 passed = self->at ? CLAMP (now - self->at, 0, PAUSE_US) : 0;
  gint64 step = VM_DELAY_DOWN * passed / G_TIME_SPAN_SECOND;

  return MAX (wanted, self->target - step);
}

gint64
vm_delay_add (VmDelay *self, gint64 late, gint64 now)
{
  gint64 wanted;
  gdouble weight;

  if (self->frames < self->memory)
    self->frames++;
  weight = 1.0 / self->frames;
  for (guint i = 0; i < VM_DELAY_BUCKETS; i++)
    self->buckets[i] *= 1 - weight;
  self->buckets[bucket_of (late)] += weight;
  wanted = find_delay (self);
  self->target = wanted >= self->target ? wanted : go_down (self, wanted, now);
  self->at = now;
  return self->target;
}

void
vm_delay_pair (gint64 *sound, gint64 *picture)
{
  *sound = MAX (*sound, *picture - VM_DELAY_EARLY);
  *picture = MAX (*picture, *sound - VM_DELAY_LATE);
}
