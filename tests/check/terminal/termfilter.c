/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/terminal/termfilter.h>

#include <string.h>

static GString *
filter_in (VmTermFilterKind kind, const gchar *data, gsize size, gsize piece)
{
  g_autoptr (VmTermFilter) filter = vm_term_filter_new (kind);
  GString *out = g_string_new (NULL);

  for (gsize at = 0; at < size; at += piece)
    vm_term_filter_feed (
        filter, (const guint8 *) data + at, MIN (piece, size - at), out);
  fail_unless (g_utf8_validate_len (out->str, out->len, NULL));
  return out;
}

/* However it is cut in two, it gives the same. */
static void
assert_shows_bytes (const gchar *data, gsize size, const gchar *expected)
{
  for (gsize cut = 0; cut <= size; cut++) {
    g_autoptr (VmTermFilter) filter = vm_term_filter_new (VM_TERM_FILTER_SHOW);
    g_autoptr (GString) out = g_string_new (NULL);

    vm_term_filter_feed (filter, (const guint8 *) data, cut, out);
    vm_term_filter_feed (filter, (const guint8 *) data + cut, size - cut, out);
    fail_unless_equals_string (out->str, expected);
  }
}

static void
assert_shows (const gchar *data, const gchar *expected)
{
  assert_shows_bytes (data, strlen (data), expected);
}

/* Each stands between A and B; what is shown is "AB" and nothing else. */
static const gchar *const hostile[] = {
  /* clipboard */
  "\033]52;c;ZWNobyBwd25lZA==\007",
  "\033]52;c;ZWNobyBwd25lZA==\033\\",
  "\033]52;c;?\007",
  "\302\2355"
  "2;c;ZWNobw==\302\234",
  /* titles, colours, links, notes, the working folder */
  "\033]0;title\007",
  "\033]2;title\033\\",
  "\033]1;icon\007",
  "\033]4;1;rgb:00/00/00\007",
  "\033]10;?\007",
  "\033]11;?\033\\",
  "\033]8;;http://192.0.2.1/\033\\",
  "\033]9;note\007",
  "\033]777;notify;a;b\007",
  "\033]7;file:///etc\007",
  "\033]1337;File=name=YQ==;inline=1:YQ==\007",
  "\033]0;with \303\234 and \342\202\254\007",
  /* DCS: DECRQSS, terminfo, sixel, macros, keys */
  "\033P$qm\033\\",
  "\033P+q544e\033\\",
  "\033Pq#0;2;0;0;0#0~~\033\\",
  "\033P1$r0m\033\\",
  "\033P0;0;0!z41\033\\",
  "\033P1;1|17/41\033\\",
  "\302\220$qm\302\234",
  "\033Ptmux;\033\033]52;c;YQ==\007\033\\",
  /* APC, PM, SOS */
  "\033_Gf=24;AAAA\033\\",
  "\033^private\033\\",
  "\033Xsos\033\\",
  "\302\237Ga=T;AAAA\302\234",
  "\302\236x\302\234",
  "\302\230x\302\234",
  /* what a terminal answers */
  "\033[c",
  "\033[0c",
  "\033[>c",
  "\033[=c",
  "\033Z",
  "\033[5n",
  "\033[6n",
  "\033[?6n",
  "\033[?15n",
  "\033[?1$p",
  "\033[4$p",
  "\033[>q",
  "\033[>0q",
  "\033[x",
  "\033[1x",
  "\033[?u",
  "\033[1*y",
  "\033[\"v",
  "\033[1;1;1;1;1;1*y",
  "\033[?1;1;0S",
  "\005",
  "\302\233c",
  "\302\2336n",
  "\302\232",
  /* windows */
  "\033[21t",
  "\033[20t",
  "\033[18t",
  "\033[11t",
  "\033[2t",
  "\033[8;200;500t",
  "\033[22;0t",
  "\033[>2t",
  /* printers, keys, leds, margins, the scrollback, more */
  "\033[5i",
  "\033[?5i",
  "\033[4i",
  "\033[3J",
  "\033[?3h",
  "\033[?40h",
  "\033[?69h",
  "\033[1;20s",
  "\033[?1004h",
  "\033[?1001h",
  "\033[12h",
  "\033[20h",
  "\033[2h",
  "\033[1q",
  "\033[1\"q",
  "\033[61\"p",
  "\033[>4;2m",
  "\033[>1u",
  "\033[=1u",
  "\033[<u",
  "\033[1;2;3;4;5T",
  "\033[?1000r",
  "\033[?1000s",
  "\033[1;1;5;5;7$t",
  "\033[65;1;1;5;5$x",
  "\033[1'z",
  "\033[1'{",
  "\033[1'|",
  "\033[3g",
  "\033H",
  "\033#8",
  "\033#3",
  "\033%@",
  "\033%G",
  "\033 G",
  "\033l",
  "\033m",
  "\033n",
  "\033V",
  "\033[9 q",
  "\033[1 @",
  /* broken ones */
  "\033[99999999999999999999C",
  "\033[65536C",
  "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17m",
  "\033[0?1h",
  "\033[$$p",
  "\033[\030",
  "\033[1\032",
  "\033\030",
  "\033]0;x\030",
  "\033]0;x\032",
  "\033(\033)\030",
  "\001\002\003\004\006\020\021\022\023\024\025\026\027\031\034\035\036\037",
  "\177",
};

GST_START_TEST (test_hostile_sequences_do_not_leave)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++) {
    g_autofree gchar *data = g_strdup_printf ("A%sB", hostile[i]);

    GST_INFO ("%u", i);
    assert_shows (data, "AB");
  }
}
GST_END_TEST;

/* Within a sequence that is allowed nothing else leaves either. */
GST_START_TEST (test_hostile_sequences_in_a_row)
{
  g_autoptr (GString) all = g_string_new ("A");

  for (guint i = 0; i < G_N_ELEMENTS (hostile); i++)
    g_string_append_printf (all, "%s\033[m", hostile[i]);
  g_string_append (all, "B");
  for (gsize piece = 1; piece < 9; piece++) {
    g_autoptr (GString) out =
        filter_in (VM_TERM_FILTER_SHOW, all->str, all->len, piece);
    g_autofree gchar *rest = NULL;
    g_auto (GStrv) parts = g_strsplit (out->str, "\033[m", -1);

    rest = g_strjoinv ("", parts);
    fail_unless_equals_string (rest, "AB");
    fail_unless_equals_int (g_strv_length (parts), G_N_ELEMENTS (hostile) + 1);
  }
}
GST_END_TEST;

/* Eight-bit C1 is no UTF-8, and so no control. */
GST_START_TEST (test_raw_c1_is_no_control)
{
  assert_shows ("A\23552;c;YQ==\234B", "A\357\277\275"
                                       "52;c;YQ==\357\277\275"
                                       "B");
  assert_shows ("A\2336nB", "A\357\277\275"
                            "6nB");
  assert_shows ("A\220$qm\234B", "A\357\277\275$qm\357\277\275"
                                 "B");
  for (guint c1 = 0x80; c1 <= 0x9f; c1++) {
    const gchar data[] = { 'A', c1, 'c', 'B', 0 };

    assert_shows (data, "A\357\277\275"
                        "cB");
  }
}
GST_END_TEST;

static const gchar *const harmless[] = {
  "plain text",
  "\303\274 \342\202\254 \344\270\255 \360\237\230\200 e\314\201",
  "\a\b\t\n\v\f\r\016\017",
  "\0337\0338\033D\033E\033M\033c\033=\033>",
  "\033(0\033)B\033*A\033+0",
  "\033[H\033[2;3H\033[2;3f\033[A\033[2B\033[3C\033[4D\033[E\033[F\033[5G",
  "\033[d\033[`\033[a\033[e\033[I\033[Z",
  "\033[J\033[1J\033[2J\033[K\033[1K\033[?J\033[?K\033[X\033[P\033[@",
  "\033[L\033[M\033[S\033[T\033[2T\033[1;20r\033[s\033[u",
  "\033[m\033[1;4:3;38;5;200;48:2::1:2:3m\033[38;2;1;2;3m",
  "\033[4h\033[4l\033[?25l\033[?25h\033[?1049h\033[?2004h\033[?1l\033[?7h",
  "\033[?1000h\033[?1002h\033[?1003h\033[?1006h\033[?12l\033[?5h\033[?6l",
  "\033[!p\033[2 q\033[ q",
  "\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16m",
  "\033[65535C",
};

GST_START_TEST (test_what_programs_need_passes)
{
  for (guint i = 0; i < G_N_ELEMENTS (harmless); i++)
    assert_shows (harmless[i], harmless[i]);
}
GST_END_TEST;

GST_START_TEST (test_modes_one_by_one)
{
  assert_shows ("\033[?1049;69;25;1004h", "\033[?1049h\033[?25h");
  assert_shows ("\033[4;20l", "\033[4l");
  /* the C1 form of a sequence that passes */
  assert_shows ("\302\2331mA", "\033[1mA");
  /* a control within a sequence is done first */
  assert_shows ("\033[1\nmA", "\n\033[1mA");
  /* an ESC begins anew */
  assert_shows ("\033[1\033[2mA", "\033[2mA");
  assert_shows ("\033]0;x\033[2mA", "\033[2mA");
  assert_shows ("\033[1\303\274A", "\303\274A");
}
GST_END_TEST;

GST_START_TEST (test_text_that_is_no_utf8)
{
  assert_shows ("a\377b", "a\357\277\275"
                          "b");
  assert_shows ("a\303b", "a\357\277\275"
                          "b");
  assert_shows ("a\342\202b", "a\357\277\275"
                              "b");
  assert_shows ("a\342\202\033[mb", "a\357\277\275\033[mb");
  assert_shows ("a\300\200b", "a\357\277\275\357\277\275"
                              "b");
  assert_shows_bytes ("a\0b", 3, "ab");
}
GST_END_TEST;

/* A sequence of this many bytes behind CSI, its last one included. */
static gboolean
passes_csi_of (gsize size)
{
  g_autoptr (GString) data = g_string_new ("\033[");
  g_autoptr (GString) out = NULL;

  while (data->len < size + 1)
    g_string_append_c (data, '0');
  g_string_append_c (data, 'C');
  out = filter_in (VM_TERM_FILTER_SHOW, data->str, data->len, 7);
  return g_string_equal (out, data);
}

GST_START_TEST (test_limits_of_sequences)
{
  g_autofree gchar *digits = g_strnfill (1000000, '1');
  g_autofree gchar *endless = g_strdup_printf ("\033[%smA", digits);

  fail_unless (passes_csi_of (VM_TERM_CSI_MAX - 1));
  fail_unless (passes_csi_of (VM_TERM_CSI_MAX + 1));
  fail_if (passes_csi_of (VM_TERM_CSI_MAX + 2));
  for (gsize piece = 1; piece < 4; piece++) {
    g_autoptr (GString) out = filter_in (
        VM_TERM_FILTER_SHOW, endless, strlen (endless), piece * 1000);

    fail_unless_equals_string (out->str, "A");
  }
}
GST_END_TEST;

static gsize
shown_behind_string_of (gsize size)
{
  g_autofree gchar *body = g_strnfill (size, 'x');
  g_autofree gchar *data = g_strdup_printf ("\033]%sA", body);
  g_autoptr (GString) out =
      filter_in (VM_TERM_FILTER_SHOW, data, strlen (data), 4096);

  return out->len;
}

GST_START_TEST (test_string_without_end)
{
  fail_unless_equals_int (shown_behind_string_of (VM_TERM_STRING_MAX - 1), 0);
  fail_unless_equals_int (shown_behind_string_of (VM_TERM_STRING_MAX), 0);
  fail_unless_equals_int (shown_behind_string_of (VM_TERM_STRING_MAX + 1), 1);
}
GST_END_TEST;

static gsize
shown_of_combining (guint n)
{
  g_autoptr (GString) data = g_string_new ("a");
  g_autoptr (GString) out = NULL;

  for (guint i = 0; i < n; i++)
    g_string_append (data, i % 2 ? "\314\201" : "\033[m\314\201");
  out = filter_in (VM_TERM_FILTER_SHOW, data->str, data->len, 3);
  for (gchar *p; (p = strstr (out->str, "\033[m"));)
    g_string_erase (out, p - out->str, 3);
  return (out->len - 1) / 2;
}

GST_START_TEST (test_limit_of_combining)
{
  fail_unless_equals_int (shown_of_combining (VM_TERM_COMBINING_MAX - 1),
      VM_TERM_COMBINING_MAX - 1);
  fail_unless_equals_int (
      shown_of_combining (VM_TERM_COMBINING_MAX), VM_TERM_COMBINING_MAX);
  fail_unless_equals_int (
      shown_of_combining (VM_TERM_COMBINING_MAX + 1), VM_TERM_COMBINING_MAX);
  fail_unless_equals_int (shown_of_combining (1000), VM_TERM_COMBINING_MAX);
}
GST_END_TEST;

static gsize
shown_of_repeat (guint times)
{
  g_autofree gchar *data = g_strdup_printf ("\303\274\033[m\033[%ub", times);
  g_autoptr (GString) out =
      filter_in (VM_TERM_FILTER_SHOW, data, strlen (data), 2);

  return (out->len - 2 - strlen ("\033[m")) / 2;
}

GST_START_TEST (test_repeat)
{
  assert_shows ("a\033[3b|\033[b", "aaaa||");
  assert_shows ("xe\314\201\033[2b", "xe\314\201e\314\201e\314\201");
  assert_shows ("\033[3bA", "A");
  fail_unless_equals_int (
      shown_of_repeat (VM_TERM_REPEAT_MAX - 1), VM_TERM_REPEAT_MAX - 1);
  fail_unless_equals_int (
      shown_of_repeat (VM_TERM_REPEAT_MAX), VM_TERM_REPEAT_MAX);
  fail_unless_equals_int (
      shown_of_repeat (VM_TERM_REPEAT_MAX + 1), VM_TERM_REPEAT_MAX);
}
GST_END_TEST;

/* The libvterm on the sharing side answers; titles and the like it need not
 * see. */
GST_START_TEST (test_a_command_may_ask)
{
  const gchar *asked = "\033[c\033[>c\033[6n\033[5n\033[?6n\033[?1$p\033[4$p";
  const gchar *others = "\033]52;c;?\007\033P$qm\033\\\033[18t\033[?69h";
  g_autoptr (GString) out =
      filter_in (VM_TERM_FILTER_COMMAND, asked, strlen (asked), 1);
  g_autoptr (GString) none =
      filter_in (VM_TERM_FILTER_COMMAND, others, strlen (others), 1);

  fail_unless_equals_string (out->str, asked);
  fail_unless_equals_string (none->str, "");
}
GST_END_TEST;

GST_START_TEST (test_reset)
{
  g_autoptr (VmTermFilter) filter = vm_term_filter_new (VM_TERM_FILTER_SHOW);
  g_autoptr (GString) out = g_string_new (NULL);

  vm_term_filter_feed (filter, (const guint8 *) "\033]0;a", 5, out);
  vm_term_filter_reset (filter);
  vm_term_filter_feed (filter, (const guint8 *) "shown", 5, out);
  fail_unless_equals_string (out->str, "shown");
}
GST_END_TEST;

GST_START_TEST (test_cut)
{
  const gchar *euro = "a\342\202\254b";

  fail_unless_equals_int (vm_term_cut (euro, 5, 1), 1);
  fail_unless_equals_int (vm_term_cut (euro, 5, 2), 1);
  fail_unless_equals_int (vm_term_cut (euro, 5, 3), 1);
  fail_unless_equals_int (vm_term_cut (euro, 5, 4), 4);
  fail_unless_equals_int (vm_term_cut (euro, 5, 5), 5);
  fail_unless_equals_int (vm_term_cut (euro, 5, 100), 5);
}
GST_END_TEST;

static Suite *
termfilter_suite (void)
{
  Suite *s = suite_create ("termfilter");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hostile_sequences_do_not_leave);
  tcase_add_test (tc, test_hostile_sequences_in_a_row);
  tcase_add_test (tc, test_raw_c1_is_no_control);
  tcase_add_test (tc, test_what_programs_need_passes);
  tcase_add_test (tc, test_modes_one_by_one);
  tcase_add_test (tc, test_text_that_is_no_utf8);
  tcase_add_test (tc, test_limits_of_sequences);
  tcase_add_test (tc, test_string_without_end);
  tcase_add_test (tc, test_limit_of_combining);
  tcase_add_test (tc, test_repeat);
  tcase_add_test (tc, test_a_command_may_ask);
  tcase_add_test (tc, test_reset);
  tcase_add_test (tc, test_cut);
  return s;
}

CHECK_PROGRAM (termfilter)
