/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/room/roomwire.h"

#include <string.h>

static void
peer_free (gpointer data)
{
  VmRoomPeer *peer = data;

  vm_text_unshare (peer->id);
  vm_text_unshare (peer->alias);
  g_free (peer->session);
  g_free (peer);
}

VmRoomPeers *
vm_room_peers_new (void)
{
  VmRoomPeers *peers = g_new0 (VmRoomPeers, 1);

  peers->peers = g_ptr_array_new_with_free_func (peer_free);
  return peers;
}

void
vm_room_peers_free (VmRoomPeers *peers)
{
  g_ptr_array_unref (peers->peers);
  vm_text_unshare (peers->own);
  g_free (peers->room);
  g_free (peers->current);
  g_free (peers);
}

void
vm_room_peers_set_own (VmRoomPeers *peers, const gchar *alias)
{
  vm_text_unshare (peers->own);
  peers->own = vm_text_share (alias);
}

VmRoomPeer *
vm_room_peers_find (VmRoomPeers *peers, const gchar *id)
{
  for (guint i = 0; id && i < peers->peers->len; i++) {
    VmRoomPeer *peer = g_ptr_array_index (peers->peers, i);

    if (strcmp (peer->id, id) == 0)
      return peer;
  }
  return NULL;
}

VmRoomPeer *
vm_room_peers_find_alias (VmRoomPeers *peers, const gchar *alias)
{
  for (guint i = 0; alias && i < peers->peers->len; i++) {
    VmRoomPeer *peer = g_ptr_array_index (peers->peers, i);

    if (strcmp (peer->alias, alias) == 0)
      return peer;
  }
  return NULL;
}

VmRoomPeer *
vm_room_peers_add (VmRoomPeers *peers, const gchar *id, const gchar *alias)
{
  VmRoomPeer *peer;

  if (peers->peers->len >= VM_SIGNAL_ROSTER_MAX)
    return NULL;
  vm_room_peers_remove (peers, id);
  peer = g_new0 (VmRoomPeer, 1);
  peer->id = vm_text_share (id);
  peer->alias = vm_text_share (alias ? alias : id);
  peer->generation = -1;
  g_ptr_array_add (peers->peers, peer);
  return peer;
}

void
vm_room_peers_remove (VmRoomPeers *peers, const gchar *id)
{
  VmRoomPeer *peer = vm_room_peers_find (peers, id);

  if (peer)
    g_ptr_array_remove (peers->peers, peer);
}

/* Exchanges */

void
vm_room_peers_begin (VmRoomPeers *peers, VmRoomPeer *peer)
{
  g_free (peer->session);
  /* a peer that was said to leave and join is the same to who offers */
  peer->generation = ++peers->offers;
  peer->session = g_strdup_printf ("room-%" G_GINT64_FORMAT, peer->generation);
}

void
vm_room_peer_follow (VmRoomPeer *peer, const VmSignal *offer)
{
  g_free (peer->session);
  peer->session = vm_span_to_string (offer->session);
  peer->generation = offer->generation;
}

void
vm_room_peer_stamp (const VmRoomPeer *peer, VmSignal *signal)
{
  signal->generation = peer->generation;
  if (peer->session)
    vm_signal_set_text (signal, &signal->session, peer->session);
}

/* Objects */

static gboolean
bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s", key, what);
  return FALSE;
}

gboolean
vm_room_read_name (const VmJson *json, const gchar *key, gsize max,
    gchar **value, GError **error)
{
  if (!vm_json_get_string (json, 0, key, max, value, error))
    return FALSE;
  if (!*value || !**value)
    return bad (error, key, "is missing");
  return vm_text_is_name (*value, max)
         || bad (error, key, "has control characters");
}

static const gchar *
key_of (const VmSignal *signal)
{
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
      return "offer";
    case VM_SIGNAL_ANSWER:
      return "answer";
    default:
      return "candidate";
  }
}

static gboolean
read_description (
    const VmJson *json, VmJsonNode object, VmSignal *signal, GError **error)
{
  const gchar *key = key_of (signal);
  g_autofree gchar *type = NULL;

  if (!vm_json_get_span (
          json, object, "sdp", VM_JSON_STRING, &signal->sdp, error)
      || !vm_json_get_string (
          json, object, "type", VM_SIGNAL_ID_MAX, &type, error))
    return FALSE;
  if (!signal->sdp.size)
    return bad (error, key, "has no SDP");
  if (vm_span_string_exceeds (signal->sdp, VM_SIGNAL_SDP_MAX))
    return bad (error, "sdp", "is too long");
  return !type || strcmp (type, key) == 0
         || bad (error, key, "is of another type");
}

static gboolean
read_candidate (
    const VmJson *json, VmJsonNode object, VmSignal *signal, GError **error)
{
  if (!vm_json_get_span (
          json, object, "candidate", VM_JSON_STRING, &signal->candidate, error)
      || !vm_json_get_span (
          json, object, "sdpMid", VM_JSON_STRING, &signal->sdp_mid, error)
      || !vm_json_get_int (json, object, "sdpMLineIndex", 0, 1023,
          &signal->sdp_mline_index, error))
    return FALSE;
  if (vm_span_string_exceeds (signal->candidate, VM_SIGNAL_CANDIDATE_MAX))
    return bad (error, "candidate", "is too long");
  return !vm_span_string_exceeds (signal->sdp_mid, VM_SIGNAL_SESSION_MAX)
         || bad (error, "sdpMid", "is too long");
}

/* What a browser's handler is given after the last candidate is null; a page
 * that sends it means that there are no more. */
static gboolean
is_end (const VmJson *json, VmJsonNode object, const VmSignal *signal)
{
  return signal->type == VM_SIGNAL_CANDIDATE && object != VM_JSON_NONE
         && vm_json_type (json, object) == VM_JSON_NULL;
}

gboolean
vm_room_read_object_in (
    const VmJson *json, VmJsonNode node, VmSignal *signal, GError **error)
{
  const gchar *key = key_of (signal);
  VmJsonNode object = vm_json_get (json, node, key);

  if (object == VM_JSON_NONE)
    return bad (error, key, "is missing");
  signal->object = vm_json_span (json, object);
  if (!is_end (json, object, signal)) {
    if (vm_json_type (json, object) != VM_JSON_OBJECT)
      return bad (error, key, "is no object");
    if (!(signal->type == VM_SIGNAL_CANDIDATE
                ? read_candidate (json, object, signal, error)
                : read_description (json, object, signal, error)))
      return FALSE;
  }
  if (signal->type == VM_SIGNAL_CANDIDATE && !signal->candidate.size)
    vm_signal_set_text (signal, &signal->candidate, "");
  return TRUE;
}

gboolean
vm_room_read_object (const VmJson *json, VmSignal *signal, GError **error)
{
  return vm_room_read_object_in (json, 0, signal, error);
}

void
vm_room_read_error_in (const VmJson *json, VmJsonNode node, VmSignal *signal)
{
  vm_json_get_string (
      json, node, "code", VM_SIGNAL_ID_MAX, &signal->code, NULL);
  vm_json_get_string (
      json, node, "message", VM_SIGNAL_MESSAGE_MAX, &signal->message, NULL);
  if (signal->message
      && !vm_text_is_name (signal->message, VM_SIGNAL_MESSAGE_MAX))
    g_clear_pointer (&signal->message, g_free);
  if (signal->code && !vm_text_is_name (signal->code, VM_SIGNAL_ID_MAX))
    g_clear_pointer (&signal->code, g_free);
  if (!signal->code)
    signal->code = g_strdup (vm_error_to_code (VM_ERROR_FAILED));
}

gboolean
vm_room_read_refusal_in (const VmJson *json, VmJsonNode node, const gchar *key,
    VmRoomPeers *peers, VmSignal *signal, gchar **id)
{
  g_autofree gchar *alias = NULL;
  VmRoomPeer *peer;

  if (!vm_json_get_string (json, node, key, VM_SIGNAL_NAME_MAX, &alias, NULL)
      || !alias)
    return FALSE;
  peer = vm_room_peers_find_alias (peers, alias);
  if (!peer)
    return FALSE;
  vm_room_read_error_in (json, node, signal);
  g_free (*id);
  *id = g_strdup (peer->id);
  return TRUE;
}

void
vm_room_append_error (GString *out, VmRoomPeers *peers, const VmSignal *signal,
    const gchar *id, const gchar *key)
{
  VmRoomPeer *peer = id ? vm_room_peers_find (peers, id) : NULL;

  vm_json_append_member (out, "code", signal->code);
  vm_json_append_member (out, "message", signal->message);
  if (peer)
    vm_json_append_member (out, key, peer->alias);
}

gboolean
vm_room_has_object (const VmSignal *signal)
{
  return signal->object.size
         || (signal->type == VM_SIGNAL_CANDIDATE
                 ? vm_span_string_size (signal->candidate) > 0
                 : signal->sdp.size > 0);
}

/* A page hands it to RTCIceCandidate, which wants one of sdpMid and
 * sdpMLineIndex; all is in one bundle, so the first will do. */
static void
append_candidate (GString *out, const VmSignal *signal)
{
  vm_json_append_span (out, "candidate", signal->candidate);
  vm_json_append_span (out, "sdpMid", signal->sdp_mid);
  if (signal->sdp_mline_index >= 0 || !signal->sdp_mid.size)
    vm_json_append_int (out, "sdpMLineIndex", MAX (signal->sdp_mline_index, 0));
}

void
vm_room_append_object (GString *out, const VmSignal *signal)
{
  const gchar *key = key_of (signal);

  if (signal->object.size) {
    vm_json_append_span (out, key, signal->object);
    return;
  }
  vm_json_append_key (out, key);
  g_string_append_c (out, '{');
  if (signal->type == VM_SIGNAL_CANDIDATE) {
    append_candidate (out, signal);
  } else {
    vm_json_append_member (out, "type", key);
    vm_json_append_span (out, "sdp", signal->sdp);
  }
  g_string_append_c (out, '}');
}

/* Writing */

VmRoomPeer *
vm_room_append_content (GString *out, VmRoomPeers *peers,
    const VmSignal *signal, const gchar *id, const gchar *key)
{
  VmRoomPeer *peer = vm_room_peers_find (peers, id);

  if (!peer || !vm_room_has_object (signal))
    return NULL;
  if (signal->type == VM_SIGNAL_OFFER)
    vm_room_peer_follow (peer, signal);
  vm_room_append_object (out, signal);
  vm_json_append_member (out, key, peer->alias);
  return peer;
}

gboolean
vm_room_append_forwarded (GString *out, VmRoomPeers *peers,
    const VmSignal *signal, const gchar *id, const gchar *key)
{
  vm_json_append_member (out, "type",
      signal->type == VM_SIGNAL_CANDIDATE
          ? "ice-candidate"
          : vm_signal_type_to_string (signal->type));
  return vm_room_append_content (out, peers, signal, id, key) != NULL;
}

GBytes *
vm_room_format (VmRoomPeers *peers, const VmSignal *signal, VmRoomWrite write)
{
  g_autoptr (GString) out =
      g_string_sized_new (256 + signal->sdp.size + signal->object.size);

  g_string_append_c (out, '{');
  if (!write (out, peers, signal))
    return NULL;
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (g_steal_pointer (&out));
}
