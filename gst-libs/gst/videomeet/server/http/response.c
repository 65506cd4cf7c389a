/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One HTTP answer, headers and body in one write: libwebsockets keeps what the
 * socket does not take. */

#include "server/http/response.h"
#include "base/vmerror-priv.h"
#include "base/json/json.h"
#include "server/server-priv.h"

#include <libsoup/soup.h>

#define HEADERS_SIZE 1024 /* of most answers */
#define JSON "application/json"

/* To a page of another origin that is admitted (Fetch, "CORS protocol"). */
static void
add_cors (VmConn *conn, GString *text)
{
  if (!conn->request->origin)
    return;
  g_string_append_printf (text,
      "access-control-allow-origin: %s\r\nvary: origin\r\n",
      conn->request->origin);
  if (conn->request->preflight)
    g_string_append (text,
        "access-control-allow-methods: GET, POST\r\n"
        "access-control-allow-headers: authorization, content-type\r\n"
        "access-control-max-age: 600\r\n");
}

/* The headers of every answer (security.md#http-server). */
static void
add_headers (VmConn *conn, guint status, const gchar *type, gsize size,
    gboolean close, GString *text)
{
  g_string_append_printf (text,
      "HTTP/1.1 %u %s\r\nserver: videomeet\r\nconnection: %s\r\n"
      "content-type: %s\r\ncontent-length: %" G_GSIZE_FORMAT
      "\r\ncontent-security-policy: %s\r\n",
      status, soup_status_get_phrase (status), close ? "close" : "keep-alive",
      type, size,
      conn->request->policy ? conn->request->policy : VM_HTTP_POLICY);
  /* elsewhere browsers complain of it */
  if (conn->server->is_trustworthy)
    g_string_append (text, "cross-origin-opener-policy: same-origin\r\n");
  g_string_append (text,
      "cross-origin-resource-policy: same-origin\r\n"
      "x-content-type-options: nosniff\r\nreferrer-policy: no-referrer\r\n"
      "cache-control: no-store\r\n");
  add_cors (conn, text);
}

int
vm_http_reply (VmConn *conn, guint status, const gchar *type,
    const gchar *extra, GBytes *body, gboolean close)
{
  VmRequest *request = conn->request;
  gsize size = g_bytes_get_size (body);
  g_autoptr (GString) text = g_string_sized_new (LWS_PRE + HEADERS_SIZE + size);

  close = close || request->closes;
  g_string_set_size (text, LWS_PRE);
  add_headers (conn, status, type, size, close, text);
  if (extra)
    g_string_append_printf (text, "%s\r\n", extra);
  g_string_append (text, "\r\n");
  if (!request->head_only)
    g_string_append_len (text, g_bytes_get_data (body, NULL), size);
  if (request->deaf)
    lws_rx_flow_control (conn->wsi, 1);
  /* the next request may be there */
  if (request->deaf && request->input)
    lws_callback_on_writable (conn->wsi);
  request->deaf = FALSE;
  vm_conn_reset_request (conn);
  if (vm_conn_write (conn, (guint8 *) text->str + LWS_PRE, text->len - LWS_PRE)
      < 0)
    return -1;
  if (close)
    vm_conn_finish (conn);
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

/* tick.c is not to think that the request is a while coming. What comes behind
 * the request stays in the socket until it is answered. */
void
vm_http_wait (VmConn *conn, const VmHttpWait *wait)
{
  conn->request->wait = wait;
  conn->request->began = 0;
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
