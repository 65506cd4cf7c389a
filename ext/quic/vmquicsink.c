/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmquicsink
 * @title: vmquicsink
 * @short_description: sends files to another agent of a mesh, over QUIC
 * @see_also: vmquicsrc, vmfilesrc
 *
 * Signs in to a server of the mesh as an agent, and sends what a vmfilesrc
 * pushes to the agent that the property `to` names: directly where there is a
 * path, else through the server, which cannot read it. That agent is a
 * vmquicsrc, or `videomeet agent --receive`, and is waited for, for 5 s.
 *
 * When the receiver declines a file or cancels it, vmfilesrc reports that. When
 * there is no session, or the session is lost, this element posts an error,
 * whose details have `code`: `UNROUTABLE` when nobody of that name is there.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m vmfilesrc location=a.iso \
 *   ! vmquicsink server=http://192.0.2.1:8080 room=lab user=Bob to=Ann
 * ]|
 * Sends a file to the agent of Ann, and ends when she has verified it.
 */

#include "vmquicsink.h"
#include "vmquicagent.h"

#include <gst/videomeet/transfer/p2p/p2pfile.h>

#define GST_CAT_DEFAULT vm_quic_debug

struct _VmQuicSink
{
  GstBaseSink parent;

  /* under the object's lock */
  VmQuicSettings settings;
  gchar *to;
  VmQuicAgent *agent; /* while it is PAUSED or PLAYING */
  VmP2pForward *current; /* the file that was offered last; or NULL */
  gboolean flushing;
  gboolean failed; /* an error was posted */
};

enum
{
  PROP_TO = VM_QUIC_N_PROPS,
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TRANSFER_CAPS));

G_DEFINE_FINAL_TYPE (VmQuicSink, vm_quic_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE (
    vmquicsink, "vmquicsink", GST_RANK_NONE, VM_TYPE_QUIC_SINK);

static void
forward_unref (VmP2pForward *forward)
{
  if (forward)
    VM_PLUGIN (vm_p2p_forward_unref) (forward);
}

static VmP2pForward *
ref_current (VmQuicSink *self)
{
  VmP2pForward *forward = NULL;

  GST_OBJECT_LOCK (self);
  if (self->current)
    forward = VM_PLUGIN (vm_p2p_forward_ref) (self->current);
  GST_OBJECT_UNLOCK (self);
  return forward;
}

static gboolean
has_failed (VmQuicSink *self)
{
  gboolean failed;

  GST_OBJECT_LOCK (self);
  failed = self->failed;
  GST_OBJECT_UNLOCK (self);
  return failed;
}

/* From the agent's threads */

/* One error is enough. */
static void
fail (const GError *error, gpointer user_data)
{
  VmQuicSink *self = user_data;
  VmP2pForward *forward = ref_current (self);
  gboolean first;

  GST_OBJECT_LOCK (self);
  first = !self->failed;
  self->failed = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (first)
    vm_quic_post_error (GST_ELEMENT (self), error);
  if (forward)
    VM_PLUGIN (vm_p2p_forward_end) (forward, error);
  forward_unref (forward);
}

/* What the engine knows, vmfilesrc tells. */
static void
on_sent (VmP2pForward *forward, const GError *error, gpointer user_data)
{
  if (error && !VM_PLUGIN (vm_p2p_forward_is_told) (forward))
    fail (error, user_data);
}

static void
push_upstream (VmQuicSink *self, GstStructure *s)
{
  if (!gst_pad_push_event (GST_BASE_SINK_PAD (self),
          gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s)))
    GST_DEBUG_OBJECT (self, "nobody hears it");
}

/* A file on its way. */
typedef struct
{
  VmQuicSink *sink;
  gboolean reliable_told, lane_told;
} Outgoing;

static void
outgoing_free (gpointer data)
{
  Outgoing *file = data;

  gst_object_unref (file->sink);
  g_free (file);
}

/* The engine repeats nothing because its acknowledgement is late. */
static void
tell_reliable (Outgoing *file, VmP2pForward *forward)
{
  g_autofree gchar *id = VM_PLUGIN (vm_p2p_forward_dup_id) (forward);

  if (file->reliable_told)
    return;
  file->reliable_told = TRUE;
  push_upstream (file->sink,
      gst_structure_new (VM_TRANSFER_EVENT, "transferId", G_TYPE_STRING, id,
          "reliable", G_TYPE_UINT, VM_P2P_FILE_WINDOW, NULL));
}

static void
tell_lane (Outgoing *file, VmP2pForward *forward)
{
  const gchar *lane = VM_PLUGIN (vm_p2p_forward_get_lane) (forward);
  g_autofree gchar *id = VM_PLUGIN (vm_p2p_forward_dup_id) (forward);

  if (file->lane_told || !lane)
    return;
  file->lane_told = TRUE;
  push_upstream (
      file->sink, gst_structure_new (VM_TRANSFER_EVENT, "transferId",
                      G_TYPE_STRING, id, "lane", G_TYPE_STRING, lane, NULL));
}

static gboolean
take_reply (VmP2pForward *forward, const GstStructure *message, GBytes *data,
    gpointer user_data)
{
  Outgoing *file = user_data;

  if (!message)
    return FALSE;
  tell_reliable (file, forward);
  tell_lane (file, forward);
  push_upstream (file->sink, gst_structure_new (VM_TRANSFER_EVENT, "message",
                                 GST_TYPE_STRUCTURE, message, NULL));
  return TRUE;
}

/* What comes from upstream */

static gboolean
is_of (VmP2pForward *forward, const gchar *id)
{
  g_autofree gchar *own = NULL;

  if (forward)
    own = VM_PLUGIN (vm_p2p_forward_dup_id) (forward);
  return own && g_strcmp0 (own, id) == 0;
}

/* Takes the place of the file before; @offer is put into it. */
static VmP2pForward *
begin_file (VmQuicSink *self, const GstStructure *offer, GError **error)
{
  Outgoing *file = g_new0 (Outgoing, 1);
  VmP2pForward *forward;
  g_autofree gchar *to = NULL;

  file->sink = gst_object_ref (self);
  forward =
      VM_PLUGIN (vm_p2p_forward_new) (TRUE, take_reply, file, outgoing_free);
  if (!VM_PLUGIN (vm_p2p_forward_put) (forward, offer, NULL, error)) {
    forward_unref (forward);
    return NULL;
  }
  GST_OBJECT_LOCK (self);
  to = g_strdup (self->to);
  forward_unref (self->current);
  self->current = VM_PLUGIN (vm_p2p_forward_ref) (forward);
  VM_PLUGIN (vm_p2p_forward_set_flushing) (forward, self->flushing);
  GST_OBJECT_UNLOCK (self);
  vm_quic_agent_send (
      self->agent, to, gst_structure_get_string (offer, "filename"), forward);
  return forward;
}

static GBytes *
bytes_of (GstBuffer *buffer)
{
  gpointer copy = NULL;
  gsize size = 0;

  if (gst_buffer_get_size (buffer) == 0)
    return NULL;
  gst_buffer_extract_dup (
      buffer, 0, gst_buffer_get_size (buffer), &copy, &size);
  return g_bytes_new_take (copy, size);
}

static GstFlowReturn
put (VmQuicSink *self, VmP2pForward *forward, const GstStructure *message,
    GBytes *data)
{
  g_autoptr (GError) error = NULL;

  while (!VM_PLUGIN (vm_p2p_forward_put) (forward, message, data, &error)
         && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    GstFlowReturn ret = gst_base_sink_wait_preroll (GST_BASE_SINK (self));

    if (ret != GST_FLOW_OK)
      return ret;
    g_clear_error (&error);
  }
  if (has_failed (self))
    return GST_FLOW_ERROR;
  if (error)
    GST_DEBUG_OBJECT (self, "left out: %s", error->message);
  return GST_FLOW_OK;
}

static GstFlowReturn
take_message (VmQuicSink *self, const GstStructure *message, GBytes *data)
{
  gboolean offer = gst_structure_has_name (message, "FILE_OFFER");
  const gchar *id =
      gst_structure_get_string (message, offer ? "id" : "transferId");
  VmP2pForward *forward = ref_current (self);
  g_autoptr (GError) error = NULL;
  GstFlowReturn ret = GST_FLOW_OK;

  if (is_of (forward, id)) {
    ret = put (self, forward, message, data);
  } else if (offer) {
    forward_unref (forward);
    forward = begin_file (self, message, &error);
    if (error) {
      fail (error, self);
      ret = GST_FLOW_ERROR;
    }
  }
  forward_unref (forward);
  return ret;
}

static GstFlowReturn
vm_quic_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  VmQuicSink *self = VM_QUIC_SINK (sink);
  VmTransferMeta *meta = vm_buffer_get_transfer_meta (buffer);
  g_autoptr (GBytes) data = NULL;

  if (has_failed (self))
    return GST_FLOW_ERROR;
  if (!meta) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, WRONG_TYPE,
        ("What comes is no message of a file transfer"), (NULL),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_BAD_MESSAGE), NULL));
    return GST_FLOW_ERROR;
  }
  data = bytes_of (buffer);
  return take_message (self, meta->message, data);
}

/* The end is passed on when the other side knows it. */
static gboolean
vm_quic_sink_event (GstBaseSink *sink, GstEvent *event)
{
  VmQuicSink *self = VM_QUIC_SINK (sink);
  VmP2pForward *forward = ref_current (self);
  gboolean flushed = FALSE;

  while (GST_EVENT_TYPE (event) == GST_EVENT_EOS && forward && !flushed
         && !VM_PLUGIN (vm_p2p_forward_drain) (forward))
    flushed = gst_base_sink_wait_preroll (sink) != GST_FLOW_OK;
  forward_unref (forward);
  if (flushed
      || (GST_EVENT_TYPE (event) == GST_EVENT_EOS && has_failed (self))) {
    gst_event_unref (event);
    return FALSE;
  }
  return GST_BASE_SINK_CLASS (vm_quic_sink_parent_class)->event (sink, event);
}

static gboolean
set_flushing (VmQuicSink *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  if (self->current)
    VM_PLUGIN (vm_p2p_forward_set_flushing) (self->current, flushing);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
vm_quic_sink_unlock (GstBaseSink *sink)
{
  return set_flushing (VM_QUIC_SINK (sink), TRUE);
}

static gboolean
vm_quic_sink_unlock_stop (GstBaseSink *sink)
{
  return set_flushing (VM_QUIC_SINK (sink), FALSE);
}

static gboolean
start (VmQuicSink *self)
{
  static const VmQuicAgentFuncs funcs = { fail, on_sent, NULL };
  g_auto (VmQuicSettings) settings;
  gboolean to;

  GST_OBJECT_LOCK (self);
  vm_quic_settings_copy (&self->settings, &settings);
  to = self->to && *self->to;
  self->failed = self->flushing = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (!to) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("It is not known whom to send to: set the property \"to\""), (NULL),
        ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_BAD_REQUEST),
            "property", G_TYPE_STRING, "to", NULL));
    return FALSE;
  }
  self->agent = vm_quic_agent_new (GST_ELEMENT (self), &settings, &funcs);
  return self->agent != NULL;
}

static void
stop (VmQuicSink *self)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The element was stopped");
  VmP2pForward *forward;
  gboolean told;

  GST_OBJECT_LOCK (self);
  forward = g_steal_pointer (&self->current);
  self->failed = TRUE; /* of what is cut off here, nothing is told */
  GST_OBJECT_UNLOCK (self);
  told = forward && VM_PLUGIN (vm_p2p_forward_is_told) (forward);
  if (forward && !told)
    VM_PLUGIN (vm_p2p_forward_end) (forward, error);
  vm_quic_agent_free (g_steal_pointer (&self->agent), told);
  forward_unref (forward);
}

/* The base class would sign in for READY. */
static GstStateChangeReturn
vm_quic_sink_change_state (GstElement *element, GstStateChange transition)
{
  VmQuicSink *self = VM_QUIC_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start (self))
    return GST_STATE_CHANGE_FAILURE;
  ret = GST_ELEMENT_CLASS (vm_quic_sink_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    stop (self);
  return ret;
}

static void
vm_quic_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmQuicSink *self = VM_QUIC_SINK (object);

  GST_OBJECT_LOCK (self);
  if (id == PROP_TO) {
    g_free (self->to);
    self->to = g_value_dup_string (value);
  } else if (!vm_quic_settings_set (&self->settings, id, value)) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_quic_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmQuicSink *self = VM_QUIC_SINK (object);

  GST_OBJECT_LOCK (self);
  if (id == PROP_TO)
    g_value_set_string (value, self->to);
  else if (!vm_quic_settings_get (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

static void
vm_quic_sink_finalize (GObject *object)
{
  VmQuicSink *self = VM_QUIC_SINK (object);

  vm_quic_settings_clear (&self->settings);
  g_free (self->to);
  G_OBJECT_CLASS (vm_quic_sink_parent_class)->finalize (object);
}

static void
vm_quic_sink_class_init (VmQuicSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = vm_quic_sink_set_property;
  object_class->get_property = vm_quic_sink_get_property;
  object_class->finalize = vm_quic_sink_finalize;
  element_class->change_state = vm_quic_sink_change_state;
  vm_quic_settings_install (object_class);
  g_object_class_install_property (object_class, PROP_TO,
      g_param_spec_string ("to", "To",
          "Files: name of the user whose only agent in the room gets the next "
          "files, "
          "or the device id of an agent",
          NULL,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING
              | G_PARAM_STATIC_STRINGS));
  base_class->render = vm_quic_sink_render;
  base_class->event = vm_quic_sink_event;
  base_class->unlock = vm_quic_sink_unlock;
  base_class->unlock_stop = vm_quic_sink_unlock_stop;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class,
      "Files to an agent (videomeet)", "Sink/Network",
      "Sends files to another agent of a mesh, over QUIC",
      "The gst-videomeet developers");
  gst_type_mark_as_plugin_api (VM_TYPE_POLICY, 0);
}

static void
vm_quic_sink_init (VmQuicSink *self)
{
  vm_quic_settings_init (&self->settings);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}
