/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/p2p/p2pfile-priv.h"

void
vm_p2p_fields_clear (VmP2pFields *fields)
{
  gchar **texts[] = { &fields->name, &fields->mime, &fields->user, &fields->id,
    &fields->hash, &fields->status, &fields->reason, &fields->saved_path,
    &fields->action, &fields->code, &fields->message };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (texts[i], g_free);
  g_clear_pointer (&fields->have, vm_chunk_set_free);
}

static gboolean
read_texts (const VmJson *json, VmP2pFields *fields, GError **error)
{
  const VmP2pText texts[] = {
    { "name", &fields->name, VM_FILENAME_INPUT_MAX },
    { "mime", &fields->mime, VM_TRANSFER_MIME_MAX },
    { "user", &fields->user, VM_TRANSFER_USER_MAX },
    { "id", &fields->id, VM_TRANSFER_ID_MAX },
    { "hash", &fields->hash, 2 * VM_SHA256_SIZE },
    { "status", &fields->status, VM_TRANSFER_CODE_MAX },
    { "reason", &fields->reason, VM_TRANSFER_REASON_MAX },
    { "savedPath", &fields->saved_path, VM_TRANSFER_PATH_MAX },
    { "action", &fields->action, VM_TRANSFER_CODE_MAX },
    { "code", &fields->code, VM_TRANSFER_CODE_MAX },
    { "message", &fields->message, VM_TRANSFER_REASON_MAX },
  };

  return vm_p2p_texts_read (json, texts, G_N_ELEMENTS (texts), error);
}

static gboolean
read_time (const VmJson *json, VmP2pFields *fields, GError **error)
{
  g_autofree gchar *text = NULL;

  if (!vm_json_get_string (
          json, 0, "mtime", VM_TRANSFER_TIME_MAX, &text, error))
    return FALSE;
  return !text || vm_transfer_read_time (text, &fields->mtime)
         || vm_p2p_file_refuse (error, "The time of a file is none");
}

static gboolean
read_accept (const VmJson *json, VmP2pFields *fields, GError **error)
{
  VmJsonNode node = vm_json_get (json, 0, "accept");
  gboolean accept = FALSE;

  if (node == VM_JSON_NONE)
    return TRUE;
  if (!vm_json_get_boolean (json, 0, "accept", &accept, error))
    return FALSE;
  fields->accept = accept;
  return TRUE;
}

static gboolean
read_hash (VmP2pFields *fields, GError **error)
{
  if (!fields->hash || !*fields->hash)
    return TRUE;
  fields->has_hash = vm_transfer_read_hash (fields->hash, fields->sum);
  return fields->has_hash
         || vm_p2p_file_refuse (error, "The hash of a file is none");
}

static gboolean
read_fields (const VmJson *json, VmP2pFields *fields, GError **error)
{
  const gint64 most = VM_TRANSFER_NUMBER_MAX;

  return read_texts (json, fields, error) && read_time (json, fields, error)
         && read_accept (json, fields, error) && read_hash (fields, error)
         && vm_json_get_int (json, 0, "size", 0, most, &fields->size, error)
         && vm_json_get_int (
             json, 0, "chunkSize", 0, most, &fields->chunk_size, error)
         && vm_json_get_int (
             json, 0, "last_offset", 0, most, &fields->last_offset, error)
         && vm_json_get_int (json, 0, "index", 0, most, &fields->index, error)
         && vm_json_get_boolean (json, 0, "hashes", &fields->hashes, error)
         && vm_json_get_boolean (json, 0, "prefixes", &fields->prefixes, error)
         && vm_chunk_set_read (
             json, 0, "have", VM_CHUNK_SET_TOTAL_MAX, &fields->have, error);
}

gboolean
vm_p2p_fields_read (VmP2pFields *fields, GBytes *body, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  VmJson json;

  *fields = (VmP2pFields){
    .size = -1, .chunk_size = -1, .last_offset = -1, .index = -1, .accept = -1
  };
  if (size > VM_P2P_FILE_JSON_MAX)
    return vm_p2p_file_refuse (error, "A message is too long");
  if (!vm_json_read (&json, data ? data : "", size, error))
    return FALSE;
  if (vm_json_type (&json, 0) != VM_JSON_OBJECT)
    return vm_p2p_file_refuse (error, "A message is no object");
  return read_fields (&json, fields, error);
}

GString *
vm_p2p_file_json (void)
{
  return g_string_new ("{");
}

static void
send_out (VmP2pFile *self, guint8 type, GBytes *body)
{
  VmP2pOut *out = g_new0 (VmP2pOut, 1);

  out->type = type;
  out->body = body;
  g_queue_push_tail (&self->out, out);
}

void
vm_p2p_file_send_json (VmP2pFile *self, guint8 type, GString *body)
{
  g_string_append_c (body, '}');
  send_out (self, type, g_string_free_to_bytes (body));
}

void
vm_p2p_file_send_control (
    VmP2pFile *self, const gchar *action, const gchar *reason)
{
  GString *body = vm_p2p_file_json ();

  vm_json_append_member (body, "action", action);
  if (reason)
    vm_json_append_member (body, "reason", reason);
  vm_p2p_file_send_json (self, VM_P2P_FILE_CONTROL, body);
}

void
vm_p2p_file_send_done (VmP2pFile *self, const guint8 *hash, const gchar *status,
    const gchar *saved_path, const gchar *reason)
{
  GString *body = vm_p2p_file_json ();

  vm_transfer_write_hash (body, "hash", hash);
  if (status)
    vm_json_append_member (body, "status", status);
  if (saved_path)
    vm_json_append_member (body, "savedPath", saved_path);
  if (reason)
    vm_json_append_member (body, "reason", reason);
  vm_p2p_file_send_json (self, VM_P2P_FILE_DONE, body);
}

void
vm_p2p_file_put_control (VmP2pFile *self, const VmTransferMessage *message)
{
  if (message->type == VM_TRANSFER_CANCEL && !self->native)
    vm_p2p_file_send_done (self, NULL, "cancelled", NULL, message->reason);
  if (!self->native)
    return;
  if (message->type == VM_TRANSFER_PAUSE)
    vm_p2p_file_send_control (self, "pause", message->reason);
  else if (message->type == VM_TRANSFER_RESUME)
    vm_p2p_file_send_control (self, "resume", message->reason);
  else if (message->type == VM_TRANSFER_CANCEL)
    vm_p2p_file_send_control (self, "cancel", message->reason);
}

void
vm_p2p_file_send_error (VmP2pFile *self, const VmTransferMessage *message)
{
  GString *body = vm_p2p_file_json ();

  vm_json_append_member (
      body, "code", message->code ? message->code : "FAILED");
  if (message->message)
    vm_json_append_member (body, "message", message->message);
  vm_p2p_file_send_json (self, VM_P2P_ERROR, body);
}
