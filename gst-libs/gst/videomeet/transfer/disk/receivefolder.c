/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static GMutex uses_lock; /* of what follows, and of all in them */
static GCond uses_cond; /* one is not received any more, or a folder stopped */
static GList *uses; /* of VmReceiveUse */

void
vm_receive_lock (void)
{
  g_mutex_lock (&uses_lock);
}

void
vm_receive_unlock (void)
{
  g_mutex_unlock (&uses_lock);
}

static VmReceiveUse *
use_ref (gint dir)
{
  struct stat st = { 0 };
  VmReceiveUse *use = NULL;

  fstat (dir, &st);
  g_mutex_lock (&uses_lock);
  for (GList *l = uses; l && !use; l = l->next) {
    VmReceiveUse *other = l->data;

    if (other->device == st.st_dev && other->inode == st.st_ino)
      use = other;
  }
  if (!use) {
    use = g_new0 (VmReceiveUse, 1);
    use->device = st.st_dev;
    use->inode = st.st_ino;
    use->coming = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
    use->kept =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, vm_kept_free);
    use->received =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
    use->open = g_ptr_array_new ();
    uses = g_list_prepend (uses, use);
  }
  use->folders++;
  g_mutex_unlock (&uses_lock);
  return use;
}

static void
use_unref (VmReceiveUse *use)
{
  g_mutex_lock (&uses_lock);
  if (--use->folders == 0) {
    uses = g_list_remove (uses, use);
    g_hash_table_unref (use->coming);
    g_hash_table_unref (use->kept);
    g_hash_table_unref (use->received);
    g_ptr_array_unref (use->open);
    g_free (use);
  }
  g_mutex_unlock (&uses_lock);
}

void
vm_receive_forget (VmReceiveUse *use, const gchar *part)
{
  const VmKept *kept = part ? g_hash_table_lookup (use->kept, part) : NULL;

  if (!kept)
    return;
  use->bytes -= kept->header.size;
  g_hash_table_remove (use->kept, part);
}

/* With the lock held; FALSE: that is more than @quota; 0: there is none. */
static gboolean
use_add (VmReceiveUse *use, guint64 size, guint64 quota)
{
  gboolean fits = !quota || (use->bytes <= quota && size <= quota - use->bytes);

  if (fits)
    use->bytes += size;
  return fits;
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
  if (rules->quota)
    vm_receive_read_received (self);
  vm_receive_look_at_kept (self);
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
  g_free (self);
}

void
vm_receive_folder_stop (VmReceiveFolder *self)
{
  g_mutex_lock (&uses_lock);
  g_atomic_int_set (&self->stopped, TRUE);
  g_cond_broadcast (&uses_cond);
  g_mutex_unlock (&uses_lock);
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

/* With the lock held. What is not there any more, and, as far as it must be,
 * the files that @device (nullable) has begun before and left make room for
 * what it sends now. */
static void
make_quota (VmReceiveFolder *self, const gchar *device)
{
  g_autoptr (GList) parts = g_hash_table_get_keys (self->use->kept);
  struct stat st;

  vm_receive_look_at_received (self);
  for (GList *l = parts; l; l = l->next) {
    const VmKept *kept = g_hash_table_lookup (self->use->kept, l->data);
    gboolean gone = fstatat (self->dir, l->data, &st, AT_SYMLINK_NOFOLLOW) != 0
                    && errno == ENOENT;

    if (gone
        || (device && strcmp (kept->header.device, device) == 0
            && vm_receive_remove_part (self, l->data)))
      vm_receive_forget (self->use, l->data);
  }
}

/* With the lock held. */
static gboolean
take_quota (VmReceiveFolder *self, guint64 size, const gchar *device)
{
  if (use_add (self->use, size, self->rules.quota))
    return TRUE;
  make_quota (self, device);
  return use_add (self->use, size, self->rules.quota);
}

static void
refuse_over_quota (GError **error)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The quota of the receiving folder is used up");
}

/* With the lock held. Of one receiver the later transfer ends the one before,
 * unless the rules say that there are several. */
static gboolean
is_received_elsewhere (const VmReceiveFile *file)
{
  const GPtrArray *open = file->folder->use->open;
  gboolean elsewhere = FALSE;

  for (guint i = 0; i < open->len; i++) {
    VmReceiveFile *other = g_ptr_array_index (open, i);

    if ((other->folder == file->folder && !file->folder->rules.several)
        || !vm_journal_same_file (&other->header, &file->header))
      continue;
    g_atomic_int_set (&other->wanted, TRUE);
    elsewhere = TRUE;
  }
  return elsewhere;
}

gboolean
vm_receive_file_is_wanted (VmReceiveFile *file)
{
  return g_atomic_int_get (&file->wanted);
}

void
vm_receive_wait (VmReceiveFile *file)
{
  VmReceiveFolder *self = file->folder;
  gint64 end = g_get_monotonic_time () + self->rules.patience;

  g_mutex_lock (&uses_lock);
  while (self->rules.patience && is_received_elsewhere (file)
         && !g_atomic_int_get (&self->stopped)
         && g_cond_wait_until (&uses_cond, &uses_lock, end))
    ;
  g_mutex_unlock (&uses_lock);
}

/* Two that come under one name would find out only at the end. */
gboolean
vm_receive_enter (VmReceiveFile *file, GError **error)
{
  VmReceiveFolder *self = file->folder;
  VmReceiveUse *use = self->use;
  gboolean rename = self->rules.overwrite == VM_OVERWRITE_RENAME;
  g_autofree gchar *key = vm_filename_key (file->header.name);
  gboolean over = FALSE, twice;

  g_mutex_lock (&uses_lock);
  twice = !rename && g_hash_table_contains (use->coming, key);
  if (!twice) {
    vm_receive_forget (use, file->part);
    over = !take_quota (self, file->header.size, file->header.device);
    file->charged = !over;
  }
  if (file->charged)
    g_ptr_array_add (use->open, file);
  if (file->charged && !rename) {
    g_hash_table_add (use->coming, g_strdup (key));
    file->key = g_steal_pointer (&key);
  }
  g_mutex_unlock (&uses_lock);
  if (over)
    refuse_over_quota (error);
  else if (twice)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
        "%s is being received already", file->header.name);
  return file->charged;
}

gboolean
vm_receive_charge (VmReceiveFolder *self, guint64 size, GError **error)
{
  gboolean fits;

  g_mutex_lock (&uses_lock);
  fits = take_quota (self, size, NULL);
  g_mutex_unlock (&uses_lock);
  if (!fits)
    refuse_over_quota (error);
  return fits;
}

gboolean
vm_receive_charge_folder (
    VmReceiveFolder *self, const gchar *name, guint64 size, GError **error)
{
  const guint64 *there;
  guint64 before;
  gboolean fits;

  g_mutex_lock (&uses_lock);
  there = g_hash_table_lookup (self->use->received, name);
  before = there ? *there : 0;
  vm_receive_count_received (self->use, name, 0);
  fits = take_quota (self, size, NULL);
  if (fits)
    self->use->bytes -= size;
  vm_receive_count_received (self->use, name, fits ? size : before);
  g_mutex_unlock (&uses_lock);
  if (fits)
    vm_receive_note_received (self, name, size, 0);
  else
    refuse_over_quota (error);
  return fits;
}

void
vm_receive_give_quota_back (VmReceiveFolder *self, guint64 size)
{
  g_mutex_lock (&uses_lock);
  self->use->bytes -= size;
  g_mutex_unlock (&uses_lock);
}

static VmKept *
keep (VmReceiveFile *file)
{
  VmKept *kept =
      vm_kept_new (&file->header, file->count * file->header.chunk_size,
          g_get_real_time () / G_USEC_PER_SEC);
  struct stat st = { 0 };

  if (!file->unread)
    vm_receive_give_back (file->fd, &file->header, file->verified);
  fstat (file->journal_fd, &st);
  kept->inode = st.st_ino;
  return kept;
}

/* What was committed stays in the quota, and so does what is kept for later. */
void
vm_receive_leave (VmReceiveFile *file)
{
  VmReceiveUse *use = file->folder->use;
  gboolean charged = file->charged && !file->done;

  g_mutex_lock (&uses_lock);
  if (charged)
    use->bytes -= file->header.size;
  if (file->key)
    g_hash_table_remove (use->coming, file->key);
  g_mutex_unlock (&uses_lock);
  file->charged = FALSE;
  g_clear_pointer (&file->key, g_free);
}

/* Its journal can be locked again. */
void
vm_receive_gone (VmReceiveFile *file)
{
  VmKept *kept =
      !file->done && file->journal && !file->discarded ? keep (file) : NULL;

  g_clear_pointer (&file->journal, vm_journal_free);
  vm_fd_clear (&file->journal_fd);
  if (kept)
    vm_receive_keep (file->folder, file->part, kept);
  g_mutex_lock (&uses_lock);
  if (g_ptr_array_remove_fast (file->folder->use->open, file))
    g_cond_broadcast (&uses_cond);
  g_mutex_unlock (&uses_lock);
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
  g_mutex_lock (&uses_lock);
  vm_receive_forget (self->use, part ? part : name);
  g_mutex_unlock (&uses_lock);
  return unlinkat (self->dir, name, 0) == 0;
}

/* However many there are: a folder that is too full is one to be cleaned. */
guint
vm_receive_folder_clean (VmReceiveFolder *self, gint64 now)
{
  DIR *dir = vm_receive_open_names (self, NULL);
  const gchar *name;
  guint count = 0;

  while (dir && (name = vm_disk_next_name (dir)))
    count += clean_one (self, name, now);
  if (dir)
    closedir (dir);
  return count;
}
