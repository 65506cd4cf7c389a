/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/archive/archivewalk.h"
#include "transfer/disk/receivefolder.h"

/* A folder that is being received. It grows as `.vm-SENDER-LIST.folder`, beside
 * `.vm-SENDER-LIST.entries`, which is locked meanwhile and tells since which
 * boot: what was written before a power failure may not be on the disk. An
 * entry gets its name in there when it is whole, and the folder its own at the
 * end. Folders are 0700, files 0600, or 0700 when their owner may run them. No
 * link is followed. Errors as receivefolder.h. */

/* Unfinished folders that are kept of one sender, and of all: its own oldest is
 * removed; beyond the second number the oldest of strangers, and that of known
 * devices only for a known device. Each is kept for VM_RECEIVE_PART_AGE. */
#define VM_ARCHIVE_KEPT_PER_SENDER 4
#define VM_ARCHIVE_KEPT_MAX 32

/* A size that the sender does not say. */
#define VM_ARCHIVE_SIZE_UNKNOWN G_MAXUINT64

typedef struct _VmArchiveFolder VmArchiveFolder;

/* Its @size counts for the quota of the receiving folder from here on, and when
 * it is received or kept as long as it lies there; an unknown one counts as it
 * is written, and ends at max-size. @known: the sender is no stranger.
 * @list: letters and digits that say what is sent; the same sender with the
 * same list goes on where it was. @size: bytes still to come at most. */
VmArchiveFolder *vm_archive_folder_begin (VmReceiveFolder *folder,
    const gchar *sender, gboolean known, const gchar *list, const gchar *name,
    guint64 size, GError **error);
/* Keeps what is there for the next transfer. */
void vm_archive_folder_free (VmArchiveFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmArchiveFolder, vm_archive_folder_free)
/* Removes it. */
void vm_archive_folder_discard (VmArchiveFolder *self);

/* Whole entries, and bytes of files in them. */
guint vm_archive_folder_count (VmArchiveFolder *self);
guint64 vm_archive_folder_size (VmArchiveFolder *self);

/* The next entry; each path is checked as vm_archive_names_add(). */
gboolean vm_archive_folder_add_folder (
    VmArchiveFolder *self, const gchar *path, GError **error);
gboolean vm_archive_folder_add_link (VmArchiveFolder *self, const gchar *path,
    const gchar *target, GError **error);
/* A file: begun, written in order, and ended. */
gboolean vm_archive_folder_begin_file (
    VmArchiveFolder *self, const gchar *path, GError **error);
gboolean vm_archive_folder_write (VmArchiveFolder *self, gconstpointer data,
    gsize size, guint64 offset, GError **error);
/* @size: bytes, which it gets if less was written; @mtime: Unix s. */
gboolean vm_archive_folder_end_file (VmArchiveFolder *self, guint64 size,
    guint32 mode, gint64 mtime, GError **error);

/* Gives the folder its name. Returns: (transfer full) (nullable) */
gchar *vm_archive_folder_commit (VmArchiveFolder *self, GError **error);
