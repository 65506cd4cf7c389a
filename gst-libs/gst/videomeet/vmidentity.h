/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmIdentity:
 *
 * The key that identifies this device.
 *
 * Since: 0.1
 */
#define VM_TYPE_IDENTITY (vm_identity_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmIdentity, vm_identity, VM, IDENTITY, GObject)

VM_API VmIdentity *vm_identity_load (const gchar *directory, GError **error);
VM_API const gchar *vm_identity_get_device_id (VmIdentity *self);
VM_API GTlsCertificate *vm_identity_get_tls_certificate (VmIdentity *self);

VM_API gchar *vm_device_id_from_key_hash (const gchar *key_hash);
VM_API gchar *vm_fingerprint_from_device_id (const gchar *device_id);
VM_API gchar *vm_key_hash_from_certificate (GTlsCertificate *certificate);

G_END_DECLS
