/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmsound.h"

static guint
profile_bitrate (VmAudioProfile profile)
{
  return profile == VM_AUDIO_PROFILE_MUSIC ? VM_SOUND_MUSIC_BITRATE
                                           : VM_SOUND_VOICE_BITRATE;
}

void
vm_sound_settings_init (VmSoundSettings *settings, VmAudioProfile profile)
{
  *settings = (VmSoundSettings){ profile, profile == VM_AUDIO_PROFILE_MUSIC,
    profile_bitrate (profile), VM_SOUND_LOSS_START };
}

gboolean
vm_sound_settings_equal (const VmSoundSettings *a, const VmSoundSettings *b)
{
  return a->profile == b->profile && !a->stereo == !b->stereo
         && a->bitrate == b->bitrate && a->loss == b->loss;
}

void
vm_sound_wish_add (VmSoundWish *wish, const VmPeerSound *sound)
{
  wish->takers++;
  wish->stereo |= sound->stereo;
  if (sound->max_bitrate
      && (!wish->max_bitrate || sound->max_bitrate < wish->max_bitrate))
    wish->max_bitrate = sound->max_bitrate;
  if (sound->fec)
    wish->loss = MAX (wish->loss, sound->loss);
}

void
vm_sound_init (VmSound *self, VmAudioProfile profile, gint64 now)
{
  vm_sound_settings_init (&self->settings, profile);
  self->loss_at = now;
}

/* Whole percents that @rate a second makes of the time since @from. */
static guint
steps (gint64 from, gint64 now, guint rate)
{
  return (guint) MIN (
      (now - from) * rate / G_USEC_PER_SEC, (gint64) VM_SOUND_LOSS_MAX);
}

static void
follow_loss (VmSound *self, guint loss, gint64 now)
{
  VmSoundSettings *settings = &self->settings;
  guint target = MIN (loss, VM_SOUND_LOSS_MAX);
  gboolean up = target > settings->loss;
  guint n =
      steps (self->loss_at, now, up ? VM_SOUND_LOSS_UP : VM_SOUND_LOSS_DOWN);

  if (target == settings->loss) {
    self->loss_at = now;
  } else if (n) {
    settings->loss = up ? MIN (settings->loss + n, target)
                        : settings->loss - MIN (n, settings->loss - target);
    self->loss_at = now;
  }
}

void
vm_sound_follow (VmSound *self, const VmSoundWish *wish, gint64 now)
{
  VmSoundSettings *settings = &self->settings;
  guint bitrate = profile_bitrate (settings->profile);

  settings->bitrate =
      wish->max_bitrate ? MIN (bitrate, wish->max_bitrate) : bitrate;
  settings->stereo = settings->profile == VM_AUDIO_PROFILE_MUSIC
                     && (wish->stereo || !wish->takers);
  if (wish->loss >= 0)
    follow_loss (self, (guint) wish->loss, now);
  else
    self->loss_at = now;
}
