/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/sdp/sdp.h>

/* What a description says of Opus in a=fmtp, RFC 7587 §6.1. It is about what
 * its author wants to receive, but for sprop-stereo. */

/* bit/s, the least and the most that RFC 7587 §6.1 gives a meaning */
#define VM_PEER_OPUS_BITRATE_MIN 6000
#define VM_PEER_OPUS_BITRATE_MAX 510000
#define VM_PEER_OPUS_MUSIC_BITRATE 128000 /* bit/s */

typedef struct
{
  gboolean stereo; /* it would rather have stereo than mono */
  gboolean fec; /* it makes use of in-band FEC */
  gboolean dtx; /* it needs no packets of silence */
  guint max_bitrate; /* bit/s, on average; 0: it names none */
} VmPeerOpus;

/* What @media says of the format @pt; what it does not say is as the RFC has
 * it. A rate out of the RFC's range counts as the next one in it. */
void vm_peer_opus_read (const GstSDPMedia *media, guint pt, VmPeerOpus *opus);
/* Says of the format @pt what this side wants: voice, or @music. What was said
 * of it before goes. */
void vm_peer_opus_write (GstSDPMedia *media, guint pt, gboolean music);
