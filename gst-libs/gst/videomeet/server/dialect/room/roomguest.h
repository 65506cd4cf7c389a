/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"
#include "wire/dialect.h"
#include "wire/room/roomwire.h"

typedef struct _VmRoomGuest VmRoomGuest;

/* A client of a dialect whose rooms are joined and left on one connection, and
 * whose state is a VmRoomPeers. On vm-net. */

/* What its dialect is, and how it is reached. Neither function may come back to
 * the guest. */
typedef struct
{
  const VmDialect *dialect;
  void (*send) (gpointer link, GBytes *message);
  /* The seat is gone for good; @reason NULL: the meeting is over. */
  void (*finish) (gpointer link, const GError *reason);
} VmRoomLink;

/* Of VM_JOIN_BURST those that are free still, and since when. */
typedef struct
{
  gdouble free;
  gint64 since;
} VmRoomJoins;

typedef struct
{
  VmServer *server;
  const gchar *group; /* see vm_address_group() */
  const gchar *key; /* see vm_conn_get_key() */
  const gchar *pin; /* of the URL, or NULL */
  const gchar *pass; /* see VmJoin, or NULL */
  VmRoomJoins *joins; /* of a connection that outlives the guest, or NULL */
} VmRoomCaller;

void vm_room_joins_init (VmRoomJoins *joins);
VmRoomGuest *vm_room_guest_new (
    const VmRoomCaller *caller, const VmRoomLink *funcs, gpointer link);
/* The state of its dialect. */
VmRoomPeers *vm_room_guest_get_peers (VmRoomGuest *guest);
/* What the other clients call it, in every room. */
const gchar *vm_room_guest_get_id (VmRoomGuest *guest);
/* Whether it is in a room. */
gboolean vm_room_guest_has_seat (const VmRoomGuest *guest);
void vm_room_guest_receive (VmRoomGuest *guest, GBytes *message);
/* Says what is wrong with the connection. */
void vm_room_guest_tell (VmRoomGuest *guest, const GError *error);
/* Gives the seat back; nothing is sent any more. @reason NULL: the connection
 * was lost. */
/* As if the client had said `leave`. */
void vm_room_guest_leave (VmRoomGuest *guest);
/* @reason NULL: the connection was lost. */
void vm_room_guest_free (VmRoomGuest *guest, const GError *reason);
