/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a node makes of what the store has under a room's key. The store is
 * believed as long as its revisions go on; when a record is lost, damaged or
 * older than what this node has seen, what the node remembers is right. */

#include "cluster/cluster-priv.h"
#include "cluster/clusterpack.h"

#include <string.h>

static gboolean
is_later_version (GBytes *value)
{
  gsize size;
  const gchar *data = g_bytes_get_data (value, &size);

  return size >= VM_CLUSTER_MAGIC_SIZE && memcmp (data, "VMR", 3) == 0
         && data[3] > '1' && data[3] <= '9';
}

/* NULL: it cannot be read, or is another room's. */
static VmClusterRecord *
read_value (const VmClusterRoom *room, GBytes *value, GError **error)
{
  g_autoptr (VmClusterRecord) record = vm_cluster_record_read (value, error);
  g_autofree gchar *key = record ? vm_cluster_key (record->name) : NULL;

  if (!key || strcmp (key, room->key) == 0)
    return g_steal_pointer (&record);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The record of a room is that of another");
  return NULL;
}

/* Whether @one may have come back since it went: that of a room that this node
 * does not remember, to be told by the node itself, if it lives. */
static gboolean
may_be_back (const VmClusterRoom *room, const VmClusterParticipant *one)
{
  return !room->record && vm_cluster_is_alive (room->cluster, one->node);
}

/* Those who went before do not come back with a record of that time, nor does
 * the place that they had before another node took them up. Whether there were
 * such. */
static gboolean
drop_past (VmClusterRoom *room, VmClusterRecord *record, gint64 now)
{
  guint before = record->participants->len;

  for (guint i = before; i > 0; i--) {
    const VmClusterParticipant *one = record->participants->pdata[i - 1];

    if (!may_be_back (room, one)
        && vm_cluster_past_doubts (room->cluster->past, one, now))
      g_ptr_array_remove_index (record->participants, i - 1);
  }
  return record->participants->len < before;
}

/* A number that was given to somebody else as well, by a node that knew no
 * better, stays with who sits here. */
static void
drop_doubles (const VmClusterRoom *room, VmClusterRecord *record)
{
  for (guint i = 0; i < room->seats->len; i++) {
    const VmClusterSeat *seat = room->seats->pdata[i];
    const VmClusterParticipant *other =
        seat->held ? vm_cluster_record_find_id (record, seat->one->id) : NULL;

    if (other && !vm_cluster_participant_is_same (other, seat->one))
      g_ptr_array_remove (record->participants, (gpointer) other);
  }
}

/* Whether the record that the store has at @revision is not one that follows
 * what this node has seen. */
static gboolean
has_gone_back (
    const VmClusterRoom *room, const VmClusterRecord *record, guint64 revision)
{
  return room->was
         && (revision < room->was
             || (revision == room->was
                 && !vm_cluster_record_is_same (record, room->record)));
}

/* What is right of @record, which may be NULL, and of what this node
 * remembers. Returns: (transfer full) (nullable) */
static VmClusterRecord *
reconcile (VmClusterRoom *room, const VmClusterRecord *record, guint64 revision,
    gint64 now, gboolean *dropped)
{
  g_autoptr (VmClusterRecord) right =
      record ? vm_cluster_record_copy (record) : NULL;

  *dropped = right && drop_past (room, right, now);
  if (!room->record)
    return g_steal_pointer (&right);
  if (!right)
    return vm_cluster_record_copy (room->record);
  if (has_gone_back (room, record, revision)) {
    g_autoptr (VmClusterRecord) older = g_steal_pointer (&right);

    right = vm_cluster_record_copy (room->record);
    vm_cluster_record_merge (right, older);
  }
  drop_doubles (room, right);
  return g_steal_pointer (&right);
}

static gboolean
holds_seat (const VmClusterRoom *room)
{
  for (guint i = 0; i < room->seats->len; i++) {
    if (((const VmClusterSeat *) room->seats->pdata[i])->held)
      return TRUE;
  }
  return FALSE;
}

/* @record: what is stored, or NULL. */
static void
take_unsure (VmClusterRoom *room, const VmClusterRecord *record,
    guint64 revision, gint64 now)
{
  gboolean dropped, amiss;
  g_autoptr (VmClusterRecord) right =
      reconcile (room, record, revision, now, &dropped);

  if (right && !right->participants->len)
    g_clear_pointer (&right, vm_cluster_record_free);
  /* who has nobody in the room leaves it to those who have */
  if (room->seats->len || !record)
    amiss = !vm_cluster_record_is_same (record, right);
  else
    amiss = dropped;
  if (!amiss)
    vm_cluster_room_settle (room);
  room->amiss = amiss;
  room->patience = record ? now : now + VM_CLUSTER_PATIENCE_TIME;
  vm_cluster_room_adopt (room, g_steal_pointer (&right), revision);
}

/* Until when a node that remembers nothing of the room writes nothing; 0: it
 * may at once. */
static gint64
get_caution (const VmClusterRoom *room, gboolean damaged, gint64 now)
{
  if (room->record || holds_seat (room))
    return 0;
  if (!damaged)
    return room->cluster->caution;
  return room->caution ? room->caution : now + VM_CLUSTER_CAUTION_TIME;
}

/* For all rooms of a store. */
static void
say_once (VmCluster *self)
{
  if (!self->says)
    g_message ("NATS has lost what was stored of rooms: it is written anew");
  self->says = TRUE;
}

void
vm_cluster_room_take (
    VmClusterRoom *room, GBytes *value, guint64 revision, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmClusterRecord) record =
      value ? read_value (room, value, &error) : NULL;

  if (error && is_later_version (value)) {
    vm_cluster_room_fail (room, error);
    vm_cluster_room_settle (room);
    vm_cluster_room_adopt (room, NULL, revision);
    room->base = 0;
    return;
  }
  room->caution = get_caution (room, error != NULL, now);
  if (revision < room->seen)
    vm_cluster_room_doubt (room);
  if (room->unsure || error || (!record && holds_seat (room))) {
    take_unsure (room, record, revision, now);
  } else {
    room->amiss = FALSE;
    vm_cluster_room_adopt (room, g_steal_pointer (&record), revision);
  }
  room->base = value ? revision : 0;
  if (error)
    g_message ("%s: it is written anew", error->message);
  else if (room->unsure && room->amiss)
    say_once (room->cluster);
}

gboolean
vm_cluster_room_is_doubtful (
    const VmClusterRoom *room, GBytes *value, guint64 revision)
{
  g_autoptr (VmClusterRecord) record = NULL;

  if (revision != room->seen)
    return revision < room->seen;
  record = value ? read_value (room, value, NULL) : NULL;
  return !vm_cluster_record_is_same (record, room->record);
}

void
vm_cluster_room_doubt (VmClusterRoom *room)
{
  room->unsure = TRUE;
  room->was = MAX (room->was, room->seen);
  room->seen = room->seen_before = 0;
}

void
vm_cluster_room_settle (VmClusterRoom *room)
{
  room->unsure = room->amiss = FALSE;
  room->was = 0;
}
