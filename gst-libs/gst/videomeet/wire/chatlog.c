/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/chat.h"

#define HEAD "{\"type\":\"chat-history\",\"messages\":["
#define TAIL "]}"

typedef struct
{
  VmChatMessage *message;
  gchar *json;
  gsize size; /* of @json and the comma before it */
} Entry;

struct _VmChatLog
{
  GQueue entries; /* of Entry, oldest first */
  gsize bytes; /* of the message that tells them all */
  GHashTable *known; /* "from id" */
  GQueue order; /* the same, oldest first */
};

static void
entry_free (Entry *entry)
{
  g_object_unref (entry->message);
  g_free (entry->json);
  g_free (entry);
}

VmChatLog *
vm_chat_log_new (void)
{
  VmChatLog *log = g_new0 (VmChatLog, 1);

  log->bytes = sizeof HEAD TAIL - 1;
  log->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return log;
}

void
vm_chat_log_free (VmChatLog *log)
{
  g_queue_clear_full (&log->entries, (GDestroyNotify) entry_free);
  g_queue_clear (&log->order);
  g_hash_table_unref (log->known);
  g_free (log);
}

/* Under the sender's own name: nobody takes the id of another's message away
 * from it. */
static gboolean
remember (VmChatLog *log, VmChatMessage *message)
{
  gchar *key = g_strdup_printf ("%s %s", vm_chat_message_get_from (message),
      vm_chat_message_get_id (message));

  if (g_hash_table_contains (log->known, key)) {
    g_free (key);
    return FALSE;
  }
  g_hash_table_add (log->known, key);
  g_queue_push_tail (&log->order, key);
  if (log->order.length > VM_CHAT_KNOWN_MAX)
    g_hash_table_remove (log->known, g_queue_pop_head (&log->order));
  return TRUE;
}

static gchar *
format (VmChatMessage *message)
{
  GString *out = g_string_new ("{");
  g_autofree gchar *time =
      vm_chat_format_time (vm_chat_message_get_time (message));

  vm_json_append_member (out, "id", vm_chat_message_get_id (message));
  vm_json_append_member (out, "from", vm_chat_message_get_from (message));
  vm_json_append_member (out, "user", vm_chat_message_get_user (message));
  vm_json_append_member (out, "text", vm_chat_message_get_text (message));
  vm_json_append_member (out, "time", time);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

gboolean
vm_chat_log_add (VmChatLog *log, VmChatMessage *message)
{
  Entry *entry;

  if (!remember (log, message))
    return FALSE;
  if (vm_chat_message_get_confidential (message))
    return TRUE;
  entry = g_new (Entry, 1);
  entry->message = g_object_ref (message);
  entry->json = format (message);
  entry->size = strlen (entry->json) + 1;
  g_queue_push_tail (&log->entries, entry);
  log->bytes += entry->size;
  /* the newest alone always fits: 4 KiB of text, however it is escaped */
  while (log->entries.length > VM_CHAT_HISTORY_MAX
         || log->bytes - 1 > VM_CHAT_HISTORY_BYTES) {
    Entry *oldest = g_queue_pop_head (&log->entries);

    log->bytes -= oldest->size;
    entry_free (oldest);
  }
  return TRUE;
}

GList *
vm_chat_log_list (VmChatLog *log)
{
  GList *list = NULL;

  for (GList *l = log->entries.tail; l; l = l->prev)
    list = g_list_prepend (list, g_object_ref (((Entry *) l->data)->message));
  return list;
}

gchar *
vm_chat_log_format (VmChatLog *log)
{
  GString *out;

  if (!log->entries.length)
    return NULL;
  out = g_string_new (HEAD);
  for (GList *l = log->entries.head; l; l = l->next) {
    if (l->prev)
      g_string_append_c (out, ',');
    g_string_append (out, ((Entry *) l->data)->json);
  }
  g_string_append (out, TAIL);
  return g_string_free (out, FALSE);
}
