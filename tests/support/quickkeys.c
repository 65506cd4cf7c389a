/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* For LD_PRELOAD, where many programs of a test call each other. GStreamer's
 * DTLS makes an RSA key for each process, which takes a quarter of a second of
 * a processor: a twentieth of a whole run. Here the first process makes one,
 * and all others have the same; each has a certificate of its own, whose
 * fingerprint is what calls check. */

#define OPENSSL_SUPPRESS_DEPRECATED
#include <gmodule.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BITS 2048
#define PATH_MAX_SIZE 4096

/* Others may make it meanwhile: the last one stays. */
static void
store (EVP_PKEY *key)
{
  char path[PATH_MAX_SIZE];
  FILE *file;
  int good;

  snprintf (path, sizeof (path), "%s.%ld", KEY_FILE, (long) getpid ());
  file = fopen (path, "w");
  if (!file)
    return;
  good = PEM_write_PrivateKey (file, key, NULL, NULL, 0, NULL, NULL);
  if (fclose (file) != 0 || !good || rename (path, KEY_FILE) != 0)
    unlink (path);
}

static EVP_PKEY *
make (const char *type, int bits, const char *curve)
{
  EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name (NULL, type, NULL);
  EVP_PKEY *key = NULL;

  if (!context || EVP_PKEY_keygen_init (context) <= 0
      || (bits && EVP_PKEY_CTX_set_rsa_keygen_bits (context, bits) <= 0)
      || (curve && EVP_PKEY_CTX_set_group_name (context, curve) <= 0)
      || EVP_PKEY_generate (context, &key) <= 0)
    key = NULL;
  EVP_PKEY_CTX_free (context);
  return key;
}

/* NULL: there is none, and none can be made. */
static EVP_PKEY *
get_stored (void)
{
  FILE *file = fopen (KEY_FILE, "r");
  EVP_PKEY *key = NULL;

  if (file) {
    key = PEM_read_PrivateKey (file, NULL, NULL, NULL);
    fclose (file);
  }
  if (!key) {
    key = make ("RSA", BITS, NULL);
    if (key)
      store (key);
  }
  return key;
}

/* OpenSSL's, as GStreamer 1.24 and later ask it: after @type comes what that
 * takes. */
G_MODULE_EXPORT EVP_PKEY *
EVP_PKEY_Q_keygen (
    OSSL_LIB_CTX *library, const char *properties, const char *type, ...)
{
  const char *curve = NULL;
  size_t bits = 0;
  va_list args;

  va_start (args, type);
  if (!strcmp (type, "RSA"))
    bits = va_arg (args, size_t);
  else if (!strcmp (type, "EC"))
    curve = va_arg (args, char *);
  va_end (args);
  return bits == BITS ? get_stored () : make (type, (int) bits, curve);
}

/* OpenSSL's, as GStreamer 1.22 asks it. */
G_MODULE_EXPORT int
RSA_generate_key_ex (RSA *rsa, int bits, BIGNUM *exponent, BN_GENCB *progress)
{
  EVP_PKEY *key = bits == BITS ? get_stored () : make ("RSA", bits, NULL);
  const RSA *from = key ? EVP_PKEY_get0_RSA (key) : NULL;
  int made = 0;

  if (from)
    made = RSA_set0_key (rsa, BN_dup (RSA_get0_n (from)),
               BN_dup (RSA_get0_e (from)), BN_dup (RSA_get0_d (from)))
           && RSA_set0_factors (
               rsa, BN_dup (RSA_get0_p (from)), BN_dup (RSA_get0_q (from)))
           && RSA_set0_crt_params (rsa, BN_dup (RSA_get0_dmp1 (from)),
               BN_dup (RSA_get0_dmq1 (from)), BN_dup (RSA_get0_iqmp (from)));
  EVP_PKEY_free (key);
  return made;
}
