/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/vmsound.h"
#include "peer/vmpeer-codec.h"
#include "peer/vmpeer.h"

/* How the codecs of the table in vmpeer-codec.c are made, parsed and
 * decoded. */

const gchar *vm_codec_get_name (VmCodec codec);
gboolean vm_codec_is_audio (VmCodec codec);
/* VM_CODEC_NONE for raw or unknown caps */
VmCodec vm_codec_from_caps (const GstCaps *caps);
/* "vp8", "h264", "vp9", "opus" in any case, as in SDP; VM_CODEC_NONE for others
 */
VmCodec vm_codec_from_name (const gchar *name);
/* The caps for VmPeerConfig.send; transfer full */
GstCaps *vm_codec_get_caps (VmCodec codec);

/* Raw in, encoded out: a bin with pads "sink" and "src", or NULL with an error
 * when this machine has no encoder. @bitrate in bits per second. The one of the
 * highest rank that works; one of hardware is tried first. */
GstElement *
vm_codec_make_encoder (VmCodec codec, guint bitrate, GError **error);
/* Encoded in, vm_codec_get_caps() out. */
GstElement *vm_codec_make_parser (VmCodec codec, GError **error);
/* Encoded in, raw out: for Opus VmOpusDecoder, else the highest-ranked decoder
 * that this machine can really open. */
GstElement *vm_codec_make_decoder (VmCodec codec, GError **error);
/* Changes the rate of an encoder made by vm_codec_make_encoder(). */
void vm_codec_set_bitrate (GstElement *encoder, VmCodec codec, guint bitrate);
/* It has failed: one of hardware is not made again. */
void vm_codec_give_up_encoder (GstElement *encoder);

/* Of an encoder of sound. */
void vm_codec_set_sound (GstElement *encoder, const VmSoundSettings *settings);

/* The codec that an offer has for a stream: @wanted where it has that, else the
 * first of ours; VM_CODEC_NONE when the stream is absent, rejected, or in none
 * of ours, or @sdp is not usable. */
VmCodec
vm_codec_from_sdp (const gchar *sdp, VmPeerStream stream, VmCodec wanted);
