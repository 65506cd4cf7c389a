/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransfermeta.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VM_FILE_TRANSFERS_MAX:
 *
 * Files that a #VmFileReceiver receives at a time; more are declined.
 *
 * Since: 0.1
 */
#define VM_FILE_TRANSFERS_MAX 64
/**
 * VM_FILE_TRANSFERS_PER_SENDER_MAX:
 *
 * Those of them that are of one sender, so that none keeps out all others; as
 * many as a #VmFileQueue sends at a time.
 *
 * Since: 0.1
 */
#define VM_FILE_TRANSFERS_PER_SENDER_MAX 32
/**
 * VM_FILE_TRANSFERS_PER_ADDRESS_MAX:
 *
 * Those of them that are of devices at one address that are not known, however
 * many keys they have.
 *
 * Since: 0.1
 */
#define VM_FILE_TRANSFERS_PER_ADDRESS_MAX 32

/**
 * VmFileReceiver:
 *
 * A folder that files are received in.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_RECEIVER (vm_file_receiver_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmFileReceiver, vm_file_receiver, VM,
    FILE_RECEIVER, GObject)

VM_API VmFileReceiver *vm_file_receiver_new (const gchar *directory);
VM_API gboolean vm_file_receiver_start (VmFileReceiver *self, GError **error);
VM_API void vm_file_receiver_stop (VmFileReceiver *self);
VM_API gboolean vm_file_receiver_take (
    VmFileReceiver *self, GstBuffer *buffer, const gchar *from, GError **error);
VM_API void
vm_file_receiver_accept (VmFileReceiver *self, const gchar *transfer_id);
VM_API void vm_file_receiver_decline (
    VmFileReceiver *self, const gchar *transfer_id, const gchar *reason);
VM_API void vm_file_receiver_set_paused (
    VmFileReceiver *self, const gchar *transfer_id, gboolean paused);
VM_API void
vm_file_receiver_cancel (VmFileReceiver *self, const gchar *transfer_id);

G_END_DECLS
