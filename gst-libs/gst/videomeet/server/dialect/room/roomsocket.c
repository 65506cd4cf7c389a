/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The room dialect at a WebSocket. */

#include "server/dialect/room/roomsocket.h"
#include "server/access/clientkey.h"
#include "server/dialect/room/roomguest.h"
#include "server/socket/ws.h"

static void
socket_send (gpointer link, GBytes *message)
{
  vm_ws_send (link, message);
}

static void
socket_finish (gpointer link, const GError *reason)
{
  vm_ws_finish (link, reason);
}

static const VmRoomLink socket_link = {
  .dialect = &vm_dialect_room,
  .send = socket_send,
  .finish = socket_finish,
};

static void
room_guest_open (VmWs *ws)
{
  VmConn *conn = ws->conn;
  const VmRoomCaller caller = { conn->server, conn->group,
    vm_conn_get_key (conn), conn->request->query, conn->pass, NULL };
  VmRoomGuest *guest = vm_room_guest_new (&caller, &socket_link, ws);
  g_autoptr (GBytes) greeting = vm_dialect_room_greet (
      vm_room_guest_get_peers (guest), vm_room_guest_get_id (guest));

  ws->peer = guest;
  vm_ws_send (ws, greeting);
}

static void
room_guest_receive (VmWs *ws, GBytes *message)
{
  VmRoomGuest *guest = ws->peer;

  if (!guest || vm_ws_hand_over (ws, message))
    return;
  vm_room_guest_receive (guest, message);
}

static void
room_guest_tell (VmWs *ws, const GError *error)
{
  if (ws->peer)
    vm_room_guest_tell (ws->peer, error);
}

static void
room_guest_hang_up (VmWs *ws, const GError *reason)
{
  VmRoomGuest *guest = g_steal_pointer (&ws->peer);

  if (!guest)
    return;
  /* a page that is closed says no more than this */
  if (ws->left)
    vm_room_guest_leave (guest);
  vm_room_guest_free (guest, reason);
}

static gboolean
has_seat (VmWs *ws)
{
  return ws->peer && vm_room_guest_has_seat (ws->peer);
}

static gboolean
is_awaited (VmWs *ws)
{
  return ws->peer && vm_room_guest_is_awaited (ws->peer);
}

static const VmWsFuncs room_guest_funcs = {
  .open = room_guest_open,
  .receive = room_guest_receive,
  .tell = room_guest_tell,
  .hang_up = room_guest_hang_up,
  .has_seat = has_seat,
  .is_awaited = is_awaited,
};

/* The dialect has no field for a PIN (protocol/rooms.md#pin-in-url). */
static gboolean
upgrade (VmConn *conn, GError **error)
{
  conn->request->ws_funcs = &room_guest_funcs;
  vm_conn_set_query (conn, vm_conn_get_argument (conn, "pin"), g_free);
  return TRUE;
}

static const VmRoute routes[] = {
  { .path = "/", .upgrade = upgrade, .begins = TRUE },
  { NULL },
};

const VmServerProtocol vm_protocol_room = {
  .name = "room",
  .routes = routes,
};
