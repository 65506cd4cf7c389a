/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What lies in a receiving folder from before: unfinished files, each looked at
 * once, and what counts in its quota. */

#include "transfer/disk/receivefolder-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Lines "SIZE NAME", or "SIZE NAME/" of a folder, of what was received under a
 * quota. */
#define RECEIVED VM_FILENAME_OWN_PREFIX "received"
#define LINE_LENGTH (VM_FILENAME_MAX + 32) /* bytes */
#define JOURNAL ".journal"

void
vm_kept_free (gpointer data)
{
  VmKept *kept = data;

  vm_journal_header_clear (&kept->header);
  g_free (kept);
}

/* Unfinished files */

VmKept *
vm_kept_new (const VmJournalHeader *header, guint64 bytes, gint64 since)
{
  VmKept *kept = g_new0 (VmKept, 1);

  kept->header = *header;
  kept->header.device = g_strdup (header->device);
  kept->header.name = g_strdup (header->name);
  kept->bytes = MIN (bytes, header->size);
  kept->since = since;
  return kept;
}

/* What is not verified is not to keep its room on the disk. A file system that
 * cannot give it back keeps it. */
void
vm_receive_give_back (
    gint fd, const VmJournalHeader *header, const guint8 *verified)
{
  vm_receive_allocate (
      fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, header, verified);
}

/* One whose process was killed has all its room still. */
static void
give_back_killed (VmReceiveFolder *self, const gchar *part, VmJournal *journal,
    guint64 records)
{
  const VmJournalHeader *header = vm_journal_get_header (journal);
  g_auto (VmFd) fd = vm_receive_open_own (self, part);
  g_autofree guint8 *verified = NULL;
  guint8 hash[VM_SHA256_SIZE];
  struct stat st;
  guint64 index;

  /* each chunk may have a block more */
  if (fd < 0 || fstat (fd, &st) != 0
      || (guint64) st.st_blocks * 512
             <= records * (header->chunk_size + st.st_blksize))
    return;
  verified = g_malloc0 (vm_journal_chunks (header) / 8 + 1);
  while (vm_journal_next (journal, &index, hash))
    verified[index / 8] |= 1 << index % 8;
  vm_receive_give_back (fd, header, verified);
}

/* Of the journal @name; NULL: there is none, or somebody has it open. */
static VmKept *
look_at (VmReceiveFolder *self, const gchar *name, const gchar *part)
{
  g_auto (VmFd) fd = vm_receive_open_own (self, name);
  g_autoptr (VmJournal) journal = fd >= 0 ? vm_journal_load (fd, NULL) : NULL;
  struct stat st, there;
  guint64 records;
  VmKept *kept;

  if (!journal || fstat (fd, &st) != 0
      || fstatat (self->dir, part, &there, AT_SYMLINK_NOFOLLOW) != 0
      || flock (fd, LOCK_EX | LOCK_NB) != 0)
    return NULL;
  records = st.st_size / VM_JOURNAL_RECORD_SIZE;
  give_back_killed (self, part, journal, records);
  kept = vm_kept_new (vm_journal_get_header (journal),
      records * vm_journal_get_header (journal)->chunk_size, st.st_mtime);
  kept->inode = st.st_ino;
  return kept;
}

/* The journals in the folder: name of the part → inode. NULL: they cannot be
 * read. */
static GHashTable *
list_journals (VmReceiveFolder *self)
{
  DIR *dir = vm_receive_open_names (self, NULL);
  g_autoptr (GHashTable) found =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  const gchar *name = NULL;
  gboolean ok = dir != NULL;
  struct stat st;

  while (ok && g_hash_table_size (found) <= VM_RECEIVE_ENTRIES_MAX
         && (name = vm_disk_next_name (dir))) {
    g_autofree gchar *part = vm_receive_sibling (name, JOURNAL, ".part");

    if (!part)
      continue;
    if (fstatat (self->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
      g_hash_table_replace (found, g_steal_pointer (&part),
          g_memdup2 (&st.st_ino, sizeof st.st_ino));
    else
      ok = errno == ENOENT;
  }
  ok = ok && (name || errno == 0);
  if (dir)
    closedir (dir);
  return ok ? g_steal_pointer (&found) : NULL;
}

/* What is not in the folder any more, or is another, is forgotten; of @found
 * those stay that are new. */
static void
compare (VmReceiveFolder *self, GHashTable *found)
{
  g_autoptr (GList) parts = NULL;

  vm_receive_lock ();
  parts = g_hash_table_get_keys (self->use->kept);
  for (GList *l = parts; l; l = l->next) {
    const VmKept *kept = g_hash_table_lookup (self->use->kept, l->data);
    const ino_t *inode = g_hash_table_lookup (found, l->data);

    if (inode && *inode == kept->inode)
      g_hash_table_remove (found, l->data);
    else
      vm_receive_forget (self->use, l->data);
  }
  for (guint i = 0; i < self->use->open->len; i++) {
    const VmReceiveFile *file = g_ptr_array_index (self->use->open, i);

    if (file->part)
      g_hash_table_remove (found, file->part);
  }
  vm_receive_unlock ();
}

void
vm_receive_look_at_kept (VmReceiveFolder *self)
{
  g_autoptr (GHashTable) found = list_journals (self);
  GHashTableIter iter;
  gpointer part;

  if (!found)
    return;
  compare (self, found);
  g_hash_table_iter_init (&iter, found);
  while (g_hash_table_iter_next (&iter, &part, NULL)) {
    g_autofree gchar *name = vm_receive_sibling (part, ".part", JOURNAL);
    VmKept *kept = look_at (self, name, part);

    if (kept)
      vm_receive_keep (self, part, kept);
  }
}

/* Whether nobody has its journal open; then it is removed. */
gboolean
vm_receive_remove_part (VmReceiveFolder *self, const gchar *part)
{
  g_autofree gchar *journal = vm_receive_sibling (part, ".part", JOURNAL);
  g_auto (VmFd) fd = vm_receive_open_own (self, journal);

  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) != 0)
    return FALSE;
  unlinkat (self->dir, part, 0);
  unlinkat (self->dir, journal, 0);
  return TRUE;
}

typedef struct
{
  const gchar *device; /* or NULL: of all */
  gboolean strangers; /* of those alone */
  const gchar *part; /* the first to go, or NULL */
  gint64 since;
  guint count;
  guint64 bytes;
} Share;

static gboolean
is_in (const Share *share, const VmKept *kept)
{
  return (!share->device || strcmp (share->device, kept->header.device) == 0)
         && !(share->strangers && kept->header.known);
}

/* Called with lock held. Of the share, what goes first: the oldest. */
static void
measure (const VmReceiveUse *use, Share *share)
{
  GHashTableIter iter;
  gpointer part, value;

  g_hash_table_iter_init (&iter, use->kept);
  while (g_hash_table_iter_next (&iter, &part, &value)) {
    const VmKept *kept = value;

    if (!is_in (share, kept))
      continue;
    share->count++;
    share->bytes += kept->bytes;
    if (!share->part || kept->since < share->since) {
      share->part = part;
      share->since = kept->since;
    }
  }
}

/* Bytes that are left free, without the reserve. */
static guint64
room_of (VmReceiveFolder *self)
{
  struct statvfs fs;

  return fstatvfs (self->dir, &fs) == 0 ? (guint64) fs.f_bavail * fs.f_frsize
                                        : G_MAXUINT64;
}

/* Called with lock held; the part that goes next, or NULL. What strangers have
 * left goes before what others have; of strangers, no more stays than is free
 * besides. */
static const gchar *
choose (VmReceiveFolder *self, const gchar *device)
{
  Share own = { .device = device }, strangers = { .strangers = TRUE },
        all = { 0 };

  measure (self->use, &own);
  if (own.count > VM_RECEIVE_KEPT_PER_DEVICE)
    return own.part;
  measure (self->use, &strangers);
  measure (self->use, &all);
  if (all.count > VM_RECEIVE_KEPT_MAX)
    return strangers.part ? strangers.part : all.part;
  return strangers.count && strangers.bytes > room_of (self) ? strangers.part
                                                             : NULL;
}

/* Called with lock held. */
static void
make_room (VmReceiveFolder *self, const gchar *device)
{
  const gchar *part;

  while ((part = choose (self, device))) {
    g_autofree gchar *name = g_strdup (part);

    vm_receive_remove_part (self, name);
    vm_receive_forget (self->use, name);
  }
}

/* Takes @kept. */
void
vm_receive_keep (VmReceiveFolder *self, const gchar *part, VmKept *kept)
{
  VmReceiveUse *use = self->use;
  g_autofree gchar *device = g_strdup (kept->header.device);

  vm_receive_lock ();
  vm_receive_forget (use, part);
  use->bytes += kept->header.size;
  g_hash_table_replace (use->kept, g_strdup (part), kept);
  make_room (self, device);
  vm_receive_unlock ();
}

/* What was received under a quota */

void
vm_receive_count_received (VmReceiveUse *use, const gchar *name, guint64 size)
{
  const guint64 *before = g_hash_table_lookup (use->received, name);

  if (before)
    use->bytes -= *before;
  use->bytes += size;
  g_hash_table_replace (
      use->received, g_strdup (name), g_memdup2 (&size, sizeof size));
}

/* Without the "/" of a folder. */
static gchar *
name_of (const gchar *received, gboolean *folder)
{
  gsize length = strlen (received);

  *folder = g_str_has_suffix (received, "/");
  return g_strndup (received, *folder ? length - 1 : length);
}

static gboolean
is_gone (VmReceiveFolder *self, const gchar *received, guint64 size)
{
  gboolean folder;
  g_autofree gchar *name = name_of (received, &folder);
  struct stat st;

  if (fstatat (self->dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT;
  return folder ? !S_ISDIR (st.st_mode)
                : !S_ISREG (st.st_mode) || (guint64) st.st_size != size;
}

/* What was moved away since, or changed, counts no more. Called with lock
 * held. */
void
vm_receive_look_at_received (VmReceiveFolder *self)
{
  GHashTableIter iter;
  gpointer name, size;

  g_hash_table_iter_init (&iter, self->use->received);
  while (g_hash_table_iter_next (&iter, &name, &size)) {
    if (!is_gone (self, name, *(guint64 *) size))
      continue;
    self->use->bytes -= *(guint64 *) size;
    g_hash_table_iter_remove (&iter);
  }
}

static gchar *
line_of (const gchar *name, guint64 size)
{
  return g_strdup_printf ("%" G_GUINT64_FORMAT " %s\n", size, name);
}

/* A list that cannot be written is one that is forgotten with the process. */
static void
write_list (VmReceiveFolder *self)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_auto (VmFd) fd = -1;
  GHashTableIter iter;
  gpointer name, size;

  g_hash_table_iter_init (&iter, self->use->received);
  while (g_hash_table_iter_next (&iter, &name, &size)) {
    g_autofree gchar *line = line_of (name, *(guint64 *) size);

    g_string_append (text, line);
  }
  unlinkat (self->dir, RECEIVED "-new", 0);
  fd = vm_disk_open (self->dir, RECEIVED "-new", O_WRONLY | O_CREAT | O_EXCL);
  if (fd >= 0 && vm_disk_write (fd, text->str, text->len, 0) && fsync (fd) == 0)
    renameat (self->dir, RECEIVED "-new", self->dir, RECEIVED);
}

static void
read_line (VmReceiveFolder *self, const gchar *line)
{
  gchar *received = NULL;
  guint64 size = g_ascii_strtoull (line, &received, 10);
  g_autofree gchar *name = NULL, *checked = NULL;
  gboolean folder, own; /* own: what is kept of a folder */

  if (received == line || *received++ != ' ')
    return;
  name = name_of (received, &folder);
  checked = vm_filename_check (name, -1, NULL);
  own = folder && g_str_has_prefix (name, VM_FILENAME_OWN_PREFIX)
        && !strchr (name, '/');
  if ((checked || own) && size <= G_MAXINT64)
    vm_receive_count_received (self->use, received, size);
}

void
vm_receive_read_received (VmReceiveFolder *self)
{
  g_auto (VmFd) fd = vm_receive_open_own (self, RECEIVED);
  const gsize max = (gsize) VM_RECEIVE_ENTRIES_MAX * LINE_LENGTH;
  g_autofree gchar *text = NULL;
  g_auto (GStrv) lines = NULL;
  struct stat st;
  gssize size;
  guint listed;

  vm_receive_lock ();
  if (!self->use->has_received && fd >= 0 && fstat (fd, &st) == 0
      && (guint64) st.st_size <= max) {
    text = g_malloc (st.st_size + 1);
    size = vm_disk_read (fd, text, st.st_size, 0);
    text[MAX (size, 0)] = '\0';
    lines = g_strsplit (text, "\n", -1);
    for (guint i = 0; lines[i]; i++)
      read_line (self, lines[i]);
    listed = g_hash_table_size (self->use->received);
    vm_receive_look_at_received (self);
    if (listed > g_hash_table_size (self->use->received))
      write_list (self);
  }
  self->use->has_received = TRUE;
  vm_receive_unlock ();
}

void
vm_receive_note_received (
    VmReceiveFolder *self, const gchar *name, guint64 size, guint64 charged)
{
  g_autofree gchar *line = line_of (name, size);
  g_auto (VmFd) fd = -1;

  vm_receive_lock ();
  self->use->bytes -= charged;
  vm_receive_count_received (self->use, name, size);
  vm_receive_unlock ();
  if (!self->rules.quota || !size)
    return;
  fd = vm_receive_open_own (self, RECEIVED);
  if (fd < 0 && errno == ENOENT)
    fd = vm_disk_open (self->dir, RECEIVED, O_RDWR | O_CREAT | O_EXCL);
  if (fd >= 0 && flock (fd, LOCK_EX) == 0)
    vm_disk_write (fd, line, strlen (line), lseek (fd, 0, SEEK_END));
}

void
vm_receive_forget_received (VmReceiveFolder *self, const gchar *name)
{
  vm_receive_lock ();
  vm_receive_count_received (self->use, name, 0);
  g_hash_table_remove (self->use->received, name);
  vm_receive_unlock ();
}
