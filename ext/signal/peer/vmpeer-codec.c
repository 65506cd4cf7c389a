/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-codec.h"

#include <string.h>

/* One codec a stream: its payload type is fixed, so a bundle never holds two
 * meanings of one number. H.264 is received as avc with codec_data, which both
 * matroskamux and the decoders take. VP8 is encoded in real time, at a constant
 * rate, with no frames held back and a key frame only when somebody asks, at
 * most every 500 ms, which vminput.c sees to: an encoder of 1.22.0 with
 * min-force-key-unit-interval takes the time of a request before its first
 * frame wrongly, for x264enc by 1,000 hours, and hears no other until then. One
 * thread, because libvpx's VP8 threads wait for each other by spinning, which
 * at 360p took five times the work; those of VP9 sleep. */
static const VmPeerCodec codecs[VM_CODEC_N] = {
  [VM_CODEC_OPUS] = {
      .name = "Opus",
      .id = "opus",
      .caps = "audio/x-opus",
      .caps_fields = ", rate=(int)48000, channels=(int)2, "
                     "channel-mapping-family=(int)0",
      .media = "audio",
      .encoding = "OPUS",
      .clock_rate = 48000,
      .pt = 111,
      .rtp_fields = "encoding-params=(string)2",
      .payloader = "rtpopuspay",
      .depayloader = "rtpopusdepay ! opusparse",
      .parser = "opusparse",
      .encoders = { { "opusenc",
          "audioconvert ! audioresample ! "
          "capsfilter name=channels "
          "caps=\"audio/x-raw,rate=48000,channels=[1,2],layout=interleaved\" ! "
          "opusenc name=encoder frame-size=20 inband-fec=true bitrate=%u",
          1, "bitrate" } },
  },
  [VM_CODEC_VP8] = {
      .name = "VP8",
      .id = "vp8",
      .caps = "video/x-vp8",
      .caps_fields = "",
      .media = "video",
      .encoding = "VP8",
      .clock_rate = 90000,
      .pt = 96,
      .payloader = "rtpvp8pay picture-id-mode=2",
      .depayloader =
          "rtpvp8depay request-keyframe=true wait-for-keyframe=true",
      .encoders = { { "vp8enc",
          "videoconvert ! video/x-raw,format=I420 ! "
          "vp8enc name=encoder deadline=1 cpu-used=8 end-usage=cbr "
          "lag-in-frames=0 error-resilient=partitions threads=1 "
          "keyframe-max-dist=2000000000 undershoot=95 overshoot=25 "
          "buffer-size=1000 buffer-initial-size=500 buffer-optimal-size=600 "
          "target-bitrate=%u",
          1, "target-bitrate" } },
  },
  [VM_CODEC_H264] = {
      .name = "H.264",
      .id = "h264",
      .caps = "video/x-h264",
      .caps_fields =
          ", stream-format=(string)byte-stream, alignment=(string)au",
      .media = "video",
      .encoding = "H264",
      .clock_rate = 90000,
      .pt = 102,
      .rtp_fields = "packetization-mode=(string)1",
      .payloader = "rtph264pay config-interval=-1 aggregate-mode=zero-latency",
      .depayloader =
          "rtph264depay request-keyframe=true wait-for-keyframe=true ! "
          "h264parse ! video/x-h264,stream-format=avc,alignment=au",
      .parser = "h264parse config-interval=-1",
      .encoders = { { "x264enc",
          "videoconvert ! video/x-raw,format=I420 ! "
          "x264enc name=encoder tune=zerolatency speed-preset=superfast "
          "bframes=0 key-int-max=2000000000 byte-stream=true aud=false "
          "vbv-buf-capacity=500 bitrate=%u ! "
          "video/x-h264,profile=constrained-baseline ! h264parse config-interval=-1",
          1000, "bitrate" },
          { "openh264enc",
          "videoconvert ! video/x-raw,format=I420 ! "
          "openh264enc name=encoder usage-type=camera complexity=low "
          "rate-control=bitrate gop-size=2000000000 bitrate=%u ! "
          "h264parse config-interval=-1",
          1, "bitrate" } },
  },
  [VM_CODEC_VP9] = {
      .name = "VP9",
      .id = "vp9",
      .caps = "video/x-vp9",
      .caps_fields = "",
      .media = "video",
      .encoding = "VP9",
      .clock_rate = 90000,
      .pt = 98,
      .payloader = "rtpvp9pay picture-id-mode=2",
      .depayloader =
          "rtpvp9depay request-keyframe=true wait-for-keyframe=true ! vp9parse",
      .encoders = { { "vp9enc",
          "videoconvert ! video/x-raw,format=I420 ! "
          "vp9enc name=encoder deadline=1 cpu-used=8 end-usage=cbr "
          "lag-in-frames=0 threads=2 row-mt=true frame-parallel-decoding=false "
          "keyframe-max-dist=2000000000 undershoot=95 overshoot=25 "
          "buffer-size=1000 buffer-initial-size=500 buffer-optimal-size=600 "
          "target-bitrate=%u",
          1, "target-bitrate" } },
  },
};

const VmPeerCodec *
vm_peer_codec_get (VmCodec codec)
{
  return &codecs[codec];
}

VmCodec
vm_peer_codec_index (const VmPeerCodec *codec)
{
  return codec ? (VmCodec) (codec - codecs) : VM_CODEC_NONE;
}

const VmPeerCodec *
vm_peer_codec_from_caps (const GstCaps *caps)
{
  const gchar *name;

  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return NULL;
  name = gst_structure_get_name (gst_caps_get_structure (caps, 0));
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (strcmp (codecs[i].caps, name) == 0)
      return &codecs[i];
  }
  return NULL;
}

const VmPeerCodec *
vm_peer_codec_from_encoding (const gchar *media, const gchar *encoding)
{
  for (guint i = 0; media && encoding && i < G_N_ELEMENTS (codecs); i++) {
    if (strcmp (codecs[i].media, media) == 0
        && g_ascii_strcasecmp (codecs[i].encoding, encoding) == 0)
      return &codecs[i];
  }
  return NULL;
}

const VmPeerCodec *
vm_peer_codec_nth (const gchar *media, guint index)
{
  for (guint i = 0; i < G_N_ELEMENTS (codecs); i++) {
    if (strcmp (codecs[i].media, media) == 0 && index-- == 0)
      return &codecs[i];
  }
  return NULL;
}

GstCaps *
vm_peer_codec_rtp_caps (
    const VmPeerCodec *codec, gint pt, guint ssrc, guint twcc, const gchar *mid)
{
  g_autofree gchar *text =
      g_strdup_printf ("application/x-rtp%s%s", codec->rtp_fields ? ", " : "",
          codec->rtp_fields ? codec->rtp_fields : "");
  GstCaps *caps = gst_caps_from_string (text);

  gst_caps_set_simple (caps, "media", G_TYPE_STRING, codec->media,
      "encoding-name", G_TYPE_STRING, codec->encoding, "clock-rate", G_TYPE_INT,
      codec->clock_rate, "payload", G_TYPE_INT, pt, NULL);
  if (mid)
    gst_caps_set_simple (caps, "a-mid", G_TYPE_STRING, mid, NULL);
  if (ssrc)
    gst_caps_set_simple (caps, "ssrc", G_TYPE_UINT, ssrc, NULL);
  if (twcc) {
    g_autofree gchar *field = g_strdup_printf ("extmap-%u", twcc);

    gst_caps_set_simple (caps, field, G_TYPE_STRING, VM_PEER_TWCC_URI,
        "rtcp-fb-transport-cc", G_TYPE_BOOLEAN, TRUE, NULL);
  }
  return caps;
}

void
vm_peer_codec_add_level (GstCaps *caps, guint id)
{
  g_autofree gchar *field = g_strdup_printf ("extmap-%u", id);

  if (id)
    gst_caps_set_simple (caps, field, G_TYPE_STRING, VM_PEER_LEVEL_URI, NULL);
}

/* profile_idc and constraint flags of the profiles GStreamer names, ITU-T
 * H.264 annex A.2 */
static const struct
{
  const gchar *profile;
  guint idc, flags;
} h264_profiles[] = {
  { "constrained-baseline", 0x42, 0xe0 },
  { "baseline", 0x42, 0x00 },
  { "main", 0x4d, 0x00 },
  { "constrained-high", 0x64, 0x0c },
  { "high", 0x64, 0x00 },
};

gchar *
vm_peer_codec_profile_level_id (const GstCaps *caps)
{
  const GstStructure *s = caps ? gst_caps_get_structure (caps, 0) : NULL;
  const gchar *profile = s ? gst_structure_get_string (s, "profile") : NULL;
  const gchar *level = s ? gst_structure_get_string (s, "level") : NULL;
  const GValue *data = s ? gst_structure_get_value (s, "codec_data") : NULL;
  guint idc = 0x42, flags = 0xe0, level_idc = 31;
  guint8 head[4];

  /* avcC: version, then the three bytes */
  if (data && GST_VALUE_HOLDS_BUFFER (data)
      && gst_buffer_extract (gst_value_get_buffer (data), 0, head, sizeof head)
             == sizeof head)
    return g_strdup_printf ("%02x%02x%02x", head[1], head[2], head[3]);
  for (guint i = 0; i < G_N_ELEMENTS (h264_profiles); i++) {
    if (g_strcmp0 (profile, h264_profiles[i].profile) == 0) {
      idc = h264_profiles[i].idc;
      flags = h264_profiles[i].flags;
    }
  }
  if (level && g_ascii_isdigit (level[0]))
    level_idc =
        (level[0] - '0') * 10
        + (level[1] == '.' && g_ascii_isdigit (level[2]) ? level[2] - '0' : 0);
  return g_strdup_printf ("%02x%02x%02x", idc, flags, level_idc);
}

guint
vm_peer_codec_profile_rank (const gchar *profile_level_id)
{
  guint idc = profile_level_id && strlen (profile_level_id) == 6
                  ? g_ascii_strtoull (profile_level_id, NULL, 16) >> 16
                  : 0x42;

  return idc == 0x42 ? 0 : idc == 0x4d ? 1 : 2;
}

gchar *
vm_peer_codec_describe (const GstCaps *caps)
{
  const gchar *name = vm_peer_codec_from_caps (caps)->name;
  const gchar *profile =
      gst_structure_get_string (gst_caps_get_structure (caps, 0), "profile");

  return profile ? g_strdup_printf ("%s of the profile %s", name, profile)
                 : g_strdup (name);
}
