/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who can be called (protocol/calls.md#users). The list is put in order when
 * somebody asks and it has changed: of many users at most once in
 * VM_CALL_LIST_TIME, whoever asks. */

#include "call/calls-priv.h"

#include <string.h>

typedef struct
{
  gchar *id, *name, *key; /* by which names are put in order */
} Row;

static void
row_free (gpointer data)
{
  Row *row = data;

  g_free (row->id);
  g_free (row->name);
  g_free (row->key);
  g_free (row);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const Row *one = *(Row *const *) a, *other = *(Row *const *) b;
  gint order = strcmp (one->key, other->key);

  return order ? order : strcmp (one->id, other->id);
}

static void
make_list (VmCalls *calls, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  g_clear_pointer (&calls->list, g_ptr_array_unref);
  calls->list = g_ptr_array_new_with_free_func (row_free);
  g_hash_table_iter_init (&iter, calls->users);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmCallUser *user = value;
    const gchar *name = user->name ? user->name : user->id;
    Row *row = g_new (Row, 1);

    row->id = g_strdup (user->id);
    row->name = g_strdup (name);
    row->key = g_utf8_casefold (name, -1);
    g_ptr_array_add (calls->list, row);
  }
  g_ptr_array_sort (calls->list, compare);
  /* one more: nobody is told of itself */
  if (calls->list->len > VM_CALL_LIST_MAX + 1)
    g_ptr_array_set_size (calls->list, VM_CALL_LIST_MAX + 1);
  calls->list_changed = FALSE;
  calls->listed_at = now;
}

static void
look_at_list (VmCalls *calls, gint64 now)
{
  gboolean is_small = g_hash_table_size (calls->users) <= VM_CALL_LIST_MAX;

  if (!calls->list
      || (calls->list_changed
          && (is_small || now - calls->listed_at >= VM_CALL_LIST_TIME)))
    make_list (calls, now);
}

void
vm_calls_tell_users (VmCallUser *user, gint64 now)
{
  VmCalls *calls = user->calls;
  g_autoptr (VmCallMessage) message = NULL;

  if (user->node || (user->listed && now - user->listed_at < VM_CALL_LIST_TIME))
    return;
  user->listed = TRUE;
  user->listed_at = now;
  look_at_list (calls, now);
  message = vm_call_message_new (VM_CALL_USERS);
  message->users = g_ptr_array_new_with_free_func (vm_call_person_free);
  for (guint i = 0;
       i < calls->list->len && message->users->len < VM_CALL_LIST_MAX; i++) {
    const Row *row = g_ptr_array_index (calls->list, i);
    const VmCallUser *other = g_hash_table_lookup (calls->users, row->id);

    if (other && other != user)
      g_ptr_array_add (message->users, vm_call_person_new (row->id, row->name,
                                           vm_call_user_is_busy (other)));
  }
  message->more = g_hash_table_size (calls->users) - 1 - message->users->len;
  vm_calls_tell (user, message);
}
