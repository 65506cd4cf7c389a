/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/room/roomwire.h"

/* A room as a client sees it on a server that does not say at once who is
 * there: the model is told of those as they are seen, with the lower numbers,
 * as they are to offer; of those who come later with the higher ones. */

/* Of those who were there before so many have a number below its own, ever. */
#define VM_ROOM_VIEW_EARLIER_MAX 99999

typedef struct
{
  VmRoomPeers *peers; /* its room is the one to be in */
  gboolean inside;
  guint earlier, later; /* numbers given */
  GQueue signals; /* of VmSignal: what the last message says */
  GQueue replies; /* of GBytes: what it asks for */
} VmRoomView;

void vm_room_view_init (VmRoomView *view);
void vm_room_view_clear (VmRoomView *view);

/* What the model is told: the view's, until it is filled in and taken. */
VmSignal *vm_room_view_tell (VmRoomView *view, VmSignalType type);
/* The seat is taken, in @room or the one to be in (NULL). */
void vm_room_view_tell_welcome (VmRoomView *view, const gchar *room);
/* @alias NULL: the server does not name it. NULL: there are too many. */
VmRoomPeer *vm_room_view_tell_joined (
    VmRoomView *view, const gchar *alias, gboolean earlier);
void vm_room_view_tell_left (VmRoomView *view, const VmRoomPeer *peer);
/* @media, which is given away, is what @peer says. */
void
vm_room_view_tell_content (VmRoomView *view, VmRoomPeer *peer, VmSignal *media);
void
vm_room_view_tell_error (VmRoomView *view, VmError code, const gchar *message);

/* What is answered. */
void vm_room_view_reply (VmRoomView *view, GBytes *bytes);

/* The next of either, or NULL. */
VmSignal *vm_room_view_take_signal (VmRoomView *view);
GBytes *vm_room_view_take_reply (VmRoomView *view);
