/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What was received in one folder, by whoever has it open in this process: a quota is
 * the folder's, and not that of each who sends. */
struct _VmReceiveUse
{
  dev_t device;
  ino_t inode;
  guint folders; /* that are open */
  guint64 bytes;
};
typedef struct _VmReceiveUse Use;

static GMutex uses_lock; /* of what follows; within a folder's */
static GList *uses; /* of Use */

static Use *
use_ref (gint dir)
{
  struct stat st = { 0 };
  Use *use = NULL;

  fstat (dir, &st);
  g_mutex_lock (&uses_lock);
  for (GList *l = uses; l && !use; l = l->next) {
    Use *other = l->data;

    if (other->device == st.st_dev && other->inode == st.st_ino)
      use = other;
  }
  if (!use) {
    use = g_new0 (Use, 1);
    use->device = st.st_dev;
    use->inode = st.st_ino;
    uses = g_list_prepend (uses, use);
  }
  use->folders++;
  g_mutex_unlock (&uses_lock);
  return use;
}

static void
use_unref (Use *use)
{
  g_mutex_lock (&uses_lock);
  if (--use->folders == 0) {
    uses = g_list_remove (uses, use);
    g_free (use);
  }
  g_mutex_unlock (&uses_lock);
}

/* FALSE: that is more than @quota; 0: there is none. */
static gboolean
use_add (Use *use, guint64 size, guint64 quota)
{
  gboolean fits;

  g_mutex_lock (&uses_lock);
  fits = !quota || (use->bytes <= quota && size <= quota - use->bytes);
  if (fits)
    use->bytes += size;
  g_mutex_unlock (&uses_lock);
  return fits;
}

static void
use_remove (Use *use, guint64 size)
{
  g_mutex_lock (&uses_lock);
  use->bytes -= size;
  g_mutex_unlock (&uses_lock);
}

VmReceiveFolder *
vm_receive_folder_open (
    const gchar *path, const VmReceiveRules *rules, GError **error)
{
  g_auto (VmFd) dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  g_auto (VmFd) probe = -1;
  VmReceiveFolder *self;

  if (dir < 0) {
    vm_disk_fail (error, "The receiving folder cannot be opened");
    return NULL;
  }
  probe = vm_disk_open (dir, ".", O_RDONLY | O_DIRECTORY);
  if (probe < 0) {
    vm_disk_fail (error, "The receiving folder cannot be guarded (openat2)");
    return NULL;
  }
  self = g_new0 (VmReceiveFolder, 1);
  self->ref_count = 1;
  self->dir = dir;
  dir = -1;
  self->rules = *rules;
  self->use = use_ref (self->dir);
  g_mutex_init (&self->lock);
  self->coming = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

VmReceiveFolder *
vm_receive_folder_ref (VmReceiveFolder *self)
{
  g_atomic_int_inc (&self->ref_count);
  return self;
}

void
vm_receive_folder_unref (VmReceiveFolder *self)
{
  if (!g_atomic_int_dec_and_test (&self->ref_count))
    return;
  use_unref (self->use);
  vm_fd_clear (&self->dir);
  g_hash_table_unref (self->coming);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
vm_receive_folder_stop (VmReceiveFolder *self)
{
  g_atomic_int_set (&self->stopped, TRUE);
}

gboolean
vm_receive_goes_on (VmReceiveFile *file, GError **error)
{
  if (!g_atomic_int_get (&file->folder->stopped))
    return TRUE;
  g_set_error (
      error, VM_ERROR, VM_ERROR_DISCONNECTED, "The receiver was stopped");
  return FALSE;
}

/* Two that come under one name would find out only at the end. */
gboolean
vm_receive_enter (VmReceiveFile *file, GError **error)
{
  VmReceiveFolder *self = file->folder;
  gboolean rename = self->rules.overwrite == VM_OVERWRITE_RENAME;
  g_autofree gchar *key = vm_filename_key (file->header.name);
  gboolean over, twice;

  g_mutex_lock (&self->lock);
  twice = !rename && g_hash_table_contains (self->coming, key);
  over = !twice && !use_add (self->use, file->header.size, self->rules.quota);
  if (!over && !twice) {
    file->charged = TRUE;
    if (!rename) {
      g_hash_table_add (self->coming, g_strdup (key));
      file->key = g_steal_pointer (&key);
    }
  }
  g_mutex_unlock (&self->lock);
  if (over)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The quota of the receiving folder is used up");
  else if (twice)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
        "%s is being received already", file->header.name);
  return !over && !twice;
}

/* What was committed stays in the quota. */
void
vm_receive_leave (VmReceiveFile *file)
{
  VmReceiveFolder *self = file->folder;

  g_mutex_lock (&self->lock);
  if (file->charged && !file->done)
    use_remove (self->use, file->header.size);
  if (file->key)
    g_hash_table_remove (self->coming, file->key);
  g_mutex_unlock (&self->lock);
  file->charged = FALSE;
  g_clear_pointer (&file->key, g_free);
}

static gboolean
is_old (gint fd, gint64 now)
{
  struct stat st;

  return fstat (fd, &st) == 0 && now - st.st_mtime >= VM_RECEIVE_PART_AGE;
}

/* Whether nobody has its journal open, and it is old. */
static gboolean
is_abandoned (VmReceiveFolder *self, const gchar *name, gint64 now)
{
  g_auto (VmFd) fd = vm_receive_open_own (self, name);

  return fd >= 0 && is_old (fd, now) && flock (fd, LOCK_EX | LOCK_NB) == 0;
}

/* A part without a journal is what a process left that died between the two. */
static guint
clean_one (VmReceiveFolder *self, const gchar *name, gint64 now)
{
  g_autofree gchar *part = vm_receive_sibling (name, ".journal", ".part");
  g_autofree gchar *journal = vm_receive_sibling (name, ".part", ".journal");
  struct stat st;

  if (journal
      && (fstatat (self->dir, journal, &st, AT_SYMLINK_NOFOLLOW) == 0
          || errno != ENOENT))
    return 0;
  if ((!part && !journal) || !is_abandoned (self, name, now))
    return 0;
  if (part)
    unlinkat (self->dir, part, 0);
  return unlinkat (self->dir, name, 0) == 0;
}

guint
vm_receive_folder_clean (VmReceiveFolder *self, gint64 now)
{
  g_autoptr (GPtrArray) names = vm_receive_list (self, NULL);
  guint count = 0;

  for (guint i = 0; names && i < names->len; i++)
    count += clean_one (self, names->pdata[i], now);
  return count;
}
