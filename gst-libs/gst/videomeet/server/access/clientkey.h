/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

#include <openssl/ssl.h>

/* The hash of the key that TLS proved the client to hold, or NULL. */
const gchar *vm_conn_get_key (VmConn *conn);
/* The client's proven TLS certificate, or NULL. Returns: (transfer full) */
GTlsCertificate *vm_conn_get_certificate (VmConn *conn);
void vm_server_set_up_tls (VmServer *self, SSL_CTX *context);
