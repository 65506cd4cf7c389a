/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/samesite.h"
#include "base/hostcheck.h"
#include "server/server-priv.h"

#include <string.h>

/* Whether the page at @url is one that is admitted; NULL: nobody says so. */
static gboolean
is_admitted (VmConn *conn, const gchar *url)
{
  VmServer *self = conn->server;
  const gchar *host = url ? strstr (url, "://") : NULL;
  g_autofree gchar *start =
      host ? g_strndup (url, host + 3 - url + strcspn (host + 3, "/?#")) : NULL;
  g_autofree gchar *origin = start ? vm_origin_from_text (start) : NULL;

  if (!url)
    return TRUE;
  return origin
         && (vm_origin_is_own (origin, conn->request->host, self->secure)
             || vm_origin_is_listed (
                 origin, (const gchar *const *) self->origins));
}

gboolean
vm_http_is_same_site (VmConn *conn)
{
  g_autofree gchar *site = vm_conn_get_header (conn, "sec-fetch-site");

  return !site || strcmp (site, "same-origin") == 0
         || strcmp (site, "none") == 0;
}

gboolean
vm_http_is_admitted (VmConn *conn)
{
  g_autofree gchar *origin = vm_conn_get_header (conn, "origin");
  g_autofree gchar *referer = vm_conn_get_header (conn, "referer");

  /* http.c has seen to that */
  if (origin)
    return TRUE;
  return vm_http_is_same_site (conn) && is_admitted (conn, referer);
}
