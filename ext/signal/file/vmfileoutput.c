/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "file/vmfileoutput.h"

#include <gst/videomeet/plugin/livesource.h>
#include <gst/videomeet/videomeet.h>

struct _VmFileOutput
{
  GstPushSrc parent;

  GstCaps *caps;
  VmFileReplyFunc func;
  gpointer user_data;
  GDestroyNotify notify;
  VmLiveSource live;

  GMutex lock; /* guards what follows; nothing is called under it */
  GCond cond;
  GQueue waiting; /* of GstBuffer */
  gsize bytes; /* of them */
  gboolean wanted, ended, flushing;
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TRANSFER_CAPS));

G_DEFINE_FINAL_TYPE (VmFileOutput, vm_file_output, GST_TYPE_PUSH_SRC)

static GstFlowReturn
vm_file_output_create (GstPushSrc *src, GstBuffer **buffer)
{
  VmFileOutput *self = VM_FILE_OUTPUT (src);
  GstFlowReturn ret = GST_FLOW_OK;

  if (vm_live_source_again (&self->live, buffer))
    return ret;
  g_mutex_lock (&self->lock);
  while (!self->flushing && !(self->ended && !self->wanted)
         && !(self->wanted && (self->ended || self->waiting.length > 0)))
    g_cond_wait (&self->cond, &self->lock);
  if (self->flushing) {
    ret = GST_FLOW_FLUSHING;
  } else if (self->wanted && self->waiting.length > 0) {
    *buffer = g_queue_pop_head (&self->waiting);
    self->bytes -= gst_buffer_get_size (*buffer);
    vm_live_source_keep (&self->live, *buffer);
  } else {
    ret = GST_FLOW_EOS;
  }
  g_mutex_unlock (&self->lock);
  return ret;
}

static void
set_flushing (VmFileOutput *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
vm_file_output_unlock (GstBaseSrc *src)
{
  VmFileOutput *self = VM_FILE_OUTPUT (src);

  if (!vm_live_source_is_pausing (&self->live))
    set_flushing (self, TRUE);
  return TRUE;
}

static GstStateChangeReturn
vm_file_output_change_state (GstElement *element, GstStateChange transition)
{
  return vm_live_source_change_state (&VM_FILE_OUTPUT (element)->live, element,
      transition, vm_file_output_parent_class);
}

static gboolean
vm_file_output_unlock_stop (GstBaseSrc *src)
{
  set_flushing (VM_FILE_OUTPUT (src), FALSE);
  return TRUE;
}

static gboolean
vm_file_output_event (GstBaseSrc *src, GstEvent *event)
{
  VmFileOutput *self = VM_FILE_OUTPUT (src);
  const GstStructure *s = gst_event_get_structure (event);

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !s
      || !gst_structure_has_name (s, VM_TRANSFER_EVENT))
    return GST_BASE_SRC_CLASS (vm_file_output_parent_class)->event (src, event);
  if (!gst_structure_has_field_typed (s, "message", GST_TYPE_STRUCTURE))
    return FALSE;
  self->func (gst_value_get_structure (gst_structure_get_value (s, "message")),
      self->user_data);
  return TRUE;
}

static GstCaps *
vm_file_output_get_caps (GstBaseSrc *src, GstCaps *filter)
{
  VmFileOutput *self = VM_FILE_OUTPUT (src);

  return filter ? gst_caps_intersect (filter, self->caps)
                : gst_caps_ref (self->caps);
}

static gboolean
vm_file_output_is_seekable (GstBaseSrc *src)
{
  return FALSE;
}

static void
vm_file_output_finalize (GObject *object)
{
  VmFileOutput *self = VM_FILE_OUTPUT (object);

  g_queue_clear_full (&self->waiting, (GDestroyNotify) gst_buffer_unref);
  gst_clear_caps (&self->caps);
  vm_live_source_clear (&self->live);
  if (self->notify)
    self->notify (self->user_data);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_file_output_parent_class)->finalize (object);
}

static void
vm_file_output_class_init (VmFileOutputClass *klass)
{
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = vm_file_output_finalize;
  GST_ELEMENT_CLASS (klass)->change_state = vm_file_output_change_state;
  base_class->unlock = vm_file_output_unlock;
  base_class->unlock_stop = vm_file_output_unlock_stop;
  base_class->event = vm_file_output_event;
  base_class->get_caps = vm_file_output_get_caps;
  base_class->is_seekable = vm_file_output_is_seekable;
  GST_PUSH_SRC_CLASS (klass)->create = vm_file_output_create;
  gst_element_class_add_static_pad_template (
      GST_ELEMENT_CLASS (klass), &src_template);
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "Files of a participant", "Source", "What one participant sends of files",
      "The gst-videomeet developers");
}

static void
vm_file_output_init (VmFileOutput *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  vm_live_source_init (&self->live, GST_ELEMENT (self));
}

VmFileOutput *
vm_file_output_new (const gchar *name, const gchar *from,
    const gchar *participant, VmFileReplyFunc func, gpointer user_data,
    GDestroyNotify notify)
{
  VmFileOutput *self = g_object_new (VM_TYPE_FILE_OUTPUT, "name", name, NULL);

  self->caps = gst_caps_new_simple (VM_TRANSFER_CAPS, "from", G_TYPE_STRING,
      from, "participant", G_TYPE_STRING, participant, NULL);
  self->func = func;
  self->user_data = user_data;
  self->notify = notify;
  return self;
}

gboolean
vm_file_output_push (VmFileOutput *self, GstBuffer *buffer)
{
  gsize size = gst_buffer_get_size (buffer);
  gboolean taken;

  g_mutex_lock (&self->lock);
  taken = !self->ended && self->waiting.length < VM_FILE_OUTPUT_MESSAGES_MAX
          && self->bytes + size <= VM_FILE_OUTPUT_WAITING_MAX;
  if (taken) {
    self->bytes += size;
    g_queue_push_tail (&self->waiting, gst_buffer_ref (buffer));
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  return taken;
}

void
vm_file_output_set_wanted (VmFileOutput *self, gboolean wanted)
{
  g_mutex_lock (&self->lock);
  self->wanted = wanted;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

gboolean
vm_file_output_is_wanted (VmFileOutput *self)
{
  gboolean wanted;

  g_mutex_lock (&self->lock);
  wanted = self->wanted;
  g_mutex_unlock (&self->lock);
  return wanted;
}

GPtrArray *
vm_file_output_take_offers (VmFileOutput *self)
{
  GPtrArray *offers =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  GstBuffer *buffer;

  g_mutex_lock (&self->lock);
  while ((buffer = g_queue_pop_head (&self->waiting))) {
    if (gst_structure_has_name (
            vm_buffer_get_transfer_meta (buffer)->message, "FILE_OFFER"))
      g_ptr_array_add (offers, buffer);
    else
      gst_buffer_unref (buffer);
  }
  self->bytes = 0;
  g_mutex_unlock (&self->lock);
  return offers;
}

void
vm_file_output_end (VmFileOutput *self)
{
  g_mutex_lock (&self->lock);
  self->ended = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}
