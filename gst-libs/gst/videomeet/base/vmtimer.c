/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "base/vmtimer-priv.h"

GSource *
vm_timer_new (
    GMainContext *context, guint ms, GSourceFunc func, gpointer user_data)
{
  GSource *timer = g_timeout_source_new (ms);

  g_source_set_callback (timer, func, user_data, NULL);
  g_source_attach (
      timer, context ? context : g_main_context_get_thread_default ());
  return timer;
}

void
vm_timer_clear (GSource **timer)
{
  if (*timer)
    g_source_destroy (*timer);
  g_clear_pointer (timer, g_source_unref);
}
