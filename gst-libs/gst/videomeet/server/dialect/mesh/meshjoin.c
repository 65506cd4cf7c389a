/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Into a room and out of it: a page takes a seat, an agent is told who of the
 * mesh is there. */

#include "server/dialect/mesh/mesh-priv.h"
#include "server/access/clientkey.h"

static gboolean
may_join (VmMeshGuest *guest, gint64 now, GError **error)
{
  guest->joins += (now - guest->joins_at) / (gdouble) VM_JOIN_TIME;
  guest->joins = MIN (guest->joins, VM_JOIN_BURST);
  guest->joins_at = now;
  if (guest->joins >= 1)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "Too many rooms were joined; try again in 2 seconds");
  return FALSE;
}

static void
introduce (VmMeshGuest *other, VmMeshGuest *guest)
{
  /* between two pages it is the model that tells */
  if (!other->hello && !guest->hello)
    return;
  if (!other->hello || vm_mesh_is_reachable (other))
    vm_mesh_guest_tell_met (guest, other, FALSE);
  if (!guest->hello || vm_mesh_is_reachable (guest))
    vm_mesh_guest_tell_met (other, guest, TRUE);
}

void
vm_mesh_guest_met (VmMeshGuest *guest)
{
  vm_mesh_each (guest, TRUE, introduce);
}

/* The room may be another one of that name by now. */
static void
release_room (VmMeshGuest *agent)
{
  VmRoom *room = vm_rooms_find (agent->mesh->server->rooms, agent->room);

  if (room && vm_room_get_serial (room) == agent->room_serial)
    vm_room_release (room);
}

static void
take_leave (VmMeshGuest *other, VmMeshGuest *guest)
{
  /* see vm_mesh_poses(): whom it knows by that name stays */
  if (vm_room_peers_find_alias (other->peers, guest->id))
    return;
  if (guest->hello ? vm_mesh_is_reachable (guest) : other->hello != NULL)
    vm_mesh_guest_tell_status (other, guest->id, "offline");
}

void
vm_mesh_guest_forget_room (VmMeshGuest *guest)
{
  if (!guest->room)
    return;
  vm_mesh_drop_terminals (guest);
  vm_mesh_each (guest, TRUE, take_leave);
  if (guest->hello) {
    vm_mesh_records_forget (guest->mesh->records, guest->id);
    release_room (guest);
  }
  g_ptr_array_set_size (guest->peers->peers, 0);
  g_ptr_array_set_size (guest->views, 0);
  guest->terminal = guest->hello && guest->hello->terminal;
  guest->member = NULL;
  g_clear_pointer (&guest->room, g_free);
}

void
vm_mesh_guest_leave (VmMeshGuest *guest, const GError *reason)
{
  guest->leaves = TRUE;
  if (guest->seat_request)
    vm_seat_request_cancel (g_steal_pointer (&guest->seat_request));
  if (guest->member)
    vm_member_leave (guest->member, reason);
  guest->leaves = FALSE;
  vm_mesh_guest_forget_room (guest);
}

/* A larger room has seats for other dialects. */
static gboolean
has_room (VmMeshGuest *guest, VmRoom *room, GError **error)
{
  gboolean again = g_strcmp0 (guest->room, vm_room_get_name (room)) == 0;

  if (vm_room_count (room) - again < guest->mesh->room_size)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
      "A room of the mesh has %u seats, and all are taken",
      guest->mesh->room_size);
  return FALSE;
}

static VmMember *
get_seat (gpointer user_data)
{
  return ((VmMeshGuest *) user_data)->member;
}

static void
leave_seat (gpointer user_data)
{
  VmMeshGuest *guest = user_data;

  guest->leaves = TRUE;
  vm_member_leave (guest->member, NULL);
  guest->leaves = FALSE;
}

static void
on_seated (VmMember *member, const GError *error, gpointer user_data)
{
  VmMeshGuest *guest = user_data;

  guest->seat_request = NULL;
  if (member) {
    guest->member = member;
    guest->joins--;
    vm_mesh_guest_met (guest);
  } else {
    if (!guest->replying)
      guest->replying = g_steal_pointer (&guest->asked);
    vm_mesh_guest_fail (guest, error);
  }
  g_clear_pointer (&guest->asked, g_free);
  vm_mesh_guest_take_early (guest);
}

static void
enter_as_page (
    VmMeshGuest *guest, const VmJoin *seat_request, gint64 now, GError **error)
{
  static const VmSeatFuncs funcs = { get_seat, leave_seat, on_seated };
  VmRooms *rooms = guest->mesh->server->rooms;
  VmRoom *room = vm_rooms_find (rooms, seat_request->meeting);

  if (room
      && (!vm_rooms_let_in (rooms, seat_request, now, error)
          || !has_room (guest, room, error)))
    return;
  guest->leaves = guest->enters = TRUE;
  guest->seat_request = vm_rooms_request_enter (
      rooms, seat_request, guest->id, &guest->outlet, now, &funcs, guest);
  guest->leaves = guest->enters = FALSE;
  if (guest->seat_request)
    guest->asked = g_steal_pointer (&guest->replying);
}

static void
enter_as_agent (
    VmMeshGuest *guest, const VmJoin *seat_request, gint64 now, GError **error)
{
  VmRooms *rooms = guest->mesh->server->rooms;
  VmRoom *room = vm_rooms_hold (rooms, seat_request, now, error);

  if (!room)
    return;
  if (vm_mesh_keeps_out (guest, room, error)
      || vm_mesh_poses (guest, room, error)) {
    vm_room_release (room);
    return;
  }
  vm_mesh_guest_forget_room (guest);
  guest->room = g_strdup (seat_request->meeting);
  guest->room_serial = vm_room_get_serial (room);
  guest->joins--;
  vm_mesh_guest_tell_met (guest, guest, FALSE);
  vm_mesh_guest_met (guest);
}

void
vm_mesh_guest_join (VmMeshGuest *guest, const gchar *room, GError **error)
{
  VmConn *conn = guest->ws->conn;
  gint64 now = g_get_monotonic_time ();
  const VmJoin seat_request = {
    .meeting = room,
    .user = guest->user,
    .pin = guest->pin,
    .group = conn->group,
    .key = vm_conn_get_key (conn),
    .pass = guest->pass,
    .call_type = VM_CALL_TYPE_VIDEO,
    .most = guest->mesh->room_size,
  };

  if (!may_join (guest, now, error))
    return;
  if (guest->hello)
    enter_as_agent (guest, &seat_request, now, error);
  else
    enter_as_page (guest, &seat_request, now, error);
}
