/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Every step of a chunk that is sent, and every one that is none. */

#include <gst/check/gstcheck.h>
#include <gst/videomeet/transfer/chunkstate.h>

/* A row a state: where it may go. */
GST_START_TEST (test_every_edge)
{
  static const gchar *const table[] = {
    "reading ahead",
    "ahead ready sent",
    "ready ready sent",
    "sent ready sent",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_CHUNK_N_STATES);
  for (guint from = 0; from < VM_CHUNK_N_STATES; from++) {
    g_auto (GStrv) row = g_strsplit (table[from], " ", 0);

    fail_unless_equals_string (vm_chunk_state_to_string (from), row[0]);
    for (guint to = 0; to < VM_CHUNK_N_STATES; to++) {
      const gchar *name = vm_chunk_state_to_string (to);
      VmChunkState state = from;

      if (g_strv_contains ((const gchar *const *) row + 1, name)) {
        fail_unless (vm_chunk_state_move (&state, to));
        fail_unless_equals_int (state, to);
      } else {
        g_autofree gchar *text =
            g_strdup_printf ("*is %s, and cannot be %s*", row[0], name);

        g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, text);
        fail_if (vm_chunk_state_move (&state, to));
        g_test_assert_expected_messages ();
        fail_unless_equals_int (state, from);
      }
    }
  }
}

GST_END_TEST;

static Suite *
chunkstate_suite (void)
{
  Suite *s = suite_create ("chunkstate");
  TCase *tc = tcase_create ("chunkstate");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_every_edge);
  return s;
}

GST_CHECK_MAIN (chunkstate);
