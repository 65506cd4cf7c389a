/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine.IO at a WebSocket: of a session of its own, or tried by one that is
 * polled, which then moves to it. */

#include "server/dialect/socketio/session-priv.h"
#include "server/access/clientkey.h"

#include <string.h>

/* NULL once it has ended. */
static VmSession *
session_of (const VmWs *ws)
{
  return ws->peer;
}

static void
open_session (VmWs *ws)
{
  VmConn *conn = ws->conn;
  const VmRoomCaller caller = { conn->server, conn->group,
    vm_conn_get_key (conn), vm_session_get_query (conn)->pin, conn->pass,
    NULL };
  g_autoptr (GBytes) greeting = NULL;
  VmSession *session;

  session = vm_session_new (vm_sessions_of (conn->server), &caller, ws, NULL);
  ws->peer = session;
  greeting = vm_session_greet (session);
  vm_ws_send (ws, greeting);
}

static void
session_open (VmWs *ws)
{
  const gchar *sid = vm_session_get_query (ws->conn)->sid;
  VmSession *session =
      vm_session_find (ws->conn->server, sid, vm_conn_get_key (ws->conn));

  if (!sid) {
    open_session (ws);
  } else if (!session || session->ws || session->probe) {
    vm_ws_close (ws, VM_CLOSE_POLICY, "no session", TRUE);
  } else {
    session->probe = ws;
    ws->peer = session;
    ws->first_due = TRUE;
  }
}

static void
end_probe (VmWs *ws)
{
  VmSession *session = g_steal_pointer (&ws->peer);

  session->probe = NULL;
  session->probed = FALSE;
}

/* The session goes on without it. */
static void
reject_probe (VmWs *ws)
{
  end_probe (ws);
  vm_ws_close (ws, VM_CLOSE_POLICY, "no probe", TRUE);
}

/* "2probe" is answered by "3probe"; "5" says that the client has it. */
static gboolean
receive_probe (VmWs *ws, const VmEnginePacket *packet)
{
  static const gchar probe[] = "probe";
  VmSession *session = ws->peer;
  g_autoptr (GBytes) answer = NULL;

  if (packet->type == VM_ENGINE_UPGRADE && session->probed) {
    session->probed = FALSE;
    vm_session_move (session, ws);
    return TRUE;
  }
  if (packet->type != VM_ENGINE_PING || packet->size != sizeof probe - 1
      || memcmp (packet->data, probe, packet->size) != 0)
    return FALSE;
  answer = vm_engine_packet_new (VM_ENGINE_PONG, probe, sizeof probe - 1);
  vm_ws_send (ws, answer);
  session->probed = TRUE;
  return TRUE;
}

static void
receive_packet (VmWs *ws, const VmEnginePacket *packet, GError **error)
{
  VmSession *session = ws->peer;

  if (session->ws == ws)
    vm_session_receive (session, packet, error);
  else if (!receive_probe (ws, packet))
    reject_probe (ws);
}

static void
session_receive (VmWs *ws, GBytes *message)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);
  g_autoptr (GError) error = NULL;
  VmEnginePacket packet;

  if (!session_of (ws))
    return;
  if (vm_engine_packet_read (data, size, &packet, &error))
    receive_packet (ws, &packet, &error);
  else if (session_of (ws)->probe == ws)
    reject_probe (ws);
  if (!session_of (ws))
    return;
  if (error)
    vm_session_close (session_of (ws), VM_CLOSE_POLICY, "bad packet");
  else if (session_of (ws)->over)
    vm_session_close (session_of (ws), VM_CLOSE_NORMAL, session_of (ws)->over);
}

static void
session_receive_binary (VmWs *ws, GBytes *message)
{
  const VmEnginePacket packet = { VM_ENGINE_MESSAGE, TRUE, NULL, 0 };
  g_autoptr (GError) error = NULL;

  if (session_of (ws))
    receive_packet (ws, &packet, &error);
}

static void
session_tell (VmWs *ws, const GError *error)
{
  if (session_of (ws))
    vm_socket_guest_tell (session_of (ws)->guest, error);
}

static void
session_hang_up (VmWs *ws, const GError *reason)
{
  if (!session_of (ws))
    return;
  if (session_of (ws)->ws == ws) {
    if (ws->left)
      vm_socket_guest_leave (session_of (ws)->guest);
    vm_session_close (session_of (ws), 0, "hung up");
  } else {
    end_probe (ws);
  }
}

/* One that is tried by a session that has, too. */
static gboolean
session_has_seat (VmWs *ws)
{
  return session_of (ws) && vm_socket_guest_has_seat (session_of (ws)->guest);
}

static gboolean
session_is_awaited (VmWs *ws)
{
  const VmSession *session = session_of (ws);

  return session && session->ws == ws
         && vm_socket_guest_is_awaited (session->guest);
}

static const VmWsFuncs session_funcs = {
  .open = session_open,
  .receive = session_receive,
  .tell = session_tell,
  .hang_up = session_hang_up,
  .has_seat = session_has_seat,
  .is_awaited = session_is_awaited,
  .receive_binary = session_receive_binary,
  .pings = TRUE,
};

gboolean
vm_session_upgrade (VmConn *conn, GError **error)
{
  const VmSessionQuery *query;
  VmSession *session;

  vm_session_take_query (conn);
  query = vm_session_get_query (conn);
  session = vm_session_find (conn->server, query->sid, vm_conn_get_key (conn));
  if (!query->protocol_4 || !query->websocket)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Only Engine.IO 4 is spoken here");
  else if (query->sid && (!session || session->ws || session->probe))
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There is no such session to be upgraded");
  else if (query->sid
           || vm_sessions_take_more (vm_sessions_of (conn->server), error))
    conn->request->ws_funcs = &session_funcs;
  return TRUE;
}
