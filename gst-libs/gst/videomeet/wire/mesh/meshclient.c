/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* protocol/mesh.md#mesh-messages as a client speaks them with somebody else's
 * server (protocol/mesh.md). */

#include "wire/mesh/meshclient.h"
#include "wire/mesh/mesh.h"
#include "wire/room/roomview.h"

#include <string.h>

#define SERVER "server"
#define NOBODY_YET "client" /* `from` before there is a peer_id */

typedef struct
{
  VmRoomView view;
  gchar *version;
  gchar *cap_token;
  gboolean waits;
  gsize held; /* bytes of what has come meanwhile */
  gchar *status; /* that was said last, or NULL */
  VmMeshStampFunc stamp;
  gpointer user_data;
} State;

/* A message that is read. */
typedef struct
{
  const VmJson *json;
  VmJsonNode payload;
  gchar *from;
  GBytes *bytes;
} Message;

static gboolean
bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s", key, what);
  return FALSE;
}

/* Writing */

static GString *
begin (State *state, const gchar *type, const gchar *to)
{
  g_autofree gchar *id = NULL, *time = NULL;
  VmMeshEnvelope envelope = { .to = to };
  const gchar *own = state->view.peers->own;

  state->stamp (&id, &time, state->user_data);
  envelope.id = id;
  envelope.time = time;
  envelope.from = own ? own : NOBODY_YET;
  return vm_mesh_begin (&envelope, type);
}

static GBytes *
write_hello (State *state)
{
  GString *out = begin (state, "system.hello", SERVER);

  vm_json_append_member (out, "peer_type", "client");
  vm_json_append_member (out, "version", state->version);
  return vm_mesh_end (out);
}

static GBytes *
write_join (State *state)
{
  GString *out = begin (state, "room.join", SERVER);

  vm_json_append_member (out, "room_id", state->view.peers->room);
  return vm_mesh_end (out);
}

/* The dialect has three words; what else is said here is not said there. */
static GBytes *
write_presence (State *state, const VmSignal *signal)
{
  static const gchar *const words[] = { "online", "busy", "sharing", NULL };
  const gchar *status =
      signal->status && g_strv_contains (words, signal->status) ? signal->status
                                                                : words[0];
  /* who comes takes everybody for online */
  const gchar *known = state->status && !signal->to ? state->status : words[0];
  GString *out;

  if (strcmp (status, known) == 0)
    return NULL;
  g_free (state->status);
  state->status = g_strdup (status);
  out = begin (state, "presence.update", state->view.peers->room);
  vm_json_append_member (out, "peer_id", state->view.peers->own);
  vm_json_append_member (out, "status", status);
  return vm_mesh_end (out);
}

static GBytes *
write_chat (State *state, const VmSignal *signal)
{
  GString *out;

  /* there is none for one alone */
  if (signal->to || !signal->text)
    return NULL;
  out = begin (state, "chat.message.send", state->view.peers->room);
  vm_json_append_member (out, "room_id", state->view.peers->room);
  vm_json_append_member (out, "content", signal->text);
  return vm_mesh_end (out);
}

static GBytes *
write_rtc (State *state, const VmSignal *signal, const gchar *type)
{
  VmRoomPeer *peer = vm_room_peers_find (state->view.peers, signal->to);
  GString *out;

  if (!peer || !vm_room_has_object (signal))
    return NULL;
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peer_follow (peer, signal);
  out = begin (state, type, peer->alias);
  vm_json_append_member (out, "room_id", state->view.peers->room);
  vm_json_append_member (out, "target_peer_id", peer->alias);
  if (signal->type == VM_SIGNAL_CANDIDATE)
    vm_room_append_object (out, signal);
  else
    vm_json_append_span (out, "sdp", signal->sdp);
  vm_json_append_member (out, "cap_token", state->cap_token);
  return vm_mesh_end (out);
}

static GBytes *
write_error (State *state, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (state->view.peers, signal->to);
  GString *out;

  if (!peer)
    return NULL;
  out = begin (state, "error", peer->alias);
  vm_room_append_error (
      out, state->view.peers, signal, signal->to, "target_peer_id");
  return vm_mesh_end (out);
}

static GBytes *
format (gpointer data, const VmSignal *signal)
{
  State *state = data;

  if (signal->type == VM_SIGNAL_HELLO) {
    g_free (state->view.peers->room);
    state->view.peers->room = g_strdup (signal->meeting);
    return write_hello (state);
  }
  if (!state->view.inside)
    return NULL;
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
      return write_rtc (state, signal, "rtc.offer");
    case VM_SIGNAL_ANSWER:
      return write_rtc (state, signal, "rtc.answer");
    case VM_SIGNAL_CANDIDATE:
      return write_rtc (state, signal, "rtc.ice");
    case VM_SIGNAL_CHAT:
      return write_chat (state, signal);
    case VM_SIGNAL_PRESENCE:
      return write_presence (state, signal);
    case VM_SIGNAL_ERROR:
      return write_error (state, signal);
    default:
      return NULL;
  }
}

/* Reading */

/* A member of the payload that must be a name. */
static gboolean
read_name (
    const Message *message, const gchar *key, gchar **value, GError **error)
{
  if (!vm_json_get_string (message->json, message->payload, key,
          VM_SIGNAL_NAME_MAX, value, error))
    return FALSE;
  if (!*value || !**value)
    return bad (error, key, "is missing");
  return vm_text_is_label (*value, VM_SIGNAL_NAME_MAX)
         || bad (error, key, "has control or invisible characters");
}

static gboolean
is_own (State *state, const gchar *id)
{
  return g_strcmp0 (id, state->view.peers->own) == 0;
}

static gboolean
take_welcome (State *state, const Message *message, GError **error)
{
  g_autofree gchar *own = NULL;

  if (state->view.peers->own) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The server has said welcome before");
    return FALSE;
  }
  if (!read_name (message, "peer_id", &own, error))
    return FALSE;
  vm_room_peers_set_own (state->view.peers, own);
  vm_room_view_reply (&state->view, write_join (state));
  return TRUE;
}

/* Whoever comes says so itself; of who is there the server says so. */
static gboolean
take_joined (State *state, const Message *message, GError **error)
{
  g_autofree gchar *id = NULL;
  g_autofree gchar *role = NULL;

  if (!read_name (message, "peer_id", &id, error)
      || !vm_json_get_string (message->json, message->payload, "role",
          VM_SIGNAL_NAME_MAX, &role, error))
    return FALSE;
  if (is_own (state, id)) {
    if (!state->view.inside)
      vm_room_view_tell_welcome (&state->view, NULL);
  } else if (state->view.inside && g_strcmp0 (role, "agent") != 0
             && !vm_room_peers_find_alias (state->view.peers, id)) {
    vm_room_view_tell_joined (
        &state->view, id, g_strcmp0 (message->from, id) != 0);
  }
  return TRUE;
}

static gboolean
take_presence (State *state, const Message *message, GError **error)
{
  g_autofree gchar *id = NULL, *status = NULL;
  VmRoomPeer *peer;
  VmSignal *presence;

  if (!read_name (message, "peer_id", &id, error)
      || !read_name (message, "status", &status, error))
    return FALSE;
  peer = vm_room_peers_find_alias (state->view.peers, id);
  if (!peer)
    return TRUE;
  if (strcmp (status, "offline") == 0) {
    vm_room_view_tell_left (&state->view, peer);
    return TRUE;
  }
  presence = vm_room_view_tell (&state->view, VM_SIGNAL_PRESENCE);
  presence->from = g_strdup (peer->id);
  presence->status = g_steal_pointer (&status);
  return TRUE;
}

static gboolean
take_chat (State *state, const Message *message, GError **error)
{
  g_autofree gchar *from = NULL, *text = NULL, *id = NULL, *time = NULL;
  VmRoomPeer *peer;
  VmSignal *chat;

  if (!vm_json_get_string (message->json, message->payload, "content",
          VM_SIGNAL_CHAT_MAX, &text, error)
      || !read_name (message, "from", &from, error))
    return FALSE;
  if (!text || !*text || !vm_text_is_lines (text, VM_SIGNAL_CHAT_MAX))
    return bad (error, "content", "is missing, or no text");
  /* what cannot be read of these is made here */
  vm_json_get_string (message->json, message->payload, "message_id",
      VM_SIGNAL_ID_MAX, &id, NULL);
  vm_json_get_string (
      message->json, 0, "timestamp", VM_SIGNAL_TIME_MAX, &time, NULL);
  /* its own too is told to who said it */
  peer = vm_room_peers_find_alias (state->view.peers, from);
  if (!peer)
    return TRUE;
  chat = vm_room_view_tell (&state->view, VM_SIGNAL_CHAT);
  chat->from = g_strdup (peer->id);
  chat->text = g_steal_pointer (&text);
  if (id && *id && vm_text_is_name (id, VM_SIGNAL_ID_MAX))
    chat->id = g_steal_pointer (&id);
  if (time && vm_text_is_name (time, VM_SIGNAL_TIME_MAX))
    chat->time = g_steal_pointer (&time);
  return TRUE;
}

static gboolean
take_rtc (
    State *state, const Message *message, VmSignalType type, GError **error)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);
  g_autofree gchar *target = NULL;
  VmRoomPeer *peer;

  signal->bytes = g_bytes_ref (message->bytes);
  if (!vm_json_get_string (message->json, message->payload, "target_peer_id",
          VM_SIGNAL_NAME_MAX, &target, error)
      || !(type == VM_SIGNAL_CANDIDATE ? vm_room_read_object_in (
               message->json, message->payload, signal, error)
                                       : vm_mesh_read_sdp (message->json,
                                           message->payload, signal, error)))
    return FALSE;
  if (!message->from)
    return bad (error, "from", "is missing");
  if (!state->view.inside || (target && !is_own (state, target))
      || is_own (state, message->from))
    return TRUE;
  peer = vm_room_peers_find_alias (state->view.peers, message->from);
  /* who was there, at a server that does not say so */
  if (!peer && type == VM_SIGNAL_OFFER)
    peer = vm_room_view_tell_joined (&state->view, message->from, TRUE);
  if (peer)
    vm_room_view_tell_content (&state->view, peer, g_steal_pointer (&signal));
  return TRUE;
}

static gboolean
take_offer (State *state, const Message *message, GError **error)
{
  return take_rtc (state, message, VM_SIGNAL_OFFER, error);
}

static gboolean
take_answer (State *state, const Message *message, GError **error)
{
  return take_rtc (state, message, VM_SIGNAL_ANSWER, error);
}

static gboolean
take_ice (State *state, const Message *message, GError **error)
{
  return take_rtc (state, message, VM_SIGNAL_CANDIDATE, error);
}

/* What is called a room there is a meeting here. */
static gboolean
take_error (State *state, const Message *message, GError **error)
{
  static const struct
  {
    const gchar *theirs;
    VmError ours;
  } codes[] = {
    { "ROOM_NOT_FOUND", VM_ERROR_MEETING_NOT_FOUND },
    { "ROOM_FULL", VM_ERROR_MEETING_FULL },
  };
  VmSignal *signal = vm_room_view_tell (&state->view, VM_SIGNAL_ERROR);
  VmRoomPeer *peer = message->from ? vm_room_peers_find_alias (
                         state->view.peers, message->from)
                                   : NULL;

  signal->from = peer ? g_strdup (peer->id) : NULL;
  vm_room_read_error_in (message->json, message->payload, signal);
  for (guint i = 0; i < G_N_ELEMENTS (codes); i++) {
    if (strcmp (signal->code, codes[i].theirs) == 0) {
      g_free (signal->code);
      signal->code = g_strdup (vm_error_to_code (codes[i].ours));
    }
  }
  return TRUE;
}

static const struct
{
  const gchar *name;
  gboolean (*take) (State *state, const Message *message, GError **error);
} types[] = {
  { "system.welcome", take_welcome },
  { "room.joined", take_joined },
  { "presence.update", take_presence },
  { "chat.message.created", take_chat },
  { "rtc.offer", take_offer },
  { "rtc.answer", take_answer },
  { "rtc.ice", take_ice },
  { "error", take_error },
};

static gboolean
take_message (State *state, Message *message, GError **error)
{
  g_autofree gchar *name = NULL;
  g_autofree gchar *from = NULL;

  if (!vm_room_read_name (message->json, "type", VM_SIGNAL_ID_MAX, &name, error)
      || !vm_json_get_string (
          message->json, 0, "from", VM_SIGNAL_NAME_MAX, &from, error))
    return FALSE;
  if (from && *from && vm_text_is_name (from, VM_SIGNAL_NAME_MAX))
    message->from = from;
  message->payload = vm_json_get (message->json, 0, "payload");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (strcmp (types[i].name, name) == 0)
      return types[i].take (state, message, error);
  }
  /* of agents, or more than the mesh dialect knows */
  return TRUE;
}

static VmSignal *
more (gpointer data)
{
  State *state = data;

  return vm_mesh_client_wants_capability (state)
             ? NULL
             : vm_room_view_take_signal (&state->view);
}

static GBytes *
next_reply (gpointer data)
{
  return vm_room_view_take_reply (&((State *) data)->view);
}

/* Of a server that says more than that to whom it has given no capability,
 * nothing is told but this. */
static void
count_held (State *state, gsize size)
{
  if (!vm_mesh_client_wants_capability (state))
    return;
  state->held += size;
  if (state->held <= VM_MESH_CLIENT_HELD_MAX)
    return;
  state->waits = FALSE;
  g_queue_clear_full (&state->view.signals, (GDestroyNotify) vm_signal_unref);
  vm_room_view_tell_error (&state->view, VM_ERROR_RATE_LIMITED,
      "The server says more than 1 MiB before it gives a capability");
}

static VmSignal *
parse (gpointer data, GBytes *bytes, GError **error)
{
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  Message message = { .bytes = bytes };
  VmJson json;

  message.json = &json;
  if (!vm_json_read (&json, text ? text : "", size, error)
      || !take_message (data, &message, error))
    return NULL;
  count_held (data, size);
  return more (data);
}

/* Capabilities */

void
vm_mesh_client_configure (gpointer data, const VmMeshClientConfig *config)
{
  State *state = data;

  state->version = g_strdup (config->version);
  state->cap_token = g_strdup (config->cap_token);
  state->waits = config->waits;
  state->stamp = config->stamp;
  state->user_data = config->user_data;
}

gboolean
vm_mesh_client_wants_capability (gpointer data)
{
  State *state = data;

  return state->view.inside && state->waits;
}

void
vm_mesh_client_set_capability (gpointer data, const gchar *cap_token)
{
  State *state = data;

  g_free (state->cap_token);
  state->cap_token = g_strdup (cap_token);
  state->waits = FALSE;
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
  g_free (state->version);
  g_free (state->cap_token);
  g_free (state->status);
  g_free (state);
}

const VmDialect vm_dialect_mesh_client = {
  .name = "mesh",
  .state_new = state_new,
  .state_free = state_free,
  .parse = parse,
  .more = more,
  .reply = next_reply,
  .format = format,
};
