/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterforward.h"
#include "cluster/shared/roomshare.h"
#include "room/rooms.h"

/* The server's view of a protocol: a table of functions and the paths of its
 * requests. Each protocol is a folder below dialect/, and a line of
 * protocols.c. It owns its state; its data of a WebSocket is VmWs.peer, and of
 * a URL the request's query (conn.h).
 *
 * NULL functions are not called. On vm-net unless stated otherwise. */

typedef struct _VmServer VmServer;
typedef struct _VmServerConfig VmServerConfig;
typedef struct _VmConn VmConn;
typedef struct _VmWs VmWs;

/* One path. The first matching route that has the method answers. */
typedef struct
{
  const gchar *path; /* "/status"; a final "*" matches any rest */
  /* HEAD too. Each returns the result for the lws callback. */
  int (*get) (VmConn *conn);
  int (*post) (VmConn *conn);
  /* A WebSocket: sets the functions and the query of the request, or @error.
   * FALSE: try the next route. */
  gboolean (*upgrade) (VmConn *conn, GError **error);
  /* Of GET and POST: reads the URL, which is gone once a body has arrived. */
  void (*read_url) (VmConn *conn);
  gsize body_max; /* bytes, of any type; 0: VM_HTTP_REQUEST_MAX, of JSON */
  gboolean own_token; /* the header Authorization has this protocol's own token
                       */
  gboolean begins; /* its WebSocket begins a session: not while the server
                    * drains */
} VmRoute;

typedef struct
{
  const gchar *name;
  const VmRoute *routes; /* up to one without a path, or NULL */
  const gchar *subprotocol; /* of a WebSocket, or NULL */

  /* Made and freed with the server. create() NULL: @state is NULL. */
  gpointer (*create) (VmServer *server);
  void (*destroy) (gpointer state);
  /* Called before vm-net runs, and when it has ended, or failed to start. */
  void (*start) (gpointer state, const VmServerConfig *config);
  /* Likewise, where the settings may be of no use: FALSE with BAD_REQUEST. */
  gboolean (*configure) (
      gpointer state, const VmServerConfig *config, GError **error);
  void (*stop) (gpointer state);
  /* Called when the server is about to stop, and again when its sockets are
   * closed: ends sessions without a WebSocket. */
  void (*close) (gpointer state);
  /* Whether something is still to be sent before the server stops. */
  gboolean (*is_busy) (gpointer state);
  /* Several times a second. */
  void (*tick) (VmServer *server, gpointer state, gint64 now);
  /* The facts about devices, or the policy, have changed. */
  void (*check) (VmServer *server, gpointer state);
  /* By vm_http_add_metric(). */
  void (*add_metrics) (gpointer state, GString *text);

  /* Whether the first message on another protocol's WebSocket belongs to this
   * one, which then takes it over by vm_ws_become(). */
  gboolean (*take_over) (gpointer state, VmWs *ws, GBytes *first);
  /* As of VmRoomsFuncs: removes the client @id that hears of @room without a
   * seat. */
  gboolean (*remove) (
      gpointer state, VmRoom *room, const gchar *id, const GError *reason);
  /* As of VmRoomsFuncs, of one protocol. */
  void (*want_sfu) (gpointer state, VmRoom *room, gboolean wanted);
  void (*cut_sfu) (gpointer state, VmRoom *room, const gchar *id);
  /* As of VmMeetingConfig: @uri with the address of its host, on any thread but
   * vm-net, which may wait for 5 s; then its use, NULL: there is none. */
  gchar *(*find_sfu) (const gchar *uri, GError **error);
  void (*serve_pairs) (
      gpointer state, const gchar *uri, const gchar *api_secret);
  /* Saves and restores the seats of one protocol over a restart (roomsave.h);
   * before vm-net runs, and when all sockets are about to close. */
  GVariant *(*save) (gpointer outlet);
  gpointer (*restore) (VmMember *member, GVariant *line, gpointer user_data);

  /* Shares its state with the other servers of a cluster, from the start until
   * @share is about to be freed. */
  void (*share) (gpointer state, VmRoomShare *share);
  void (*unshare) (gpointer state);
  /* Of one protocol (clusterforward.h): a request of another server; and the
   * answer to one of @conn, @status 0: there is none, @gone: because the server
   * is gone. */
  void (*take_forward) (VmServer *server, const VmForward *forward);
  void (*take_forwarded) (
      VmConn *conn, guint status, GBytes *body, gboolean gone);
} VmServerProtocol;
