/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Verified by libjwt. It takes the algorithm from the token's own header; so
 * that header is read here first, and libjwt sees only what says the one that
 * the key is for. */

#include "trust/token/webtoken.h"
#include "base/base64.h"
#include "base/json/json.h"

#include <jwt.h>
#include <openssl/err.h>
#include <string.h>

static gboolean
invalid (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_CAP_INVALID, "The token %s", what);
  return FALSE;
}

/* base64url without padding, read strictly: one spelling of a token alone. */
static gchar *
decode (const gchar *text, gsize length, gsize *size)
{
  g_autofree gchar *part = g_strndup (text, length);
  g_autofree gchar *data = NULL;

  *size = length / 4 * 3 + (length % 4 ? length % 4 - 1 : 0);
  data = g_malloc0 (*size + 1);
  return vm_base64url_read (part, (guint8 *) data, *size)
             ? g_steal_pointer (&data)
             : NULL;
}

/* The header says @algorithm, and asks for nothing that is not understood. */
static gboolean
is_pinned (const gchar *token, gsize length, const gchar *wanted)
{
  gsize size;
  g_autofree gchar *header = decode (token, length, &size);
  g_autofree gchar *algorithm = NULL;
  VmJson json;

  return header && vm_json_read (&json, header, size, NULL)
         && vm_json_type (&json, 0) == VM_JSON_OBJECT
         && vm_json_get (&json, 0, "crit") == VM_JSON_NONE
         && vm_json_get_string (&json, 0, "alg", 16, &algorithm, NULL)
         && g_strcmp0 (algorithm, wanted) == 0;
}

/* libjwt 1.10 reads them before it looks at the signature, and where there are
 * none it writes beyond what it has. */
static gboolean
are_claims (const gchar *text, gsize size)
{
  VmJson json;

  return text && vm_json_read (&json, text, size, NULL)
         && vm_json_type (&json, 0) == VM_JSON_OBJECT;
}

static gboolean
is_signed (const gchar *token, const VmWebtokenKey *key)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (key->key, &size);
  jwt_t *jwt = NULL;
  gboolean good =
      jwt_decode (&jwt, token, data, (int) size) == 0
      && g_strcmp0 (jwt_alg_str (jwt_get_alg (jwt)), key->algorithm) == 0;

  jwt_free (jwt);
  /* or the next SSL_get_error() of this thread would find what is here */
  ERR_clear_error ();
  return good;
}

gchar *
vm_webtoken_read (
    const gchar *token, const VmWebtokenKey *key, gsize *size, GError **error)
{
  const gchar *claims = strchr (token, '.');
  const gchar *signature = claims ? strchr (claims + 1, '.') : NULL;
  g_autofree gchar *text = NULL;
  g_autofree gchar *raw = NULL;
  gsize raw_size;

  if (strlen (token) > VM_WEBTOKEN_SIZE_MAX) {
    invalid (error, "has more than 4096 characters");
    return NULL;
  }
  if (!signature || strchr (signature + 1, '.')) {
    invalid (error, "is no JSON Web Token");
    return NULL;
  }
  raw = decode (signature + 1, strlen (signature + 1), &raw_size);
  text = decode (claims + 1, signature - claims - 1, size);
  if (!are_claims (text, *size)) {
    invalid (error, "has no claims that can be read");
    return NULL;
  }
  if (!is_pinned (token, claims - token, key->algorithm)) {
    invalid (error, "is not signed by the algorithm that is asked for here");
    return NULL;
  }
  if (!raw || !is_signed (token, key)) {
    invalid (error, "is not signed by a key that is known here");
    return NULL;
  }
  return g_steal_pointer (&text);
}
