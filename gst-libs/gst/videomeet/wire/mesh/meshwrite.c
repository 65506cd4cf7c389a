/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clients of the mesh are told (protocol/mesh.md#mesh-messages,
 * protocol/mesh.md#codes), members in its order. */

#include "wire/mesh/mesh.h"

#include <string.h>

GString *
vm_mesh_begin (const VmMeshEnvelope *envelope, const gchar *type)
{
  GString *out = g_string_sized_new (512);

  g_string_append_c (out, '{');
  vm_json_append_member (out, "type", type);
  vm_json_append_member (out, "id", envelope->id);
  vm_json_append_member (out, "timestamp", envelope->time);
  vm_json_append_member (out, "from", envelope->from);
  vm_json_append_member (out, "to", envelope->to);
  vm_json_append_key (out, "payload");
  g_string_append_c (out, '{');
  return out;
}

GBytes *
vm_mesh_end (GString *out)
{
  g_string_append (out, "}}");
  return g_string_free_to_bytes (out);
}

GBytes *
vm_mesh_write_welcome (
    const VmMeshEnvelope *envelope, const gchar *peer_id, const gchar *user_id)
{
  GString *out = vm_mesh_begin (envelope, "system.welcome");

  vm_json_append_member (out, "peer_id", peer_id);
  vm_json_append_member (out, "user_id", user_id);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_joined (const VmMeshEnvelope *envelope, const gchar *room_id,
    const VmMeshJoined *joined)
{
  GString *out = vm_mesh_begin (envelope, "room.joined");

  vm_json_append_member (out, "peer_id", joined->peer_id);
  vm_json_append_member (out, "role", joined->role);
  vm_json_append_member (out, "room_id", room_id);
  vm_json_append_member (out, "user", joined->user);
  if (joined->terminal)
    vm_json_append_boolean (out, "terminal", TRUE);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_presence (
    const VmMeshEnvelope *envelope, const gchar *peer_id, const gchar *status)
{
  GString *out = vm_mesh_begin (envelope, "presence.update");

  vm_json_append_member (out, "peer_id", peer_id);
  vm_json_append_member (out, "status", status);
  return vm_mesh_end (out);
}

static GBytes *
write_chat (const VmMeshEnvelope *envelope, const VmSignal *signal)
{
  GString *out = vm_mesh_begin (envelope, "chat.message.created");

  vm_json_append_member (
      out, "message_id", signal->id ? signal->id : envelope->id);
  vm_json_append_member (out, "from", envelope->from);
  vm_json_append_member (out, "content", signal->text);
  return vm_mesh_end (out);
}

static const gchar *
rtc_type (VmSignalType type)
{
  return type == VM_SIGNAL_OFFER    ? "rtc.offer"
         : type == VM_SIGNAL_ANSWER ? "rtc.answer"
                                    : "rtc.ice";
}

GBytes *
vm_mesh_write_passed (const VmMeshEnvelope *envelope,
    const VmMeshMessage *message, const VmMeshAuth *auth)
{
  const VmSignal *signal = message->signal;
  GString *out = vm_mesh_begin (envelope, rtc_type (signal->type));

  vm_json_append_member (out, "room_id", message->room_id);
  vm_json_append_member (out, "target_peer_id", envelope->to);
  if (signal->type == VM_SIGNAL_CANDIDATE)
    vm_room_append_object (out, signal);
  else
    vm_json_append_span (out, "sdp", signal->sdp);
  vm_json_append_member (out, "identity", message->identity);
  if (auth) {
    vm_json_append_key (out, "auth");
    g_string_append_c (out, '{');
    vm_json_append_member (out, "user_id", auth->user_id);
    vm_json_append_member (out, "user", auth->user);
    vm_json_append_member (out, "cap_token", message->cap_token);
    g_string_append_c (out, '}');
  }
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_terminal_started (const VmMeshEnvelope *envelope,
    const gchar *room_id, const gchar *device_id, const gchar *user)
{
  GString *out = vm_mesh_begin (envelope, "terminal.share.started");

  vm_json_append_member (out, "room_id", room_id);
  vm_json_append_member (out, "device_id", device_id);
  vm_json_append_member (out, "user", user);
  return vm_mesh_end (out);
}

/* The sender's capability stays behind: it is nobody else's. */
static GBytes *
write_rtc (const VmMeshEnvelope *envelope, VmRoomPeers *peers,
    const gchar *room_id, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (peers, signal->from);
  GString *out;

  if (!peer || !vm_room_has_object (signal))
    return NULL;
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peer_follow (peer, signal);
  out = vm_mesh_begin (envelope, rtc_type (signal->type));
  vm_json_append_member (out, "room_id", room_id);
  vm_json_append_member (out, "target_peer_id", envelope->to);
  if (signal->type == VM_SIGNAL_CANDIDATE)
    vm_room_append_object (out, signal);
  else
    vm_json_append_span (out, "sdp", signal->sdp);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_signal (const VmMeshEnvelope *envelope, VmRoomPeers *peers,
    const gchar *room_id, const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
      return write_rtc (envelope, peers, room_id, signal);
    case VM_SIGNAL_CHAT:
      return signal->text ? write_chat (envelope, signal) : NULL;
    default:
      return NULL;
  }
}

const gchar *
vm_mesh_code (const GError *error)
{
  if (error->domain != VM_ERROR)
    return vm_error_to_code (VM_ERROR_FAILED);
  switch (error->code) {
    case VM_ERROR_MEETING_NOT_FOUND:
      return "ROOM_NOT_FOUND";
    case VM_ERROR_MEETING_FULL:
      return "ROOM_FULL";
    default:
      return vm_error_to_code (error->code);
  }
}

GBytes *
vm_mesh_write_error (const VmMeshEnvelope *envelope, const GError *error,
    const gchar *in_reply_to)
{
  GString *out = vm_mesh_begin (envelope, "error");

  vm_json_append_member (out, "code", vm_mesh_code (error));
  vm_json_append_member (out, "message", error->message);
  vm_json_append_member (out, "in_reply_to", in_reply_to);
  return vm_mesh_end (out);
}

static void
append_address (GString *out, const VmMeshEndpoint *endpoint)
{
  g_string_append_c (out, '{');
  vm_json_append_member (out, "ip", endpoint->ip);
  vm_json_append_int (out, "port", endpoint->port);
}

void
vm_mesh_append_endpoints (
    GString *out, const gchar *key, const GPtrArray *endpoints)
{
  vm_json_append_key (out, key);
  g_string_append_c (out, '[');
  for (guint i = 0; i < endpoints->len; i++) {
    const VmMeshEndpoint *endpoint = g_ptr_array_index (endpoints, i);

    if (i)
      g_string_append_c (out, ',');
    append_address (out, endpoint);
    vm_json_append_member (out, "type", endpoint->reflexive ? "srflx" : "host");
    g_string_append_c (out, '}');
  }
  g_string_append_c (out, ']');
}

/* The base protocol's one address, and all. */
static void
append_side (GString *out, const gchar *key, const GPtrArray *endpoints)
{
  vm_json_append_key (out, key);
  append_address (out, g_ptr_array_index (endpoints, 0));
  vm_mesh_append_endpoints (out, "candidates", endpoints);
  g_string_append_c (out, '}');
}

static void
append_auth (GString *out, const VmMeshCreated *created)
{
  vm_json_append_key (out, "auth");
  g_string_append_c (out, '{');
  vm_json_append_member (out, "session_token", created->session_token);
  vm_json_append_member (out, "fingerprint", created->fingerprint);
  vm_json_append_member (out, "cap_token", created->cap_token);
  vm_json_append_member (out, "device_id", created->device_id);
  vm_json_append_member (out, "peer_id", created->peer_id);
  vm_json_append_member (out, "device", created->device);
  vm_json_append_member (out, "user_id", created->user_id);
  vm_json_append_member (out, "user", created->user);
  vm_json_append_member (out, "certificate", created->certificate);
  vm_json_append_member (
      out, "fingerprint_signature", created->fingerprint_signature);
  if (created->gathers)
    vm_json_append_boolean (out, "gathers", TRUE);
  g_string_append_c (out, '}');
}

GBytes *
vm_mesh_write_created (
    const VmMeshEnvelope *envelope, const VmMeshCreated *created)
{
  GString *out = vm_mesh_begin (envelope, "p2p.session.created");

  vm_json_append_member (out, "session_id", created->session_id);
  vm_json_append_member (out, "kind", vm_mesh_kind_to_string (created->kind));
  vm_json_append_int (out, "expires_in", created->expires_in);
  append_auth (out, created);
  vm_json_append_key (out, "endpoints");
  g_string_append_c (out, '{');
  append_side (out, "a", created->a);
  append_side (out, "b", created->b);
  g_string_append_c (out, '}');
  vm_json_append_member (out, "relay_ticket", created->relay_ticket);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_about (
    const VmMeshEnvelope *envelope, const gchar *word, const VmMeshAbout *about)
{
  g_autofree gchar *type = g_strconcat ("p2p.session.", word, NULL);
  GString *out = vm_mesh_begin (envelope, type);

  vm_json_append_member (out, "session_id", about->session_id);
  if (about->candidates)
    vm_mesh_append_endpoints (out, "candidates", about->candidates);
  vm_json_append_member (out, "cap_token", about->cap_token);
  vm_json_append_member (out, "relay_ticket", about->relay_ticket);
  vm_json_append_member (out, "code", about->code);
  vm_json_append_member (out, "message", about->reason);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_terminal (const VmMeshEnvelope *envelope, const gchar *word,
    const gchar *room_id, const gchar *device_id, const gchar *peer_id,
    gint64 expires_in)
{
  g_autofree gchar *type = g_strconcat ("terminal.control.", word, NULL);
  GString *out = vm_mesh_begin (envelope, type);

  vm_json_append_member (out, "room_id", room_id);
  vm_json_append_member (out, "target_device_id", device_id);
  vm_json_append_member (out, "peer_id", peer_id);
  if (expires_in >= 0)
    vm_json_append_int (out, "expires_in", expires_in);
  return vm_mesh_end (out);
}
