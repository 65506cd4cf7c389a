/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Calls @func in @context (NULL: the calling thread's default) after @ms, and
 * again every @ms until it returns G_SOURCE_REMOVE. Free it with
 * vm_timer_clear(), which stops it. */
GSource *vm_timer_new (
    GMainContext *context, guint ms, GSourceFunc func, gpointer user_data);
/* Any source, or NULL; sets *@timer to NULL. In @context's thread. */
void vm_timer_clear (GSource **timer);
