/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

#include <gio/gio.h>
#include <libwebsockets.h>

/* One TCP connection, and the request on it. On vm-net. */

typedef struct _VmWsFuncs VmWsFuncs;

/* Whoever waits for the answer to a request (http/reply.h). */
typedef struct
{
  /* Sends what there is by now, after vm_http_write_soon(). NULL: it is told by
   * vm_http_answer() alone. Returns: what an lws callback is to. */
  int (*write) (VmConn *conn);
  /* The connection is no more. */
  void (*forget) (VmConn *conn);
  gboolean yields; /* to newcomers, as an idle connection does */
} VmHttpWait;

/* The HTTP request that is read or answered, the last one too, and what an
 * upgrade brings. A WebSocket has none once it is open: most of an idle
 * server's connections are such. */
typedef struct
{
  gint64 began; /* 0 between two requests */
  gint64 untaken_since; /* of an answer; 0: the socket has all of it */
  gint64 header_since; /* of one that has not ended; 0: there is none */
  guint64 received; /* bytes of the socket up to the end of the last one */
  gchar *host; /* the Host header */
  gchar *origin; /* another one that is admitted, or NULL */
  gchar *path;
  const VmRoute *route; /* whose it is, or NULL */
  gboolean head; /* of a HEAD request */
  gboolean deaf; /* nothing is read until it is answered */
  gboolean answered; /* in the server's set of these */
  gboolean preflight; /* what @origin asks before its request (CORS) */
  GByteArray *body;
  GError *refusal; /* to be sent when the body has been read */
  guint refusal_status;

  const VmHttpWait *wait; /* for its answer, or NULL */
  guint64 number; /* of who waits: what it waits for, as @waits_for */
  gpointer waits_for;
  guint answer_status; /* that is to be sent */
  const gchar *answer_type;
  GBytes *answer;

  gpointer query; /* what the route has read of the URL, or NULL */
  GDestroyNotify query_free;
  const VmWsFuncs *ws_funcs; /* of an upgrade under way */
} VmRequest;

/* From accept to close. */
struct _VmConn
{
  VmServer *server;
  struct lws *wsi;
  GInetAddress *proxy; /* the peer, where it speaks for others; or NULL */
  gchar *address; /* of the client, shared; it counts for that address */
  gchar *group; /* shared; what wrong PINs and tickets are counted by */
  guint
      count; /* connections of the address when this one came; 0: of a proxy */
  guint loopback : 1; /* somebody on this machine, as far as that is told */
  guint told : 1; /* whose address it is, see vm_proxies_find_client() */
  guint asked : 1; /* a whole request has come */
  guint cut : 1; /* about to be closed */
  gint64 since;
  gchar *key; /* see vm_conn_get_key() */
  gchar *pass; /* see vm_conn_take_pass(), or NULL */
  VmRequest *request; /* NULL: it is a WebSocket, or was one */
  VmWs *ws; /* after an upgrade */
};

/* From @address; among those of the server from now on. */
VmConn *vm_conn_new (VmServer *server, GInetAddress *address);
/* Its WebSocket is gone. */
void vm_conn_free (VmConn *conn);
/* It has become a WebSocket. */
void vm_conn_end_requests (VmConn *conn);
/* The next request begins. */
void vm_conn_reset_request (VmConn *conn);
void vm_conn_cut (VmConn *conn);
/* A header of the request, or NULL. Returns: (transfer full) */
gchar *vm_conn_get_header (VmConn *conn, enum lws_token_indexes token);
/* Of a request that came by a trusted proxy: whose it is. */
void vm_conn_take_forwarded (VmConn *conn);
/* Takes @query, in the place of another. */
void vm_conn_set_query (VmConn *conn, gpointer query, GDestroyNotify free);
/* Returns: (transfer full) */
gpointer vm_conn_steal_query (VmConn *conn);

/* Of IPv4 or IPv6, else NULL. Returns: (transfer full) */
struct sockaddr;
GInetAddress *vm_inet_address_from_native (const struct sockaddr *addr);
/* The addresses of this machine, read again when they are old. */
GList *vm_server_local_addresses (VmServer *self);
