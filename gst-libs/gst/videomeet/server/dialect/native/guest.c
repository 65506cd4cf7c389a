/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The native dialect at a WebSocket: a guest of a meeting hosted here, its
 * seat, and the line to it, which outlives its sockets
 * (protocol/signalling.md#resume). A guest lives as long as its seat or its
 * socket, whichever is longer. */

#include "server/dialect/native/guest.h"
#include "cluster/shared/roomshare.h"
#include "server/access/clientkey.h"
#include "server/http/trust.h"
#include "server/outlet.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"
#include "wire/line.h"

#include <string.h>

typedef struct
{
  VmOutlet outlet;

  VmLine *line;
  VmMember *member; /* NULL: the seat is given back, or not there yet */
  VmWs *ws; /* NULL: the socket is lost */
  VmSeatRequest *seat_request; /* for a seat, or NULL */
  gint64 hello; /* the number of what asked for it, -1 */
  GQueue early; /* of GBytes: what came before the seat did */
} VmGuest;

/* A WebSocket, whose ticket the upgrade brings. */
typedef struct
{
  VmLine *line; /* until hello; then it is the guest's */
  VmTicket *ticket; /* until hello; NULL: hello is to resume, or: */
  gchar *shared_ticket; /* likewise, of whatever server of the cluster */
  VmGuest *guest; /* from hello on; or NULL */
} Peer;

static void
peer_free (gpointer data)
{
  Peer *peer = data;

  g_clear_pointer (&peer->line, vm_line_free);
  g_clear_pointer (&peer->ticket, vm_ticket_free);
  g_free (peer->shared_ticket);
  g_free (peer);
}

static Peer *
peer_of (VmWs *ws)
{
  return ws->peer;
}

static void
free_unused (VmGuest *guest)
{
  if (guest->member || guest->ws)
    return;
  g_queue_clear_full (&guest->early, (GDestroyNotify) g_bytes_unref);
  vm_line_free (guest->line);
  g_free (guest);
}

static void
send_signal (VmGuest *guest, const VmSignal *signal)
{
  g_autoptr (GBytes) bytes = vm_line_format (guest->line, signal);

  if (bytes && guest->ws)
    vm_ws_send (guest->ws, bytes);
}

static void
outlet_send (VmOutlet *outlet, const VmSignal *signal)
{
  send_signal ((VmGuest *) outlet, signal);
}

static void
outlet_close (VmOutlet *outlet, const GError *reason)
{
  VmGuest *guest = (VmGuest *) outlet;

  guest->member = NULL;
  /* who was kicked has heard so from the host */
  if (reason && !g_error_matches (reason, VM_ERROR, VM_ERROR_KICKED)) {
    g_autoptr (VmSignal) why = vm_signal_new_error (reason, -1);

    send_signal (guest, why);
  }
  if (guest->ws)
    vm_ws_finish (guest->ws, reason);
  free_unused (guest);
}

static const VmOutletFuncs outlet_funcs = { outlet_send, outlet_close };

/* Under the names by which somebody comes first it is held to its key. */
static void
remember (VmWs *ws, const VmMember *member)
{
  VmServer *server = ws->conn->server;
  const gchar *user, *device;
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (vm_member_is_new (member, &user, &device))
    certificate = vm_conn_get_certificate (ws->conn);
  if (certificate)
    vm_server_remember (server, user, device, certificate);
}

static void take_next (VmGuest *guest, GBytes *message);

static void
send_error (VmWs *ws, const GError *error, gint64 in_reply_to)
{
  g_autoptr (VmSignal) signal = vm_signal_new_error (error, in_reply_to);
  g_autoptr (GBytes) bytes = vm_line_format (peer_of (ws)->line, signal);

  vm_ws_send (ws, bytes);
}

/* There is nothing more to say. */
static void
refuse (VmWs *ws, const GError *error, gint64 in_reply_to)
{
  send_error (ws, error, in_reply_to);
  vm_ws_close (ws, VM_CLOSE_POLICY, "no seat", FALSE);
}

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  VmGuest *guest = user_data;
  VmWs *ws = guest->ws;
  GBytes *message;

  guest->seat_request = NULL;
  guest->member = member;
  if (!member) {
    gint64 hello = guest->hello;

    peer_of (ws)->guest = NULL;
    peer_of (ws)->line = g_steal_pointer (&guest->line);
    g_queue_clear_full (&guest->early, (GDestroyNotify) g_bytes_unref);
    g_free (guest);
    refuse (ws, error, hello);
    return;
  }
  remember (ws, member);
  while ((message = g_queue_pop_head (&guest->early))) {
    take_next (guest, message);
    g_bytes_unref (message);
  }
}

static const VmSeatFuncs seat_funcs = { .seated = on_seated };

static VmGuest *
guest_new (VmWs *ws, const VmSignal *hello)
{
  VmGuest *guest = g_new0 (VmGuest, 1);

  guest->outlet.funcs = &outlet_funcs;
  guest->line = g_steal_pointer (&peer_of (ws)->line);
  guest->ws = ws;
  guest->hello = hello->seq;
  peer_of (ws)->guest = guest;
  return guest;
}

/* The guest may be gone before this returns. */
static void
wait_for_seat (VmGuest *guest, VmSeatRequest *seat_request)
{
  if (seat_request)
    guest->seat_request = seat_request;
}

static void
take_seat (VmWs *ws, VmTicket *ticket, const VmSignal *hello)
{
  VmRooms *rooms = ws->conn->server->rooms;
  VmGuest *guest = guest_new (ws, hello);

  wait_for_seat (guest, vm_rooms_request_seat (rooms, ticket, hello,
                            &guest->outlet, &seat_funcs, guest));
}

/* By a ticket that another server of the cluster may have given. */
static void
take_seat_by (VmWs *ws, const gchar *ticket, const VmSignal *hello)
{
  VmRooms *rooms = ws->conn->server->rooms;
  VmGuest *guest = guest_new (ws, hello);

  wait_for_seat (guest,
      vm_rooms_request_by_ticket (rooms, ticket, vm_conn_get_key (ws->conn),
          hello, &guest->outlet, &seat_funcs, guest));
}

/* What the guest has missed, in the numbers it had: past the limit of the
 * socket's queue, which it would fill at once, and what is said next has room
 * behind it. */
static void
send_again (VmGuest *guest, GPtrArray *again)
{
  for (guint i = 0; i < again->len; i++) {
    vm_ws_queue (guest->ws, again->pdata[i]);
    guest->ws->granted += g_bytes_get_size (again->pdata[i]);
  }
}

/* By the token of @hello, at a server that has never seen it: it goes on with
 * the numbers of the guest's, which has kept what nobody has acknowledged. */
static void
resume_here (VmWs *ws, const VmSignal *hello)
{
  VmRooms *rooms = ws->conn->server->rooms;
  VmGuest *guest = guest_new (ws, hello);

  vm_dialect_native.set_numbers (
      vm_line_get_state (guest->line), MAX (hello->last_seq, 0), 0);
  wait_for_seat (guest,
      vm_rooms_request_resume (rooms, hello->resume, vm_conn_get_key (ws->conn),
          hello->meeting_id, &guest->outlet, &seat_funcs, guest));
}

/* The guest has another socket. */
static void
supersede (VmWs *ws)
{
  peer_of (ws)->guest = NULL;
  vm_ws_close (ws, VM_CLOSE_POLICY, "superseded", TRUE);
}

/* By the token of @hello, which is that of @member, who was lost here. */
static void
resume (VmWs *ws, const VmSignal *hello, VmMember *member, GError **error)
{
  VmGuest *guest = vm_member_get_peer (member);
  g_autoptr (GPtrArray) again = NULL;
  GError *reason = NULL;

  again = vm_line_resume (guest->line, MAX (hello->last_seq, 0), &reason);
  if (!again) {
    vm_member_leave (member, reason);
    g_propagate_error (error, reason);
    return;
  }
  /* the new socket supersedes the old, which may not know yet that it is
   * dead */
  if (guest->ws)
    supersede (guest->ws);
  guest->ws = ws;
  peer_of (ws)->guest = guest;
  vm_member_resume (member, hello->resume, ws->conn->group);
  send_again (guest, again);
  vm_member_resumed (member);
}

static void
come_back (VmWs *ws, const VmSignal *hello, GError **error)
{
  VmRooms *rooms = ws->conn->server->rooms;
  g_autoptr (GError) unknown = NULL;
  VmMember *member;

  /* that its meeting is gone tells a guest more than that its seat is; of those
   * at other servers their records tell */
  if (hello->meeting_id && !vm_rooms_has_id (rooms, hello->meeting_id)
      && !vm_rooms_are_shared (rooms)) {
    vm_rooms_refuse_ended (error);
    return;
  }
  member = vm_rooms_find_lost (rooms, hello->resume, vm_conn_get_key (ws->conn),
      g_get_monotonic_time (), &unknown);
  if (member)
    resume (ws, hello, member, error);
  else if (vm_rooms_are_shared (rooms))
    resume_here (ws, hello);
  else
    g_propagate_error (error, g_steal_pointer (&unknown));
}

/* What one server has not acknowledged is said again to the next, where others
 * may have heard it: so in a cluster nothing waits for that. */
static gboolean
wants_ack (const VmGuest *guest)
{
  VmRooms *rooms = guest->ws->conn->server->rooms;

  return vm_line_wants_ack (guest->line)
         || (vm_rooms_are_shared (rooms) && vm_line_owes_ack (guest->line));
}

static void
take_early (VmGuest *guest, GBytes *message)
{
  if (guest->early.length < VM_EARLY_MAX)
    g_queue_push_tail (&guest->early, g_bytes_ref (message));
  else
    vm_ws_close (guest->ws, VM_CLOSE_POLICY, "not welcomed", FALSE);
}

static void
take_next (VmGuest *guest, GBytes *message)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = NULL;

  if (guest->seat_request) {
    take_early (guest, message);
    return;
  }
  signal = vm_line_parse (guest->line, message, &error);
  if (!guest->member)
    return;
  /* whatever it says after hello, it says because of the welcome */
  vm_member_arrived (guest->member);
  if (error) {
    g_autoptr (VmSignal) answer = vm_signal_new_error (error, -1);

    send_signal (guest, answer);
  }
  if (signal)
    vm_member_receive (guest->member, signal);
  if (guest->member && guest->ws && wants_ack (guest)) {
    g_autoptr (VmSignal) ack = vm_signal_new (VM_SIGNAL_ACK);

    send_signal (guest, ack);
  }
}

/* The first message: it takes the seat, or there is nothing more to say. */

static void
take_hello (VmWs *ws, const VmSignal *signal, GError **error)
{
  g_autoptr (VmTicket) ticket = g_steal_pointer (&peer_of (ws)->ticket);
  g_autofree gchar *shared = g_steal_pointer (&peer_of (ws)->shared_ticket);

  if (signal->type != VM_SIGNAL_HELLO)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The first message must be hello");
  else if (ticket)
    take_seat (ws, ticket, signal);
  else if (shared)
    take_seat_by (ws, shared, signal);
  else
    come_back (ws, signal, error);
}

static void
take_first (VmWs *ws, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal =
      vm_line_parse (peer_of (ws)->line, bytes, &error);

  if (signal)
    take_hello (ws, signal, &error);
  ws->first_due = !peer_of (ws)->guest;
  if (!error)
    return;
  if (!signal || signal->type != VM_SIGNAL_ERROR)
    send_error (ws, error, signal ? signal->seq : -1);
  vm_ws_close (ws, VM_CLOSE_POLICY, signal ? "no seat" : "no hello", FALSE);
}

/* The socket */

static void
guest_open (VmWs *ws)
{
  ws->peer = vm_conn_steal_query (ws->conn);
  peer_of (ws)->line = vm_line_new (&vm_dialect_native);
  ws->first_due = TRUE;
}

static void
guest_free (VmWs *ws)
{
  g_clear_pointer (&ws->peer, peer_free);
}

static void
guest_receive (VmWs *ws, GBytes *message)
{
  if (peer_of (ws)->guest)
    take_next (peer_of (ws)->guest, message);
  else if (!ws->close_code)
    take_first (ws, message);
}

static void
guest_tell (VmWs *ws, const GError *error)
{
  g_autoptr (VmSignal) signal = vm_signal_new_error (error, -1);

  if (peer_of (ws)->guest)
    send_signal (peer_of (ws)->guest, signal);
  else if (peer_of (ws)->line)
    send_error (ws, error, -1);
}

/* Without a @reason the guest may come back. */
static void
guest_hang_up (VmWs *ws, const GError *reason)
{
  VmGuest *guest = g_steal_pointer (&peer_of (ws)->guest);

  if (!guest)
    return;
  guest->ws = NULL;
  if (guest->seat_request)
    vm_seat_request_cancel (g_steal_pointer (&guest->seat_request));
  if (!guest->member)
    free_unused (guest);
  else if (reason)
    vm_member_leave (guest->member, reason);
  else
    vm_member_lose (guest->member, g_get_monotonic_time ());
}

static gboolean
guest_has_seat (VmWs *ws)
{
  return peer_of (ws)->guest && peer_of (ws)->guest->member;
}

static const VmWsFuncs guest_funcs = {
  .open = guest_open,
  .receive = guest_receive,
  .tell = guest_tell,
  .hang_up = guest_hang_up,
  .has_seat = guest_has_seat,
  .free = guest_free,
};

static gboolean
upgrade (VmConn *conn, GError **error)
{
  VmRooms *rooms = conn->server->rooms;
  g_autofree gchar *ticket = vm_conn_get_argument (conn, "ticket");
  Peer *peer;

  if (!vm_request_head_lists (&conn->request->head, "sec-websocket-protocol",
          vm_protocol_native.subprotocol)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The WebSocket subprotocol must be videomeet.v2");
    return TRUE;
  }
  peer = g_new0 (Peer, 1);
  vm_conn_set_query (conn, peer, peer_free);
  conn->request->ws_funcs = &guest_funcs;
  /* without one it is to resume a seat, which hello will say */
  if (!vm_request_head_has_query (&conn->request->head))
    return TRUE;
  if (ticket && vm_rooms_shares_ticket (rooms, ticket))
    peer->shared_ticket = g_strdup (ticket);
  else
    peer->ticket = vm_rooms_use_ticket (
        rooms, ticket, vm_conn_get_key (conn), g_get_monotonic_time (), error);
  return TRUE;
}

/* Over a restart of the server (roomsave.h) */

static GVariant *
save (gpointer outlet)
{
  return vm_line_save (((VmGuest *) outlet)->line);
}

static gpointer
restore (VmMember *member, GVariant *line, gpointer user_data)
{
  VmGuest *guest = g_new0 (VmGuest, 1);

  guest->outlet.funcs = &outlet_funcs;
  guest->line = vm_line_restore (&vm_dialect_native, line);
  guest->member = member;
  return &guest->outlet;
}

static const VmRoute routes[] = {
  { .path = "/ws", .upgrade = upgrade },
  { NULL },
};

const VmServerProtocol vm_protocol_native = {
  .name = "native",
  .routes = routes,
  .subprotocol = "videomeet.v2",
  .save = save,
  .restore = restore,
};
