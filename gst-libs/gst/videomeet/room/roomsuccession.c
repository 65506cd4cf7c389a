/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting whose host is gone goes on at another of its devices
 * (protocol/meeting.md#succession): a room that begins with everybody in it. */

#include "room/rooms-priv.h"
#include "base/deviceid.h"

static VmMember *
add_member (VmRoom *room, const VmSignalParticipant *described, gpointer peer)
{
  VmMember *member = g_new0 (VmMember, 1);

  member->room = room;
  member->peer = peer;
  member->id = vm_text_share (described->id);
  member->said = -1;
  member->user = vm_text_share (described->user);
  member->device = g_strdup (described->device);
  member->device_id = g_strdup (described->device_id);
  member->nonce = g_strdup (described->nonce);
  member->call_type = described->call_type;
  member->state = VM_PARTICIPANT_STATE_CONNECTED;
  vm_room_insert (room, member);
  return member;
}

/* Each has signed its connection to this device by the key of its id. */
static void
add_guest (VmRoom *room, const VmSignalParticipant *described, gpointer peer)
{
  VmMember *member = add_member (room, described, peer);

  member->key = vm_device_id_to_key_hash (member->device_id);
  member->proven = member->key != NULL;
  member->group = vm_text_share (described->address);
  vm_room_meet (room, member);
}

static void
name_moderator (VmRoom *room, const gchar *id)
{
  VmMember *named = id ? vm_room_find_member (room, id) : NULL;

  if (!named || named == room->host)
    return;
  named->moderates = TRUE;
  vm_room_choose_moderator (room);
}

VmRoom *
vm_rooms_take_over (VmRooms *rooms, const VmRoomConfig *config,
    const VmRoomPast *past, gpointer peer, VmMember **host, GError **error)
{
  VmSignalParticipant me = {
    .id = (gchar *) past->host_id,
    .user = (gchar *) config->user,
    .device = (gchar *) config->device,
    .device_id = (gchar *) config->device_id,
    .nonce = (gchar *) config->nonce,
    .call_type = config->call_type,
  };
  VmRoom *room;

  if (!vm_rooms_check_config (rooms, config, error))
    return NULL;
  room = vm_room_new (rooms, config->name);
  g_free (room->id);
  room->id = g_strdup (past->id);
  room->epoch = past->epoch;
  room->joined = past->joined;
  room->locked = past->locked;
  room->pin = g_strdup (config->pin);
  room->ice_servers = g_strdupv ((gchar **) config->ice_servers);
  room->max_participants = config->max_participants;
  *host = room->host = add_member (room, &me, peer);
  for (guint i = 0; i < past->members->len; i++) {
    const VmSignalParticipant *described = past->members->pdata[i];

    add_guest (room, described, past->make_peer (described->id, past->data));
  }
  name_moderator (room, past->moderator_id);
  vm_room_restore_bars (room, past->barred);
  vm_room_take_event (room, VM_MEETING_EVENT_ANNOUNCED);
  if (past->members->len)
    vm_room_take_event (room, VM_MEETING_EVENT_PARTICIPANT_JOINS);
  vm_room_welcome (room, room->host, FALSE);
  return room;
}

void
vm_room_taken_over (VmRoom *room)
{
  vm_room_send_state (room);
}
