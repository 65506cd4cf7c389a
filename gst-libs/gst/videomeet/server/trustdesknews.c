/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Who was not let in, from the server: see trustdesk.h. */

#include "trustdesk-priv.h"

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

void
vm_trust_desk_tell_failed (VmTrustDesk *desk, const gchar *device_id,
    const gchar *name, const GError *reason)
{
  News *news;

  if (g_atomic_int_add (&desk->news, 1) >= VM_TRUST_NEWS_MAX) {
    g_atomic_int_add (&desk->news, -1);
    return;
  }
  news = g_new (News, 1);
  news->desk = desk;
  news->name = g_strdup (name ? name : "");
  news->device_id = g_strdup (device_id);
  news->reason = g_error_copy (reason);
  vm_trust_desk_post (desk, take_failed, news, news_free);
}
