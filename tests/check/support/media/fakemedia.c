/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/media/fakemedia.h"

#include <string.h>

typedef struct
{
  GstDevice parent;
  gchar *line;
  GWeakRef element; /* the last one */
} FakeMedia;

typedef struct
{
  GstDeviceClass parent;
} FakeMediaClass;

static GType fake_media_get_type (void);
G_DEFINE_TYPE (FakeMedia, fake_media, GST_TYPE_DEVICE)

static GstElement *
fake_media_create_element (GstDevice *device, const gchar *name)
{
  FakeMedia *self = (FakeMedia *) device;
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_bin_from_description_full (
      self->line, TRUE, NULL, GST_PARSE_FLAG_NO_SINGLE_ELEMENT_BINS, &error);

  g_assert_no_error (error);
  g_weak_ref_set (&self->element, element);
  return element;
}

static void
fake_media_finalize (GObject *object)
{
  FakeMedia *self = (FakeMedia *) object;

  g_free (self->line);
  g_weak_ref_clear (&self->element);
  G_OBJECT_CLASS (fake_media_parent_class)->finalize (object);
}

static void
fake_media_class_init (FakeMediaClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = fake_media_finalize;
  GST_DEVICE_CLASS (klass)->create_element = fake_media_create_element;
}

static void
fake_media_init (FakeMedia *self)
{
  g_weak_ref_init (&self->element, NULL);
}

/* PipeWire's devices are known by the name of their type. */
static GType
pipewire_get_type (void)
{
  static GType type;

  if (!type)
    type = g_type_register_static_simple (fake_media_get_type (),
        "GstPipeWireFake", sizeof (FakeMediaClass), NULL, sizeof (FakeMedia),
        NULL, 0);
  return type;
}

typedef struct
{
  GstDeviceProvider parent;
} FakeProvider;

typedef struct
{
  GstDeviceProviderClass parent;
} FakeProviderClass;

static GType fake_provider_get_type (void);
G_DEFINE_TYPE (FakeProvider, fake_provider, GST_TYPE_DEVICE_PROVIDER)

static GList *plugged; /* of GstDevice */
static GstDeviceProvider *started; /* or NULL */

static gboolean
fake_provider_start (GstDeviceProvider *provider)
{
  started = provider;
  for (GList *l = plugged; l; l = l->next)
    gst_device_provider_device_add (provider, l->data);
  return TRUE;
}

static void
fake_provider_stop (GstDeviceProvider *provider)
{
  started = NULL;
}

static void
fake_provider_class_init (FakeProviderClass *klass)
{
  GST_DEVICE_PROVIDER_CLASS (klass)->start = fake_provider_start;
  GST_DEVICE_PROVIDER_CLASS (klass)->stop = fake_provider_stop;
  gst_device_provider_class_set_static_metadata (
      GST_DEVICE_PROVIDER_CLASS (klass), "Devices", "Audio/Video/Source/Sink",
      "What a test plugs in", "nobody");
}

static void
fake_provider_init (FakeProvider *self)
{
}

void
fake_media_register (void)
{
  g_list_free_full (plugged, gst_object_unref);
  plugged = NULL;
  gst_device_provider_register (
      NULL, "fake-media", GST_RANK_PRIMARY, fake_provider_get_type ());
}

static void
plug (GType type, const gchar *classes, const gchar *name, const gchar *line,
    GstStructure *properties)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (
      strstr (line, "jpegenc")              ? "image/jpeg"
      : g_str_has_prefix (classes, "Video") ? "video/x-raw"
                                            : "audio/x-raw");
  FakeMedia *device = g_object_new (type, "display-name", name, "device-class",
      classes, "caps", caps, "properties", properties, NULL);

  device->line = g_strdup (line);
  plugged = g_list_append (plugged, gst_object_ref_sink (device));
  if (started)
    gst_device_provider_device_add (started, GST_DEVICE (device));
}

void
fake_media_plug (const gchar *classes, const gchar *name, const gchar *line)
{
  plug (fake_media_get_type (), classes, name, line, NULL);
}

void
fake_media_plug_known (const gchar *classes, const gchar *name,
    gboolean pipewire, const gchar *properties)
{
  g_autoptr (GstStructure) all = gst_structure_from_string (properties, NULL);

  plug (pipewire ? pipewire_get_type () : fake_media_get_type (), classes, name,
      "fakesrc", all);
}

static GList *
find (const gchar *name)
{
  for (GList *l = plugged; l; l = l->next) {
    g_autofree gchar *one = gst_device_get_display_name (l->data);

    if (g_str_equal (one, name))
      return l;
  }
  g_error ("there is no device %s", name);
}

void
fake_media_unplug (const gchar *name, gboolean out)
{
  GList *link = find (name);
  FakeMedia *device = link->data;
  g_autoptr (GstElement) element = g_weak_ref_get (&device->element);

  if (element)
    GST_ELEMENT_ERROR (element, RESOURCE, READ, ("It is gone."), (NULL));
  if (!out)
    return;
  plugged = g_list_delete_link (plugged, link);
  if (started)
    gst_device_provider_device_remove (started, GST_DEVICE (device));
  gst_object_unref (device);
}

GstElement *
fake_media_get (const gchar *name, const gchar *element)
{
  FakeMedia *device = find (name)->data;
  g_autoptr (GstElement) used = g_weak_ref_get (&device->element);

  if (used && GST_IS_BIN (used))
    return gst_bin_get_by_name (GST_BIN (used), element);
  return g_steal_pointer (&used);
}
