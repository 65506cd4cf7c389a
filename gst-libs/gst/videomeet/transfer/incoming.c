/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "incoming.h"

#include "describe.h"

#include <string.h>

struct _VmIncoming
{
  VmReceiver *engine;
  VmReceiveFolder *folder;
  VmReceiveFile *file; /* NULL: not begun, or over */
  gchar *from;
  gchar *name; /* in the folder, once it has it */
  const gchar *lane; /* NULL: it is not known */
};

VmIncoming *
vm_incoming_new (VmReceiveFolder *folder, const gchar *from,
    const VmTransferMessage *offer, gint64 now)
{
  VmIncoming *self = g_new0 (VmIncoming, 1);

  self->engine = vm_receiver_new (
      offer, VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY, now);
  self->folder = vm_receive_folder_ref (folder);
  self->from = g_strdup (from);
  return self;
}

void
vm_incoming_free (VmIncoming *self)
{
  vm_receiver_free (self->engine);
  g_clear_pointer (&self->file, vm_receive_file_free);
  vm_receive_folder_unref (self->folder);
  g_free (self->from);
  g_free (self->name);
  g_free (self);
}

VmReceiver *
vm_incoming_get_engine (VmIncoming *self)
{
  return self->engine;
}

const gchar *
vm_incoming_get_from (VmIncoming *self)
{
  return self->from;
}

void
vm_incoming_set_lane (VmIncoming *self, const gchar *lane)
{
  self->lane = lane;
}

gboolean
vm_incoming_is_over (VmIncoming *self)
{
  VmTransferState state = vm_receiver_get_state (self->engine);

  return state == VM_TRANSFER_STATE_COMPLETED
         || state == VM_TRANSFER_STATE_FAILED;
}

/* What is there already; so many runs as can be told. */
static VmChunkSet *
list_verified (VmReceiveFile *file, guint64 total)
{
  VmChunkSet *have = vm_chunk_set_new (total);

  if (!have || vm_receive_file_count (file) == 0)
    return have;
  for (guint64 i = 0; i < total; i++)
    if (vm_receive_file_has (file, i) && !vm_chunk_set_add (have, i))
      break;
  return have;
}

static void
begin (VmIncoming *self, guint32 chunk_size, gint64 now)
{
  const VmTransferMessage *offer = vm_receiver_get_offer (self->engine);
  VmJournalHeader header = {
    .device = self->from,
    .name = offer->filename,
    .size = offer->size,
    .mtime = offer->mtime,
    .chunk_size = chunk_size,
    .has_hash = offer->has_hash,
  };
  g_autoptr (VmChunkSet) have = NULL;
  g_autoptr (GError) error = NULL;

  memcpy (header.hash, offer->hash, VM_SHA256_SIZE);
  /* of another chunk size: nothing in it counts any more */
  g_clear_pointer (&self->file, vm_receive_file_discard);
  self->file = vm_receive_folder_begin (
      self->folder, self->from, offer->id, &header, &error);
  if (self->file)
    have = list_verified (self->file, vm_journal_chunks (&header));
  vm_receiver_begun (self->engine, have, error, now);
}

static void
write_chunk (VmIncoming *self, const VmAction *action, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (action->data, &size);

  vm_receive_file_write (
      self->file, action->index, data, size, action->hash, &error);
  vm_receiver_written (self->engine, action->index, error, now);
}

static void
commit (VmIncoming *self, const VmAction *action, gint64 now)
{
  g_autoptr (GError) error = NULL;

  self->name = vm_receive_file_commit (self->file, action->hash, &error);
  if (self->name)
    g_clear_pointer (&self->file, vm_receive_file_free);
  vm_receiver_committed (self->engine, self->name, error, now);
}

static void
do_action (VmIncoming *self, const VmAction *action)
{
  gint64 now = g_get_monotonic_time ();

  switch (action->type) {
    case VM_ACTION_BEGIN:
      begin (self, action->chunk_size, now);
      break;
    case VM_ACTION_WRITE:
      write_chunk (self, action, now);
      break;
    case VM_ACTION_COMMIT:
      commit (self, action, now);
      break;
    case VM_ACTION_CLOSE:
      g_clear_pointer (&self->file, vm_receive_file_free);
      break;
    case VM_ACTION_DISCARD:
      g_clear_pointer (&self->file, vm_receive_file_discard);
      break;
    default:
      g_warn_if_reached ();
  }
}

VmTransferMessage *
vm_incoming_next (VmIncoming *self)
{
  for (;;) {
    g_autoptr (VmAction) action = vm_receiver_next (self->engine);

    if (!action)
      return NULL;
    if (action->type == VM_ACTION_SEND)
      return g_steal_pointer (&action->message);
    do_action (self, action);
  }
}

GstStructure *
vm_incoming_describe (VmIncoming *self, VmTransferState state)
{
  const VmTransferMessage *offer = vm_receiver_get_offer (self->engine);
  const VmTransferDescription what = {
    .id = offer->id,
    .direction = "receive",
    .filename = offer->filename,
    .from = self->from,
    .user = offer->user,
    .lane = self->lane,
    .size = offer->size,
    .done = vm_receiver_get_done (self->engine),
    .state = state,
    .full = vm_receiver_is_full (self->engine),
    .error = vm_receiver_get_error (self->engine),
    .saved_path = self->name,
  };

  return vm_transfer_describe (&what);
}
