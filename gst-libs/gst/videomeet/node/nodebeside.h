/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmnode.h>

/* A node announces one meeting, and one user's name. Who hosts another meeting
 * in this process, or on another port than the server has already, is given a
 * node of its own: the same device once more, set up as @self is, on another
 * port. @user: name of who hosts; NULL: that of VmNode:user. @port: TCP port
 * that the meeting is to be served on; 0: any. Any thread; does not block.
 * Requests for trust are told by the node whose port they come to. Returns:
 * (transfer full): @self, or a node beside it; until vm_node_end_hosting()
 * nobody else is given it */
VmNode *vm_node_take_to_host (VmNode *self, const gchar *user, guint16 port);
/* Another may host on it, which vm_node_take_to_host() gave. Any thread; does
 * not block. */
void vm_node_end_hosting (VmNode *self);
