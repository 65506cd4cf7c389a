/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/rooms.h"
#include "server/server.h"
#include "wire/line.h"

#include <libwebsockets.h>

/* One WebSocket, from the upgrade on, in whatever dialect. */

typedef struct _VmConn VmConn;
typedef struct _VmWs VmWs;
typedef struct _VmGuest VmGuest;
typedef struct _VmRoomGuest VmRoomGuest;
typedef struct _VmCallGuest VmCallGuest;
typedef struct _VmTransferGuest VmTransferGuest;
typedef struct _VmMeshGuest VmMeshGuest;
typedef struct _VmSocketGuest VmSocketGuest;
typedef struct _VmSession VmSession;
typedef struct _VmSessionQuery VmSessionQuery;

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

/* Who speaks over it; chosen by the upgrade's path
 * (protocol/README.md#words). */
typedef struct
{
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
  gsize message_max; /* bytes; 0: VM_MESSAGE_MAX */
  gsize queue_bytes; /* 0: VM_QUEUE_BYTES, and VM_QUEUE_MESSAGES */
  gboolean pings; /* by messages of its own: it says when the client is gone */
} VmWsFuncs;

extern const VmWsFuncs vm_guest_funcs; /* native */
extern const VmWsFuncs vm_room_guest_funcs;
extern const VmWsFuncs vm_call_guest_funcs;
extern const VmWsFuncs vm_transfer_funcs;
extern const VmWsFuncs vm_mesh_guest_funcs;
extern const VmWsFuncs vm_session_ws_funcs;

struct _VmWs
{
  VmConn *conn;
  const VmWsFuncs *funcs;

  VmLine *line; /* native: until hello; then it is the guest's */
  VmTicket *ticket; /* native: until hello; NULL: hello is to resume, or: */
  gchar *shared_ticket; /* likewise, of whatever server of the cluster */
  /* whoever speaks over it, as @funcs says; or NULL */
  union
  {
    VmGuest *guest; /* native: from hello on */
    VmRoomGuest *room_guest;
    VmCallGuest *call_guest;
    VmTransferGuest *transfer_guest;
    VmMeshGuest *mesh_guest;
    VmSession *session; /* Engine.IO, or NULL once it has ended */
  };

  GByteArray *message; /* fragments so far */
  gint64 message_began;

  GQueue queue; /* of GBytes to send */
  gsize queue_bytes;
  gsize granted; /* of these that are not counted, until so many were written */
  gint64 full_since; /* 0: below VM_QUEUE_MESSAGES */
  guint close_code; /* 0: open */
  guint first_due : 1; /* a first message is waited for, not for long */
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
/* The guest has another socket. */
void vm_ws_supersede (VmWs *ws);
void vm_ws_free (VmWs *ws);
/* What was said since the last turn of the loop: to be called in each. */
void vm_ws_send_unsent (VmServer *server);
gboolean vm_ws_tick (VmWs *ws, gint64 now);
