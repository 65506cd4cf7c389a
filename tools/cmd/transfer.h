/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ui/output.h"

#include <gst/gst.h>

/* How a file that is on its way is told: a line that is written over while it
 * is, one that stays when it is over, and an event for each state. */

#define VMT_FILE_NAME_MAX 40 /* characters shown of a name */
/* The same beside a bar: all of it is within the 80 columns of a terminal. */
#define VMT_PROGRESS_NAME_MAX 24

/* Of one file; the times begin with it. */
typedef struct
{
  /* µs, monotonic; when its first chunk was on its way, later by what it has
   * stood still since; 0: not yet */
  gint64 since;
  guint64 before; /* bytes that were there already */
  gint64 stands; /* since when it is paused; 0: it is not */
  gint64 looked; /* when its speed was last measured */
  guint64 then; /* bytes that were there by then */
  gdouble speed; /* bytes/s, smoothed; 0: not measured */
  gboolean warned; /* that a disk is full, since it went on last */
} VmtRate;

/* @transfer: as vm_file_sender_describe(). {"event":"transfer",…} */
JsonObject *vmt_transfer_event (const GstStructure *transfer);
/* Each state and progress of a file has to come by here for its times to be
 * right. */
void vmt_transfer_follow (const GstStructure *transfer, VmtRate *rate);
/* "a.iso  ██████░░░░  45 %  12.3 MB/s  00:41 left". Follows it, too. */
gchar *vmt_transfer_progress (const GstStructure *transfer, VmtRate *rate);
/* "a.iso: 1.2 GB, verified, in 0:12 (103 MB/s) over the call"; NULL while it is
 * not over. @good: whether it is verified. */
gchar *vmt_transfer_result (
    const GstStructure *transfer, const VmtRate *rate, gboolean *good);
/* "; 43 % is kept for when it is sent again", of one that this device has
 * received a part of, and who sends it shows its key; "" where nothing is. */
gchar *vmt_transfer_kept (const GstStructure *transfer);
/* A sentence when a disk has become full, once, as also who sees no line that
 * is written over has to know it; else NULL. */
gchar *vmt_transfer_warning (const GstStructure *transfer, VmtRate *rate);
/* The name of a file that a peer may have chosen, safe and short. */
gchar *vmt_transfer_name (const GstStructure *transfer);
/* Where files are received, if it is not there. FALSE: it cannot be made, or
 * nothing can be written there; @error is a sentence. */
gboolean vmt_transfer_make_folder (const gchar *folder, GError **error);
