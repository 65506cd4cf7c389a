/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/turncredential.h"
#include "wire/iceserver.h"

#include <string.h>

#define SHA1_BYTES 20

gchar *
vm_turn_credential_make (
    const gchar *secret, gint64 until, const gchar *who, gchar **user)
{
  g_autoptr (GHmac) hmac =
      g_hmac_new (G_CHECKSUM_SHA1, (const guchar *) secret, strlen (secret));
  guint8 digest[SHA1_BYTES];
  gsize size = sizeof digest;

  *user = g_strdup_printf ("%" G_GINT64_FORMAT ":%s", until, who);
  g_hmac_update (hmac, (const guchar *) *user, strlen (*user));
  g_hmac_get_digest (hmac, digest, &size);
  return g_base64_encode (digest, size);
}

gchar *
vm_turn_credential_add (
    const gchar *uri, const gchar *secret, gint64 until, const gchar *who)
{
  const gchar *scheme = g_str_has_prefix (uri, "turn://")    ? "turn"
                        : g_str_has_prefix (uri, "turns://") ? "turns"
                                                             : NULL;
  g_auto (VmIceServer) server = { NULL };
  g_autofree gchar *url = NULL;
  g_autofree gchar *user = NULL;
  g_autofree gchar *password = NULL;

  if (!scheme || !secret || !*secret || strchr (uri, '@'))
    return NULL;
  url = g_strconcat (scheme, ":", uri + strlen (scheme) + strlen ("://"), NULL);
  password = vm_turn_credential_make (secret, until, who, &user);
  if (!vm_ice_server_from_url (&server, url, user, password))
    return NULL;
  return vm_ice_server_to_uri (&server);
}
