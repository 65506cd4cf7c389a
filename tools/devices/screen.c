/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/screen.h"
#include "devices/pipewire.h"
#include "devices/slot-source.h"

#include <string.h>

#define STR_(x) #x
#define STR(x) STR_ (x)
/* a description that ends with bare caps would end before them */
#define CAPS \
  "capsfilter caps=\"video/x-raw,framerate=" STR (VMT_SCREEN_RATE) "/1\""
#define SOURCE VMT_PIPEWIRE_SOURCE

static gboolean
is_set (const gchar *variable)
{
  const gchar *value = g_getenv (variable);

  return value && *value;
}

static gboolean
is_wayland (void)
{
  return is_set ("WAYLAND_DISPLAY")
         || g_strcmp0 (g_getenv ("XDG_SESSION_TYPE"), "wayland") == 0;
}

gboolean
vmt_screen_is_asked_for (void)
{
  return is_wayland () || !is_set ("DISPLAY");
}

static void
set_beyond (GError **error, gint width, gint height)
{
  g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The region does not lie on the screen, which has %dx%d pixels.", width,
      height);
}

static gboolean
lies_within (const VmtRegion *region, gint width, gint height)
{
  return region->x + region->width <= (guint) width
         && region->y + region->height <= (guint) height;
}

/* The X display */

/* ximagesrc takes what is beyond the screen for the whole of it. */
static gboolean
set_region (GstElement *screen, const VmtRegion *region, GError **error)
{
  g_autoptr (GstPad) src = gst_element_get_static_pad (screen, "src");
  g_autoptr (GstCaps) caps = NULL;
  gint width = 0, height = 0;

  gst_element_set_state (screen, GST_STATE_READY);
  caps = gst_pad_query_caps (src, NULL);
  if (!gst_caps_is_empty (caps) && !gst_caps_is_any (caps))
    gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT,
        &width, "height", G_TYPE_INT, &height, NULL);
  gst_element_set_state (screen, GST_STATE_NULL);
  if (!lies_within (region, width, height)) {
    set_beyond (error, width, height);
    return FALSE;
  }
  g_object_set (screen, "startx", region->x, "starty", region->y, "endx",
      region->x + region->width - 1, "endy", region->y + region->height - 1,
      NULL);
  return TRUE;
}

GstElement *
vmt_screen_new (const VmtRegion *region, GError **error)
{
  GstElement *part = gst_parse_bin_from_description (
      "ximagesrc name=screen use-damage=false ! queue max-size-buffers=2 "
      "leaky=downstream ! videoconvert ! videorate ! " CAPS,
      TRUE, error);
  g_autoptr (GstElement) screen =
      part ? gst_bin_get_by_name (GST_BIN (part), "screen") : NULL;

  if (!screen || !region->width || set_region (screen, region, error))
    return part;
  gst_object_unref (gst_object_ref_sink (part));
  return NULL;
}

/* What the desktop shares */

static void
lose (GstElement *part, const gchar *why)
{
  g_autoptr (GstObject) slot = gst_object_get_parent (GST_OBJECT (part));

  if (slot)
    vmt_slot_flag_failed (VMT_SLOT (slot), part, why);
}

static void
on_ended (GObject *part)
{
  lose (GST_ELEMENT (part), "The desktop has ended it.");
}

typedef struct
{
  VmtRegion region;
  GWeakRef part;
} Cut;

static void
cut_free (gpointer data)
{
  Cut *cut = data;

  g_weak_ref_clear (&cut->part);
  g_free (cut);
}

/* How large it is, is known by then, and may change with a window's size. */
static GstPadProbeReturn
on_caps (GstPad *pad, GstPadProbeInfo *info, gpointer user_data)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  Cut *cut = user_data;
  const VmtRegion *region = &cut->region;
  g_autoptr (GstElement) crop = gst_pad_get_parent_element (pad);
  g_autoptr (GstElement) part = g_weak_ref_get (&cut->part);
  g_autoptr (GError) error = NULL;
  gint width = 0, height = 0;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CAPS || !crop || !part)
    return GST_PAD_PROBE_OK;
  gst_event_parse_caps (event, &caps);
  gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT,
      &width, "height", G_TYPE_INT, &height, NULL);
  if (!lies_within (region, width, height)) {
    set_beyond (&error, width, height);
    lose (part, error->message);
    return GST_PAD_PROBE_DROP;
  }
  g_object_set (crop, "left", (gint) region->x, "top", (gint) region->y,
      "right", width - (gint) (region->x + region->width), "bottom",
      height - (gint) (region->y + region->height), NULL);
  return GST_PAD_PROBE_OK;
}

static void
cut_out (GstElement *part, const VmtRegion *region)
{
  g_autoptr (GstElement) crop = gst_bin_get_by_name (GST_BIN (part), "crop");
  g_autoptr (GstPad) sink = gst_element_get_static_pad (crop, "sink");
  Cut *cut = g_new (Cut, 1);

  cut->region = *region;
  g_weak_ref_init (&cut->part, part);
  gst_pad_add_probe (
      sink, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, on_caps, cut, cut_free);
}

static GstElement *
make_part (VmtPortal *portal, const VmtRegion *region, GError **error)
{
  g_autofree gchar *node =
      g_strdup_printf ("%u", vmt_portal_get_stream (portal)->node);
  g_autofree gchar *keepalive = g_strdup_printf ("%u", 1000 / VMT_SCREEN_RATE);
  GstElement *part = gst_parse_bin_from_description (SOURCE
      " name=screen ! queue max-size-buffers=2 leaky=downstream ! "
      "videoconvert ! videocrop name=crop ! videorate "
      "skip-to-first=true ! " CAPS,
      TRUE, error);
  g_autoptr (GstElement) screen =
      part ? gst_bin_get_by_name (GST_BIN (part), "screen") : NULL;

  if (!screen)
    return NULL;
  g_object_set (screen, "fd", vmt_portal_get_fd (portal), "path", node, NULL);
  vmt_pipewire_source_setup (screen);
  /* a screen on which nothing moves sends nothing, and who joins then would
   * see nothing; not every version has this */
  if (g_object_class_find_property (
          G_OBJECT_GET_CLASS (screen), "keepalive-time"))
    gst_util_set_object_arg (G_OBJECT (screen), "keepalive-time", keepalive);
  if (region->width)
    cut_out (part, region);
  return part;
}

/* Of what stands in: as large as what is shared, if that is known. */
static VmtSize
size_of (const VmtPortalStream *stream)
{
  VmtSize size = VMT_SIZE_DEFAULT;

  size.rate = VMT_SCREEN_RATE;
  if (stream->width >= VMT_SIZE_MIN_WIDTH && stream->width <= VMT_SIZE_MAX_WIDTH
      && stream->height >= VMT_SIZE_MIN_HEIGHT
      && stream->height <= VMT_SIZE_MAX_HEIGHT) {
    size.width = (guint) stream->width & ~1u;
    size.height = (guint) stream->height & ~1u;
  }
  return size;
}

/* The desktop is asked once it is known that its answer can be used. */
static VmtPortal *
ask (const VmtPortalConfig *config, GError **error)
{
  g_autoptr (GstElementFactory) factory = gst_element_factory_find (SOURCE);
  VmtPortal *portal = NULL;

  if (factory)
    portal = vmt_portal_new (config, error);
  else
    g_set_error_literal (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
        "No screen is shared: GStreamer's element " SOURCE
        " is missing, which is in Debian's package gstreamer1.0-pipewire.");
  if (!portal && !is_wayland ())
    g_prefix_error (
        error, "There is no X display to capture: DISPLAY is not set. ");
  return portal;
}

VmtSlot *
vmt_screen_slot_new (
    const VmtPortalConfig *config, const VmtRegion *region, GError **error)
{
  g_autoptr (VmtPortal) portal = ask (config, error);
  GstElement *part = portal ? make_part (portal, region, error) : NULL;
  VmtSize size;
  VmtSlot *slot;

  if (!part)
    return NULL;
  if (!vmt_portal_watch (portal, G_OBJECT (part), on_ended, error)) {
    gst_object_unref (gst_object_ref_sink (part));
    return NULL;
  }
  size = size_of (vmt_portal_get_stream (portal));
  slot = vmt_source_slot_new (VMT_KIND_SCREEN, &size);
  vmt_slot_begin_with (slot, part, VMT_SCREEN_NAME);
  g_object_set_data_full (G_OBJECT (slot), "portal", g_steal_pointer (&portal),
      (GDestroyNotify) vmt_portal_free);
  return slot;
}
