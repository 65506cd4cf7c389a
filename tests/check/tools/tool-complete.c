/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What Tab makes of a line. */

#include "program.h"

#include <glib/gstdio.h>
#include "typed/complete.h"
#include "session/roster.h"
#include "typed/typed.h"

#include <string.h>

static void
check (const gchar *before, const GPtrArray *names, const gchar *after,
    const gchar *shown)
{
  g_autoptr (GPtrArray) choices = NULL;
  g_autofree gchar *got = vmt_complete (
      before, &(VmtCompleteNames){ names, names, names }, &choices);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; choices && i < choices->len; i++)
    g_string_append_printf (
        all, "%s%s", i ? " " : "", (gchar *) choices->pdata[i]);
  fail_unless (g_strcmp0 (got, after) == 0, "%s: %s", before, got);
  fail_unless (g_strcmp0 (choices ? all->str : NULL, shown) == 0, "%s: %s",
      before, all->str);
}

GST_START_TEST (test_commands)
{
  check ("/mu", NULL, "/mute ", NULL);
  check ("/un", NULL, NULL, "/unban /unlock /unmute");
  check ("/unm", NULL, "/unmute ", NULL);
  check ("/HEL", NULL, "/help ", NULL);
  check ("/xyz", NULL, NULL, NULL);
  check ("//un", NULL, NULL, NULL);
  check ("", NULL, NULL, NULL);
  check ("/mute v", NULL, "/mute video ", NULL);
  check ("/mute Bob v", NULL, "/mute Bob video ", NULL);
  check ("/who v", NULL, NULL, NULL);
  check ("/comp", NULL, "/compare ", NULL);
  check ("/tru", NULL, "/trust ", NULL);
  check ("/share of", NULL, "/share off ", NULL);
  check ("/share came", NULL, NULL, NULL);
  check ("/source came", NULL, "/source camera ", NULL);
  check ("/share stam", NULL, "/share stamp ", NULL);
  check ("/share --r", NULL, "/share --region ", NULL);
  check ("/source screen --r", NULL, "/source screen --region ", NULL);
  check ("/share screen --s", NULL, "/share screen --screen-sound ", NULL);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  g_autoptr (VmtRoster) roster = vmt_roster_new ();
  g_autoptr (GPtrArray) names = NULL, gone = NULL;

  vmt_roster_joined (roster, "p001", "Ann", "box", "AAAA", TRUE);
  vmt_roster_set_self (roster, "p001");
  vmt_roster_joined (roster, "p002", "Bob", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "p003", "Bob Ray", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "p004", "the \"real\" Joe", "box", "A", FALSE);
  /* two of one name, and names that steer a terminal, turn what follows, or
   * cannot be typed, are ids */
  vmt_roster_joined (roster, "q005", "Twin", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "q006", "Twin", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "q007", "Eve\033[2J", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "q008", "Eve\342\200\256", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "q009", "Both\"'", "box", "AAAA", FALSE);
  vmt_roster_joined (roster, "p010", "Zoe", "box", "AAAA", FALSE);
  vmt_roster_left (roster, "p010");
  vmt_roster_set_removed (roster, "p010", TRUE);
  names = vmt_roster_list_callable (roster, FALSE);
  gone = vmt_roster_list_callable (roster, TRUE);
  fail_unless_equals_int (names->len, 8);
  fail_unless_equals_int (gone->len, 1);

  check ("/kick B", names, NULL, "\"Bob Ray\" Bob");
  check ("/kick \"B", names, NULL, "\"Bob Ray\" Bob");
  check ("/kick \"Bob R", names, "/kick \"Bob Ray\" ", NULL);
  check ("/mute \"Bob R", names, "/mute \"Bob Ray\" ", NULL);
  check ("/msg the", names, "/msg 'the \"real\" Joe' ", NULL);
  check ("/msg Bob hi B", names, NULL, NULL);
  check ("/kick Tw", names, NULL, NULL);
  check ("/kick Eve", names, NULL, NULL);
  check ("/kick Both", names, NULL, NULL);
  check ("/kick q", names, "/kick q00", NULL);
  check ("/kick Z", names, NULL, NULL);
  check ("/trust \"Bob R", names, "/trust \"Bob Ray\" ", NULL);
  check ("/compare Bob", names, NULL, "\"Bob Ray\" Bob");
  check ("/unban Z", gone, "/unban Zoe ", NULL);
  check ("/kick A", names, NULL, NULL);
  /* in what is said to everybody, too */
  check ("thanks t", names, "thanks 'the \"real\" Joe' ", NULL);
  check ("thanks ", names, NULL, NULL);
}

GST_END_TEST;

/* What Tab has made of a name is understood. */
GST_START_TEST (test_names_are_understood)
{
  static const gchar *const names[] = { "Bob", "Bob Ray", "the \"real\" Joe",
    "Ann's box", "\"", "'", "a'b c" };
  static const gchar *const commands[] = { "/kick ", "/unban ", "/send a.iso ",
    "/msg " };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GPtrArray) one = g_ptr_array_new ();

    g_ptr_array_add (one, (gpointer) names[i]);
    for (guint j = 0; j < G_N_ELEMENTS (commands); j++) {
      g_autoptr (GPtrArray) choices = NULL;
      g_autofree gchar *got = vmt_complete (
          commands[j], &(VmtCompleteNames){ one, one, one }, &choices);
      g_autofree gchar *line = g_strconcat (got, j == 3 ? "hello" : "", NULL);
      g_auto (VmtTyped) typed = { 0 };

      fail_unless (vmt_typed_parse (&typed, line, NULL), "%s", line);
      fail_unless_equals_string (typed.who, names[i]);
    }
  }
}

GST_END_TEST;

static void
touch (const gchar *folder, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  fail_unless (g_file_set_contents (path, "x", -1, NULL));
}

GST_START_TEST (test_files)
{
  static const gchar *const names[] = { "a.iso", "a.txt", "my notes.txt",
    ".hidden", "evil\033[2J" };
  g_autofree gchar *folder = g_dir_make_tmp ("vm-complete-XXXXXX", NULL);
  g_autofree gchar *inside = g_build_filename (folder, "in side", NULL);
  g_autofree gchar *before = g_strdup_printf ("/send %s/", folder);
  const struct
  {
    const gchar *typed, *after;
  } cases[] = { { "a", "a." }, { "a.i", "a.iso " }, { ".h", ".hidden " },
    { "e", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    touch (folder, names[i]);
  fail_unless (g_mkdir (inside, 0700) == 0);
  touch (inside, "b");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *line = g_strconcat (before, cases[i].typed, NULL);
    g_autofree gchar *after =
        cases[i].after ? g_strconcat (before, cases[i].after, NULL) : NULL;

    check (line, NULL, after, NULL);
  }
  {
    g_autofree gchar *line = g_strconcat (before, "my", NULL);
    g_autofree gchar *after =
        g_strdup_printf ("/send \"%s/my notes.txt\" ", folder);
    g_autofree gchar *into = g_strconcat (before, "in", NULL);
    g_autofree gchar *open = g_strdup_printf ("/send \"%s/in side/", folder);
    g_autofree gchar *whole =
        g_strdup_printf ("/send \"%s/in side/b\" ", folder);

    check (line, NULL, after, NULL);
    /* a folder goes on */
    check (into, NULL, open, NULL);
    check (open, NULL, whole, NULL);
  }
  {
    g_autofree gchar *gone = g_build_filename (inside, "b", NULL);

    g_unlink (gone);
    g_rmdir (inside);
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *gone = g_build_filename (folder, names[i], NULL);

    g_unlink (gone);
  }
  g_rmdir (folder);
}

GST_END_TEST;

static Suite *
tool_complete_suite (void)
{
  Suite *s = suite_create ("tool-complete");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_commands);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_names_are_understood);
  tcase_add_test (tc, test_files);
  return s;
}

CHECK_PROGRAM (tool_complete)
