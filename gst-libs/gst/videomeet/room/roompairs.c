/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two participants of a mesh between whom no path leads meet by the SFU, and
 * the others stay a mesh (protocol/cloud.md#pairs). */

#include "room/rooms-priv.h"

static gboolean
asks (const VmMember *member, const VmMember *other)
{
  return member->sfu_asked
         && g_hash_table_contains (member->sfu_asked, other->id);
}

static gboolean
is_pair (const VmMember *a, const VmMember *b)
{
  return asks (a, b) && asks (b, a);
}

gchar **
vm_member_list_pairs (const VmMember *member)
{
  g_autoptr (GStrvBuilder) ids = g_strv_builder_new ();
  g_auto (GStrv) list = NULL;

  for (guint i = 0; i < member->room->members->len; i++) {
    const VmMember *other = g_ptr_array_index (member->room->members, i);

    if (is_pair (member, other))
      g_strv_builder_add (ids, other->id);
  }
  list = g_strv_builder_end (ids);
  return *list ? g_steal_pointer (&list) : NULL;
}

static gboolean
has_pairs (const VmMember *member)
{
  g_auto (GStrv) pairs = vm_member_list_pairs (member);

  return pairs != NULL;
}

void
vm_room_tell_pairs (VmRoom *room)
{
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (has_pairs (member))
      vm_room_tell_topology_to (member);
  }
}

void
vm_room_end_pairs (VmRoom *room, gboolean told)
{
  g_autoptr (GPtrArray) members = g_ptr_array_new ();

  if (!room->paired)
    return;
  for (guint i = 0; told && i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    if (has_pairs (member))
      g_ptr_array_add (members, member);
  }
  for (guint i = 0; i < room->members->len; i++) {
    VmMember *member = g_ptr_array_index (room->members, i);

    g_clear_pointer (&member->sfu_asked, g_hash_table_unref);
  }
  room->paired = FALSE;
  for (guint i = 0; i < members->len; i++)
    vm_room_tell_topology_to (g_ptr_array_index (members, i));
  if (room->topology == VM_TOPOLOGY_MESH)
    vm_room_want_sfu (room, FALSE);
}

static gboolean
may_pair (const VmMember *member, const VmMember *to)
{
  const VmRoom *room = member->room;

  return room->topology == VM_TOPOLOGY_MESH && room->rooms->sfu.mesh_max
         && room->rooms->sfu_reached && member->takes_sfu && to->takes_sfu;
}

static void
begin (VmMember *member, VmMember *to)
{
  VmRoom *room = member->room;

  if (room->paired && room->sfu_room) {
    vm_room_tell_topology_to (member);
    vm_room_tell_topology_to (to);
  } else if (!room->paired) {
    room->paired = TRUE;
    room->sfu_room = 0;
    vm_room_want_sfu (room, TRUE);
  }
}

/* The last pair takes the room at the SFU with it. */
static void
look_whether_over (VmRoom *room)
{
  for (guint i = 0; i < room->members->len; i++) {
    if (has_pairs (g_ptr_array_index (room->members, i)))
      return;
  }
  if (!room->paired)
    return;
  room->paired = FALSE;
  if (room->topology == VM_TOPOLOGY_MESH)
    vm_room_want_sfu (room, FALSE);
}

static gboolean
is_gone (gpointer id, gpointer value, gpointer room)
{
  return !vm_room_find_member (room, id);
}

static void
forget (VmMember *member, const VmMember *other)
{
  if (member->sfu_asked)
    g_hash_table_remove (member->sfu_asked, other->id);
}

gboolean
vm_member_pair (VmMember *member, VmMember *to, gboolean ask)
{
  gboolean before = is_pair (member, to);

  if (!may_pair (member, to))
    return TRUE;
  if (!ask) {
    forget (member, to);
    forget (to, member);
    if (before) {
      vm_room_tell_topology_to (member);
      vm_room_tell_topology_to (to);
      look_whether_over (member->room);
    }
    return TRUE;
  }
  if (!member->sfu_asked)
    member->sfu_asked =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_hash_table_foreach_remove (member->sfu_asked, is_gone, member->room);
  g_hash_table_add (member->sfu_asked, g_strdup (to->id));
  if (!before && is_pair (member, to))
    begin (member, to);
  return is_pair (member, to);
}

void
vm_member_end_pairs (VmMember *member)
{
  VmRoom *room = member->room;
  g_auto (GStrv) with = NULL;

  if (room->paired)
    with = vm_member_list_pairs (member);
  g_clear_pointer (&member->sfu_asked, g_hash_table_unref);
  for (guint i = 0; with && with[i]; i++)
    vm_room_tell_topology_to (vm_room_find_member (room, with[i]));
  if (with)
    look_whether_over (room);
}
