/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "token.h"
#include "vmtruststore.h"

G_BEGIN_DECLS

/* Remembers that trust was agreed on with the device of @certificate, which its
 * TLS presented: @given is the token that this device issued for it (on both
 * sides of a handshake: it is what "trusted" means in this store), @held the one
 * it issued for this device, or NULL. Both are verified. Replaces what was
 * there. @user and @device are of a length and form checked before.
 * Errors: VM_ERROR_NOT_TRUSTED (revoked: vm_trust_store_pardon() first; or a
 * token that is not good), VM_ERROR_WRONG_KEY (a token of other keys),
 * VM_ERROR_KEY_CHANGED (another key is known by these names),
 * VM_ERROR_TOO_LARGE (VM_TRUST_STORE_DEVICES_MAX are trusted),
 * VM_ERROR_IDENTITY, VM_ERROR_FAILED (disk). Blocks for the disk; any thread. */
gboolean vm_trust_store_add (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, GDateTime *now, GError **error);

/* The tokens that are kept for a device and are good at @now, or NULL.
 * Returns: whether there is either */
gboolean vm_trust_store_get_tokens (VmTrustStore *self, const gchar *device_id,
    GDateTime *now, VmToken **given, VmToken **held);

G_END_DECLS
