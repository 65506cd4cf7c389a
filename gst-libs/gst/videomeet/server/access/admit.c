/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/access/admit.h"
#include "server/server-priv.h"

#include <string.h>

#define BEARER "Bearer "

gboolean
vm_server_may_verify (VmServer *self, const gchar *group, GError **error)
{
  if (vm_rates_take (self->checks, group, g_get_monotonic_time ()))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many capabilities or tokens were shown from this address; try again "
      "in a second");
  return FALSE;
}

gboolean
vm_server_admits (VmServer *self, const gchar *pass,
    const VmAccessTokenUse *use, const gchar *group, GError **error)
{
  if (!self->passes)
    return TRUE;
  if (pass && *pass && !vm_server_may_verify (self, group, error))
    return FALSE;
  return vm_access_tokens_check (
      self->passes, pass, use, g_get_real_time () / G_USEC_PER_SEC, error);
}

static gchar *
take_header (VmConn *conn)
{
  const VmRoute *route = conn->request->route;
  g_autofree gchar *header = vm_conn_get_header (conn, "authorization");

  if (!header || g_ascii_strncasecmp (header, BEARER, strlen (BEARER)) != 0
      || (route && route->own_token))
    return NULL;
  return g_strdup (header + strlen (BEARER));
}

void
vm_conn_take_pass (VmConn *conn)
{
  g_clear_pointer (&conn->pass, g_free);
  if (!conn->server->passes)
    return;
  conn->pass = vm_conn_get_argument (conn, "token");
  if (!conn->pass)
    conn->pass = take_header (conn);
}
