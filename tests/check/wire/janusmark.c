/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The mark by which nobody is brought back to where he came from. */

#include "program.h"

#include <gst/videomeet/wire/janus/janusmark.h>
#include <gst/videomeet/wire/signal.h>

#include <string.h>

#define MEETING "0c3a54c2-8a5e-4b52-9d1f-0a7f4dd3a1be"

static void
is_split (const gchar *display, const gchar *name, const gchar *inside)
{
  g_autofree gchar *mark = NULL;
  g_autofree gchar *found = vm_janus_mark_split (display, &mark);

  fail_unless_equals_string (found, name);
  fail_unless_equals_string (mark, inside);
}

GST_START_TEST (test_both_ways)
{
  g_autofree gchar *marked = vm_janus_mark_add ("Bob", MEETING, "p001");
  g_autofree gchar *posed = NULL;
  g_autofree gchar *nobody = NULL;

  fail_unless_equals_string (marked, "Bob ⟨" MEETING ":p001⟩");
  is_split (marked, "Bob", MEETING ":p001");
  /* who poses as somebody has a mark of his own behind it */
  posed = vm_janus_mark_add (marked, MEETING, "p007");
  is_split (posed, marked, MEETING ":p007");
  nobody = vm_janus_mark_add ("", MEETING, "p007");
  is_split (nobody, "", MEETING ":p007");
}

GST_END_TEST;

GST_START_TEST (test_whose_it_is)
{
  fail_unless_equals_string (
      vm_janus_mark_find (MEETING ":p001", MEETING), "p001");
  fail_if (vm_janus_mark_find (MEETING "1:p001", MEETING));
  fail_if (vm_janus_mark_find ("another:p001", MEETING));
  fail_if (vm_janus_mark_find ("4711", MEETING));
  fail_if (vm_janus_mark_find (MEETING ":p001", ""));
  fail_if (vm_janus_mark_find (MEETING ":p001", NULL));
  fail_if (vm_janus_mark_find (NULL, MEETING));
}

GST_END_TEST;

/* Names of people who like brackets, and of those who play. */
GST_START_TEST (test_no_mark)
{
  static const gchar *const names[] = { "", "Bob", "Bob ⟨", "⟩", "⟨⟩", "Bob ⟨⟩",
    "Bob ⟨b⟩", "Bob ⟨:p001⟩", "Bob ⟨a:⟩", "Bob ⟨a:b:c⟩", "Bob ⟨a:p 1⟩",
    "Bob ⟨a:p001⟩ jr.", "Bob <a:p001>" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    is_split (names[i], names[i], NULL);
  is_split ("⟨a:b⟩", "", "a:b");
  is_split ("Bob ⟨x⟩ ⟨a:b⟩", "Bob ⟨x⟩", "a:b");
}

GST_END_TEST;

GST_START_TEST (test_length)
{
  g_autofree gchar *inside = g_strnfill (VM_SIGNAL_ID_MAX - 2, 'a');
  g_autofree gchar *fits = g_strdup_printf ("⟨%s:p⟩", inside);
  g_autofree gchar *too_long = g_strdup_printf ("⟨%s:pp⟩", inside);
  g_autofree gchar *mark = g_strdup_printf ("%s:p", inside);
  g_autoptr (GString) name = g_string_new (NULL);
  g_autofree gchar *marked = NULL;

  is_split (fits, "", mark);
  is_split (too_long, too_long, NULL);
  /* the mark is what stays whole */
  for (guint i = 0; i < VM_SIGNAL_NAME_MAX / 2; i++)
    g_string_append (name, "é");
  marked = vm_janus_mark_add (name->str, MEETING, "p001");
  fail_unless (strlen (marked) <= VM_SIGNAL_NAME_MAX);
  fail_unless (g_utf8_validate (marked, -1, NULL));
  fail_unless (g_str_has_suffix (marked, " ⟨" MEETING ":p001⟩"));
  fail_unless (strlen (marked) >= VM_SIGNAL_NAME_MAX - 1);
}

GST_END_TEST;

static Suite *
janusmark_suite (void)
{
  Suite *suite = suite_create ("janusmark");
  TCase *tests = tcase_create ("general");

  tcase_add_test (tests, test_both_ways);
  tcase_add_test (tests, test_whose_it_is);
  tcase_add_test (tests, test_no_mark);
  tcase_add_test (tests, test_length);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (janusmark)
