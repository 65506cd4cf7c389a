/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/line.h"
#include "room/rooms.h"

/* Open rooms, as bytes. @line saves the connection of each seat, and @peer
 * makes it again. Sans-I/O. */

#define VM_ROOMS_SAVED "a(ssuuuubbsa(smsmsmsmsuumsbsmsxb" VM_LINE_SAVED "))"

/* The line of a seat's connection, as vm_line_save(). Returns: floating */
typedef GVariant *(*VmRoomsLineFunc) (gpointer peer);
/* The new connection of @member. */
typedef gpointer (*VmRoomsPeerFunc) (
    VmMember *member, GVariant *line, gpointer user_data);

/* Members who cannot resume leave; the others are told when they have resumed.
 * Returns: (transfer full) */
GVariant *vm_rooms_save (VmRooms *rooms, gint64 now, VmRoomsLineFunc line);
/* All seats are lost since @lost_at, if not for longer. FALSE: it is not from
 * vm_rooms_save(). */
gboolean vm_rooms_restore (VmRooms *rooms, GVariant *saved, gint64 lost_at,
    VmRoomsPeerFunc peer, gpointer user_data);
