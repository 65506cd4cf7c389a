/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/rooms.h"
#include "server/server.h"

/* The room model with its server around it. */

/* Returns: (transfer full) */
VmRooms *vm_server_make_rooms (VmServer *self);
/* Adds the meeting hosted here to the answer of GET /status; on vm-net. */
void vm_server_describe_hosted (VmServer *self, VmDeviceInfo *info);
