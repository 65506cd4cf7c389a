/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this machine can send and show: devices, elements, codecs. */

#include "doctor/doctor.h"

#include <gst/gst.h>
#include <string.h>

static void
check_devices (VmtDoctor *self, const gchar *check, const gchar *class,
    const gchar *caps_name, const gchar *none, const gchar *advice)
{
  g_autoptr (GstDeviceMonitor) monitor = gst_device_monitor_new ();
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (caps_name);
  g_autoptr (GString) names = g_string_new (NULL);
  JsonArray *array = json_array_new ();
  JsonObject *details = json_object_new ();
  GList *devices;

  gst_device_monitor_add_filter (monitor, class, caps);
  devices = gst_device_monitor_get_devices (monitor);
  for (GList *l = devices; l; l = l->next) {
    g_autofree gchar *name = gst_device_get_display_name (l->data);
    g_autoptr (GstStructure) properties = gst_device_get_properties (l->data);

    /* what a loudspeaker plays is no microphone */
    if (properties
        && g_strcmp0 (
               gst_structure_get_string (properties, "device.class"), "monitor")
               == 0)
      continue;
    g_string_append_printf (names, "%s%s", names->len ? ", " : "", name);
    json_array_add_string_element (array, name);
  }
  g_list_free_full (devices, gst_object_unref);
  json_object_set_array_member (details, "devices", array);
  if (names->len)
    vmt_doctor_tell (
        self, check, VMT_FOUND_GOOD, details, NULL, "%s", names->str);
  else
    vmt_doctor_tell (
        self, check, VMT_FOUND_WARNING, details, advice, "%s", none);
}

static gboolean
is_installed (const gchar *element)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (element);

  return factory != NULL;
}

/* Without one of these there is no call at all. Where the project's own plugins
 * were installed GStreamer need not look by itself. */
static void
check_elements (VmtDoctor *self)
{
  static const struct
  {
    const gchar *element, *package;
  } needed[] = {
    { "vmsignalbin", "gst-videomeet" },
    { "webrtcbin", "gstreamer1.0-plugins-bad" },
    { "dtlsdec", "gstreamer1.0-plugins-bad" },
    { "srtpdec", "gstreamer1.0-plugins-bad" },
    { "nicesrc", "gstreamer1.0-nice" },
    { "rtpbin", "gstreamer1.0-plugins-good" },
    { "videoconvert", "gstreamer1.0-plugins-base" },
  };
  guint missing = 0;

  if (!is_installed ("vmsignalbin"))
    gst_registry_scan_path (gst_registry_get (), VMT_PLUGIN_DIR);
  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    g_autofree gchar *advice = NULL;

    if (is_installed (needed[i].element))
      continue;
    missing++;
    advice = g_strdup_printf ("Install %s.", needed[i].package);
    vmt_doctor_tell (self, "elements", VMT_FOUND_BAD, NULL, advice,
        "GStreamer has no element %s.", needed[i].element);
  }
  if (!missing)
    vmt_doctor_tell (self, "elements", VMT_FOUND_GOOD, NULL, NULL,
        "GStreamer has all that a call needs.");
}

/* The best of @kind for @caps by its rank, or NULL. */
static gchar *
find_best (GstElementFactoryListType kind, GstPadDirection direction,
    const gchar *caps_text)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (caps_text);
  GList *all = gst_element_factory_list_get_elements (kind, GST_RANK_MARGINAL);
  GList *fit = gst_element_factory_list_filter (all, caps, direction, FALSE);
  gchar *name = NULL;

  fit = g_list_sort (fit, gst_plugin_feature_rank_compare_func);
  for (GList *l = fit; l && !name; l = l->next) {
    /* those for pictures with an alpha channel wrap the others */
    if (!strstr (GST_OBJECT_NAME (l->data), "alpha"))
      name = g_strdup (GST_OBJECT_NAME (l->data));
  }
  gst_plugin_feature_list_free (fit);
  gst_plugin_feature_list_free (all);
  return name;
}

/* Those of @order that are installed, as vmsignalbin tries them. */
static gchar *
list_encoders (const gchar *const *order, guint n)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < n && order[i]; i++)
    if (is_installed (order[i]))
      g_string_append_printf (
          names, "%s%s", names->len ? ", then " : "", order[i]);
  return names->len ? g_string_free (g_steal_pointer (&names), FALSE) : NULL;
}

static void
check_codecs (VmtDoctor *self)
{
  static const struct
  {
    const gchar *name, *caps, *package;
    GstElementFactoryListType media;
    gboolean needed;
    const gchar *encoders[2]; /* in the order of vmpeer-codec.c */
  } codecs[] = {
    { "VP8", "video/x-vp8", "gstreamer1.0-plugins-good",
        GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO, TRUE, { "vp8enc" } },
    { "H.264", "video/x-h264",
        "gstreamer1.0-plugins-ugly and gstreamer1.0-libav",
        GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO, FALSE,
        { "x264enc", "openh264enc" } },
    { "VP9", "video/x-vp9", "gstreamer1.0-plugins-good",
        GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO, FALSE, { "vp9enc" } },
    { "Opus", "audio/x-opus", "gstreamer1.0-plugins-base",
        GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO, TRUE, { "opusenc" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    g_autofree gchar *encoder =
        list_encoders (codecs[i].encoders, G_N_ELEMENTS (codecs[i].encoders));
    g_autofree gchar *decoder =
        find_best (GST_ELEMENT_FACTORY_TYPE_DECODER | codecs[i].media,
            GST_PAD_SINK, codecs[i].caps);
    JsonObject *details = json_object_new ();
    g_autofree gchar *advice = NULL;

    json_object_set_string_member (details, "codec", codecs[i].name);
    vmt_event_add_string (details, "encoder", encoder);
    vmt_event_add_string (details, "decoder", decoder);
    if (encoder && decoder) {
      vmt_doctor_tell (self, "codecs", VMT_FOUND_GOOD, details, NULL,
          "%s is encoded by %s and decoded by %s.", codecs[i].name, encoder,
          decoder);
      continue;
    }
    advice = g_strdup_printf ("Install %s.", codecs[i].package);
    vmt_doctor_tell (self, "codecs",
        codecs[i].needed ? VMT_FOUND_BAD : VMT_FOUND_WARNING, details, advice,
        "%s cannot be %s here.", codecs[i].name,
        encoder   ? "decoded"
        : decoder ? "encoded"
                  : "encoded or decoded");
  }
}

void
vmt_doctor_check_media (VmtDoctor *self)
{
  check_elements (self);
  check_codecs (self);
  check_devices (self, "camera", "Video/Source", "video/x-raw",
      "No camera is found; others see no picture of you.",
      "Plug one in, or join the group 'video'; '--source screen' sends the "
      "screen.");
  check_devices (self, "microphone", "Audio/Source", "audio/x-raw",
      "No microphone is found; others do not hear you.",
      "Plug one in, or start PipeWire or PulseAudio.");
}
