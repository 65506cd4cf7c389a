/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtrustfacts.h>

G_BEGIN_DECLS

/**
 * VM_TRUST_STORE_DEVICES_MAX:
 *
 * Devices that a store remembers; the one seen longest ago makes room.
 *
 * Since: 0.1
 */
#define VM_TRUST_STORE_DEVICES_MAX 1024

/**
 * VM_TRUST_STORE_REVOKED_MAX:
 *
 * Revoked devices that a store remembers. None makes room for another.
 *
 * Since: 0.1
 */
#define VM_TRUST_STORE_REVOKED_MAX 8192

/**
 * VM_TRUST_STORE_SERVERS_MAX:
 *
 * Servers whose keys a store remembers by their addresses; the one seen longest
 * ago makes room.
 *
 * Since: 0.3
 */
#define VM_TRUST_STORE_SERVERS_MAX 1024

/**
 * VM_TRUST_BUNDLE_MAX:
 *
 * Bytes of what vm_trust_store_import() reads.
 *
 * Since: 0.1
 */
#define VM_TRUST_BUNDLE_MAX (8 * 1024 * 1024)

#define VM_TYPE_KNOWN_DEVICE (vm_known_device_get_type ())

typedef struct _VmKnownDevice VmKnownDevice;

/**
 * VmKnownDevice:
 * @device_id: its device id
 * @user: the name its user had when it was last seen
 * @device: the name it had itself
 * @first_seen: when its key was first seen
 *
 * A device that was met before.
 *
 * Since: 0.1
 */
struct _VmKnownDevice
{
  gchar *device_id;
  gchar *user;
  gchar *device;
  GDateTime *first_seen;
};

VM_API GType vm_known_device_get_type (void);
VM_API void vm_known_device_free (VmKnownDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmKnownDevice, vm_known_device_free)

/**
 * VmTrustStore:
 *
 * The devices that were met before, and their keys.
 *
 * Since: 0.1
 */
#define VM_TYPE_TRUST_STORE (vm_trust_store_get_type ())
VM_API
G_DECLARE_FINAL_TYPE (VmTrustStore, vm_trust_store, VM, TRUST_STORE, GObject)

VM_API VmTrustStore *vm_trust_store_new (const gchar *directory);
VM_API GPtrArray *vm_trust_store_list (VmTrustStore *self);
VM_API GPtrArray *vm_trust_store_list_servers (VmTrustStore *self);
VM_API VmKnownDevice *
vm_trust_store_forget (VmTrustStore *self, const gchar *device, GError **error);

VM_API VmTrustFacts *
vm_trust_store_know (VmTrustStore *self, const gchar *device_id,
    const gchar *user, const gchar *device, GDateTime *now);
VM_API gboolean vm_trust_store_pin (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, GDateTime *now,
    GError **error);
VM_API GPtrArray *vm_trust_store_know_all (VmTrustStore *self, GDateTime *now);
VM_API gchar *
vm_trust_store_find (VmTrustStore *self, const gchar *device, GError **error);
VM_API gchar *vm_trust_store_revoke (
    VmTrustStore *self, const gchar *device, GDateTime *now, GError **error);
VM_API gchar *vm_trust_store_export (VmTrustStore *self, GError **error);
VM_API gboolean vm_trust_store_import (VmTrustStore *self, const gchar *bundle,
    gssize size, GDateTime *now, guint *taken, guint *left, GError **error);

G_END_DECLS
