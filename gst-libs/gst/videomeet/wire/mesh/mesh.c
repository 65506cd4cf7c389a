/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What clients of the mesh say (protocol/mesh.md#mesh-messages,
 * protocol/mesh.md#terminal-control). */

#include "wire/mesh/mesh.h"

#include <string.h>

/* What a message must have beside its type. */
typedef enum
{
  ROOM = 1 << 0,
  PEER = 1 << 1,
  DEVICE = 1 << 2,
  SESSION = 1 << 3,
} Needs;

static const struct
{
  const gchar *name;
  Needs needs;
  gboolean signal; /* the model has it, as: */
  VmSignalType as;
} types[VM_MESH_N_TYPES] = {
  [VM_MESH_HELLO] = { "system.hello" },
  [VM_MESH_ROOM_JOIN] = { "room.join", ROOM },
  [VM_MESH_PRESENCE] = { "presence.update", 0, TRUE, VM_SIGNAL_PRESENCE },
  [VM_MESH_CHAT] = { "chat.message.send", ROOM, TRUE, VM_SIGNAL_CHAT },
  [VM_MESH_OFFER] = { "rtc.offer", ROOM | PEER, TRUE, VM_SIGNAL_OFFER },
  [VM_MESH_ANSWER] = { "rtc.answer", ROOM | PEER, TRUE, VM_SIGNAL_ANSWER },
  [VM_MESH_ICE] = { "rtc.ice", ROOM | PEER, TRUE, VM_SIGNAL_CANDIDATE },
  [VM_MESH_P2P_REQUEST] = { "p2p.session.request", ROOM | DEVICE },
  [VM_MESH_P2P_CANDIDATES] = { "p2p.session.candidates", SESSION },
  [VM_MESH_P2P_RENEW] = { "p2p.session.renew", SESSION },
  [VM_MESH_P2P_RELAY] = { "p2p.session.relay", SESSION },
  [VM_MESH_P2P_DENIED] = { "p2p.session.denied", SESSION },
  [VM_MESH_P2P_CLOSED] = { "p2p.session.closed", SESSION },
  [VM_MESH_TERMINAL_TAKE] = { "terminal.control.take", ROOM | DEVICE },
  [VM_MESH_TERMINAL_RELEASE] = { "terminal.control.release", ROOM | DEVICE },
  [VM_MESH_SHARE_COMPLETED] = { "share.completed", ROOM },
  [VM_MESH_TERMINAL_STARTED] = { "terminal.share.started", ROOM },
  [VM_MESH_ERROR] = { "error" },
};

static const gchar *const kinds[VM_MESH_N_KINDS] = { "file", "folder",
  "terminal" };

const gchar *
vm_mesh_type_to_string (VmMeshType type)
{
  return type < VM_MESH_N_TYPES ? types[type].name : "";
}

const gchar *
vm_mesh_kind_to_string (VmMeshKind kind)
{
  return kind < VM_MESH_N_KINDS ? kinds[kind] : "";
}

gboolean
vm_mesh_kind_from_string (const gchar *name, VmMeshKind *kind)
{
  for (guint i = 0; name && i < VM_MESH_N_KINDS; i++) {
    if (strcmp (kinds[i], name) == 0) {
      *kind = i;
      return TRUE;
    }
  }
  return FALSE;
}

void
vm_mesh_endpoint_free (gpointer data)
{
  VmMeshEndpoint *endpoint = data;

  g_free (endpoint->ip);
  g_free (endpoint);
}

VmMeshEndpoint *
vm_mesh_endpoint_new (const gchar *ip, guint16 port, gboolean reflexive)
{
  VmMeshEndpoint *endpoint = g_new (VmMeshEndpoint, 1);

  *endpoint = (VmMeshEndpoint){ g_strdup (ip), port, reflexive };
  return endpoint;
}

/* "::ffff:127.0.0.1" is the address that is inside. */
static GInetAddress *
parse_address (const gchar *ip)
{
  static const guint8 mapped[12] = { [10] = 0xff, [11] = 0xff };
  GInetAddress *address = g_inet_address_new_from_string (ip);
  const guint8 *bytes;
  GInetAddress *inner;

  if (!address || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return address;
  bytes = g_inet_address_to_bytes (address);
  if (memcmp (bytes, mapped, sizeof mapped) != 0)
    return address;
  inner = g_inet_address_new_from_bytes (
      bytes + sizeof mapped, G_SOCKET_FAMILY_IPV4);
  g_object_unref (address);
  return inner;
}

gboolean
vm_mesh_endpoint_is_usable (
    const VmMeshEndpoint *endpoint, gboolean own_machine)
{
  g_autoptr (GInetAddress) address = parse_address (endpoint->ip);
  const guint8 *bytes;

  if (!address || !endpoint->port || g_inet_address_get_is_any (address)
      || g_inet_address_get_is_multicast (address))
    return FALSE;
  if (g_inet_address_get_is_loopback (address))
    return own_machine;
  if (g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV4)
    return TRUE;
  /* RFC 1122 §3.2.1.3: "this" network, and limited broadcast; RFC 1112 §4:
   * class E */
  bytes = g_inet_address_to_bytes (address);
  return bytes[0] != 0 && bytes[0] < 240;
}

gboolean
vm_mesh_fingerprint_read (
    const gchar *text, guint8 fingerprint[VM_MESH_FINGERPRINT_SIZE])
{
  guint n = 0;

  for (; text && *text && n < VM_MESH_FINGERPRINT_SIZE; n++, text += 2) {
    if (n && *text == ':')
      text++;
    if (!g_ascii_isxdigit (text[0]) || !g_ascii_isxdigit (text[1]))
      return FALSE;
    fingerprint[n] = (guint8) (g_ascii_xdigit_value (text[0]) * 16
                               + g_ascii_xdigit_value (text[1]));
  }
  return n == VM_MESH_FINGERPRINT_SIZE && !*text;
}

void
vm_mesh_message_free (VmMeshMessage *message)
{
  g_free (message->room_id);
  g_free (message->target_peer_id);
  g_free (message->target_device_id);
  g_free (message->cap_token);
  g_free (message->session_id);
  g_free (message->version);
  g_free (message->device_id);
  g_free (message->fingerprint);
  g_free (message->device);
  g_free (message->instance);
  g_free (message->certificate);
  g_free (message->fingerprint_signature);
  g_free (message->code);
  g_free (message->reason);
  g_free (message->identity);
  g_ptr_array_unref (message->endpoints);
  g_ptr_array_unref (message->candidates);
  g_clear_pointer (&message->signal, vm_signal_unref);
  g_free (message);
}

static gboolean
bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s", key, what);
  return FALSE;
}

/* A member of the object @node: a name, or nothing. */
static gboolean
read_name (const VmJson *json, VmJsonNode node, const gchar *key, gsize max,
    gchar **value, GError **error)
{
  if (!vm_json_get_string (json, node, key, max, value, error))
    return FALSE;
  if (*value && !vm_text_is_label (*value, max))
    return bad (error, key, "has control or invisible characters");
  if (*value && !**value)
    g_clear_pointer (value, g_free);
  return TRUE;
}

/* system.hello */

static gboolean
read_endpoint (const VmJson *json, VmJsonNode node, const gchar *key,
    GPtrArray *endpoints, GError **error)
{
  g_autofree gchar *ip = NULL, *type = NULL;
  gint64 port = 0;

  if (vm_json_type (json, node) != VM_JSON_OBJECT
      || !vm_json_get_string (json, node, "ip", 64, &ip, NULL)
      || !vm_json_get_int (json, node, "port", 1, 65535, &port, NULL) || !port
      || !vm_json_get_string (json, node, "type", VM_SIGNAL_ID_MAX, &type, NULL)
      || !ip || !g_hostname_is_ip_address (ip))
    return bad (error, key, "holds what is no address and port");
  g_ptr_array_add (endpoints, vm_mesh_endpoint_new (ip, (guint16) port,
                                  g_strcmp0 (type, "srflx") == 0));
  return TRUE;
}

gboolean
vm_mesh_read_endpoints (const VmJson *json, VmJsonNode payload,
    const gchar *key, GPtrArray *endpoints, GError **error)
{
  VmJsonNode array = vm_json_get (json, payload, key);

  if (array == VM_JSON_NONE)
    return TRUE;
  if (vm_json_type (json, array) != VM_JSON_ARRAY
      || vm_json_length (json, array) > VM_MESH_ENDPOINTS_MAX)
    return bad (error, key, "is no list, or has more than 8");
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    if (!read_endpoint (json, e, key, endpoints, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_word (const gchar *text)
{
  while (g_ascii_isalnum (*text))
    text++;
  return !*text;
}

static gboolean
read_hello (const VmJson *json, VmJsonNode payload, VmMeshMessage *message,
    GError **error)
{
  g_autofree gchar *kind = NULL;

  if (!read_name (json, payload, "peer_type", VM_SIGNAL_ID_MAX, &kind, error)
      || !read_name (
          json, payload, "version", VM_SIGNAL_ID_MAX, &message->version, error)
      || !read_name (json, payload, "device_id", VM_SIGNAL_NAME_MAX,
          &message->device_id, error)
      || !read_name (json, payload, "fingerprint", VM_MESH_FINGERPRINT_MAX,
          &message->fingerprint, error)
      || !read_name (
          json, payload, "device", VM_SIGNAL_NAME_MAX, &message->device, error)
      || !read_name (json, payload, "instance", VM_MESH_INSTANCE_MAX,
          &message->instance, error)
      || !vm_json_get_string (json, payload, "certificate",
          VM_MESH_CERTIFICATE_MAX, &message->certificate, error)
      || !read_name (json, payload, "fingerprint_signature",
          VM_MESH_FINGERPRINT_MAX, &message->fingerprint_signature, error)
      || !vm_json_get_boolean (
          json, payload, "gathers", &message->gathers, error)
      || !vm_json_get_boolean (
          json, payload, "terminal", &message->terminal, error)
      || !vm_mesh_read_endpoints (
          json, payload, "endpoints", message->endpoints, error))
    return FALSE;
  message->agent = g_strcmp0 (kind, "agent") == 0;
  if (!message->agent && g_strcmp0 (kind, "client") != 0)
    return bad (error, "peer_type", "is neither client nor agent");
  if (message->instance && !is_word (message->instance))
    return bad (error, "instance", "is not of letters and digits");
  return !message->agent || message->device_id
         || bad (error, "device_id", "is missing");
}

/* What the model has */

static gboolean
read_presence (
    const VmJson *json, VmJsonNode payload, VmSignal *signal, GError **error)
{
  static const gchar *const words[] = { "online", "busy", "sharing", NULL };

  return read_name (json, payload, "status", VM_SIGNAL_NAME_MAX,
             &signal->status, error)
         && ((signal->status && g_strv_contains (words, signal->status))
             || bad (error, "status", "is none of online, busy and sharing"));
}

static gboolean
read_chat (
    const VmJson *json, VmJsonNode payload, VmSignal *signal, GError **error)
{
  return vm_json_get_string (
             json, payload, "content", VM_SIGNAL_CHAT_MAX, &signal->text, error)
         && ((signal->text && *signal->text
                 && vm_text_is_lines (signal->text, VM_SIGNAL_CHAT_MAX))
             || bad (error, "content", "is missing, or no text"));
}

gboolean
vm_mesh_read_sdp (
    const VmJson *json, VmJsonNode payload, VmSignal *signal, GError **error)
{
  if (!vm_json_get_span (
          json, payload, "sdp", VM_JSON_STRING, &signal->sdp, error))
    return FALSE;
  if (!vm_span_string_size (signal->sdp))
    return bad (error, "sdp", "is missing");
  return !vm_span_string_exceeds (signal->sdp, VM_SIGNAL_SDP_MAX)
         || bad (error, "sdp", "is too long");
}

/* As JSON.stringify writes RTCSessionDescription, which pages of other dialects
 * are given: so an offer of a page is told from one of a device, too. */
static void
make_object (VmMeshType type, VmSignal *signal)
{
  GString *out = g_string_sized_new (64 + signal->sdp.size);

  g_string_append_c (out, '{');
  vm_json_append_member (
      out, "type", type == VM_MESH_OFFER ? "offer" : "answer");
  vm_json_append_span (out, "sdp", signal->sdp);
  g_string_append_c (out, '}');
  vm_signal_take_object (signal, out);
}

/* Whoever is not in the room is nobody: the room model says so. */
static void
address (VmRoomPeers *peers, const VmMeshMessage *message)
{
  VmSignal *signal = message->signal;
  VmRoomPeer *peer = vm_room_peers_find_alias (peers, message->target_peer_id);

  signal->to = g_strdup (peer ? peer->id : message->target_peer_id);
  if (!peer)
    return;
  if (message->type == VM_MESH_OFFER)
    vm_room_peers_begin (peers, peer);
  vm_room_peer_stamp (peer, signal);
}

static gboolean
read_signal (const VmJson *json, VmJsonNode payload, VmRoomPeers *peers,
    VmMeshMessage *message, GBytes *bytes, GError **error)
{
  VmSignal *signal = vm_signal_new (types[message->type].as);
  gboolean good;

  message->signal = signal;
  signal->bytes = g_bytes_ref (bytes);
  switch (message->type) {
    case VM_MESH_PRESENCE:
      return read_presence (json, payload, signal, error);
    case VM_MESH_CHAT:
      return read_chat (json, payload, signal, error);
    case VM_MESH_ICE:
      good = vm_room_read_object_in (json, payload, signal, error);
      break;
    default:
      good = vm_mesh_read_sdp (json, payload, signal, error)
             && vm_json_get_string (json, payload, "identity",
                 VM_MESH_IDENTITY_MAX, &message->identity, error);
      if (good)
        make_object (message->type, signal);
  }
  if (good)
    address (peers, message);
  return good;
}

/* The envelope */

static gboolean
read_request (const VmJson *json, VmJsonNode payload, VmMeshMessage *message,
    GError **error)
{
  VmJsonNode meta = vm_json_get (json, payload, "meta");
  g_autofree gchar *kind = NULL;

  if (!read_name (json, payload, "kind", VM_SIGNAL_ID_MAX, &kind, error)
      || !vm_json_get_int (
          json, meta, "size", 0, VM_SIGNAL_INT_MAX, &message->size, error)
      || !vm_mesh_read_endpoints (
          json, payload, "candidates", message->candidates, error))
    return FALSE;
  return vm_mesh_kind_from_string (kind, &message->kind)
         || bad (error, "kind", "is none of file, folder and terminal");
}

static gboolean
read_denial (const VmJson *json, VmJsonNode payload, VmMeshMessage *message,
    GError **error)
{
  return read_name (
             json, payload, "code", VM_MESH_CODE_MAX, &message->code, error)
         && vm_json_get_string (json, payload, "message", VM_MESH_REASON_MAX,
             &message->reason, error)
         && (!message->reason
             || vm_text_is_name (message->reason, VM_MESH_REASON_MAX)
             || bad (error, "message", "has control characters"));
}

static gboolean
read_type (const VmJson *json, VmMeshType *type, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!read_name (json, 0, "type", VM_SIGNAL_ID_MAX, &name, error))
    return FALSE;
  if (!name)
    return bad (error, "type", "is missing");
  for (guint i = 0; i < VM_MESH_N_TYPES; i++) {
    if (strcmp (types[i].name, name) == 0) {
      *type = i;
      return TRUE;
    }
  }
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "\"%s\" names no message that a client sends", name);
  return FALSE;
}

/* A payload without a target has it in the envelope. */
static gboolean
read_addresses (const VmJson *json, VmJsonNode payload, VmMeshMessage *message,
    GError **error)
{
  Needs needs = types[message->type].needs;
  g_autofree gchar *to = NULL;
  gchar **target = needs & PEER     ? &message->target_peer_id
                   : needs & DEVICE ? &message->target_device_id
                                    : NULL;

  if (!read_name (json, 0, "to", VM_SIGNAL_NAME_MAX, &to, error)
      || !read_name (json, payload, "room_id", VM_SIGNAL_NAME_MAX,
          &message->room_id, error)
      || !read_name (json, payload, "target_peer_id", VM_SIGNAL_NAME_MAX,
          &message->target_peer_id, error)
      || !read_name (json, payload, "target_device_id", VM_SIGNAL_NAME_MAX,
          &message->target_device_id, error)
      || !read_name (json, payload, "session_id", VM_SIGNAL_NAME_MAX,
          &message->session_id, error)
      || !vm_json_get_string (json, payload, "cap_token", VM_JSON_SIZE_MAX,
          &message->cap_token, error))
    return FALSE;
  if (target && !*target)
    *target = g_steal_pointer (&to);
  if (needs & ROOM && !message->room_id)
    return bad (error, "room_id", "is missing");
  if (target && !*target)
    return bad (error, needs & PEER ? "target_peer_id" : "target_device_id",
        "is missing");
  if (needs & SESSION && !message->session_id)
    return bad (error, "session_id", "is missing");
  return TRUE;
}

/* Of what another participant has sent; never an error for an error. */
static void
read_refusal (const VmJson *json, VmJsonNode payload, VmRoomPeers *peers,
    VmMeshMessage *message)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_ERROR);

  if (payload == VM_JSON_NONE || vm_json_type (json, payload) != VM_JSON_OBJECT)
    return;
  if (vm_room_read_refusal_in (
          json, payload, "target_peer_id", peers, signal, &signal->to))
    message->signal = g_steal_pointer (&signal);
  if (!read_name (json, payload, "target_peer_id", VM_SIGNAL_NAME_MAX,
          &message->target_peer_id, NULL)
      || !read_denial (json, payload, message, NULL))
    g_clear_pointer (&message->target_peer_id, g_free);
}

static gboolean
read_payload (const VmJson *json, VmRoomPeers *peers, VmMeshMessage *message,
    GBytes *bytes, GError **error)
{
  VmJsonNode payload = vm_json_get (json, 0, "payload");

  if (message->type == VM_MESH_ERROR) {
    read_refusal (json, payload, peers, message);
    return TRUE;
  }
  if (payload == VM_JSON_NONE || vm_json_type (json, payload) != VM_JSON_OBJECT)
    return bad (error, "payload", "is missing, or no object");
  if (!read_addresses (json, payload, message, error))
    return FALSE;
  if (message->type == VM_MESH_HELLO)
    return read_hello (json, payload, message, error);
  if (message->type == VM_MESH_P2P_REQUEST)
    return read_request (json, payload, message, error);
  if (message->type == VM_MESH_P2P_CANDIDATES)
    return vm_mesh_read_endpoints (
        json, payload, "candidates", message->candidates, error);
  if (message->type == VM_MESH_P2P_DENIED)
    return read_denial (json, payload, message, error);
  return !types[message->type].signal
         || read_signal (json, payload, peers, message, bytes, error);
}

VmMeshMessage *
vm_mesh_read (VmRoomPeers *peers, GBytes *bytes, gchar **id, GError **error)
{
  g_autoptr (VmMeshMessage) message = g_new0 (VmMeshMessage, 1);
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  VmJson json;

  message->endpoints = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  message->candidates = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  message->size = -1;
  if (!vm_json_read (&json, data ? data : "", size, error)
      || !read_name (&json, 0, "id", VM_SIGNAL_ID_MAX, id, error)
      || !read_type (&json, &message->type, error)
      || !read_payload (&json, peers, message, bytes, error))
    return NULL;
  return g_steal_pointer (&message);
}

/* Screens */

/* Whether the values of a=content: have "slides". */
static gboolean
says_slides (const gchar *line)
{
  g_auto (GStrv) values = NULL;

  if (!g_str_has_prefix (line, "a=content:"))
    return FALSE;
  values = g_strsplit (line + strlen ("a=content:"), ",", 16);
  for (guint i = 0; values[i]; i++) {
    if (strcmp (g_strstrip (values[i]), "slides") == 0)
      return TRUE;
  }
  return FALSE;
}

/* Of a media description: whether it is an accepted picture, and is sent. */
typedef struct
{
  gboolean picture, sent;
} Section;

static void
read_direction (const gchar *line, gboolean *sent)
{
  if (strcmp (line, "a=recvonly") == 0 || strcmp (line, "a=inactive") == 0)
    *sent = FALSE;
  else if (strcmp (line, "a=sendrecv") == 0 || strcmp (line, "a=sendonly") == 0)
    *sent = TRUE;
}

/* @line is a media line; @sent: what the description says for all. */
static Section
read_media (const gchar *line, gboolean sent)
{
  gboolean picture = g_str_has_prefix (line, "m=video ")
                     && !g_str_has_prefix (line, "m=video 0 ");

  return (Section){ picture, sent };
}

gboolean
vm_mesh_has_screen (VmSpan sdp)
{
  g_autofree gchar *text = vm_span_to_string (sdp);
  gboolean sent = TRUE, media = FALSE;
  Section section = { FALSE, FALSE };
  guint pictures = 0;
  gchar *line = text;

  while (line && *line) {
    gchar *end = line + strcspn (line, "\r\n");
    gchar *next = end + strspn (end, "\r\n");

    *end = '\0';
    if (g_str_has_prefix (line, "m=")) {
      pictures += section.picture && section.sent;
      section = read_media (line, sent);
      media = TRUE;
    } else if (section.picture && says_slides (line)) {
      return TRUE;
    } else {
      read_direction (line, media ? &section.sent : &sent);
    }
    line = next;
  }
  return pictures + (section.picture && section.sent) > 1;
}
