/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/archive/zipjson.h"

#include "transfer/message/message.h"

#include <locale.h>

void
vm_zip_fields_clear (VmZipFields *fields)
{
  gchar **texts[] = { &fields->mode, &fields->name, &fields->list,
    &fields->user, &fields->hash, &fields->status, &fields->reason,
    &fields->saved_path, &fields->action, &fields->code, &fields->message };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (texts[i], g_free);
}

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, why);
  return FALSE;
}

static gboolean
read_texts (const VmJson *json, VmZipFields *fields, GError **error)
{
  const VmP2pText texts[] = {
    { "mode", &fields->mode, VM_TRANSFER_CODE_MAX },
    { "name", &fields->name, VM_FILENAME_INPUT_MAX },
    { "list", &fields->list, VM_ZIP_LIST_TEXT },
    { "user", &fields->user, VM_TRANSFER_USER_MAX },
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
read_accept (const VmJson *json, VmZipFields *fields, GError **error)
{
  gboolean accept = FALSE;

  if (vm_json_get (json, 0, "accept") == VM_JSON_NONE)
    return TRUE;
  if (!vm_json_get_boolean (json, 0, "accept", &accept, error))
    return FALSE;
  fields->accept = accept;
  return TRUE;
}

gboolean
vm_zip_fields_read (VmZipFields *fields, GBytes *body, GError **error)
{
  const gint64 most = VM_TRANSFER_NUMBER_MAX;
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  VmJson json;

  *fields =
      (VmZipFields){ .size = -1, .entries = -1, .have = -1, .accept = -1 };
  if (size > VM_P2P_FILE_JSON_MAX)
    return refuse (error, "A message is too long");
  if (!vm_json_read (&json, data ? data : "", size, error))
    return FALSE;
  if (vm_json_type (&json, 0) != VM_JSON_OBJECT)
    return refuse (error, "A message is no object");
  return read_texts (&json, fields, error) && read_accept (&json, fields, error)
         && vm_json_get_int (&json, 0, "size", 0, most, &fields->size, error)
         && vm_json_get_int (
             &json, 0, "entries", 0, most, &fields->entries, error)
         && vm_json_get_int (&json, 0, "have", 0, most, &fields->have, error);
}

gboolean
vm_zip_say (VmP2pPipe *pipe, guint8 type, GString *body, GError **error)
{
  g_autoptr (GBytes) bytes = NULL;

  g_string_append_c (body, '}');
  bytes = g_string_free_to_bytes (body);
  return vm_p2p_pipe_send (
      pipe, type, NULL, 0, bytes, VM_P2P_SEND_TIMEOUT, error);
}

GError *
vm_zip_error_of (const VmZipFields *fields)
{
  VmError code = VM_ERROR_FAILED;
  const gchar *why = fields->message ? fields->message : fields->reason;

  if (fields->code)
    vm_error_from_code (fields->code, &code);
  else if (g_strcmp0 (fields->status, "declined") == 0)
    code = VM_ERROR_DECLINED;
  else if (g_strcmp0 (fields->status, "cancelled") == 0)
    code = VM_ERROR_CANCELLED;
  return g_error_new (VM_ERROR, code, "The other side does not go on%s%s",
      why ? ": " : "", why ? why : "");
}

gpointer
vm_zip_begin_utf8 (void)
{
  locale_t utf8 = newlocale (LC_CTYPE_MASK, "C.UTF-8", (locale_t) 0);

  return utf8 ? uselocale (utf8) : NULL;
}

void
vm_zip_end_utf8 (gpointer before)
{
  if (before)
    freelocale (uselocale (before));
}
