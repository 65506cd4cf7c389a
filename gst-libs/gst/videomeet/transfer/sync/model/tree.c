/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/model/tree.h"

#include "transfer/disk/filename.h"
#include "transfer/disk/timespec.h"

#include <string.h>

/* A file system that keeps parts of a millisecond has the kernel's tick, of at
 * most 10 ms; others may keep seconds only. All in ns. */
#define COARSE_TICK 1000000
#define RACY_FINE (12 * G_GINT64_CONSTANT (1000000))
#define RACY_COARSE (2 * G_GINT64_CONSTANT (1000000000))

VmSyncEntry *
vm_sync_entry_new (const gchar *path, VmSyncKind kind)
{
  VmSyncEntry *self = g_atomic_rc_box_new0 (VmSyncEntry);

  self->path = g_strdup (path);
  self->kind = kind;
  return self;
}

VmSyncEntry *
vm_sync_entry_ref (VmSyncEntry *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
entry_clear (gpointer data)
{
  VmSyncEntry *self = data;

  g_free (self->path);
  g_free (self->target);
  g_free (self->blocks);
  g_free (self->marks);
}

void
vm_sync_entry_unref (VmSyncEntry *self)
{
  g_atomic_rc_box_release_full (self, entry_clear);
}

void
vm_sync_entry_seal (VmSyncEntry *self)
{
  VmTranscript *transcript = vm_transcript_new ("vm2 sync entry");

  vm_transcript_add_number (transcript, self->kind);
  vm_transcript_add_number (
      transcript, self->kind == VM_SYNC_FILE ? self->size : 0);
  vm_transcript_add (
      transcript, self->blocks, (gsize) self->n_blocks * VM_SHA256_SIZE);
  vm_transcript_add_text (
      transcript, self->kind == VM_SYNC_LINK ? self->target : "");
  vm_transcript_hash (transcript, self->id);
  g_byte_array_unref (transcript);
}

VmSyncEntry *
vm_sync_entry_copy (const VmSyncEntry *self, const gchar *path)
{
  VmSyncEntry *copy = vm_sync_entry_new (path, self->kind);

  copy->mode = self->mode;
  copy->size = self->size;
  copy->mtime = self->mtime;
  copy->target = g_strdup (self->target);
  copy->blocks =
      g_memdup2 (self->blocks, (gsize) self->n_blocks * VM_SHA256_SIZE);
  copy->n_blocks = self->n_blocks;
  memcpy (copy->id, self->id, sizeof copy->id);
  return copy;
}

guint8 *
vm_sync_entry_copy_marks (const VmSyncEntry *self)
{
  gsize size = (gsize) (self->n_blocks + 1) * VM_SYNC_MARK_SIZE;

  return self->marks ? g_memdup2 (self->marks, size) : NULL;
}

guint8 *
vm_sync_entry_marks_for (const VmSyncEntry *self, const VmSyncEntry *now)
{
  guint8 *marks;

  if (self->size != now->size || self->n_blocks != now->n_blocks)
    return NULL;
  marks = vm_sync_entry_copy_marks (self);
  for (guint b = 0; marks && b < now->n_blocks; b++) {
    gsize at = (gsize) b * VM_SHA256_SIZE;

    if (memcmp (self->blocks + at, now->blocks + at, VM_SHA256_SIZE) != 0)
      memset (
          marks + (gsize) (b + 1) * VM_SYNC_MARK_SIZE, 0, VM_SYNC_MARK_SIZE);
  }
  return marks;
}

gboolean
vm_sync_entry_same (const VmSyncEntry *self, const VmSyncEntry *other)
{
  if (!self || !other)
    return self == other;
  return self->kind == other->kind && self->kind != VM_SYNC_OTHER
         && memcmp (self->id, other->id, sizeof self->id) == 0;
}

static gint64
ns_of (struct timespec time)
{
  return vm_timespec_count (time, 1000000000, G_MAXINT64);
}

VmSyncStamp
vm_sync_stamp_of (const struct stat *st)
{
  return (VmSyncStamp){
    .inode = st->st_ino,
    .size = st->st_size,
    .mtime = ns_of (st->st_mtim),
    .ctime = ns_of (st->st_ctim),
  };
}

gboolean
vm_sync_stamp_is_racy (const VmSyncStamp *stamp, gint64 now)
{
  gboolean fine = stamp->ctime % COARSE_TICK != 0;

  return stamp->ctime > now - (fine ? RACY_FINE : RACY_COARSE);
}

gboolean
vm_sync_stamp_equal (const VmSyncStamp *a, const VmSyncStamp *b)
{
  return a->inode == b->inode && a->size == b->size && a->mtime == b->mtime
         && a->ctime == b->ctime;
}

guint64
vm_sync_block_size (guint64 size)
{
  guint64 block = VM_SYNC_BLOCK_MIN;

  while (block < VM_SYNC_BLOCK_MAX && size > block * VM_SYNC_BLOCKS_PER_FILE)
    block *= 2;
  return block;
}

guint
vm_sync_block_count (guint64 size)
{
  guint64 block = vm_sync_block_size (size);
  guint64 count = size / block + (size % block != 0);

  return MIN (count, G_MAXUINT);
}

static guint
rank (gchar c)
{
  return c == '/' ? 1 : (guchar) c;
}

gint
vm_sync_path_compare (const gchar *a, const gchar *b)
{
  while (*a && *a == *b)
    a++, b++;
  return (gint) rank (*a) - (gint) rank (*b);
}

gboolean
vm_sync_path_check (const gchar *path, GError **error)
{
  g_auto (GStrv) names = NULL;

  if (strlen (path) > VM_SYNC_PATH_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A path has at most %d bytes", VM_SYNC_PATH_MAX);
    return FALSE;
  }
  names = g_strsplit (path, "/", -1);
  if (g_strv_length (names) > VM_SYNC_LEVELS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A folder has at most %d levels", VM_SYNC_LEVELS_MAX);
    return FALSE;
  }
  if (!names[0]) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "A path is empty");
    return FALSE;
  }
  for (guint i = 0; names[i]; i++) {
    g_autofree gchar *checked = NULL;

    if (strlen (names[i]) > VM_FILENAME_MAX) {
      g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
          "A name has at most %d bytes", VM_FILENAME_MAX);
      return FALSE;
    }
    checked = vm_filename_check (names[i], -1, error);
    if (!checked)
      return FALSE;
  }
  return TRUE;
}

gboolean
vm_sync_link_escapes (const gchar *path, const gchar *target)
{
  g_auto (GStrv) names = g_strsplit (target, "/", -1);
  guint ups = 0, depth = 0;
  gboolean named = FALSE;

  if (*target == '/')
    return TRUE;
  for (const gchar *p = path; *p; p++)
    depth += *p == '/';
  for (guint i = 0; names[i]; i++) {
    if (strcmp (names[i], "..") == 0) {
      if (named || ++ups > depth)
        return TRUE;
    } else if (*names[i] && strcmp (names[i], ".") != 0) {
      named = TRUE;
    }
  }
  return FALSE;
}

VmSyncTree *
vm_sync_tree_new (void)
{
  VmSyncTree *self = g_new0 (VmSyncTree, 1);

  self->entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_sync_entry_unref);
  self->by_path = g_hash_table_new (g_str_hash, g_str_equal);
  return self;
}

void
vm_sync_tree_free (VmSyncTree *self)
{
  g_hash_table_unref (self->by_path);
  g_ptr_array_unref (self->entries);
  g_free (self);
}

gboolean
vm_sync_tree_add (VmSyncTree *self, VmSyncEntry *entry, GError **error)
{
  g_autoptr (VmSyncEntry) mine = entry;

  if (self->entries->len >= VM_SYNC_ENTRIES_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A folder has at most %d entries", VM_SYNC_ENTRIES_MAX);
    return FALSE;
  }
  if (entry->n_blocks > VM_SYNC_BLOCKS_MAX - self->blocks) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The files of a folder have at most %d blocks", VM_SYNC_BLOCKS_MAX);
    return FALSE;
  }
  if (g_hash_table_contains (self->by_path, entry->path)) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "A manifest names a path twice");
    return FALSE;
  }
  self->blocks += entry->n_blocks;
  g_hash_table_insert (self->by_path, entry->path, entry);
  g_ptr_array_add (self->entries, g_steal_pointer (&mine));
  return TRUE;
}

static gint
compare_entries (gconstpointer a, gconstpointer b)
{
  const VmSyncEntry *const *x = a, *const *y = b;

  return vm_sync_path_compare ((*x)->path, (*y)->path);
}

gboolean
vm_sync_tree_finish (VmSyncTree *self, GError **error)
{
  g_ptr_array_sort (self->entries, compare_entries);
  for (guint i = 0; i < self->entries->len; i++) {
    const VmSyncEntry *entry = self->entries->pdata[i];
    const gchar *slash = strrchr (entry->path, '/');
    g_autofree gchar *above = NULL;
    const VmSyncEntry *folder;

    if (!slash)
      continue;
    above = g_strndup (entry->path, slash - entry->path);
    folder = vm_sync_tree_get (self, above);
    if (!folder || folder->kind != VM_SYNC_FOLDER) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "A manifest has an entry without the folder above it");
      return FALSE;
    }
  }
  return TRUE;
}

VmSyncEntry *
vm_sync_tree_get (const VmSyncTree *self, const gchar *path)
{
  return g_hash_table_lookup (self->by_path, path);
}

gchar *
vm_sync_tree_digest (const VmSyncTree *self)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; i < self->entries->len; i++) {
    const VmSyncEntry *entry = self->entries->pdata[i];
    guint32 mode = GUINT32_TO_BE (entry->mode);

    if (entry->kind == VM_SYNC_OTHER)
      continue;
    g_checksum_update (
        sum, (const guchar *) entry->path, strlen (entry->path) + 1);
    g_checksum_update (sum, entry->id, sizeof entry->id);
    g_checksum_update (sum, (const guchar *) &mode, sizeof mode);
  }
  return g_strdup (g_checksum_get_string (sum));
}
