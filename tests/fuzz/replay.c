/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Replays a corpus, and a fixed number of mutations of each of its files: the
 * part of fuzzing that every test run can afford. Prints one line in Check's
 * form, which counts it as a test. */

#include "fuzz.h"

#include <stdio.h>
#include <string.h>

#define MUTATIONS 400 /* of each file */
#define GROWN_MAX 4096 /* bytes a mutation may add */

/* Cuts, flips, doubles or joins: @data is changed in place. */
static void
mutate (GRand *rand, GByteArray *data, const gchar *other, gsize other_size)
{
  guint at = data->len ? g_rand_int_range (rand, 0, data->len) : 0;
  guint n = g_rand_int_range (rand, 1, 16);

  switch (g_rand_int_range (rand, 0, 6)) {
    case 0:
      g_byte_array_set_size (data, at);
      break;
    case 1:
      if (data->len)
        data->data[at] ^= 1 << g_rand_int_range (rand, 0, 8);
      break;
    case 2:
      if (data->len)
        data->data[at] = g_rand_int_range (rand, 0, 256);
      break;
    case 3:
      if (at + n <= data->len && data->len < GROWN_MAX) {
        /* a copy: growing may move what is appended from */
        g_autofree guint8 *part = g_memdup2 (data->data + at, n);

        g_byte_array_append (data, part, n);
      }
      break;
    case 4:
      if (at + n <= data->len)
        g_byte_array_remove_range (data, at, n);
      break;
    default:
      if (other_size > 0 && data->len < GROWN_MAX) {
        guint from = g_rand_int_range (rand, 0, other_size);

        g_byte_array_append (data, (const guint8 *) other + from,
            MIN (n * 4, other_size - from));
      }
  }
}

/* A buffer of exactly this size, so that a sanitizer sees one byte too many. */
static void
run_exact (const guint8 *data, gsize size)
{
  guint8 *exact = g_malloc (MAX (size, 1));

  memcpy (exact, data, size);
  fuzz_one (exact, size);
  g_free (exact);
}

int
main (int argc, char **argv)
{
  g_autoptr (GDir) dir = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);
  g_autofree gchar *previous = NULL;
  gsize previous_size = 0;
  const gchar *name;
  guint files = 0;

  if (argc != 2 || !(dir = g_dir_open (argv[1], 0, &error))) {
    fprintf (stderr, "usage: %s CORPUS: %s\n", argv[0],
        error ? error->message : "one folder");
    return 2;
  }
  run_exact ((const guint8 *) "", 0);
  while ((name = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_build_filename (argv[1], name, NULL);
    gchar *text = NULL;
    gsize size = 0;

    if (!g_file_get_contents (path, &text, &size, &error)) {
      fprintf (stderr, "%s\n", error->message);
      return 1;
    }
    files++;
    run_exact ((const guint8 *) text, size);
    for (guint i = 0; i < MUTATIONS; i++) {
      g_autoptr (GByteArray) data = g_byte_array_new ();
      guint steps = g_rand_int_range (rand, 1, 5);

      g_byte_array_append (data, (const guint8 *) text, size);
      while (steps-- > 0)
        mutate (rand, data, previous, previous_size);
      run_exact (data->data, data->len);
    }
    g_free (previous);
    previous = text;
    previous_size = size;
  }
  printf ("%u%%: Checks: %u, Failures: %u, Errors: 0\n", files ? 100 : 0,
      files ? files : 1, files ? 0 : 1);
  return files ? 0 : 1;
}
