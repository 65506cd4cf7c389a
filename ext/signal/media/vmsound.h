/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer-opus.h"
#include "peer/vmpeer.h"

/* How the sound of this device is encoded: as its profile says, and as those
 * who take it can make use of. It is encoded once for all of them. */

typedef enum
{
  VM_AUDIO_PROFILE_VOICE, /* mono, silence is left out */
  VM_AUDIO_PROFILE_MUSIC, /* stereo, all of it */
} VmAudioProfile;

#define VM_SOUND_VOICE_BITRATE 32000 /* bit/s */
#define VM_SOUND_MUSIC_BITRATE VM_PEER_OPUS_MUSIC_BITRATE
/* Percent of packets that in-band FEC is made for. */
#define VM_SOUND_LOSS_START 5 /* until somebody reports */
#define VM_SOUND_LOSS_MAX \
  30 /* beyond, it takes more from the sound than it saves */
/* It changes by so much a second at most: one bad report is no bad path, and a
 * path that was bad may be so again. */
#define VM_SOUND_LOSS_UP 10
#define VM_SOUND_LOSS_DOWN 1

typedef struct
{
  VmAudioProfile profile;
  gboolean stereo; /* where there are two channels */
  guint bitrate; /* bit/s */
  guint loss; /* percent */
} VmSoundSettings;

/* Those of @profile, before anybody takes the sound. */
void vm_sound_settings_init (VmSoundSettings *settings, VmAudioProfile profile);
gboolean
vm_sound_settings_equal (const VmSoundSettings *a, const VmSoundSettings *b);

/* What those who take it want, all together. */
typedef struct
{
  guint takers;
  gboolean stereo; /* of one at least */
  guint max_bitrate; /* the least of theirs; 0: nobody names one */
  gint loss; /* the most of those to whom FEC is of use; -1: not known */
} VmSoundWish;

#define VM_SOUND_WISH_INIT \
  {                        \
    .loss = -1             \
  }
void vm_sound_wish_add (VmSoundWish *wish, const VmPeerSound *sound);

typedef struct
{
  VmSoundSettings settings;
  gint64 loss_at; /* µs: when its loss was changed last, or had not to be */
} VmSound;

void vm_sound_init (VmSound *self, VmAudioProfile profile, gint64 now);
/* Changes its settings to what is wanted, @now in µs, as far as the profile
 * has it. */
void vm_sound_follow (VmSound *self, const VmSoundWish *wish, gint64 now);
