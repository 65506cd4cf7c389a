/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/vmcodec.h"
#include "media/vmplayout.h"
#include "peer/vmpeer.h"

/* One stream of one participant on its way out: encoded frames in, raw (or
 * parsed) out of the ghost pad "src". Decodes only while it is wanted. */

/* Frames that wait for the decoder: half a second of video at 60/s, and more
 * than that of 20 ms audio. */
#define VM_OUTPUT_QUEUE_MAX 32

#define VM_TYPE_OUTPUT (vm_output_get_type ())
G_DECLARE_FINAL_TYPE (VmOutput, vm_output, VM, OUTPUT, GstBin)

typedef struct
{
  VmCodec codec;
  gboolean decode;
  GstClockTime latency; /* jitter buffer of the peer, told downstream */
  /* By which frames get another time, and which learns from them; NULL: they
   * keep their time, and are waited for by the latency. */
  VmPlayout *playout;
  VmPeerStream stream; /* which of them it is */
  const gchar *participant_id; /* "p001" */
  const gchar *stream_id; /* "p001/video" */
  const gchar *title; /* participant's name, sent as a tag */
} VmOutputConfig;

/* @need_key_unit: on any thread, must not block. */
VmOutput *vm_output_new (const gchar *name, const VmOutputConfig *config,
    void (*need_key_unit) (gpointer user_data), gpointer user_data,
    GDestroyNotify notify, GError **error);

/* Streaming thread of a peer. Never blocks: when VM_OUTPUT_QUEUE_MAX frames
 * wait, the frame is dropped, and with video all up to the next key frame. */
void vm_output_push (VmOutput *self, GstSample *sample);
/* The same with a frame that was kept meanwhile, which is late by that. */
void vm_output_push_kept (VmOutput *self, GstSample *sample);
/* A frame was lost before it: video begins anew with the next key frame. */
void vm_output_wait_key (VmOutput *self);
/* Unwanted output (its pad is not linked) drops everything. */
void vm_output_set_wanted (VmOutput *self, gboolean wanted);
/* The codec that it was made for. */
VmCodec vm_output_get_codec (VmOutput *self);
/* Of decoded sound, packets that were rebuilt from the one behind them, and
 * those that were made up; any thread. */
typedef struct
{
  guint64 recovered, concealed;
} VmOutputSound;
void vm_output_get_sound (VmOutput *self, VmOutputSound *sound);
/* Whether downstream takes encoded frames; any thread. */
gboolean vm_output_is_encoded (VmOutput *self);
void vm_output_end (VmOutput *self);
/* As it was made with; any thread. */
const gchar *vm_output_get_participant_id (VmOutput *self);
const gchar *vm_output_get_stream_id (VmOutput *self);
