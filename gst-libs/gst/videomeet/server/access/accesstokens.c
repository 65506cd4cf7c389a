/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/access/accesstokens.h"
#include "trust/keys/spki.h"
#include "trust/token/webtoken.h"
#include "base/json/json.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#define PEM_BEGIN "-----BEGIN"

struct _VmAccessTokens
{
  const gchar *algorithm;
  GPtrArray *keys; /* of GBytes */
  gboolean any_room;
};

/* Keys */

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, what);
  return FALSE;
}

static gboolean
add_key (VmAccessTokens *passes, EVP_PKEY *key, GError **error)
{
  g_autoptr (GBytes) spki = vm_spki_from_key (key, NULL);
  BIO *bio = BIO_new (BIO_s_mem ());
  gchar *data;
  long size;

  if (spki && PEM_write_bio_PUBKEY (bio, key)
      && (size = BIO_get_mem_data (bio, &data)) > 0)
    g_ptr_array_add (passes->keys, g_bytes_new (data, size));
  else
    bad (error, "A public key for tokens is none of P-256");
  BIO_free (bio);
  return spki != NULL;
}

/* Nothing but public keys: a private one has no place on this machine. */
static gboolean
read_pem (VmAccessTokens *passes, const gchar *text, GError **error)
{
  guint n = 0;
  gboolean good = TRUE;
  BIO *bio;

  for (const gchar *c = text; (c = strstr (c, PEM_BEGIN)); c++)
    n++;
  if (n > VM_ACCESS_TOKEN_KEYS_MAX)
    return bad (error, "There are more than 4 keys for tokens");
  bio = BIO_new_mem_buf (text, -1);
  for (guint i = 0; good && i < n; i++) {
    g_autoptr (EVP_PKEY) key = PEM_read_bio_PUBKEY (bio, NULL, NULL, NULL);

    good = key ? add_key (passes, key, error)
               : bad (error, "What is to verify tokens is no public key");
  }
  BIO_free (bio);
  ERR_clear_error ();
  return good;
}

static gboolean
read_secret (VmAccessTokens *passes, const gchar *text, GError **error)
{
  g_autofree gchar *secret = g_strstrip (g_strdup (text));
  gsize size = strlen (secret);

  if (size < VM_ACCESS_TOKEN_SECRET_MIN || size > VM_ACCESS_TOKEN_SECRET_MAX)
    return bad (error, "A secret for tokens has 32 to 1,024 bytes");
  g_ptr_array_add (passes->keys, g_bytes_new (secret, size));
  return TRUE;
}

VmAccessTokens *
vm_access_tokens_read (const gchar *text, GError **error)
{
  g_autoptr (VmAccessTokens) passes = g_new0 (VmAccessTokens, 1);
  gboolean pem = strstr (text, PEM_BEGIN) != NULL;

  passes->algorithm = pem ? "ES256" : "HS256";
  passes->keys =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (!(pem ? read_pem : read_secret) (passes, text, error))
    return NULL;
  return g_steal_pointer (&passes);
}

void
vm_access_tokens_set_any_room (VmAccessTokens *passes, gboolean any_room)
{
  passes->any_room = any_room;
}

void
vm_access_tokens_free (VmAccessTokens *passes)
{
  g_ptr_array_unref (passes->keys);
  g_free (passes);
}

/* Tokens */

static gboolean
invalid (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_CAP_INVALID, "The token %s", what);
  return FALSE;
}

/* The claims that a key of these has signed. */
static gchar *
read_signed (
    VmAccessTokens *passes, const gchar *token, gsize *size, GError **error)
{
  g_autoptr (GError) reason = NULL;

  for (guint i = 0; i < passes->keys->len; i++) {
    const VmWebtokenKey key = { passes->algorithm, passes->keys->pdata[i] };
    gchar *claims;

    g_clear_error (&reason);
    claims = vm_webtoken_read (token, &key, size, &reason);
    if (claims)
      return claims;
  }
  g_propagate_error (error, g_steal_pointer (&reason));
  return NULL;
}

typedef struct
{
  gint64 exp, nbf; /* G_MININT64: not there */
  gchar *room_id, *aud, *sub; /* or NULL */
} Claims;

static void
claims_clear (Claims *claims)
{
  g_free (claims->room_id);
  g_free (claims->aud);
  g_free (claims->sub);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Claims, claims_clear)

static gboolean
read_claims (Claims *claims, const gchar *text, gsize size)
{
  const gint64 most = 1LL << 40;
  VmJson json;

  return vm_json_read (&json, text, size, NULL)
         && vm_json_type (&json, 0) == VM_JSON_OBJECT
         && vm_json_get_int (&json, 0, "exp", 0, most, &claims->exp, NULL)
         && vm_json_get_int (&json, 0, "nbf", 0, most, &claims->nbf, NULL)
         && vm_json_get_string (&json, 0, "room_id", VM_ACCESS_TOKEN_TEXT_MAX,
             &claims->room_id, NULL)
         && vm_json_get_string (
             &json, 0, "aud", VM_ACCESS_TOKEN_TEXT_MAX, &claims->aud, NULL)
         && vm_json_get_string (
             &json, 0, "sub", VM_ACCESS_TOKEN_TEXT_MAX, &claims->sub, NULL);
}

/* A room that it names must be the one; a call is in none. */
static gboolean
is_for_room (const gchar *claim, const VmAccessTokenUse *use)
{
  if (!claim || (!use->room && !use->user))
    return TRUE;
  return use->room && strcmp (claim, use->room) == 0;
}

/* One that names none may have been signed for something else. */
static gboolean
names_room (
    VmAccessTokens *passes, const Claims *claims, const VmAccessTokenUse *use)
{
  return passes->any_room || !use->room || claims->room_id || claims->aud;
}

static gboolean
check (VmAccessTokens *passes, const Claims *claims,
    const VmAccessTokenUse *use, gint64 now, GError **error)
{
  if (claims->exp == G_MININT64)
    return invalid (error, "does not say when it expires (\"exp\")");
  if (!is_for_room (claims->room_id, use) || !is_for_room (claims->aud, use))
    return invalid (error, "is for another room");
  if (use->user && g_strcmp0 (claims->sub, use->user) != 0)
    return invalid (error, "is another user's (\"sub\")");
  if (now < claims->nbf)
    return invalid (error, "is not good yet");
  if (now >= claims->exp) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_CAP_EXPIRED, "The token has expired");
    return FALSE;
  }
  return names_room (passes, claims, use)
         || invalid (error, "does not say for which room it is (\"room_id\")");
}

gboolean
vm_access_tokens_check (VmAccessTokens *passes, const gchar *token,
    const VmAccessTokenUse *use, gint64 now, GError **error)
{
  g_auto (Claims) claims = { G_MININT64, G_MININT64, NULL, NULL, NULL };
  g_autofree gchar *text = NULL;
  gsize size;

  if (!token || !*token) {
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "This server admits those who have a token for it");
    return FALSE;
  }
  text = read_signed (passes, token, &size, error);
  if (!text)
    return FALSE;
  if (!read_claims (&claims, text, size))
    return invalid (error, "has claims that make no sense");
  return check (passes, &claims, use, now, error);
}
