/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/dialect/mesh/mesh-priv.h"
#include "base/base64.h"
#include "server/access/admit.h"
#include "server/access/clientkey.h"
#include "server/http/status.h"

#include <string.h>

VmMesh *
vm_mesh_of (VmServer *server)
{
  return vm_server_get_state (server, &vm_protocol_mesh);
}

gint64
vm_mesh_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

gchar *
vm_mesh_make_token (VmMesh *mesh)
{
  guint8 bytes[32];

  vm_server_random (bytes, sizeof bytes, NULL);
  return vm_base64url_write (bytes, sizeof bytes);
}

static VmMeshGuest *
find (VmMesh *mesh, const gchar *room, const gchar *device_id,
    const gchar *user_id)
{
  for (guint i = 0; i < mesh->guests->len; i++) {
    VmMeshGuest *guest = g_ptr_array_index (mesh->guests, i);

    if (g_strcmp0 (guest->room, room) == 0
        && (!device_id || (guest->hello && strcmp (guest->id, device_id) == 0))
        && (!user_id || strcmp (guest->user_id, user_id) == 0))
      return guest;
  }
  return NULL;
}

VmMeshGuest *
vm_mesh_find_peer (VmMesh *mesh, const gchar *room, const gchar *id)
{
  for (guint i = 0; i < mesh->guests->len; i++) {
    VmMeshGuest *guest = g_ptr_array_index (mesh->guests, i);

    if (g_strcmp0 (guest->room, room) == 0 && g_strcmp0 (guest->id, id) == 0)
      return guest;
  }
  return NULL;
}

gboolean
vm_mesh_is_reachable (const VmMeshGuest *agent)
{
  return agent->hello && !agent->hello->instance;
}

VmMeshGuest *
vm_mesh_find_agent (VmMesh *mesh, const gchar *room, const gchar *device_id)
{
  return find (mesh, room, device_id, NULL);
}

VmMeshGuest *
vm_mesh_find_user (VmMesh *mesh, const gchar *room, const gchar *user_id)
{
  return find (mesh, room, NULL, user_id);
}

void
vm_mesh_each (VmMeshGuest *guest, gboolean agents, VmMeshEach func)
{
  GPtrArray *guests = guest->mesh->guests;

  for (guint i = 0; guest->room && i < guests->len; i++) {
    VmMeshGuest *other = g_ptr_array_index (guests, i);

    if (other != guest && g_strcmp0 (other->room, guest->room) == 0
        && (agents || !other->hello))
      func (other, guest);
  }
}

/* What is signed in @token, or NULL. All candidates of a call show one
 * capability, whose signature is looked at once. */
static const VmCapability *
read_capability (VmMeshGuest *guest, const gchar *token, GError **error)
{
  VmMesh *mesh = guest->mesh;
  VmCapability *capability;

  if (token && guest->shown && strcmp (token, guest->shown_token) == 0)
    return guest->shown;
  if (token && *token
      && !vm_server_may_verify (mesh->server, guest->ws->conn->group, error))
    return NULL;
  capability = vm_capability_read (
      token, vm_identity_get_spki (mesh->server->identity), error);
  if (!capability)
    return NULL;
  g_clear_pointer (&guest->shown, vm_capability_free);
  guest->shown = capability;
  g_free (guest->shown_token);
  guest->shown_token = g_strdup (token);
  return capability;
}

const VmCapability *
vm_mesh_may (VmMeshGuest *guest, const VmMeshMessage *message, VmCaps caps,
    GError **error)
{
  VmIdentity *identity = guest->mesh->server->identity;
  const VmCapabilityUse use = {
    .iss = vm_identity_get_device_id (identity),
    .sub = guest->user_id,
    .room_id = guest->room,
    .caps = caps,
    .target_peer_id = message->target_peer_id,
    .target_device_id = message->target_device_id,
  };
  const VmCapability *capability =
      read_capability (guest, message->cap_token, error);

  if (!capability
      || !vm_capability_allows (capability, &use, vm_mesh_now (), error)
      || !vm_mesh_is_first (guest, capability, error))
    return NULL;
  return capability;
}

static void
send_out (VmMeshGuest *agent, const GError *reason)
{
  vm_mesh_revoke (agent, reason);
  vm_mesh_guest_leave (agent, NULL);
  vm_mesh_guest_fail (agent, reason);
}

/* Words for vm_room_keep_out(). Where TLS shows a key, a device cannot come by
 * another id; and a user's session is good for all its devices. */
static gchar *
word_of_device (const gchar *device_id)
{
  return g_strconcat ("device ", device_id, NULL);
}

static gchar *
word_of_user (const gchar *user_id)
{
  return g_strconcat ("user ", user_id, NULL);
}

gboolean
vm_mesh_keeps_out (VmMeshGuest *agent, VmRoom *room, GError **error)
{
  g_autofree gchar *device = word_of_device (agent->hello->device_id);
  g_autofree gchar *user = word_of_user (agent->user_id);

  if (!vm_room_keeps_out (room, device) && !vm_room_keeps_out (room, user))
    return FALSE;
  g_set_error (error, VM_ERROR, VM_ERROR_KICKED,
      "The host removed this device, or its user, from the meeting");
  return TRUE;
}

gboolean
vm_mesh_poses (VmMeshGuest *agent, VmRoom *room, GError **error)
{
  if (!vm_room_find_alias (room, agent->hello->device_id))
    return FALSE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "A participant of the room is called by the id of this device");
  return TRUE;
}

void
vm_mesh_remove_agents_of (
    VmMeshGuest *page, const gchar *seat, const GError *reason)
{
  GPtrArray *guests = page->mesh->guests;
  VmRoom *room = vm_rooms_find (page->mesh->server->rooms, page->room);
  g_autofree gchar *word = word_of_user (page->user_id);

  vm_room_keep_out (room, seat, word);
  for (guint i = 0; i < guests->len; i++) {
    VmMeshGuest *agent = g_ptr_array_index (guests, i);

    if (agent->hello && g_strcmp0 (agent->room, page->room) == 0
        && strcmp (agent->user_id, page->user_id) == 0)
      send_out (agent, reason);
  }
}

/* An agent has no seat, so nobody tells it that the room is over, and nobody
 * looks whether it is trusted still, or who has come by its name. */
static void
tick_agent (VmMeshGuest *agent)
{
  VmRooms *rooms = agent->mesh->server->rooms;
  VmRoom *room = vm_rooms_find (rooms, agent->room);
  const VmJoin seat_request = { .user = agent->user,
    .key = vm_conn_get_key (agent->ws->conn) };
  g_autoptr (GError) error = NULL;

  if (!room || vm_room_get_serial (room) != agent->room_serial)
    g_set_error (&error, VM_ERROR, VM_ERROR_MEETING_ENDED,
        "The host has ended the meeting");
  if (error || vm_mesh_poses (agent, room, &error)
      || !vm_room_trusts_still (room, &seat_request, &error))
    send_out (agent, error);
  else
    vm_mesh_tick_terminal (agent, vm_mesh_now ());
}

/* The protocol at a server */

static gpointer
create (VmServer *server)
{
  VmMesh *mesh = g_new0 (VmMesh, 1);

  mesh->server = server;
  mesh->sessions = vm_mesh_sessions_new ();
  mesh->guard = vm_pin_guard_new ();
  mesh->replay = vm_capability_replay_new ();
  mesh->records = vm_mesh_records_new ();
  mesh->links = vm_mesh_links_new ();
  mesh->quota = vm_mesh_quota_new (&vm_mesh_quota_limits);
  mesh->relay_wait = VM_RELAY_WAIT_TIME;
  mesh->guests = g_ptr_array_new ();
  return mesh;
}

static void
destroy (gpointer state)
{
  VmMesh *mesh = state;

  g_free (mesh->secret);
  vm_mesh_sessions_free (mesh->sessions);
  vm_pin_guard_free (mesh->guard);
  vm_capability_replay_free (mesh->replay);
  vm_mesh_records_free (mesh->records);
  vm_mesh_links_free (mesh->links);
  vm_mesh_quota_free (mesh->quota);
  g_ptr_array_unref (mesh->guests);
  g_free (mesh);
}

static void
start (gpointer state, const VmServerConfig *config)
{
  VmMesh *mesh = state;

  g_free (mesh->secret);
  mesh->secret = g_strdup (config->mesh_secret);
  mesh->room_size = config->room_size ? config->room_size : VM_MESH_ROOM_SIZE;
}

/* Ends what has run out. */
static void
tick (VmServer *server, gpointer state, gint64 now)
{
  VmMesh *mesh = state;

  for (guint i = 0; i < mesh->guests->len; i++) {
    VmMeshGuest *guest = g_ptr_array_index (mesh->guests, i);

    if (guest->hello && guest->room)
      tick_agent (guest);
  }
  vm_mesh_relay_tick (mesh, now);
}

static void
add_metrics (gpointer state, GString *text)
{
  VmMesh *mesh = state;

  vm_http_add_metric (text, "p2p_sessions_total", "counter",
      "Sessions between two agents that were made.", mesh->sessions_made);
  vm_http_add_metric (text, "relay_ends", "gauge",
      "Agents that are connected to the relay.",
      vm_mesh_quota_count (mesh->quota));
  vm_http_add_metric (text, "relay_bytes_total", "counter",
      "Bytes of QUIC that the relay has carried.", mesh->relay_bytes);
  vm_http_add_metric (text, "relay_datagrams_dropped_total", "counter",
      "Datagrams that were beyond a limit of the relay.", mesh->relay_dropped);
}

/* The room model has no seat to take from an agent; it stays out while the room
 * is there. */
static gboolean
remove_agent (
    gpointer state, VmRoom *room, const gchar *device_id, const GError *reason)
{
  VmMesh *mesh = state;
  const gchar *name = vm_room_get_name (room);
  g_autofree gchar *word = word_of_device (device_id);
  gboolean found = FALSE;

  for (guint i = 0; i < mesh->guests->len; i++) {
    VmMeshGuest *agent = g_ptr_array_index (mesh->guests, i);

    if (!agent->hello || g_strcmp0 (agent->room, name) != 0
        || strcmp (agent->hello->device_id, device_id) != 0)
      continue;
    if (!found)
      vm_room_keep_out (room, device_id, word);
    found = TRUE;
    send_out (agent, reason);
  }
  return found;
}

static const VmRoute routes[] = {
  { .path = "/v2/ws",
      .upgrade = vm_mesh_upgrade,
      .own_token = TRUE,
      .begins = TRUE },
  { .path = "/v2/relay", .upgrade = vm_mesh_relay_upgrade, .own_token = TRUE },
  /* its header has a token for the server, as in other dialects */
  { .path = "/v2/sessions", .post = vm_mesh_post },
  { .path = "/v2/*",
      .get = vm_mesh_get,
      .post = vm_mesh_post,
      .own_token = TRUE },
  { NULL },
};

const VmServerProtocol vm_protocol_mesh = {
  .name = "mesh",
  .routes = routes,
  .create = create,
  .destroy = destroy,
  .start = start,
  .tick = tick,
  .add_metrics = add_metrics,
  .remove = remove_agent,
};
