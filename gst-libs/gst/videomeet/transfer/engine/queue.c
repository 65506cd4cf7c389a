/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/queue-priv.h"

static const gchar *const state_names[VM_QUEUE_N_STATES] = { "waiting",
  "active", "stalled", "resting", "done", "failed" };
static const gchar *const event_names[VM_QUEUE_N_EVENTS] = { "begin", "stall",
  "move", "break", "rest", "succeed", "fail" };

/* Every edge there is. */
static const struct
{
  VmQueueState from;
  VmQueueEvent event;
  VmQueueState to;
} edges[] = {
  { VM_QUEUE_WAITING, VM_QUEUE_EVENT_BEGIN, VM_QUEUE_ACTIVE },
  { VM_QUEUE_WAITING, VM_QUEUE_EVENT_FAIL, VM_QUEUE_FAILED },
  { VM_QUEUE_ACTIVE, VM_QUEUE_EVENT_STALL, VM_QUEUE_STALLED },
  { VM_QUEUE_ACTIVE, VM_QUEUE_EVENT_MOVE, VM_QUEUE_ACTIVE },
  { VM_QUEUE_ACTIVE, VM_QUEUE_EVENT_BREAK, VM_QUEUE_RESTING },
  { VM_QUEUE_ACTIVE, VM_QUEUE_EVENT_SUCCEED, VM_QUEUE_DONE },
  { VM_QUEUE_ACTIVE, VM_QUEUE_EVENT_FAIL, VM_QUEUE_FAILED },
  { VM_QUEUE_STALLED, VM_QUEUE_EVENT_MOVE, VM_QUEUE_ACTIVE },
  { VM_QUEUE_STALLED, VM_QUEUE_EVENT_BREAK, VM_QUEUE_RESTING },
  { VM_QUEUE_STALLED, VM_QUEUE_EVENT_SUCCEED, VM_QUEUE_DONE },
  { VM_QUEUE_STALLED, VM_QUEUE_EVENT_FAIL, VM_QUEUE_FAILED },
  { VM_QUEUE_RESTING, VM_QUEUE_EVENT_REST, VM_QUEUE_WAITING },
  { VM_QUEUE_RESTING, VM_QUEUE_EVENT_FAIL, VM_QUEUE_FAILED },
};

const gchar *
vm_queue_state_to_string (VmQueueState state)
{
  g_return_val_if_fail ((guint) state < VM_QUEUE_N_STATES, "unknown");

  return state_names[state];
}

const gchar *
vm_queue_event_to_string (VmQueueEvent event)
{
  g_return_val_if_fail ((guint) event < VM_QUEUE_N_EVENTS, "unknown");

  return event_names[event];
}

gboolean
vm_queue_state_next (VmQueueState state, VmQueueEvent event, VmQueueState *next)
{
  *next = state;
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
is_running (VmQueueState state)
{
  return state == VM_QUEUE_ACTIVE || state == VM_QUEUE_STALLED;
}

void
vm_queue_set_moves (VmQueueEntry *entry, gboolean moves)
{
  entry->receiver->moving += moves;
  entry->receiver->moving -= entry->moves;
  entry->moves = moves;
}

gboolean
vm_queue_move (VmTransferQueue *self, VmQueueEntry *entry, VmQueueEvent event)
{
  VmQueueState from = entry->state, to;

  if (!vm_queue_state_next (from, event, &to)) {
    g_debug ("entry %u is %s, and cannot %s", entry->number,
        vm_queue_state_to_string (from), vm_queue_event_to_string (event));
    return FALSE;
  }
  self->counts[from]--;
  self->counts[to]++;
  entry->receiver->running += is_running (to);
  entry->receiver->running -= is_running (from);
  vm_queue_set_moves (entry, entry->moves && to == VM_QUEUE_ACTIVE);
  entry->state = to;
  return TRUE;
}

static void
free_receiver (gpointer data)
{
  VmQueueReceiver *receiver = data;

  g_queue_clear (&receiver->entries);
  g_free (receiver->name);
  g_free (receiver);
}

void
vm_queue_limits_init (VmQueueLimits *limits)
{
  *limits = (VmQueueLimits){
    .max_active = VM_QUEUE_ACTIVE_DEFAULT,
    .per_receiver = VM_QUEUE_PER_RECEIVER_DEFAULT,
    .retries = VM_QUEUE_RETRIES_DEFAULT,
    .stall_time = VM_QUEUE_STALL_TIME,
  };
}

VmTransferQueue *
vm_transfer_queue_new (void)
{
  VmTransferQueue *self = g_new0 (VmTransferQueue, 1);

  vm_queue_limits_init (&self->limits);
  self->entries = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  self->receivers =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, free_receiver);
  return self;
}

void
vm_transfer_queue_free (VmTransferQueue *self)
{
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->receivers);
  g_free (self);
}

void
vm_transfer_queue_set_limits (
    VmTransferQueue *self, const VmQueueLimits *limits)
{
  self->limits = *limits;
  self->limits.max_active = CLAMP (limits->max_active, 1, VM_QUEUE_ACTIVE_MAX);
  self->limits.per_receiver =
      CLAMP (limits->per_receiver, 1, VM_QUEUE_ACTIVE_MAX);
  self->limits.retries = MIN (limits->retries, VM_QUEUE_RETRIES_MAX);
  self->limits.stall_time = MAX (limits->stall_time, 1);
}

static VmQueueReceiver *
find_receiver (VmTransferQueue *self, const gchar *name)
{
  VmQueueReceiver *receiver = g_hash_table_lookup (self->receivers, name);

  if (receiver || g_hash_table_size (self->receivers) >= VM_QUEUE_RECEIVERS_MAX)
    return receiver;
  receiver = g_new0 (VmQueueReceiver, 1);
  receiver->name = g_strdup (name);
  g_queue_init (&receiver->entries);
  g_hash_table_insert (self->receivers, receiver->name, receiver);
  return receiver;
}

/* Behind all of its priority. */
static void
insert (VmQueueEntry *entry)
{
  GQueue *entries = &entry->receiver->entries;
  GList *link = entries->tail;

  while (link && ((VmQueueEntry *) link->data)->priority < entry->priority)
    link = link->prev;
  if (link)
    g_queue_insert_after (entries, link, entry);
  else
    g_queue_push_head (entries, entry);
}

guint
vm_transfer_queue_add (
    VmTransferQueue *self, const gchar *receiver, gint priority, GError **error)
{
  VmQueueReceiver *to = NULL;
  VmQueueEntry *entry;

  if (priority < VM_QUEUE_PRIORITY_MIN || priority > VM_QUEUE_PRIORITY_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A priority is %d to %d, not %d", VM_QUEUE_PRIORITY_MIN,
        VM_QUEUE_PRIORITY_MAX, priority);
    return 0;
  }
  if (g_hash_table_size (self->entries) < VM_QUEUE_ENTRIES_MAX)
    to = find_receiver (self, receiver);
  if (!to) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "At most %d files for %d receivers wait at a time",
        VM_QUEUE_ENTRIES_MAX, VM_QUEUE_RECEIVERS_MAX);
    return 0;
  }
  entry = g_new0 (VmQueueEntry, 1);
  entry->number = ++self->last;
  entry->receiver = to;
  entry->priority = priority;
  self->counts[VM_QUEUE_WAITING]++;
  g_hash_table_insert (self->entries, GUINT_TO_POINTER (entry->number), entry);
  insert (entry);
  return entry->number;
}

/* The first that does not run; NULL: it is RESTING, or there is none. */
static VmQueueEntry *
first_of (VmTransferQueue *self, VmQueueReceiver *receiver)
{
  if (receiver->running >= self->limits.per_receiver)
    return NULL;
  for (GList *link = receiver->entries.head; link; link = link->next) {
    VmQueueEntry *entry = link->data;

    if (!is_running (entry->state))
      return entry->state == VM_QUEUE_WAITING ? entry : NULL;
  }
  return NULL;
}

static gboolean
is_before (const VmQueueEntry *a, const VmQueueEntry *b)
{
  if (a->priority != b->priority)
    return a->priority > b->priority;
  if (a->receiver->served != b->receiver->served)
    return a->receiver->served < b->receiver->served;
  return a->number < b->number;
}

guint
vm_transfer_queue_next (VmTransferQueue *self, gint64 now)
{
  guint active = self->counts[VM_QUEUE_ACTIVE];
  VmQueueEntry *best = NULL;
  GHashTableIter iter;
  gpointer receiver;

  if (active >= self->limits.max_active
      || active + self->counts[VM_QUEUE_STALLED] >= VM_QUEUE_RUNNING_MAX)
    return 0;
  g_hash_table_iter_init (&iter, self->receivers);
  while (g_hash_table_iter_next (&iter, NULL, &receiver)) {
    VmQueueEntry *entry = first_of (self, receiver);

    if (entry && (!best || is_before (entry, best)))
      best = entry;
  }
  if (!best)
    return 0;
  vm_queue_move (self, best, VM_QUEUE_EVENT_BEGIN);
  best->moved = now;
  best->brought = FALSE;
  best->receiver->served = ++self->turn;
  return best->number;
}

static VmQueueEntry *
find (VmTransferQueue *self, guint entry)
{
  return g_hash_table_lookup (self->entries, GUINT_TO_POINTER (entry));
}

static void
forget (VmTransferQueue *self, VmQueueEntry *entry)
{
  VmQueueReceiver *receiver = entry->receiver;

  self->counts[entry->state]--;
  g_queue_remove (&receiver->entries, entry);
  if (g_queue_is_empty (&receiver->entries))
    g_hash_table_remove (self->receivers, receiver->name);
  g_hash_table_remove (self->entries, GUINT_TO_POINTER (entry->number));
}

void
vm_transfer_queue_progress (
    VmTransferQueue *self, guint number, guint64 done, gint64 now)
{
  VmQueueEntry *entry = find (self, number);

  if (!entry || done <= entry->done
      || !vm_queue_move (self, entry, VM_QUEUE_EVENT_MOVE))
    return;
  entry->done = done;
  entry->brought = TRUE;
  entry->broken = 0;
  entry->moved = now;
  vm_queue_set_moves (entry, TRUE);
}

gboolean
vm_transfer_queue_break (VmTransferQueue *self, guint number, gint64 now)
{
  VmQueueEntry *entry = find (self, number);

  if (!entry || !is_running (entry->state))
    return FALSE;
  if (!entry->brought && entry->broken == self->limits.retries) {
    vm_transfer_queue_fail (self, number);
    return FALSE;
  }
  vm_queue_move (self, entry, VM_QUEUE_EVENT_BREAK);
  entry->due = now
               + MIN ((gint64) VM_QUEUE_REST_MIN << MIN (entry->broken, 16),
                   VM_QUEUE_REST_MAX);
  entry->broken += !entry->brought;
  return TRUE;
}

void
vm_transfer_queue_succeed (VmTransferQueue *self, guint number)
{
  VmQueueEntry *entry = find (self, number);

  if (entry && vm_queue_move (self, entry, VM_QUEUE_EVENT_SUCCEED))
    forget (self, entry);
}

void
vm_transfer_queue_fail (VmTransferQueue *self, guint number)
{
  VmQueueEntry *entry = find (self, number);

  if (entry && vm_queue_move (self, entry, VM_QUEUE_EVENT_FAIL))
    forget (self, entry);
}

gboolean
vm_transfer_queue_get_state (
    VmTransferQueue *self, guint number, VmQueueState *state)
{
  VmQueueEntry *entry = find (self, number);

  if (entry)
    *state = entry->state;
  return entry != NULL;
}
