/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the pairing service remembers and hears of the store: see
 * pairingservice.h. */

#include "trust/store/storefile.h"
#include "trust/store/vmtruststore-priv.h"
#include "base/vmtimer-priv.h"
#include "server/http/trust.h"
#include "server/server.h"
#include "server/pairing/pairingservice-priv.h"

#define KNOWN_TIME (5 * 1000) /* ms; the disk is read */

/* On the watcher */

static gboolean
on_again (gpointer data)
{
  VmPairingService *pairing = data;

  vm_timer_clear (&pairing->again);
  vm_pairing_service_tell_known (pairing);
  return G_SOURCE_REMOVE;
}

static void
set_told (VmPairingService *pairing, gboolean told)
{
  g_mutex_lock (&pairing->lock);
  pairing->told = told;
  g_mutex_unlock (&pairing->lock);
}

static guint64
get_written (VmPairingService *pairing)
{
  guint64 written;

  g_mutex_lock (&pairing->lock);
  written = pairing->written;
  g_mutex_unlock (&pairing->lock);
  return written;
}

/* What was known stays, where the store cannot be read just now. */
void
vm_pairing_service_tell_known (VmPairingService *pairing)
{
  guint shortages = vm_store_shortages ();
  guint64 written = get_written (pairing); /* before the store is read */
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (pairing->store, now);
  g_autoptr (VmTrustFacts) nobody =
      vm_trust_store_know (pairing->store, NULL, NULL, NULL, now);
  g_autoptr (VmServer) server = vm_pairing_service_dup_server (pairing);
  gboolean sure = vm_store_shortages () == shortages;

  if (sure && server)
    vm_server_take_known (
        server, g_steal_pointer (&all), nobody->damaged, written);
  set_told (pairing, sure);
  vm_timer_clear (&pairing->again);
  if (!sure)
    pairing->again = vm_timer_new (NULL, VM_STORE_WATCH_MS, on_again, pairing);
}

/* Whose trust is withdrawn gets none by what was said before. */
static void
fail_requests (VmPairingService *pairing, gpointer *data)
{
  const gchar *const *revoked = *data;
  g_autoptr (GHashTable) dates = NULL;

  if (!vm_trust_store_read_revoked (pairing->store, &dates))
    return;
  for (guint i = 0; revoked[i]; i++) {
    const gchar *date = g_hash_table_lookup (dates, revoked[i]);

    if (date)
      vm_approver_revoke (
          pairing->approver, revoked[i], vm_revocation_time (date));
  }
  vm_pairing_service_settle (pairing);
}

static void
tell_changed (VmPairingService *pairing, const gchar *const *ids)
{
  for (guint i = 0; ids && ids[i]; i++)
    pairing->funcs.changed (ids[i], pairing->user_data);
}

static void
on_store_changed (const VmStoreChange *change, gpointer user_data)
{
  VmPairingService *pairing = user_data;

  vm_pairing_service_tell_known (pairing);
  if (change->revoked && change->revoked[0])
    vm_pairing_service_post (pairing, fail_requests,
        g_strdupv ((gchar **) change->revoked), (GDestroyNotify) g_strfreev);
  tell_changed (pairing, change->added);
  tell_changed (pairing, change->removed);
  tell_changed (pairing, change->revoked);
  if (change->damaged)
    pairing->funcs.changed (NULL, pairing->user_data);
}

void
vm_pairing_service_open_store (VmPairingService *pairing)
{
  pairing->watch =
      vm_store_watch_new (pairing->store, NULL, on_store_changed, pairing);
}

void
vm_pairing_service_close_store (VmPairingService *pairing)
{
  vm_timer_clear (&pairing->again);
  g_clear_pointer (&pairing->watch, vm_store_watch_free);
}

/* On the thread */

gboolean
vm_pairing_service_remember (const VmTrustPrompt *peer, VmToken *given,
    gpointer user_data, GError **error)
{
  VmPairingService *pairing = user_data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (VmTrustFacts) facts =
      vm_trust_store_know (pairing->store, peer->device_id, NULL, NULL, now);

  /* whoever compared the digits of a device anew trusts it anew */
  if (!vm_trust_store_add_anew (pairing->store, peer->name,
          facts->device ? facts->device : "", pairing->current->certificate,
          given, NULL, g_hash_table_lookup (pairing->pardons, peer->request_id),
          now, error))
    return FALSE;
  g_hash_table_remove (pairing->pardons, peer->request_id);
  /* before its answer: what the device does next is to join */
  vm_pairing_service_call_known (pairing, KNOWN_TIME);
  pairing->funcs.established (peer->device_id, peer->name, pairing->user_data);
  return TRUE;
}
