/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"
#include "server/socket/wsframe.h"

/* One WebSocket of any dialect, from the upgrade on. */

/* Close codes, RFC 6455 §7.4.1 and the IANA registry. */
enum
{
  VM_CLOSE_NORMAL = 1000,
  VM_CLOSE_GOING_AWAY = 1001, /* the one after which a client may resume */
  VM_CLOSE_PROTOCOL = 1002,
  VM_CLOSE_UNSUPPORTED = 1003,
  VM_CLOSE_POLICY = 1008,
  VM_CLOSE_TOO_BIG = 1009,
  VM_CLOSE_TRY_LATER = 1013,
};

/* The functions of its protocol; set by the upgrade's route
 * (protocol/README.md#words). */
struct _VmWsFuncs
{
  /* The request's query is the URL as parsed by the route; a WebSocket taken
   * over from another protocol has no request. */
  void (*open) (VmWs *ws);
  void (*receive) (VmWs *ws, GBytes *message);
  /* Sends the connection's error. */
  void (*tell) (VmWs *ws, const GError *error);
  /* The socket is closed or closing; @reason: for good; NULL: the client may
   * return, if its dialect allows. Called once or more. */
  void (*hang_up) (VmWs *ws, const GError *reason);
  /* Whether it holds one of a limited number of places; see VM_UNJOINED_MAX. */
  gboolean (*has_seat) (VmWs *ws);
  /* Whether others wait for a client that cannot resume: a dead one is found
   * soon. NULL: never. */
  gboolean (*is_awaited) (VmWs *ws);
  /* NULL: text only */
  void (*receive_binary) (VmWs *ws, GBytes *message);
  /* Frees the peer, if hang_up() has not; or NULL. */
  void (*free) (VmWs *ws);
  gsize message_max; /* bytes; 0: VM_MESSAGE_MAX */
  const gchar *too_large; /* the error for a larger one; NULL with message_max 0
                           */
  gsize queue_bytes; /* 0: VM_QUEUE_BYTES, and VM_QUEUE_MESSAGES */
  gboolean binary; /* what is sent; else text */
  gboolean own_rate; /* VM_MESSAGE_RATE does not count its messages */
  gboolean pings; /* by its own messages: it detects a lost client itself */
};

struct _VmWs
{
  VmConn *conn;
  const VmWsFuncs *funcs;
  gpointer peer; /* the data of @funcs; or NULL */

  VmWsReader reader;
  GByteArray *message; /* fragments so far */
  gint64 message_began;

  GQueue queue; /* of GBytes to send */
  gsize queue_bytes;
  gsize granted; /* of these not counted until they are written */
  gint64 full_since; /* 0: below VM_QUEUE_MESSAGES */
  guint close_code; /* 0: open */
  guint first_due : 1; /* a first message is due */
  guint heard : 1; /* a message has come */
  guint unsent : 1; /* it is in the server's unsent list */
  guint close_now : 1; /* without sending the queue first */
  guint close_sent : 1;
  guint said_goodbye : 1; /* the client, by a close frame */
  guint left : 1; /* it said so first */
  guint ping_due : 1;
  guint answers : 1; /* a pong has come */
  guint pause_due : 1; /* the credit is used up */
  guint held : 1; /* nothing may be read until released */
  guint paused : 1; /* nothing is read */
  const gchar *close_reason;
  GBytes *pong; /* that is due, or NULL */
  /* for the first message; from @close_code on, for the close frame */
  gint64 deadline;

  gint64 last_heard;
  gint64 last_ping;
  gint64 pinged; /* the first one without an answer; 0: there is none */

  guint64 taken; /* bytes off the socket that messages account for */
  gboolean of_file; /* the last input is part of a chunk */
  guint64 noise; /* further bytes already charged */
  gint64 noise_at; /* time of the last noise check */
  gdouble credit; /* messages allowed */
  gint64 credit_at;
  gint64 flooded_since; /* 0: not */
};

/* The upgrade of @conn is answered. */
void vm_ws_open (VmConn *conn);
/* Takes what was read, and changes it; writes what may be written. Each returns
 * the result for the lws callback. */
int vm_ws_receive (VmWs *ws, guint8 *data, gsize size);
int vm_ws_write (VmWs *ws);
/* Sends, within the limits of the queue or beyond them. */
void vm_ws_send (VmWs *ws, GBytes *bytes);
void vm_ws_queue (VmWs *ws, GBytes *bytes);
/* Queues the close frame; the connection closes when that is sent, or at the
 * deadline. Nothing is sent or read after it; the queue is sent before it
 * unless @now. */
void vm_ws_close (VmWs *ws, guint code, const gchar *reason, gboolean now);
/* Stops or resumes reading, except for what has been read. */
void vm_ws_hold (VmWs *ws, gboolean hold);
/* The seat is given back: closes when the queue is sent. */
void vm_ws_finish (VmWs *ws, const GError *reason);
/* Hands over to another protocol if @message, the first, is one of its
 * messages: TRUE, and it has received it. */
gboolean vm_ws_hand_over (VmWs *ws, GBytes *message);
/* Uses @funcs from now on. */
void vm_ws_become (VmWs *ws, const VmWsFuncs *funcs);
void vm_ws_free (VmWs *ws);
/* Sends the messages queued since the last turn of the loop; called in each. */
void vm_ws_send_unsent (VmServer *server);
gboolean vm_ws_tick (VmWs *ws, gint64 now);
