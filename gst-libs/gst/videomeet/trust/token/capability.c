/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Capabilities, signed by libjwt. */

#include "trust/token/capability.h"
#include "trust/keys/vmidentity-priv.h"
#include "base/base64.h"
#include "trust/token/webtoken.h"
#include "base/json/json.h"

#include <jwt.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define ALGORITHM "ES256"
#define COORDINATE_SIZE 32 /* bytes of x and of y */

/* A key as the text that libjwt takes. */
typedef struct
{
  BIO *bio;
  const guint8 *data;
  long size;
} Pem;

static void
pem_clear (Pem *pem)
{
  /* a memory BIO wipes what it held */
  BIO_free (pem->bio);
  /* or the next SSL_get_error() of this thread would find what is here */
  ERR_clear_error ();
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pem, pem_clear)

static gboolean
pem_write (Pem *pem, EVP_PKEY *key, gboolean secret)
{
  gchar *data = NULL;

  pem->bio = BIO_new (secret ? BIO_s_secmem () : BIO_s_mem ());
  if (!pem->bio
      || !(secret ? PEM_write_bio_PrivateKey (
               pem->bio, key, NULL, NULL, 0, NULL, NULL)
                  : PEM_write_bio_PUBKEY (pem->bio, key)))
    return FALSE;
  pem->size = BIO_get_mem_data (pem->bio, &data);
  pem->data = (const guint8 *) data;
  return pem->size > 0;
}

/* Signing */

gchar *
vm_capability_sign (
    VmIdentity *identity, const VmCapability *capability, GError **error)
{
  VmCapability claims = *capability;
  g_auto (Pem) key = { NULL };
  g_autofree gchar *json = NULL;
  g_autofree gchar *token = NULL;
  gchar *encoded = NULL;
  jwt_t *jwt = NULL;

  claims.iss = (gchar *) vm_identity_get_device_id (identity);
  json = vm_capability_to_claims (&claims);
  if (pem_write (&key, vm_identity_get_key (identity), TRUE)
      && jwt_new (&jwt) == 0 && jwt_add_grants_json (jwt, json) == 0
      && jwt_add_header (jwt, "kid", vm_identity_get_key_hash (identity)) == 0
      && jwt_set_alg (jwt, JWT_ALG_ES256, key.data, (int) key.size) == 0)
    encoded = jwt_encode_str (jwt);
  token = g_strdup (encoded);
  free (encoded);
  jwt_free (jwt);
  if (!token)
    g_set_error (error, VM_ERROR, VM_ERROR_IDENTITY,
        "A capability could not be signed with the key of this device");
  return g_steal_pointer (&token);
}

/* Verifying */

static gboolean
invalid (GError **error, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_CAP_INVALID, "The capability %s", what);
  return FALSE;
}

/* The claims of what the key has signed. */
static VmCapability *
read_signed (const gchar *token, EVP_PKEY *key, GError **error)
{
  g_auto (Pem) pem = { NULL };
  g_autoptr (GBytes) data = NULL;
  g_autofree gchar *claims = NULL;
  gsize size;

  if (!pem_write (&pem, key, FALSE)) {
    invalid (error, "cannot be verified by this key");
    return NULL;
  }
  data = g_bytes_new (pem.data, pem.size);
  claims = vm_webtoken_read (
      token, &(VmWebtokenKey){ ALGORITHM, data }, &size, error);
  return claims ? vm_capability_from_claims (claims, size, error) : NULL;
}

/* A target that it names must be the one; none that it names is any. */
static gboolean
is_for (const gchar *claim, const gchar *target)
{
  return !claim || g_strcmp0 (claim, target) == 0;
}

gboolean
vm_capability_allows (const VmCapability *c, const VmCapabilityUse *use,
    gint64 now, GError **error)
{
  if (strcmp (c->iss, use->iss) != 0)
    return invalid (error, "is another server's");
  if (g_strcmp0 (c->sub, use->sub) != 0)
    return invalid (error, "is for somebody else");
  if (g_strcmp0 (c->room_id, use->room_id) != 0)
    return invalid (error, "is for another room");
  if (c->exp <= c->nbf || c->exp - c->nbf > VM_CAPABILITY_TTL_MAX)
    return invalid (error, "lives longer than 300 seconds");
  if (now < c->nbf)
    return invalid (error, "is not good yet");
  if (now >= c->exp) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_CAP_EXPIRED, "Capability token expired");
    return FALSE;
  }
  if (!is_for (c->target_peer_id, use->target_peer_id)
      || !is_for (c->target_device_id, use->target_device_id))
    return invalid (error, "is for another target");
  if ((c->caps & use->caps) == use->caps)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
      "The capability does not allow this");
  return FALSE;
}

VmCapability *
vm_capability_read (const gchar *token, GBytes *spki, GError **error)
{
  g_autoptr (EVP_PKEY) key = NULL;

  if (!token || !*token) {
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "The message has no capability (\"cap_token\")");
    return NULL;
  }
  key = vm_spki_to_key (spki, error);
  return key ? read_signed (token, key, error) : NULL;
}

VmCapability *
vm_capability_verify (
    const gchar *token, const VmCapabilityUse *use, gint64 now, GError **error)
{
  g_autoptr (VmCapability) capability =
      vm_capability_read (token, use->spki, error);

  if (!capability || !vm_capability_allows (capability, use, now, error))
    return NULL;
  return g_steal_pointer (&capability);
}

/* The key */

gchar *
vm_capability_make_keys (VmIdentity *identity)
{
  g_autofree gchar *x = NULL;
  g_autofree gchar *y = NULL;
  const guint8 *point =
      (const guint8 *) g_bytes_get_data (vm_identity_get_spki (identity), NULL)
      + VM_SPKI_SIZE - 2 * COORDINATE_SIZE;
  GString *out = g_string_new ("{\"keys\":[{");

  x = vm_base64url_write (point, COORDINATE_SIZE);
  y = vm_base64url_write (point + COORDINATE_SIZE, COORDINATE_SIZE);
  vm_json_append_member (out, "kty", "EC");
  vm_json_append_member (out, "crv", "P-256");
  vm_json_append_member (out, "x", x);
  vm_json_append_member (out, "y", y);
  vm_json_append_member (out, "use", "sig");
  vm_json_append_member (out, "alg", ALGORITHM);
  vm_json_append_member (out, "kid", vm_identity_get_key_hash (identity));
  g_string_append (out, "}]}");
  return g_string_free (out, FALSE);
}
