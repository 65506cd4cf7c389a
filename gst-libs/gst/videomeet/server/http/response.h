/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Answers. Each of the first returns the result for the lws callback. */

/* What a page may load and run (CSP 3). */
#define VM_HTTP_POLICY                                        \
  "default-src 'self'; base-uri 'none'; form-action 'self'; " \
  "frame-ancestors 'none'"
/* Of the page of terminals: xterm.js draws with styles of its own. */
#define VM_HTTP_POLICY_TERMINAL                               \
  "default-src 'none'; script-src 'self'; "                   \
  "style-src 'self' 'unsafe-inline'; img-src 'self'; "        \
  "connect-src 'self'; base-uri 'none'; form-action 'none'; " \
  "frame-ancestors 'none'"

/* @extra is one more header as "name: value", or NULL. */
int vm_http_reply (VmConn *conn, guint status, const gchar *type,
    const gchar *extra, GBytes *body, gboolean close);
int vm_http_reply_empty (VmConn *conn);
int vm_http_reply_json (VmConn *conn, guint status, GBytes *body);
/* @status 0: the one of the error. */
int vm_http_reply_error (
    VmConn *conn, guint status, const GError *error, gboolean close);
int vm_http_reply_not_found (VmConn *conn);
/* The body of that answer. */
GBytes *vm_http_error_body (const GError *error);

/* The answer comes later: @wait is called until then. */
void vm_http_wait (VmConn *conn, const VmHttpWait *wait);
/* Gives that answer; @wait is not called any more. @type: a static text, NULL:
 * JSON. */
void
vm_http_answer (VmConn *conn, guint status, const gchar *type, GBytes *body);
/* Writes at the end of this turn of the loop. */
void vm_http_write_soon (VmConn *conn);
void vm_http_write_answers (VmServer *self);
/* Whether @conn waits for its answer. */
gboolean vm_http_waits (const VmConn *conn);
