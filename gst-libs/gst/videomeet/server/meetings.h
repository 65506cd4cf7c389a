/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/rooms.h"
#include "server/server.h"

/* The meetings of one server: the room model with its connections and the
 * hosts' seats of this process around it. All on vm-net. */

/* What the room model calls a peer: a WebSocket or a host's seat. */
typedef struct _VmOutlet VmOutlet;

typedef struct
{
  void (*send) (VmOutlet *outlet, const VmSignal *signal);
  void (*close) (VmOutlet *outlet, const GError *reason);
} VmOutletFuncs;

struct _VmOutlet
{
  const VmOutletFuncs *funcs;
};

typedef struct _VmMeetings VmMeetings;

VmMeetings *vm_meetings_new (VmServer *server);
void vm_meetings_free (VmMeetings *meetings);
VmRooms *vm_meetings_get_rooms (VmMeetings *meetings);
/* Ends them all. */
void vm_meetings_end (VmMeetings *meetings);
/* Adds the meeting hosted here to what GET /status says. */
void vm_meetings_describe (VmMeetings *meetings, VmDeviceInfo *info);
