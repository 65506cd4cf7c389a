/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Socket.IO over a session: who is connected, what is acknowledged, and what is
 * not taken; the events themselves are the room guest's. */

#include "server/dialect/socketio/socketguest.h"
#include "base/json/json.h"
#include "base/text.h"
#include "wire/dialect.h"
#include "wire/socketio/engineio.h"
#include "wire/socketio/socketio.h"

#include <string.h>

struct _VmSocketGuest
{
  VmSession *session;
  VmServer *server;
  gchar *group;
  gchar *key;
  gchar *pin; /* of the URL, or NULL */
  gchar *pass; /* see VmJoin, or NULL */
  VmRoomJoins joins; /* whoever connects anew has not more of them */
  VmRoomGuest *guest; /* NULL: not connected */
  gboolean finished; /* it has been told that it is not any more */
};

static void
send_packet (VmSocketGuest *guest, VmSocketType type, const gchar *space,
    gint64 id, const gchar *data, gsize size)
{
  g_autofree gchar *text = vm_socket_packet_write (type, space, id, data, size);
  g_autoptr (GBytes) packet =
      vm_engine_packet_new (VM_ENGINE_MESSAGE, text, strlen (text));

  vm_session_send (guest->session, packet);
}

static void
link_send (gpointer link, GBytes *message)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message, &size);

  send_packet (link, VM_SOCKET_EVENT, "/", -1, data, size);
}

/* A client that is told so does not connect again by itself. */
static void
link_finish (gpointer link, const GError *reason)
{
  VmSocketGuest *guest = link;

  guest->finished = TRUE;
  send_packet (guest, VM_SOCKET_DISCONNECT, "/", -1, NULL, 0);
}

static const VmRoomLink room_link = {
  .dialect = &vm_dialect_socketio,
  .send = link_send,
  .finish = link_finish,
};

static void
drop_guest (VmSocketGuest *guest)
{
  VmRoomGuest *left = g_steal_pointer (&guest->guest);

  guest->finished = FALSE;
  if (left)
    vm_room_guest_free (left, NULL);
}

static void
refuse_namespace (VmSocketGuest *guest, const gchar *space)
{
  static const gchar why[] = "{\"message\":\"Invalid namespace\"}";

  send_packet (guest, VM_SOCKET_CONNECT_ERROR, space, -1, why, sizeof why - 1);
}

static void
join_namespace (VmSocketGuest *guest)
{
  const VmRoomCaller caller = { guest->server, guest->group, guest->key,
    guest->pin, guest->pass, &guest->joins };
  g_autoptr (GString) answer = g_string_new ("{");

  guest->guest = vm_room_guest_new (&caller, &room_link, guest);
  vm_json_append_member (answer, "sid", vm_room_guest_get_id (guest->guest));
  g_string_append_c (answer, '}');
  send_packet (guest, VM_SOCKET_CONNECT, "/", -1, answer->str, answer->len);
}

static gboolean
bad (GError **error, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, VM_ERROR_BAD_MESSAGE, message);
  return FALSE;
}

static gboolean
take_connect (VmSocketGuest *guest, const gchar *space, GError **error)
{
  if (strcmp (space, "/") != 0)
    refuse_namespace (guest, space);
  else if (guest->guest)
    return bad (error, "The client is connected already");
  else
    join_namespace (guest);
  return TRUE;
}

/* An acknowledgement says that the event was read; what is wrong with it, the
 * event `error` says. */
static void
take_event (VmSocketGuest *guest, const VmSocketPacket *packet)
{
  g_autoptr (GBytes) event = g_bytes_new (packet->data.data, packet->data.size);

  vm_room_guest_receive (guest->guest, event);
  if (packet->id >= 0)
    send_packet (guest, VM_SOCKET_ACK, "/", packet->id, "[]", 2);
}

/* Its attachments come as binary messages, which nobody reads. */
static void
refuse_binary (VmSocketGuest *guest)
{
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "Events with binary attachments are not taken");

  vm_room_guest_tell (guest->guest, error);
}

static void
take_from_guest (VmSocketGuest *guest, const VmSocketPacket *packet)
{
  switch (packet->type) {
    case VM_SOCKET_DISCONNECT:
      vm_room_guest_leave (guest->guest);
      drop_guest (guest);
      break;
    case VM_SOCKET_EVENT:
      take_event (guest, packet);
      break;
    case VM_SOCKET_BINARY_EVENT:
      refuse_binary (guest);
      break;
    default:
      break;
  }
}

gboolean
vm_socket_guest_receive (
    VmSocketGuest *guest, const gchar *data, gsize size, GError **error)
{
  g_auto (VmSocketPacket) packet = { 0 };

  if (guest->finished)
    drop_guest (guest);
  if (!vm_socket_packet_read (data, size, &packet, error))
    return FALSE;
  if (packet.type == VM_SOCKET_CONNECT)
    return take_connect (guest, packet.space, error);
  if (packet.type == VM_SOCKET_CONNECT_ERROR)
    return bad (error, "Only a server refuses a connection");
  /* what was on its way when the server disconnected it has no receiver */
  if (guest->guest && strcmp (packet.space, "/") == 0)
    take_from_guest (guest, &packet);
  return TRUE;
}

void
vm_socket_guest_tell (VmSocketGuest *guest, const GError *error)
{
  if (vm_socket_guest_is_connected (guest))
    vm_room_guest_tell (guest->guest, error);
}

gboolean
vm_socket_guest_is_connected (VmSocketGuest *guest)
{
  return guest->guest && !guest->finished;
}

gboolean
vm_socket_guest_is_awaited (VmSocketGuest *guest)
{
  return guest->guest && vm_room_guest_is_awaited (guest->guest);
}

gboolean
vm_socket_guest_has_seat (VmSocketGuest *guest)
{
  return guest->guest && vm_room_guest_has_seat (guest->guest);
}

VmSocketGuest *
vm_socket_guest_new (VmSession *session, const VmRoomCaller *caller)
{
  VmSocketGuest *guest = g_new0 (VmSocketGuest, 1);

  guest->session = session;
  guest->server = caller->server;
  guest->group = vm_text_share (caller->group);
  guest->key = g_strdup (caller->key);
  guest->pin = g_strdup (caller->pin);
  guest->pass = g_strdup (caller->pass);
  vm_room_joins_init (&guest->joins);
  return guest;
}

void
vm_socket_guest_leave (VmSocketGuest *guest)
{
  if (guest->guest)
    vm_room_guest_leave (guest->guest);
}

void
vm_socket_guest_free (VmSocketGuest *guest)
{
  drop_guest (guest);
  vm_text_unshare (guest->group);
  g_free (guest->key);
  g_free (guest->pin);
  g_free (guest->pass);
  g_free (guest);
}
