/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransfermeta.h>
#include <gst/videomeet/vmidentity.h>

G_BEGIN_DECLS

/**
 * VM_FILE_CHUNK_SIZE:
 *
 * The default size of a chunk, in bytes (`protocol/files.md#base-messages`).
 *
 * Since: 0.1
 */
#define VM_FILE_CHUNK_SIZE 65536
/**
 * VM_FILE_CHUNK_SIZE_MIN:
 *
 * The fewest bytes that a chunk may have.
 *
 * Since: 0.1
 */
#define VM_FILE_CHUNK_SIZE_MIN 1024
/**
 * VM_FILE_CHUNK_SIZE_MAX:
 *
 * The most bytes that a chunk may have: a message of any lane.
 *
 * Since: 0.1
 */
#define VM_FILE_CHUNK_SIZE_MAX 1048576

/**
 * VmFileSender:
 *
 * One file on its way to one receiver.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_SENDER (vm_file_sender_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmFileSender, vm_file_sender, VM, FILE_SENDER,
    GObject)

VM_API VmFileSender *
vm_file_sender_new (const gchar *location, guint chunk_size, GError **error);
VM_API GstBuffer *vm_file_sender_pull (VmFileSender *self, GError **error);
VM_API void
vm_file_sender_take (VmFileSender *self, const GstStructure *message);
VM_API void vm_file_sender_set_paused (VmFileSender *self, gboolean paused);
VM_API void
vm_file_sender_set_max_bitrate (VmFileSender *self, guint64 max_bitrate);
VM_API void vm_file_sender_cancel (VmFileSender *self);
VM_API gboolean vm_file_sender_upload (VmFileSender *self, VmIdentity *identity,
    const gchar *base_uri, const gchar *key_hash, GCancellable *cancellable,
    GError **error);
VM_API GstStructure *vm_file_sender_describe (VmFileSender *self);

G_END_DECLS
