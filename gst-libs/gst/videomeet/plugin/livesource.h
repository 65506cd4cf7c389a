/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesrc.h>

/* A live source of messages that survives a pause. GstBaseSrc is made for
 * media, and differs in two ways.
 *
 * GstBaseSrc of GStreamer 1.24 and later throws away the buffer that create()
 * returns if the element was paused meanwhile. This source keeps the buffer
 * until it is pushed.
 *
 * GstBaseSrc unlocks create() on a pause, and create() returns
 * GST_FLOW_FLUSHING. If the element plays again before GstBaseSrc sees that
 * return, the streaming thread ends for good. This source does not unlock
 * create() on a pause. */
typedef struct
{
  GstBuffer *kept; /* the streaming thread's; or NULL */
  gint pausing; /* atomic */
} VmLiveSource;

static inline GstPadProbeReturn
vm_live_source_on_push (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmLiveSource *self = user_data;

  gst_clear_buffer (&self->kept);
  return GST_PAD_PROBE_OK;
}

/* Once, for the element's lifetime; @self is a part of it. */
static inline void
vm_live_source_init (VmLiveSource *self, GstElement *source)
{
  gst_base_src_set_live (GST_BASE_SRC (source), TRUE);
  gst_pad_add_probe (GST_BASE_SRC_PAD (source), GST_PAD_PROBE_TYPE_BUFFER,
      vm_live_source_on_push, self, NULL);
}

/* The element's change_state(). */
static inline GstStateChangeReturn
vm_live_source_change_state (VmLiveSource *self, GstElement *source,
    GstStateChange transition, gpointer parent_class)
{
  GstStateChangeReturn ret;

  g_atomic_int_set (
      &self->pausing, transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED);
  ret = GST_ELEMENT_CLASS (parent_class)->change_state (source, transition);
  g_atomic_int_set (&self->pausing, FALSE);
  return ret;
}

/* In unlock(): whether create() is to go on waiting. */
static inline gboolean
vm_live_source_is_pausing (VmLiveSource *self)
{
  return g_atomic_int_get (&self->pausing);
}

/* In create(), first. TRUE: it returns *@buffer, once more. */
static inline gboolean
vm_live_source_again (VmLiveSource *self, GstBuffer **buffer)
{
  if (self->kept)
    *buffer = gst_buffer_ref (self->kept);
  return self->kept != NULL;
}

/* In create(), of what it returns. */
static inline void
vm_live_source_keep (VmLiveSource *self, GstBuffer *buffer)
{
  gst_buffer_replace (&self->kept, buffer);
}

/* When the source has stopped, and when it is freed. */
static inline void
vm_live_source_clear (VmLiveSource *self)
{
  gst_clear_buffer (&self->kept);
}
