/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "terminal/termmessage.h"

#include "base/json/json.h"
#include "base/text.h"
#include "transfer/p2p/p2ptexts.h"
#include "wire/p2p/reader.h"

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, why);
  return FALSE;
}

static gboolean
check_size (GBytes *body, gsize max, GError **error)
{
  if (g_bytes_get_size (body) <= max)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
      "A message of a terminal has more than %" G_GSIZE_FORMAT " bytes", max);
  return FALSE;
}

static gboolean
read_object (VmJson *json, GBytes *body, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);

  if (!check_size (body, VM_TERM_JSON_MAX, error)
      || !vm_json_read (json, data ? data : "", size, error))
    return FALSE;
  return vm_json_type (json, 0) == VM_JSON_OBJECT
         || refuse (error, "A message of a terminal is no object");
}

static GBytes *
end_object (GString *body)
{
  g_string_append_c (body, '}');
  return g_string_free_to_bytes (body);
}

gboolean
vm_term_size_is_valid (gint64 cols, gint64 rows)
{
  return cols >= 1 && cols <= VM_TERM_COLS_MAX && rows >= 1
         && rows <= VM_TERM_ROWS_MAX;
}

gboolean
vm_term_size_read (VmTermSize *size, GBytes *body, GError **error)
{
  gint64 cols = 0, rows = 0;
  VmJson json;

  if (!read_object (&json, body, error)
      || !vm_json_get_int (&json, 0, "cols", 1, VM_TERM_COLS_MAX, &cols, error)
      || !vm_json_get_int (&json, 0, "rows", 1, VM_TERM_ROWS_MAX, &rows, error))
    return FALSE;
  if (!cols || !rows)
    return refuse (error, "The size of a terminal lacks a number");
  size->cols = cols;
  size->rows = rows;
  return TRUE;
}

GBytes *
vm_term_size_write (const VmTermSize *size)
{
  GString *body = g_string_new ("{");

  vm_json_append_int (body, "cols", size->cols);
  vm_json_append_int (body, "rows", size->rows);
  return end_object (body);
}

gboolean
vm_term_out_check (GBytes *body, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);

  return check_size (body, VM_TERM_OUT_MAX, error)
         && (size == 0 || g_utf8_validate_len (data, size, NULL)
             || refuse (error, "The output of a terminal is no UTF-8"));
}

gboolean
vm_term_in_check (GBytes *body, GError **error)
{
  return check_size (body, VM_TERM_IN_MAX, error)
         && (g_bytes_get_size (body) > 0
             || refuse (error, "The input of a terminal is empty"));
}

static const gchar *const actions[VM_TERM_CONTROL_N_ACTIONS] = {
  "ask",
  "token",
  "take-back",
  "denied",
  "release",
};

const gchar *
vm_term_control_action_to_string (VmTermControlAction action)
{
  return (guint) action < VM_TERM_CONTROL_N_ACTIONS ? actions[action] : NULL;
}

void
vm_term_control_clear (VmTermControl *control)
{
  g_clear_pointer (&control->cap_token, g_free);
  g_clear_pointer (&control->code, g_free);
  g_clear_pointer (&control->message, g_free);
}

static gboolean
find_action (const gchar *name, VmTermControlAction *action, GError **error)
{
  for (guint i = 0; name && i < VM_TERM_CONTROL_N_ACTIONS; i++) {
    if (g_strcmp0 (name, actions[i]) == 0) {
      *action = i;
      return TRUE;
    }
  }
  return refuse (error, "The action of a TERM_CONTROL is not known");
}

gboolean
vm_term_control_read (VmTermControl *control, GBytes *body, GError **error)
{
  g_autofree gchar *action = NULL;
  const VmP2pText texts[] = {
    { "action", &action, VM_TERM_CODE_MAX },
    { "cap_token", &control->cap_token, VM_TERM_TOKEN_MAX },
    { "code", &control->code, VM_TERM_CODE_MAX },
    { "message", &control->message, VM_TERM_TEXT_MAX },
  };
  VmJson json;

  *control = (VmTermControl){ 0 };
  if (!read_object (&json, body, error)
      || !vm_p2p_texts_read (&json, texts, G_N_ELEMENTS (texts), error)
      || !vm_json_get_int (&json, 0, "expires_in", 0, VM_TERM_EXPIRES_MAX,
          &control->expires_in, error)
      || !find_action (action, &control->action, error))
    return FALSE;
  if (control->action == VM_TERM_CONTROL_TOKEN
      && (!control->cap_token || !*control->cap_token))
    return refuse (error, "A TERM_CONTROL lacks its token");
  return control->action != VM_TERM_CONTROL_DENIED || control->code
         || refuse (error, "A TERM_CONTROL does not say why");
}

GBytes *
vm_term_control_write (const VmTermControl *control)
{
  GString *body = g_string_new ("{");

  vm_json_append_member (body, "action", actions[control->action]);
  if (control->cap_token)
    vm_json_append_member (body, "cap_token", control->cap_token);
  if (control->expires_in > 0)
    vm_json_append_int (body, "expires_in", control->expires_in);
  if (control->code)
    vm_json_append_member (body, "code", control->code);
  if (control->message)
    vm_json_append_member (body, "message", control->message);
  return end_object (body);
}

void
vm_term_status_clear (VmTermStatus *status)
{
  g_clear_pointer (&status->viewers, g_strfreev);
  g_clear_pointer (&status->controller, g_free);
  g_clear_pointer (&status->command, g_free);
}

void
vm_term_status_copy (const VmTermStatus *status, VmTermStatus *copy)
{
  *copy = *status;
  copy->viewers =
      status->viewers ? g_strdupv (status->viewers) : g_new0 (gchar *, 1);
  copy->controller = g_strdup (status->controller);
  copy->command = g_strdup (status->command);
}

static gboolean
read_viewers (const VmJson *json, GStrv *viewers, GError **error)
{
  VmJsonNode list = vm_json_get (json, 0, "viewers");
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (list != VM_JSON_NONE
      && (vm_json_type (json, list) != VM_JSON_ARRAY
          || vm_json_length (json, list) > VM_TERM_VIEWERS_MAX))
    return refuse (error, "The viewers of a terminal are no list, or too long");
  for (VmJsonNode one = list == VM_JSON_NONE ? list
                                             : vm_json_first (json, list);
       one != VM_JSON_NONE; one = vm_json_next (json, one)) {
    gchar *name = vm_span_to_string (vm_json_span (json, one));

    if (name)
      g_ptr_array_add (names, name);
    if (!name || !vm_text_is_name (name, VM_TERM_NAME_MAX))
      return refuse (error, "The name of a viewer is none");
  }
  g_ptr_array_add (names, NULL);
  *viewers = (GStrv) g_ptr_array_steal (names, NULL);
  return TRUE;
}

gboolean
vm_term_status_read (VmTermStatus *status, GBytes *body, GError **error)
{
  const VmP2pText texts[] = {
    { "controller", &status->controller, VM_TERM_NAME_MAX },
    { "command", &status->command, VM_TERM_COMMAND_MAX },
  };
  gint64 code = 0;
  VmJson json;

  *status = (VmTermStatus){ 0 };
  if (!read_object (&json, body, error)
      || !vm_p2p_texts_read (&json, texts, G_N_ELEMENTS (texts), error)
      || !vm_json_get_boolean (&json, 0, "ended", &status->ended, error)
      || !vm_json_get_int (&json, 0, "code", 0, 255, &code, error)
      || !read_viewers (&json, &status->viewers, error))
    return FALSE;
  status->code = code;
  return TRUE;
}

GBytes *
vm_term_status_write (const VmTermStatus *status)
{
  g_autofree gchar *command = vm_text_to_name (
      status->command ? status->command : "", VM_TERM_COMMAND_MAX);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  GString *body = g_string_new ("{");

  for (guint i = 0;
       status->viewers && status->viewers[i] && i < VM_TERM_VIEWERS_MAX; i++)
    g_ptr_array_add (
        names, vm_text_to_name (status->viewers[i], VM_TERM_NAME_MAX));
  g_ptr_array_add (names, NULL);
  vm_json_append_strings (body, "viewers", (const gchar *const *) names->pdata);
  if (status->controller) {
    g_autofree gchar *controller =
        vm_text_to_name (status->controller, VM_TERM_NAME_MAX);

    vm_json_append_member (body, "controller", controller);
  } else {
    vm_json_append_null (body, "controller");
  }
  vm_json_append_member (body, "command", command);
  vm_json_append_boolean (body, "ended", status->ended);
  if (status->ended)
    vm_json_append_int (body, "code", status->code);
  return end_object (body);
}

GBytes *
vm_term_message_new (VmP2pType type, GBytes *body)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (body, &size);
  GByteArray *message = g_byte_array_sized_new (VM_P2P_HEADER_SIZE + size);
  guint8 header[VM_P2P_HEADER_SIZE];

  vm_p2p_header_write (header, type, size);
  g_byte_array_append (message, header, sizeof header);
  if (size)
    g_byte_array_append (message, data, size);
  return g_byte_array_free_to_bytes (message);
}
