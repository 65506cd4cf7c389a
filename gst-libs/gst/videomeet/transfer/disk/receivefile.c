/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_RETRIES 16 /* when somebody took the name that was free */
#define PARTS_TRIED 16 /* names of a part file */
/* Chunks that are read again behind one that was written, where there are any
 * that the hash of the whole has not yet. */
#define CATCH_UP 2
/* Bytes that are written out at once, so that little is left for fsync() at the
 * end, which everybody waits for. */
#define WRITE_OUT (8 * 1024 * 1024)
/* Bytes behind which what was hashed leaves the system's memory. */
#define KEPT (4 * WRITE_OUT)

static gboolean
is_token (const gchar *text)
{
  gsize length = text ? strlen (text) : 0;

  return length > 0 && length <= VM_RECEIVE_ID_MAX
         && strspn (text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_")
                == length;
}

static gboolean
refuse (GError **error, VmError code, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, code, why);
  return FALSE;
}

/* A sender may call another file by the same id later, while what it has left
 * of the first is still there. */
static gboolean
make_part (VmReceiveFile *file, const gchar *sender, const gchar *transfer)
{
  for (guint i = 1; i <= PARTS_TRIED; i++) {
    g_autofree gchar *more = i > 1 ? g_strdup_printf ("-%u", i) : NULL;

    gchar *part = g_strdup_printf (VM_FILENAME_OWN_PREFIX "%s-%s%s.part",
        sender, transfer, more ? more : "");

    /* whoever opens the folder looks at the parts of open files */
    vm_receive_lock ();
    g_free (file->part);
    file->part = part;
    vm_receive_unlock ();
    file->fd =
        vm_disk_open (file->folder->dir, file->part, O_RDWR | O_CREAT | O_EXCL);
    if (file->fd >= 0 || errno != EEXIST)
      break;
  }
  return file->fd >= 0;
}

static gboolean
make_new (VmReceiveFile *file, const gchar *sender, const gchar *transfer,
    GError **error)
{
  const gint flags = O_RDWR | O_CREAT | O_EXCL;
  gint dir = file->folder->dir;

  if (!vm_receive_has_room (file, error))
    return FALSE;
  if (!make_part (file, sender, transfer))
    return vm_disk_fail (error, "The file cannot be received");
  file->journal_name = vm_receive_sibling (file->part, ".part", ".journal");
  file->journal_fd = vm_disk_open (dir, file->journal_name, flags);
  if (file->journal_fd < 0 || flock (file->journal_fd, LOCK_EX | LOCK_NB) != 0)
    vm_disk_fail (error, "The journal of the file cannot be made");
  else if (vm_receive_preallocate (file, error))
    file->journal = vm_journal_new (file->journal_fd, &file->header, error);
  if ((file->fresh = file->journal != NULL))
    return TRUE;
  unlinkat (dir, file->part, 0);
  if (file->journal_fd >= 0)
    unlinkat (dir, file->journal_name, 0);
  return FALSE;
}

/* What no file can replace. */
static gboolean
is_folder (VmReceiveFolder *folder, const gchar *name)
{
  struct stat st;

  return fstatat (folder->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0
         && S_ISDIR (st.st_mode);
}

static gboolean
check_name (VmReceiveFile *file, GError **error)
{
  VmReceiveFolder *folder = file->folder;
  g_autoptr (GPtrArray) names = vm_receive_list (folder, error);
  const gchar *name = file->header.name;
  gboolean replace = folder->rules.overwrite == VM_OVERWRITE_REPLACE
                     && !is_folder (folder, name);

  if (!names)
    return FALSE;
  if (folder->rules.overwrite == VM_OVERWRITE_RENAME
      || !vm_receive_is_taken (names, name, replace ? name : NULL))
    return TRUE;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_EXIST,
      "%s, or a name that differs only in case, is there already", name);
  return FALSE;
}

static gboolean
check_offer (VmReceiveFile *file, const gchar *sender, const gchar *transfer,
    GError **error)
{
  guint64 max = file->folder->rules.max_size;

  if (!is_token (sender) || !is_token (transfer))
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "Sender or transfer has an id that is none");
  if (!vm_journal_header_check (&file->header, error))
    return FALSE;
  if (max && file->header.size > max)
    return refuse (error, VM_ERROR_TOO_LARGE,
        "The file is larger than this device takes (max-size)");
  return check_name (file, error);
}

VmReceiveFile *
vm_receive_folder_begin (VmReceiveFolder *self, const gchar *sender,
    const gchar *transfer, const VmJournalHeader *header, GError **error)
{
  g_autofree gchar *name = vm_filename_make_safe (header->name, error);
  g_autoptr (VmReceiveFile) file = NULL;
  gboolean resumed;

  if (!name)
    return NULL;
  file = g_new0 (VmReceiveFile, 1);
  file->folder = vm_receive_folder_ref (self);
  file->fd = file->journal_fd = -1;
  file->whole = vm_file_hash_new ();
  file->header = *header;
  file->header.name = g_steal_pointer (&name);
  file->header.device = g_strdup (header->device);
  if (!check_offer (file, sender, transfer, error))
    return NULL;
  file->verified = g_malloc0 (vm_journal_chunks (&file->header) / 8 + 1);
  resumed = vm_receive_resume (file);
  if (!vm_receive_goes_on (file, error) || !vm_receive_enter (file, error)
      || (resumed ? !vm_receive_has_room (file, error)
                        || !vm_receive_preallocate (file, error)
                  : !make_new (file, sender, transfer, error)))
    return NULL;
  return g_steal_pointer (&file);
}

/* Whether @name is the file that is open, and not one put in its place. */
static gboolean
is_ours (VmReceiveFile *file, const gchar *name, gint fd)
{
  struct stat ours, there;

  return fstat (fd, &ours) == 0
         && fstatat (file->folder->dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0
         && ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static void
remove_part (VmReceiveFile *file)
{
  if (is_ours (file, file->part, file->fd))
    unlinkat (file->folder->dir, file->part, 0);
  if (is_ours (file, file->journal_name, file->journal_fd))
    unlinkat (file->folder->dir, file->journal_name, 0);
  file->discarded = TRUE;
}

/* One of which nothing came would keep its room on the disk for nothing. */
void
vm_receive_file_free (VmReceiveFile *file)
{
  if (file->fresh && file->count == 0 && !file->done && !file->discarded)
    remove_part (file);
  vm_receive_leave (file);
  g_clear_pointer (&file->whole, vm_file_hash_free);
  vm_receive_gone (file);
  vm_fd_clear (&file->fd);
  vm_journal_header_clear (&file->header);
  g_free (file->part);
  g_free (file->journal_name);
  g_free (file->verified);
  vm_receive_folder_unref (file->folder);
  g_free (file);
}

void
vm_receive_file_discard (VmReceiveFile *file)
{
  remove_part (file);
  vm_receive_file_free (file);
}

gboolean
vm_receive_file_has (VmReceiveFile *file, guint64 index)
{
  return index < vm_journal_chunks (&file->header)
         && (file->verified[index / 8] & 1 << index % 8) != 0;
}

guint64
vm_receive_file_count (VmReceiveFile *file)
{
  return file->count;
}

/* Whether somebody else has written into it, as its size and time tell. */
static void
look_for_others (VmReceiveFile *file, const struct stat *st)
{
  file->changed |= file->wrote
                   && ((guint64) st->st_size != file->header.size
                       || st->st_mtim.tv_sec != file->mtime.tv_sec
                       || st->st_mtim.tv_nsec != file->mtime.tv_nsec);
}

static void
note_time (VmReceiveFile *file)
{
  struct stat st;

  file->wrote = TRUE;
  if (fstat (file->fd, &st) == 0)
    file->mtime = st.st_mtim;
  else
    file->changed = TRUE;
}

/* Into a file that has no name any more, one could write until the end. */
static gboolean
is_there (VmReceiveFile *file, GError **error)
{
  struct stat st;

  if (fstat (file->fd, &st) != 0)
    return vm_disk_fail (error, "The unfinished file cannot be asked");
  if (st.st_nlink > 0) {
    look_for_others (file, &st);
    return TRUE;
  }
  errno = ENOENT;
  return vm_disk_fail (error, "The unfinished file was removed");
}

/* The next bytes of the file, as they are on the disk. */
static gboolean
hash_on (VmReceiveFile *file, gsize size, GError **error)
{
  g_autofree guint8 *data = g_malloc (size);
  gssize n =
      vm_disk_read (file->fd, data, size, vm_file_hash_get_done (file->whole));

  if (n != (gssize) size) {
    errno = n < 0 ? errno : EIO;
    return vm_disk_fail (error, "The unfinished file cannot be read");
  }
  vm_file_hash_add (file->whole, data, size);
  return TRUE;
}

/* Where chunks came in another order, or were there from an earlier transfer.
 * What cannot be read is told when the file is verified. */
static void
catch_up (VmReceiveFile *file)
{
  for (guint i = 0; i < CATCH_UP; i++) {
    guint64 index =
        vm_file_hash_get_done (file->whole) / file->header.chunk_size;

    if (!vm_receive_file_has (file, index)
        || !hash_on (file, vm_journal_chunk_size (&file->header, index), NULL))
      return;
  }
}

/* As it comes, so that the disk works meanwhile. */
static void
write_out (VmReceiveFile *file, gsize size)
{
  guint64 done = vm_file_hash_get_done (file->whole);

  file->held_back += size;
  if (file->folder->rules.no_fsync || file->held_back < WRITE_OUT)
    return;
  file->held_back = 0;
  vm_disk_write_out (file->fd);
  if (done > file->dropped + KEPT) {
    vm_disk_drop (file->fd, file->dropped, done - KEPT - file->dropped);
    file->dropped = done - KEPT;
  }
}

/* Whether it follows on what is in the hash of the whole. */
static gboolean
follows (VmReceiveFile *file, guint64 index)
{
  return index * file->header.chunk_size == vm_file_hash_get_done (file->whole);
}

/* Whether that is of use: else the whole is hashed again. */
static gboolean
is_next (VmReceiveFile *file, guint64 index)
{
  return !file->changed && follows (file, index);
}

/* It lies on the disk, and is what was looked at if it is next. */
static void
add_chunk (VmReceiveFile *file, guint64 index, gsize size, gboolean prefix)
{
  write_out (file, size);
  note_time (file);
  file->verified[index / 8] |= 1 << index % 8;
  file->count++;
  if (prefix || is_next (file, index))
    vm_file_hash_keep (file->whole);
  if (!file->changed)
    catch_up (file);
}

static gboolean
hash_chunk (VmReceiveFile *file, guint64 index, const guint8 *data, gsize size,
    gboolean prefix, guint8 own[VM_SHA256_SIZE], GError **error)
{
  if (prefix && !follows (file, index))
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "A chunk has the hash of the file up to it, and is not the next one");
  if (prefix)
    vm_file_hash_look_prefix (file->whole, data, size, own);
  else if (is_next (file, index))
    vm_file_hash_look (file->whole, data, size, own);
  else
    vm_sha256 (data, size, own);
  return TRUE;
}

static gboolean
write_chunk (VmReceiveFile *file, guint64 index, const guint8 *data, gsize size,
    const guint8 hash[VM_SHA256_SIZE], gboolean prefix, GError **error)
{
  guint8 own[VM_SHA256_SIZE];

  if (index >= vm_journal_chunks (&file->header)
      || size != vm_journal_chunk_size (&file->header, index))
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "A chunk has an index or a size that the file does not have");
  if (prefix && vm_receive_file_has (file, index))
    return TRUE;
  if (!hash_chunk (file, index, data, size, prefix, own, error))
    return FALSE;
  if (memcmp (own, hash, sizeof own) != 0)
    return refuse (error, VM_ERROR_BAD_MESSAGE, "A chunk has another hash");
  if (!is_there (file, error))
    return FALSE;
  if (vm_receive_file_has (file, index))
    return TRUE;
  if (!vm_receive_keeps_reserve (file, size, error))
    return FALSE;
  if (!vm_disk_write_sparse (
          file->fd, data, size, index * file->header.chunk_size))
    return vm_disk_fail (error, "A chunk cannot be written");
  if (!(prefix ? vm_journal_append_prefix : vm_journal_append) (
          file->journal, index, hash, error))
    return FALSE;
  add_chunk (file, index, size, prefix);
  return TRUE;
}

gboolean
vm_receive_file_write (VmReceiveFile *file, guint64 index, const guint8 *data,
    gsize size, const guint8 hash[VM_SHA256_SIZE], GError **error)
{
  return write_chunk (file, index, data, size, hash, FALSE, error);
}

gboolean
vm_receive_file_write_prefix (VmReceiveFile *file, guint64 index,
    const guint8 *data, gsize size, const guint8 hash[VM_SHA256_SIZE],
    GError **error)
{
  return write_chunk (file, index, data, size, hash, TRUE, error);
}

/* Of all that was not hashed when it was written, or that may be something else
 * by now. */
static gboolean
hash_rest (VmReceiveFile *file, GError **error)
{
  guint64 left;

  if (file->changed) {
    vm_file_hash_free (file->whole);
    file->whole = vm_file_hash_new ();
  }
  while ((left = file->header.size - vm_file_hash_get_done (file->whole)) > 0)
    if (!vm_receive_goes_on (file, error)
        || !hash_on (file, MIN (left, VM_CHUNK_SIZE_MAX), error))
      return FALSE;
  return TRUE;
}

static gboolean
verify (VmReceiveFile *file, const guint8 *hash, GError **error)
{
  guint8 own[VM_SHA256_SIZE];
  struct stat st;

  if (file->count != vm_journal_chunks (&file->header))
    return refuse (error, VM_ERROR_BAD_MESSAGE, "Chunks are missing");
  if (fstat (file->fd, &st) != 0)
    return vm_disk_fail (error, "The unfinished file cannot be asked");
  look_for_others (file, &st);
  if ((guint64) st.st_size != file->header.size
      && ftruncate (file->fd, file->header.size) != 0)
    return vm_disk_fail (error, "The unfinished file cannot be cut");
  if (!hash_rest (file, error))
    return FALSE;
  vm_file_hash_get (file->whole, own);
  if (memcmp (own, hash, sizeof own) != 0
      || (file->header.has_hash
          && memcmp (own, file->header.hash, sizeof own) != 0))
    return refuse (
        error, VM_ERROR_BAD_MESSAGE, "The whole file has another hash");
  return TRUE;
}

/* The name that it gets; NULL: none. */
static gchar *
choose_name (VmReceiveFile *file, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;

  if (file->folder->rules.overwrite != VM_OVERWRITE_RENAME)
    return check_name (file, error) ? g_strdup (file->header.name) : NULL;
  names = vm_receive_list (file->folder, error);
  return names ? vm_receive_free_name (names, file->header.name, error) : NULL;
}

/* Some file systems (NFS, some of FUSE) cannot rename without replacing. Nor
 * does a second name replace; the first goes then, if it is still its own. */
static gboolean
rename_new (VmReceiveFile *file, const gchar *name)
{
  gint dir = file->folder->dir;

  if (renameat2 (dir, file->part, dir, name, RENAME_NOREPLACE) == 0)
    return TRUE;
  if (errno != EINVAL || linkat (dir, file->part, dir, name, 0) != 0)
    return FALSE;
  if (is_ours (file, file->part, file->fd))
    unlinkat (dir, file->part, 0);
  return TRUE;
}

/* Looked at before and after: what somebody put in the part's place is not to
 * be called as the file. */
static gboolean
give_name (VmReceiveFile *file, const gchar *name, GError **error)
{
  gint dir = file->folder->dir;
  gboolean replace = file->folder->rules.overwrite == VM_OVERWRITE_REPLACE;

  if (!is_there (file, error))
    return FALSE;
  if (!is_ours (file, file->part, file->fd))
    return refuse (error, VM_ERROR_FAILED,
        "Another file was put in place of the unfinished one");
  if (replace ? renameat (dir, file->part, dir, name) != 0
              : !rename_new (file, name))
    return vm_disk_fail (error, "The file cannot be given its name");
  if (is_ours (file, name, file->fd))
    return TRUE;
  unlinkat (dir, name, 0);
  return refuse (error, VM_ERROR_FAILED,
      "Another file was put in place of the unfinished one");
}

/* When it was changed last, as its sender says
 * (protocol/files.md#file-messages), if that can be so: after 1970 began, and
 * no later than the last of it was written here. */
static void
set_time (VmReceiveFile *file)
{
  gint64 told = file->header.mtime;
  struct timespec times[] = { { .tv_nsec = UTIME_OMIT },
    { .tv_sec = told / 1000, .tv_nsec = told % 1000 * 1000 * 1000 } };
  struct stat st;

  if (told > 0 && fstat (file->fd, &st) == 0
      && times[1].tv_sec <= st.st_mtim.tv_sec)
    futimens (file->fd, times);
}

gchar *
vm_receive_file_commit (
    VmReceiveFile *file, const guint8 hash[VM_SHA256_SIZE], GError **error)
{
  gboolean sync = !file->folder->rules.no_fsync;
  g_autofree gchar *name = NULL;

  if (!verify (file, hash, error))
    return NULL;
  set_time (file);
  if (sync && fsync (file->fd) != 0) {
    vm_disk_fail (error, "The file cannot be written");
    return NULL;
  }
  for (guint i = 0;; i++) {
    g_autoptr (GError) reason = NULL;

    g_free (name);
    name = choose_name (file, error);
    if (!name)
      return NULL;
    if (give_name (file, name, &reason))
      break;
    if (file->folder->rules.overwrite != VM_OVERWRITE_RENAME
        || i == NAME_RETRIES
        || !g_error_matches (reason, G_FILE_ERROR, G_FILE_ERROR_EXIST)) {
      g_propagate_error (error, g_steal_pointer (&reason));
      return NULL;
    }
  }
  file->done = TRUE;
  vm_receive_note_received (
      file->folder, name, file->header.size, file->header.size);
  unlinkat (file->folder->dir, file->journal_name, 0);
  if (sync)
    fsync (file->folder->dir);
  return g_steal_pointer (&name);
}
