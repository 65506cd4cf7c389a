/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer.h"

/* How long the streams of one participant are held back, as the network has
 * them come: quality/delay.h, for all of them together. Any thread. */

/* A picture's lost packets are waited for so long, whatever its delay: the
 * frames behind them cannot be shown without them. */
#define VM_PLAYOUT_WAIT_MS 200
/* Those of sound as long as its delay, but within these. */
#define VM_PLAYOUT_SOUND_WAIT_MIN_MS 20
#define VM_PLAYOUT_SOUND_WAIT_MAX_MS 400
/* … and so long before it is known, and where it is not told. */
#define VM_PLAYOUT_SOUND_WAIT_MS 60
/* A stream that is silent for this long keeps no other company. */
#define VM_PLAYOUT_STALE_US (2 * G_TIME_SPAN_SECOND)

/* What a latency in milliseconds may be besides: as the network makes it
 * necessary, or not one at all. */
#define VM_LATENCY_AUTO (-1)
#define VM_LATENCY_NONE (-2)
#define VM_LATENCY_MAX_MS 10000

typedef struct _VmPlayout VmPlayout;

VmPlayout *vm_playout_new (void);
VmPlayout *vm_playout_ref (VmPlayout *self);
void vm_playout_unref (VmPlayout *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPlayout, vm_playout_unref)

/* "auto", which NULL is too, or a number of milliseconds up to
 * VM_LATENCY_MAX_MS; VM_LATENCY_NONE: it is neither. */
gint vm_playout_parse_latency (const gchar *text);

/* What a peer's jitter buffers wait for lost packets, with a latency in
 * milliseconds or VM_LATENCY_AUTO. */
void vm_playout_configure (gint latency_ms, VmPeerConfig *peer);

/* A frame came @late ns after the time that it has, at @now (µs). */
void
vm_playout_add (VmPlayout *self, VmPeerStream stream, gint64 late, gint64 now);
/* The delay of a stream, ns; VM_DELAY_START before its first frame. */
gint64 vm_playout_get (VmPlayout *self, VmPeerStream stream);
/* How long a packet of sound is waited for. */
guint vm_playout_get_sound_wait_ms (VmPlayout *self);
