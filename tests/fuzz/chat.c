/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/chat.h>

#include <string.h>

static void
check (VmChatMessage *message)
{
  g_autofree gchar *json = vm_chat_format (message);
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (0);
  g_auto (VmChatInput) again = { NULL };
  const gchar *text = vm_chat_message_get_text (message);
  VmChatMessage *back;

  g_assert_true (*text && vm_text_is_lines (text, VM_SIGNAL_CHAT_MAX));
  g_assert_true (
      vm_text_is_name (vm_chat_message_get_id (message), VM_SIGNAL_ID_MAX));
  g_assert_true (
      vm_text_is_name (vm_chat_message_get_from (message), VM_SIGNAL_ID_MAX));
  g_assert_true (
      vm_text_is_name (vm_chat_message_get_user (message), VM_SIGNAL_NAME_MAX));
  g_assert_true (vm_chat_parse (&again, json, "p001", "", now, NULL));
  g_assert_false (again.plain);
  back = g_ptr_array_index (again.messages, 0);
  g_assert_cmpstr (vm_chat_message_get_text (back), ==, text);
  g_assert_cmpstr (
      vm_chat_message_get_id (back), ==, vm_chat_message_get_id (message));
}

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (0);
  g_auto (VmChatInput) input = { NULL };
  g_autoptr (VmChatLog) log = vm_chat_log_new ();
  g_autofree gchar *history = NULL;

  /* a channel hands over nothing else */
  if (!g_utf8_validate (text, -1, NULL)
      || !vm_chat_parse (&input, text, "p002", "Bob", now, NULL))
    return;
  g_assert_cmpuint (input.messages->len, <=, VM_CHAT_HISTORY_MAX);
  for (guint i = 0; i < input.messages->len; i++) {
    VmChatMessage *message = g_ptr_array_index (input.messages, i);

    check (message);
    vm_chat_log_add (log, message);
  }
  history = vm_chat_log_format (log);
  if (history) {
    g_auto (VmChatInput) again = { NULL };

    g_assert_cmpuint (strlen (history), <=, VM_CHAT_HISTORY_BYTES);
    g_assert_true (vm_chat_parse (&again, history, "p001", "", now, NULL));
    g_assert_true (again.history);
  }
}
