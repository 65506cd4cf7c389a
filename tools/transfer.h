/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "output.h"

#include <gst/gst.h>

/* How a file that is on its way is told: a line that is written over while it is,
 * one that stays when it is over, and an event for each state. */

#define VMT_FILE_NAME_MAX 40 /* characters shown of a name */

/* Of one file; the times begin with it. */
typedef struct
{
  gint64
      since; /* µs, monotonic; when its first chunk was on its way; 0: not yet */
  guint64 before; /* bytes that were there already */
} VmtRate;

/* @transfer: as vm_file_sender_describe(). {"event":"transfer",…} */
JsonObject *vmt_transfer_event (const GstStructure *transfer);
/* "a.iso  ██████░░░░  45 %  12.3 MB/s  0:41 left" */
gchar *vmt_transfer_progress (const GstStructure *transfer, VmtRate *rate);
/* "a.iso: 1.2 GB, verified, in 0:12 (103 MB/s) over WSS"; NULL while it is not over. @good:
 * whether it is verified. */
gchar *vmt_transfer_result (
    const GstStructure *transfer, const VmtRate *rate, gboolean *good);
/* The name of a file that a peer may have chosen, safe and short. */
gchar *vmt_transfer_name (const GstStructure *transfer);
/* Where files are received, if it is not there. FALSE: it cannot be made, or nothing
 * can be written there; @error is a sentence. */
gboolean vmt_transfer_make_folder (const gchar *folder, GError **error);
