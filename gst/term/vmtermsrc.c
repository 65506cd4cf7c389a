/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmtermsrc
 * @title: vmtermsrc
 * @short_description: a command on a terminal that others watch
 * @see_also: vmtermsink
 *
 * Runs a command on a pseudo-terminal and pushes its screen: first whole, then
 * what changes. It ends, with EOS, when the command has exited, and posts
 * `vm-term-ended` with its `code` (int) before. A receiver that is slow leaves
 * pictures out; the command is never held for it.
 *
 * What is typed comes upstream as events, and is taken only with `input=true`.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -q vmtermsrc command="sh -c 'echo hello; date'" ! vmtermsink
 * ]|
 * Shows what a command writes.
 */

#include "vmtermsrc.h"

#include <gst/videomeet/plugin/livesource.h>
#include <gst/videomeet/plugin/plugin.h>

GST_DEBUG_CATEGORY_STATIC (vm_term_src_debug);
#define GST_CAT_DEFAULT vm_term_src_debug

#define COLS 80
#define ROWS 24
/* Between two looks whether it is to go on. */
#define WAIT G_USEC_PER_SEC

struct _VmTermSrc
{
  GstPushSrc parent;

  /* under the object's lock */
  gchar *command;
  VmTermSize size;
  gboolean input;
  gboolean flushing, over;
  VmTermShare *share; /* while it is PAUSED or PLAYING */
  VmTermView *view; /* the same */

  VmLiveSource live;
};

enum
{
  PROP_COMMAND = 1,
  PROP_COLS,
  PROP_ROWS,
  PROP_INPUT,
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TERM_CAPS));

G_DEFINE_FINAL_TYPE (VmTermSrc, vm_term_src, GST_TYPE_PUSH_SRC)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmtermsrc, "vmtermsrc", GST_RANK_NONE,
    VM_TYPE_TERM_SRC,
    GST_DEBUG_CATEGORY_INIT (
        vm_term_src_debug, "vmtermsrc", 0, "terminals that are shared"));

static void
refuse (VmTermSrc *self, const GError *error)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, OPEN_READ,
      ("The terminal cannot be shared: %s", error->message), (NULL),
      ("code", G_TYPE_STRING, vm_error_get_code (error), "property",
          G_TYPE_STRING, "command", NULL));
}

static VmTermShare *
run (VmTermSrc *self, VmTermSize *size, GError **error)
{
  g_auto (GStrv) argv = NULL;
  g_autofree gchar *command = NULL;
  g_autoptr (GError) syntax = NULL;

  GST_OBJECT_LOCK (self);
  command = g_strdup (self->command);
  *size = self->size;
  GST_OBJECT_UNLOCK (self);
  if (command && g_shell_parse_argv (command, NULL, &argv, &syntax))
    return VM_PLUGIN (vm_term_share_new) (
        (const gchar *const *) argv, size, error);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
      "set the property \"command\"%s%s", syntax ? ": " : "",
      syntax ? syntax->message : "");
  return NULL;
}

static gboolean
vm_term_src_start (GstBaseSrc *src)
{
  VmTermSrc *self = VM_TERM_SRC (src);
  g_autoptr (GError) error = NULL;
  VmTermShare *share;
  VmTermSize size;

  share = run (self, &size, &error);
  if (!share) {
    refuse (self, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self);
  self->flushing = self->over = FALSE;
  self->share = share;
  self->view = VM_PLUGIN (vm_term_share_attach) (share, NULL);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
vm_term_src_stop (GstBaseSrc *src)
{
  VmTermSrc *self = VM_TERM_SRC (src);
  VmTermShare *share;
  VmTermView *view;

  GST_OBJECT_LOCK (self);
  share = g_steal_pointer (&self->share);
  view = g_steal_pointer (&self->view);
  GST_OBJECT_UNLOCK (self);
  if (view)
    VM_PLUGIN (vm_term_view_detach) (view);
  VM_PLUGIN (vm_term_share_unref) (share);
  vm_live_source_clear (&self->live);
  return TRUE;
}

static void
set_flushing (VmTermSrc *self, gboolean flushing)
{
  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  if (flushing && self->view)
    VM_PLUGIN (vm_term_view_wake) (self->view);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
vm_term_src_unlock (GstBaseSrc *src)
{
  VmTermSrc *self = VM_TERM_SRC (src);

  if (!vm_live_source_is_pausing (&self->live))
    set_flushing (self, TRUE);
  return TRUE;
}

static GstStateChangeReturn
vm_term_src_change_state (GstElement *element, GstStateChange transition)
{
  return vm_live_source_change_state (&VM_TERM_SRC (element)->live, element,
      transition, vm_term_src_parent_class);
}

static gboolean
vm_term_src_unlock_stop (GstBaseSrc *src)
{
  set_flushing (VM_TERM_SRC (src), FALSE);
  return TRUE;
}

static void
tell_end (VmTermSrc *self, gint code)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("vm-term-ended", "code", G_TYPE_INT, code, NULL)));
}

/* GST_FLOW_OK without a buffer: it is of no use here. */
static GstFlowReturn
take_frame (VmTermSrc *self, VmTermFrame *frame, GstBuffer **buffer)
{
  GBytes *message;

  if (frame->type == VM_TERM_FRAME_END) {
    tell_end (self, frame->code);
    return GST_FLOW_EOS;
  }
  if (frame->type == VM_TERM_FRAME_STATUS)
    return GST_FLOW_OK;
  message = VM_PLUGIN (vm_term_frame_to_message) (frame);
  *buffer = gst_buffer_new_wrapped_bytes (message);
  g_bytes_unref (message);
  return GST_FLOW_OK;
}

static GstFlowReturn
vm_term_src_create (GstPushSrc *src, GstBuffer **buffer)
{
  VmTermSrc *self = VM_TERM_SRC (src);
  GstFlowReturn ret = GST_FLOW_OK;

  *buffer = NULL;
  if (vm_live_source_again (&self->live, buffer))
    return GST_FLOW_OK;
  while (ret == GST_FLOW_OK && !*buffer) {
    VmTermFrame frame;

    if (VM_PLUGIN (vm_term_view_next) (
            self->view, g_get_monotonic_time () + WAIT, &frame))
      ret = take_frame (self, &frame, buffer);
    VM_PLUGIN (vm_term_frame_clear) (&frame);
    GST_OBJECT_LOCK (self);
    if (self->flushing)
      ret = GST_FLOW_FLUSHING;
    else if (self->over)
      ret = GST_FLOW_EOS;
    GST_OBJECT_UNLOCK (self);
  }
  vm_live_source_keep (&self->live, *buffer);
  if (ret != GST_FLOW_OK)
    gst_clear_buffer (buffer);
  return ret;
}

/* Under the object's lock. */
static void
take_input (VmTermSrc *self, const GstStructure *event)
{
  GBytes *bytes = NULL;
  gboolean end = FALSE;
  gsize size;
  const guint8 *data;

  gst_structure_get (event, "bytes", G_TYPE_BYTES, &bytes, NULL);
  if (bytes) {
    data = g_bytes_get_data (bytes, &size);
    if (size > 0
        && !VM_PLUGIN (vm_term_share_write_input) (self->share, data, size))
      GST_INFO_OBJECT (self, "what was typed is dropped: nobody reads it");
    g_bytes_unref (bytes);
  }
  if (gst_structure_get_boolean (event, "end", &end) && end) {
    self->over = TRUE;
    VM_PLUGIN (vm_term_view_wake) (self->view);
  }
}

static gboolean
vm_term_src_event (GstBaseSrc *src, GstEvent *event)
{
  VmTermSrc *self = VM_TERM_SRC (src);
  const GstStructure *s = gst_event_get_structure (event);
  gboolean taken;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_UPSTREAM || !s
      || !gst_structure_has_name (s, VM_TERM_INPUT_EVENT))
    return GST_BASE_SRC_CLASS (vm_term_src_parent_class)->event (src, event);
  GST_OBJECT_LOCK (self);
  taken = self->input && self->share;
  if (taken)
    take_input (self, s);
  GST_OBJECT_UNLOCK (self);
  return taken;
}

static gboolean
vm_term_src_is_seekable (GstBaseSrc *src)
{
  return FALSE;
}

static void
vm_term_src_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmTermSrc *self = VM_TERM_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_COMMAND:
      g_free (self->command);
      self->command = g_value_dup_string (value);
      break;
    case PROP_COLS:
      self->size.cols = g_value_get_uint (value);
      break;
    case PROP_ROWS:
      self->size.rows = g_value_get_uint (value);
      break;
    case PROP_INPUT:
      self->input = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  if (self->share && (id == PROP_COLS || id == PROP_ROWS))
    VM_PLUGIN (vm_term_share_resize) (self->share, &self->size);
  GST_OBJECT_UNLOCK (self);
}

static void
vm_term_src_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmTermSrc *self = VM_TERM_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_COMMAND:
      g_value_set_string (value, self->command);
      break;
    case PROP_COLS:
      g_value_set_uint (value, self->size.cols);
      break;
    case PROP_ROWS:
      g_value_set_uint (value, self->size.rows);
      break;
    case PROP_INPUT:
      g_value_set_boolean (value, self->input);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_term_src_finalize (GObject *object)
{
  g_free (VM_TERM_SRC (object)->command);
  G_OBJECT_CLASS (vm_term_src_parent_class)->finalize (object);
}

static void
install_size (GObjectClass *klass, guint id, const gchar *name,
    const gchar *nick, const gchar *blurb, guint max, guint usual)
{
  g_object_class_install_property (klass, id,
      g_param_spec_uint (name, nick, blurb, 1, max, usual,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING
              | G_PARAM_STATIC_STRINGS));
}

static void
vm_term_src_class_init (VmTermSrcClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  object_class->set_property = vm_term_src_set_property;
  object_class->get_property = vm_term_src_get_property;
  object_class->finalize = vm_term_src_finalize;
  g_object_class_install_property (object_class, PROP_COMMAND,
      g_param_spec_string ("command", "Command",
          "Command: program with its arguments, quoted as for a shell; none is "
          "run",
          NULL,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
  install_size (object_class, PROP_COLS, "cols", "Columns",
      "Terminal: number of its columns", VM_TERM_COLS_MAX, COLS);
  install_size (object_class, PROP_ROWS, "rows", "Rows",
      "Terminal: number of its rows", VM_TERM_ROWS_MAX, ROWS);
  g_object_class_install_property (object_class, PROP_INPUT,
      g_param_spec_boolean ("input", "Input",
          "Input: whether what is typed downstream reaches the command", FALSE,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING
              | G_PARAM_STATIC_STRINGS));
  base_class->start = vm_term_src_start;
  base_class->stop = vm_term_src_stop;
  GST_ELEMENT_CLASS (klass)->change_state = vm_term_src_change_state;
  base_class->unlock = vm_term_src_unlock;
  base_class->unlock_stop = vm_term_src_unlock_stop;
  base_class->event = vm_term_src_event;
  base_class->is_seekable = vm_term_src_is_seekable;
  GST_PUSH_SRC_CLASS (klass)->create = vm_term_src_create;
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Shared terminal (videomeet)", "Source",
      "Runs a command on a terminal and sends its screen",
      "The gst-videomeet developers");
}

static void
vm_term_src_init (VmTermSrc *self)
{
  self->size = (VmTermSize){ COLS, ROWS };
  vm_live_source_init (&self->live, GST_ELEMENT (self));
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_BYTES);
}
