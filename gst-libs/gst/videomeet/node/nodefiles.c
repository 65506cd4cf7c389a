/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "node/nodeparts-priv.h"
#include "node/nodefiles.h"
#include "node/node-priv.h"
#include "server/dialect/transfer/fileinlet-priv.h"

/**
 * vm_node_set_file_receiver:
 * @self: a #VmNode
 * @receiver: (nullable): what takes the files, started; %NULL for none
 *
 * Lets other devices send files to this one, outside any meeting
 * (`protocol/files.md#without-a-meeting`, `POST /transfers`): those that
 * #VmNode:policy lets do so, each under its device id. The node must serve. Any
 * thread. @receiver is stopped only after another, or %NULL, was set in its
 * place.
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

/*
 * vm_node_add_file_inlet:
 * @self: a #VmNode
 * @device_id: of the sender, which has signed its part of the connection
 * @transfer_id: of a file that it has offered in a meeting, and that was
 *   accepted
 *
 * Lets that device open a WebSocket to this one for that transfer
 * (protocol/files.md): with the key of that id, and as long as #VmNode:policy
 * lets it send files. Where it finds the server is to be told by the `port` of
 * the `FILE_RESPONSE`. The inlet belongs to the thread's default main context,
 * and is to be closed.
 *
 * Returns: (transfer full) (nullable): the inlet; %NULL: this node does not
 *   serve, or not over TLS
 *
 * Since: 0.1
 */
VmFileInlet *
vm_node_add_file_inlet (
    VmNode *self, const gchar *device_id, const gchar *transfer_id)
{
  g_autoptr (VmServer) server = NULL;

  g_return_val_if_fail (VM_IS_NODE (self), NULL);
  g_return_val_if_fail (device_id != NULL, NULL);
  g_return_val_if_fail (transfer_id != NULL, NULL);

  g_mutex_lock (&self->lock);
  if (self->secure && self->bound_port)
    g_set_object (&server, self->server);
  g_mutex_unlock (&self->lock);
  return server ? vm_server_add_file_inlet (server, device_id, transfer_id)
                : NULL;
}
