/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Answers. Each of the first returns what the lws callback is to. */

/* @extra is one more header as "name: value", or NULL. */
int vm_http_reply (VmConn *conn, guint status, const gchar *type,
    const gchar *extra, GBytes *body, gboolean close);
int vm_http_reply_empty (VmConn *conn);
int vm_http_reply_json (VmConn *conn, guint status, GBytes *body);
/* @status 0: the one that goes with the error. */
int vm_http_reply_error (
    VmConn *conn, guint status, const GError *error, gboolean close);
int vm_http_reply_not_found (VmConn *conn);
/* What that says. */
GBytes *vm_http_error_body (const GError *error);

/* The answer is a while coming: @wait is called until it is there. */
void vm_http_wait (VmConn *conn, const VmHttpWait *wait);
/* Here it is; @wait is not called any more. @type: a static text, NULL:
 * JSON. */
void
vm_http_answer (VmConn *conn, guint status, const gchar *type, GBytes *body);
/* In this turn of the loop, what there is by then. */
void vm_http_write_soon (VmConn *conn);
void vm_http_write_answers (VmServer *self);
/* Whether it waits so. */
gboolean vm_http_waits (const VmConn *conn);
