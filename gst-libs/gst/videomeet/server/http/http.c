/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One HTTP request: what is checked before any route sees it, and its body. A
 * refusal of a request with a body waits until the body has been read, else the
 * client would see a reset connection and not the refusal. */

#include "server/http/http.h"
#include "base/hostcheck.h"
#include "server/access/admit.h"
#include "server/http/response.h"
#include "server/http/routes.h"
#include "server/server-priv.h"
#include "server/loop/tcpinfo.h"

#include <string.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#define WEBSOCKET_VERSION "13" /* RFC 6455 §4.4 */
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
  g_autofree gchar *text =
      vm_conn_get_header (conn, WSI_TOKEN_HTTP_CONTENT_LENGTH);
  guint64 size;

  if (!text
      || !g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT64, &size, NULL))
    return -1;
  return (gint64) size;
}

/* libwebsockets takes a line break that is written as %0a or %0d in the target
 * for the end of the line, and what follows it for a header; then no version
 * comes behind the target. Who frames the same body in two ways hopes that
 * somebody on the way reads the other one (RFC 9112 §6.3); the one way read
 * here is Content-Length. */
static gboolean
check_framing (VmConn *conn)
{
  g_autofree gchar *version = vm_conn_get_header (conn, WSI_TOKEN_HTTP);
  g_autofree gchar *length =
      vm_conn_get_header (conn, WSI_TOKEN_HTTP_CONTENT_LENGTH);

  if (g_strcmp0 (version, "HTTP/1.1") != 0
      && g_strcmp0 (version, "HTTP/1.0") != 0)
    return refuse (conn, 400, VM_ERROR_BAD_REQUEST,
        "The request line does not end in HTTP/1.1");
  if (lws_hdr_total_length (conn->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING))
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
  g_autofree gchar *origin = vm_conn_get_header (conn, WSI_TOKEN_ORIGIN);

  vm_conn_take_forwarded (conn);
  conn->request->host = vm_conn_get_header (conn, WSI_TOKEN_HOST);
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
  g_autofree gchar *type =
      vm_conn_get_header (conn, WSI_TOKEN_HTTP_CONTENT_TYPE);

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

/* Takes the path, as libwebsockets has decoded it; returns the method. */
static enum lws_token_indexes
read_target (VmConn *conn)
{
  static const enum lws_token_indexes methods[] = { WSI_TOKEN_GET_URI,
    WSI_TOKEN_HEAD_URI, WSI_TOKEN_POST_URI, WSI_TOKEN_OPTIONS_URI };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    conn->request->path = vm_conn_get_header (conn, methods[i]);
    if (conn->request->path)
      return methods[i];
  }
  return WSI_TOKEN_COUNT;
}

static const VmRoute *
find_route (VmConn *conn, enum lws_token_indexes method)
{
  if (method == WSI_TOKEN_POST_URI)
    return vm_route_find_post (conn);
  if (method == WSI_TOKEN_GET_URI || method == WSI_TOKEN_HEAD_URI)
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

int
vm_http_request (VmConn *conn)
{
  enum lws_token_indexes method;
  gint64 size;

  vm_conn_reset_request (conn);
  conn->request->began = g_get_monotonic_time ();
  conn->server->counters.requests++;
  conn->asked = TRUE;
  method = read_target (conn);
  conn->request->route = find_route (conn, method);
  if (conn->request->route && conn->request->route->read_url)
    conn->request->route->read_url (conn);
  vm_conn_take_pass (conn);
  conn->request->head = method == WSI_TOKEN_HEAD_URI;
  /* where its body ends nobody can tell */
  if (!check_framing (conn))
    return answer_refusal (conn, TRUE);
  if (method != WSI_TOKEN_POST_URI) {
    conn->request->preflight = check_caller (conn) && conn->request->origin
                               && method == WSI_TOKEN_OPTIONS_URI;
    if (!conn->request->refusal && !conn->request->preflight
        && (method == WSI_TOKEN_COUNT || method == WSI_TOKEN_OPTIONS_URI))
      refuse (conn, 405, VM_ERROR_BAD_REQUEST,
          "The method is neither GET nor HEAD nor POST");
    /* a body that nobody asked for is not waited for */
    if (conn->request->refusal || content_length (conn) > 0) {
      if (!conn->request->refusal)
        refuse (
            conn, 400, VM_ERROR_BAD_REQUEST, "A body is taken with POST alone");
      return answer_refusal (conn, content_length (conn) > 0);
    }
    if (conn->request->preflight)
      return vm_http_reply_empty (conn);
    return conn->request->route ? conn->request->route->get (conn)
                                : vm_http_reply_not_found (conn);
  }

  size = content_length (conn);
  if (check_caller (conn))
    check_body (conn, size);
  if (conn->request->refusal && (size < 0 || size > VM_HTTP_DISCARD_MAX))
    return answer_refusal (conn, TRUE);
  conn->request->body = g_byte_array_new ();
  return 0;
}

int
vm_http_body (VmConn *conn, const guint8 *data, gsize size)
{
  if (!conn->request->body || conn->request->refusal)
    return 0;
  if (conn->request->body->len + size > (guint64) body_max (conn))
    return -1;
  g_byte_array_append (conn->request->body, data, size);
  return 0;
}

int
vm_http_body_done (VmConn *conn)
{
  if (!conn->request->body)
    return 0;
  if (conn->request->refusal)
    return answer_refusal (conn, FALSE);
  return conn->request->route ? conn->request->route->post (conn)
                              : vm_http_reply_not_found (conn);
}

/* The connection that has sent most since its last request: when a header grew
 * too large, that one's. */
static VmConn *
find_overflowing (VmServer *self)
{
  GHashTableIter iter;
  gpointer key;
  VmConn *found = NULL;
  guint64 most = VM_HTTP_HEADER_MAX / 4;

  g_hash_table_iter_init (&iter, self->conns);
  while (g_hash_table_iter_next (&iter, &key, NULL)) {
    VmConn *conn = key;
    guint64 sent;

    if (!conn->wsi || !conn->request || conn->request->began
        || vm_http_waits (conn))
      continue;
    sent = vm_socket_received (lws_get_socket_fd (conn->wsi))
           - conn->request->received;
    if (sent > most) {
      most = sent;
      found = conn;
    }
  }
  return found;
}

/* Past libwebsockets, which is about to close the connection without a word. */
static void
answer_past (
    VmConn *conn, const gchar *status, VmError code, const gchar *message)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, message);
  g_autoptr (GBytes) body = vm_http_error_body (error);
  gsize size = g_bytes_get_size (body);
  g_autofree gchar *answer = g_strdup_printf (
      "HTTP/1.1 %s\r\ncontent-type: application/json\r\nconnection: close\r\n"
      "content-length: %" G_GSIZE_FORMAT "\r\n\r\n%.*s",
      status, size, (int) size, (const gchar *) g_bytes_get_data (body, NULL));
  SSL *ssl = lws_get_ssl (conn->wsi);

  if (!ssl)
    send (lws_get_socket_fd (conn->wsi), answer, strlen (answer), MSG_NOSIGNAL);
  else if (SSL_is_init_finished (ssl))
    SSL_write (ssl, answer, (int) strlen (answer));
}

/* A request's header was larger than VM_HTTP_HEADER_MAX, which libwebsockets
 * says in its log alone. */
void
vm_http_header_overflow (VmServer *self)
{
  VmConn *conn = find_overflowing (self);

  if (conn)
    answer_past (conn, "431 Request Header Fields Too Large",
        VM_ERROR_TOO_LARGE, "The request's header is larger than 16 KiB");
}

/* libwebsockets reads on behind the empty line where the last field's name is
 * the beginning of one that it knows ("Hos:"). */
void
vm_http_header_late (VmConn *conn)
{
  answer_past (conn, "400 Bad Request", VM_ERROR_BAD_REQUEST,
      "The request's header has not ended in time");
}

/* Before a WebSocket: 0 to go on, 1 when it was refused by an answer, -1 to
 * hang up. */
int
vm_http_upgrade (VmConn *conn)
{
  g_autofree gchar *upgrade = vm_conn_get_header (conn, WSI_TOKEN_UPGRADE);
  g_autofree gchar *version = vm_conn_get_header (conn, WSI_TOKEN_VERSION);

  /* libwebsockets asks even after it refused an upgrade itself */
  if (!upgrade)
    return -1;
  vm_conn_reset_request (conn);
  conn->request->began = g_get_monotonic_time ();
  conn->server->counters.requests++;
  conn->asked = TRUE;
  if (check_framing (conn) && check_caller (conn)
      && (g_ascii_strcasecmp (upgrade, "websocket") != 0
          || g_strcmp0 (version, WEBSOCKET_VERSION) != 0))
    refuse (conn, UPGRADE_REQUIRED, VM_ERROR_BAD_REQUEST,
        "Only WebSocket of version " WEBSOCKET_VERSION " is spoken here");
  if (!conn->request->refusal && read_target (conn) != WSI_TOKEN_GET_URI)
    refuse (conn, 0, VM_ERROR_BAD_REQUEST, "A WebSocket begins with GET");
  conn->request->route = vm_route_find_upgrade (conn);
  vm_conn_take_pass (conn);
  if (!conn->request->refusal)
    vm_route_upgrade (conn, &conn->request->refusal);
  if (!conn->request->refusal)
    return 0;
  return answer_refusal (conn, TRUE) < 0 ? -1 : 1;
}
