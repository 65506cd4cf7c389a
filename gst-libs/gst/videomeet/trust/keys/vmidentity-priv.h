/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/deviceid.h"
#include "trust/keys/spki.h"
#include <gst/videomeet/vmidentity.h>

G_BEGIN_DECLS

/* The id of the device that has this key. Hashes any bytes: check them with
 * vm_spki_to_key() first. Pure; any thread. Returns: (transfer full) */
gchar *vm_spki_to_device_id (GBytes *spki);
/* As vm_key_hash_from_certificate(). */
gchar *vm_key_hash_from_key (EVP_PKEY *key);

/* The key pair, to sign with. Returns: (transfer none), never NULL */
EVP_PKEY *vm_identity_get_key (VmIdentity *self);
/* Returns: (transfer none), never NULL */
GBytes *vm_identity_get_spki (VmIdentity *self);

const gchar *vm_identity_get_certificate_pem (VmIdentity *self);
const gchar *vm_identity_get_key_hash (VmIdentity *self);
const gchar *vm_identity_get_path (VmIdentity *self);

G_END_DECLS
