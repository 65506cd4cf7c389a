/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "roster.h"
#include "output.h"

#include <gst/videomeet/videomeet.h>

typedef struct
{
  gchar *id, *user, *device, *device_id;
  gchar *state, *path, *trust;
  gchar *status;
  gboolean host, present;
  gboolean audio_muted, video_muted, hand, detached;
  gint64 joined_us, left_us; /* monotonic; 0 when it has not happened */
  VmtCounter *counter;
  GPtrArray *records, *lost_records;
  GstStructure *stats;
} Participant;

struct _VmtRoster
{
  GMutex lock; /* protects what follows */
  gint64 start_us; /* monotonic */
  gchar *self_id;
  GPtrArray *participants; /* in the order they were heard of */
};

static void
participant_free (gpointer data)
{
  Participant *p = data;

  g_free (p->id);
  g_free (p->user);
  g_free (p->device);
  g_free (p->device_id);
  g_free (p->state);
  g_free (p->path);
  g_free (p->trust);
  g_free (p->status);
  g_clear_pointer (&p->stats, gst_structure_free);
  g_ptr_array_unref (p->records);
  g_ptr_array_unref (p->lost_records);
  vmt_counter_unref (p->counter);
  g_free (p);
}

VmtRoster *
vmt_roster_new (void)
{
  VmtRoster *self = g_new0 (VmtRoster, 1);

  self->start_us = g_get_monotonic_time ();
  g_mutex_init (&self->lock);
  self->participants = g_ptr_array_new_with_free_func (participant_free);
  return self;
}

void
vmt_roster_free (VmtRoster *self)
{
  g_ptr_array_unref (self->participants);
  g_free (self->self_id);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* called with lock held; NULL when unknown */
static Participant *
find (VmtRoster *self, const gchar *id)
{
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, id) == 0)
      return p;
  }
  return NULL;
}

/* called with lock held */
static Participant *
get (VmtRoster *self, const gchar *id)
{
  Participant *p = find (self, id);

  if (!p) {
    p = g_new0 (Participant, 1);
    p->id = g_strdup (id);
    p->counter = vmt_counter_new ();
    p->records = g_ptr_array_new_with_free_func (g_free);
    p->lost_records = g_ptr_array_new_with_free_func (g_free);
    g_ptr_array_add (self->participants, p);
  }
  return p;
}

void
vmt_roster_start (VmtRoster *self)
{
  g_mutex_lock (&self->lock);
  self->start_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_self (VmtRoster *self, const gchar *id)
{
  g_mutex_lock (&self->lock);
  g_free (self->self_id);
  self->self_id = g_strdup (id);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_joined (VmtRoster *self, const gchar *id, const gchar *user,
    const gchar *device, const gchar *device_id, gboolean host)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->user);
  g_free (p->device);
  g_free (p->device_id);
  p->user = g_strdup (user);
  p->device = g_strdup (device);
  p->device_id = g_strdup (device_id);
  p->host = host;
  p->present = TRUE;
  p->joined_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_state (VmtRoster *self, const gchar *id, const gchar *state)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->state);
  p->state = g_strdup (state);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_presence (VmtRoster *self, const gchar *id, const gchar *status,
    gboolean audio_muted, gboolean video_muted)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->status);
  p->status = g_strdup (status);
  p->audio_muted = audio_muted;
  p->video_muted = video_muted;
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_hand (VmtRoster *self, const gchar *id, gboolean raised)
{
  g_mutex_lock (&self->lock);
  get (self, id)->hand = raised;
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_detached (VmtRoster *self, const gchar *id, gboolean detached)
{
  g_mutex_lock (&self->lock);
  get (self, id)->detached = detached;
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_path (VmtRoster *self, const gchar *id, const gchar *path)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->path);
  p->path = g_strdup (path);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_add_record (
    VmtRoster *self, const gchar *id, const gchar *location, gboolean lost)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_ptr_array_add (lost ? p->lost_records : p->records, g_strdup (location));
  g_mutex_unlock (&self->lock);
}

GPtrArray *
vmt_roster_list_lost_records (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);

    for (guint j = 0; j < p->lost_records->len; j++)
      g_ptr_array_add (
          lines, g_strdup_printf ("%s (%s), into %s",
                     p->user && *p->user ? p->user : p->id, p->id,
                     (gchar *) g_ptr_array_index (p->lost_records, j)));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}

/* called with lock held; who left first is forgotten */
static void
forget (VmtRoster *self)
{
  Participant *first = NULL;
  guint n = 0;

  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);

    if (!p->left_us || p->present)
      continue;
    n++;
    if (!first || p->left_us < first->left_us)
      first = p;
  }
  if (n > VMT_ROSTER_LEFT_MAX)
    g_ptr_array_remove (self->participants, first);
}

void
vmt_roster_set_trust (VmtRoster *self, const gchar *id, const gchar *trust)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->trust);
  p->trust = g_strdup (trust);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_left (VmtRoster *self, const gchar *id)
{
  Participant *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  p->present = FALSE;
  p->left_us = g_get_monotonic_time ();
  forget (self);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_take_stats (VmtRoster *self, const GstStructure *stats)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);
    const GValue *value = gst_structure_get_value (stats, p->id);

    if (!value || !GST_VALUE_HOLDS_STRUCTURE (value))
      continue;
    g_clear_pointer (&p->stats, gst_structure_free);
    p->stats = gst_structure_copy (gst_value_get_structure (value));
  }
  g_mutex_unlock (&self->lock);
}

VmtCounter *
vmt_roster_get_counter (VmtRoster *self, const gchar *id)
{
  VmtCounter *counter;

  g_mutex_lock (&self->lock);
  counter = vmt_counter_ref (get (self, id)->counter);
  g_mutex_unlock (&self->lock);
  return counter;
}

gchar *
vmt_roster_get_name (VmtRoster *self, const gchar *id)
{
  Participant *p;
  gchar *name;

  g_mutex_lock (&self->lock);
  p = find (self, id);
  name = vmt_text_safe (p && p->user && *p->user ? p->user : id);
  g_mutex_unlock (&self->lock);
  return name;
}

gchar *
vmt_roster_find (VmtRoster *self, const gchar *who, GError **error)
{
  gchar *id = NULL;
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);
    gboolean by_id = g_strcmp0 (p->id, who) == 0;

    if (!p->present || (!by_id && g_strcmp0 (p->user, who) != 0))
      continue;
    g_free (id);
    id = g_strdup (p->id);
    if (by_id) {
      n = 1;
      break;
    }
    n++;
  }
  g_mutex_unlock (&self->lock);
  if (n == 1)
    return id;
  g_free (id);
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      n ? "There are several called “%s”; /who shows their ids."
        : "Nobody called “%s” is here; /who shows who is.",
      who);
  return NULL;
}

GPtrArray *
vmt_roster_to_who (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);
    g_autofree gchar *id = NULL, *name = NULL, *status = NULL;
    GString *line;

    if (!p->present || g_strcmp0 (p->id, self->self_id) == 0)
      continue;
    name = vmt_text_safe (p->user && *p->user ? p->user : "(no name)");
    status = vmt_text_safe (p->status);
    id = vmt_text_safe (p->id);
    line = g_string_new (NULL);
    g_string_append_printf (line, "%s  %s", id, name);
    if (p->host)
      g_string_append (line, ", host");
    if (p->trust)
      g_string_append_printf (line, ", %s", p->trust);
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

guint
vmt_roster_count (VmtRoster *self)
{
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);

    n += p->present && g_strcmp0 (p->id, self->self_id) != 0;
  }
  g_mutex_unlock (&self->lock);
  return n;
}

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
      json_object_set_double_member (
          object, member, g_value_get_double (&number));
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
participant_to_json (VmtRoster *self, Participant *p)
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
    Participant *p = g_ptr_array_index (self->participants, i);

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
participant_to_line (VmtRoster *self, Participant *p)
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
  if (counts.first_frame_us)
    g_string_append_printf (line, ", first frame after %.2f s",
        ms_since_start (self, counts.first_frame_us) / 1000.0);
  if (p->path)
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
vmt_roster_to_lines (VmtRoster *self)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    Participant *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, self->self_id) != 0)
      g_ptr_array_add (lines, participant_to_line (self, p));
  }
  g_mutex_unlock (&self->lock);
  return lines;
}
