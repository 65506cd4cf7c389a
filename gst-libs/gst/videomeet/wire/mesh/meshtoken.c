/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a client of the mesh reads of its capability, which is the server's to
 * check. */

#include "base/json/json.h"
#include "wire/mesh/meshclient.h"
#include "wire/signal.h"

#include <string.h>

/* RFC 7519 §3: three parts of base64url, of which the second has the claims. */
gint64
vm_mesh_token_get_expiry (const gchar *token)
{
  g_auto (GStrv) parts = token ? g_strsplit (token, ".", 4) : NULL;
  g_autofree guchar *claims = NULL;
  g_autofree gchar *padded = NULL;
  gint64 expiry = -1;
  gsize size;
  VmJson json;

  if (!parts || g_strv_length (parts) != 3 || !*parts[1])
    return -1;
  padded = g_strdup_printf (
      "%s%.*s", parts[1], (gint) ((4 - strlen (parts[1]) % 4) % 4), "===");
  g_strdelimit (padded, "-", '+');
  g_strdelimit (padded, "_", '/');
  claims = g_base64_decode (padded, &size);
  if (vm_json_read (&json, (const gchar *) claims, size, NULL))
    vm_json_get_int (&json, 0, "exp", 0, VM_SIGNAL_INT_MAX, &expiry, NULL);
  return expiry;
}
