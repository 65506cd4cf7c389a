/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* GET /transfer?ticket= and ?id= (protocol/files.md#without-a-meeting). */

#include "server/access/clientkey.h"
#include "base/deviceid.h"
#include "base/vmthread-priv.h"
#include "server/dialect/transfer/transfer-priv.h"
#include "transfer/message/messagestructure.h"
#include "transfer/objects/vmfilereceiver-priv.h"

#include <string.h>

static void
guest_free (gpointer data)
{
  VmTransferGuest *guest = data;

  g_free (guest->device_id);
  g_free (guest->id);
  g_free (guest->key);
  g_clear_object (&guest->inlet);
  vm_frame_joiner_free (guest->joiner);
  g_free (guest);
}

VmTransferGuest *
vm_transfer_guest_of (VmWs *ws)
{
  return ws->peer;
}

static void
on_open (VmWs *ws)
{
  VmServer *self = ws->conn->server;
  VmTransferServer *files = vm_transfer_server_of (self);
  VmTransferGuest *guest = vm_conn_steal_query (ws->conn);
  VmWs *before = g_hash_table_lookup (files->sockets, guest->key);

  ws->peer = guest;
  /* the sender has lost the other, which may not know yet that it is dead */
  if (before)
    vm_ws_close (before, VM_CLOSE_POLICY, "superseded", TRUE);
  g_hash_table_replace (files->sockets, guest->key, ws);
  vm_thread_take_long_turns ();
  if (guest->inlet)
    vm_file_inlet_set_attached (guest->inlet, TRUE);
  else if (files->receiver)
    vm_file_receiver_set_lost (
        files->receiver, guest->device_id, guest->id, FALSE);
}

static void
on_hang_up (VmWs *ws, const GError *reason)
{
  VmServer *self = ws->conn->server;
  VmTransferServer *files = vm_transfer_server_of (self);
  const VmTransferGuest *guest = vm_transfer_guest_of (ws);

  if (g_hash_table_lookup (files->sockets, guest->key) != ws)
    return;
  g_hash_table_remove (files->sockets, guest->key);
  if (g_hash_table_size (files->sockets) == 0)
    vm_thread_take_turns ();
  if (guest->inlet)
    vm_file_inlet_set_attached (guest->inlet, FALSE);
  else if (files->receiver)
    vm_file_receiver_set_lost (
        files->receiver, guest->device_id, guest->id, TRUE);
}

/* With its id it ends the transfer, which goes on when all that was wrong is
 * that it came too fast. */
static void
on_tell (VmWs *ws, const GError *error)
{
  gboolean ends = !g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  g_autoptr (VmTransferMessage) message = vm_transfer_message_new (
      VM_TRANSFER_ERROR, ends ? vm_transfer_guest_of (ws)->id : NULL);
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
  VmTransferServer *files = vm_transfer_server_of (self);
  const VmTransferGuest *guest = vm_transfer_guest_of (ws);

  if (guest->inlet && message->type != VM_TRANSFER_FILE_OFFER)
    return vm_file_inlet_push (guest->inlet, message);
  if (!guest->inlet && files->receiver)
    return vm_file_receiver_push (files->receiver, message, guest->device_id,
        ws->conn->group, guest->known);
  vm_transfer_message_free (message);
  return TRUE;
}

/* For whom it is, if it is of the transfer that the socket is for. */
static void
hand_over (VmWs *ws, VmTransferMessage *message)
{
  VmTransferGuest *guest = vm_transfer_guest_of (ws);

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

  ws->of_file = vm_frame_joiner_take (
                    vm_transfer_guest_of (ws)->joiner, bytes, &message, &error)
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
  const VmTransferGuest *guest = vm_transfer_guest_of (ws);

  return guest->inlet || (guest->accepted && !guest->ended);
}

static void
on_free (VmWs *ws)
{
  g_clear_pointer (&ws->peer, guest_free);
}

static const VmWsFuncs transfer_funcs = {
  .open = on_open,
  .receive = on_text,
  .tell = on_tell,
  .hang_up = on_hang_up,
  .has_seat = has_seat,
  .receive_binary = on_binary,
  .free = on_free,
  .message_max = VM_TRANSFER_SOCKET_MESSAGE_MAX,
  .too_large = "message larger than 1 MiB",
  .queue_bytes = VM_TRANSFER_SOCKET_QUEUE,
};

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
  conn->request->ws_funcs = &transfer_funcs;
  vm_conn_set_query (conn, guest, guest_free);
}

/* The device has offered it in a meeting; its key is its ticket. */
static void
begin_of_meeting (VmConn *conn, const gchar *id, GError **error)
{
  g_autofree gchar *device_id = vm_transfer_admit (conn, error);
  VmFileInlet *inlet =
      device_id ? vm_server_find_file_inlet (conn->server, device_id, id)
                : NULL;

  if (inlet)
    begin (conn, device_id, g_strdup (id), inlet, FALSE);
  else if (device_id)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_TICKET,
        "No such file was offered by this device in a meeting");
}

gboolean
vm_transfer_upgrade (VmConn *conn, GError **error)
{
  VmServer *self = conn->server;
  VmTransferServer *files = vm_transfer_server_of (self);
  const gchar *key = vm_conn_get_key (conn);
  g_autofree gchar *device_id = key ? vm_device_id_from_key_hash (key) : NULL;
  g_autofree gchar *of_meeting = vm_conn_get_argument (conn, "id");
  g_autofree gchar *ticket = vm_conn_get_argument (conn, "ticket");
  g_autofree gchar *id = NULL;
  gboolean known;

  if (of_meeting) {
    begin_of_meeting (conn, of_meeting, error);
    return TRUE;
  }
  id = vm_transfers_use (
      files->tickets, ticket, device_id, g_get_monotonic_time (), error);
  /* trust may have ended since the ticket was given */
  if (id && vm_transfer_may_send (self, device_id, &known, error))
    begin (conn, device_id, g_steal_pointer (&id), NULL, known);
  return TRUE;
}
