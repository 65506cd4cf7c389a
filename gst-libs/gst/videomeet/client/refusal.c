/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/refusal.h"

#include "base/json/json-priv.h"
#include "wire/signal.h"

GError *
vm_http_reply_to_error (const VmHttpReply *reply)
{
  gsize size;
  const gchar *data = g_bytes_get_data (reply->body, &size);
  g_autofree gchar *code = NULL;
  g_autofree gchar *message = NULL;
  VmError error = VM_ERROR_FAILED;
  VmJson json;

  if (vm_json_read (&json, data ? data : "", size, NULL)) {
    VmJsonNode node = vm_json_get (&json, 0, "error");

    vm_json_get_string (&json, node, "code", VM_SIGNAL_ID_MAX, &code, NULL);
    vm_json_get_string (
        &json, node, "message", VM_SIGNAL_MESSAGE_MAX, &message, NULL);
  }
  if (message && !vm_text_is_name (message, VM_SIGNAL_MESSAGE_MAX))
    g_clear_pointer (&message, g_free);
  vm_error_from_code (code, &error);
  if (message)
    return g_error_new_literal (VM_ERROR, error, message);
  return g_error_new (
      VM_ERROR, error, "The device's server answered %u", reply->status);
}
