/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/p2pzip.h"

#include "transfer/archive/archivewalk.h"
#include "transfer/archive/zipjson.h"
#include "transfer/disk/filehash.h"
#include "transfer/disk/timespec.h"
#include "transfer/engine/engine-priv.h"
#include "transfer/engine/pacer.h"
#include "transfer/message/message-priv.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct
{
  VmP2pPipe *pipe;
  const VmP2pSendZip *send;
  gchar *name; /* of the folder */
  VmFd folder;
  GPtrArray *entries; /* of VmArchiveEntry */
  guint64 size; /* bytes of all */
  guint have; /* entries that the receiver has */
  gboolean native; /* the receiver */
  gboolean waits; /* it will answer */
  GByteArray *chunk;
  GBytes *data; /* to read into */
  guint64 offset; /* bytes of the archive that were sent */
  VmFileHash *sum; /* of them */
  gchar hash[VM_TRANSFER_HASH_TEXT]; /* once all were */
  guint64 done; /* bytes of files */
  gint64 pace; /* when the rate allows the next chunk, µs */
  gint64 told_at;
  GError *error; /* why the archive cannot go on */
} Sending;

static void
tell (Sending *self, VmTransferState state, const gchar *saved_path)
{
  const VmP2pProgress progress = { .state = state,
    .name = self->name,
    .size = self->size,
    .done = self->done,
    .carried = self->offset,
    .saved_path = saved_path };

  self->told_at = g_get_monotonic_time ();
  if (self->send->progress)
    self->send->progress (&progress, self->send->data);
}

/* What the receiver says before the end is that it does not go on. FALSE: so,
 * or the stream is over. */
static gboolean
look (Sending *self, gint64 timeout, GError **error)
{
  g_auto (VmZipFields) fields = { 0 };
  g_autoptr (GError) why = NULL;
  guint8 type = 0;
  g_autoptr (GBytes) body =
      vm_p2p_pipe_receive (self->pipe, timeout, &type, &why);

  if (!body && g_error_matches (why, VM_ERROR, VM_ERROR_TIMEOUT))
    return TRUE;
  if (!body) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  if (!vm_zip_fields_read (&fields, body, error))
    return FALSE;
  if (type == VM_P2P_ERROR || type == VM_P2P_ZIP_DONE)
    g_propagate_error (error, vm_zip_error_of (&fields));
  else
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A sender of a folder does not get such a message");
  return FALSE;
}

/* Until the rate allows more; also looks at what has come. */
static gboolean
keep_pace (Sending *self, gsize size, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  self->pace = vm_pace (self->pace, size, self->send->max_rate * 8, now);
  do {
    gint64 rest = CLAMP (self->pace - now, 0, VM_P2P_LOOK_EVERY);

    if (!look (self, rest, error))
      return FALSE;
    now = g_get_monotonic_time ();
  } while (now < self->pace);
  return TRUE;
}

static gboolean
flush (Sending *self, GError **error)
{
  guint64 offset = GUINT64_TO_BE (self->offset);
  gsize size = self->chunk->len;
  g_autoptr (GBytes) body = NULL;

  if (size == 0)
    return TRUE;
  vm_file_hash_add (self->sum, self->chunk->data, size);
  body = g_byte_array_free_to_bytes (self->chunk);
  self->chunk = g_byte_array_sized_new (VM_ZIP_CHUNK_SIZE);
  self->offset += size;
  if (g_get_monotonic_time () - self->told_at >= VM_P2P_PROGRESS_EVERY)
    tell (self, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  return vm_p2p_pipe_send (self->pipe, VM_P2P_ZIP_CHUNK, &offset, sizeof offset,
             body, VM_P2P_SEND_TIMEOUT, error)
         && keep_pace (self, size, error);
}

/* Of libarchive. */
static la_ssize_t
on_write (struct archive *archive, void *data, const void *bytes, size_t size)
{
  Sending *self = data;

  for (size_t done = 0; done < size;) {
    size_t n = MIN (size - done, VM_ZIP_CHUNK_SIZE - self->chunk->len);

    g_byte_array_append (self->chunk, (const guint8 *) bytes + done, n);
    done += n;
    if (self->chunk->len == VM_ZIP_CHUNK_SIZE && !flush (self, &self->error))
      return -1;
  }
  return size;
}

static gboolean
fail (Sending *self, struct archive *archive, GError **error)
{
  const gchar *why = archive_error_string (archive);

  if (self->error)
    g_propagate_error (error, g_steal_pointer (&self->error));
  else
    g_set_error (error, VM_ERROR, VM_ERROR_FAILED,
        "The archive cannot be written: %s", why ? why : "no memory");
  return FALSE;
}

static gboolean
has_changed (const VmArchiveEntry *entry, const struct stat *st)
{
  return !S_ISREG (st->st_mode) || (guint64) st->st_size != entry->size
         || vm_timespec_count (st->st_mtim, 1000000000, G_MAXINT64)
                != entry->mtime;
}

static gboolean
write_file (Sending *self, struct archive *archive, const VmArchiveEntry *entry,
    GError **error)
{
  g_auto (VmFd) fd =
      vm_disk_open (self->folder, entry->path, O_RDONLY | O_NONBLOCK);
  gpointer buffer = (gpointer) g_bytes_get_data (self->data, NULL);
  struct stat st;
  gssize n = 0;

  if (fd < 0)
    return vm_disk_fail (error, entry->path);
  for (guint64 done = 0; done < entry->size; done += n) {
    n = vm_disk_read (
        fd, buffer, MIN (VM_ZIP_CHUNK_SIZE, entry->size - done), done);
    if (n < 0)
      return vm_disk_fail (error, entry->path);
    if (n == 0)
      break;
    if (archive_write_data (archive, buffer, n) != n)
      return fail (self, archive, error);
    self->done += n;
  }
  if (fstat (fd, &st) == 0 && !has_changed (entry, &st))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "%s was changed while the folder was sent", entry->path);
  return FALSE;
}

static gboolean
write_entry (Sending *self, struct archive *archive,
    struct archive_entry *header, const VmArchiveEntry *entry, GError **error)
{
  archive_entry_clear (header);
  archive_entry_set_pathname_utf8 (header, entry->path);
  archive_entry_set_mode (header, entry->mode);
  archive_entry_set_mtime (header, entry->mtime / 1000000000, 0);
  archive_entry_set_size (header, entry->size);
  if (entry->target)
    archive_entry_set_symlink_utf8 (header, entry->target);
  if (archive_write_header (archive, header) < ARCHIVE_WARN)
    return fail (self, archive, error);
  if (S_ISREG (entry->mode) && !write_file (self, archive, entry, error))
    return FALSE;
  return archive_write_finish_entry (archive) == ARCHIVE_OK
         || fail (self, archive, error);
}

/* "experimental" is what tells links and modes to whoever reads the archive as
 * it comes: without, they are at its end only. */
static gboolean
write_archive (Sending *self, GError **error)
{
  struct archive *archive = archive_write_new ();
  struct archive_entry *header = archive_entry_new ();
  gboolean good =
      archive_write_set_format_zip (archive) == ARCHIVE_OK
      && archive_write_set_options (archive,
             "zip:compression=store,zip:experimental,zip:hdrcharset=UTF-8")
             == ARCHIVE_OK
      && archive_write_set_bytes_per_block (archive, 0) == ARCHIVE_OK
      && archive_write_open2 (archive, self, NULL, on_write, NULL, NULL)
             == ARCHIVE_OK;

  if (!good)
    fail (self, archive, error);
  for (guint i = self->have; good && i < self->entries->len; i++)
    good = write_entry (self, archive, header, self->entries->pdata[i], error);
  if (good && archive_write_close (archive) != ARCHIVE_OK)
    good = fail (self, archive, error);
  if (!good)
    archive_write_fail (archive);
  archive_entry_free (header);
  archive_write_free (archive);
  return good && flush (self, error);
}

static gboolean
send_meta (Sending *self, GError **error)
{
  GString *mode = g_string_new ("{");
  GString *meta = g_string_new ("{");
  guint8 digest[VM_SHA256_SIZE];

  vm_json_append_member (mode, "mode", "zip");
  vm_json_append_member (mode, "name", self->name);
  vm_json_append_member (meta, "name", self->name);
  vm_json_append_int (meta, "size", self->size);
  vm_json_append_int (meta, "entries", self->entries->len);
  vm_archive_digest (self->entries, digest);
  vm_transfer_write_hash (meta, "list", digest);
  if (!vm_zip_say (self->pipe, VM_P2P_FOLDER_MODE, mode, error)) {
    g_string_free (meta, TRUE);
    return FALSE;
  }
  return vm_zip_say (self->pipe, VM_P2P_ZIP_META, meta, error);
}

/* Whether it is the answer; FALSE with @error: it is no. */
static gboolean
take_answer (Sending *self, guint8 type, GBytes *body, GError **error)
{
  g_auto (VmZipFields) fields = { 0 };

  if (!vm_zip_fields_read (&fields, body, error))
    return FALSE;
  if (type == VM_P2P_FILE_CONTROL && g_strcmp0 (fields.action, "wait") == 0) {
    self->waits = TRUE;
    return FALSE;
  }
  if (type == VM_P2P_ERROR || type == VM_P2P_ZIP_DONE
      || fields.accept == FALSE) {
    g_propagate_error (error, vm_zip_error_of (&fields));
    return FALSE;
  }
  if (type != VM_P2P_ZIP_META || fields.have > self->entries->len) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The answer to a folder is none");
    return FALSE;
  }
  self->native = TRUE;
  self->have = MAX (fields.have, 0);
  return TRUE;
}

static gboolean
wait_for_answer (Sending *self, GError **error)
{
  gboolean answered = FALSE;

  while (!answered) {
    g_autoptr (GError) why = NULL;
    guint8 type = 0;
    g_autoptr (GBytes) body = vm_p2p_pipe_receive (self->pipe,
        self->waits ? VM_TRANSFER_OFFER_TIMEOUT : VM_P2P_ANSWER_TIMEOUT, &type,
        &why);

    /* a peer that knows only the base protocol has nothing to say */
    if (!body && !self->waits
        && g_error_matches (why, VM_ERROR, VM_ERROR_TIMEOUT))
      return TRUE;
    if (body)
      answered = take_answer (self, type, body, &why);
    if (why) {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  }
  for (guint i = 0; i < self->have; i++)
    self->done += ((VmArchiveEntry *) self->entries->pdata[i])->size;
  if (self->have)
    tell (self, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  return TRUE;
}

static gboolean
take_end (Sending *self, guint8 type, GBytes *body, GError **error)
{
  g_auto (VmZipFields) fields = { 0 };

  if (!vm_zip_fields_read (&fields, body, error))
    return FALSE;
  if (type != VM_P2P_ZIP_DONE || g_strcmp0 (fields.hash, self->hash) != 0) {
    g_propagate_error (error, vm_zip_error_of (&fields));
    return FALSE;
  }
  tell (self, VM_TRANSFER_STATE_COMPLETED, fields.saved_path);
  return TRUE;
}

static gboolean
end (Sending *self, GError **error)
{
  GString *done = g_string_new ("{");
  g_autoptr (GError) why = NULL;
  g_autoptr (GBytes) body = NULL;
  guint8 type = 0, hash[VM_SHA256_SIZE];

  vm_file_hash_get (self->sum, hash);
  vm_transfer_format_hash (hash, self->hash);
  vm_json_append_member (done, "hash", self->hash);
  vm_json_append_int (done, "entries", self->entries->len);
  tell (self, VM_TRANSFER_STATE_VERIFYING, NULL);
  if (!vm_zip_say (self->pipe, VM_P2P_ZIP_DONE, done, error))
    return FALSE;
  body = vm_p2p_pipe_receive (
      self->pipe, vm_engine_patience (self->size), &type, &why);
  if (body)
    return take_end (self, type, body, error);
  /* it may know no answer to the end */
  if (!self->native && g_error_matches (why, VM_ERROR, VM_ERROR_DISCONNECTED)) {
    tell (self, VM_TRANSFER_STATE_COMPLETED, NULL);
    return TRUE;
  }
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static gboolean
open_folder (Sending *self, GError **error)
{
  const VmP2pSendZip *send = self->send;
  g_autofree gchar *absolute = g_canonicalize_filename (send->location, NULL);

  self->name = g_path_get_basename (absolute);
  self->folder = open (send->location, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (self->folder < 0)
    return vm_disk_fail (error, "The folder cannot be read");
  self->entries =
      vm_archive_walk (self->folder, send->left_out, send->data, error);
  if (!self->entries)
    return FALSE;
  self->size = vm_archive_size (self->entries);
  if (!send->max_size || self->size <= send->max_size)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The folder has more than the %" G_GUINT64_FORMAT
      " bytes that may be sent",
      send->max_size);
  return FALSE;
}

/* What is cannot be sent on, the receiver hears. */
static void
tell_why (Sending *self, const GError *why)
{
  g_autofree gchar *reason = vm_engine_reason (why);
  GString *body = g_string_new ("{");

  if (self->native) {
    vm_json_append_member (body, "code", vm_error_get_code (why));
    vm_json_append_member (body, "message", reason);
    vm_zip_say (self->pipe, VM_P2P_ERROR, body, NULL);
    return;
  }
  vm_json_append_member (body, "hash", "");
  vm_json_append_member (body, "status", "failed");
  vm_json_append_member (body, "reason", reason);
  vm_zip_say (self->pipe, VM_P2P_ZIP_DONE, body, NULL);
}

static gboolean
send_folder (Sending *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  gboolean sent;

  tell (self, VM_TRANSFER_STATE_PENDING, NULL);
  if (!send_meta (self, error) || !wait_for_answer (self, error))
    return FALSE;
  tell (self, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  sent = write_archive (self, &why);
  if (sent)
    return end (self, error);
  if (why->domain == G_FILE_ERROR
      || g_error_matches (why, VM_ERROR, VM_ERROR_BAD_REQUEST))
    tell_why (self, why);
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

gboolean
vm_p2p_send_zip (VmP2pPipe *pipe, const VmP2pSendZip *send, GError **error)
{
  Sending self = { .pipe = pipe, .send = send, .folder = -1 };
  gpointer before = vm_zip_begin_utf8 ();
  gboolean sent;

  self.chunk = g_byte_array_sized_new (VM_ZIP_CHUNK_SIZE);
  self.data =
      g_bytes_new_take (g_malloc (VM_ZIP_CHUNK_SIZE), VM_ZIP_CHUNK_SIZE);
  self.sum = vm_file_hash_new ();
  sent = open_folder (&self, error) && send_folder (&self, error);
  if (!sent)
    tell (&self, VM_TRANSFER_STATE_FAILED, NULL);
  vm_zip_end_utf8 (before);
  g_clear_pointer (&self.entries, g_ptr_array_unref);
  vm_fd_clear (&self.folder);
  g_byte_array_unref (self.chunk);
  g_bytes_unref (self.data);
  vm_file_hash_free (self.sum);
  g_clear_error (&self.error);
  g_free (self.name);
  return sent;
}
