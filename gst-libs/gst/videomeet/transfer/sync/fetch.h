/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/disk/apply.h"

/* Reads the DIFF_CHUNKs that the other side sends for the work of this one. The
 * blocks that are wanted, of all files in the order of their paths, are one
 * stream; an offset beyond the next byte passes over blocks that cannot be
 * sent. Then come the differences, in the order of their paths: the top bit of
 * an offset is set, 23 bits number the difference, and 40 are the offset in it.
 * Each stream ends with a chunk without bytes. */

#define VM_SYNC_OFFSET_DELTA (G_GUINT64_CONSTANT (1) << 63)
#define VM_SYNC_OFFSET_BITS 40
#define VM_SYNC_OFFSET_MASK \
  ((G_GUINT64_CONSTANT (1) << VM_SYNC_OFFSET_BITS) - 1)

typedef struct _VmSyncFetch VmSyncFetch;

VmSyncFetch *vm_sync_fetch_new (VmSyncApply *apply, VmSyncWork *work);
void vm_sync_fetch_free (VmSyncFetch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncFetch, vm_sync_fetch_free)
/* VM_ERROR_BAD_MESSAGE: a chunk out of place; G_FILE_ERROR. */
gboolean vm_sync_fetch_take (VmSyncFetch *self, GBytes *body, GError **error);
/* Before the first chunk, and after each: whether all has come. Makes files of
 * which all bytes are here. */
gboolean
vm_sync_fetch_is_done (VmSyncFetch *self, gboolean *done, GError **error);
guint64 vm_sync_fetch_get_bytes (const VmSyncFetch *self); /* that came */
/* All blocks; a peer that knows only the base protocol sends nothing more. */
gboolean vm_sync_fetch_has_all (const VmSyncFetch *self);
