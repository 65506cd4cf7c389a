/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Finds the speaker of a meeting from the loudness of each participant. Sans
 * I/O: levels and the time in, the speaker out. Not thread-safe. */

#define VM_SPEAKER_SILENCE 127 /* -dBov; RFC 6464 §3 */
/* A quieter level is no speech: a room's noise is at about -60 dBov. */
#define VM_SPEAKER_THRESHOLD 50 /* -dBov */
/* A rise in level takes effect after about this long, more than a cough, */
#define VM_SPEAKER_ATTACK_US (300 * G_TIME_SPAN_MILLISECOND)
/* a fall after this: pauses between words are shorter. */
#define VM_SPEAKER_RELEASE_US (1200 * G_TIME_SPAN_MILLISECOND)
/* A participant who is this much louder takes over … */
#define VM_SPEAKER_MARGIN 6.0 /* dB */
/* … after this long, while the old speaker still speaks; else at once. */
#define VM_SPEAKER_HOLD_US (600 * G_TIME_SPAN_MILLISECOND)
/* Without a level for this long a participant is silent: muted, or gone.
 */
#define VM_SPEAKER_STALE_US (1 * G_TIME_SPAN_SECOND)

typedef struct _VmSpeaker VmSpeaker;

VmSpeaker *vm_speaker_new (void);
void vm_speaker_free (VmSpeaker *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSpeaker, vm_speaker_free)

/* @level: -dBov, 0 (loudest) to 127; a greater value counts as silence. */
void vm_speaker_add_level (
    VmSpeaker *self, const gchar *id, guint level, gint64 now);
void vm_speaker_remove (VmSpeaker *self, const gchar *id);
/* Whether the speaker has changed since the last call; see below. */
gboolean vm_speaker_update (VmSpeaker *self, gint64 now);
/* The last speaker who is still present, or NULL; valid until the next call of
 * any function. */
const gchar *vm_speaker_get_active (VmSpeaker *self);
