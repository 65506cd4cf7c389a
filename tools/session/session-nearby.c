/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session/session-nearby.h"

#include "options/spelling.h"

#include <string.h>

static gint
by_meeting (gconstpointer a, gconstpointer b)
{
  return g_utf8_collate (
      ((const VmtNearby *) a)->meeting, ((const VmtNearby *) b)->meeting);
}

static JsonObject *
to_event (const gchar *name, const GArray *found, const gchar *nearest)
{
  JsonObject *event = vmt_event_new ("nearby");
  JsonArray *meetings = json_array_new ();

  for (guint i = 0; i < found->len; i++) {
    const VmtNearby *one = &g_array_index (found, VmtNearby, i);
    JsonObject *meeting = json_object_new ();

    vmt_event_add_string (meeting, "meeting", one->meeting);
    vmt_event_add_string (meeting, "user", one->user);
    vmt_event_add_string (meeting, "device", one->device);
    json_array_add_object_element (meetings, meeting);
  }
  vmt_event_add_string (event, "meeting", name);
  json_object_set_array_member (event, "meetings", meetings);
  vmt_event_add_string (event, "nearest", nearest);
  return event;
}

/* @whose: or NULL. */
static void
tell_one (VmtOutput *output, const gchar *what, const gchar *whose)
{
  g_autofree gchar *safe = vmt_text_safe (what);
  g_autofree gchar *user = vmt_text_safe (whose ? whose : "");

  vmt_output_line (
      output, VMT_STYLE_PLAIN, *user ? "  %s  (%s)" : "  %s", safe, user);
}

static void
tell_rest (VmtOutput *output, guint n)
{
  if (n > VMT_NEARBY_MAX)
    vmt_output_line (
        output, VMT_STYLE_PLAIN, "  and %u more", n - VMT_NEARBY_MAX);
}

static void
tell_meant (VmtOutput *output, const gchar *nearest)
{
  g_autofree gchar *safe = nearest ? vmt_text_safe (nearest) : NULL;

  if (safe)
    vmt_output_line (output, VMT_STYLE_STRONG, "Did you mean “%s”?", safe);
}

/* Why it may be there all the same. */
static const gchar *
hint (VmtOutput *output, gboolean has_pin)
{
  return has_pin ? ""
         : vmt_output_is_terminal (output)
             ? "; one with a PIN is found only by its PIN: type /pin"
             : "; one with a PIN is found only by its PIN: --pin";
}

static void
tell_people (VmtOutput *output, const gchar *name, const GArray *found,
    const gchar *nearest, gboolean has_pin)
{
  g_autofree gchar *safe = vmt_text_safe (name);

  if (found->len == 0) {
    vmt_output_line (output, VMT_STYLE_PLAIN,
        "No meeting can be seen on this network yet. Still looking for “%s”%s.",
        safe, hint (output, has_pin));
    return;
  }
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "No meeting “%s” was found yet. There %s:", safe,
      found->len == 1 ? "is" : "are");
  for (guint i = 0; i < found->len && i < VMT_NEARBY_MAX; i++)
    tell_one (output, g_array_index (found, VmtNearby, i).meeting,
        g_array_index (found, VmtNearby, i).user);
  tell_rest (output, found->len);
  tell_meant (output, nearest);
  vmt_output_line (output, VMT_STYLE_FAINT, "Still looking%s. Ctrl-C gives up.",
      hint (output, has_pin));
}

void
vmt_nearby_tell (
    VmtOutput *output, const gchar *name, gboolean has_pin, GArray *found)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const gchar *nearest;

  g_array_sort (found, by_meeting);
  for (guint i = 0; i < found->len; i++) {
    const gchar *meeting = g_array_index (found, VmtNearby, i).meeting;

    /* it is found, and being joined */
    if (g_str_equal (meeting, name))
      return;
    g_ptr_array_add (names, (gpointer) meeting);
  }
  g_ptr_array_add (names, NULL);
  nearest = vmt_spelling_nearest (name, (const gchar *const *) names->pdata);
  vmt_output_event (output, to_event (name, found, nearest));
  tell_people (output, name, found, nearest, has_pin);
}

/* Devices */

/* Who sits there, or else what it is called. */
static const gchar *
name_of (const VmtNearbyDevice *one)
{
  return one->user && *one->user       ? one->user
         : one->device && *one->device ? one->device
                                       : one->id;
}

static gint
by_name (gconstpointer a, gconstpointer b)
{
  gint order = g_utf8_collate (name_of (a), name_of (b));

  return order ? order
               : strcmp (((const VmtNearbyDevice *) a)->id,
                   ((const VmtNearbyDevice *) b)->id);
}

/* Its processes are one. */
static void
sort_devices (GArray *found)
{
  g_array_sort (found, by_name);
  for (guint i = found->len; i > 1; i--)
    if (g_str_equal (g_array_index (found, VmtNearbyDevice, i - 1).id,
            g_array_index (found, VmtNearbyDevice, i - 2).id))
      g_array_remove_index (found, i - 1);
}

static JsonObject *
to_device_event (const gchar *name, const GArray *found, const gchar *nearest)
{
  JsonObject *event = vmt_event_new ("nearby");
  JsonArray *devices = json_array_new ();

  for (guint i = 0; i < found->len; i++) {
    const VmtNearbyDevice *one = &g_array_index (found, VmtNearbyDevice, i);
    JsonObject *device = json_object_new ();

    vmt_event_add_string (device, "user", one->user);
    vmt_event_add_string (device, "device", one->device);
    vmt_event_add_string (device, "deviceId", one->id);
    json_array_add_object_element (devices, device);
  }
  vmt_event_add_string (event, "to", name);
  json_object_set_array_member (event, "devices", devices);
  vmt_event_add_string (event, "nearest", nearest);
  return event;
}

static void
tell_devices (VmtOutput *output, const gchar *name, const GArray *found,
    const gchar *nearest)
{
  g_autofree gchar *safe = vmt_text_safe (name);

  if (found->len == 0) {
    vmt_output_line (output, VMT_STYLE_PLAIN,
        "No device can be seen on this network yet. Still looking for “%s”. "
        "Ctrl-C gives up.",
        safe);
    return;
  }
  vmt_output_line (output, VMT_STYLE_PLAIN,
      "No device “%s” was found yet. There %s:", safe,
      found->len == 1 ? "is" : "are");
  for (guint i = 0; i < found->len && i < VMT_NEARBY_MAX; i++) {
    const VmtNearbyDevice *one = &g_array_index (found, VmtNearbyDevice, i);
    const gchar *shown = name_of (one);

    tell_one (output, shown, shown == one->user ? one->device : NULL);
  }
  tell_rest (output, found->len);
  tell_meant (output, nearest);
  vmt_output_line (output, VMT_STYLE_FAINT, "Still looking. Ctrl-C gives up.");
}

void
vmt_nearby_tell_devices (VmtOutput *output, const gchar *name, GArray *found)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  const gchar *nearest;

  sort_devices (found);
  for (guint i = 0; i < found->len; i++) {
    const VmtNearbyDevice *one = &g_array_index (found, VmtNearbyDevice, i);

    if (one->user)
      g_ptr_array_add (names, (gpointer) one->user);
    if (one->device)
      g_ptr_array_add (names, (gpointer) one->device);
  }
  g_ptr_array_add (names, NULL);
  nearest = vmt_spelling_nearest (name, (const gchar *const *) names->pdata);
  vmt_output_event (output, to_device_event (name, found, nearest));
  tell_devices (output, name, found, nearest);
}
