/* SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-vmtermsink
 * @title: vmtermsink
 * @short_description: shows a shared terminal
 * @see_also: vmtermsrc
 *
 * Shows the terminal that a vmtermsrc shares on the local terminal, whatever
 * its size. Where the output is no terminal it gets what came, as text with
 * the sequences that are allowed.
 *
 * With `input=true` what is typed goes upstream; Ctrl-] ends that, and the
 * vmtermsrc that takes the input. The local terminal is as before when the
 * element has stopped.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -q vmtermsrc command=bash input=true ! vmtermsink input=true
 * ]|
 * A shell in a terminal in a terminal.
 */

#include "vmtermsink.h"
#include "vmtermkeys.h"
#include "vmtermsrc.h"

#include <gst/videomeet/plugin/plugin.h>

#include <errno.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

GST_DEBUG_CATEGORY_STATIC (vm_term_sink_debug);
#define GST_CAT_DEFAULT vm_term_sink_debug

#define COLS 80
#define ROWS 24
/* Between two looks whether a write is to go on, in ms. */
#define WAIT 100
/* Bytes of one write to a terminal, which may block for the last of them. */
#define WRITE_SIZE 1024

struct _VmTermSink
{
  GstBaseSink parent;

  /* under the object's lock */
  gint output_fd, input_fd;
  gboolean input;
  gboolean flushing;

  /* while it is PAUSED or PLAYING; the streaming thread */
  VmP2pReader *reader;
  VmTermFilter *filter;
  VmTermScreen *screen;
  VmTermPaint *paint; /* NULL: the output is no terminal */
  VmTermSize local;
  gint fd;
  VmTermKeys *keys; /* or NULL */
};

enum
{
  PROP_OUTPUT_FD = 1,
  PROP_INPUT_FD,
  PROP_INPUT,
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (VM_TERM_CAPS));

G_DEFINE_FINAL_TYPE (VmTermSink, vm_term_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (vmtermsink, "vmtermsink", GST_RANK_NONE,
    VM_TYPE_TERM_SINK,
    GST_DEBUG_CATEGORY_INIT (
        vm_term_sink_debug, "vmtermsink", 0, "terminals that are shown"));

/* On the thread of the keys. */
static void
on_keys (GBytes *bytes, gpointer user_data)
{
  VmTermSink *self = user_data;
  GstStructure *s = gst_structure_new_empty (VM_TERM_INPUT_EVENT);

  if (bytes)
    gst_structure_set (s, "bytes", G_TYPE_BYTES, bytes, NULL);
  else
    gst_structure_set (s, "end", G_TYPE_BOOLEAN, TRUE, NULL);
  if (!gst_pad_push_event (GST_BASE_SINK_PAD (self),
          gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM, s)))
    GST_DEBUG_OBJECT (self, "nobody takes what is typed");
}

static gboolean
is_flushing (VmTermSink *self)
{
  gboolean flushing;

  GST_OBJECT_LOCK (self);
  flushing = self->flushing;
  GST_OBJECT_UNLOCK (self);
  return flushing;
}

static gboolean
fail (VmTermSink *self, const gchar *why)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, RESOURCE, WRITE,
      ("The terminal cannot be written to: %s", why), (NULL),
      ("code", G_TYPE_STRING, vm_error_to_code (VM_ERROR_FAILED), NULL));
  return FALSE;
}

/* FALSE: it cannot, or is not to go on. */
static gboolean
write_all (VmTermSink *self, const gchar *data, gsize size)
{
  while (size > 0) {
    struct pollfd fd = { .fd = self->fd, .events = POLLOUT };
    gssize n;

    if (is_flushing (self))
      return FALSE;
    if (poll (&fd, 1, WAIT) <= 0)
      continue;
    n = write (self->fd, data, MIN (size, WRITE_SIZE));
    if (n < 0 && errno != EINTR && errno != EAGAIN)
      return fail (self, g_strerror (errno));
    if (n > 0) {
      data += n;
      size -= n;
    }
  }
  return TRUE;
}

static void
read_local_size (VmTermSink *self)
{
  VmTermSize size = { COLS, ROWS };
  struct winsize window;

  if (ioctl (self->fd, TIOCGWINSZ, &window) == 0 && window.ws_col
      && window.ws_row)
    size = (VmTermSize){ window.ws_col, window.ws_row };
  if (size.cols == self->local.cols && size.rows == self->local.rows)
    return;
  self->local = size;
  VM_PLUGIN (vm_term_paint_set_size) (self->paint, &size);
}

static gboolean
draw (VmTermSink *self)
{
  g_autoptr (GString) out = g_string_new (NULL);

  read_local_size (self);
  VM_PLUGIN (vm_term_paint_draw)
  (self->paint, VM_PLUGIN (vm_term_screen_look) (self->screen), out);
  return write_all (self, out->str, out->len);
}

static gboolean
take_out (VmTermSink *self, GBytes *body, GError **error)
{
  g_autoptr (GString) out = g_string_new (NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (body, &size);

  if (!VM_PLUGIN (vm_term_out_check) (body, error))
    return FALSE;
  VM_PLUGIN (vm_term_filter_feed) (self->filter, data, size, out);
  if (self->paint)
    VM_PLUGIN (vm_term_screen_feed) (self->screen, out->str, out->len);
  else
    write_all (self, out->str, out->len);
  return TRUE;
}

/* Others are not for this element, or of a later version. */
static gboolean
take_message (VmTermSink *self, guint8 type, GBytes *body, GError **error)
{
  VmTermSize size;

  if (type == VM_P2P_TERM_OUT)
    return take_out (self, body, error);
  if (type != VM_P2P_TERM_RESIZE)
    return TRUE;
  if (!VM_PLUGIN (vm_term_size_read) (&size, body, error))
    return FALSE;
  VM_PLUGIN (vm_term_screen_resize) (self->screen, &size);
  return TRUE;
}

static gboolean
take_buffer (VmTermSink *self, GstMapInfo *map, GError **error)
{
  gboolean good = VM_PLUGIN (vm_p2p_reader_take) (
      self->reader, map->data, map->size, error);
  GBytes *body;
  guint8 type;

  while (good && (body = VM_PLUGIN (vm_p2p_reader_pop) (self->reader, &type))) {
    good = take_message (self, type, body, error);
    g_bytes_unref (body);
  }
  return good;
}

static GstFlowReturn
vm_term_sink_render (GstBaseSink *sink, GstBuffer *buffer)
{
  VmTermSink *self = VM_TERM_SINK (sink);
  g_autoptr (GError) error = NULL;
  GstMapInfo map;
  gboolean good;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return GST_FLOW_ERROR;
  good = take_buffer (self, &map, &error);
  gst_buffer_unmap (buffer, &map);
  if (!good) {
    GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, DECODE,
        ("What comes is no terminal: %s", error->message), (NULL),
        ("code", G_TYPE_STRING, vm_error_get_code (error), NULL));
    return GST_FLOW_ERROR;
  }
  if ((!self->paint || draw (self)) && !is_flushing (self))
    return GST_FLOW_OK;
  return is_flushing (self) ? GST_FLOW_FLUSHING : GST_FLOW_ERROR;
}

static gboolean
vm_term_sink_start (GstBaseSink *sink)
{
  VmTermSink *self = VM_TERM_SINK (sink);
  gint input_fd;

  GST_OBJECT_LOCK (self);
  self->flushing = FALSE;
  self->fd = self->output_fd;
  input_fd = self->input ? self->input_fd : -1;
  GST_OBJECT_UNLOCK (self);
  self->local = (VmTermSize){ COLS, ROWS };
  self->reader = VM_PLUGIN (vm_p2p_reader_new) (FALSE);
  self->filter = VM_PLUGIN (vm_term_filter_new) (VM_TERM_FILTER_SHOW);
  self->screen = VM_PLUGIN (vm_term_screen_new) (&self->local);
  if (isatty (self->fd)) {
    self->paint = VM_PLUGIN (vm_term_paint_new) (&self->local);
    VM_PLUGIN (vm_term_paint_set_input) (self->paint, input_fd >= 0);
  }
  if (input_fd >= 0)
    self->keys = vm_term_keys_new (input_fd, on_keys, self);
  return TRUE;
}

static gboolean
vm_term_sink_stop (GstBaseSink *sink)
{
  VmTermSink *self = VM_TERM_SINK (sink);

  g_clear_pointer (&self->keys, vm_term_keys_free);
  if (self->paint) {
    g_autoptr (GString) out = g_string_new (NULL);

    VM_PLUGIN (vm_term_paint_end) (self->paint, out);
    GST_OBJECT_LOCK (self);
    self->flushing = FALSE;
    GST_OBJECT_UNLOCK (self);
    if (write (self->fd, out->str, out->len) != (gssize) out->len)
      GST_WARNING_OBJECT (self, "the terminal is not as it was");
    VM_PLUGIN (vm_term_paint_free) (g_steal_pointer (&self->paint));
  }
  VM_PLUGIN (vm_term_screen_free) (g_steal_pointer (&self->screen));
  VM_PLUGIN (vm_term_filter_free) (g_steal_pointer (&self->filter));
  VM_PLUGIN (vm_p2p_reader_free) (g_steal_pointer (&self->reader));
  return TRUE;
}

static gboolean
set_flushing (GstBaseSink *sink, gboolean flushing)
{
  VmTermSink *self = VM_TERM_SINK (sink);

  GST_OBJECT_LOCK (self);
  self->flushing = flushing;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
vm_term_sink_unlock (GstBaseSink *sink)
{
  return set_flushing (sink, TRUE);
}

static gboolean
vm_term_sink_unlock_stop (GstBaseSink *sink)
{
  return set_flushing (sink, FALSE);
}

static void
vm_term_sink_set_property (
    GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  VmTermSink *self = VM_TERM_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_OUTPUT_FD:
      self->output_fd = g_value_get_int (value);
      break;
    case PROP_INPUT_FD:
      self->input_fd = g_value_get_int (value);
      break;
    case PROP_INPUT:
      self->input = g_value_get_boolean (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
  GST_OBJECT_UNLOCK (self);
}

static void
vm_term_sink_get_property (
    GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  VmTermSink *self = VM_TERM_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_OUTPUT_FD:
      g_value_set_int (value, self->output_fd);
      break;
    case PROP_INPUT_FD:
      g_value_set_int (value, self->input_fd);
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
install_fd (GObjectClass *klass, guint id, const gchar *name, const gchar *nick,
    const gchar *blurb, gint usual)
{
  g_object_class_install_property (klass, id,
      g_param_spec_int (name, nick, blurb, 0, G_MAXINT, usual,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
}

static void
vm_term_sink_class_init (VmTermSinkClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *base_class = GST_BASE_SINK_CLASS (klass);

  object_class->set_property = vm_term_sink_set_property;
  object_class->get_property = vm_term_sink_get_property;
  install_fd (object_class, PROP_OUTPUT_FD, "output-fd", "Output",
      "Terminal: file descriptor of the local terminal, or of anything else",
      STDOUT_FILENO);
  install_fd (object_class, PROP_INPUT_FD, "input-fd", "Keys",
      "Input: file descriptor that keys are read from, with input=true",
      STDIN_FILENO);
  g_object_class_install_property (object_class, PROP_INPUT,
      g_param_spec_boolean ("input", "Input",
          "Input: whether what is typed here goes upstream; Ctrl-] leaves",
          FALSE,
          G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY
              | G_PARAM_STATIC_STRINGS));
  base_class->start = vm_term_sink_start;
  base_class->stop = vm_term_sink_stop;
  base_class->render = vm_term_sink_render;
  base_class->unlock = vm_term_sink_unlock;
  base_class->unlock_stop = vm_term_sink_unlock_stop;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class,
      "Terminal that is shown (videomeet)", "Sink",
      "Shows a shared terminal on the local one",
      "The gst-videomeet developers");
}

static void
vm_term_sink_init (VmTermSink *self)
{
  self->output_fd = STDOUT_FILENO;
  self->input_fd = STDIN_FILENO;
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}
