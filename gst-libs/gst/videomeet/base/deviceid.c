/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Device ids and what they are made of: the SHA-256 of a public key. Pure. */

#include "trust/keys/vmidentity-priv.h"
#include "base/base64.h"
#include "trust/keys/spki.h"
#include "trust/keys/transcript.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#define ID_GROUP 4 /* characters between two dashes of a device id */

/* RFC 4648 §6, without padding, a dash after every ID_GROUP characters. */
static gchar *
base32_grouped (const guint8 *data, gsize size)
{
  static const gchar alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  GString *out = g_string_new (NULL);
  guint32 bits = 0;
  guint n_bits = 0, written = 0;

  for (gsize i = 0; i < size || n_bits > 0; i++) {
    bits = bits << 8 | (i < size ? data[i] : 0);
    n_bits += 8;
    while (n_bits >= 5) {
      if (written && written % ID_GROUP == 0)
        g_string_append_c (out, '-');
      g_string_append_c (out, alphabet[bits >> (n_bits - 5) & 31]);
      written++;
      n_bits -= 5;
      if (i >= size) {
        n_bits = 0;
        break;
      }
    }
  }
  return g_string_free (out, FALSE);
}

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
  guint8 hash[VM_SHA256_SIZE];

  g_return_val_if_fail (key_hash != NULL, NULL);

  return vm_base64url_read (key_hash, hash, sizeof hash)
             ? base32_grouped (hash, sizeof hash)
             : NULL;
}

gboolean
vm_device_id_is_valid (const gchar *text)
{
  return strlen (text) == VM_DEVICE_ID_LENGTH
         && strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567-")
                == VM_DEVICE_ID_LENGTH;
}

gchar *
vm_spki_to_device_id (GBytes *spki)
{
  guint8 hash[VM_SHA256_SIZE];
  gsize size;
  gconstpointer data = g_bytes_get_data (spki, &size);

  vm_sha256 (data, size, hash);
  return base32_grouped (hash, sizeof hash);
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
