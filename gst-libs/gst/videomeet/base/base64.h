/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Base64 (RFC 4648), mostly of a known number of bytes, read strictly: the
 * length is right, nothing is around it, and of the spellings that decode to
 * the same bytes only the one that the writer makes is taken. Pure. */

/* §4, with padding; `data` is written only when it is good. */
gboolean vm_base64_read (const gchar *text, guint8 *data, gsize size);
/* The same of a number that only the text tells, at most @max bytes.
 * Returns: (transfer full) (nullable) */
GBytes *vm_base64_read_bytes (const gchar *text, gsize max);
/* §5, without padding. */
gboolean vm_base64url_read (const gchar *text, guint8 *data, gsize size);
gchar *vm_base64url_write (const guint8 *data, gsize size);
