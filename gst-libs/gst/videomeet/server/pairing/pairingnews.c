/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who was not let in, and who came for the first time, from the server: see
 * pairingservice.h. */

#include "server/pairing/pairingservice-priv.h"
#include "trust/store/vmtruststore-priv.h"

typedef struct
{
  VmPairingService *pairing;
  gchar *device_id;
  gchar *name;
  GError *reason;
} News; /* somebody was not let in */

static void
news_free (gpointer data)
{
  News *news = data;

  g_atomic_int_add (&news->pairing->news, -1);
  g_free (news->device_id);
  g_free (news->name);
  g_clear_error (&news->reason);
  g_free (news);
}

static void
take_failed (VmPairingService *pairing, gpointer *data)
{
  const News *news = *data;

  pairing->funcs.failed (
      NULL, news->device_id, news->name, news->reason, pairing->user_data);
}

static gboolean
has_room (VmPairingService *pairing)
{
  if (g_atomic_int_add (&pairing->news, 1) < VM_TRUST_NEWS_MAX)
    return TRUE;
  g_atomic_int_add (&pairing->news, -1);
  return FALSE;
}

void
vm_pairing_service_tell_failed (VmPairingService *pairing,
    const gchar *device_id, const gchar *name, const GError *reason)
{
  News *news;

  if (!has_room (pairing))
    return;
  news = g_new (News, 1);
  news->pairing = pairing;
  news->name = g_strdup (name ? name : "");
  news->device_id = g_strdup (device_id);
  news->reason = g_error_copy (reason);
  vm_pairing_service_post (pairing, take_failed, news, news_free);
}

typedef struct
{
  VmPairingService *pairing;
  gchar *user;
  gchar *device;
  GTlsCertificate *certificate;
  guint64 number;
} Guest; /* it came for the first time */

static void
guest_free (gpointer data)
{
  Guest *guest = data;

  g_atomic_int_add (&guest->pairing->news, -1);
  g_free (guest->user);
  g_free (guest->device);
  g_object_unref (guest->certificate);
  g_free (guest);
}

static void
take_guest (VmPairingService *pairing, gpointer *data)
{
  const Guest *guest = *data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  if (!vm_trust_store_pin (pairing->store, guest->user, guest->device,
          guest->certificate, now, &error))
    g_warning ("a guest is not remembered: %s", error->message);
  g_mutex_lock (&pairing->lock);
  pairing->written = guest->number;
  g_mutex_unlock (&pairing->lock);
}

guint64
vm_pairing_service_remember_guest (VmPairingService *pairing, const gchar *user,
    const gchar *device, GTlsCertificate *certificate)
{
  Guest *guest;

  if (!has_room (pairing))
    return 0;
  guest = g_new (Guest, 1);
  *guest = (Guest){ pairing, g_strdup (user), g_strdup (device),
    g_object_ref (certificate), ++pairing->guests };
  vm_pairing_service_post (pairing, take_guest, guest, guest_free);
  return pairing->guests;
}
