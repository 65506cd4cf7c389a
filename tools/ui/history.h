/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The file of typed lines, which is this user's alone. */

/* Whether @line may be written down: no PIN, and no password in an address. */
gboolean vmt_history_may_keep (const gchar *line);
/* At most VMT_HISTORY_MAX, the latest last; none where others can read the
 * file. Strings, transfer full. */
GPtrArray *vmt_history_read (const gchar *path);
/* Adds @typed, and drops the oldest above VMT_HISTORY_MAX. */
gboolean
vmt_history_append (const gchar *path, const GPtrArray *typed, GError **error);
