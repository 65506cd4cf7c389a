/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Remembers that trust was agreed on with the device of @certificate, which its
 * TLS presented: @given is the token that this device issued for it (on both
 * sides of a handshake: it is what "trusted" means in this store), @held the
 * one it issued for this device, or NULL. Both are verified. Replaces what was
 * there. @user and @device are of a length and form checked before.
 * Errors: VM_ERROR_NOT_TRUSTED (revoked, or a token that is not good),
 * VM_ERROR_WRONG_KEY (a token of other keys),
 * VM_ERROR_KEY_CHANGED (another key is known by these names),
 * VM_ERROR_TOO_LARGE (VM_TRUST_STORE_DEVICES_MAX are trusted),
 * VM_ERROR_IDENTITY, VM_ERROR_FAILED (disk). Blocks for the disk; any
 * thread. */
gboolean vm_trust_store_add (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, GDateTime *now, GError **error);

/* The same when this user has found new digits equal. @pardon: what
 * vm_trust_store_get_revocation() said when they did, NULL: nothing. That
 * revocation is taken back with it, in one step; one that came after is not. */
gboolean vm_trust_store_add_anew (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, const gchar *pardon, GDateTime *now, GError **error);

/* The date of a line of the list, in Unix µs; what is none is later than
 * all. */
gint64 vm_revocation_time (const gchar *date);

/* Which revocation of @device_id is on the list, NULL: none, or none that was
 * there at @said (Unix µs), when the user spoke. Blocks for the disk. Returns:
 * (transfer full) */
gchar *vm_trust_store_get_revocation (
    VmTrustStore *self, const gchar *device_id, gint64 said);

/* The tokens that are kept for a device and are good at @now, or NULL.
 * Returns: whether there is either */
gboolean vm_trust_store_get_tokens (VmTrustStore *self, const gchar *device_id,
    GDateTime *now, VmToken **given, VmToken **held);

/* What the sources of the store share. */

#define VM_STORE_DEVICES "devices"
#define VM_STORE_TOKENS "tokens"
#define VM_STORE_REVOKED "revoked"

/* For vm_store_unlock(); -1 with VM_ERROR_FAILED. */
gint vm_trust_store_lock (VmTrustStore *self, GError **error);

/* Returns: (transfer full): "ID.pem" */
gchar *vm_trust_store_file_name (const gchar *device_id);

/* NULL when there is none, or it is damaged, with a warning. The rest is as of
 * vm_known_device_from_text(). */
VmKnownDevice *vm_trust_store_read_device (VmTrustStore *self,
    const gchar *device_id, gchar **certificate_pem, GBytes **spki);

/* @revoked: (out): id -> date, empty when there are none. FALSE, with a
 * warning, when the list is damaged: then it holds what could be read. */
gboolean vm_trust_store_read_revoked (VmTrustStore *self, GHashTable **revoked);

/* The key of identity.pem beside it, NULL when there is none. No private key is
 * read from it. */
GBytes *vm_trust_store_read_own_spki (VmTrustStore *self);

/* The tokens in tokens/ID.pem whose signatures are right, at whatever time they
 * are good. @own is this device's key, @spki that of the other, NULL when it is
 * not known: then nothing that it signed counts. */
void vm_trust_store_read_tokens (VmTrustStore *self, const gchar *device_id,
    GBytes *own, GBytes *spki, VmToken **given, VmToken **held);

/* Of a list that vm_trust_store_list() made. */
const VmKnownDevice *vm_trust_store_namesake (GPtrArray *devices,
    const gchar *device_id, const gchar *user, const gchar *device);
VmKnownDevice *
vm_trust_store_remembered (GPtrArray *devices, const gchar *device_id);
gboolean vm_trust_store_refuse_changed (GPtrArray *devices,
    const VmKnownDevice *old, const gchar *device_id, GError **error);

/* With the lock held. */
gboolean vm_trust_store_make_room (
    VmTrustStore *self, GPtrArray *devices, GError **error);
gboolean vm_trust_store_write_device (VmTrustStore *self,
    const VmKnownDevice *device, const gchar *certificate_pem, GError **error);
gboolean vm_trust_store_remember (VmTrustStore *self, GPtrArray *devices,
    const gchar *device_id, const gchar *user, const gchar *device,
    GTlsCertificate *certificate, GDateTime *now, GError **error);
gboolean vm_trust_store_write_tokens (VmTrustStore *self,
    const gchar *device_id, VmToken *given, VmToken *held, GError **error);
gboolean vm_trust_store_write_revoked (
    VmTrustStore *self, GHashTable *revoked, GError **error);

G_END_DECLS
