/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/model/tree.h"

/* Tells that something in a folder has changed, by inotify: what, the next scan
 * finds. One thread. */

/* Changes that follow one another are one, but wait no longer than that. */
#define VM_SYNC_WATCH_QUIET (200 * 1000)
#define VM_SYNC_WATCH_LATEST (2 * G_USEC_PER_SEC)
/* Where the system watches no more folders, or no inotify is to be had, the
 * folder is read so often. */
#define VM_SYNC_WATCH_SCAN (30 * G_USEC_PER_SEC)

typedef struct _VmSyncWatch VmSyncWatch;

VmSyncWatch *vm_sync_watch_new (void);
void vm_sync_watch_free (VmSyncWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSyncWatch, vm_sync_watch_free)
/* Watches the folder of that descriptor; again: nothing happens. */
void vm_sync_watch_add (VmSyncWatch *self, gint folder);
/* Takes what inotify has; whether it is time to scan. Does not block. */
gboolean vm_sync_watch_check (VmSyncWatch *self, gint64 now);
/* A scan begins: what came before is in it. */
void vm_sync_watch_reset (VmSyncWatch *self, gint64 now);
