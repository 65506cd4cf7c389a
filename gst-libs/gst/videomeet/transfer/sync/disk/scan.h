/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/disk/watch.h"

#include <gio/gio.h>

/* Reads a folder. Blocks for the disk; any thread. */

typedef struct
{
  gint root;
  /* Nullable: an earlier tree of this folder. The hashes of a file whose stamp
   * is the same are not made again. */
  const VmSyncTree *known;
  VmSyncWatch *watch; /* nullable: watches each folder before it is read */
  GCancellable *cancellable; /* nullable */
} VmSyncScan;

/* VM_ERROR_TOO_LARGE: beyond a limit; G_FILE_ERROR: the folder itself cannot be
 * read. What is in it and cannot be read, changes all the time, or is neither
 * file, folder nor link becomes an OTHER; a name or path that cannot be synced
 * is passed over and reported by @skipped (nullable: of gchar *). */
VmSyncTree *
vm_sync_scan (const VmSyncScan *scan, GPtrArray *skipped, GError **error);

/* Opens the folder that @path is in; @name: the last part of it. -1 with
 * errno. */
gint vm_sync_open_above (gint root, const gchar *path, const gchar **name);
/* Opens the file of an entry to read it; -1 with errno, ESTALE: it is not the
 * one that the manifest tells of. */
gint vm_sync_open_entry (gint root, const VmSyncEntry *entry);
/* Whether @fd is still that file. */
gboolean vm_sync_is_entry (gint fd, const VmSyncEntry *entry);
