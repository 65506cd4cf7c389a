/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What --help says, and what somebody reads who has mistyped an option. */

#include "program.h"

#include <string.h>
#include "options/options-table.h"
#include "tools/optionline.h"

static void
fits (const gchar *text, glong columns)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i]; i++)
    fail_unless (
        g_utf8_strlen (lines[i], -1) <= columns, "%ld: %s", columns, lines[i]);
}

/* All words of each description, in lines that a terminal need not break. */
GST_START_TEST (test_help_fits)
{
  static const gint widths[] = { VMT_HELP_COLUMNS_MIN, 59, 60, 80 };

  for (guint w = 0; w < G_N_ELEMENTS (widths); w++) {
    g_autofree gchar *all = vmt_help_format_program (widths[w]);

    for (guint c = 0; c < VMT_N_COMMANDS; c++) {
      g_autoptr (GArray) entries = vmt_options_list (c);
      g_autofree gchar *help = vmt_help_format (c, entries, widths[w]);

      fits (help, widths[w]);
      fail_unless (strstr (help, "Exit status: 0") != NULL);
      fail_unless (strstr (help, "--json") != NULL);
      fail_unless (strstr (all, vmt_command_to_string (c)) != NULL);
    }
    fits (all, widths[w]);
  }
}

GST_END_TEST;

/* The many options of a meeting are in groups. */
GST_START_TEST (test_help_groups)
{
  static const gchar *const parts[] = { "\nOptions:\n  -m, --meeting=",
    "\nSound and picture:\n  -s, --source=", "\nWays to the others:\n  --stun=",
    "\nFiles:\n  --files=", "\nWho is let in:\n  --policy=",
    "\nThis device and its network:\n  -u, --user=",
    "\nOther:\n  --duration=" };
  g_autoptr (GArray) entries = vmt_options_list (VMT_COMMAND_HOST);
  g_autofree gchar *help = vmt_help_format (VMT_COMMAND_HOST, entries, 80);
  const gchar *at = help;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    at = strstr (at, parts[i]);
    fail_unless (at != NULL, "%s", parts[i]);
  }
}

GST_END_TEST;

/* A terminal that has fewer columns is treated as if it had the least. */
GST_START_TEST (test_help_least)
{
  g_autofree gchar *least = vmt_help_format_program (VMT_HELP_COLUMNS_MIN);
  g_autofree gchar *above = vmt_help_format_program (VMT_HELP_COLUMNS_MIN + 1);
  g_autofree gchar *below = vmt_help_format_program (VMT_HELP_COLUMNS_MIN - 1);

  fail_unless_equals_string (below, least);
  fail_if (g_str_equal (above, least));
}

GST_END_TEST;

/* What a newcomer types first is answered with what was meant. */
GST_START_TEST (test_meant)
{
  options_refused ("host --meting x",
      "There is no option --meting. Did you mean --meeting?");
  options_refused ("host --meting=x", "Did you mean --meeting?");
  options_refused ("host --frobnicate", "There is no option --frobnicate.");
  options_refused ("host -z", "There is no option -z.");
  options_refused ("host standup", "that name: --meeting 'standup'");
  options_refused ("join stand up", "put the name in quotes");
}

GST_END_TEST;

static Suite *
tool_help_suite (void)
{
  Suite *s = suite_create ("tool-help");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_help_fits);
  tcase_add_test (tc, test_help_groups);
  tcase_add_test (tc, test_help_least);
  tcase_add_test (tc, test_meant);
  return s;
}

CHECK_PROGRAM (tool_help)
