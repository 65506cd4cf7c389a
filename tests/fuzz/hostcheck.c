/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/base/hostcheck.h>

/* Three headers, a line each: Host, Origin, Content-Type. */
void
fuzz_one (const guint8 *data, gsize size)
{
  static const gchar *const names[] = { "meet.example", NULL };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 3);
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_from_string ("127.0.0.1");
  GList addresses = { loopback };
  g_autofree gchar *host = NULL;

  if (g_strv_length (lines) < 3)
    return;
  host = vm_host_from_header (lines[0]);
  if (host)
    g_assert_cmpstr (host, !=, "");
  if (vm_host_is_own (lines[0], &addresses, "me", names))
    g_assert_nonnull (host);
  vm_origin_is_own (lines[1], lines[0], TRUE);
  vm_type_is_json (lines[2]);
}
