/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/keys/agreement.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/kdf.h>

gboolean
vm_agree (EVP_PKEY *own, EVP_PKEY *peer, guint8 secret[VM_SECRET_SIZE])
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new (own, NULL);
  gsize size = VM_SECRET_SIZE;
  gboolean good = context && EVP_PKEY_derive_init (context) == 1
                  && EVP_PKEY_derive_set_peer (context, peer) == 1
                  && EVP_PKEY_derive (context, secret, &size) == 1
                  && size == VM_SECRET_SIZE;

  EVP_PKEY_CTX_free (context);
  ERR_clear_error ();
  return good;
}

gboolean
vm_hkdf (const guint8 secret[VM_SECRET_SIZE], const guint8 *salt,
    const VmTranscript *info, guint8 key[VM_DERIVED_SIZE])
{
  EVP_KDF *kdf = EVP_KDF_fetch (NULL, OSSL_KDF_NAME_HKDF, NULL);
  EVP_KDF_CTX *context = kdf ? EVP_KDF_CTX_new (kdf) : NULL;
  OSSL_PARAM params[5];
  gboolean good;

  params[0] = OSSL_PARAM_construct_utf8_string (
      OSSL_KDF_PARAM_DIGEST, (gchar *) "SHA256", 0);
  params[1] = OSSL_PARAM_construct_octet_string (
      OSSL_KDF_PARAM_KEY, (guint8 *) secret, VM_SECRET_SIZE);
  params[2] = OSSL_PARAM_construct_octet_string (
      OSSL_KDF_PARAM_SALT, (guint8 *) salt, VM_SHA256_SIZE);
  params[3] = OSSL_PARAM_construct_octet_string (
      OSSL_KDF_PARAM_INFO, info->data, info->len);
  params[4] = OSSL_PARAM_construct_end ();
  good = context && EVP_KDF_derive (context, key, VM_DERIVED_SIZE, params) == 1;
  EVP_KDF_CTX_free (context);
  EVP_KDF_free (kdf);
  ERR_clear_error ();
  return good;
}
