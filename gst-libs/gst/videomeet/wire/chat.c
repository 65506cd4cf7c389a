/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/chat.h"

#include <string.h>

gboolean
vm_chat_check_text (const gchar *text, GError **error)
{
  if (*text && vm_text_is_lines (text, VM_SIGNAL_CHAT_MAX))
    return TRUE;
  if (strlen (text) > VM_SIGNAL_CHAT_MAX)
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A message has at most %d bytes", VM_SIGNAL_CHAT_MAX);
  else
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        *text ? "A message is UTF-8 text without control characters"
              : "A message says something");
  return FALSE;
}

gchar *
vm_chat_format_time (GDateTime *time)
{
  g_autoptr (GDateTime) utc = g_date_time_to_utc (time);

  return utc ? g_date_time_format (utc, "%Y-%m-%dT%H:%M:%SZ") : NULL;
}

GDateTime *
vm_chat_parse_time (const gchar *text)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();

  return text ? g_date_time_new_from_iso8601 (text, utc) : NULL;
}

static void
append_time (GString *out, VmChatMessage *message)
{
  g_autofree gchar *time =
      vm_chat_format_time (vm_chat_message_get_time (message));

  vm_json_append_member (out, "time", time);
}

gchar *
vm_chat_format (VmChatMessage *message)
{
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "type", "chat");
  vm_json_append_member (out, "id", vm_chat_message_get_id (message));
  vm_json_append_member (out, "text", vm_chat_message_get_text (message));
  append_time (out, message);
  if (vm_chat_message_get_confidential (message))
    vm_json_append_boolean (out, "private", TRUE);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static gboolean
read_name (const VmJson *json, VmJsonNode node, const gchar *key, gsize max,
    gchar **value, GError **error)
{
  if (!vm_json_get_string (json, node, key, max, value, error))
    return FALSE;
  if (!*value || vm_text_is_name (*value, max))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The field \"%s\" has control characters", key);
  return FALSE;
}

/* One message, live or of the history; @fields: what is known without it. */
static VmChatMessage *
read_message (const VmJson *json, VmJsonNode node, const VmChatFields *fields,
    GError **error)
{
  g_autofree gchar *id = NULL, *from = NULL, *user = NULL, *text = NULL,
                   *time = NULL;
  g_autoptr (GDateTime) said = NULL;
  VmChatFields all = *fields;

  if (!read_name (json, node, "id", VM_SIGNAL_ID_MAX, &id, error)
      || !vm_json_get_string (
          json, node, "text", VM_SIGNAL_CHAT_MAX, &text, error)
      || !read_name (json, node, "time", VM_SIGNAL_TIME_MAX, &time, error)
      || !vm_chat_check_text (text ? text : "", error))
    return NULL;
  if (all.old
      && (!read_name (json, node, "from", VM_SIGNAL_ID_MAX, &from, error)
          || !read_name (json, node, "user", VM_SIGNAL_NAME_MAX, &user, error)))
    return NULL;
  if (!all.old
      && !vm_json_get_boolean (json, node, "private", &all.confidential, error))
    return NULL;
  said = vm_chat_parse_time (time);
  if (!id || (all.old && !from)) {
    if (all.old) {
      g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "A message of the history has no id or no sender");
      return NULL;
    }
    id = g_uuid_string_random ();
  }
  all.id = id;
  all.text = text;
  if (all.old) {
    all.from = from;
    all.user = user;
  }
  if (said)
    all.time = said;
  return vm_chat_message_new (&all);
}

static gboolean
read_history (
    VmChatInput *input, const VmJson *json, GDateTime *now, GError **error)
{
  VmJsonNode list = vm_json_get (json, 0, "messages");
  const VmChatFields fields = { .time = now, .old = TRUE };

  input->history = TRUE;
  if (list == VM_JSON_NONE || vm_json_type (json, list) != VM_JSON_ARRAY
      || vm_json_length (json, list) > VM_CHAT_HISTORY_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"messages\" is no list, or longer than %d",
        VM_CHAT_HISTORY_MAX);
    return FALSE;
  }
  for (VmJsonNode e = vm_json_first (json, list); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    VmChatMessage *message = read_message (json, e, &fields, error);

    if (!message)
      return FALSE;
    g_ptr_array_add (input->messages, message);
  }
  return TRUE;
}

static void
take_plain (VmChatInput *input, const gchar *text, const VmChatFields *fields)
{
  g_autofree gchar *id = g_uuid_string_random ();
  VmChatFields all = *fields;

  all.id = id;
  all.text = text;
  input->plain = TRUE;
  g_ptr_array_add (input->messages, vm_chat_message_new (&all));
}

gboolean
vm_chat_parse (VmChatInput *input, const gchar *text, const gchar *from,
    const gchar *user, GDateTime *now, GError **error)
{
  const VmChatFields fields = { .from = from, .user = user, .time = now };
  g_autofree gchar *type = NULL;
  VmChatMessage *message;
  VmJson json;

  *input = (VmChatInput){ g_ptr_array_new_with_free_func (g_object_unref) };
  if (*text == '{' && vm_json_read (&json, text, strlen (text), NULL))
    vm_json_get_string (&json, 0, "type", VM_SIGNAL_ID_MAX, &type, NULL);
  if (g_strcmp0 (type, "chat-history") == 0)
    return read_history (input, &json, now, error);
  if (g_strcmp0 (type, "chat") != 0) {
    if (!vm_chat_check_text (text, error))
      return FALSE;
    take_plain (input, text, &fields);
    return TRUE;
  }
  message = read_message (&json, 0, &fields, error);
  if (message)
    g_ptr_array_add (input->messages, message);
  return message != NULL;
}

void
vm_chat_input_clear (VmChatInput *input)
{
  g_clear_pointer (&input->messages, g_ptr_array_unref);
}

gboolean
vm_chat_rate_take (VmChatRate *rate, gint64 now)
{
  return vm_rate_take (rate, VM_CHAT_BURST, VM_CHAT_RATE, now);
}
