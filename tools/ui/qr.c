/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/qr.h"

#include <qrencode.h>

#define QUIET_ZONE 4 /* modules; ISO/IEC 18004 §6.3.8 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (QRcode, QRcode_free)

static gboolean
is_dark (const QRcode *code, gint x, gint y)
{
  x -= QUIET_ZONE;
  y -= QUIET_ZONE;
  if (x < 0 || y < 0 || x >= code->width || y >= code->width)
    return FALSE;
  return code->data[y * code->width + x] & 1;
}

gchar *
vmt_qr_to_text (const gchar *text, gboolean ansi)
{
  static const gchar *const block[2][2] = { { " ", "▄" }, { "▀", "█" } };
  g_autoptr (QRcode) code =
      QRcode_encodeString (text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
  GString *out;
  gint size;

  if (!code)
    return NULL;
  size = code->width + 2 * QUIET_ZONE;
  out = g_string_new (NULL);
  for (gint y = 0; y < size; y += 2) {
    if (ansi)
      g_string_append (out, "\033[38;5;16;48;5;231m");
    for (gint x = 0; x < size; x++) {
      /* what is drawn: the dark modules, or without colours the light ones;
       * the line beneath the last is neither */
      gboolean upper = is_dark (code, x, y) == ansi;
      gboolean lower = y + 1 < size && is_dark (code, x, y + 1) == ansi;

      g_string_append (out, block[upper][lower]);
    }
    g_string_append (out, ansi ? "\033[0m\n" : "\n");
  }
  return g_string_free (out, FALSE);
}
