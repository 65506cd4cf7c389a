/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The terminal that this program was started at, while it is used as a whole:
 * keys come as they are typed, and nothing is echoed. It is as it was before
 * when the program ends, however it does: by a signal, too, but for SIGKILL. */

/* Whether the standard input and output are one. */
gboolean vmt_local_is_terminal (void);
/* FALSE: it cannot be had. */
gboolean vmt_local_take (void);
/* Writes @end first; nothing happens when it was not taken. */
void vmt_local_give_back (const GString *end);
/* Likewise, however it is; async-signal-safe. */
void vmt_local_reset (void);
/* Its size; 80x24 where it has none. */
void vmt_local_get_size (guint *columns, guint *rows);
/* Empties @out. FALSE: nobody reads any more. */
gboolean vmt_local_write (GString *out);
