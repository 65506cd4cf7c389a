/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterforward.h"
#include "cluster/shared/roomshare.h"
#include "room/rooms.h"

/* What the server knows of a protocol that it speaks: a table of functions and
 * the paths of its requests. Each protocol is a folder below dialect/, and a
 * line of protocols.c. Its state is its own; what it keeps of a WebSocket is
 * VmWs.peer, and of a URL the request's query (conn.h).
 *
 * Whatever is NULL is not asked. On vm-net, but for what is said otherwise. */

typedef struct _VmServer VmServer;
typedef struct _VmServerConfig VmServerConfig;
typedef struct _VmConn VmConn;
typedef struct _VmWs VmWs;

/* One path. Of all routes that fit, the first that has the method answers. */
typedef struct
{
  const gchar *path; /* "/status"; with "*" at its end: whatever begins so */
  /* HEAD too. Each returns what an lws callback is to. */
  int (*get) (VmConn *conn);
  int (*post) (VmConn *conn);
  /* A WebSocket: sets the functions and the query of the request, or @error.
   * FALSE: it is for the next route. */
  gboolean (*upgrade) (VmConn *conn, GError **error);
  /* Of GET and POST: reads the URL, which is gone when a body has come. */
  void (*read_url) (VmConn *conn);
  gsize body_max; /* bytes, of any type; 0: VM_HTTP_REQUEST_MAX, of JSON */
  gboolean own_token; /* the header Authorization has one of this protocol's */
  gboolean begins; /* a WebSocket begins anew: not while the server drains */
} VmRoute;

typedef struct
{
  const gchar *name;
  const VmRoute *routes; /* up to one without a path, or NULL */
  /* of a WebSocket, or NULL; and what is read of it at once, 0: as of others */
  const gchar *subprotocol;
  gsize read_bytes;

  /* With the server, and its end. create() NULL: @state is NULL. */
  gpointer (*create) (VmServer *server);
  void (*destroy) (gpointer state);
  /* Before vm-net runs, and when it has ended, or failed to start. */
  void (*start) (gpointer state, const VmServerConfig *config);
  void (*stop) (gpointer state);
  /* The server is about to stop, and once more when its sockets are closed:
   * ends what has no WebSocket. */
  void (*close) (gpointer state);
  /* Several times a second. */
  void (*tick) (VmServer *server, gpointer state, gint64 now);
  /* What is known of devices has changed, or the policy. */
  void (*check) (VmServer *server, gpointer state);
  /* By vm_http_add_metric(). */
  void (*add_metrics) (gpointer state, GString *text);

  /* Whether the first message on a WebSocket of another protocol makes it one
   * of this: then it has it, by vm_ws_become(). */
  gboolean (*take_over) (gpointer state, VmWs *ws, GBytes *first);
  /* As of VmRoomsFuncs: who hears of @room and has no seat is sent out. */
  gboolean (*remove) (
      gpointer state, VmRoom *room, const gchar *id, const GError *reason);
  /* Seats over a restart, of one protocol (roomsave.h); before vm-net runs,
   * and when all sockets are about to close. */
  GVariant *(*save) (gpointer outlet);
  gpointer (*restore) (VmMember *member, GVariant *line, gpointer user_data);

  /* What it shares with the other servers of a cluster, from the start until
   * @share is about to go. */
  void (*share) (gpointer state, VmRoomShare *share);
  void (*unshare) (gpointer state);
  /* Of one protocol (clusterforward.h): a request of another server's; and the
   * answer to one of @conn, @status 0: there is none, @gone: for the server is
   * no more. */
  void (*take_forward) (VmServer *server, const VmForward *forward);
  void (*take_forwarded) (
      VmConn *conn, guint status, GBytes *body, gboolean gone);
} VmServerProtocol;
