/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/devices.h"
#include "devices/pipewire.h"

#include <string.h>

static const struct
{
  const gchar *name, *plural, *classes, *caps;
} kinds[] = {
  [VMT_KIND_CAMERA] = { "camera", "cameras", "Video/Source", NULL },
  [VMT_KIND_MICROPHONE] = { "microphone", "microphones", "Audio/Source",
      "audio/x-raw" },
  [VMT_KIND_SPEAKER] = { "speaker", "speakers", "Audio/Sink", "audio/x-raw" },
  [VMT_KIND_SCREEN] = { "screen", "screens", NULL, NULL },
};

struct _VmtDevices
{
  GstDeviceMonitor *monitor;
  guint watch; /* of its bus */
  VmtDeviceFunc func;
  gpointer user_data;
};

const gchar *
vmt_kind_to_string (VmtKind kind)
{
  return kinds[kind].name;
}

static VmtMediaDevice *
media_device_new (VmtKind kind, GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  VmtMediaDevice *self = g_new0 (VmtMediaDevice, 1);

  self->kind = kind;
  self->name = gst_device_get_display_name (device);
  self->device = gst_object_ref (device);
  if (properties)
    gst_structure_get_boolean (properties, "is-default", &self->is_default);
  return self;
}

VmtMediaDevice *
vmt_media_device_copy (const VmtMediaDevice *self)
{
  VmtMediaDevice *copy = g_new (VmtMediaDevice, 1);

  *copy = *self;
  copy->name = g_strdup (self->name);
  gst_object_ref (copy->device);
  return copy;
}

void
vmt_media_device_free (VmtMediaDevice *self)
{
  g_free (self->name);
  gst_object_unref (self->device);
  g_free (self);
}

/* @field of what is known of a device; NULL: it is not. */
static gchar *
get_property (const GstStructure *properties, const gchar *field)
{
  const GValue *value =
      properties ? gst_structure_get_value (properties, field) : NULL;

  if (!value)
    return NULL;
  return G_VALUE_HOLDS_STRING (value) ? g_value_dup_string (value)
                                      : gst_value_serialize (value);
}

static gboolean
has_property (
    const GstStructure *properties, const gchar *field, const gchar *wanted)
{
  g_autofree gchar *value = get_property (properties, field);

  return g_strcmp0 (value, wanted) == 0;
}

/* What a loudspeaker plays; and a screen that some program shares, which
 * PipeWire has among the cameras and nobody means to send. */
static gboolean
is_no_device (GstDevice *device)
{
  g_autoptr (GstStructure) properties = gst_device_get_properties (device);
  g_autofree gchar *node = get_property (properties, "node.name");

  return has_property (properties, "device.class", "monitor")
         || has_property (properties, "media.role", "Screen")
         || (node && g_str_has_prefix (node, "xdg-desktop-portal"));
}

static gboolean
find_kind (GstDevice *device, VmtKind *kind)
{
  for (guint i = 0; i < VMT_N_KINDS; i++)
    if (gst_device_has_classes (device, kinds[i].classes)) {
      *kind = i;
      return !is_no_device (device);
    }
  return FALSE;
}

VmtDevices *
vmt_devices_new (void)
{
  VmtDevices *self = g_atomic_rc_box_new0 (VmtDevices);

  self->monitor = gst_device_monitor_new ();
  for (guint i = 0; i < VMT_N_KINDS; i++) {
    g_autoptr (GstCaps) caps =
        kinds[i].caps ? gst_caps_from_string (kinds[i].caps) : NULL;

    gst_device_monitor_add_filter (self->monitor, kinds[i].classes, caps);
  }
  /* where no provider can tell of changes they are listed all the same */
  gst_device_monitor_start (self->monitor);
  return self;
}

VmtDevices *
vmt_devices_ref (VmtDevices *self)
{
  return g_atomic_rc_box_acquire (self);
}

/* PipeWire's provider stops without the lock of the thread that it gets its
 * news on (before 0.3.74), and forgets devices that it hears of afterwards
 * (before 1.6): both end in freed memory. A provider stops when it was stopped
 * as often as it was started, so this one is started once more. */
static void
keep_pipewire_running (VmtDevices *self)
{
  static GMutex lock;
  static GstDeviceProvider *kept; /* protected by lock */
  g_auto (GStrv) names = gst_device_monitor_get_providers (self->monitor);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  g_autoptr (GstDeviceProvider) provider = NULL;

  if (kept
      || !g_strv_contains ((const gchar *const *) names, VMT_PIPEWIRE_PROVIDER))
    return;
  provider = gst_device_provider_factory_get_by_name (VMT_PIPEWIRE_PROVIDER);
  if (provider && gst_device_provider_start (provider))
    kept = g_steal_pointer (&provider);
}

static void
clear (gpointer data)
{
  VmtDevices *self = data;

  keep_pipewire_running (self);
  gst_device_monitor_stop (self->monitor);
  gst_object_unref (self->monitor);
}

void
vmt_devices_unref (VmtDevices *self)
{
  g_atomic_rc_box_release_full (self, clear);
}

void
vmt_devices_unwatch (VmtDevices *self)
{
  g_clear_handle_id (&self->watch, g_source_remove);
}

/* PipeWire is asked by its own element, which others of its devices are not. */
static gboolean
is_of_pipewire (GstDevice *device)
{
  return g_str_has_prefix (G_OBJECT_TYPE_NAME (device), "GstPipeWire");
}

/* By which PipeWire's session manager chooses, and older versions of its
 * provider name no default. */
static gint64
get_priority (const VmtMediaDevice *self)
{
  g_autoptr (GstStructure) properties =
      gst_device_get_properties (self->device);
  g_autofree gchar *text = get_property (properties, "priority.session");

  return text ? g_ascii_strtoll (text, NULL, 10) : 0;
}

static gint
compare_choice (gconstpointer a, gconstpointer b)
{
  const VmtMediaDevice *one = *(const VmtMediaDevice **) a;
  const VmtMediaDevice *two = *(const VmtMediaDevice **) b;
  gint64 first = get_priority (one), second = get_priority (two);

  if (one->is_default != two->is_default)
    return two->is_default - one->is_default;
  return (second > first) - (second < first);
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const VmtMediaDevice *one = *(const VmtMediaDevice **) a;
  const VmtMediaDevice *two = *(const VmtMediaDevice **) b;
  gint pipewire = is_of_pipewire (two->device) - is_of_pipewire (one->device);

  return pipewire ? pipewire : compare_choice (a, b);
}

/* Whether @other, of another provider, is the device of @node of PipeWire. */
static gboolean
is_same (const VmtMediaDevice *node, const VmtMediaDevice *other)
{
  static const struct
  {
    const gchar *of_node, *of_other;
  } fields[] = {
    { "node.name", "node.name" }, /* of PulseAudio, as PipeWire plays it */
    { "api.v4l2.path", "device.path" },
    { "api.alsa.pcm.card", "alsa.card" },
    { "alsa.card", "alsa.card" },
  };
  g_autoptr (GstStructure) one = gst_device_get_properties (node->device);
  g_autoptr (GstStructure) two = gst_device_get_properties (other->device);

  if (g_str_equal (node->name, other->name))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autofree gchar *value = get_property (one, fields[i].of_node);

    if (value && has_property (two, fields[i].of_other, value))
      return TRUE;
  }
  return FALSE;
}

/* PulseAudio plays by the same node. */
static gboolean
is_same_node (const VmtMediaDevice *node, const VmtMediaDevice *other)
{
  g_autoptr (GstStructure) properties =
      gst_device_get_properties (node->device);
  g_autoptr (GstStructure) others = gst_device_get_properties (other->device);
  g_autofree gchar *name = get_property (properties, "node.name");

  return name && has_property (others, "node.name", name);
}

/* One that PipeWire and another provider have is the one of PipeWire, which
 * are first; but PulseAudio's to play by where PipeWire's element may lock up.
 * Returns: whether one of these took the place of PipeWire's */
static gboolean
drop_twins (GPtrArray *list)
{
  gboolean locks_up = vmt_pipewire_sink_locks_up (vmt_pipewire_get_version ());
  gboolean replaced = FALSE;

  for (guint i = 0; i < list->len; i++) {
    VmtMediaDevice *one = g_ptr_array_index (list, i);
    VmtMediaDevice *instead = NULL;

    if (!is_of_pipewire (one->device))
      break;
    for (guint k = list->len - 1; k > i; k--) {
      VmtMediaDevice *two = g_ptr_array_index (list, k);

      if (is_of_pipewire (two->device) || !is_same (one, two))
        continue;
      two = g_ptr_array_steal_index (list, k);
      if (locks_up && !instead && one->kind == VMT_KIND_SPEAKER
          && is_same_node (one, two))
        instead = two;
      else
        vmt_media_device_free (two);
    }
    if (instead) {
      vmt_media_device_free (one);
      list->pdata[i] = instead;
      replaced = TRUE;
    }
  }
  return replaced;
}

/* Two of one model. */
static void
tell_apart (GPtrArray *list)
{
  for (guint i = 0; i < list->len; i++) {
    VmtMediaDevice *one = g_ptr_array_index (list, i);
    guint alike = 1;

    for (guint k = i + 1; k < list->len; k++) {
      VmtMediaDevice *two = g_ptr_array_index (list, k);

      if (!g_str_equal (one->name, two->name))
        continue;
      g_free (two->name);
      two->name = g_strdup_printf ("%s (%u)", one->name, ++alike);
    }
  }
}

GPtrArray *
vmt_devices_list (VmtDevices *self, VmtKind kind)
{
  GPtrArray *list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vmt_media_device_free);
  GList *devices = gst_device_monitor_get_devices (self->monitor);

  for (GList *l = devices; l; l = l->next) {
    VmtKind found;

    if (find_kind (l->data, &found) && found == kind)
      g_ptr_array_add (list, media_device_new (kind, l->data));
  }
  g_list_free_full (devices, gst_object_unref);
  g_ptr_array_sort (list, compare);
  if (drop_twins (list))
    g_ptr_array_sort (list, compare_choice);
  tell_apart (list);
  return list;
}

typedef enum
{
  MATCH_NONE,
  MATCH_PART,
  MATCH_BEGINNING,
  MATCH_WHOLE,
} Match;

static Match
match (const gchar *name, const gchar *wanted)
{
  g_autofree gchar *all = g_utf8_casefold (name, -1);
  g_autofree gchar *some = g_utf8_casefold (wanted, -1);
  const gchar *at = *some ? strstr (all, some) : NULL;

  return !at                       ? MATCH_NONE
         : g_str_equal (all, some) ? MATCH_WHOLE
         : at == all               ? MATCH_BEGINNING
                                   : MATCH_PART;
}

static gchar *
list_names (GPtrArray *list)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);

    g_string_append_printf (names, "%s“%s”", i ? ", " : "", device->name);
  }
  return g_string_free (g_steal_pointer (&names), FALSE);
}

VmtMediaDevice *
vmt_devices_find (
    VmtDevices *self, VmtKind kind, const gchar *name, GError **error)
{
  g_autoptr (GPtrArray) list = vmt_devices_list (self, kind);
  g_autofree gchar *names = list_names (list);
  const VmtMediaDevice *found = NULL;
  Match best = MATCH_NONE;
  guint n = 0; /* that match best */

  for (guint i = 0; i < list->len; i++) {
    const VmtMediaDevice *device = g_ptr_array_index (list, i);
    Match one = match (device->name, name);

    if (one > best)
      n = 0;
    if (one == MATCH_NONE || one < best)
      continue;
    if (n++ == 0)
      found = device;
    best = one;
  }
  if (found && (n == 1 || best == MATCH_WHOLE))
    return vmt_media_device_copy (found);
  if (!list->len)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no %s '%s': no %s is found.", kinds[kind].name, name,
        kinds[kind].name);
  else if (found)
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
        "More than one %s may be '%s'. The %s: %s.", kinds[kind].name, name,
        kinds[kind].plural, names);
  else
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
        "There is no %s '%s'. The %s: %s.", kinds[kind].name, name,
        kinds[kind].plural, names);
  return NULL;
}

static gboolean
on_message (GstBus *bus, GstMessage *message, gpointer user_data)
{
  VmtDevices *self = user_data;
  gboolean added = GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_ADDED;
  g_autoptr (GstDevice) device = NULL;
  g_autoptr (VmtMediaDevice) told = NULL;
  VmtKind kind;

  if (added)
    gst_message_parse_device_added (message, &device);
  else if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_DEVICE_REMOVED)
    gst_message_parse_device_removed (message, &device);
  if (!device || !find_kind (device, &kind))
    return G_SOURCE_CONTINUE;
  told = media_device_new (kind, device);
  self->func (told, added, self->user_data);
  return G_SOURCE_CONTINUE;
}

void
vmt_devices_watch (VmtDevices *self, VmtDeviceFunc func, gpointer user_data)
{
  g_autoptr (GstBus) bus = gst_device_monitor_get_bus (self->monitor);

  self->func = func;
  self->user_data = user_data;
  self->watch = gst_bus_add_watch (bus, on_message, self);
}
