/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How people read the SHA-256 of a device's public key. Pure; any thread. */

/* Characters: 52 of base32 in groups of four, and dashes. */
#define VM_DEVICE_ID_LENGTH 64
/* base64url of 32 bytes, without padding. */
#define VM_KEY_HASH_LENGTH 43
#define VM_DEVICE_ID_HASH_SIZE 32

/* Returns: (transfer full): the device id of @hash, VM_DEVICE_ID_HASH_SIZE
 * bytes. */
gchar *vm_device_id_new (const guint8 *hash);
/* The same for @key_hash, VM_KEY_HASH_LENGTH characters of base64url; NULL: it
 * is not that. Returns: (transfer full) (nullable) */
gchar *vm_device_id_read_key_hash (const gchar *key_hash);
/* The opposite; NULL: @device_id is none. Returns: (transfer full) (nullable)
 */
gchar *vm_device_id_to_key_hash (const gchar *device_id);
/* Whether @text has the form of a device id. */
gboolean vm_device_id_is_valid (const gchar *text);

G_END_DECLS
