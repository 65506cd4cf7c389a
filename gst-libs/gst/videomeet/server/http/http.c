/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The requests of one connection: what is checked before any route sees one,
 * and its body. A refusal of a request with a body waits until the body has
 * been read, else the client would see a reset connection and not the refusal.
 */

#include "server/http/http.h"
#include "base/hostcheck.h"
#include "server/access/admit.h"
#include "server/http/response.h"
#include "server/http/routes.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"

#include <string.h>

#define WEBSOCKET_VERSION "13" /* RFC 6455 §4.4 */
#define WEBSOCKET_GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define KEY_BYTES 16 /* of Sec-WebSocket-Key */
#define UPGRADE_REQUIRED 426

static gboolean
refuse (VmConn *conn, guint status, VmError code, const gchar *message)
{
  conn->request->refusal_status = status;
  g_set_error_literal (&conn->request->refusal, VM_ERROR, code, message);
  return FALSE;
}

/* Whoever has a certificate for a name is reached by it. */
gboolean
vm_http_is_named (VmServer *self, const gchar *header)
{
  g_autofree gchar *host = header ? vm_host_from_header (header) : NULL;

  return host && self->named && vm_named_cert_covers (self->named, host);
}

/* A number of bytes as RFC 9110 §8.6 writes it; -1 for anything else. */
static gint64
content_length (VmConn *conn)
{
  g_autofree gchar *text = vm_conn_get_header (conn, "content-length");
  guint64 size;

  if (!text
      || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &size, NULL))
    return -1;
  return (gint64) size;
}

/* Who frames the same body in two ways hopes that somebody on the way reads the
 * other one (RFC 9112 §6.3); the one way read here is Content-Length. */
static gboolean
check_framing (VmConn *conn)
{
  g_autofree gchar *length = vm_conn_get_header (conn, "content-length");
  g_autofree gchar *coding = vm_conn_get_header (conn, "transfer-encoding");

  if (coding)
    return refuse (conn, length ? 400 : 411, VM_ERROR_BAD_REQUEST,
        "A Transfer-Encoding is not taken here");
  if (length && content_length (conn) < 0)
    return refuse (conn, 400, VM_ERROR_BAD_REQUEST,
        "The Content-Length is not one number");
  return TRUE;
}

/* Host, Origin and the number of connections; for upgrades too. */
static gboolean
check_caller (VmConn *conn)
{
  VmServer *self = conn->server;
  g_autofree gchar *origin = vm_conn_get_header (conn, "origin");

  vm_conn_take_forwarded (conn);
  conn->request->host = vm_conn_get_header (conn, "host");
  /* a page that is admitted is told of refusals too */
  if (vm_origin_is_listed (origin, (const gchar *const *) self->origins))
    conn->request->origin = g_strdup (origin);
  if (conn->count > self->max_per_address)
    return refuse (conn, 0, VM_ERROR_RATE_LIMITED,
        "Too many connections from this address");
  if (!vm_host_is_own (conn->request->host, vm_server_local_addresses (self),
          self->host_name, (const gchar *const *) self->names)
      && !vm_http_is_named (self, conn->request->host))
    return refuse (conn, 0, VM_ERROR_WRONG_HOST,
        "The Host header names no address of this device");
  if (!conn->request->origin
      && !vm_origin_is_own (origin, conn->request->host, self->secure))
    return refuse (
        conn, 0, VM_ERROR_WRONG_ORIGIN, "A page of another origin asked");
  return TRUE;
}

static gint64
body_max (VmConn *conn)
{
  const VmRoute *route = conn->request->route;

  return route && route->body_max ? (gint64) route->body_max
                                  : VM_HTTP_REQUEST_MAX;
}

static gboolean
check_body (VmConn *conn, gint64 size)
{
  const VmRoute *route = conn->request->route;
  gboolean of_any_type = route && route->body_max;
  g_autofree gchar *type = vm_conn_get_header (conn, "content-type");

  if (size < 0)
    return refuse (
        conn, 411, VM_ERROR_BAD_REQUEST, "The request has no Content-Length");
  if (size > body_max (conn)) {
    conn->request->refusal_status = 0;
    g_set_error (&conn->request->refusal, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The request is larger than %d KiB", (gint) (body_max (conn) / 1024));
    return FALSE;
  }
  if (!of_any_type && !vm_type_is_json (type))
    return refuse (conn, 415, VM_ERROR_BAD_REQUEST,
        "The request must be of type application/json");
  return TRUE;
}

static gboolean
has_method (VmConn *conn, const gchar *method)
{
  return vm_request_head_is (&conn->request->head, method);
}

static const VmRoute *
find_route (VmConn *conn)
{
  if (has_method (conn, "POST"))
    return vm_route_find_post (conn);
  if (has_method (conn, "GET") || has_method (conn, "HEAD"))
    return vm_route_find_get (conn);
  return NULL;
}

static int
answer_refusal (VmConn *conn, gboolean close)
{
  g_autoptr (GError) error = g_steal_pointer (&conn->request->refusal);
  guint status = conn->request->refusal_status;
  g_autoptr (GBytes) body = NULL;

  if (status != UPGRADE_REQUIRED)
    return vm_http_reply_error (conn, status, error, close);
  body = vm_http_error_body (error);
  return vm_http_reply (conn, status, "application/json",
      "sec-websocket-version: " WEBSOCKET_VERSION, body, close);
}

/* What is answered without reading on. */
static int
take_bodiless (VmConn *conn)
{
  VmRequest *request = conn->request;
  gboolean options = has_method (conn, "OPTIONS");

  request->preflight = check_caller (conn) && request->origin && options;
  if (!request->refusal && !request->preflight && !has_method (conn, "GET")
      && !has_method (conn, "HEAD"))
    refuse (conn, 405, VM_ERROR_BAD_REQUEST,
        "The method is neither GET nor HEAD nor POST");
  /* a body that nobody asked for is not waited for */
  if (request->refusal || content_length (conn) > 0) {
    if (!request->refusal)
      refuse (
          conn, 400, VM_ERROR_BAD_REQUEST, "A body is taken with POST alone");
    return answer_refusal (conn, content_length (conn) > 0);
  }
  if (request->preflight)
    return vm_http_reply_empty (conn);
  return request->route ? request->route->get (conn)
                        : vm_http_reply_not_found (conn);
}

static int
take_whole (VmConn *conn)
{
  VmRequest *request = conn->request;

  if (request->refusal)
    return answer_refusal (conn, FALSE);
  return request->route ? request->route->post (conn)
                        : vm_http_reply_not_found (conn);
}

static int
take_request (VmConn *conn)
{
  VmRequest *request = conn->request;
  gint64 size;

  request->route = find_route (conn);
  if (request->route && request->route->read_url)
    request->route->read_url (conn);
  vm_conn_take_pass (conn);
  /* where its body ends nobody can tell */
  if (!check_framing (conn))
    return answer_refusal (conn, TRUE);
  if (!has_method (conn, "POST"))
    return take_bodiless (conn);
  size = content_length (conn);
  if (check_caller (conn))
    check_body (conn, size);
  if (request->refusal && (size < 0 || size > VM_HTTP_DISCARD_MAX))
    return answer_refusal (conn, TRUE);
  request->body = g_byte_array_new ();
  request->body_left = size;
  return size ? 0 : take_whole (conn);
}

/* RFC 6455 §4.2.1 */
static gboolean
check_upgrade (VmConn *conn)
{
  const VmRequestHead *head = &conn->request->head;
  g_autofree gchar *version =
      vm_conn_get_header (conn, "sec-websocket-version");
  g_autofree gchar *key = vm_conn_get_header (conn, "sec-websocket-key");
  g_autofree guchar *nonce = NULL;
  gsize size = 0;

  if (!check_framing (conn) || !check_caller (conn))
    return FALSE;
  if (!vm_request_head_lists (head, "upgrade", "websocket")
      || g_strcmp0 (version, WEBSOCKET_VERSION) != 0)
    return refuse (conn, UPGRADE_REQUIRED, VM_ERROR_BAD_REQUEST,
        "Only WebSocket of version " WEBSOCKET_VERSION " is spoken here");
  if (!has_method (conn, "GET") || content_length (conn) > 0)
    return refuse (conn, 0, VM_ERROR_BAD_REQUEST,
        "A WebSocket begins with GET and without a body");
  if (key)
    nonce = g_base64_decode (key, &size);
  if (size != KEY_BYTES
      || !vm_request_head_lists (head, "connection", "upgrade"))
    return refuse (conn, 0, VM_ERROR_BAD_REQUEST,
        "The handshake of the WebSocket has no key or no Connection: Upgrade");
  return TRUE;
}

/* RFC 6455 §4.2.2 */
static int
send_switch (VmConn *conn)
{
  const gchar *subprotocol = conn->request->subprotocol;
  gboolean names = subprotocol
                   && vm_request_head_lists (&conn->request->head,
                       "sec-websocket-protocol", subprotocol);
  g_autofree gchar *key = vm_conn_get_header (conn, "sec-websocket-key");
  g_autofree gchar *both = g_strconcat (key, WEBSOCKET_GUID, NULL);
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  guint8 digest[20];
  gsize size = sizeof digest;
  g_autofree gchar *proof = NULL;
  g_autofree gchar *text = NULL;

  g_checksum_update (sum, (const guchar *) both, -1);
  g_checksum_get_digest (sum, digest, &size);
  proof = g_base64_encode (digest, size);
  text = g_strdup_printf ("%*sHTTP/1.1 101 Switching Protocols\r\n"
                          "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                          "Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
      LWS_PRE, "", proof, names ? "Sec-WebSocket-Protocol: " : "",
      names ? subprotocol : "", names ? "\r\n" : "");
  return vm_conn_write (
      conn, (guint8 *) text + LWS_PRE, strlen (text) - LWS_PRE);
}

static int
take_upgrade (VmConn *conn)
{
  VmRequest *request = conn->request;

  request->route = vm_route_find_upgrade (conn);
  vm_conn_take_pass (conn);
  if (check_upgrade (conn))
    vm_route_upgrade (conn, &request->refusal);
  if (request->refusal)
    return answer_refusal (conn, TRUE);
  if (send_switch (conn) < 0)
    return -1;
  vm_ws_open (conn);
  return 0;
}

static int
take_head (VmConn *conn)
{
  VmRequest *request = conn->request;
  gint64 now = g_get_monotonic_time ();
  VmRequestHeadState state = vm_request_head_read (&request->head,
      (const gchar *) request->input->data, request->input->len);

  if (state == VM_REQUEST_HEAD_MORE) {
    if (!request->header_since)
      request->header_since = now;
    return 0;
  }
  request->header_since = 0;
  request->began = now;
  conn->server->counters.requests++;
  conn->asked = TRUE;
  if (state == VM_REQUEST_HEAD_WHOLE) {
    g_byte_array_remove_range (request->input, 0, request->head.scanned);
    request->closes = !vm_request_head_keeps_alive (&request->head);
    request->head_only = has_method (conn, "HEAD");
    request->path = vm_request_head_get_path (&request->head);
    return vm_request_head_has (&request->head, "upgrade")
               ? take_upgrade (conn)
               : take_request (conn);
  }
  if (state == VM_REQUEST_HEAD_TOO_LARGE)
    refuse (conn, 431, VM_ERROR_TOO_LARGE,
        "The request's header is larger than 16 KiB");
  else
    refuse (
        conn, 400, VM_ERROR_BAD_REQUEST, "The request's header cannot be read");
  return answer_refusal (conn, TRUE);
}

static int
take_body (VmConn *conn)
{
  VmRequest *request = conn->request;
  gsize size = MIN (request->input->len, (guint64) request->body_left);

  if (!request->refusal)
    g_byte_array_append (request->body, request->input->data, size);
  g_byte_array_remove_range (request->input, 0, size);
  request->body_left -= size;
  return request->body_left ? 0 : take_whole (conn);
}

/* As much as was read, up to a request that waits for its answer, or an answer
 * that the client has not taken yet. */
int
vm_http_read_on (VmConn *conn)
{
  VmRequest *request = conn->request;
  gsize before = 0;

  while (!conn->ended && !request->deaf && request->input && request->input->len
         && request->input->len != before
         && !lws_partial_buffered (conn->wsi)) {
    g_autoptr (GByteArray) input = g_byte_array_ref (request->input);

    before = input->len;
    if ((request->body ? take_body (conn) : take_head (conn)) < 0)
      return -1;
    if (conn->ws)
      return input->len ? vm_ws_receive (conn->ws, input->data, input->len) : 0;
  }
  if (request->input && !request->input->len)
    g_clear_pointer (&request->input, g_byte_array_unref);
  return 0;
}

int
vm_http_receive (VmConn *conn, const guint8 *data, gsize size)
{
  if (!conn->request->input)
    conn->request->input = g_byte_array_new ();
  g_byte_array_append (conn->request->input, data, size);
  return vm_http_read_on (conn);
}

void
vm_http_header_late (VmConn *conn)
{
  conn->request->began = g_get_monotonic_time ();
  refuse (conn, 408, VM_ERROR_TIMEOUT,
      "The request's header has not ended in time");
  if (answer_refusal (conn, TRUE) < 0)
    vm_conn_cut (conn);
}
