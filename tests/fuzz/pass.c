/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/server/access/accesstokens.h>
#include <gst/videomeet/base/base64.h>

#include <openssl/hmac.h>
#include <string.h>

#define SECRET "a secret that this target alone knows"
#define OTHER_SECRET "another, of as many bytes and of no use"
#define NOW 1700000000
#define NEVER G_MAXINT64 /* later than any claim may say */

static gboolean
is_good (VmAccessTokens *passes, const gchar *token,
    const VmAccessTokenUse *use, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gboolean good = vm_access_tokens_check (passes, token, use, now, &error);

  g_assert_true (!good == !!error);
  if (error) {
    g_assert_true (g_utf8_validate (error->message, -1, NULL));
    g_assert_true (
        g_error_matches (error, VM_ERROR, VM_ERROR_CAP_INVALID)
        || g_error_matches (error, VM_ERROR, VM_ERROR_CAP_EXPIRED)
        || (!*token
            && g_error_matches (error, VM_ERROR, VM_ERROR_CAP_REQUIRED)));
  }
  return good;
}

/* Whoever may do something may ask; nothing is good for ever, or for another
 * room and another user at once. */
static void
check (VmAccessTokens *passes, const gchar *token)
{
  const VmAccessTokenUse ask = { NULL, NULL };
  const VmAccessTokenUse blue = { .room = "blue" };
  const VmAccessTokenUse ann = { .user = "ann" }, bob = { .user = "bob" };
  gboolean asks = is_good (passes, token, &ask, NOW);
  gboolean is_ann = is_good (passes, token, &ann, NOW);

  g_assert_true (asks || !is_good (passes, token, &blue, NOW));
  g_assert_true (asks || !is_ann);
  g_assert_false (is_ann && is_good (passes, token, &bob, NOW));
  g_assert_false (is_good (passes, token, &ask, NEVER));
}

static gchar *
sign (const guint8 *claims, gsize size)
{
  static const gchar header[] = "{\"alg\":\"HS256\"}";
  g_autofree gchar *a =
      vm_base64url_write ((const guint8 *) header, strlen (header));
  g_autofree gchar *b = vm_base64url_write (claims, size);
  g_autofree gchar *text = g_strdup_printf ("%s.%s", a, b);
  g_autofree gchar *end = NULL;
  guint8 hash[EVP_MAX_MD_SIZE];
  guint hash_size = sizeof hash;

  HMAC (EVP_sha256 (), SECRET, (int) strlen (SECRET), (const guint8 *) text,
      strlen (text), hash, &hash_size);
  end = vm_base64url_write (hash, hash_size);
  return g_strdup_printf ("%s.%s", text, end);
}

/* As the claims of a token that is signed as it must be, and as a whole
 * token. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (VmAccessTokens) passes = vm_access_tokens_read (SECRET, NULL);
  g_autoptr (VmAccessTokens) others =
      vm_access_tokens_read (OTHER_SECRET, NULL);
  g_autofree gchar *token = sign (data, size);
  g_autofree gchar *raw = g_strndup ((const gchar *) data, size);
  const VmAccessTokenUse ask = { NULL, NULL };

  check (passes, token);
  check (passes, raw);
  g_assert_false (is_good (others, token, &ask, NOW));
}
