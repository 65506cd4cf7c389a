/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/settle.h"

static GMutex lock;
static GHashTable *watched; /* GMainContext → number of objects; under lock */

static guint
count (GMainContext *context)
{
  guint n;

  g_mutex_lock (&lock);
  n = watched ? GPOINTER_TO_UINT (g_hash_table_lookup (watched, context)) : 0;
  g_mutex_unlock (&lock);
  return n;
}

/* Called with lock held. */
static void
add (GMainContext *context, gint difference)
{
  guint n;

  if (!watched)
    watched = g_hash_table_new (NULL, NULL);
  n = GPOINTER_TO_UINT (g_hash_table_lookup (watched, context)) + difference;
  if (n)
    g_hash_table_insert (watched, context, GUINT_TO_POINTER (n));
  else
    g_hash_table_remove (watched, context);
  if (g_hash_table_size (watched) == 0)
    g_clear_pointer (&watched, g_hash_table_unref);
}

static void
on_finalized (gpointer data)
{
  GMainContext *context = data;

  g_mutex_lock (&lock);
  add (context, -1);
  g_mutex_unlock (&lock);
  g_main_context_wakeup (context);
  g_main_context_unref (context);
}

/* The data of an object goes when it is finalized; a weak reference would go
 * when it is disposed of, which begins the closing of a WebSocket. */
void
vm_settle_watch (gpointer object)
{
  GMainContext *context = g_main_context_ref_thread_default ();

  g_mutex_lock (&lock);
  add (context, 1);
  g_mutex_unlock (&lock);
  g_object_set_data_full (object, "vm-settle", context, on_finalized);
}

static gboolean
on_late (gpointer late)
{
  *(gboolean *) late = TRUE;
  return G_SOURCE_REMOVE;
}

gboolean
vm_settle (guint timeout_ms)
{
  g_autoptr (GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr (GSource) deadline = g_timeout_source_new (timeout_ms);
  gboolean late = FALSE;

  g_source_set_callback (deadline, on_late, &late, NULL);
  g_source_attach (deadline, context);
  while (count (context) && !late)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (deadline);
  while (!late && g_main_context_iteration (context, FALSE))
    continue;
  return count (context) == 0;
}
