/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cmd/receiver.h"

#define COUNT_ONLY "fakesink sync=false async=false enable-last-sample=false"

typedef struct
{
  GstElement *pipeline; /* not owned */
  VmtRoster *roster; /* not owned */
  VmtGrid *grid; /* NULL: nothing is shown or heard */
} Receiver;

static GstPad *
make_sink (Receiver *self, GstPad *pad)
{
  g_autoptr (GError) error = NULL;
  GstElement *sink = gst_parse_bin_from_description (COUNT_ONLY, TRUE, &error);
  GstPad *sink_pad;

  if (!sink) {
    GST_WARNING ("%s", error->message);
    return NULL;
  }
  g_object_set_data_full (
      G_OBJECT (pad), "vmt-sink", gst_object_ref (sink), gst_object_unref);
  gst_bin_add (GST_BIN (self->pipeline), sink);
  sink_pad = gst_element_get_static_pad (sink, "sink");
  gst_element_sync_state_with_parent (sink);
  /* the sink keeps it */
  gst_object_unref (sink_pad);
  return sink_pad;
}

static GstPad *
make_tile (Receiver *self, GstPad *pad, gboolean video, const gchar *id)
{
  g_autofree gchar *name = vmt_roster_get_name (self->roster, id);
  GstPad *sink_pad = vmt_grid_add (self->grid, video, name);

  if (sink_pad)
    g_object_set_data_full (G_OBJECT (pad), "vmt-tile",
        gst_object_ref (sink_pad), gst_object_unref);
  return sink_pad;
}

static gchar *
participant_of (GstPad *pad)
{
  gchar *id = NULL;

  if (g_object_class_find_property (G_OBJECT_GET_CLASS (pad), "participant-id"))
    g_object_get (pad, "participant-id", &id, NULL);
  return id ? id : g_strdup ("");
}

static void
on_pad_added (GstElement *signalbin, GstPad *pad, gpointer user_data)
{
  Receiver *self = user_data;
  gboolean video = g_str_has_prefix (GST_PAD_NAME (pad), "video_src_");
  g_autofree gchar *id = NULL;
  g_autoptr (VmtCounter) counter = NULL;
  GstPad *sink_pad;

  if (!video && !g_str_has_prefix (GST_PAD_NAME (pad), "audio_src_"))
    return;
  id = participant_of (pad);
  counter = vmt_roster_get_counter (self->roster, id);
  vmt_counter_attach (counter, pad, video);

  sink_pad = self->grid && (!video || vmt_grid_has_window (self->grid))
                 ? make_tile (self, pad, video, id)
                 : make_sink (self, pad);
  if (sink_pad && GST_PAD_LINK_FAILED (gst_pad_link (pad, sink_pad)))
    GST_WARNING ("%s cannot be shown", GST_PAD_NAME (pad));
}

static void
take_out (GstElement *sink, gpointer user_data)
{
  g_autoptr (GstObject) parent = gst_object_get_parent (GST_OBJECT (sink));

  gst_element_set_locked_state (sink, TRUE);
  gst_element_set_state (sink, GST_STATE_NULL);
  if (parent)
    gst_bin_remove (GST_BIN (parent), sink);
}

typedef struct
{
  VmtGrid *grid;
  GstPad *pad;
} Removal;

static void
take_tile_out (GstElement *pipeline, gpointer user_data)
{
  Removal *removal = user_data;

  vmt_grid_remove (removal->grid, removal->pad);
}

static void
removal_free (gpointer data)
{
  Removal *removal = data;

  gst_object_unref (removal->pad);
  vmt_grid_unref (removal->grid);
  g_free (removal);
}

/* May run on the thread that feeds the sink: it is taken out on another. */
static void
on_pad_removed (GstElement *signalbin, GstPad *pad, gpointer user_data)
{
  Receiver *self = user_data;
  GstElement *sink = g_object_get_data (G_OBJECT (pad), "vmt-sink");
  GstPad *tile = g_object_get_data (G_OBJECT (pad), "vmt-tile");

  if (sink) {
    gst_element_call_async (sink, take_out, NULL, NULL);
    g_object_set_data (G_OBJECT (pad), "vmt-sink", NULL);
  }
  if (tile) {
    Removal *removal = g_new (Removal, 1);

    removal->grid = vmt_grid_ref (self->grid);
    removal->pad = gst_object_ref (tile);
    gst_element_call_async (
        self->pipeline, take_tile_out, removal, removal_free);
    g_object_set_data (G_OBJECT (pad), "vmt-tile", NULL);
  }
}

static void
receiver_free (gpointer data, GClosure *closure)
{
  Receiver *self = data;

  g_clear_pointer (&self->grid, vmt_grid_unref);
  g_free (self);
}

void
vmt_receiver_watch (GstElement *signalbin, GstElement *pipeline,
    VmtRoster *roster, VmtGrid *grid)
{
  Receiver *self = g_new0 (Receiver, 1);

  self->pipeline = pipeline;
  self->roster = roster;
  self->grid = grid ? vmt_grid_ref (grid) : NULL;
  g_signal_connect_data (signalbin, "pad-added", G_CALLBACK (on_pad_added),
      self, receiver_free, 0);
  g_signal_connect (
      signalbin, "pad-removed", G_CALLBACK (on_pad_removed), self);
}
