/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "session/roster-priv.h"
#include "ui/output.h"

#include <gst/videomeet/videomeet.h>
#include <string.h>

static void
participant_free (gpointer data)
{
  VmtRosterEntry *p = data;

  g_free (p->id);
  g_free (p->user);
  g_free (p->device);
  g_free (p->device_id);
  g_free (p->state);
  g_free (p->path);
  g_free (p->trust);
  g_free (p->voucher);
  g_free (p->origin);
  g_free (p->via);
  g_free (p->status);
  g_clear_pointer (&p->stats, gst_structure_free);
  for (guint i = 0; i < VMT_N_TELLS; i++)
    g_clear_pointer (&p->untold[i], gst_structure_free);
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
static VmtRosterEntry *
find (VmtRoster *self, const gchar *id)
{
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (g_strcmp0 (p->id, id) == 0)
      return p;
  }
  return NULL;
}

/* called with lock held */
static VmtRosterEntry *
get (VmtRoster *self, const gchar *id)
{
  VmtRosterEntry *p = find (self, id);

  if (!p) {
    p = g_new0 (VmtRosterEntry, 1);
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

const gchar *
vmt_roster_get_self (VmtRoster *self)
{
  return self->self_id;
}

void
vmt_roster_joined (VmtRoster *self, const gchar *id, const gchar *user,
    const gchar *device, const gchar *device_id, gboolean host)
{
  VmtRosterEntry *p;

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
  VmtRosterEntry *p;

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
  VmtRosterEntry *p;

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
vmt_roster_set_host (VmtRoster *self, const gchar *id)
{
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    p->host = g_strcmp0 (p->id, id) == 0;
  }
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_path (VmtRoster *self, const gchar *id, const gchar *path)
{
  VmtRosterEntry *p;

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
  VmtRosterEntry *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_ptr_array_add (lost ? p->lost_records : p->records, g_strdup (location));
  g_mutex_unlock (&self->lock);
}

/* called with lock held; who left first is forgotten */
static void
forget (VmtRoster *self)
{
  VmtRosterEntry *first = NULL;
  guint n = 0;

  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

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
vmt_roster_set_trust (
    VmtRoster *self, const gchar *id, const gchar *trust, const gchar *voucher)
{
  VmtRosterEntry *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->trust);
  p->trust = g_strdup (trust);
  g_free (p->voucher);
  p->voucher = g_strdup (voucher);
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_compared (VmtRoster *self, const gchar *id, const gchar *event)
{
  VmtRosterEntry *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  if (g_str_equal (event, "same")) {
    p->same = TRUE;
    p->different = FALSE;
  } else if (g_str_equal (event, "over")) {
    p->same = FALSE;
  } else if (g_str_equal (event, "different")
             || g_str_equal (event, "differs")) {
    p->different = TRUE;
  }
  g_mutex_unlock (&self->lock);
}

void
vmt_roster_set_origin (
    VmtRoster *self, const gchar *id, const gchar *origin, const gchar *via)
{
  VmtRosterEntry *p;

  g_mutex_lock (&self->lock);
  p = get (self, id);
  g_free (p->origin);
  p->origin = g_strdup (origin);
  g_free (p->via);
  p->via = g_strdup (via);
  g_mutex_unlock (&self->lock);
}

/* Whoever does a hundred things a second must not fill a terminal, or a log.
 * Called with lock held. */
static gboolean
take_turn (VmtRosterEntry *p, gint64 now)
{
  gint64 late = now - (VMT_ROSTER_TELL_BURST - 1) * VMT_ROSTER_TELL_EVERY;

  if (p->told_until > now)
    return FALSE;
  p->told_until = MAX (p->told_until, late) + VMT_ROSTER_TELL_EVERY;
  return TRUE;
}

gboolean
vmt_roster_may_tell (
    VmtRoster *self, const GstStructure *message, VmtTell what, gint64 now)
{
  VmtRosterEntry *p;
  gboolean may;

  g_mutex_lock (&self->lock);
  p = get (self, gst_structure_get_string (message, "id"));
  g_clear_pointer (&p->untold[what], gst_structure_free);
  may = take_turn (p, now);
  if (!may)
    p->untold[what] = gst_structure_copy (message);
  g_mutex_unlock (&self->lock);
  return may;
}

GstStructure *
vmt_roster_take_untold (VmtRoster *self, gint64 now)
{
  GstStructure *message = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; !message && i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    for (guint what = 0; !message && what < VMT_N_TELLS; what++) {
      if (p->present && p->untold[what] && take_turn (p, now))
        message = g_steal_pointer (&p->untold[what]);
    }
  }
  g_mutex_unlock (&self->lock);
  return message;
}

void
vmt_roster_left (VmtRoster *self, const gchar *id)
{
  VmtRosterEntry *p;

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
  self->own_level_known =
      gst_structure_get_double (stats, "audio-level", &self->own_level);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);
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
  VmtRosterEntry *p;
  gchar *name;

  g_mutex_lock (&self->lock);
  p = find (self, id);
  name = vmt_text_safe (p && p->user && *p->user ? p->user : id);
  g_mutex_unlock (&self->lock);
  return name;
}

void
vmt_roster_set_removed (VmtRoster *self, const gchar *id, gboolean removed)
{
  g_mutex_lock (&self->lock);
  get (self, id)->removed = removed;
  g_mutex_unlock (&self->lock);
}

gchar *
vmt_roster_find (
    VmtRoster *self, const gchar *who, gboolean removed, GError **error)
{
  gchar *id = NULL;
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);
    gboolean by_id = g_strcmp0 (p->id, who) == 0;

    if (!(removed ? p->removed : p->present)
        || (!by_id && g_strcmp0 (p->user, who) != 0))
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
      n && removed ? "Several called “%s” were removed; use an id."
      : removed    ? "Nobody called “%s” was removed."
      : n          ? "There are several called “%s”; /who shows their ids."
                   : "Nobody called “%s” is here; /who shows who is.",
      who);
  return NULL;
}

GPtrArray *
vmt_roster_list_present (VmtRoster *self)
{
  GPtrArray *ids = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if (p->present && g_strcmp0 (p->id, self->self_id) != 0)
      g_ptr_array_add (ids, g_strdup (p->id));
  }
  g_mutex_unlock (&self->lock);
  return ids;
}

guint
vmt_roster_count (VmtRoster *self)
{
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    const VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    n += p->present && !p->detached && g_strcmp0 (p->id, self->self_id) != 0;
  }
  g_mutex_unlock (&self->lock);
  return n;
}

/* A name with both kinds of quotes, or with what is not shown. */
static gboolean
can_be_typed (const gchar *name)
{
  g_autofree gchar *safe = vmt_text_safe (name);

  return *name && g_str_equal (safe, name)
         && !(strchr (name, '"') && strchr (name, '\''));
}

GPtrArray *
vmt_roster_list_callable (VmtRoster *self, gboolean removed)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func (g_free);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->participants->len; i++) {
    const VmtRosterEntry *p = g_ptr_array_index (self->participants, i);

    if ((removed ? p->removed : p->present)
        && g_strcmp0 (p->id, self->self_id) != 0) {
      g_ptr_array_add (names, g_strdup (p->user ? p->user : ""));
      g_ptr_array_add (all, g_strdup (p->id));
    }
  }
  g_mutex_unlock (&self->lock);
  for (guint i = 0; i < names->len; i++) {
    g_autofree gchar *id =
        vmt_roster_find (self, names->pdata[i], removed, NULL);

    if (!can_be_typed (names->pdata[i]) || g_strcmp0 (id, all->pdata[i]) != 0) {
      g_free (names->pdata[i]);
      names->pdata[i] = g_strdup (all->pdata[i]);
    }
  }
  return names;
}
