/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Engine.IO at a WebSocket: of a session of its own, or tried by one that is
 * polled, which then moves to it. */

#include "server/dialect/socketio/session-priv.h"

#include <string.h>

void
vm_session_upgrade (VmConn *conn, GError **error)
{
  const VmSessionQuery *query;
  VmSession *session;

  vm_session_take_query (conn);
  query = conn->request->session_query;
  session = vm_session_find (conn->server, query->sid, vm_conn_get_key (conn));
  if (!query->protocol_4 || !query->websocket)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Only Engine.IO 4 is spoken here");
  else if (query->sid && (!session || session->ws || session->probe))
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There is no such session to be upgraded");
  else if (query->sid || vm_sessions_take_more (conn->server->sessions, error))
    conn->request->ws_funcs = &vm_session_ws_funcs;
}

static void
open_session (VmWs *ws)
{
  VmConn *conn = ws->conn;
  const VmRoomCaller caller = { conn->server, conn->group,
    vm_conn_get_key (conn), conn->request->session_query->pin, conn->pass,
    NULL };
  g_autoptr (GBytes) greeting = NULL;

  ws->session = vm_session_new (conn->server->sessions, &caller, ws, NULL);
  greeting = vm_session_greet (ws->session);
  vm_ws_send (ws, greeting);
}

static void
session_open (VmWs *ws)
{
  const gchar *sid = ws->conn->request->session_query->sid;
  VmSession *session =
      vm_session_find (ws->conn->server, sid, vm_conn_get_key (ws->conn));

  if (!sid) {
    open_session (ws);
  } else if (!session || session->ws || session->probe) {
    vm_ws_close (ws, VM_CLOSE_POLICY, "no session", TRUE);
  } else {
    session->probe = ws;
    ws->session = session;
    ws->first_due = TRUE;
  }
}

static void
end_probe (VmWs *ws)
{
  VmSession *session = g_steal_pointer (&ws->session);

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
  VmSession *session = ws->session;
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
  VmSession *session = ws->session;

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

  if (!ws->session)
    return;
  if (vm_engine_packet_read (data, size, &packet, &error))
    receive_packet (ws, &packet, &error);
  else if (ws->session->probe == ws)
    reject_probe (ws);
  if (!ws->session)
    return;
  if (error)
    vm_session_close (ws->session, VM_CLOSE_POLICY, "bad packet");
  else if (ws->session->over)
    vm_session_close (ws->session, VM_CLOSE_NORMAL, ws->session->over);
}

static void
session_receive_binary (VmWs *ws, GBytes *message)
{
  const VmEnginePacket packet = { VM_ENGINE_MESSAGE, TRUE, NULL, 0 };
  g_autoptr (GError) error = NULL;

  if (ws->session)
    receive_packet (ws, &packet, &error);
}

static void
session_tell (VmWs *ws, const GError *error)
{
  if (ws->session)
    vm_socket_guest_tell (ws->session->guest, error);
}

static void
session_hang_up (VmWs *ws, const GError *reason)
{
  if (!ws->session)
    return;
  if (ws->session->ws == ws) {
    if (ws->left)
      vm_socket_guest_leave (ws->session->guest);
    vm_session_close (ws->session, 0, "hung up");
  } else {
    end_probe (ws);
  }
}

/* One that is tried by a session that has, too. */
static gboolean
session_has_seat (VmWs *ws)
{
  return ws->session && vm_socket_guest_has_seat (ws->session->guest);
}

const VmWsFuncs vm_session_ws_funcs = {
  .open = session_open,
  .receive = session_receive,
  .tell = session_tell,
  .hang_up = session_hang_up,
  .has_seat = session_has_seat,
  .receive_binary = session_receive_binary,
  .pings = TRUE,
};
