/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "media/vmplayout.h"

#include <gst/videomeet/quality/delay.h>
#include <string.h>

struct _VmPlayout
{
  gatomicrefcount ref_count;
  GMutex lock; /* of what follows */
  VmDelay found[VM_PEER_N_STREAMS]; /* each by itself */
  gint64 delay[VM_PEER_N_STREAMS]; /* together */
};

VmPlayout *
vm_playout_new (void)
{
  VmPlayout *self = g_new0 (VmPlayout, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    gboolean sound = i == VM_PEER_AUDIO;

    vm_delay_init (&self->found[i],
        sound ? VM_DELAY_SHARE_SOUND : VM_DELAY_SHARE_PICTURE,
        sound ? VM_DELAY_MEMORY_SOUND : VM_DELAY_MEMORY_PICTURE);
    self->delay[i] = VM_DELAY_START;
  }
  return self;
}

VmPlayout *
vm_playout_ref (VmPlayout *self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
vm_playout_unref (VmPlayout *self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_mutex_clear (&self->lock);
  g_free (self);
}

gint
vm_playout_parse_latency (const gchar *text)
{
  guint64 ms;

  if (!text || strcmp (text, "auto") == 0)
    return VM_LATENCY_AUTO;
  return g_ascii_string_to_unsigned (text, 10, 0, VM_LATENCY_MAX_MS, &ms, NULL)
             ? (gint) ms
             : VM_LATENCY_NONE;
}

void
vm_playout_configure (gint latency_ms, VmPeerConfig *peer)
{
  gboolean automatic = latency_ms == VM_LATENCY_AUTO;

  peer->latency_ms = automatic ? VM_PLAYOUT_WAIT_MS : latency_ms;
  peer->sound_wait_ms = automatic ? VM_PLAYOUT_SOUND_WAIT_MS : 0;
}

static gboolean
is_fresh (const VmDelay *delay, gint64 now)
{
  return delay->at && now - delay->at <= VM_PLAYOUT_STALE_US;
}

/* With the lock held. */
static void
keep_together (VmPlayout *self, gint64 now)
{
  gint64 *sound = &self->delay[VM_PEER_AUDIO];

  for (guint i = 0; i < VM_PEER_N_STREAMS; i++)
    if (is_fresh (&self->found[i], now))
      self->delay[i] = self->found[i].target;
  if (!is_fresh (&self->found[VM_PEER_AUDIO], now))
    return;
  /* sound first with all pictures, then each picture with that sound */
  for (guint turn = 0; turn < 2; turn++)
    for (guint i = VM_PEER_VIDEO; i < VM_PEER_N_STREAMS; i++)
      if (is_fresh (&self->found[i], now))
        vm_delay_pair (sound, &self->delay[i]);
}

void
vm_playout_add (VmPlayout *self, VmPeerStream stream, gint64 late, gint64 now)
{
  g_mutex_lock (&self->lock);
  vm_delay_add (&self->found[stream], late, now);
  keep_together (self, now);
  g_mutex_unlock (&self->lock);
}

gint64
vm_playout_get (VmPlayout *self, VmPeerStream stream)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->delay[stream];
}

guint
vm_playout_get_sound_wait_ms (VmPlayout *self)
{
  gint64 ms = vm_playout_get (self, VM_PEER_AUDIO) / VM_DELAY_MS;

  return CLAMP (ms, VM_PLAYOUT_SOUND_WAIT_MIN_MS, VM_PLAYOUT_SOUND_WAIT_MAX_MS);
}
