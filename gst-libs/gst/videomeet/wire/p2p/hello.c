/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/json/json.h"
#include "wire/p2p/hello.h"

#include <string.h>

void
vm_p2p_hello_free (VmP2pHello *self)
{
  g_free (self->session_id);
  g_free (self->session_token);
  g_free (self->from_device_id);
  g_free (self);
}

static GString *
begin (const gchar *type)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "t", type);
  return out;
}

static GBytes *
end (GString *out)
{
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

GBytes *
vm_p2p_hello_write (const VmP2pHello *self)
{
  GString *out = begin ("P2P_HELLO");

  vm_json_append_member (out, "session_id", self->session_id);
  vm_json_append_member (out, "session_token", self->session_token);
  vm_json_append_member (out, "from_device_id", self->from_device_id);
  return end (out);
}

GBytes *
vm_p2p_ok_write (void)
{
  return end (begin ("P2P_OK"));
}

GBytes *
vm_p2p_deny_write (const GError *why)
{
  GString *out = begin ("P2P_DENY");
  g_autofree gchar *message = vm_text_to_name (why->message, VM_P2P_REASON_MAX);

  vm_json_append_member (out, "code", vm_error_get_code (why));
  vm_json_append_member (out, "message", message);
  return end (out);
}

/* VM_P2P_HELLO_MAX is for the text, which the reader of JSON allows more. */
static gboolean
read_text (VmJson *json, GBytes *text, gchar **type, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (text, &size);

  if (size > VM_P2P_HELLO_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A greeting has at most %d bytes", VM_P2P_HELLO_MAX);
    return FALSE;
  }
  return vm_json_read (json, data ? data : "", size, error)
         && vm_json_get_string (json, 0, "t", 16, type, error);
}

static gboolean
get_name (const VmJson *json, const gchar *key, gsize max, gchar **value,
    GError **error)
{
  if (!vm_json_get_string (json, 0, key, max, value, error))
    return FALSE;
  if (*value && **value)
    return TRUE;
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "P2P_HELLO has no %s", key);
  return FALSE;
}

VmP2pHello *
vm_p2p_hello_read (GBytes *text, GError **error)
{
  g_autoptr (VmP2pHello) self = g_new0 (VmP2pHello, 1);
  g_autofree gchar *type = NULL;
  VmJson json;

  if (!read_text (&json, text, &type, error))
    return NULL;
  if (g_strcmp0 (type, "P2P_HELLO") != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The first words of a connection are not P2P_HELLO");
    return NULL;
  }
  if (!get_name (
          &json, "session_id", VM_P2P_SESSION_ID_MAX, &self->session_id, error)
      || !get_name (
          &json, "session_token", VM_P2P_TOKEN_MAX, &self->session_token, error)
      || !get_name (&json, "from_device_id", VM_P2P_DEVICE_ID_MAX,
          &self->from_device_id, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
vm_p2p_answer_read (GBytes *text, GError **error)
{
  g_autofree gchar *type = NULL;
  g_autofree gchar *code = NULL;
  g_autofree gchar *message = NULL;
  g_autofree gchar *shown = NULL;
  VmError denial;
  VmJson json;

  if (!read_text (&json, text, &type, error))
    return FALSE;
  if (g_strcmp0 (type, "P2P_OK") == 0)
    return TRUE;
  if (g_strcmp0 (type, "P2P_DENY") != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The answer to P2P_HELLO is neither P2P_OK nor P2P_DENY");
    return FALSE;
  }
  if (!vm_json_get_string (&json, 0, "code", 64, &code, error)
      || !vm_json_get_string (
          &json, 0, "message", VM_P2P_REASON_MAX, &message, error))
    return FALSE;
  if (!vm_error_from_code (code, &denial))
    denial = VM_ERROR_P2P_SESSION_DENIED;
  shown = vm_text_to_name (
      message && *message ? message : "The other device denies the session",
      VM_P2P_REASON_MAX);
  g_set_error_literal (error, VM_ERROR, denial, shown);
  return FALSE;
}
