/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/source.h"
#include "devices/rtspaddress.h"
#include "devices/screen.h"
#include "devices/slot-source.h"
#include "ui/stamp.h"

#include <gio/gio.h>
#include <gst/pbutils/pbutils.h>
#include <stdio.h>
#include <string.h>

#define STR_(x) #x
#define STR(x) STR_ (x)
#define TONE "audiotestsrc is-live=true freq=440 volume=0.1"
/* a description that ends with bare caps would end before them */
#define FILTER(caps) "capsfilter caps=\"" caps "\""
#define RAW_AUDIO FILTER ("audio/x-raw,rate=48000,channels=2")
#define TEST_PICTURE                                                         \
  "videotestsrc is-live=true pattern=smpte horizontal-speed=2 ! " FILTER (   \
      "video/x-raw,format=I420,width=" STR (VMT_TEST_WIDTH) ",height=" STR ( \
          VMT_TEST_HEIGHT) ",framerate=" STR (VMT_TEST_RATE) "/1")

void
vmt_source_free (VmtSource *self)
{
  if (self->bin)
    gst_object_unref (self->bin);
  if (self->sound)
    gst_object_unref (self->sound);
  g_ptr_array_unref (self->notes);
  g_free (self);
}

/* Adds @part to the bin, with its source pad as @pad_name. */
static void
add_part (VmtSource *self, const gchar *pad_name, GstElement *part)
{
  g_autoptr (GstPad) target = NULL;

  gst_bin_add (GST_BIN (self->bin), part);
  target = gst_element_get_static_pad (part, "src");
  gst_element_add_pad (self->bin, gst_ghost_pad_new (pad_name, target));
  if (g_str_equal (pad_name, "video"))
    self->has_video = TRUE;
  else
    self->has_audio = TRUE;
}

/* Adds what @line describes to the bin, with its open source pad as @pad. */
static gboolean
add_line (
    VmtSource *self, const gchar *pad_name, const gchar *line, GError **error)
{
  GstElement *part = gst_parse_bin_from_description (line, TRUE, error);

  if (!part)
    return FALSE;
  add_part (self, pad_name, part);
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
begin_with_none (VmtSource *self, VmtSlot *slot, VmtKind kind, GError **error)
{
  GstElement *part;

  if (kind == VMT_KIND_MICROPHONE) {
    g_ptr_array_add (self->notes,
        g_strdup ("No microphone was found; silence is sent instead."));
    return vmt_slot_begin (slot, NULL, error);
  }
  part = gst_parse_bin_from_description (TEST_PICTURE, TRUE, error);
  if (!part)
    return FALSE;
  g_ptr_array_add (self->notes,
      g_strdup ("No camera was found; a test picture is sent instead."));
  return vmt_slot_begin_with (slot, part, NULL);
}

/* With the first that really opens. */
static gboolean
begin_with_any (VmtSource *self, VmtSlot *slot, VmtKind kind,
    VmtDevices *devices, GError **error)
{
  g_autoptr (GPtrArray) list = vmt_devices_list (devices, kind);

  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);
    g_autoptr (GError) why = NULL;

    if (vmt_slot_begin (slot, device, &why))
      return TRUE;
    if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
      g_ptr_array_add (self->notes,
          g_strdup_printf ("The device “%s” does not answer and is left out.",
              device->name));
  }
  return begin_with_none (self, slot, kind, error);
}

static gboolean
begin_with_named (VmtSlot *slot, VmtKind kind, const gchar *name,
    VmtDevices *devices, GError **error)
{
  g_autoptr (VmtMediaDevice) device = NULL;

  if (g_str_equal (name, VMT_NO_DEVICE))
    return vmt_slot_begin (slot, NULL, error);
  device = vmt_devices_find (devices, kind, name, error);
  return device && vmt_slot_begin (slot, device, error);
}

static gboolean
add_device (VmtSource *self, VmtKind kind, const VmtSourceChoice *choice,
    GError **error)
{
  gboolean video = kind == VMT_KIND_CAMERA;
  const gchar *name = video ? choice->camera : choice->microphone;
  VmtSlot *slot = vmt_source_slot_new (kind, &choice->size);

  add_part (self, video ? "video" : "audio", GST_ELEMENT (slot));
  if (video)
    self->camera = slot;
  else
    self->microphone = slot;
  return name ? begin_with_named (slot, kind, name, choice->devices, error)
              : begin_with_any (self, slot, kind, choice->devices, error);
}

static gboolean
add_screen (VmtSource *self, const VmtSourceChoice *choice, GError **error)
{
  static const VmtRegion whole = { 0 };
  static const VmtPortalConfig nobody = { 0 };
  const VmtRegion *region = choice ? &choice->region : &whole;
  GstElement *part;

  if (vmt_screen_is_asked_for ()) {
    self->screen =
        vmt_screen_slot_new (choice ? &choice->portal : &nobody, region, error);
    part = (GstElement *) self->screen;
  } else
    part = vmt_screen_new (region, error);
  if (!part)
    return FALSE;
  add_part (self, "video", part);
  return TRUE;
}

/* The screen is sent without it where there is none. */
static void
add_screen_sound (VmtSource *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmtScreenSound) sound = vmt_screen_sound_new (&error);

  if (sound)
    gst_object_ref_sink (sound);
  if (sound && vmt_screen_sound_listen (sound, &error))
    self->sound = g_steal_pointer (&sound);
  else
    g_ptr_array_add (
        self->notes, g_strdup_printf ("The sound of the screen is not sent: %s",
                         error->message));
}

/* A camera on the network, which says what it has. */
static gboolean
add_rtsp (
    VmtSource *self, const gchar *uri, gboolean audio_only, GError **error)
{
  static const gchar *const names[] = { "video", "audio" };
  VmtRtsp *rtsp = vmt_rtsp_new (uri, audio_only, error);

  if (!rtsp)
    return FALSE;
  self->rtsp = rtsp;
  self->has_video = vmt_rtsp_has_video (rtsp);
  self->has_audio = vmt_rtsp_has_audio (rtsp);
  if (vmt_rtsp_get_note (rtsp))
    g_ptr_array_add (self->notes, g_strdup (vmt_rtsp_get_note (rtsp)));
  gst_bin_add (GST_BIN (self->bin), GST_ELEMENT (rtsp));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GstPad) src =
        gst_element_get_static_pad (GST_ELEMENT (rtsp), names[i]);

    if (src)
      gst_element_add_pad (self->bin, gst_ghost_pad_new (names[i], src));
  }
  return TRUE;
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
add_uri (VmtSource *self, const gchar *spec, gboolean audio_only,
    gboolean no_sound, GError **error)
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
    g_autofree gchar *shown = vmt_uri_to_show (spec);

    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
        "'%s' cannot be played: %s", shown,
        unplayable ? unplayable->message : "nothing is known about it");
    return FALSE;
  }
  audio = gst_discoverer_info_get_audio_streams (info);
  video = gst_discoverer_info_get_video_streams (info);
  self->has_audio = audio != NULL && !no_sound;
  self->has_video = video != NULL && !audio_only;
  self->still = self->has_video && are_pictures (video);
  gst_discoverer_stream_info_list_free (audio);
  gst_discoverer_stream_info_list_free (video);
  if (!self->has_audio && !self->has_video) {
    g_autofree gchar *shown = vmt_uri_to_show (spec);

    g_set_error (error, GST_STREAM_ERROR, GST_STREAM_ERROR_TYPE_NOT_FOUND,
        "'%s' holds nothing that can be sent.", shown);
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
  return vmt_is_rtsp (spec) ? VMT_SOURCE_RTSP : VMT_SOURCE_URI;
}

static gboolean
add_sound (VmtSource *self, const VmtSourceChoice *choice, GError **error)
{
  if (choice && choice->no_sound)
    return TRUE;
  switch (self->kind) {
    case VMT_SOURCE_CAMERA:
    case VMT_SOURCE_SCREEN:
      return add_device (self, VMT_KIND_MICROPHONE, choice, error);
    case VMT_SOURCE_TEST:
      return add_line (self, "audio",
          "audiotestsrc is-live=true wave=ticks volume=0.3 ! " RAW_AUDIO,
          error);
    default:
      return add_line (self, "audio", TONE " ! " RAW_AUDIO, error);
  }
}

static gboolean
add_picture (VmtSource *self, const gchar *spec, const VmtSourceChoice *choice,
    GError **error)
{
  switch (self->kind) {
    case VMT_SOURCE_CAMERA:
      return add_device (self, VMT_KIND_CAMERA, choice, error);
    case VMT_SOURCE_SCREEN:
      return add_screen (self, choice, error);
    case VMT_SOURCE_TEST:
      return add_line (self, "video", TEST_PICTURE, error);
    default:
      return add_stamp_video (self, spec, error);
  }
}

static gboolean
fill (VmtSource *self, const gchar *spec, gboolean audio_only,
    const VmtSourceChoice *choice, GError **error)
{
  if (self->kind == VMT_SOURCE_URI)
    return add_uri (self, spec, audio_only, choice && choice->no_sound, error);
  if (self->kind == VMT_SOURCE_RTSP)
    return add_rtsp (self, spec, audio_only, error);
  if ((!audio_only && !add_picture (self, spec, choice, error))
      || !add_sound (self, choice, error))
    return FALSE;
  if (self->kind == VMT_SOURCE_SCREEN && choice && choice->screen_sound)
    add_screen_sound (self);
  return TRUE;
}

gboolean
vmt_source_needs_devices (const gchar *spec, const VmtSourceChoice *choice)
{
  VmtSourceKind kind = kind_from_spec (spec);

  return kind == VMT_SOURCE_CAMERA
         || (kind == VMT_SOURCE_SCREEN && !choice->no_sound);
}

VmtSource *
vmt_source_new (const gchar *spec, gboolean audio_only,
    const VmtSourceChoice *choice, GError **error)
{
  g_autoptr (VmtSource) self = g_new0 (VmtSource, 1);

  self->notes = g_ptr_array_new_with_free_func (g_free);
  self->kind = kind_from_spec (spec);
  self->bin = gst_object_ref_sink (gst_bin_new ("source"));
  if (!fill (self, spec, audio_only, choice, error))
    return NULL;
  return g_steal_pointer (&self);
}
