/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/p2pzip.h"

#include "transfer/archive/archivefolder.h"
#include "transfer/archive/archiveread.h"
#include "transfer/archive/zipjson.h"
#include "transfer/disk/filehash.h"
#include "transfer/engine/engine-priv.h"
#include "transfer/engine/pacer.h"
#include "transfer/message/message-priv.h"
#include "transfer/p2p/p2phandler-priv.h"

#include <string.h>

/* A low rate means long waits; whether the transfer still goes on is looked at
 * after each such part. */
#define PACE_STEP (G_USEC_PER_SEC / 10)

typedef struct
{
  VmP2pPipe *pipe;
  const VmP2pReceive *receive;
  VmZipFields meta; /* ZIP_META */
  gchar *name; /* as it will be saved */
  gboolean native; /* the sender */
  VmArchiveFolder *folder;
  VmFileHash *sum; /* of the archive */
  GBytes *chunk; /* that is being read */
  guint64 offset; /* bytes of the archive */
  gboolean ended; /* ZIP_DONE came, with: */
  VmZipFields end;
  guint64 done; /* bytes of files */
  gint64 pace; /* when the rate allows the next chunk, µs */
  gint64 told_at;
} Receiving;

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, why);
  return FALSE;
}

static void
tell (Receiving *self, VmTransferState state, const gchar *saved_path)
{
  const VmP2pProgress progress = { .state = state,
    .name = self->name,
    .size = MAX (self->meta.size, 0),
    .done = self->done,
    .carried = self->offset,
    .saved_path = saved_path };

  self->told_at = g_get_monotonic_time ();
  if (self->receive->progress && self->name)
    self->receive->progress (&progress, self->receive->data);
}

static void
keep_pace (Receiving *self, gsize size)
{
  gint64 now = g_get_monotonic_time ();

  self->pace = vm_pace (self->pace, size, self->receive->max_rate * 8, now);
  while (self->pace > now
         && !vm_p2p_control_is_cancelled (self->receive->control)
         && !vm_p2p_pipe_is_over (self->pipe)) {
    g_usleep (MIN (self->pace - now, PACE_STEP));
    now = g_get_monotonic_time ();
  }
}

static gboolean
take_chunk (Receiving *self, GBytes *body, GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);
  guint64 offset;

  if (size <= sizeof offset)
    return refuse (error, "ZIP_CHUNK has no bytes");
  memcpy (&offset, data, sizeof offset);
  if (GUINT64_FROM_BE (offset) != self->offset)
    return refuse (error, "ZIP_CHUNK is not the next");
  size -= sizeof offset;
  g_clear_pointer (&self->chunk, g_bytes_unref);
  self->chunk = g_bytes_new_from_bytes (body, sizeof offset, size);
  vm_file_hash_add (self->sum, data + sizeof offset, size);
  self->offset += size;
  keep_pace (self, size);
  if (g_get_monotonic_time () - self->told_at >= VM_P2P_PROGRESS_EVERY)
    tell (self, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  return TRUE;
}

/* ZIP_DONE, or an error. */
static gboolean
take_end (Receiving *self, guint8 type, GBytes *body, GError **error)
{
  if (!vm_zip_fields_read (&self->end, body, error))
    return FALSE;
  if (type == VM_P2P_ERROR
      || (type == VM_P2P_ZIP_DONE && (!self->end.hash || !*self->end.hash))) {
    g_propagate_error (error, vm_zip_error_of (&self->end));
    return FALSE;
  }
  if (type != VM_P2P_ZIP_DONE)
    return refuse (error, "A receiver of a folder does not get such a message");
  self->ended = TRUE;
  return TRUE;
}

/* The next bytes of the archive, for as long as the next. */
static gboolean
read_next (gpointer data, GBytes **bytes, GError **error)
{
  Receiving *self = data;
  guint8 type = 0;
  g_autoptr (GBytes) body = NULL;

  *bytes = NULL;
  if (self->ended)
    return TRUE;
  body = vm_p2p_pipe_receive (self->pipe,
      VM_TRANSFER_PATIENCE + vm_engine_chunk_patience (VM_P2P_BODY_MAX), &type,
      error);
  if (!body)
    return FALSE;
  if (type != VM_P2P_ZIP_CHUNK)
    return take_end (self, type, body, error);
  if (!take_chunk (self, body, error))
    return FALSE;
  *bytes = self->chunk;
  return TRUE;
}

/* An announced size was allowed as a whole. */
static gboolean
on_bytes (guint64 bytes, gpointer data, GError **error)
{
  Receiving *self = data;
  const VmP2pReceive *receive = self->receive;
  guint64 more = bytes - self->done;

  self->done = bytes;
  if (self->meta.size >= 0 || !receive->spend
      || receive->spend (more, receive->data))
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "The folder is larger than may be sent here");
  return FALSE;
}

static gboolean
take_meta (Receiving *self, GBytes *body, GError **error)
{
  if (!vm_zip_fields_read (&self->meta, body, error))
    return FALSE;
  if (!self->meta.name)
    return refuse (error, "ZIP_META has no name");
  self->name = vm_filename_make_safe (self->meta.name, error);
  if (!self->name)
    return FALSE;
  self->native = self->meta.list && self->meta.size >= 0
                 && self->meta.entries >= 0
                 && strlen (self->meta.list) == VM_ZIP_LIST_TEXT;
  return TRUE;
}

static gboolean
begin (Receiving *self, const VmP2pMessage *first, GError **error)
{
  g_auto (VmZipFields) mode = { 0 };
  g_autoptr (GBytes) body = first ? g_bytes_ref (first->body) : NULL;
  g_autoptr (GBytes) meta = NULL;
  guint8 type = first ? first->type : 0;

  if (!body)
    body = vm_p2p_pipe_receive (self->pipe, VM_P2P_FIRST_TIMEOUT, &type, error);
  if (!body)
    return FALSE;
  if (type == VM_P2P_FOLDER_MODE && !vm_zip_fields_read (&mode, body, error))
    return FALSE;
  if (g_strcmp0 (mode.mode, "zip") != 0)
    return refuse (error, "The stream does not begin with a zipped folder");
  meta = vm_p2p_pipe_receive (self->pipe, VM_P2P_FIRST_TIMEOUT, &type, error);
  if (!meta)
    return FALSE;
  if (type != VM_P2P_ZIP_META)
    return refuse (error, "FOLDER_MODE is not followed by ZIP_META");
  return take_meta (self, meta, error);
}

static gboolean
decide (Receiving *self, GError **error)
{
  const VmP2pReceive *receive = self->receive;
  const VmP2pOffer offer = { .name = self->name,
    .size = MAX (self->meta.size, 0),
    .entries = MAX (self->meta.entries, 0),
    .folder = TRUE };
  g_autofree gchar *reason = NULL;

  if (self->meta.entries > VM_ARCHIVE_ENTRIES_MAX
      || (receive->max_size && self->meta.size > 0
          && (guint64) self->meta.size > receive->max_size)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "The folder is larger than may be sent here");
    return FALSE;
  }
  if (!receive->accept || receive->accept (&offer, &reason, receive->data))
    return TRUE;
  g_set_error_literal (error, VM_ERROR, VM_ERROR_DECLINED,
      reason ? reason : "The folder was declined");
  return FALSE;
}

static gboolean
say_wait (Receiving *self, GError **error)
{
  GString *body;

  if (!self->native)
    return TRUE;
  body = g_string_new ("{");
  vm_json_append_member (body, "action", "wait");
  return vm_zip_say (self->pipe, VM_P2P_FILE_CONTROL, body, error);
}

static gboolean
say_accept (Receiving *self, GError **error)
{
  GString *body;

  if (!self->native)
    return TRUE;
  body = g_string_new ("{");
  vm_json_append_boolean (body, "accept", TRUE);
  vm_json_append_int (body, "have", vm_archive_folder_count (self->folder));
  return vm_zip_say (self->pipe, VM_P2P_ZIP_META, body, error);
}

static gboolean
open_folder (Receiving *self, GError **error)
{
  g_autofree gchar *list =
      self->native ? g_strndup (self->meta.list, 32) : g_uuid_string_random ();

  self->folder = vm_archive_folder_begin (self->receive->folder,
      self->receive->device, self->receive->known, list, self->name,
      self->meta.size >= 0 ? (guint64) self->meta.size
                           : VM_ARCHIVE_SIZE_UNKNOWN,
      error);
  if (self->folder)
    self->done = vm_archive_folder_size (self->folder);
  return self->folder != NULL;
}

static guint64
most_bytes (Receiving *self)
{
  if (self->meta.size >= 0)
    return self->meta.size;
  return self->receive->max_size ? self->receive->max_size : G_MAXUINT64;
}

static gboolean
verify (Receiving *self, GError **error)
{
  guint8 own[VM_SHA256_SIZE], told[VM_SHA256_SIZE];

  vm_file_hash_get (self->sum, own);
  if (!vm_transfer_read_hash (self->end.hash, told)
      || memcmp (own, told, sizeof own) != 0)
    return refuse (error, "The archive has another hash");
  if (self->native
      && (vm_archive_folder_count (self->folder) != self->meta.entries
          || vm_archive_folder_size (self->folder)
                 != (guint64) self->meta.size))
    return refuse (error, "The folder is not as it was announced");
  return TRUE;
}

static gboolean
receive_archive (Receiving *self, GError **error)
{
  const VmArchiveSource source = { .next = read_next,
    .done = on_bytes,
    .data = self,
    .max_size = most_bytes (self) };

  tell (self, VM_TRANSFER_STATE_TRANSFERRING, NULL);
  if (!vm_archive_read (&source, self->folder, error))
    return FALSE;
  tell (self, VM_TRANSFER_STATE_VERIFYING, NULL);
  return verify (self, error);
}

static void
say_failed (Receiving *self, const GError *why)
{
  g_autofree gchar *reason = vm_engine_reason (why);
  gboolean declined = g_error_matches (why, VM_ERROR, VM_ERROR_DECLINED);
  GString *body = g_string_new ("{");

  if (self->native && !declined) {
    vm_json_append_member (body, "code", vm_error_get_code (why));
    vm_json_append_member (body, "message", reason);
    vm_zip_say (self->pipe, VM_P2P_ERROR, body, NULL);
    return;
  }
  vm_json_append_member (body, "hash", "");
  vm_json_append_member (body, "status", declined ? "declined" : "failed");
  vm_json_append_member (body, "reason", reason);
  vm_zip_say (self->pipe, VM_P2P_ZIP_DONE, body, NULL);
}

static void
say_done (Receiving *self, const gchar *name)
{
  GString *body = g_string_new ("{");

  vm_json_append_member (body, "hash", self->end.hash);
  vm_json_append_member (body, "status", "verified");
  vm_json_append_member (body, "savedPath", name);
  vm_zip_say (self->pipe, VM_P2P_ZIP_DONE, body, NULL);
}

/* Whether it can be gone on with later. */
static gboolean
is_kept (Receiving *self, const GError *why)
{
  return self->native && !g_error_matches (why, VM_ERROR, VM_ERROR_BAD_MESSAGE)
         && !g_error_matches (why, VM_ERROR, VM_ERROR_TOO_LARGE)
         && !g_error_matches (why, VM_ERROR, VM_ERROR_BAD_REQUEST)
         && !g_error_matches (why, VM_ERROR, VM_ERROR_CANCELLED);
}

static gboolean
receive_folder (Receiving *self, gchar **saved_path, GError **error)
{
  g_autofree gchar *name = NULL;

  tell (self, VM_TRANSFER_STATE_PENDING, NULL);
  if (!say_wait (self, error) || !decide (self, error)
      || !open_folder (self, error) || !say_accept (self, error)
      || !receive_archive (self, error))
    return FALSE;
  name = vm_archive_folder_commit (self->folder, error);
  if (!name)
    return FALSE;
  g_clear_pointer (&self->folder, vm_archive_folder_free);
  say_done (self, name);
  tell (self, VM_TRANSFER_STATE_COMPLETED, name);
  if (saved_path)
    *saved_path = g_steal_pointer (&name);
  return TRUE;
}

gboolean
vm_p2p_receive_zip (VmP2pPipe *pipe, const VmP2pMessage *first,
    const VmP2pReceive *receive, gchar **saved_path, GError **error)
{
  Receiving self = { .pipe = pipe, .receive = receive };
  g_autoptr (GError) why = NULL;
  gpointer before = vm_zip_begin_utf8 ();
  gboolean received;

  self.sum = vm_file_hash_new ();
  received =
      begin (&self, first, &why) && receive_folder (&self, saved_path, &why);
  vm_zip_end_utf8 (before);
  if (!received) {
    tell (&self, VM_TRANSFER_STATE_FAILED, NULL);
    say_failed (&self, why);
    if (self.folder && is_kept (&self, why))
      g_clear_pointer (&self.folder, vm_archive_folder_free);
    g_clear_pointer (&self.folder, vm_archive_folder_discard);
    g_propagate_error (error, g_steal_pointer (&why));
  }
  g_clear_pointer (&self.chunk, g_bytes_unref);
  vm_file_hash_free (self.sum);
  vm_zip_fields_clear (&self.meta);
  vm_zip_fields_clear (&self.end);
  g_free (self.name);
  return received;
}
