/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

/* What happened, one line each ("added Ann"), in its order and from any
 * thread, for a test to wait for in the default main context. */

void event_log_open (void);
void event_log_close (void);

void event_log (const gchar *format, ...) G_GNUC_PRINTF (1, 2);
/* How many lines begin with @prefix. */
guint event_log_count (const gchar *prefix);
/* Line @i, from 0, or NULL; the caller's. */
gchar *event_log_line (guint i);
/* Whether a line with @prefix has come @n times within @seconds. */
gboolean event_log_seen (const gchar *prefix, guint n, guint seconds);

/* For WAIT_FOR() alone. */
gboolean event_log_late (gpointer flag);

/* Turns of the main context until @condition holds, which must be within
 * @seconds. */
#define WAIT_FOR(condition, seconds)                                      \
  G_STMT_START                                                            \
  {                                                                       \
    gboolean late = FALSE;                                                \
    guint timer = g_timeout_add_seconds (seconds, event_log_late, &late); \
                                                                          \
    while (!(condition) && !late)                                         \
      g_main_context_iteration (NULL, TRUE);                              \
    g_source_remove (timer);                                              \
    fail_if (late, "not within %u s: %s", seconds, #condition);           \
  }                                                                       \
  G_STMT_END
