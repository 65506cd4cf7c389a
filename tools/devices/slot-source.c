/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/slot-source.h"
#include "devices/pipewire.h"

#include <gst/audio/audio.h>

/* a description that ends with bare caps would end before them */
#define FILTER(caps) "capsfilter caps=\"" caps "\""
#define SILENCE                                        \
  "audiotestsrc is-live=true wave=silence ! " FILTER ( \
      "audio/x-raw,rate=48000,channels=2")
/* At the rate that is sent, if the device has it. The formats are listed
 * because PipeWire has some that pipewiresrc cannot name. */
#define FORMATS                                                       \
  "layout=interleaved,format={" GST_AUDIO_NE (F32) "," GST_AUDIO_NE ( \
      S16) "," GST_AUDIO_NE (S32) "," GST_AUDIO_NE (S24_32) ",U8}"
#define SOUND                                                          \
  "queue max-size-buffers=0 max-size-bytes=0 max-size-time=200000000 " \
  "leaky=downstream ! " FILTER (                                       \
      "audio/x-raw,rate=48000," FORMATS ";audio/x-raw," FORMATS)
/* A camera that comes later begins then, and not with the pipeline. decodebin
 * would stop the pipeline until it has found out what comes. */
#define PICTURE                                                            \
  "queue max-size-buffers=2 leaky=downstream ! videoconvert ! videoscale " \
  "! %scapsfilter name=result"
/* It keeps each picture back until the next one is there. */
#define RATE "videorate skip-to-first=true ! "

struct _VmtSourceSlot
{
  VmtSlot parent;
  VmtSize size;
  gboolean video;
  GstElement *selector;
};

G_DEFINE_FINAL_TYPE (VmtSourceSlot, vmt_source_slot, VMT_TYPE_SLOT)

static GstCaps *
result_caps (VmtSourceSlot *self)
{
  return gst_caps_new_simple ("video/x-raw", "width", G_TYPE_INT,
      (gint) self->size.width, "height", G_TYPE_INT, (gint) self->size.height,
      "framerate", GST_TYPE_FRACTION, (gint) self->size.rate, 1,
      "pixel-aspect-ratio", GST_TYPE_FRACTION, 1, 1, NULL);
}

static void
set_filter (GstElement *bin, const gchar *name, GstCaps *caps)
{
  g_autoptr (GstElement) filter = gst_bin_get_by_name (GST_BIN (bin), name);

  g_object_set (filter, "caps", caps, NULL);
}

static GstElement *
make_stand_in (VmtSourceSlot *self, GError **error)
{
  g_autoptr (GstCaps) caps = result_caps (self);
  GstElement *part;

  if (!self->video)
    return gst_parse_bin_from_description (SILENCE, TRUE, error);
  part = gst_parse_bin_from_description (
      "videotestsrc is-live=true pattern=black ! video/x-raw,format=I420 ! "
      "capsfilter name=result",
      TRUE, error);
  if (part)
    set_filter (part, "result", caps);
  return part;
}

static GstElement *
create_element (const VmtMediaDevice *device, GError **error)
{
  GstElement *element = gst_device_create_element (device->device, NULL);

  if (!element) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "There is no element for the device “%s”.", device->name);
    return NULL;
  }
  element = vmt_pipewire_make_source (element);
  vmt_pipewire_source_setup (element);
  return element;
}

static GstElement *
make_picture (VmtSourceSlot *self, GstDevice *device, GError **error)
{
  g_autoptr (GstCaps) offered = gst_device_get_caps (device);
  g_autoptr (GstCaps) choice =
      offered ? vmt_size_choose (&self->size, offered) : gst_caps_new_any ();
  g_autoptr (GstCaps) result = result_caps (self);
  g_autofree gchar *decode = vmt_size_decode_line (choice, error);
  g_autofree gchar *line = NULL;
  GstElement *rest;

  if (!decode)
    return NULL;
  line = g_strdup_printf ("capsfilter name=choice ! %s" PICTURE, decode,
      vmt_size_is_rate_of (&self->size, choice) ? "" : RATE);
  rest = gst_parse_bin_from_description (line, TRUE, error);
  if (rest) {
    set_filter (rest, "choice", choice);
    set_filter (rest, "result", result);
  }
  return rest;
}

/* A device that has begun goes on as it is: what is behind it converts.
 * pipewiresrc would connect anew, and bring nothing any more. */
static GstPadProbeReturn
on_upstream_event (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  return GST_EVENT_TYPE (info->data) == GST_EVENT_RECONFIGURE
             ? GST_PAD_PROBE_DROP
             : GST_PAD_PROBE_OK;
}

static GstElement *
vmt_source_slot_make (
    VmtSlot *slot, const VmtMediaDevice *device, GError **error)
{
  VmtSourceSlot *self = VMT_SOURCE_SLOT (slot);
  g_autoptr (GstPad) sink = NULL, src = NULL;
  GstElement *bin, *rest, *element;

  if (!device)
    return make_stand_in (self, error);
  element = create_element (device, error);
  if (!element)
    return NULL;
  rest = self->video ? make_picture (self, device->device, error)
                     : gst_parse_bin_from_description (SOUND, TRUE, error);
  if (!rest) {
    gst_object_unref (gst_object_ref_sink (element));
    return NULL;
  }
  bin = gst_bin_new (NULL);
  gst_bin_add_many (GST_BIN (bin), element, rest, NULL);
  if (!gst_element_link (element, rest)) {
    gst_object_unref (gst_object_ref_sink (bin));
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        "The device “%s” offers no format that can be sent.", device->name);
    return NULL;
  }
  sink = gst_element_get_static_pad (rest, "sink");
  gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_EVENT_UPSTREAM, on_upstream_event, NULL, NULL);
  src = gst_element_get_static_pad (rest, "src");
  gst_element_add_pad (bin, gst_ghost_pad_new ("src", src));
  return bin;
}

static GstElement *
vmt_source_slot_make_trial (
    VmtSlot *slot, const VmtMediaDevice *device, GError **error)
{
  return create_element (device, error);
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer part)
{
  g_autoptr (GstObject) slot = gst_object_get_parent (part);

  if (slot)
    vmt_slot_flag_ready (VMT_SLOT (slot), part);
  return GST_PAD_PROBE_REMOVE;
}

/* With the end of every input vmsignalbin would end the call. */
static GstPadProbeReturn
on_event (GstPad *pad, GstPadProbeInfo *info, gpointer part)
{
  g_autoptr (GstObject) slot = NULL;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) != GST_EVENT_EOS)
    return GST_PAD_PROBE_OK;
  if ((slot = gst_object_get_parent (part)))
    vmt_slot_flag_failed (VMT_SLOT (slot), part, "It has come to its end.");
  return GST_PAD_PROBE_DROP;
}

static GstPad *
selector_pad (GstElement *part)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (part, "src");

  return gst_pad_get_peer (src);
}

static gboolean
vmt_source_slot_bring_in (VmtSlot *slot, GstElement *part)
{
  VmtSourceSlot *self = VMT_SOURCE_SLOT (slot);
  g_autoptr (GstPad) src = gst_element_get_static_pad (part, "src");
  g_autoptr (GstPad) sink = NULL;

  gst_bin_add (GST_BIN (self), part);
  sink = gst_element_request_pad_simple (self->selector, "sink_%u");
  if (gst_pad_link (src, sink) != GST_PAD_LINK_OK)
    return FALSE;
  gst_pad_add_probe (src, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, part, NULL);
  gst_pad_add_probe (
      src, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_event, part, NULL);
  if (!gst_element_sync_state_with_parent (part))
    vmt_slot_flag_failed (slot, part, "It cannot be started.");
  return TRUE;
}

static void
vmt_source_slot_switch_to (VmtSlot *slot, GstElement *part)
{
  g_autoptr (GstPad) pad = selector_pad (part);

  g_object_set (VMT_SOURCE_SLOT (slot)->selector, "active-pad", pad, NULL);
}

static void
vmt_source_slot_let_go (VmtSlot *slot, GstElement *part)
{
  g_autoptr (GstPad) pad = selector_pad (part);

  gst_element_set_locked_state (part, TRUE);
  vmt_pipewire_end (part);
  gst_element_set_state (part, GST_STATE_NULL);
  gst_bin_remove (GST_BIN (slot), part);
  if (pad)
    gst_element_release_request_pad (VMT_SOURCE_SLOT (slot)->selector, pad);
}

static void
vmt_source_slot_class_init (VmtSourceSlotClass *klass)
{
  VmtSlotClass *slot_class = VMT_SLOT_CLASS (klass);

  slot_class->make_trial = vmt_source_slot_make_trial;
  slot_class->trial_state = GST_STATE_READY;
  slot_class->make = vmt_source_slot_make;
  slot_class->bring_in = vmt_source_slot_bring_in;
  slot_class->switch_to = vmt_source_slot_switch_to;
  slot_class->let_go = vmt_source_slot_let_go;
}

static void
vmt_source_slot_init (VmtSourceSlot *self)
{
  GST_OBJECT_FLAG_SET (self, GST_ELEMENT_FLAG_SOURCE);
}

VmtSlot *
vmt_source_slot_new (VmtKind kind, const VmtSize *size)
{
  VmtSourceSlot *self = g_object_new (
      VMT_TYPE_SOURCE_SLOT, "name", vmt_kind_to_string (kind), NULL);
  g_autoptr (GstPad) src = NULL;

  vmt_slot_set_kind (VMT_SLOT (self), kind);
  self->size = *size;
  self->video = kind != VMT_KIND_MICROPHONE;
  self->selector = gst_element_factory_make ("input-selector", NULL);
  /* what comes from a device has the time at which it comes: the one that goes
   * and the one that comes need not be waited for */
  g_object_set (
      self->selector, "sync-streams", FALSE, "drop-backwards", TRUE, NULL);
  gst_bin_add (GST_BIN (self), self->selector);
  src = gst_element_get_static_pad (self->selector, "src");
  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new ("src", src));
  return VMT_SLOT (self);
}
