/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/objects/incoming.h"

#include "base/vmthread-priv.h"
#include "transfer/disk/describe.h"

#include <string.h>

/* What may read a whole file, or wait until it is on the disk, has a thread of
 * its own: others that come have the receiver's meanwhile. The file is the
 * job's until then. */
typedef struct
{
  GThread *thread;
  gint over; /* atomic */
  VmActionType type; /* VM_ACTION_BEGIN or VM_ACTION_COMMIT */
  VmReceiveFolder *folder; /* of the incoming, as all up to `hash` */
  const gchar *from;
  const VmTransferMessage *offer;
  VmIncomingFunc done;
  gpointer data;
  guint32 chunk_size; /* to begin */
  gboolean known; /* likewise */
  guint8 hash[VM_SHA256_SIZE]; /* to commit */

  VmReceiveFile *file;
  VmChunkSet *have; /* what of it is there; NULL: nothing */
  gchar *name; /* in the folder, once it has it */
  GError *error;
} Job;

struct _VmIncoming
{
  VmReceiver *engine;
  VmReceiveFolder *folder;
  VmReceiveFile *file; /* NULL: not begun, or over, or the job's */
  Job *job; /* or NULL */
  VmIncomingFunc done;
  gpointer data;
  gchar *from;
  gchar *name; /* in the folder, once it has it */
  const gchar *lane; /* NULL: it is not known */
  gboolean known; /* who sends it */
};

VmIncoming *
vm_incoming_new (VmReceiveFolder *folder, const gchar *from,
    const VmTransferMessage *offer, VmIncomingFunc done, gpointer data,
    gint64 now)
{
  VmIncoming *self = g_new0 (VmIncoming, 1);

  self->engine = vm_receiver_new (
      offer, VM_TRANSFER_ENCODING_JSON | VM_TRANSFER_ENCODING_BINARY, now);
  self->folder = vm_receive_folder_ref (folder);
  self->from = g_strdup (from);
  self->done = done;
  self->data = data;
  return self;
}

void
vm_incoming_free (VmIncoming *self)
{
  vm_incoming_wait (self);
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
vm_incoming_set_known (VmIncoming *self, gboolean known)
{
  self->known = known;
}

void
vm_incoming_set_lane (VmIncoming *self, const gchar *lane)
{
  self->lane = lane;
}

gboolean
vm_incoming_is_wanted (VmIncoming *self)
{
  return self->file && vm_receive_file_is_wanted (self->file);
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
begin (Job *job)
{
  const VmTransferMessage *offer = job->offer;
  VmJournalHeader header = {
    .device = (gchar *) job->from,
    .name = offer->filename,
    .size = offer->size,
    .mtime = offer->mtime,
    .chunk_size = job->chunk_size,
    .has_hash = offer->has_hash,
    .known = job->known,
  };

  memcpy (header.hash, offer->hash, VM_SHA256_SIZE);
  /* of another chunk size: nothing in it counts any more */
  g_clear_pointer (&job->file, vm_receive_file_discard);
  job->file = vm_receive_folder_begin (
      job->folder, job->from, offer->id, &header, &job->error);
  if (job->file)
    job->have = list_verified (job->file, vm_journal_chunks (&header));
}

static gpointer
work (gpointer data)
{
  Job *job = data;
  VmIncomingFunc done = job->done;
  gpointer done_data = job->data;

  vm_thread_give_way ();
  if (job->type == VM_ACTION_BEGIN)
    begin (job);
  else
    job->name = vm_receive_file_commit (job->file, job->hash, &job->error);
  if (job->name)
    g_clear_pointer (&job->file, vm_receive_file_free);
  g_atomic_int_set (&job->over, TRUE);
  done (done_data);
  return NULL;
}

static void
start (VmIncoming *self, const VmAction *action)
{
  Job *job = g_new0 (Job, 1);

  job->type = action->type;
  job->folder = self->folder;
  job->from = self->from;
  job->offer = vm_receiver_get_offer (self->engine);
  job->done = self->done;
  job->data = self->data;
  job->chunk_size = action->chunk_size;
  job->known = self->known;
  memcpy (job->hash, action->hash, VM_SHA256_SIZE);
  job->file = g_steal_pointer (&self->file);
  self->job = job;
  job->thread = g_thread_new ("vm-receive-file", work, job);
}

gboolean
vm_incoming_is_busy (VmIncoming *self)
{
  return self->job != NULL;
}

void
vm_incoming_wait (VmIncoming *self)
{
  g_autofree Job *job = g_steal_pointer (&self->job);
  gint64 now;

  if (!job)
    return;
  g_thread_join (job->thread);
  now = g_get_monotonic_time ();
  self->file = job->file;
  if (job->type == VM_ACTION_BEGIN) {
    vm_receiver_begun (self->engine, job->have, job->error, now);
  } else {
    self->name = job->name;
    vm_receiver_committed (self->engine, self->name, job->error, now);
  }
  g_clear_pointer (&job->have, vm_chunk_set_free);
  g_clear_error (&job->error);
}

gboolean
vm_incoming_finish (VmIncoming *self)
{
  if (!self->job || !g_atomic_int_get (&self->job->over))
    return FALSE;
  vm_incoming_wait (self);
  return TRUE;
}

static void
write_chunk (VmIncoming *self, const VmAction *action, gint64 now)
{
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (action->data, &size);

  if (action->prefix)
    vm_receive_file_write_prefix (
        self->file, action->index, data, size, action->hash, &error);
  else
    vm_receive_file_write (
        self->file, action->index, data, size, action->hash, &error);
  vm_receiver_written (self->engine, action->index, error, now);
}

static void
do_action (VmIncoming *self, const VmAction *action)
{
  gint64 now = g_get_monotonic_time ();

  switch (action->type) {
    case VM_ACTION_BEGIN:
    case VM_ACTION_COMMIT:
      start (self, action);
      break;
    case VM_ACTION_WRITE:
      write_chunk (self, action, now);
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
  while (!self->job) {
    g_autoptr (VmAction) action = vm_receiver_next (self->engine);

    if (!action)
      return NULL;
    if (action->type == VM_ACTION_SEND)
      return g_steal_pointer (&action->message);
    do_action (self, action);
  }
  return NULL;
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
