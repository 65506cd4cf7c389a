/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/archivewalk.h"

#include "transfer/disk/filename.h"
#include "transfer/disk/timespec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  GPtrArray *entries;
  VmArchiveNames *names; /* NULL: any are taken but those of stages */
  VmArchiveLeftOutFunc left_out;
  gpointer data;
} Walk;

static void
entry_free (gpointer data)
{
  VmArchiveEntry *entry = data;

  g_free (entry->path);
  g_free (entry->target);
  g_free (entry);
}

static void
leave_out (Walk *walk, const gchar *path, const gchar *why)
{
  if (walk->left_out)
    walk->left_out (path, why, walk->data);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

static void
cannot_read (const gchar *path, GError **error)
{
  g_autofree gchar *shown = path ? g_utf8_make_valid (path, -1) : NULL;
  g_autofree gchar *what =
      shown ? g_strdup_printf ("The folder “%s” in it cannot be read", shown)
            : g_strdup ("The folder cannot be read");

  vm_disk_fail (error, what);
}

/* The names in the folder, which it takes; more than there may be are not
 * read. */
static GPtrArray *
list (VmFd folder, const gchar *path, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  DIR *dir = folder >= 0 ? fdopendir (folder) : NULL;
  const gchar *name = NULL;
  gboolean whole;

  if (!dir) {
    cannot_read (path, error);
    vm_fd_clear (&folder);
    return NULL;
  }
  while (
      names->len <= VM_ARCHIVE_ENTRIES_MAX && (name = vm_disk_next_name (dir)))
    g_ptr_array_add (names, g_strdup (name));
  whole = name || errno == 0;
  if (!whole)
    cannot_read (path, error);
  closedir (dir);
  if (!whole)
    return NULL;
  g_ptr_array_sort (names, compare);
  return g_steal_pointer (&names);
}

static gchar *
read_target (gint folder, const gchar *name)
{
  gchar target[VM_ARCHIVE_PATH_MAX + 1];
  gssize n = readlinkat (folder, name, target, sizeof target);

  return n < 0 || n == sizeof target ? NULL : g_strndup (target, n);
}

/* Why it cannot be carried; NULL: it can, or an error: it cannot be read. */
static const gchar *
look_at (VmArchiveEntry *entry, gint folder, const gchar *name, GError **error)
{
  struct stat st;

  if (fstatat (folder, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT)
      return "it is gone";
    vm_disk_fail (error, entry->path);
    return NULL;
  }
  entry->mode = st.st_mode;
  entry->mtime = vm_timespec_count (st.st_mtim, 1000000000, G_MAXINT64);
  if (S_ISREG (st.st_mode))
    entry->size = st.st_size;
  if (S_ISLNK (st.st_mode)) {
    entry->target = read_target (folder, name);
    if (!entry->target
        || !vm_archive_link_check (entry->path, entry->target, NULL))
      return "it is a link that leads out of the folder";
  }
  return S_ISREG (st.st_mode) || S_ISDIR (st.st_mode) || S_ISLNK (st.st_mode)
             ? NULL
             : "it is neither a file nor a folder nor a link";
}

static gboolean
walk_folder (Walk *walk, VmFd folder, const gchar *path, GError **error);

/* FALSE with an error; what is left out is none. */
static gboolean
walk_one (Walk *walk, gint folder, const gchar *path, const gchar *name,
    GError **error)
{
  VmArchiveEntry *entry = g_new0 (VmArchiveEntry, 1);
  g_autoptr (GError) why = NULL;
  g_autofree gchar *checked = NULL;
  const gchar *fault;

  if (!walk->names && g_str_has_prefix (name, VM_SYNC_STAGE_PREFIX)) {
    entry_free (entry);
    return TRUE;
  }
  entry->path = path ? g_strconcat (path, "/", name, NULL) : g_strdup (name);
  fault = look_at (entry, folder, name, &why);
  if (why) {
    g_propagate_error (error, g_steal_pointer (&why));
    entry_free (entry);
    return FALSE;
  }
  if (!fault && walk->names) {
    checked = vm_archive_names_add (
        walk->names, entry->path, S_ISDIR (entry->mode), &why);
    fault = why ? why->message : NULL;
  }
  if (fault) {
    leave_out (walk, entry->path, fault);
    entry_free (entry);
    return TRUE;
  }
  g_ptr_array_add (walk->entries, entry);
  return !S_ISDIR (entry->mode)
         || walk_folder (walk,
             vm_disk_open (folder, name, O_RDONLY | O_DIRECTORY), entry->path,
             error);
}

/* Takes @folder. Its own descriptor is kept: that of a list is closed. */
static gboolean
walk_folder (Walk *walk, VmFd folder, const gchar *path, GError **error)
{
  g_auto (VmFd) own = folder;
  g_autoptr (GPtrArray) names =
      list (own >= 0 ? vm_disk_open (own, ".", O_RDONLY | O_DIRECTORY) : -1,
          path, error);

  if (!names)
    return FALSE;
  if (walk->entries->len + names->len > VM_ARCHIVE_ENTRIES_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The folder has more than %d entries", VM_ARCHIVE_ENTRIES_MAX);
    return FALSE;
  }
  for (guint i = 0; i < names->len; i++)
    if (!walk_one (walk, own, path, names->pdata[i], error))
      return FALSE;
  return TRUE;
}

static GPtrArray *
walk_all (gint folder, VmArchiveNames *names, VmArchiveLeftOutFunc left_out,
    gpointer data, GError **error)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new_with_free_func (entry_free);
  Walk walk = { entries, names, left_out, data };

  if (!walk_folder (&walk, vm_disk_open (folder, ".", O_RDONLY | O_DIRECTORY),
          NULL, error))
    return NULL;
  return g_steal_pointer (&entries);
}

GPtrArray *
vm_archive_walk (
    gint folder, VmArchiveLeftOutFunc left_out, gpointer data, GError **error)
{
  g_autoptr (VmArchiveNames) names = vm_archive_names_new ();

  return walk_all (folder, names, left_out, data, error);
}

gboolean
vm_archive_measure (gint folder, guint64 *size, GError **error)
{
  g_autoptr (GPtrArray) entries = walk_all (folder, NULL, NULL, NULL, error);

  if (!entries)
    return FALSE;
  *size = vm_archive_size (entries);
  return TRUE;
}

guint64
vm_archive_size (const GPtrArray *entries)
{
  guint64 size = 0;

  for (guint i = 0; i < entries->len; i++)
    size += ((const VmArchiveEntry *) entries->pdata[i])->size;
  return size;
}

void
vm_archive_digest (const GPtrArray *entries, guint8 digest[VM_SHA256_SIZE])
{
  GChecksum *sum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize size = VM_SHA256_SIZE;

  for (guint i = 0; i < entries->len; i++) {
    const VmArchiveEntry *entry = entries->pdata[i];
    g_autofree gchar *line =
        g_strdup_printf ("%o %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT,
            entry->mode, entry->size, S_ISREG (entry->mode) ? entry->mtime : 0);

    /* with their ends: no text runs into the next */
    g_checksum_update (sum, (guchar *) entry->path, strlen (entry->path) + 1);
    g_checksum_update (sum, (guchar *) line, strlen (line) + 1);
    if (entry->target)
      g_checksum_update (
          sum, (guchar *) entry->target, strlen (entry->target) + 1);
  }
  g_checksum_get_digest (sum, digest, &size);
  g_checksum_free (sum);
}

void
vm_archive_remove (gint dir, const gchar *name)
{
  g_auto (VmFd) folder = vm_disk_open (dir, name, O_RDONLY | O_DIRECTORY);
  VmFd listed =
      folder >= 0 ? vm_disk_open (folder, ".", O_RDONLY | O_DIRECTORY) : -1;
  g_autoptr (GPtrArray) names = list (listed, name, NULL);

  for (guint i = 0; names && i < names->len; i++)
    if (unlinkat (folder, names->pdata[i], 0) != 0
        && (errno == EISDIR || errno == EPERM))
      vm_archive_remove (folder, names->pdata[i]);
  unlinkat (dir, name, AT_REMOVEDIR);
}
