/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A page or an agent of the mesh at a WebSocket, GET /v2/ws
 * (protocol/mesh.md#envelope, protocol/mesh.md#mesh-messages). It cannot come
 * back: a socket that is lost is a seat that is left. */

#include "server/dialect/mesh/mesh-priv.h"
#include "base/deviceid.h"
#include "server/access/clientkey.h"

#include <string.h>

#define NOBODY_YET "client" /* `to` before there is a peer_id */

VmMeshStamp
vm_mesh_stamp (VmMeshGuest *guest, const gchar *from)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  VmMeshStamp stamp;

  stamp.id = vm_rooms_make_uuid (guest->mesh->server->rooms);
  stamp.time = g_date_time_format_iso8601 (now);
  stamp.head = (VmMeshEnvelope){ .id = stamp.id,
    .time = stamp.time,
    .from = from ? from : "server",
    .to = guest->id ? guest->id : NOBODY_YET };
  return stamp;
}

void
vm_mesh_stamp_clear (VmMeshStamp *stamp)
{
  g_free (stamp->id);
  g_free (stamp->time);
}

void
vm_mesh_guest_send (VmMeshGuest *guest, GBytes *bytes)
{
  if (!bytes)
    return;
  vm_ws_send (guest->ws, bytes);
  g_bytes_unref (bytes);
}

void
vm_mesh_guest_tell_joined (
    VmMeshGuest *guest, const gchar *id, const gchar *role, gboolean news)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, news ? id : NULL);

  const VmMeshJoined joined = { .peer_id = id, .role = role };

  vm_mesh_guest_send (
      guest, vm_mesh_write_joined (&stamp.head, guest->room, &joined));
}

void
vm_mesh_guest_tell_met (
    VmMeshGuest *guest, const VmMeshGuest *other, gboolean news)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, news ? other->id : NULL);
  const VmMeshJoined joined = {
    .peer_id = other->id,
    .role = other->hello ? "agent" : "member",
    .user = other->hello ? other->user : NULL,
    .terminal = other->terminal,
  };

  /* see vm_mesh_poses() */
  if (vm_room_peers_find_alias (guest->peers, other->id))
    return;
  vm_mesh_guest_send (
      guest, vm_mesh_write_joined (&stamp.head, guest->room, &joined));
}

void
vm_mesh_guest_tell_status (
    VmMeshGuest *guest, const gchar *id, const gchar *status)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, NULL);

  vm_mesh_guest_send (guest, vm_mesh_write_presence (&stamp.head, id, status));
}

void
vm_mesh_guest_fail (VmMeshGuest *guest, const GError *error)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, NULL);

  vm_mesh_guest_send (
      guest, vm_mesh_write_error (&stamp.head, error, guest->replying));
}

void
vm_mesh_guest_tell_refusal (
    VmMeshGuest *guest, const gchar *from, const GError *error)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, from);

  vm_mesh_guest_send (guest, vm_mesh_write_error (&stamp.head, error, NULL));
}

/* system.hello */

static VmMeshGuest *
find_id (VmMesh *mesh, const gchar *id)
{
  for (guint i = 0; i < mesh->guests->len; i++) {
    VmMeshGuest *guest = g_ptr_array_index (mesh->guests, i);

    if (strcmp (guest->id, id) == 0)
      return guest;
  }
  return NULL;
}

/* What the server and the seats of rooms are called. */
static gboolean
is_taken_name (const gchar *id)
{
  return strcmp (id, "server") == 0
         || (*id == 'p' && strspn (id + 1, "0123456789") == strlen (id + 1));
}

/* Whether @guest takes the place of @other, which goes by the same id: by the
 * key of that id, which anybody may write down and one device show; else as the
 * same user, of one that has not shown it. */
static gboolean
supersedes (VmMeshGuest *guest, gboolean shows_key, const VmMeshGuest *other)
{
  if (!other->hello)
    return FALSE;
  return shows_key
         || (!vm_conn_get_key (other->ws->conn)
             && strcmp (other->user_id, guest->user_id) == 0);
}

/* Where TLS shows a key, the device is that key's. */
static gboolean
may_be (
    VmMeshGuest *guest, const gchar *device_id, const gchar *id, GError **error)
{
  const gchar *key = vm_conn_get_key (guest->ws->conn);
  g_autofree gchar *own = key ? vm_device_id_from_key_hash (key) : NULL;
  VmMeshGuest *other = find_id (guest->mesh, id);

  if (own && strcmp (own, device_id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device id is not that of the key that was shown");
    return FALSE;
  }
  if (is_taken_name (device_id)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The field \"device_id\" is a name that others have");
    return FALSE;
  }
  if (other && !supersedes (guest, own != NULL, other)) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "This device is in the room already, by another program of it: one "
        "agent of a device at a time");
    return FALSE;
  }
  if (other) {
    other->replaced = TRUE;
    vm_ws_close (other->ws, VM_CLOSE_POLICY, "superseded", TRUE);
    vm_mesh_guest_funcs.hang_up (other->ws, NULL);
  }
  return TRUE;
}

static void
welcome (VmMeshGuest *guest)
{
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, NULL);

  vm_mesh_guest_send (
      guest, vm_mesh_write_welcome (&stamp.head, guest->id, guest->user_id));
}

/* One that only asks is beside the agent of its device that others reach. */
static gchar *
make_agent_id (const VmMeshMessage *hello)
{
  return hello->instance
             ? g_strconcat (hello->device_id, "/", hello->instance, NULL)
             : g_strdup (hello->device_id);
}

static void
take_hello (VmMeshGuest *guest, VmMeshMessage **hello, GError **error)
{
  VmMesh *mesh = guest->mesh;
  g_autofree gchar *id = NULL;

  if (guest->id) {
    g_set_error (
        error, VM_ERROR, VM_ERROR_BAD_MESSAGE, "system.hello was said before");
    return;
  }
  if ((*hello)->agent) {
    id = make_agent_id (*hello);
    if (!may_be (guest, (*hello)->device_id, id, error))
      return;
    guest->hello = g_steal_pointer (hello);
    guest->id = g_steal_pointer (&id);
    guest->terminal = guest->hello->terminal;
  } else {
    guest->id = vm_rooms_make_uuid (mesh->server->rooms);
  }
  guest->ws->first_due = FALSE;
  g_ptr_array_add (mesh->guests, guest);
  welcome (guest);
}

/* What is said in a room */

/* Everybody has it under one id, its sender too. */
static void
take_chat (VmMeshGuest *guest, VmSignal *signal)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_auto (VmMeshStamp) stamp = vm_mesh_stamp (guest, guest->id);

  signal->id = g_strdup (stamp.id);
  signal->time = g_date_time_format_iso8601 (now);
  vm_mesh_guest_send (guest,
      vm_mesh_write_signal (&stamp.head, guest->peers, guest->room, signal));
  vm_member_receive (guest->member, signal);
  vm_notify_push (guest->mesh->server->notify, VM_NOTIFY_CHAT, guest->user_id,
      guest->user, NULL);
}

static void
take_signal (VmMeshGuest *guest, VmMeshMessage *message, GError **error)
{
  VmCaps caps = VM_CAP_CALL;

  if (vm_mesh_is_view (guest, message)) {
    vm_mesh_pass_view (guest, message, error);
    return;
  }
  if (!guest->member) {
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "An agent has no seat in the room");
    return;
  }
  if (message->type == VM_MESH_CHAT) {
    take_chat (guest, message->signal);
    return;
  }
  if (message->type != VM_MESH_PRESENCE) {
    if (vm_mesh_has_screen (message->signal->sdp))
      caps |= VM_CAP_SCREEN;
    if (!vm_mesh_may (guest, message, caps, error))
      return;
  }
  vm_member_receive (guest->member, message->signal);
}

/* What notifications are made of (protocol/mesh.md#notifications). */
static void
take_report (VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  VmNotifyEvent event = message->type == VM_MESH_SHARE_COMPLETED
                            ? VM_NOTIFY_SHARE_COMPLETED
                            : VM_NOTIFY_TERMINAL_STARTED;

  if (!guest->hello) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "Only agents say \"%s\"", vm_mesh_type_to_string (message->type));
    return;
  }
  g_info ("agent %s: %s", guest->id, vm_mesh_type_to_string (message->type));
  if (event == VM_NOTIFY_TERMINAL_STARTED)
    vm_mesh_tell_terminal_started (guest);
  vm_notify_push (guest->mesh->server->notify, event, guest->user_id,
      guest->user, guest->hello->device_id);
}

static gboolean
is_inside (VmMeshGuest *guest, const VmMeshMessage *message, GError **error)
{
  if (guest->room
      && (!message->room_id || strcmp (message->room_id, guest->room) == 0))
    return TRUE;
  g_set_error (
      error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND, "That room was not joined");
  return FALSE;
}

static void
take_in_room (VmMeshGuest *guest, VmMeshMessage *message, GError **error)
{
  if (!is_inside (guest, message, error))
    return;
  switch (message->type) {
    case VM_MESH_P2P_REQUEST:
      vm_mesh_request (guest, message, error);
      break;
    case VM_MESH_P2P_CANDIDATES:
    case VM_MESH_P2P_RENEW:
    case VM_MESH_P2P_RELAY:
    case VM_MESH_P2P_DENIED:
    case VM_MESH_P2P_CLOSED:
      vm_mesh_take_about (guest, message, error);
      break;
    case VM_MESH_TERMINAL_TAKE:
      vm_mesh_take_terminal (guest, message, error);
      break;
    case VM_MESH_TERMINAL_RELEASE:
      vm_mesh_release_terminal (guest, message, error);
      break;
    case VM_MESH_SHARE_COMPLETED:
    case VM_MESH_TERMINAL_STARTED:
      take_report (guest, message, error);
      break;
    default:
      take_signal (guest, message, error);
  }
}

static void
take (VmMeshGuest *guest, VmMeshMessage **message, GError **error)
{
  VmMeshType type = (*message)->type;

  if (type == VM_MESH_ERROR) {
    if (guest->member && (*message)->signal)
      vm_member_receive (guest->member, (*message)->signal);
    else if (guest->hello)
      vm_mesh_refuse_view (guest, *message);
    return;
  }
  if (type == VM_MESH_HELLO)
    take_hello (guest, message, error);
  else if (!guest->id)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The first message must be system.hello");
  else if (type == VM_MESH_ROOM_JOIN)
    vm_mesh_guest_join (guest, (*message)->room_id, error);
  else
    take_in_room (guest, *message, error);
}

static void
read_message (VmMeshGuest *guest, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmMeshMessage) message =
      vm_mesh_read (guest->peers, bytes, &guest->replying, &error);

  if (message)
    take (guest, &message, &error);
  if (error)
    vm_mesh_guest_fail (guest, error);
  else if (guest->claim)
    g_queue_push_head (&guest->early, g_bytes_ref (bytes));
  g_clear_pointer (&guest->replying, g_free);
}

void
vm_mesh_guest_take_early (VmMeshGuest *guest)
{
  GBytes *bytes;

  /* what comes next may make another request */
  while (!guest->enters && !guest->seat_request && !guest->claim
         && (bytes = g_queue_pop_head (&guest->early))) {
    g_clear_pointer (&guest->replying, g_free);
    read_message (guest, bytes);
    g_bytes_unref (bytes);
  }
}

/* The socket */

static void
mesh_guest_receive (VmWs *ws, GBytes *bytes)
{
  VmMeshGuest *guest = ws->peer;
  g_autoptr (GError) error = NULL;

  if (!guest)
    return;
  if (!guest->seat_request && !guest->claim) {
    read_message (guest, bytes);
  } else if (guest->early.length < VM_EARLY_MAX) {
    g_queue_push_tail (&guest->early, g_bytes_ref (bytes));
  } else {
    g_set_error (&error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        guest->seat_request
            ? "Too much was said before the room was joined"
            : "Too much was said before the capability was known");
    vm_mesh_guest_fail (guest, error);
  }
}

static void
mesh_guest_open (VmWs *ws)
{
  VmMesh *mesh = vm_mesh_of (ws->conn->server);
  VmMeshUrl *url = ws->conn->request->query;
  VmMeshGuest *guest = g_new0 (VmMeshGuest, 1);

  guest->outlet.funcs = &vm_mesh_outlet_funcs;
  guest->mesh = mesh;
  guest->ws = ws;
  guest->peers = vm_room_peers_new ();
  guest->views = g_ptr_array_new_with_free_func (g_free);
  guest->number = ++mesh->numbers;
  guest->user_id = g_steal_pointer (&url->user_id);
  guest->user = g_steal_pointer (&url->user);
  guest->pin = g_steal_pointer (&url->pin);
  guest->pass = g_steal_pointer (&ws->conn->pass);
  guest->joins = VM_JOIN_BURST;
  guest->joins_at = ws->last_heard;
  ws->peer = guest;
  ws->first_due = TRUE;
}

static void
mesh_guest_tell (VmWs *ws, const GError *error)
{
  if (ws->peer)
    vm_mesh_guest_fail (ws->peer, error);
}

static void
mesh_guest_hang_up (VmWs *ws, const GError *reason)
{
  VmMeshGuest *guest = g_steal_pointer (&ws->peer);
  g_autoptr (GError) lost = NULL;

  if (!guest)
    return;
  if (ws->left)
    reason = NULL;
  else if (!reason)
    reason = lost = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
        "The connection to the participant was lost");
  vm_mesh_forget_claim (guest);
  vm_mesh_guest_leave (guest, reason);
  g_ptr_array_remove (guest->mesh->guests, guest);
  if (vm_mesh_is_reachable (guest) && !guest->replaced
      && !guest->mesh->server->stopping)
    vm_notify_push (guest->mesh->server->notify, VM_NOTIFY_AGENT_OFFLINE,
        guest->user_id, guest->user, guest->id);
  g_queue_clear_full (&guest->early, (GDestroyNotify) g_bytes_unref);
  g_ptr_array_unref (guest->views);
  vm_room_peers_free (guest->peers);
  g_clear_pointer (&guest->hello, vm_mesh_message_free);
  g_clear_pointer (&guest->shown, vm_capability_free);
  g_free (guest->shown_token);
  g_free (guest->user_id);
  g_free (guest->user);
  g_free (guest->pin);
  g_free (guest->pass);
  g_free (guest->id);
  g_free (guest->replying);
  g_free (guest->asked);
  g_free (guest);
}

/* An agent has none, in a room neither: any number may be there. */
static gboolean
mesh_guest_has_seat (VmWs *ws)
{
  const VmMeshGuest *guest = ws->peer;

  return guest && guest->member;
}

const VmWsFuncs vm_mesh_guest_funcs = {
  .open = mesh_guest_open,
  .receive = mesh_guest_receive,
  .tell = mesh_guest_tell,
  .hang_up = mesh_guest_hang_up,
  .has_seat = mesh_guest_has_seat,
};
