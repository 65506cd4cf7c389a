/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For LD_PRELOAD, where many programs of a test call each other. GStreamer's
 * DTLS makes an RSA key for each process, which takes a quarter of a second of a
 * processor: a twentieth of all that the lab takes. Here it gets one of ECDSA,
 * as browsers have. Tests of elements, of the launcher alone and of calls with
 * other projects keep RSA. */

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <string.h>

#define CURVE "P-256"

/* Makes what OpenSSL's function of that name does: @type is one that takes an
 * argument of its own, or none. */
EVP_PKEY *
EVP_PKEY_Q_keygen (
    OSSL_LIB_CTX *library, const char *properties, const char *type, ...)
{
  EVP_PKEY_CTX *context;
  EVP_PKEY *key = NULL;
  const char *curve = NULL;
  va_list args;

  if (!strcmp (type, "RSA")) {
    type = "EC";
    curve = CURVE;
  } else if (!strcmp (type, "EC")) {
    va_start (args, type);
    curve = va_arg (args, char *);
    va_end (args);
  }
  context = EVP_PKEY_CTX_new_from_name (library, type, properties);
  if (!context || EVP_PKEY_keygen_init (context) <= 0
      || (curve && EVP_PKEY_CTX_set_group_name (context, curve) <= 0)
      || EVP_PKEY_generate (context, &key) <= 0)
    key = NULL;
  EVP_PKEY_CTX_free (context);
  return key;
}
