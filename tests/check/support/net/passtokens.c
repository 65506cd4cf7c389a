/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/passtokens.h"

#include <gst/check/gstcheck.h>
#include <gst/videomeet/base/base64.h>
#include <gst/videomeet/trust/keys/signature.h>
#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

static gchar *
part (const gchar *text)
{
  return vm_base64url_write ((const guint8 *) text, strlen (text));
}

static gchar *
join (const gchar *header, const gchar *claims)
{
  g_autofree gchar *a = part (header);
  g_autofree gchar *b = part (claims);

  return g_strdup_printf ("%s.%s", a, b);
}

gchar *
pass_token_of (const gchar *header, const gchar *claims, const gchar *signature)
{
  g_autofree gchar *text = join (header, claims);
  g_autofree gchar *end = part (signature);

  return g_strdup_printf ("%s.%s", text, end);
}

static gchar *
sign_by_secret (const gchar *header, const gchar *secret, const gchar *claims)
{
  g_autofree gchar *text = join (header, claims);
  guint8 hash[EVP_MAX_MD_SIZE];
  guint size = sizeof hash;
  g_autofree gchar *end = NULL;

  HMAC (EVP_sha256 (), secret, (int) strlen (secret), (const guint8 *) text,
      strlen (text), hash, &size);
  end = vm_base64url_write (hash, size);
  return g_strdup_printf ("%s.%s", text, end);
}

gchar *
pass_token_by_secret (const gchar *secret, const gchar *claims)
{
  return sign_by_secret ("{\"alg\":\"HS256\"}", secret, claims);
}

gchar *
pass_token_by_key (VmIdentity *identity, const gchar *claims)
{
  g_autofree gchar *text = join ("{\"alg\":\"ES256\"}", claims);
  guint8 signature[VM_SIGNATURE_SIZE];
  g_autofree gchar *end = NULL;

  fail_unless (
      vm_signature_make (identity, text, strlen (text), signature, NULL));
  end = vm_base64url_write (signature, sizeof signature);
  return g_strdup_printf ("%s.%s", text, end);
}

/* Three bytes are four characters: blanks in the claims make up what is
 * missing, and some in the header what is left. */
gchar *
pass_token_of_size (gsize size)
{
  for (gint i = 0; i < 3; i++) {
    g_autofree gchar *header =
        g_strdup_printf ("{\"alg\":\"HS256\"%*s}", i, "");

    for (gint blanks = size * 3 / 4; blanks > 0; blanks--) {
      g_autofree gchar *claims =
          g_strdup_printf ("{\"exp\":4102444800%*s}", blanks, "");
      g_autofree gchar *token = NULL;

      if ((strlen (claims) * 4 + 2) / 3 > size)
        continue;
      token = sign_by_secret (header, PASS_SECRET, claims);
      if (strlen (token) == size)
        return g_steal_pointer (&token);
      if (strlen (token) < size)
        break;
    }
  }
  return NULL;
}

static gchar *
to_text (BIO *bio)
{
  gchar *data;
  long size = BIO_get_mem_data (bio, &data);
  gchar *text = g_strndup (data, size);

  BIO_free (bio);
  return text;
}

gchar *
pass_key_to_pem (VmIdentity *identity)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  PEM_write_bio_PUBKEY (bio, vm_identity_get_key (identity));
  return to_text (bio);
}

gchar *
pass_private_key_to_pem (VmIdentity *identity)
{
  BIO *bio = BIO_new (BIO_s_mem ());

  PEM_write_bio_PrivateKey (
      bio, vm_identity_get_key (identity), NULL, NULL, 0, NULL, NULL);
  return to_text (bio);
}

gchar *
pass_other_curve_to_pem (void)
{
  EVP_PKEY *key = EVP_EC_gen ("P-384");
  BIO *bio = BIO_new (BIO_s_mem ());

  PEM_write_bio_PUBKEY (bio, key);
  EVP_PKEY_free (key);
  return to_text (bio);
}
