/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/mediaidentity.h"

/* Authenticates chat between two devices (security.md#media-and-messages):
 * HMAC-SHA-256 under keys that come from the `ek` of the offer and the answer.
 *
 *   IKM  = ECDH of the two ek: the shared x, SEC 1 §3.3.1
 *   salt = SHA-256 of the transcript "vm2 message keys", offer's identity,
 *          answer's identity, both as they were on the wire
 *   info = transcript "vm2 chat key", "offerer to answerer" or
 *          "answerer to offerer"
 *   key  = HKDF-SHA-256 (RFC 5869), 32 bytes, one a direction
 *   mac  = HMAC-SHA-256 of the transcript "vm2 chat", sequence, text
 *
 * The two identities are signed and name both devices, so no other device and
 * no other call has these keys. A restart makes new keys. */

#define VM_MESSAGE_KEY_SIZE 32 /* bytes */
#define VM_MESSAGE_MAC_SIZE 32 /* bytes */
#define VM_MESSAGE_MAC_BASE64_SIZE 44 /* characters */
/* Sequences go from 1 to this: what JavaScript counts exactly. */
#define VM_MESSAGE_SEQUENCE_MAX ((G_GINT64_CONSTANT (1) << 53) - 1)

/* A key for one call, made before it is needed. */
typedef struct _VmEphemeral VmEphemeral;
/* VM_ERROR_FAILED */
VmEphemeral *vm_ephemeral_new (GError **error);
void vm_ephemeral_free (VmEphemeral *ephemeral);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmEphemeral, vm_ephemeral_free)
/* The public half, `ek`; owned by @ephemeral. */
GBytes *vm_ephemeral_get_spki (VmEphemeral *ephemeral);

typedef struct _VmMessageKeys VmMessageKeys;
/* @ek: the other side's, of a verified identity. VM_ERROR_WRONG_KEY: it is no
 * key, or our own; VM_ERROR_FAILED. */
VmMessageKeys *vm_message_keys_new (VmEphemeral *own, GBytes *ek,
    gboolean offerer, const gchar *offer, const gchar *answer, GError **error);
void vm_message_keys_free (VmMessageKeys *keys);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMessageKeys, vm_message_keys_free)

/* The next message of this side: base64, with its @sequence. */
gchar *
vm_message_keys_sign (VmMessageKeys *keys, const gchar *text, gint64 *sequence);
/* A message of the other side; @mac: any text, or NULL. Its sequence must be
 * greater than all before; @missed (nullable): how many are missing before it.
 * VM_ERROR_BAD_MESSAGE: no mac, or no sequence; VM_ERROR_SIGNATURE: it was
 * changed, repeated, or late; then nothing changes. */
gboolean vm_message_keys_verify (VmMessageKeys *keys, const gchar *text,
    gint64 sequence, const gchar *mac, gint64 *missed, GError **error);
