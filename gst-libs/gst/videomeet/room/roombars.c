/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom a room keeps out: whoever was removed from it, by its key for as long as
 * the room is there, and strangers from its address for a while; until the host
 * lets it in again. And how many of its seats strangers from one address
 * have. */

#include "base/deviceid.h"
#include "base/hostcheck.h"
#include "room/rooms-priv.h"
#include <gst/videomeet/vmidentity.h>

#include <string.h>

typedef struct
{
  gchar *id; /* by which the host lets it in again */
  gchar *key; /* or NULL */
  gchar *who; /* see vm_room_keep_out(), or NULL */
  gchar *group; /* of VmJoin, or NULL: not, or not any more */
  gint64 until; /* for @group; 0: counted from the next vm_room_tick() on */
  gint64 left; /* µs, for that */
} Bar;

static void
bar_free (gpointer data)
{
  Bar *bar = data;

  g_free (bar->id);
  g_free (bar->key);
  g_free (bar->who);
  g_free (bar->group);
  g_free (bar);
}

/* The last VM_ROOM_BARRED_MAX are kept: a host can always remove one more. */
static Bar *
add (VmRoom *room, const gchar *id)
{
  Bar *bar = g_new0 (Bar, 1);

  if (!room->barred)
    room->barred = g_ptr_array_new_with_free_func (bar_free);
  if (room->barred->len >= VM_ROOM_BARRED_MAX)
    g_ptr_array_remove_index (room->barred, 0);
  bar->id = g_strdup (id);
  bar->left = VM_ROOM_BARRED_TIME;
  g_ptr_array_add (room->barred, bar);
  return bar;
}

void
vm_room_bar (VmRoom *room, const VmMember *member)
{
  Bar *bar;

  if (!member->group && (!member->key || vm_room_bars_key (room, member->key)))
    return;
  bar = add (room, member->id);
  bar->key = g_strdup (member->key);
  bar->group = g_strdup (member->group);
}

gboolean
vm_room_bars_key (VmRoom *room, const gchar *key)
{
  for (guint i = 0; room->barred && i < room->barred->len; i++) {
    if (g_strcmp0 (((Bar *) room->barred->pdata[i])->key, key) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
bars_group (VmRoom *room, const gchar *group)
{
  for (guint i = 0; room->barred && i < room->barred->len; i++) {
    if (g_strcmp0 (((Bar *) room->barred->pdata[i])->group, group) == 0)
      return TRUE;
  }
  return FALSE;
}

gboolean
vm_room_keeps_out (VmRoom *room, const gchar *who)
{
  for (guint i = 0; room->barred && i < room->barred->len; i++) {
    if (g_strcmp0 (((Bar *) room->barred->pdata[i])->who, who) == 0)
      return TRUE;
  }
  return FALSE;
}

void
vm_room_keep_out (VmRoom *room, const gchar *id, const gchar *who)
{
  if (!vm_room_keeps_out (room, who))
    add (room, id)->who = g_strdup (who);
}

gboolean
vm_room_unbar (VmRoom *room, const gchar *id)
{
  gboolean found = FALSE;

  for (guint i = room->barred ? room->barred->len : 0; i > 0; i--) {
    if (strcmp (((Bar *) room->barred->pdata[i - 1])->id, id) == 0) {
      g_ptr_array_remove_index (room->barred, i - 1);
      found = TRUE;
    }
  }
  return found;
}

/* On this machine are its own people, and the pages that they open. */
static gboolean
is_counted (const gchar *group)
{
  g_autoptr (GInetAddress) address =
      group ? g_inet_address_new_from_string (group) : NULL;

  return group && !(address && g_inet_address_get_is_loopback (address));
}

/* Addresses of this machine are others at the next host. */
GPtrArray *
vm_room_list_bars (VmRoom *room)
{
  GPtrArray *bars = NULL;

  for (guint i = 0; room->barred && i < room->barred->len; i++) {
    const Bar *bar = room->barred->pdata[i];
    g_autofree gchar *device =
        bar->key ? vm_device_id_from_key_hash (bar->key) : NULL;
    const gchar *address = is_counted (bar->group) ? bar->group : NULL;
    gint64 left = bar->until ? bar->until - room->rooms->ticked : bar->left;

    if (!device && !address)
      continue;
    if (!bars)
      bars = g_ptr_array_new_with_free_func (vm_signal_bar_free);
    g_ptr_array_add (bars, vm_signal_bar_new (bar->id, device, address,
                               address ? MAX (left, 0) / G_USEC_PER_SEC : 0));
  }
  return bars;
}

void
vm_room_restore_bars (VmRoom *room, GPtrArray *bars)
{
  for (guint i = 0; bars && i < bars->len; i++) {
    const VmSignalBar *said = bars->pdata[i];
    g_autofree gchar *key = vm_device_id_to_key_hash (said->device_id);
    gboolean counts = said->seconds > 0 && is_counted (said->address);
    Bar *bar;

    if (!key && !counts)
      continue;
    bar = add (room, said->id);
    bar->key = g_steal_pointer (&key);
    bar->group = counts ? g_strdup (said->address) : NULL;
    bar->left = MIN (said->seconds, VM_ROOM_BARRED_TIME / G_USEC_PER_SEC)
                * G_USEC_PER_SEC;
  }
}

void
vm_room_tick_bars (VmRoom *room, gint64 now)
{
  for (guint i = room->barred ? room->barred->len : 0; i > 0; i--) {
    Bar *bar = room->barred->pdata[i - 1];

    if (!bar->group)
      continue;
    if (!bar->until)
      bar->until = now + bar->left;
    else if (now >= bar->until)
      g_clear_pointer (&bar->group, g_free);
    if (!bar->group && !bar->key)
      g_ptr_array_remove_index (room->barred, i - 1);
  }
}

gboolean
vm_room_admits_key (VmRoom *room, const VmBearer *bearer, GError **error)
{
  if (!bearer->key || !vm_room_bars_key (room, bearer->key))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_KICKED,
      "The host removed this device from the meeting");
  return FALSE;
}

/* Another key is made in no time, and who shows none has all of them. */
gboolean
vm_room_admits_group (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel level, GError **error)
{
  if (level != VM_TRUST_LEVEL_UNKNOWN || !bearer->group
      || !bars_group (room, bearer->group))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_KICKED,
      "The host removed somebody at this address from the meeting, and nobody "
      "whom it does not know comes in from there for a while");
  return FALSE;
}

/* Who is passed on comes by its bridge, as known and from where that is. */
static const VmMember *
get_comer (VmRoom *room, const VmMember *member)
{
  return member->via ? vm_room_find_member (room, member->via) : member;
}

static gboolean
is_stranger_from (VmRoom *room, const VmMember *member, const gchar *group)
{
  const VmMember *comer = get_comer (room, member);

  return comer && comer->trust == VM_TRUST_LEVEL_UNKNOWN
         && g_strcmp0 (comer->group, group) == 0;
}

/* Of a room that nobody hosts all are strangers, and whole offices come from
 * one address: the connections that an address may have are its bound. */
gboolean
vm_room_has_share (VmRoom *room, const VmBearer *bearer, const VmMember *from,
    VmTrustLevel level, GError **error)
{
  const VmMember *bridge =
      bearer->via ? vm_room_find_member (room, bearer->via) : NULL;
  const gchar *group = bridge ? bridge->group : bearer->group;
  guint share = (room->max_participants + 1) / 2;
  guint n = 0;

  if (bridge)
    level = bridge->trust;
  if (room->open || level != VM_TRUST_LEVEL_UNKNOWN || !is_counted (group))
    return TRUE;
  for (guint i = 0; i < room->members->len; i++) {
    const VmMember *member = room->members->pdata[i];

    n += member != from && is_stranger_from (room, member, group);
  }
  if (n < share)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_MEETING_FULL,
      "The %u seats that devices at one address may have without being known "
      "are taken",
      share);
  return FALSE;
}
