/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/fetch.h"

#include "transfer/disk/diskfile.h"
#include "transfer/sync/disk/apply-priv.h"
#include "transfer/sync/disk/delta.h"
#include "transfer/sync/disk/scan.h"

#include <string.h>

#define NOT_SENT "the other side could not send it"

struct _VmSyncFetch
{
  VmSyncApply *apply;
  VmSyncWork *work;
  guint64 bytes;

  /* the stream of blocks */
  guint64 at;
  guint next; /* operation */
  VmSyncOp *op; /* the one whose file is written; or NULL */
  VmSyncWriter *writer; /* of it; NULL: it failed */
  guint block;
  guint64 block_left; /* bytes that the stream still has for this block */
  gboolean missing; /* some of its bytes are passed over */
  gboolean plain_done;

  /* the differences */
  guint next_delta; /* operation, from which the next one is looked for */
  guint delta; /* number */
  guint64 delta_at;
  VmSyncOp *delta_op;
  VmFd old;
  VmSyncPatch *patch;
  VmSyncWriter *delta_writer;
};

VmSyncFetch *
vm_sync_fetch_new (VmSyncApply *apply, VmSyncWork *work)
{
  VmSyncFetch *self = g_new0 (VmSyncFetch, 1);

  self->apply = apply;
  self->work = work;
  self->old = -1;
  return self;
}

void
vm_sync_fetch_free (VmSyncFetch *self)
{
  if (self->writer)
    vm_sync_writer_end (self->writer, NOT_SENT, NULL);
  if (self->delta_writer)
    vm_sync_writer_end (self->delta_writer, NOT_SENT, NULL);
  g_clear_pointer (&self->patch, vm_sync_patch_free);
  vm_fd_clear (&self->old);
  g_free (self);
}

guint64
vm_sync_fetch_get_bytes (const VmSyncFetch *self)
{
  return self->bytes;
}

gboolean
vm_sync_fetch_has_all (const VmSyncFetch *self)
{
  return self->at == self->work->wanted;
}

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A chunk of a difference is wrong: %s", what);
  return FALSE;
}

static gboolean
end_file (VmSyncFetch *self, GError **error)
{
  VmSyncWriter *writer = g_steal_pointer (&self->writer);

  self->op = NULL;
  if (!vm_sync_writer_end (writer, self->missing ? NOT_SENT : NULL, error))
    return FALSE;
  if (self->apply->ready->len >= VM_SYNC_BATCH_FILES
      || self->apply->ready_bytes >= VM_SYNC_BATCH_BYTES)
    return vm_sync_apply_place_ready (self->apply, FALSE, error);
  return TRUE;
}

static gboolean
begin_file (VmSyncFetch *self, VmSyncOp *op, GError **error)
{
  self->op = op;
  self->block = 0;
  self->missing = FALSE;
  self->writer = vm_sync_writer_new (self->apply, op, error);
  return self->writer != NULL;
}

/* Up to where the stream must go on: writes blocks that are here already, and
 * ends files that are complete. */
static gboolean
advance (VmSyncFetch *self, GError **error)
{
  while (self->block_left == 0) {
    const VmSyncEntry *entry;
    const VmSyncPlace *place;

    while (!self->op) {
      VmSyncOp *op;

      if (self->next == self->work->ops->len)
        return TRUE;
      op = self->work->ops->pdata[self->next++];
      if (op->kind == VM_SYNC_OP_FETCH && !op->is_delta
          && !begin_file (self, op, error))
        return FALSE;
    }
    entry = self->op->item->entry;
    if (self->block == entry->n_blocks) {
      if (!end_file (self, error))
        return FALSE;
      continue;
    }
    place = self->op->places ? &self->op->places[self->block] : NULL;
    if (!place || !place->entry) {
      self->block_left = vm_sync_block_bytes (entry->size, self->block);
      self->block++;
      continue;
    }
    if (!vm_sync_writer_copy (self->writer, place->entry,
            place->block * vm_sync_block_size (place->entry->size),
            vm_sync_block_bytes (entry->size, self->block), error))
      return FALSE;
    self->block++;
  }
  return TRUE;
}

/* @data: NULL passes over @size bytes. */
static gboolean
feed (VmSyncFetch *self, const guint8 *data, guint64 size, GError **error)
{
  while (size > 0) {
    guint64 n;

    if (!advance (self, error))
      return FALSE;
    n = MIN (size, self->block_left);
    if (n == 0)
      return bad (error, "more bytes than are wanted");
    if (data && !self->missing
        && !vm_sync_writer_write (self->writer, data, n, error))
      return FALSE;
    if (!data)
      self->missing = TRUE;
    data = data ? data + n : NULL;
    size -= n;
    self->at += n;
    self->block_left -= n;
  }
  return advance (self, error);
}

static gboolean
take_plain (VmSyncFetch *self, guint64 offset, const guint8 *data, gsize size,
    GError **error)
{
  if (self->plain_done || offset < self->at || offset > self->work->wanted
      || size > self->work->wanted - offset)
    return bad (error, "an offset that is not next");
  if (offset > self->at && !feed (self, NULL, offset - self->at, error))
    return FALSE;
  return feed (self, data, size, error);
}

static gboolean
write_delta (gconstpointer data, gsize size, gpointer user_data, GError **error)
{
  VmSyncFetch *self = user_data;

  return vm_sync_writer_write (self->delta_writer, data, size, error);
}

/* The part of the file before the one that differs is here. */
static gboolean
begin_delta (VmSyncFetch *self, GError **error)
{
  VmSyncOp *op;

  do
    op = self->work->ops->pdata[self->next_delta++];
  while (!op->is_delta);
  self->delta_op = op;
  self->delta_at = 0;
  self->delta_writer = vm_sync_writer_new (self->apply, op, error);
  if (!self->delta_writer)
    return FALSE;
  if (!op->cloned && !op->in_place
      && !vm_sync_writer_copy (
          self->delta_writer, op->own, 0, op->delta.from, error))
    return FALSE;
  self->old = vm_sync_open_entry (self->apply->stage->root, op->own);
  if (self->old >= 0)
    self->patch = vm_sync_patch_new (self->old, &op->delta, write_delta, self);
  return TRUE;
}

/* A difference that cannot be applied is not the end of the sync: the file is
 * left. */
static gboolean
settle (VmSyncFetch *self, GError *problem, GError **error)
{
  if (problem->domain != VM_ERROR) {
    g_propagate_error (error, problem);
    return FALSE;
  }
  g_error_free (problem);
  g_clear_pointer (&self->patch, vm_sync_patch_free);
  return TRUE;
}

static gboolean
end_delta (VmSyncFetch *self, GError **error)
{
  VmSyncOp *op = g_steal_pointer (&self->delta_op);
  const VmSyncDelta *delta = &op->delta;
  guint64 behind = delta->from + delta->old_size;
  GError *problem = NULL;
  VmSyncWriter *writer;
  const gchar *reason;

  if (self->patch && !vm_sync_patch_end (self->patch, &problem)
      && !settle (self, problem, error))
    return FALSE;
  reason = self->patch ? NULL : NOT_SENT;
  if (!reason && !op->cloned && !op->in_place
      && !vm_sync_writer_copy (
          self->delta_writer, op->own, behind, op->own->size - behind, error))
    return FALSE;
  g_clear_pointer (&self->patch, vm_sync_patch_free);
  vm_fd_clear (&self->old);
  self->delta++;
  writer = g_steal_pointer (&self->delta_writer);
  return vm_sync_writer_end (writer, reason, error);
}

static gboolean
take_delta (VmSyncFetch *self, guint64 offset, const guint8 *data, gsize size,
    GError **error)
{
  guint number = (offset & ~VM_SYNC_OFFSET_DELTA) >> VM_SYNC_OFFSET_BITS;
  GError *problem = NULL;

  if (!self->plain_done || number != self->delta
      || number >= self->work->n_deltas)
    return bad (error, "a difference that is not next");
  if (!self->delta_op && !begin_delta (self, error))
    return FALSE;
  if ((offset & VM_SYNC_OFFSET_MASK) != self->delta_at)
    return bad (error, "an offset that is not next");
  if (size == 0)
    return end_delta (self, error);
  self->delta_at += size;
  return !self->patch || vm_sync_patch_take (self->patch, data, size, &problem)
         || settle (self, problem, error);
}

gboolean
vm_sync_fetch_take (VmSyncFetch *self, GBytes *body, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);
  guint64 offset;

  if (size < sizeof offset)
    return bad (error, "it has no offset");
  memcpy (&offset, data, sizeof offset);
  offset = GUINT64_FROM_BE (offset);
  data += sizeof offset;
  size -= sizeof offset;
  self->bytes += size;
  if (offset & VM_SYNC_OFFSET_DELTA)
    return take_delta (self, offset, data, size, error);
  if (!take_plain (self, offset, data, size, error))
    return FALSE;
  if (size == 0) {
    if (offset != self->work->wanted)
      return bad (error, "the stream ends before its end");
    self->plain_done = TRUE;
  }
  return TRUE;
}

gboolean
vm_sync_fetch_is_done (VmSyncFetch *self, gboolean *done, GError **error)
{
  if (!advance (self, error))
    return FALSE;
  *done = self->plain_done && self->delta == self->work->n_deltas;
  return TRUE;
}
