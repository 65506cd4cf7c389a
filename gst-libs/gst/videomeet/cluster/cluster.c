/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A node of a cluster: its beat, the other nodes, and what the store
 * answers. */

#include "cluster/cluster-priv.h"
#include "base/text.h"

#include <string.h>

VmCluster *
vm_cluster_new (
    const VmClusterFuncs *funcs, gpointer user_data, const gchar *node)
{
  VmCluster *self;

  g_return_val_if_fail (vm_cluster_is_node (node), NULL);

  self = g_new0 (VmCluster, 1);
  self->funcs = *funcs;
  self->user_data = user_data;
  self->node = g_strdup (node);
  self->rooms = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_cluster_room_free);
  self->requests = g_hash_table_new (g_int64_hash, g_int64_equal);
  self->seats = g_hash_table_new (NULL, NULL);
  self->alive = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->absent =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->past = vm_cluster_past_new ();
  self->beaten = self->listed = self->scanned = G_MININT64 / 2;
  self->asked_list = G_MININT64 / 2;
  return self;
}

void
vm_cluster_free (VmCluster *self)
{
  g_hash_table_unref (self->requests);
  g_hash_table_unref (self->seats);
  g_hash_table_unref (self->rooms);
  g_hash_table_unref (self->alive);
  g_hash_table_unref (self->absent);
  vm_cluster_past_free (self->past);
  g_free (self->node);
  g_free (self);
}

guint
vm_cluster_count_rooms (VmCluster *self)
{
  return g_hash_table_size (self->rooms);
}

gboolean
vm_cluster_is_alive (VmCluster *self, const gchar *node)
{
  return strcmp (node, self->node) == 0
         || g_hash_table_contains (self->alive, node);
}

gboolean
vm_cluster_is_absent (VmCluster *self, const gchar *node)
{
  return g_hash_table_contains (self->absent, node);
}

typedef struct
{
  gint64 since;
  gboolean seen; /* its beat was there since the store was away last */
} Absence;

/* Who has no token to come back by has left as soon as its node is missed, but
 * for the time in which nodes find the store again. */
static gboolean
is_gone_at_once (
    VmCluster *self, const VmClusterParticipant *one, const Absence *absence)
{
  return !(one->resume && *one->resume)
         && (absence->seen
             || absence->since - self->settled >= VM_CLUSTER_GRACE_TIME);
}

gboolean
vm_cluster_is_over (
    VmCluster *self, const VmClusterParticipant *one, gint64 now)
{
  const Absence *absence = g_hash_table_lookup (self->absent, one->node);

  return absence
         && (now - absence->since >= VM_CLUSTER_GRACE_TIME
             || is_gone_at_once (self, one, absence));
}

static void
wait_for_store (VmClusterRoom *room, gint64 now)
{
  vm_cluster_room_move (room, VM_CLUSTER_EVENT_LOST);
  room->known = FALSE;
  room->due = now + VM_CLUSTER_RETRY_TIME;
}

/* From now on an answer comes too late. */
static void
forget_request (VmClusterRoom *room)
{
  g_hash_table_remove (room->cluster->requests, &room->request);
}

static void
end_late_seats (VmClusterRoom *room, gint64 now)
{
  for (guint i = room->seats->len; i > 0; i--) {
    VmClusterSeat *seat = room->seats->pdata[i - 1];
    g_autoptr (GError) error = NULL;

    if (seat->held || now < seat->deadline)
      continue;
    error = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
        "The other servers cannot be reached; try again in a minute");
    vm_cluster_seat_end (seat, error);
  }
}

static void
tick_room (VmClusterRoom *room, guint *checks, gint64 now)
{
  guint seats = room->seats->len;
  gboolean idle = room->state == VM_CLUSTER_STATE_IDLE;

  end_late_seats (room, now);
  if (!idle && now >= room->due) {
    if (room->state == VM_CLUSTER_STATE_WAITING) {
      vm_cluster_room_move (room, VM_CLUSTER_EVENT_DUE);
    } else {
      forget_request (room);
      g_clear_pointer (&room->written, vm_cluster_record_free);
      wait_for_store (room, now);
    }
    vm_cluster_room_look (room, now);
  } else if (room->seats->len < seats
             || (idle && (room->amiss || room->caution))) {
    vm_cluster_room_look (room, now);
  } else if (!vm_cluster_room_forget_needless (room) && *checks
             && vm_cluster_room_check (room, now)) {
    --*checks;
  }
}

void
vm_cluster_tick (VmCluster *self, gint64 now)
{
  g_autoptr (GList) rooms = g_hash_table_get_values (self->rooms);
  guint checks = vm_cluster_count_checks (self);

  if (now - self->beaten >= VM_CLUSTER_BEAT_TIME) {
    self->beaten = now;
    self->funcs.beat (self->node, self->user_data);
  }
  if (now - self->asked_list >= VM_CLUSTER_LIST_TIME) {
    self->asked_list = now;
    self->funcs.list (self->user_data);
  }
  for (GList *one = rooms; one; one = one->next)
    tick_room (one->data, &checks, now);
}

/* The nodes that records name and the list does not, and since when; @seen: of
 * the list before, if that one is of the same store. */
static void
look_who_is_absent (VmCluster *self, GHashTable *seen, gint64 now)
{
  g_autoptr (GHashTable) before = g_steal_pointer (&self->absent);
  GHashTableIter iter;
  gpointer value;

  self->absent =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    const VmClusterRecord *record = ((VmClusterRoom *) value)->record;

    for (guint i = 0; record && i < record->participants->len; i++) {
      const VmClusterParticipant *one = record->participants->pdata[i];
      const Absence *known = g_hash_table_lookup (before, one->node);
      const Absence first = { now,
        seen && g_hash_table_contains (seen, one->node) };

      if (!vm_cluster_is_alive (self, one->node)
          && !g_hash_table_contains (self->absent, one->node))
        g_hash_table_insert (self->absent, g_strdup (one->node),
            g_memdup2 (known ? known : &first, sizeof first));
    }
  }
}

static gboolean
has_over (const VmClusterRoom *room, gint64 now)
{
  for (guint i = 0; room->record && i < room->record->participants->len; i++) {
    const VmClusterParticipant *one = room->record->participants->pdata[i];

    if (vm_cluster_is_over (room->cluster, one, now))
      return TRUE;
  }
  return FALSE;
}

/* @nodes are the list now. Whether one of @before, the last list, is not in
 * it. */
static gboolean
take_list (VmCluster *self, GHashTable *before, const gchar *const *nodes)
{
  GHashTableIter iter;
  gpointer node;

  self->alive = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; nodes[i]; i++)
    g_hash_table_add (self->alive, g_strdup (nodes[i]));
  g_hash_table_iter_init (&iter, before);
  while (g_hash_table_iter_next (&iter, &node, NULL)) {
    if (!g_hash_table_contains (self->alive, node))
      return TRUE;
  }
  return FALSE;
}

void
vm_cluster_nodes (VmCluster *self, const gchar *const *nodes, gint64 now)
{
  g_autoptr (GHashTable) before = NULL;
  g_autoptr (GList) rooms = NULL;
  gboolean lost, gap;

  /* A store that was away, or cannot be written to, has forgotten the beats of
   * those who live as well. */
  if (!g_strv_contains (nodes, self->node)) {
    g_hash_table_remove_all (self->absent);
    self->settled = now;
    return;
  }
  gap = now - self->listed > VM_CLUSTER_BEAT_AGE;
  if (gap) {
    g_hash_table_remove_all (self->absent);
    self->settled = now;
  }
  gap = gap || self->listed < self->settled;
  self->listed = now;
  before = g_steal_pointer (&self->alive);
  lost = take_list (self, before, nodes);
  look_who_is_absent (self, gap ? NULL : before, now);
  rooms = g_hash_table_get_values (self->rooms);
  for (GList *one = rooms; one; one = one->next) {
    if (has_over (one->data, now))
      vm_cluster_room_look (one->data, now);
  }
  vm_cluster_look_whether_to_scan (self, nodes, lost, now);
}

static VmClusterSeat *
add_seat (VmClusterRoom *room, const VmClusterParticipant *one,
    const gchar *token, gint64 now)
{
  VmCluster *self = room->cluster;
  VmClusterSeat *seat = g_new0 (VmClusterSeat, 1);

  seat->room = room;
  seat->one = vm_cluster_participant_copy (one);
  g_clear_pointer (&seat->one->id, g_free);
  g_free (seat->one->node);
  seat->one->node = g_strdup (self->node);
  seat->one->epoch = ++self->epoch;
  seat->token = token ? vm_cluster_key (token) : NULL;
  seat->deadline = now + VM_CLUSTER_SEAT_TIME;
  g_ptr_array_add (room->seats, seat);
  g_hash_table_insert (self->seats, GUINT_TO_POINTER (seat->one->epoch), seat);
  return seat;
}

guint
vm_cluster_take_seat (VmCluster *self, const gchar *name, const gchar *id,
    guint size, guint most, const VmClusterParticipant *one, const gchar *token,
    gint64 now, GError **error)
{
  g_autofree gchar *key = vm_cluster_key (name);
  VmClusterRoom *room;
  VmClusterSeat *seat;
  guint epoch;

  g_return_val_if_fail (size >= 1 && size <= VM_SIGNAL_ROSTER_MAX, 0);

  if (!*name || !vm_text_is_name (name, VM_NAME_MAX) || !*id
      || !vm_text_is_name (id, VM_NAME_MAX)
      || !vm_cluster_participant_is_good (one)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A name has at most %d bytes and no control characters", VM_NAME_MAX);
    return 0;
  }
  room = vm_cluster_get_room (self, key);
  if (!room) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "There are too many rooms, or users; try again later");
    return 0;
  }
  if (!room->name)
    room->name = g_strdup (name);
  room->fresh = FALSE;
  seat = add_seat (room, one, token, now);
  seat->id = g_strdup (id);
  seat->size = size;
  seat->most = most;
  epoch = seat->one->epoch;
  vm_cluster_room_look (room, now);
  return epoch;
}

void
vm_cluster_renew (VmCluster *self, guint epoch, const gchar *token, gint64 now)
{
  VmClusterSeat *seat =
      g_hash_table_lookup (self->seats, GUINT_TO_POINTER (epoch));

  if (!seat)
    return;
  g_free (seat->one->resume);
  seat->one->resume = vm_cluster_key (token);
  vm_cluster_room_look (seat->room, now);
}

void
vm_cluster_leave (VmCluster *self, guint epoch, gint64 now)
{
  VmClusterSeat *seat =
      g_hash_table_lookup (self->seats, GUINT_TO_POINTER (epoch));
  VmClusterRoom *room;

  if (!seat)
    return;
  room = seat->room;
  vm_cluster_seat_end (seat, NULL);
  vm_cluster_room_look (room, now);
}

static VmClusterRoom *
find_room (VmCluster *self, const gchar *name)
{
  g_autofree gchar *key = vm_cluster_key (name);

  return g_hash_table_lookup (self->rooms, key);
}

void
vm_cluster_lock (
    VmCluster *self, const gchar *name, gboolean locked, gint64 now)
{
  VmClusterRoom *room = find_room (self, name);

  if (!room || !room->seats->len)
    return;
  room->lock = locked ? 1 : 0;
  vm_cluster_room_look (room, now);
}

gboolean
vm_cluster_is_locked (VmCluster *self, const gchar *name)
{
  const VmClusterRoom *room = find_room (self, name);

  if (!room)
    return FALSE;
  if (room->lock >= 0)
    return room->lock;
  return room->record && room->record->locked;
}

const VmClusterRecord *
vm_cluster_look_up (VmCluster *self, const gchar *name)
{
  const VmClusterRoom *room = find_room (self, name);

  return room ? room->record : NULL;
}

gboolean
vm_cluster_is_busy (VmCluster *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (((VmClusterRoom *) value)->state == VM_CLUSTER_STATE_WRITING)
      return TRUE;
  }
  return FALSE;
}

static void
take_read (VmClusterRoom *room, VmClusterResult result, GBytes *value,
    guint64 revision, gint64 now)
{
  if (result != VM_CLUSTER_DONE) {
    wait_for_store (room, now);
    return;
  }
  vm_cluster_room_move (room, VM_CLUSTER_EVENT_DONE);
  room->known = TRUE;
  room->checked = now;
  /* unless it was told of a later change meanwhile */
  if (room->seen == room->seen_before)
    vm_cluster_room_take (room, value, revision, now);
}

static void
take_written (
    VmClusterRoom *room, VmClusterResult result, guint64 revision, gint64 now)
{
  g_autoptr (VmClusterRecord) written = g_steal_pointer (&room->written);

  if (result == VM_CLUSTER_LOST) {
    wait_for_store (room, now);
    return;
  }
  if (result == VM_CLUSTER_CONFLICT) {
    if (++room->conflicts % VM_CLUSTER_CONFLICTS_MAX == 0) {
      wait_for_store (room, now);
      return;
    }
    vm_cluster_room_move (room, VM_CLUSTER_EVENT_CONFLICT);
    room->known = room->seen != room->seen_before;
    return;
  }
  room->conflicts = 0;
  room->checked = now;
  vm_cluster_room_move (room, VM_CLUSTER_EVENT_DONE);
  if (room->seen != room->seen_before && revision < room->seen)
    return;
  vm_cluster_room_settle (room);
  room->base = written ? revision : 0;
  vm_cluster_room_adopt (room, g_steal_pointer (&written), revision);
}

/* Whatever has come of it, the store may be another by now. */
static void
take_overtaken (VmClusterRoom *room)
{
  g_clear_pointer (&room->written, vm_cluster_record_free);
  vm_cluster_room_move (room, VM_CLUSTER_EVENT_DONE);
  room->known = FALSE;
}

void
vm_cluster_answer (VmCluster *self, guint64 request, VmClusterResult result,
    GBytes *value, guint64 revision, gint64 now)
{
  VmClusterRoom *room = g_hash_table_lookup (self->requests, &request);

  if (!room)
    return;
  forget_request (room);
  if (room->overtaken)
    take_overtaken (room);
  else if (room->state == VM_CLUSTER_STATE_READING)
    take_read (room, result, value, revision, now);
  else
    take_written (room, result, revision, now);
  vm_cluster_room_look (room, now);
}

void
vm_cluster_back (VmCluster *self, gint64 now)
{
  g_autoptr (GList) rooms = g_hash_table_get_values (self->rooms);

  self->says = FALSE;
  if (self->began)
    self->caution = MAX (self->caution, now + VM_CLUSTER_CAUTION_TIME);
  self->began = TRUE;
  self->scanned = G_MININT64 / 2;
  for (GList *one = rooms; one; one = one->next) {
    VmClusterRoom *room = one->data;

    vm_cluster_room_doubt (room);
    room->known = FALSE;
    room->overtaken = TRUE;
    vm_cluster_room_look (room, now);
  }
}

void
vm_cluster_young (VmCluster *self, gint64 now)
{
  self->caution = now + VM_CLUSTER_YOUNG_TIME;
}

void
vm_cluster_told (VmCluster *self, const gchar *key, GBytes *value,
    guint64 revision, gint64 now)
{
  VmClusterRoom *room = g_hash_table_lookup (self->rooms, key);

  if (!room)
    return;
  if (vm_cluster_room_is_doubtful (room, value, revision)) {
    /* it comes late, or the store began anew and counts from the start: a write
     * at the revision that was seen could replace what was not read */
    room->known = FALSE;
    room->overtaken = TRUE;
    vm_cluster_room_look (room, now);
  }
  if (revision <= room->seen)
    return;
  vm_cluster_room_take (room, value, revision, now);
  /* it was written just now */
  if (room->record)
    room->caution = 0;
  vm_cluster_room_look (room, now);
}
