/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/work.h"

#include <gio/gio.h>

/* Does the work of one side in its folder. What is not whole yet is in a folder
 * of its own, `.vm-sync-…`, which is locked; one that nobody has locked is
 * removed. Nothing is replaced or removed that is not what the manifest told
 * of: it is left then, and reported. Errors are those after which nothing can
 * go on, such as a full disk. One thread. */

typedef struct _VmSyncApply VmSyncApply;

/* The folder for what is not whole. */
typedef struct
{
  gint root;
  gint fd;
  gchar *name;
  guint number; /* of the last file in it */
  gboolean keep; /* it has something that the next sync ends */
} VmSyncStage;

VmSyncStage *vm_sync_stage_new (gint root, GError **error);
/* Removes it. */
void vm_sync_stage_free (VmSyncStage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncStage, vm_sync_stage_free)

VmSyncApply *vm_sync_apply_new (VmSyncStage *stage, VmSyncWork *work);
void vm_sync_apply_free (VmSyncApply *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncApply, vm_sync_apply_free)

/* What needs nothing of the other side and is in nobody's way: new folders,
 * copies, links. */
gboolean vm_sync_apply_begin (VmSyncApply *self, GError **error);
/* The rest, once all files have arrived. */
gboolean vm_sync_apply_finish (VmSyncApply *self, GError **error);

/* Leaves an operation as it is. */
void vm_sync_apply_fail (VmSyncApply *self, VmSyncOp *op, const gchar *reason);
/* path → reason. */
GHashTable *vm_sync_apply_get_failed (VmSyncApply *self);
/* path → VmSyncStamp of what was written. */
GHashTable *vm_sync_apply_get_stamps (VmSyncApply *self);
guint vm_sync_apply_get_files (VmSyncApply *self); /* that were written */

/* Writes the file of an operation in order. */
typedef struct _VmSyncWriter VmSyncWriter;

VmSyncWriter *
vm_sync_writer_new (VmSyncApply *apply, VmSyncOp *op, GError **error);
/* More than the file has is not written: it is wrong then. */
gboolean vm_sync_writer_write (
    VmSyncWriter *self, gconstpointer data, gsize size, GError **error);
/* @size bytes of @entry from @at; a file that is another by now makes it wrong.
 */
gboolean vm_sync_writer_copy (VmSyncWriter *self, const VmSyncEntry *entry,
    guint64 at, guint64 size, GError **error);
/* Takes the file when it is whole and has the hashes of the manifest; else the
 * operation fails, for @reason if that is not NULL. Frees @self. */
gboolean
vm_sync_writer_end (VmSyncWriter *self, const gchar *reason, GError **error);
