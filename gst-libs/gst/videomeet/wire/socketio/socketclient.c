/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The Socket.IO dialect as a client speaks it with somebody else's server: the
 * frames of an Engine.IO session over one WebSocket, in them Socket.IO, and in
 * that the events (protocol/socketio.md). Its `room_joined` counts who is there
 * and names nobody; so those who were there before are known by their first
 * offer. */

#include "wire/dialect.h"
#include "wire/socketio/engineio.h"
#include "wire/room/roomview.h"
#include "wire/socketio/socketio.h"

#include <string.h>

typedef enum
{
  STAGE_OPENING, /* the server's handshake is awaited */
  STAGE_CONNECTING, /* its consent to the namespace is */
  STAGE_CONNECTED,
  STAGE_ENDED,
  N_STAGES,
  STAGE_NONE = N_STAGES
} Stage;

typedef enum
{
  STEP_OPEN, /* Engine.IO */
  STEP_CONNECT, /* Socket.IO */
  STEP_END, /* either, or a refusal */
  N_STEPS
} Step;

static const Stage stages[N_STAGES][N_STEPS] = {
  [STAGE_OPENING] = { STAGE_CONNECTING, STAGE_NONE, STAGE_ENDED },
  [STAGE_CONNECTING] = { STAGE_NONE, STAGE_CONNECTED, STAGE_ENDED },
  [STAGE_CONNECTED] = { STAGE_NONE, STAGE_NONE, STAGE_ENDED },
  [STAGE_ENDED] = { STAGE_NONE, STAGE_NONE, STAGE_NONE },
};

static const gchar *
stage_to_string (Stage stage)
{
  static const gchar *const names[N_STAGES] = { "opening", "connecting",
    "connected", "over" };

  return names[stage];
}

typedef struct
{
  VmRoomView view;
  Stage stage;
} State;

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static gboolean
take_step (State *state, Step step, GError **error)
{
  Stage next = stages[state->stage][step];

  if (next == STAGE_NONE) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The session is %s: this packet is out of turn",
        stage_to_string (state->stage));
    return FALSE;
  }
  state->stage = next;
  return TRUE;
}

/* Writing */

static GBytes *
write_packet (VmSocketType type, gint64 id, const gchar *data, gsize size)
{
  g_autofree gchar *text = vm_socket_packet_write (type, "/", id, data, size);

  return vm_engine_packet_new (VM_ENGINE_MESSAGE, text, strlen (text));
}

/* The event up to its members but `room`, and its end. */
static GString *
begin_event (State *state, const gchar *name)
{
  GString *out = g_string_new ("[");

  vm_json_append_string (out, name);
  g_string_append (out, ",{");
  vm_json_append_member (out, "room", state->view.peers->room);
  return out;
}

static GBytes *
end_event (GString *out)
{
  g_autoptr (GString) event = out;

  g_string_append (event, "}]");
  return write_packet (VM_SOCKET_EVENT, -1, event->str, event->len);
}

static GBytes *
write_join (State *state)
{
  return end_event (begin_event (state, "join_room"));
}

/* Where there is one other it is meant, and the event is as the base protocol
 * has it. */
static gboolean
is_named (State *state, const VmRoomPeer *peer)
{
  return state->view.peers->peers->len > 1
         && strcmp (peer->id, peer->alias) != 0;
}

static GBytes *
write_content (State *state, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (state->view.peers, signal->to);
  GString *out;

  if (!peer || !vm_room_has_object (signal))
    return NULL;
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peer_follow (peer, signal);
  out = begin_event (state, signal->type == VM_SIGNAL_CANDIDATE
                                ? "ice_candidate"
                                : vm_signal_type_to_string (signal->type));
  vm_room_append_object (out, signal);
  if (is_named (state, peer))
    vm_json_append_member (out, "target", peer->alias);
  return end_event (out);
}

static GBytes *
write_error (State *state, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (state->view.peers, signal->to);
  GString *out;

  if (!peer)
    return NULL;
  out = begin_event (state, "error");
  vm_room_append_error (out, state->view.peers, signal,
      is_named (state, peer) ? signal->to : NULL, "target");
  return end_event (out);
}

static GBytes *
format (gpointer data, const VmSignal *signal)
{
  State *state = data;

  if (signal->type == VM_SIGNAL_HELLO) {
    g_free (state->view.peers->room);
    state->view.peers->room = g_strdup (signal->meeting);
  }
  /* until then a room that is to be joined waits */
  if (state->stage != STAGE_CONNECTED)
    return NULL;
  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      return write_join (state);
    case VM_SIGNAL_BYE:
      return end_event (begin_event (state, "leave_room"));
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return write_content (state, signal);
    case VM_SIGNAL_ERROR:
      return write_error (state, signal);
    default:
      return NULL;
  }
}

/* Events */

static VmRoomPeer *
get_only (State *state)
{
  return state->view.peers->peers->len == 1
             ? g_ptr_array_index (state->view.peers->peers, 0)
             : NULL;
}

/* How many are in the room; -1: not told. */
static gint64
read_users (const VmJson *json, VmJsonNode node)
{
  gint64 users = -1;

  vm_json_get_int (json, node, "users", 0, VM_SIGNAL_INT_MAX, &users, NULL);
  return users;
}

static gboolean
read_user_id (const VmJson *json, VmJsonNode node, gchar **id, GError **error)
{
  if (!vm_json_get_string (
          json, node, "user_id", VM_SIGNAL_NAME_MAX, id, error))
    return FALSE;
  return (*id && **id && vm_text_is_name (*id, VM_SIGNAL_NAME_MAX))
         || bad (error, "The field \"user_id\" is no name");
}

static gboolean
take_room_joined (
    State *state, const VmJson *json, VmJsonNode node, GError **error)
{
  g_autofree gchar *room = NULL;

  if (state->view.inside)
    return TRUE;
  if (!vm_json_get_string (
          json, node, "room", VM_SIGNAL_NAME_MAX, &room, error))
    return FALSE;
  if (room && !vm_text_is_name (room, VM_SIGNAL_NAME_MAX))
    return bad (error, "The field \"room\" is no name");
  vm_room_view_tell_welcome (&state->view, room);
  return TRUE;
}

static gboolean
take_user_joined (
    State *state, const VmJson *json, VmJsonNode node, GError **error)
{
  g_autofree gchar *id = NULL;

  if (!read_user_id (json, node, &id, error))
    return FALSE;
  if (!state->view.inside || g_strcmp0 (id, state->view.peers->own) == 0
      || vm_room_peers_find_alias (state->view.peers, id))
    return TRUE;
  /* a server that does not tell who leaves still counts */
  while (read_users (json, node) == 2 && state->view.peers->peers->len)
    vm_room_view_tell_left (
        &state->view, g_ptr_array_index (state->view.peers->peers, 0));
  vm_room_view_tell_joined (&state->view, id, FALSE);
  return TRUE;
}

static gboolean
take_user_left (
    State *state, const VmJson *json, VmJsonNode node, GError **error)
{
  g_autofree gchar *id = NULL;
  VmRoomPeer *peer, *only = get_only (state);

  if (!read_user_id (json, node, &id, error))
    return FALSE;
  peer = vm_room_peers_find_alias (state->view.peers, id);
  /* one that its offers did not name */
  if (!peer && only
      && (read_users (json, node) == 1 || strcmp (only->id, only->alias) == 0))
    peer = only;
  if (peer)
    vm_room_view_tell_left (&state->view, peer);
  return TRUE;
}

/* Whose it is; NULL without @error: nobody's who is known, nor can be now. */
static VmRoomPeer *
find_sender (
    State *state, const gchar *sender, VmSignalType type, GError **error)
{
  VmRoomPeer *peer = sender
                         ? vm_room_peers_find_alias (state->view.peers, sender)
                         : get_only (state);

  if (!peer && type == VM_SIGNAL_OFFER
      && (sender || !state->view.peers->peers->len))
    return vm_room_view_tell_joined (&state->view, sender, TRUE);
  if (!peer && !sender && state->view.peers->peers->len)
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "The server does not say whose this is, and there are several");
  return peer;
}

static gboolean
take_content (State *state, const VmJson *json, VmJsonNode node,
    VmSignalType type, GBytes *message, GError **error)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);
  g_autofree gchar *sender = NULL;
  GError *reason = NULL;
  VmRoomPeer *peer;

  signal->bytes = g_bytes_ref (message);
  if (!vm_room_read_object_in (json, node, signal, error)
      || !vm_json_get_string (
          json, node, "sender", VM_SIGNAL_NAME_MAX, &sender, error))
    return FALSE;
  if (sender && (!*sender || !vm_text_is_name (sender, VM_SIGNAL_NAME_MAX)))
    return bad (error, "The field \"sender\" is no name");
  /* some servers tell a sender what it said itself */
  if (!state->view.inside
      || (sender && g_strcmp0 (sender, state->view.peers->own) == 0))
    return TRUE;
  peer = find_sender (state, sender, type, &reason);
  if (!peer) {
    if (reason)
      g_propagate_error (error, reason);
    return !reason;
  }
  vm_room_view_tell_content (&state->view, peer, g_steal_pointer (&signal));
  return TRUE;
}

static gboolean
take_error (State *state, const VmJson *json, VmJsonNode node, GError **error)
{
  g_autoptr (VmSignal) refusal = NULL;

  if (vm_json_get (json, node, "sender") == VM_JSON_NONE) {
    vm_room_read_error_in (
        json, node, vm_room_view_tell (&state->view, VM_SIGNAL_ERROR));
    return TRUE;
  }
  refusal = vm_signal_new (VM_SIGNAL_ERROR);
  if (vm_room_read_refusal_in (
          json, node, "sender", state->view.peers, refusal, &refusal->from))
    g_queue_push_tail (&state->view.signals, g_steal_pointer (&refusal));
  return TRUE;
}

static const struct
{
  const gchar *name;
  VmSignalType type;
  /* NULL: what vm_room_read_object_in() reads */
  gboolean (*take) (
      State *state, const VmJson *json, VmJsonNode node, GError **error);
} events[] = {
  { "room_joined", VM_SIGNAL_WELCOME, take_room_joined },
  { "user_joined", VM_SIGNAL_PARTICIPANT_JOINED, take_user_joined },
  { "user_left", VM_SIGNAL_PARTICIPANT_LEFT, take_user_left },
  { "offer", VM_SIGNAL_OFFER, NULL },
  { "answer", VM_SIGNAL_ANSWER, NULL },
  { "ice_candidate", VM_SIGNAL_CANDIDATE, NULL },
  { "error", VM_SIGNAL_ERROR, take_error },
};

static gboolean
take_event (State *state, VmSpan data, GBytes *message, GError **error)
{
  g_autofree gchar *name = NULL;
  guint i = 0;
  VmJsonNode first;
  VmJson json;

  if (!vm_json_read (&json, data.data, data.size, error))
    return FALSE;
  first = vm_json_first (&json, 0);
  name = vm_span_to_string (vm_json_span (&json, first));
  while (i < G_N_ELEMENTS (events) && g_strcmp0 (events[i].name, name) != 0)
    i++;
  /* a server may say more than the Socket.IO dialect knows */
  if (i == G_N_ELEMENTS (events))
    return TRUE;
  first = vm_json_next (&json, first);
  return events[i].take ? events[i].take (state, &json, first, error)
                        : take_content (state, &json, first, events[i].type,
                            message, error);
}

/* Packets */

static gboolean
take_connect (State *state, VmSpan data, GError **error)
{
  g_autofree gchar *own = NULL;
  VmJson json;

  if (!take_step (state, STEP_CONNECT, error))
    return FALSE;
  if (data.size
      && (!vm_json_read (&json, data.data, data.size, error)
          || !vm_json_get_string (
              &json, 0, "sid", VM_SIGNAL_NAME_MAX, &own, error)))
    return FALSE;
  if (own)
    vm_room_peers_set_own (state->view.peers, own);
  if (state->view.peers->room)
    vm_room_view_reply (&state->view, write_join (state));
  return TRUE;
}

/* The namespace is not to be had. */
static gboolean
take_refusal (State *state, VmSpan data, GError **error)
{
  VmJson json;

  if (!take_step (state, STEP_END, error)
      || !vm_json_read (&json, data.data, data.size, error))
    return FALSE;
  vm_room_read_error_in (
      &json, 0, vm_room_view_tell (&state->view, VM_SIGNAL_ERROR));
  return TRUE;
}

static gboolean
take_end (State *state, GError **error)
{
  if (!take_step (state, STEP_END, error))
    return FALSE;
  vm_room_view_tell_error (
      &state->view, VM_ERROR_DISCONNECTED, "The server has ended the session");
  return TRUE;
}

static gboolean
take_packet (
    State *state, const VmSocketPacket *packet, GBytes *message, GError **error)
{
  /* of others none was asked for */
  if (strcmp (packet->space, "/") != 0)
    return TRUE;
  switch (packet->type) {
    case VM_SOCKET_CONNECT:
      return take_connect (state, packet->data, error);
    case VM_SOCKET_CONNECT_ERROR:
      return take_refusal (state, packet->data, error);
    case VM_SOCKET_DISCONNECT:
      return take_end (state, error);
    case VM_SOCKET_EVENT:
      if (state->stage != STAGE_CONNECTED)
        return bad (error, "An event came before the session was connected");
      if (packet->id >= 0)
        vm_room_view_reply (
            &state->view, write_packet (VM_SOCKET_ACK, packet->id, "[]", 2));
      return take_event (state, packet->data, message, error);
    default:
      return TRUE;
  }
}

static gboolean
take_frame (
    State *state, const VmEnginePacket *frame, GBytes *message, GError **error)
{
  g_auto (VmSocketPacket) packet = { .id = -1 };

  switch (frame->type) {
    case VM_ENGINE_OPEN:
      if (!take_step (state, STEP_OPEN, error))
        return FALSE;
      vm_room_view_reply (
          &state->view, write_packet (VM_SOCKET_CONNECT, -1, NULL, 0));
      return TRUE;
    case VM_ENGINE_CLOSE:
      return take_end (state, error);
    case VM_ENGINE_PING:
      vm_room_view_reply (&state->view,
          vm_engine_packet_new (VM_ENGINE_PONG, frame->data, frame->size));
      return TRUE;
    case VM_ENGINE_MESSAGE:
      return vm_socket_packet_read (frame->data, frame->size, &packet, error)
             && take_packet (state, &packet, message, error);
    default:
      return TRUE;
  }
}

static VmSignal *
more (gpointer data)
{
  return vm_room_view_take_signal (&((State *) data)->view);
}

static GBytes *
next_reply (gpointer data)
{
  return vm_room_view_take_reply (&((State *) data)->view);
}

static VmSignal *
parse (gpointer data, GBytes *message, GError **error)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);
  VmEnginePacket frame;

  if (!vm_engine_packet_read (text, size, &frame, error)
      || !take_frame (data, &frame, message, error))
    return NULL;
  return more (data);
}

static gpointer
state_new (void)
{
  State *state = g_new0 (State, 1);

  vm_room_view_init (&state->view);
  return state;
}

static void
state_free (gpointer data)
{
  State *state = data;

  vm_room_view_clear (&state->view);
  g_free (state);
}

const VmDialect vm_dialect_socketio_client = {
  .name = "socketio",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .more = more,
  .reply = next_reply,
  .format = format,
};
