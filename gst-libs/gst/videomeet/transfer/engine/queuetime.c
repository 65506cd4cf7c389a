/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/queue-priv.h"

/* When time alone changes something of @entry; -1: never. */
static gint64
due_of (VmTransferQueue *self, const VmQueueEntry *entry)
{
  gint64 stalls = entry->moved + self->limits.stall_time;

  if (entry->state == VM_QUEUE_RESTING)
    return entry->due;
  if (entry->state != VM_QUEUE_ACTIVE)
    return -1;
  return entry->moves ? MIN (stalls, entry->moved + VM_QUEUE_IDLE_TIME)
                      : stalls;
}

gint64
vm_transfer_queue_get_deadline (VmTransferQueue *self)
{
  GHashTableIter iter;
  gpointer entry;
  gint64 deadline = -1;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry)) {
    gint64 due = due_of (self, entry);

    if (due >= 0 && (deadline < 0 || due < deadline))
      deadline = due;
  }
  return deadline;
}

static void
tick (VmTransferQueue *self, VmQueueEntry *entry, gint64 now)
{
  if (entry->state == VM_QUEUE_RESTING) {
    if (now >= entry->due)
      vm_queue_move (self, entry, VM_QUEUE_EVENT_REST);
    return;
  }
  if (entry->state != VM_QUEUE_ACTIVE)
    return;
  if (now - entry->moved >= VM_QUEUE_IDLE_TIME)
    vm_queue_set_moves (entry, FALSE);
  if (now - entry->moved >= self->limits.stall_time)
    vm_queue_move (self, entry, VM_QUEUE_EVENT_STALL);
}

void
vm_transfer_queue_tick (VmTransferQueue *self, gint64 now)
{
  GHashTableIter iter;
  gpointer entry;

  g_hash_table_iter_init (&iter, self->entries);
  while (g_hash_table_iter_next (&iter, NULL, &entry))
    tick (self, entry, now);
}

guint64
vm_transfer_queue_get_share (VmTransferQueue *self, guint number)
{
  VmQueueEntry *entry =
      g_hash_table_lookup (self->entries, GUINT_TO_POINTER (number));
  GHashTableIter iter;
  gpointer receiver;
  guint receivers = 0;
  guint64 part;

  if (!entry || !self->limits.max_bitrate)
    return 0;
  g_hash_table_iter_init (&iter, self->receivers);
  while (g_hash_table_iter_next (&iter, NULL, &receiver))
    receivers += ((VmQueueReceiver *) receiver)->moving > 0
                 || receiver == entry->receiver;
  part = self->limits.max_bitrate / receivers;
  return MAX (1, part / (entry->receiver->moving + !entry->moves));
}

guint
vm_transfer_queue_count (VmTransferQueue *self, VmQueueState state)
{
  return self->counts[state];
}
