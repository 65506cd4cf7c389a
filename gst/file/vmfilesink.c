/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmfilesink
 * @title: vmfilesink
 * @short_description: receives files and verifies them
 * @see_also: vmfilesrc
 *
 * Receives in one folder what a vmfilesrc sends, here or on another device.
 * Each chunk is compared with its SHA-256 before it is written, and the whole
 * before the file gets its name; until then it is hidden, and what is verified
 * of it stays for the next attempt, for seven days. Names that lead out of the
 * folder, or could fool their reader, are declined, as is what the folder has
 * no room for.
 *
 * With `accept=ask` an offer is told by the message `vm-transfer` with the
 * state `pending`, and waits for the action signal `accept` or `decline`.
 *
 * The element message `vm-transfer` tells each state, and five times a second
 * how far it is: `transferId`, `filename`, `from`, `size` and `done` in bytes,
 * `state`, `reason` (`full`: the disk is); when it has failed `code` and
 * `message`, and there is a warning, too; when it is verified `savedPath`;
 * `lane` where a meeting or a server says it.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m vmfilesrc location=a.iso \
 *   ! vmfilesink directory=in overwrite=rename
 * ]|
 * Copies a file into the folder "in", as "a (1).iso" if "a.iso" is taken.
 */

#include "vmfilesink.h"

#include <gst/videomeet/plugin/plugin.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_STATIC (vm_file_sink_debug);
#define GST_CAT_DEFAULT vm_file_sink_debug

struct _VmFileSink
{
  GstBaseSink parent;

  /* under the object's lock */
  gchar *directory;
  VmOverwrite overwrite;
  guint64 max_size, quota; /* bytes */
  gboolean fsync;
  VmAccept accept;
  VmFileReceiver *receiver; /* while it is PAUSED or PLAYING */
  gchar *from; /* of the caps: who sends; or NULL */
};

enum
{
  PROP_DIRECTORY = 1,
  PROP_OVERWRITE,
  PROP_MAX_SIZE,
  PROP_QUOTA,
  PROP_FSYNC,
  PROP_ACCEPT,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

enum
{
  SIGNAL_ACCEPT,
  SIGNAL_DECLINE,
  SIGNAL_PAUSE,
  SIGNAL_RESUME,
  SIGNAL_CANCEL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TRANSFER_CAPS));

G_DEFINE_FINAL_TYPE (VmFileSink, vm_file_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmfilesink, "vmfilesink", GST_RANK_NONE,
    VM_TYPE_FILE_SINK,
    GST_DEBUG_CATEGORY_INIT (
        vm_file_sink_debug, "vmfilesink", 0, "files that are received"));

/* (transfer full) (nullable): between start() and stop(); any thread */
static VmFileReceiver *
ref_receiver (VmFileSink *self)
{
  VmFileReceiver *receiver;

  GST_OBJECT_LOCK (self);
  receiver = self->receiver ? g_object_ref (self->receiver) : NULL;
  GST_OBJECT_UNLOCK (self);
  return receiver;
}

/* The element whose message is being handled on this thread. */
static GPrivate telling;

static void
hear_reply (VmFileReceiver *receiver, const GstStructure *message,
    const gchar *from, gpointer user_data)
{
  GstStructure *s = gst_structure_new (VM_TRANSFER_EVENT, "message",
      GST_TYPE_STRUCTURE, message, "participant", G_TYPE_STRING, from, NULL);

  g_private_set (&telling, user_data);
  if (!gst_pad_push_event (GST_BASE_SINK_PAD (user_data),
          gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s)))
    GST_DEBUG_OBJECT (user_data, "nobody hears %" GST_PTR_FORMAT, message);
  g_private_set (&telling, NULL);
}

/* Who looks at the line, and not at its messages, hears of what failed. */
static void
warn (VmFileSink *self, const GstStructure *transfer)
{
  GST_ELEMENT_WARNING_WITH_DETAILS (self, RESOURCE, FAILED,
      ("\"%s\" is not received: %s",
          gst_structure_get_string (transfer, "filename"),
          gst_structure_get_string (transfer, "message")),
      (NULL),
      ("code", G_TYPE_STRING, gst_structure_get_string (transfer, "code"),
          NULL));
}

static void
hear_changed (
    VmFileReceiver *receiver, const GstStructure *transfer, gpointer user_data)
{
  VmFileSink *self = user_data;
  VmTransferState state = VM_TRANSFER_STATE_PENDING;

  gst_structure_get (transfer, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  g_private_set (&telling, self);
  if (state == VM_TRANSFER_STATE_FAILED)
    warn (self, transfer);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self),
                              gst_structure_copy (transfer)));
  g_private_set (&telling, NULL);
}

static VmFileReceiver *
make_receiver (VmFileSink *self)
{
  VmFileReceiver *receiver;

  GST_OBJECT_LOCK (self);
  receiver = g_object_new (VM_TYPE_FILE_RECEIVER, "directory",
      self->directory ? self->directory : "", "overwrite", self->overwrite,
      "max-size", self->max_size, "quota", self->quota, "fsync", self->fsync,
      "accept", self->accept, NULL);
  GST_OBJECT_UNLOCK (self);
  /* the receiver's thread is gone before this element is */
  g_signal_connect (receiver, "reply", G_CALLBACK (hear_reply), self);
  g_signal_connect (receiver, "changed", G_CALLBACK (hear_changed), self);
  return receiver;
}

static VmAccept
get_accept (VmFileSink *self)
{
  VmAccept accept;

  GST_OBJECT_LOCK (self);
  accept = self->accept;
  GST_OBJECT_UNLOCK (self);
  return accept;
}

/* To the receiver, if there is one. Not called with lock held: others may be
 * told that its property has changed. Who finds another afterwards may have
 * undone it, and passes that on. */
static void
pass_accept (VmFileSink *self)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);
  VmAccept accept;

  if (!receiver)
    return;
  do {
    accept = get_accept (self);
    g_object_set (receiver, "accept", accept, NULL);
  } while (accept != get_accept (self));
}

static gboolean
start_receiver (VmFileSink *self)
{
  g_autoptr (VmFileReceiver) receiver = make_receiver (self);
  g_autofree gchar *directory = NULL;
  g_autoptr (GError) error = NULL;

  g_object_get (receiver, "directory", &directory, NULL);
  if (!*directory) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("There is no folder to receive in: set the property \"directory\""),
        (NULL), ("property", G_TYPE_STRING, "directory", NULL));
    return FALSE;
  }
  if (!vm_file_receiver_start (receiver, &error)) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_WRITE,
        ("\"%s\": %s", directory, error->message), (NULL),
        ("property", G_TYPE_STRING, "directory", NULL));
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->receiver = g_steal_pointer (&receiver);
  GST_OBJECT_UNLOCK (self);
  /* it may have been set meanwhile */
  pass_accept (self);
  return TRUE;
}

static gpointer
stop_elsewhere (gpointer receiver)
{
  vm_file_receiver_stop (receiver);
  g_object_unref (receiver);
  return NULL;
}

/* A thread cannot wait for itself, which whoever handles a message may have it
 * do. */
static void
stop_receiver (VmFileSink *self)
{
  g_autoptr (VmFileReceiver) receiver = NULL;

  GST_OBJECT_LOCK (self);
  receiver = g_steal_pointer (&self->receiver);
  g_clear_pointer (&self->from, g_free);
  GST_OBJECT_UNLOCK (self);
  if (receiver && g_private_get (&telling) == self) {
    g_signal_handlers_disconnect_by_data (receiver, self);
    g_thread_unref (g_thread_new (
        "vm-file-stop", stop_elsewhere, g_steal_pointer (&receiver)));
  } else if (receiver) {
    vm_file_receiver_stop (receiver);
  }
}

static void
set_is_sink (VmFileSink *self, gboolean is)
{
  GST_OBJECT_LOCK (self);
  if (is)
    GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  else
    GST_OBJECT_FLAG_UNSET (self, GST_ELEMENT_FLAG_SINK);
  GST_OBJECT_UNLOCK (self);
}

static void
on_linked (GstPad *pad, GstPad *peer, VmFileSink *self)
{
  set_is_sink (self, TRUE);
}

/* A pipeline ends when all its sinks have. One that waits for a pad which comes
 * with the first file is none before: where nobody sends a file it would hold
 * up the end for ever. */
static GstStateChangeReturn
vm_file_sink_change_state (GstElement *element, GstStateChange transition)
{
  VmFileSink *self = VM_FILE_SINK (element);
  GstStateChangeReturn ret;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) {
    if (!start_receiver (self))
      return GST_STATE_CHANGE_FAILURE;
    set_is_sink (self, gst_pad_is_linked (GST_BASE_SINK_PAD (self)));
  } else if (transition == GST_STATE_CHANGE_READY_TO_NULL) {
    set_is_sink (self, TRUE);
  }
  ret = GST_ELEMENT_CLASS (vm_file_sink_parent_class)
            ->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED
          && ret == GST_STATE_CHANGE_FAILURE))
    stop_receiver (self);
  return ret;
}

static gboolean
vm_file_sink_set_caps (GstBaseSink *sink, GstCaps *caps)
{
  VmFileSink *self = VM_FILE_SINK (sink);
  const GstStructure *s = gst_caps_get_structure (caps, 0);

  GST_OBJECT_LOCK (self);
  g_free (self->from);
  self->from = g_strdup (gst_structure_get_string (s, "from"));
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* Whoever waits here is let go for PAUSED as well: then it waits for PLAYING,
 * and goes on. */
static GstFlowReturn
vm_file_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  VmFileSink *self = VM_FILE_SINK (sink);
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);
  g_autofree gchar *from = NULL;
  g_autoptr (GError) error = NULL;
  GstFlowReturn ret = GST_FLOW_OK;

  if (!receiver)
    return GST_FLOW_FLUSHING;
  GST_OBJECT_LOCK (self);
  from = g_strdup (self->from);
  GST_OBJECT_UNLOCK (self);
  while (!vm_file_receiver_take (receiver, buffer, from, &error)
         && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    g_clear_error (&error);
    ret = gst_base_sink_wait_preroll (sink);
    if (ret != GST_FLOW_OK)
      return ret;
  }
  if (!error)
    return GST_FLOW_OK;
  if (vm_buffer_get_transfer_meta (buffer)) {
    GST_ELEMENT_WARNING_WITH_DETAILS (self, STREAM, DECODE,
        ("A message is passed over: %s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
    return GST_FLOW_OK;
  }
  GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, WRONG_TYPE,
      ("%s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
  return GST_FLOW_ERROR;
}

static gboolean
vm_file_sink_event (GstBaseSink *sink, GstEvent *event)
{
  VmFileSink *self = VM_FILE_SINK (sink);
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  while (GST_EVENT_TYPE (event) == GST_EVENT_EOS && receiver
         && !VM_PLUGIN (vm_file_receiver_drain) (receiver)) {
    if (gst_base_sink_wait_preroll (sink) == GST_FLOW_OK)
      continue;
    gst_event_unref (event); /* flushing; behind this it would be waited for */
    return FALSE;
  }
  return GST_BASE_SINK_CLASS (vm_file_sink_parent_class)->event (sink, event);
}

static gboolean
set_flushing (VmFileSink *self, gboolean flushing)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver)
    VM_PLUGIN (vm_file_receiver_set_flushing) (receiver, flushing);
  return TRUE;
}

static gboolean
vm_file_sink_unlock (GstBaseSink *sink)
{
  return set_flushing (VM_FILE_SINK (sink), TRUE);
}

static gboolean
vm_file_sink_unlock_stop (GstBaseSink *sink)
{
  return set_flushing (VM_FILE_SINK (sink), FALSE);
}

static void
vm_file_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmFileSink *self = VM_FILE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DIRECTORY:
      g_free (self->directory);
      self->directory = g_value_dup_string (value);
      break;
    case PROP_OVERWRITE:
      self->overwrite = g_value_get_enum (value);
      break;
    case PROP_MAX_SIZE:
      self->max_size = g_value_get_uint64 (value);
      break;
    case PROP_QUOTA:
      self->quota = g_value_get_uint64 (value);
      break;
    case PROP_FSYNC:
      self->fsync = g_value_get_boolean (value);
      break;
    case PROP_ACCEPT:
      self->accept = g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_ACCEPT)
    pass_accept (self);
}

static void
vm_file_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmFileSink *self = VM_FILE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_DIRECTORY:
      g_value_set_string (value, self->directory);
      break;
    case PROP_OVERWRITE:
      g_value_set_enum (value, self->overwrite);
      break;
    case PROP_MAX_SIZE:
      g_value_set_uint64 (value, self->max_size);
      break;
    case PROP_QUOTA:
      g_value_set_uint64 (value, self->quota);
      break;
    case PROP_FSYNC:
      g_value_set_boolean (value, self->fsync);
      break;
    case PROP_ACCEPT:
      g_value_set_enum (value, self->accept);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_file_sink_finalize (GObject *object)
{
  VmFileSink *self = VM_FILE_SINK (object);

  g_free (self->directory);
  g_free (self->from);
  G_OBJECT_CLASS (vm_file_sink_parent_class)->finalize (object);
}

static void
make_properties (void)
{
  const GParamFlags ready =
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY | G_PARAM_STATIC_STRINGS;
  const GParamFlags playing =
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING | G_PARAM_STATIC_STRINGS;

  properties[PROP_DIRECTORY] = g_param_spec_string ("directory", "Folder",
      "Folder: path of the folder, which must exist", NULL, ready);
  properties[PROP_OVERWRITE] =
      g_param_spec_enum ("overwrite", "Names that are taken",
          "Folder: what to do when a file of the same name exists",
          VM_TYPE_OVERWRITE, VM_OVERWRITE_NEVER, ready);
  properties[PROP_MAX_SIZE] =
      g_param_spec_uint64 ("max-size", "Most bytes of a file",
          "Transfer: largest file to accept, in bytes (0: limited by free "
          "space only)",
          0, G_MAXUINT64, 0, ready);
  properties[PROP_QUOTA] =
      g_param_spec_uint64 ("quota", "Most bytes of all files",
          "Folder: most bytes of all received files in the directory, from all "
          "elements and earlier runs (0: no limit)",
          0, G_MAXUINT64, 0, ready);
  properties[PROP_FSYNC] = g_param_spec_boolean ("fsync", "Wait for the disk",
      "Folder: whether to write a file to the disk before it is reported as "
      "verified",
      TRUE, ready);
  properties[PROP_ACCEPT] =
      g_param_spec_enum ("accept", "Accept", "Transfer: which files to accept",
          VM_TYPE_ACCEPT, VM_ACCEPT_AUTO, playing);
}

/* The action signals: what the user wants of a transfer */

static void
vm_file_sink_accept (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_accept (receiver, id);
}

static void
vm_file_sink_decline (VmFileSink *self, const gchar *id, const gchar *reason)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_decline (receiver, id, reason);
}

static void
vm_file_sink_pause (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_set_paused (receiver, id, TRUE);
}

static void
vm_file_sink_resume (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_set_paused (receiver, id, FALSE);
}

static void
vm_file_sink_cancel (VmFileSink *self, const gchar *id)
{
  g_autoptr (VmFileReceiver) receiver = ref_receiver (self);

  if (receiver && id)
    vm_file_receiver_cancel (receiver, id);
}

/* An action signal on the transfer of an id. */
static guint
add_action (const gchar *name, GCallback handler)
{
  return g_signal_new_class_handler (name, VM_TYPE_FILE_SINK,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, handler, NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
install_actions (void)
{
  /**
   * VmFileSink::accept:
   * @transfer_id: the id of a transfer that is pending
   *
   * Has it sent. An action signal, as the others; what has no such transfer
   * does nothing.
   */
  signals[SIGNAL_ACCEPT] =
      add_action ("accept", G_CALLBACK (vm_file_sink_accept));
  /**
   * VmFileSink::decline:
   * @transfer_id: the id of a transfer that is pending
   * @reason: (nullable): why, for the sender
   *
   * Declines it.
   */
  signals[SIGNAL_DECLINE] = g_signal_new_class_handler ("decline",
      VM_TYPE_FILE_SINK, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (vm_file_sink_decline), NULL, NULL, NULL, G_TYPE_NONE, 2,
      G_TYPE_STRING, G_TYPE_STRING);
  /**
   * VmFileSink::pause:
   * @transfer_id: the id of a transfer that has begun
   *
   * Lets its sender wait.
   */
  signals[SIGNAL_PAUSE] = add_action ("pause", G_CALLBACK (vm_file_sink_pause));
  /**
   * VmFileSink::resume:
   * @transfer_id: the id of a transfer that is paused
   *
   * Has it go on; when the disk was full, it is tried at once.
   */
  signals[SIGNAL_RESUME] =
      add_action ("resume", G_CALLBACK (vm_file_sink_resume));
  /**
   * VmFileSink::cancel:
   * @transfer_id: the id of a transfer
   *
   * Ends it, and keeps nothing of it.
   */
  signals[SIGNAL_CANCEL] =
      add_action ("cancel", G_CALLBACK (vm_file_sink_cancel));
}

static void
vm_file_sink_class_init (VmFileSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = vm_file_sink_set_property;
  object_class->get_property = vm_file_sink_get_property;
  object_class->finalize = vm_file_sink_finalize;
  make_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  install_actions ();
  element_class->change_state = vm_file_sink_change_state;
  base_class->set_caps = vm_file_sink_set_caps;
  base_class->render = vm_file_sink_render;
  base_class->event = vm_file_sink_event;
  base_class->unlock = vm_file_sink_unlock;
  base_class->unlock_stop = vm_file_sink_unlock_stop;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class,
      "File that is received (videomeet)", "Sink/File",
      "Receives files in a folder, and verifies them",
      "The gst-videomeet developers");
  gst_element_class_add_static_metadata (
      element_class, "action:accept", "(transfer-id string)");
  gst_element_class_add_static_metadata (element_class, "action:decline",
      "(transfer-id string, reason string or NULL)");
  gst_element_class_add_static_metadata (
      element_class, "action:pause", "(transfer-id string)");
  gst_element_class_add_static_metadata (
      element_class, "action:resume", "(transfer-id string)");
  gst_element_class_add_static_metadata (
      element_class, "action:cancel", "(transfer-id string)");
  gst_type_mark_as_plugin_api (VM_TYPE_OVERWRITE, 0);
  gst_type_mark_as_plugin_api (VM_TYPE_ACCEPT, 0);
}

static void
vm_file_sink_init (VmFileSink *self)
{
  self->fsync = TRUE;
  g_signal_connect (
      GST_BASE_SINK_PAD (self), "linked", G_CALLBACK (on_linked), self);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}
