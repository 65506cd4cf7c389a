/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Files that come without a meeting: POST /transfers and GET /transfer?ticket=
 * (protocol/files.md#without-a-meeting). The file itself is the
 * VmFileReceiver's, on its own thread: while more waits there than its disk
 * takes, the socket is not read. And those that were offered in a meeting: GET
 * /transfer?id=, for a VmFileInlet. */

#include "base/deviceid.h"
#include "server/access/clientkey.h"
#include "server/dialect/transfer/transfer-priv.h"
#include "server/http/response.h"
#include "transfer/message/messagestructure.h"
#include "transfer/objects/vmfilereceiver-priv.h"
#include "trust/store/decision.h"
#include "base/json/json-priv.h"

#include <string.h>

VmTransferServer *
vm_transfer_server_of (VmServer *server)
{
  return vm_server_get_state (server, &vm_protocol_transfer);
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
  VmTransferServer *files = vm_transfer_server_of (self);
  VmWs *ws = g_hash_table_lookup (files->sockets, key);

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
  VmTransferServer *files = vm_transfer_server_of (self);
  const Reply *reply = data;
  VmWs *ws = g_hash_table_lookup (files->sockets, reply->key);

  if (ws)
    note_reply (vm_transfer_guest_of (ws), reply);
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
  VmTransferServer *files = vm_transfer_server_of (self);
  GHashTableIter iter;
  gpointer value;

  if (inlet && vm_file_inlet_is_full (inlet))
    return;
  g_hash_table_iter_init (&iter, files->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (vm_transfer_guest_of (value)->inlet == inlet)
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
  VmTransferServer *files = vm_transfer_server_of (self);
  GHashTableIter iter;
  gpointer value;

  if (!files->receiver)
    return;
  g_signal_handlers_disconnect_by_data (files->receiver, self);
  g_clear_object (&files->receiver);
  g_hash_table_iter_init (&iter, files->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    if (!vm_transfer_guest_of (value)->inlet)
      vm_ws_close (value, VM_CLOSE_GOING_AWAY, "no files any more", FALSE);
  }
}

void
vm_transfer_end_socket (VmServer *self, const gchar *key)
{
  VmTransferServer *files = vm_transfer_server_of (self);
  VmWs *ws = g_hash_table_lookup (files->sockets, key);

  if (ws)
    vm_ws_close (ws, VM_CLOSE_NORMAL, "over", FALSE);
}

static void
take_receiver (VmServer *self, gpointer data)
{
  VmTransferServer *files = vm_transfer_server_of (self);
  forget_receiver (self);
  if (!data)
    return;
  files->receiver = g_object_ref (data);
  /* a handler may just run on the receiver's thread when the server goes */
  g_signal_connect_object (
      files->receiver, "reply", G_CALLBACK (hear_reply), self, 0);
  g_signal_connect_object (
      files->receiver, "room", G_CALLBACK (hear_room), self, 0);
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

gboolean
vm_transfer_may_send (
    VmServer *self, const gchar *device_id, gboolean *known, GError **error)
{
  g_autoptr (VmTrustFacts) facts =
      vm_trust_snapshot_get (self->known, device_id, NULL, NULL);
  VmTrustDecision decision;
  gboolean may = vm_trust_decide (self->policy, facts, VM_PERMISSIONS_FILE,
      g_get_real_time () / G_USEC_PER_SEC, &decision, error);

  if (known)
    *known = may && decision.level != VM_TRUST_LEVEL_UNKNOWN;
  return may;
}

static void
check (VmServer *self, gpointer state)
{
  VmTransferServer *files = state;
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, files->sockets);
  while (g_hash_table_iter_next (&iter, NULL, &value)) {
    VmWs *ws = value;

    if (!vm_transfer_may_send (
            self, vm_transfer_guest_of (ws)->device_id, NULL, NULL))
      vm_ws_close (ws, VM_CLOSE_POLICY, "not trusted", TRUE);
  }
}

/* By the clock: what was given runs out. */
static void
tick (VmServer *self, gpointer state, gint64 now)
{
  VmTransferServer *files = state;
  if (now - files->checked < VM_TRUST_CHECK_TIME)
    return;
  files->checked = now;
  check (self, state);
}

gchar *
vm_transfer_admit (VmConn *conn, GError **error)
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
  return vm_transfer_may_send (self, device_id, NULL, error)
             ? g_steal_pointer (&device_id)
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
  VmTransferServer *files = vm_transfer_server_of (self);
  g_autofree gchar *device_id = NULL;
  g_autofree gchar *ticket = NULL;
  g_autoptr (VmTransferMessage) offer = NULL;

  if (!files->receiver) {
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "No files are received on this device");
    return NULL;
  }
  device_id = vm_transfer_admit (conn, error);
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
  ticket = vm_transfers_grant (files->tickets, device_id, conn->group,
      offer->id, g_get_monotonic_time (), error);
  return ticket ? make_grant (conn, offer->id, ticket) : NULL;
}

static int
post_transfers (VmConn *conn)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) answer = grant (conn, &error);

  if (!answer)
    return vm_http_reply_error (conn, 0, error, FALSE);
  return vm_http_reply_json (conn, 202, answer);
}

/* The protocol at a server */

static gpointer
create (VmServer *server)
{
  VmTransferServer *files = g_new0 (VmTransferServer, 1);

  files->server = server;
  files->tickets = vm_transfers_new (vm_server_random, NULL);
  files->sockets = g_hash_table_new (g_str_hash, g_str_equal);
  files->inlets =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  return files;
}

static void
destroy (gpointer state)
{
  VmTransferServer *files = state;

  if (files->receiver)
    g_signal_handlers_disconnect_by_data (files->receiver, files->server);
  g_clear_object (&files->receiver);
  vm_transfers_free (files->tickets);
  g_hash_table_unref (files->sockets);
  g_hash_table_unref (files->inlets);
  g_free (files);
}

static const VmRoute routes[] = {
  { .path = "/transfers", .post = post_transfers },
  { .path = "/transfer", .upgrade = vm_transfer_upgrade },
  { NULL },
};

const VmServerProtocol vm_protocol_transfer = {
  .name = "transfer",
  .routes = routes,
  .subprotocol = "videomeet.file",
  .create = create,
  .destroy = destroy,
  .tick = tick,
  .check = check,
};
