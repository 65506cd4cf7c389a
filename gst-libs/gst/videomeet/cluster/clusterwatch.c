/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which records a node knows besides those of its seats, and how it notices
 * what the store has told and it has not heard. */

#include "cluster/cluster-priv.h"

#include <string.h>

static VmClusterRoom *
find (VmCluster *self, const gchar *key)
{
  return g_hash_table_lookup (self->rooms, key);
}

const VmClusterRecord *
vm_cluster_look_up_key (VmCluster *self, const gchar *key)
{
  const VmClusterRoom *room = find (self, key);

  return room ? room->record : NULL;
}

gboolean
vm_cluster_has_read (VmCluster *self, const gchar *key)
{
  const VmClusterRoom *room = find (self, key);

  return room && room->read;
}

gboolean
vm_cluster_watch (VmCluster *self, const gchar *key, gint64 now)
{
  VmClusterRoom *room = vm_cluster_get_room (self, key);

  if (!room)
    return FALSE;
  room->watchers++;
  vm_cluster_room_look (room, now);
  return TRUE;
}

/* The room stays until the next tick, for whoever watches it again. */
void
vm_cluster_unwatch (VmCluster *self, const gchar *key)
{
  VmClusterRoom *room = find (self, key);

  g_return_if_fail (room && room->watchers > 0);

  room->watchers--;
}

void
vm_cluster_check (VmCluster *self, const gchar *key, gint64 now)
{
  VmClusterRoom *room = vm_cluster_get_room (self, key);

  if (!room || room->state != VM_CLUSTER_STATE_IDLE)
    return;
  room->known = FALSE;
  vm_cluster_room_look (room, now);
}

gboolean
vm_cluster_room_check (VmClusterRoom *room, gint64 now)
{
  if (room->state != VM_CLUSTER_STATE_IDLE
      || now - room->checked < VM_CLUSTER_CHECK_TIME)
    return FALSE;
  room->known = FALSE;
  vm_cluster_room_look (room, now);
  return TRUE;
}

/* Few enough that those who want a seat need not wait for all, as after the
 * store was away, and enough for all in VM_CLUSTER_CHECK_TIME with a tick each
 * second. */
guint
vm_cluster_count_checks (VmCluster *self)
{
  return 1
         + 2 * vm_cluster_count_rooms (self)
               / (guint) (VM_CLUSTER_CHECK_TIME / G_USEC_PER_SEC);
}

/* Of all nodes the first by name does it. When it dies, the next sees that a
 * node is gone. */
void
vm_cluster_look_whether_to_scan (
    VmCluster *self, const gchar *const *nodes, gboolean lost, gint64 now)
{
  for (guint i = 0; nodes[i]; i++) {
    if (strcmp (nodes[i], self->node) < 0)
      return;
  }
  if (!lost && now - self->scanned < VM_CLUSTER_SCAN_TIME)
    return;
  self->scanned = now;
  self->funcs.scan (nodes, self->user_data);
}
