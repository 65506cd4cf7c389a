/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/pacer.h"

#include <gst/gst.h>

struct _VmPacer
{
  GMutex lock; /* of what follows */
  guint64 rate;
  gint64 until;
};

gint64
vm_pace (gint64 until, gsize size, guint64 rate, gint64 now)
{
  if (!rate)
    return now;
  return MAX (until, now - VM_PACE_BURST)
         + (gint64) gst_util_uint64_scale (size * 8, G_USEC_PER_SEC, rate);
}

gint64
vm_pace_again (gint64 until, guint64 from, guint64 to, gint64 now)
{
  if (!to || until <= now)
    return 0;
  return now + (gint64) gst_util_uint64_scale (until - now, from, to);
}

VmPacer *
vm_pacer_new (void)
{
  VmPacer *self = g_new0 (VmPacer, 1);

  g_mutex_init (&self->lock);
  return self;
}

void
vm_pacer_free (VmPacer *self)
{
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vm_pacer_set_rate (VmPacer *self, guint64 rate, gint64 now)
{
  g_mutex_lock (&self->lock);
  self->until = vm_pace_again (self->until, self->rate, rate, now);
  self->rate = rate;
  g_mutex_unlock (&self->lock);
}

gint64
vm_pacer_take (VmPacer *self, gsize size, gint64 now)
{
  gint64 until;

  g_mutex_lock (&self->lock);
  until = self->until = vm_pace (self->until, size, self->rate, now);
  g_mutex_unlock (&self->lock);
  return until;
}
