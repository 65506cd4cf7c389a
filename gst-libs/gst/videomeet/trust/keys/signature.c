/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/signature.h"
#include "base/base64.h"
#include "trust/keys/vmidentity-priv.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/ecdsa.h>
#include <openssl/err.h>

#define HALF (VM_SIGNATURE_SIZE / 2)
#define DER_MAX 72 /* bytes; X9.62: two integers of 33 and their heads */

static const gchar *const purposes[] = {
  [VM_SIGNATURE_MEETING_STATE] = "meeting-state",
  [VM_SIGNATURE_FILE_OFFER] = "file-offer",
  [VM_SIGNATURE_INVITATION] = "invitation",
  [VM_SIGNATURE_QUIC_FINGERPRINT] = "quic-fingerprint",
};

/* OpenSSL writes the integers as DER. */
static gboolean
from_der (const guint8 *der, gsize size, guint8 signature[VM_SIGNATURE_SIZE])
{
  ECDSA_SIG *sig = d2i_ECDSA_SIG (NULL, &der, size);
  gboolean good =
      sig && BN_bn2binpad (ECDSA_SIG_get0_r (sig), signature, HALF) == HALF
      && BN_bn2binpad (ECDSA_SIG_get0_s (sig), signature + HALF, HALF) == HALF;

  ECDSA_SIG_free (sig);
  return good;
}

static gsize
to_der (const guint8 signature[VM_SIGNATURE_SIZE], guint8 der[DER_MAX])
{
  ECDSA_SIG *sig = ECDSA_SIG_new ();
  BIGNUM *r = BN_bin2bn (signature, HALF, NULL);
  BIGNUM *s = BN_bin2bn (signature + HALF, HALF, NULL);
  gint size = 0;

  if (sig && r && s && ECDSA_SIG_set0 (sig, r, s) == 1) {
    r = s = NULL;
    size = i2d_ECDSA_SIG (sig, &der);
  }
  BN_free (r);
  BN_free (s);
  ECDSA_SIG_free (sig);
  return MAX (size, 0);
}

gboolean
vm_signature_make (VmIdentity *identity, gconstpointer data, gsize size,
    guint8 signature[VM_SIGNATURE_SIZE], GError **error)
{
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 der[DER_MAX];
  gsize der_size = sizeof der;
  gboolean good = context
                  && EVP_DigestSignInit (context, NULL, EVP_sha256 (), NULL,
                         vm_identity_get_key (identity))
                         == 1
                  && EVP_DigestSign (context, der, &der_size, data, size) == 1
                  && from_der (der, der_size, signature);

  EVP_MD_CTX_free (context);
  if (!good) {
    ERR_clear_error ();
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "The device key of %s does not sign", vm_identity_get_path (identity));
  }
  return good;
}

gboolean
vm_signature_is (GBytes *spki, gconstpointer data, gsize size,
    const guint8 signature[VM_SIGNATURE_SIZE])
{
  g_autoptr (EVP_PKEY) key = vm_spki_to_key (spki, NULL);
  EVP_MD_CTX *context = EVP_MD_CTX_new ();
  guint8 der[DER_MAX];
  gsize der_size = to_der (signature, der);
  gboolean good =
      key && context && der_size
      && EVP_DigestVerifyInit (context, NULL, EVP_sha256 (), NULL, key) == 1
      && EVP_DigestVerify (context, der, der_size, data, size) == 1;

  EVP_MD_CTX_free (context);
  ERR_clear_error ();
  return good;
}

static VmTranscript *
scope_bytes (const VmSignatureScope *scope, const gchar *device_id,
    gconstpointer data, gsize size)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 signature");

  vm_transcript_add_text (bytes, purposes[scope->purpose]);
  vm_transcript_add_text (bytes, device_id);
  vm_transcript_add_text (bytes, scope->context);
  vm_transcript_add_number (bytes, scope->version);
  vm_transcript_add (bytes, data, size);
  return bytes;
}

gchar *
vm_signature_sign (VmIdentity *identity, const VmSignatureScope *scope,
    gconstpointer data, gsize size, GError **error)
{
  g_autoptr (GByteArray) bytes =
      scope_bytes (scope, vm_identity_get_device_id (identity), data, size);
  guint8 signature[VM_SIGNATURE_SIZE];

  if (!vm_signature_make (identity, bytes->data, bytes->len, signature, error))
    return NULL;
  return g_base64_encode (signature, sizeof signature);
}

gboolean
vm_signature_verify (GBytes *spki, const VmSignatureScope *scope,
    gconstpointer data, gsize size, const gchar *signature, GError **error)
{
  g_autofree gchar *id = vm_spki_to_device_id (spki);
  g_autoptr (GByteArray) bytes = scope_bytes (scope, id, data, size);
  guint8 read[VM_SIGNATURE_SIZE];

  if (!signature || !vm_base64_read (signature, read, sizeof read)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The signature of a %s is not the base64 of %d bytes",
        purposes[scope->purpose], VM_SIGNATURE_SIZE);
    return FALSE;
  }
  if (vm_signature_is (spki, bytes->data, bytes->len, read))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
      "A %s is not signed by %s: it was changed on the way, or comes from "
      "somebody else",
      purposes[scope->purpose], id);
  return FALSE;
}
