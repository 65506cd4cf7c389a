/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Base64 (RFC 4648), mostly of a known number of bytes. The reader is strict:
 * the length must match, nothing may surround the text, and only the spelling
 * that the writer makes is accepted. Pure. */

/* §4, with padding; `data` is written only when the text is valid. */
gboolean vm_base64_read (const gchar *text, guint8 *data, gsize size);
/* The same for a size that the text decides, at most @max bytes.
 * Returns: (transfer full) (nullable) */
GBytes *vm_base64_read_bytes (const gchar *text, gsize max);
/* §5, without padding. */
gboolean vm_base64url_read (const gchar *text, guint8 *data, gsize size);
gchar *vm_base64url_write (const guint8 *data, gsize size);
