/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmSigner:
 *
 * Makes the tags of a stream of messages.
 *
 * Since: 0.1
 */
#define VM_TYPE_SIGNER (vm_signer_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmSigner, vm_signer, VM, SIGNER, GObject)

VM_API VmSigner *vm_signer_new (VmIdentity *identity, VmProtection protection,
    GBytes *peer, GError **error);
VM_API GBytes *vm_signer_sign (VmSigner *self, GBytes *message, GError **error);
VM_API const gchar *vm_signer_get_stream (VmSigner *self);

G_END_DECLS
