/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/spelling.h"

#include <string.h>

/* letters of which one may be wrong */
#define LETTERS_A_SLIP 3

static gunichar *
letters_of (const gchar *text, glong *n)
{
  g_autofree gchar *folded = g_utf8_casefold (text, -1);

  return g_utf8_to_ucs4_fast (folded, -1, n);
}

/* Levenshtein's distance, with transpositions of neighbours. */
guint
vmt_spelling_distance (const gchar *text_a, const gchar *text_b)
{
  glong n, m;
  g_autofree gunichar *a = letters_of (text_a, &n);
  g_autofree gunichar *b = letters_of (text_b, &m);
  gsize width = m + 1;
  g_autofree guint *table = g_new0 (guint, 3 * width);

  for (glong j = 0; j <= m; j++)
    table[j] = j;
  for (glong i = 1; i <= n; i++) {
    guint *row = table + i % 3 * width;
    const guint *above = table + (i + 2) % 3 * width;
    const guint *higher = table + (i + 1) % 3 * width;

    row[0] = i;
    for (glong j = 1; j <= m; j++) {
      row[j] = MIN (above[j] + 1, row[j - 1] + 1);
      row[j] = MIN (row[j], above[j - 1] + (a[i - 1] != b[j - 1]));
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = MIN (row[j], higher[j - 2] + 1);
    }
  }
  return table[n % 3 * width + m];
}

/* Fewer wrong letters are forgiven in a short word than in a long one. */
const gchar *
vmt_spelling_nearest (const gchar *text, const gchar *const *names)
{
  const gchar *best = NULL;
  guint limit = MAX (1, g_utf8_strlen (text, -1) / LETTERS_A_SLIP);
  guint best_distance = limit + 1;
  g_autofree gchar *folded = g_utf8_casefold (text, -1);

  if (!*text)
    return NULL;
  for (; *names; names++) {
    g_autofree gchar *name = g_utf8_casefold (*names, -1);
    guint distance = vmt_spelling_distance (text, *names);

    if (distance > 1 && g_str_has_prefix (name, folded))
      distance = 1;
    if (distance < best_distance) {
      best = *names;
      best_distance = distance;
    }
  }
  return best;
}
