/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the roster knows, for programs and for people. */

#include "session/roster-priv.h"
#include "ui/output.h"

#include <math.h>

/* called with lock held */
static gint64
ms_since_start (VmtRoster *self, gint64 time_us)
{
  return (time_us - self->start_us) / 1000;
}

static JsonObject *
stamps_to_json (const VmtStampRow *row)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "first", row->first);
  json_object_set_int_member (object, "last", row->last);
  json_object_set_int_member (object, "read", row->read);
  json_object_set_int_member (object, "missing", row->missing);
  json_object_set_int_member (object, "repeated", row->repeated);
  json_object_set_int_member (object, "unreadable", row->unreadable);
  return object;
}

static gchar *
camel_case (const gchar *dashed)
{
  GString *out = g_string_new (NULL);
  gboolean upper = FALSE;

  for (; *dashed; dashed++) {
    if (*dashed == '-')
      upper = TRUE;
    else {
      g_string_append_c (out, upper ? g_ascii_toupper (*dashed) : *dashed);
      upper = FALSE;
    }
  }
  return g_string_free (out, FALSE);
}

/* Adds a number or a text of the statistics; what the participant's own
 * members already say stays as it is. */
static gboolean
add_stat (GQuark field, const GValue *value, gpointer user_data)
{
  JsonObject *object = user_data;
  g_autofree gchar *member = camel_case (g_quark_to_string (field));
  g_auto (GValue) number = G_VALUE_INIT;

  if (json_object_has_member (object, member))
    return TRUE;
  if (G_VALUE_HOLDS_STRING (value)) {
    vmt_event_add_string (object, member, g_value_get_string (value));
    return TRUE;
  }
  if (G_VALUE_HOLDS_BOOLEAN (value)) {
    json_object_set_boolean_member (
        object, member, g_value_get_boolean (value));
    return TRUE;
  }
  if (G_VALUE_HOLDS_DOUBLE (value) || G_VALUE_HOLDS_FLOAT (value)) {
    g_value_init (&number, G_TYPE_DOUBLE);
    if (g_value_transform (value, &number))
      /* milliseconds, of a clock that has microseconds */
      json_object_set_double_member (
          object, member, round (g_value_get_double (&number) * 1000) / 1000);
    return TRUE;
  }
  g_value_init (&number, G_TYPE_INT64);
  if (g_value_type_transformable (G_VALUE_TYPE (value), G_TYPE_INT64)
      && g_value_transform (value, &number))
    json_object_set_int_member (object, member, g_value_get_int64 (&number));
  return TRUE;
}

static void
add_locations (JsonObject *object, const gchar *member, GPtrArray *locations)
{
  JsonArray *array;

  if (!locations->len)
    return;
  array = json_array_new ();
  for (guint i = 0; i < locations->len; i++)
    json_array_add_string_element (array, g_ptr_array_index (locations, i));
  json_object_set_array_member (object, member, array);
}

/* called with lock held */
static JsonObject *
participant_to_json (VmtRoster *self, VmtRosterEntry *p)
{
  JsonObject *object = json_object_new ();
  VmtCounts counts = vmt_counter_get (p->counter);

  json_object_set_string_member (object, "id", p->id);
  json_object_set_string_member (object, "user", p->user ? p->user : "");
  json_object_set_string_member (object, "name", p->user ? p->user : p->id);
  vmt_event_add_string (object, "device", p->device);
  vmt_event_add_string (object, "deviceId", p->device_id);
  json_object_set_boolean_member (object, "host", p->host);
  json_object_set_boolean_member (object, "present", p->present);
  json_object_set_boolean_member (object, "hand", p->hand);
  json_object_set_boolean_member (object, "audioMuted", p->audio_muted);
  json_object_set_boolean_member (object, "videoMuted", p->video_muted);
  json_object_set_boolean_member (object, "detached", p->detached);
  vmt_event_add_string (object, "trust", p->trust);
  if (p->same || p->different)
    vmt_event_add_string (
        object, "compared", p->different ? "different" : "same");
  vmt_event_add_string (object, "voucher", p->voucher);
  vmt_event_add_string (object, "origin", p->origin);
  vmt_event_add_string (object, "via", p->via);
  vmt_event_add_string (object, "status", p->status);
  vmt_event_add_string (object, "state", p->state);
  vmt_event_add_string (object, "path", p->path);
  json_object_set_int_member (object, "videoFrames", counts.video_frames);
  json_object_set_int_member (object, "audioBuffers", counts.audio_buffers);
  if (counts.first_frame_us)
    json_object_set_int_member (
        object, "firstFrameMs", ms_since_start (self, counts.first_frame_us));
  else
    json_object_set_null_member (object, "firstFrameMs");
  if (counts.width) {
    json_object_set_int_member (object, "width", counts.width);
    json_object_set_int_member (object, "height", counts.height);
  }
  if (counts.stamps.any)
    json_object_set_object_member (
        object, "stamps", stamps_to_json (&counts.stamps));
  else
    json_object_set_null_member (object, "stamps");
  if (p->joined_us)
    json_object_set_int_member (
        object, "joinedMs", ms_since_start (self, p->joined_us));
  if (p->left_us)
    json_object_set_int_member (
        object, "leftMs", ms_since_start (self, p->left_us));
  add_locations (object, "records", p->records);
  add_locations (object, "lostRecords", p->lost_records);
  if (p->stats)
    gst_structure_foreach (p->stats, add_stat, object);
  if (!json_object_has_member (object, "path"))
    json_object_set_null_member (object, "path");
  return object;
}

static JsonArray *
to_json (VmtRoster *self, gboolean all)
{
  JsonArray *array = json_array_new ();

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if ((all || p->present) && g_strcmp0 (p->id, self->self_id) != 0)
      json_array_add_object_element (array, participant_to_json (self, p));
  }
  g_mutex_unlock (&self->lock);
  return array;
}

JsonArray *
vmt_roster_to_json (VmtRoster *self)
{
  return to_json (self, TRUE);
}

JsonArray *
vmt_roster_to_json_present (VmtRoster *self)
{
  return to_json (self, FALSE);
}

/* called with lock held */
static gchar *
participant_to_line (VmtRoster *self, VmtRosterEntry *p, gboolean verbose)
{
  VmtCounts counts = vmt_counter_get (p->counter);
  g_autofree gchar *name =
      vmt_text_safe (p->user && *p->user ? p->user : p->id);
  GString *line = g_string_new (name);

  g_string_append_printf (
      line, ": %" G_GUINT64_FORMAT " frames", counts.video_frames);
  if (counts.width)
    g_string_append_printf (line, " of %dx%d", counts.width, counts.height);
  g_string_append_printf (
      line, ", %" G_GUINT64_FORMAT " sound buffers", counts.audio_buffers);
  /* who came back has its first picture from before */
  if (p->joined_us && counts.first_frame_us > p->joined_us)
    g_string_append_printf (line, ", first frame after %.2f s",
        (counts.first_frame_us - p->joined_us) / 1e6);
  if (verbose && p->path)
    g_string_append_printf (line, ", path %s", p->path);
  if (counts.stamps.any)
    g_string_append_printf (line,
        ", stamps %u to %u with %" G_GUINT64_FORMAT
        " missing and %" G_GUINT64_FORMAT " repeated",
        counts.stamps.first, counts.stamps.last, counts.stamps.missing,
        counts.stamps.repeated);
  return g_string_free (line, FALSE);
}

GPtrArray *
vmt_roster_to_lines (VmtRoster *self, gboolean verbose)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, self->self_id) != 0)
      g_ptr_array_add (lines, participant_to_line (self, p, verbose));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}

/* called with lock held */
static gchar *
participant_to_stats (VmtRosterEntry *p)
{
  g_autofree gchar *name =
      vmt_text_safe (p->user && *p->user ? p->user : p->id);
  GString *line = g_string_new (name);
  gdouble level, rtt, jitter;
  gint64 lost;

  if (!p->stats) {
    g_string_append (line, ": nothing is known yet");
    return g_string_free (line, FALSE);
  }
  if (gst_structure_get_double (p->stats, "audio-level", &level))
    g_string_append_printf (line, ": level %.0f dBFS", level);
  else
    g_string_append (line, ": level not told");
  if (p->path)
    g_string_append_printf (line, ", path %s", p->path);
  if (gst_structure_get_double (p->stats, "rtt-ms", &rtt) && rtt >= 0)
    g_string_append_printf (line, ", round trip %.0f ms", rtt);
  if (gst_structure_get_double (p->stats, "jitter-ms", &jitter) && jitter >= 0)
    g_string_append_printf (line, ", jitter %.0f ms", jitter);
  if (gst_structure_get_int64 (p->stats, "packets-lost", &lost))
    g_string_append_printf (line, ", %" G_GINT64_FORMAT " packets lost", lost);
  return g_string_free (line, FALSE);
}

GPtrArray *
vmt_roster_to_stats (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (p->present && g_strcmp0 (p->id, self->self_id) != 0)
      g_ptr_array_add (lines, participant_to_stats (p));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}

gboolean
vmt_roster_get_own_level (VmtRoster *self, gdouble *level)
{
  gboolean known;

  g_mutex_lock (&self->lock);
  known = self->own_level_known;
  *level = self->own_level;
  g_mutex_unlock (&self->lock);
  return known;
}

GPtrArray *
vmt_roster_list_lost_records (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    for (guint j = 0; j < p->lost_records->len; j++)
      g_ptr_array_add (
          lines, g_strdup_printf ("%s (%s), into %s",
                     p->user && *p->user ? p->user : p->id, p->id,
                     (gchar *) g_ptr_array_index (p->lost_records, j)));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}

/* A level that this program does not know is none that it verifies. */
gchar *
vmt_trust_words (const gchar *trust, const gchar *voucher)
{
  if (!trust || !*trust)
    return g_strdup ("");
  if (g_str_equal (trust, "trusted"))
    return g_strdup ("verified");
  if (g_str_equal (trust, "vouched")) {
    g_autofree gchar *by = vmt_text_safe (voucher);

    return g_strdup_printf (
        "verified by %s", *by ? by : "a device that the host trusts");
  }
  return g_strdup (
      g_str_equal (trust, "guest") ? "invited, not verified" : "not verified");
}

/* called with lock held */
static const gchar *
name_of (VmtRoster *self, const gchar *id)
{
  for (guint i = 0; i < self->participants->len; i++) {
    const VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, id) == 0)
      return p->user && *p->user ? p->user : p->id;
  }
  return g_strcmp0 (self->self_id, id) == 0 ? "this device" : id;
}

/* What it sends is passed on by somebody who can see and change it. */
static gboolean
is_by_server (const VmtRosterEntry *p)
{
  return g_strcmp0 (p->path, "cloud") == 0;
}

/* called with lock held */
static gchar *
describe_origin (VmtRoster *self, const VmtRosterEntry *p)
{
  g_autofree gchar *words = NULL;

  if (!p->origin)
    return g_strdup (
        is_by_server (p) ? "by the server, not end-to-end encrypted" : "");
  words = g_strdup_printf ("in the %s, via %s: not end-to-end encrypted",
      p->origin, p->via ? name_of (self, p->via) : "the server");
  return vmt_text_safe (words);
}

gchar *
vmt_roster_describe_origin (VmtRoster *self, const gchar *id)
{
  gchar *words = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len && !words; i++) {
    const VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, id) == 0)
      words = describe_origin (self, p);
  }
  g_mutex_unlock (&self->lock);
  return words ? words : g_strdup ("");
}

gchar *
vmt_status_words (const gchar *status)
{
  if (g_strcmp0 (status, "available") == 0)
    return g_strdup ("");
  if (g_strcmp0 (status, "presenting") == 0)
    return g_strdup ("shows a screen");
  return vmt_text_safe (status);
}

GPtrArray *
vmt_roster_to_who (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);
    g_autofree gchar *id = NULL, *name = NULL, *status = NULL, *trust = NULL,
                     *origin = NULL;
    GString *line;

    if (!p->present || g_strcmp0 (p->id, self->self_id) == 0)
      continue;
    name = vmt_text_safe (p->user && *p->user ? p->user : "(no name)");
    status = vmt_status_words (p->status);
    id = vmt_text_safe (p->id);
    trust = p->different       ? g_strdup ("THE DIGITS DIFFER")
            : is_by_server (p) ? g_strdup ("")
            : p->same          ? g_strdup ("verified by you")
                               : vmt_trust_words (p->trust, p->voucher);
    line = g_string_new (NULL);
    g_string_append_printf (line, "%s  %s", id, name);
    if (p->host)
      g_string_append (line, ", host");
    if (*trust)
      g_string_append_printf (line, ", %s", trust);
    origin = describe_origin (self, p);
    if (*origin)
      g_string_append_printf (line, ", %s", origin);
    if (p->state)
      g_string_append_printf (line, ", %s", p->state);
    if (p->hand)
      g_string_append (line, ", hand raised");
    if (p->audio_muted)
      g_string_append (line, ", no sound");
    if (p->video_muted)
      g_string_append (line, ", no picture");
    if (p->detached)
      g_string_append (line, ", detached");
    if (*status)
      g_string_append_printf (line, ": %s", status);
    g_ptr_array_add (lines, g_string_free (line, FALSE));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}
