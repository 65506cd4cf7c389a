/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* One WebSocket, from the upgrade on, in whatever dialect. */

/* Close codes, RFC 6455 §7.4.1 and the IANA registry. */
enum
{
  VM_CLOSE_NORMAL = 1000,
  VM_CLOSE_GOING_AWAY = 1001, /* the one after which a client may resume */
  VM_CLOSE_UNSUPPORTED = 1003,
  VM_CLOSE_POLICY = 1008,
  VM_CLOSE_TOO_BIG = 1009,
  VM_CLOSE_TRY_LATER = 1013,
};

/* Who speaks over it; set by the upgrade's route (protocol/README.md#words). */
struct _VmWsFuncs
{
  /* What the route has read of the URL is the query of the request; it has no
   * request where the WebSocket was another's. */
  void (*open) (VmWs *ws);
  void (*receive) (VmWs *ws, GBytes *message);
  /* Says what is wrong with the connection. */
  void (*tell) (VmWs *ws, const GError *error);
  /* The socket is gone, or goes; @reason: for good; NULL: the client may come
   * back, if its dialect knows how. Called once or more. */
  void (*hang_up) (VmWs *ws, const GError *reason);
  /* Whether it has a place of which there are not more than so many; see
   * VM_SEATLESS_MAX. */
  gboolean (*has_seat) (VmWs *ws);
  /* NULL: it speaks text alone */
  void (*receive_binary) (VmWs *ws, GBytes *message);
  /* Frees the peer, if hang_up() has not; or NULL. */
  void (*free) (VmWs *ws);
  gsize message_max; /* bytes; 0: VM_MESSAGE_MAX */
  const gchar *too_large; /* what it is told then; NULL with the former */
  gsize queue_bytes; /* 0: VM_QUEUE_BYTES, and VM_QUEUE_MESSAGES */
  gboolean pings; /* by messages of its own: it says when the client is gone */
};

struct _VmWs
{
  VmConn *conn;
  const VmWsFuncs *funcs;
  gpointer peer; /* whoever speaks over it, as @funcs says; or NULL */

  GByteArray *message; /* fragments so far */
  gint64 message_began;

  GQueue queue; /* of GBytes to send */
  gsize queue_bytes;
  gsize granted; /* of these that are not counted, until so many were written */
  gint64 full_since; /* 0: below VM_QUEUE_MESSAGES */
  guint close_code; /* 0: open */
  guint first_due : 1; /* a first message is waited for, not for long */
  guint heard : 1; /* a message has come */
  guint unsent : 1; /* it is among those of the server */
  guint close_now : 1; /* without sending the queue first */
  guint close_sent : 1;
  guint said_goodbye : 1; /* the client, by a close frame */
  guint left : 1; /* it was the first to */
  guint ping_due : 1;
  guint pause_due : 1; /* the credit is used up */
  guint held : 1; /* nothing is to be read until it is let go */
  guint paused : 1; /* nothing is read */
  const gchar *close_reason;
  /* for the first message; from @close_code on, for the close frame */
  gint64 deadline;

  gint64 last_heard;
  gint64 last_ping;

  guint64 taken; /* bytes off the socket that messages account for */
  gboolean of_file; /* what was received last is a part of a chunk */
  guint64 noise; /* bytes beyond that were paid for */
  gint64 noise_at; /* when they were looked at */
  gdouble credit; /* messages that may come */
  gint64 credit_at;
  gint64 flooded_since; /* 0: not */
};

int vm_ws_event (
    VmConn *conn, enum lws_callback_reasons reason, void *in, gsize size);
/* To send, within the limits of the queue or past them. */
void vm_ws_send (VmWs *ws, GBytes *bytes);
void vm_ws_queue (VmWs *ws, GBytes *bytes);
/* Asks for the close frame; the connection goes when it is out, or at the
 * deadline. Nothing is sent or read after it; what waits goes before it unless
 * @now. */
void vm_ws_close (VmWs *ws, guint code, const gchar *reason, gboolean now);
/* Whether nothing is read, but what libwebsockets has read already. */
void vm_ws_hold (VmWs *ws, gboolean hold);
/* The seat is given back: closes when all is sent. */
void vm_ws_finish (VmWs *ws, const GError *reason);
/* Another protocol takes over if @message, the first, is one of its: TRUE, and
 * it has heard it. */
gboolean vm_ws_hand_over (VmWs *ws, GBytes *message);
/* @funcs speak over it from now on. */
void vm_ws_become (VmWs *ws, const VmWsFuncs *funcs);
void vm_ws_free (VmWs *ws);
/* What was said since the last turn of the loop: to be called in each. */
void vm_ws_send_unsent (VmServer *server);
gboolean vm_ws_tick (VmWs *ws, gint64 now);
