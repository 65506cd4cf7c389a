/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/http/requesthead.h"
#include "server/protocol.h"

#include <gio/gio.h>
#include <libwebsockets.h>

/* One TCP connection, and the request on it. On vm-net. */

typedef struct _VmWsFuncs VmWsFuncs;

/* A request that waits for its answer (http/reply.h). */
typedef struct
{
  /* Sends the answer so far, after vm_http_write_soon(). NULL: only
   * vm_http_answer() answers. Returns: the result for the lws callback. */
  int (*write) (VmConn *conn);
  /* The connection is gone. */
  void (*forget) (VmConn *conn);
  gboolean yields; /* to newcomers, as an idle connection does */
} VmHttpWait;

/* The current or last HTTP request, and the data of an upgrade. An open
 * WebSocket has none: most connections of an idle server are WebSockets. */
typedef struct
{
  gint64 began; /* 0 between two requests */
  gint64 untaken_since; /* since when an answer is not sent out; 0: it is */
  gint64 header_since; /* of one that has not ended; 0: there is none */
  gint64 idle_since; /* the end of the last one */
  GByteArray *input; /* not read yet, or NULL */
  VmRequestHead head;
  gchar *host; /* the Host header */
  gchar *origin; /* a foreign one that is admitted, or NULL */
  gchar *path;
  const VmRoute *route; /* its route, or NULL */
  gboolean head_only; /* of a HEAD request */
  gboolean closes; /* the connection, after the answer */
  gboolean deaf; /* nothing is read until it is answered */
  gboolean answered; /* in the server's set of these */
  const gchar *policy; /* of the answer, NULL: VM_HTTP_POLICY */
  gboolean preflight; /* what @origin asks before its request (CORS) */
  GByteArray *body;
  gint64 body_left; /* bytes that are still to come */
  GError *refusal; /* to be sent when the body has been read */
  guint refusal_status;

  const VmHttpWait *wait; /* for its answer, or NULL */
  guint64 number; /* of the waiting protocol, like @waits_for */
  gpointer waits_for;
  guint answer_status; /* that is to be sent */
  const gchar *answer_type;
  GBytes *answer;

  gpointer query; /* parsed by the route from the URL, or NULL */
  GDestroyNotify query_free;
  const VmWsFuncs *ws_funcs; /* of an upgrade under way */
  const gchar *subprotocol; /* that it has, if the client asks for it */
} VmRequest;

/* From accept to close. */
struct _VmConn
{
  VmServer *server;
  struct lws *wsi;
  GInetAddress *proxy; /* the peer, if it is a proxy; or NULL */
  gchar *address; /* of the client, shared; limits count by it */
  gchar *group; /* shared; wrong PINs and tickets count by it */
  guint count; /* connections of the address at its start; 0: of a proxy */
  guint loopback : 1; /* a client on this machine, if that is known */
  guint told : 1; /* the client is known, see vm_proxies_find_client() */
  guint asked : 1; /* a complete request has arrived */
  guint cut : 1; /* about to be closed */
  guint ended : 1; /* nothing is read any more, see vm_conn_finish() */
  gint64 since;
  gint64 deadline; /* for the client to close, once it has ended */
  gchar *key; /* see vm_conn_get_key() */
  gchar *pass; /* see vm_conn_take_pass(), or NULL */
  VmRequest *request; /* NULL: it is or was a WebSocket */
  VmWs *ws; /* after an upgrade */
};

/* A connection from @address; adds it to the server's. */
VmConn *vm_conn_new (VmServer *server, GInetAddress *address);
/* Its WebSocket is gone. */
void vm_conn_free (VmConn *conn);
/* It has become a WebSocket. */
void vm_conn_end_requests (VmConn *conn);
/* The next request begins. */
void vm_conn_reset_request (VmConn *conn);
void vm_conn_cut (VmConn *conn);
/* Closes it when all is sent; the client has time to read that before it
 * closes its own side. */
void vm_conn_finish (VmConn *conn);
/* All of what was written has been sent. */
void vm_conn_drained (VmConn *conn);
/* Sends @size bytes behind LWS_PRE bytes of room. Returns: the result for the
 * lws callback */
int vm_conn_write (VmConn *conn, guint8 *bytes, gsize size);
/* A header of the request, or NULL. Returns: (transfer full) */
gchar *vm_conn_get_header (VmConn *conn, const gchar *name);
/* An argument of the request's URL, or NULL. Returns: (transfer full) */
gchar *vm_conn_get_argument (VmConn *conn, const gchar *name);
/* Determines the client of a request from a trusted proxy. */
void vm_conn_take_forwarded (VmConn *conn);
/* Takes @query and replaces the old one. */
void vm_conn_set_query (VmConn *conn, gpointer query, GDestroyNotify free);
/* Returns: (transfer full) */
gpointer vm_conn_steal_query (VmConn *conn);

/* Of IPv4 or IPv6, else NULL. Returns: (transfer full) */
struct sockaddr;
GInetAddress *vm_inet_address_from_native (const struct sockaddr *addr);
/* The addresses of this machine, read again when they are old. */
GList *vm_server_local_addresses (VmServer *self);
