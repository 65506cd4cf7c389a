/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The elements of files in a meeting: a vmfilesrc for each file that is sent, a
 * vmfilesink for each participant who offers one. */

#include "session/session-files-priv.h"

#define PARTICIPANT "vmt-file-participant"
#define SINK "vmt-file-sink"

const gchar *
vmt_session_files_participant (gpointer object)
{
  return object ? g_object_get_data (object, PARTICIPANT) : NULL;
}

/* The plugin stands where this program was installed, as that of
 * vmsignalbin. */
static GstElement *
make_element (const gchar *name, const gchar *participant)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);
  GstElement *element;

  if (!factory)
    gst_registry_scan_path (gst_registry_get (), VMT_PLUGIN_DIR);
  element = gst_element_factory_make (name, NULL);
  if (element)
    g_object_set_data_full (
        G_OBJECT (element), PARTICIPANT, g_strdup (participant), g_free);
  return element;
}

/* What is sent */

gboolean
vmt_file_item_start (VmtSessionFiles *self, VmtFileItem *item)
{
  const VmtSessionFilesPlace *place = &self->place;
  GstElement *source = make_element ("vmfilesrc", item->participant);
  g_autoptr (GstPad) src = NULL;

  if (!source)
    return FALSE;
  item->element = gst_object_ref (source);
  g_object_set (source, "location", item->path, NULL);
  /* a pipeline that still starts would start it before it is linked */
  gst_element_set_locked_state (source, TRUE);
  gst_bin_add (GST_BIN (place->pipeline), source);
  item->pad = gst_element_request_pad_simple (place->signalbin, "file_sink_%u");
  if (!item->pad)
    return FALSE;
  g_object_set (item->pad, "to", item->participant, NULL);
  src = gst_element_get_static_pad (source, "src");
  if (GST_PAD_LINK_FAILED (gst_pad_link (src, item->pad)))
    return FALSE;
  gst_element_set_locked_state (source, FALSE);
  return gst_element_sync_state_with_parent (source);
}

/* The pad first: that frees a thread which waits in it. */
void
vmt_file_item_stop (VmtSessionFiles *self, VmtFileItem *item)
{
  if (item->pad)
    gst_element_release_request_pad (self->place.signalbin, item->pad);
  gst_clear_object (&item->pad);
  if (item->element && item->sending) {
    gst_element_set_locked_state (item->element, TRUE);
    gst_element_set_state (item->element, GST_STATE_NULL);
    gst_bin_remove (GST_BIN (self->place.pipeline), item->element);
  }
  gst_clear_object (&item->element);
}

/* What is received */

/* A thread of vmsignalbin. */
static void
on_pad_added (GstElement *signalbin, GstPad *pad, gpointer user_data)
{
  VmtSessionFiles *self = user_data;
  const VmtOptions *options = self->place.options;
  g_autofree gchar *participant = NULL;
  g_autoptr (GstPad) sink_pad = NULL;
  GstElement *sink;

  if (!g_str_has_prefix (GST_PAD_NAME (pad), "file_src_"))
    return;
  g_object_get (pad, "participant-id", &participant, NULL);
  sink = make_element ("vmfilesink", participant);
  if (!sink) {
    GST_WARNING ("the element vmfilesink is missing");
    return;
  }
  g_object_set (sink, "directory", options->files_dir, "overwrite",
      options->overwrite, "max-size", options->max_size, "quota",
      options->quota, "accept", options->accept, NULL);
  g_object_set_data_full (
      G_OBJECT (pad), SINK, gst_object_ref (sink), gst_object_unref);
  gst_bin_add (GST_BIN (self->place.pipeline), sink);
  gst_element_sync_state_with_parent (sink);
  sink_pad = gst_element_get_static_pad (sink, "sink");
  if (GST_PAD_LINK_FAILED (gst_pad_link (pad, sink_pad)))
    GST_WARNING ("%s cannot be received from", GST_PAD_NAME (pad));
}

/* Stopping may wait for the disk. */
static void
take_out (GstElement *sink, gpointer user_data)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (sink));

  gst_element_set_locked_state (sink, TRUE);
  gst_element_set_state (sink, GST_STATE_NULL);
  if (!parent)
    return;
  /* it says no more: what is not over then never will be */
  gst_element_post_message (
      sink, gst_message_new_application (
                GST_OBJECT (sink), gst_structure_new_empty ("vmt-files-gone")));
  gst_bin_remove (GST_BIN (parent), sink);
}

/* May run on the thread that feeds the sink: it is taken out on another. */
static void
on_pad_removed (GstElement *signalbin, GstPad *pad, gpointer user_data)
{
  GstElement *sink = g_object_get_data (G_OBJECT (pad), SINK);

  if (!sink)
    return;
  gst_element_call_async (sink, take_out, NULL, NULL);
  g_object_set_data (G_OBJECT (pad), SINK, NULL);
}

void
vmt_session_files_watch (VmtSessionFiles *self)
{
  if (!self->place.options->files_dir)
    return;
  g_signal_connect (
      self->place.signalbin, "pad-added", G_CALLBACK (on_pad_added), self);
  g_signal_connect (
      self->place.signalbin, "pad-removed", G_CALLBACK (on_pad_removed), self);
}
