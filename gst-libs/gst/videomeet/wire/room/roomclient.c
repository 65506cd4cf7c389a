/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect as a client speaks it with somebody else's server. The ids
 * of such a room tell nothing; who was there before and who came later does, so
 * that each gets a number in that order, as the model counts. */

#include "wire/dialect.h"
#include "wire/room/roomwire.h"

#include <string.h>

typedef struct
{
  VmRoomPeers *peers;
  guint joined; /* numbers given */
  gboolean inside;
} State;

static VmSignalParticipant *
describe (VmSignal *signal, const VmRoomPeer *peer)
{
  VmSignalParticipant *who = vm_signal_add_participant (signal);

  who->id = g_strdup (peer->id);
  who->alias = g_strdup (peer->alias);
  /* the only name there is */
  who->user = g_strdup (peer->alias);
  return who;
}

static gchar *
next_id (State *state)
{
  return g_strdup_printf ("p%03u", ++state->joined);
}

/* One more; NULL when it is known, or there are too many. */
static VmRoomPeer *
add_peer (State *state, const gchar *alias)
{
  g_autofree gchar *id = NULL;

  if (g_strcmp0 (alias, state->peers->own) == 0
      || vm_room_peers_find_alias (state->peers, alias))
    return NULL;
  id = next_id (state);
  return vm_room_peers_add (state->peers, id, alias);
}

static gboolean
read_peers (State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  VmJsonNode array = vm_json_get (json, 0, "peers");

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY
      || vm_json_length (json, array) > VM_SIGNAL_ROSTER_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"peers\" is no list, or too long");
    return FALSE;
  }
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *alias = vm_span_to_string (vm_json_span (json, e));
    VmRoomPeer *peer;

    if (!alias || !*alias || !vm_text_is_name (alias, VM_SIGNAL_NAME_MAX)) {
      g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
          "The field \"peers\" holds something that is no id");
      return FALSE;
    }
    peer = add_peer (state, alias);
    if (peer)
      describe (signal, peer);
  }
  return TRUE;
}

static gboolean
read_joined (State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  g_autofree gchar *own = NULL;

  if (!vm_json_get_string (json, 0, "peerId", VM_SIGNAL_NAME_MAX, &own, error)
      || !vm_json_get_string (
          json, 0, "roomId", VM_SIGNAL_NAME_MAX, &signal->meeting, error))
    return FALSE;
  if (signal->meeting
      && !vm_text_is_name (signal->meeting, VM_SIGNAL_NAME_MAX)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"roomId\" has control characters");
    return FALSE;
  }
  if (own) {
    vm_room_peers_set_own (state->peers, own);
  }
  if (!read_peers (state, json, signal, error))
    return FALSE;
  state->inside = TRUE;
  signal->id = next_id (state);
  signal->meeting_id = g_strdup (signal->meeting);
  signal->state = g_strdup ("active");
  return TRUE;
}

static gboolean
read_peer_joined (
    State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  g_autofree gchar *alias = NULL;
  VmRoomPeer *peer;

  if (!vm_room_read_name (json, "peerId", VM_SIGNAL_NAME_MAX, &alias, error))
    return FALSE;
  peer = add_peer (state, alias);
  if (peer)
    describe (signal, peer);
  return TRUE;
}

static gboolean
read_peer_left (
    State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  g_autofree gchar *alias = NULL;
  VmRoomPeer *peer;

  if (!vm_room_read_name (json, "peerId", VM_SIGNAL_NAME_MAX, &alias, error))
    return FALSE;
  peer = vm_room_peers_find_alias (state->peers, alias);
  if (!peer)
    return TRUE;
  signal->id = g_strdup (peer->id);
  vm_room_peers_remove (state->peers, signal->id);
  return TRUE;
}

static gboolean
read_forwarded (
    State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  g_autofree gchar *sender = NULL;
  VmRoomPeer *peer;

  if (!vm_room_read_object (json, signal, error)
      || !vm_room_read_name (
          json, "senderId", VM_SIGNAL_NAME_MAX, &sender, error))
    return FALSE;
  peer = vm_room_peers_find_alias (state->peers, sender);
  if (!peer)
    return TRUE;
  signal->from = g_strdup (peer->id);
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (state->peers, peer);
  vm_room_peer_stamp (peer, signal);
  return TRUE;
}

static gboolean
read_error (State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  if (vm_json_get (json, 0, "senderId") == VM_JSON_NONE) {
    vm_room_read_error_in (json, 0, signal);
    return TRUE;
  }
  vm_room_read_refusal_in (
      json, 0, "senderId", state->peers, signal, &signal->from);
  return TRUE;
}

/* What it is called from now on; `joined` says it again. */
static gboolean
read_id (State *state, const VmJson *json, VmSignal *signal, GError **error)
{
  g_autofree gchar *own = NULL;

  if (!vm_json_get_string (json, 0, "id", VM_SIGNAL_NAME_MAX, &own, error))
    return FALSE;
  if (own)
    vm_room_peers_set_own (state->peers, own);
  return TRUE;
}

static const struct
{
  const gchar *name;
  VmSignalType type;
  gboolean (*read) (
      State *state, const VmJson *json, VmSignal *signal, GError **error);
} types[] = {
  { "id", VM_SIGNAL_ACK, read_id },
  { "joined", VM_SIGNAL_WELCOME, read_joined },
  { "peer-joined", VM_SIGNAL_PARTICIPANT_JOINED, read_peer_joined },
  { "peer-left", VM_SIGNAL_PARTICIPANT_LEFT, read_peer_left },
  { "offer", VM_SIGNAL_OFFER, read_forwarded },
  { "answer", VM_SIGNAL_ANSWER, read_forwarded },
  { "ice-candidate", VM_SIGNAL_CANDIDATE, read_forwarded },
  { "error", VM_SIGNAL_ERROR, read_error },
};

/* Whether there is anything in it for the model. */
static gboolean
says_something (const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_ACK:
      return FALSE;
    case VM_SIGNAL_PARTICIPANT_JOINED:
      return signal->participants->len > 0;
    case VM_SIGNAL_PARTICIPANT_LEFT:
      return signal->id != NULL;
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return signal->from != NULL;
    case VM_SIGNAL_ERROR:
      return signal->code != NULL;
    default:
      return TRUE;
  }
}

static VmSignal *
parse (gpointer data, GBytes *message, GError **error)
{
  State *state = data;
  g_autoptr (VmSignal) signal = NULL;
  g_autofree gchar *name = NULL;
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);
  guint i = 0;
  VmJson json;

  if (!vm_json_read (&json, text ? text : "", size, error)
      || !vm_room_read_name (&json, "type", VM_SIGNAL_ID_MAX, &name, error))
    return NULL;
  while (i < G_N_ELEMENTS (types) && strcmp (types[i].name, name) != 0)
    i++;
  /* a server may say more than the room dialect knows */
  if (i == G_N_ELEMENTS (types)
      || (types[i].type == VM_SIGNAL_WELCOME && state->inside))
    return NULL;
  signal = vm_signal_new (types[i].type);
  signal->bytes = g_bytes_ref (message);
  if (!types[i].read (state, &json, signal, error) || !says_something (signal))
    return NULL;
  return g_steal_pointer (&signal);
}

/* Writing */

static gboolean
write_message (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      vm_json_append_member (out, "type", "join");
      vm_json_append_member (out, "roomId", signal->meeting);
      return TRUE;
    case VM_SIGNAL_BYE:
      vm_json_append_member (out, "type", "leave");
      return TRUE;
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return vm_room_append_forwarded (
          out, peers, signal, signal->to, "targetId");
    case VM_SIGNAL_ERROR:
      vm_json_append_member (out, "type", "error");
      vm_room_append_error (out, peers, signal, signal->to, "targetId");
      return TRUE;
    default:
      return FALSE;
  }
}

static GBytes *
format (gpointer data, const VmSignal *signal)
{
  State *state = data;

  return vm_room_format (state->peers, signal, write_message);
}

static gpointer
state_new (void)
{
  State *state = g_new0 (State, 1);

  state->peers = vm_room_peers_new ();
  return state;
}

static void
state_free (gpointer data)
{
  State *state = data;

  vm_room_peers_free (state->peers);
  g_free (state);
}

const VmDialect vm_dialect_room_client = {
  .name = "room",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .format = format,
};
