/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/terminal/termfilter.h>
#include <gst/videomeet/terminal/termscreen.h>

#include <string.h>

#define STEPS 1000

/* A screen with the filter before it. */
typedef struct
{
  VmTermFilter *filter;
  VmTermScreen *screen;
} Terminal;

static void
terminal_init (
    Terminal *terminal, VmTermFilterKind kind, guint cols, guint rows)
{
  VmTermSize size = { cols, rows };

  terminal->filter = vm_term_filter_new (kind);
  terminal->screen = vm_term_screen_new (&size);
}

static void
terminal_clear (Terminal *terminal)
{
  vm_term_filter_free (terminal->filter);
  vm_term_screen_free (terminal->screen);
}

static void
feed (Terminal *terminal, const gchar *data, gsize size)
{
  g_autoptr (GString) out = g_string_new (NULL);

  vm_term_filter_feed (terminal->filter, (const guint8 *) data, size, out);
  vm_term_screen_feed (terminal->screen, out->str, out->len);
}

static void
say (Terminal *terminal, const gchar *text)
{
  feed (terminal, text, strlen (text));
}

static const VmTermCell *
at (Terminal *terminal, guint col, guint row)
{
  return vm_term_picture_cell (
      vm_term_screen_look (terminal->screen), col, row);
}

GST_START_TEST (test_cells)
{
  Terminal t;

  terminal_init (&t, VM_TERM_FILTER_COMMAND, 80, 24);
  say (&t, "a\033[1;31mb\033[38;5;200;7mc\033[0;48;2;1;2;3md\033[m");
  say (&t, "\344\270\255e\314\201");
  fail_unless_equals_int (at (&t, 0, 0)->chars[0], 'a');
  fail_unless_equals_int (at (&t, 0, 0)->fg, 0);
  fail_unless_equals_int (at (&t, 1, 0)->attrs, VM_TERM_ATTR_BOLD);
  fail_unless_equals_int (at (&t, 1, 0)->fg, VM_TERM_COLOR_INDEX | 1);
  fail_unless_equals_int (at (&t, 2, 0)->fg, VM_TERM_COLOR_INDEX | 200);
  fail_unless_equals_int (
      at (&t, 2, 0)->attrs, VM_TERM_ATTR_BOLD | VM_TERM_ATTR_REVERSE);
  fail_unless_equals_int (at (&t, 3, 0)->bg, VM_TERM_COLOR_RGB | 0x010203);
  fail_unless_equals_int (at (&t, 4, 0)->chars[0], 0x4e2d);
  fail_unless_equals_int (at (&t, 4, 0)->width, 2);
  fail_unless_equals_int (at (&t, 5, 0)->width, 0);
  fail_unless_equals_int (at (&t, 6, 0)->chars[0], 'e');
  fail_unless_equals_int (at (&t, 6, 0)->chars[1], 0x301);
  fail_unless_equals_int (at (&t, 7, 0)->chars[0], ' ');
  /* half of a wide character is none */
  say (&t, "\033[1;6Hx");
  fail_unless_equals_int (at (&t, 4, 0)->chars[0], ' ');
  fail_unless_equals_int (at (&t, 4, 0)->width, 1);
  terminal_clear (&t);
}
GST_END_TEST;

GST_START_TEST (test_modes)
{
  Terminal t;
  const VmTermPicture *picture;

  terminal_init (&t, VM_TERM_FILTER_COMMAND, 80, 24);
  picture = vm_term_screen_look (t.screen);
  fail_unless (picture->modes.cursor_visible);
  fail_if (picture->modes.application_cursor || picture->modes.mouse);
  say (&t, "\033[?1049h\033[?1h\033=\033[?2004h\033[?1002h\033[?1006h"
           "\033[4 q\033[?25l\a\a");
  picture = vm_term_screen_look (t.screen);
  fail_unless (picture->modes.alternate);
  fail_unless (picture->modes.application_cursor);
  fail_unless (picture->modes.application_keypad);
  fail_unless (picture->modes.bracketed_paste);
  fail_unless_equals_int (picture->modes.mouse, 1002);
  fail_unless (picture->modes.mouse_sgr);
  fail_unless_equals_int (picture->modes.cursor_shape, 2);
  fail_if (picture->modes.cursor_blinks || picture->modes.cursor_visible);
  fail_unless_equals_int (vm_term_screen_take_bells (t.screen), 2);
  fail_unless_equals_int (vm_term_screen_take_bells (t.screen), 0);
  say (&t, "\033[?1049l\033[?1000l");
  picture = vm_term_screen_look (t.screen);
  fail_if (picture->modes.alternate || picture->modes.mouse);
  terminal_clear (&t);
}
GST_END_TEST;

static void
on_answer (const gchar *data, gsize size, gpointer user_data)
{
  g_string_append_len (user_data, data, size);
}

GST_START_TEST (test_queries_are_answered)
{
  Terminal t;
  g_autoptr (GString) answers = g_string_new (NULL);

  terminal_init (&t, VM_TERM_FILTER_COMMAND, 80, 24);
  vm_term_screen_set_answer_func (t.screen, on_answer, answers);
  say (&t, "\033[3;5H\033[6n");
  fail_unless_equals_string (answers->str, "\033[3;5R");
  say (&t, "\033[c");
  fail_unless (g_str_has_prefix (answers->str, "\033[3;5R\033[?"));
  /* looking at it types nothing */
  g_string_truncate (answers, 0);
  say (&t, "\033[?1003h");
  vm_term_screen_look (t.screen);
  fail_unless_equals_string (answers->str, "");
  terminal_clear (&t);
}
GST_END_TEST;

/* What libvterm combines, the filter counts: no cell has more than it reads
 * safely. */
GST_START_TEST (test_every_character_fits_its_cell)
{
  Terminal t;

  terminal_init (&t, VM_TERM_FILTER_COMMAND, 20, 1);
  for (gunichar c = 0xa0; c < 0xe1000; c++) {
    g_autoptr (GString) text = g_string_new ("\033[H\033[2Ja");
    const VmTermPicture *picture;

    if (c == 0x20000)
      c = 0xe0000;
    if (c >= 0xd800 && c <= 0xdfff)
      continue;
    for (guint i = 0; i < 8; i++)
      g_string_append_unichar (text, c);
    feed (&t, text->str, text->len);
    picture = vm_term_screen_look (t.screen);
    for (guint col = 0; col < 20; col++)
      fail_unless (picture->cells[col].chars[5] == 0, "U+%04X", c);
    fail_unless (picture->cursor_col <= 17, "U+%04X takes %u columns", c,
        picture->cursor_col);
  }
  terminal_clear (&t);
}
GST_END_TEST;

/* What programs write, at random */

static void
add_text (GRand *rand, GString *out)
{
  static const gchar *const pieces[] = { "a", "Z", "0", " ", "  ", "word ",
    "a long line of text that goes on ", "\303\274", "\342\224\200",
    "\342\226\210", "\344\270\255", "\346\226\207", "\360\237\230\200",
    "\357\274\241", "e\314\201", "o\314\210\314\243", "\314\201",
    "\340\244\225\340\244\277", "\342\200\215", "\357\277\275", "\302\240",
    "\302\255", "\343\201\213\343\202\231", "\355\225\234",
    "\360\237\217\263\357\270\217", "\330\247" };
  guint n = g_rand_int_range (rand, 1, 30);

  for (guint i = 0; i < n; i++)
    g_string_append (
        out, pieces[g_rand_int_range (rand, 0, G_N_ELEMENTS (pieces))]);
}

static void
add_sgr (GRand *rand, GString *out)
{
  static const gchar *const simple[] = { "0", "1", "3", "4", "5", "7", "9",
    "22", "23", "24", "27", "39", "49", "4:3", "21", "8", "28", "2", "53" };

  switch (g_rand_int_range (rand, 0, 5)) {
    case 0:
      g_string_append_printf (out, "\033[%sm",
          simple[g_rand_int_range (rand, 0, G_N_ELEMENTS (simple))]);
      break;
    case 1:
      g_string_append_printf (out, "\033[%d;%dm",
          g_rand_int_range (rand, 30, 38), g_rand_int_range (rand, 40, 48));
      break;
    case 2:
      g_string_append_printf (out, "\033[%d;%dm",
          g_rand_int_range (rand, 90, 98), g_rand_int_range (rand, 100, 108));
      break;
    case 3:
      g_string_append_printf (out, "\033[38;5;%d;48;5;%dm",
          g_rand_int_range (rand, 0, 256), g_rand_int_range (rand, 0, 256));
      break;
    default:
      g_string_append_printf (out, "\033[%d;2;%d;%d;%dm",
          g_rand_boolean (rand) ? 38 : 48, g_rand_int_range (rand, 0, 256),
          g_rand_int_range (rand, 0, 256), g_rand_int_range (rand, 0, 256));
  }
}

static void
add_move (GRand *rand, GString *out)
{
  static const gchar finals[] = "ABCDEFGIZ`ade";

  if (g_rand_boolean (rand))
    g_string_append_printf (out, "\033[%d;%dH", g_rand_int_range (rand, 0, 210),
        g_rand_int_range (rand, 0, 90));
  else
    g_string_append_printf (out, "\033[%d%c", g_rand_int_range (rand, 0, 40),
        finals[g_rand_int_range (rand, 0, strlen (finals))]);
}

static void
add_edit (GRand *rand, GString *out)
{
  static const gchar finals[] = "@JKLMPSTXb";
  gchar final = finals[g_rand_int_range (rand, 0, strlen (finals))];

  g_string_append_printf (out, "\033[%d%c",
      g_rand_int_range (rand, 0, final == 'J' || final == 'K' ? 3 : 12), final);
}

static void
add_mode (GRand *rand, GString *out)
{
  static const gchar *const modes[] = { "4", "?1", "?5", "?6", "?7", "?12",
    "?25", "?47", "?1000", "?1002", "?1003", "?1006", "?1047", "?1049", "?2004",
    "?69" };

  g_string_append_printf (out, "\033[%s%c",
      modes[g_rand_int_range (rand, 0, G_N_ELEMENTS (modes))],
      g_rand_boolean (rand) ? 'h' : 'l');
}

static void
add_other (GRand *rand, GString *out)
{
  static const gchar *const others[] = { "\r\n", "\n", "\n\n\n", "\r", "\b",
    "\t", "\033M", "\033D", "\033E", "\0337", "\0338", "\033(0lqqk\033(B",
    "\016xyz\017", "\033)0", "\033=", "\033>", "\033[!p", "\033c", "\033[s",
    "\033[u", "\033[2 q", "\033[5 q", "\033[3;10r", "\033[r", "\033[5;2r",
    "\033[10;24r", "\033]0;title\007", "\033]52;c;YQ==\007", "\033P$qm\033\\",
    "\033[6n", "\033[c", "\302\233", "\377", "\033#8", "\033#6", "\033[",
    "\033" };

  g_string_append (
      out, others[g_rand_int_range (rand, 0, G_N_ELEMENTS (others))]);
}

static void
add_output (GRand *rand, GString *out)
{
  static void (*const kinds[]) (GRand *, GString *) = { add_text, add_text,
    add_text, add_sgr, add_sgr, add_move, add_move, add_edit, add_mode,
    add_other, add_other };
  guint n = g_rand_int_range (rand, 1, 12);

  for (guint i = 0; i < n; i++)
    kinds[g_rand_int_range (rand, 0, G_N_ELEMENTS (kinds))](rand, out);
  if (g_rand_int_range (rand, 0, 20) == 0)
    for (guint i = 0; i < 60; i++)
      g_string_append_printf (out, "line %u\r\n", i);
}

static void
choose_size (GRand *rand, VmTermSize *size)
{
  static const VmTermSize sizes[] = { { 80, 24 }, { 200, 60 }, { 132, 43 },
    { 40, 10 }, { 2, 1 }, { 1, 1 }, { 1, 5 }, { 81, 24 }, { 500, 200 } };

  if (g_rand_boolean (rand))
    *size = sizes[g_rand_int_range (rand, 0, G_N_ELEMENTS (sizes) - 1)];
  else
    *size = (VmTermSize){ g_rand_int_range (rand, 80, 201),
      g_rand_int_range (rand, 24, 61) };
}

/* Follows by what differs from @last; @last NULL: paints all. What is painted
 * passes the filter as it is. */
static void
follow (Terminal *viewer, const VmTermPicture *last, const VmTermPicture *now)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GString) passed = g_string_new (NULL);

  vm_term_screen_resize (viewer->screen, &now->size);
  vm_term_picture_paint (last, now, out);
  fail_unless (g_utf8_validate_len (out->str, out->len, NULL));
  vm_term_filter_feed (viewer->filter, (guint8 *) out->str, out->len, passed);
  fail_unless (g_string_equal (out, passed));
  vm_term_screen_feed (viewer->screen, passed->str, passed->len);
}

static void
assert_follows (Terminal *viewer, Terminal *sharer, guint seed, guint step,
    const gchar *who)
{
  const VmTermPicture *a = vm_term_screen_look (sharer->screen);
  const VmTermPicture *b = vm_term_screen_look (viewer->screen);

  if (vm_term_picture_equal (a, b))
    return;
  fail_unless_equals_int (a->size.cols, b->size.cols);
  fail_unless_equals_int (a->size.rows, b->size.rows);
  for (guint i = 0; i < a->size.cols * a->size.rows; i++)
    fail_unless (memcmp (&a->cells[i], &b->cells[i], sizeof a->cells[i]) == 0,
        "seed %u, step %u, %s, row %u, column %u: U+%04X U+%04X width %u, "
        "U+%04X U+%04X width %u; attrs %x %x fg %x %x bg %x %x",
        seed, step, who, i / a->size.cols, i % a->size.cols,
        a->cells[i].chars[0], a->cells[i].chars[1], a->cells[i].width,
        b->cells[i].chars[0], b->cells[i].chars[1], b->cells[i].width,
        a->cells[i].attrs, b->cells[i].attrs, a->cells[i].fg, b->cells[i].fg,
        a->cells[i].bg, b->cells[i].bg);
  fail ("seed %u, step %u, %s: cursor %u,%u and %u,%u; modes %d%d%d%d%d%d%d %d "
        "%d and %d%d%d%d%d%d%d %d %d",
      seed, step, who, a->cursor_col, a->cursor_row, b->cursor_col,
      b->cursor_row, a->modes.alternate, a->modes.cursor_visible,
      a->modes.cursor_blinks, a->modes.application_cursor,
      a->modes.application_keypad, a->modes.bracketed_paste, a->modes.mouse_sgr,
      a->modes.cursor_shape, a->modes.mouse, b->modes.alternate,
      b->modes.cursor_visible, b->modes.cursor_blinks,
      b->modes.application_cursor, b->modes.application_keypad,
      b->modes.bracketed_paste, b->modes.mouse_sgr, b->modes.cursor_shape,
      b->modes.mouse);
}

/* A viewer that was there from the beginning, one that comes now, and one that
 * leaves steps out: each has the sharer's screen. */
static void
check_steps (guint seed, guint steps)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  g_autoptr (VmTermPicture) last = NULL;
  Terminal sharer, steady, skipping;

  terminal_init (&sharer, VM_TERM_FILTER_COMMAND, 80, 24);
  terminal_init (&steady, VM_TERM_FILTER_SHOW, 80, 24);
  terminal_init (&skipping, VM_TERM_FILTER_SHOW, 80, 24);
  for (guint step = 0; step < steps; step++) {
    g_autoptr (GString) out = g_string_new (NULL);
    const VmTermPicture *now;

    if (g_rand_int_range (rand, 0, 15) == 0) {
      VmTermSize size;

      choose_size (rand, &size);
      vm_term_screen_resize (sharer.screen, &size);
    }
    add_output (rand, out);
    feed (&sharer, out->str, out->len);
    now = vm_term_screen_look (sharer.screen);
    follow (&steady, last, now);
    assert_follows (&steady, &sharer, seed, step, "steady");
    if (g_rand_int_range (rand, 0, 5) == 0) {
      Terminal late;

      follow (&skipping, NULL, now);
      assert_follows (&skipping, &sharer, seed, step, "skipping");
      terminal_init (
          &late, VM_TERM_FILTER_SHOW, now->size.cols, now->size.rows);
      follow (&late, NULL, now);
      assert_follows (&late, &sharer, seed, step, "late");
      terminal_clear (&late);
    }
    vm_term_picture_free (last);
    last = vm_term_picture_copy (now);
  }
  terminal_clear (&sharer);
  terminal_clear (&steady);
  terminal_clear (&skipping);
}

GST_START_TEST (test_viewers_follow_at_random)
{
  check_steps (1000 + __i__, STEPS / 4);
}
GST_END_TEST;

/* From 80x24 to 200x60 and back, with text and on the alternate screen. */
GST_START_TEST (test_viewers_follow_sizes)
{
  Terminal sharer, viewer;

  terminal_init (&sharer, VM_TERM_FILTER_COMMAND, 80, 24);
  terminal_init (&viewer, VM_TERM_FILTER_SHOW, 80, 24);
  for (guint round = 0; round < 2; round++) {
    say (&sharer, round ? "\033[?1049h" : "");
    for (gint i = 0; i <= 120; i++) {
      gint n = i <= 60 ? i : 120 - i;
      VmTermSize size = { 80 + n * 2, 24 + n * 36 / 60 };
      g_autofree gchar *text =
          g_strdup_printf ("\033[38;5;%dmrow %d \344\270\255\r\n", i, i);

      vm_term_screen_resize (sharer.screen, &size);
      say (&sharer, text);
      follow (&viewer, NULL, vm_term_screen_look (sharer.screen));
      assert_follows (&viewer, &sharer, 0, i, "sizes");
    }
  }
  terminal_clear (&sharer);
  terminal_clear (&viewer);
}
GST_END_TEST;

static gsize
painted (const VmTermPicture *last, Terminal *now)
{
  g_autoptr (GString) out = g_string_new (NULL);

  vm_term_picture_paint (last, vm_term_screen_look (now->screen), out);
  return out->len;
}

/* A key costs a few bytes, and so does a line at the bottom. */
GST_START_TEST (test_little_is_sent_for_little)
{
  Terminal t;
  g_autoptr (VmTermPicture) last = NULL;

  terminal_init (&t, VM_TERM_FILTER_COMMAND, 80, 24);
  for (guint i = 0; i < 30; i++) {
    g_autofree gchar *line =
        g_strdup_printf ("%u is a line with some text in it\r\n", i * 7919);

    say (&t, line);
  }
  last = vm_term_picture_copy (vm_term_screen_look (t.screen));
  fail_unless_equals_int (painted (last, &t), 0);
  say (&t, "x");
  fail_unless_equals_int (painted (last, &t), 1);
  say (&t, "\r\n");
  fail_unless (painted (last, &t) < 30);
  say (&t, "\033[?25l");
  fail_unless (painted (last, &t) < 40);
  terminal_clear (&t);
}
GST_END_TEST;

static Suite *
termscreen_suite (void)
{
  Suite *s = suite_create ("termscreen");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_cells);
  tcase_add_test (tc, test_modes);
  tcase_add_test (tc, test_queries_are_answered);
  tcase_add_test (tc, test_every_character_fits_its_cell);
  tcase_add_loop_test (tc, test_viewers_follow_at_random, 0, 4);
  tcase_add_test (tc, test_viewers_follow_sizes);
  tcase_add_test (tc, test_little_is_sent_for_little);
  return s;
}

CHECK_PROGRAM (termscreen)
