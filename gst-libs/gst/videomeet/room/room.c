/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One room: its seats, its state, and what it tells everybody. */

#include "room/rooms-priv.h"
#include "base/vmmeetingstate-priv.h"

#include <stdlib.h>
#include <string.h>

const gchar *
vm_room_get_name (VmRoom *room)
{
  return room->name;
}

const gchar *
vm_room_get_id (VmRoom *room)
{
  return room->id;
}

guint64
vm_room_get_serial (const VmRoom *room)
{
  return room->serial;
}

VmMeetingState
vm_room_get_state (VmRoom *room)
{
  return room->state;
}

guint
vm_room_get_epoch (VmRoom *room)
{
  return room->epoch;
}

guint
vm_room_count (VmRoom *room)
{
  return room->members->len;
}

guint
vm_room_get_max (VmRoom *room)
{
  return room->max_participants;
}

gboolean
vm_room_has_pin (VmRoom *room)
{
  return room->pin != NULL;
}

gboolean
vm_room_shows_who (VmRoom *room)
{
  return !room->open && !room->pin && !room->locked
         && room->rooms->policy != VM_POLICY_REQUIRE;
}

void
vm_room_grant_ice (VmRoom *room, VmIceGrant *grant)
{
  const VmRoomsFuncs *funcs = &room->rooms->funcs;

  if (room->open && funcs->grant_ice)
    funcs->grant_ice (grant, room->rooms->user_data);
  else
    grant->uris = g_strdupv (room->ice_servers);
}

const gchar *
vm_member_get_id (VmMember *member)
{
  return member->id;
}

const gchar *
vm_member_get_user (VmMember *member)
{
  return member->user;
}

VmRoom *
vm_member_get_room (VmMember *member)
{
  return member->room;
}

gpointer
vm_member_get_peer (VmMember *member)
{
  return member->peer;
}

static void
member_free (VmMember *member)
{
  vm_member_forget_tokens (member);
  vm_member_leave_sfu (member);
  g_free (member->node);
  g_free (member->key);
  vm_text_unshare (member->group);
  g_clear_pointer (&member->presented, vm_token_unref);
  vm_text_unshare (member->id);
  vm_text_unshare (member->alias);
  vm_text_unshare (member->user);
  g_free (member->device);
  g_free (member->device_id);
  g_free (member->nonce);
  g_free (member->via);
  g_free (member->origin_id);
  g_free (member);
}

void
vm_room_free (VmRoom *room)
{
  vm_room_end_topology (room);
  if (room->shared)
    room->rooms->remote->free (g_steal_pointer (&room->shared));
  for (guint i = 0; i < room->members->len; i++)
    member_free (g_ptr_array_index (room->members, i));
  vm_room_forget_beginner (room);
  g_ptr_array_unref (room->members);
  g_clear_pointer (&room->met, g_ptr_array_unref);
  g_clear_pointer (&room->barred, g_ptr_array_unref);
  g_strfreev (room->revoked);
  g_free (room->name);
  g_free (room->id);
  g_free (room->pin);
  g_strfreev (room->ice_servers);
  g_free (room);
}

VmRoom *
vm_room_new (VmRooms *rooms, const gchar *name)
{
  VmRoom *room = g_new0 (VmRoom, 1);

  room->rooms = rooms;
  room->name = g_strdup (name);
  room->id = vm_rooms_make_uuid (rooms);
  room->serial = ++rooms->serials;
  room->epoch = 1;
  room->members = g_ptr_array_new ();
  g_hash_table_insert (rooms->rooms, room->name, room);
  return room;
}

VmMember *
vm_room_find_member (VmRoom *room, const gchar *id)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (strcmp (member->id, id) == 0)
      return member;
  }
  return NULL;
}

VmMember *
vm_room_find_alias (VmRoom *room, const gchar *alias)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (g_strcmp0 (member->alias, alias) == 0)
      return member;
  }
  return NULL;
}

void
vm_member_say_remote (const VmMember *member, const VmSignal *signal)
{
  if (member->room->shared)
    member->room->rooms->remote->say (member, signal);
}

static void
send_remote (const VmMember *to, const VmSignal *signal)
{
  VmRooms *rooms = to->room->rooms;

  if (rooms->remote)
    rooms->remote->send (rooms->share, to, signal);
}

void
vm_room_send (VmRoom *room, const VmMember *to, const VmSignal *signal)
{
  if (to->node)
    send_remote (to, signal);
  else
    room->rooms->funcs.send (to->peer, signal, room->rooms->user_data);
}

void
vm_room_send_all (VmRoom *room, const VmSignal *signal, const VmMember *but)
{
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = g_ptr_array_index (room->members, i);

    if (member != but && !member->node)
      vm_room_send (room, member, signal);
  }
}

guint
vm_room_count_here (const VmRoom *room)
{
  guint n = 0;

  for (guint i = 0; i < room->members->len; i++)
    n += !((VmMember *) g_ptr_array_index (room->members, i))->node;
  return n;
}

static gchar *
id_of (const VmMember *member)
{
  return member ? g_strdup (member->id) : NULL;
}

static VmSignal *
make_state (VmRoom *room, GPtrArray *barred)
{
  VmSignal *signal = vm_signal_new (VM_SIGNAL_MEETING_STATE);
  g_autoptr (GStrvBuilder) roster = g_strv_builder_new ();
  VmRooms *rooms = room->rooms;

  for (guint i = 0; i < room->members->len; i++)
    g_strv_builder_add (
        roster, ((VmMember *) g_ptr_array_index (room->members, i))->id);
  signal->meeting_id = g_strdup (room->id);
  signal->state = g_strdup (vm_meeting_state_to_string (room->state));
  signal->epoch = room->epoch;
  signal->host = id_of (room->host);
  signal->moderator = id_of (room->moderator);
  signal->max_participants = room->max_participants;
  signal->roster = g_strv_builder_end (roster);
  signal->locked = room->locked;
  signal->confidential = room->pin != NULL;
  signal->count = room->count;
  signal->revoked = g_strdupv (room->revoked);
  signal->barred = barred ? g_ptr_array_ref (barred) : NULL;
  if (rooms->funcs.sign)
    rooms->funcs.sign (signal, rooms->user_data);
  return signal;
}

/* `meeting-state` to everybody, and a word to who announces the meeting. Who is
 * kept out is told to those alone that may become host. */
void
vm_room_send_state (VmRoom *room)
{
  g_autoptr (GPtrArray) barred = room->host ? vm_room_list_bars (room) : NULL;
  g_autoptr (VmSignal) state = NULL;
  g_autoptr (VmSignal) whole = NULL;

  room->count++;
  if (room->shared)
    room->rooms->remote->count (room);
  g_strfreev (room->revoked);
  room->revoked = vm_room_list_revoked (room);
  state = make_state (room, NULL);
  if (barred)
    whole = make_state (room, barred);
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = room->members->pdata[i];

    if (!member->node)
      vm_room_send (room, member, whole && member->key ? whole : state);
  }
  room->rooms->funcs.changed (room, room->rooms->user_data);
}

void
vm_room_take_event (VmRoom *room, VmMeetingEvent event)
{
  VmMeetingState before = room->state;

  if (!vm_meeting_state_next (before, event, &room->state)) {
    g_warning ("meeting %s: %s while %s", room->id,
        vm_meeting_event_to_string (event),
        vm_meeting_state_to_string (before));
    return;
  }
  g_debug ("meeting %s: %s → %s (%s)", room->id,
      vm_meeting_state_to_string (before),
      vm_meeting_state_to_string (room->state),
      vm_meeting_event_to_string (event));
}

void
vm_room_announced (VmRoom *room)
{
  vm_room_take_event (room, VM_MEETING_EVENT_ANNOUNCED);
  vm_room_send_state (room);
}

static const gchar *
state_of (const VmMember *member)
{
  return member->detached ? "detached"
                          : vm_participant_state_to_string (member->state);
}

VmSignal *
vm_member_make_state (const VmMember *member)
{
  VmSignal *news = vm_signal_new (VM_SIGNAL_PARTICIPANT_STATE);

  news->id = g_strdup (member->id);
  news->state = g_strdup (state_of (member));
  return news;
}

void
vm_member_tell_state (VmMember *member)
{
  g_autoptr (VmSignal) news = vm_member_make_state (member);

  vm_room_send_all (member->room, news, NULL);
  vm_member_say_remote (member, news);
}

void
vm_member_tell_trust (VmMember *member)
{
  g_autoptr (VmSignal) news = vm_member_make_state (member);

  news->trust = g_strdup (vm_trust_level_to_wire (member->trust));
  news->voucher = vm_member_name_voucher (member);
  news->token = vm_member_get_voucher (member);
  vm_room_send_all (member->room, news, NULL);
}

void
vm_member_describe (const VmMember *member, VmSignalParticipant *participant)
{
  participant->id = g_strdup (member->id);
  participant->alias = g_strdup (member->alias);
  participant->user = g_strdup (member->user);
  participant->device = g_strdup (member->device);
  participant->device_id = g_strdup (member->device_id);
  participant->nonce = g_strdup (member->nonce);
  participant->state = g_strdup (state_of (member));
  participant->call_type = member->call_type;
  participant->host = member == member->room->host;
  participant->via = g_strdup (member->via);
  participant->origin = member->via ? g_strdup ("cloud") : NULL;
  participant->origin_id = g_strdup (member->origin_id);
  /* a host says nothing of itself */
  if (participant->host)
    return;
  participant->trust = g_strdup (vm_trust_level_to_wire (member->trust));
  participant->voucher = vm_member_name_voucher (member);
  participant->token = vm_member_get_voucher (member);
}

void
vm_room_list (VmRoom *room, VmSignal *signal, const VmMember *but)
{
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = g_ptr_array_index (room->members, i);

    if (member != but)
      vm_member_describe (member, vm_signal_add_participant (signal));
  }
}

void
vm_room_welcome (VmRoom *room, VmMember *member, gboolean resumed)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_WELCOME);

  signal->to = g_strdup (member->id);
  signal->id = g_strdup (member->id);
  signal->meeting = g_strdup (room->name);
  signal->meeting_id = g_strdup (room->id);
  signal->state = g_strdup (vm_meeting_state_to_string (room->state));
  signal->epoch = room->epoch;
  signal->count = room->count;
  signal->host = id_of (room->host);
  signal->moderator = id_of (room->moderator);
  signal->max_participants = room->max_participants;
  signal->locked = room->locked;
  signal->confidential = room->pin != NULL;
  signal->resume = g_strdup (member->token);
  signal->resumed = resumed;
  vm_room_list (room, signal, member);
  vm_room_send (room, member, signal);
}

/* The ticket stands for the token of the first welcome until that arrives. */
static void
take_ticket (VmMember *member, const VmTicket *ticket)
{
  g_autofree gchar *user = ticket->user ? vm_room_name (member->room, ticket)
                                        : vm_room_make_guest_name (member->id);

  member->user = vm_text_share (user);
  member->device_id = g_strdup (ticket->device_id);
  member->call_type = ticket->call_type;
  member->key = g_strdup (ticket->key);
  member->group = vm_text_share (ticket->via ? NULL : ticket->group);
  member->proven = ticket->proven;
  member->own_page = ticket->own_page;
  member->presented =
      ticket->presented ? vm_token_ref (ticket->presented) : NULL;
  member->trust = ticket->trust;
  member->via = g_strdup (ticket->via);
  member->origin_id = g_strdup (ticket->origin_id);
  vm_member_keep_names (member);
  if (!ticket->text)
    return;
  member->token = g_strdup (ticket->text);
  g_hash_table_insert (member->room->rooms->resumes, member->token, member);
  vm_member_renew (member, ticket->text, ticket->next);
}

gchar *
vm_room_make_guest_name (const gchar *id)
{
  return g_strdup_printf ("Guest %lu", strtoul (id + 1, NULL, 10));
}

static gint
compare_ids (const gchar *a, const gchar *b)
{
  gsize length = strlen (a), other = strlen (b);

  return length == other ? strcmp (a, b) : length < other ? -1 : 1;
}

void
vm_room_insert (VmRoom *room, VmMember *member)
{
  guint i = room->members->len;

  while (i > 0
         && compare_ids (
                member->id, ((VmMember *) room->members->pdata[i - 1])->id)
                < 0)
    i--;
  g_ptr_array_insert (room->members, i, member);
}

void
vm_room_tell_joined (VmRoom *room, const VmMember *member)
{
  g_autoptr (VmSignal) joined = vm_signal_new (VM_SIGNAL_PARTICIPANT_JOINED);

  vm_member_describe (member, vm_signal_add_participant (joined));
  vm_room_send_all (room, joined, member);
}

/* The next seat. Ids are a counter of those who ever joined, so that an id
 * tells who came earlier: by its number, for text compares like numbers up to
 * p999 alone (see compare_joined() in clusterrecord.c). */
VmMember *
vm_room_seat (
    VmRoom *room, gpointer peer, const VmTicket *ticket, const VmSignal *hello)
{
  const VmSignalParticipant *said =
      hello->participants->len ? g_ptr_array_index (hello->participants, 0)
                               : NULL;
  VmMember *member = g_new0 (VmMember, 1);
  g_autofree gchar *id = ticket && ticket->seat_id
                             ? g_strdup (ticket->seat_id)
                             : g_strdup_printf ("p%03u", ++room->joined);

  member->room = room;
  member->peer = peer;
  member->id = vm_text_share (id);
  member->seat = ticket ? ticket->seat : 0;
  member->said = -1;
  member->alias = vm_text_share (said ? said->alias : NULL);
  member->device = g_strdup (said ? said->device : NULL);
  member->nonce = g_strdup (said ? said->nonce : NULL);
  member->takes_sfu = hello->takes_sfu;
  vm_room_insert (room, member);
  if (!ticket) {
    member->user = vm_text_share (said->user);
    member->device_id = g_strdup (said->device_id);
    member->call_type = said->call_type;
    room->host = member;
    vm_room_welcome (room, member, FALSE);
    return member;
  }
  take_ticket (member, ticket);
  /* the device is the bridge */
  if (member->via)
    g_clear_pointer (&member->device, g_free);
  vm_room_meet (room, member);

  if (room->state != VM_MEETING_STATE_ACTIVE)
    vm_room_take_event (room, VM_MEETING_EVENT_PARTICIPANT_JOINS);
  if (!room->moderator || member->own_page)
    vm_room_choose_moderator (room);
  vm_room_welcome (room, member, FALSE);
  vm_room_tell_topology (room, member);
  vm_room_tell_joined (room, member);
  vm_room_send_state (room);
  vm_room_look_at_size (room);
  return member;
}

void
vm_member_leave (VmMember *member, const GError *reason)
{
  VmRoom *room = member->room;
  VmRooms *rooms = room->rooms;
  g_autoptr (VmSignal) left = vm_signal_new (VM_SIGNAL_PARTICIPANT_LEFT);

  g_return_if_fail (member != room->host);

  /* whoever is closed may release the room */
  rooms->walks++;
  vm_room_drop_via (room, member->id);
  g_ptr_array_remove (room->members, member);
  left->id = g_strdup (member->id);
  if (reason) {
    left->code = g_strdup (vm_error_get_code (reason));
    left->message = g_strdup (reason->message);
  }
  vm_room_send_all (room, left, NULL);
  if (member == room->moderator)
    vm_room_choose_moderator (room);
  if (room->members->len == (room->open ? 0 : 1))
    vm_room_take_event (room, VM_MEETING_EVENT_ALL_LEAVE);
  vm_room_send_state (room);
  if (!member->node) {
    if (room->shared)
      rooms->remote->leave (member, left);
    rooms->funcs.close (member->peer, reason, rooms->user_data);
  }
  member_free (member);
  rooms->walks--;
  vm_room_look_whether_empty (room);
}

void
vm_room_empty (VmRoom *room)
{
  VmRooms *rooms = room->rooms;

  room->moderator = NULL;
  for (guint i = room->members->len; i > 0; i--) {
    VmMember *guest = g_ptr_array_index (room->members, i - 1);

    /* one that has taken over may have come later than its guests */
    if (guest == room->host)
      continue;
    g_ptr_array_remove_index (room->members, i - 1);
    if (!guest->node)
      rooms->funcs.close (guest->peer, NULL, rooms->user_data);
    member_free (guest);
  }
}

/* A member that is about to go hears no more. */
void
vm_room_hand_over (VmRoom *room)
{
  VmRooms *rooms = room->rooms;
  VmMember *host = room->host;

  vm_room_empty (room);
  if (room->state == VM_MEETING_STATE_ACTIVE) {
    vm_room_take_event (room, VM_MEETING_EVENT_ALL_LEAVE);
    vm_room_send_state (room);
  }
  vm_room_take_event (room, VM_MEETING_EVENT_HOST_ENDS);
  vm_room_send_state (room);
  rooms->funcs.close (host->peer, NULL, rooms->user_data);
  g_hash_table_remove (rooms->rooms, room->name);
}

void
vm_room_end (VmRoom *room)
{
  g_autoptr (VmSignal) bye = vm_signal_new (VM_SIGNAL_BYE);

  bye->from = g_strdup (room->host->id);
  bye->reason = g_strdup ("ended");
  vm_room_send_all (room, bye, room->host);
  vm_room_hand_over (room);
}
