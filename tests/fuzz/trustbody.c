/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/pairing/trustbody.h>

#include <string.h>

/* As each of the bodies of the handshake, and as a refusal. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GError) refusal =
      vm_trust_refusal_read (500, (const gchar *) data, size);

  g_assert_nonnull (refusal);
  g_assert_true (g_utf8_validate (refusal->message, -1, NULL));
  for (guint type = 0; type < VM_TRUST_BODY_N_TYPES; type++) {
    g_auto (VmTrustBody) body = { NULL };
    g_auto (VmTrustBody) again = { NULL };
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = NULL;
    g_autofree gchar *same = NULL;

    if (!vm_trust_body_read (&body, type, (const gchar *) data, size, &error)) {
      g_assert_nonnull (error);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      continue;
    }
    text = vm_trust_body_write (&body, type);
    g_assert_true (
        vm_trust_body_read (&again, type, text, strlen (text), NULL));
    same = vm_trust_body_write (&again, type);
    g_assert_cmpstr (text, ==, same);
  }
}
