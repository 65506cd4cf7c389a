/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* All rooms of a server, and the way into one. */

#include "room/rooms-priv.h"
#include <gst/videomeet/vmidentity.h>
#include "base/json/json.h"

#include <string.h>

#define TOKEN_BYTES 32

VmRooms *
vm_rooms_new (const VmRoomsFuncs *funcs, gpointer user_data)
{
  VmRooms *rooms = g_new0 (VmRooms, 1);

  rooms->funcs = *funcs;
  rooms->user_data = user_data;
  rooms->rooms = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_room_free);
  rooms->tickets = g_hash_table_new_full (
      g_str_hash, g_str_equal, NULL, (GDestroyNotify) vm_ticket_free);
  rooms->resumes = g_hash_table_new (g_str_hash, g_str_equal);
  rooms->sfu_tickets = g_hash_table_new (g_str_hash, g_str_equal);
  rooms->begun = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  rooms->guard = vm_pin_guard_new ();
  rooms->policy = VM_POLICY_PIN;
  return rooms;
}

void
vm_rooms_free (VmRooms *rooms)
{
  g_hash_table_unref (rooms->rooms);
  g_hash_table_unref (rooms->tickets);
  g_hash_table_unref (rooms->resumes);
  g_hash_table_unref (rooms->sfu_tickets);
  g_hash_table_unref (rooms->begun);
  vm_pin_guard_free (rooms->guard);
  g_free (rooms);
}

VmRoom *
vm_rooms_find (VmRooms *rooms, const gchar *name)
{
  return g_hash_table_lookup (rooms->rooms, name);
}

VmRoom *
vm_rooms_find_id (VmRooms *rooms, const gchar *id)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (strcmp (((VmRoom *) value)->id, id) == 0)
      return value;
  }
  return NULL;
}

gboolean
vm_rooms_has_id (VmRooms *rooms, const gchar *id)
{
  return vm_rooms_find_id (rooms, id) != NULL;
}

guint
vm_rooms_count_tickets (VmRooms *rooms)
{
  return g_hash_table_size (rooms->tickets);
}

static void
forget_tickets (VmRooms *rooms, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, rooms->tickets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (((VmTicket *) value)->expires <= now)
      g_hash_table_iter_remove (&iter);
  }
}

void
vm_rooms_tick (VmRooms *rooms, gint64 now)
{
  GHashTableIter iter;
  gpointer value;

  rooms->ticked = now;
  forget_tickets (rooms, now);
  rooms->walks++;
  g_hash_table_iter_init (&iter, rooms->rooms);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    vm_room_tick (value, now);
    if (vm_room_is_over (value, now))
      g_hash_table_iter_remove (&iter);
  }
  rooms->walks--;
  if (now - rooms->checked < VM_TRUST_CHECK_TIME)
    return;
  rooms->checked = now;
  vm_rooms_check (rooms);
}

void
vm_ticket_free (VmTicket *ticket)
{
  g_free (ticket->text);
  g_free (ticket->meeting_id);
  g_free (ticket->meeting);
  g_free (ticket->user);
  g_free (ticket->device_id);
  g_free (ticket->group);
  g_free (ticket->key);
  g_free (ticket->via);
  g_free (ticket->origin_id);
  g_clear_pointer (&ticket->presented, vm_token_unref);
  g_free (ticket);
}

gchar *
vm_rooms_make_uuid (VmRooms *rooms)
{
  guint8 b[16];

  rooms->funcs.random (b, sizeof b, rooms->user_data);
  b[6] = (b[6] & 0x0f) | 0x40; /* RFC 9562 §5.4 */
  b[8] = (b[8] & 0x3f) | 0x80;
  return g_strdup_printf (
      "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x",
      b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
      b[12], b[13], b[14], b[15]);
}

gchar *
vm_rooms_make_token (VmRooms *rooms)
{
  guint8 bytes[TOKEN_BYTES];
  gchar *text;

  rooms->funcs.random (bytes, sizeof bytes, rooms->user_data);
  text = g_base64_encode (bytes, sizeof bytes);
  g_strdelimit (text, "+", '-');
  g_strdelimit (text, "/", '_');
  text[strcspn (text, "=")] = '\0';
  return text;
}

gchar *
vm_room_make_token (VmRoom *room)
{
  return room->shared ? room->rooms->remote->make_token (room)
                      : vm_rooms_make_token (room->rooms);
}

gboolean
vm_rooms_check_config (
    VmRooms *rooms, const VmRoomConfig *config, GError **error)
{
  const gchar *wrong = NULL;

  if (!config->name || !*config->name
      || !vm_text_is_label (config->name, VM_NAME_MAX))
    wrong = "A meeting needs a name of at most 128 bytes without control or "
            "invisible characters and without blanks around it";
  else if (!config->user || !vm_text_is_label (config->user, VM_NAME_MAX))
    wrong = "The user's name has more than 128 bytes, control or invisible "
            "characters, or blanks around it";
  else if (config->pin
           && (strlen (config->pin) < VM_PIN_MIN
               || !vm_text_is_name (config->pin, VM_PIN_MAX)))
    wrong = "A PIN has at least 6 characters";
  else if (config->max_participants < 2
           || config->max_participants > VM_SIGNAL_ROSTER_MAX)
    wrong = "A meeting has room for 2 to 128 participants";
  else if (vm_rooms_find (rooms, config->name))
    wrong = "A meeting of that name is hosted here already";
  if (wrong)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, wrong);
  return !wrong;
}

VmRoom *
vm_rooms_open (VmRooms *rooms, const VmRoomConfig *config, gpointer peer,
    VmMember **host, GError **error)
{
  g_autoptr (VmSignal) hello = NULL;
  VmSignalParticipant *said;
  VmRoom *room;

  if (!vm_rooms_check_config (rooms, config, error))
    return NULL;
  room = vm_room_new (rooms, config->name);
  room->pin = g_strdup (config->pin);
  room->ice_servers = g_strdupv ((gchar **) config->ice_servers);
  room->max_participants = config->max_participants;

  hello = vm_signal_new (VM_SIGNAL_HELLO);
  hello->takes_sfu = config->takes_sfu;
  said = vm_signal_add_participant (hello);
  said->user = g_strdup (config->user);
  said->device = g_strdup (config->device);
  said->device_id = g_strdup (config->device_id);
  said->nonce = g_strdup (config->nonce);
  said->call_type = config->call_type;
  *host = vm_room_seat (room, peer, NULL, hello);
  return room;
}

gboolean
vm_room_lets_in (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, gint64 now, VmTrustLevel *level, GError **error)
{
  /* whom the policy shuts out has no PINs to try; and the PIN before the rest:
   * what the room is like is nobody's business without it */
  if (bearer->own_page) {
    *level = VM_TRUST_LEVEL_UNKNOWN;
    return !room->rooms->closing || vm_rooms_refuse_closing (error);
  }
  if (!vm_room_admits_key (room, bearer, error)
      || !vm_room_trusts (room, bearer, level, error)
      || !vm_room_admits_group (room, bearer, *level, error)
      || !vm_room_checks_pin (room, bearer, *level, pin, group, now, error))
    return FALSE;
  if (room->rooms->closing)
    return vm_rooms_refuse_closing (error);
  if (room->locked) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_LOCKED,
        "The host admits nobody else to the meeting");
    return FALSE;
  }
  return TRUE;
}

gboolean
vm_room_admits (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, const VmMember *from, gint64 now, VmTrustLevel *level,
    GError **error)
{
  guint taken = room->members->len - (from && from->room == room);

  if (!vm_room_lets_in (room, bearer, pin, group, now, level, error))
    return FALSE;
  if (taken >= room->max_participants) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
        "All %u seats of the meeting are taken", room->max_participants);
    return FALSE;
  }
  return vm_room_has_share (room, bearer, from, *level, error);
}

/* An id is the hash of a key (security.md#identity): whoever shows another key
 * poses as somebody else. */
static gboolean
is_own_id (const VmJoin *join)
{
  g_autofree gchar *id = NULL;

  if (!join->key || !join->device_id || !*join->device_id)
    return TRUE;
  id = vm_device_id_from_key_hash (join->key);
  return g_strcmp0 (id, join->device_id) == 0;
}

static gboolean
check_join (const VmJoin *join, GError **error)
{
  const gchar *wrong = NULL;

  if (!is_own_id (join)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device id is not that of the key that was shown");
    return FALSE;
  }

  if (!join->meeting || !*join->meeting
      || !vm_text_is_label (join->meeting, VM_NAME_MAX))
    wrong = "The field \"meeting\" is missing or no name";
  else if (!join->user || !vm_text_is_label (join->user, VM_NAME_MAX))
    wrong = "The field \"user\" is missing or no name: one has no control or "
            "invisible characters and no blanks around it";
  else if (join->device_id && !vm_text_is_name (join->device_id, VM_NAME_MAX))
    wrong = "The field \"deviceId\" is no id";
  else if (join->pin && !vm_text_is_name (join->pin, VM_PIN_MAX))
    wrong = "The field \"pin\" is no PIN";
  if (wrong)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, wrong);
  return !wrong;
}

/* An address that asks again and again only replaces its own tickets. */
static gboolean
make_room_for_ticket (
    VmRooms *rooms, const gchar *group, gint64 now, GError **error)
{
  guint most = rooms->open.size ? rooms->open.tickets_max : VM_TICKETS_MAX;
  guint of_one =
      rooms->open.size ? rooms->open.per_address : VM_TICKETS_PER_ADDRESS;
  GHashTableIter iter;
  gpointer value;
  VmTicket *oldest = NULL;
  guint n = 0;

  forget_tickets (rooms, now);
  g_hash_table_iter_init (&iter, rooms->tickets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmTicket *ticket = value;

    if (g_strcmp0 (ticket->group, group) != 0)
      continue;
    n++;
    if (!oldest || ticket->expires < oldest->expires)
      oldest = ticket;
  }
  if (n >= of_one) {
    if (rooms->remote && oldest->open)
      rooms->remote->drop_ticket (rooms->share, oldest->text);
    g_hash_table_remove (rooms->tickets, oldest->text);
  }
  if (g_hash_table_size (rooms->tickets) < most)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many are about to join; try again in half a minute");
  return FALSE;
}

VmBearer
vm_join_to_bearer (const VmJoin *join)
{
  return (VmBearer){ .key = join->key,
    .user = join->user,
    .presented = join->token,
    .group = join->group,
    .via = join->via,
    .own_page = join->own_page };
}

static VmTicket *
make_ticket (VmRoom *room, const VmJoin *join, gint64 now)
{
  VmRooms *rooms = room->rooms;
  VmTicket *ticket = g_new0 (VmTicket, 1);

  ticket->text = vm_rooms_make_token (rooms);
  ticket->meeting = g_strdup (room->name);
  ticket->meeting_id = g_strdup (room->id);
  ticket->user = g_strdup (join->user);
  ticket->device_id = g_strdup (join->device_id);
  ticket->group = g_strdup (join->group);
  ticket->key = g_strdup (join->key);
  ticket->proven = join->proven;
  ticket->own_page = join->own_page && !room->open;
  ticket->presented = join->token ? vm_token_ref (join->token) : NULL;
  ticket->call_type = join->call_type;
  ticket->via = g_strdup (join->via);
  ticket->origin_id = g_strdup (join->origin_id);
  ticket->open = room->open;
  ticket->expires = room->awaited = now + VM_TICKET_TIME;
  g_hash_table_insert (rooms->tickets, ticket->text, ticket);
  return ticket;
}

static gboolean
gives_ticket (VmRoom *room, const VmJoin *join, gint64 now, GError **error)
{
  VmBearer bearer = vm_join_to_bearer (join);
  const VmMember *before =
      join->via ? vm_room_find_origin (room, join->origin_id) : NULL;
  VmTrustLevel level;

  if (join->via)
    bearer.group = NULL;
  return vm_room_admits (
             room, &bearer, join->pin, bearer.group, before, now, &level, error)
         && vm_room_bears (room, TRUE, NULL, error)
         && make_room_for_ticket (room->rooms, join->group, now, error);
}

VmRoom *
vm_rooms_join (VmRooms *rooms, const VmJoin *join, gint64 now, gchar **text,
    GError **error)
{
  VmJoin counts = *join;
  VmRoom *room;

  room = check_join (join, error) ? vm_rooms_look_up (rooms, join, TRUE, error)
                                  : NULL;
  if (!room)
    return NULL;
  if (join->via) {
    if (!vm_room_checks_via (room, join, error))
      return NULL;
    /* the key is the bridge's, who has shown the PIN */
    counts.key = counts.device_id = NULL;
    counts.token = NULL;
  }
  if (!gives_ticket (room, &counts, now, error)) {
    vm_room_look_whether_empty (room);
    return NULL;
  }
  *text = g_strdup (make_ticket (room, &counts, now)->text);
  return room;
}

VmTicket *
vm_rooms_use_ticket (VmRooms *rooms, const gchar *text, const gchar *key,
    gint64 now, GError **error)
{
  VmTicket *ticket;

  forget_tickets (rooms, now);
  ticket = text ? g_hash_table_lookup (rooms->tickets, text) : NULL;
  if (ticket && ticket->key && !ticket->proven
      && g_strcmp0 (ticket->key, key) != 0)
    ticket = NULL;
  if (ticket)
    g_hash_table_steal (rooms->tickets, text);
  else
    vm_rooms_refuse_ticket (error);
  return ticket;
}

/* An open room may be gone meanwhile: then it begins anew. */
VmRoom *
vm_rooms_of_ticket (VmRooms *rooms, const VmTicket *ticket,
    const VmBearer *bearer, GError **error)
{
  VmRoom *room = vm_rooms_find (rooms, ticket->meeting);

  if (room && (room->open || strcmp (room->id, ticket->meeting_id) == 0))
    return room;
  if (!room && ticket->open)
    return vm_rooms_look_again (rooms, ticket->meeting, bearer, error);
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_ENDED,
      "The meeting ended in the meantime");
  return NULL;
}

VmBearer
vm_ticket_to_bearer (const VmTicket *ticket, const VmSignal *hello)
{
  const VmSignalParticipant *said =
      hello->participants->len ? g_ptr_array_index (hello->participants, 0)
                               : NULL;

  return (VmBearer){ .key = ticket->key,
    .user = ticket->user,
    .device = said && said->device ? said->device : "",
    .presented = ticket->presented,
    .group = ticket->via ? NULL : ticket->group,
    .via = ticket->via,
    .own_page = ticket->own_page };
}

VmMember *
vm_rooms_take_seat (VmRooms *rooms, VmTicket *ticket, const VmSignal *hello,
    gpointer peer, GError **error)
{
  const VmBearer bearer = vm_ticket_to_bearer (ticket, hello);
  VmRoom *room = vm_rooms_of_ticket (rooms, ticket, &bearer, error);
  if (!room)
    return NULL;
  if (!vm_room_has_via (room, ticket, error))
    return NULL;
  vm_room_supersede (room, ticket);
  if (!vm_room_admits (
          room, &bearer, NULL, NULL, NULL, 0, &ticket->trust, error)
      || !vm_room_bears (room, hello->takes_sfu, NULL, error)) {
    vm_room_look_whether_empty (room);
    return NULL;
  }
  return vm_room_seat (room, peer, ticket, hello);
}

VmMember *
vm_room_enter (VmRoom *room, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error)
{
  const VmBearer bearer = vm_join_to_bearer (join);
  VmTicket ticket = { .call_type = join->call_type };
  VmRooms *rooms = room->rooms;
  g_autoptr (VmSignal) hello = NULL;
  VmMember *member;
  VmRoom *left;

  if (!vm_room_admits (room, &bearer, join->pin, join->group, from, now,
          &ticket.trust, error)
      || !vm_room_bears (room, FALSE, from, error)) {
    vm_room_look_whether_empty (room);
    return NULL;
  }
  /* the room that it leaves may be the one it enters, and empty in between */
  rooms->walks++;
  left = from ? from->room : NULL;
  if (from)
    vm_member_leave (from, NULL);
  ticket.user = (gchar *) join->user;
  ticket.device_id = (gchar *) join->device_id;
  ticket.key = (gchar *) join->key;
  ticket.group = (gchar *) join->group;
  ticket.presented = join->token;
  hello = vm_signal_new (VM_SIGNAL_HELLO);
  vm_signal_add_participant (hello)->alias = g_strdup (alias);
  member = vm_room_seat (room, peer, &ticket, hello);
  rooms->walks--;
  if (left)
    vm_room_look_whether_empty (left);
  return member;
}

VmMember *
vm_rooms_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error)
{
  VmRoom *room = vm_rooms_look_up (rooms, join, TRUE, error);

  return room ? vm_room_enter (room, join, alias, from, peer, now, error)
              : NULL;
}

VmMember *
vm_rooms_find_lost (VmRooms *rooms, const gchar *token, const gchar *key,
    gint64 now, GError **error)
{
  VmMember *member = token ? g_hash_table_lookup (rooms->resumes, token) : NULL;
  VmTrustLevel level;

  if (member
      && (!member->key || member->proven || g_strcmp0 (member->key, key) == 0)
      && (!member->lost_at || now - member->lost_at < VM_RESUME_TIME)) {
    const VmBearer bearer = vm_member_to_bearer (member);

    return vm_room_trusts (member->room, &bearer, &level, error) ? member
                                                                 : NULL;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED,
      "The seat is given back: its connection was lost for too long, or it "
      "was left");
  return NULL;
}
