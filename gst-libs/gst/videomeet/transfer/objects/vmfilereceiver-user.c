/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/vmfilereceiver-priv.h"

/* What the user wants does not wait behind chunks: it is taken first. */
static void
request (VmFileReceiver *self, VmReceiverRequest request, const gchar *id,
    const gchar *reason)
{
  VmReceiverItem *item = g_new0 (VmReceiverItem, 1);

  item->request = request;
  item->id = g_strdup (id);
  item->reason = g_strdup (reason);
  g_mutex_lock (&self->lock);
  if (self->thread && self->requests.length < VM_FILE_RECEIVER_WISHES_MAX) {
    g_queue_push_tail (&self->requests, g_steal_pointer (&item));
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&item, vm_receiver_item_free);
}

void
vm_file_receiver_set_lost (VmFileReceiver *self, const gchar *from,
    const gchar *transfer_id, gboolean lost)
{
  VmReceiverItem *item = g_new0 (VmReceiverItem, 1);

  item->request = lost ? VM_RECEIVER_REQUEST_LOSE : VM_RECEIVER_REQUEST_FIND;
  item->from = g_strdup (from);
  item->id = g_strdup (transfer_id);
  g_mutex_lock (&self->lock);
  if (self->thread && !self->stopping && !self->flushing) {
    g_queue_push_tail (&self->queue, g_steal_pointer (&item));
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  g_clear_pointer (&item, vm_receiver_item_free);
}

/**
 * vm_file_receiver_accept:
 * @self: a #VmFileReceiver
 * @transfer_id: the id of a transfer that is pending
 *
 * Nothing happens when there is none. Any thread; #VmFileReceiver::changed
 * tells what came of it.
 *
 * Since: 0.1
 */
void
vm_file_receiver_accept (VmFileReceiver *self, const gchar *transfer_id)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));
  g_return_if_fail (transfer_id != NULL);

  request (self, VM_RECEIVER_REQUEST_ACCEPT, transfer_id, NULL);
}

/**
 * vm_file_receiver_decline:
 * @self: a #VmFileReceiver
 * @transfer_id: the id of a transfer that is pending
 * @reason: (nullable): why, for the sender
 *
 * As vm_file_receiver_accept().
 *
 * Since: 0.1
 */
void
vm_file_receiver_decline (
    VmFileReceiver *self, const gchar *transfer_id, const gchar *reason)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));
  g_return_if_fail (transfer_id != NULL);

  request (self, VM_RECEIVER_REQUEST_DECLINE, transfer_id, reason);
}

/**
 * vm_file_receiver_set_paused:
 * @self: a #VmFileReceiver
 * @transfer_id: the id of a transfer that has begun
 * @paused: whether its sender shall wait
 *
 * As vm_file_receiver_accept(). When the disk was full, %FALSE tries again at
 * once.
 *
 * Since: 0.1
 */
void
vm_file_receiver_set_paused (
    VmFileReceiver *self, const gchar *transfer_id, gboolean paused)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));
  g_return_if_fail (transfer_id != NULL);

  request (self,
      paused ? VM_RECEIVER_REQUEST_PAUSE : VM_RECEIVER_REQUEST_RESUME,
      transfer_id, NULL);
}

/**
 * vm_file_receiver_cancel:
 * @self: a #VmFileReceiver
 * @transfer_id: the id of a transfer
 *
 * Ends it, tells the sender, and keeps nothing of it. As
 * vm_file_receiver_accept().
 *
 * Since: 0.1
 */
void
vm_file_receiver_cancel (VmFileReceiver *self, const gchar *transfer_id)
{
  g_return_if_fail (VM_IS_FILE_RECEIVER (self));
  g_return_if_fail (transfer_id != NULL);

  request (self, VM_RECEIVER_REQUEST_CANCEL, transfer_id, NULL);
}
