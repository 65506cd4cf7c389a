/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmfilesrc
 * @title: vmfilesrc
 * @short_description: sends files that the receiver verifies
 * @see_also: vmfilesink
 *
 * Offers a file and, once the receiver has accepted, sends it in chunks: each
 * with its SHA-256, those that are lost or damaged again, and the hash of the
 * whole at the end. It ends, with EOS, when the receiver has verified all of
 * it; when it was declined, cancelled or broken it ends with an error that says
 * why, its code in the details. What the receiver has verified it is not sent
 * again by the same line.
 *
 * Each buffer is one message, with a #VmTransferMeta; the replies come upstream
 * as events. Linked to vmfilesink it copies and verifies; between two devices
 * something carries both, as vmsignalbin does.
 *
 * EOS from outside, as of `gst-launch-1.0 -e` when it is interrupted, ends it
 * with an error as well while a file is not whole there, `DISCONNECTED`; what
 * the receiver has verified it keeps. A file that the receiver is just checking
 * as a whole is waited for.
 *
 * With `locations` the files follow each other. One that fails is told by a
 * warning, the others are sent all the same, and an error at the end says how
 * many failed.
 *
 * The element message `vm-transfer` tells each state, and five times a second
 * how far it is: `transferId`, `filename`, `size` and `done` in bytes, `state`;
 * over vmsignalbin `lane` and `address`; when it has failed `code` and
 * `message`; when it is verified `savedPath`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 vmfilesrc location=a.iso ! vmfilesink directory=in
 * ]|
 * Copies a file into the folder "in", and verifies it.
 * |[
 * gst-launch-1.0 -m vmfilesrc location=a.iso max-bitrate=8000000 \
 *   ! vmfilesink directory=in
 * ]|
 * At 1 MB a second, and tells how it goes on.
 */

#include "vmfilesrc-priv.h"

#include <gst/videomeet/plugin/plugin.h>
#include <gst/videomeet/videomeet.h>

GST_DEBUG_CATEGORY_STATIC (vm_file_src_debug);
#define GST_CAT_DEFAULT vm_file_src_debug

struct _VmFileSrc
{
  GstPushSrc parent;

  /* under the object's lock, behind which is that of a sender */
  gchar **locations;
  guint chunk_size; /* bytes; 0: by the size of the file */
  guint64 max_bitrate; /* bits/s */
  gboolean paused;
  gboolean flushing;
  VmFileSender *sender; /* of the file that is being sent; made by create() */
  VmTransferState state;
  gdouble progress; /* 0 to 1 */
  guint files, verified; /* of this run */
  gboolean running; /* from start() until create() has told the end */
  gboolean ended; /* by EOS from outside, while it ran */
  gboolean end_told; /* the error for that is on the bus, if it is one */

  /* the streaming thread, and start() before it */
  guint next; /* of locations */
  guint failed; /* files */
};

enum
{
  PROP_LOCATION = 1,
  PROP_LOCATIONS,
  PROP_CHUNK_SIZE,
  PROP_MAX_BITRATE,
  PROP_PAUSED,
  PROP_TRANSFER_STATE,
  PROP_PROGRESS,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

enum
{
  SIGNAL_CANCEL,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TRANSFER_CAPS));

G_DEFINE_FINAL_TYPE (VmFileSrc, vm_file_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmfilesrc, "vmfilesrc", GST_RANK_NONE,
    VM_TYPE_FILE_SRC,
    GST_DEBUG_CATEGORY_INIT (
        vm_file_src_debug, "vmfilesrc", 0, "files that are sent"));

static VmFileSender *
ref_sender (VmFileSrc *self)
{
  VmFileSender *sender;

  GST_OBJECT_LOCK (self);
  sender = self->sender ? g_object_ref (self->sender) : NULL;
  GST_OBJECT_UNLOCK (self);
  return sender;
}

static gboolean
is_ended (VmFileSrc *self)
{
  gboolean ended;

  GST_OBJECT_LOCK (self);
  ended = self->ended;
  GST_OBJECT_UNLOCK (self);
  return ended;
}

static void
hear_changed (
    VmFileSender *sender, const GstStructure *transfer, gpointer user_data)
{
  VmFileSrc *self = user_data;
  guint64 size = 0, done = 0;
  VmTransferState state = VM_TRANSFER_STATE_PENDING;
  gboolean moved;

  gst_structure_get (transfer, "size", G_TYPE_UINT64, &size, "done",
      G_TYPE_UINT64, &done, "state", VM_TYPE_TRANSFER_STATE, &state, NULL);
  GST_OBJECT_LOCK (self);
  moved = self->state != state;
  self->state = state;
  self->progress =
      size ? (gdouble) done / size : state == VM_TRANSFER_STATE_COMPLETED;
  GST_OBJECT_UNLOCK (self);
  if (moved)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_TRANSFER_STATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PROGRESS]);
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self),
                              gst_structure_copy (transfer)));
}

/* The files, and what is said on the bus of those that are not sent */

/* The file at an index; NULL: there are no more. */
static gchar *
dup_location (VmFileSrc *self, guint index)
{
  gchar *location = NULL;

  GST_OBJECT_LOCK (self);
  if (self->locations && index < g_strv_length (self->locations))
    location = g_strdup (self->locations[index]);
  GST_OBJECT_UNLOCK (self);
  return location;
}

/* An error or a warning about one file. */
static void
tell (VmFileSrc *self, GstMessageType type, const GError *error,
    const gchar *name)
{
  gboolean missing = g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);

  gst_element_message_full_with_details (GST_ELEMENT (self), type,
      GST_RESOURCE_ERROR,
      missing ? GST_RESOURCE_ERROR_NOT_FOUND : GST_RESOURCE_ERROR_FAILED,
      g_strdup_printf ("\"%s\" is not sent: %s", name, error->message), NULL,
      __FILE__, GST_FUNCTION, __LINE__,
      gst_structure_new ("details", "code", G_TYPE_STRING,
          missing ? vm_error_to_code (VM_ERROR_NOT_FOUND)
                  : vm_error_get_code (error),
          NULL));
}

/* The only one is the end of all. */
static gboolean
is_only_one (VmFileSrc *self)
{
  gboolean only;

  GST_OBJECT_LOCK (self);
  only = self->files == 1;
  if (only)
    self->running = FALSE;
  GST_OBJECT_UNLOCK (self);
  return only;
}

/* One of several files has failed, or the only one. */
static GstFlowReturn
lose (VmFileSrc *self, const GError *error, const gchar *name)
{
  self->failed++;
  if (is_only_one (self)) {
    tell (self, GST_MESSAGE_ERROR, error, name);
    return GST_FLOW_ERROR;
  }
  tell (self, GST_MESSAGE_WARNING, error, name);
  return GST_FLOW_OK;
}

static void
tell_failed (VmFileSrc *self, guint failed, guint files, const gchar *code,
    const gchar *why)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, FAILED,
      ("%u of %u files are not sent%s", failed, files, why), (NULL),
      ("code", G_TYPE_STRING, code, "failed", G_TYPE_UINT, failed, NULL));
}

static gchar *
dup_name (VmFileSrc *self)
{
  g_autofree gchar *location = dup_location (self, 0);

  return location ? g_path_get_basename (location) : g_strdup ("");
}

/* Once, or, where two threads come to it at the same time, twice rather than
 * behind EOS: who listens for that has gone by then. */
static void
tell_ended (VmFileSrc *self)
{
  const gchar *code = vm_error_to_code (VM_ERROR_DISCONNECTED);
  g_autofree gchar *name = NULL;
  guint files, left;

  GST_OBJECT_LOCK (self);
  files = self->files;
  left = self->end_told ? 0 : files - self->verified;
  GST_OBJECT_UNLOCK (self);
  if (left == 0)
    return;
  name = dup_name (self);
  if (files > 1)
    tell_failed (self, left, files, code,
        ": ended by EOS; what is verified of them stays there");
  else
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, FAILED,
        ("\"%s\" is not whole there: ended by EOS; the same line goes on where "
         "it was",
            name),
        (NULL), ("code", G_TYPE_STRING, code, NULL));
  GST_OBJECT_LOCK (self);
  self->end_told = TRUE;
  GST_OBJECT_UNLOCK (self);
}

/* The end of all files. */
static GstFlowReturn
finish (VmFileSrc *self)
{
  gboolean ended;

  GST_OBJECT_LOCK (self);
  self->running = FALSE;
  ended = self->ended;
  GST_OBJECT_UNLOCK (self);
  if (ended)
    tell_ended (self);
  if (ended || self->failed == 0)
    return GST_FLOW_EOS;
  tell_failed (self, self->failed, self->next, "FAILED", "");
  return GST_FLOW_ERROR;
}

/* EOS from outside; any thread. FALSE: nothing was begun, or all is over, and
 * the base class may have it.
 *
 * Told here, and not left to create(), which may stand in a push as long as who
 * is behind it is PAUSED. What the receiver says last of a file, create() hears
 * first. */
static gboolean
end_early (VmFileSrc *self)
{
  gboolean running, left;

  GST_OBJECT_LOCK (self);
  running = self->running;
  self->ended |= running;
  left = running
         && (!self->sender || VM_PLUGIN (vm_file_sender_leave) (self->sender));
  GST_OBJECT_UNLOCK (self);
  if (left)
    tell_ended (self);
  return running;
}

/* What is sent */

/* The sender of the next file that can be opened. *@ret (GST_FLOW_OK with NULL:
 * another is to be tried). */
static VmFileSender *
open_next (VmFileSrc *self, GstFlowReturn *ret)
{
  g_autofree gchar *location = dup_location (self, self->next);
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GError) error = NULL;
  gboolean ended;

  if (!location || is_ended (self)) {
    *ret = finish (self);
    return NULL;
  }
  self->next++;
  *ret = GST_FLOW_OK;
  sender = vm_file_sender_new (location, self->chunk_size, &error);
  if (!sender) {
    *ret = lose (self, error, location);
    return NULL;
  }
  g_signal_connect_object (
      sender, "changed", G_CALLBACK (hear_changed), self, 0);
  GST_OBJECT_LOCK (self);
  vm_file_sender_set_max_bitrate (sender, self->max_bitrate);
  vm_file_sender_set_paused (sender, self->paused);
  VM_PLUGIN (vm_file_sender_set_flushing) (sender, self->flushing);
  ended = self->ended; /* while it was opened */
  if (!ended)
    self->sender = g_object_ref (sender);
  GST_OBJECT_UNLOCK (self);
  return ended ? NULL : g_steal_pointer (&sender);
}

/* @verified: files that are */
static void
drop_sender (VmFileSrc *self, guint verified)
{
  VmFileSender *sender;

  GST_OBJECT_LOCK (self);
  sender = g_steal_pointer (&self->sender);
  self->verified += verified;
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&sender);
}

/* There is nothing more to pull: it is verified, has failed, or is held up. */
static GstFlowReturn
end_file (VmFileSrc *self, const GError *error)
{
  g_autofree gchar *location = NULL;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return GST_FLOW_FLUSHING;
  drop_sender (self, error ? 0 : 1);
  if (!error)
    return GST_FLOW_OK;
  /* end_early() has left it, and tells */
  if (g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
      && is_ended (self))
    return GST_FLOW_OK;
  location = dup_location (self, self->next - 1);
  return lose (self, error, location);
}

static GstFlowReturn
vm_file_src_create (GstPushSrc *src, GstBuffer **buffer)
{
  VmFileSrc *self = VM_FILE_SRC (src);
  GstFlowReturn ret = GST_FLOW_OK;

  while (ret == GST_FLOW_OK) {
    g_autoptr (VmFileSender) sender = ref_sender (self);
    g_autoptr (GError) error = NULL;

    if (!sender)
      sender = open_next (self, &ret);
    if (!sender)
      continue;
    *buffer = vm_file_sender_pull (sender, &error);
    if (*buffer)
      return GST_FLOW_OK;
    ret = end_file (self, error);
  }
  return ret;
}

static gboolean
vm_file_src_start (GstBaseSrc *src)
{
  VmFileSrc *self = VM_FILE_SRC (src);
  gboolean none;

  GST_OBJECT_LOCK (self);
  self->files = self->locations ? g_strv_length (self->locations) : 0;
  none = self->files == 0;
  self->flushing = self->ended = self->end_told = FALSE;
  self->running = !none;
  self->verified = 0;
  self->state = VM_TRANSFER_STATE_PENDING;
  self->progress = 0;
  GST_OBJECT_UNLOCK (self);
  self->next = self->failed = 0;
  if (none)
    GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, NOT_FOUND,
        ("There is no file to send: set the property \"location\""), (NULL),
        ("property", G_TYPE_STRING, "location", NULL));
  return !none;
}

static gboolean
vm_file_src_stop (GstBaseSrc *src)
{
  VmFileSrc *self = VM_FILE_SRC (src);

  GST_OBJECT_LOCK (self);
  self->running = FALSE;
  GST_OBJECT_UNLOCK (self);
  drop_sender (self, 0);
  return TRUE;
}

/* The base class would end create() in mid-file, and push it. */
static gboolean
vm_file_src_send_event (GstElement *element, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) != GST_EVENT_EOS
      || !end_early (VM_FILE_SRC (element)))
    return GST_ELEMENT_CLASS (vm_file_src_parent_class)
        ->send_event (element, event);
  gst_event_unref (event);
  return TRUE;
}

static void
set_flushing (VmFileSrc *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  if (self->sender)
    VM_PLUGIN (vm_file_sender_set_flushing) (self->sender, flushing);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
vm_file_src_unlock (GstBaseSrc *src)
{
  set_flushing (VM_FILE_SRC (src), TRUE);
  return TRUE;
}

static gboolean
vm_file_src_unlock_stop (GstBaseSrc *src)
{
  set_flushing (VM_FILE_SRC (src), FALSE);
  return TRUE;
}

/* @event: a VM_TRANSFER_EVENT without a message. FALSE: it is of another file
 * than the sender's, or tells nothing. */
static gboolean
take_lane (VmFileSender *sender, const GstStructure *event)
{
  g_autoptr (GstStructure) transfer = vm_file_sender_describe (sender);
  const gchar *lane = gst_structure_get_string (event, "lane");
  guint reliable = 0;

  gst_structure_get_uint (event, "reliable", &reliable);
  if ((!lane && !reliable)
      || g_strcmp0 (gst_structure_get_string (event, "transferId"),
             gst_structure_get_string (transfer, "transferId"))
             != 0)
    return FALSE;
  if (reliable)
    VM_PLUGIN (vm_file_sender_set_reliable) (sender, reliable);
  if (lane)
    VM_PLUGIN (vm_file_sender_set_lane)
  (sender, lane, gst_structure_get_string (event, "address"));
  return TRUE;
}

/* A reply. It may come from within a push of this element, or from any thread:
 * it is only put down for create(). */
static gboolean
vm_file_src_event (GstBaseSrc *src, GstEvent *event)
{
  const GstStructure *s = gst_event_get_structure (event);
  const GstStructure *message = NULL;
  g_autoptr (VmFileSender) sender = NULL;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !s
      || !gst_structure_has_name (s, VM_TRANSFER_EVENT))
    return GST_BASE_SRC_CLASS (vm_file_src_parent_class)->event (src, event);
  if (gst_structure_has_field_typed (s, "message", GST_TYPE_STRUCTURE))
    message = gst_value_get_structure (gst_structure_get_value (s, "message"));
  sender = ref_sender (VM_FILE_SRC (src));
  if (!sender)
    return FALSE;
  if (!message)
    return take_lane (sender, s);
  vm_file_sender_take (sender, message);
  return TRUE;
}

static gboolean
vm_file_src_is_seekable (GstBaseSrc *src)
{
  return FALSE;
}

static void
vm_file_src_cancel (VmFileSrc *self)
{
  g_autoptr (VmFileSender) sender = ref_sender (self);

  if (sender)
    vm_file_sender_cancel (sender);
}

static void
set_locations (VmFileSrc *self, gchar **locations)
{
  g_strfreev (self->locations);
  self->locations = locations;
}

static void
vm_file_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmFileSrc *self = VM_FILE_SRC (object);
  const gchar *location[2] = { NULL, NULL };

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      location[0] = g_value_get_string (value);
      set_locations (self, g_strdupv ((gchar **) location));
      break;
    case PROP_LOCATIONS:
      set_locations (self, g_value_dup_boxed (value));
      break;
    case PROP_CHUNK_SIZE:
      self->chunk_size = g_value_get_uint (value);
      if (self->chunk_size)
        self->chunk_size = MAX (self->chunk_size, VM_FILE_CHUNK_SIZE_MIN);
      break;
    case PROP_MAX_BITRATE:
      self->max_bitrate = g_value_get_uint64 (value);
      if (self->sender)
        vm_file_sender_set_max_bitrate (self->sender, self->max_bitrate);
      break;
    case PROP_PAUSED:
      self->paused = g_value_get_boolean (value);
      if (self->sender)
        vm_file_sender_set_paused (self->sender, self->paused);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_file_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmFileSrc *self = VM_FILE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_LOCATION:
      g_value_set_string (value, self->locations ? self->locations[0] : NULL);
      break;
    case PROP_LOCATIONS:
      g_value_set_boxed (value, self->locations);
      break;
    case PROP_CHUNK_SIZE:
      g_value_set_uint (value, self->chunk_size);
      break;
    case PROP_MAX_BITRATE:
      g_value_set_uint64 (value, self->max_bitrate);
      break;
    case PROP_PAUSED:
      g_value_set_boolean (value, self->paused);
      break;
    case PROP_TRANSFER_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_PROGRESS:
      g_value_set_double (value, self->progress);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_file_src_finalize (GObject *object)
{
  VmFileSrc *self = VM_FILE_SRC (object);

  g_clear_object (&self->sender);
  g_strfreev (self->locations);
  G_OBJECT_CLASS (vm_file_src_parent_class)->finalize (object);
}

static void
make_properties (void)
{
  const GParamFlags ready =
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY | G_PARAM_STATIC_STRINGS;
  const GParamFlags playing =
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING | G_PARAM_STATIC_STRINGS;
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  properties[PROP_LOCATION] = g_param_spec_string (
      "location", "File", "Files: path of the one to send", NULL, ready);
  properties[PROP_LOCATIONS] = g_param_spec_boxed ("locations", "Files",
      "Files: paths of those to send, one after the other", G_TYPE_STRV, ready);
  properties[PROP_CHUNK_SIZE] = g_param_spec_uint ("chunk-size", "Chunk size",
      "Transfer: size of a chunk in bytes, at least 1024 (0: 65536, and larger "
      "for a "
      "large file). A receiver may ask for smaller chunks",
      0, VM_FILE_CHUNK_SIZE_MAX, 0, ready);
  properties[PROP_MAX_BITRATE] =
      g_param_spec_uint64 ("max-bitrate", "Highest bit rate",
          "Transfer: most bits of the file per second (0: no limit)", 0,
          G_MAXUINT64, 0, playing);
  properties[PROP_PAUSED] = g_param_spec_boolean ("paused", "Paused",
      "Transfer: whether it is paused; both sides show it", FALSE, playing);
  properties[PROP_TRANSFER_STATE] = g_param_spec_enum ("transfer-state",
      "State", "Transfer: state of that of the current file",
      VM_TYPE_TRANSFER_STATE, VM_TRANSFER_STATE_PENDING, read);
  properties[PROP_PROGRESS] = g_param_spec_double ("progress", "Progress",
      "Transfer: part of the current file that the receiver has verified, 0 to "
      "1",
      0, 1, 0, read);
}

static void
install_class (VmFileSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->set_property = vm_file_src_set_property;
  object_class->get_property = vm_file_src_get_property;
  object_class->finalize = vm_file_src_finalize;
  make_properties ();
  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
  /**
   * VmFileSrc::cancel:
   *
   * Ends the transfer of the present file, and tells the receiver, which then
   * keeps nothing of it. An action signal.
   */
  signals[SIGNAL_CANCEL] = g_signal_new_class_handler ("cancel",
      VM_TYPE_FILE_SRC, G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (vm_file_src_cancel), NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
vm_file_src_class_init (VmFileSrcClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  install_class (klass);
  element_class->post_message = vm_file_src_post_message;
  element_class->send_event = vm_file_src_send_event;
  base_class->start = vm_file_src_start;
  base_class->stop = vm_file_src_stop;
  base_class->unlock = vm_file_src_unlock;
  base_class->unlock_stop = vm_file_src_unlock_stop;
  base_class->event = vm_file_src_event;
  base_class->is_seekable = vm_file_src_is_seekable;
  GST_PUSH_SRC_CLASS (klass)->create = vm_file_src_create;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "File that is sent (videomeet)", "Source/File",
      "Sends files in chunks that the receiver verifies",
      "The gst-videomeet developers");
  gst_element_class_add_static_metadata (element_class, "action:cancel", "()");
  gst_type_mark_as_plugin_api (VM_TYPE_TRANSFER_STATE, 0);
}

static void
vm_file_src_init (VmFileSrc *self)
{
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_BYTES);
}
