/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/archivefolder.h"

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER ".folder"
#define ENTRIES ".entries"
/* In the folder; no entry can be called so. */
#define GROWING VM_FILENAME_OWN_PREFIX "entry"
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_MAX 64 /* bytes */
/* Of the file with the boot's id: one of more bytes is of a known device. */
#define STRANGERS_SIZE BOOT_ID_MAX
/* Bytes between two looks at what is free. */
#define ASK_EVERY (1024 * 1024)

struct _VmArchiveFolder
{
  VmReceiveFolder *folder;
  gchar *name; /* as it will be called */
  gchar *growing; /* names in the receiving folder */
  gchar *lock_name;
  VmFd lock;
  VmFd dir;
  VmArchiveNames *names;
  guint count;
  guint64 size;
  guint64 unasked; /* bytes */
  gboolean unknown; /* the sender does not say how large it becomes */
  gchar *key; /* of what is kept of it, in the quota */
  guint64 noted; /* bytes of the quota under that, and: */
  guint64 charged; /* all of them */
  VmFd file; /* of the entry that is being written */
  gchar *path; /* of it */
  gboolean done;
};

static gboolean
is_token (const gchar *text)
{
  gsize length = strlen (text);

  return length > 0 && length <= VM_RECEIVE_ID_MAX
         && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_")
                == length;
}

/* Whether nobody receives it. */
static gboolean
lock_it (gint fd)
{
  return fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) == 0;
}

static void
remove_kept (VmReceiveFolder *folder, const gchar *lock_name)
{
  g_autofree gchar *growing = vm_receive_sibling (lock_name, ENTRIES, FOLDER);
  g_auto (VmFd) fd = vm_receive_open_own (folder, lock_name);

  if (!growing || !lock_it (fd))
    return;
  vm_archive_remove (folder->dir, growing);
  unlinkat (folder->dir, lock_name, 0);
}

typedef struct
{
  guint n;
  const gchar *first; /* the oldest, or NULL */
  gint64 since;
} Kept;

static void
count (Kept *kept, const gchar *name, gint64 since)
{
  kept->n++;
  if (kept->first && since >= kept->since)
    return;
  kept->first = name;
  kept->since = since;
}

/* The unfinished folder to remove before a sender begins another; NULL: none.
 */
static const gchar *
choose (gboolean known, const Kept *own, const Kept *strangers, const Kept *all)
{
  if (own->n >= VM_ARCHIVE_KEPT_PER_SENDER)
    return own->first;
  if (all->n < VM_ARCHIVE_KEPT_MAX)
    return NULL;
  if (own->n && !known)
    return own->first;
  if (strangers->n)
    return strangers->first;
  /* keys are free: however many strangers there are, they push out no other */
  return own->n ? own->first : known ? all->first : NULL;
}

/* What a sender has begun before and left makes room for what it sends now. */
static void
remove_own (VmReceiveFolder *folder, const gchar *sender, const gchar *except)
{
  g_autoptr (GPtrArray) names = vm_receive_list (folder, NULL);
  g_autofree gchar *prefix =
      g_strconcat (VM_FILENAME_OWN_PREFIX, sender, "-", NULL);

  for (guint i = 0; names && i < names->len; i++)
    if (g_str_has_prefix (names->pdata[i], prefix)
        && g_str_has_suffix (names->pdata[i], ENTRIES)
        && !g_str_equal (names->pdata[i], except))
      remove_kept (folder, names->pdata[i]);
}

/* Old ones, and what makes room for one more, but for @except. */
static void
clean (VmReceiveFolder *folder, const gchar *sender, gboolean known,
    const gchar *except)
{
  g_autoptr (GPtrArray) names = vm_receive_list (folder, NULL);
  g_autofree gchar *prefix =
      g_strconcat (VM_FILENAME_OWN_PREFIX, sender, "-", NULL);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  Kept all = { 0 }, own = { 0 }, strangers = { 0 };
  const gchar *first;

  for (guint i = 0; names && i < names->len; i++) {
    const gchar *name = names->pdata[i];
    struct stat st;

    if (!g_str_has_prefix (name, VM_FILENAME_OWN_PREFIX)
        || !g_str_has_suffix (name, ENTRIES) || g_str_equal (name, except)
        || fstatat (folder->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (now - st.st_mtime >= VM_RECEIVE_PART_AGE) {
      remove_kept (folder, name);
      continue;
    }
    count (&all, name, st.st_mtime);
    if (g_str_has_prefix (name, prefix))
      count (&own, name, st.st_mtime);
    if (st.st_size <= STRANGERS_SIZE)
      count (&strangers, name, st.st_mtime);
  }
  first = choose (known, &own, &strangers, &all);
  if (first)
    remove_kept (folder, first);
}

static gboolean
open_lock (VmArchiveFolder *self, GError **error)
{
  gint dir = self->folder->dir;
  VmFd made = vm_disk_open (dir, self->lock_name, O_RDWR | O_CREAT | O_EXCL);

  self->lock =
      made >= 0 ? made : vm_receive_open_own (self->folder, self->lock_name);
  if (self->lock < 0)
    return vm_disk_fail (error, "The folder cannot be received");
  if (lock_it (self->lock))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
      "%s is being received already", self->name);
  return FALSE;
}

/* Whether the folder was begun since this machine was; notes that it is. */
static gboolean
is_of_this_boot (VmArchiveFolder *self)
{
  g_autofree gchar *now = NULL;
  gchar before[BOOT_ID_MAX] = "";
  gsize size = 0;
  gboolean same;

  if (!g_file_get_contents (BOOT_ID, &now, &size, NULL)
      || size >= sizeof before)
    size = 0;
  same = size && vm_disk_read (self->lock, before, size, 0) == (gssize) size
         && memcmp (before, now, size) == 0;
  if (!same && size && ftruncate (self->lock, 0) == 0)
    vm_disk_write (self->lock, now, size, 0);
  futimens (self->lock, NULL);
  return same;
}

static gboolean
open_dir (VmArchiveFolder *self, gboolean known, GError **error)
{
  gint dir = self->folder->dir;
  struct stat st;

  if (!is_of_this_boot (self))
    vm_archive_remove (dir, self->growing);
  if (ftruncate (self->lock, STRANGERS_SIZE + (known ? 1 : 0)) != 0)
    return vm_disk_fail (error, "The folder cannot be received");
  if (mkdirat (dir, self->growing, 0700) != 0 && errno != EEXIST)
    return vm_disk_fail (error, "The folder cannot be received");
  self->dir = vm_disk_open (dir, self->growing, O_RDONLY | O_DIRECTORY);
  if (self->dir < 0 || fstat (self->dir, &st) != 0)
    return vm_disk_fail (error, "The folder cannot be received");
  if (st.st_uid == geteuid ())
    return TRUE;
  errno = EPERM;
  return vm_disk_fail (error, "The folder cannot be received");
}

/* What an earlier transfer has left: all of it is whole. */
static gboolean
find_kept (VmArchiveFolder *self, GError **error)
{
  g_autoptr (GPtrArray) entries =
      vm_archive_walk (self->dir, NULL, NULL, error);

  if (!entries)
    return FALSE;
  for (guint i = 0; i < entries->len; i++) {
    const VmArchiveEntry *entry = entries->pdata[i];
    g_autofree gchar *path = vm_archive_names_add (
        self->names, entry->path, S_ISDIR (entry->mode), error);

    if (!path)
      return FALSE;
  }
  self->count = entries->len;
  self->size = vm_archive_size (entries);
  return TRUE;
}

static gboolean
check_name (VmArchiveFolder *self, GError **error)
{
  g_autoptr (GPtrArray) names = vm_receive_list (self->folder, error);

  if (!names)
    return FALSE;
  if (self->folder->rules.overwrite == VM_OVERWRITE_RENAME
      || !vm_receive_is_taken (names, self->name, NULL))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
      "%s, or a name that differs only in case, is there already", self->name);
  return FALSE;
}

static gboolean
check_size (VmArchiveFolder *self, guint64 size, GError **error)
{
  guint64 max = self->folder->rules.max_size;

  if (!max || (self->charged <= max && size <= max - self->charged))
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The folder is larger than this device takes (max-size)");
  return FALSE;
}

/* So many bytes more. */
static gboolean
charge (VmArchiveFolder *self, guint64 size, GError **error)
{
  if (!check_size (self, size, error)
      || !vm_receive_charge (self->folder, size, error))
    return FALSE;
  self->charged += size;
  return TRUE;
}

/* What is kept of it counts already. */
static gboolean
charge_whole (
    VmArchiveFolder *self, const gchar *sender, guint64 size, GError **error)
{
  if (!check_size (self, size, error))
    return FALSE;
  if (!vm_receive_charge_folder (self->folder, self->key, size, NULL)) {
    remove_own (self->folder, sender, self->lock_name);
    if (!vm_receive_charge_folder (self->folder, self->key, size, error))
      return FALSE;
  }
  self->noted = self->charged = size;
  return TRUE;
}

static gboolean
begin (VmArchiveFolder *self, const gchar *sender, gboolean known, guint64 size,
    GError **error)
{
  self->unknown = size == VM_ARCHIVE_SIZE_UNKNOWN;
  if (!check_name (self, error) || !open_lock (self, error)
      || !open_dir (self, known, error) || !find_kept (self, error))
    return FALSE;
  if (self->unknown)
    size = self->size;
  return charge_whole (self, sender, size, error)
         && vm_receive_has_free (
             self->folder, size - MIN (size, self->size), error);
}

VmArchiveFolder *
vm_archive_folder_begin (VmReceiveFolder *folder, const gchar *sender,
    gboolean known, const gchar *list, const gchar *name, guint64 size,
    GError **error)
{
  g_autofree gchar *safe = vm_filename_make_safe (name, error);
  VmArchiveFolder *self;

  if (!safe)
    return NULL;
  if (!is_token (sender) || !is_token (list)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "Sender or folder has an id that is none");
    return NULL;
  }
  self = g_new0 (VmArchiveFolder, 1);
  self->folder = vm_receive_folder_ref (folder);
  self->name = g_steal_pointer (&safe);
  self->growing =
      g_strdup_printf (VM_FILENAME_OWN_PREFIX "%s-%s" FOLDER, sender, list);
  self->key = g_strconcat (self->growing, "/", NULL);
  self->lock_name = vm_receive_sibling (self->growing, FOLDER, ENTRIES);
  self->lock = self->dir = self->file = -1;
  self->names = vm_archive_names_new ();
  clean (folder, sender, known, self->lock_name);
  if (begin (self, sender, known, size, error))
    return self;
  vm_archive_folder_free (self);
  return NULL;
}

/* What is kept for later stays in the quota. */
static void
leave_quota (VmArchiveFolder *self)
{
  guint64 more = self->charged - self->noted;

  if (self->done || self->dir < 0)
    return;
  if (self->unknown && self->count > 0)
    vm_receive_note_received (self->folder, self->key, self->size, more);
  else
    vm_receive_give_quota_back (self->folder, more);
  if (self->count == 0)
    vm_receive_forget_received (self->folder, self->key);
}

void
vm_archive_folder_free (VmArchiveFolder *self)
{
  vm_fd_clear (&self->file);
  if (self->dir >= 0 && !self->done) {
    unlinkat (self->dir, GROWING, 0);
    if (self->count == 0)
      vm_archive_remove (self->folder->dir, self->growing);
  }
  if (self->lock >= 0 && self->dir >= 0 && self->count == 0)
    unlinkat (self->folder->dir, self->lock_name, 0);
  leave_quota (self);
  vm_fd_clear (&self->dir);
  vm_fd_clear (&self->lock);
  vm_archive_names_free (self->names);
  vm_receive_folder_unref (self->folder);
  g_free (self->name);
  g_free (self->growing);
  g_free (self->key);
  g_free (self->lock_name);
  g_free (self->path);
  g_free (self);
}

void
vm_archive_folder_discard (VmArchiveFolder *self)
{
  vm_archive_remove (self->folder->dir, self->growing);
  self->count = 0;
  vm_archive_folder_free (self);
}

guint
vm_archive_folder_count (VmArchiveFolder *self)
{
  return self->count;
}

guint64
vm_archive_folder_size (VmArchiveFolder *self)
{
  return self->size;
}

/* The folder that @path lies in, made as far as it is missing. -1 with errno.
 */
static VmFd
open_parent (VmArchiveFolder *self, const gchar *path)
{
  g_autofree gchar *parent = NULL;
  const gchar *slash = strrchr (path, '/');
  VmFd fd;

  if (!slash)
    return vm_disk_open (self->dir, ".", O_RDONLY | O_DIRECTORY);
  parent = g_strndup (path, slash - path);
  fd = vm_disk_open (self->dir, parent, O_RDONLY | O_DIRECTORY);
  if (fd < 0 && errno == ENOENT) {
    g_auto (VmFd) above = open_parent (self, parent);
    const gchar *last = strrchr (parent, '/');

    if (above < 0 || mkdirat (above, last ? last + 1 : parent, 0700) != 0)
      return -1;
    fd = vm_disk_open (self->dir, parent, O_RDONLY | O_DIRECTORY);
  }
  return fd;
}

static const gchar *
last_of (const gchar *path)
{
  const gchar *slash = strrchr (path, '/');

  return slash ? slash + 1 : path;
}

gboolean
vm_archive_folder_add_folder (
    VmArchiveFolder *self, const gchar *path, GError **error)
{
  g_autofree gchar *checked =
      vm_archive_names_add (self->names, path, TRUE, error);
  g_auto (VmFd) parent = -1;

  if (!checked)
    return FALSE;
  parent = open_parent (self, checked);
  /* one that lies in it may have made it */
  if (parent < 0
      || (mkdirat (parent, last_of (checked), 0700) != 0 && errno != EEXIST))
    return vm_disk_fail (error, "A folder cannot be made");
  self->count++;
  return TRUE;
}

gboolean
vm_archive_folder_add_link (VmArchiveFolder *self, const gchar *path,
    const gchar *target, GError **error)
{
  g_autofree gchar *checked =
      vm_archive_names_add (self->names, path, FALSE, error);
  g_auto (VmFd) parent = -1;

  if (!checked || !vm_archive_link_check (checked, target, error))
    return FALSE;
  parent = open_parent (self, checked);
  if (parent < 0 || symlinkat (target, parent, last_of (checked)) != 0)
    return vm_disk_fail (error, "A link cannot be made");
  self->count++;
  return TRUE;
}

gboolean
vm_archive_folder_begin_file (
    VmArchiveFolder *self, const gchar *path, GError **error)
{
  g_free (self->path);
  self->path = vm_archive_names_add (self->names, path, FALSE, error);
  if (!self->path)
    return FALSE;
  unlinkat (self->dir, GROWING, 0); /* of a process that was killed */
  self->file = vm_disk_open (self->dir, GROWING, O_RDWR | O_CREAT | O_EXCL);
  return self->file >= 0 || vm_disk_fail (error, "A file cannot be made");
}

gboolean
vm_archive_folder_write (VmArchiveFolder *self, gconstpointer data, gsize size,
    guint64 offset, GError **error)
{
  if (self->unknown && !charge (self, size, error))
    return FALSE;
  self->unasked += size;
  if (self->unasked >= ASK_EVERY) {
    if (!vm_receive_has_free (self->folder, size, error))
      return FALSE;
    self->unasked = 0;
  }
  return vm_disk_write_sparse (self->file, data, size, offset)
         || vm_disk_fail (error, "A file cannot be written");
}

gboolean
vm_archive_folder_end_file (VmArchiveFolder *self, guint64 size, guint32 mode,
    gint64 mtime, GError **error)
{
  g_auto (VmFd) file = self->file;
  g_auto (VmFd) parent = open_parent (self, self->path);
  struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };
  struct stat st;

  self->file = -1;
  if (parent < 0 || fstat (file, &st) != 0
      || ((guint64) st.st_size < size && ftruncate (file, size) != 0)
      || fchmod (file, mode & 0100 ? 0700 : 0600) != 0)
    return vm_disk_fail (error, "A file cannot be ended");
  if (mtime > 0 && mtime <= st.st_mtim.tv_sec)
    futimens (file, times);
  if (renameat2 (
          self->dir, GROWING, parent, last_of (self->path), RENAME_NOREPLACE)
          != 0
      && (errno != EINVAL
          || renameat (self->dir, GROWING, parent, last_of (self->path)) != 0))
    return vm_disk_fail (error, "A file cannot be given its name");
  self->count++;
  self->size += size;
  return TRUE;
}

/* Between looking and renaming, somebody may take the name; on a file system
 * that cannot refuse that, an empty folder at most is replaced. */
gchar *
vm_archive_folder_commit (VmArchiveFolder *self, GError **error)
{
  gint dir = self->folder->dir;
  g_autoptr (GPtrArray) names = NULL;
  g_autofree gchar *name = NULL, *received = NULL;

  if (!check_name (self, error))
    return NULL;
  names = vm_receive_list (self->folder, error);
  name = names ? vm_receive_free_name (names, self->name, error) : NULL;
  if (!name)
    return NULL;
  if (!self->folder->rules.no_fsync && syncfs (self->dir) != 0) {
    vm_disk_fail (error, "The folder cannot be written to the disk");
    return NULL;
  }
  if (renameat2 (dir, self->growing, dir, name, RENAME_NOREPLACE) != 0
      && (errno != EINVAL || renameat (dir, self->growing, dir, name) != 0)) {
    vm_disk_fail (error, "The folder cannot be given its name");
    return NULL;
  }
  self->done = TRUE;
  received = g_strconcat (name, "/", NULL);
  vm_receive_forget_received (self->folder, self->key);
  vm_receive_note_received (
      self->folder, received, self->size, self->charged - self->noted);
  unlinkat (dir, self->lock_name, 0);
  return g_steal_pointer (&name);
}
