/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/certificate.h"

#include <glib/gstdio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#define DAY (24 * 3600)

void
certificate_write (
    const gchar *file, const gchar *type, const gchar *names, gint days)
{
  EVP_PKEY *key = strcmp (type, "RSA") == 0
                      ? EVP_RSA_gen (2048)
                      : EVP_EC_gen (strcmp (type, "EC") == 0 ? "P-256" : type);
  X509 *x509 = X509_new ();
  BIO *out = BIO_new_file (file, "w");

  g_assert (g_chmod (file, 0600) == 0);
  g_assert (key && x509 && out);
  X509_set_version (x509, X509_VERSION_3);
  ASN1_INTEGER_set (X509_get_serialNumber (x509), 1);
  X509_gmtime_adj (X509_getm_notBefore (x509), -2 * DAY);
  X509_gmtime_adj (X509_getm_notAfter (x509), (long) days * DAY);
  X509_set_pubkey (x509, key);
  if (names) {
    X509_EXTENSION *extension =
        X509V3_EXT_conf_nid (NULL, NULL, NID_subject_alt_name, names);

    g_assert (extension != NULL);
    X509_add_ext (x509, extension, -1);
    X509_EXTENSION_free (extension);
  }
  g_assert (X509_sign (x509, key, EVP_sha256 ()) > 0);
  g_assert (PEM_write_bio_X509 (out, x509) == 1);
  g_assert (
      PEM_write_bio_PrivateKey (out, key, NULL, NULL, 0, NULL, NULL) == 1);
  BIO_free (out);
  X509_free (x509);
  EVP_PKEY_free (key);
}
