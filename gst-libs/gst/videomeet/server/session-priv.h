/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "session.h"
#include "server-priv.h"
#include "socketguest.h"
#include "../wire/engineio.h"

struct _VmSessionQuery
{
  gboolean protocol_4;
  gboolean websocket; /* else polling, if @known */
  gboolean known; /* the transport */
  gchar *sid; /* or NULL: a new session */
  gchar *pin; /* or NULL */
};

struct _VmSessions
{
  VmServer *server;
  GHashTable *sessions; /* sid -> VmSession */
  GHashTable *groups; /* group -> how many sessions of it have no WebSocket */
  guint n_polling; /* sessions that have none */
  guint n_answers; /* that are on their way */
};

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

  VmConn *poll; /* whose GET waits for packets, or NULL */
  VmConn *post; /* whose POST waits to be paid for, or NULL */
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

/* session.c. NULL with @error: there are too many; only where @ws is NULL. */
VmSession *vm_session_new (
    VmSessions *sessions, const VmRoomCaller *caller, VmWs *ws, GError **error);
/* The one that the URL of @conn means; one that was begun with a key is found with
 * that key alone, whoever has learnt its sid. */
VmSession *vm_session_find (VmConn *conn);
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
/* Gives the seat back and frees it; whatever waits is answered. Its WebSocket is
 * closed with @code, 0: goes by itself. Not to be called by what the room model
 * calls. */
void vm_session_close (VmSession *session, guint code, const gchar *reason);
void vm_session_refill (VmSession *session, gint64 now);

/* sessionhttp.c: the answer of a request that waits; it waits no longer. */
void vm_session_answer (VmConn *conn, guint status, GBytes *body);
/* The poll that waits is answered, in a moment: more may come till then. */
void vm_session_wake (VmSession *session);
/* What waits, in one body. Returns: (transfer full) */
GBytes *vm_session_take_body (VmSession *session);
