/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <gio/gio.h>

/* Files by descriptor, for the receiving folder and the file that is sent.
 * Errors are G_FILE_ERROR: NOSPC when the disk, a quota or the process's limit
 * is full, ACCES and PERM, MFILE and NFILE, NOENT, ROFS, IO. Blocks for the
 * disk; any thread. */

typedef gint VmFd;
void vm_fd_clear (VmFd *fd); /* keeps errno */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmFd, vm_fd_clear)

/* "@what: why" of errno. Returns: FALSE */
gboolean vm_disk_fail (GError **error, const gchar *what);

/* openat2(), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, O_CLOEXEC: opens nothing
 * outside of @folder, and no symbolic link. -1 with errno; ENOSYS: a kernel
 * before 5.6.
 */
VmFd vm_disk_open (gint folder, const gchar *name, gint flags);

/* The names in @folder, by a descriptor of its own: reading moves it. NULL with
 * errno. */
DIR *vm_disk_list (gint folder);

/* The next name in a folder, without "." and "..", valid until the next call.
 * NULL with errno: the rest cannot be read; with errno 0: there is none. */
const gchar *vm_disk_next_name (DIR *list);

/* All of @size bytes, or FALSE with errno. */
gboolean
vm_disk_write (gint fd, gconstpointer data, gsize size, guint64 offset);
/* As vm_disk_write(), with a hole for each whole block of zeros where the file
 * system has holes. It may leave the file shorter than @offset + @size. */
gboolean
vm_disk_write_sparse (gint fd, gconstpointer data, gsize size, guint64 offset);
/* The umask of this process, without a change of it. */
guint vm_disk_get_umask (void);
/* Starts writing the file's cached data to disk without waiting. A hint only:
 * fsync() reports the result. */
void vm_disk_write_out (gint fd);
/* Lets the system drop the written data of that range from memory. A hint only.
 */
void vm_disk_drop (gint fd, guint64 offset, guint64 size);
/* Returns fewer than @size bytes only at the end of the file; -1 with errno. */
gssize vm_disk_read (gint fd, gpointer data, gsize size, guint64 offset);
