/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* One WebSocket: bounded in what it reads, in how fast, and in what it keeps to
 * send (security.md#limits). */

#include "server/socket/ws.h"
#include "server/server-priv.h"
#include "server/socket/unjoined.h"
#include "server/loop/tcpinfo.h"

#include <string.h>

#define WRITES_AT_ONCE 16 /* messages before others get their turn */
#define RESUME_CREDIT 50 /* messages to be worth reading again */

void
vm_ws_close (VmWs *ws, guint code, const gchar *reason, gboolean now)
{
  if (ws->close_code)
    return;
  ws->close_code = code;
  ws->close_now = now != FALSE;
  ws->close_reason = reason;
  ws->deadline = g_get_monotonic_time () + VM_CLOSE_TIME;
  lws_callback_on_writable (ws->conn->wsi);
}

void
vm_ws_queue (VmWs *ws, GBytes *bytes)
{
  ws->queue_bytes += g_bytes_get_size (bytes);
  g_queue_push_tail (&ws->queue, g_bytes_ref (bytes));
  if (ws->unsent)
    return;
  ws->unsent = TRUE;
  g_ptr_array_add (ws->conn->server->unsent, ws);
}

/* One client may send more at once than another's queue holds; who reads has
 * its queue below the limit again soon. */
static gboolean
is_slow (VmWs *ws, gsize size)
{
  gint64 now = g_get_monotonic_time ();

  if (ws->funcs->queue_bytes)
    return ws->queue_bytes + size > ws->funcs->queue_bytes;
  if (ws->queue_bytes + size > VM_QUEUE_BYTES + ws->granted)
    return TRUE;
  if (ws->queue.length < VM_QUEUE_MESSAGES)
    return FALSE;
  if (!ws->full_since)
    ws->full_since = now;
  return now - ws->full_since >= ws->conn->server->times.queue;
}

void
vm_ws_send (VmWs *ws, GBytes *bytes)
{
  if (ws->close_code)
    return;
  if (is_slow (ws, g_bytes_get_size (bytes)))
    vm_ws_close (ws, VM_CLOSE_TRY_LATER, "too slow", TRUE);
  else
    vm_ws_queue (ws, bytes);
}

void
vm_ws_finish (VmWs *ws, const GError *reason)
{
  vm_ws_close (ws, reason ? VM_CLOSE_POLICY : VM_CLOSE_NORMAL,
      reason ? "removed" : "bye", FALSE);
}

void
vm_ws_open (VmConn *conn)
{
  gint64 now = g_get_monotonic_time ();
  VmWs *ws = g_new0 (VmWs, 1);

  ws->conn = conn;
  ws->funcs = conn->request->ws_funcs;
  g_queue_init (&ws->queue);
  ws->deadline = now + conn->server->times.first_message;
  ws->last_heard = ws->last_ping = ws->credit_at = now;
  ws->credit = VM_MESSAGE_BURST;
  ws->noise_at = now;
  ws->taken = vm_socket_taken (lws_get_socket_fd (conn->wsi)) + VM_NOISE_SLACK;
  conn->ws = ws;
  conn->server->n_ws++;
  ws->funcs->open (ws);
  vm_conn_end_requests (conn);
  vm_server_count_unjoined (conn->server);
}

gboolean
vm_ws_hand_over (VmWs *ws, GBytes *message)
{
  VmServer *self = ws->conn->server;

  for (guint i = 0; self->protocols[i] && !ws->heard; i++) {
    if (self->protocols[i]->take_over
        && self->protocols[i]->take_over (self->states[i], ws, message))
      return TRUE;
  }
  return FALSE;
}

void
vm_ws_become (VmWs *ws, const VmWsFuncs *funcs)
{
  ws->funcs->hang_up (ws, NULL);
  ws->funcs = funcs;
  ws->funcs->open (ws);
}

/* Gives the seat back; not to be called by what the room model calls. */
static void
leave (VmWs *ws)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The connection to the participant was lost");

  ws->funcs->hang_up (ws, reason);
}

void
vm_ws_free (VmWs *ws)
{
  gboolean final = ws->close_code || ws->said_goodbye;

  /* nothing is sent any more, the model's goodbye neither */
  ws->close_code = VM_CLOSE_NORMAL;
  ws->conn->server->n_ws--;
  ws->conn->ws = NULL;
  if (final)
    leave (ws);
  else
    ws->funcs->hang_up (ws, NULL);
  if (ws->funcs->free)
    ws->funcs->free (ws);
  vm_ws_reader_clear (&ws->reader);
  g_clear_pointer (&ws->message, g_byte_array_unref);
  g_clear_pointer (&ws->pong, g_bytes_unref);
  g_queue_clear_full (&ws->queue, (GDestroyNotify) g_bytes_unref);
  if (ws->unsent)
    g_ptr_array_remove_fast (ws->conn->server->unsent, ws);
  g_free (ws);
}

static void
refill (VmWs *ws, gint64 now)
{
  ws->credit +=
      (now - ws->credit_at) * VM_MESSAGE_RATE / (gdouble) G_USEC_PER_SEC;
  ws->credit = MIN (ws->credit, VM_MESSAGE_BURST);
  ws->credit_at = now;
}

/* Reading stops first: what the client sends stays in its own socket. Not from
 * here, in the middle of what has been read, but before more is read. */
static void
pay (VmWs *ws, gdouble messages, gint64 now)
{
  refill (ws, now);
  ws->credit -= messages;
  if (ws->credit >= 1 || ws->pause_due)
    return;
  ws->pause_due = TRUE;
  if (!ws->flooded_since) {
    g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_RATE_LIMITED,
        "More than %u messages a second are not read", VM_MESSAGE_RATE);

    ws->flooded_since = now;
    ws->funcs->tell (ws, error);
  }
}

static void
pause_reading (VmWs *ws)
{
  if ((!ws->pause_due && !ws->held) || ws->paused)
    return;
  ws->paused = TRUE;
  lws_rx_flow_control (ws->conn->wsi, 0);
}

static void
hear (VmWs *ws, gint64 now)
{
  ws->last_heard = now;
  ws->pinged = 0;
}

/* Reads on, if nothing else speaks against it. */
static void
read_on (VmWs *ws, gint64 now)
{
  if (!ws->paused || ws->held || ws->credit < RESUME_CREDIT)
    return;
  ws->paused = ws->pause_due = FALSE;
  /* it was not silent, it was not listened to */
  hear (ws, now);
  ws->message_began = now;
  lws_rx_flow_control (ws->conn->wsi, 1);
}

void
vm_ws_hold (VmWs *ws, gboolean hold)
{
  gint64 now = g_get_monotonic_time ();

  if (ws->held == (hold != FALSE))
    return;
  ws->held = hold != FALSE;
  if (hold) {
    lws_callback_on_writable (ws->conn->wsi);
  } else {
    refill (ws, now);
    read_on (ws, now);
  }
}

/* Control frames and empty fragments cost work too: they are what the socket
 * gave beyond the messages. */
static void
weigh_noise (VmWs *ws, gint64 now)
{
  int fd = lws_get_socket_fd (ws->conn->wsi);
  guint64 taken, noise;

  if (now - ws->noise_at < VM_NOISE_TIME)
    return;
  ws->noise_at = now;
  /* from most nothing has come: what waits at the socket is not asked for
   * then */
  if (vm_socket_received (fd) <= ws->taken + ws->noise)
    return;
  taken = vm_socket_taken (fd);
  if (taken <= ws->taken + ws->noise)
    return;
  noise = (taken - ws->taken - ws->noise) / VM_NOISE_BYTES;
  ws->noise += noise * VM_NOISE_BYTES;
  if (noise)
    pay (ws, noise, now);
}

static void
take_data (VmWs *ws, const VmWsPiece *piece)
{
  g_autoptr (GBytes) bytes = NULL;
  gsize size = piece->size, missing = piece->missing;
  gsize most = ws->funcs->message_max ? ws->funcs->message_max : VM_MESSAGE_MAX;
  gboolean binary = piece->opcode == VM_WS_BINARY;

  hear (ws, g_get_monotonic_time ());
  ws->taken += size;
  if (ws->close_code)
    return;
  if (binary && !ws->funcs->receive_binary) {
    vm_ws_close (ws, VM_CLOSE_UNSUPPORTED, "text only", TRUE);
    return;
  }
  if (!ws->message) {
    /* as much as its first frame says it has */
    ws->message = g_byte_array_sized_new (MIN (size + missing, most));
    ws->message_began = ws->last_heard;
  }
  if (missing > most || ws->message->len + size + missing > most) {
    vm_ws_close (ws, VM_CLOSE_TOO_BIG,
        ws->funcs->too_large ? ws->funcs->too_large
                             : "message larger than 256 KiB",
        TRUE);
    return;
  }
  g_byte_array_append (ws->message, piece->data, size);
  if (!piece->final || missing)
    return;
  ws->taken += VM_NOISE_FREE + ws->message->len / VM_NOISE_RECORDS;
  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&ws->message));
  ws->conn->server->counters.messages_in++;
  ws->of_file = FALSE;
  if (binary)
    ws->funcs->receive_binary (ws, bytes);
  else
    ws->funcs->receive (ws, bytes);
  ws->heard = TRUE;
  if (ws->funcs->own_rate)
    return;
  /* else the disk does, as VM_TRANSFER_SOCKET_MESSAGE_MAX says */
  if (!ws->of_file || g_bytes_get_size (bytes) < VM_TRANSFER_SOCKET_FREE)
    pay (ws, 1, ws->last_heard);
}

static int
write_frame (VmWs *ws, VmWsOpcode opcode, gconstpointer data, gsize size)
{
  g_autofree guint8 *buffer =
      g_malloc (LWS_PRE + VM_WS_FRAME_HEADER_MAX + size);
  gsize header = vm_ws_write_header (buffer + LWS_PRE, opcode, size);

  memcpy (buffer + LWS_PRE + header, data, size);
  return vm_conn_write (ws->conn, buffer + LWS_PRE, header + size);
}

static int
write_next (VmWs *ws)
{
  g_autoptr (GBytes) bytes = g_queue_pop_head (&ws->queue);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);

  ws->queue_bytes -= size;
  ws->granted -= MIN (ws->granted, size);
  if (ws->queue.length < VM_QUEUE_MESSAGES)
    ws->full_since = 0;
  ws->conn->server->counters.messages_out++;
  return write_frame (
      ws, ws->funcs->binary ? VM_WS_BINARY : VM_WS_TEXT, data, size);
}

/* The client answers with its own and hangs up, or vm_ws_tick() does at the
 * deadline. */
static int
write_close (VmWs *ws)
{
  gsize size = strlen (ws->close_reason);
  guint8 payload[VM_WS_CONTROL_MAX] = { ws->close_code >> 8,
    ws->close_code & 0xff };

  memcpy (payload + 2, ws->close_reason, size);
  ws->close_sent = TRUE;
  return write_frame (ws, VM_WS_CLOSE, payload, size + 2);
}

int
vm_ws_write (VmWs *ws)
{
  struct lws *wsi = ws->conn->wsi;

  if (ws->close_sent)
    return 0;
  pause_reading (ws);
  if (ws->ping_due) {
    ws->ping_due = FALSE;
    if (write_frame (ws, VM_WS_PING, "", 0) < 0)
      return -1;
  }
  if (ws->pong) {
    g_autoptr (GBytes) pong = g_steal_pointer (&ws->pong);
    gsize size;
    gconstpointer data = g_bytes_get_data (pong, &size);

    if (write_frame (ws, VM_WS_PONG, data, size) < 0)
      return -1;
  }
  for (guint i = 0; i < WRITES_AT_ONCE && ws->queue.length && !ws->close_now;
       i++) {
    if (lws_send_pipe_choked (wsi))
      break;
    if (write_next (ws) < 0)
      return -1;
  }
  if (ws->close_code && (ws->close_now || !ws->queue.length))
    return write_close (ws);
  if (ws->queue.length)
    lws_callback_on_writable (wsi);
  return 0;
}

/* A socket takes most of what is said at once. To be asked first whether it
 * does is two changes of what epoll watches, which cost more than the write. */
static void
send_now (VmWs *ws)
{
  ws->unsent = FALSE;
  if (!ws->conn->cut && vm_ws_write (ws) < 0)
    vm_conn_cut (ws->conn);
}

void
vm_ws_send_unsent (VmServer *server)
{
  while (server->unsent->len)
    send_now (
        g_ptr_array_steal_index_fast (server->unsent, server->unsent->len - 1));
}

/* The client's close frame answers ours, or gets its code back. */
static int
take_goodbye (VmWs *ws, const VmWsPiece *piece)
{
  VmConn *conn = ws->conn;
  int result = 0;

  ws->said_goodbye = TRUE;
  ws->left = !ws->close_code;
  if (!ws->close_sent)
    result = write_frame (ws, VM_WS_CLOSE, piece->data, MIN (piece->size, 2));
  g_clear_pointer (&conn->ws, vm_ws_free);
  vm_conn_finish (conn);
  return result;
}

/* Of pings that come faster than answers go out, the last one is answered
 * (RFC 6455 §5.5.3). */
static void
take_ping (VmWs *ws, const VmWsPiece *piece)
{
  g_clear_pointer (&ws->pong, g_bytes_unref);
  ws->pong = g_bytes_new (piece->data, piece->size);
  lws_callback_on_writable (ws->conn->wsi);
}

int
vm_ws_receive (VmWs *ws, guint8 *data, gsize size)
{
  VmWsPiece piece;

  vm_ws_reader_feed (&ws->reader, data, size);
  while (vm_ws_reader_next (&ws->reader, &piece)) {
    if (piece.type == VM_WS_PIECE_BAD)
      vm_ws_close (ws, VM_CLOSE_PROTOCOL, "no frame of a client", TRUE);
    else if (piece.type == VM_WS_PIECE_DATA)
      take_data (ws, &piece);
    else if (piece.type == VM_WS_PIECE_CONTROL && piece.opcode == VM_WS_CLOSE)
      return take_goodbye (ws, &piece);
    else if (piece.type == VM_WS_PIECE_CONTROL && piece.opcode == VM_WS_PING)
      take_ping (ws, &piece);
    else if (piece.type == VM_WS_PIECE_CONTROL) {
      ws->answers = TRUE;
      hear (ws, g_get_monotonic_time ());
    }
  }
  pause_reading (ws);
  return 0;
}

static void
tick_rate (VmWs *ws, gint64 now)
{
  pause_reading (ws);
  refill (ws, now);
  read_on (ws, now);
  if (ws->credit >= VM_MESSAGE_RATE)
    ws->flooded_since = 0;
  if (ws->flooded_since
      && now - ws->flooded_since >= ws->conn->server->times.flood)
    vm_ws_close (ws, VM_CLOSE_POLICY, "too many messages", TRUE);
}

/* A client that has never answered one may not know pings: it has the longer
 * time, or pings by its own messages. Behind much that it has not read yet a
 * ping waits for long. */
static gboolean
is_dead (VmWs *ws, gboolean awaited, gint64 now)
{
  const VmServerTimes *times = &ws->conn->server->times;

  if (ws->paused)
    return FALSE;
  if (awaited && ws->answers && ws->pinged
      && now - ws->pinged >= times->awaited_pong
      && !vm_socket_is_slow (
          lws_get_socket_fd (ws->conn->wsi), times->awaited_pong))
    return TRUE;
  return !ws->funcs->pings && now - ws->last_heard >= times->dead;
}

/* The time without a word after which an awaited client is pinged. */
static gint64
get_awaited_ping (VmServer *server)
{
  gint64 turn =
      g_hash_table_size (server->conns) * G_USEC_PER_SEC / VM_AWAITED_PINGS_MAX;

  return MIN (MAX (server->times.awaited_ping, turn), server->times.ping);
}

static void
tick_ping (VmWs *ws, gint64 now)
{
  const VmServerTimes *times = &ws->conn->server->times;
  gboolean awaited = ws->funcs->is_awaited && ws->funcs->is_awaited (ws);
  gint64 ping = awaited ? get_awaited_ping (ws->conn->server) : times->ping;

  if (is_dead (ws, awaited, now)) {
    ws->funcs->hang_up (ws, NULL);
    vm_ws_close (ws, VM_CLOSE_GOING_AWAY, "no answer", TRUE);
  } else if ((awaited || !ws->funcs->pings)
             && now - MAX (ws->last_heard, ws->last_ping) >= ping) {
    ws->last_ping = now;
    if (!ws->pinged)
      ws->pinged = now;
    ws->ping_due = TRUE;
    lws_callback_on_writable (ws->conn->wsi);
  }
}

/* Whether the connection is to be cut. */
gboolean
vm_ws_tick (VmWs *ws, gint64 now)
{
  const VmServerTimes *times = &ws->conn->server->times;

  if (ws->close_code) {
    leave (ws);
    return now >= ws->deadline;
  }
  weigh_noise (ws, now);
  tick_rate (ws, now);
  if (ws->message && !ws->paused && now - ws->message_began >= times->request) {
    vm_ws_close (ws, VM_CLOSE_POLICY, "message without end", TRUE);
  } else if (ws->first_due && now >= ws->deadline) {
    vm_ws_close (ws, VM_CLOSE_POLICY, "no hello", FALSE);
  } else {
    tick_ping (ws, now);
  }
  return FALSE;
}
