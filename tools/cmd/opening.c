/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/opening.h"
#include "devices/pipewire.h"

typedef struct
{
  GstElement *element;
  GstState state;
  GMutex lock; /* protects what follows */
  GCond cond; /* signalled with done */
  gboolean done, opened;
} Attempt;

static void
attempt_clear (gpointer data)
{
  Attempt *attempt = data;

  gst_object_unref (attempt->element);
  g_mutex_clear (&attempt->lock);
  g_cond_clear (&attempt->cond);
}

static gpointer
open_thread (gpointer data)
{
  Attempt *attempt = data;
  GstStateChangeReturn change =
      gst_element_set_state (attempt->element, attempt->state);
  gboolean opened;

  /* a pipeline is set up on a thread of its own: as long as that takes */
  if (change == GST_STATE_CHANGE_ASYNC)
    change = gst_element_get_state (
        attempt->element, NULL, NULL, GST_CLOCK_TIME_NONE);
  opened = change != GST_STATE_CHANGE_FAILURE;
  vmt_pipewire_end (attempt->element);
  gst_element_set_state (attempt->element, GST_STATE_NULL);
  g_mutex_lock (&attempt->lock);
  attempt->done = TRUE;
  attempt->opened = opened;
  g_cond_signal (&attempt->cond);
  g_mutex_unlock (&attempt->lock);
  g_atomic_rc_box_release_full (attempt, attempt_clear);
  return NULL;
}

VmtOpening
vmt_open (GstElement *element, GstState state, guint ms)
{
  gint64 deadline = g_get_monotonic_time () + (gint64) ms * 1000;
  Attempt *attempt = g_atomic_rc_box_new0 (Attempt);
  VmtOpening result;

  attempt->element = gst_object_ref (element);
  attempt->state = state;
  g_mutex_init (&attempt->lock);
  g_cond_init (&attempt->cond);
  g_thread_unref (g_thread_new (
      "vmt-open", open_thread, g_atomic_rc_box_acquire (attempt)));
  g_mutex_lock (&attempt->lock);
  while (!attempt->done
         && g_cond_wait_until (&attempt->cond, &attempt->lock, deadline))
    continue;
  result = !attempt->done    ? VMT_OPEN_LATE
           : attempt->opened ? VMT_OPEN_OK
                             : VMT_OPEN_FAILED;
  g_mutex_unlock (&attempt->lock);
  g_atomic_rc_box_release_full (attempt, attempt_clear);
  return result;
}
