/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that come without a meeting: POST /transfers and GET /transfer?ticket=
 * (protocol/files.md#without-a-meeting). The file itself is the
 * VmFileReceiver's, on its own thread: while more waits there than its disk
 * takes, the socket is not read. And those that were offered in a meeting: GET
 * /transfer?id=, for a VmFileInlet. */

#include "server/http/fileinlet-priv.h"
#include "server/http/transfers.h"
#include "transfer/message/frame.h"
#include "transfer/message/messagestructure.h"
#include "transfer/objects/vmfilereceiver-priv.h"
#include "trust/store/decision.h"
#include "base/vmthread-priv.h"
#include "base/json/json-priv.h"

#include <string.h>

/* What the server knows of one transfer: belongs to its socket. */
struct _VmTransferGuest
{
  gchar *device_id;
  gchar *id; /* of the transfer */
  gchar *key; /* of both */
  VmFileInlet *inlet; /* of a meeting; NULL: the receiver's */
  VmFrameJoiner *joiner;
  gboolean known; /* the device: no stranger */
  gboolean accepted; /* it is one of those that the receiver takes at a time */
  gboolean ended; /* by its sender, who is not answered then */
};

void
vm_transfer_guest_free (VmTransferGuest *guest)
{
  g_free (guest->device_id);
  g_free (guest->id);
  g_free (guest->key);
  g_clear_object (&guest->inlet);
  vm_frame_joiner_free (guest->joiner);
  g_free (guest);
}

/* Replies, from the receiver's thread */

typedef struct
{
  gchar *key;
  GBytes *text;
  VmTransferType type;
  gboolean accept; /* of FILE_RESPONSE */
} Reply;

static void
reply_free (gpointer data)
{
  Reply *reply = data;

  g_free (reply->key);
  g_bytes_unref (reply->text);
  g_free (reply);
}

/* Of another transport, or its socket is gone: then it will ask again. */
void
vm_transfer_answer (VmServer *self, const gchar *key, GBytes *text)
{
  VmWs *ws = g_hash_table_lookup (self->transfer_sockets, key);

  if (ws)
    vm_ws_send (ws, text);
}

static void
note_reply (VmTransferGuest *guest, const Reply *reply)
{
  switch (reply->type) {
    case VM_TRANSFER_FILE_RESPONSE:
      guest->accepted = reply->accept;
      break;
    case VM_TRANSFER_VERIFIED:
    case VM_TRANSFER_CANCEL:
    case VM_TRANSFER_ERROR:
      guest->accepted = FALSE;
      break;
    default:
      break;
  }
}

static void
send_reply (VmServer *self, gpointer data)
{
  const Reply *reply = data;
  VmWs *ws = g_hash_table_lookup (self->transfer_sockets, reply->key);

  if (ws)
    note_reply (ws->transfer_guest, reply);
  vm_transfer_answer (self, reply->key, reply->text);
}

static void
hear_reply (VmFileReceiver *receiver, const GstStructure *message,
    const gchar *from, gpointer user_data)
{
  VmServer *self = user_data;
  g_autoptr (VmTransferMessage) read =
      vm_transfer_message_from_structure (message, NULL, NULL);
  Reply *reply;
  gchar *text;

  if (!read || !read->id)
    return;
  text = vm_transfer_message_write (read);
  reply = g_new0 (Reply, 1);
  reply->type = read->type;
  reply->accept = read->accept;
  reply->key = vm_transfer_key (from, read->id);
  reply->text = g_bytes_new_take (text, strlen (text));
  vm_server_post (self, send_reply, reply, reply_free);
}

/* Whoever has no room itself goes on waiting. */
void
vm_transfer_read_on (VmServer *self, VmFileInlet *inlet)
{
  GHashTableIter iter;
  gpointer value;

  if (inlet && vm_file_inlet_is_full (inlet))
    return;
  g_hash_table_iter_init (&iter, self->transfer_sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (((VmWs *) value)->transfer_guest->inlet == inlet)
      vm_ws_hold (value, FALSE);
  }
}

static void
read_on (VmServer *self, gpointer data)
{
  vm_transfer_read_on (self, NULL);
}

static void
hear_room (VmFileReceiver *receiver, gpointer user_data)
{
  vm_server_post (user_data, read_on, NULL, NULL);
}

static void
forget_receiver (VmServer *self)
{
  GHashTableIter iter;
  gpointer value;

  if (!self->receiver)
    return;
  g_signal_handlers_disconnect_by_data (self->receiver, self);
  g_clear_object (&self->receiver);
  g_hash_table_iter_init (&iter, self->transfer_sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (!((VmWs *) value)->transfer_guest->inlet)
      vm_ws_close (value, VM_CLOSE_GOING_AWAY, "no files any more", FALSE);
  }
}

void
vm_transfer_end_socket (VmServer *self, const gchar *key)
{
  VmWs *ws = g_hash_table_lookup (self->transfer_sockets, key);

  if (ws)
    vm_ws_close (ws, VM_CLOSE_NORMAL, "over", FALSE);
}

static void
take_receiver (VmServer *self, gpointer data)
{
  forget_receiver (self);
  if (!data)
    return;
  self->receiver = g_object_ref (data);
  /* a handler may just run on the receiver's thread when the server goes */
  g_signal_connect_object (
      self->receiver, "reply", G_CALLBACK (hear_reply), self, 0);
  g_signal_connect_object (
      self->receiver, "room", G_CALLBACK (hear_room), self, 0);
}

void
vm_server_set_file_receiver (VmServer *self, VmFileReceiver *receiver)
{
  if (!self->thread)
    take_receiver (self, receiver);
  else
    vm_server_post (self, take_receiver,
        receiver ? g_object_ref (receiver) : NULL,
        receiver ? g_object_unref : NULL);
}

/* POST /transfers */

/* @known: (out) (optional): whether it is no stranger. */
static gboolean
may_send (
    VmServer *self, const gchar *device_id, gboolean *known, GError **error)
{
  g_autoptr (VmTrustFacts) facts =
      vm_known_get (self->known, device_id, NULL, NULL);
  VmTrustDecision decision;
  gboolean may = vm_trust_decide (self->policy, facts, VM_PERMISSIONS_FILE,
      g_get_real_time () / G_USEC_PER_SEC, &decision, error);

  if (known)
    *known = may && decision.level != VM_TRUST_LEVEL_UNKNOWN;
  return may;
}

/* And by the clock: what was given runs out. */
void
vm_transfer_tick (VmServer *self, gint64 now)
{
  if (now - self->transfers_checked < VM_TRUST_CHECK_TIME)
    return;
  self->transfers_checked = now;
  vm_transfer_check (self);
}

void
vm_transfer_check (VmServer *self)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->transfer_sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmWs *ws = value;

    if (!may_send (self, ws->transfer_guest->device_id, NULL, NULL))
      vm_ws_close (ws, VM_CLOSE_POLICY, "not trusted", TRUE);
  }
}

/* Whoever sends a file has a key: by its id the file is asked about, and
 * resumed. Returns: (transfer full) */
static gchar *
admit (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  const gchar *key = vm_conn_get_key (conn);
  g_autofree gchar *device_id = NULL;

  if (!key) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Files are taken over TLS, from devices that show their key");
    return NULL;
  }
  device_id = vm_device_id_from_key_hash (key);
  return may_send (self, device_id, NULL, error) ? g_steal_pointer (&device_id)
                                                 : NULL;
}

static GBytes *
make_grant (VmConn *conn, const gchar *id, const gchar *ticket)
{
  g_autofree gchar *uri = g_strdup_printf ("%s://%s/transfer",
      conn->server->secure ? "wss" : "ws", conn->request->host);
  GString *out = g_string_new ("{");

  vm_json_append_member (out, "transferId", id);
  vm_json_append_member (out, "webSocket", uri);
  vm_json_append_member (out, "ticket", ticket);
  vm_json_append_int (out, "expiresIn", VM_TICKET_TIME / G_USEC_PER_SEC);
  g_string_append_c (out, '}');
  return g_string_free_to_bytes (out);
}

static GBytes *
grant (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  g_autofree gchar *device_id = NULL;
  g_autofree gchar *ticket = NULL;
  g_autoptr (VmTransferMessage) offer = NULL;

  if (!self->receiver) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No files are received on this device");
    return NULL;
  }
  device_id = admit (conn, error);
  if (!device_id)
    return NULL;
  offer = vm_transfer_message_read (
      (gchar *) conn->request->body->data, conn->request->body->len, error);
  if (!offer)
    return NULL;
  if (offer->type != VM_TRANSFER_FILE_OFFER || !offer->id) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The request is no FILE_OFFER with an id");
    return NULL;
  }
  ticket = vm_transfers_grant (self->transfers, device_id, conn->group,
      offer->id, g_get_monotonic_time (), error);
  return ticket ? make_grant (conn, offer->id, ticket) : NULL;
}

int
vm_route_transfers (VmConn *conn)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = grant (conn, &error);

  if (!answer)
    return vm_http_reply_error (conn, 0, error, FALSE);
  return vm_http_reply_json (conn, 202, answer);
}

/* GET /transfer?ticket= and ?id= */

/* Takes @id. */
static void
begin (VmConn *conn, const gchar *device_id, gchar *id, VmFileInlet *inlet,
    gboolean known)
{
  VmTransferGuest *guest = g_new0 (VmTransferGuest, 1);

  guest->device_id = g_strdup (device_id);
  guest->id = id;
  guest->known = known;
  guest->key = vm_transfer_key (device_id, id);
  guest->inlet = inlet ? g_object_ref (inlet) : NULL;
  guest->joiner = vm_frame_joiner_new ();
  vm_frame_joiner_set_max (guest->joiner, VM_FRAME_PENDING_SOCKET);
  conn->request->ws_funcs = &vm_transfer_funcs;
  g_clear_pointer (&conn->request->transfer_guest, vm_transfer_guest_free);
  conn->request->transfer_guest = guest;
}

/* The device has offered it in a meeting; its key is its ticket. */
static void
begin_of_meeting (VmConn *conn, const gchar *id, GError **error)
{
  g_autofree gchar *device_id = admit (conn, error);
  VmFileInlet *inlet =
      device_id ? vm_server_find_file_inlet (conn->server, device_id, id)
                : NULL;

  if (inlet)
    begin (conn, device_id, g_strdup (id), inlet, FALSE);
  else if (device_id)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
        "No such file was offered by this device in a meeting");
}

void
vm_transfer_upgrade (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  const gchar *key = vm_conn_get_key (conn);
  g_autofree gchar *device_id = key ? vm_device_id_from_key_hash (key) : NULL;
  gchar text[128];
  const gchar *of_meeting =
      lws_get_urlarg_by_name (conn->wsi, "id=", text, sizeof text);
  g_autofree gchar *id = NULL;
  gboolean known;

  if (of_meeting) {
    begin_of_meeting (conn, of_meeting, error);
    return;
  }
  id = vm_transfers_use (self->transfers,
      lws_get_urlarg_by_name (conn->wsi, "ticket=", text, sizeof text),
      device_id, g_get_monotonic_time (), error);
  /* trust may have ended since the ticket was given */
  if (id && may_send (self, device_id, &known, error))
    begin (conn, device_id, g_steal_pointer (&id), NULL, known);
}

static void
on_open (VmWs *ws)
{
  VmServer *self = ws->conn->server;
  VmTransferGuest *guest = g_steal_pointer (&ws->conn->request->transfer_guest);
  VmWs *before = g_hash_table_lookup (self->transfer_sockets, guest->key);

  ws->transfer_guest = guest;
  /* the sender has lost the other, which may not know yet that it is dead */
  if (before)
    vm_ws_close (before, VM_CLOSE_POLICY, "superseded", TRUE);
  g_hash_table_replace (self->transfer_sockets, guest->key, ws);
  vm_thread_take_long_turns ();
  if (guest->inlet)
    vm_file_inlet_set_attached (guest->inlet, TRUE);
  else if (self->receiver)
    vm_file_receiver_set_lost (
        self->receiver, guest->device_id, guest->id, FALSE);
}

static void
on_hang_up (VmWs *ws, const GError *reason)
{
  VmServer *self = ws->conn->server;
  const VmTransferGuest *guest = ws->transfer_guest;

  if (g_hash_table_lookup (self->transfer_sockets, guest->key) != ws)
    return;
  g_hash_table_remove (self->transfer_sockets, guest->key);
  if (g_hash_table_size (self->transfer_sockets) == 0)
    vm_thread_take_turns ();
  if (guest->inlet)
    vm_file_inlet_set_attached (guest->inlet, FALSE);
  else if (self->receiver)
    vm_file_receiver_set_lost (
        self->receiver, guest->device_id, guest->id, TRUE);
}

/* With its id it ends the transfer, which goes on when all that was wrong is
 * that it came too fast. */
static void
on_tell (VmWs *ws, const GError *error)
{
  gboolean ends = !g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  g_autoptr (VmTransferMessage) message = vm_transfer_message_new (
      VM_TRANSFER_ERROR, ends ? ws->transfer_guest->id : NULL);
  g_autoptr (GBytes) bytes = NULL;
  gchar *text;

  message->code = g_strdup (vm_error_to_code (error->code));
  message->message = g_strndup (error->message, VM_TRANSFER_REASON_MAX);
  text = vm_transfer_message_write (message);
  bytes = g_bytes_new_take (text, strlen (text));
  vm_ws_send (ws, bytes);
}

/* Takes @message. FALSE: no more for now. */
static gboolean
push (VmWs *ws, VmTransferMessage *message)
{
  VmServer *self = ws->conn->server;
  const VmTransferGuest *guest = ws->transfer_guest;

  if (guest->inlet && message->type != VM_TRANSFER_FILE_OFFER)
    return vm_file_inlet_push (guest->inlet, message);
  if (!guest->inlet && self->receiver)
    return vm_file_receiver_push (self->receiver, message, guest->device_id,
        ws->conn->group, guest->known);
  vm_transfer_message_free (message);
  return TRUE;
}

/* For whom it is, if it is of the transfer that the socket is for. */
static void
hand_over (VmWs *ws, VmTransferMessage *message)
{
  VmTransferGuest *guest = ws->transfer_guest;

  if (message->id && !g_str_equal (message->id, guest->id)) {
    vm_transfer_message_free (message);
    vm_ws_close (ws, VM_CLOSE_POLICY, "another transfer", TRUE);
    return;
  }
  if (!message->id)
    message->id = g_strdup (guest->id);
  if (message->type == VM_TRANSFER_CANCEL || message->type == VM_TRANSFER_ERROR)
    guest->ended = TRUE;
  if (!push (ws, message))
    vm_ws_hold (ws, TRUE);
}

static void
on_text (VmWs *ws, GBytes *bytes)
{
  gsize size;
  const gchar *text = g_bytes_get_data (bytes, &size);
  g_autoptr (GError) error = NULL;
  VmTransferMessage *message = vm_transfer_message_read (text, size, &error);

  ws->of_file = message && message->type == VM_TRANSFER_CHUNK_DATA;
  if (message)
    hand_over (ws, message);
  else
    on_tell (ws, error);
}

static void
on_binary (VmWs *ws, GBytes *bytes)
{
  VmTransferMessage *message = NULL;
  g_autoptr (GError) error = NULL;

  ws->of_file =
      vm_frame_joiner_take (ws->transfer_guest->joiner, bytes, &message, &error)
      && (!message || message->type == VM_TRANSFER_CHUNK_DATA);
  if (error)
    on_tell (ws, error);
  else if (message)
    hand_over (ws, message);
}

/* Of a meeting there are as many inlets as its participant has accepted. */
static gboolean
has_seat (VmWs *ws)
{
  const VmTransferGuest *guest = ws->transfer_guest;

  return guest->inlet || (guest->accepted && !guest->ended);
}

const VmWsFuncs vm_transfer_funcs = {
  .open = on_open,
  .receive = on_text,
  .tell = on_tell,
  .hang_up = on_hang_up,
  .has_seat = has_seat,
  .receive_binary = on_binary,
  .message_max = VM_TRANSFER_SOCKET_MESSAGE_MAX,
  .queue_bytes = VM_TRANSFER_SOCKET_QUEUE,
};
