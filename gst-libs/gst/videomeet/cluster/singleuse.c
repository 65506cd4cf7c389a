/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/singleuse.h"
#include "cluster/clusterpack.h"
#include "cluster/clusterstate.h"

#define MARK_MAGIC "VMO1"
#define MARK "(st)" /* node, and its number for this use */

struct _VmSingleUse
{
  VmSingleUseFuncs funcs;
  gpointer user_data;
  gchar *node;
  GHashTable *asks; /* number -> Ask */
  GHashTable
      *requests; /* number of a request -> Ask, that waits for its answer */
  guint64 asked; /* requests so far */
  guint64 numbers; /* asks so far */
};

typedef struct
{
  VmSingleUse *once;
  guint64 number;
  VmClusterBucket bucket;
  gchar *key;
  gboolean creates; /* else: what is there is used */
  VmSingleUseAsker asker;
  gpointer user_data;

  VmClusterState state;
  GBytes *value; /* that was kept, or is to be; or NULL */
  GBytes *mine; /* what is written */
  gboolean known; /* @revision is what the store has */
  guint64 revision;
  guint64 request;
  gint64 due; /* of the answer, or until when it waits */
  gint64 deadline;
} Ask;

static void
ask_free (gpointer data)
{
  Ask *ask = data;

  g_free (ask->key);
  g_clear_pointer (&ask->value, g_bytes_unref);
  g_clear_pointer (&ask->mine, g_bytes_unref);
  g_free (ask);
}

VmSingleUse *
vm_single_use_new (
    const VmSingleUseFuncs *funcs, gpointer user_data, const gchar *node)
{
  VmSingleUse *self = g_new0 (VmSingleUse, 1);

  self->funcs = *funcs;
  self->user_data = user_data;
  self->node = g_strdup (node);
  self->asks =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, ask_free);
  self->requests = g_hash_table_new (g_int64_hash, g_int64_equal);
  return self;
}

void
vm_single_use_free (VmSingleUse *self)
{
  g_hash_table_unref (self->requests);
  g_hash_table_unref (self->asks);
  g_free (self->node);
  g_free (self);
}

guint
vm_single_use_count (VmSingleUse *self)
{
  return g_hash_table_size (self->asks);
}

static void
move (Ask *ask, VmClusterEvent event)
{
  if (!vm_cluster_state_next (ask->state, event, &ask->state))
    g_warning ("a thing that is good once: event %d while %s", event,
        vm_cluster_state_to_string (ask->state));
}

static void
forget_request (Ask *ask)
{
  g_hash_table_remove (ask->once->requests, &ask->request);
}

static void
end (Ask *ask, VmSingleUseResult result)
{
  VmSingleUse *self = ask->once;

  forget_request (ask);
  g_hash_table_steal (self->asks, &ask->number);
  if (ask->asker.done)
    ask->asker.done (result, ask->value, ask->user_data);
  ask_free (ask);
}

/* Asks the store what is to be known, or to write. */
static void
go_on (Ask *ask, gint64 now)
{
  VmSingleUse *self = ask->once;

  ask->request = ++self->asked;
  ask->due = now + VM_CLUSTER_ANSWER_TIME;
  g_hash_table_insert (self->requests, &ask->request, ask);
  if (ask->known) {
    move (ask, VM_CLUSTER_EVENT_WRITE);
    self->funcs.put (ask->bucket, ask->request, ask->key, ask->mine,
        ask->revision, self->user_data);
  } else {
    move (ask, VM_CLUSTER_EVENT_READ);
    self->funcs.get (ask->bucket, ask->request, ask->key, self->user_data);
  }
}

static void
wait_for_store (Ask *ask, gint64 now)
{
  move (ask, VM_CLUSTER_EVENT_LOST);
  ask->known = FALSE;
  ask->due = now + VM_CLUSTER_RETRY_TIME;
}

static gboolean
may_use (const Ask *ask, GBytes *value)
{
  return !ask->asker.look || ask->asker.look (value, ask->user_data);
}

static void
take_read (Ask *ask, GBytes *value, guint64 revision, gint64 now)
{
  move (ask, VM_CLUSTER_EVENT_DONE);
  if (value && g_bytes_equal (value, ask->mine)) {
    /* it was written before, and nobody said so */
    end (ask, VM_SINGLE_USE_DONE);
  } else if (ask->creates ? value != NULL : !value || !may_use (ask, value)) {
    end (ask, VM_SINGLE_USE_SPENT);
  } else {
    if (!ask->creates) {
      g_clear_pointer (&ask->value, g_bytes_unref);
      ask->value = g_bytes_ref (value);
    }
    ask->known = TRUE;
    ask->revision = value ? revision : 0;
    go_on (ask, now);
  }
}

static void
take_written (Ask *ask, VmClusterResult result, gint64 now)
{
  if (result == VM_CLUSTER_DONE) {
    move (ask, VM_CLUSTER_EVENT_DONE);
    end (ask, VM_SINGLE_USE_DONE);
    return;
  }
  move (ask, VM_CLUSTER_EVENT_CONFLICT);
  ask->known = FALSE;
  go_on (ask, now);
}

void
vm_single_use_answer (VmSingleUse *self, guint64 request,
    VmClusterResult result, GBytes *value, guint64 revision, gint64 now)
{
  Ask *ask = g_hash_table_lookup (self->requests, &request);

  if (!ask)
    return;
  forget_request (ask);
  if (result == VM_CLUSTER_LOST)
    wait_for_store (ask, now);
  else if (ask->state == VM_CLUSTER_STATE_READING)
    take_read (ask, value, revision, now);
  else
    take_written (ask, result, now);
}

static void
tick_one (Ask *ask, gint64 now)
{
  if (now >= ask->deadline) {
    end (ask, VM_SINGLE_USE_LOST);
  } else if (now >= ask->due && ask->state == VM_CLUSTER_STATE_WAITING) {
    move (ask, VM_CLUSTER_EVENT_DUE);
    go_on (ask, now);
  } else if (now >= ask->due) {
    forget_request (ask);
    wait_for_store (ask, now);
  }
}

void
vm_single_use_tick (VmSingleUse *self, gint64 now)
{
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (guint64));
  GHashTableIter iter;
  gpointer number;

  g_hash_table_iter_init (&iter, self->asks);
  while (g_hash_table_iter_next (&iter, &number, NULL))
    g_array_append_val (numbers, *(guint64 *) number);
  /* whoever is told may cancel others */
  for (guint i = 0; i < numbers->len; i++) {
    Ask *ask =
        g_hash_table_lookup (self->asks, &g_array_index (numbers, guint64, i));

    if (ask)
      tick_one (ask, now);
  }
}

static GBytes *
make_mark (const Ask *ask)
{
  return vm_cluster_pack (
      MARK_MAGIC, g_variant_new (MARK, ask->once->node, ask->number));
}

static guint64
begin (VmSingleUse *self, const Ask *wanted, const VmSingleUseAsker *asker,
    const gchar *name, gint64 now)
{
  Ask *ask;

  if (vm_single_use_count (self) >= VM_SINGLE_USE_MAX)
    return 0;
  ask = g_memdup2 (wanted, sizeof *wanted);
  ask->once = self;
  ask->number = ++self->numbers;
  ask->key = vm_cluster_key (name);
  if (asker)
    ask->asker = *asker;
  ask->state = VM_CLUSTER_STATE_IDLE;
  /* what is new is written at once */
  ask->known = ask->creates;
  ask->mine = ask->value ? g_bytes_ref (ask->value) : make_mark (ask);
  ask->deadline = now + VM_SINGLE_USE_TIME;
  g_hash_table_insert (self->asks, &ask->number, ask);
  go_on (ask, now);
  return ask->number;
}

guint64
vm_single_use_keep (VmSingleUse *self, VmClusterBucket bucket,
    const gchar *name, GBytes *value, const VmSingleUseAsker *asker,
    gpointer user_data, gint64 now)
{
  const Ask ask = { .bucket = bucket,
    .creates = TRUE,
    .value = g_bytes_ref (value),
    .user_data = user_data };
  guint64 number = begin (self, &ask, asker, name, now);

  if (!number)
    g_bytes_unref (value);
  return number;
}

guint64
vm_single_use_use (VmSingleUse *self, VmClusterBucket bucket, const gchar *name,
    const VmSingleUseAsker *asker, gpointer user_data, gint64 now)
{
  const Ask ask = { .bucket = bucket, .user_data = user_data };

  return begin (self, &ask, asker, name, now);
}

guint64
vm_single_use_claim (VmSingleUse *self, VmClusterBucket bucket,
    const gchar *name, const VmSingleUseAsker *asker, gpointer user_data,
    gint64 now)
{
  const Ask ask = { .bucket = bucket, .creates = TRUE, .user_data = user_data };

  return begin (self, &ask, asker, name, now);
}

void
vm_single_use_cancel (VmSingleUse *self, guint64 number)
{
  Ask *ask = g_hash_table_lookup (self->asks, &number);

  if (!ask)
    return;
  forget_request (ask);
  g_hash_table_remove (self->asks, &number);
}
