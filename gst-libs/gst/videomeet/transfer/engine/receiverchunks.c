/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/receiver-priv.h"

#include <string.h>

/* How often a chunk may come corrupt: twice what a sender of ours sends it, as
 * it may be doubled on its way. */
#define CORRUPT_MAX (2 * (VM_TRANSFER_RETRIES + 1))

void
vm_receiver_init_chunks (VmReceiver *self)
{
  self->window = VM_WINDOW_BYTES_MAX;
  g_queue_init (&self->waiting);
  self->writing = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, NULL, (GDestroyNotify) vm_action_free);
  self->corrupt =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
}

void
vm_receiver_clear_chunks (VmReceiver *self)
{
  g_hash_table_remove_all (self->writing);
  g_hash_table_remove_all (self->corrupt);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) vm_action_free);
  g_clear_pointer (&self->probe, vm_action_free);
  g_clear_pointer (&self->verified, g_free);
  self->writing_size = self->waiting_size = 0;
}

void
vm_receiver_set_chunk_size (VmReceiver *self, guint32 chunk_size)
{
  self->chunk_size = chunk_size;
  self->total = vm_engine_chunks (self->offer->size, chunk_size);
  g_free (self->verified);
  self->verified = g_malloc0 (self->total / 8 + 1);
  self->count = self->first = self->done = 0;
}

gboolean
vm_receiver_has (VmReceiver *self, guint64 index)
{
  return (self->verified[index / 8] & 1 << index % 8) != 0;
}

static void
add (VmReceiver *self, guint64 index)
{
  if (vm_receiver_has (self, index))
    return;
  self->verified[index / 8] |= 1 << index % 8;
  self->count++;
  self->done +=
      vm_engine_chunk_size (self->offer->size, self->chunk_size, index);
  while (self->first < self->total && vm_receiver_has (self, self->first))
    self->first++;
}

void
vm_receiver_add_have (VmReceiver *self, const VmChunkSet *have)
{
  guint n = 0;
  const VmChunkRun *runs = have ? vm_chunk_set_get_runs (have, &n) : NULL;

  for (guint i = 0; i < n; i++) {
    for (guint64 j = 0; j < runs[i].count; j++) {
      if (runs[i].first + j < self->total)
        add (self, runs[i].first + j);
    }
  }
}

void
vm_receiver_ack (VmReceiver *self, guint64 index, VmChunkStatus status)
{
  VmTransferMessage *message;

  /* not of the base protocol; without an answer, too, it is sent again */
  if (self->engine.legacy && status == VM_CHUNK_FULL)
    return;
  message = vm_engine_send (&self->engine, VM_TRANSFER_CHUNK_ACK);
  message->index = index;
  message->status = status;
  if (!self->engine.legacy)
    message->up_to = self->first;
}

static gboolean
is_open (VmReceiver *self)
{
  return self->ready && self->started && !self->engine.paused_here
         && !self->probe;
}

static VmAction *
action_of (const VmTransferMessage *message)
{
  VmAction *chunk = g_new0 (VmAction, 1);

  chunk->type = VM_ACTION_WRITE;
  chunk->index = message->index;
  chunk->data = g_bytes_ref (message->data);
  memcpy (chunk->hash, message->hash, VM_SHA256_SIZE);
  chunk->prefix = message->prefix;
  return chunk;
}

static void
want_write (VmReceiver *self, const VmAction *chunk)
{
  VmAction *action = vm_engine_want (&self->engine, VM_ACTION_WRITE);

  action->index = chunk->index;
  action->data = g_bytes_ref (chunk->data);
  memcpy (action->hash, chunk->hash, VM_SHA256_SIZE);
  action->prefix = chunk->prefix;
}

static gboolean
is_waiting (VmReceiver *self, guint64 index)
{
  for (GList *link = self->waiting.head; link; link = link->next) {
    if (((VmAction *) link->data)->index == index)
      return TRUE;
  }
  return FALSE;
}

/* Behind the others, or dropped, when that is too much: it is sent again. */
static void
keep (VmReceiver *self, VmAction *chunk)
{
  gsize size = g_bytes_get_size (chunk->data);

  if (self->waiting.length == VM_WINDOW_CHUNKS_MAX
      || self->waiting_size + size > self->window
      || is_waiting (self, chunk->index)) {
    vm_action_free (chunk);
    return;
  }
  self->waiting_size += size;
  g_queue_push_tail (&self->waiting, chunk);
}

/* One whose size and index are right, to the disk. */
static void
write_chunk (VmReceiver *self, VmAction *chunk)
{
  if (vm_receiver_has (self, chunk->index)) {
    vm_receiver_ack (self, chunk->index, VM_CHUNK_RECEIVED);
    vm_action_free (chunk);
  } else if (g_hash_table_contains (self->writing, &chunk->index)) {
    vm_action_free (chunk);
  } else if (self->writing_size + g_bytes_get_size (chunk->data)
             > self->window) {
    keep (self, chunk);
  } else {
    self->writing_size += g_bytes_get_size (chunk->data);
    g_hash_table_insert (self->writing, &chunk->index, chunk);
    want_write (self, chunk);
  }
}

/* Whether it has the index and the size of a chunk of this file. One that was
 * cut on its way is corrupt; a wrong index has nothing to be answered with. */
static gboolean
check (VmReceiver *self, const VmAction *chunk)
{
  if (chunk->index >= self->total)
    return FALSE;
  if (g_bytes_get_size (chunk->data)
      == vm_engine_chunk_size (
          self->offer->size, self->chunk_size, chunk->index))
    return TRUE;
  vm_receiver_ack (self, chunk->index,
      vm_receiver_has (self, chunk->index) ? VM_CHUNK_RECEIVED
                                           : VM_CHUNK_CORRUPT);
  return FALSE;
}

gboolean
vm_receiver_take_chunk (
    VmReceiver *self, const VmTransferMessage *message, GError **error)
{
  VmAction *chunk = action_of (message);

  if (!is_open (self)) {
    keep (self, chunk);
    return TRUE;
  }
  if (chunk->index >= self->total) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "CHUNK_DATA is of a chunk that the file does not have");
    vm_action_free (chunk);
    return FALSE;
  }
  if (check (self, chunk))
    write_chunk (self, chunk);
  else
    vm_action_free (chunk);
  return TRUE;
}

void
vm_receiver_flush (VmReceiver *self)
{
  guint n = self->waiting.length;

  if (!is_open (self))
    return;
  while (n-- > 0) {
    VmAction *chunk = g_queue_pop_head (&self->waiting);

    self->waiting_size -= g_bytes_get_size (chunk->data);
    if (check (self, chunk))
      write_chunk (self, chunk);
    else
      vm_action_free (chunk);
  }
}

static GError *
be_corrupt (VmReceiver *self, guint64 index)
{
  guint count =
      1 + GPOINTER_TO_UINT (g_hash_table_lookup (self->corrupt, &index));

  g_hash_table_replace (self->corrupt, g_memdup2 (&index, sizeof index),
      GUINT_TO_POINTER (count));
  if (count > CORRUPT_MAX
      || g_hash_table_size (self->corrupt) > VM_WINDOW_CHUNKS_MAX)
    return g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "Chunk %" G_GUINT64_FORMAT " came corrupt %u times", index, count);
  vm_receiver_ack (self, index, VM_CHUNK_CORRUPT);
  return NULL;
}

/* Takes @chunk. The first is what the disk is tried with; others come again. */
static void
be_full (VmReceiver *self, VmAction *chunk, gint64 now)
{
  vm_receiver_ack (self, chunk->index, VM_CHUNK_FULL);
  if (self->probe) {
    if (self->engine.legacy)
      keep (self, chunk);
    else
      vm_action_free (chunk);
    return;
  }
  self->probe = chunk;
  self->probe_at = now + VM_TRANSFER_FULL_RETRY;
  vm_engine_say (&self->engine, VM_TRANSFER_PAUSE, VM_TRANSFER_REASON_FULL);
  vm_receiver_update_pause (self);
}

void
vm_receiver_probe (VmReceiver *self)
{
  self->probe_at = -1;
  want_write (self, self->probe);
}

/* What was written with that index, which is the caller's now. */
static VmAction *
steal (VmReceiver *self, guint64 index)
{
  VmAction *chunk = NULL;

  if (self->probe && self->probe_at < 0 && self->probe->index == index)
    return g_steal_pointer (&self->probe);
  if (g_hash_table_steal_extended (
          self->writing, &index, NULL, (gpointer *) &chunk))
    self->writing_size -= g_bytes_get_size (chunk->data);
  return chunk;
}

GError *
vm_receiver_chunk_written (
    VmReceiver *self, guint64 index, const GError *why, gint64 now)
{
  gboolean probed = self->probe && self->probe_at < 0;
  VmAction *chunk = steal (self, index);
  GError *error = NULL;

  if (!chunk)
    return NULL;
  probed = probed && !self->probe;
  if (g_error_matches (why, G_FILE_ERROR, G_FILE_ERROR_NOSPC)) {
    if (probed) {
      self->probe = chunk;
      self->probe_at = now + VM_TRANSFER_FULL_RETRY;
    } else {
      be_full (self, chunk, now);
    }
    return NULL;
  }
  if (!why) {
    add (self, index);
    g_hash_table_remove (self->corrupt, &index);
    vm_receiver_ack (self, index, VM_CHUNK_RECEIVED);
  } else if (g_error_matches (why, VM_ERROR, VM_ERROR_BAD_MESSAGE)) {
    error = be_corrupt (self, index);
  } else {
    error = g_error_copy (why);
  }
  vm_action_free (chunk);
  return error;
}
