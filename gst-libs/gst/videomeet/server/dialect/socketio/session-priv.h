/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/socketio/session.h"
#include "server/dialect/socketio/socketguest.h"
#include "server/server-priv.h"
#include "server/servercluster.h"
#include "server/socket/ws.h"
#include "wire/socketio/engineio.h"

typedef struct
{
  gboolean protocol_4;
  gboolean websocket; /* else polling, if @known */
  gboolean known; /* the transport */
  gchar *sid; /* or NULL: a new session */
  gchar *pin; /* or NULL */
} VmSessionQuery;

typedef struct
{
  VmServer *server;
  GHashTable *sessions; /* sid -> VmSession */
  GHashTable *groups; /* group -> how many sessions of it have no WebSocket */
  guint n_polling; /* sessions that have none */
} VmSessions;

/* Whose request it is: of a connection here, or one of another server. */
typedef struct
{
  VmConn *conn; /* or: */
  gchar *node; /* NULL with the former: nobody's */
  guint64 number;
} VmSessionAsker;

/* One session. */
struct _VmSession
{
  VmSessions *sessions;
  gchar *sid; /* a secret of the client's */
  gchar *group;
  gchar *key; /* see vm_conn_get_key() */
  VmSocketGuest *guest;
  gint64 began;
  const gchar *over; /* it is to end at the next look, and why; NULL: no */

  VmSessionAsker poll; /* whose GET waits for packets */
  VmSessionAsker post; /* whose POST waits to be paid for */
  VmWs *ws; /* in use, or NULL: polling */
  VmWs *probe; /* one that is tried, or NULL */
  gboolean probed; /* it works */

  GQueue queue; /* of GBytes, for the next poll */
  gsize queue_bytes;
  gint64 full_since; /* 0: below VM_QUEUE_MESSAGES */

  gint64 ping_at;
  gint64 pong_by; /* 0: no answer is waited for */
  gint64 connect_by; /* somebody is to be connected */
  /* of polling, as those of a VmWs */
  gdouble credit;
  gint64 credit_at;
  gint64 flooded_since;
};

/* session.c */
VmSessions *vm_sessions_of (VmServer *server);
/* NULL with @error: there are too many; only where @ws is NULL. */
VmSession *vm_session_new (
    VmSessions *sessions, const VmRoomCaller *caller, VmWs *ws, GError **error);
/* The one of @sid, or NULL, for who shows @key; one that was begun with a key
 * is found with that key alone, whoever has learnt its sid. */
VmSession *
vm_session_find (VmServer *server, const gchar *sid, const gchar *key);
/* Whether one may begin still: not at a server that is about to stop. */
gboolean vm_sessions_take_more (VmSessions *sessions, GError **error);
/* Its first packet. */
GBytes *vm_session_greet (VmSession *session);
/* A packet from the client. FALSE with @error: it makes no sense, and the
 * session is to be closed. */
gboolean vm_session_receive (
    VmSession *session, const VmEnginePacket *packet, GError **error);
/* @ws is its own from now on, and has what waits. */
void vm_session_move (VmSession *session, VmWs *ws);
/* Gives the seat back and frees it; whatever waits is answered. Its WebSocket
 * is closed with @code, 0: goes by itself. Not to be called by what the room
 * model calls. */
void vm_session_close (VmSession *session, guint code, const gchar *reason);
void vm_session_refill (VmSession *session, gint64 now);

/* sessionhttp.c */
/* What the URL says, for the answer; it is gone when a body has come. */
void vm_session_take_query (VmConn *conn);
const VmSessionQuery *vm_session_get_query (const VmConn *conn);
int vm_session_get (VmConn *conn);
int vm_session_post (VmConn *conn);
gboolean vm_session_waits (const VmSessionAsker *asker);
/* The answer of a request that waits, @asker of @session; it waits no
 * longer. */
void vm_session_answer (
    VmSession *session, VmSessionAsker *asker, guint status, GBytes *body);
/* Whoever polls the session @sid with @key, or sends @body to it, and is
 * answered now or later; @session NULL: there is none. Returns: what the lws
 * callback is to. */
int vm_session_take_poll (
    VmServer *server, VmSession *session, VmSessionAsker *asker);
int vm_session_take_post (
    VmServer *server, VmSession *session, VmSessionAsker *asker, GBytes *body);
/* Of @conn, that waits. */
void vm_session_take_answer (VmConn *conn, guint status, GBytes *body);
/* What Engine.IO says of a sid that is nobody's. */
GBytes *vm_session_make_unknown (void);

/* sessionfar.c: whether the request of @conn goes to the server that its sid
 * names, or has failed on its way: @error. */
gboolean vm_session_forward (VmConn *conn, VmForwardKind kind, GError **error);
/* As of VmServerProtocol. */
void vm_session_take_forward (VmServer *server, const VmForward *forward);
void vm_session_take_forwarded (
    VmConn *conn, guint status, GBytes *body, gboolean gone);

/* sessionsocket.c */
gboolean vm_session_upgrade (VmConn *conn, GError **error);

/* sessionhttp.c */
/* The poll that waits is answered, in a moment: more may come till then. */
void vm_session_wake (VmSession *session);
/* What waits, in one body; @far: as much as another server takes. Returns:
 * (transfer full) */
GBytes *vm_session_take_body (VmSession *session, gboolean far);
