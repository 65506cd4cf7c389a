/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/camera.h"

#include <gio/gio.h>
#include <stdio.h>
#include <string.h>

gboolean
vmt_size_parse (VmtSize *size, const gchar *text, GError **error)
{
  VmtSize read = VMT_SIZE_DEFAULT;
  gint end = 0, whole = 0;

  sscanf (text, "%4ux%4u%n@%2u%n", &read.width, &read.height, &whole,
      &read.rate, &end);
  end = end ? end : whole;
  if (text[strspn (text, G_CSET_DIGITS "x@")] == '\0' && end && !text[end]
      && read.width % 2 == 0 && read.height % 2 == 0
      && read.width >= VMT_SIZE_MIN_WIDTH && read.width <= VMT_SIZE_MAX_WIDTH
      && read.height >= VMT_SIZE_MIN_HEIGHT
      && read.height <= VMT_SIZE_MAX_HEIGHT && read.rate >= 1
      && read.rate <= VMT_SIZE_MAX_RATE) {
    *size = read;
    return TRUE;
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--size takes WIDTHxHEIGHT@RATE with even sizes from %ux%u to %ux%u and "
      "1 to %u pictures a second, as 1280x720@30, not '%s'.",
      VMT_SIZE_MIN_WIDTH, VMT_SIZE_MIN_HEIGHT, VMT_SIZE_MAX_WIDTH,
      VMT_SIZE_MAX_HEIGHT, VMT_SIZE_MAX_RATE, text);
  return FALSE;
}

gboolean
vmt_region_parse (VmtRegion *region, const gchar *text, GError **error)
{
  VmtRegion read = { 0 };
  gint end = 0;

  if (text[strspn (text, G_CSET_DIGITS ",")] == '\0'
      && sscanf (text, "%5u,%5u,%5u,%5u%n", &read.x, &read.y, &read.width,
             &read.height, &end)
             == 4
      && !text[end] && read.width >= VMT_REGION_MIN
      && read.height >= VMT_REGION_MIN && read.x + read.width <= VMT_REGION_MAX
      && read.y + read.height <= VMT_REGION_MAX) {
    *region = read;
    return TRUE;
  }
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--region takes X,Y,WIDTH,HEIGHT in pixels, each side %u at the least, "
      "as 0,0,1280,720, not '%s'.",
      VMT_REGION_MIN, text);
  return FALSE;
}

GstCaps *
vmt_size_choose (const VmtSize *size, const GstCaps *offered)
{
  static const struct
  {
    const gchar *format;
    gboolean at_size, at_rate;
  } choices[] = {
    { "video/x-raw", TRUE, TRUE },
    { "image/jpeg", TRUE, TRUE },
    { "video/x-h264", TRUE, TRUE },
    /* at another rate the raw one is most often the lower one */
    { "image/jpeg", TRUE, FALSE },
    { "video/x-raw", TRUE, FALSE },
    { "video/x-h264", TRUE, FALSE },
    { "video/x-raw", FALSE, FALSE },
    { "image/jpeg", FALSE, FALSE },
    { "video/x-h264", FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (choices); i++) {
    g_autoptr (GstCaps) wanted = gst_caps_new_empty_simple (choices[i].format);
    GstCaps *found;

    if (choices[i].at_size)
      gst_caps_set_simple (wanted, "width", G_TYPE_INT, (gint) size->width,
          "height", G_TYPE_INT, (gint) size->height, NULL);
    if (choices[i].at_rate)
      gst_caps_set_simple (
          wanted, "framerate", GST_TYPE_FRACTION, (gint) size->rate, 1, NULL);
    found = gst_caps_intersect_full (
        (GstCaps *) offered, wanted, GST_CAPS_INTERSECT_FIRST);
    if (!gst_caps_is_empty (found))
      return found;
    gst_caps_unref (found);
  }
  return gst_caps_new_any ();
}

gboolean
vmt_size_is_rate_of (const VmtSize *size, const GstCaps *chosen)
{
  if (gst_caps_is_any (chosen) || gst_caps_is_empty (chosen))
    return FALSE;
  for (guint i = 0; i < gst_caps_get_size (chosen); i++) {
    gint n, d;

    if (!gst_structure_get_fraction (
            gst_caps_get_structure (chosen, i), "framerate", &n, &d)
        || n != (gint) size->rate * d)
      return FALSE;
  }
  return TRUE;
}

gchar *
vmt_find_decoder (const GstCaps *caps)
{
  GList *all = gst_element_factory_list_get_elements (
      GST_ELEMENT_FACTORY_TYPE_DECODER | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE
          | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO
          | GST_ELEMENT_FACTORY_TYPE_MEDIA_AUDIO,
      GST_RANK_MARGINAL);
  GList *fit = gst_element_factory_list_filter (all, caps, GST_PAD_SINK, FALSE);
  gchar *name = NULL;

  fit = g_list_sort (fit, gst_plugin_feature_rank_compare_func);
  for (GList *l = fit; l && !name; l = l->next)
    if (!gst_element_factory_list_is_type (
            l->data, GST_ELEMENT_FACTORY_TYPE_HARDWARE))
      name = g_strdup (GST_OBJECT_NAME (l->data));
  gst_plugin_feature_list_free (fit);
  gst_plugin_feature_list_free (all);
  return name;
}

gchar *
vmt_size_decode_line (const GstCaps *chosen, GError **error)
{
  const gchar *format =
      gst_caps_is_any (chosen)
          ? "video/x-raw"
          : gst_structure_get_name (gst_caps_get_structure (chosen, 0));
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (format);
  g_autofree gchar *decoder = NULL;

  if (g_str_equal (format, "video/x-raw"))
    return g_strdup ("");
  decoder = vmt_find_decoder (caps);
  if (decoder)
    return g_strdup_printf ("%s%s ! ",
        g_str_equal (format, "video/x-h264") ? "h264parse ! " : "", decoder);
  g_set_error (error, GST_CORE_ERROR, GST_CORE_ERROR_MISSING_PLUGIN,
      "The camera sends %s, for which no decoder is installed.", format);
  return NULL;
}
