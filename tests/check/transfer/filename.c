/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/transfer/disk/filename.h>
#include <string.h>

static void
check_refused (const gchar *name, gssize size, VmError code)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *checked = vm_filename_check (name, size, &error);

  fail_unless (!checked, "taken: %s", name);
  g_assert_error (error, VM_ERROR, code);
}

GST_START_TEST (test_good_names_stay_as_they_are)
{
  static const gchar *const names[] = { "report.pdf", ".profile", "a", "...a",
    "Übersicht 2026 (final).tar.gz", "12:30:00.png", "console.c", "com.c",
    "com10", "lpt", "nul-byte", "日本語.txt", "family 👨‍👩‍👧.jpg",
    " leading", "~", "-rf", "$HOME", ".vmx", "a..b", "con1" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *checked = vm_filename_check (names[i], -1, &error);

    g_assert_no_error (error);
    fail_unless_equals_string (checked, names[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_attacks_are_refused)
{
  static const gchar *const names[] = { "", ".", "..", "../a", "a/b", "/etc/x",
    "a/", "..\\a", "C:\\a", "\\\\host\\a", /* other folders */
    "a\nb", "a\tb", "\033[2J", "a\177", "a\302\205b", "a\302\233b", /* C0, C1 */
    "a\342\200\250b", "a\342\200\251b", /* U+2028, U+2029 */
    "a\342\200\256gpj.exe", "a\342\200\252", "a\342\201\246b", "\330\234a",
    "\342\200\216a", "\342\200\217a", "\342\201\251a", /* bidi */
    "\357\273\277a", /* byte order mark */
    "con", "CON", "Con.txt", "nul.tar.gz", "aux .c", "prn", "COM1", "com1.log",
    "lpt9", "com0", "com\302\271", "LPT\302\262.txt", "lpt\302\263", "conin$",
    "CONOUT$", "clock$", "nul:", "con:x", /* Windows' devices */
    "a.", "a ", "a. .", "a\302\240", "a\343\200\200", /* ends */
    "a\377", "a\300\257b", "\355\240\200", "\364\220\200\200", /* no UTF-8 */
    ".vm-a", ".vm-x.part", ".VM-x.part" /* our own */ };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    check_refused (names[i], -1, VM_ERROR_BAD_MESSAGE);
  check_refused ("a\0b", 3, VM_ERROR_BAD_MESSAGE);
  check_refused ("a\0", 2, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

static void
check_safe (const gchar *name, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *safe = vm_filename_make_safe (name, &error);
  g_autofree gchar *again = NULL;

  if (!expected) {
    fail_unless (safe == NULL, "taken: %s", name);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    return;
  }
  g_assert_no_error (error);
  fail_unless_equals_string (safe, expected);
  again = vm_filename_make_safe (safe, NULL);
  fail_unless_equals_string (again, expected);
}

/* Names by which others than their reader are meant: a shell's start-up file,
 * an option of rm, another stream of a file, one that looks like another. */
GST_START_TEST (test_saved_under_a_safe_name)
{
  static const gchar *const same[] = { "report.pdf", "a", "日本語.txt", "a-b.c",
    "it's 100% (final) [1] & more.txt", " leading", "$HOME", "a..b",
    "e\314\201t\303\251", "#1", "a~" };
  static const gchar *const others[][2] = { { ".bashrc", "_bashrc" },
    { "...a", "_..a" }, { "-rf", "_rf" },
    { "--checkpoint=1", "_-checkpoint=1" }, { "~", "_" }, { "~root", "_root" },
    { "a:b", "a_b" }, { "12:30:00.png", "12_30_00.png" },
    { "a<b>c\"d|e?f*g", "a_b_c_d_e_f_g" }, { ":", "_" },
    { "a\342\200\213b", "ab" }, /* zero width space */
    { "\342\200\213.bashrc", "_bashrc" },
    { "\342\201\240-rf", "_rf" }, /* word joiner */
    { "a\357\270\217", "a" }, /* variation selector */
    { "a\302\255b", "ab" }, /* soft hyphen */
    { "a\363\240\200\241b", "ab" }, /* tag */
    { "a\343\205\244b", "ab" }, /* Hangul filler */
    { "\342\200\213", NULL }, { "a.\342\200\213", NULL },
    { "co\342\200\213n", NULL }, { ".\342\200\213.", NULL }, { "..", NULL },
    { "a/b", NULL }, { "a\342\200\256gpj.exe", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (same); i++) {
    g_autofree gchar *name = g_utf8_normalize (same[i], -1, G_NORMALIZE_NFC);

    check_safe (same[i], name);
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    check_safe (others[i][0], others[i][1]);
}

GST_END_TEST;

GST_START_TEST (test_names_are_composed)
{
  g_autofree gchar *name = vm_filename_check ("Cafe\314\201", -1, NULL);
  g_autofree gchar *jamo =
      vm_filename_check ("\341\204\200\341\205\241", -1, NULL);

  fail_unless_equals_string (name, "Caf\303\251");
  fail_unless_equals_string (jamo, "\352\260\200");
}

GST_END_TEST;

GST_START_TEST (test_length_counts_as_written)
{
  for (guint n = VM_FILENAME_MAX - 1; n <= VM_FILENAME_MAX + 1; n++) {
    g_autofree gchar *name = g_strnfill (n, 'a');
    g_autofree gchar *checked = vm_filename_check (name, -1, NULL);

    fail_unless_equals_int (checked != NULL, n <= VM_FILENAME_MAX);
    if (!checked)
      check_refused (name, -1, VM_ERROR_TOO_LARGE);
  }
  /* 127 times é, composed 254 bytes, apart 381 */
  {
    g_autoptr (GString) apart = g_string_new (NULL);
    g_autofree gchar *checked = NULL;

    for (guint i = 0; i < VM_FILENAME_MAX / 2; i++)
      g_string_append (apart, "e\314\201");
    checked = vm_filename_check (apart->str, -1, NULL);
    fail_unless (checked != NULL);
    fail_unless_equals_int (strlen (checked), VM_FILENAME_MAX - 1);
  }
  for (guint n = VM_FILENAME_INPUT_MAX - 1; n <= VM_FILENAME_INPUT_MAX + 1;
       n++) {
    g_autofree gchar *name = g_strnfill (n, '/');

    check_refused (name, -1,
        n > VM_FILENAME_INPUT_MAX ? VM_ERROR_TOO_LARGE : VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

static void
check_same (const gchar *a, const gchar *b, gboolean same)
{
  g_autofree gchar *key = vm_filename_key (a);
  g_autofree gchar *other = vm_filename_key (b);

  fail_unless_equals_int (strcmp (key, other) == 0, same);
}

GST_START_TEST (test_names_that_a_file_system_takes_for_one)
{
  check_same ("README", "readme", TRUE);
  check_same ("CAF\303\211", "cafe\314\201", TRUE);
  check_same ("stra\303\237e", "STRASSE", TRUE);
  check_same ("do\342\200\213cs", "docs", TRUE);
  check_same ("a\315\217\314\201", "\303\241", TRUE);
  check_same ("\342\200\213", "\342\200\213", TRUE);
  check_same ("\342\200\213", "a", FALSE);
  check_same ("a", "b", FALSE);
  check_same ("a.txt", "a.txt ", FALSE);
  check_same ("\377", "\376", FALSE);
}

GST_END_TEST;

static void
check_number (const gchar *name, guint number, const gchar *expected)
{
  g_autofree gchar *numbered = vm_filename_number (name, number);

  fail_unless_equals_string (numbered, expected);
}

GST_START_TEST (test_numbered)
{
  g_autofree gchar *filled = g_strnfill (VM_FILENAME_MAX - 4, 'a');
  g_autofree gchar *full = g_strconcat (filled, ".txt", NULL);
  g_autofree gchar *cut = g_strndup (filled, VM_FILENAME_MAX - 8);
  g_autofree gchar *expected = g_strconcat (cut, " (1).txt", NULL);
  g_autofree gchar *apart = g_strnfill (VM_FILENAME_MAX - 1 - 5, 'a');
  g_autofree gchar *wide = g_strconcat (apart, "\360\237\230\200b", NULL);
  g_autofree gchar *numbered = vm_filename_number (wide, 1);

  check_number ("name.ext", 1, "name (1).ext");
  check_number ("name", 12, "name (12)");
  check_number (".profile", 1, ".profile (1)");
  check_number ("a.tar.gz", 2, "a.tar (2).gz");
  check_number (full, 1, expected);
  fail_unless (g_utf8_validate (numbered, -1, NULL));
  fail_unless (strlen (numbered) <= VM_FILENAME_MAX);
}

GST_END_TEST;

static Suite *
filename_suite (void)
{
  Suite *s = suite_create ("filename");
  TCase *tc = tcase_create ("names");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_good_names_stay_as_they_are);
  tcase_add_test (tc, test_attacks_are_refused);
  tcase_add_test (tc, test_saved_under_a_safe_name);
  tcase_add_test (tc, test_names_are_composed);
  tcase_add_test (tc, test_length_counts_as_written);
  tcase_add_test (tc, test_names_that_a_file_system_takes_for_one);
  tcase_add_test (tc, test_numbered);
  return s;
}

CHECK_PROGRAM (filename)
