/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/spki.h"
#include <gst/videomeet/vmidentity.h>

G_BEGIN_DECLS

/* How the names of a key are written; characters. */
/* 52 of base32 in groups of four, and dashes */
#define VM_DEVICE_ID_LENGTH 64
#define VM_KEY_HASH_LENGTH 43 /* base64url of 32 bytes, without padding */

/* Whether @text has the form of a device id; pure. */
gboolean vm_device_id_is_valid (const gchar *text);

/* The id of the device that has this key. Hashes whatever is given: check it
 * with vm_spki_to_key() first. Pure; any thread. Returns: (transfer full) */
gchar *vm_spki_to_device_id (GBytes *spki);
/* As vm_key_hash_from_certificate(). */
gchar *vm_key_hash_from_key (EVP_PKEY *key);

/* The key pair, to sign with. Returns: (transfer none), never NULL */
EVP_PKEY *vm_identity_get_key (VmIdentity *self);
/* Returns: (transfer none), never NULL */
GBytes *vm_identity_get_spki (VmIdentity *self);

G_END_DECLS
