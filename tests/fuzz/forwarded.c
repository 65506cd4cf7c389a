/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/server/access/proxies.h>

/* X-Forwarded-For, from a trusted proxy and from somebody else. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const gchar *const texts[] = { "10.0.0.0/8", "fd00::1", NULL };
  g_autoptr (GPtrArray) proxies = vm_proxies_read (texts, NULL);
  g_autoptr (GInetAddress) proxy = g_inet_address_new_from_string ("10.0.0.1");
  g_autoptr (GInetAddress) other = g_inet_address_new_from_string ("192.0.2.1");
  g_autofree gchar *header = g_strndup ((const gchar *) data, size);
  g_autoptr (GInetAddress) told = NULL, kept = NULL, again = NULL;
  g_autofree gchar *longer = NULL;
  gboolean sure;

  told = vm_proxies_find_client (proxies, proxy, header, &sure);
  g_assert_true (G_IS_INET_ADDRESS (told));
  kept = vm_proxies_find_client (proxies, other, header, &sure);
  g_assert_true (sure);
  g_assert_true (g_inet_address_equal (kept, other));
  /* what stands before an address that is no proxy's changes nothing */
  longer = g_strconcat (header, ",192.0.2.1", NULL);
  again = vm_proxies_find_client (proxies, proxy, longer, &sure);
  g_assert_true (sure);
  g_assert_true (g_inet_address_equal (again, other));
}
