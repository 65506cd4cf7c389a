/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the room model tells a page of the mesh, in the words of the mesh
 * dialect. What it has no word for is told by those that it has: who leaves is
 * offline, and who begins anew has left and joined. */

#include "server/dialect/mesh/mesh-priv.h"
#include "wire/candidates.h"

static const gchar *
alias_of (VmMeshGuest *guest, const gchar *id)
{
  VmRoomPeer *peer = vm_room_peers_find (guest->peers, id);

  return peer ? peer->alias : id;
}

static void
tell_of (VmMeshGuest *guest, const VmSignalParticipant *who, gboolean news)
{
  VmRoomPeer *peer = vm_room_peers_add (guest->peers, who->id, who->alias);

  if (peer)
    vm_mesh_guest_tell_joined (
        guest, peer->alias, who->host ? "host" : "member", news);
}

static void
take_welcome (VmMeshGuest *guest, const VmSignal *signal)
{
  g_ptr_array_set_size (guest->peers->peers, 0);
  g_free (guest->room);
  guest->room = g_strdup (signal->meeting);
  vm_mesh_guest_tell_joined (guest, guest->id, "member", FALSE);
  for (guint i = 0; i < signal->participants->len; i++)
    tell_of (guest, g_ptr_array_index (signal->participants, i), FALSE);
}

static void
take_left (VmMeshGuest *guest, const gchar *id)
{
  vm_mesh_guest_tell_status (guest, alias_of (guest, id), "offline");
  vm_room_peers_remove (guest->peers, id);
}

/* Who is asked to offer again (@news) does so to whoever joins. */
static void
tell_again (VmMeshGuest *guest, const VmRoomPeer *peer, gboolean news)
{
  g_autofree gchar *id = g_strdup (peer->id);
  g_autofree gchar *alias = g_strdup (peer->alias);

  take_left (guest, id);
  vm_room_peers_add (guest->peers, id, alias);
  vm_mesh_guest_tell_joined (guest, alias, "member", news);
}

/* A device restarts by an offer of another session, which a page would take for
 * more of the connection it has. */
static gboolean
is_restart (const VmRoomPeer *peer, const VmSignal *offer)
{
  g_autofree gchar *session = vm_span_to_string (offer->session);

  return !offer->object.size && peer->session
         && g_strcmp0 (session, peer->session) != 0;
}

static void
send_signal (gpointer user_data, const VmSignal *signal)
{
  VmMeshGuest *guest = user_data;
  g_auto (VmMeshStamp) stamp =
      vm_mesh_stamp (guest, alias_of (guest, signal->from));

  vm_mesh_guest_send (guest,
      vm_mesh_write_signal (&stamp.head, guest->peers, guest->room, signal));
}

static void
take_description (VmMeshGuest *guest, const VmSignal *signal)
{
  VmRoomPeer *peer = vm_room_peers_find (guest->peers, signal->from);

  if (signal->type == VM_SIGNAL_OFFER && peer && is_restart (peer, signal))
    tell_again (guest, peer, FALSE);
  send_signal (guest, signal);
  vm_signal_each_candidate (signal, send_signal, guest);
}

static void
take_presence (VmMeshGuest *guest, const VmSignal *signal)
{
  static const gchar *const words[] = { "online", "busy", "sharing", NULL };

  if (signal->status && g_strv_contains (words, signal->status))
    vm_mesh_guest_tell_status (
        guest, alias_of (guest, signal->from), signal->status);
}

static void
take_end (VmMeshGuest *guest)
{
  g_autoptr (GError) error = g_error_new (
      VM_ERROR, VM_ERROR_MEETING_ENDED, "The host has ended the meeting");

  while (guest->peers->peers->len) {
    const VmRoomPeer *peer = g_ptr_array_index (guest->peers->peers, 0);
    g_autofree gchar *id = g_strdup (peer->id);

    take_left (guest, id);
  }
  vm_mesh_guest_fail (guest, error);
}

static void
take_restart (VmMeshGuest *guest, const VmSignal *signal)
{
  const VmRoomPeer *peer = vm_room_peers_find (guest->peers, signal->from);

  if (peer)
    tell_again (guest, peer, TRUE);
}

/* Another participant's comes from it, not from the server. */
static void
take_error (VmMeshGuest *guest, const VmSignal *signal)
{
  g_autoptr (GError) error = vm_signal_get_error (signal);
  const VmRoomPeer *peer = vm_room_peers_find (guest->peers, signal->from);

  if (error && peer)
    vm_mesh_guest_tell_refusal (guest, peer->alias, error);
  else if (error && !signal->from)
    vm_mesh_guest_fail (guest, error);
}

static void
outlet_send (VmOutlet *outlet, const VmSignal *signal)
{
  VmMeshGuest *guest = (VmMeshGuest *) outlet;

  switch (signal->type) {
    case VM_SIGNAL_WELCOME:
      take_welcome (guest, signal);
      break;
    case VM_SIGNAL_PARTICIPANT_JOINED:
      tell_of (guest, g_ptr_array_index (signal->participants, 0), TRUE);
      break;
    case VM_SIGNAL_PARTICIPANT_LEFT:
      take_left (guest, signal->id);
      break;
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
      take_description (guest, signal);
      break;
    case VM_SIGNAL_CANDIDATE:
    case VM_SIGNAL_CHAT:
      send_signal (guest, signal);
      break;
    case VM_SIGNAL_PRESENCE:
      take_presence (guest, signal);
      break;
    case VM_SIGNAL_RESTART:
      take_restart (guest, signal);
      break;
    case VM_SIGNAL_BYE:
      take_end (guest);
      break;
    case VM_SIGNAL_ERROR:
      take_error (guest, signal);
      break;
    default:
      break;
  }
}

static void
outlet_close (VmOutlet *outlet, const GError *reason)
{
  VmMeshGuest *guest = (VmMeshGuest *) outlet;

  if (guest->member && g_error_matches (reason, VM_ERROR, VM_ERROR_KICKED))
    vm_mesh_remove_agents_of (guest, vm_member_get_id (guest->member), reason);
  guest->member = NULL;
  vm_mesh_guest_forget_room (guest);
  if (guest->leaves)
    return;
  if (reason)
    vm_mesh_guest_fail (guest, reason);
  vm_ws_finish (guest->ws, reason);
}

const VmOutletFuncs vm_mesh_outlet_funcs = { outlet_send, outlet_close };
