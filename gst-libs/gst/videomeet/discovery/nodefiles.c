/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nodeparts.h"

/**
 * vm_node_set_file_receiver:
 * @self: a #VmNode
 * @receiver: (nullable): what takes the files, started; %NULL for none
 *
 * Lets other devices send files to this one, outside any meeting (protocol §2,
 * `POST /transfers`): those that #VmNode:policy lets do so, each under its device
 * id. The node must serve. Any thread. @receiver is stopped only after another,
 * or %NULL, was set in its place.
 *
 * Since: 0.1
 */
void
vm_node_set_file_receiver (VmNode *self, VmFileReceiver *receiver)
{
  g_autoptr (VmServer) server = NULL;

  g_return_if_fail (VM_IS_NODE (self));
  g_return_if_fail (!receiver || VM_IS_FILE_RECEIVER (receiver));

  g_mutex_lock (&self->lock);
  g_set_object (&self->file_receiver, receiver);
  g_set_object (&server, self->server);
  g_mutex_unlock (&self->lock);
  if (server)
    vm_server_set_file_receiver (server, receiver);
}
