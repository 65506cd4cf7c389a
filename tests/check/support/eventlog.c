/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/eventlog.h"

static GMutex lock; /* of lines */
static GPtrArray *lines;

void
event_log_open (void)
{
  lines = g_ptr_array_new_with_free_func (g_free);
}

void
event_log_close (void)
{
  g_clear_pointer (&lines, g_ptr_array_unref);
}

void
event_log (const gchar *format, ...)
{
  va_list args;

  va_start (args, format);
  g_mutex_lock (&lock);
  g_ptr_array_add (lines, g_strdup_vprintf (format, args));
  g_mutex_unlock (&lock);
  va_end (args);
  g_main_context_wakeup (NULL);
}

guint
event_log_count (const gchar *prefix)
{
  guint n = 0;

  g_mutex_lock (&lock);
  for (guint i = 0; i < lines->len; i++)
    n += g_str_has_prefix (lines->pdata[i], prefix);
  g_mutex_unlock (&lock);
  return n;
}

gchar *
event_log_line (guint i)
{
  gchar *line;

  g_mutex_lock (&lock);
  line = i < lines->len ? g_strdup (lines->pdata[i]) : NULL;
  g_mutex_unlock (&lock);
  return line;
}

gboolean
event_log_late (gpointer flag)
{
  *(gboolean *) flag = TRUE;
  return G_SOURCE_CONTINUE;
}

gboolean
event_log_seen (const gchar *prefix, guint n, guint seconds)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (seconds, event_log_late, &late);

  while (event_log_count (prefix) < n && !late)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return event_log_count (prefix) >= n;
}
