/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/digits.h"
#include "ui/output.h"

#include <string.h>

#define GROUP 3 /* digits that are read at once */

gchar *
vmt_asker_name (const gchar *name)
{
  g_autofree gchar *safe = vmt_text_safe (name);
  g_autoptr (GString) one_line = g_string_new (NULL);
  gboolean blank = FALSE;

  for (const gchar *p = safe; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (!g_unichar_isspace (c))
      g_string_append_unichar (one_line, c);
    else if (!blank)
      g_string_append_c (one_line, ' ');
    blank = g_unichar_isspace (c);
  }
  return vmt_text_cut (one_line->str, VMT_ASKER_NAME_MAX);
}

gchar *
vmt_digits_question (const gchar *name, const gchar *digits)
{
  g_autofree gchar *shown = vmt_asker_name (name);
  g_autofree gchar *all = vmt_text_safe (digits);
  g_autoptr (GString) spaced = g_string_new (NULL);

  for (guint i = 0; all[i]; i++)
    g_string_append_printf (
        spaced, "%s%c", i && i % GROUP == 0 ? " " : "", all[i]);
  return g_strdup_printf (
      "%s: does the screen of “%s” show the same? [y/n]", spaced->str, shown);
}

gboolean
vmt_answer_parse (const gchar *line, gboolean *yes)
{
  g_autofree gchar *word = g_strstrip (g_strdup (line));

  *yes = g_ascii_strcasecmp (word, "y") == 0
         || g_ascii_strcasecmp (word, "yes") == 0;
  return *yes || g_ascii_strcasecmp (word, "n") == 0
         || g_ascii_strcasecmp (word, "no") == 0;
}
