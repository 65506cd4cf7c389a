/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzzframes.h"

#include <string.h>

void
fuzz_frames (const guint8 *data, gsize size, const gchar *magic, FuzzFrame func,
    gpointer user_data)
{
  for (guint n = 0; size > 0 && n < FUZZ_FRAMES_MAX; n++) {
    const guint8 *next = memmem (data + 1, size - 1, magic, strlen (magic));
    gsize one = next ? (gsize) (next - data) : size;

    func (data, one, user_data);
    data += one;
    size -= one;
  }
}
