/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call/calls.h"
#include "cluster/shared/namedirectory.h"

G_BEGIN_DECLS

/* Shares the users of one server with the others of its cluster
 * (protocol/cluster.md#records). A record of one seat for each name tells its
 * owner; messages of a call go over the lines between the servers. Sans-I/O;
 * `now` is monotonic time in µs. */

typedef struct _VmCallShare VmCallShare;

/* How long a server that holds a requested name has to confirm that it still
 * does. */
#define VM_CALL_ASK_TIME (5 * G_USEC_PER_SEC)
/* Shares @calls, which has no users yet, from now on. */
VmCallShare *vm_call_share_new (VmRoomShare *share, VmCalls *calls);
/* Call it before vm_room_share_free(). */
void vm_call_share_free (VmCallShare *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCallShare, vm_call_share_free)

G_END_DECLS
