/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/archive/archivename.h"
#include "transfer/disk/diskfile.h"
#include "trust/keys/transcript.h"

/* The entries of a folder on the disk, by descriptors: no symbolic link is
 * followed. Blocks for the disk. */

typedef struct
{
  gchar *path; /* relative to the folder, as on the disk */
  gchar *target; /* of a link; or NULL */
  guint32 mode; /* with its type: a folder, a file or a link */
  guint64 size; /* bytes of a file */
  gint64 mtime; /* Unix ns */
} VmArchiveEntry;

typedef void (*VmArchiveLeftOutFunc) (
    const gchar *path, const gchar *why, gpointer data);

/* All of them (VmArchiveEntry): each folder before what is in it, names in the
 * order of their bytes. What cannot be carried is told to @left_out (nullable).
 * VM_ERROR_TOO_LARGE: too many; G_FILE_ERROR.
 * Returns: (transfer full) (nullable) */
GPtrArray *vm_archive_walk (
    gint folder, VmArchiveLeftOutFunc left_out, gpointer data, GError **error);
/* Bytes of all files. */
guint64 vm_archive_size (const GPtrArray *entries);
/* Bytes of all files in a folder, also those of unfinished transfers, but not
 * what a sync is writing. Errors as above. */
gboolean vm_archive_measure (gint folder, guint64 *size, GError **error);
/* What changes when one of them does. */
void
vm_archive_digest (const GPtrArray *entries, guint8 digest[VM_SHA256_SIZE]);
/* Removes the folder @name in @dir with all that is in it, as far as it can. */
void vm_archive_remove (gint dir, const gchar *name);
