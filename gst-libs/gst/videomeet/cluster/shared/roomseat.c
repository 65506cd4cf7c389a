/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The last step into a room, where the other servers have a word in it: who may
 * come in is decided here, and whether there is a seat by the record of the
 * room. */

#include "cluster/shared/clusterticket.h"
#include "cluster/shared/roomshare-priv.h"

#include <string.h>

static void
request_free (VmSeatRequest *request)
{
  g_clear_pointer (&request->ticket, vm_ticket_free);
  g_clear_pointer (&request->hello, vm_signal_unref);
  g_free (request->text);
  g_free (request->meeting_id);
  g_free (request->key);
  g_free (request->name);
  g_free (request->next);
  g_free (request);
}

VmSeatRequest *
vm_seat_request_new (VmRooms *rooms, const gchar *name, gpointer peer,
    const VmSeatFuncs *funcs, gpointer user_data)
{
  VmSeatRequest *request = g_new0 (VmSeatRequest, 1);

  request->rooms = rooms;
  request->name = g_strdup (name);
  request->peer = peer;
  request->funcs = *funcs;
  request->user_data = user_data;
  return request;
}

static void
forget (VmSeatRequest *request)
{
  VmRoomShare *share = request->rooms->share;

  if (share && request->seat)
    g_hash_table_remove (share->requests, GUINT_TO_POINTER (request->seat));
}

void
vm_seat_request_cancel (VmSeatRequest *request)
{
  VmRoomShare *share = request->rooms->share;

  forget (request);
  if (share && request->use)
    vm_single_use_cancel (share->once, request->use);
  if (request->look)
    vm_rooms_cancel_look (request->rooms, request->look);
  if (share && request->seat)
    vm_cluster_leave (share->cluster, request->seat, share->now);
  request_free (request);
}

/* What the seat is refused for may be left of somebody who is not there: a
 * store that went back has such records, and only their servers know. */
static gboolean
is_by_record (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_FULL)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_LOCKED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

static void
doubt_record (VmSeatRequest *request)
{
  VmRoomShare *share = request->rooms->share;
  const VmClusterRecord *record =
      vm_cluster_look_up (share->cluster, request->name);

  if (record)
    vm_room_share_ask_who_sits (share, record);
}

void
vm_seat_request_refuse (VmSeatRequest *request, const GError *error)
{
  VmRoom *room =
      request->name ? vm_rooms_find (request->rooms, request->name) : NULL;

  if (request->seat && request->name && is_by_record (error))
    doubt_record (request);
  forget (request);
  if (room)
    vm_room_look_whether_empty (room);
  request->funcs.seated (NULL, error, request->user_data);
  request_free (request);
}

/* NULL stands for nothing that it says of itself. */
static VmClusterParticipant
describe (VmRoom *room, const VmTicket *ticket, const VmSignal *hello,
    const gchar *resume)
{
  const VmSignalParticipant *said =
      hello->participants->len ? g_ptr_array_index (hello->participants, 0)
                               : NULL;

  return (VmClusterParticipant){ .alias = said ? said->alias : NULL,
    .user = ticket->user ? vm_room_name (room, ticket) : NULL,
    .device = said ? said->device : NULL,
    .device_id = ticket->device_id,
    .key = ticket->key,
    .nonce = said ? said->nonce : NULL,
    .resume = (gchar *) resume,
    .call_type = ticket->call_type,
    .proven = ticket->proven };
}

/* Asks for the seat that @request, which is given away, is for. */
static VmSeatRequest *
ask (VmSeatRequest *request, VmRoom *room)
{
  VmRoomShare *share = request->rooms->share;
  g_autofree gchar *resume =
      request->next ? vm_cluster_key (request->next) : NULL;
  VmClusterParticipant one =
      describe (room, request->ticket, request->hello, resume);
  g_autoptr (GError) error = NULL;

  room->awaited = MAX (room->awaited, share->now + VM_CLUSTER_SEAT_TIME);
  request->seat = vm_cluster_take_seat (share->cluster, request->name, room->id,
      room->max_participants, request->most, &one, NULL, share->now, &error);
  g_free (one.user);
  if (!request->seat) {
    vm_seat_request_refuse (request, error);
    return NULL;
  }
  g_hash_table_insert (
      share->requests, GUINT_TO_POINTER (request->seat), request);
  return request;
}

static VmTicket *
ticket_copy (const VmTicket *ticket)
{
  VmTicket *copy = g_new0 (VmTicket, 1);

  copy->text = g_strdup (ticket->text);
  copy->meeting = g_strdup (ticket->meeting);
  copy->meeting_id = g_strdup (ticket->meeting_id);
  copy->user = g_strdup (ticket->user);
  copy->device_id = g_strdup (ticket->device_id);
  copy->group = g_strdup (ticket->group);
  copy->key = g_strdup (ticket->key);
  copy->proven = ticket->proven;
  copy->own_page = ticket->own_page;
  copy->presented = ticket->presented ? vm_token_ref (ticket->presented) : NULL;
  copy->trust = ticket->trust;
  copy->call_type = ticket->call_type;
  copy->via = g_strdup (ticket->via);
  copy->origin_id = g_strdup (ticket->origin_id);
  copy->open = ticket->open;
  return copy;
}

/* By its ticket into @room, which is shared. */
static VmSeatRequest *
ask_by_ticket (VmSeatRequest *request, VmRoom *room)
{
  const VmBearer bearer = vm_ticket_to_bearer (request->ticket, request->hello);
  g_autoptr (GError) error = NULL;

  if (!vm_room_admits (room, &bearer, NULL, NULL, NULL, 0,
          &request->ticket->trust, &error)) {
    vm_seat_request_refuse (request, error);
    return NULL;
  }
  request->next = vm_room_make_token (room);
  return ask (request, room);
}

static VmSeatRequest *
tell (const VmSeatFuncs *funcs, VmMember *member, const GError *error,
    gpointer user_data)
{
  funcs->seated (member, error, user_data);
  return NULL;
}

VmSeatRequest *
vm_rooms_request_seat (VmRooms *rooms, const VmTicket *ticket,
    const VmSignal *hello, gpointer peer, const VmSeatFuncs *funcs,
    gpointer user_data)
{
  const VmBearer bearer = vm_ticket_to_bearer (ticket, hello);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmTicket) own = ticket_copy (ticket);
  VmSeatRequest *request;
  VmRoom *room;

  room =
      rooms->share ? vm_rooms_of_ticket (rooms, ticket, &bearer, &error) : NULL;
  if (!rooms->share || (room && !room->shared)) {
    VmMember *member = vm_rooms_take_seat (rooms, own, hello, peer, &error);

    return tell (funcs, member, error, user_data);
  }
  request =
      vm_seat_request_new (rooms, ticket->meeting, peer, funcs, user_data);
  request->ticket = g_steal_pointer (&own);
  request->hello = vm_signal_ref (hello);
  if (room)
    return ask_by_ticket (request, room);
  vm_seat_request_refuse (request, error);
  return NULL;
}

/* A ticket of another server's */

gboolean
vm_rooms_shares_ticket (VmRooms *rooms, const gchar *text)
{
  const VmTicket *own =
      rooms->share ? g_hash_table_lookup (rooms->tickets, text) : NULL;

  return rooms->share && vm_cluster_ticket_is_text (text)
         && (!own || own->open);
}

guint64
vm_rooms_keep_ticket (VmRooms *rooms, const gchar *text,
    const VmSingleUseAsker *asker, gpointer user_data, gint64 now)
{
  g_autoptr (GBytes) value =
      vm_cluster_ticket_write (g_hash_table_lookup (rooms->tickets, text));

  return vm_single_use_keep (rooms->share->once, VM_CLUSTER_TICKETS, text,
      value, asker, user_data, now);
}

void
vm_room_share_drop_ticket (VmRoomShare *share, const gchar *text)
{
  vm_single_use_use (
      share->once, VM_CLUSTER_TICKETS, text, NULL, NULL, share->now);
}

static gboolean
is_own_ticket (GBytes *value, gpointer user_data)
{
  const VmSeatRequest *request = user_data;
  g_autoptr (VmTicket) ticket = vm_cluster_ticket_read (value);

  return ticket
         && (!ticket->key || ticket->proven
             || g_strcmp0 (ticket->key, request->key) == 0);
}

static void
refuse_ticket (VmSeatRequest *request, VmSingleUseResult result)
{
  g_autoptr (GError) error = NULL;

  if (result == VM_SINGLE_USE_SPENT)
    vm_rooms_refuse_ticket (&error);
  else
    vm_room_share_refuse_lost (&error);
  vm_seat_request_refuse (request, error);
}

/* The room that the ticket was given for, if it begins here. */
static VmRoom *
get_room_of_ticket (VmSeatRequest *request, GError **error)
{
  const VmBearer bearer = vm_ticket_to_bearer (request->ticket, request->hello);
  gboolean was_there = vm_rooms_find (request->rooms, request->name) != NULL;
  VmRoom *room =
      vm_rooms_of_ticket (request->rooms, request->ticket, &bearer, error);

  if (room && !room->shared) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED,
        "A meeting of that name is hosted at this server");
    return NULL;
  }
  if (room && !was_there && !room->members->len) {
    g_free (room->id);
    room->id = g_strdup (request->ticket->meeting_id);
  }
  return room;
}

static void
on_ticket_used (VmSingleUseResult result, GBytes *value, gpointer user_data)
{
  VmSeatRequest *request = user_data;
  g_autoptr (GError) error = NULL;
  VmRoom *room;

  request->use = 0;
  g_hash_table_remove (request->rooms->tickets, request->text);
  if (result != VM_SINGLE_USE_DONE) {
    refuse_ticket (request, result);
    return;
  }
  request->ticket = vm_cluster_ticket_read (value);
  request->ticket->text = g_steal_pointer (&request->text);
  request->name = g_strdup (request->ticket->meeting);
  room = get_room_of_ticket (request, &error);
  if (room)
    ask_by_ticket (request, room);
  else
    vm_seat_request_refuse (request, error);
}

VmSeatRequest *
vm_rooms_request_by_ticket (VmRooms *rooms, const gchar *text, const gchar *key,
    const VmSignal *hello, gpointer peer, const VmSeatFuncs *funcs,
    gpointer user_data)
{
  static const VmSingleUseAsker asker = { is_own_ticket, on_ticket_used };
  VmRoomShare *share = rooms->share;
  VmSeatRequest *request =
      vm_seat_request_new (rooms, NULL, peer, funcs, user_data);
  g_autoptr (GError) error = NULL;

  request->text = g_strdup (text);
  request->key = g_strdup (key);
  request->hello = vm_signal_ref (hello);
  if (share)
    request->use = vm_single_use_use (
        share->once, VM_CLUSTER_TICKETS, text, &asker, request, share->now);
  if (request->use)
    return request;
  g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many are about to join; try again in half a minute");
  vm_seat_request_refuse (request, error);
  return NULL;
}

/* A ticket without text: the seat is given back when its connection is lost. */
static VmTicket *
ticket_of (const VmJoin *join, VmTrustLevel level)
{
  const VmTicket ticket = { .meeting = (gchar *) join->meeting,
    .user = (gchar *) join->user,
    .device_id = (gchar *) join->device_id,
    .group = (gchar *) join->group,
    .key = (gchar *) join->key,
    .presented = join->token,
    .trust = level,
    .call_type = join->call_type,
    .open = TRUE };

  return ticket_copy (&ticket);
}

static VmMember *
from_of (const VmSeatFuncs *funcs, gpointer user_data)
{
  return funcs->from ? funcs->from (user_data) : NULL;
}

/* Who joins its own room again leaves it first: two seats it may not have. */
static VmRoom *
leave_same (VmRooms *rooms, const VmJoin *join, VmMember *from, GError **error)
{
  const VmBearer bearer = vm_join_to_bearer (join);

  vm_member_leave (from, NULL);
  return vm_rooms_look_again (rooms, join->meeting, &bearer, error);
}

VmSeatRequest *
vm_rooms_request_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    gpointer peer, gint64 now, const VmSeatFuncs *funcs, gpointer user_data)
{
  const VmBearer bearer = vm_join_to_bearer (join);
  VmMember *from = from_of (funcs, user_data);
  g_autoptr (GError) error = NULL;
  VmRoom *room = vm_rooms_look_up (rooms, join, TRUE, &error);
  VmTrustLevel level;
  VmSeatRequest *request;

  if (room && !room->shared) {
    VmMember *member =
        vm_room_enter (room, join, alias, from, peer, now, &error);

    return tell (funcs, member, error, user_data);
  }
  if (room
      && !vm_room_admits (
          room, &bearer, join->pin, join->group, from, now, &level, &error)) {
    vm_room_look_whether_empty (room);
    room = NULL;
  }
  if (room && from && from->room == room)
    room = leave_same (rooms, join, from, &error);
  if (!room)
    return tell (funcs, NULL, error, user_data);
  request = vm_seat_request_new (rooms, room->name, peer, funcs, user_data);
  request->ticket = ticket_of (join, level);
  request->most = join->most;
  request->hello = vm_signal_new (VM_SIGNAL_HELLO);
  vm_signal_add_participant (request->hello)->alias = g_strdup (alias);
  return ask (request, room);
}

/* The answer */

static VmRoom *
get_room (VmRooms *rooms, const VmSeatRequest *request, GError **error)
{
  VmRoom *room = vm_rooms_find (rooms, request->name);

  if (room)
    return room;
  return vm_room_begin (rooms, request->name,
      request->ticket ? request->ticket->group : NULL, error);
}

static VmMember *
sit (VmSeatRequest *request, VmRoom *room, const VmClusterParticipant *one)
{
  VmMember *from = from_of (&request->funcs, request->user_data);
  VmRoom *left = from ? from->room : NULL;
  VmMember *member;

  if (request->resumes)
    return vm_room_bring_back (room, one, request);
  request->rooms->walks++;
  if (from)
    request->funcs.leave (request->user_data);
  request->ticket->seat_id = one->id;
  request->ticket->next = request->next;
  request->ticket->seat = request->seat;
  member = vm_room_seat (room, request->peer, request->ticket, request->hello);
  request->rooms->walks--;
  if (left)
    vm_room_look_whether_empty (left);
  return member;
}

void
vm_seat_request_grant (VmSeatRequest *request, VmRoomShare *share,
    const VmClusterRecord *record, const VmClusterParticipant *one)
{
  g_autoptr (VmClusterParticipant) own = vm_cluster_participant_copy (one);
  g_autoptr (GError) error = NULL;
  VmRoom *room = get_room (share->rooms, request, &error);
  VmMember *member;

  if (!room || !room->shared) {
    vm_cluster_leave (share->cluster, request->seat, share->now);
    if (!error)
      g_set_error (&error, VM_ERROR, VM_ERROR_BAD_REQUEST,
          "A meeting of that name is hosted here");
    vm_seat_request_refuse (request, error);
    return;
  }
  vm_room_share_sync (share, room, record);
  member = sit (request, room, own);
  g_hash_table_insert (share->seats, GUINT_TO_POINTER (request->seat), member);
  forget (request);
  request->funcs.seated (member, NULL, request->user_data);
  request_free (request);
}
