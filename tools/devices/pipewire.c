/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/pipewire.h"

#define PLUGIN "pipewire"
#define SINK "pipewiresink"
/* what any version can name; nothing of it is sent */
#define CAPS "audio/x-raw,format=S16LE,layout=interleaved,rate=48000,channels=1"

const gchar *
vmt_pipewire_get_version (void)
{
  g_autoptr (GstPlugin) plugin =
      gst_registry_find_plugin (gst_registry_get (), PLUGIN);

  /* it stays with the registry */
  return plugin ? gst_plugin_get_version (plugin) : NULL;
}

gboolean
vmt_pipewire_sink_locks_up (const gchar *version)
{
  return version && g_str_has_prefix (version, "0.");
}

GstElement *
vmt_pipewire_make_source (GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);
  g_autofree gchar *target = NULL;
  GstElement *source;

  if (!factory || g_strcmp0 (GST_OBJECT_NAME (factory), SINK) != 0)
    return element;
  source = gst_element_factory_make (VMT_PIPEWIRE_SOURCE, NULL);
  if (!source)
    return element;
  g_object_get (element, "target-object", &target, NULL);
  g_object_set (source, "target-object", target, NULL);
  gst_object_unref (gst_object_ref_sink (element));
  return source;
}

/* Versions of PipeWire differ in what they have. */
static void
set_if_known (GstElement *element, const gchar *property)
{
  if (g_object_class_find_property (G_OBJECT_GET_CLASS (element), property))
    g_object_set (element, property, TRUE, NULL);
}

void
vmt_pipewire_source_setup (GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (!factory
      || g_strcmp0 (GST_OBJECT_NAME (factory), VMT_PIPEWIRE_SOURCE) != 0)
    return;
  /* its own times are of another clock */
  set_if_known (element, "do-timestamp");
  /* it takes the memory of its buffers back when the format changes, whoever
   * still reads it; and a compositor has few */
  set_if_known (element, "always-copy");
}

static gboolean
is_of_pipewire (GstElement *element)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  return factory
         && g_strcmp0 (gst_plugin_feature_get_plugin_name (
                           GST_PLUGIN_FEATURE (factory)),
                PLUGIN)
                == 0;
}

static void
collect (const GValue *value, gpointer user_data)
{
  GstElement *element = g_value_get_object (value);

  if (is_of_pipewire (element))
    g_ptr_array_add (user_data, gst_object_ref (element));
}

/* Those in @bin that have a stream. */
static GPtrArray *
list_elements (GstElement *bin)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (gst_object_unref);

  if (GST_IS_BIN (bin)) {
    GstIterator *all = gst_bin_iterate_recurse (GST_BIN (bin));

    while (gst_iterator_foreach (all, collect, list) == GST_ITERATOR_RESYNC) {
      g_ptr_array_set_size (list, 0);
      gst_iterator_resync (all);
    }
    gst_iterator_free (all);
  } else if (is_of_pipewire (bin)) {
    g_ptr_array_add (list, gst_object_ref (bin));
  }
  for (guint i = list->len; i > 0; i--)
    if (GST_STATE (g_ptr_array_index (list, i - 1)) < GST_STATE_PAUSED)
      g_ptr_array_remove_index (list, i - 1);
  return list;
}

/* Returns once the thread of the connection that @element has was idle: a
 * stream that asks to be connected waits for what that thread is told. Elements
 * with the same descriptor share a connection. */
static void
go_round (GstElement *element)
{
  g_autoptr (GstElement) sink = gst_element_factory_make (SINK, NULL);
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS);
  g_autoptr (GstPad) pad = NULL;
  gint fd = -1;

  if (!sink)
    return;
  gst_object_ref_sink (sink);
  g_object_get (element, "fd", &fd, NULL);
  g_object_set (sink, "fd", fd, "async", FALSE, NULL);
  gst_util_set_object_arg (G_OBJECT (sink), "mode", "provide");
  pad = gst_element_get_static_pad (sink, "sink");
  if (gst_element_set_state (sink, GST_STATE_PAUSED)
      != GST_STATE_CHANGE_FAILURE) {
    gst_pad_send_event (pad, gst_event_new_stream_start ("end"));
    gst_pad_send_event (pad, gst_event_new_caps (caps));
  }
  gst_element_set_state (sink, GST_STATE_NULL);
}

/* libpipewire before 0.3.72 has a stream's calls made on the connection's
 * thread, and frees the stream with one still due. A stream that is paused gets
 * no new ones; one that was never played is not paused by its element. */
void
vmt_pipewire_end (GstElement *bin)
{
  g_autoptr (GPtrArray) list = list_elements (bin);

  for (guint i = 0; i < list->len; i++) {
    GstElement *element = g_ptr_array_index (list, i);

    gst_element_set_locked_state (element, TRUE);
    if (GST_STATE (element) != GST_STATE_PLAYING)
      gst_element_set_state (element, GST_STATE_PLAYING);
    gst_element_set_state (element, GST_STATE_PAUSED);
  }
  for (guint i = 0; i < list->len; i++) {
    go_round (g_ptr_array_index (list, i));
    gst_element_set_state (g_ptr_array_index (list, i), GST_STATE_NULL);
  }
}
