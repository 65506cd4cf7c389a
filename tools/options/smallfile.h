/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A file that the user names, which may be a pipe, and has no business to be
 * large: keys, a configuration. */

#define VMT_SMALL_FILE_MAX (64 * 1024) /* bytes */

/* Whole, if it has at most @max bytes, with a NUL behind them; @size may be
 * NULL. One that others can write, or that is another user's, is refused.
 * G_FILE_ERROR. Returns: (transfer full) */
gchar *
vmt_small_file_read (const gchar *path, gsize max, gsize *size, GError **error);
/* The same of a file that has turned out to hold a secret, which others must
 * not be able to read. */
gboolean vmt_small_file_is_secret (const gchar *path, GError **error);
