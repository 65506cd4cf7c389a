/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/trust/pairing/comparison.h>

#include <string.h>

/* Lines, each a message of the other side, or what the user answers. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", 32);
  const VmComparisonFingerprints fingerprints = { "AA", "BB" };
  const guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autoptr (VmComparison) one = vm_comparison_new ("p001", "p002", TRUE);
  gint64 now = G_USEC_PER_SEC;

  if (size % 2) {
    g_autofree gchar *commit =
        vm_comparison_ask (one, &fingerprints, nonce, now);

    g_assert_true (vm_comparison_is_for (commit));
  }
  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *reply = NULL;
    VmComparisonNews news;

    /* what its user does */
    if (*lines[i] == 'y' || *lines[i] == 'n') {
      vm_comparison_answer (one, *lines[i] == 'y', &reply);
      g_assert_true (!reply || vm_comparison_is_for (reply));
      continue;
    }
    /* a channel hands over nothing else */
    if (!g_utf8_validate (lines[i], -1, NULL))
      continue;
    news = vm_comparison_take (
        one, lines[i], &fingerprints, nonce, now += 1000, &reply);
    g_assert_true (!reply || vm_comparison_is_for (reply));
    g_assert_true ((news == VM_COMPARISON_DIGITS)
                   <= (vm_comparison_get_digits (one) != NULL));
    g_assert_true ((news == VM_COMPARISON_DIFFERS)
                   <= (vm_comparison_get_result (one, &fingerprints)
                       == VM_COMPARISON_DIFFERENT));
  }
  g_assert_cmpint (
      vm_comparison_tick (one, G_MAXINT64), !=, VM_COMPARISON_DIGITS);
}
