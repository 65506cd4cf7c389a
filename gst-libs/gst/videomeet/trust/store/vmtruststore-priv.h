/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtruststore.h>

G_BEGIN_DECLS

/* Stores the trust agreed on with the device of @certificate, which its TLS
 * presented. @given is the token that this device issued for it (on both sides
 * of a handshake; its presence means "trusted"), @held the one that it issued
 * for this device, or NULL. Both are verified. Replaces older entries. The
 * caller has checked length and form of @user and @device. Errors:
 * VM_ERROR_NOT_TRUSTED (revoked, or a token that is not good),
 * VM_ERROR_WRONG_KEY (a token of other keys), VM_ERROR_KEY_CHANGED (another key
 * is known by these names), VM_ERROR_TOO_LARGE (VM_TRUST_STORE_DEVICES_MAX are
 * trusted), VM_ERROR_IDENTITY, VM_ERROR_FAILED (disk). Blocks for the disk; any
 * thread. */
gboolean vm_trust_store_add (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, GDateTime *now, GError **error);

/* The same after this user has compared new digits. @pardon: the result of
 * vm_trust_store_get_revocation() at that time, or NULL. The same step
 * withdraws that revocation, but not a later one. */
gboolean vm_trust_store_add_anew (VmTrustStore *self, const gchar *user,
    const gchar *device, GTlsCertificate *certificate, VmToken *given,
    VmToken *held, const gchar *pardon, GDateTime *now, GError **error);

/* The date of a line of the list, in Unix µs; an invalid one is later than all
 * others. */
gint64 vm_revocation_time (const gchar *date);

/* The revocation of @device_id on the list; NULL: none, or none as old as @said
 * (Unix µs), when the user decided. Blocks for the disk. Returns: (transfer
 * full) */
gchar *vm_trust_store_get_revocation (
    VmTrustStore *self, const gchar *device_id, gint64 said);

/* The stored tokens of a device that are valid at @now, or NULL.
 * Returns: whether there is either */
gboolean vm_trust_store_get_tokens (VmTrustStore *self, const gchar *device_id,
    GDateTime *now, VmToken **given, VmToken **held);

/* The key of a server by its address, "HOST:PORT". @server: (out): NULL: it was
 * never met. FALSE: the list cannot be read. Blocks for the disk. */
gboolean vm_trust_store_know_server (VmTrustStore *self, const gchar *address,
    VmKnownDevice **server, GError **error);
/* Remembers it. VM_ERROR_KEY_CHANGED: it was known by another key. */
gboolean vm_trust_store_pin_server (VmTrustStore *self, const gchar *address,
    const gchar *device_id, GDateTime *now, GError **error);
/* Sets VM_ERROR_KEY_CHANGED: the server @old shows @device_id now. FALSE. */
gboolean vm_trust_store_refuse_server (
    const VmKnownDevice *old, const gchar *device_id, GError **error);

/* Shared by the sources of the store. */

#define VM_STORE_DEVICES "devices"
#define VM_STORE_TOKENS "tokens"
#define VM_STORE_REVOKED "revoked"
#define VM_STORE_SERVERS "servers"

/* For vm_store_unlock(); -1 with VM_ERROR_FAILED. */
gint vm_trust_store_lock (VmTrustStore *self, GError **error);

/* Returns: (transfer full): "ID.pem" */
gchar *vm_trust_store_file_name (const gchar *device_id);

/* NULL when there is none, or it is damaged, with a warning. @damaged: (out)
 * (optional): which of both. Otherwise as vm_known_device_from_text(). */
VmKnownDevice *
vm_trust_store_read_device (VmTrustStore *self, const gchar *device_id,
    gchar **certificate_pem, GBytes **spki, gboolean *damaged);

/* vm_trust_store_list(). @damaged: (out): the ids of those whose file is
 * damaged, so that their names are not known. */
GPtrArray *vm_trust_store_list_all (VmTrustStore *self, GPtrArray **damaged);

/* The device of @damaged that may have gone by these names before: each, for
 * one that did not go by them itself. NULL: none. Returns: (transfer none) */
const gchar *
vm_trust_store_find_damaged (GPtrArray *devices, GPtrArray *damaged,
    const gchar *device_id, const gchar *user, const gchar *device);

/* @revoked: (out): id -> date, empty when there are none. FALSE, with a
 * warning, when the list is damaged: then @revoked holds the readable part. */
gboolean vm_trust_store_read_revoked (VmTrustStore *self, GHashTable **revoked);

/* The key of identity.pem beside the store, NULL when there is none. It reads
 * no private key. */
GBytes *vm_trust_store_read_own_spki (VmTrustStore *self);

/* The tokens in tokens/ID.pem with valid signatures, expired or not. @own is
 * this device's key, @spki the other device's, NULL when unknown: then the
 * tokens that it signed are ignored. */
void vm_trust_store_read_tokens (VmTrustStore *self, const gchar *device_id,
    GBytes *own, GBytes *spki, VmToken **given, VmToken **held);

/* @devices: as from vm_trust_store_list(). */
const VmKnownDevice *vm_trust_store_namesake (GPtrArray *devices,
    const gchar *device_id, const gchar *user, const gchar *device);
VmKnownDevice *
vm_trust_store_remembered (GPtrArray *devices, const gchar *device_id);
/* VM_ERROR_KEY_CHANGED, or VM_ERROR_NOT_TRUSTED where a damaged file leaves
 * open whose names they were. */
gboolean vm_trust_store_check_names (GPtrArray *devices, GPtrArray *damaged,
    const gchar *device_id, const gchar *user, const gchar *device,
    GError **error);
gboolean vm_trust_store_refuse_changed (GPtrArray *devices,
    const VmKnownDevice *old, const gchar *device_id, GError **error);

/* @name: the address of a server, or the whole id of those with one key. */
VmKnownDevice *vm_trust_store_forget_server (
    VmTrustStore *self, const gchar *name, GError **error);

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

VmKnownDevice *vm_known_device_copy (const VmKnownDevice *device);
gboolean vm_trust_store_pardon (
    VmTrustStore *self, const gchar *device_id, GError **error);

/* Returns: (transfer none) (type filename): the folder of the store */
const gchar *vm_trust_store_get_folder (VmTrustStore *self);
/* Whether a device may do something by what the store knows of it at @now.
 * @policy: whom this device meets with; @permission: one or more, all of which
 * it must have; @level: (out) (optional): how it is shown, admitted or not.
 * VM_ERROR_NOT_TRUSTED and VM_ERROR_KEY_CHANGED, in words for people. Blocks
 * for the disk; any thread. Returns: (transfer full): the facts of the device
 * that may */
VmTrustFacts *vm_trust_store_admit (VmTrustStore *self, const gchar *device_id,
    VmPolicy policy, VmPermissions permission, GDateTime *now,
    VmTrustLevel *level, GError **error);

G_END_DECLS
