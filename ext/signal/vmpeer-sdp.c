/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmpeer-priv.h"

#include <gst/videomeet/videomeet.h>
#include <stdlib.h>
#include <string.h>

/* What the remote side's descriptions, as vmpeer-remote.c has brought them into
 * form, mean for each stream. */

static gboolean
    G_GNUC_PRINTF (2, 3) bad (GError **error, const gchar *format, ...)
{
  g_autofree gchar *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The other side's session description is not usable: %s", what);
  return FALSE;
}

static void
remote_direction (const GstSDPMedia *media, gboolean *sends, gboolean *receives)
{
  *sends = !gst_sdp_media_get_attribute_val (media, "recvonly")
           && !gst_sdp_media_get_attribute_val (media, "inactive");
  *receives = !gst_sdp_media_get_attribute_val (media, "sendonly")
              && !gst_sdp_media_get_attribute_val (media, "inactive");
}

/* Of an extension that came without attributes: webrtcbin's caps with them are
 * others, and its answer would lack it. */
static guint
extension_id (const GstSDPMedia *media, const gchar *uri)
{
  const gchar *value;

  for (guint i = 0;
       (value = gst_sdp_media_get_attribute_val_n (media, "extmap", i)); i++) {
    const gchar *space = strchr (value, ' ');
    guint64 id = g_ascii_strtoull (value, NULL, 10);

    /* RFC 8285 §4.2: one-byte headers have 1 to 14 */
    if (space && strcmp (space + 1, uri) == 0 && id >= 1 && id <= 14)
      return id;
  }
  return 0;
}

/* The first offered format that is @wanted, or with NULL any that is known. */
static const VmPeerCodec *
find_codec (const GstSDPMedia *media, const VmPeerCodec *wanted, gint *pt)
{
  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++) {
    gint format = atoi (gst_sdp_media_get_format (media, i));
    g_autoptr (GstCaps) caps =
        gst_sdp_media_get_caps_from_media (media, format);
    const VmPeerCodec *codec;
    const GstStructure *s;
    const gchar *mode;
    gint rate = 0;

    if (!caps || gst_caps_is_empty (caps) || format > 127)
      continue;
    s = gst_caps_get_structure (caps, 0);
    codec = vm_peer_codec_from_encoding (gst_sdp_media_get_media (media),
        gst_structure_get_string (s, "encoding-name"));
    mode = gst_structure_get_string (s, "packetization-mode");
    if (!codec || (wanted && codec != wanted)
        || !gst_structure_get_int (s, "clock-rate", &rate)
        || rate != codec->clock_rate)
      continue;
    /* what rtph264pay makes, RFC 6184 §6.3 */
    if (strcmp (codec->encoding, "H264") == 0 && g_strcmp0 (mode, "1") != 0)
      continue;
    *pt = format;
    return codec;
  }
  return NULL;
}

/* By its name; of a side that names otherwise, by its place. */
static gint
classify (const GstSDPMedia *media, guint taken)
{
  const gchar *mid = gst_sdp_media_get_attribute_val (media, "mid");
  gboolean audio = strcmp (gst_sdp_media_get_media (media), "audio") == 0;

  for (gint s = 0; s < VM_PEER_N_STREAMS; s++) {
    if ((s == VM_PEER_AUDIO) == audio && !(taken & 1u << s)
        && strcmp (mid, vm_peer_stream_to_string (s)) == 0)
      return s;
  }
  for (gint s = 0; s < VM_PEER_N_STREAMS; s++) {
    if ((s == VM_PEER_AUDIO) == audio && !(taken & 1u << s))
      return s;
  }
  return -1;
}

const VmPeerCodec *
vm_peer_sdp_offered_codec (const gchar *text, VmPeerStream stream)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (text, TRUE, NULL);
  guint n = remote ? gst_sdp_message_medias_len (remote->sdp) : 0;
  guint taken = 0;

  for (guint i = 0; i < n; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (remote->sdp, i);
    gint s, pt;

    if (remote->rejected[i]
        || strcmp (gst_sdp_media_get_media (media), "application") == 0)
      continue;
    s = classify (media, taken);
    if (s == (gint) stream)
      return find_codec (media, NULL, &pt);
    if (s >= 0)
      taken |= 1u << s;
  }
  return NULL;
}

gchar *
vm_peer_name_connection (const gchar *sdp, gboolean offer)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (sdp, offer, NULL);
  const GstSDPOrigin *origin;

  if (!remote)
    return NULL;
  origin = gst_sdp_message_get_origin (remote->sdp);
  return g_strdup_printf ("%s %s", origin->sess_id, remote->fingerprints[0]);
}

static gboolean
plan_media (
    VmPeer *self, VmPeerMline *line, const GstSDPMedia *media, GError **error)
{
  const VmPeerCodec *own = NULL;
  gboolean sends, receives;

  remote_direction (media, &sends, &receives);
  line->twcc = extension_id (media, VM_PEER_TWCC_URI);
  if (line->stream == VM_PEER_AUDIO)
    line->level = extension_id (media, VM_PEER_LEVEL_URI);
  if (line->stream >= 0) {
    line->send = receives && self->send[line->stream];
    line->receive = sends && self->receive[line->stream];
    if (line->send)
      own = vm_peer_codec_from_caps (self->send[line->stream]);
  }
  line->codec = find_codec (media, own, &line->pt);
  if (line->codec || (!line->send && !line->receive))
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
      own ? "The other side does not take the %s stream as %s"
          : "The other side offers no known format for the %s stream%s",
      vm_peer_stream_to_string (line->stream), own ? own->name : "");
  return FALSE;
}

gboolean
vm_peer_sdp_plan_answer (
    VmPeer *self, const VmPeerRemote *remote, GError **error)
{
  const GstSDPMessage *offer = remote->sdp;
  guint taken = 0;

  for (guint i = 0; i < gst_sdp_message_medias_len (offer); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (offer, i);
    VmPeerMline *line = &self->mlines[i];

    line->mid = g_strdup (gst_sdp_media_get_attribute_val (media, "mid"));
    line->stream = -1;
    self->n_mlines = i + 1;
    if (remote->rejected[i]) {
      line->codec = find_codec (media, NULL, &line->pt);
      continue;
    }
    if (strcmp (gst_sdp_media_get_media (media), "application") == 0) {
      line->data = TRUE;
      continue;
    }
    line->stream = classify (media, taken);
    if (line->stream >= 0)
      taken |= 1u << line->stream;
    if (!plan_media (self, line, media, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_answer_media (
    VmPeer *self, VmPeerMline *line, const GstSDPMedia *media, GError **error)
{
  const VmPeerCodec *codec;
  gboolean sends, receives, wanted = line->send || line->receive;

  remote_direction (media, &sends, &receives);
  if (vm_peer_sdp_is_rejected (media))
    sends = receives = FALSE;
  line->send = line->send && receives;
  line->receive = line->receive && sends;
  codec = find_codec (media, line->codec, &line->pt);
  if (!codec && wanted
      && (line->send || line->receive || vm_peer_sdp_is_rejected (media))) {
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        line->codec ? "The other side does not take the %s stream as %s"
                    : "The other side has no known format for the %s stream%s",
        vm_peer_stream_to_string (line->stream),
        line->codec ? line->codec->name : "");
    return FALSE;
  }
  line->codec = codec;
  if (extension_id (media, VM_PEER_LEVEL_URI) != line->level)
    line->level = 0;
  return TRUE;
}

gboolean
vm_peer_sdp_check_answer (
    VmPeer *self, const GstSDPMessage *answer, GError **error)
{
  if (gst_sdp_message_medias_len (answer) != self->n_mlines)
    return bad (error, "its m= lines are not those of the offer");
  for (guint i = 0; i < self->n_mlines; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (answer, i);
    VmPeerMline *line = &self->mlines[i];
    const gchar *kind = gst_sdp_media_get_media (media);
    const gchar *wanted = line->data                      ? "application"
                          : line->stream == VM_PEER_AUDIO ? "audio"
                                                          : "video";

    if (strcmp (kind, wanted) != 0
        || (line->mid
            && strcmp (
                   line->mid, gst_sdp_media_get_attribute_val (media, "mid"))
                   != 0))
      return bad (error, "its m= lines are not those of the offer");
    if (g_strcmp0 (gst_sdp_media_get_attribute_val (media, "setup"), "actpass")
        == 0)
      return bad (error, "a=setup of an answer leaves the DTLS role open");
    if (!line->data && !check_answer_media (self, line, media, error))
      return FALSE;
  }
  return TRUE;
}
