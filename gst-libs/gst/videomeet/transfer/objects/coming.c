/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/coming.h"

#include "transfer/message/messagestructure.h"

void
vm_coming_free (gpointer data)
{
  VmComing *coming = data;

  vm_incoming_free (coming->incoming);
  g_clear_pointer (&coming->ack, vm_transfer_message_free);
  g_queue_clear_full (&coming->held, (GDestroyNotify) vm_receiver_item_free);
  g_free (coming->id);
  g_free (coming->group);
  g_free (coming);
}

void
vm_coming_reply (
    VmFileReceiver *self, const gchar *from, const VmTransferMessage *message)
{
  g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);

  g_signal_emit (self, vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_REPLY],
      0, s, from);
}

/* Whoever sends it may come back. */
static gboolean
is_lost (const VmComing *coming)
{
  return !vm_incoming_is_over (coming->incoming)
         && vm_receiver_is_lost (vm_incoming_get_engine (coming->incoming));
}

static void
tell_state (VmFileReceiver *self, VmComing *coming, VmTransferState state)
{
  g_autoptr (GstStructure) s = vm_incoming_describe (coming->incoming, state);

  gst_structure_set (s, "transferId", G_TYPE_STRING, coming->id, NULL);
  coming->told_lost = is_lost (coming);
  if (coming->told_lost)
    gst_structure_set (s, "lost", G_TYPE_BOOLEAN, TRUE, NULL);
  coming->told_at = g_get_monotonic_time ();
  g_signal_emit (
      self, vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_CHANGED], 0, s);
}

/* The application hears each state, also one that was left at once, and how far
 * it is. */
void
vm_coming_tell (VmFileReceiver *self, VmComing *coming)
{
  VmReceiver *engine = vm_incoming_get_engine (coming->incoming);
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  if (!coming->told_at)
    tell_state (self, coming, state);
  while (vm_receiver_next_state (engine, &state))
    tell_state (self, coming, state);
  if (!vm_incoming_is_over (coming->incoming)
      && (coming->told_lost != is_lost (coming)
          || g_get_monotonic_time () - coming->told_at
                 >= VM_FILE_RECEIVER_PROGRESS))
    tell_state (self, coming, vm_receiver_get_state (engine));
}

void
vm_coming_send_ack (VmFileReceiver *self, VmComing *coming)
{
  g_autoptr (VmTransferMessage) ack = g_steal_pointer (&coming->ack);

  coming->acked = 0;
  if (ack)
    vm_coming_reply (self, vm_incoming_get_from (coming->incoming), ack);
}

/* That all up to it has come, it itself as well: one that is sent later says so
 * too, to whoever knows more than the base protocol. */
static gboolean
is_cumulative (const VmTransferMessage *message)
{
  return message->type == VM_TRANSFER_CHUNK_ACK
         && message->status == VM_CHUNK_RECEIVED
         && message->up_to > message->index;
}

/* Takes @message. */
static void
answer (VmFileReceiver *self, VmComing *coming, VmTransferMessage *message)
{
  gboolean later = is_cumulative (message);

  if (later)
    g_clear_pointer (&coming->ack, vm_transfer_message_free);
  else
    vm_coming_send_ack (self, coming);
  coming->ack = message;
  coming->acked +=
      vm_receiver_get_chunk_size (vm_incoming_get_engine (coming->incoming));
  if (!later || coming->acked >= VM_FILE_RECEIVER_ACK_BYTES)
    vm_coming_send_ack (self, coming);
}

/* Whatever it has to do now. */
static void
run (VmFileReceiver *self, VmComing *coming)
{
  VmTransferMessage *message;

  while ((message = vm_incoming_next (coming->incoming)))
    answer (self, coming, message);
  if (!coming->over_at && vm_incoming_is_over (coming->incoming)
      && !vm_incoming_is_busy (coming->incoming))
    coming->over_at = g_get_monotonic_time ();
}

/* Told before it is done, too: the disk may take its time. */
void
vm_coming_run (VmFileReceiver *self, VmComing *coming)
{
  vm_coming_tell (self, coming);
  run (self, coming);
  vm_coming_tell (self, coming);
}
