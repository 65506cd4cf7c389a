/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Whether the Host @header is one of the names of a certificate of its own. */
gboolean vm_http_is_named (VmServer *self, const gchar *header);
/* The requests of one connection. Each returns the result for the lws callback.
 */
int vm_http_request (VmConn *conn);
int vm_http_body (VmConn *conn, const guint8 *data, gsize size);
int vm_http_body_done (VmConn *conn);
int vm_http_upgrade (VmConn *conn);
void vm_http_header_overflow (VmServer *self);
/* The same for a header that has not ended in time. */
void vm_http_header_late (VmConn *conn);
