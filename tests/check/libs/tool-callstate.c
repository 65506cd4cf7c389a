/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a call in the launcher, and every one that is none. */

#include "callstate.h"

#include <gst/check/gstcheck.h>

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "registering waiting calling",
    "waiting ringing",
    "calling answered connected ended",
    "ringing answered waiting",
    "answered waiting connected ended",
    "connected ended",
    "ended",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VMT_CALL_N_STATES);
  for (guint from = 0; from < VMT_CALL_N_STATES; from++) {
    g_auto (GStrv) row = g_strsplit (table[from], " ", 0);

    fail_unless_equals_string (vmt_call_state_to_string (from), row[0]);
    for (guint to = 0; to < VMT_CALL_N_STATES; to++) {
      const gchar *name = vmt_call_state_to_string (to);
      VmtCallState state = from;

      if (g_strv_contains ((const gchar *const *) row + 1, name)) {
        fail_unless (vmt_call_state_leads (from, to));
        fail_unless (vmt_call_state_move (&state, to));
        fail_unless_equals_int (state, to);
      } else {
        g_autofree gchar *text =
            g_strdup_printf ("*is %s, and cannot be %s*", row[0], name);

        fail_if (vmt_call_state_leads (from, to));
        g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, text);
        fail_if (vmt_call_state_move (&state, to));
        g_test_assert_expected_messages ();
        fail_unless_equals_int (state, from);
      }
    }
  }
}

GST_END_TEST;

static Suite *
tool_callstate_suite (void)
{
  Suite *s = suite_create ("tool-callstate");
  TCase *tc = tcase_create ("tool-callstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

GST_CHECK_MAIN (tool_callstate);
