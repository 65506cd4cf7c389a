/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/room/roomview.h"

#define OWN_ID "p100000" /* after VM_ROOM_VIEW_EARLIER_MAX */
#define LATER_FIRST (VM_ROOM_VIEW_EARLIER_MAX + 2)

void
vm_room_view_init (VmRoomView *view)
{
  *view = (VmRoomView){ vm_room_peers_new () };
  g_queue_init (&view->signals);
  g_queue_init (&view->replies);
}

void
vm_room_view_clear (VmRoomView *view)
{
  g_queue_clear_full (&view->signals, (GDestroyNotify) vm_signal_unref);
  g_queue_clear_full (&view->replies, (GDestroyNotify) g_bytes_unref);
  vm_room_peers_free (view->peers);
}

VmSignal *
vm_room_view_tell (VmRoomView *view, VmSignalType type)
{
  VmSignal *signal = vm_signal_new (type);

  g_queue_push_tail (&view->signals, signal);
  return signal;
}

void
vm_room_view_tell_welcome (VmRoomView *view, const gchar *room)
{
  VmSignal *welcome = vm_room_view_tell (view, VM_SIGNAL_WELCOME);

  view->inside = TRUE;
  welcome->id = g_strdup (OWN_ID);
  welcome->meeting = g_strdup (room ? room : view->peers->room);
  welcome->meeting_id = g_strdup (welcome->meeting);
  welcome->state = g_strdup ("active");
}

VmRoomPeer *
vm_room_view_tell_joined (
    VmRoomView *view, const gchar *alias, gboolean earlier)
{
  g_autofree gchar *id =
      earlier ? g_strdup_printf ("p%03u", view->earlier + 1)
              : g_strdup_printf ("p%u", LATER_FIRST + view->later);
  VmRoomPeer *peer = earlier && view->earlier >= VM_ROOM_VIEW_EARLIER_MAX
                         ? NULL
                         : vm_room_peers_add (view->peers, id, alias);
  VmSignalParticipant *who;

  if (!peer)
    return NULL;
  *(earlier ? &view->earlier : &view->later) += 1;
  who = vm_signal_add_participant (
      vm_room_view_tell (view, VM_SIGNAL_PARTICIPANT_JOINED));
  who->id = g_strdup (peer->id);
  who->alias = g_strdup (peer->alias);
  /* the only name there is */
  who->user = g_strdup (peer->alias);
  return peer;
}

void
vm_room_view_tell_left (VmRoomView *view, const VmRoomPeer *peer)
{
  VmSignal *left = vm_room_view_tell (view, VM_SIGNAL_PARTICIPANT_LEFT);

  left->id = g_strdup (peer->id);
  vm_room_peers_remove (view->peers, left->id);
}

void
vm_room_view_tell_content (VmRoomView *view, VmRoomPeer *peer, VmSignal *media)
{
  media->from = g_strdup (peer->id);
  if (media->type == VM_SIGNAL_OFFER)
    vm_room_peers_begin (view->peers, peer);
  vm_room_peer_stamp (peer, media);
  g_queue_push_tail (&view->signals, media);
}

void
vm_room_view_tell_error (VmRoomView *view, VmError code, const gchar *message)
{
  VmSignal *signal = vm_room_view_tell (view, VM_SIGNAL_ERROR);

  signal->code = g_strdup (vm_error_to_code (code));
  signal->message = g_strdup (message);
}

void
vm_room_view_reply (VmRoomView *view, GBytes *bytes)
{
  g_queue_push_tail (&view->replies, bytes);
}

VmSignal *
vm_room_view_take_signal (VmRoomView *view)
{
  return g_queue_pop_head (&view->signals);
}

GBytes *
vm_room_view_take_reply (VmRoomView *view)
{
  return g_queue_pop_head (&view->replies);
}
