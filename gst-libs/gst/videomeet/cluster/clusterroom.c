/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The record of one room, and how it comes to be what this node wants of it. */

#include "cluster/cluster-priv.h"

#include <string.h>

VmClusterRoom *
vm_cluster_get_room (VmCluster *cluster, const gchar *key)
{
  VmClusterRoom *room = g_hash_table_lookup (cluster->rooms, key);

  if (room || g_hash_table_size (cluster->rooms) >= VM_CLUSTER_ROOMS_MAX)
    return room;
  room = g_new0 (VmClusterRoom, 1);
  room->cluster = cluster;
  room->key = g_strdup (key);
  room->seats = g_ptr_array_new ();
  room->lock = -1;
  room->unsure = TRUE;
  g_hash_table_insert (cluster->rooms, room->key, room);
  cluster->funcs.watch (room->key, cluster->user_data);
  return room;
}

static void
seat_free (VmClusterSeat *seat)
{
  vm_cluster_participant_free (seat->one);
  g_free (seat->id);
  g_free (seat->token);
  g_free (seat);
}

void
vm_cluster_room_free (VmClusterRoom *room)
{
  for (guint i = 0; i < room->seats->len; i++)
    seat_free (room->seats->pdata[i]);
  g_ptr_array_unref (room->seats);
  g_clear_pointer (&room->record, vm_cluster_record_free);
  g_clear_pointer (&room->written, vm_cluster_record_free);
  g_free (room->key);
  g_free (room->name);
  g_free (room);
}

void
vm_cluster_room_move (VmClusterRoom *room, VmClusterEvent event)
{
  VmClusterState next;

  if (!vm_cluster_state_next (room->state, event, &next)) {
    g_warning ("a room of the cluster is %s: nothing follows on event %d",
        vm_cluster_state_to_string (room->state), event);
    return;
  }
  g_debug ("a room of the cluster: %s -> %s",
      vm_cluster_state_to_string (room->state),
      vm_cluster_state_to_string (next));
  room->state = next;
}

void
vm_cluster_seat_end (VmClusterSeat *seat, const GError *reason)
{
  VmCluster *self = seat->room->cluster;
  guint epoch = seat->one->epoch;
  gboolean held = seat->held;

  g_hash_table_remove (self->seats, GUINT_TO_POINTER (epoch));
  g_ptr_array_remove (seat->room->seats, seat);
  seat_free (seat);
  if (reason && held)
    self->funcs.gone (epoch, reason, self->user_data);
  else if (reason)
    self->funcs.seated (epoch, NULL, NULL, reason, self->user_data);
}

void
vm_cluster_room_fail (VmClusterRoom *room, const GError *reason)
{
  while (room->seats->len)
    vm_cluster_seat_end (room->seats->pdata[0], reason);
}

static void
hold (VmClusterSeat *seat, const VmClusterParticipant *one)
{
  VmCluster *self = seat->room->cluster;
  VmClusterParticipant *held = vm_cluster_participant_copy (one);

  /* it may have been renewed since that was written */
  g_free (held->resume);
  held->resume = g_strdup (seat->one->resume);
  vm_cluster_participant_free (seat->one);
  seat->one = held;
  g_free (seat->id);
  seat->id = g_strdup (seat->room->record->id);
  seat->size = seat->room->record->size;
  seat->held = TRUE;
  g_clear_pointer (&seat->token, g_free);
  self->funcs.seated (
      held->epoch, seat->room->record, one, NULL, self->user_data);
}

/* Who has written lives, whatever became of the beats: else two nodes could
 * take out and put back the same seat without end. */
static void
look_who_lives (const VmClusterRoom *room, const VmClusterRecord *before)
{
  for (guint i = 0; room->record && i < room->record->participants->len; i++) {
    const VmClusterParticipant *one = room->record->participants->pdata[i];

    if (!before || !vm_cluster_record_find (before, one->node, one->epoch))
      g_hash_table_remove (room->cluster->absent, one->node);
  }
}

static void
look_who_has_gone (const VmClusterRoom *room, const VmClusterRecord *before)
{
  for (guint i = 0; before && i < before->participants->len; i++) {
    const VmClusterParticipant *one = before->participants->pdata[i];

    if (!room->record
        || !vm_cluster_record_find (room->record, one->node, one->epoch))
      vm_cluster_past_add (room->cluster->past, one);
  }
}

void
vm_cluster_room_adopt (
    VmClusterRoom *room, VmClusterRecord *record, guint64 revision)
{
  VmCluster *self = room->cluster;
  g_autoptr (VmClusterRecord) before = g_steal_pointer (&room->record);
  gboolean first = !room->read;

  room->record = record;
  room->read = TRUE;
  room->seen = revision;
  room->known = TRUE;
  if (record)
    room->locked = record->locked;
  if (record && room->lock == record->locked)
    room->lock = -1;
  look_who_lives (room, before);
  look_who_has_gone (room, before);
  if (first || !vm_cluster_record_is_same (before, record))
    self->funcs.changed (room->key, record, self->user_data);
  for (guint i = 0; record && i < room->seats->len; i++) {
    VmClusterSeat *seat = room->seats->pdata[i];
    const VmClusterParticipant *one =
        vm_cluster_record_find (record, self->node, seat->one->epoch);

    if (one && !seat->held)
      hold (seat, one);
  }
}

static gboolean
has_seat (const VmClusterRoom *room, guint epoch)
{
  const VmClusterSeat *seat =
      g_hash_table_lookup (room->cluster->seats, GUINT_TO_POINTER (epoch));

  return seat && seat->room == room;
}

static void
take_out (VmClusterRoom *room, VmClusterRecord *record, gint64 now)
{
  for (guint i = record->participants->len; i > 0; i--) {
    const VmClusterParticipant *one = record->participants->pdata[i - 1];
    gboolean own = strcmp (one->node, room->cluster->node) == 0;

    if (own ? !has_seat (room, one->epoch)
            : vm_cluster_is_over (room->cluster, one, now))
      g_ptr_array_remove_index (record->participants, i - 1);
  }
}

static gboolean
has_place (
    const VmClusterRecord *record, const VmClusterSeat *seat, GError **error)
{
  if (seat->held || !seat->most || record->participants->len < seat->most)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
      "The meeting has %u participants: too many for this client",
      record->participants->len);
  return FALSE;
}

static gboolean
put_in (VmClusterRecord *record, const VmClusterSeat *seat, GError **error)
{
  const VmClusterParticipant *wanted = seat->one;
  VmClusterParticipant *one =
      vm_cluster_record_find (record, wanted->node, wanted->epoch);

  if (one) {
    g_free (one->resume);
    one->resume = g_strdup (wanted->resume);
    return TRUE;
  }
  if (seat->held && vm_cluster_record_has_other (record, wanted)) {
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "The participant has come back at another server");
    return FALSE;
  }
  if (seat->token)
    return !!vm_cluster_record_resume (record, wanted, seat->token, error);
  return has_place (record, seat, error)
         && vm_cluster_record_seat (record, wanted, error);
}

/* A room that nobody is in; one that the store has lost begins anew as it
 * was. */
static VmClusterRecord *
begin (const VmClusterRoom *room)
{
  const VmClusterSeat *first = room->seats->pdata[0];
  VmClusterRecord *record;

  for (guint i = 0; i < room->seats->len && !first->held; i++) {
    const VmClusterSeat *seat = room->seats->pdata[i];

    if (seat->held)
      first = seat;
  }
  record = vm_cluster_record_new (room->name, first->id, first->size);
  record->locked = first->held && room->locked;
  return record;
}

/* What should be stored instead of what is. @refused: the seats that cannot be
 * had;
 * @reasons: why, in the same order. Returns: (transfer full), or NULL:
 * nothing */
static VmClusterRecord *
make (VmClusterRoom *room, GPtrArray *refused, GPtrArray *reasons, gint64 now)
{
  g_autoptr (VmClusterRecord) record = NULL;

  if (!room->seats->len)
    room->lock = -1;
  if (room->record)
    record = vm_cluster_record_copy (room->record);
  else if (room->seats->len)
    record = begin (room);
  else
    return NULL;
  take_out (room, record, now);
  for (guint i = 0; i < room->seats->len; i++) {
    g_autoptr (GError) error = NULL;

    if (put_in (record, room->seats->pdata[i], &error))
      continue;
    g_ptr_array_add (refused, room->seats->pdata[i]);
    g_ptr_array_add (reasons, g_steal_pointer (&error));
  }
  if (room->lock >= 0)
    record->locked = room->lock;
  vm_cluster_record_look_who_moderates (record);
  if (room->lock != record->locked)
    room->lock = -1;
  return record->participants->len ? g_steal_pointer (&record) : NULL;
}

static guint64
ask (VmClusterRoom *room, VmClusterEvent event, gint64 now)
{
  VmCluster *self = room->cluster;

  vm_cluster_room_move (room, event);
  room->request = ++self->asked;
  room->due = now + VM_CLUSTER_ANSWER_TIME;
  room->seen_before = room->seen;
  room->overtaken = FALSE;
  g_hash_table_insert (self->requests, &room->request, room);
  return room->request;
}

static void
read_it (VmClusterRoom *room, gint64 now)
{
  VmCluster *self = room->cluster;
  guint64 request = ask (room, VM_CLUSTER_EVENT_READ, now);

  room->fresh = TRUE;
  self->funcs.get (request, room->key, self->user_data);
}

static void
write_it (VmClusterRoom *room, VmClusterRecord *record, gint64 now)
{
  VmCluster *self = room->cluster;
  g_autoptr (GBytes) bytes = record ? vm_cluster_record_write (record) : NULL;
  guint64 request = ask (room, VM_CLUSTER_EVENT_WRITE, now);

  room->written = record;
  self->funcs.put (request, room->key, bytes, room->base, self->user_data);
}

static void
forget (VmClusterRoom *room)
{
  VmCluster *self = room->cluster;

  self->funcs.unwatch (room->key, self->user_data);
  g_hash_table_remove (self->rooms, room->key);
}

static gboolean
names_lost_node (const VmClusterRoom *room)
{
  for (guint i = 0; room->record && i < room->record->participants->len; i++) {
    const VmClusterParticipant *one = room->record->participants->pdata[i];

    if (!vm_cluster_is_alive (room->cluster, one->node))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_of_concern (const VmClusterRoom *room)
{
  return room->seats->len || room->watchers;
}

/* Nobody is in it. */
static void
take_empty (VmClusterRoom *room)
{
  if (room->record)
    vm_cluster_room_adopt (room, NULL, room->seen);
  if (!is_of_concern (room))
    forget (room);
}

/* Who is in it has not left because this node does not look any more. */
gboolean
vm_cluster_room_forget_needless (VmClusterRoom *room)
{
  if (room->state != VM_CLUSTER_STATE_IDLE || !room->known || room->amiss
      || is_of_concern (room) || names_lost_node (room))
    return FALSE;
  forget (room);
  return TRUE;
}

void
vm_cluster_room_look (VmClusterRoom *room, gint64 now)
{
  g_autoptr (GPtrArray) refused = g_ptr_array_new ();
  g_autoptr (GPtrArray) reasons =
      g_ptr_array_new_with_free_func ((GDestroyNotify) g_error_free);
  g_autoptr (VmClusterRecord) record = NULL;
  gboolean differs;

  if (room->state != VM_CLUSTER_STATE_IDLE)
    return;
  if (!room->known) {
    read_it (room, now);
    return;
  }
  if ((room->amiss && !room->seats->len && now < room->patience)
      || now < room->caution)
    return;
  room->caution = 0;
  record = make (room, refused, reasons, now);
  /* nobody is sent away because of what may be over meanwhile */
  if (refused->len && !room->fresh) {
    room->known = FALSE;
    read_it (room, now);
    return;
  }
  for (guint i = 0; i < refused->len; i++)
    vm_cluster_seat_end (refused->pdata[i], reasons->pdata[i]);
  differs = room->amiss || !vm_cluster_record_is_same (record, room->record);
  if (differs && (record || room->base))
    write_it (room, g_steal_pointer (&record), now);
  else if (!record)
    take_empty (room);
}
