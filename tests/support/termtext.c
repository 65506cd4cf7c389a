/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* termtext COLUMNS ROWS: prints the rows of a terminal of that size on which
 * the standard input was shown; for test_term. */

#include <gst/videomeet/terminal/termfilter.h>
#include <gst/videomeet/terminal/termscreen.h>

#include <stdio.h>
#include <stdlib.h>

static void
print_row (const VmTermPicture *picture, guint row)
{
  GString *text = g_string_new (NULL);

  for (guint col = 0; col < picture->size.cols; col++) {
    const VmTermCell *cell = vm_term_picture_cell (picture, col, row);

    if (!cell->width)
      continue;
    for (guint i = 0; i < VM_TERM_CELL_CHARS && cell->chars[i]; i++)
      g_string_append_unichar (text, cell->chars[i]);
  }
  g_strchomp (text->str);
  puts (text->str);
  g_string_free (text, TRUE);
}

int
main (int argc, char **argv)
{
  const VmTermSize size = { argc == 3 ? atoi (argv[1]) : 0,
    argc == 3 ? atoi (argv[2]) : 0 };
  g_autoptr (VmTermFilter) filter = vm_term_filter_new (VM_TERM_FILTER_COMMAND);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (VmTermScreen) screen = NULL;
  const VmTermPicture *picture;
  guint8 data[65536];
  gsize n;

  if (!vm_term_is_supported ()
      || !vm_term_size_is_valid (size.cols, size.rows)) {
    fprintf (stderr, "usage: termtext COLUMNS ROWS\n");
    return EXIT_FAILURE;
  }
  screen = vm_term_screen_new (&size);
  while ((n = fread (data, 1, sizeof data, stdin)) > 0) {
    vm_term_filter_feed (filter, data, n, out);
    vm_term_screen_feed (screen, out->str, out->len);
    g_string_truncate (out, 0);
  }
  picture = vm_term_screen_look (screen);
  for (guint row = 0; row < size.rows; row++)
    print_row (picture, row);
  return EXIT_SUCCESS;
}
