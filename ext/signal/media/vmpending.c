/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmpending.h"

void
vm_pending_clear (VmPending *self)
{
  g_queue_clear_full (&self->samples, (GDestroyNotify) gst_sample_unref);
  self->whole = FALSE;
}

void
vm_pending_keep (VmPending *self, GstSample *sample, gboolean video)
{
  gboolean key = !GST_BUFFER_FLAG_IS_SET (
      gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DELTA_UNIT);

  if (g_queue_get_length (&self->samples) >= VM_PENDING_MAX || (video && key))
    vm_pending_clear (self);
  if (!key && !self->whole)
    return;
  self->whole = TRUE;
  g_queue_push_tail (&self->samples, gst_sample_ref (sample));
}

GstSample *
vm_pending_take (VmPending *self)
{
  return g_queue_pop_head (&self->samples);
}
