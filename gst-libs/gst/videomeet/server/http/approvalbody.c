/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/approvalbody.h"
#include "base/limits.h"
#include "base/json/json.h"

void
vm_approval_body_clear (VmApprovalBody *body)
{
  g_clear_pointer (&body->secret, g_free);
  g_clear_pointer (&body->session, g_free);
  g_clear_pointer (&body->request_id, g_free);
}

gboolean
vm_approval_body_read (
    VmApprovalBody *body, const gchar *data, gsize size, GError **error)
{
  VmJson json;

  if (!vm_json_read (&json, data, size, error))
    return FALSE;
  body->has_approve = vm_json_get (&json, 0, "approve") != VM_JSON_NONE;
  return vm_json_get_string (
             &json, 0, "secret", VM_NAME_MAX, &body->secret, error)
         && vm_json_get_string (
             &json, 0, "session", VM_NAME_MAX, &body->session, error)
         && vm_json_get_string (
             &json, 0, "requestId", VM_NAME_MAX, &body->request_id, error)
         && vm_json_get_boolean (&json, 0, "approve", &body->approve, error);
}
