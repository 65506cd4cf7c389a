/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Whether it is a request of this device's page, from this machine; else
 * NOT_TRUSTED. */
gboolean vm_http_is_own_page (VmConn *conn, GError **error);
/* POST /trust/page and what is below it. */
int vm_http_post_approval (VmConn *conn);
/* From the pairing service, on any thread; @digits NULL: that request is over.
 */
void vm_server_take_question (VmServer *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits);
