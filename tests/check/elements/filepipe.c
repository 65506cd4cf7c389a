/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "filepipe.h"

#include <glib/gstdio.h>
#include <string.h>

void
file_pipe_setup (FilePipe *pipe)
{
  *pipe = (FilePipe){ 0 };
  pipe->folder = g_dir_make_tmp ("vm-file-XXXXXX", NULL);
  pipe->in = g_build_filename (pipe->folder, "in", NULL);
  fail_unless_equals_int (g_mkdir (pipe->in, 0700), 0);
}

static void
forget (FilePipe *pipe)
{
  if (pipe->sent)
    g_string_free (g_steal_pointer (&pipe->sent), TRUE);
  if (pipe->received)
    g_string_free (g_steal_pointer (&pipe->received), TRUE);
  g_clear_pointer (&pipe->last_sent, gst_structure_free);
  g_clear_pointer (&pipe->last_received, gst_structure_free);
  g_clear_error (&pipe->warning);
  g_clear_error (&pipe->error);
  g_clear_pointer (&pipe->code, g_free);
  g_clear_pointer (&pipe->property, g_free);
  pipe->warnings = 0;
  pipe->eos = FALSE;
}

void
file_pipe_teardown (FilePipe *pipe)
{
  const gchar *argv[] = { "rm", "-rf", pipe->folder, NULL };

  file_pipe_stop (pipe);
  forget (pipe);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&pipe->folder, g_free);
  g_clear_pointer (&pipe->in, g_free);
  g_clear_pointer (&pipe->path, g_free);
  g_clear_pointer (&pipe->data, g_free);
}

void
file_pipe_write (FilePipe *pipe, const gchar *name, gsize size)
{
  g_free (pipe->data);
  g_free (pipe->path);
  pipe->data = g_malloc (size + 1);
  pipe->size = size;
  for (gsize i = 0; i < size; i++)
    pipe->data[i] = i * 7 + i / FILE_PIPE_CHUNK * 13;
  pipe->path = g_build_filename (pipe->folder, name, NULL);
  fail_unless (g_file_set_contents (pipe->path, pipe->data, size, NULL));
}

void
file_pipe_make_line (FilePipe *pipe, const gchar *line)
{
  g_autoptr (GError) error = NULL;

  file_pipe_stop (pipe);
  forget (pipe);
  pipe->sent = g_string_new (NULL);
  pipe->received = g_string_new (NULL);
  pipe->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  pipe->src = gst_bin_get_by_name (GST_BIN (pipe->pipeline), "src");
  pipe->sink = gst_bin_get_by_name (GST_BIN (pipe->pipeline), "sink");
  if (pipe->path && pipe->src)
    g_object_set (pipe->src, "location", pipe->path, NULL);
  if (pipe->sink)
    g_object_set (pipe->sink, "directory", pipe->in, NULL);
}

void
file_pipe_make (FilePipe *pipe, const gchar *src, const gchar *sink)
{
  g_autofree gchar *line =
      g_strdup_printf ("vmfilesrc name=src %s ! vmfilesink name=sink %s",
          src ? src : "", sink ? sink : "");

  file_pipe_make_line (pipe, line);
}

void
file_pipe_play (FilePipe *pipe)
{
  gst_element_set_state (pipe->pipeline, GST_STATE_PLAYING);
}

static void
hear_transfer (FilePipe *pipe, const GstStructure *s)
{
  gboolean send =
      g_str_equal (gst_structure_get_string (s, "direction"), "send");
  GString *told = send ? pipe->sent : pipe->received;
  GstStructure **last = send ? &pipe->last_sent : &pipe->last_received;
  VmTransferState state, before = G_MAXINT;

  fail_unless (
      gst_structure_get (s, "state", VM_TYPE_TRANSFER_STATE, &state, NULL));
  if (*last)
    gst_structure_get (*last, "state", VM_TYPE_TRANSFER_STATE, &before, NULL);
  if (state != before)
    g_string_append_printf (told, "%s%s", told->len ? " " : "",
        vm_transfer_state_to_string (state));
  g_clear_pointer (last, gst_structure_free);
  *last = gst_structure_copy (s);
}

gchar *
file_pipe_detail (GstMessage *message, const gchar *name)
{
  const GstStructure *details = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error_details (message, &details);
  else
    gst_message_parse_warning_details (message, &details);
  return details ? g_strdup (gst_structure_get_string (details, name)) : NULL;
}

static void
hear_error (FilePipe *pipe, GstMessage *message)
{
  /* the base class tells another one after the element's own */
  if (pipe->error)
    return;
  gst_message_parse_error (message, &pipe->error, NULL);
  pipe->code = file_pipe_detail (message, "code");
  pipe->property = file_pipe_detail (message, "property");
}

static void
hear (FilePipe *pipe, GstMessage *message)
{
  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ELEMENT:
      hear_transfer (pipe, gst_message_get_structure (message));
      break;
    case GST_MESSAGE_WARNING:
      pipe->warnings++;
      g_clear_error (&pipe->warning);
      gst_message_parse_warning (message, &pipe->warning, NULL);
      break;
    case GST_MESSAGE_ERROR:
      hear_error (pipe, message);
      break;
    case GST_MESSAGE_EOS:
      pipe->eos = TRUE;
      break;
    default:
      break;
  }
}

void
file_pipe_wait_message (FilePipe *pipe)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipe->pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, FILE_PIPE_DEADLINE);

  fail_unless (message != NULL, "sent: %s; received: %s", pipe->sent->str,
      pipe->received->str);
  hear (pipe, message);
}

static gboolean
ends_with (GString *told, const gchar *state)
{
  return !state || g_str_has_suffix (told->str, state);
}

void
file_pipe_wait_state (FilePipe *pipe, const gchar *sent, const gchar *received)
{
  while (!ends_with (pipe->sent, sent) || !ends_with (pipe->received, received))
    file_pipe_wait_message (pipe);
}

void
file_pipe_wait (FilePipe *pipe)
{
  while (!pipe->error && !pipe->eos)
    file_pipe_wait_message (pipe);
}

void
file_pipe_stop (FilePipe *pipe)
{
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;

  if (!pipe->pipeline)
    return;
  bus = gst_element_get_bus (pipe->pipeline);
  gst_element_set_state (pipe->pipeline, GST_STATE_READY);
  while ((message = gst_bus_pop (bus))) {
    hear (pipe, message);
    gst_message_unref (message);
  }
  gst_element_set_state (pipe->pipeline, GST_STATE_NULL);
  gst_clear_object (&pipe->src);
  gst_clear_object (&pipe->sink);
  gst_clear_object (&pipe->pipeline);
}

gboolean
file_pipe_run (FilePipe *pipe, const gchar *src, const gchar *sink)
{
  file_pipe_make (pipe, src, sink);
  file_pipe_play (pipe);
  file_pipe_wait (pipe);
  file_pipe_stop (pipe);
  return !pipe->error;
}

guint
file_pipe_count (FilePipe *pipe)
{
  g_autoptr (GDir) dir = g_dir_open (pipe->in, 0, NULL);
  guint n = 0;

  fail_unless (dir != NULL);
  while (g_dir_read_name (dir))
    n++;
  return n;
}

void
file_pipe_assert_received (FilePipe *pipe, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (pipe->in, name, NULL);
  g_autofree gchar *data = NULL;
  gsize size;

  fail_unless (g_file_get_contents (path, &data, &size, NULL), "no %s", name);
  fail_unless_equals_uint64 (size, pipe->size);
  fail_unless (memcmp (data, pipe->data, size) == 0, "%s differs", name);
  fail_unless_equals_int (file_pipe_count (pipe), 1);
}

void
file_pipe_assert_absent (FilePipe *pipe, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (pipe->in, name, NULL);

  fail_unless (!g_file_test (path, G_FILE_TEST_EXISTS));
}

void
file_pipe_assert_empty (FilePipe *pipe)
{
  fail_unless_equals_int (file_pipe_count (pipe), 0);
}

void
file_pipe_probe (FilePipe *pipe, GstPadProbeType type,
    GstPadProbeCallback probe, gpointer user_data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (pipe->src, "src");

  gst_pad_add_probe (pad, type, probe, user_data, NULL);
}

static const GstStructure *
message_of (GstPadProbeInfo *info)
{
  VmTransferMeta *meta;
  const GstStructure *s;

  if (info->type & GST_PAD_PROBE_TYPE_BUFFER) {
    meta = vm_buffer_get_transfer_meta (GST_PAD_PROBE_INFO_BUFFER (info));
    return meta ? meta->message : NULL;
  }
  s = gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info));
  if (!s || !gst_structure_has_name (s, VM_TRANSFER_EVENT)
      || !gst_structure_has_field (s, "message"))
    return NULL;
  return gst_value_get_structure (gst_structure_get_value (s, "message"));
}

const gchar *
file_pipe_message_name (GstPadProbeInfo *info)
{
  const GstStructure *message = message_of (info);

  return message ? gst_structure_get_name (message) : NULL;
}
