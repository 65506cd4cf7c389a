/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

/* The files of one participant, on their way out of a pad file_src_N: a limited
 * number of messages waits here for the thread that pushes them, and the
 * answers travel upstream. */

/* Bytes of chunks that wait: of two windows. Beyond, a chunk is dropped, and
 * comes again. */
#define VM_FILE_OUTPUT_WAITING_MAX (8 * 1024 * 1024)
#define VM_FILE_OUTPUT_MESSAGES_MAX 1024

#define VM_TYPE_FILE_OUTPUT (vm_file_output_get_type ())
G_DECLARE_FINAL_TYPE (VmFileOutput, vm_file_output, VM, FILE_OUTPUT, GstPushSrc)

/* An answer; any thread, must not block. */
typedef void (*VmFileReplyFunc) (
    const GstStructure *message, gpointer user_data);

/* @from: as of the caps, who sends; @participant: its id. */
VmFileOutput *vm_file_output_new (const gchar *name, const gchar *from,
    const gchar *participant, VmFileReplyFunc func, gpointer user_data,
    GDestroyNotify notify);

/* Never blocks. FALSE: dropped; there is no room, or it has ended. */
gboolean vm_file_output_push (VmFileOutput *self, GstBuffer *buffer);
/* Whether its pad is linked; until then messages wait. */
void vm_file_output_set_wanted (VmFileOutput *self, gboolean wanted);
gboolean vm_file_output_is_wanted (VmFileOutput *self);
/* The offers that wait, and nothing else any more.
 * Returns: (transfer full): of GstBuffer */
GPtrArray *vm_file_output_take_offers (VmFileOutput *self);
/* Sends EOS after the waiting messages, or at once if the pad is not linked. */
void vm_file_output_end (VmFileOutput *self);
