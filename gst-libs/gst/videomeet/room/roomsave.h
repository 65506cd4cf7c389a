/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/line.h"
#include "room/rooms.h"

/* Open rooms, as bytes. What holds their seats is told by @line and made again
 * by @peer. Sans-I/O. */

#define VM_ROOMS_SAVED "a(ssuuuubsa(smsmsmsmsuumsbsmsx" VM_LINE_SAVED "))"

/* The line of one that holds a seat, as vm_line_save(). Returns: floating */
typedef GVariant *(*VmRoomsLineFunc) (gpointer peer);
/* What holds the seat of @member from now on. */
typedef gpointer (*VmRoomsPeerFunc) (
    VmMember *member, GVariant *line, gpointer user_data);

/* Whoever cannot resume leaves, which the others will hear when they have
 * resumed. Returns: (transfer full) */
GVariant *vm_rooms_save (VmRooms *rooms, gint64 now, VmRoomsLineFunc line);
/* All seats are lost since @lost_at, if not for longer. FALSE: it is not what
 * vm_rooms_save() has made. */
gboolean vm_rooms_restore (VmRooms *rooms, GVariant *saved, gint64 lost_at,
    VmRoomsPeerFunc peer, gpointer user_data);
