/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/spki.h"

#include <string.h>
#include <openssl/err.h>
#include <openssl/x509.h>

/* SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { 04, x, y } }
 * (RFC 5480 §2.1.1, §2.2): what stands before x and y. */
static const guint8 prefix[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86,
  0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
  0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

G_STATIC_ASSERT (sizeof prefix + 2 * 32 == VM_SPKI_SIZE);

static gboolean
set_wrong (GError **error)
{
  ERR_clear_error ();
  g_set_error_literal (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "The public key is not an ECDSA P-256 key");
  return FALSE;
}

static gboolean
has_form (const guint8 *data, gsize size)
{
  return size == VM_SPKI_SIZE && memcmp (data, prefix, sizeof prefix) == 0;
}

EVP_PKEY *
vm_spki_to_key (GBytes *spki, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (spki, &size);
  EVP_PKEY *key = NULL;

  /* d2i finds out whether the point is on the curve */
  if (has_form (data, size))
    key = d2i_PUBKEY (NULL, &data, size);
  if (!key)
    set_wrong (error);
  return key;
}

GBytes *
vm_spki_from_key (EVP_PKEY *key, GError **error)
{
  guint8 *der = NULL;
  gint size = i2d_PUBKEY (key, &der);
  GBytes *spki = NULL;

  if (size > 0 && has_form (der, size))
    spki = g_bytes_new (der, size);
  else
    set_wrong (error);
  OPENSSL_free (der);
  return spki;
}

GBytes *
vm_spki_from_certificate (GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GByteArray) der = NULL;
  const guint8 *p;
  X509 *x509 = NULL;
  EVP_PKEY *key = NULL;
  GBytes *spki = NULL;

  g_object_get (certificate, "certificate", &der, NULL);
  if (der) {
    p = der->data;
    x509 = d2i_X509 (NULL, &p, der->len);
  }
  if (x509)
    key = X509_get0_pubkey (x509);
  if (key)
    spki = vm_spki_from_key (key, error);
  else
    set_wrong (error);
  X509_free (x509);
  return spki;
}
