/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmerror.h>

/* Transport-wide congestion control; the estimator's input. */
#define VM_PEER_TWCC_URI    \
  "http://www.ietf.org/id/" \
  "draft-holmer-rmcat-transport-wide-cc-extensions-01"
/* Loudness of each packet, RFC 6464. */
#define VM_PEER_LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

/* The codecs that cross a meeting; the index of the one table of them. */
typedef enum
{
  VM_CODEC_OPUS,
  VM_CODEC_VP8,
  VM_CODEC_H264,
  VM_CODEC_VP9,
  VM_CODEC_N,
  VM_CODEC_NONE = -1
} VmCodec;

typedef struct
{
  const gchar *factory;
  const gchar *launch; /* %u: the bit rate, in units of @divisor */
  guint divisor; /* bits per second in one unit of the property */
  const gchar *bitrate_property;
} VmPeerEncoder;

/* One codec: how it is carried in RTP, made and parsed. */
typedef struct
{
  const gchar *name; /* for people */
  const gchar *id; /* in properties and messages */
  const gchar *caps; /* encoded media type */
  const gchar *caps_fields; /* further ones of the caps that are sent, or "" */
  const gchar *media; /* of the m-line */
  const gchar *encoding; /* RTP encoding name */
  gint clock_rate;
  gint pt; /* offered */
  const gchar *rtp_fields; /* further fields of the RTP caps, or NULL */
  const gchar *payloader; /* launch descriptions */
  const gchar *depayloader;
  const gchar *parser; /* NULL: needs none */
  VmPeerEncoder encoders[2]; /* the first that works */
} VmPeerCodec;

/* The row of @codec, which is not VM_CODEC_NONE. */
const VmPeerCodec *vm_peer_codec_get (VmCodec codec);
/* VM_CODEC_NONE for NULL */
VmCodec vm_peer_codec_index (const VmPeerCodec *codec);

const VmPeerCodec *vm_peer_codec_from_caps (const GstCaps *caps);
const VmPeerCodec *
vm_peer_codec_from_encoding (const gchar *media, const gchar *encoding);
/* The @index-th codec of @media ("audio" or "video"), or NULL. */
const VmPeerCodec *vm_peer_codec_nth (const gchar *media, guint index);

/* RTP caps of an m-line. @ssrc, @twcc and @mid are left out when 0. */
GstCaps *vm_peer_codec_rtp_caps (const VmPeerCodec *codec, gint pt, guint ssrc,
    guint twcc, const gchar *mid);
/* With the extension of audio levels as @id; 0 adds nothing. */
void vm_peer_codec_add_level (GstCaps *caps, guint id);
/* "42e01f" (constrained baseline, level 3.1) or what the encoded H.264 @caps
 * say, RFC 6184 §8.1. @caps may be NULL. */
gchar *vm_peer_codec_profile_level_id (const GstCaps *caps);
/* What a decoder of H.264 has to be able to: one of a higher number decodes
 * what has a lower one. @profile_level_id as above; NULL is baseline (RFC 6184
 * §8.1). */
guint vm_peer_codec_profile_rank (const gchar *profile_level_id);
/* Its name, with the profile of H.264 that @caps name. */
gchar *vm_peer_codec_describe (const GstCaps *caps);
