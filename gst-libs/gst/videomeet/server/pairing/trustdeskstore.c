/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the desk remembers and hears of the store: see trustdesk.h. */

#include "trust/store/storefile.h"
#include "trust/store/vmtruststore-priv.h"
#include "base/vmtimer-priv.h"
#include "server/http/trust.h"
#include "server/server.h"
#include "server/pairing/trustdesk-priv.h"

#define KNOWN_TIME (5 * 1000) /* ms; the disk is read */

/* On the watcher */

static gboolean
on_again (gpointer data)
{
  VmTrustDesk *desk = data;

  vm_timer_clear (&desk->again);
  vm_trust_desk_tell_known (desk);
  return G_SOURCE_REMOVE;
}

static void
set_told (VmTrustDesk *desk, gboolean told)
{
  g_mutex_lock (&desk->lock);
  desk->told = told;
  g_mutex_unlock (&desk->lock);
}

static guint64
get_written (VmTrustDesk *desk)
{
  guint64 written;

  g_mutex_lock (&desk->lock);
  written = desk->written;
  g_mutex_unlock (&desk->lock);
  return written;
}

/* What was known stays, where the store cannot be read just now. */
void
vm_trust_desk_tell_known (VmTrustDesk *desk)
{
  guint shortages = vm_store_shortages ();
  guint64 written = get_written (desk); /* before the store is read */
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (desk->store, now);
  g_autoptr (VmTrustFacts) nobody =
      vm_trust_store_know (desk->store, NULL, NULL, NULL, now);
  g_autoptr (VmServer) server = vm_trust_desk_dup_server (desk);
  gboolean sure = vm_store_shortages () == shortages;

  if (sure && server)
    vm_server_take_known (
        server, g_steal_pointer (&all), nobody->damaged, written);
  set_told (desk, sure);
  vm_timer_clear (&desk->again);
  if (!sure)
    desk->again = vm_timer_new (NULL, VM_STORE_WATCH_MS, on_again, desk);
}

/* Whose trust is withdrawn gets none by what was said before. */
static void
fail_requests (VmTrustDesk *desk, gpointer *data)
{
  const gchar *const *revoked = *data;
  g_autoptr (GHashTable) dates = NULL;

  if (!vm_trust_store_read_revoked (desk->store, &dates))
    return;
  for (guint i = 0; revoked[i]; i++) {
    const gchar *date = g_hash_table_lookup (dates, revoked[i]);

    if (date)
      vm_approver_revoke (
          desk->approver, revoked[i], vm_revocation_time (date));
  }
  vm_trust_desk_settle (desk);
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
  if (change->revoked && change->revoked[0])
    vm_trust_desk_post (desk, fail_requests,
        g_strdupv ((gchar **) change->revoked), (GDestroyNotify) g_strfreev);
  tell_changed (desk, change->added);
  tell_changed (desk, change->removed);
  tell_changed (desk, change->revoked);
  if (change->damaged)
    desk->funcs.changed (NULL, desk->user_data);
}

void
vm_trust_desk_open_store (VmTrustDesk *desk)
{
  desk->watch = vm_store_watch_new (desk->store, NULL, on_store_changed, desk);
}

void
vm_trust_desk_close_store (VmTrustDesk *desk)
{
  vm_timer_clear (&desk->again);
  g_clear_pointer (&desk->watch, vm_store_watch_free);
}

/* On the thread */

gboolean
vm_trust_desk_remember (const VmTrustPrompt *peer, VmToken *given,
    gpointer user_data, GError **error)
{
  VmTrustDesk *desk = user_data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (desk->store, peer->device_id, NULL, NULL, now);

  /* whoever compared the digits of a device anew trusts it anew */
  if (!vm_trust_store_add_anew (desk->store, peer->name,
          facts->device ? facts->device : "", desk->current->certificate, given,
          NULL, g_hash_table_lookup (desk->pardons, peer->request_id), now,
          error))
    return FALSE;
  g_hash_table_remove (desk->pardons, peer->request_id);
  /* before its answer: what the device does next is to join */
  vm_trust_desk_call_known (desk, KNOWN_TIME);
  desk->funcs.established (peer->device_id, peer->name, desk->user_data);
  return TRUE;
}
