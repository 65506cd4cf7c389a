/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Those of a room who sit at other servers: who they are is in its record, and
 * what they say of themselves comes from there. */

#include "cluster/shared/roomshare-priv.h"

#include <string.h>

static gchar *
or_null (const gchar *text)
{
  return text && *text ? g_strdup (text) : NULL;
}

/* How well it is known is this server's own word. */
static void
verifier (VmMember *member)
{
  const VmBearer bearer = vm_member_to_bearer (member);

  vm_room_trusts (member->room, &bearer, &member->trust, NULL);
}

static VmMember *
add_member (VmRoom *room, const VmClusterParticipant *one)
{
  VmMember *member = g_new0 (VmMember, 1);
  g_autofree gchar *user =
      *one->user ? g_strdup (one->user) : vm_room_make_guest_name (one->id);

  member->room = room;
  member->node = g_strdup (one->node);
  member->id = vm_text_share (one->id);
  member->alias = *one->alias ? vm_text_share (one->alias) : NULL;
  member->user = vm_text_share (user);
  member->device = member->alias ? NULL : g_strdup (one->device);
  member->device_id = or_null (one->device_id);
  member->nonce = or_null (one->nonce);
  member->key = or_null (one->key);
  member->proven = one->proven;
  member->call_type = one->call_type;
  member->said = -1;
  verifier (member);
  vm_room_insert (room, member);
  vm_room_meet (room, member);
  return member;
}

static gboolean
has_node (const VmRoom *room, const gchar *node)
{
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = room->members->pdata[i];

    if (member->node && strcmp (member->node, node) == 0)
      return TRUE;
  }
  return FALSE;
}

/* A node that comes into the room knows who is in it, and not what has become
 * of them since. */
static void
introduce_all (VmRoom *room, const gchar *node)
{
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = room->members->pdata[i];

    if (!member->node
        && (member->detached
            || member->state != VM_PARTICIPANT_STATE_CONNECTING))
      vm_room_share_introduce (member, node);
  }
}

static void
move_to (VmMember *member, const gchar *node)
{
  g_autofree gchar *before = g_steal_pointer (&member->node);
  gboolean first = !has_node (member->room, node);

  member->node = g_strdup (node);
  if (first)
    introduce_all (member->room, node);
  if (before)
    vm_room_share_send_on (member, before);
  if (!member->detached)
    return;
  member->detached = FALSE;
  vm_member_tell_state (member);
}

static void
remove_member (VmRoomShare *share, VmMember *member)
{
  g_autoptr (GError) reason = NULL;

  if (vm_cluster_is_absent (share->cluster, member->node))
    reason = g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
        "The participant's server was lost, and it did not come back within 30 "
        "seconds");
  vm_member_leave (member, reason);
}

static void
look_at_member (
    VmRoomShare *share, VmMember *member, const VmClusterRecord *record)
{
  const VmClusterParticipant *one =
      vm_cluster_record_find_id (record, member->id);

  if (one) {
    member->missed_at = 0;
    if (strcmp (one->node, member->node) != 0
        && strcmp (one->node, share->node) != 0)
      move_to (member, one->node);
  } else if (vm_cluster_is_absent (share->cluster, member->node)) {
    remove_member (share, member);
  } else if (!member->missed_at) {
    /* its last words may be on their way */
    member->missed_at = share->now;
  }
}

static gboolean
look_at_one (VmRoomShare *share, VmRoom *room, const VmClusterParticipant *one)
{
  VmMember *member;
  gboolean first;

  if (strcmp (one->node, share->node) == 0
      || g_hash_table_contains (room->shared->departed, one->id)
      || vm_room_find_member (room, one->id))
    return FALSE;
  first = !has_node (room, one->node);
  member = add_member (room, one);
  vm_room_tell_joined (room, member);
  if (first)
    introduce_all (room, one->node);
  return TRUE;
}

static void
forget_departed (VmRoom *room, const VmClusterRecord *record)
{
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, room->shared->departed);
  while (g_hash_table_iter_next (&iter, &id, NULL)) {
    if (!vm_cluster_record_find_id (record, id))
      g_hash_table_iter_remove (&iter);
  }
}

/* What is true of the room, whoever is in it. Whether it is news. */
static gboolean
look_at_room (VmRoomShare *share, VmRoom *room, const VmClusterRecord *record)
{
  gboolean locked = vm_cluster_is_locked (share->cluster, room->name);
  gboolean news = locked != room->locked;

  if (!vm_room_count_here (room) && strcmp (room->id, record->id) != 0) {
    g_free (room->id);
    room->id = g_strdup (record->id);
  }
  room->locked = locked;
  room->max_participants = record->size;
  room->joined = MAX (room->joined, record->joined);
  return news;
}

void
vm_room_share_sync (
    VmRoomShare *share, VmRoom *room, const VmClusterRecord *record)
{
  gboolean news = look_at_room (share, room, record);
  const VmMember *moderator;

  share->echoes++;
  /* whoever leaves tells the state by itself */
  share->rooms->walks++;
  for (guint i = room->members->len; i > 0; i--) {
    VmMember *member = room->members->pdata[i - 1];

    if (member->node)
      look_at_member (share, member, record);
  }
  moderator = room->moderator;
  for (guint i = 0; i < record->participants->len; i++)
    news |= look_at_one (share, room, record->participants->pdata[i]);
  forget_departed (room, record);
  if (room->members->len && room->state != VM_MEETING_STATE_ACTIVE)
    vm_room_take_event (room, VM_MEETING_EVENT_PARTICIPANT_JOINS);
  vm_room_choose_moderator (room);
  news |= room->moderator != moderator;
  if (news && vm_room_count_here (room))
    vm_room_send_state (room);
  share->rooms->walks--;
  share->echoes--;
}

void
vm_room_share_tick_room (VmRoomShare *share, VmRoom *room)
{
  share->rooms->walks++;
  share->echoes++;
  for (guint i = room->members->len; i > 0; i--) {
    VmMember *member = room->members->pdata[i - 1];

    if (!member->node)
      continue;
    if (member->missed_at
        && share->now - member->missed_at >= VM_SHARE_LEAVE_TIME) {
      remove_member (share, member);
    } else if (!member->detached
               && vm_cluster_is_absent (share->cluster, member->node)) {
      member->detached = TRUE;
      vm_member_tell_state (member);
    }
  }
  share->echoes--;
  share->rooms->walks--;
}

/* What it may have missed; what it has heard does no harm twice. */
static void
tell_missed (VmMember *member)
{
  VmRoom *room = member->room;

  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *other = room->members->pdata[i];
    g_autoptr (VmSignal) joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);

    if (other == member)
      continue;
    vm_member_describe (other, vm_signal_add_participant (joined));
    vm_room_send (room, member, joined);
  }
  for (guint n = room->joined, i = 0; n > 0 && i < VM_SHARE_LEFT_MAX;
       n--, i++) {
    g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);

    left->id = g_strdup_printf ("p%03u", n);
    if (!vm_room_find_member (room, left->id))
      vm_room_send (room, member, left);
  }
}

VmMember *
vm_room_bring_back (
    VmRoom *room, const VmClusterParticipant *one, VmSeatRequest *request)
{
  VmMember *member = vm_room_find_member (room, one->id);
  g_autofree gchar *before = NULL;

  if (!member)
    member = add_member (room, one);
  before = g_steal_pointer (&member->node);
  member->peer = request->peer;
  member->seat = request->seat;
  member->missed_at = 0;
  vm_member_keep_names (member);
  vm_member_renew (member, NULL, request->next);
  /* past whatever its server has told, however much that was at once */
  room->count = MAX (room->count, room->rooms->share->date)
                + VM_SHARE_COUNTS_MAX + VM_SHARE_DRIFT_MAX;
  if (room->state != VM_MEETING_STATE_ACTIVE)
    vm_room_take_event (room, VM_MEETING_EVENT_PARTICIPANT_JOINS);
  vm_room_choose_moderator (room);
  vm_room_welcome (room, member, TRUE);
  tell_missed (member);
  vm_room_send_state (room);
  if (before)
    vm_room_share_send_on (member, before);
  vm_member_resumed (member);
  return member;
}

void
vm_room_share_lose_seat (
    VmRoomShare *share, VmMember *member, const GError *reason)
{
  VmRoom *room = member->room;
  VmRooms *rooms = room->rooms;
  const VmClusterRecord *record =
      vm_cluster_look_up (share->cluster, room->name);
  const VmClusterParticipant *one =
      record ? vm_cluster_record_find_id (record, member->id) : NULL;
  gpointer peer = member->peer;

  g_hash_table_remove (share->seats, GUINT_TO_POINTER (member->seat));
  member->seat = 0;
  if (!one || strcmp (one->node, share->node) == 0) {
    vm_member_leave (member, reason);
    return;
  }
  vm_member_forget_tokens (member);
  member->lost_at = 0;
  member->peer = NULL;
  move_to (member, one->node);
  rooms->funcs.changed (room, rooms->user_data);
  /* as in vm_member_leave() */
  rooms->walks++;
  rooms->funcs.close (peer, reason, rooms->user_data);
  rooms->walks--;
  vm_room_look_whether_empty (room);
}
