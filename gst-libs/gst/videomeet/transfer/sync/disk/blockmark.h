/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/tree.h"

/* Which blocks of a large file are as they were, several times faster than
 * their SHA-256: a mark is the GMAC of a block with a random key of this device
 * and file, which leaves neither. Blocks that differ have the same mark with a
 * chance of 2⁻¹⁰⁸, whatever they hold, unless whoever made them knows the key.
 */

typedef struct _VmSyncMarker VmSyncMarker;

/* NULL: there is no such algorithm here. */
VmSyncMarker *vm_sync_marker_new (const guint8 key[VM_SYNC_MARK_SIZE]);
void vm_sync_marker_free (VmSyncMarker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncMarker, vm_sync_marker_free)
/* FALSE: it cannot be computed. */
gboolean vm_sync_marker_begin (VmSyncMarker *self);
gboolean vm_sync_marker_add (VmSyncMarker *self, const guint8 *data, gint size);
gboolean
vm_sync_marker_end (VmSyncMarker *self, guint8 mark[VM_SYNC_MARK_SIZE]);
