/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/terminal/termpaint.h>

#include <string.h>

static VmTermScreen *
screen_with (guint cols, guint rows, const gchar *text)
{
  VmTermSize size = { cols, rows };
  VmTermScreen *screen = vm_term_screen_new (&size);

  vm_term_screen_feed (screen, text, strlen (text));
  return screen;
}

static void
draw (VmTermPaint *paint, VmTermScreen *from, VmTermScreen *local)
{
  g_autoptr (GString) out = g_string_new (NULL);

  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  vm_term_screen_feed (local, out->str, out->len);
}

static void
assert_row (VmTermScreen *screen, guint row, const gchar *expected)
{
  const VmTermPicture *picture = vm_term_screen_look (screen);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint col = 0; col < picture->size.cols; col++) {
    const VmTermCell *cell = vm_term_picture_cell (picture, col, row);

    if (cell->width)
      g_string_append_unichar (text, cell->chars[0]);
  }
  fail_unless_equals_string (g_strchomp (text->str), expected);
}

GST_START_TEST (test_a_smaller_screen_and_the_status)
{
  VmTermSize size = { 20, 5 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from = screen_with (10, 3, "one\r\ntwo");
  g_autoptr (VmTermScreen) local = screen_with (20, 5, "before");
  const VmTermPicture *picture;

  vm_term_paint_set_status (paint, "Bob\t\033 watches \344\270\255");
  draw (paint, from, local);
  assert_row (local, 0, "one");
  assert_row (local, 1, "two");
  assert_row (local, 3, "");
  assert_row (local, 4, "Bob watches \344\270\255");
  picture = vm_term_screen_look (local);
  fail_unless_equals_int (picture->cursor_col, 3);
  fail_unless_equals_int (picture->cursor_row, 1);
  fail_unless (picture->modes.alternate);
  fail_unless_equals_int (
      vm_term_picture_cell (picture, 19, 4)->attrs, VM_TERM_ATTR_REVERSE);
}
GST_END_TEST;

GST_START_TEST (test_a_larger_screen_follows_the_cursor)
{
  VmTermSize size = { 10, 4 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from = screen_with (30, 20, "");
  g_autoptr (VmTermScreen) local = screen_with (10, 4, "");
  const gchar *far = "\033[20;25HEND\344\270\255";

  vm_term_paint_set_status (paint, "s");
  for (guint i = 1; i <= 20; i++) {
    g_autofree gchar *line = g_strdup_printf ("\033[%u;1Hrow %u", i, i);

    vm_term_screen_feed (from, line, strlen (line));
  }
  draw (paint, from, local);
  assert_row (local, 0, "row 18");
  assert_row (local, 2, "row 20");
  assert_row (local, 3, "s");
  vm_term_screen_feed (from, far, strlen (far));
  draw (paint, from, local);
  assert_row (local, 2, "    END\344\270\255");
  fail_unless_equals_int (vm_term_screen_look (local)->cursor_col, 9);
  vm_term_screen_feed (from, "\033[H", 3);
  draw (paint, from, local);
  assert_row (local, 0, "row 1");
}
GST_END_TEST;

/* Half of a wide character is not shown. */
GST_START_TEST (test_a_wide_character_at_the_edge)
{
  VmTermSize size = { 4, 2 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from =
      screen_with (8, 2, "abc\344\270\255z\033[1;1H");
  g_autoptr (VmTermScreen) local = screen_with (4, 2, "");

  draw (paint, from, local);
  assert_row (local, 0, "abc");
  vm_term_screen_feed (from, "\033[1;8H", 6);
  draw (paint, from, local);
  assert_row (local, 0, " z");
}
GST_END_TEST;

/* Keys and mouse are as the program wants only for who may type. */
GST_START_TEST (test_modes_of_input)
{
  VmTermSize size = { 20, 5 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from =
      screen_with (20, 4, "\033[?1h\033=\033[?1002h\033[?2004h\033[?25l");
  g_autoptr (VmTermScreen) local = screen_with (20, 5, "");
  g_autoptr (GString) out = g_string_new (NULL);
  const VmTermPicture *picture;

  draw (paint, from, local);
  picture = vm_term_screen_look (local);
  fail_if (picture->modes.cursor_visible);
  fail_if (picture->modes.application_cursor || picture->modes.mouse);
  vm_term_paint_set_input (paint, TRUE);
  draw (paint, from, local);
  picture = vm_term_screen_look (local);
  fail_unless (picture->modes.application_cursor);
  fail_unless (picture->modes.application_keypad);
  fail_unless (picture->modes.bracketed_paste);
  fail_unless_equals_int (picture->modes.mouse, 1002);
  vm_term_paint_end (paint, out);
  vm_term_screen_feed (local, out->str, out->len);
  picture = vm_term_screen_look (local);
  fail_if (picture->modes.alternate || picture->modes.mouse
           || picture->modes.application_cursor
           || picture->modes.bracketed_paste);
  fail_unless (picture->modes.cursor_visible);
}
GST_END_TEST;

GST_START_TEST (test_only_differences_until_forgotten)
{
  VmTermSize size = { 20, 5 }, other = { 30, 6 }, huge = { 5000, 5000 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from = screen_with (20, 4, "text");
  g_autoptr (GString) out = g_string_new (NULL);
  gsize all;

  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  all = out->len;
  g_string_truncate (out, 0);
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  fail_unless_equals_int (out->len, 0);
  vm_term_paint_forget (paint);
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  fail_unless_equals_int (out->len, all);
  vm_term_paint_set_size (paint, &other);
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  fail_unless (out->len > all);
  vm_term_paint_set_size (paint, &huge);
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
}
GST_END_TEST;

/* The Linux console and the VT100 have no SU. */
GST_START_TEST (test_scrolls_by_line_feeds)
{
  VmTermSize size = { 20, 8 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from =
      screen_with (20, 8, "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8");
  g_autoptr (VmTermScreen) local = screen_with (20, 8, "");
  g_autoptr (GString) out = g_string_new (NULL);

  draw (paint, from, local);
  vm_term_screen_feed (from, "\r\n9\r\n10", 7);
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  fail_if (strchr (out->str, 'S'));
  fail_if (strchr (out->str, '5'), "painted instead of scrolled");
  vm_term_screen_feed (local, out->str, out->len);
  assert_row (local, 0, "3");
  assert_row (local, 5, "8");
  assert_row (local, 7, "10");
}
GST_END_TEST;

/* DECOM and the margins move the cursor, so it is kept before they are reset.
 */
GST_START_TEST (test_the_cursor_comes_back)
{
  VmTermSize size = { 20, 5 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from = screen_with (20, 5, "text");
  g_autoptr (VmTermScreen) local = screen_with (20, 5, "\033[3;1H$ ");
  g_autoptr (GString) out = g_string_new (NULL);

  draw (paint, from, local);
  vm_term_paint_end (paint, out);
  vm_term_screen_feed (local, out->str, out->len);
  fail_unless_equals_int (vm_term_screen_look (local)->cursor_row, 2);
  fail_unless_equals_int (vm_term_screen_look (local)->cursor_col, 2);
}
GST_END_TEST;

/* A character that the screen has with the width of @c, and a terminal that
 * draws it with that of @drawn. */
static void
assert_widths_apart (const gchar *c, const gchar *drawn, const gchar *expected)
{
  VmTermSize size = { 20, 2 };
  g_autoptr (VmTermPaint) paint = vm_term_paint_new (&size);
  g_autoptr (VmTermScreen) from = screen_with (20, 2, "0123456789|end\r");
  g_autoptr (VmTermScreen) local = screen_with (20, 2, "");
  g_autoptr (GString) out = g_string_new (NULL);

  draw (paint, from, local);
  vm_term_screen_feed (from, c, strlen (c));
  vm_term_paint_draw (paint, vm_term_screen_look (from), out);
  g_string_replace (out, c, drawn, 0);
  vm_term_screen_feed (local, out->str, out->len);
  assert_row (local, 0, expected);
}

GST_START_TEST (test_terminals_that_differ_in_width)
{
  /* wide, drawn in one cell: nothing of the other remains */
  assert_widths_apart ("\344\270\255", "x", "x 23456789|end");
  /* narrow, drawn in two cells: what stands behind it is painted again */
  assert_widths_apart ("\342\230\200", "\344\270\255", " 123456789|end");
}
GST_END_TEST;

static Suite *
termpaint_suite (void)
{
  Suite *s = suite_create ("termpaint");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_a_smaller_screen_and_the_status);
  tcase_add_test (tc, test_a_larger_screen_follows_the_cursor);
  tcase_add_test (tc, test_a_wide_character_at_the_edge);
  tcase_add_test (tc, test_modes_of_input);
  tcase_add_test (tc, test_only_differences_until_forgotten);
  tcase_add_test (tc, test_scrolls_by_line_feeds);
  tcase_add_test (tc, test_the_cursor_comes_back);
  tcase_add_test (tc, test_terminals_that_differ_in_width);
  return s;
}

CHECK_PROGRAM (termpaint)
