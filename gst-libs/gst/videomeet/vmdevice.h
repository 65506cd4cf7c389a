/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmDevice:
 *
 * Another device of the network. It is never changed but replaced: a #VmNode
 * hands out a new one with each of its signals.
 *
 * Since: 0.1
 */
#define VM_TYPE_DEVICE (vm_device_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmDevice, vm_device, VM, DEVICE, GObject)

VM_API const gchar *vm_device_get_id (VmDevice *self);
VM_API const gchar *vm_device_get_key_hash (VmDevice *self);
VM_API const gchar *vm_device_get_user (VmDevice *self);
VM_API const gchar *const *vm_device_get_capabilities (VmDevice *self);
VM_API VmMethods vm_device_get_methods (VmDevice *self);
VM_API const gchar *vm_device_get_device (VmDevice *self);
VM_API const gchar *vm_device_get_status (VmDevice *self);
VM_API const gchar *vm_device_get_meeting (VmDevice *self);
VM_API const gchar *vm_device_get_meeting_id (VmDevice *self);
VM_API guint vm_device_get_participants (VmDevice *self);
VM_API guint vm_device_get_max_participants (VmDevice *self);
VM_API gboolean vm_device_get_trusted (VmDevice *self);
VM_API gboolean vm_device_get_secure (VmDevice *self);
VM_API guint16 vm_device_get_port (VmDevice *self);
VM_API const gchar *const *vm_device_get_addresses (VmDevice *self);
VM_API gchar *vm_device_get_base_uri (VmDevice *self);
VM_API const gchar *const *vm_device_get_base_uris (VmDevice *self);
VM_API gchar *vm_device_get_uri (VmDevice *self);
VM_API gchar *vm_device_to_json (VmDevice *self);

G_END_DECLS
