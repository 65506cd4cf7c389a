/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/source.h"
#include "cmd/opening.h"
#include "ui/stamp.h"

#include <gio/gio.h>
#include <gst/pbutils/pbutils.h>
#include <stdio.h>
#include <string.h>

#define TONE "audiotestsrc is-live=true freq=440 volume=0.1"
#define SILENCE "audiotestsrc is-live=true wave=silence"
/* a description that ends with bare caps would end before them */
#define FILTER(caps) "capsfilter caps=\"" caps "\""
#define RAW_AUDIO FILTER ("audio/x-raw,rate=48000,channels=2")
/* what is sent in the end, or anything else: vmsignalbin mixes */
#define MICROPHONE_CAPS FILTER ("audio/x-raw,rate=48000;audio/x-raw")
/* what a meeting between laptops carries well */
#define CAMERA_CAPS                                           \
  FILTER ("video/x-raw,width=1280,height=720,framerate=30/1," \
          "pixel-aspect-ratio=1/1")
#define SCREEN_CAPS FILTER ("video/x-raw,framerate=15/1")

void
vmt_source_free (VmtSource *self)
{
  if (self->bin)
    gst_object_unref (self->bin);
  g_ptr_array_unref (self->notes);
  g_free (self);
}

/* Adds what @line describes to the bin, with its open source pad as @pad. */
static gboolean
add_line (
    VmtSource *self, const gchar *pad_name, const gchar *line, GError **error)
{
  GstElement *part = gst_parse_bin_from_description (line, TRUE, error);
  g_autoptr (GstPad) target = NULL;
  GstPad *pad;

  if (!part)
    return FALSE;
  gst_bin_add (GST_BIN (self->bin), part);
  target = gst_element_get_static_pad (part, "src");
  pad = gst_ghost_pad_new (pad_name, target);
  gst_element_add_pad (self->bin, pad);
  if (g_str_equal (pad_name, "video"))
    self->has_video = TRUE;
  else
    self->has_audio = TRUE;
  return TRUE;
}

static gboolean
add_pattern (VmtSource *self, const gchar *pattern, guint width, guint height,
    guint rate, GError **error)
{
  g_autofree gchar *line = g_strdup_printf (
      "videotestsrc is-live=true pattern=%s ! " FILTER (
          "video/x-raw,format=I420,width=%u,height=%u,framerate=%u/1"),
      pattern, width, height, rate);

  return add_line (self, "video", line, error);
}

static gboolean
add_test_video (VmtSource *self, GError **error)
{
  return add_pattern (self, "smpte horizontal-speed=2", VMT_TEST_WIDTH,
      VMT_TEST_HEIGHT, VMT_TEST_RATE, error);
}

/* "stamp", or "stamp:WIDTHxHEIGHT@RATE"; FALSE with @error for another. */
static gboolean
parse_stamp (
    const gchar *spec, guint *width, guint *height, guint *rate, GError **error)
{
  gint end = 0;

  *width = VMT_TEST_WIDTH;
  *height = VMT_TEST_HEIGHT;
  *rate = VMT_TEST_RATE;
  if (g_str_equal (spec, VMT_STAMP))
    return TRUE;
  if (sscanf (spec, VMT_STAMP ":%4ux%4u@%2u%n", width, height, rate, &end) == 3
      && !spec[end] && *width % 2 == 0 && *height % 2 == 0
      && *width >= VMT_STAMP_MIN_WIDTH && *width <= VMT_STAMP_MAX_WIDTH
      && *height >= VMT_STAMP_MIN_HEIGHT && *height <= VMT_STAMP_MAX_HEIGHT
      && *rate >= 1 && *rate <= VMT_STAMP_MAX_RATE)
    return TRUE;
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "'%s' is not stamp:WIDTHxHEIGHT@RATE with even sizes from %ux%u to %ux%u "
      "and 1 to %u pictures a second, as stamp:160x90@10.",
      spec, VMT_STAMP_MIN_WIDTH, VMT_STAMP_MIN_HEIGHT, VMT_STAMP_MAX_WIDTH,
      VMT_STAMP_MAX_HEIGHT, VMT_STAMP_MAX_RATE);
  return FALSE;
}

static gboolean
add_stamp_video (VmtSource *self, const gchar *spec, GError **error)
{
  g_autoptr (GstPad) pad = NULL;
  guint width, height, rate;

  if (!parse_stamp (spec, &width, &height, &rate, error)
      || !add_pattern (self, "ball", width, height, rate, error))
    return FALSE;
  pad = gst_element_get_static_pad (self->bin, "video");
  vmt_stamp_pad (pad);
  return TRUE;
}

static gboolean
is_monitor (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  const gchar *class =
      properties ? gst_structure_get_string (properties, "device.class") : NULL;

  return g_strcmp0 (class, "monitor") == 0;
}

static gchar *
late_note (GstDevice *device)
{
  g_autofree gchar *name = gst_device_get_display_name (device);

  return g_strdup_printf (
      "The device “%s” does not answer and is left out.", name);
}

/* The first camera or microphone of this machine that really opens. */
static GstElement *
open_device (VmtSource *self, const gchar *classes)
{
  g_autoptr (GstDeviceMonitor) monitor = gst_device_monitor_new ();
  GstElement *found = NULL;
  GList *devices;

  gst_device_monitor_add_filter (monitor, classes, NULL);
  if (!gst_device_monitor_start (monitor))
    return NULL;
  devices = gst_device_monitor_get_devices (monitor);
  for (GList *l = devices; l && !found; l = l->next) {
    GstElement *element;
    VmtOpening opening;

    if (is_monitor (l->data))
      continue;
    element = gst_device_create_element (l->data, NULL);
    if (!element)
      continue;
    gst_object_ref_sink (element);
    opening = vmt_open (element, GST_STATE_READY, VMT_OPEN_WAIT);
    if (opening == VMT_OPEN_OK) {
      found = element;
      continue;
    }
    if (opening == VMT_OPEN_LATE)
      g_ptr_array_add (self->notes, late_note (l->data));
    gst_object_unref (element);
  }
  g_list_free_full (devices, gst_object_unref);
  gst_device_monitor_stop (monitor);
  return found;
}

/* Puts @element (taken) before what @line describes; of each kind there is one,
 * named after what it is. */
static gboolean
add_device_line (VmtSource *self, const gchar *pad_name, GstElement *element,
    const gchar *line, GError **error)
{
  GstElement *rest = gst_parse_bin_from_description (line, TRUE, error);
  g_autoptr (GstPad) target = NULL;

  if (!rest) {
    gst_object_unref (element);
    return FALSE;
  }
  gst_object_set_name (GST_OBJECT (element),
      g_str_equal (pad_name, "video") ? VMT_CAMERA : VMT_MICROPHONE);
  gst_bin_add_many (GST_BIN (self->bin), element, rest, NULL);
  gst_object_unref (element);
  if (!gst_element_link (element, rest)) {
    g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION,
        "The device %s offers no format that can be sent.",
        GST_OBJECT_NAME (element));
    return FALSE;
  }
  target = gst_element_get_static_pad (rest, "src");
  gst_element_add_pad (self->bin, gst_ghost_pad_new (pad_name, target));
  if (g_str_equal (pad_name, "video"))
    self->has_video = TRUE;
  else
    self->has_audio = TRUE;
  return TRUE;
}

static gboolean
add_microphone (VmtSource *self, GError **error)
{
  GstElement *device = open_device (self, "Audio/Source");

  if (device)
    return add_device_line (self, "audio", device,
        "queue max-size-buffers=0 max-size-bytes=0 max-size-time=200000000 "
        "leaky=downstream ! " MICROPHONE_CAPS,
        error);
  g_ptr_array_add (self->notes,
      g_strdup ("No microphone was found; silence is sent instead."));
  return add_line (self, "audio", SILENCE " ! " RAW_AUDIO, error);
}

static gboolean
add_camera (VmtSource *self, GError **error)
{
  GstElement *device = open_device (self, "Video/Source");

  if (device)
    return add_device_line (self, "video", device,
        "decodebin ! queue max-size-buffers=2 leaky=downstream ! videoconvert "
        "! videoscale ! videorate ! " CAMERA_CAPS,
        error);
  self->kind = VMT_SOURCE_TEST;
  g_ptr_array_add (self->notes,
      g_strdup ("No camera was found; a test picture is sent instead."));
  return add_test_video (self, error);
}

static gboolean
add_screen (VmtSource *self, GError **error)
{
  const gchar *display = g_getenv ("DISPLAY");

  if (!display || !*display) {
    g_set_error_literal (error, GST_RESOURCE_ERROR,
        GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no X display to capture: DISPLAY is not set.");
    return FALSE;
  }
  return add_line (self, "video",
      "ximagesrc use-damage=false ! queue max-size-buffers=2 leaky=downstream "
      "! videoconvert ! videorate ! " SCREEN_CAPS,
      error);
}

static gchar *
uri_from_spec (const gchar *spec, GError **error)
{
  g_autoptr (GFile) file = NULL;

  if (gst_uri_is_valid (spec))
    return g_strdup (spec);
  file = g_file_new_for_commandline_arg (spec);
  if (g_file_query_exists (file, NULL))
    return g_file_get_uri (file);
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "There is no source '%s': it is none of camera, screen, test and stamp, "
      "no URI, and no file.",
      spec);
  return NULL;
}

/* uridecodebin shows its pads only once it runs; each goes to the converter
 * that waits for it. */
static void
on_uri_pad (GstElement *decoder, GstPad *pad, GstBin *bin)
{
  g_autoptr (GstCaps) caps = gst_pad_query_caps (pad, NULL);
  const gchar *name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  const gchar *part_name = g_str_has_prefix (name, "video/")   ? "video-part"
                           : g_str_has_prefix (name, "audio/") ? "audio-part"
                                                               : NULL;
  g_autoptr (GstElement) part =
      part_name ? gst_bin_get_by_name (bin, part_name) : NULL;
  g_autoptr (GstPad) sink =
      part ? gst_element_get_static_pad (part, "sink") : NULL;

  if (sink && !gst_pad_is_linked (sink))
    gst_pad_link (pad, sink);
}

static gboolean
add_uri_part (VmtSource *self, const gchar *pad_name, const gchar *part_name,
    const gchar *line, GError **error)
{
  GstElement *part = gst_parse_bin_from_description (line, TRUE, error);
  g_autoptr (GstPad) target = NULL;

  if (!part)
    return FALSE;
  gst_object_set_name (GST_OBJECT (part), part_name);
  gst_bin_add (GST_BIN (self->bin), part);
  target = gst_element_get_static_pad (part, "src");
  return gst_element_add_pad (self->bin, gst_ghost_pad_new (pad_name, target));
}

/* videorate takes it for granted that a frame says when it is shown, and for
 * how long: a browser's recorder writes no durations, and GStreamer 1.22.0
 * aborts. */
static GstPadProbeReturn
on_frame (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return GST_PAD_PROBE_DROP;
  if (GST_BUFFER_DURATION_IS_VALID (buffer) && GST_BUFFER_DURATION (buffer))
    return GST_PAD_PROBE_OK;
  buffer = gst_buffer_make_writable (buffer);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / VMT_TEST_RATE;
  GST_PAD_PROBE_INFO_DATA (info) = buffer;
  return GST_PAD_PROBE_OK;
}

static gboolean
add_uri_video (VmtSource *self, GError **error)
{
  g_autofree gchar *still =
      g_strdup_printf ("queue ! videoconvert ! videoscale ! " FILTER (
                           "video/"
                           "x-raw,width=[1,%u],height=[1,%u],pixel-aspect-"
                           "ratio=1/1") " ! imagefreeze is-live=true "
                                        "! " FILTER ("video/x-raw,framerate=%u/"
                                                     "1"),
          VMT_STILL_MAX_WIDTH, VMT_STILL_MAX_HEIGHT, VMT_TEST_RATE);
  g_autofree gchar *moving = g_strdup_printf (
      "queue ! videoconvert ! videorate name=rate drop-only=true max-rate=%u",
      VMT_TEST_RATE);
  g_autoptr (GstElement) rate = NULL;
  g_autoptr (GstPad) sink = NULL;

  if (!add_uri_part (
          self, "video", "video-part", self->still ? still : moving, error))
    return FALSE;
  if (!(rate = gst_bin_get_by_name (GST_BIN (self->bin), "rate")))
    return TRUE;
  sink = gst_element_get_static_pad (rate, "sink");
  gst_pad_add_probe (sink, GST_PAD_PROBE_TYPE_BUFFER, on_frame, NULL, NULL);
  return TRUE;
}

/* A photo, or the cover of a song. */
static gboolean
are_pictures (const GList *video)
{
  for (; video; video = video->next)
    if (!gst_discoverer_video_info_is_image (video->data))
      return FALSE;
  return TRUE;
}

static gboolean
add_uri (
    VmtSource *self, const gchar *spec, gboolean audio_only, GError **error)
{
  g_autofree gchar *uri = uri_from_spec (spec, error);
  g_autoptr (GstDiscoverer) discoverer = NULL;
  g_autoptr (GstDiscovererInfo) info = NULL;
  g_autoptr (GError) unplayable = NULL;
  GstElement *decoder;
  GList *audio, *video;

  if (!uri || !(discoverer = gst_discoverer_new (VMT_URI_WAIT, error)))
    return FALSE;
  info = gst_discoverer_discover_uri (discoverer, uri, &unplayable);
  if (!info || unplayable) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
        "'%s' cannot be played: %s", spec,
        unplayable ? unplayable->message : "nothing is known about it");
    return FALSE;
  }
  audio = gst_discoverer_info_get_audio_streams (info);
  video = gst_discoverer_info_get_video_streams (info);
  self->has_audio = audio != NULL;
  self->has_video = video != NULL && !audio_only;
  self->still = self->has_video && are_pictures (video);
  gst_discoverer_stream_info_list_free (audio);
  gst_discoverer_stream_info_list_free (video);
  if (!self->has_audio && !self->has_video) {
    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND,
        "'%s' holds nothing that can be sent.", spec);
    return FALSE;
  }
  if ((self->has_video && !add_uri_video (self, error))
      || (self->has_audio
          && !add_uri_part (self, "audio", "audio-part", "queue", error)))
    return FALSE;
  decoder = gst_element_factory_make ("uridecodebin", NULL);
  if (!decoder) {
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "The element uridecodebin is missing.");
    return FALSE;
  }
  g_object_set (decoder, "uri", uri, NULL);
  g_signal_connect (decoder, "pad-added", G_CALLBACK (on_uri_pad), self->bin);
  gst_bin_add (GST_BIN (self->bin), decoder);
  return TRUE;
}

const gchar *
vmt_source_find_device (GstElement *bin, GstObject *object)
{
  static const gchar *const names[] = { VMT_CAMERA, VMT_MICROPHONE };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstElement) device =
        gst_bin_get_by_name (GST_BIN (bin), names[i]);

    if (device
        && (object == GST_OBJECT (device)
            || gst_object_has_as_ancestor (object, GST_OBJECT (device))))
      return names[i];
  }
  return NULL;
}

const gchar *const vmt_source_words[] = {
  [VMT_SOURCE_CAMERA] = "camera",
  [VMT_SOURCE_SCREEN] = "screen",
  [VMT_SOURCE_TEST] = "test",
  [VMT_SOURCE_STAMP] = VMT_STAMP,
  NULL,
};

static VmtSourceKind
kind_from_spec (const gchar *spec)
{
  for (guint kind = 0; vmt_source_words[kind]; kind++)
    if (g_str_equal (spec, vmt_source_words[kind]))
      return kind;
  if (g_str_has_prefix (spec, VMT_STAMP ":"))
    return VMT_SOURCE_STAMP;
  return VMT_SOURCE_URI;
}

static gboolean
fill (VmtSource *self, const gchar *spec, gboolean audio_only, GError **error)
{
  switch (self->kind) {
    case VMT_SOURCE_CAMERA:
      return (audio_only || add_camera (self, error))
             && add_microphone (self, error);
    case VMT_SOURCE_SCREEN:
      return (audio_only || add_screen (self, error))
             && add_microphone (self, error);
    case VMT_SOURCE_TEST:
      return (audio_only || add_test_video (self, error))
             && add_line (self, "audio",
                 "audiotestsrc is-live=true wave=ticks volume=0.3 ! " RAW_AUDIO,
                 error);
    case VMT_SOURCE_STAMP:
      return (audio_only || add_stamp_video (self, spec, error))
             && add_line (self, "audio", TONE " ! " RAW_AUDIO, error);
    case VMT_SOURCE_URI:
      return add_uri (self, spec, audio_only, error);
  }
  g_return_val_if_reached (FALSE);
}

VmtSource *
vmt_source_new (const gchar *spec, gboolean audio_only, GError **error)
{
  g_autoptr (VmtSource) self = g_new0 (VmtSource, 1);

  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->kind = kind_from_spec (spec);
  self->bin = gst_object_ref_sink (gst_bin_new ("source"));
  if (!fill (self, spec, audio_only, error))
    return NULL;
  return g_steal_pointer (&self);
}
