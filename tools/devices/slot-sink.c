/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/slot-sink.h"
#include "devices/pipewire.h"

#define CONVERT "audioconvert ! audioresample"
/* some devices open, and hang when they are told what they are to play */
#define TRIAL "audiotestsrc wave=silence ! " CONVERT

struct _VmtSinkSlot
{
  VmtSlot parent;
  GstPad *pad; /* the element's */
};

G_DEFINE_FINAL_TYPE (VmtSinkSlot, vmt_sink_slot, VMT_TYPE_SLOT)

/* @line with the element of @device behind it. */
static GstElement *
make_line (const gchar *line, const VmtMediaDevice *device, GError **error)
{
  GstElement *element = gst_device_create_element (device->device, NULL);
  GstElement *bin, *rest;

  if (!element) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "There is no element for the device “%s”.", device->name);
    return NULL;
  }
  /* a pipeline that runs would be held up until it has played something */
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), "async"))
    g_object_set (element, "async", FALSE, NULL);
  rest = gst_parse_bin_from_description (line, TRUE, error);
  if (!rest) {
    gst_object_unref (gst_object_ref_sink (element));
    return NULL;
  }
  bin = gst_bin_new (NULL);
  gst_bin_add_many (GST_BIN (bin), rest, element, NULL);
  if (gst_element_link (rest, element))
    return bin;
  gst_object_unref (gst_object_ref_sink (bin));
  g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
      "The device “%s” plays no format that there is.", device->name);
  return NULL;
}

static GstElement *
vmt_sink_slot_make (VmtSlot *slot, const VmtMediaDevice *device, GError **error)
{
  g_autoptr (GstPad) sink = NULL;
  GstElement *bin;

  if (!device)
    return gst_parse_bin_from_description (VMT_NO_SPEAKER, TRUE, error);
  bin = make_line (CONVERT, device, error);
  if (!bin)
    return NULL;
  sink = gst_bin_find_unlinked_pad (GST_BIN (bin), GST_PAD_SINK);
  gst_element_add_pad (bin, gst_ghost_pad_new ("sink", sink));
  return bin;
}

static GstElement *
vmt_sink_slot_make_trial (
    VmtSlot *slot, const VmtMediaDevice *device, GError **error)
{
  return make_line (TRIAL, device, error);
}

static gboolean
vmt_sink_slot_bring_in (VmtSlot *slot, GstElement *part)
{
  gst_bin_add (GST_BIN (slot), part);
  if (gst_element_sync_state_with_parent (part))
    vmt_slot_flag_ready (slot, part);
  else
    vmt_slot_flag_failed (slot, part, "It cannot be started.");
  return TRUE;
}

static void
vmt_sink_slot_switch_to (VmtSlot *slot, GstElement *part)
{
  g_autoptr (GstPad) sink = gst_element_get_static_pad (part, "sink");

  gst_ghost_pad_set_target (GST_GHOST_PAD (VMT_SINK_SLOT (slot)->pad), sink);
  /* how late it plays is told it by the pipeline, which has to know of it */
  gst_element_post_message (
      GST_ELEMENT (slot), gst_message_new_latency (GST_OBJECT (slot)));
}

static void
vmt_sink_slot_let_go (VmtSlot *slot, GstElement *part)
{
  gst_element_set_locked_state (part, TRUE);
  vmt_pipewire_end (part);
  gst_element_set_state (part, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (slot), part);
}

/* What a speaker does not take never stops what comes to it. One that is let go
 * says so by itself. */
static GstFlowReturn
guard (GstFlowReturn flow)
{
  return flow == GST_FLOW_EOS ? flow : GST_FLOW_OK;
}

static GstFlowReturn
guard_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  return guard (gst_proxy_pad_chain_default (pad, parent, buffer));
}

static GstFlowReturn
guard_chain_list (GstPad *pad, GstObject *parent, GstBufferList *list)
{
  return guard (gst_proxy_pad_chain_list_default (pad, parent, list));
}

static void
vmt_sink_slot_class_init (VmtSinkSlotClass *klass)
{
  VmtSlotClass *slot_class = VMT_SLOT_CLASS (klass);

  slot_class->make_trial = vmt_sink_slot_make_trial;
  slot_class->trial_state = GST_STATE_PAUSED;
  slot_class->make = vmt_sink_slot_make;
  slot_class->bring_in = vmt_sink_slot_bring_in;
  slot_class->switch_to = vmt_sink_slot_switch_to;
  slot_class->let_go = vmt_sink_slot_let_go;
}

/* What a sink of GStreamer plays it has had in its buffer for that long: 200 ms
 * of its own accord, by which all others would be heard later. One that was
 * told something else knows why. */
static void
on_element (GstBin *bin, GstBin *where, GstElement *element, gpointer user_data)
{
  GObjectClass *klass = G_OBJECT_GET_CLASS (element);
  GParamSpec *spec = g_object_class_find_property (klass, "buffer-time");
  gint64 time = 0;

  if (!spec || !G_IS_PARAM_SPEC_INT64 (spec)
      || !GST_OBJECT_FLAG_IS_SET (element, GST_ELEMENT_FLAG_SINK))
    return;
  g_object_get (element, "buffer-time", &time, NULL);
  if (time == G_PARAM_SPEC_INT64 (spec)->default_value)
    g_object_set (
        element, "buffer-time", (gint64) VMT_SPEAKER_BUFFER_MS * 1000, NULL);
}

static void
vmt_sink_slot_init (VmtSinkSlot *self)
{
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SINK);
  g_signal_connect (self, "deep-element-added", G_CALLBACK (on_element), NULL);
  vmt_slot_set_kind (VMT_SLOT (self), VMT_KIND_SPEAKER);
  self->pad = gst_ghost_pad_new_no_target ("sink", GST_PAD_SINK);
  gst_pad_set_chain_function (self->pad, guard_chain);
  gst_pad_set_chain_list_function (self->pad, guard_chain_list);
  gst_element_add_pad (GST_ELEMENT (self), self->pad);
}

VmtSlot *
vmt_sink_slot_new (void)
{
  return g_object_new (
      VMT_TYPE_SINK_SLOT, "name", vmt_kind_to_string (VMT_KIND_SPEAKER), NULL);
}
