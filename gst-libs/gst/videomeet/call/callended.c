/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that outlast their server, and are ended before both are back
 * (protocol/calls.md#returning-calls): who ends one may be gone when the other
 * returns and says that it goes on. Each server remembers such ends for a
 * while, and says those of its own users on as soon as the other is at another
 * server. It remembers the end of each call, because the other may be gone, or
 * its server, without anybody having noticed yet. */

#include "call/calls-priv.h"

#include <string.h>

typedef struct
{
  gchar *call_id;
  gchar *by, *other; /* ids of users */
  gchar *key; /* how the remote names @other; NULL: @by is no user of this
                 server */
  gint64 at;
} End;

static void
end_free (gpointer data)
{
  End *end = data;

  g_free (end->call_id);
  g_free (end->by);
  g_free (end->other);
  g_free (end->key);
  g_free (end);
}

static void
drop (VmCalls *calls, GList *link)
{
  const End *end = link->data;

  if (end->key)
    vm_calls_unwatch (calls, end->other);
  end_free (link->data);
  g_queue_delete_link (&calls->ends, link);
}

void
vm_calls_clear_ends (VmCalls *calls)
{
  g_queue_clear_full (&calls->ends, end_free);
}

/* Whoever ends many takes places of its own first. */
static void
make_room (VmCalls *calls, const gchar *by)
{
  GList *first = NULL;
  guint n = 0;

  for (GList *one = calls->ends.tail; one; one = one->prev) {
    if (strcmp (((End *) one->data)->by, by) == 0) {
      first = one;
      n++;
    }
  }
  if (n >= VM_CALL_ENDS_OF_USER)
    drop (calls, first);
  else if (calls->ends.length == VM_CALL_ENDS_MAX)
    drop (calls, calls->ends.head);
}

void
vm_calls_keep_end (VmCalls *calls, const gchar *call_id, const VmCallUser *by,
    const gchar *other)
{
  End *end = g_new0 (End, 1);

  vm_calls_take_end (calls, call_id, by->id, other);
  make_room (calls, by->id);
  end->call_id = g_strdup (call_id);
  end->by = g_strdup (by->id);
  end->other = g_strdup (other);
  if (!by->node && calls->remote) {
    end->key = calls->remote->key (other);
    vm_calls_watch (calls, other);
  }
  end->at = calls->now;
  g_queue_push_tail (&calls->ends, end);
}

gboolean
vm_calls_take_end (
    VmCalls *calls, const gchar *call_id, const gchar *by, const gchar *other)
{
  for (GList *one = calls->ends.head; one; one = one->next) {
    const End *end = one->data;

    if (strcmp (end->call_id, call_id) != 0 || strcmp (end->by, by) != 0
        || strcmp (end->other, other) != 0)
      continue;
    drop (calls, one);
    return TRUE;
  }
  return FALSE;
}

void
vm_calls_forget_ends (VmCalls *calls, gint64 now)
{
  const End *end;

  while ((end = g_queue_peek_head (&calls->ends))
         && now - end->at >= VM_CALL_END_TIME)
    drop (calls, calls->ends.head);
}

static void
say (VmCalls *calls, const gchar *node, const End *end)
{
  g_autoptr (VmCallMessage) message =
      vm_calls_new_end (end->by, end->other, end->call_id);

  calls->remote->say (calls->share, node, end->by, end->other, message);
}

void
vm_calls_keep_end_of (const VmCallsCall *call, const VmCallUser *by)
{
  VmCalls *calls = by->calls;
  const VmCallUser *other = vm_calls_other_of (call, by);
  const gchar *node;

  vm_calls_keep_end (calls, call->id, by, other->id);
  if (by->node || !other->node || !calls->remote)
    return;
  node = calls->remote->find (calls->share, other->id);
  if (vm_calls_is_node (node) && strcmp (node, other->node) != 0)
    say (calls, node, g_queue_peek_tail (&calls->ends));
}

void
vm_calls_say_ends (VmCalls *calls, const gchar *key)
{
  for (GList *one = calls->ends.head; one; one = one->next) {
    const End *end = one->data;
    const gchar *node = g_strcmp0 (end->key, key) == 0
                            ? calls->remote->find (calls->share, end->other)
                            : NULL;

    if (vm_calls_is_node (node))
      say (calls, node, end);
  }
}
