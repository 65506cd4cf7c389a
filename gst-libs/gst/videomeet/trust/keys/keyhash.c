/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The SHA-256 of a public key, and the device id that it makes. Pure. */

#include "trust/keys/vmidentity-priv.h"
#include "base/base64.h"
#include "trust/keys/spki.h"
#include "trust/keys/transcript.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/**
 * vm_device_id_from_key_hash:
 * @key_hash: base64url SHA-256 of a public key, 43 characters
 *
 * Turns the hash of a key into the id that people read. Pure: any thread.
 *
 * Returns: (transfer full) (nullable): the device id of that key (52 letters
 *   and digits in groups of four), or %NULL when @key_hash is not the hash of
 *   32 bytes
 *
 * Since: 0.1
 */
gchar *
vm_device_id_from_key_hash (const gchar *key_hash)
{
  g_return_val_if_fail (key_hash != NULL, NULL);

  return vm_device_id_read_key_hash (key_hash);
}

gchar *
vm_spki_to_device_id (GBytes *spki)
{
  guint8 hash[VM_SHA256_SIZE];
  gsize size;
  gconstpointer data = g_bytes_get_data (spki, &size);

  vm_sha256 (data, size, hash);
  return vm_device_id_new (hash);
}

gchar *
vm_key_hash_from_key (EVP_PKEY *key)
{
  g_autoptr (GBytes) spki = vm_spki_from_key (key, NULL);
  guint8 hash[VM_SHA256_SIZE];

  if (!spki)
    return NULL;
  vm_sha256 (g_bytes_get_data (spki, NULL), g_bytes_get_size (spki), hash);
  return vm_base64url_write (hash, sizeof hash);
}

/**
 * vm_key_hash_from_certificate:
 * @certificate: what TLS presented
 *
 * Hashes the public key of a certificate, to compare it with the one announced.
 * Pure: any thread.
 *
 * Returns: (transfer full) (nullable): base64url SHA-256 of the DER encoding
 *   of its public key (SubjectPublicKeyInfo), 43 characters, or %NULL when the
 *   certificate cannot be read, or has another key than one of ECDSA P-256, as
 *   no device has
 *
 * Since: 0.1
 */
gchar *
vm_key_hash_from_certificate (GTlsCertificate *certificate)
{
  g_autoptr (GByteArray) der = NULL;
  const guint8 *p;
  X509 *x509;
  gchar *hash = NULL;

  g_return_val_if_fail (G_IS_TLS_CERTIFICATE (certificate), NULL);

  g_object_get (certificate, "certificate", &der, NULL);
  if (!der)
    return NULL;
  p = der->data;
  x509 = d2i_X509 (NULL, &p, der->len);
  if (x509 && X509_get0_pubkey (x509))
    hash = vm_key_hash_from_key (X509_get0_pubkey (x509));
  X509_free (x509);
  ERR_clear_error ();
  return hash;
}
