/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "digits.h"
#include "output.h"

#include <string.h>

#define GROUP 3 /* digits that are read at once */

gchar *
vmt_digits_question (const gchar *name, const gchar *digits)
{
  g_autofree gchar *safe = vmt_text_safe (name);
  g_autofree gchar *all = vmt_text_safe (digits);
  g_autoptr (GString) spaced = g_string_new (NULL);

  for (guint i = 0; all[i]; i++)
    g_string_append_printf (
        spaced, "%s%c", i && i % GROUP == 0 ? " " : "", all[i]);
  return g_strdup_printf ("Does %s's screen show %s? [y/n]", safe, spaced->str);
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
