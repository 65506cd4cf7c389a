/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/apply-priv.h"
#include "transfer/sync/disk/inplace.h"
#include "transfer/sync/disk/scan.h"

#include "transfer/disk/diskfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHANGED "it was changed here meanwhile"

/* The folder that @path is in; many paths of one folder follow one another. */
static gint
open_above (VmSyncApply *self, const gchar *path, const gchar **name)
{
  const gchar *slash = strrchr (path, '/');
  gsize size = slash ? (gsize) (slash - path) : 0;

  *name = slash ? slash + 1 : path;
  if (self->above_fd >= 0 && self->above && strlen (self->above) == size
      && strncmp (self->above, path, size) == 0)
    return self->above_fd;
  vm_fd_clear (&self->above_fd);
  g_free (self->above);
  self->above = g_strndup (path, size);
  self->above_fd = vm_sync_open_above (self->stage->root, path, name);
  return self->above_fd;
}

/* The cached folder may have been moved by its user since. */
static void
forget_above (VmSyncApply *self)
{
  vm_fd_clear (&self->above_fd);
}

static gboolean
leave (VmSyncApply *self, VmSyncOp *op)
{
  vm_sync_apply_fail (self, op,
      errno == ESTALE || errno == EEXIST ? CHANGED : g_strerror (errno));
  return FALSE;
}

/* Whether @name is what the manifest told of; else ESTALE. */
static gboolean
is_as_told (gint folder, const gchar *name, const VmSyncEntry *entry)
{
  struct stat st;
  VmSyncStamp stamp;

  if (fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return FALSE;
  stamp = vm_sync_stamp_of (&st);
  if (entry->has_stamp && vm_sync_stamp_equal (&stamp, &entry->stamp))
    return TRUE;
  errno = ESTALE;
  return FALSE;
}

/* The same but for its ctime, which renaming changes. */
static gboolean
is_the_same (gint folder, const gchar *name, const VmSyncEntry *entry)
{
  struct stat st;
  VmSyncStamp stamp;

  if (fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return FALSE;
  stamp = vm_sync_stamp_of (&st);
  return stamp.inode == entry->stamp.inode && stamp.size == entry->stamp.size
         && stamp.mtime == entry->stamp.mtime;
}

gboolean
vm_sync_place_rename (gint from, const gchar *old, gint to, const gchar *name)
{
  struct stat st;

  if (renameat2 (from, old, to, name, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL)
    return FALSE;
  /* a file system that cannot do that in one step */
  if (fstatat (to, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return FALSE;
  }
  return errno == ENOENT && renameat (from, old, to, name) == 0;
}

/* Replaces what the manifest told of, and nothing else: what was there is
 * looked at once more when it has no name that others could write to. */
static gboolean
rename_over (gint from, const gchar *old, gint to, const gchar *name,
    const VmSyncEntry *own)
{
  if (!is_as_told (to, name, own))
    return FALSE;
  if (renameat2 (from, old, to, name, RENAME_EXCHANGE) != 0)
    return errno == EINVAL && renameat (from, old, to, name) == 0;
  if (is_the_same (from, old, own)) {
    unlinkat (from, old, 0);
    return TRUE;
  }
  renameat2 (from, old, to, name, RENAME_EXCHANGE);
  errno = ESTALE;
  return FALSE;
}

/* For the state: what this side knows of its own file now. */
static void
note (VmSyncApply *self, const gchar *path, gint folder, const gchar *name)
{
  struct stat st;
  VmSyncStamp stamp;

  if (fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return;
  stamp = vm_sync_stamp_of (&st);
  g_hash_table_replace (
      self->stamps, g_strdup (path), g_memdup2 (&stamp, sizeof stamp));
}

gboolean
vm_sync_place_move (VmSyncApply *self, VmSyncOp *op)
{
  const gchar *from_name, *name;
  g_auto (VmFd) from = -1;
  gint folder;
  gboolean ok;

  if (op->done || op->failed)
    return op->done;
  if (op->keep && !vm_sync_place_move (self, op->keep)) {
    vm_sync_apply_fail (self, op, CHANGED);
    return FALSE;
  }
  from = vm_sync_open_above (self->stage->root, op->from->path, &from_name);
  folder = open_above (self, op->item->path, &name);
  if (from < 0 || folder < 0 || !is_as_told (from, from_name, op->from))
    return leave (self, op);
  ok = op->own && !op->keep
           ? rename_over (from, from_name, folder, name, op->own)
           : vm_sync_place_rename (from, from_name, folder, name);
  if (!ok)
    return leave (self, op);
  op->done = TRUE;
  note (self, op->item->path, folder, name);
  return TRUE;
}

/* Takes away what has the name now: its own version goes to another name, or
 * is what the other side has replaced. */
static gboolean
clear_name (VmSyncApply *self, VmSyncOp *op, gint folder, const gchar *name)
{
  if (op->keep)
    return vm_sync_place_move (self, op->keep);
  if (!op->own || op->own->kind == VM_SYNC_FOLDER)
    return TRUE;
  return is_as_told (folder, name, op->own) && unlinkat (folder, name, 0) == 0;
}

/* By a descriptor, so that no link is followed. */
static gboolean
change_mode (gint fd, guint mode)
{
  gchar path[64];

  g_snprintf (path, sizeof path, "/proc/self/fd/%d", fd);
  return chmod (path, mode) == 0;
}

gboolean
vm_sync_place_folder (VmSyncApply *self, VmSyncOp *op)
{
  const gchar *name;
  gint folder = open_above (self, op->item->path, &name);
  g_auto (VmFd) fd = -1;

  if (folder < 0 || !clear_name (self, op, folder, name))
    return leave (self, op);
  folder = open_above (self, op->item->path, &name);
  if (folder < 0)
    return leave (self, op);
  if (mkdirat (folder, name, 0700) != 0) {
    struct stat st;

    if (errno != EEXIST || fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0
        || !S_ISDIR (st.st_mode))
      return leave (self, op);
  }
  op->done = TRUE;
  /* what is in it must be writable; its last mode it gets at the end. A sync
   * that is cut off before does not pass for a user who changed the mode. */
  fd = vm_disk_open (folder, name, O_PATH | O_DIRECTORY);
  if (fd >= 0)
    change_mode (fd, (op->item->mode & ~vm_disk_get_umask ()) | 0700);
  return TRUE;
}

gboolean
vm_sync_place_staged (VmSyncApply *self, VmSyncOp *op)
{
  gchar staged[16];
  const gchar *name;
  gint folder;
  gboolean ok;

  if (op->failed)
    return FALSE;
  vm_sync_stage_name (op, staged);
  if (op->keep && !vm_sync_place_move (self, op->keep)) {
    errno = ESTALE;
    return leave (self, op);
  }
  folder = open_above (self, op->item->path, &name);
  if (folder < 0)
    return leave (self, op);
  if (op->in_place)
    ok = is_as_told (folder, name, op->own)
         && vm_sync_in_place_commit (self->stage, op, folder, name);
  else if (!op->own || op->keep || op->late)
    ok = vm_sync_place_rename (self->stage->fd, staged, folder, name);
  else
    ok = rename_over (self->stage->fd, staged, folder, name, op->own);
  if (!ok) {
    leave (self, op);
    if (!self->stage->keep)
      unlinkat (self->stage->fd, staged, 0);
    return FALSE;
  }
  op->done = TRUE;
  if (op->item->entry->kind == VM_SYNC_FILE)
    note (self, op->item->path, folder, name);
  return TRUE;
}

gboolean
vm_sync_place_mode (VmSyncApply *self, VmSyncOp *op)
{
  g_auto (VmFd) fd = -1;
  struct stat st;
  guint others = vm_disk_get_umask (), mode = op->item->mode & ~others;
  const gchar *name;
  gint folder;

  if (op->item->entry->kind == VM_SYNC_LINK)
    return TRUE;
  fd = vm_disk_open (self->stage->root, op->item->path, O_PATH);
  if (fd < 0 || fstat (fd, &st) != 0)
    return leave (self, op);
  if (op->kind == VM_SYNC_OP_MODE && op->own->kind == VM_SYNC_FILE
      && !vm_sync_is_entry (fd, op->own)) {
    errno = ESTALE;
    return leave (self, op);
  }
  if ((st.st_mode & VM_SYNC_MODE_MASK & ~others) != mode
      && !change_mode (fd, mode))
    return leave (self, op);
  op->done = TRUE;
  if (op->item->entry->kind == VM_SYNC_FILE
      && (folder = open_above (self, op->item->path, &name)) >= 0)
    note (self, op->item->path, folder, name);
  return TRUE;
}

void
vm_sync_place_removal (VmSyncApply *self, const VmSyncEntry *entry)
{
  const gchar *name;
  gint folder;
  gboolean is_folder = entry->kind == VM_SYNC_FOLDER;

  if (is_folder)
    forget_above (self);
  folder = open_above (self, entry->path, &name);
  if (folder < 0 && errno == ENOENT)
    return;
  if (folder >= 0 && (is_folder || is_as_told (folder, name, entry))
      && unlinkat (folder, name, is_folder ? AT_REMOVEDIR : 0) == 0)
    return;
  if (errno == ENOENT || g_hash_table_contains (self->failed, entry->path))
    return;
  g_hash_table_insert (self->failed, g_strdup (entry->path),
      g_strdup (errno == ESTALE      ? CHANGED
                : errno == ENOTEMPTY ? "the folder has something else in it"
                                     : g_strerror (errno)));
}
