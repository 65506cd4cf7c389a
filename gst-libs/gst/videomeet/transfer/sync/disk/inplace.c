/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/inplace.h"

#include "transfer/disk/diskfile.h"
#include "transfer/sync/disk/apply-priv.h"
#include "transfer/sync/disk/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_SIZE (1024 * 1024)
#define JOURNAL_MAX (64 * 1024)
#define JOURNAL "(sttux)" /* path, offset and size of the part, mode, mtime */
#define JOURNAL_END ".journal"
#define OLD_END ".old" /* the file, while it has no other name */
#define RECOVERED "recovered" /* in place of a device in a name */
#define NAME_SIZE 32

typedef struct
{
  gchar *path;
  guint64 from, size;
  guint32 mode;
  gint64 mtime;
} Journal;

gboolean
vm_sync_in_place_fits (const VmSyncOp *op)
{
  return op->is_delta && !op->keep && op->delta.old_size == op->delta.new_size
         && op->own->size == op->item->entry->size
         && op->own->size >= VM_SYNC_IN_PLACE_MIN
         && op->delta.new_size <= VM_SYNC_IN_PLACE_PART_MAX;
}

gboolean
vm_sync_in_place_clone (VmSyncStage *stage, VmSyncOp *op, gint fd)
{
  g_auto (VmFd) old = vm_sync_open_entry (stage->root, op->own);

  return old >= 0 && ioctl (fd, FICLONE, old) == 0;
}

gboolean
vm_sync_in_place_is_alone (VmSyncStage *stage, const VmSyncOp *op)
{
  g_auto (VmFd) old = vm_sync_open_entry (stage->root, op->own);
  struct stat st;

  return old >= 0 && fstat (old, &st) == 0 && st.st_nlink == 1;
}

static void
name_of (guint number, const gchar *end, gchar name[NAME_SIZE])
{
  g_snprintf (name, NAME_SIZE, "%u%s", number, end);
}

gboolean
vm_sync_in_place_prepare (VmSyncStage *stage, VmSyncOp *op, GError **error)
{
  g_autoptr (GVariant) journal = g_variant_ref_sink (
      g_variant_new (JOURNAL, op->item->path, op->delta.from,
          op->delta.new_size, op->item->mode, op->item->entry->mtime));
  gchar name[NAME_SIZE];
  g_auto (VmFd) fd = -1;

  name_of (op->number, JOURNAL_END, name);
  fd = vm_disk_open (stage->fd, name, O_WRONLY | O_CREAT | O_EXCL);
  if (fd < 0
      || !vm_disk_write (
          fd, g_variant_get_data (journal), g_variant_get_size (journal), 0))
    return vm_disk_fail (error, "A journal cannot be written");
  return TRUE;
}

static gboolean
copy_part (gint from, gint to, guint64 at, guint64 size)
{
  g_autofree guint8 *buffer = g_malloc (COPY_SIZE);
  guint64 done = 0;

  while (done < size) {
    gsize n = MIN (size - done, COPY_SIZE);

    if (vm_disk_read (from, buffer, n, done) != (gssize) n
        || !vm_disk_write_sparse (to, buffer, n, at + done))
      return FALSE;
    done += n;
  }
  return TRUE;
}

/* The part is in the stage, and the file too. */
static gboolean
write_part (gint stage, guint number, const Journal *journal)
{
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
  gint64 rest = journal->mtime % G_USEC_PER_SEC;
  gchar part[NAME_SIZE], old[NAME_SIZE];
  g_auto (VmFd) from = -1, to = -1;

  if (rest < 0)
    rest += G_USEC_PER_SEC;
  times[1].tv_sec = (journal->mtime - rest) / G_USEC_PER_SEC;
  times[1].tv_nsec = rest * 1000;
  name_of (number, "", part);
  name_of (number, OLD_END, old);
  from = vm_disk_open (stage, part, O_RDONLY);
  to = vm_disk_open (stage, old, O_RDWR);
  if (from < 0 || to < 0 || !copy_part (from, to, journal->from, journal->size))
    return FALSE;
  futimens (to, times);
  return fchmod (to, journal->mode & VM_SYNC_MODE_MASK & ~vm_disk_get_umask ())
             == 0
         && fdatasync (to) == 0;
}

/* The file has the name again that was taken from it. Else the next sync gives
 * it one: it ends what has a part, and changes nothing without one. */
static gboolean
put_back (VmSyncStage *stage, const gchar *old, gint folder, const gchar *name)
{
  if (vm_sync_place_rename (stage->fd, old, folder, name))
    return TRUE;
  stage->keep = TRUE;
  return FALSE;
}

gboolean
vm_sync_in_place_commit (
    VmSyncStage *stage, VmSyncOp *op, gint folder, const gchar *name)
{
  Journal journal = {
    .from = op->delta.from,
    .size = op->delta.new_size,
    .mode = op->item->mode,
    .mtime = op->item->entry->mtime,
  };
  gchar old[NAME_SIZE], end[NAME_SIZE], part[NAME_SIZE];
  struct stat st;

  name_of (op->number, OLD_END, old);
  name_of (op->number, JOURNAL_END, end);
  name_of (op->number, "", part);
  if (renameat (folder, name, stage->fd, old) != 0)
    return FALSE;
  /* it may have got another name since, or be another file */
  if (fstatat (stage->fd, old, &st, AT_SYMLINK_NOFOLLOW) != 0
      || !S_ISREG (st.st_mode) || st.st_nlink != 1
      || (guint64) st.st_ino != op->own->stamp.inode
      || (guint64) st.st_size != op->own->stamp.size
      || vm_sync_stamp_of (&st).mtime != op->own->stamp.mtime) {
    unlinkat (stage->fd, part, 0);
    put_back (stage, old, folder, name);
    errno = ESTALE;
    return FALSE;
  }
  if (!write_part (stage->fd, op->number, &journal)) {
    /* it may be half changed: the next sync ends it */
    stage->keep = TRUE;
    return FALSE;
  }
  if (!put_back (stage, old, folder, name))
    return FALSE;
  unlinkat (stage->fd, end, 0);
  unlinkat (stage->fd, part, 0);
  return TRUE;
}

static gboolean
read_journal (gint stage, guint number, Journal *journal)
{
  gchar name[NAME_SIZE];
  g_auto (VmFd) fd = -1;
  g_autofree guint8 *data = g_malloc (JOURNAL_MAX);
  gssize size;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (GVariant) variant = NULL;

  name_of (number, JOURNAL_END, name);
  fd = vm_disk_open (stage, name, O_RDONLY);
  size = fd < 0 ? -1 : vm_disk_read (fd, data, JOURNAL_MAX, 0);
  if (size <= 0)
    return FALSE;
  bytes = g_bytes_new (data, size);
  variant = g_variant_ref_sink (
      g_variant_new_from_bytes (G_VARIANT_TYPE (JOURNAL), bytes, FALSE));
  if (!g_variant_is_normal_form (variant))
    return FALSE;
  g_variant_get (variant, JOURNAL, &journal->path, &journal->from,
      &journal->size, &journal->mode, &journal->mtime);
  return vm_sync_path_check (journal->path, NULL);
}

/* Gives the file its name again, or one beside it when that is taken. */
static gboolean
give_back (gint root, gint stage, const gchar *old, const Journal *journal)
{
  const gchar *name;
  g_auto (VmFd) folder = vm_sync_open_above (root, journal->path, &name);
  g_autofree gchar *other = NULL;

  if (folder < 0)
    return FALSE;
  if (vm_sync_place_rename (stage, old, folder, name))
    return TRUE;
  other = vm_sync_conflict_name (name, journal->mtime, RECOVERED);
  return vm_sync_place_rename (stage, old, folder, other);
}

static gboolean
has_part (gint stage, guint number)
{
  gchar name[NAME_SIZE];
  struct stat st;

  name_of (number, "", name);
  return fstatat (stage, name, &st, AT_SYMLINK_NOFOLLOW) == 0
         || errno != ENOENT;
}

static gboolean
recover_one (gint root, gint stage, const gchar *old)
{
  guint number = g_ascii_strtoull (old, NULL, 10);
  Journal journal = { 0 };
  gboolean ok =
      read_journal (stage, number, &journal)
      && (!has_part (stage, number) || write_part (stage, number, &journal))
      && give_back (root, stage, old, &journal);

  g_free (journal.path);
  return ok;
}

gboolean
vm_sync_in_place_recover (gint root, gint fd)
{
  gint copy = openat (fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR *list = copy < 0 ? NULL : fdopendir (copy);
  const gchar *name;
  gboolean ok = list != NULL;

  while (list && (name = vm_disk_next_name (list)))
    if (g_str_has_suffix (name, OLD_END))
      ok = recover_one (root, fd, name) && ok;
  ok = ok && errno == 0;
  if (list)
    closedir (list);
  else if (copy >= 0)
    close (copy);
  return ok;
}
