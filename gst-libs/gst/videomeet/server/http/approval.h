/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* POST /trust/page and what is below it. */
int vm_http_post_approval (VmConn *conn);
/* From the pairing service, on any thread; @digits NULL: that request is over.
 */
void vm_server_take_question (VmServer *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits);
