/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* The server's status. */
int vm_http_get_status (VmConn *conn);
/* Who is in the meeting hosted here (protocol/http.md#people). */
int vm_http_get_people (VmConn *conn);
int vm_http_get_health (VmConn *conn);
int vm_http_get_metrics (VmConn *conn);
/* Adds one metric; @type: "gauge" or "counter". */
void vm_http_add_metric (GString *text, const gchar *name, const gchar *type,
    const gchar *help, guint64 value);
