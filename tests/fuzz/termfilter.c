/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/terminal/termfilter.h>
#include <gst/videomeet/terminal/termscreen.h>

#include <string.h>

static GString *
filter_all (VmTermFilterKind kind, const guint8 *data, gsize size, gsize piece)
{
  g_autoptr (VmTermFilter) filter = vm_term_filter_new (kind);
  GString *out = g_string_new (NULL);

  for (gsize at = 0; at < size; at += piece)
    vm_term_filter_feed (filter, data + at, MIN (piece, size - at), out);
  g_assert_true (g_utf8_validate_len (out->str, out->len, NULL));
  return out;
}

/* No string, no C1, and no control but those that are let through. */
static void
check_shown (const GString *out)
{
  for (gsize i = 0; i < out->len; i++) {
    guint8 c = out->str[i];

    g_assert_true (c >= 0x20 || c == 0x1b || (c >= 0x07 && c <= 0x0f));
    g_assert_cmpuint (c, !=, 0x7f);
    if (c == 0x1b)
      g_assert_null (strchr ("]P_^XZHn", out->str[i + 1]));
    if (c == 0xc2)
      g_assert_cmpuint ((guint8) out->str[i + 1], >=, 0xa0);
  }
}

/* libvterm takes what the filter lets through, and what it shows can be
 * painted. */
static void
check_screen (
    const GString *out, const VmTermSize *size, const VmTermSize *next)
{
  g_autoptr (VmTermScreen) screen = NULL;
  g_autoptr (GBytes) snapshot = NULL;

  if (!vm_term_is_supported ())
    return;
  screen = vm_term_screen_new (size);
  vm_term_screen_feed (screen, out->str, out->len);
  vm_term_screen_resize (screen, next);
  vm_term_screen_feed (screen, out->str, out->len);
  snapshot = vm_term_screen_snapshot (screen);
  g_assert_true (g_utf8_validate_len (
      g_bytes_get_data (snapshot, NULL), g_bytes_get_size (snapshot), NULL));
}

/* The first two bytes are the size of the pieces and of the screens. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_autoptr (GString) whole = NULL, pieces = NULL, asked = NULL, again = NULL;
  VmTermSize first, second;

  if (size < 2)
    return;
  first = (VmTermSize){ 1 + data[0] % 100, 1 + data[1] % 40 };
  second = (VmTermSize){ 1 + data[1] % 100, 1 + data[0] % 40 };
  whole = filter_all (VM_TERM_FILTER_SHOW, data + 2, size - 2, size);
  pieces = filter_all (VM_TERM_FILTER_SHOW, data + 2, size - 2, 1 + data[0]);
  asked = filter_all (VM_TERM_FILTER_COMMAND, data + 2, size - 2, size);
  again = filter_all (
      VM_TERM_FILTER_SHOW, (guint8 *) whole->str, whole->len, 1 + whole->len);
  g_assert_true (g_string_equal (whole, pieces));
  g_assert_true (g_string_equal (whole, again));
  check_shown (whole);
  check_screen (asked, &first, &second);
}
