/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesrc.h>

/* What a live source has made and not pushed yet. GstBaseSrc of GStreamer 1.24
 * and later throws away what create() returns where the element was paused
 * meanwhile: of pictures that is a gap, a message would be lost. All but the
 * last is the streaming thread's.
 */
typedef struct
{
  GstBuffer *buffer; /* or NULL */
} VmKeptBuffer;

static inline GstPadProbeReturn
vm_kept_buffer_on_push (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  VmKeptBuffer *self = user_data;

  gst_clear_buffer (&self->buffer);
  return GST_PAD_PROBE_OK;
}

/* Once, for the element's lifetime; @self is a part of it. */
static inline void
vm_kept_buffer_init (VmKeptBuffer *self, GstElement *source)
{
  gst_pad_add_probe (GST_BASE_SRC_PAD (source), GST_PAD_PROBE_TYPE_BUFFER,
      vm_kept_buffer_on_push, self, NULL);
}

/* In create(), first. TRUE: it returns *@buffer, once more. */
static inline gboolean
vm_kept_buffer_return (VmKeptBuffer *self, GstBuffer **buffer)
{
  if (self->buffer)
    *buffer = gst_buffer_ref (self->buffer);
  return self->buffer != NULL;
}

/* In create(), of what it returns. */
static inline void
vm_kept_buffer_keep (VmKeptBuffer *self, GstBuffer *buffer)
{
  gst_buffer_replace (&self->buffer, buffer);
}

/* When the source has stopped, and when it is freed. */
static inline void
vm_kept_buffer_clear (VmKeptBuffer *self)
{
  gst_clear_buffer (&self->buffer);
}
