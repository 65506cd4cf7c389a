/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Whether the Host @header is one of the names of a certificate of its own. */
gboolean vm_http_is_named (VmServer *self, const gchar *header);
/* The requests of one connection. Each returns the result for the lws callback.
 */
int vm_http_receive (VmConn *conn, const guint8 *data, gsize size);
/* The client has taken an answer, or a request that waited has its answer. */
int vm_http_read_on (VmConn *conn);
/* Answers a request whose header has not ended in time. */
void vm_http_header_late (VmConn *conn);
