/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"
#include "server/access/accesstokens.h"

/* Admission by access token, for all dialects. */

/* Whether the server admits a client with @pass (or NULL), as
 * vm_access_tokens_check(); VM_ERROR_RATE_LIMITED. */
gboolean vm_server_admits (VmServer *self, const gchar *pass,
    const VmAccessTokenUse *use, const gchar *group, GError **error);
/* Counts one more signature check for an address. */
gboolean
vm_server_may_verify (VmServer *self, const gchar *group, GError **error);
/* Stores the token from `?token=` of the URL, or from the header Authorization,
 * unless the route uses that itself; call it before a body arrives. */
void vm_conn_take_pass (VmConn *conn);
