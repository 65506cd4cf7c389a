/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"
#include "server/access/passes.h"

/* Whom a server admits that does not admit everybody, in whatever dialect. */

/* Whether the server lets in whoever shows @pass (or NULL), as
 * vm_passes_check() says; VM_ERROR_RATE_LIMITED. */
gboolean vm_server_admits (VmServer *self, const gchar *pass,
    const VmPassUse *use, const gchar *group, GError **error);
/* One more signature that an address shows. */
gboolean
vm_server_may_verify (VmServer *self, const gchar *group, GError **error);
/* `?token=` of the URL, or what is in the header Authorization, unless its
 * route has tokens of its own there; of a request of which no body has come. */
void vm_conn_take_pass (VmConn *conn);
