/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Packets of Opus in, samples out, at once. A gap event before a packet says
 * for how long packets were lost: the last of them is rebuilt from the packet
 * behind it, where that carries it (in-band FEC, RFC 6716 §2.1.7), the others
 * are concealed. opusdec of GStreamer keeps every packet back until the next
 * one is there, to do the same, and tells a latency of 120 ms for that. */

/* Of one loss so much is made up for; the rest of it stays silent. Opus itself
 * has faded out by then. */
#define VM_OPUS_MADE_UP_MAX_MS 120

#define VM_TYPE_OPUS_DECODER (vm_opus_decoder_get_type ())
G_DECLARE_FINAL_TYPE (
    VmOpusDecoder, vm_opus_decoder, VM, OPUS_DECODER, GstElement)

/* Packets, by what became of them. */
typedef struct
{
  guint64 decoded;
  guint64 recovered; /* rebuilt from the packet behind them */
  guint64 concealed; /* made up by the decoder */
} VmOpusCounts;

GstElement *vm_opus_decoder_new (void);
/* Any thread. */
void vm_opus_decoder_get_counts (VmOpusDecoder *self, VmOpusCounts *counts);
