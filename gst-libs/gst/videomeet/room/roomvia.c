/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Participants of the cloud (protocol/bridge.md#bridge): a member that is also
 * there passes their media on, and takes a seat here for each of them. They
 * show no key of their own. */

#include "room/rooms-priv.h"
#include "base/deviceid.h"

static gboolean
is_of (const VmMember *member, const VmJoin *join)
{
  g_autofree gchar *id =
      join->key ? vm_device_id_from_key_hash (join->key) : NULL;

  return id && !member->via && g_strcmp0 (id, member->device_id) == 0;
}

static guint
count_via (VmRoom *room)
{
  guint n = 0;

  for (guint i = 0; i < room->members->len; i++)
    n += ((VmMember *) room->members->pdata[i])->via != NULL;
  return n;
}

VmMember *
vm_room_find_origin (VmRoom *room, const gchar *origin_id)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = room->members->pdata[i];

    if (member->via && g_strcmp0 (member->origin_id, origin_id) == 0)
      return member;
  }
  return NULL;
}

static gboolean
has_place (VmRoom *room, const gchar *origin_id, GError **error)
{
  if (count_via (room) < VM_ROOM_VIA_MAX
      || vm_room_find_origin (room, origin_id))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
      "The meeting has %u participants of the cloud, and takes no more",
      VM_ROOM_VIA_MAX);
  return FALSE;
}

gboolean
vm_room_checks_via (VmRoom *room, const VmJoin *join, GError **error)
{
  VmMember *bridge = vm_room_find_member (room, join->via);

  if (room->open)
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "Nobody hosts this room, so it has no bridge to the cloud");
  else if (!join->origin_id || !*join->origin_id
           || !vm_text_is_name (join->origin_id, VM_SIGNAL_ID_MAX))
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "The field \"originId\" is missing or no id: who is it in the cloud?");
  else if (!bridge || !is_of (bridge, join))
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "Only %s itself may bring somebody via %s", join->via, join->via);
  else
    return has_place (room, join->origin_id, error);
  return FALSE;
}

gboolean
vm_room_has_via (VmRoom *room, const VmTicket *ticket, GError **error)
{
  if (!ticket->via)
    return TRUE;
  if (vm_room_find_member (room, ticket->via))
    return has_place (room, ticket->origin_id, error);
  g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
      "The bridge to the cloud has left");
  return FALSE;
}

/* The newest bridge counts: the one before may be gone without a word. */
void
vm_room_supersede (VmRoom *room, const VmTicket *ticket)
{
  VmMember *before =
      ticket->via ? vm_room_find_origin (room, ticket->origin_id) : NULL;
  g_autoptr (GError) reason = NULL;

  if (!before)
    return;
  reason = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "Another device passes this participant on now");
  vm_member_leave (before, reason);
}

static VmMember *
find_via (VmRoom *room, const gchar *id)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = room->members->pdata[i];

    if (g_strcmp0 (member->via, id) == 0)
      return member;
  }
  return NULL;
}

void
vm_room_drop_via (VmRoom *room, const gchar *id)
{
  g_autoptr (GError) reason = NULL;
  VmMember *member;

  while ((member = find_via (room, id))) {
    if (!reason)
      reason = g_error_new (
          VM_ERROR, VM_ERROR_DISCONNECTED, "The bridge to the cloud has left");
    vm_member_leave (member, reason);
  }
}
