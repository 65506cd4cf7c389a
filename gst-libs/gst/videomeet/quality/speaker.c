/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quality/speaker.h"

#include <math.h>

typedef struct
{
  gdouble loudness; /* dB above silence, smoothed */
  guint level; /* -dBov, the last */
  gint64 heard_at, smoothed_at;
} Voice;

struct _VmSpeaker
{
  GHashTable *voices; /* id: Voice */
  gchar *active; /* NULL: nobody yet */
  gchar *rival; /* louder than the active one, since: */
  gint64 rival_since;
  gboolean lost; /* the active one has gone: to be told */
};

VmSpeaker *
vm_speaker_new (void)
{
  VmSpeaker *self = g_new0 (VmSpeaker, 1);

  self->voices =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
vm_speaker_free (VmSpeaker *self)
{
  g_hash_table_unref (self->voices);
  g_free (self->active);
  g_free (self->rival);
  g_free (self);
}

static void
voice_smooth (Voice *voice, gint64 now)
{
  guint level = now - voice->heard_at > VM_SPEAKER_STALE_US ? VM_SPEAKER_SILENCE
                                                            : voice->level;
  gdouble passed = MAX (0, now - voice->smoothed_at);
  gdouble difference = VM_SPEAKER_SILENCE - level - voice->loudness;
  gdouble within =
      difference > 0 ? VM_SPEAKER_ATTACK_US : VM_SPEAKER_RELEASE_US;

  voice->loudness += difference * (1 - exp (-passed / within));
  voice->smoothed_at = now;
}

void
vm_speaker_add_level (VmSpeaker *self, const gchar *id, guint level, gint64 now)
{
  Voice *voice = g_hash_table_lookup (self->voices, id);

  if (!voice) {
    voice = g_new0 (Voice, 1);
    voice->smoothed_at = now;
    voice->level = VM_SPEAKER_SILENCE;
    g_hash_table_insert (self->voices, g_strdup (id), voice);
  }
  voice_smooth (voice, now);
  voice->level = MIN (level, VM_SPEAKER_SILENCE);
  voice->heard_at = now;
}

void
vm_speaker_remove (VmSpeaker *self, const gchar *id)
{
  if (g_strcmp0 (self->rival, id) == 0)
    g_clear_pointer (&self->rival, g_free);
  if (g_strcmp0 (self->active, id) == 0) {
    g_clear_pointer (&self->active, g_free);
    self->lost = TRUE;
  }
  g_hash_table_remove (self->voices, id);
}

/* Of two that are alike the one with the lower id, so that nothing depends on
 * the order of a hash table. */
static const gchar *
find_loudest (VmSpeaker *self, gint64 now, gdouble *loudness)
{
  const gchar *loudest = NULL;
  GHashTableIter iter;
  gpointer id, value;

  *loudness = 0;
  g_hash_table_iter_init (&iter, self->voices);
  while (g_hash_table_iter_next (&iter, &id, &value)) {
    Voice *voice = value;

    voice_smooth (voice, now);
    if (!loudest || voice->loudness > *loudness
        || (voice->loudness == *loudness && g_strcmp0 (id, loudest) < 0)) {
      loudest = id;
      *loudness = voice->loudness;
    }
  }
  return loudest;
}

/* Smoothing comes ever nearer to a level and never reaches it; half a step of
 * RFC 6464 is near enough. */
static gboolean
speaks (gdouble loudness)
{
  return loudness >= VM_SPEAKER_SILENCE - VM_SPEAKER_THRESHOLD - 0.5;
}

/* Whether @rival may have the floor now. */
static gboolean
takes_over (VmSpeaker *self, const gchar *rival, gdouble loudness, gint64 now)
{
  const Voice *active =
      self->active ? g_hash_table_lookup (self->voices, self->active) : NULL;

  if (!active || !speaks (active->loudness))
    return TRUE;
  if (loudness < active->loudness + VM_SPEAKER_MARGIN) {
    g_clear_pointer (&self->rival, g_free);
    return FALSE;
  }
  if (g_strcmp0 (self->rival, rival) != 0) {
    g_free (self->rival);
    self->rival = g_strdup (rival);
    self->rival_since = now;
  }
  return now - self->rival_since >= VM_SPEAKER_HOLD_US;
}

gboolean
vm_speaker_update (VmSpeaker *self, gint64 now)
{
  gboolean changed = self->lost;
  gdouble loudness;
  const gchar *loudest = find_loudest (self, now, &loudness);

  self->lost = FALSE;
  if (!loudest || !speaks (loudness)
      || g_strcmp0 (loudest, self->active) == 0) {
    g_clear_pointer (&self->rival, g_free);
    return changed;
  }
  if (!takes_over (self, loudest, loudness, now))
    return changed;
  g_free (self->active);
  self->active = g_strdup (loudest);
  g_clear_pointer (&self->rival, g_free);
  return TRUE;
}

const gchar *
vm_speaker_get_active (VmSpeaker *self)
{
  return self->active;
}
