/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The events of protocol/socketio.md#events, as a server reads and writes them
 * (protocol/socketio.md). Its clients are called as those of a room are; but
 * what they send need not say to whom. */

#include "base/limits.h"
#include "wire/dialect.h"
#include "wire/room/roomwire.h"

#include <string.h>

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

/* Whom a message without `target` is for */

/* Who was there first offers, so that a client's offer is for who came after
 * it; for who was there before, if it offers to them all the same. */
static VmRoomPeer *
find_unpaired (VmRoomPeers *peers, gboolean earlier)
{
  for (guint i = 0; i < peers->peers->len; i++) {
    VmRoomPeer *peer = g_ptr_array_index (peers->peers, i);

    if (!peer->paired && peer->earlier == earlier)
      return peer;
  }
  return NULL;
}

/* Whose offer waits longest. */
static VmRoomPeer *
find_unanswered (VmRoomPeers *peers)
{
  VmRoomPeer *found = NULL;

  for (guint i = 0; i < peers->peers->len; i++) {
    VmRoomPeer *peer = g_ptr_array_index (peers->peers, i);

    if (peer->offered && (!found || peer->offered < found->offered))
      found = peer;
  }
  return found;
}

static VmRoomPeer *
guess_receiver (VmRoomPeers *peers, VmSignalType type)
{
  VmRoomPeer *peer = NULL, *current;

  current = vm_room_peers_find (peers, peers->current);
  switch (type) {
    case VM_SIGNAL_OFFER:
      peer = find_unpaired (peers, FALSE);
      if (!peer)
        peer = find_unpaired (peers, TRUE);
      /* where only one other is, there is nobody else to be meant */
      if (!peer && peers->peers->len == 1)
        peer = g_ptr_array_index (peers->peers, 0);
      return peer ? peer : current;
    case VM_SIGNAL_ANSWER:
      peer = find_unanswered (peers);
      return peer ? peer : current;
    default:
      return current ? current : find_unanswered (peers);
  }
}

static void
note_sent (VmRoomPeers *peers, VmRoomPeer *peer, VmSignalType type)
{
  if (type == VM_SIGNAL_CANDIDATE)
    return;
  if (type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (peers, peer);
  else
    peer->offered = 0;
  peer->paired = TRUE;
  g_free (peers->current);
  peers->current = g_strdup (peer->id);
}

/* Reading */

/* A room's name, alone or as {room}; FALSE without @error when none is said. */
static gboolean
read_room (const VmJson *json, VmJsonNode node, gchar **room, GError **error)
{
  VmJsonNode member = node;

  if (node != VM_JSON_NONE && vm_json_type (json, node) == VM_JSON_OBJECT)
    member = vm_json_get (json, node, "room");
  if (member == VM_JSON_NONE || vm_json_type (json, member) == VM_JSON_NULL)
    return FALSE;
  *room = vm_span_to_string (vm_json_span (json, member));
  if (*room && **room && vm_text_is_name (*room, VM_SIGNAL_NAME_MAX))
    return TRUE;
  return bad (error, "The room has no name that there can be");
}

/* One that is named must be the client's own. */
static gboolean
check_room (const VmJson *json, VmJsonNode node, const VmRoomPeers *peers,
    GError **error)
{
  g_autofree gchar *room = NULL;
  GError *reason = NULL;

  if (!read_room (json, node, &room, &reason)) {
    if (reason)
      g_propagate_error (error, reason);
    return !reason;
  }
  if (g_strcmp0 (room, peers->room) == 0)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "This participant is not in the room \"%s\"", room);
  return FALSE;
}

/* Who names itself goes by that; what is no name is as if it were not there. */
static void
read_user (const VmJson *json, VmJsonNode node, VmSignal *signal)
{
  g_autofree gchar *user = NULL;

  if (vm_json_type (json, node) == VM_JSON_OBJECT
      && vm_json_get_string (json, node, "user_id", VM_NAME_MAX, &user, NULL)
      && user && vm_text_is_name (user, VM_NAME_MAX))
    vm_signal_add_participant (signal)->user = g_steal_pointer (&user);
}

static gboolean
read_join (
    const VmJson *json, VmJsonNode node, VmSignal *signal, GError **error)
{
  GError *reason = NULL;

  if (read_room (json, node, &signal->meeting, &reason)) {
    read_user (json, node, signal);
    return TRUE;
  }
  if (!reason)
    return bad (error, "The event names no room");
  g_propagate_error (error, reason);
  return FALSE;
}

/* FALSE: nobody is meant that is known. */
static gboolean
find_receiver (const VmJson *json, VmJsonNode node, VmRoomPeers *peers,
    VmSignal *signal, VmRoomPeer **peer, GError **error)
{
  g_autofree gchar *target = NULL;

  if (!vm_json_get_string (
          json, node, "target", VM_SIGNAL_NAME_MAX, &target, error))
    return FALSE;
  *peer = target ? vm_room_peers_find_alias (peers, target)
                 : guess_receiver (peers, signal->type);
  if (!*peer && target)
    /* nobody: the room model says so */
    signal->to = g_steal_pointer (&target);
  if (*peer || signal->to)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "There is nobody in the room to whom this could go");
  return FALSE;
}

/* An offer, an answer or a candidate. */
static gboolean
read_content (const VmJson *json, VmJsonNode node, VmRoomPeers *peers,
    VmSignal *signal, GError **error)
{
  VmRoomPeer *peer = NULL;

  if (node == VM_JSON_NONE || vm_json_type (json, node) != VM_JSON_OBJECT)
    return bad (error, "The event carries no object");
  if (!check_room (json, node, peers, error)
      || !vm_room_read_object_in (json, node, signal, error)
      || !find_receiver (json, node, peers, signal, &peer, error))
    return FALSE;
  if (!peer)
    return TRUE;
  signal->to = g_strdup (peer->id);
  note_sent (peers, peer, signal->type);
  vm_room_peer_stamp (peer, signal);
  return TRUE;
}

/* Where there is one other it is meant. Never an error for an error. */
static void
read_refusal (
    const VmJson *json, VmJsonNode node, VmRoomPeers *peers, VmSignal *signal)
{
  if (node == VM_JSON_NONE || vm_json_type (json, node) != VM_JSON_OBJECT
      || vm_room_read_refusal_in (
          json, node, "target", peers, signal, &signal->to)
      || vm_json_get (json, node, "target") != VM_JSON_NONE
      || peers->peers->len != 1)
    return;
  vm_room_read_error_in (json, node, signal);
  signal->to =
      g_strdup (((VmRoomPeer *) g_ptr_array_index (peers->peers, 0))->id);
}

static gboolean
read_fields (const VmJson *json, VmJsonNode node, VmRoomPeers *peers,
    VmSignal *signal, GError **error)
{
  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      return read_join (json, node, signal, error);
    case VM_SIGNAL_BYE:
      return check_room (json, node, peers, error);
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return read_content (json, node, peers, signal, error);
    case VM_SIGNAL_ERROR:
      read_refusal (json, node, peers, signal);
      return TRUE;
    default:
      return TRUE;
  }
}

static const struct
{
  const gchar *name;
  VmSignalType type;
} events[] = {
  { "join_room", VM_SIGNAL_HELLO },
  { "leave_room", VM_SIGNAL_BYE },
  { "offer", VM_SIGNAL_OFFER },
  { "answer", VM_SIGNAL_ANSWER },
  { "ice_candidate", VM_SIGNAL_CANDIDATE },
  { "error", VM_SIGNAL_ERROR },
};

static gboolean
read_name (
    const VmJson *json, VmJsonNode node, VmSignalType *type, GError **error)
{
  g_autofree gchar *name = node == VM_JSON_NONE
                               ? NULL
                               : vm_span_to_string (vm_json_span (json, node));

  for (guint i = 0; name && i < G_N_ELEMENTS (events); i++) {
    if (strcmp (events[i].name, name) == 0) {
      *type = events[i].type;
      return TRUE;
    }
  }
  bad (error, "The event has no name that a client sends");
  return FALSE;
}

static VmSignal *
parse (gpointer state, GBytes *message, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);
  VmSignalType type;
  VmJsonNode name;
  VmJson json;

  if (!vm_json_read (&json, data ? data : "", size, error))
    return NULL;
  name = vm_json_type (&json, 0) == VM_JSON_ARRAY ? vm_json_first (&json, 0)
                                                  : VM_JSON_NONE;
  if (!read_name (&json, name, &type, error))
    return NULL;
  signal = vm_signal_new (type);
  signal->bytes = g_bytes_ref (message);
  if (!read_fields (&json, vm_json_next (&json, name), state, signal, error))
    return NULL;
  return g_steal_pointer (&signal);
}

/* Writing */

static void
begin (GString *out, const gchar *event)
{
  g_string_append_c (out, '[');
  vm_json_append_string (out, event);
  g_string_append (out, ",{");
}

static void
append_users (GString *out, const VmRoomPeers *peers)
{
  vm_json_append_int (out, "users", peers->peers->len + 1);
}

static gboolean
write_joined (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  g_ptr_array_set_size (peers->peers, 0);
  g_clear_pointer (&peers->current, g_free);
  g_free (peers->room);
  peers->room = g_strdup (signal->meeting);
  for (guint i = 0; i < signal->participants->len; i++) {
    const VmSignalParticipant *who =
        g_ptr_array_index (signal->participants, i);
    VmRoomPeer *peer = vm_room_peers_add (peers, who->id, who->alias);

    if (!peer)
      break;
    peer->earlier = TRUE;
  }
  begin (out, "room_joined");
  vm_json_append_member (out, "room", signal->meeting);
  append_users (out, peers);
  return TRUE;
}

static gboolean
write_user_joined (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  const VmSignalParticipant *who =
      signal->participants->len ? g_ptr_array_index (signal->participants, 0)
                                : NULL;
  VmRoomPeer *peer =
      who ? vm_room_peers_add (peers, who->id, who->alias) : NULL;

  if (!peer)
    return FALSE;
  begin (out, "user_joined");
  vm_json_append_member (out, "user_id", peer->alias);
  append_users (out, peers);
  return TRUE;
}

static gboolean
write_user_left (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (peers, signal->id);

  begin (out, "user_left");
  vm_json_append_member (out, "user_id", peer ? peer->alias : signal->id);
  vm_room_peers_remove (peers, signal->id);
  append_users (out, peers);
  return TRUE;
}

static gboolean
write_forwarded (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  VmRoomPeer *peer;

  begin (out, signal->type == VM_SIGNAL_CANDIDATE
                  ? "ice_candidate"
                  : vm_signal_type_to_string (signal->type));
  peer = vm_room_append_content (out, peers, signal, signal->from, "sender");
  if (peer && signal->type == VM_SIGNAL_OFFER) {
    peer->paired = TRUE;
    peer->offered = ++peers->offered;
  }
  return peer != NULL;
}

static gboolean
write_event (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_WELCOME:
      return write_joined (out, peers, signal);
    case VM_SIGNAL_PARTICIPANT_JOINED:
      return write_user_joined (out, peers, signal);
    case VM_SIGNAL_PARTICIPANT_LEFT:
      return write_user_left (out, peers, signal);
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return write_forwarded (out, peers, signal);
    case VM_SIGNAL_ERROR:
      begin (out, "error");
      vm_room_append_error (out, peers, signal, signal->from, "sender");
      return TRUE;
    default:
      return FALSE;
  }
}

static GBytes *
format (gpointer state, const VmSignal *signal)
{
  g_autoptr (GString) out =
      g_string_sized_new (256 + signal->sdp.size + signal->object.size);

  if (!write_event (out, state, signal))
    return NULL;
  g_string_append (out, "}]");
  return g_string_free_to_bytes (g_steal_pointer (&out));
}

static gpointer
state_new (void)
{
  return vm_room_peers_new ();
}

static void
state_free (gpointer state)
{
  vm_room_peers_free (state);
}

const VmDialect vm_dialect_socketio = {
  .name = "socketio",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .format = format,
};
