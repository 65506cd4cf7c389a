/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* @text as a QR code (ISO/IEC 18004, level L, quiet zone of four modules)
 * drawn with half blocks, a line feed after each line. With @ansi it sets black
 * on white by escape sequences; without, it is drawn for light text on a dark
 * background. NULL when @text does not fit a code. */
gchar *vmt_qr_to_text (const gchar *text, gboolean ansi);
