/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "ui/stamp.h"

/* Counts what comes out of a participant's pads. Pads push from their own
 * threads; every function may be called from any. */

typedef struct
{
  guint64 video_frames;
  guint64 audio_buffers;
  gint64 first_frame_us; /* g_get_monotonic_time() of it; 0 before */
  gint width, height; /* of the last frame */
  VmtStampRow stamps;
} VmtCounts;

typedef struct _VmtCounter VmtCounter;

VmtCounter *vmt_counter_new (void);
VmtCounter *vmt_counter_ref (VmtCounter *self);
void vmt_counter_unref (VmtCounter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtCounter, vmt_counter_unref)

/* Counts the buffers of @pad, as frames when @video; raw ones are searched for
 * stamps. */
void vmt_counter_attach (VmtCounter *self, GstPad *pad, gboolean video);
VmtCounts vmt_counter_get (VmtCounter *self);
