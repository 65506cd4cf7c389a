/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/hang.h"

#define WAIT (20 * G_TIME_SPAN_SECOND)

typedef struct
{
  GstElement parent;
} Hang;

typedef struct
{
  GstElementClass parent;
} HangClass;

static GType hang_get_type (void);
G_DEFINE_TYPE (Hang, hang, GST_TYPE_ELEMENT)

static GMutex lock; /* of what follows */
static GCond cond; /* signalled with either */
static gboolean released;
static guint alive;

static GstStateChangeReturn
hang_change_state (GstElement *element, GstStateChange change)
{
  gint64 end = g_get_monotonic_time () + WAIT;

  if (change == GST_STATE_CHANGE_NULL_TO_READY) {
    g_mutex_lock (&lock);
    while (!released && g_cond_wait_until (&cond, &lock, end))
      continue;
    g_mutex_unlock (&lock);
  }
  return GST_ELEMENT_CLASS (hang_parent_class)->change_state (element, change);
}

static void
hang_finalize (GObject *object)
{
  g_mutex_lock (&lock);
  alive--;
  g_cond_broadcast (&cond);
  g_mutex_unlock (&lock);
  G_OBJECT_CLASS (hang_parent_class)->finalize (object);
}

static void
hang_class_init (HangClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = hang_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = hang_change_state;
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass), "Hang",
      "Sink", "Is stuck while it is opened", "nobody");
}

static GstStaticPadTemplate template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* Once it is released, it is like any other. */
static GstFlowReturn
hang_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  gst_buffer_unref (buffer);
  return GST_FLOW_OK;
}

static void
hang_init (Hang *self)
{
  GstPad *pad = gst_pad_new_from_static_template (&template, "sink");

  gst_pad_set_chain_function (pad, hang_chain);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  g_mutex_lock (&lock);
  alive++;
  g_mutex_unlock (&lock);
}

void
hang_register (void)
{
  released = FALSE;
  gst_element_register (NULL, "hang", GST_RANK_NONE, hang_get_type ());
}

gboolean
hang_release (void)
{
  gint64 end = g_get_monotonic_time () + WAIT;
  gboolean gone;

  g_mutex_lock (&lock);
  released = TRUE;
  g_cond_broadcast (&cond);
  while (alive && g_cond_wait_until (&cond, &lock, end))
    continue;
  gone = alive == 0;
  g_mutex_unlock (&lock);
  return gone;
}
