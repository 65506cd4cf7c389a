/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/vmcodec.h"
#include "peer/vmpeer.h"

/* One sink pad's way into the meeting: raw or encoded in, encoded frames out
 * to everybody, encoded once per codec. A bin with one ghost pad "sink". */

#define VM_TYPE_INPUT (vm_input_get_type ())
G_DECLARE_FINAL_TYPE (VmInput, vm_input, VM, INPUT, GstBin)

/* All run on a streaming thread and must not block. */
typedef struct
{
  void (*sample) (gpointer user_data, VmPeerStream stream, VmCodec codec,
      GstSample *sample);
  /* caps are known, or the pad got EOS */
  void (*changed) (gpointer user_data, VmPeerStream stream);
  /* nothing more comes in this codec, which others than the input's own thread
   * may notice, too; vm_input_has_failed() */
  void (*failed) (
      gpointer user_data, VmPeerStream stream, VmCodec codec, const gchar *why);
} VmInputFuncs;

VmInput *vm_input_new (VmPeerStream stream, const gchar *name,
    const VmInputFuncs *funcs, gpointer user_data);

/* Any thread. Whether CAPS have arrived. */
gboolean vm_input_has_caps (VmInput *self);
gboolean vm_input_is_eos (VmInput *self);
/* Sends again after an earlier end. */
void vm_input_begin (VmInput *self);
/* The codec of encoded input; VM_CODEC_NONE when it is raw. */
VmCodec vm_input_get_codec (VmInput *self);

/* What is sent as @codec, for VmPeerConfig.send: of H.264 that comes encoded
 * with its profile and level. Transfer full. */
GstCaps *vm_input_make_caps (VmInput *self, VmCodec codec);

/* Control thread. Counts one more consumer of @codec and starts its encoder
 * with the first; FALSE with VM_ERROR_CODEC when the input is encoded
 * otherwise or no encoder is installed. */
gboolean vm_input_acquire (VmInput *self, VmCodec codec, GError **error);
void vm_input_release (VmInput *self, VmCodec codec);
/* Whether the encoder of @codec failed at what the input brings; any thread. */
gboolean vm_input_has_failed (VmInput *self, VmCodec codec);

/* Any thread; at most one request goes upstream every 500 ms, a later one is
 * sent when that time is over. */
void vm_input_request_key_unit (VmInput *self, VmCodec codec);
/* Of sound: how it is encoded from now on. */
void vm_input_set_sound (VmInput *self, const VmSoundSettings *settings);
/* How loud raw sound was at its loudest since the last call, in -dBov: 0
 * (loudest) to 127; -1 when none came. Any thread. */
gint vm_input_take_audio_level (VmInput *self);
void vm_input_set_mute (VmInput *self, gboolean mute);
void vm_input_set_bitrate (VmInput *self, guint bitrate);
/* The encoders keep below both; 0: there is no limit. Input that comes encoded
 * stays as it is. */
void vm_input_set_bitrate_limit (VmInput *self, guint limit);
