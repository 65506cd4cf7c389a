/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmfilesender.h>

G_BEGIN_DECLS

/**
 * VM_FILE_QUEUE_MAX:
 *
 * Files, each counted once for each of its receivers, that wait in a
 * #VmFileQueue or are on their way.
 *
 * Since: 0.1
 */
#define VM_FILE_QUEUE_MAX 16384
/**
 * VM_FILE_QUEUE_ACTIVE_MAX:
 *
 * The most that #VmFileQueue:max-active can be.
 *
 * Since: 0.1
 */
#define VM_FILE_QUEUE_ACTIVE_MAX 32
/**
 * VM_FILE_QUEUE_PRIORITY_MAX:
 *
 * The highest priority of a file; the lowest is its negative.
 *
 * Since: 0.1
 */
#define VM_FILE_QUEUE_PRIORITY_MAX 100

/**
 * VmFileQueue:
 *
 * Files on their way to devices, many at a time.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_QUEUE (vm_file_queue_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmFileQueue, vm_file_queue, VM, FILE_QUEUE,
    GObject)

VM_API VmFileQueue *vm_file_queue_new (VmIdentity *identity);
VM_API void
vm_file_queue_set_receiver (VmFileQueue *self, const gchar *receiver,
    const gchar *const *base_uris, const gchar *key_hash);
VM_API guint vm_file_queue_add (VmFileQueue *self, const gchar *location,
    const gchar *receiver, gint priority, GError **error);
VM_API void vm_file_queue_cancel (VmFileQueue *self, guint entry);
VM_API void vm_file_queue_interrupt (VmFileQueue *self);
VM_API GstStructure *vm_file_queue_describe (VmFileQueue *self, guint entry);

G_END_DECLS
