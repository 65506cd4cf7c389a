/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect as a server speaks it (protocol/rooms.md#room-messages).
 * Clients are named when they connect, before there is a room; the names of the
 * model's seats stay inside. */

#include "wire/dialect.h"
#include "wire/room/roomwire.h"

#include <string.h>

static gboolean
read_join (const VmJson *json, VmSignal *signal, GError **error)
{
  return vm_room_read_name (
      json, "roomId", VM_SIGNAL_NAME_MAX, &signal->meeting, error);
}

/* An offer, an answer or a candidate for one other client. */
static gboolean
read_forwarded (
    const VmJson *json, VmRoomPeers *peers, VmSignal *signal, GError **error)
{
  g_autofree gchar *target = NULL;
  VmRoomPeer *peer;

  /* of a call, whose dialect this connection does not speak
   * (protocol/calls.md#registration) */
  if (vm_json_get (json, 0, "toId") != VM_JSON_NONE) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "A message has either \"toId\" or \"targetId\"");
    return FALSE;
  }
  if (!vm_room_read_object (json, signal, error)
      || !vm_room_read_name (
          json, "targetId", VM_SIGNAL_NAME_MAX, &target, error))
    return FALSE;
  peer = vm_room_peers_find_alias (peers, target);
  if (!peer) {
    /* nobody: the room model says so */
    signal->to = g_steal_pointer (&target);
    return TRUE;
  }
  signal->to = g_strdup (peer->id);
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (peers, peer);
  vm_room_peer_stamp (peer, signal);
  return TRUE;
}

static gboolean
read_fields (
    const VmJson *json, VmRoomPeers *peers, VmSignal *signal, GError **error)
{
  switch (signal->type) {
    case VM_SIGNAL_HELLO:
      return read_join (json, signal, error);
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return read_forwarded (json, peers, signal, error);
    case VM_SIGNAL_ERROR:
      /* never an error for an error */
      vm_room_read_refusal_in (json, 0, "targetId", peers, signal, &signal->to);
      return TRUE;
    default:
      return TRUE;
  }
}

static const struct
{
  const gchar *name;
  VmSignalType type;
} types[] = {
  { "join", VM_SIGNAL_HELLO },
  { "leave", VM_SIGNAL_BYE },
  { "offer", VM_SIGNAL_OFFER },
  { "answer", VM_SIGNAL_ANSWER },
  { "ice-candidate", VM_SIGNAL_CANDIDATE },
  { "error", VM_SIGNAL_ERROR },
};

static gboolean
read_type (const VmJson *json, VmSignalType *type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!vm_room_read_name (json, "type", VM_SIGNAL_ID_MAX, &name, error))
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, name) == 0) {
      *type = types[i].type;
      return TRUE;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "\"%s\" names no message that a client sends", name);
  return FALSE;
}

static VmSignal *
parse (gpointer state, GBytes *message, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);
  VmSignalType type;
  VmJson json;

  if (!vm_json_read (&json, data ? data : "", size, error)
      || !read_type (&json, &type, error))
    return NULL;
  signal = vm_signal_new (type);
  signal->bytes = g_bytes_ref (message);
  if (!read_fields (&json, state, signal, error))
    return NULL;
  return g_steal_pointer (&signal);
}

/* Writing */

static const gchar *
alias_of (VmRoomPeers *peers, const gchar *id)
{
  VmRoomPeer *peer = vm_room_peers_find (peers, id);

  return peer ? peer->alias : id;
}

static void
write_joined (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  g_ptr_array_set_size (peers->peers, 0);
  vm_json_append_member (out, "type", "joined");
  vm_json_append_member (out, "roomId", signal->meeting);
  vm_json_append_member (out, "peerId", peers->own ? peers->own : signal->id);
  vm_json_append_key (out, "peers");
  g_string_append_c (out, '[');
  for (guint i = 0; i < signal->participants->len; i++) {
    const VmSignalParticipant *who =
        g_ptr_array_index (signal->participants, i);
    VmRoomPeer *peer = vm_room_peers_add (peers, who->id, who->alias);

    if (!peer)
      break;
    if (i)
      g_string_append_c (out, ',');
    vm_json_append_string (out, peer->alias);
  }
  g_string_append_c (out, ']');
}

static gboolean
write_peer_joined (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  const VmSignalParticipant *who =
      signal->participants->len ? g_ptr_array_index (signal->participants, 0)
                                : NULL;
  VmRoomPeer *peer =
      who ? vm_room_peers_add (peers, who->id, who->alias) : NULL;

  if (!peer)
    return FALSE;
  vm_json_append_member (out, "type", "peer-joined");
  vm_json_append_member (out, "peerId", peer->alias);
  return TRUE;
}

static void
write_peer_left (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  vm_json_append_member (out, "type", "peer-left");
  vm_json_append_member (out, "peerId", alias_of (peers, signal->id));
  vm_room_peers_remove (peers, signal->id);
}

static gboolean
write_message (GString *out, VmRoomPeers *peers, const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_WELCOME:
      write_joined (out, peers, signal);
      return TRUE;
    case VM_SIGNAL_PARTICIPANT_JOINED:
      return write_peer_joined (out, peers, signal);
    case VM_SIGNAL_PARTICIPANT_LEFT:
      write_peer_left (out, peers, signal);
      return TRUE;
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return vm_room_append_forwarded (
          out, peers, signal, signal->from, "senderId");
    case VM_SIGNAL_ERROR:
      vm_json_append_member (out, "type", "error");
      vm_room_append_error (out, peers, signal, signal->from, "senderId");
      return TRUE;
    default:
      return FALSE;
  }
}

static GBytes *
format (gpointer state, const VmSignal *signal)
{
  return vm_room_format (state, signal, write_message);
}

GBytes *
vm_dialect_room_greet (gpointer state, const gchar *id)
{
  VmRoomPeers *peers = state;
  GString *out = g_string_new ("{");

  vm_room_peers_set_own (peers, id);
  vm_json_append_member (out, "type", "id");
  vm_json_append_member (out, "id", id);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
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

const VmDialect vm_dialect_room = {
  .name = "room",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .format = format,
};
