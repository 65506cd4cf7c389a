/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/http/guestbody.h"
#include "base/limits.h"
#include "base/base64.h"
#include "trust/token/token.h"
#include "base/json/json.h"

#define KEY_TEXT_SIZE 124 /* base64 of VM_SPKI_SIZE bytes */

void
vm_guest_body_clear (VmGuestBody *body)
{
  g_clear_pointer (&body->meeting, g_free);
  g_clear_pointer (&body->invitation, g_free);
  g_clear_pointer (&body->key, g_free);
  g_clear_pointer (&body->token, g_free);
}

gboolean
vm_guest_body_read (
    VmGuestBody *body, const gchar *data, gsize size, GError **error)
{
  VmJson json;

  if (!vm_json_read (&json, data, size, error)
      || !vm_json_get_string (
          &json, 0, "meeting", VM_NAME_MAX, &body->meeting, error)
      || !vm_json_get_string (
          &json, 0, "invitation", VM_NAME_MAX, &body->invitation, error)
      || !vm_json_get_string (
          &json, 0, "pubKey", KEY_TEXT_SIZE, &body->key, error)
      || !vm_json_get_string (
          &json, 0, "token", VM_TOKEN_PEM_MAX, &body->token, error))
    return FALSE;
  if (body->meeting && (body->token || (body->invitation && body->key)))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "It needs \"meeting\" and either \"token\" or \"invitation\" and "
      "\"pubKey\"");
  return FALSE;
}

GBytes *
vm_guest_body_get_key (const VmGuestBody *body, GError **error)
{
  guint8 spki[VM_SPKI_SIZE];

  if (vm_base64_read (body->key, spki, sizeof spki))
    return g_bytes_new (spki, sizeof spki);
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "The field \"pubKey\" is no P-256 key");
  return NULL;
}
