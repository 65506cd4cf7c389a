/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/manifest.h"

/* The last common trees of a pair of devices and a folder, on disk:
 * XDG_STATE_HOME/videomeet/sync/ID, replaced atomically, 0600. The last two are
 * kept: a side that was cut off before it could save still has one of them. */

typedef struct
{
  gchar *path; /* of the file */
  VmSyncTree *trees[VM_SYNC_BASES]; /* newest first; nullable */
  VmSyncBases bases; /* their digests */
} VmSyncState;

/* A state that is missing or damaged is an empty one: then nothing is deleted.
 * G_FILE_ERROR: its folder cannot be made, or the synced folder not be read. */
VmSyncState *
vm_sync_state_open (const VmSyncConfig *config, gint root, GError **error);
void vm_sync_state_free (VmSyncState *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncState, vm_sync_state_free)
/* The newest tree that the other side has too; NULL: there is none. */
VmSyncTree *
vm_sync_state_common (const VmSyncState *self, const VmSyncBases *theirs);
/* Takes @tree as the newest; @common, of this state or NULL, stays as the one
 * before. */
gboolean vm_sync_state_save (VmSyncState *self, VmSyncTree *tree,
    const VmSyncTree *common, GError **error);
