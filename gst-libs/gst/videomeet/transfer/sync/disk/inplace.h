/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/disk/apply.h"

/* A small part of a large file is replaced without writing the rest again.
 * Where the file system can share blocks, the new file is a clone of the old
 * one. Elsewhere the old file is changed itself, and has no name meanwhile: the
 * new part and what is to be done with it (its journal) are on the disk before,
 * so that vm_sync_in_place_recover() can end it after a crash. */

#define VM_SYNC_IN_PLACE_MIN (64 * 1024 * 1024) /* bytes of a file */
#define VM_SYNC_IN_PLACE_PART_MAX (32 * 1024 * 1024) /* of the part */

/* Whether the part of a difference may be written alone. */
gboolean vm_sync_in_place_fits (const VmSyncOp *op);
/* Makes @fd a clone of the operation's file; FALSE: the file system cannot. */
gboolean vm_sync_in_place_clone (VmSyncStage *stage, VmSyncOp *op, gint fd);
/* Whether the operation's file has no other name, which would see it change. */
gboolean vm_sync_in_place_is_alone (VmSyncStage *stage, const VmSyncOp *op);
/* Writes the journal of a part that is in the stage. */
gboolean
vm_sync_in_place_prepare (VmSyncStage *stage, VmSyncOp *op, GError **error);
/* Changes the file @name in @folder, which is as the manifest told. FALSE with
 * errno: it is as it was, and has its name. */
gboolean vm_sync_in_place_commit (
    VmSyncStage *stage, VmSyncOp *op, gint folder, const gchar *name);
/* Ends what another process has begun in its stage @fd, which is locked. FALSE:
 * the stage still has a file that has no other name. */
gboolean vm_sync_in_place_recover (gint root, gint fd);
