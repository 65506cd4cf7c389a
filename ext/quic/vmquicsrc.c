/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmquicsrc
 * @title: vmquicsrc
 * @short_description: receives files of other agents of a mesh, over QUIC
 * @see_also: vmquicsink, vmfilesink
 *
 * Signs in to a server of the mesh as an agent, and pushes what other agents
 * send to it, for a vmfilesink, which decides and verifies. Those are a
 * vmquicsink, or `videomeet send FILE NAME --server URL`. Several files may
 * come at a time; the caps say whose the next message is.
 *
 * A file of a device that is not trusted is declined, unless `policy` is `open`
 * or `vmtrust` knows better.
 *
 * With `multiple` FALSE, EOS follows the first file, whether it was verified or
 * not.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m -e vmquicsrc server=http://192.0.2.1:8080 room=lab \
 *   user=Ann policy=open ! vmfilesink directory=received
 * ]|
 * Receives what others send to Ann.
 */

#include "vmquicsrc.h"
#include "vmquicagent.h"

#include <gst/videomeet/plugin/livesource.h>

#define GST_CAT_DEFAULT vm_quic_debug

/* Bytes of chunks that wait to be pushed; beyond, the streams are not read. */
#define WAITING_MAX (4 * 1024 * 1024)
/* Messages without a chunk are few, and small; each counts for so much. */
#define MESSAGE_SIZE 1024

typedef struct
{
  GstBuffer *buffer;
  GstCaps *caps;
} Item;

struct _VmQuicSrc
{
  GstPushSrc parent;

  /* under the object's lock */
  VmQuicSettings settings;
  gboolean multiple;

  VmQuicAgent *agent; /* from start() to stop() */
  GstCaps *caps; /* the streaming thread's: of the last buffer */
  VmLiveSource live;

  GMutex lock; /* of what follows; nothing is called under it */
  GCond cond;
  GQueue waiting; /* of Item */
  gsize bytes; /* of them */
  GPtrArray *files; /* of VmP2pForward */
  gboolean only, begun; /* one file alone; there was one */
  gboolean running, flushing, ended, failed;
};

/* A file on its way. */
typedef struct
{
  VmQuicSrc *src;
  gchar *device_id;
  GstCaps *caps;
} Incoming;

enum
{
  PROP_MULTIPLE = VM_QUIC_N_PROPS,
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TRANSFER_CAPS));

G_DEFINE_FINAL_TYPE (VmQuicSrc, vm_quic_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE (
    vmquicsrc, "vmquicsrc", GST_RANK_NONE, VM_TYPE_QUIC_SRC);

static void
item_free (gpointer data)
{
  Item *item = data;

  gst_buffer_unref (item->buffer);
  gst_caps_unref (item->caps);
  g_free (item);
}

static gsize
size_of (GstBuffer *buffer)
{
  return MESSAGE_SIZE + gst_buffer_get_size (buffer);
}

/* From the agent's threads */

static void
fail (const GError *error, gpointer user_data)
{
  VmQuicSrc *self = user_data;

  vm_quic_post_error (GST_ELEMENT (self), error);
  g_mutex_lock (&self->lock);
  self->failed = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
incoming_free (gpointer data)
{
  Incoming *file = data;

  gst_object_unref (file->src);
  gst_caps_unref (file->caps);
  g_free (file->device_id);
  g_free (file);
}

static void
forward_unref (gpointer forward)
{
  VM_PLUGIN (vm_p2p_forward_unref) (forward);
}

static GstBuffer *
make_buffer (VmP2pForward *forward, const GstStructure *message, GBytes *data)
{
  GstBuffer *buffer =
      data ? gst_buffer_new_wrapped_bytes (data) : gst_buffer_new ();

  vm_buffer_add_transfer_meta (buffer, gst_structure_copy (message))->lane =
      VM_PLUGIN (vm_p2p_forward_get_lane) (forward);
  return buffer;
}

/* Takes @buffer. FALSE: the element was stopped. */
static gboolean
push (VmQuicSrc *self, GstBuffer *buffer, GstCaps *caps)
{
  Item *item = g_new (Item, 1);
  gboolean taken;

  *item = (Item){ buffer, gst_caps_ref (caps) };
  g_mutex_lock (&self->lock);
  while (self->running && self->bytes
         && self->bytes + size_of (buffer) > WAITING_MAX)
    g_cond_wait (&self->cond, &self->lock);
  taken = self->running;
  if (taken) {
    self->bytes += size_of (buffer);
    g_queue_push_tail (&self->waiting, item);
    g_cond_broadcast (&self->cond);
  }
  g_mutex_unlock (&self->lock);
  if (!taken)
    item_free (item);
  return taken;
}

/* Whose sender is gone: the receiver keeps what it has. */
static void
tell_lost (Incoming *file, VmP2pForward *forward)
{
  g_autofree gchar *id = VM_PLUGIN (vm_p2p_forward_dup_id) (forward);
  g_autoptr (GstStructure) message = NULL;

  if (!id || VM_PLUGIN (vm_p2p_forward_is_told) (forward))
    return;
  message = gst_structure_new ("error", "transferId", G_TYPE_STRING, id, "code",
      G_TYPE_STRING, vm_error_to_code (VM_ERROR_DISCONNECTED), "message",
      G_TYPE_STRING, "The connection to the sender is lost", NULL);
  push (file->src, make_buffer (forward, message, NULL), file->caps);
}

static void
finish (Incoming *file, VmP2pForward *forward)
{
  VmQuicSrc *self = file->src;

  tell_lost (file, forward);
  g_mutex_lock (&self->lock);
  g_ptr_array_remove (self->files, forward);
  self->ended |= self->only;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
}

static gboolean
take_message (VmP2pForward *forward, const GstStructure *message, GBytes *data,
    gpointer user_data)
{
  Incoming *file = user_data;

  if (message)
    return push (file->src, make_buffer (forward, message, data), file->caps);
  finish (file, forward);
  return FALSE;
}

static Incoming *
incoming_new (VmQuicSrc *self, const gchar *device_id, const gchar *user)
{
  Incoming *file = g_new0 (Incoming, 1);

  file->src = gst_object_ref (self);
  file->device_id = g_strdup (device_id);
  /* the user is whoever the server says; the device has shown its key */
  file->caps = gst_caps_new_simple (VM_TRANSFER_CAPS, "from", G_TYPE_STRING,
      device_id, "participant", G_TYPE_STRING, device_id, "user", G_TYPE_STRING,
      user ? user : "", NULL);
  return file;
}

static VmP2pForward *
receive (const gchar *device_id, const gchar *user, gpointer user_data)
{
  VmQuicSrc *self = user_data;
  Incoming *file = incoming_new (self, device_id, user);
  VmP2pForward *forward =
      VM_PLUGIN (vm_p2p_forward_new) (FALSE, take_message, file, incoming_free);
  gboolean taken;

  g_mutex_lock (&self->lock);
  taken = self->running && !(self->only && self->begun);
  if (taken) {
    self->begun = TRUE;
    g_ptr_array_add (self->files, VM_PLUGIN (vm_p2p_forward_ref) (forward));
  }
  g_mutex_unlock (&self->lock);
  if (taken)
    return forward;
  forward_unref (forward);
  return NULL;
}

/* What is pushed */

static GstFlowReturn
take_next (VmQuicSrc *self, Item **item)
{
  GstFlowReturn ret = GST_FLOW_OK;

  g_mutex_lock (&self->lock);
  while (!self->flushing && !self->failed && !self->ended
         && g_queue_is_empty (&self->waiting))
    g_cond_wait (&self->cond, &self->lock);
  if (self->flushing)
    ret = GST_FLOW_FLUSHING;
  else if ((*item = g_queue_pop_head (&self->waiting)))
    self->bytes -= size_of ((*item)->buffer);
  else
    ret = self->failed ? GST_FLOW_ERROR : GST_FLOW_EOS;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return ret;
}

static GstFlowReturn
vm_quic_src_create (GstPushSrc *src, GstBuffer **buffer)
{
  VmQuicSrc *self = VM_QUIC_SRC (src);
  Item *item = NULL;
  GstFlowReturn ret;

  if (vm_live_source_again (&self->live, buffer))
    return GST_FLOW_OK;
  ret = take_next (self, &item);
  if (ret != GST_FLOW_OK)
    return ret;
  if (item->caps != self->caps) {
    gst_caps_replace (&self->caps, item->caps);
    if (!gst_base_src_set_caps (GST_BASE_SRC (src), item->caps))
      ret = GST_FLOW_NOT_NEGOTIATED;
  }
  if (ret == GST_FLOW_OK) {
    *buffer = gst_buffer_ref (item->buffer);
    vm_live_source_keep (&self->live, *buffer);
  }
  item_free (item);
  return ret;
}

/* Replies */

static VmP2pForward *
find (VmQuicSrc *self, const gchar *from, const gchar *id)
{
  VmP2pForward *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->files->len && !found; i++) {
    VmP2pForward *forward = g_ptr_array_index (self->files, i);
    const Incoming *file = VM_PLUGIN (vm_p2p_forward_get_data) (forward);
    g_autofree gchar *own = VM_PLUGIN (vm_p2p_forward_dup_id) (forward);

    if (g_strcmp0 (own, id) == 0
        && (!from || g_str_equal (file->device_id, from)))
      found = VM_PLUGIN (vm_p2p_forward_ref) (forward);
  }
  g_mutex_unlock (&self->lock);
  return found;
}

static gboolean
take_reply (VmQuicSrc *self, const GstStructure *event)
{
  const GstStructure *message =
      gst_value_get_structure (gst_structure_get_value (event, "message"));
  VmP2pForward *forward =
      find (self, gst_structure_get_string (event, "participant"),
          gst_structure_get_string (message, "transferId"));
  g_autoptr (GError) error = NULL;

  if (!forward)
    return FALSE;
  if (!VM_PLUGIN (vm_p2p_forward_put) (forward, message, NULL, &error))
    GST_DEBUG_OBJECT (self, "left out: %s", error->message);
  forward_unref (forward);
  return TRUE;
}

static gboolean
vm_quic_src_event (GstBaseSrc *src, GstEvent *event)
{
  const GstStructure *s = gst_event_get_structure (event);

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !s
      || !gst_structure_has_name (s, VM_TRANSFER_EVENT))
    return GST_BASE_SRC_CLASS (vm_quic_src_parent_class)->event (src, event);
  return gst_structure_has_field_typed (s, "message", GST_TYPE_STRUCTURE)
         && take_reply (VM_QUIC_SRC (src), s);
}

/* States */

static gboolean
set_flushing (VmQuicSrc *self, gboolean flushing)
{
  g_mutex_lock (&self->lock);
  self->flushing = flushing;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
vm_quic_src_unlock (GstBaseSrc *src)
{
  VmQuicSrc *self = VM_QUIC_SRC (src);

  return vm_live_source_is_pausing (&self->live) || set_flushing (self, TRUE);
}

static GstStateChangeReturn
vm_quic_src_change_state (GstElement *element, GstStateChange transition)
{
  return vm_live_source_change_state (&VM_QUIC_SRC (element)->live, element,
      transition, vm_quic_src_parent_class);
}

static gboolean
vm_quic_src_unlock_stop (GstBaseSrc *src)
{
  return set_flushing (VM_QUIC_SRC (src), FALSE);
}

static gboolean
vm_quic_src_start (GstBaseSrc *src)
{
  static const VmQuicAgentFuncs funcs = { fail, NULL, receive };
  VmQuicSrc *self = VM_QUIC_SRC (src);
  g_auto (VmQuicSettings) settings;

  GST_OBJECT_LOCK (self);
  vm_quic_settings_copy (&self->settings, &settings);
  self->only = !self->multiple;
  GST_OBJECT_UNLOCK (self);
  self->begun = self->ended = self->failed = FALSE;
  self->running = TRUE;
  self->agent = vm_quic_agent_new (GST_ELEMENT (self), &settings, &funcs);
  self->running = self->agent != NULL;
  return self->running;
}

static gpointer
forward_ref (gconstpointer forward, gpointer user_data)
{
  return VM_PLUGIN (vm_p2p_forward_ref) ((VmP2pForward *) forward);
}

/* Threads that wait in push() or for a reply return: what is downstream has
 * been stopped before, and says nothing more. TRUE: all files are over. */
static gboolean
end_all (VmQuicSrc *self)
{
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "The element was stopped");
  g_autoptr (GPtrArray) files = NULL;
  gboolean gently;

  g_mutex_lock (&self->lock);
  self->running = FALSE;
  files = g_ptr_array_copy (self->files, forward_ref, NULL);
  gently = self->begun && files->len == 0;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < files->len; i++)
    VM_PLUGIN (vm_p2p_forward_leave) (g_ptr_array_index (files, i), error);
  return gently;
}

static gboolean
vm_quic_src_stop (GstBaseSrc *src)
{
  VmQuicSrc *self = VM_QUIC_SRC (src);
  gboolean gently = end_all (self);

  vm_quic_agent_free (g_steal_pointer (&self->agent), gently);
  g_mutex_lock (&self->lock);
  g_queue_clear_full (&self->waiting, item_free);
  self->bytes = 0;
  g_mutex_unlock (&self->lock);
  gst_clear_caps (&self->caps);
  vm_live_source_clear (&self->live);
  return TRUE;
}

static gboolean
vm_quic_src_is_seekable (GstBaseSrc *src)
{
  return FALSE;
}

/* The object */

static void
vm_quic_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmQuicSrc *self = VM_QUIC_SRC (object);

  GST_OBJECT_LOCK (self);
  if (id == PROP_MULTIPLE)
    self->multiple = g_value_get_boolean (value);
  else if (!vm_quic_settings_set (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

static void
vm_quic_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmQuicSrc *self = VM_QUIC_SRC (object);

  GST_OBJECT_LOCK (self);
  if (id == PROP_MULTIPLE)
    g_value_set_boolean (value, self->multiple);
  else if (!vm_quic_settings_get (&self->settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  GST_OBJECT_UNLOCK (self);
}

static void
vm_quic_src_finalize (GObject *object)
{
  VmQuicSrc *self = VM_QUIC_SRC (object);

  vm_quic_settings_clear (&self->settings);
  g_ptr_array_unref (self->files);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (vm_quic_src_parent_class)->finalize (object);
}

static void
vm_quic_src_class_init (VmQuicSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = vm_quic_src_set_property;
  object_class->get_property = vm_quic_src_get_property;
  object_class->finalize = vm_quic_src_finalize;
  vm_quic_settings_install (object_class);
  g_object_class_install_property (object_class, PROP_MULTIPLE,
      g_param_spec_boolean ("multiple", "Multiple",
          "Files: whether they are received until the element is stopped; if "
          "not, "
          "EOS follows the first",
          TRUE,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
  base_class->start = vm_quic_src_start;
  base_class->stop = vm_quic_src_stop;
  element_class->change_state = vm_quic_src_change_state;
  base_class->unlock = vm_quic_src_unlock;
  base_class->unlock_stop = vm_quic_src_unlock_stop;
  base_class->event = vm_quic_src_event;
  base_class->is_seekable = vm_quic_src_is_seekable;
  GST_PUSH_SRC_CLASS (klass)->create = vm_quic_src_create;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Files from agents (videomeet)", "Source/Network",
      "Receives files of other agents of a mesh, over QUIC",
      "The gst-videomeet developers");
  gst_type_mark_as_plugin_api (VM_TYPE_POLICY, 0);
}

static void
vm_quic_src_init (VmQuicSrc *self)
{
  vm_quic_settings_init (&self->settings);
  self->multiple = TRUE;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->waiting);
  self->files = g_ptr_array_new_with_free_func (forward_unref);
  vm_live_source_init (&self->live, GST_ELEMENT (self));
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_BYTES);
}
