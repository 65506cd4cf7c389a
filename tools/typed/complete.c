/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "typed/complete.h"
#include "typed/typed.h"
#include "ui/output.h"

#include <string.h>

#define BLANKS " \t"

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(gchar *const *) a, *(gchar *const *) b);
}

/* As it is typed; NULL: it cannot be. @open: more follows within the quotes. */
static gchar *
quote (const gchar *word, gboolean open)
{
  g_autofree gchar *safe = vmt_text_safe (word);
  gchar mark = strchr (word, '"') ? '\'' : '"';

  if (!g_str_equal (safe, word) || strchr (word, '\n'))
    return NULL;
  if (*word && !strpbrk (word, BLANKS "\"'"))
    return g_strdup (word);
  if (strchr (word, mark))
    return NULL;
  return open ? g_strdup_printf ("%c%s", mark, word)
              : g_strdup_printf ("%c%s%c", mark, word, mark);
}

static gboolean
begins (const gchar *text, const gchar *prefix)
{
  g_autofree gchar *a = g_utf8_casefold (text, -1);
  g_autofree gchar *b = g_utf8_casefold (prefix, -1);

  return g_str_has_prefix (a, b);
}

static void
add_names (GPtrArray *found, const GPtrArray *names, const gchar *prefix)
{
  for (guint i = 0; names && i < names->len; i++) {
    gchar *quoted = begins (names->pdata[i], prefix)
                        ? quote (names->pdata[i], FALSE)
                        : NULL;

    if (quoted)
      g_ptr_array_add (found, quoted);
  }
}

static void
add_words (GPtrArray *found, const gchar *const *words, const gchar *prefix)
{
  for (; *words; words++)
    if (g_str_has_prefix (*words, prefix))
      g_ptr_array_add (found, g_strdup (*words));
}

/* Names of files whose path begins with @prefix. */
static void
add_files (GPtrArray *found, const gchar *prefix)
{
  g_autofree gchar *whole = g_str_has_prefix (prefix, "~/") ? g_build_filename (
                                g_get_home_dir (), prefix + 2, NULL)
                                                            : g_strdup (prefix);
  const gchar *slash = strrchr (whole, '/');
  g_autofree gchar *folder =
      slash ? g_strndup (whole, slash + 1 - whole) : g_strdup ("");
  const gchar *start = slash ? slash + 1 : whole;
  g_autoptr (GDir) dir = g_dir_open (*folder ? folder : ".", 0, NULL);
  const gchar *name;

  /* what is built from parts has lost its last slash */
  if (g_str_has_suffix (prefix, "/") && !g_str_has_suffix (whole, "/")) {
    g_autofree gchar *again = g_strconcat (whole, "/", NULL);

    add_files (found, again);
    return;
  }
  for (guint n = 0;
       dir && n < VMT_COMPLETE_FILES_MAX && (name = g_dir_read_name (dir));
       n++) {
    g_autofree gchar *path = g_strconcat (folder, name, NULL);
    g_autofree gchar *inside = g_strconcat (path, "/", NULL);
    gboolean is_folder = g_file_test (path, G_FILE_TEST_IS_DIR);
    gchar *quoted;

    if (!g_str_has_prefix (name, start) || (*name == '.' && *start != '.'))
      continue;
    quoted = quote (is_folder ? inside : path, is_folder);
    if (quoted)
      g_ptr_array_add (found, quoted);
  }
}

/* The word under the cursor begins at *@start; @text: without its quote. */
static const gchar *
last_word (const gchar *line, gsize *start)
{
  gchar mark = '\0';
  const gchar *word = line;

  for (const gchar *c = line; *c; c++) {
    if (mark) {
      if (*c == mark)
        mark = '\0';
    } else if (strchr (BLANKS, *c)) {
      word = c + 1;
    } else if (c == word && (*c == '"' || *c == '\'')) {
      mark = *c;
    }
  }
  *start = (gsize) (word - line);
  return *word == '"' || *word == '\'' ? word + 1 : word;
}

/* How many words are before @start. */
static guint
count_words (const gchar *line, gsize start)
{
  guint n = 0;
  gchar mark = '\0';
  gboolean blank = TRUE;

  for (gsize i = 0; i < start; i++) {
    gboolean is_blank = strchr (BLANKS, line[i]) != NULL;

    if (mark)
      mark = line[i] == mark ? '\0' : mark;
    else if (blank && (line[i] == '"' || line[i] == '\''))
      mark = line[i];
    n += blank && !is_blank;
    blank = is_blank && !mark;
  }
  return n;
}

static gsize
common (const GPtrArray *found)
{
  const gchar *first = found->pdata[0];
  gsize size = strlen (first);

  for (guint i = 1; i < found->len; i++) {
    const gchar *other = found->pdata[i];
    gsize n = 0;

    while (n < size && first[n] == other[n])
      n++;
    size = n;
  }
  /* not within a character */
  while (size && ((guchar) first[size] & 0xc0) == 0x80)
    size--;
  return size;
}

/* In the place of what begins at @start of @before. */
static gchar *
replace (
    const gchar *before, gsize start, GPtrArray *found, GPtrArray **choices)
{
  g_autoptr (GString) after = g_string_new_len (before, (gssize) start);
  const gchar *first;

  if (!found->len)
    return NULL;
  g_ptr_array_sort (found, compare);
  first = found->pdata[0];
  if (found->len > 1) {
    g_string_append_len (after, first, (gssize) common (found));
    if (after->len <= strlen (before)) {
      *choices = g_ptr_array_ref (found);
      return NULL;
    }
  } else {
    g_string_append (after, first);
    if (!g_str_has_suffix (first, "/"))
      g_string_append_c (after, ' ');
  }
  return g_strdup (after->str);
}

gchar *
vmt_complete (
    const gchar *before, const VmtCompleteNames *names, GPtrArray **choices)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  gsize start;
  const gchar *word = last_word (before, &start);
  guint nth = count_words (before, start);
  g_autofree gchar *command = NULL;
  VmtTypedParts parts;

  *choices = NULL;
  if (*before != '/' || before[1] == '/') {
    if (*word)
      add_names (found, names->here, word);
    return replace (before, start, found, choices);
  }
  if (nth == 0) {
    const gchar *const *all = vmt_typed_commands ();

    for (; *all; all++)
      if (begins (*all, before + 1))
        g_ptr_array_add (found, g_strconcat ("/", *all, NULL));
    return replace (before, start, found, choices);
  }
  command = g_strndup (before + 1, strcspn (before + 1, BLANKS));
  parts = vmt_typed_get_parts (command, nth);
  if (parts & VMT_TYPED_PART_WHO)
    add_names (found, names->here, word);
  if (parts & VMT_TYPED_PART_REMOVED)
    add_names (found, names->removed, word);
  if (parts & VMT_TYPED_PART_CHANGED)
    add_names (found, names->changed, word);
  if (parts & VMT_TYPED_PART_KIND)
    add_words (found, (const gchar *const[]){ "audio", "video", NULL }, word);
  if (parts & VMT_TYPED_PART_SOURCE)
    add_words (found,
        (const gchar *const[]){ "camera", "screen", "stamp", "test", "--region",
            "--screen-sound", NULL },
        word);
  if (parts & VMT_TYPED_PART_SHARED)
    add_words (found,
        (const gchar *const[]){ "off", "screen", "stamp", "test", "--region",
            "--screen-sound", NULL },
        word);
  if (parts & VMT_TYPED_PART_SCREEN)
    add_words (found,
        (const gchar *const[]){ "--region", "--screen-sound", NULL }, word);
  if (parts & VMT_TYPED_PART_FILE)
    add_files (found, word);
  return replace (before, start, found, choices);
}
