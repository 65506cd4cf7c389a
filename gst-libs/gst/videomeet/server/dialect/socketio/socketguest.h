/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/room/roomguest.h"

typedef struct _VmSession VmSession;
typedef struct _VmSocketGuest VmSocketGuest;

/* Socket.IO 5 in a session of Engine.IO: its one namespace, "/", in which a
 * client of the Socket.IO dialect is connected or not. On vm-net. */

VmSocketGuest *
vm_socket_guest_new (VmSession *session, const VmRoomCaller *caller);
/* Takes a packet; FALSE with @error: it is invalid, and the session must end.
 */
gboolean vm_socket_guest_receive (
    VmSocketGuest *guest, const gchar *data, gsize size, GError **error);
void vm_socket_guest_tell (VmSocketGuest *guest, const GError *error);
gboolean vm_socket_guest_is_connected (VmSocketGuest *guest);
gboolean vm_socket_guest_has_seat (VmSocketGuest *guest);
/* As vm_room_guest_is_awaited(). */
gboolean vm_socket_guest_is_awaited (VmSocketGuest *guest);
/* As if the client had said `leave`. */
void vm_socket_guest_leave (VmSocketGuest *guest);
/* The session is gone. */
void vm_socket_guest_free (VmSocketGuest *guest);

/* session.c: sends a packet to the client. A session that is too slow ends
 * later. */
void vm_session_send (VmSession *session, GBytes *packet);
