/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A pad file_sink_N of vmsignalbin: messages of a transfer on their way to one
 * participant. They wait here, a bounded number, until the control thread takes
 * them; the thread that brings more waits, unless it is flushed. Any thread. */

/* Bytes of chunks that wait here, and messages. */
#define VM_FILE_PAD_WAITING_MAX (256 * 1024)
#define VM_FILE_PAD_MESSAGES_MAX 256

#define VM_TYPE_FILE_PAD (vm_file_pad_get_type ())
G_DECLARE_FINAL_TYPE (VmFilePad, vm_file_pad, VM, FILE_PAD, GstPad)

/* @changed: there is something to take, or EOS came; on a streaming thread,
 * must not block. The pad does not live longer than @user_data. */
VmFilePad *vm_file_pad_new (const gchar *name, GstPadTemplate *templ,
    void (*changed) (gpointer user_data), gpointer user_data);

/* The receiver: a participant's id or name, or NULL: the only other one.
 * Returns: (transfer full) */
gchar *vm_file_pad_dup_to (VmFilePad *self);
gboolean vm_file_pad_is_eos (VmFilePad *self);
/* The first that waits. Returns: (transfer full) (nullable) */
GstBuffer *vm_file_pad_peek (VmFilePad *self);
/* Removes @buffer, which was handled. */
void vm_file_pad_pop (VmFilePad *self, GstBuffer *buffer);
/* Sends upstream the lane of a transfer from now on; @address may be NULL. */
void vm_file_pad_tell_lane (VmFilePad *self, const gchar *transfer_id,
    const gchar *lane, const gchar *address);
/* Sends the answer of @participant upstream. */
void vm_file_pad_reply (
    VmFilePad *self, const GstStructure *message, const gchar *participant);
