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
/* A user that its record has no more, and who has not said why, is waited for:
 * its server was stopped, and it may come back to another. */
#define VM_CALL_LEAVE_TIME (10 * G_USEC_PER_SEC)

/* @calls, of which nobody is there yet, is shared from now on. */
VmCallShare *vm_call_share_new (VmRoomShare *share, VmCalls *calls);
/* Before the share of the rooms is. */
void vm_call_share_free (VmCallShare *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCallShare, vm_call_share_free)

/* For the calls */

VmCallWish *vm_call_share_wish (VmCallShare *self, const gchar *id,
    const gchar *name, gpointer peer, VmCallsSeated seated, gpointer user_data);
void vm_call_share_leave (VmCallShare *self, guint seat);
/* The other server at which a user is, or NULL. */
const gchar *vm_call_share_find (VmCallShare *self, const gchar *id);
gboolean vm_call_share_is_absent (VmCallShare *self, const gchar *node);
/* @from NULL: the server. */
void vm_call_share_say (VmCallShare *self, const gchar *node, const gchar *from,
    const gchar *to, const VmCallMessage *message);
void vm_call_share_claim (VmCallShare *self, const gchar *node,
    const gchar *from, const gchar *to, const gchar *call_id);

G_END_DECLS
