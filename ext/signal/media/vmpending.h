/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Encoded frames of one stream that wait for their consumer, complete from a
 * key frame on: asking for another key frame takes half a second. No lock. */

/* Frames: less than half a second. */
#define VM_PENDING_MAX 24

/* Zero is a new one. */
typedef struct
{
  GQueue samples;
  gboolean whole; /* the next frame follows the last that was kept, which may
                     have been taken */
} VmPending;

/* A key frame of video restarts the queue. A frame after a gap is dropped, and
 * so are all waiting frames when there are too many. */
void vm_pending_keep (VmPending *self, GstSample *sample, gboolean video);
/* The oldest (transfer full), or NULL. */
GstSample *vm_pending_take (VmPending *self);
/* Nothing waits, and nothing follows. */
void vm_pending_clear (VmPending *self);
