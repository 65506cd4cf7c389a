/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/joinbody.h"
#include "base/limits.h"
#include "trust/token/token.h"
#include "base/json/json.h"
#include "wire/signal.h"

#include <string.h>

void
vm_join_body_clear (VmJoinBody *body)
{
  g_clear_pointer (&body->meeting, g_free);
  g_clear_pointer (&body->user, g_free);
  g_clear_pointer (&body->device_id, g_free);
  g_clear_pointer (&body->pin, g_free);
  g_clear_pointer (&body->token, g_free);
  g_clear_pointer (&body->nonce, g_free);
  g_clear_pointer (&body->signature, g_free);
  g_clear_pointer (&body->via, g_free);
  g_clear_pointer (&body->origin_id, g_free);
  g_clear_pointer (&body->session, g_free);
}

static gboolean
read_call_type (const VmJson *json, VmCallType *call_type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!vm_json_get_string (json, 0, "callType", VM_NAME_MAX, &name, error))
    return FALSE;
  *call_type = VM_CALL_TYPE_VIDEO;
  if (g_strcmp0 (name, "audio") == 0)
    *call_type = VM_CALL_TYPE_AUDIO;
  else if (name && strcmp (name, "video") != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The field \"callType\" is neither video nor audio");
    return FALSE;
  }
  return TRUE;
}

gboolean
vm_join_body_read (
    VmJoinBody *body, const gchar *data, gsize size, GError **error)
{
  VmJson json;

  return vm_json_read (&json, data, size, error)
         && vm_json_get_string (
             &json, 0, "meeting", VM_NAME_MAX + 1, &body->meeting, error)
         && vm_json_get_string (
             &json, 0, "user", VM_NAME_MAX + 1, &body->user, error)
         && vm_json_get_string (
             &json, 0, "deviceId", VM_NAME_MAX + 1, &body->device_id, error)
         && vm_json_get_string (
             &json, 0, "pin", VM_PIN_MAX + 1, &body->pin, error)
         && vm_json_get_string (
             &json, 0, "token", VM_TOKEN_PEM_MAX, &body->token, error)
         && vm_json_get_string (
             &json, 0, "nonce", VM_NAME_MAX, &body->nonce, error)
         && vm_json_get_string (
             &json, 0, "signature", VM_NAME_MAX, &body->signature, error)
         && vm_json_get_string (
             &json, 0, "via", VM_SIGNAL_ID_MAX, &body->via, error)
         && vm_json_get_string (
             &json, 0, "originId", VM_SIGNAL_ID_MAX, &body->origin_id, error)
         && vm_json_get_string (
             &json, 0, "session", VM_NAME_MAX, &body->session, error)
         && read_call_type (&json, &body->call_type, error);
}
