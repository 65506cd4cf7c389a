/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterpast.h"

typedef struct
{
  gint64 since; /* µs */
  guint times;
} Doubt;

struct _VmClusterPast
{
  GHashTable *gone; /* "node/epoch" -> Doubt */
  GQueue order; /* those keys, the oldest first */
};

VmClusterPast *
vm_cluster_past_new (void)
{
  VmClusterPast *self = g_new0 (VmClusterPast, 1);

  self->gone = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_queue_init (&self->order);
  return self;
}

void
vm_cluster_past_free (VmClusterPast *self)
{
  g_queue_clear (&self->order);
  g_hash_table_unref (self->gone);
  g_free (self);
}

static gchar *
key_of (const VmClusterParticipant *one)
{
  return g_strdup_printf ("%s/%u", one->node, one->epoch);
}

void
vm_cluster_past_add (VmClusterPast *self, const VmClusterParticipant *one)
{
  g_autofree gchar *key = key_of (one);

  if (g_hash_table_contains (self->gone, key))
    return;
  if (self->order.length >= VM_CLUSTER_PAST_MAX)
    g_hash_table_remove (self->gone, g_queue_pop_head (&self->order));
  g_queue_push_tail (&self->order, key);
  g_hash_table_insert (self->gone, g_steal_pointer (&key), g_new0 (Doubt, 1));
}

gboolean
vm_cluster_past_doubts (
    VmClusterPast *self, const VmClusterParticipant *one, gint64 now)
{
  g_autofree gchar *key = key_of (one);
  Doubt *doubt = g_hash_table_lookup (self->gone, key);

  if (!doubt)
    return FALSE;
  if (!doubt->times || now - doubt->since >= VM_CLUSTER_DOUBT_TIME)
    *doubt = (Doubt){ .since = now };
  if (doubt->times >= VM_CLUSTER_DOUBTS_MAX)
    return FALSE;
  doubt->times++;
  return TRUE;
}

guint
vm_cluster_past_count (VmClusterPast *self)
{
  return self->order.length;
}
