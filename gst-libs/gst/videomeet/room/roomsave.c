/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Open rooms over a restart of their server: who may resume a seat
 * (protocol/signalling.md#resume) may do so at the next one. */

#include "room/roomsave.h"
#include "room/rooms-priv.h"

#define MEMBER "(smsmsmsmsuumsbsmsxb" VM_LINE_SAVED ")"
#define ROOM "(ssuuuubbsa" MEMBER ")"

/* Whoever cannot resume has left. */
static void
send_away (VmRoom *room)
{
  for (guint i = room->members->len; i > 0; i--) {
    VmMember *member = g_ptr_array_index (room->members, i - 1);

    if (!member->token)
      vm_member_leave (member, NULL);
  }
}

static GVariant *
save_member (VmMember *member, gint64 now, VmRoomsLineFunc line)
{
  return g_variant_new ("(smsmsmsmsuumsbsmsxb@" VM_LINE_SAVED ")", member->id,
      member->user, member->device, member->device_id, member->nonce,
      (guint32) member->call_type, (guint32) member->state, member->key,
      member->proven, member->token, member->old_token,
      member->lost_at ? now - member->lost_at : (gint64) 0, member->takes_sfu,
      line (member->peer));
}

static GVariant *
save_room (VmRoom *room, gint64 now, VmRoomsLineFunc line)
{
  GVariantBuilder members;

  g_variant_builder_init (&members, G_VARIANT_TYPE ("a" MEMBER));
  for (guint i = 0; i < room->members->len; i++)
    g_variant_builder_add_value (
        &members, save_member (room->members->pdata[i], now, line));
  return g_variant_new ("(ssuuuubbsa" MEMBER ")", room->name, room->id,
      room->max_participants, room->epoch, room->count, room->joined,
      room->locked, room->sfu_told, room->beginner, &members);
}

GVariant *
vm_rooms_save (VmRooms *rooms, gint64 now, VmRoomsLineFunc line)
{
  GVariantBuilder saved;
  GHashTableIter iter;
  gpointer value;

  g_variant_builder_init (&saved, G_VARIANT_TYPE (VM_ROOMS_SAVED));
  rooms->walks++;
  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmRoom *room = value;

    if (!room->open)
      continue;
    send_away (room);
    if (room->members->len)
      g_variant_builder_add_value (&saved, save_room (room, now, line));
  }
  rooms->walks--;
  return g_variant_ref_sink (g_variant_builder_end (&saved));
}

/* A seat whose connection was lost when it was saved. */
static void
restore_member (VmRoom *room, GVariant *saved, gint64 lost_at,
    VmRoomsPeerFunc peer, gpointer user_data)
{
  VmMember *member = g_new0 (VmMember, 1);
  g_autoptr (GVariant) line = NULL;
  const gchar *id, *user;
  guint32 call_type, state;
  gint64 before;

  member->room = room;
  g_variant_get (saved, "(&sm&smsmsmsuumsbsmsxb@" VM_LINE_SAVED ")", &id, &user,
      &member->device, &member->device_id, &member->nonce, &call_type, &state,
      &member->key, &member->proven, &member->token, &member->old_token,
      &before, &member->takes_sfu, &line);
  member->id = vm_text_share (id);
  member->user = vm_text_share (user);
  member->call_type =
      call_type == VM_CALL_TYPE_AUDIO ? VM_CALL_TYPE_AUDIO : VM_CALL_TYPE_VIDEO;
  member->state = MIN (state, (guint32) VM_PARTICIPANT_STATE_DISCONNECTED);
  member->lost_at = lost_at - MAX (before, 0);
  g_hash_table_insert (room->rooms->resumes, member->token, member);
  if (member->old_token)
    g_hash_table_insert (room->rooms->resumes, member->old_token, member);
  g_ptr_array_add (room->members, member);
  member->peer = peer (member, line, user_data);
  vm_member_keep_names (member);
  vm_room_meet (room, member);
}

static void
restore_room (VmRooms *rooms, GVariant *saved, gint64 lost_at,
    VmRoomsPeerFunc peer, gpointer user_data)
{
  g_autoptr (GVariant) members = NULL;
  g_autofree gchar *name = NULL, *id = NULL, *beginner = NULL;
  guint32 size, epoch, count, joined;
  gboolean locked, sfu_told;
  VmRoom *room;
  GVariantIter iter;
  GVariant *member;

  g_variant_get (saved, "(ssuuuubbs@a" MEMBER ")", &name, &id, &size, &epoch,
      &count, &joined, &locked, &sfu_told, &beginner, &members);
  if (vm_rooms_find (rooms, name))
    return;
  room = vm_room_begin (rooms, name, beginner, NULL);
  if (!room)
    return;
  g_free (room->id);
  room->id = g_steal_pointer (&id);
  room->epoch = epoch;
  room->count = count;
  room->joined = joined;
  room->state = VM_MEETING_STATE_ACTIVE;
  g_variant_iter_init (&iter, members);
  while ((member = g_variant_iter_next_value (&iter))) {
    restore_member (room, member, lost_at, peer, user_data);
    g_variant_unref (member);
  }
  vm_room_choose_moderator (room);
  room->locked = locked && room->moderator;
  if (sfu_told)
    vm_room_restore_topology (room, lost_at);
}

gboolean
vm_rooms_restore (VmRooms *rooms, GVariant *saved, gint64 lost_at,
    VmRoomsPeerFunc peer, gpointer user_data)
{
  GVariantIter iter;
  GVariant *room;

  if (!g_variant_is_of_type (saved, G_VARIANT_TYPE (VM_ROOMS_SAVED))
      || !g_variant_is_normal_form (saved))
    return FALSE;
  g_variant_iter_init (&iter, saved);
  while ((room = g_variant_iter_next_value (&iter))) {
    restore_room (rooms, room, lost_at, peer, user_data);
    g_variant_unref (room);
  }
  return TRUE;
}
