/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/vmsdp.h>

#include <string.h>

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *sdp = g_strndup ((const gchar *) data, size);
  g_autofree gchar *fingerprint = NULL;
  g_autofree gchar *ufrag = NULL;
  g_auto (GStrv) listed = NULL;

  if (vm_sdp_get_fingerprint (sdp, &fingerprint, NULL)) {
    /* 32 bytes of SHA-256, RFC 8122 §5 */
    g_assert_cmpuint (strlen (fingerprint), ==, 32 * 3 - 1);
    g_assert_cmpuint (strspn (fingerprint, "0123456789ABCDEF:"), ==, 95);
  }
  if (vm_sdp_get_ice_ufrag (sdp, &ufrag, NULL)) {
    /* RFC 8839 §5.4 */
    g_assert_cmpuint (strlen (ufrag), >=, 4);
    g_assert_cmpuint (strlen (ufrag), <=, 256);
  }
  if (vm_sdp_list_fingerprints (sdp, size % 3, &listed, NULL)) {
    g_assert_nonnull (listed[0]);
    g_assert_false (
        vm_sdp_fingerprints_match ((const gchar *const *) listed, data, size));
  }
}
