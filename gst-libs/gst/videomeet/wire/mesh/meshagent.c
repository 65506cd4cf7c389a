/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/mesh/meshagent.h"

#include <string.h>

static const gchar *const types[VM_MESH_NEWS_N_TYPES] = {
  [VM_MESH_NEWS_OTHER] = "",
  [VM_MESH_NEWS_WELCOME] = "system.welcome",
  [VM_MESH_NEWS_JOINED] = "room.joined",
  [VM_MESH_NEWS_PRESENCE] = "presence.update",
  [VM_MESH_NEWS_CREATED] = "p2p.session.created",
  [VM_MESH_NEWS_CANDIDATES] = "p2p.session.candidates",
  [VM_MESH_NEWS_RENEWED] = "p2p.session.renewed",
  [VM_MESH_NEWS_RELAY] = "p2p.session.relay",
  [VM_MESH_NEWS_DENIED] = "p2p.session.denied",
  [VM_MESH_NEWS_REVOKED] = "p2p.session.revoked",
  [VM_MESH_NEWS_OFFER] = "rtc.offer",
  [VM_MESH_NEWS_ICE] = "rtc.ice",
  [VM_MESH_NEWS_GRANTED] = "terminal.control.granted",
  [VM_MESH_NEWS_REFUSED] = "terminal.control.denied",
  [VM_MESH_NEWS_RELEASED] = "terminal.control.release",
  [VM_MESH_NEWS_ERROR] = "error",
};

void
vm_mesh_news_free (VmMeshNews *news)
{
  g_free (news->peer_id);
  g_free (news->room_id);
  g_free (news->role);
  g_free (news->user);
  g_free (news->status);
  g_free (news->code);
  g_free (news->message);
  g_free (news->in_reply_to);
  g_free (news->from);
  g_free (news->sdp);
  g_free (news->candidate);
  g_free (news->session_id);
  g_free (news->target_device_id);
  g_free (news->session_token);
  g_free (news->cap_token);
  g_free (news->relay_ticket);
  g_free (news->fingerprint);
  g_free (news->device_id);
  g_free (news->device);
  g_free (news->user_id);
  g_free (news->certificate);
  g_free (news->fingerprint_signature);
  g_ptr_array_unref (news->a);
  g_ptr_array_unref (news->b);
  g_ptr_array_unref (news->candidates);
  g_free (news);
}

static gboolean
bad (GError **error, const gchar *key, const gchar *what)
{
  g_set_error (
      error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "The field \"%s\" %s", key, what);
  return FALSE;
}

static gboolean
read_text (const VmJson *json, VmJsonNode node, const gchar *key, gchar **value,
    GError **error)
{
  if (!vm_json_get_string (json, node, key, VM_SIGNAL_NAME_MAX, value, error))
    return FALSE;
  return !*value || vm_text_is_label (*value, VM_SIGNAL_NAME_MAX)
         || bad (error, key, "has control or invisible characters");
}

/* One that must be there. */
static gboolean
need (const gchar *value, const gchar *key, GError **error)
{
  return (value && *value) || bad (error, key, "is missing");
}

static gboolean
read_auth (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  VmJsonNode auth = vm_json_get (json, payload, "auth");

  if (auth == VM_JSON_NONE || vm_json_type (json, auth) != VM_JSON_OBJECT)
    return bad (error, "auth", "is missing, or no object");
  return read_text (json, auth, "session_token", &news->session_token, error)
         && read_text (json, auth, "fingerprint", &news->fingerprint, error)
         && vm_json_get_string (
             json, auth, "cap_token", VM_JSON_SIZE_MAX, &news->cap_token, error)
         && read_text (json, auth, "device_id", &news->device_id, error)
         && read_text (json, auth, "peer_id", &news->peer_id, error)
         && read_text (json, auth, "device", &news->device, error)
         && read_text (json, auth, "user_id", &news->user_id, error)
         && read_text (json, auth, "user", &news->user, error)
         && vm_json_get_string (json, auth, "certificate",
             VM_MESH_CERTIFICATE_MAX, &news->certificate, error)
         && read_text (json, auth, "fingerprint_signature",
             &news->fingerprint_signature, error)
         && vm_json_get_boolean (json, auth, "gathers", &news->gathers, error)
         && need (news->session_token, "session_token", error);
}

/* The base protocol's one address where there are no candidates. */
static gboolean
read_side (const VmJson *json, VmJsonNode endpoints, const gchar *key,
    GPtrArray *list, GError **error)
{
  VmJsonNode side = vm_json_get (json, endpoints, key);
  g_autofree gchar *ip = NULL;
  gint64 port = 0;

  if (side == VM_JSON_NONE || vm_json_type (json, side) != VM_JSON_OBJECT)
    return bad (error, key, "is missing, or no object");
  if (!vm_mesh_read_endpoints (json, side, "candidates", list, error))
    return FALSE;
  if (list->len)
    return TRUE;
  if (!read_text (json, side, "ip", &ip, error)
      || !vm_json_get_int (json, side, "port", 1, 65535, &port, error))
    return FALSE;
  if (!ip || !g_hostname_is_ip_address (ip) || !port)
    return bad (error, key, "has no address");
  g_ptr_array_add (list, vm_mesh_endpoint_new (ip, (guint16) port, FALSE));
  return TRUE;
}

static gboolean
read_created (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  VmJsonNode endpoints = vm_json_get (json, payload, "endpoints");
  g_autofree gchar *kind = NULL;

  if (!read_text (json, payload, "kind", &kind, error)
      || !vm_json_get_int (
          json, payload, "expires_in", 1, 86400, &news->expires_in, error)
      || !read_text (json, payload, "relay_ticket", &news->relay_ticket, error)
      || !read_auth (json, payload, news, error)
      || !read_side (json, endpoints, "a", news->a, error)
      || !read_side (json, endpoints, "b", news->b, error))
    return FALSE;
  if (!vm_mesh_kind_from_string (kind, &news->kind))
    return bad (error, "kind", "is none of file, folder and terminal");
  return news->expires_in || bad (error, "expires_in", "is missing");
}

static gboolean
read_control (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  return read_text (
             json, payload, "target_device_id", &news->target_device_id, error)
         && vm_json_get_int (
             json, payload, "expires_in", 0, 86400, &news->expires_in, error)
         && need (news->target_device_id, "target_device_id", error)
         && need (news->peer_id, "peer_id", error);
}

static gboolean
read_offer (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  VmJsonNode auth = vm_json_get (json, payload, "auth");

  return vm_json_get_string (
             json, payload, "sdp", VM_SIGNAL_SDP_MAX, &news->sdp, error)
         && need (news->sdp, "sdp", error)
         /* none: of a page that calls, which is not for agents */
         && (auth == VM_JSON_NONE
             || (vm_json_get_string (json, auth, "cap_token", VM_JSON_SIZE_MAX,
                     &news->cap_token, error)
                 && read_text (json, auth, "user_id", &news->user_id, error)
                 && read_text (json, auth, "user", &news->user, error)));
}

static gboolean
read_ice (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  VmJsonNode candidate = vm_json_get (json, payload, "candidate");
  gint64 mline = 0;

  if (candidate == VM_JSON_NONE
      || vm_json_type (json, candidate) != VM_JSON_OBJECT)
    return bad (error, "candidate", "is missing, or no object");
  if (!vm_json_get_string (json, candidate, "candidate",
          VM_SIGNAL_CANDIDATE_MAX, &news->candidate, error)
      || !vm_json_get_int (json, candidate, "sdpMLineIndex", 0,
          VM_MESH_MLINES_MAX - 1, &mline, error))
    return FALSE;
  news->mline = (guint) mline;
  return news->candidate || bad (error, "candidate", "says none");
}

static gboolean
read_common (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  return read_text (json, payload, "peer_id", &news->peer_id, error)
         && read_text (json, payload, "room_id", &news->room_id, error)
         && read_text (json, payload, "role", &news->role, error)
         && read_text (json, payload, "user", &news->user, error)
         && read_text (json, payload, "status", &news->status, error)
         && read_text (json, payload, "code", &news->code, error)
         && vm_json_get_string (json, payload, "message", VM_MESH_REASON_MAX,
             &news->message, error)
         && read_text (json, payload, "in_reply_to", &news->in_reply_to, error)
         && read_text (json, payload, "session_id", &news->session_id, error);
}

static gboolean
read_rest (
    const VmJson *json, VmJsonNode payload, VmMeshNews *news, GError **error)
{
  switch (news->type) {
    case VM_MESH_NEWS_JOINED:
    case VM_MESH_NEWS_PRESENCE:
      return need (news->peer_id, "peer_id", error);
    case VM_MESH_NEWS_CREATED:
      return need (news->session_id, "session_id", error)
             && read_created (json, payload, news, error);
    case VM_MESH_NEWS_CANDIDATES:
      return need (news->session_id, "session_id", error)
             && vm_mesh_read_endpoints (
                 json, payload, "candidates", news->candidates, error);
    case VM_MESH_NEWS_RENEWED:
      return need (news->session_id, "session_id", error)
             && vm_json_get_string (json, payload, "cap_token",
                 VM_JSON_SIZE_MAX, &news->cap_token, error)
             && need (news->cap_token, "cap_token", error);
    case VM_MESH_NEWS_RELAY:
      return need (news->session_id, "session_id", error)
             && read_text (
                 json, payload, "relay_ticket", &news->relay_ticket, error)
             && need (news->relay_ticket, "relay_ticket", error);
    case VM_MESH_NEWS_OFFER:
      return need (news->from, "from", error)
             && read_offer (json, payload, news, error);
    case VM_MESH_NEWS_ICE:
      return need (news->from, "from", error)
             && read_ice (json, payload, news, error);
    case VM_MESH_NEWS_GRANTED:
    case VM_MESH_NEWS_REFUSED:
    case VM_MESH_NEWS_RELEASED:
      return read_control (json, payload, news, error);
    case VM_MESH_NEWS_DENIED:
    case VM_MESH_NEWS_REVOKED:
      return need (news->session_id, "session_id", error);
    default:
      return TRUE;
  }
}

VmMeshNews *
vm_mesh_news_read (GBytes *bytes, GError **error)
{
  g_autoptr (VmMeshNews) news = g_new0 (VmMeshNews, 1);
  g_autofree gchar *type = NULL;
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  VmJsonNode payload;
  VmJson json;

  news->a = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  news->b = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  news->candidates = g_ptr_array_new_with_free_func (vm_mesh_endpoint_free);
  if (!vm_json_read_relayed (&json, data ? data : "", size, error)
      || !read_text (&json, 0, "type", &type, error)
      || !need (type, "type", error)
      || !read_text (&json, 0, "from", &news->from, error))
    return NULL;
  for (guint i = 1; i < VM_MESH_NEWS_N_TYPES; i++) {
    if (strcmp (types[i], type) == 0)
      news->type = i;
  }
  if (news->type == VM_MESH_NEWS_OTHER)
    return g_steal_pointer (&news);
  payload = vm_json_get (&json, 0, "payload");
  if (payload == VM_JSON_NONE
      || vm_json_type (&json, payload) != VM_JSON_OBJECT) {
    bad (error, "payload", "is missing, or no object");
    return NULL;
  }
  if (!read_common (&json, payload, news, error)
      || !read_rest (&json, payload, news, error))
    return NULL;
  return g_steal_pointer (&news);
}

/* Writing */

GBytes *
vm_mesh_write_agent_hello (
    const VmMeshEnvelope *envelope, const VmMeshAgentHello *hello)
{
  GString *out = vm_mesh_begin (envelope, "system.hello");

  vm_json_append_member (out, "peer_type", "agent");
  vm_json_append_member (out, "version", hello->version);
  vm_json_append_member (out, "device_id", hello->device_id);
  vm_json_append_member (out, "device", hello->device);
  vm_json_append_member (out, "instance", hello->instance);
  vm_mesh_append_endpoints (out, "endpoints", hello->endpoints);
  vm_json_append_member (out, "fingerprint", hello->fingerprint);
  vm_json_append_member (out, "certificate", hello->certificate);
  vm_json_append_member (
      out, "fingerprint_signature", hello->fingerprint_signature);
  vm_json_append_boolean (out, "gathers", TRUE);
  if (hello->terminal)
    vm_json_append_boolean (out, "terminal", TRUE);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_join (const VmMeshEnvelope *envelope, const gchar *room)
{
  GString *out = vm_mesh_begin (envelope, "room.join");

  vm_json_append_member (out, "room_id", room);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_request (
    const VmMeshEnvelope *envelope, const VmMeshAgentRequest *request)
{
  GString *out = vm_mesh_begin (envelope, "p2p.session.request");

  vm_json_append_member (out, "room_id", request->room_id);
  vm_json_append_member (out, "target_device_id", request->target_device_id);
  vm_json_append_member (out, "kind", vm_mesh_kind_to_string (request->kind));
  vm_json_append_member (out, "cap_token", request->cap_token);
  vm_json_append_key (out, "meta");
  g_string_append_c (out, '{');
  vm_json_append_member (out, "name", request->name);
  if (request->size >= 0)
    vm_json_append_int (out, "size", request->size);
  g_string_append_c (out, '}');
  vm_mesh_append_endpoints (out, "candidates", request->candidates);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_report (
    const VmMeshEnvelope *envelope, const gchar *room, const gchar *session_id)
{
  GString *out = vm_mesh_begin (
      envelope, session_id ? "share.completed" : "terminal.share.started");

  vm_json_append_member (out, "room_id", room);
  vm_json_append_member (out, "session_id", session_id);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_control (const VmMeshEnvelope *envelope, const gchar *room,
    const gchar *target, const gchar *cap_token)
{
  GString *out = vm_mesh_begin (envelope,
      cap_token ? "terminal.control.take" : "terminal.control.release");

  vm_json_append_member (out, "room_id", room);
  vm_json_append_member (out, "target_device_id", target);
  vm_json_append_member (out, "cap_token", cap_token);
  return vm_mesh_end (out);
}

static GString *
begin_rtc (const VmMeshEnvelope *envelope, const gchar *type, const gchar *room,
    const gchar *page)
{
  GString *out = vm_mesh_begin (envelope, type);

  vm_json_append_member (out, "room_id", room);
  vm_json_append_member (out, "target_peer_id", page);
  return out;
}

GBytes *
vm_mesh_write_agent_answer (const VmMeshEnvelope *envelope, const gchar *room,
    const gchar *page, const gchar *sdp, const gchar *identity)
{
  GString *out = begin_rtc (envelope, "rtc.answer", room, page);

  vm_json_append_member (out, "sdp", sdp);
  vm_json_append_member (out, "identity", identity);
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_candidate (const VmMeshEnvelope *envelope,
    const gchar *room, const gchar *page, guint mline, const gchar *candidate)
{
  GString *out = begin_rtc (envelope, "rtc.ice", room, page);

  vm_json_append_key (out, "candidate");
  g_string_append_c (out, '{');
  vm_json_append_member (out, "candidate", candidate);
  vm_json_append_int (out, "sdpMLineIndex", mline);
  g_string_append_c (out, '}');
  return vm_mesh_end (out);
}

GBytes *
vm_mesh_write_agent_refusal (
    const VmMeshEnvelope *envelope, const gchar *page, const GError *why)
{
  GString *out = vm_mesh_begin (envelope, "error");

  vm_json_append_member (out, "target_peer_id", page);
  vm_json_append_member (out, "code", vm_mesh_code (why));
  vm_json_append_member (out, "message", why->message);
  return vm_mesh_end (out);
}
