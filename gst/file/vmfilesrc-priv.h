/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmfilesrc.h"

#include <gst/videomeet/videomeet.h>

struct _VmFileSrc
{
  GstPushSrc parent;

  /* under the object's lock, behind which is that of a sender */
  gchar **locations;
  guint chunk_size; /* bytes; 0: by the size of the file */
  guint64 max_bitrate; /* bits/s */
  gboolean paused;
  gboolean flushing;
  VmFileSender *sender; /* of the file that is being sent; made by create() */
  VmTransferState state;
  gdouble progress; /* 0 to 1 */
  guint files, verified; /* of this run */
  gboolean running; /* from start() until create() has told the end */
  gboolean ended; /* by EOS from outside, while it ran */
  gboolean end_told; /* the error for that is on the bus, if it is one */

  /* the streaming thread, and start() before it */
  guint next; /* of locations */
  guint failed; /* files */
};

/* vmfilesrc-files.c. The file at an index; NULL: there are no more. */
gchar *vm_file_src_dup_location (VmFileSrc *self, guint index);
/* One of several files has failed, or the only one. */
GstFlowReturn
vm_file_src_lose (VmFileSrc *self, const GError *error, const gchar *name);
/* The end of all files. */
GstFlowReturn vm_file_src_finish (VmFileSrc *self);
/* EOS from outside; any thread. FALSE: nothing was begun, or all is over, and
 * the base class may have it. */
gboolean vm_file_src_end (VmFileSrc *self);

/* vmfilesrc-lane.c: a VM_TRANSFER_EVENT without a message. FALSE: it is none,
 * or of another file than @sender's. */
gboolean
vm_file_src_take_lane (VmFileSender *sender, const GstStructure *event);

/* vmfilesrc-thread.c: gives it a streaming thread that lets others go first. */
gboolean vm_file_src_post_message (GstElement *element, GstMessage *message);
