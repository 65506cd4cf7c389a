/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "file/vmfilepad.h"

#include <gst/videomeet/videomeet.h>

struct _VmFilePad
{
  GstPad parent;

  void (*changed) (gpointer user_data);
  gpointer user_data;

  GMutex lock; /* guards what follows; nothing is called under it */
  GCond cond;
  gchar *to;
  GQueue waiting; /* of GstBuffer */
  gsize bytes; /* of them */
  gboolean flushing, eos;
};

enum
{
  PROP_TO = 1,
};

G_DEFINE_FINAL_TYPE (VmFilePad, vm_file_pad, GST_TYPE_PAD)

static void
vm_file_pad_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmFilePad *self = VM_FILE_PAD (object);

  switch (id) {
    case PROP_TO:
      g_mutex_lock (&self->lock);
      g_free (self->to);
      self->to = g_value_dup_string (value);
      g_mutex_unlock (&self->lock);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_file_pad_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_TO:
      g_value_take_string (value, vm_file_pad_dup_to (VM_FILE_PAD (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
vm_file_pad_finalize (GObject *object)
{
  VmFilePad *self = VM_FILE_PAD (object);

  g_queue_clear_full (&self->waiting, (GDestroyNotify) gst_buffer_unref);
  g_free (self->to);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_file_pad_parent_class)->finalize (object);
}

static void
vm_file_pad_class_init (VmFilePadClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = vm_file_pad_set_property;
  object_class->get_property = vm_file_pad_get_property;
  object_class->finalize = vm_file_pad_finalize;
  g_object_class_install_property (object_class, PROP_TO,
      g_param_spec_string ("to", "To",
          "Id or name of the participant to send the next files to (null: the "
          "only other participant)",
          NULL,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING
              | G_PARAM_STATIC_STRINGS));
}

/* Called with the lock held. */
static gboolean
is_full (VmFilePad *self)
{
  return self->bytes >= VM_FILE_PAD_WAITING_MAX
         || self->waiting.length >= VM_FILE_PAD_MESSAGES_MAX;
}

static const gchar *
offer_of (GstBuffer *buffer)
{
  const GstStructure *message = vm_buffer_get_transfer_meta (buffer)->message;

  return gst_structure_has_name (message, "FILE_OFFER")
             ? gst_structure_get_string (message, "id")
             : NULL;
}

/* Called with the lock held. An offer is said again until it is answered; where
 * there is nobody yet, one of them waits. */
static gboolean
is_said_already (VmFilePad *self, GstBuffer *buffer)
{
  GstBuffer *last = g_queue_peek_tail (&self->waiting);
  const gchar *id = offer_of (buffer);

  return last && id && g_strcmp0 (offer_of (last), id) == 0;
}

static void
clear (VmFilePad *self)
{
  g_queue_clear_full (&self->waiting, (GDestroyNotify) gst_buffer_unref);
  self->bytes = 0;
}

/* Takes @buffer. */
static GstFlowReturn
keep (VmFilePad *self, GstBuffer *buffer)
{
  GstFlowReturn ret = GST_FLOW_OK;

  g_mutex_lock (&self->lock);
  while (!self->flushing && is_full (self))
    g_cond_wait (&self->cond, &self->lock);
  if (self->flushing)
    ret = GST_FLOW_FLUSHING;
  else if (self->eos)
    ret = GST_FLOW_EOS;
  if (ret == GST_FLOW_OK && !is_said_already (self, buffer)) {
    self->bytes += gst_buffer_get_size (buffer);
    g_queue_push_tail (&self->waiting, gst_buffer_ref (buffer));
  }
  g_mutex_unlock (&self->lock);
  gst_buffer_unref (buffer);
  return ret;
}

static GstFlowReturn
vm_file_pad_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  VmFilePad *self = VM_FILE_PAD (pad);
  GstFlowReturn ret;

  if (!vm_buffer_get_transfer_meta (buffer)) {
    gst_buffer_unref (buffer);
    GST_ELEMENT_ERROR_WITH_DETAILS (parent, STREAM, WRONG_TYPE,
        ("What comes to %s is no message of a file transfer",
            GST_OBJECT_NAME (pad)),
        (NULL),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_BAD_MESSAGE), "pad",
            G_TYPE_STRING, GST_OBJECT_NAME (pad), NULL));
    return GST_FLOW_ERROR;
  }
  ret = keep (self, buffer);
  if (ret == GST_FLOW_OK)
    self->changed (self->user_data);
  return ret;
}

static void
set_flushing (VmFilePad *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  if (flushing)
    clear (self);
  else
    self->eos = FALSE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
vm_file_pad_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  VmFilePad *self = VM_FILE_PAD (pad);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      set_flushing (self, FALSE);
      break;
    case GST_EVENT_EOS:
      g_mutex_lock (&self->lock);
      self->eos = TRUE;
      g_mutex_unlock (&self->lock);
      self->changed (self->user_data);
      break;
    default:
      break;
  }
  gst_event_unref (event);
  return TRUE;
}

/* The default would ask behind the element's other pads. */
static gboolean
vm_file_pad_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
    case GST_QUERY_ACCEPT_CAPS:
      return gst_pad_query_default (pad, parent, query);
    default:
      return FALSE;
  }
}

/* On the way down this comes before the streaming thread is waited for. */
static gboolean
vm_file_pad_activate (
    GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  set_flushing (VM_FILE_PAD (pad), !active);
  return TRUE;
}

static void
vm_file_pad_init (VmFilePad *self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  self->flushing = TRUE;
}

VmFilePad *
vm_file_pad_new (const gchar *name, GstPadTemplate *templ,
    void (*changed) (gpointer user_data), gpointer user_data)
{
  VmFilePad *self = g_object_new (VM_TYPE_FILE_PAD, "name", name, "direction",
      GST_PAD_SINK, "template", templ, NULL);
  GstPad *pad = GST_PAD (self);

  self->changed = changed;
  self->user_data = user_data;
  gst_pad_set_chain_function (pad, vm_file_pad_chain);
  gst_pad_set_event_function (pad, vm_file_pad_event);
  gst_pad_set_query_function (pad, vm_file_pad_query);
  gst_pad_set_activatemode_function (pad, vm_file_pad_activate);
  return self;
}

gchar *
vm_file_pad_dup_to (VmFilePad *self)
{
  gchar *to;

  g_mutex_lock (&self->lock);
  to = self->to && *self->to ? g_strdup (self->to) : NULL;
  g_mutex_unlock (&self->lock);
  return to;
}

gboolean
vm_file_pad_is_eos (VmFilePad *self)
{
  gboolean eos;

  g_mutex_lock (&self->lock);
  eos = self->eos;
  g_mutex_unlock (&self->lock);
  return eos;
}

GstBuffer *
vm_file_pad_peek (VmFilePad *self)
{
  GstBuffer *buffer;

  g_mutex_lock (&self->lock);
  buffer = g_queue_peek_head (&self->waiting);
  if (buffer)
    gst_buffer_ref (buffer);
  g_mutex_unlock (&self->lock);
  return buffer;
}

void
vm_file_pad_pop (VmFilePad *self, GstBuffer *buffer)
{
  gboolean there;

  g_mutex_lock (&self->lock);
  there = g_queue_peek_head (&self->waiting) == buffer;
  if (there) {
    g_queue_pop_head (&self->waiting);
    self->bytes -= gst_buffer_get_size (buffer);
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  if (there)
    gst_buffer_unref (buffer);
}

void
vm_file_pad_tell_lane (VmFilePad *self, const gchar *transfer_id,
    const gchar *lane, const gchar *address)
{
  GstStructure *s = gst_structure_new (VM_TRANSFER_EVENT, "transferId",
      G_TYPE_STRING, transfer_id, "lane", G_TYPE_STRING, lane, NULL);

  if (address)
    gst_structure_set (s, "address", G_TYPE_STRING, address, NULL);
  gst_pad_push_event (
      GST_PAD (self), gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s));
}

void
vm_file_pad_reply (
    VmFilePad *self, const GstStructure *message, const gchar *participant)
{
  GstStructure *s =
      gst_structure_new (VM_TRANSFER_EVENT, "message", GST_TYPE_STRUCTURE,
          message, "participant", G_TYPE_STRING, participant, NULL);

  gst_pad_push_event (
      GST_PAD (self), gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s));
}
