/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/message-priv.h"

#include <stddef.h>
#include <string.h>

static const gchar *const types[VM_TRANSFER_N_TYPES] = { "FILE_OFFER",
  "FILE_RESPONSE", "TRANSFER_START", "CHUNK_DATA", "CHUNK_ACK",
  "TRANSFER_COMPLETE", "TRANSFER_VERIFIED", "TRANSFER_PAUSE", "TRANSFER_RESUME",
  "TRANSFER_CANCEL", "error" };

#define IN(type) (1u << VM_TRANSFER_##type)
#define ALL ((1u << VM_TRANSFER_N_TYPES) - 1)
#define CHUNKS (IN (CHUNK_DATA) | IN (CHUNK_ACK))
#define TOTALS (IN (START) | IN (COMPLETE))
#define REASONS \
  (IN (FILE_RESPONSE) | IN (VERIFIED) | IN (PAUSE) | IN (RESUME) | IN (CANCEL))

#define FIELD(key, kind, member, max, types, required)                      \
  {                                                                         \
    key, VM_FIELD_##kind, offsetof (VmTransferMessage, member), max, types, \
        required                                                            \
  }

/* Every field there is, in the order in which the base protocol draws them.
 * Both directions go by it, so that what is read is what is written. */
const VmTransferField vm_transfer_fields[] = {
  FIELD ("filename", NAME, filename, VM_FILENAME_INPUT_MAX, IN (FILE_OFFER),
      IN (FILE_OFFER)),
  FIELD ("size", NUMBER, size, VM_TRANSFER_NUMBER_MAX, IN (FILE_OFFER),
      IN (FILE_OFFER)),
  FIELD ("hash", NO_HASH, hash, 0, IN (FILE_OFFER), IN (FILE_OFFER)),
  FIELD ("id", ID, id, 0, IN (FILE_OFFER), IN (FILE_OFFER)),
  FIELD ("mime", NAME, mime, VM_TRANSFER_MIME_MAX, IN (FILE_OFFER), 0),
  FIELD ("mtime", TIME, mtime, 0, IN (FILE_OFFER), 0),
  FIELD ("encodings", ENCODINGS, encodings, 0, IN (FILE_OFFER), 0),
  FIELD ("user", LABEL, user, VM_TRANSFER_USER_MAX, IN (FILE_OFFER), 0),
  FIELD ("signature", NAME, signature, VM_TRANSFER_SIGNATURE_MAX,
      IN (FILE_OFFER), 0),
  FIELD ("accept", BOOLEAN, accept, 0, IN (FILE_RESPONSE), IN (FILE_RESPONSE)),
  FIELD ("transferId", ID, id, 0, ALL & ~IN (FILE_OFFER), 0),
  FIELD ("encoding", WORD, encoding, 0, IN (FILE_RESPONSE), 0),
  FIELD ("have", HAVE, have, 0, IN (FILE_RESPONSE), 0),
  FIELD ("port", NUMBER, port, G_MAXUINT16, IN (FILE_RESPONSE), 0),
  FIELD ("chunkSize", NUMBER, chunk_size, VM_CHUNK_SIZE_MAX,
      IN (FILE_OFFER) | IN (FILE_RESPONSE) | IN (START), IN (START)),
  FIELD ("totalChunks", NUMBER, total, VM_TRANSFER_NUMBER_MAX, TOTALS, TOTALS),
  FIELD ("finalHash", HASH, hash, 0, IN (COMPLETE), IN (COMPLETE)),
  FIELD ("id", NUMBER, index, VM_TRANSFER_NUMBER_MAX, CHUNKS, CHUNKS),
  FIELD ("data", CHUNK, data, VM_TRANSFER_JSON_CHUNK_MAX, IN (CHUNK_DATA),
      IN (CHUNK_DATA)),
  FIELD ("hash", HASH, hash, 0, IN (CHUNK_DATA), IN (CHUNK_DATA)),
  FIELD ("status", WORD, status, 0, IN (CHUNK_ACK), IN (CHUNK_ACK)),
  FIELD ("upTo", NUMBER, up_to, VM_TRANSFER_NUMBER_MAX, IN (CHUNK_ACK), 0),
  FIELD ("status", WORD, verified, 0, IN (VERIFIED), IN (VERIFIED)),
  FIELD ("savedPath", NAME, saved_path, VM_TRANSFER_PATH_MAX, IN (VERIFIED), 0),
  FIELD ("reason", NAME, reason, VM_TRANSFER_REASON_MAX, REASONS, 0),
  FIELD ("code", NAME, code, VM_TRANSFER_CODE_MAX, IN (ERROR), 0),
  FIELD ("message", NAME, message, VM_TRANSFER_REASON_MAX, IN (ERROR), 0),
  { NULL },
};

VmTransferMessage *
vm_transfer_message_new (VmTransferType type, const gchar *id)
{
  VmTransferMessage *self = g_new0 (VmTransferMessage, 1);

  self->type = type;
  self->id = g_strdup (id);
  self->size = self->chunk_size = self->total = self->index = self->up_to = -1;
  self->port = -1;
  return self;
}

void
vm_transfer_message_free (VmTransferMessage *self)
{
  g_free (self->id);
  g_free (self->filename);
  g_free (self->mime);
  g_free (self->user);
  g_free (self->signature);
  g_clear_pointer (&self->have, vm_chunk_set_free);
  g_clear_pointer (&self->data, g_bytes_unref);
  g_free (self->saved_path);
  g_free (self->reason);
  g_free (self->code);
  g_free (self->message);
  g_free (self);
}

const gchar *
vm_transfer_type_to_string (VmTransferType type)
{
  g_return_val_if_fail ((guint) type < VM_TRANSFER_N_TYPES, "unknown");

  return types[type];
}

gboolean
vm_transfer_type_from_string (const gchar *name, VmTransferType *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (name, types[i]) == 0) {
      *type = i;
      return TRUE;
    }
  }
  return FALSE;
}

gboolean
vm_transfer_id_check (const gchar *id)
{
  gsize size = strspn (id, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_");

  return size > 0 && size <= VM_TRANSFER_ID_MAX && !id[size];
}

gboolean
vm_transfer_bad_field (
    GError **error, VmTransferType type, const gchar *key, const gchar *what)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The field \"%s\" of %s %s", key, types[type], what);
  return FALSE;
}

static gboolean
is_there (const VmJson *json, const gchar *key)
{
  VmJsonNode node = vm_json_get (json, 0, key);

  return node != VM_JSON_NONE && vm_json_type (json, node) != VM_JSON_NULL;
}

gboolean
vm_transfer_read_text (
    VmTransferMessage *self, const VmTransferField *field, gchar **text)
{
  gpointer at = G_STRUCT_MEMBER_P (self, field->offset);

  switch (field->kind) {
    case VM_FIELD_ID:
      if (!vm_transfer_id_check (*text))
        return FALSE;
      break;
    case VM_FIELD_NAME:
      if (!vm_text_is_name (*text, field->max))
        return FALSE;
      break;
    case VM_FIELD_LABEL:
      if (!vm_text_is_label (*text, field->max))
        return FALSE;
      break;
    case VM_FIELD_WORD:
      return vm_transfer_read_word (self, *text);
    case VM_FIELD_TIME:
      return vm_transfer_read_time (*text, at);
    case VM_FIELD_HASH:
    case VM_FIELD_NO_HASH:
      self->has_hash = **text || field->kind == VM_FIELD_HASH;
      return !self->has_hash || vm_transfer_read_hash (*text, at);
    case VM_FIELD_CHUNK:
      self->data = vm_base64_read_bytes (*text, field->max);
      return self->data && g_bytes_get_size (self->data) > 0;
    default:
      g_return_val_if_reached (FALSE);
  }
  *(gchar **) at = g_steal_pointer (text);
  return TRUE;
}

static gboolean
read_field (
    const VmJson *json, VmTransferMessage *self, guint i, GError **error)
{
  const gchar *key = vm_transfer_fields[i].key;
  gpointer at = G_STRUCT_MEMBER_P (self, vm_transfer_fields[i].offset);
  g_autofree gchar *text = NULL;

  switch (vm_transfer_fields[i].kind) {
    case VM_FIELD_NUMBER:
      return vm_json_get_int (
          json, 0, key, 0, vm_transfer_fields[i].max, at, error);
    case VM_FIELD_BOOLEAN:
      return vm_json_get_boolean (json, 0, key, at, error);
    case VM_FIELD_ENCODINGS:
      return vm_transfer_read_encodings (json, key, at, error);
    case VM_FIELD_HAVE:
      return vm_chunk_set_read (
          json, 0, key, VM_CHUNK_SET_TOTAL_MAX, at, error);
    default:
      break;
  }
  if (!vm_json_get_string (json, 0, key, VM_JSON_SIZE_MAX, &text, error))
    return FALSE;
  return !text || vm_transfer_read_text (self, &vm_transfer_fields[i], &text)
         || vm_transfer_bad_field (
             error, self->type, key, "is not what it may be");
}

static gboolean
read_fields (const VmJson *json, VmTransferMessage *self, GError **error)
{
  guint32 bit = 1u << self->type;

  for (guint i = 0; vm_transfer_fields[i].key; i++) {
    if (!(vm_transfer_fields[i].types & bit))
      continue;
    if (vm_transfer_fields[i].required & bit
        && !is_there (json, vm_transfer_fields[i].key))
      return vm_transfer_bad_field (
          error, self->type, vm_transfer_fields[i].key, "is missing");
    if (!read_field (json, self, i, error))
      return FALSE;
  }
  return (self->chunk_size < 0 || self->chunk_size >= VM_CHUNK_SIZE_MIN)
         || vm_transfer_bad_field (
             error, self->type, "chunkSize", "is too small");
}

static gboolean
read_type (const VmJson *json, VmTransferType *type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!vm_json_get_string (json, 0, "type", VM_TRANSFER_CODE_MAX, &name, error))
    return FALSE;
  if (name && vm_transfer_type_from_string (name, type))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The field \"type\" names no message of a file transfer");
  return FALSE;
}

VmTransferMessage *
vm_transfer_message_read (const gchar *text, gsize size, GError **error)
{
  g_autoptr (VmTransferMessage) self = NULL;
  VmTransferType type;
  VmJson json;

  if (!vm_json_read (&json, text, size, error)
      || !read_type (&json, &type, error))
    return NULL;
  self = vm_transfer_message_new (type, NULL);
  return read_fields (&json, self, error) ? g_steal_pointer (&self) : NULL;
}

static void
write_field (GString *out, const VmTransferMessage *self, guint i)
{
  const gchar *key = vm_transfer_fields[i].key;
  gconstpointer at = G_STRUCT_MEMBER_P (self, vm_transfer_fields[i].offset);

  switch (vm_transfer_fields[i].kind) {
    case VM_FIELD_ID:
    case VM_FIELD_NAME:
    case VM_FIELD_LABEL:
      vm_json_append_member (out, key, *(gchar *const *) at);
      break;
    case VM_FIELD_NUMBER:
      if (*(const gint64 *) at >= 0)
        vm_json_append_int (out, key, *(const gint64 *) at);
      break;
    case VM_FIELD_BOOLEAN:
      vm_json_append_boolean (out, key, *(const gboolean *) at);
      break;
    case VM_FIELD_WORD:
      vm_json_append_member (out, key, vm_transfer_word (self));
      break;
    case VM_FIELD_TIME:
      vm_transfer_write_time (out, key, *(const gint64 *) at);
      break;
    case VM_FIELD_HASH:
    case VM_FIELD_NO_HASH:
      vm_transfer_write_hash (out, key, self->has_hash ? at : NULL);
      break;
    case VM_FIELD_CHUNK:
      vm_transfer_write_chunk (out, key, self->data);
      break;
    case VM_FIELD_ENCODINGS:
      vm_transfer_write_encodings (out, key, self->encodings);
      break;
    case VM_FIELD_HAVE:
      if (self->have)
        vm_chunk_set_append (self->have, out, key);
      break;
  }
}

gchar *
vm_transfer_message_write (const VmTransferMessage *self)
{
  gsize chunk = self->data ? g_bytes_get_size (self->data) : 0;
  GString *out = g_string_sized_new (512 + chunk / 3 * 4);

  g_string_append_c (out, '{');
  vm_json_append_member (out, "type", types[self->type]);
  for (guint i = 0; vm_transfer_fields[i].key; i++) {
    if (vm_transfer_fields[i].types & 1u << self->type)
      write_field (out, self, i);
  }
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}
