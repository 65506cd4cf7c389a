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

/* The origin of a request: a connection here, or one of another server. */
typedef struct
{
  VmConn *conn; /* or: */
  gchar *node; /* both NULL: none */
  guint64 number;
} VmSessionAsker;

/* One session. */
struct _VmSession
{
  VmSessions *sessions;
  gchar *sid; /* known only to the client */
  gchar *group;
  gchar *key; /* see vm_conn_get_key() */
  VmSocketGuest *guest;
  gint64 began;
  const gchar *over; /* why it must end at the next check; NULL: it need not */

  VmSessionAsker poll; /* the GET that waits for packets */
  VmSessionAsker post; /* the POST that waits for credit */
  VmWs *ws; /* in use, or NULL: polling */
  VmWs *probe; /* one being tried, or NULL */
  gboolean probed; /* it works */

  GQueue queue; /* of GBytes, for the next poll */
  gsize queue_bytes;
  gint64 full_since; /* 0: below VM_QUEUE_MESSAGES */

  gint64 ping_at;
  gint64 pong_by; /* 0: no answer is due */
  gboolean answers; /* it has answered a ping */
  gint64 connect_by; /* deadline of the client's connect */
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
/* The session of @sid, or NULL. One that was begun with a key is found only
 * with the same @key, so a stolen sid is useless. */
VmSession *
vm_session_find (VmServer *server, const gchar *sid, const gchar *key);
/* Whether a session may begin; not at a server that is about to stop. */
gboolean vm_sessions_take_more (VmSessions *sessions, GError **error);
/* Its first packet. */
GBytes *vm_session_greet (VmSession *session);
/* A packet from the client. FALSE with @error: it is invalid, and the session
 * must be closed. */
gboolean vm_session_receive (
    VmSession *session, const VmEnginePacket *packet, GError **error);
/* Moves the session to @ws, with its waiting packets. */
void vm_session_move (VmSession *session, VmWs *ws);
/* Gives the seat back and frees it; whatever waits is answered. Closes its
 * WebSocket with @code, 0: that closes by itself. Do not call it from callbacks
 * of the room model. */
void vm_session_close (VmSession *session, guint code, const gchar *reason);
void vm_session_refill (VmSession *session, gint64 now);

/* sessionhttp.c */
/* Keeps the URL's query for the answer; the URL is gone once a body has
 * arrived. */
void vm_session_take_query (VmConn *conn);
const VmSessionQuery *vm_session_get_query (const VmConn *conn);
int vm_session_get (VmConn *conn);
int vm_session_post (VmConn *conn);
gboolean vm_session_waits (const VmSessionAsker *asker);
/* Answers the waiting request @asker of @session. */
void vm_session_answer (
    VmSession *session, VmSessionAsker *asker, guint status, GBytes *body);
/* Takes a poll of the session, or a body sent to it, and answers now or later;
 * @session NULL: there is none. Returns: the result for the lws callback. */
int vm_session_take_poll (
    VmServer *server, VmSession *session, VmSessionAsker *asker);
int vm_session_take_post (
    VmServer *server, VmSession *session, VmSessionAsker *asker, GBytes *body);
/* Answers the waiting @conn. */
void vm_session_take_answer (VmConn *conn, guint status, GBytes *body);
/* Engine.IO's answer for an unknown sid. */
GBytes *vm_session_make_unknown (void);

/* sessionfar.c: whether the request of @conn was forwarded to the server in its
 * sid; @error: that failed. */
gboolean vm_session_forward (VmConn *conn, VmForwardKind kind, GError **error);
/* As of VmServerProtocol. */
void vm_session_take_forward (VmServer *server, const VmForward *forward);
void vm_session_take_forwarded (
    VmConn *conn, guint status, GBytes *body, gboolean gone);

/* sessionsocket.c */
gboolean vm_session_upgrade (VmConn *conn, GError **error);

/* sessionhttp.c */
/* Answers the waiting poll soon, so that further packets can join. */
void vm_session_wake (VmSession *session);
/* The waiting packets, in one body; @far: limited to what another server
 * accepts. Returns: (transfer full) */
GBytes *vm_session_take_body (VmSession *session, gboolean far);
