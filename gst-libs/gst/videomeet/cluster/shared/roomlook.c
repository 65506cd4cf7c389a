/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Looks at rooms that may be open at other servers, of which this one does not
 * know: it knows the records of its own rooms alone. */

#include "cluster/shared/roomshare-priv.h"

#include <string.h>

typedef struct
{
  VmRoomShare *share;
  guint64 number;
  gchar *key; /* of the room */
  gboolean watched; /* its record, until the look is over */
  VmRoomLooked looked;
  gpointer user_data;
  gint64 deadline;
} Look;

void
vm_room_share_free_look (gpointer data)
{
  Look *look = data;

  if (look->watched)
    vm_cluster_unwatch (look->share->cluster, look->key);
  g_free (look->key);
  g_free (look);
}

void
vm_room_share_refuse_lost (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "The other servers cannot be reached; try again in a minute");
}

guint64
vm_room_share_look (VmRoomShare *share, const gchar *key, VmRoomLooked looked,
    gpointer user_data)
{
  Look *look;

  if (g_hash_table_size (share->looks) >= VM_SHARE_LOOKS_MAX)
    return 0;
  look = g_new0 (Look, 1);
  look->share = share;
  look->number = ++share->looked;
  look->key = g_strdup (key);
  look->watched = vm_cluster_watch (share->cluster, key, share->now);
  look->looked = looked;
  look->user_data = user_data;
  look->deadline = share->now + VM_CLUSTER_SEAT_TIME;
  g_hash_table_insert (share->looks, &look->number, look);
  /* nothing is told of what is known */
  if (vm_cluster_has_read (share->cluster, key))
    g_hash_table_add (share->changed, g_strdup (key));
  return look->number;
}

gboolean
vm_rooms_must_look (VmRooms *rooms, const gchar *name)
{
  const VmRoom *room = rooms->share ? vm_rooms_find (rooms, name) : NULL;
  g_autofree gchar *key = NULL;

  if (!rooms->share || (room && !room->shared))
    return FALSE;
  key = vm_cluster_key (name);
  return !vm_cluster_has_read (rooms->share->cluster, key);
}

guint64
vm_rooms_look (
    VmRooms *rooms, const gchar *name, VmRoomLooked looked, gpointer user_data)
{
  g_autofree gchar *key = vm_cluster_key (name);

  return vm_room_share_look (rooms->share, key, looked, user_data);
}

void
vm_rooms_cancel_look (VmRooms *rooms, guint64 look)
{
  if (rooms->share)
    g_hash_table_remove (rooms->share->looks, &look);
}

/* The record stays known while @look->looked runs. */
static void
finish (Look *look, gboolean known)
{
  g_hash_table_steal (look->share->looks, &look->number);
  look->looked (known, look->user_data);
  vm_room_share_free_look (look);
}

/* One of those for @key, or any that is late if that is NULL. */
static Look *
find (VmRoomShare *share, const gchar *key)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, share->looks);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    Look *look = value;

    if (key ? strcmp (look->key, key) == 0 : share->now >= look->deadline)
      return look;
  }
  return NULL;
}

void
vm_room_share_finish_looks (VmRoomShare *share, const gchar *key)
{
  Look *look;

  while ((look = find (share, key)))
    finish (look, TRUE);
}

void
vm_room_share_tick_looks (VmRoomShare *share)
{
  Look *look;

  while ((look = find (share, NULL)))
    finish (look, FALSE);
}
