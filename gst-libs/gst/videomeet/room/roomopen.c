/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Rooms that nobody hosts (rooms.h, VmOpenRooms): how they begin and end, and
 * who moderates them; and who may be told of any room. */

#include "room/rooms-priv.h"

void
vm_rooms_set_open (VmRooms *rooms, const VmOpenRooms *open)
{
  rooms->open = open ? *open : (VmOpenRooms){ 0 };
}

void
vm_rooms_set_closing (VmRooms *rooms, gboolean closing)
{
  rooms->closing = closing;
}

gboolean
vm_rooms_refuse_closing (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "This server is about to stop; try again in a minute");
  return FALSE;
}

gboolean
vm_rooms_refuse_ended (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED,
      "The meeting is over: its host has ended it or was started anew");
  return FALSE;
}

void
vm_rooms_refuse_ticket (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
      "The ticket is unknown, used, or older than 30 seconds");
}

gboolean
vm_rooms_are_open (VmRooms *rooms)
{
  return rooms->open.size > 0;
}

static gboolean
check_pass (VmRooms *rooms, const VmJoin *join, GError **error)
{
  VmRoom *room = vm_rooms_find (rooms, join->meeting);

  if (!rooms->funcs.admit || !(room ? room->open : vm_rooms_are_open (rooms)))
    return TRUE;
  return rooms->funcs.admit (
      join->pass, join->meeting, join->group, rooms->user_data, error);
}

/* Whom the policy shuts out learns nothing by asking for names, and begins
 * nothing. */
static VmRoom *
get (VmRooms *rooms, const gchar *meeting, const VmBearer *bearer,
    gboolean begins, GError **error)
{
  VmRoom *room = vm_rooms_find (rooms, meeting);

  if (room || !vm_rooms_trust (rooms, bearer, error))
    return room;
  if (begins && rooms->open.size)
    return vm_room_begin (rooms, meeting, bearer->group, error);
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND,
      "There is no such meeting on this device");
  return NULL;
}

VmRoom *
vm_rooms_look_up (
    VmRooms *rooms, const VmJoin *join, gboolean begins, GError **error)
{
  const VmBearer bearer = vm_join_to_bearer (join);

  if (!check_pass (rooms, join, error))
    return NULL;
  return get (rooms, join->meeting, &bearer, begins, error);
}

VmRoom *
vm_rooms_look_again (VmRooms *rooms, const gchar *meeting,
    const VmBearer *bearer, GError **error)
{
  return get (rooms, meeting, bearer, TRUE, error);
}

static VmRoom *
let_in (VmRooms *rooms, const VmJoin *join, gboolean begins, gint64 now,
    GError **error)
{
  const VmBearer bearer = vm_join_to_bearer (join);
  VmRoom *room = vm_rooms_look_up (rooms, join, begins, error);
  VmTrustLevel level;

  if (!room
      || !vm_room_lets_in (
          room, &bearer, join->pin, join->group, now, &level, error))
    return NULL;
  return room;
}

VmRoom *
vm_rooms_let_in (VmRooms *rooms, const VmJoin *join, gint64 now, GError **error)
{
  return let_in (rooms, join, FALSE, now, error);
}

VmRoom *
vm_rooms_hold (VmRooms *rooms, const VmJoin *join, gint64 now, GError **error)
{
  VmRoom *room = let_in (rooms, join, TRUE, now, error);

  if (room)
    room->held++;
  return room;
}

void
vm_room_release (VmRoom *room)
{
  g_return_if_fail (room->held);
  room->held--;
  vm_room_look_whether_empty (room);
}

gboolean
vm_room_trusts_still (VmRoom *room, const VmJoin *join, GError **error)
{
  const VmBearer bearer = {
    .key = join->key, .user = join->user, .presented = join->token
  };
  VmTrustLevel level;

  return vm_room_trusts (room, &bearer, &level, error);
}

static guint
count_begun (VmRooms *rooms, const gchar *group)
{
  return GPOINTER_TO_UINT (g_hash_table_lookup (rooms->begun, group));
}

static gboolean
may_begin (
    VmRooms *rooms, const gchar *name, const gchar *group, GError **error)
{
  if (!name || !*name || !vm_text_is_label (name, VM_NAME_MAX)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A room needs a name of at most 128 bytes without control characters");
    return FALSE;
  }
  if (count_begun (rooms, group) >= rooms->open.per_address) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many rooms were begun from this address");
    return FALSE;
  }
  if (g_hash_table_size (rooms->rooms) >= rooms->open.rooms_max) {
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "This server has as many rooms as it bears; try again later");
    return FALSE;
  }
  return TRUE;
}

VmRoom *
vm_room_begin (
    VmRooms *rooms, const gchar *name, const gchar *group, GError **error)
{
  VmRoom *room;

  if (!group)
    group = "";
  if (!may_begin (rooms, name, group, error))
    return NULL;
  room = vm_room_new (rooms, name);
  room->open = TRUE;
  room->max_participants = rooms->open.size;
  room->state = VM_MEETING_STATE_ANNOUNCED;
  room->beginner = vm_text_share (group);
  if (rooms->remote)
    rooms->remote->begin (room);
  g_hash_table_insert (rooms->begun, g_strdup (group),
      GUINT_TO_POINTER (count_begun (rooms, group) + 1));
  return room;
}

void
vm_room_forget_beginner (VmRoom *room)
{
  GHashTable *begun = room->rooms->begun;
  guint n;

  if (!room->beginner)
    return;
  n = count_begun (room->rooms, room->beginner);
  if (n > 1)
    g_hash_table_insert (
        begun, g_strdup (room->beginner), GUINT_TO_POINTER (n - 1));
  else
    g_hash_table_remove (begun, room->beginner);
  g_clear_pointer (&room->beginner, vm_text_unshare);
}

/* The page that came last: an earlier one may be lost, and not yet missed.
 * Where there is none, whom the host before this one named. */
static VmMember *
find_moderator (VmRoom *room)
{
  VmMember *found = NULL;

  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (member->own_page || (member->moderates && !found))
      found = member;
  }
  return found;
}

/* Whoever comes by another dialect has no words for what a host may do. A lock
 * goes with the last who could open it. */
void
vm_room_choose_moderator (VmRoom *room)
{
  room->moderator = room->host ? find_moderator (room) : NULL;
  for (guint i = 0;
       room->open && !room->rooms->open.unmoderated && i < room->members->len;
       i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (!member->alias) {
      room->moderator = member;
      return;
    }
  }
  if (room->open)
    room->locked = FALSE;
}

gboolean
vm_room_is_over (const VmRoom *room, gint64 now)
{
  return room->open && !room->held && !vm_room_count_here (room)
         && now >= room->awaited;
}

void
vm_room_look_whether_empty (VmRoom *room)
{
  if (room->open && !room->held && !vm_room_count_here (room)
      && !room->rooms->walks)
    g_hash_table_remove (room->rooms->rooms, room->name);
}

void
vm_rooms_clear_open (VmRooms *rooms)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmRoom *room = value;

    if (!room->open)
      continue;
    if (room->shared)
      rooms->remote->end (room);
    vm_room_empty (value);
    g_hash_table_iter_remove (&iter);
  }
}

gboolean
vm_room_is_open (VmRoom *room)
{
  return room->open;
}

guint
vm_rooms_count (VmRooms *rooms)
{
  return g_hash_table_size (rooms->rooms);
}

guint
vm_rooms_count_members (VmRooms *rooms)
{
  GHashTableIter iter;
  gpointer value;
  guint n = 0;

  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    n += vm_room_count_here (value);
  return n;
}
