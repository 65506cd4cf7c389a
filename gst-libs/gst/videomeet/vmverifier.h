/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmenums.h>

G_BEGIN_DECLS

/**
 * VmVerifier:
 *
 * Checks the tags of a stream of messages.
 *
 * Since: 0.1
 */
#define VM_TYPE_VERIFIER (vm_verifier_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmVerifier, vm_verifier, VM, VERIFIER, GObject)

VM_API VmVerifier *vm_verifier_new (VmIdentity *identity,
    VmProtection protection, GBytes *peer, const gchar *stream, GError **error);
VM_API gboolean vm_verifier_verify (VmVerifier *self, GBytes *tagged,
    gsize *message_size, guint64 *missed, GError **error);

G_END_DECLS
