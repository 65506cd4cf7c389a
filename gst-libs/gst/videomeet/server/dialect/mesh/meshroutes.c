/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mesh over HTTP: /v2/… (protocol/mesh.md#requests). */

#include "server/dialect/mesh/mesh-priv.h"
#include "base/vmerror-priv.h"
#include "base/json/json.h"
#include "base/text.h"
#include "server/access/admit.h"
#include "server/access/clientkey.h"
#include "server/http/response.h"

#include <openssl/crypto.h>
#include <string.h>

#define SESSIONS "/v2/sessions"
#define ROOMS "/v2/rooms"
#define KEYS "/v2/keys"
#define CAPABILITIES "/capabilities"
#define BEARER "Bearer "

/* Answers */

static int
reply_error (VmConn *conn, const GError *error)
{
  GString *text = g_string_new ("{\"error\":{");
  g_autoptr (GBytes) body = NULL;
  /* of other libraries: not for whoever asks */
  gboolean own = error->domain == VM_ERROR;

  vm_json_append_member (text, "code", vm_mesh_code (error));
  vm_json_append_member (text, "message",
      own ? error->message : "Something went wrong on this device");
  g_string_append (text, "}}");
  body = g_string_free_to_bytes (text);
  return vm_http_reply_json (
      conn, own ? vm_error_to_http_status (error->code) : 500, body);
}

static int
reply (VmConn *conn, GString *text)
{
  g_autoptr (GBytes) body = NULL;

  g_string_append_c (text, '}');
  body = g_string_free_to_bytes (text);
  return vm_http_reply_json (conn, 200, body);
}

/* RFC 6750 §3 */
static int
reply_unauthorized (VmConn *conn)
{
  static const gchar text[] =
      "{\"error\":{\"code\":\"NOT_TRUSTED\",\"message\":"
      "\"The request has no access token that is good\"}}";
  g_autoptr (GBytes) body = g_bytes_new_static (text, sizeof text - 1);

  return vm_http_reply (
      conn, 401, "application/json", "www-authenticate: Bearer", body, FALSE);
}

/* Who asks */

static VmMeshSession *
session_of (VmConn *conn)
{
  g_autofree gchar *header = vm_conn_get_header (conn, "authorization");

  if (!header || g_ascii_strncasecmp (header, BEARER, strlen (BEARER)) != 0)
    return NULL;
  return vm_mesh_sessions_find (vm_mesh_of (conn->server)->sessions,
      header + strlen (BEARER), g_get_monotonic_time ());
}

static void
url_free (gpointer data)
{
  VmMeshUrl *url = data;

  g_free (url->user_id);
  g_free (url->user);
  g_free (url->pin);
  g_free (url);
}

gboolean
vm_mesh_upgrade (VmConn *conn, GError **error)
{
  const VmMeshSession *session = session_of (conn);
  g_autofree gchar *text = vm_conn_get_argument (conn, "access_token");
  VmMeshUrl *url;

  if (!session)
    session = vm_mesh_sessions_find (
        vm_mesh_of (conn->server)->sessions, text, g_get_monotonic_time ());
  if (!session) {
    conn->request->refusal_status = 401;
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The WebSocket has no access token that is good");
    return TRUE;
  }
  conn->request->ws_funcs = &vm_mesh_guest_funcs;
  url = g_new (VmMeshUrl, 1);
  url->user_id = g_strdup (session->user_id);
  url->user = g_strdup (session->user);
  url->pin = vm_conn_get_argument (conn, "pin");
  vm_conn_set_query (conn, url, url_free);
  g_free (conn->pass);
  conn->pass = g_strdup (session->pass);
  return TRUE;
}

/* POST /v2/sessions */

static gboolean
is_secret (const gchar *said, const gchar *secret)
{
  g_autofree gchar *a =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, said, -1);
  g_autofree gchar *b =
      g_compute_checksum_for_string (G_CHECKSUM_SHA256, secret, -1);

  return CRYPTO_memcmp (a, b, strlen (b)) == 0;
}

static gboolean
check_secret (VmConn *conn, const gchar *said, GError **error)
{
  VmMesh *mesh = vm_mesh_of (conn->server);
  gint64 now = g_get_monotonic_time ();

  if (!mesh->secret)
    return TRUE;
  if (!vm_pin_guard_allows (mesh->guard, conn->group, now, error))
    return FALSE;
  if (said && is_secret (said, mesh->secret)) {
    vm_pin_guard_right (mesh->guard, conn->group);
    return TRUE;
  }
  if (said)
    vm_pin_guard_wrong (mesh->guard, conn->group, now);
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      said ? "The secret is wrong" : "A session is opened by a secret here");
  return FALSE;
}

static gboolean
bad (GError **error, const gchar *what)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_REQUEST, what);
  return FALSE;
}

/* A name that must be there. */
static gboolean
read_name (const VmJson *json, const gchar *key, gchar **name, GError **error)
{
  if (!vm_json_get_string (json, 0, key, VM_NAME_MAX, name, error))
    return FALSE;
  if (*name && **name && vm_text_is_label (*name, VM_NAME_MAX))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "The field \"%s\" is missing or no name", key);
  return FALSE;
}

/* For what, its joins will ask. */
static gboolean
check_pass (VmConn *conn, GError **error)
{
  const VmAccessTokenUse any = { NULL, NULL };

  return vm_server_admits (conn->server, conn->pass, &any, conn->group, error);
}

/* Where agents ask how others see them: the first STUN server of this one. */
static const gchar *
find_stun (VmServer *server)
{
  for (gchar **uri = server->ice_servers; uri && *uri; uri++) {
    if (g_str_has_prefix (*uri, "stun:"))
      return *uri;
  }
  return NULL;
}

static int
post_session (VmConn *conn, const VmJson *json)
{
  VmMesh *mesh = vm_mesh_of (conn->server);
  VmMeshSession *session = NULL;
  g_autofree gchar *user = NULL;
  g_autofree gchar *secret = NULL;
  g_autofree gchar *token = vm_mesh_make_token (mesh);
  g_autofree gchar *id = vm_rooms_make_uuid (conn->server->rooms);
  g_autoptr (GError) error = NULL;
  GString *out;

  if (!read_name (json, "user", &user, &error)
      || !vm_json_get_string (
          json, 0, "secret", VM_MESH_SECRET_MAX, &secret, &error)
      || !check_secret (conn, secret, &error) || !check_pass (conn, &error)
      || !(session = vm_mesh_sessions_add (mesh->sessions, token, id, user,
               conn->group, g_get_monotonic_time (), &error)))
    return reply_error (conn, error);
  session->pass = g_strdup (conn->pass);
  out = g_string_new ("{");
  vm_json_append_member (out, "access_token", token);
  vm_json_append_member (out, "stun", find_stun (conn->server));
  return reply (conn, out);
}

/* /v2/rooms */

/* A room is called by its name; one that can be joined. */
static int
post_room (VmConn *conn, const VmMeshSession *session, const VmJson *json)
{
  VmRooms *rooms = conn->server->rooms;
  g_autofree gchar *name = NULL;
  g_autofree gchar *pin = NULL;
  g_autoptr (GError) error = NULL;
  GString *out;

  if (!read_name (json, "name", &name, &error)
      || !vm_json_get_string (json, 0, "pin", VM_PIN_MAX, &pin, &error))
    return reply_error (conn, error);
  {
    const VmJoin seat_request = { .meeting = name,
      .pin = pin,
      .group = conn->group,
      .key = vm_conn_get_key (conn),
      .pass = session->pass };

    /* one that begins with whoever comes first need not be there */
    if (!vm_rooms_let_in (rooms, &seat_request, g_get_monotonic_time (), &error)
        && !(vm_rooms_are_open (rooms)
             && g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND)))
      return reply_error (conn, error);
  }
  out = g_string_new ("{");
  vm_json_append_member (out, "room_id", name);
  return reply (conn, out);
}

/* Who is inside needs no PIN any more. */
static int
get_room (VmConn *conn, const VmMeshSession *session, const gchar *name)
{
  VmRooms *rooms = conn->server->rooms;
  const VmJoin seat_request = { .meeting = name,
    .group = conn->group,
    .key = vm_conn_get_key (conn),
    .pass = session->pass };
  VmRoom *room = NULL;
  g_autoptr (GError) error = NULL;
  GString *out;

  if (vm_mesh_find_user (vm_mesh_of (conn->server), name, session->user_id))
    room = vm_rooms_find (rooms, name);
  if (!room)
    room =
        vm_rooms_let_in (rooms, &seat_request, g_get_monotonic_time (), &error);
  if (!room)
    return reply_error (conn, error);
  out = g_string_new ("{");
  vm_json_append_member (out, "room_id", name);
  vm_json_append_member (
      out, "state", vm_meeting_state_to_string (vm_room_get_state (room)));
  vm_json_append_int (out, "participants", vm_room_count (room));
  vm_json_append_int (out, "max_participants", vm_room_get_max (room));
  return reply (conn, out);
}

/* POST /v2/rooms/{id}/capabilities */

static gboolean
read_caps (const VmJson *json, VmCaps *caps, GError **error)
{
  VmJsonNode array = vm_json_get (json, 0, "caps");

  if (array == VM_JSON_NONE || vm_json_type (json, array) != VM_JSON_ARRAY
      || !vm_json_length (json, array))
    return bad (error, "The field \"caps\" is missing, or no list");
  for (VmJsonNode e = vm_json_first (json, array); e != VM_JSON_NONE;
       e = vm_json_next (json, e)) {
    g_autofree gchar *name = vm_span_to_string (vm_json_span (json, e));
    VmCaps cap = vm_cap_from_string (name);

    if (!cap)
      return bad (error, "The field \"caps\" names one that there is not");
    *caps |= cap;
  }
  return TRUE;
}

static gboolean
read_target (
    const VmJson *json, const gchar *key, gchar **target, GError **error)
{
  return vm_json_get_string (
             json, 0, key, VM_CAPABILITY_TEXT_MAX, target, error)
         && (!*target
             || (**target && vm_text_is_name (*target, VM_CAPABILITY_TEXT_MAX))
             || bad (error, "A target is no name"));
}

static gboolean
read_request (
    const VmJson *json, VmCapability *seat_request, gint64 *ttl, GError **error)
{
  *ttl = VM_CAPABILITY_TTL;
  return read_caps (json, &seat_request->caps, error)
         && vm_json_get_int (
             json, 0, "ttl", 1, VM_CAPABILITY_TTL_MAX, ttl, error)
         && read_target (
             json, "target_peer_id", &seat_request->target_peer_id, error)
         && read_target (
             json, "target_device_id", &seat_request->target_device_id, error)
         && vm_json_get_int (json, 0, "max_size", 0, VM_SIGNAL_INT_MAX,
             &seat_request->max_size, error)
         && vm_json_get_int (json, 0, "max_rate", 0, VM_SIGNAL_INT_MAX,
             &seat_request->max_rate, error);
}

/* Whose it will be: who asks, or whom "for_peer_id" names in the room. Whoever
 * types into a terminal is that device's user, or has it from that user. */
static const gchar *
find_holder (VmConn *conn, const VmMeshSession *session, const gchar *room,
    const VmCapability *seat_request, const gchar *for_peer, GError **error)
{
  VmMesh *mesh = vm_mesh_of (conn->server);
  VmMeshGuest *agent, *holder = NULL;

  if (seat_request->caps & VM_CAP_TERMINAL_CONTROL) {
    agent = seat_request->target_device_id ? vm_mesh_find_agent (
                mesh, room, seat_request->target_device_id)
                                           : NULL;
    if (!agent || strcmp (agent->user_id, session->user_id) != 0) {
      g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
          "The user of the device that \"target_device_id\" names, which must "
          "be in the room, gives the control of its terminal");
      return NULL;
    }
  } else if (for_peer) {
    g_set_error (error, VM_ERROR, VM_ERROR_CAP_REQUIRED,
        "Only the control of a terminal is given to somebody else");
    return NULL;
  }
  if (for_peer)
    holder = vm_mesh_find_peer (mesh, room, for_peer);
  if (for_peer && !holder)
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "Nobody \"%s\" of the mesh is in the room", for_peer);
  return !for_peer ? session->user_id : holder ? holder->user_id : NULL;
}

/* For who was let in, and is there: a capability is worth as much as that. */
static gboolean
may_mint (
    VmConn *conn, VmMeshSession *session, const gchar *room, GError **error)
{
  if (!vm_mesh_find_user (vm_mesh_of (conn->server), room, session->user_id)) {
    g_set_error (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND,
        "Capabilities are for those who have joined the room");
    return FALSE;
  }
  return vm_mesh_session_may_mint (session, g_get_monotonic_time (), error);
}

static int
post_capability (
    VmConn *conn, VmMeshSession *session, const gchar *room, const VmJson *json)
{
  g_autoptr (VmCapability) capability = vm_capability_new ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *token = NULL;
  g_autofree gchar *for_peer = NULL;
  const gchar *holder = NULL;
  gint64 ttl;
  GString *out;

  if (read_request (json, capability, &ttl, &error)
      && read_target (json, "for_peer_id", &for_peer, &error)
      && may_mint (conn, session, room, &error))
    holder = find_holder (conn, session, room, capability, for_peer, &error);
  if (!holder)
    return reply_error (conn, error);
  capability->sub = g_strdup (holder);
  capability->room_id = g_strdup (room);
  capability->jti = vm_rooms_make_uuid (conn->server->rooms);
  capability->iat = capability->nbf = vm_mesh_now ();
  capability->exp = capability->nbf + ttl;
  token = vm_capability_sign (conn->server->identity, capability, &error);
  if (!token)
    return reply_error (conn, error);
  out = g_string_new ("{");
  vm_json_append_member (out, "cap_token", token);
  return reply (conn, out);
}

/* Paths */

/* The room of /v2/rooms/{id}/capabilities, or NULL. */
static gchar *
room_of (const gchar *path)
{
  const gchar *room = path + strlen (ROOMS "/");

  return g_str_has_suffix (room, CAPABILITIES)
             ? g_strndup (room, strlen (room) - strlen (CAPABILITIES))
             : NULL;
}

static int
not_found (VmConn *conn)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_NOT_FOUND, "There is nothing at this address");

  return reply_error (conn, error);
}

int
vm_mesh_get (VmConn *conn)
{
  VmMeshSession *session;

  if (strcmp (conn->request->path, KEYS) == 0) {
    g_autofree gchar *keys = vm_capability_make_keys (conn->server->identity);
    g_autoptr (GBytes) body = g_bytes_new (keys, strlen (keys));

    return vm_http_reply_json (conn, 200, body);
  }
  if (!g_str_has_prefix (conn->request->path, ROOMS "/"))
    return not_found (conn);
  session = session_of (conn);
  if (!session)
    return reply_unauthorized (conn);
  return get_room (conn, session, conn->request->path + strlen (ROOMS "/"));
}

int
vm_mesh_post (VmConn *conn)
{
  g_autofree gchar *room = NULL;
  VmMeshSession *session;
  g_autoptr (GError) error = NULL;
  VmJson json;

  if (!vm_json_read (&json, (gchar *) conn->request->body->data,
          conn->request->body->len, &error))
    return reply_error (conn, error);
  if (strcmp (conn->request->path, SESSIONS) == 0)
    return post_session (conn, &json);
  session = session_of (conn);
  if (!session)
    return reply_unauthorized (conn);
  if (strcmp (conn->request->path, ROOMS) == 0)
    return post_room (conn, session, &json);
  if (g_str_has_prefix (conn->request->path, ROOMS "/"))
    room = room_of (conn->request->path);
  return room ? post_capability (conn, session, room, &json) : not_found (conn);
}
