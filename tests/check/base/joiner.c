/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include <gst/videomeet/base/text.h>
#include <gst/videomeet/transfer/disk/filename.h>

#include <string.h>
#include <unictype.h>

/* Of text, and what a label made of it keeps; as test_modules.mjs has them. */
static const gchar *const names[][2] = {
  { "\330\271\331\204\333\214\342\200\214\330\261\330\266\330\247", NULL },
  { "\340\267\201\340\267\212\342\200\215\340\266\273\340\267\223", NULL },
  { "\360\237\221\250\342\200\215\360\237\221\251\342\200\215\360\237\221\247",
      NULL },
  /* a colour of skin, variation selectors */
  { "\360\237\221\251\360\237\217\275\342\200\215\360\237\232\200", NULL },
  { "\342\235\244\357\270\217\342\200\215\360\237\224\245", NULL },
  /* between Latin letters, at an end, doubled, behind what joins nothing */
  { "An\342\200\214n", "Ann" },
  { "An\342\200\215n", "Ann" },
  { "A\357\270\217nn", "Ann" },
  { "\330\271\342\200\214", "\330\271" },
  { "\342\200\214\330\271", "\330\271" },
  { "\330\271\342\200\214\342\200\214\330\271", "\330\271\330\271" },
  { "\330\247\342\200\214\330\271", "\330\247\330\271" },
  { "\360\237\221\250\342\200\215", "\360\237\221\250" },
  { "\360\237\221\250\342\200\215A", "\360\237\221\250A" },
  { "Ann\342\200\256", "Ann" },
  { "\357\273\277Ann", "Ann" },
};

GST_START_TEST (test_names)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const gchar *name = names[i][0];
    const gchar *kept = names[i][1] ? names[i][1] : name;
    g_autofree gchar *label = vm_text_to_label (name, 64);
    g_autofree gchar *file = vm_filename_make_safe (name, NULL);
    g_autofree gchar *skeleton = vm_text_skeleton (name);

    fail_unless_equals_int (vm_text_is_label (name, 64), !names[i][1]);
    fail_unless_equals_string (label, kept);
    if (file)
      fail_unless_equals_string (file, kept);
    /* names that differ in joiners alone are one */
    fail_if (
        strstr (skeleton, "\342\200\214") || strstr (skeleton, "\342\200\215"));
  }
}
GST_END_TEST;

/* A file's name that is refused is told why. */
GST_START_TEST (test_a_byte_order_mark_is_named)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_filename_check ("\357\273\277a", -1, &error));
  fail_unless (strstr (error->message, "byte order mark") != NULL);
}
GST_END_TEST;

/* What the class of letters behind `const @name = ` of joiner.js has. */
static void
compare_class (const gchar *js, const gchar *name, int type)
{
  g_autofree gchar *start = g_strdup_printf ("const %s = ", name);
  const gchar *at = strstr (js, start), *end;
  guint n = 0;

  fail_unless (at != NULL, "%s", name);
  end = strchr (at, ';');
  while ((at = strstr (at, "u{")) && at < end) {
    gchar *behind;
    gunichar first = g_ascii_strtoull (at + 2, &behind, 16), last = first;

    if (g_str_has_prefix (behind, "}-\\\\u{"))
      last = g_ascii_strtoull (behind + 6, &behind, 16);
    for (gunichar c = first; c <= last; c++, n++)
      fail_unless (uc_joining_type (c) == type, "U+%04X", c);
    at = behind;
  }
  fail_unless (n > 0, "%s", name);
}

/* The page has Joining_Type from libunistring; a newer one has more letters. */
GST_START_TEST (test_the_table_of_the_page)
{
  g_autofree gchar *path =
      g_build_filename (g_getenv ("VM_WEB_ROOT"), "joiner.js", NULL);
  g_autofree gchar *js = NULL;

  fail_unless (g_file_get_contents (path, &js, NULL, NULL));
  compare_class (js, "DUAL", UC_JOINING_TYPE_D);
  compare_class (js, "LEFT", UC_JOINING_TYPE_L);
  compare_class (js, "RIGHT", UC_JOINING_TYPE_R);
}
GST_END_TEST;

static Suite *
joiner_suite (void)
{
  Suite *s = suite_create ("joiner");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_a_byte_order_mark_is_named);
  tcase_add_test (tc, test_the_table_of_the_page);
  return s;
}

CHECK_PROGRAM (joiner)
