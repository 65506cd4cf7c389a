/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* Files by descriptor, for the receiving folder and the file that is sent. What
 * fails is a G_FILE_ERROR: NOSPC when the disk, a quota or the process's limit
 * is full, ACCES and PERM, MFILE and NFILE, NOENT, ROFS, IO. Blocks for the
 * disk; any thread. */

typedef gint VmFd;
void vm_fd_clear (VmFd *fd); /* keeps errno */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmFd, vm_fd_clear)

/* "@what: why" of errno. Returns: FALSE */
gboolean vm_disk_fail (GError **error, const gchar *what);

/* openat2(), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS, O_CLOEXEC: nothing
 * outside of @folder, and no symbolic link. -1 with errno; ENOSYS: a kernel
 * before 5.6.
 */
VmFd vm_disk_open (gint folder, const gchar *name, gint flags);

/* All of @size bytes, or FALSE with errno. */
gboolean
vm_disk_write (gint fd, gconstpointer data, gsize size, guint64 offset);
/* Begins to write out what the system holds back of the file, and does not wait
 * for it. A wish only: fsync() tells what became of it. */
void vm_disk_write_out (gint fd);
/* What of it is on the disk need not be in memory as well. A wish only. */
void vm_disk_drop (gint fd, guint64 offset, guint64 size);
/* As many as there are, fewer only at the end of the file; -1 with errno. */
gssize vm_disk_read (gint fd, gpointer data, gsize size, guint64 offset);
