/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/room/roomwire.h"

/* A client's view of a room on a server that does not list the participants at
 * once. The view reports earlier participants when they show up, with lower
 * numbers, because they make the offers, and later ones with higher numbers. */

/* Numbers below the client's own, for earlier participants. */
#define VM_ROOM_VIEW_EARLIER_MAX 99999

typedef struct
{
  VmRoomPeers *peers; /* its room is the one to join */
  gboolean inside;
  guint earlier, later; /* numbers given */
  GQueue signals; /* of VmSignal: from the last message */
  GQueue replies; /* of GBytes: replies to it */
} VmRoomView;

void vm_room_view_init (VmRoomView *view);
void vm_room_view_clear (VmRoomView *view);

/* A new signal for the model, to be filled in; the view owns it until it is
 * taken. */
VmSignal *vm_room_view_tell (VmRoomView *view, VmSignalType type);
/* The client has its seat, in @room or the room to join (NULL). */
void vm_room_view_tell_welcome (VmRoomView *view, const gchar *room);
/* @alias NULL: the server does not name it. Returns NULL: there are too many.
 */
VmRoomPeer *vm_room_view_tell_joined (
    VmRoomView *view, const gchar *alias, gboolean earlier);
void vm_room_view_tell_left (VmRoomView *view, const VmRoomPeer *peer);
/* Queues @media, which it takes over, as a signal from @peer. */
void
vm_room_view_tell_content (VmRoomView *view, VmRoomPeer *peer, VmSignal *media);
void
vm_room_view_tell_error (VmRoomView *view, VmError code, const gchar *message);

/* Queues a reply. */
void vm_room_view_reply (VmRoomView *view, GBytes *bytes);

/* The next of either, or NULL. */
VmSignal *vm_room_view_take_signal (VmRoomView *view);
GBytes *vm_room_view_take_reply (VmRoomView *view);
