/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* What the server says of itself. */
int vm_http_get_status (VmConn *conn);
int vm_http_get_health (VmConn *conn);
int vm_http_get_metrics (VmConn *conn);
/* One of those last; @type: "gauge" or "counter". */
void vm_http_add_metric (GString *text, const gchar *name, const gchar *type,
    const gchar *help, guint64 value);
