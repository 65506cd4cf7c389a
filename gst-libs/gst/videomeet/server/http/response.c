/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One HTTP answer, headers and body in one write: libwebsockets keeps what the
 * socket does not take. */

#include "server/http/response.h"
#include "base/vmerror-priv.h"
#include "base/json/json.h"
#include "server/server-priv.h"

#include <string.h>

#define HEADERS_MAX 2048 /* of an answer */
#define JSON "application/json"

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
             conn->request->policy ? conn->request->policy : VM_HTTP_POLICY, p,
             end)
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
  vm_conn_reset_request (conn);
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
  return vm_http_reply (conn, status, JSON, NULL, body, FALSE);
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

int
vm_http_reply_error (
    VmConn *conn, guint status, const GError *error, gboolean close)
{
  g_autoptr (GBytes) body = vm_http_error_body (error);

  if (!status)
    status =
        error->domain == VM_ERROR ? vm_error_to_http_status (error->code) : 500;
  return vm_http_reply (conn, status, JSON, NULL, body, close);
}

int
vm_http_reply_not_found (VmConn *conn)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_NOT_FOUND, "There is nothing at this address");

  return vm_http_reply_error (conn, 0, error, FALSE);
}

/* Neither libwebsockets nor tick.c is to think that the request is a while
 * coming. What comes behind the request stays in the socket until it is
 * answered: libwebsockets 4.1 would be told of it again and again, and 4.3
 * would read it and hang up. */
void
vm_http_wait (VmConn *conn, const VmHttpWait *wait)
{
  conn->request->wait = wait;
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

static int
write_answer (VmConn *conn)
{
  VmRequest *request = conn->request;
  g_autoptr (GBytes) answer = g_steal_pointer (&request->answer);

  if (answer)
    return vm_http_reply (conn, request->answer_status, request->answer_type,
        NULL, answer, FALSE);
  return request->wait && request->wait->write ? request->wait->write (conn)
                                               : 0;
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

    conn->request->answered = FALSE;
    if (write_answer (conn) < 0)
      vm_conn_cut (conn);
  }
}

void
vm_http_answer (VmConn *conn, guint status, const gchar *type, GBytes *body)
{
  VmRequest *request = conn->request;

  request->wait = NULL;
  request->began = g_get_monotonic_time ();
  request->answer_status = status;
  request->answer_type = type ? type : JSON;
  request->answer = g_bytes_ref (body);
  vm_http_write_soon (conn);
}

gboolean
vm_http_waits (const VmConn *conn)
{
  return conn->request->wait != NULL;
}
