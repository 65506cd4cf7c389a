/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/rooms.h"
#include "server/server.h"

/* The seats of hosts in this process. On vm-net. */

/* The oldest open meeting hosted here, which is the announced one, or NULL. */
VmRoom *vm_server_find_hosted (VmServer *self);
/* Ends all meetings that are hosted here. */
void vm_server_end_hosted (VmServer *self);
/* Gives up a VmSeat. */
void vm_seat_unref (gpointer seat);
