/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the desk remembers and hears of the store: see trustdesk.h. */

#include "../trust/vmtruststore-priv.h"
#include "server-priv.h"
#include "trustdesk-priv.h"

void
vm_trust_desk_tell_known (VmTrustDesk *desk)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (desk->store, now);
  g_autoptr (VmTrustFacts) nobody =
      vm_trust_store_know (desk->store, NULL, NULL, NULL, now);

  if (desk->server)
    vm_server_take_known (
        desk->server, g_steal_pointer (&all), nobody->damaged);
}

static void
tell_changed (VmTrustDesk *desk, const gchar *const *ids)
{
  for (guint i = 0; ids && ids[i]; i++)
    desk->funcs.changed (ids[i], desk->user_data);
}

static void
on_store_changed (const VmStoreChange *change, gpointer user_data)
{
  VmTrustDesk *desk = user_data;

  vm_trust_desk_tell_known (desk);
  tell_changed (desk, change->added);
  tell_changed (desk, change->removed);
  tell_changed (desk, change->revoked);
  if (change->damaged)
    desk->funcs.changed (NULL, desk->user_data);
}

/* Whoever compared the digits of a device anew trusts it anew. */
static gboolean
pardon (VmTrustDesk *desk, const VmTrustFacts *facts, const gchar *request_id,
    GError **error)
{
  return !facts->revoked || !g_hash_table_contains (desk->by_user, request_id)
         || vm_trust_store_pardon (desk->store, facts->device_id, error);
}

gboolean
vm_trust_desk_remember (const VmTrustPrompt *peer, VmToken *given,
    gpointer user_data, GError **error)
{
  VmTrustDesk *desk = user_data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (desk->store, peer->device_id, NULL, NULL, now);

  if (!pardon (desk, facts, peer->request_id, error)
      || !vm_trust_store_add (desk->store, peer->name,
          facts->device ? facts->device : "", desk->current->certificate, given,
          NULL, now, error))
    return FALSE;
  g_hash_table_remove (desk->by_user, peer->request_id);
  /* before its answer: what the device does next is to join */
  vm_trust_desk_tell_known (desk);
  desk->funcs.established (peer->device_id, peer->name, desk->user_data);
  return TRUE;
}

void
vm_trust_desk_open_store (VmTrustDesk *desk)
{
  desk->watch = vm_store_watch_new (desk->store, NULL, on_store_changed, desk);
}
