/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What is lost: of what this side sends, as the other side reports it, and of
 * what comes. */

/* The fraction, in percent, that the RTCP packets in @rtcp report of @ssrc (RFC
 * 3550 §6.4.1). FALSE: nothing. */
gboolean vm_peer_loss_read (GstBuffer *rtcp, guint ssrc, guint *percent);

/* A gap in the numbers of packets that is wider is no loss: the sender has
 * begun anew. Two seconds of sound. */
#define VM_PEER_LOST_MAX 100

/* Of one stream, behind its jitter buffer, which keeps packets in order. */
typedef struct
{
  gboolean begun;
  guint32 ssrc;
  guint16 next; /* number that is due */
  guint lost; /* before the frame that comes next */
} VmPeerLost;

void vm_peer_lost_add (VmPeerLost *self, GstBuffer *rtp);
/* How many are lost since the last call. */
guint vm_peer_lost_take (VmPeerLost *self);

/* What a sample has as its info when @lost packets were lost right before it;
 * NULL for none. vm_peer_sample_get_lost() reads it. */
GstStructure *vm_peer_lost_to_info (guint lost);
