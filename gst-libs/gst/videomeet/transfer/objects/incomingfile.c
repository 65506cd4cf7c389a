/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/incomingfile.h"

#include "transfer/message/messagestructure.h"

void
vm_incoming_file_free (gpointer data)
{
  VmIncomingFile *file = data;

  vm_incoming_free (file->incoming);
  g_clear_pointer (&file->ack, vm_transfer_message_free);
  g_queue_clear_full (&file->held, (GDestroyNotify) vm_receiver_item_free);
  g_free (file->id);
  g_free (file->group);
  g_free (file);
}

void
vm_incoming_file_reply (
    VmFileReceiver *self, const gchar *from, const VmTransferMessage *message)
{
  g_autoptr (GstStructure) s = vm_transfer_message_to_structure (message);

  g_signal_emit (self, vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_REPLY],
      0, s, from);
}

/* Whoever sends it may come back. */
static gboolean
is_lost (const VmIncomingFile *file)
{
  return !vm_incoming_is_over (file->incoming)
         && vm_receiver_is_lost (vm_incoming_get_engine (file->incoming));
}

static void
tell_state (VmFileReceiver *self, VmIncomingFile *file, VmTransferState state)
{
  g_autoptr (GstStructure) s = vm_incoming_describe (file->incoming, state);

  gst_structure_set (s, "transferId", G_TYPE_STRING, file->id, NULL);
  file->told_lost = is_lost (file);
  if (file->told_lost)
    gst_structure_set (s, "lost", G_TYPE_BOOLEAN, TRUE, NULL);
  file->told_at = g_get_monotonic_time ();
  g_signal_emit (
      self, vm_file_receiver_signals[VM_FILE_RECEIVER_SIGNAL_CHANGED], 0, s);
}

/* The application hears each state, also one that was left at once, and how far
 * it is. */
void
vm_incoming_file_tell (VmFileReceiver *self, VmIncomingFile *file)
{
  VmReceiver *engine = vm_incoming_get_engine (file->incoming);
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  if (!file->told_at)
    tell_state (self, file, state);
  while (vm_receiver_next_state (engine, &state))
    tell_state (self, file, state);
  if (!vm_incoming_is_over (file->incoming)
      && (file->told_lost != is_lost (file)
          || g_get_monotonic_time () - file->told_at
                 >= VM_FILE_RECEIVER_PROGRESS))
    tell_state (self, file, vm_receiver_get_state (engine));
}

void
vm_incoming_file_send_ack (VmFileReceiver *self, VmIncomingFile *file)
{
  g_autoptr (VmTransferMessage) ack = g_steal_pointer (&file->ack);

  file->acked = 0;
  if (ack)
    vm_incoming_file_reply (self, vm_incoming_get_from (file->incoming), ack);
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
answer (VmFileReceiver *self, VmIncomingFile *file, VmTransferMessage *message)
{
  gboolean later = is_cumulative (message);

  if (later)
    g_clear_pointer (&file->ack, vm_transfer_message_free);
  else
    vm_incoming_file_send_ack (self, file);
  file->ack = message;
  file->acked +=
      vm_receiver_get_chunk_size (vm_incoming_get_engine (file->incoming));
  if (!later || file->acked >= VM_FILE_RECEIVER_ACK_BYTES)
    vm_incoming_file_send_ack (self, file);
}

/* Whatever it has to do now. */
static void
run (VmFileReceiver *self, VmIncomingFile *file)
{
  VmTransferMessage *message;

  while ((message = vm_incoming_next (file->incoming)))
    answer (self, file, message);
  if (!file->over_at && vm_incoming_is_over (file->incoming)
      && !vm_incoming_is_busy (file->incoming))
    file->over_at = g_get_monotonic_time ();
}

/* Told before it is done, too: the disk may take its time. */
void
vm_incoming_file_run (VmFileReceiver *self, VmIncomingFile *file)
{
  vm_incoming_file_tell (self, file);
  run (self, file);
  vm_incoming_file_tell (self, file);
}
