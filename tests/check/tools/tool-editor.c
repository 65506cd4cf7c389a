/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The line that is typed on a terminal, and what is remembered of it. */

#include "program.h"

#include "ui/editor.h"
#include "ui/history.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define UP "\033[A"
#define DOWN "\033[B"
#define RIGHT "\033[C"
#define LEFT "\033[D"

static gchar *folder, *path;

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-editor-XXXXXX", NULL);
  path = g_build_filename (folder, "state", "history", NULL);
}

static void
teardown (void)
{
  g_autofree gchar *inside = g_path_get_dirname (path);

  g_unlink (path);
  g_rmdir (inside);
  g_rmdir (folder);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&folder, g_free);
}

static void
on_enter (const gchar *line, gpointer user_data)
{
  g_string_append_printf (user_data, "[%s]", line ? line : "(long)");
}

static gchar *
on_complete (const gchar *before, gpointer user_data)
{
  return g_str_has_suffix (before, "Bo")
             ? g_strconcat (before, "b \xc3\x84", NULL)
             : NULL;
}

static VmtEditor *
make (GString *got)
{
  const VmtEditorFuncs funcs = { on_enter, on_complete };
  VmtEditor *editor = vmt_editor_new (&funcs, got);

  fail_unless (editor != NULL);
  return editor;
}

static void
type (VmtEditor *editor, const gchar *bytes)
{
  /* one by one, as a slow line brings them */
  for (const gchar *b = bytes; *b; b++)
    vmt_editor_take (editor, b, 1);
}

/* What is left of @bytes: the line, with '|' at the cursor. */
static gchar *
line_after (const gchar *bytes, GString *got)
{
  VmtEditor *editor = make (got);
  GString *line;
  g_autofree gchar *text = NULL;
  gsize cursor;

  type (editor, bytes);
  text = vmt_editor_get_line (editor, &cursor);
  line = g_string_new (text);
  g_string_insert_c (line, (gssize) cursor, '|');
  vmt_editor_free (editor);
  return g_string_free (line, FALSE);
}

GST_START_TEST (test_keys)
{
  static const gchar *const cases[][3] = {
    { "hello", "hello|", "" },
    { "hello\rwo", "wo|", "[hello]" },
    { "one\ntwo\n", "|", "[one][two]" },
    { "helo" LEFT "l", "hell|o", "" },
    { "ab" LEFT LEFT RIGHT "x", "ax|b", "" },
    { "ab\033OD\033ODx", "x|ab", "" },
    { "ab\001x\005y", "xaby|", "" },
    { "ab\033[Hx\033[Fy\033[1~z\033[4~", "zxaby|", "" },
    { "ab" LEFT "\033[3~", "a|", "" },
    { "ab\001\004\004\004", "|", "" },
    { "h\xc3\xa4\x7f\bx", "x|", "" },
    { "\xe4\xbd\xa0\xe4\xbd\xa0" LEFT "a",
        "\xe4\xbd\xa0"
        "a|\xe4\xbd\xa0",
        "" },
    { "one two \027", "one |", "" },
    { "one two\033[1;5Dx\033b\033by", "y|one xtwo", "" },
    { "one two\001\033f\033d", "one|", "" },
    { "one\025two", "two|", "" },
    { "one two\001\033[1;5C\013\001\031", " two|one", "" },
    /* Tab asks, and leaves what it does not know */
    { "to Bo\t!", "to Bob \xc3\x84!|", "" },
    { "to Al\t!", "to Al!|", "" },
    { "to Bo, there\001\033[C\033[C\033[C\033[C\033[C\t",
        "to Bob \xc3\x84|, there", "" },
    /* what is no key here */
    { "a\033[15~\033[200~\022\026\002\033[99;99zb", "b|a", "" },
    { "a\033\rb", "b|", "[a]" },
    { "a\033xb\033", "ab|", "" },
    { "a\xff"
      "b",
        "a\xef\xbf\xbd"
        "b|",
        "" },
    { "a\xc2\x9b"
      "2Jb",
        "a2Jb|", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GString) got = g_string_new (NULL);
    g_autofree gchar *line = line_after (cases[i][0], got);

    fail_unless (g_str_equal (line, cases[i][1]), "%u: %s", i, line);
    fail_unless (g_str_equal (got->str, cases[i][2]), "%u: %s", i, got->str);
  }
}

GST_END_TEST;

/* No sequence is waited for for ever. */
GST_START_TEST (test_endless_sequence)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autofree gchar *line =
      line_after ("\033[11111111111111111111111111111111111111111111x\r", got);

  fail_unless_equals_string (line, "|");
  fail_unless (g_str_has_suffix (got->str, "x]"), "%s", got->str);
}

GST_END_TEST;

GST_START_TEST (test_line_limit)
{
  for (gint over = -1; over <= 1; over++) {
    g_autoptr (GString) got = g_string_new (NULL);
    VmtEditor *editor = make (got);
    g_autofree gchar *text = g_strnfill (VMT_EDITOR_LINE_MAX + over, 'x');
    g_autofree gchar *line = NULL;
    gsize cursor;

    vmt_editor_take (editor, text, strlen (text));
    line = vmt_editor_get_line (editor, &cursor);
    fail_unless_equals_int (strlen (line), VMT_EDITOR_LINE_MAX + MIN (over, 0));
    /* nothing of it is sent as if it were whole */
    type (editor, "\rnext\r");
    fail_unless_equals_int (g_str_has_prefix (got->str, "[(long)]"), over > 0);
    fail_unless (g_str_has_suffix (got->str, "[next]"));
    vmt_editor_free (editor);
  }
}

GST_END_TEST;

/* What is pasted stands at the cursor, and does not enter the line. */
GST_START_TEST (test_insert)
{
  g_autoptr (GString) got = g_string_new (NULL);
  VmtEditor *editor = make (got);
  g_autofree gchar *line = NULL;
  gsize cursor;

  type (editor, "ad" LEFT);
  vmt_editor_insert (editor, "b\xc3\xa4");
  type (editor, "c");
  line = vmt_editor_get_line (editor, &cursor);
  fail_unless_equals_string (line, "ab\xc3\xa4"
                                   "cd");
  fail_unless_equals_int (cursor, 5);
  vmt_editor_clear_line (editor);
  type (editor, "x\r");
  fail_unless_equals_string (got->str, "[x]");
  vmt_editor_free (editor);
}

GST_END_TEST;

GST_START_TEST (test_history)
{
  g_autoptr (GString) got = g_string_new (NULL);
  VmtEditor *editor = make (got);

  vmt_editor_remember (editor, "one");
  vmt_editor_remember (editor, "/pin 123456");
  vmt_editor_remember (editor, "two");
  vmt_editor_remember (editor, "two");
  type (editor, UP "!\r" UP UP "\r" UP UP UP UP DOWN "\r");
  fail_unless_equals_string (got->str, "[two!][one][two]");
  /* what was typed so far is there again behind the last one */
  g_string_truncate (got, 0);
  type (editor, "half" UP DOWN "\r");
  fail_unless_equals_string (got->str, "[half]");
  vmt_editor_free (editor);
}

GST_END_TEST;

static guint
count_lines (const gchar *text)
{
  guint n = 0;

  for (; *text; text++)
    n += *text == '\n';
  return n;
}

GST_START_TEST (test_history_file)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autofree gchar *text = NULL;
  VmtEditor *editor = make (got), *other = make (got);
  GStatBuf found;

  /* there is none yet */
  vmt_editor_load_history (editor, path);
  vmt_editor_remember (editor, "one");
  vmt_editor_remember (editor, "/PIN 123456");
  vmt_editor_remember (editor, "/source rtsp://ann:secret@cam/1");
  vmt_editor_remember (other, "two");
  fail_unless (vmt_editor_save_history (editor, path, NULL));
  fail_unless (vmt_editor_save_history (other, path, NULL));
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  fail_unless_equals_string (text, "one\ntwo\n");
  fail_unless (g_stat (path, &found) == 0);
  fail_unless_equals_int (found.st_mode & 0777, 0600);
  vmt_editor_free (editor);
  vmt_editor_free (other);

  editor = make (got);
  vmt_editor_load_history (editor, path);
  type (editor, UP UP "\r");
  fail_unless_equals_string (got->str, "[one]");
  vmt_editor_free (editor);
}

GST_END_TEST;

GST_START_TEST (test_history_limit)
{
  for (gint over = -1; over <= 1; over++) {
    g_autoptr (GString) got = g_string_new (NULL);
    g_autofree gchar *text = NULL, *first = NULL;
    VmtEditor *editor = make (got);

    g_unlink (path);
    for (gint i = 0; i < VMT_HISTORY_MAX + over; i++) {
      g_autofree gchar *line = g_strdup_printf ("line %d", i);

      vmt_editor_remember (editor, line);
    }
    fail_unless (vmt_editor_save_history (editor, path, NULL));
    fail_unless (g_file_get_contents (path, &text, NULL, NULL));
    fail_unless_equals_int (
        count_lines (text), VMT_HISTORY_MAX + MIN (over, 0));
    first = g_strdup_printf ("line %d\n", MAX (over, 0));
    fail_unless (g_str_has_prefix (text, first), "%.20s", text);
    vmt_editor_free (editor);
  }
}

GST_END_TEST;

/* What others can read or write, or have put there, is not this user's. */
GST_START_TEST (test_history_of_others)
{
  g_autoptr (GString) got = g_string_new (NULL);
  g_autofree gchar *inside = g_path_get_dirname (path);
  g_autofree gchar *real = g_build_filename (folder, "real", NULL);
  VmtEditor *editor = make (got);

  fail_unless (g_mkdir (inside, 0700) == 0);
  fail_unless (g_file_set_contents (path, "evil\n", -1, NULL));
  fail_unless (g_chmod (path, 0644) == 0);
  vmt_editor_load_history (editor, path);
  type (editor, UP "\r");
  fail_unless (g_chmod (path, 0600) == 0);
  fail_unless (g_rename (path, real) == 0);
  fail_unless (symlink (real, path) == 0);
  vmt_editor_load_history (editor, path);
  type (editor, UP "\r");
  fail_unless_equals_string (got->str, "[][]");
  /* with nothing in it that moves the cursor */
  g_unlink (path);
  fail_unless (g_file_set_contents_full (
      path, "a\033[2Jb\n", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
  vmt_editor_load_history (editor, path);
  type (editor, UP "\r");
  fail_unless_equals_string (got->str, "[][][a\xef\xbf\xbd[2Jb]");
  g_unlink (real);
  vmt_editor_free (editor);
}

GST_END_TEST;

GST_START_TEST (test_secrets)
{
  static const gchar *const kept[] = { "hello", "/pinned", "a@b",
    "see https://example.org/a@b", "//pin" };
  static const gchar *const left[] = { "", "/pin", "/pin 123456", "/PIN\t1",
    "turn://ann:secret@host", "see https://ann:pw@example.org/" };

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    fail_unless (vmt_history_may_keep (kept[i]), "%s", kept[i]);
  for (guint i = 0; i < G_N_ELEMENTS (left); i++)
    fail_if (vmt_history_may_keep (left[i]), "%s", left[i]);
}

GST_END_TEST;

static Suite *
tool_editor_suite (void)
{
  Suite *s = suite_create ("tool-editor");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_endless_sequence);
  tcase_add_test (tc, test_line_limit);
  tcase_add_test (tc, test_insert);
  tcase_add_test (tc, test_history);
  tcase_add_test (tc, test_history_file);
  tcase_add_test (tc, test_history_limit);
  tcase_add_test (tc, test_history_of_others);
  tcase_add_test (tc, test_secrets);
  return s;
}

CHECK_PROGRAM (tool_editor)
