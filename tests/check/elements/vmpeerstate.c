/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a peer connection, and every one that is none. */

#include "vmpeer-priv.h"

#include <gst/check/gstcheck.h>

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "new connecting failed closed",
    "connecting connected failed closed",
    "connected failed closed",
    "failed closed",
    "closed",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_PEER_N_STATES);
  for (guint from = 0; from < VM_PEER_N_STATES; from++) {
    g_auto (GStrv) row = g_strsplit (table[from], " ", 0);

    fail_unless_equals_string (vm_peer_state_to_string (from), row[0]);
    for (guint to = 0; to < VM_PEER_N_STATES; to++) {
      VmPeerState state = from;

      if (g_strv_contains (
              (const gchar *const *) row + 1, vm_peer_state_to_string (to))) {
        fail_unless (vm_peer_state_move (&state, to, "001"));
        fail_unless_equals_int (state, to);
      } else {
        g_autofree gchar *text = g_strdup_printf (
            "*001*no way from %s to %s*", row[0], vm_peer_state_to_string (to));

        g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, text);
        fail_if (vm_peer_state_move (&state, to, "001"));
        g_test_assert_expected_messages ();
        fail_unless_equals_int (state, from);
      }
    }
  }
}

GST_END_TEST;

static Suite *
vmpeerstate_suite (void)
{
  Suite *s = suite_create ("vmpeerstate");
  TCase *tc = tcase_create ("vmpeerstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

GST_CHECK_MAIN (vmpeerstate);
