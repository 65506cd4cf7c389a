/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterforward.h"
#include "server/socket/ws.h"

/* Sessions of Engine.IO 4 at /socket.io/ (protocol/socketio.md): by HTTP
 * requests, each of which a next packet waits for, by a WebSocket, or by the
 * one until the other is there. Socket.IO is spoken in them (socketguest.h). On
 * vm-net. */

typedef struct _VmSessions VmSessions;

VmSessions *vm_sessions_new (VmServer *server);
void vm_sessions_free (VmSessions *sessions);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSessions, vm_sessions_free)
/* The deadlines of all. */
void vm_sessions_tick (VmSessions *sessions, gint64 now);
/* Ends them all. */
void vm_sessions_close (VmSessions *sessions);
/* Those that have no WebSocket. */
guint vm_sessions_count_polling (VmSessions *sessions);
/* Whether answers are still to get out. */
gboolean vm_sessions_are_busy (VmSessions *sessions);

/* sessionhttp.c */
gboolean vm_session_is_path (const gchar *path);
/* What the URL says, for the answer; it is gone when a body has come. */
void vm_session_take_query (VmConn *conn);
void vm_session_query_free (VmSessionQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSessionQuery, vm_session_query_free)
int vm_route_session_get (VmConn *conn);
int vm_route_session_post (VmConn *conn);
int vm_session_writeable (VmConn *conn);
/* The connection is no more. */
void vm_session_forget (VmConn *conn);

/* sessionfar.c: a request of another server's; and the answer to one of @conn,
 * @status 0: there is none, as in clusterforward.h. */
void vm_session_take_forward (VmServer *server, const VmForward *forward);
void vm_session_take_forwarded (
    VmConn *conn, guint status, GBytes *body, gboolean gone);

/* sessionsocket.c */
void vm_session_upgrade (VmConn *conn, GError **error);
