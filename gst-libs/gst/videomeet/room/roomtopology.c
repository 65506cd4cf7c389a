/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* By what way media goes in an open room: from each to each, or by an SFU once
 * it has grown (protocol/cloud.md#topology); and in a mesh, between two whom no
 * path connects, by the SFU (roompairs.c). */

#include "room/rooms-priv.h"

typedef enum
{
  GROWS, /* it has more participants than a mesh may */
  MADE, /* the room at the SFU is there */
  FAILS, /* the SFU has refused that room, or cannot be reached */
  SHRINKS, /* few participants for a while */
  LOST, /* the SFU cannot be reached for a while */
  EMPTY, /* nobody uses the room at the SFU, or for too long */
} Event;

static const gchar *const states[] = {
  [VM_TOPOLOGY_MESH] = "mesh",
  [VM_TOPOLOGY_ASKED] = "asked",
  [VM_TOPOLOGY_SFU] = "sfu",
  [VM_TOPOLOGY_RETURNING] = "returning",
};

static const gchar *const events[] = { [GROWS] = "grows",
  [MADE] = "made",
  [FAILS] = "fails",
  [SHRINKS] = "shrinks",
  [LOST] = "lost",
  [EMPTY] = "empty" };

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmTopology from;
  Event event;
  VmTopology to;
} edges[] = {
  { VM_TOPOLOGY_MESH, GROWS, VM_TOPOLOGY_ASKED },
  { VM_TOPOLOGY_ASKED, MADE, VM_TOPOLOGY_SFU },
  { VM_TOPOLOGY_ASKED, FAILS, VM_TOPOLOGY_MESH },
  { VM_TOPOLOGY_SFU, SHRINKS, VM_TOPOLOGY_RETURNING },
  { VM_TOPOLOGY_SFU, LOST, VM_TOPOLOGY_RETURNING },
  { VM_TOPOLOGY_RETURNING, GROWS, VM_TOPOLOGY_SFU },
  { VM_TOPOLOGY_RETURNING, EMPTY, VM_TOPOLOGY_MESH },
};

const gchar *
vm_topology_to_string (VmTopology topology)
{
  g_return_val_if_fail ((guint) topology < G_N_ELEMENTS (states), "unknown");

  return states[topology];
}

/* Tells members */

static void
forget_ticket (VmMember *member)
{
  if (member->sfu_ticket)
    g_hash_table_remove (member->room->rooms->sfu_tickets, member->sfu_ticket);
  g_clear_pointer (&member->sfu_ticket, g_free);
}

/* A new one takes the place of the last. */
static gchar *
make_path (VmMember *member)
{
  VmRooms *rooms = member->room->rooms;

  forget_ticket (member);
  member->sfu_ticket = vm_rooms_make_token (rooms);
  member->sfu_ticket_expires = rooms->ticked + VM_SFU_TICKET_TIME;
  g_hash_table_insert (rooms->sfu_tickets, member->sfu_ticket, member);
  return g_strconcat ("/sfu?ticket=", member->sfu_ticket, NULL);
}

static void
tell (VmMember *member)
{
  VmRoom *room = member->room;
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_SFU);
  gboolean all = room->topology == VM_TOPOLOGY_SFU;

  if (!member->takes_sfu)
    return;
  signal->to = g_strdup (member->id);
  if (!all && room->paired && room->sfu_room)
    signal->with = vm_member_list_pairs (member);
  signal->active = all || signal->with;
  if (signal->active) {
    signal->path = make_path (member);
    signal->sfu_room = room->sfu_room;
  }
  vm_room_send (room, member, signal);
}

void
vm_room_tell_topology_to (VmMember *member)
{
  tell (member);
}

static void
tell_all (VmRoom *room)
{
  room->sfu_told = room->topology == VM_TOPOLOGY_SFU;
  for (guint i = 0; i < room->members->len; i++)
    tell (g_ptr_array_index (room->members, i));
}

void
vm_room_tell_topology (VmRoom *room, VmMember *member)
{
  if (room->topology == VM_TOPOLOGY_SFU)
    tell (member);
}

gboolean
vm_member_renew_sfu (VmMember *member, const VmSignal *signal, GError **error)
{
  if (!member->takes_sfu || signal->active >= 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "Whoever takes part in an SFU asks for it without fields");
    return FALSE;
  }
  tell (member);
  return TRUE;
}

void
vm_member_leave_sfu (VmMember *member)
{
  VmRoom *room = member->room;
  VmRooms *rooms = room->rooms;

  forget_ticket (member);
  if ((room->topology != VM_TOPOLOGY_MESH || room->paired)
      && rooms->funcs.cut_sfu)
    rooms->funcs.cut_sfu (room, member->id, rooms->user_data);
  vm_member_end_pairs (member);
}

VmMember *
vm_rooms_use_sfu_ticket (
    VmRooms *rooms, const gchar *text, gint64 now, GError **error)
{
  VmMember *member =
      text ? g_hash_table_lookup (rooms->sfu_tickets, text) : NULL;
  gboolean good =
      member && member->sfu_ticket_expires > now
      && (member->room->topology == VM_TOPOLOGY_SFU || member->room->paired);

  if (member)
    forget_ticket (member);
  if (good)
    return member;
  vm_rooms_refuse_ticket (error);
  return NULL;
}

/* Moves */

void
vm_room_want_sfu (VmRoom *room, gboolean wanted)
{
  VmRooms *rooms = room->rooms;

  if (rooms->funcs.want_sfu)
    rooms->funcs.want_sfu (room, wanted, rooms->user_data);
}

static void
enter (VmRoom *room)
{
  room->few_since = 0;
  room->returning_since = 0;
  if (room->topology == VM_TOPOLOGY_ASKED) {
    vm_room_end_pairs (room, FALSE);
    vm_room_want_sfu (room, TRUE);
  }
  if (room->topology == VM_TOPOLOGY_RETURNING)
    room->returning_since = room->rooms->ticked;
  else if (room->topology == VM_TOPOLOGY_MESH)
    vm_room_want_sfu (room, FALSE);
  /* of a room at the SFU always: it may be another one */
  if (room->topology == VM_TOPOLOGY_SFU
      || (room->sfu_told && room->topology != VM_TOPOLOGY_ASKED))
    tell_all (room);
}

static void
move (VmRoom *room, Event event)
{
  VmTopology before = room->topology;

  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from != before || edges[i].event != event)
      continue;
    room->topology = edges[i].to;
    g_debug ("meeting %s: %s → %s (%s)", room->id, states[before],
        states[room->topology], events[event]);
    enter (room);
    return;
  }
  g_warning (
      "meeting %s: %s while %s", room->id, events[event], states[before]);
}

static gboolean
all_take_sfu (const VmRoom *room, const VmMember *but)
{
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = g_ptr_array_index (room->members, i);

    if (member != but && !member->takes_sfu)
      return FALSE;
  }
  return TRUE;
}

void
vm_room_look_at_size (VmRoom *room)
{
  VmRooms *rooms = room->rooms;

  if (room->open && rooms->sfu.mesh_max && rooms->sfu_reached
      && (room->topology == VM_TOPOLOGY_MESH
          || room->topology == VM_TOPOLOGY_RETURNING)
      && room->members->len > rooms->sfu.mesh_max && all_take_sfu (room, NULL))
    move (room, GROWS);
}

/* Two participants are better off without: nobody is between them. */
static guint
least (const VmRooms *rooms)
{
  return MAX (rooms->sfu.mesh_max, VM_SFU_LEAST + VM_SFU_HYSTERESIS)
         - VM_SFU_HYSTERESIS;
}

static gboolean
is_small (VmRoom *room, gint64 now)
{
  if (room->members->len >= least (room->rooms))
    room->few_since = 0;
  else if (!room->few_since)
    room->few_since = now;
  return room->few_since
         && now - room->few_since >= room->rooms->sfu.return_time;
}

gboolean
vm_rooms_has_lost_sfu (const VmRooms *rooms, gint64 now)
{
  return !rooms->sfu_reached && now - rooms->sfu_lost_at >= VM_SFU_LOST_TIME;
}

void
vm_room_tick_topology (VmRoom *room, gint64 now)
{
  if (room->paired && vm_rooms_has_lost_sfu (room->rooms, now))
    vm_room_end_pairs (room, TRUE);
  if (room->topology == VM_TOPOLOGY_MESH
      && room->members->len <= room->rooms->sfu.mesh_max)
    return;
  vm_room_look_at_size (room);
  if (room->topology == VM_TOPOLOGY_SFU && is_small (room, now))
    move (room, SHRINKS);
  else if (room->topology == VM_TOPOLOGY_SFU
           && vm_rooms_has_lost_sfu (room->rooms, now))
    move (room, LOST);
  else if (room->topology == VM_TOPOLOGY_ASKED
           && vm_rooms_has_lost_sfu (room->rooms, now))
    move (room, FAILS);
  else if (room->topology == VM_TOPOLOGY_RETURNING
           && now - room->returning_since >= VM_SFU_RETURN_TIME)
    move (room, EMPTY);
}

void
vm_room_restore_topology (VmRoom *room, gint64 lost_at)
{
  room->sfu_told = TRUE;
  room->rooms->sfu_lost_at = lost_at;
  move (room, GROWS);
}

void
vm_room_end_topology (VmRoom *room)
{
  vm_room_end_pairs (room, FALSE);
  if (room->topology != VM_TOPOLOGY_MESH)
    vm_room_want_sfu (room, FALSE);
  room->topology = VM_TOPOLOGY_MESH;
}

/* The SFU */

void
vm_rooms_set_sfu (VmRooms *rooms, const VmRoomsSfu *sfu)
{
  rooms->sfu = sfu ? *sfu : (VmRoomsSfu){ 0 };
  rooms->sfu_reached = FALSE;
}

void
vm_rooms_set_sfu_reached (VmRooms *rooms, gboolean reached, gint64 now)
{
  if (rooms->sfu_reached && !reached)
    rooms->sfu_lost_at = now;
  rooms->sfu_reached = reached;
}

void
vm_room_sfu_made (VmRoom *room, gint64 number)
{
  room->sfu_room = number;
  if (room->topology == VM_TOPOLOGY_ASKED)
    move (room, MADE);
  else if (room->paired)
    vm_room_tell_pairs (room);
}

void
vm_room_sfu_failed (VmRoom *room)
{
  if (room->topology == VM_TOPOLOGY_ASKED)
    move (room, FAILS);
  else if (room->paired)
    vm_room_end_pairs (room, FALSE);
}

void
vm_room_sfu_unused (VmRoom *room)
{
  if (room->topology == VM_TOPOLOGY_RETURNING)
    move (room, EMPTY);
}

VmTopology
vm_room_get_topology (const VmRoom *room)
{
  return room->topology;
}

/* Admission */

static gboolean
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_MEETING_FULL, why);
  return FALSE;
}

gboolean
vm_room_bears (
    VmRoom *room, gboolean takes_sfu, const VmMember *from, GError **error)
{
  VmRooms *rooms = room->rooms;
  guint taken = room->members->len - (from && from->room == room);
  gboolean by_sfu =
      room->topology == VM_TOPOLOGY_SFU || room->topology == VM_TOPOLOGY_ASKED;

  if (!room->open || !rooms->sfu.mesh_max)
    return TRUE;
  if (by_sfu && !takes_sfu)
    return refuse (error, "The meeting goes by a media server, which this "
                          "client cannot use");
  if (taken < rooms->sfu.mesh_max)
    return TRUE;
  if (!takes_sfu || !all_take_sfu (room, from))
    return refuse (error, "The meeting is as large as it can be without a "
                          "media server, which somebody cannot use");
  if (!rooms->sfu_reached)
    return refuse (error, "The meeting is as large as it can be without its "
                          "media server, which cannot be reached now");
  return TRUE;
}
