/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who was not let in, and who came for the first time, from the server: see
 * trustdesk.h. */

#include "server/pairing/trustdesk-priv.h"

typedef struct
{
  VmTrustDesk *desk;
  gchar *device_id;
  gchar *name;
  GError *reason;
} News; /* somebody was not let in */

static void
news_free (gpointer data)
{
  News *news = data;

  g_atomic_int_add (&news->desk->news, -1);
  g_free (news->device_id);
  g_free (news->name);
  g_clear_error (&news->reason);
  g_free (news);
}

static void
take_failed (VmTrustDesk *desk, gpointer *data)
{
  const News *news = *data;

  desk->funcs.failed (
      NULL, news->device_id, news->name, news->reason, desk->user_data);
}

static gboolean
has_room (VmTrustDesk *desk)
{
  if (g_atomic_int_add (&desk->news, 1) < VM_TRUST_NEWS_MAX)
    return TRUE;
  g_atomic_int_add (&desk->news, -1);
  return FALSE;
}

void
vm_trust_desk_tell_failed (VmTrustDesk *desk, const gchar *device_id,
    const gchar *name, const GError *reason)
{
  News *news;

  if (!has_room (desk))
    return;
  news = g_new (News, 1);
  news->desk = desk;
  news->name = g_strdup (name ? name : "");
  news->device_id = g_strdup (device_id);
  news->reason = g_error_copy (reason);
  vm_trust_desk_post (desk, take_failed, news, news_free);
}

typedef struct
{
  VmTrustDesk *desk;
  gchar *user;
  gchar *device;
  GTlsCertificate *certificate;
  guint64 number;
} Guest; /* it came for the first time */

static void
guest_free (gpointer data)
{
  Guest *guest = data;

  g_atomic_int_add (&guest->desk->news, -1);
  g_free (guest->user);
  g_free (guest->device);
  g_object_unref (guest->certificate);
  g_free (guest);
}

static void
take_guest (VmTrustDesk *desk, gpointer *data)
{
  const Guest *guest = *data;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;

  if (!vm_trust_store_pin (desk->store, guest->user, guest->device,
          guest->certificate, now, &error))
    g_warning ("a guest is not remembered: %s", error->message);
  g_mutex_lock (&desk->lock);
  desk->written = guest->number;
  g_mutex_unlock (&desk->lock);
}

guint64
vm_trust_desk_remember_guest (VmTrustDesk *desk, const gchar *user,
    const gchar *device, GTlsCertificate *certificate)
{
  Guest *guest;

  if (!has_room (desk))
    return 0;
  guest = g_new (Guest, 1);
  *guest = (Guest){ desk, g_strdup (user), g_strdup (device),
    g_object_ref (certificate), ++desk->guests };
  vm_trust_desk_post (desk, take_guest, guest, guest_free);
  return desk->guests;
}
