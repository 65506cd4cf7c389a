/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/message/message-priv.h"

#include <string.h>

/* Entries of a list of encodings that are looked at. */
#define ENCODINGS_MAX 16

static const gchar *const statuses[VM_CHUNK_N_STATUSES] = { "received",
  "corrupt", "full" };

static const struct
{
  VmTransferEncoding encoding;
  const gchar *name;
} encodings[] = { { VM_TRANSFER_ENCODING_JSON, "json" },
  { VM_TRANSFER_ENCODING_BINARY, "binary" } };

static VmTransferEncoding
encoding_of (const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++) {
    if (strcmp (name, encodings[i].name) == 0)
      return encodings[i].encoding;
  }
  return VM_TRANSFER_ENCODING_NONE;
}

const gchar *
vm_transfer_word (const VmTransferMessage *self)
{
  if (self->type == VM_TRANSFER_CHUNK_ACK)
    return statuses[self->status];
  if (self->type == VM_TRANSFER_VERIFIED)
    return self->verified ? "verified" : "failed";
  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++) {
    if (self->encoding == encodings[i].encoding)
      return encodings[i].name;
  }
  return NULL;
}

gboolean
vm_transfer_read_word (VmTransferMessage *self, const gchar *word)
{
  if (self->type == VM_TRANSFER_FILE_RESPONSE) {
    self->encoding = encoding_of (word);
    return self->encoding != VM_TRANSFER_ENCODING_NONE;
  }
  if (self->type == VM_TRANSFER_VERIFIED) {
    self->verified = strcmp (word, "verified") == 0;
    return TRUE;
  }
  self->status = VM_CHUNK_CORRUPT;
  for (guint i = 0; i < VM_CHUNK_N_STATUSES; i++) {
    if (strcmp (word, statuses[i]) == 0)
      self->status = i;
  }
  return TRUE;
}

gboolean
vm_transfer_read_time (const gchar *text, gint64 *time)
{
  g_autoptr (GDateTime) read = NULL;

  if (strlen (text) > VM_TRANSFER_TIME_MAX)
    return FALSE;
  read = g_date_time_new_from_iso8601 (text, NULL);
  if (!read)
    return FALSE;
  *time = g_date_time_to_unix (read) * 1000
          + g_date_time_get_microsecond (read) / 1000;
  return TRUE;
}

void
vm_transfer_write_time (GString *out, const gchar *key, gint64 time)
{
  gint64 ms = (time % 1000 + 1000) % 1000;
  g_autoptr (GDateTime) date =
      time ? g_date_time_new_from_unix_utc ((time - ms) / 1000) : NULL;
  g_autofree gchar *text = NULL;

  if (!date) /* none, or of no year that can be written */
    return;
  text = g_strdup_printf ("%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
      g_date_time_get_year (date), g_date_time_get_month (date),
      g_date_time_get_day_of_month (date), g_date_time_get_hour (date),
      g_date_time_get_minute (date), g_date_time_get_second (date), (gint) ms);
  vm_json_append_member (out, key, text);
}

gboolean
vm_transfer_read_hash (const gchar *text, guint8 hash[VM_SHA256_SIZE])
{
  if (strlen (text) != 2 * VM_SHA256_SIZE
      || text[strspn (text, "0123456789abcdef")])
    return FALSE;
  for (guint i = 0; i < VM_SHA256_SIZE; i++)
    hash[i] = g_ascii_xdigit_value (text[2 * i]) << 4
              | g_ascii_xdigit_value (text[2 * i + 1]);
  return TRUE;
}

void
vm_transfer_format_hash (
    const guint8 hash[VM_SHA256_SIZE], gchar text[VM_TRANSFER_HASH_TEXT])
{
  for (guint i = 0; i < VM_SHA256_SIZE; i++) {
    text[2 * i] = "0123456789abcdef"[hash[i] >> 4];
    text[2 * i + 1] = "0123456789abcdef"[hash[i] & 15];
  }
  text[2 * VM_SHA256_SIZE] = 0;
}

void
vm_transfer_write_hash (GString *out, const gchar *key, const guint8 *hash)
{
  gchar text[VM_TRANSFER_HASH_TEXT] = "";

  if (hash)
    vm_transfer_format_hash (hash, text);
  vm_json_append_member (out, key, text);
}

void
vm_transfer_write_chunk (GString *out, const gchar *key, GBytes *data)
{
  g_autofree gchar *text = NULL;

  if (!data)
    return;
  text =
      g_base64_encode (g_bytes_get_data (data, NULL), g_bytes_get_size (data));
  /* nothing of base64 is escaped */
  vm_json_append_key (out, key);
  g_string_append_c (out, '"');
  g_string_append (out, text);
  g_string_append_c (out, '"');
}

gboolean
vm_transfer_read_encodings (
    const VmJson *json, const gchar *key, guint *read, GError **error)
{
  VmJsonNode list = vm_json_get (json, 0, key);

  if (list == VM_JSON_NONE || vm_json_type (json, list) == VM_JSON_NULL)
    return TRUE;
  if (vm_json_type (json, list) != VM_JSON_ARRAY
      || vm_json_length (json, list) > ENCODINGS_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"%s\" is no list, or too long", key);
    return FALSE;
  }
  /* whoever tells a list can do JSON, as everybody */
  *read = VM_TRANSFER_ENCODING_JSON;
  for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *name = vm_span_to_string (vm_json_span (json, e));

    if (name)
      *read |= encoding_of (name);
  }
  return TRUE;
}

void
vm_transfer_write_encodings (GString *out, const gchar *key, guint mask)
{
  const gchar *names[G_N_ELEMENTS (encodings) + 1] = { NULL };
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (encodings); i++) {
    if (mask & encodings[i].encoding)
      names[n++] = encodings[i].name;
  }
  if (n)
    vm_json_append_strings (out, key, names);
}
