/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/apply.h"

#include "transfer/disk/diskfile.h"
#include "transfer/disk/filename.h"
#include "transfer/sync/disk/inplace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define TRIES 8

/* There are no folders in it. */
static void
empty (gint folder)
{
  DIR *list = vm_disk_list (folder);
  struct dirent *found;

  while (list && (found = readdir (list)))
    unlinkat (folder, found->d_name, 0);
  if (list)
    closedir (list);
}

/* Those of others that have ended without removing theirs. */
static void
remove_old (gint root)
{
  DIR *list = vm_disk_list (root);
  struct dirent *found;

  while (list && (found = readdir (list))) {
    g_auto (VmFd) fd = -1;

    if (!g_str_has_prefix (found->d_name, VM_SYNC_STAGE_PREFIX))
      continue;
    fd = vm_disk_open (root, found->d_name, O_RDONLY | O_DIRECTORY);
    if (fd < 0 || flock (fd, LOCK_EX | LOCK_NB) != 0)
      continue;
    if (!vm_sync_in_place_recover (root, fd))
      continue;
    empty (fd);
    unlinkat (root, found->d_name, AT_REMOVEDIR);
  }
  if (list)
    closedir (list);
}

VmSyncStage *
vm_sync_stage_new (gint root, GError **error)
{
  remove_old (root);
  for (guint i = 0; i < TRIES; i++) {
    g_autofree gchar *name = g_strdup_printf (
        VM_SYNC_STAGE_PREFIX "%08x%08x", g_random_int (), g_random_int ());
    g_auto (VmFd) fd = -1;
    struct stat st;
    VmSyncStage *self;

    if (mkdirat (root, name, 0700) != 0) {
      if (errno == EEXIST)
        continue;
      break;
    }
    fd = vm_disk_open (root, name, O_RDONLY | O_DIRECTORY);
    /* another one may have taken it for an old one before it was locked */
    if (fd < 0 || flock (fd, LOCK_EX | LOCK_NB) != 0 || fstat (fd, &st) != 0
        || st.st_nlink == 0)
      continue;
    self = g_new0 (VmSyncStage, 1);
    self->root = root;
    self->name = g_steal_pointer (&name);
    self->fd = fd;
    fd = -1;
    return self;
  }
  vm_disk_fail (error, "The folder cannot be written to");
  return NULL;
}

void
vm_sync_stage_free (VmSyncStage *self)
{
  if (!self->keep) {
    empty (self->fd);
    unlinkat (self->root, self->name, AT_REMOVEDIR);
  }
  close (self->fd);
  g_free (self->name);
  g_free (self);
}
