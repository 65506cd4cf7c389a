/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"
#include "wire/dialect.h"
#include "wire/room/roomwire.h"

typedef struct _VmRoomGuest VmRoomGuest;

/* A client of a dialect in which one connection can join and leave rooms; its
 * state is a VmRoomPeers. On vm-net. */

/* Its dialect and its connection. Neither function may call the guest. */
typedef struct
{
  const VmDialect *dialect;
  void (*send) (gpointer link, GBytes *message);
  /* The seat is gone for good; @reason NULL: the meeting is over. */
  void (*finish) (gpointer link, const GError *reason);
} VmRoomLink;

/* The remaining joins of VM_JOIN_BURST, and since when. */
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
/* Its name for the other clients, in every room. */
const gchar *vm_room_guest_get_id (VmRoomGuest *guest);
/* Whether it is in a room. */
gboolean vm_room_guest_has_seat (const VmRoomGuest *guest);
/* Whether there are others in its room. */
gboolean vm_room_guest_is_awaited (const VmRoomGuest *guest);
void vm_room_guest_receive (VmRoomGuest *guest, GBytes *message);
/* Sends the connection's error. */
void vm_room_guest_tell (VmRoomGuest *guest, const GError *error);
/* As if the client had said `leave`. */
void vm_room_guest_leave (VmRoomGuest *guest);
/* Gives the seat back and sends nothing more. @reason: what the others are
 * told; NULL: the connection was lost. */
void vm_room_guest_free (VmRoomGuest *guest, const GError *reason);
