/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One HTTP answer, headers and body in one write: libwebsockets keeps what the
 * socket does not take. */

#include "server/server-priv.h"
#include "base/json/json.h"

#include <string.h>

#define HEADERS_MAX 2048 /* of an answer */

/* A header of the request, or NULL. */
gchar *
vm_http_header (VmConn *conn, enum lws_token_indexes token)
{
  int size = lws_hdr_total_length (conn->wsi, token);
  gchar *value;

  if (size <= 0)
    return NULL;
  value = g_malloc0 (size + 1);
  /* NUL may come in as "%00"; nothing here has one */
  if (lws_hdr_copy (conn->wsi, value, size + 1, token) != (int) strlen (value))
    g_clear_pointer (&value, g_free);
  return value;
}

static gboolean
add (VmConn *conn, const gchar *name, const gchar *value, guint8 **p,
    guint8 *end)
{
  return lws_add_http_header_by_name (conn->wsi, (const guint8 *) name,
             (const guint8 *) value, (int) strlen (value), p, end)
         == 0;
}

/* To a page of another origin that is admitted (Fetch, "CORS protocol"). */
static gboolean
add_cors (VmConn *conn, guint8 **p, guint8 *end)
{
  if (!conn->request->origin)
    return TRUE;
  if (!add (conn, "access-control-allow-origin:", conn->request->origin, p, end)
      || !add (conn, "vary:", "origin", p, end))
    return FALSE;
  return !conn->request->preflight
         || (add (conn, "access-control-allow-methods:", "GET, POST", p, end)
             && add (conn, "access-control-allow-headers:",
                 "authorization, content-type", p, end)
             && add (conn, "access-control-max-age:", "600", p, end));
}

/* The headers of every answer (security.md#http-server). */
static gboolean
add_headers (VmConn *conn, guint status, const gchar *type, gsize size,
    guint8 **p, guint8 *end)
{
  return lws_add_http_common_headers (conn->wsi, status, type, size, p, end)
             == 0
         && add (conn, "content-security-policy:",
             "default-src 'self'; base-uri 'none'; form-action 'self'; "
             "frame-ancestors 'none'",
             p, end)
         /* elsewhere browsers complain of it */
         && (!conn->server->is_trustworthy
             || add (
                 conn, "cross-origin-opener-policy:", "same-origin", p, end))
         && add (conn, "cross-origin-resource-policy:", "same-origin", p, end)
         && add (conn, "x-content-type-options:", "nosniff", p, end)
         && add (conn, "referrer-policy:", "no-referrer", p, end)
         && add (conn, "cache-control:", "no-store", p, end)
         && add_cors (conn, p, end);
}

/* @extra is one more header as "name: value", or NULL. */
int
vm_http_reply (VmConn *conn, guint status, const gchar *type,
    const gchar *extra, GBytes *body, gboolean close)
{
  gsize size = g_bytes_get_size (body);
  g_autofree guint8 *buffer = g_malloc (LWS_PRE + HEADERS_MAX + size);
  guint8 *start = buffer + LWS_PRE, *p = start, *end = p + HEADERS_MAX;
  const gchar *colon = extra ? strchr (extra, ':') : NULL;

  if (!add_headers (conn, status, type, size, &p, end))
    return -1;
  if (colon) {
    g_autofree gchar *name = g_strndup (extra, colon + 1 - extra);

    if (!add (conn, name, colon + 2, &p, end))
      return -1;
  }
  if (lws_finalize_http_header (conn->wsi, &p, end))
    return -1;
  if (!conn->request->head && size) {
    memcpy (p, g_bytes_get_data (body, NULL), size);
    p += size;
  }
  if (conn->request->deaf)
    lws_rx_flow_control (conn->wsi, 1);
  conn->request->deaf = FALSE;
  vm_http_reset (conn);
  if (lws_write (conn->wsi, start, p - start, LWS_WRITE_HTTP_HEADERS) < 0)
    return -1;
  if (close || lws_http_transaction_completed (conn->wsi))
    return -1;
  return 0;
}

int
vm_http_reply_empty (VmConn *conn)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static (NULL, 0);

  return vm_http_reply (
      conn, 200, "text/plain; charset=utf-8", NULL, nothing, FALSE);
}

int
vm_http_reply_json (VmConn *conn, guint status, GBytes *body)
{
  return vm_http_reply (conn, status, "application/json", NULL, body, FALSE);
}

GBytes *
vm_http_error_body (const GError *error)
{
  GString *text = g_string_new ("{\"error\":{");
  VmError code = error->domain == VM_ERROR ? error->code : VM_ERROR_FAILED;

  vm_json_append_member (text, "code", vm_error_to_code (code));
  /* of other libraries: for this device's own eyes */
  if (error->domain != VM_ERROR)
    g_info ("a request has failed: %s", error->message);
  vm_json_append_member (text, "message",
      error->domain == VM_ERROR ? error->message
                                : "Something went wrong on this device");
  g_string_append (text, "}}");
  return g_string_free_to_bytes (text);
}

/* @status 0: the one that goes with the error. */
int
vm_http_reply_error (
    VmConn *conn, guint status, const GError *error, gboolean close)
{
  g_autoptr (GBytes) body = vm_http_error_body (error);

  if (!status)
    status =
        error->domain == VM_ERROR ? vm_error_to_http_status (error->code) : 500;
  return vm_http_reply (conn, status, "application/json", NULL, body, close);
}

/* Neither libwebsockets nor tick.c is to think that the request is a while
 * coming. What comes behind the request stays in the socket until it is
 * answered: libwebsockets 4.1 would be told of it again and again, and 4.3
 * would read it and hang up. */
void
vm_http_wait (VmConn *conn)
{
  conn->request->began = 0;
  lws_set_timeout (conn->wsi, NO_PENDING_TIMEOUT, 0);
  conn->request->deaf = TRUE;
  lws_rx_flow_control (conn->wsi, 0);
}

void
vm_http_write_soon (VmConn *conn)
{
  if (conn->request->answered)
    return;
  conn->request->answered = TRUE;
  g_ptr_array_add (conn->server->answered, conn);
}

/* Not when libwebsockets says that it may be written: it says nothing while it
 * is not to read, and 4.3 reads first, so that whoever has sent the next
 * request already would find the connection closed. */
void
vm_http_write_answers (VmServer *self)
{
  while (self->answered->len) {
    VmConn *conn =
        g_ptr_array_steal_index_fast (self->answered, self->answered->len - 1);
    VmRequest *request = conn->request;

    request->answered = FALSE;
    if ((request->session || request->session_answer
                ? vm_session_writeable (conn)
                : vm_trust_writeable (conn))
        < 0)
      vm_conn_cut (conn);
  }
}

void
vm_http_answer (VmConn *conn, guint status, GBytes *body)
{
  conn->request->began = g_get_monotonic_time ();
  conn->request->answer_status = status;
  conn->request->answer = g_bytes_ref (body);
  vm_http_write_soon (conn);
}

gboolean
vm_http_waits (const VmConn *conn)
{
  return conn->request->serial || conn->request->session
         || conn->request->keeping || conn->request->forward;
}
