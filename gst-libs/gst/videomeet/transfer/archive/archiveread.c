/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/archiveread.h"

#include "transfer/archive/archivelist.h"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>

/* Bytes behind the last entry: what the archive's own list has of each. */
#define LIST_ENTRY_MAX (VM_ARCHIVE_PATH_MAX + 512)
#define LIST_END_MAX (64 * 1024 + 512)

typedef struct
{
  const VmArchiveSource *source;
  VmArchiveFolder *folder;
  guint64 in, out; /* bytes of the archive, and of files */
  GByteArray *ahead; /* the last of @in, of which libarchive needs more */
  GError *error; /* of the source */
} Reading;

static gboolean
refuse (GError **error, VmError code, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, code, why);
  return FALSE;
}

/* Forgets what libarchive has read. */
static void
keep_ahead (Reading *self, struct archive *archive)
{
  guint64 at = self->in - self->ahead->len;
  gint64 read = archive_filter_bytes (archive, -1);

  if (read > (gint64) at)
    g_byte_array_remove_range (
        self->ahead, 0, MIN (read - at, self->ahead->len));
}

/* Of libarchive. */
static la_ssize_t
on_read (struct archive *archive, void *data, const void **bytes)
{
  Reading *self = data;
  GBytes *next = NULL;
  gsize size = 0;

  *bytes = NULL;
  if (self->error
      || !self->source->next (self->source->data, &next, &self->error))
    return -1;
  if (!next)
    return 0;
  *bytes = g_bytes_get_data (next, &size);
  keep_ahead (self, archive);
  g_byte_array_append (self->ahead, *bytes, size);
  self->in += size;
  return size;
}

static gboolean
fail (Reading *self, struct archive *archive, GError **error)
{
  if (self->error) {
    g_propagate_error (error, g_steal_pointer (&self->error));
    return FALSE;
  }
  g_debug ("The archive is damaged: %s", archive_error_string (archive));
  return refuse (error, VM_ERROR_BAD_MESSAGE, "The archive is damaged");
}

static guint64
left (Reading *self)
{
  guint64 there = vm_archive_folder_size (self->folder);

  return self->source->max_size - MIN (there, self->source->max_size);
}

/* Whether the file may have so many bytes by now. */
static gboolean
check_size (Reading *self, guint64 size, GError **error)
{
  if (size > left (self))
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "The folder has more bytes than were announced");
  if (self->out / VM_ARCHIVE_EXPANSION_MAX > self->in)
    return refuse (error, VM_ERROR_TOO_LARGE,
        "The archive becomes too many times its own size");
  return TRUE;
}

/* As far as it goes; *@size: bytes. */
static gboolean
read_data (
    Reading *self, struct archive *archive, guint64 *size, GError **error)
{
  const void *block;
  size_t n;
  la_int64_t offset;
  gint result;

  while ((result = archive_read_data_block (archive, &block, &n, &offset))
         == ARCHIVE_OK) {
    if (offset < 0 || (guint64) offset != *size)
      return refuse (error, VM_ERROR_BAD_MESSAGE, "A file has a hole");
    self->out += n;
    if (!check_size (self, *size + n, error)
        || !vm_archive_folder_write (self->folder, block, n, *size, error))
      return FALSE;
    *size += n;
    if (!self->source->done (vm_archive_folder_size (self->folder) + *size,
            self->source->data, error))
      return FALSE;
  }
  return result == ARCHIVE_EOF || fail (self, archive, error);
}

/* What the archive says of the size before, and what came, must agree: a file
 * that has the end of a file in it would else go on as entries. */
static gboolean
read_file (Reading *self, struct archive *archive, struct archive_entry *entry,
    const gchar *path, GError **error)
{
  gboolean known = archive_entry_size_is_set (entry);
  guint64 told = known ? MAX (archive_entry_size (entry), 0) : 0, size = 0;

  if (!check_size (self, told, error)
      || !vm_archive_folder_begin_file (self->folder, path, error)
      || !read_data (self, archive, &size, error))
    return FALSE;
  if (known && size != told)
    return refuse (
        error, VM_ERROR_BAD_MESSAGE, "A file does not have the size it says");
  return vm_archive_folder_end_file (self->folder, size,
      archive_entry_perm (entry), archive_entry_mtime (entry), error);
}

static gboolean
read_entry (Reading *self, struct archive *archive, struct archive_entry *entry,
    GError **error)
{
  const gchar *path = archive_entry_pathname_utf8 (entry);
  const gchar *target = archive_entry_symlink_utf8 (entry);

  if (!path || archive_entry_hardlink_utf8 (entry))
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "An entry of the folder has no name, or is one file with another");
  switch (archive_entry_filetype (entry)) {
    case AE_IFREG:
      return read_file (self, archive, entry, path, error);
    case AE_IFDIR:
      return vm_archive_folder_add_folder (self->folder, path, error);
    case AE_IFLNK:
      return target ? vm_archive_folder_add_link (
                 self->folder, path, target, error)
                    : refuse (error, VM_ERROR_BAD_MESSAGE,
                        "A link of the folder leads nowhere");
    default:
      return refuse (error, VM_ERROR_BAD_MESSAGE,
          "An entry of the folder is neither a file nor a folder nor a link");
  }
}

static gboolean
read_entries (Reading *self, struct archive *archive, GError **error)
{
  struct archive_entry *entry;
  gint result;

  while ((result = archive_read_next_header (archive, &entry)) == ARCHIVE_OK
         || result == ARCHIVE_WARN)
    if (!read_entry (self, archive, entry, error))
      return FALSE;
  return result == ARCHIVE_EOF || fail (self, archive, error);
}

/* The archive's own list. */
static gboolean
read_list (Reading *self, GError **error)
{
  guint64 most =
      LIST_END_MAX
      + (guint64) vm_archive_folder_count (self->folder) * LIST_ENTRY_MAX;
  GBytes *next;

  do {
    if (!vm_archive_list_take (self->ahead, error)
        || !self->source->next (self->source->data, &next, error))
      return FALSE;
    if (next && g_bytes_get_size (next) > most)
      return refuse (
          error, VM_ERROR_TOO_LARGE, "The archive does not come to its end");
    most -= next ? g_bytes_get_size (next) : 0;
    if (next)
      g_byte_array_append (
          self->ahead, g_bytes_get_data (next, NULL), g_bytes_get_size (next));
  } while (next);
  return TRUE;
}

gboolean
vm_archive_read (
    const VmArchiveSource *source, VmArchiveFolder *folder, GError **error)
{
  g_autoptr (GByteArray) ahead = g_byte_array_new ();
  Reading self = { .source = source, .folder = folder, .ahead = ahead };
  struct archive *archive = archive_read_new ();
  gboolean good =
      archive_read_support_format_zip_streamable (archive) == ARCHIVE_OK
      && archive_read_open (archive, &self, NULL, on_read, NULL) == ARCHIVE_OK;

  good = good ? read_entries (&self, archive, error)
              : fail (&self, archive, error);
  keep_ahead (&self, archive);
  archive_read_free (archive);
  g_clear_error (&self.error);
  return good && read_list (&self, error);
}
