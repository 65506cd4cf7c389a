/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/media/tagkey.h"
#include "trust/keys/agreement.h"
#include "trust/keys/vmidentity-priv.h"

#include <openssl/crypto.h>

G_STATIC_ASSERT (VM_TAG_KEY_SIZE == VM_DERIVED_SIZE);

gboolean
vm_tag_key_derive (VmIdentity *own, GBytes *peer, gboolean tags,
    guint8 key[VM_TAG_KEY_SIZE], GError **error)
{
  GBytes *mine = vm_identity_get_spki (own);
  g_autoptr (EVP_PKEY) theirs = vm_spki_to_key (peer, error);
  g_autoptr (GByteArray) label = vm_transcript_new ("vm2 tag salt");
  g_autoptr (GByteArray) info = vm_transcript_new ("vm2 tag key");
  guint8 salt[VM_SHA256_SIZE], secret[VM_SECRET_SIZE];
  gboolean good;

  if (!theirs)
    return FALSE;
  vm_transcript_hash (label, salt);
  vm_transcript_add_bytes (info, tags ? mine : peer);
  vm_transcript_add_bytes (info, tags ? peer : mine);
  good = vm_agree (vm_identity_get_key (own), theirs, secret)
         && vm_hkdf (secret, salt, info, key);
  OPENSSL_cleanse (secret, sizeof secret);
  if (!good)
    g_set_error (
        error, VM_ERROR, VM_ERROR_FAILED, "OpenSSL cannot derive a key");
  return good;
}
