/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmtruststore.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmTrustRequest:
 *
 * This device asks another one for trust.
 *
 * Since: 0.1
 */
#define VM_TYPE_TRUST_REQUEST (vm_trust_request_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmTrustRequest, vm_trust_request, VM,
    TRUST_REQUEST, GObject)

VM_API VmTrustRequest *
vm_trust_request_new (VmTrustStore *store, VmIdentity *identity,
    const gchar *user, const gchar *uri, const gchar *key_hash);
VM_API void
vm_trust_request_run_async (VmTrustRequest *self, GCancellable *cancellable,
    GAsyncReadyCallback callback, gpointer user_data);
VM_API gboolean vm_trust_request_run_finish (
    VmTrustRequest *self, GAsyncResult *result, GError **error);
VM_API gboolean vm_trust_request_confirm (VmTrustRequest *self, GError **error);
VM_API void vm_trust_request_deny (VmTrustRequest *self);
VM_API const gchar *vm_trust_request_get_digits (VmTrustRequest *self);
VM_API const gchar *vm_trust_request_get_device_id (VmTrustRequest *self);
VM_API const gchar *vm_trust_request_get_name (VmTrustRequest *self);

G_END_DECLS
