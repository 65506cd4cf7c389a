/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session/session-nearby.h"

#include "options/spelling.h"

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

static void
tell_one (VmtOutput *output, const VmtNearby *one)
{
  g_autofree gchar *meeting = vmt_text_safe (one->meeting);
  g_autofree gchar *safe = vmt_text_safe (one->user ? one->user : "");

  vmt_output_line (
      output, VMT_STYLE_PLAIN, *safe ? "  %s  (%s)" : "  %s", meeting, safe);
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
  g_autofree gchar *meant = nearest ? vmt_text_safe (nearest) : NULL;

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
    tell_one (output, &g_array_index (found, VmtNearby, i));
  if (found->len > VMT_NEARBY_MAX)
    vmt_output_line (
        output, VMT_STYLE_PLAIN, "  and %u more", found->len - VMT_NEARBY_MAX);
  if (meant)
    vmt_output_line (output, VMT_STYLE_STRONG, "Did you mean “%s”?", meant);
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
