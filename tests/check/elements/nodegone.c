/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nodegone.h"

#include <gst/check/gstcheck.h>

#define PATIENCE_US (90 * G_TIME_SPAN_SECOND)

static GMutex lock; /* of gone */
static GCond cond;
static gboolean gone;

static void
on_gone (gpointer data, GObject *where)
{
  g_mutex_lock (&lock);
  gone = TRUE;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
}

void
node_let_go (VmNode **node)
{
  gint64 end = g_get_monotonic_time () + PATIENCE_US;
  gboolean in_time = TRUE;

  gone = FALSE;
  g_object_weak_ref (G_OBJECT (*node), on_gone, NULL);
  g_clear_object (node);
  g_mutex_lock (&lock);
  while (!gone && in_time)
    in_time = g_cond_wait_until (&cond, &lock, end);
  g_mutex_unlock (&lock);
  fail_unless (in_time, "somebody still has the node");
}
