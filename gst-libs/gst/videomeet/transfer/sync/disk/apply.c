/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/apply-priv.h"

#include "transfer/disk/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

VmSyncApply *
vm_sync_apply_new (VmSyncStage *stage, VmSyncWork *work)
{
  VmSyncApply *self = g_new0 (VmSyncApply, 1);

  self->stage = stage;
  self->work = work;
  self->failed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->stamps =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->ready = g_ptr_array_new ();
  self->above_fd = -1;
  return self;
}

void
vm_sync_apply_free (VmSyncApply *self)
{
  g_hash_table_unref (self->failed);
  g_hash_table_unref (self->stamps);
  g_ptr_array_unref (self->ready);
  g_free (self->above);
  vm_fd_clear (&self->above_fd);
  g_free (self);
}

GHashTable *
vm_sync_apply_get_failed (VmSyncApply *self)
{
  return self->failed;
}

GHashTable *
vm_sync_apply_get_stamps (VmSyncApply *self)
{
  return self->stamps;
}

guint
vm_sync_apply_get_files (VmSyncApply *self)
{
  return self->files;
}

void
vm_sync_apply_fail (VmSyncApply *self, VmSyncOp *op, const gchar *reason)
{
  op->failed = TRUE;
  if (!g_hash_table_contains (self->failed, op->item->path))
    g_hash_table_insert (
        self->failed, g_strdup (op->item->path), g_strdup (reason));
  /* the source stays, so it is not gone for the next sync either */
  if (op->from && (op->kind == VM_SYNC_OP_MOVE || op->kind == VM_SYNC_OP_KEEP)
      && !g_hash_table_contains (self->failed, op->from->path))
    g_hash_table_insert (
        self->failed, g_strdup (op->from->path), g_strdup (reason));
}

void
vm_sync_stage_name (const VmSyncOp *op, gchar name[16])
{
  g_snprintf (name, 16, "%u", op->number);
}

void
vm_sync_apply_add_ready (VmSyncApply *self, VmSyncOp *op)
{
  g_ptr_array_add (self->ready, op);
  self->ready_bytes += op->item->entry->size;
}

gboolean
vm_sync_apply_place_ready (VmSyncApply *self, gboolean late, GError **error)
{
  guint kept = 0;

  if (self->ready->len == 0)
    return TRUE;
  if (syncfs (self->stage->fd) != 0)
    return vm_disk_fail (error, "What was received cannot be written");
  for (guint i = 0; i < self->ready->len; i++) {
    VmSyncOp *op = self->ready->pdata[i];

    if (op->late && !late)
      self->ready->pdata[kept++] = op;
    else if (vm_sync_place_staged (self, op))
      self->files++;
  }
  g_ptr_array_set_size (self->ready, kept);
  self->ready_bytes = 0;
  return TRUE;
}

static gboolean
stage_link (VmSyncApply *self, VmSyncOp *op, GError **error)
{
  gchar name[16];

  op->number = ++self->stage->number;
  vm_sync_stage_name (op, name);
  if (symlinkat (op->item->entry->target, self->stage->fd, name) != 0) {
    if (errno == ENOSPC || errno == EDQUOT)
      return vm_disk_fail (error, "A link cannot be written");
    vm_sync_apply_fail (self, op, g_strerror (errno));
    return TRUE;
  }
  vm_sync_apply_add_ready (self, op);
  return TRUE;
}

static gboolean
stage_copy (VmSyncApply *self, VmSyncOp *op, GError **error)
{
  VmSyncWriter *writer = vm_sync_writer_new (self, op, error);

  if (!writer)
    return op->failed;
  if (!vm_sync_writer_copy (writer, op->from, 0, op->from->size, error)) {
    vm_sync_writer_end (writer, "it cannot be written", NULL);
    return FALSE;
  }
  return vm_sync_writer_end (writer, NULL, error);
}

gboolean
vm_sync_apply_begin (VmSyncApply *self, GError **error)
{
  GPtrArray *ops = self->work->ops;

  /* before anything is replaced that is copied */
  for (guint i = 0; i < ops->len; i++) {
    VmSyncOp *op = ops->pdata[i];

    if (op->kind == VM_SYNC_OP_COPY && !stage_copy (self, op, error))
      return FALSE;
    if (op->kind == VM_SYNC_OP_LINK && !stage_link (self, op, error))
      return FALSE;
  }
  for (guint i = 0; i < ops->len; i++) {
    VmSyncOp *op = ops->pdata[i];

    if (op->kind == VM_SYNC_OP_FOLDER)
      vm_sync_place_folder (self, op);
  }
  return TRUE;
}

gboolean
vm_sync_apply_finish (VmSyncApply *self, GError **error)
{
  GPtrArray *ops = self->work->ops;

  if (!vm_sync_apply_place_ready (self, FALSE, error))
    return FALSE;
  for (guint i = 0; i < ops->len; i++) {
    VmSyncOp *op = ops->pdata[i];

    if ((op->kind == VM_SYNC_OP_MOVE || op->kind == VM_SYNC_OP_KEEP)
        && !op->done && !op->failed)
      vm_sync_place_move (self, op);
  }
  for (guint i = 0; i < self->work->removals->len; i++)
    vm_sync_place_removal (self, self->work->removals->pdata[i]);
  if (!vm_sync_apply_place_ready (self, TRUE, error))
    return FALSE;
  /* a folder after what is in it, which its mode may forbid to write */
  for (guint i = ops->len; i > 0; i--) {
    VmSyncOp *op = ops->pdata[i - 1];

    if (!op->failed
        && (op->kind == VM_SYNC_OP_MODE || op->kind == VM_SYNC_OP_FOLDER
            || op->kind == VM_SYNC_OP_MOVE || op->kind == VM_SYNC_OP_KEEP))
      vm_sync_place_mode (self, op);
  }
  if (syncfs (self->stage->fd) != 0)
    return vm_disk_fail (error, "The folder cannot be written");
  return TRUE;
}
