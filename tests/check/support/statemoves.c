/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/statemoves.h"

#include <gst/check/gstcheck.h>

static void
check_step (guint from, guint to, gboolean legal, StateName name,
    StateMove move, const gchar *refusal)
{
  guint state = from;

  if (legal) {
    fail_unless (move (&state, to));
    fail_unless_equals_int (state, to);
  } else {
    g_auto (GStrv) parts = g_strsplit (refusal, "%s", 3);
    g_autofree gchar *pattern = NULL;

    fail_unless_equals_int (g_strv_length (parts), 3);
    pattern = g_strconcat (
        parts[0], name (from), parts[1], name (to), parts[2], NULL);
    g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, pattern);
    fail_if (move (&state, to));
    g_test_assert_expected_messages ();
    fail_unless_equals_int (state, from);
  }
}

void
state_moves_check (const gchar *const *table, guint n, StateName name,
    StateMove move, const gchar *refusal)
{
  for (guint from = 0; from < n; from++) {
    g_auto (GStrv) row = g_strsplit (table[from], " ", 0);
    const gchar *const *legal = (const gchar *const *) row + 1;
    guint edges = 0;

    fail_unless_equals_string (name (from), row[0]);
    for (guint to = 0; to < n; to++) {
      gboolean leads = g_strv_contains (legal, name (to));

      edges += leads;
      check_step (from, to, leads, name, move, refusal);
    }
    /* the row names nothing that is no state */
    fail_unless_equals_int (edges, g_strv_length (row) - 1);
  }
}
