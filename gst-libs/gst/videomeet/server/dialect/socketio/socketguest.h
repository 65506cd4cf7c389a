/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/room/roomguest.h"

typedef struct _VmSession VmSession;
typedef struct _VmSocketGuest VmSocketGuest;

/* Socket.IO 5 in a session of Engine.IO: its one namespace, "/", in which a
 * client of the Socket.IO dialect is connected or not. On vm-net. */

VmSocketGuest *
vm_socket_guest_new (VmSession *session, const VmRoomCaller *caller);
/* A packet; FALSE with @error: it makes no sense, and the session is to end. */
gboolean vm_socket_guest_receive (
    VmSocketGuest *guest, const gchar *data, gsize size, GError **error);
void vm_socket_guest_tell (VmSocketGuest *guest, const GError *error);
gboolean vm_socket_guest_is_connected (VmSocketGuest *guest);
gboolean vm_socket_guest_has_seat (VmSocketGuest *guest);
/* The session is gone. */
/* As if the client had said `leave`. */
void vm_socket_guest_leave (VmSocketGuest *guest);
void vm_socket_guest_free (VmSocketGuest *guest);

/* session.c: a packet for the client. What is too slow ends later. */
void vm_session_send (VmSession *session, GBytes *packet);
