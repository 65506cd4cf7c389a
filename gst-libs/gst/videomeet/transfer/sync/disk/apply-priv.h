/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/disk/apply.h"

/* Shared by apply.c (the order of things), place.c (names of entries) and
 * writer.c (contents of files). */

/* So many files, or bytes of them, get to the disk and their names together. */
#define VM_SYNC_BATCH_FILES 16384
#define VM_SYNC_BATCH_BYTES (G_GUINT64_CONSTANT (1) << 30)

struct _VmSyncApply
{
  VmSyncStage *stage;
  VmSyncWork *work;
  GHashTable *failed; /* path → reason */
  GHashTable *stamps; /* path → VmSyncStamp */
  GPtrArray *ready; /* VmSyncOp that are whole and have no name yet */
  guint64 ready_bytes;
  guint files;
  gchar *above; /* the last folder that was opened, and: */
  gint above_fd;
};

/* Gives what is ready its name, after one syncfs(). Those that are late stay
 * unless @late. */
gboolean
vm_sync_apply_place_ready (VmSyncApply *self, gboolean late, GError **error);
void vm_sync_apply_add_ready (VmSyncApply *self, VmSyncOp *op);
/* Name of the file of an operation in the stage. */
void vm_sync_stage_name (const VmSyncOp *op, gchar name[16]);

/* place.c; each leaves the operation, with a reason, when it cannot be done. */
gboolean vm_sync_place_folder (VmSyncApply *self, VmSyncOp *op);
gboolean vm_sync_place_staged (VmSyncApply *self, VmSyncOp *op);
/* MOVE and KEEP */
gboolean vm_sync_place_move (VmSyncApply *self, VmSyncOp *op);
gboolean vm_sync_place_mode (VmSyncApply *self, VmSyncOp *op);
void vm_sync_place_removal (VmSyncApply *self, const VmSyncEntry *entry);
/* Renames, and never replaces anything. FALSE with errno. */
gboolean
vm_sync_place_rename (gint from, const gchar *old, gint to, const gchar *name);
