/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the cluster says, and when the rooms hear of it: never while one of them
 * is in the middle of something. */

#include "cluster/shared/roomshare-priv.h"

#include <string.h>

typedef struct
{
  guint seat;
  gboolean gone; /* else: seated, or refused */
  GError *error;
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  g_clear_error (&event->error);
  g_free (event);
}

static void
push_event (VmRoomShare *share, guint seat, gboolean gone, const GError *error)
{
  Event *event = g_new (Event, 1);

  *event = (Event){ seat, gone, error ? g_error_copy (error) : NULL };
  g_queue_push_tail (&share->events, event);
}

void
vm_room_share_get (
    VmRoomShare *share, VmShareKind kind, guint64 request, const gchar *key)
{
  share->funcs.get (VM_CLUSTER_ROOMS, request * VM_SHARE_N_KINDS + kind, key,
      share->user_data);
}

void
vm_room_share_put (VmRoomShare *share, VmShareKind kind, guint64 request,
    const gchar *key, GBytes *value, guint64 revision)
{
  share->funcs.put (VM_CLUSTER_ROOMS, request * VM_SHARE_N_KINDS + kind, key,
      value, revision, share->user_data);
}

/* NULL: there is none. */
static VmCluster *
get_cluster (VmRoomShare *share, VmShareKind kind)
{
  if (kind == VM_SHARE_ROOMS)
    return share->cluster;
  return share->directories[kind]
             ? vm_name_directory_get_cluster (share->directories[kind])
             : NULL;
}

static void
on_get (guint64 request, const gchar *key, gpointer user_data)
{
  vm_room_share_get (user_data, VM_SHARE_ROOMS, request, key);
}

static void
on_put (guint64 request, const gchar *key, GBytes *value, guint64 revision,
    gpointer user_data)
{
  vm_room_share_put (user_data, VM_SHARE_ROOMS, request, key, value, revision);
}

static void
on_beat (const gchar *node, gpointer user_data)
{
  VmRoomShare *share = user_data;

  share->funcs.beat (node, share->user_data);
}

static void
on_list (gpointer user_data)
{
  VmRoomShare *share = user_data;

  share->funcs.list (share->user_data);
}

static void
on_watch (const gchar *key, gpointer user_data)
{
  VmRoomShare *share = user_data;

  share->funcs.watch (key, share->user_data);
}

static void
on_unwatch (const gchar *key, gpointer user_data)
{
  VmRoomShare *share = user_data;

  share->funcs.unwatch (key, share->user_data);
}

/* For all kinds. */
static void
on_scan (const gchar *const *nodes, gpointer user_data)
{
  VmRoomShare *share = user_data;

  share->funcs.scan (nodes, share->user_data);
}

static void
on_seated (guint epoch, const VmClusterRecord *room,
    const VmClusterParticipant *one, const GError *error, gpointer user_data)
{
  push_event (user_data, epoch, FALSE, error);
}

static void
on_gone (guint epoch, const GError *reason, gpointer user_data)
{
  push_event (user_data, epoch, TRUE, reason);
}

static void
on_changed (const gchar *key, const VmClusterRecord *room, gpointer user_data)
{
  VmRoomShare *share = user_data;

  g_hash_table_add (share->changed, g_strdup (key));
}

VmRoomShare *
vm_room_share_new (VmRooms *rooms, const VmRoomShareFuncs *funcs,
    gpointer user_data, const gchar *node, gint64 now, gint64 date)
{
  static const VmClusterFuncs cluster_funcs = {
    .get = on_get,
    .put = on_put,
    .beat = on_beat,
    .list = on_list,
    .watch = on_watch,
    .unwatch = on_unwatch,
    .scan = on_scan,
    .seated = on_seated,
    .gone = on_gone,
    .changed = on_changed,
  };
  const VmSingleUseFuncs once_funcs = { funcs->get, funcs->put };
  VmRoomShare *share = g_new0 (VmRoomShare, 1);

  share->rooms = rooms;
  share->funcs = *funcs;
  share->user_data = user_data;
  share->node = g_strdup (node);
  share->now = now;
  share->date = date;
  share->cluster = vm_cluster_new (&cluster_funcs, share, node);
  share->once = vm_single_use_new (&once_funcs, user_data, node);
  share->shared = g_hash_table_new (g_str_hash, g_str_equal);
  share->lines = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, vm_room_share_free_line);
  share->requests = g_hash_table_new (NULL, NULL);
  share->seats = g_hash_table_new (NULL, NULL);
  share->changed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  share->looks = g_hash_table_new_full (
      g_int64_hash, g_int64_equal, NULL, vm_room_share_free_look);
  g_queue_init (&share->events);
  g_queue_init (&share->inbox);
  g_queue_init (&share->held);
  g_queue_init (&share->words);
  rooms->share = share;
  rooms->remote = &vm_room_share_remote;
  return share;
}

static void
shared_free (VmRoomShared *shared)
{
  g_hash_table_remove (shared->share->shared, shared->key);
  if (shared->watched)
    vm_cluster_unwatch (shared->share->cluster, shared->key);
  g_hash_table_unref (shared->departed);
  g_free (shared->key);
  g_free (shared);
}

static void
forget_room (gpointer key, gpointer value, gpointer user_data)
{
  VmRoom *room = value;

  for (guint i = 0; i < room->members->len; i++)
    ((VmMember *) room->members->pdata[i])->seat = 0;
  g_clear_pointer (&room->shared, shared_free);
}

void
vm_room_share_free (VmRoomShare *share)
{
  g_autoptr (GHashTable) rooms = g_steal_pointer (&share->shared);
  GHashTableIter iter;
  gpointer seat_request;

  share->shared = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_foreach (rooms, forget_room, NULL);
  share->rooms->share = NULL;
  share->rooms->remote = NULL;
  /* whoever asked is gone, or cannot be told */
  g_hash_table_iter_init (&iter, share->requests);
  while (g_hash_table_iter_next (&iter, NULL, &seat_request)) {
    g_hash_table_iter_remove (&iter);
    ((VmSeatRequest *) seat_request)->seat = 0;
  }
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++)
    g_clear_pointer (&share->directories[i], vm_name_directory_free);
  g_hash_table_unref (share->shared);
  g_hash_table_unref (share->lines);
  g_hash_table_unref (share->requests);
  g_hash_table_unref (share->seats);
  g_hash_table_unref (share->changed);
  g_hash_table_unref (share->looks);
  g_queue_clear_full (&share->events, event_free);
  g_queue_clear_full (&share->inbox, (GDestroyNotify) vm_share_message_free);
  g_queue_clear_full (&share->held, (GDestroyNotify) vm_share_message_free);
  vm_single_use_free (share->once);
  g_queue_clear_full (&share->words, vm_room_share_free_word);
  vm_cluster_free (share->cluster);
  g_free (share->node);
  g_free (share);
}

gboolean
vm_room_share_is_busy (VmRoomShare *share)
{
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    VmCluster *cluster = get_cluster (share, i);

    if (cluster && vm_cluster_is_busy (cluster))
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_room_share_knows_node (VmRoomShare *share, const gchar *node)
{
  return vm_cluster_is_alive (share->cluster, node);
}

static void
take_seated (VmRoomShare *share, const Event *event)
{
  VmSeatRequest *seat_request =
      g_hash_table_lookup (share->requests, GUINT_TO_POINTER (event->seat));
  const VmClusterRecord *record;
  const VmClusterParticipant *one;

  if (!seat_request)
    return;
  record = vm_cluster_look_up (share->cluster, seat_request->name);
  one =
      record ? vm_cluster_record_find (record, share->node, event->seat) : NULL;
  if (event->error) {
    vm_seat_request_refuse (seat_request, event->error);
  } else if (one) {
    vm_seat_request_grant (seat_request, share, record, one);
  } else {
    g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
        "The seat was lost at once; try again");

    vm_cluster_leave (share->cluster, event->seat, share->now);
    vm_seat_request_refuse (seat_request, error);
  }
}

static void
take_event (VmRoomShare *share, const Event *event)
{
  VmMember *member =
      g_hash_table_lookup (share->seats, GUINT_TO_POINTER (event->seat));

  if (!event->gone)
    take_seated (share, event);
  else if (member)
    vm_room_share_lose_seat (share, member, event->error);
}

/* One of the rooms that are not as their record says; FALSE: there is none. */
static gboolean
sync_next (VmRoomShare *share)
{
  GHashTableIter iter;
  gpointer value;
  g_autofree gchar *key = NULL;
  VmRoom *room;
  const VmClusterRecord *record;

  g_hash_table_iter_init (&iter, share->changed);
  if (!g_hash_table_iter_next (&iter, &value, NULL))
    return FALSE;
  key = g_strdup (value);
  g_hash_table_iter_remove (&iter);
  room = g_hash_table_lookup (share->shared, key);
  record = room ? vm_cluster_look_up (share->cluster, room->name) : NULL;
  if (record)
    vm_room_share_sync (share, room, record);
  vm_room_share_finish_looks (share, key);
  return TRUE;
}

static void
settle_rooms (VmRoomShare *share)
{
  Event *event;

  do {
    while (sync_next (share))
      continue;
    event = g_queue_pop_head (&share->events);
    if (event) {
      take_event (share, event);
      event_free (event);
    }
  } while (event || g_hash_table_size (share->changed));
  vm_room_share_take_inbox (share);
}

static gboolean
settle_directories (VmRoomShare *share)
{
  gboolean settled = FALSE;

  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    while (share->directories[i]
           && vm_name_directory_settle (share->directories[i]))
      settled = TRUE;
  }
  return settled;
}

void
vm_room_share_settle (VmRoomShare *share)
{
  if (share->settling)
    return;
  share->settling = TRUE;
  do {
    settle_rooms (share);
  } while (settle_directories (share) || vm_room_share_take_word (share));
  share->settling = FALSE;
}

void
vm_room_share_tick (VmRoomShare *share, gint64 now, gint64 date)
{
  g_autoptr (GList) rooms = g_hash_table_get_values (share->shared);

  share->now = now;
  share->date = date;
  vm_cluster_tick (share->cluster, now);
  vm_single_use_tick (share->once, now);
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    if (share->directories[i])
      vm_name_directory_tick (share->directories[i]);
  }
  vm_room_share_tick_looks (share);
  vm_room_share_settle (share);
  g_list_free (g_steal_pointer (&rooms));
  rooms = g_hash_table_get_values (share->shared);
  for (GList *room = rooms; room; room = room->next)
    vm_room_share_tick_room (share, room->data);
  vm_room_share_tick_held (share);
  vm_room_share_tick_lines (share);
}

void
vm_room_share_answer (VmRoomShare *share, VmClusterBucket bucket,
    guint64 request, VmClusterResult result, GBytes *value, guint64 revision,
    gint64 now)
{
  VmCluster *cluster = get_cluster (share, request % VM_SHARE_N_KINDS);

  share->now = now;
  if (bucket == VM_CLUSTER_ROOMS && cluster)
    vm_cluster_answer (
        cluster, request / VM_SHARE_N_KINDS, result, value, revision, now);
  else if (bucket != VM_CLUSTER_ROOMS)
    vm_single_use_answer (share->once, request, result, value, revision, now);
  vm_room_share_settle (share);
}

void
vm_room_share_nodes (VmRoomShare *share, const gchar *const *nodes, gint64 now)
{
  share->now = now;
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    VmCluster *cluster = get_cluster (share, i);

    if (cluster)
      vm_cluster_nodes (cluster, nodes, now);
  }
  vm_room_share_settle (share);
}

void
vm_room_share_told (VmRoomShare *share, const gchar *key, GBytes *value,
    guint64 revision, gint64 now)
{
  VmShareKind kind = vm_share_kind_of_key (key);
  VmCluster *cluster = get_cluster (share, kind);

  share->now = now;
  if (cluster)
    vm_cluster_told (
        cluster, kind == VM_SHARE_ROOMS ? key : key + 1, value, revision, now);
  vm_room_share_settle (share);
}

void
vm_room_share_young (VmRoomShare *share, gint64 now)
{
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    VmCluster *cluster = get_cluster (share, i);

    if (cluster)
      vm_cluster_young (cluster, now);
  }
}

void
vm_room_share_back (VmRoomShare *share, gint64 now)
{
  share->now = now;
  for (guint i = 0; i < VM_SHARE_N_KINDS; i++) {
    VmCluster *cluster = get_cluster (share, i);

    if (cluster)
      vm_cluster_back (cluster, now);
  }
  vm_room_share_settle (share);
}

void
vm_room_share_check (VmRoomShare *share, const gchar *key, gint64 now)
{
  VmShareKind kind = vm_share_kind_of_key (key);
  VmCluster *cluster = get_cluster (share, kind);
  const gchar *plain = kind == VM_SHARE_ROOMS ? key : key + 1;

  share->now = now;
  if (cluster && vm_cluster_is_key (plain))
    vm_cluster_check (cluster, plain, now);
  vm_room_share_settle (share);
}

const gchar *
vm_room_share_get_node (VmRoomShare *share)
{
  return share->node;
}

gboolean
vm_rooms_are_shared (VmRooms *rooms)
{
  return rooms->share != NULL;
}

VmSingleUse *
vm_rooms_get_single_use (VmRooms *rooms)
{
  return rooms->share ? rooms->share->once : NULL;
}

/* What the rooms say */

static void
begin (VmRoom *room)
{
  VmRoomShare *share = room->rooms->share;
  VmRoomShared *shared = g_new0 (VmRoomShared, 1);
  const VmClusterRecord *record;

  shared->share = share;
  shared->key = vm_cluster_key (room->name);
  shared->watched = vm_cluster_watch (share->cluster, shared->key, share->now);
  shared->departed =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  room->shared = shared;
  g_hash_table_insert (share->shared, shared->key, room);
  record = vm_cluster_look_up_key (share->cluster, shared->key);
  if (record)
    vm_room_share_sync (share, room, record);
}

static void
give_back (VmMember *member)
{
  VmRoomShare *share = member->room->rooms->share;

  g_hash_table_remove (share->seats, GUINT_TO_POINTER (member->seat));
  vm_cluster_leave (share->cluster, member->seat, share->now);
  member->seat = 0;
}

static void
leave (VmMember *member, const VmSignal *left)
{
  if (!member->seat)
    return;
  vm_room_share_say (member, left);
  give_back (member);
}

static void
end (VmRoom *room)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = room->members->pdata[i];
    g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);

    left->id = g_strdup (member->id);
    if (!member->node && !member->token)
      leave (member, left);
    else if (member->seat)
      g_hash_table_remove (
          room->rooms->share->seats, GUINT_TO_POINTER (member->seat));
  }
}

static void
renew (VmMember *member)
{
  VmRoomShare *share = member->room->rooms->share;

  if (member->seat)
    vm_cluster_renew (share->cluster, member->seat, member->token, share->now);
}

static void
lock (VmRoom *room)
{
  VmRoomShare *share = room->rooms->share;

  vm_cluster_lock (share->cluster, room->name, room->locked, share->now);
}

const VmRoomsRemote vm_room_share_remote = {
  .begin = begin,
  .end = end,
  .free = shared_free,
  .send = vm_room_share_send,
  .say = vm_room_share_say,
  .count = vm_room_share_count,
  .leave = leave,
  .renew = renew,
  .lock = lock,
  .make_token = vm_room_share_make_token,
  .drop_ticket = vm_room_share_drop_ticket,
};
