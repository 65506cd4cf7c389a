/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/message-priv.h"
#include "transfer/message/messagestructure.h"
#include <gst/videomeet/vmtransfermeta.h>

static const gchar *const encoding_names[] = { "json", "binary" };

static void
set_hash (GstStructure *s, const gchar *key, const guint8 *hash)
{
  gchar text[VM_TRANSFER_HASH_TEXT] = "";

  if (hash)
    vm_transfer_format_hash (hash, text);
  gst_structure_set (s, key, G_TYPE_STRING, text, NULL);
}

static void
set_encodings (GstStructure *s, const gchar *key, guint encodings)
{
  const gchar *names[G_N_ELEMENTS (encoding_names) + 1] = { NULL };
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (encoding_names); i++)
    if (encodings & 1u << i)
      names[n++] = encoding_names[i];
  if (n)
    gst_structure_set (s, key, G_TYPE_STRV, names, NULL);
}

static void
set_have (GstStructure *s, const gchar *key, const VmChunkSet *have)
{
  GValue list = G_VALUE_INIT, number = G_VALUE_INIT;
  guint n;
  const VmChunkRun *runs = vm_chunk_set_get_runs (have, &n);

  gst_value_array_init (&list, 2 * n);
  g_value_init (&number, G_TYPE_UINT64);
  for (guint i = 0; i < n; i++) {
    g_value_set_uint64 (&number, runs[i].first);
    gst_value_array_append_value (&list, &number);
    g_value_set_uint64 (&number, runs[i].count);
    gst_value_array_append_value (&list, &number);
  }
  gst_structure_take_value (s, key, &list);
}

static void
set_field (GstStructure *s, const VmTransferMessage *self, guint i)
{
  const VmTransferField *field = &vm_transfer_fields[i];
  gconstpointer at = G_STRUCT_MEMBER_P (self, field->offset);
  const gchar *text = NULL;

  switch (field->kind) {
    case VM_FIELD_ID:
    case VM_FIELD_NAME:
    case VM_FIELD_LABEL:
      text = *(gchar *const *) at;
      break;
    case VM_FIELD_WORD:
      text = vm_transfer_word (self);
      break;
    case VM_FIELD_NUMBER:
      if (*(const gint64 *) at >= 0)
        gst_structure_set (
            s, field->key, G_TYPE_INT64, *(const gint64 *) at, NULL);
      break;
    case VM_FIELD_TIME:
      if (*(const gint64 *) at)
        gst_structure_set (
            s, field->key, G_TYPE_INT64, *(const gint64 *) at, NULL);
      break;
    case VM_FIELD_BOOLEAN:
      gst_structure_set (
          s, field->key, G_TYPE_BOOLEAN, *(const gboolean *) at, NULL);
      break;
    case VM_FIELD_HASH:
    case VM_FIELD_NO_HASH:
      set_hash (s, field->key, self->has_hash ? at : NULL);
      break;
    case VM_FIELD_ENCODINGS:
      set_encodings (s, field->key, self->encodings);
      break;
    case VM_FIELD_HAVE:
      if (self->have)
        set_have (s, field->key, self->have);
      break;
    case VM_FIELD_CHUNK:
      break;
  }
  if (text)
    gst_structure_set (s, field->key, G_TYPE_STRING, text, NULL);
}

GstStructure *
vm_transfer_message_to_structure (const VmTransferMessage *self)
{
  GstStructure *s =
      gst_structure_new_empty (vm_transfer_type_to_string (self->type));

  for (guint i = 0; vm_transfer_fields[i].key; i++)
    if (vm_transfer_fields[i].types & 1u << self->type)
      set_field (s, self, i);
  return s;
}

GstBuffer *
vm_transfer_message_to_buffer (const VmTransferMessage *self, const gchar *lane)
{
  GstBuffer *buffer = self->data ? gst_buffer_new_wrapped_bytes (self->data)
                                 : gst_buffer_new ();

  vm_buffer_add_transfer_meta (buffer, vm_transfer_message_to_structure (self))
      ->lane = lane;
  return buffer;
}

static gboolean
get_have (const GValue *value, VmChunkSet **have)
{
  guint n = gst_value_array_get_size (value);
  g_autoptr (VmChunkSet) set = vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX);

  if (n % 2)
    return FALSE;
  for (guint i = 0; i < n; i += 2) {
    const GValue *first = gst_value_array_get_value (value, i);
    const GValue *count = gst_value_array_get_value (value, i + 1);

    if (!G_VALUE_HOLDS_UINT64 (first) || !G_VALUE_HOLDS_UINT64 (count)
        || !vm_chunk_set_add_run (
            set, g_value_get_uint64 (first), g_value_get_uint64 (count)))
      return FALSE;
  }
  *have = g_steal_pointer (&set);
  return TRUE;
}

static void
get_encodings (const GValue *value, guint *encodings)
{
  const gchar *const *names = g_value_get_boxed (value);

  *encodings = VM_TRANSFER_ENCODING_JSON;
  for (guint i = 0; i < G_N_ELEMENTS (encoding_names); i++)
    if (names && g_strv_contains (names, encoding_names[i]))
      *encodings |= 1u << i;
}

static gboolean
get_field (const GValue *value, VmTransferMessage *self, guint i)
{
  const VmTransferField *field = &vm_transfer_fields[i];
  gpointer at = G_STRUCT_MEMBER_P (self, field->offset);
  g_autofree gchar *text = NULL;
  gint64 number;

  switch (field->kind) {
    case VM_FIELD_NUMBER:
    case VM_FIELD_TIME:
      if (!G_VALUE_HOLDS_INT64 (value))
        return FALSE;
      number = g_value_get_int64 (value);
      if (field->kind == VM_FIELD_NUMBER
          && (number < 0 || (guint64) number > field->max))
        return FALSE;
      *(gint64 *) at = number;
      return TRUE;
    case VM_FIELD_BOOLEAN:
      if (!G_VALUE_HOLDS_BOOLEAN (value))
        return FALSE;
      *(gboolean *) at = g_value_get_boolean (value);
      return TRUE;
    case VM_FIELD_ENCODINGS:
      if (!G_VALUE_HOLDS (value, G_TYPE_STRV))
        return FALSE;
      get_encodings (value, at);
      return TRUE;
    case VM_FIELD_HAVE:
      return GST_VALUE_HOLDS_ARRAY (value) && get_have (value, at);
    default:
      if (!G_VALUE_HOLDS_STRING (value) || !g_value_get_string (value))
        return FALSE;
      text = g_value_dup_string (value);
      return vm_transfer_read_text (self, field, &text);
  }
}

static gboolean
get_fields (const GstStructure *s, VmTransferMessage *self, GError **error)
{
  guint32 bit = 1u << self->type;

  for (guint i = 0; vm_transfer_fields[i].key; i++) {
    const VmTransferField *field = &vm_transfer_fields[i];
    const GValue *value = gst_structure_get_value (s, field->key);

    if (!(field->types & bit) || field->kind == VM_FIELD_CHUNK)
      continue;
    if (!value && field->required & bit)
      return vm_transfer_bad_field (
          error, self->type, field->key, "is missing");
    if (value && !get_field (value, self, i))
      return vm_transfer_bad_field (
          error, self->type, field->key, "is not what it may be");
  }
  if (self->chunk_size >= 0 && self->chunk_size < VM_CHUNK_SIZE_MIN)
    return vm_transfer_bad_field (
        error, self->type, "chunkSize", "is too small");
  return TRUE;
}

VmTransferMessage *
vm_transfer_message_from_structure (
    const GstStructure *s, GBytes *data, GError **error)
{
  g_autoptr (VmTransferMessage) self = NULL;
  VmTransferType type;

  if (!vm_transfer_type_from_string (gst_structure_get_name (s), &type)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "%s is no message of a file transfer", gst_structure_get_name (s));
    return NULL;
  }
  self = vm_transfer_message_new (type, NULL);
  if (!get_fields (s, self, error))
    return NULL;
  if (type == VM_TRANSFER_CHUNK_DATA) {
    gsize size = data ? g_bytes_get_size (data) : 0;

    if (size == 0 || size > VM_CHUNK_SIZE_MAX) {
      vm_transfer_bad_field (error, type, "data", "is not what it may be");
      return NULL;
    }
    self->data = g_bytes_ref (data);
  }
  return g_steal_pointer (&self);
}
