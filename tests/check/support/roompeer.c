/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/roompeer.h"

#include <string.h>

VmRooms *rooms;
VmRoom *room;
Peer host;
gint64 now;
guint changes;
guint8 dice;
gboolean takes_sfu;

static void
on_send (gpointer data, const VmSignal *signal, gpointer user_data)
{
  Peer *peer = data;

  fail_if (peer->closed);
  if (peer->heard->len)
    g_string_append_c (peer->heard, ' ');
  g_string_append (peer->heard, vm_signal_type_to_string (signal->type));
  if (signal->state)
    g_string_append_printf (peer->heard, ":%s", signal->state);
  if (signal->type == VM_SIGNAL_SFU)
    g_string_append (peer->heard, signal->active ? ":on" : ":off");
  for (guint i = 0; signal->with && signal->with[i]; i++)
    g_string_append_printf (peer->heard, "+%s", signal->with[i]);
  g_clear_pointer (&peer->last, vm_signal_unref);
  peer->last = vm_signal_ref (signal);
  if (signal->type == VM_SIGNAL_WELCOME) {
    g_free (peer->token);
    peer->token = g_strdup (signal->resume);
  }
}

static void
on_close (gpointer data, const GError *reason, gpointer user_data)
{
  Peer *peer = data;

  peer->closed = TRUE;
  peer->reason = reason ? g_error_copy (reason) : NULL;
}

static void
on_changed (VmRoom *of, gpointer user_data)
{
  changes++;
}

static void
on_random (guint8 *bytes, gsize size, gpointer user_data)
{
  memset (bytes, ++dice, size);
}

VmRoomsFuncs room_funcs = { on_send, on_close, on_changed, on_random };

void
peer_init (Peer *peer)
{
  *peer = (Peer){ .heard = g_string_new (NULL) };
}

void
peer_clear (Peer *peer)
{
  g_string_free (peer->heard, TRUE);
  g_clear_pointer (&peer->last, vm_signal_unref);
  g_clear_error (&peer->reason);
  g_free (peer->token);
}

void
heard (Peer *peer, const gchar *what)
{
  fail_unless_equals_string (peer->heard->str, what);
  g_string_truncate (peer->heard, 0);
}

void
open_room (const gchar *pin, guint max)
{
  VmRoomConfig config = { "standup", "Ann", "desk", "AAAA", pin, max,
    VM_CALL_TYPE_VIDEO, .takes_sfu = takes_sfu };

  room = vm_rooms_open (rooms, &config, &host, &host.member, NULL);
  fail_unless (room != NULL);
  vm_room_announced (room);
}

void
setup (void)
{
  now = 1000 * SECOND;
  changes = dice = 0;
  rooms = vm_rooms_new (&room_funcs, NULL);
  peer_init (&host);
  open_room (NULL, 3);
}

void
teardown (void)
{
  peer_clear (&host);
  g_clear_pointer (&rooms, vm_rooms_free);
}

gchar *
ask (const gchar *meeting, const gchar *pin, const gchar *group, GError **error)
{
  VmJoin join = { meeting, "Bob", "BBBB", pin, group, VM_CALL_TYPE_AUDIO };
  gchar *ticket = NULL;

  vm_rooms_join (rooms, &join, now, &ticket, error);
  return ticket;
}

gboolean
sit (Peer *peer, const gchar *text, GError **error)
{
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  VmSignalParticipant *said = vm_signal_add_participant (hello);
  g_autoptr (VmTicket) ticket =
      vm_rooms_use_ticket (rooms, text, NULL, now, error);

  if (!ticket)
    return FALSE;
  said->nonce = g_strdup ("bm9uY2U=");
  said->device = g_strdup ("phone");
  hello->takes_sfu = takes_sfu;
  peer->member = vm_rooms_take_seat (rooms, ticket, hello, peer, error);
  return peer->member != NULL;
}

void
come_in (Peer *peer)
{
  g_autofree gchar *ticket = ask ("standup", NULL, "10.0.0.2", NULL);

  peer_init (peer);
  fail_unless (sit (peer, ticket, NULL));
}

void
say (Peer *peer, VmSignalType type, const gchar *to)
{
  g_autoptr (VmSignal) signal = vm_signal_new (type);

  signal->to = g_strdup (to);
  signal->from = g_strdup ("p999");
  signal->seq = 5;
  vm_member_receive (peer->member, signal);
}

void
heard_error (Peer *peer, VmError code)
{
  g_autoptr (GError) error = vm_signal_get_error (peer->last);

  heard (peer, "error");
  g_assert_error (error, VM_ERROR, code);
  fail_unless_equals_int64 (peer->last->in_reply_to, 5);
}
