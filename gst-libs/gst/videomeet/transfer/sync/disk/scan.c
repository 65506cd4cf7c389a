/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/sync/disk/scan.h"

#include "transfer/disk/diskfile.h"
#include "transfer/disk/filename.h"
#include "transfer/disk/timespec.h"
#include "transfer/sync/disk/blockmark.h"
#include "transfer/sync/model/work.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE (1024 * 1024)
/* Bytes of a file that two threads read, and whose blocks are marked. */
#define LARGE (64 * 1024 * 1024)
#define READ_TRIES 3 /* of a file that changes while it is read */

typedef struct
{
  const VmSyncScan *what;
  VmSyncTree *tree;
  GPtrArray *skipped;
  guint umask; /* of the modes that are carried */
  guint8 *buffer;
  EVP_MD_CTX *hash;
} Scan;

gint
vm_sync_open_above (gint root, const gchar *path, const gchar **name)
{
  const gchar *slash = strrchr (path, '/');
  g_autofree gchar *above = NULL;

  *name = slash ? slash + 1 : path;
  above = slash ? g_strndup (path, slash - path) : g_strdup (".");
  return vm_disk_open (root, above, O_RDONLY | O_DIRECTORY);
}

gboolean
vm_sync_is_entry (gint fd, const VmSyncEntry *entry)
{
  struct stat st;
  VmSyncStamp stamp;

  if (fstat (fd, &st) != 0 || !S_ISREG (st.st_mode))
    return FALSE;
  stamp = vm_sync_stamp_of (&st);
  return entry->has_stamp && vm_sync_stamp_equal (&stamp, &entry->stamp);
}

gint
vm_sync_open_entry (gint root, const VmSyncEntry *entry)
{
  VmFd fd = vm_disk_open (root, entry->path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

  if (fd >= 0 && !vm_sync_is_entry (fd, entry)) {
    vm_fd_clear (&fd);
    errno = ESTALE;
  }
  return fd;
}

static gboolean
is_cancelled (Scan *scan)
{
  return g_cancellable_is_cancelled (scan->what->cancellable);
}

/* One block of an open file. @hash: NULL, or: @marker: NULL: not wanted. */
static gboolean
read_block (Scan *scan, gint fd, guint64 at, guint64 size, guint8 *hash,
    VmSyncMarker *marker, guint8 *mark)
{
  if ((hash && EVP_DigestInit_ex (scan->hash, NULL, NULL) != 1)
      || (marker && !vm_sync_marker_begin (marker)))
    return FALSE;
  while (size > 0) {
    gsize n = MIN (size, READ_SIZE);

    if (is_cancelled (scan)
        || vm_disk_read (fd, scan->buffer, n, at) != (gssize) n
        || (hash && EVP_DigestUpdate (scan->hash, scan->buffer, n) != 1)
        || (marker && !vm_sync_marker_add (marker, scan->buffer, n)))
      return FALSE;
    at += n;
    size -= n;
  }
  return (!hash || EVP_DigestFinal_ex (scan->hash, hash, NULL) == 1)
         && (!marker || vm_sync_marker_end (marker, mark));
}

/* One block of a large file, which is hashed only if it is another one than in
 * @known (nullable). */
static gboolean
hash_marked (Scan *scan, gint fd, VmSyncEntry *entry, guint b,
    const VmSyncEntry *known, VmSyncMarker *marker)
{
  guint64 at = b * vm_sync_block_size (entry->size);
  guint64 size = vm_sync_block_bytes (entry->size, b);
  guint8 *hash = entry->blocks + (gsize) b * VM_SHA256_SIZE;
  gsize offset = (gsize) (b + 1) * VM_SYNC_MARK_SIZE;
  guint8 *mark = entry->marks + offset;

  if (!known)
    return read_block (scan, fd, at, size, hash, marker, mark);
  if (!read_block (scan, fd, at, size, NULL, marker, mark))
    return FALSE;
  if (memcmp (mark, known->marks + offset, VM_SYNC_MARK_SIZE) != 0)
    return read_block (scan, fd, at, size, hash, NULL, NULL);
  memcpy (hash, known->blocks + (gsize) b * VM_SHA256_SIZE, VM_SHA256_SIZE);
  return TRUE;
}

static gboolean
hash_blocks (Scan *scan, gint fd, VmSyncEntry *entry, guint from, guint to,
    const VmSyncEntry *known)
{
  guint64 block = vm_sync_block_size (entry->size);
  g_autoptr (VmSyncMarker) marker =
      entry->marks ? vm_sync_marker_new (entry->marks) : NULL;

  if (entry->marks && !marker)
    return FALSE;
  for (guint b = from; b < to; b++) {
    gboolean ok =
        marker ? hash_marked (scan, fd, entry, b, known, marker)
               : read_block (scan, fd, b * block,
                   vm_sync_block_bytes (entry->size, b),
                   entry->blocks + (gsize) b * VM_SHA256_SIZE, NULL, NULL);

    if (!ok)
      return FALSE;
  }
  return TRUE;
}

static void
scan_init (Scan *scan)
{
  scan->buffer = g_malloc (READ_SIZE);
  scan->hash = EVP_MD_CTX_new ();
  EVP_DigestInit_ex (scan->hash, EVP_sha256 (), NULL);
}

static void
scan_clear (Scan *scan)
{
  EVP_MD_CTX_free (scan->hash);
  g_free (scan->buffer);
}

/* The second half of a large file, on a thread of its own. */
typedef struct
{
  const VmSyncScan *what;
  gint fd;
  VmSyncEntry *entry;
  const VmSyncEntry *known;
  guint from;
} Half;

static gpointer
hash_half (gpointer data)
{
  Half *half = data;
  Scan scan = { .what = half->what };
  gboolean ok;

  scan_init (&scan);
  ok = hash_blocks (&scan, half->fd, half->entry, half->from,
      half->entry->n_blocks, half->known);
  scan_clear (&scan);
  return GINT_TO_POINTER (ok);
}

/* What an earlier scan has read at its path, in the same blocks; or NULL. */
static const VmSyncEntry *
find_marked (Scan *scan, const VmSyncEntry *entry)
{
  const VmSyncEntry *known =
      scan->what->known ? vm_sync_tree_get (scan->what->known, entry->path)
                        : NULL;

  return known && known->kind == VM_SYNC_FILE && known->marks
                 && known->size == entry->size
                 && known->n_blocks == entry->n_blocks
             ? known
             : NULL;
}

static gboolean
make_marks (VmSyncEntry *entry, const VmSyncEntry *known)
{
  g_free (entry->marks);
  entry->marks = g_malloc0 ((gsize) (entry->n_blocks + 1) * VM_SYNC_MARK_SIZE);
  if (!known)
    return RAND_bytes (entry->marks, VM_SYNC_MARK_SIZE) == 1;
  memcpy (entry->marks, known->marks, VM_SYNC_MARK_SIZE);
  return TRUE;
}

static gboolean
hash_file (Scan *scan, gint fd, VmSyncEntry *entry)
{
  Half half = { .what = scan->what, .fd = fd, .entry = entry };
  GThread *thread = NULL;
  gboolean ok;

  entry->n_blocks = vm_sync_block_count (entry->size);
  g_free (entry->blocks);
  entry->blocks = g_malloc ((gsize) entry->n_blocks * VM_SHA256_SIZE);
  g_clear_pointer (&entry->marks, g_free);
  if (entry->size < LARGE)
    return hash_blocks (scan, fd, entry, 0, entry->n_blocks, NULL);
  half.known = find_marked (scan, entry);
  if (!make_marks (entry, half.known))
    return FALSE;
  half.from = entry->n_blocks / 2;
  thread = g_thread_new ("vm-sync-hash", hash_half, &half);
  ok = hash_blocks (scan, fd, entry, 0, half.from, half.known);
  return GPOINTER_TO_INT (g_thread_join (thread)) && ok;
}

/* The hashes are known by an earlier scan. */
static gboolean
recall (Scan *scan, VmSyncEntry *entry)
{
  const VmSyncEntry *known =
      scan->what->known ? vm_sync_tree_get (scan->what->known, entry->path)
                        : NULL;

  if (!known || known->kind != VM_SYNC_FILE || !known->has_stamp || known->racy
      || !vm_sync_stamp_equal (&known->stamp, &entry->stamp))
    return FALSE;
  entry->racy = FALSE;
  entry->n_blocks = known->n_blocks;
  entry->blocks =
      g_memdup2 (known->blocks, (gsize) known->n_blocks * VM_SHA256_SIZE);
  entry->marks = vm_sync_entry_copy_marks (known);
  return TRUE;
}

/* What the umask keeps others from having here is as the peer has it. */
static guint
mode_of (Scan *scan, const VmSyncEntry *entry, const struct stat *st)
{
  const VmSyncEntry *known =
      scan->umask && scan->what->known
          ? vm_sync_tree_get (scan->what->known, entry->path)
          : NULL;
  guint mode = st->st_mode & VM_SYNC_MODE_MASK;

  return known ? (mode & ~scan->umask) | (known->mode & scan->umask) : mode;
}

static void
describe (Scan *scan, VmSyncEntry *entry, const struct stat *st)
{
  entry->mode = mode_of (scan, entry, st);
  entry->size = st->st_size;
  entry->mtime =
      vm_timespec_count (st->st_mtim, G_USEC_PER_SEC, VM_SYNC_TIME_MAX);
  entry->stamp = vm_sync_stamp_of (st);
  entry->has_stamp = TRUE;
  entry->racy =
      vm_sync_stamp_is_racy (&entry->stamp, g_get_real_time () * 1000);
}

static void
give_up (VmSyncEntry *entry, const gchar *why)
{
  entry->kind = VM_SYNC_OTHER;
  entry->n_blocks = 0;
  g_clear_pointer (&entry->blocks, g_free);
  g_clear_pointer (&entry->marks, g_free);
  g_free (entry->target);
  entry->target = g_strdup (why);
}

/* A file that changes while it is read has no hash. */
static void
read_file (Scan *scan, gint folder, const gchar *name, VmSyncEntry *entry)
{
  g_auto (VmFd) fd = -1;

  if (recall (scan, entry))
    return;
  fd = vm_disk_open (folder, name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  for (guint i = 0; i < READ_TRIES; i++) {
    struct stat st;

    if (fd < 0 || fstat (fd, &st) != 0 || !S_ISREG (st.st_mode)) {
      give_up (entry, "it cannot be read");
      return;
    }
    describe (scan, entry, &st);
    if (entry->size > 0 && vm_sync_block_count (entry->size) == 0)
      break;
    if (hash_file (scan, fd, entry) && vm_sync_is_entry (fd, entry))
      return;
    if (is_cancelled (scan))
      break;
  }
  give_up (entry, "it changes while it is read");
}

static void
read_link (gint folder, const gchar *name, VmSyncEntry *entry)
{
  gchar target[VM_SYNC_TARGET_MAX + 1];
  gssize size = readlinkat (folder, name, target, sizeof target);

  entry->mode = VM_SYNC_MODE_MASK;
  if (size <= 0 || size > VM_SYNC_TARGET_MAX
      || !g_utf8_validate (target, size, NULL)) {
    give_up (entry, "the link cannot be read");
    return;
  }
  g_free (entry->target);
  entry->target = g_strndup (target, size);
}

static void
skip (Scan *scan, const gchar *path, const gchar *why)
{
  g_autofree gchar *shown = g_utf8_make_valid (path, -1);

  if (scan->skipped && scan->skipped->len < VM_SYNC_ENTRIES_MAX)
    g_ptr_array_add (scan->skipped, g_strdup_printf ("%s: %s", shown, why));
}

/* The paths of what can be synced in the folder @path; of more than there may
 * be only one more. NULL with errno: not all of it can be read. */
static GPtrArray *
list_folder (Scan *scan, gint folder, const gchar *path)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  const gchar *name = NULL;
  DIR *list;
  gint code;

  if (scan->what->watch)
    vm_sync_watch_add (scan->what->watch, folder);
  list = vm_disk_list (folder);
  if (!list)
    return NULL;
  while (
      paths->len <= VM_SYNC_ENTRIES_MAX && (name = vm_disk_next_name (list))) {
    g_autofree gchar *below = NULL;
    g_autoptr (GError) wrong = NULL;

    if (g_str_has_prefix (name, VM_FILENAME_OWN_PREFIX))
      continue;
    below = path ? g_strconcat (path, "/", name, NULL) : g_strdup (name);
    if (vm_sync_path_check (below, &wrong))
      g_ptr_array_add (paths, g_steal_pointer (&below));
    else
      skip (scan, below, wrong->message);
  }
  code = name ? 0 : errno;
  closedir (list);
  errno = code;
  return code ? NULL : g_steal_pointer (&paths);
}

static gboolean
read_paths (Scan *scan, gint folder, const GPtrArray *paths, GError **error);

/* Its kind, and what a file or a link has in it. */
static void
read_content (Scan *scan, gint folder, const gchar *name, const struct stat *st,
    VmSyncEntry *entry)
{
  describe (scan, entry, st);
  if (S_ISREG (st->st_mode)) {
    entry->kind = VM_SYNC_FILE;
    read_file (scan, folder, name, entry);
  } else if (S_ISLNK (st->st_mode)) {
    entry->kind = VM_SYNC_LINK;
    read_link (folder, name, entry);
  } else if (S_ISDIR (st->st_mode)) {
    entry->kind = VM_SYNC_FOLDER;
  } else {
    give_up (entry, "it is neither file, folder nor link");
  }
}

/* What is left out here counts as deleted, and goes on the other side, too. */
static gboolean
read_entry (Scan *scan, gint folder, const gchar *path, GError **error)
{
  const gchar *slash = strrchr (path, '/');
  const gchar *name = slash ? slash + 1 : path;
  struct stat st;
  g_autoptr (VmSyncEntry) entry = vm_sync_entry_new (path, VM_SYNC_OTHER);
  g_autoptr (GPtrArray) paths = NULL;
  g_auto (VmFd) fd = -1;

  if (fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
    read_content (scan, folder, name, &st, entry);
  else if (errno == ENOENT)
    return TRUE; /* it is gone by now */
  else
    give_up (entry, "it cannot be read");
  if (entry->kind == VM_SYNC_FOLDER) {
    fd = vm_disk_open (folder, name, O_RDONLY | O_DIRECTORY);
    paths = fd < 0 ? NULL : list_folder (scan, fd, path);
    if (!paths)
      give_up (entry, "the folder cannot be read");
  }
  vm_sync_entry_seal (entry);
  if (!vm_sync_tree_add (scan->tree, g_steal_pointer (&entry), error))
    return FALSE;
  return !paths || read_paths (scan, fd, paths, error);
}

static gboolean
read_paths (Scan *scan, gint folder, const GPtrArray *paths, GError **error)
{
  gboolean ok = TRUE;

  if (paths->len > VM_SYNC_ENTRIES_MAX - scan->tree->entries->len) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A folder has at most %d entries", VM_SYNC_ENTRIES_MAX);
    return FALSE;
  }
  for (guint i = 0; ok && i < paths->len && !is_cancelled (scan); i++)
    ok = read_entry (scan, folder, paths->pdata[i], error);
  return ok;
}

static gboolean
read_root (Scan *scan, GError **error)
{
  g_autoptr (GPtrArray) paths = list_folder (scan, scan->what->root, NULL);

  return paths ? read_paths (scan, scan->what->root, paths, error)
               : vm_disk_fail (error, "The folder cannot be read");
}

VmSyncTree *
vm_sync_scan (const VmSyncScan *what, GPtrArray *skipped, GError **error)
{
  g_autoptr (VmSyncTree) tree = vm_sync_tree_new ();
  Scan scan = { .what = what,
    .tree = tree,
    .skipped = skipped,
    .umask = vm_disk_get_umask () & VM_SYNC_MODE_MASK };
  gboolean ok;

  scan_init (&scan);
  ok = read_root (&scan, error);
  scan_clear (&scan);
  if (!ok || g_cancellable_set_error_if_cancelled (what->cancellable, error)
      || !vm_sync_tree_finish (tree, error))
    return NULL;
  return g_steal_pointer (&tree);
}
