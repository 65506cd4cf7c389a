/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/access/namedcert.h"
#include <gst/videomeet/vmerror.h>
#include "base/vmprivatefile.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

struct _VmNamedCert
{
  X509 *certificate;
  STACK_OF (X509) * chain;
  EVP_PKEY *key;
  gchar *name;
};

G_DEFINE_AUTOPTR_CLEANUP_FUNC (BIO, BIO_free)

static gboolean
fail (GError **error, const gchar *file, const gchar *why)
{
  ERR_clear_error ();
  g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
      "%s cannot be used for TLS: %s", file, why);
  return FALSE;
}

/* @secret: with the key. What cannot be read is told by who reads it. */
static gboolean
is_private (const gchar *file, gboolean secret, GError **error)
{
  const gchar *fault = NULL;
  struct stat st;

  if (stat (file, &st) == 0)
    fault = vm_private_file_fault (&st, secret);
  return !fault || fail (error, file, fault);
}

/* A key with a password is none that a server can use: nobody is asked. */
static int
no_password (char *buffer, int size, int writing, void *data)
{
  return -1;
}

static gboolean
read_certificates (VmNamedCert *named, const gchar *file, GError **error)
{
  g_autoptr (BIO) in = BIO_new_file (file, "r");
  X509 *next;

  if (!in)
    return fail (error, file, "it cannot be read");
  named->certificate = PEM_read_bio_X509 (in, NULL, no_password, NULL);
  if (!named->certificate)
    return fail (error, file, "there is no certificate in it");
  while ((next = PEM_read_bio_X509 (in, NULL, no_password, NULL)))
    sk_X509_push (named->chain, next);
  ERR_clear_error ();
  return TRUE;
}

static gboolean
read_key (VmNamedCert *named, const gchar *file, GError **error)
{
  g_autoptr (BIO) in = BIO_new_file (file, "r");

  if (!in)
    return fail (error, file, "it cannot be read");
  named->key = PEM_read_bio_PrivateKey (in, NULL, no_password, NULL);
  if (!named->key)
    return fail (error, file, "there is no private key without password in it");
  if (X509_check_private_key (named->certificate, named->key) != 1)
    return fail (error, file, "its key is not that of the certificate");
  return TRUE;
}

/* What may stand in a link; no pattern. */
static gboolean
is_plain (const gchar *name)
{
  return *name
         && strspn (name, G_CSET_a_2_z G_CSET_A_2_Z G_CSET_DIGITS ".-")
                == strlen (name);
}

/* FALSE: it has none, not even a pattern. */
static gboolean
find_name (VmNamedCert *named)
{
  GENERAL_NAMES *names =
      X509_get_ext_d2i (named->certificate, NID_subject_alt_name, NULL, NULL);
  gboolean any = FALSE;

  for (gint i = 0; names && i < sk_GENERAL_NAME_num (names); i++) {
    const GENERAL_NAME *one = sk_GENERAL_NAME_value (names, i);
    const gchar *text;

    if (one->type != GEN_DNS)
      continue;
    text = (const gchar *) ASN1_STRING_get0_data (one->d.dNSName);
    if (strlen (text) != ASN1_STRING_length (one->d.dNSName))
      continue;
    any = TRUE;
    if (!named->name && is_plain (text))
      named->name = g_ascii_strdown (text, -1);
  }
  GENERAL_NAMES_free (names);
  return any;
}

static gboolean
check (VmNamedCert *named, const gchar *file, GError **error)
{
  if (X509_cmp_current_time (X509_get0_notAfter (named->certificate)) <= 0)
    return fail (error, file, "it has expired");
  if (!find_name (named))
    return fail (error, file, "it is for no host name");
  return TRUE;
}

VmNamedCert *
vm_named_cert_load (const gchar *file, const gchar *key, GError **error)
{
  g_autoptr (VmNamedCert) named = g_new0 (VmNamedCert, 1);

  named->chain = sk_X509_new_null ();
  if (!key || !*key)
    key = file;
  if (!is_private (file, FALSE, error) || !is_private (key, TRUE, error)
      || !read_certificates (named, file, error)
      || !read_key (named, key, error) || !check (named, file, error))
    return NULL;
  return g_steal_pointer (&named);
}

void
vm_named_cert_free (VmNamedCert *named)
{
  if (!named)
    return;
  X509_free (named->certificate);
  sk_X509_pop_free (named->chain, X509_free);
  EVP_PKEY_free (named->key);
  g_free (named->name);
  g_free (named);
}

gboolean
vm_named_cert_covers (VmNamedCert *named, const gchar *host)
{
  return *host
         && X509_check_host (named->certificate, host, 0,
                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL)
                == 1;
}

const gchar *
vm_named_cert_get_name (VmNamedCert *named)
{
  return named->name;
}

/* Runs when the client's hello is read. The device's certificate is there
 * already, and would be chosen where its kind suits the client better. */
static int
on_hello (SSL *ssl, void *data)
{
  VmNamedCert *named = data;
  const gchar *name = SSL_get_servername (ssl, TLSEXT_NAMETYPE_host_name);

  if (!name || !vm_named_cert_covers (named, name))
    return 1;
  SSL_certs_clear (ssl);
  return SSL_use_cert_and_key (
      ssl, named->certificate, named->key, named->chain, 1);
}

void
vm_named_cert_serve (VmNamedCert *named, SSL_CTX *context)
{
  SSL_CTX_set_cert_cb (context, on_hello, named);
}
