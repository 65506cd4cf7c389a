/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "call/calls.h"
#include "cluster/shared/shareledger.h"

G_BEGIN_DECLS

/* The users of one server, of which others of its cluster have some too
 * (protocol/cluster.md#records). Whose a name is is said by a record each, of
 * one seat; what is said in a call goes by the lines between the servers.
 * Sans-I/O; `now` is monotonic time in µs. */

typedef struct _VmCallShare VmCallShare;

/* A server that has the name that somebody wants is asked whether it has it
 * still, and has so long to say so. */
#define VM_CALL_ASK_TIME (5 * G_USEC_PER_SEC)
/* @calls, of which nobody is there yet, is shared from now on. */
VmCallShare *vm_call_share_new (VmRoomShare *share, VmCalls *calls);
/* Before the share of the rooms is. */
void vm_call_share_free (VmCallShare *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCallShare, vm_call_share_free)

G_END_DECLS
