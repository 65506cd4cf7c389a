/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "livepause.h"

#include <gst/base/gstpushsrc.h>
#include <gst/check/gstcheck.h>

#define DEADLINE (60 * G_USEC_PER_SEC)

typedef GstFlowReturn (*Create) (GstPushSrc *source, GstBuffer **buffer);

static GMutex lock;
static GCond cond;
/* protected by lock */
static GstElement *chosen; /* not paused yet */
static gboolean paused;

static GstElement *source; /* the test's thread's */
static Create create;

static GstFlowReturn
create_and_pause (GstPushSrc *push, GstBuffer **buffer)
{
  GstFlowReturn ret = create (push, buffer);
  gboolean now;

  g_mutex_lock (&lock);
  now = ret == GST_FLOW_OK && chosen == GST_ELEMENT (push);
  if (now)
    chosen = NULL;
  g_mutex_unlock (&lock);
  if (!now)
    return ret;
  gst_element_set_state (GST_ELEMENT (push), GST_STATE_PAUSED);
  g_mutex_lock (&lock);
  paused = TRUE;
  g_cond_signal (&cond);
  g_mutex_unlock (&lock);
  return ret;
}

void
live_pause_prepare (GstElement *element)
{
  GstPushSrcClass *klass = GST_PUSH_SRC_GET_CLASS (element);

  fail_if (source);
  source = gst_object_ref (element);
  create = klass->create;
  chosen = element;
  paused = FALSE;
  klass->create = create_and_pause;
}

void
live_pause_end (void)
{
  gint64 until = g_get_monotonic_time () + DEADLINE;

  g_mutex_lock (&lock);
  while (!paused)
    fail_unless (g_cond_wait_until (&cond, &lock, until), "it makes nothing");
  g_mutex_unlock (&lock);
  gst_element_set_state (source, GST_STATE_PLAYING);
  GST_PUSH_SRC_GET_CLASS (source)->create = create;
  gst_clear_object (&source);
}
