/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

#include <gst/videomeet/videomeet.h>
#include <stdlib.h>
#include <string.h>

/* What the remote side's descriptions, as vmpeer-remote.c has brought them into
 * form, mean for each stream. */

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
guint
vm_peer_sdp_extension_id (const GstSDPMedia *media, const gchar *uri)
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

#define ANY_PT (-1)

/* The codec of @format, if it is one of ours; @profile: what is needed to
 * decode it, of H.264. */
static const VmPeerCodec *
read_format (const GstSDPMedia *media, gint format, guint *profile)
{
  g_autoptr (GstCaps) caps = gst_sdp_media_get_caps_from_media (media, format);
  const VmPeerCodec *codec;
  const GstStructure *s;
  const gchar *mode;
  gint rate = 0;

  if (!caps || gst_caps_is_empty (caps) || format > 127)
    return NULL;
  s = gst_caps_get_structure (caps, 0);
  codec = vm_peer_codec_from_encoding (gst_sdp_media_get_media (media),
      gst_structure_get_string (s, "encoding-name"));
  mode = gst_structure_get_string (s, "packetization-mode");
  if (!codec || !gst_structure_get_int (s, "clock-rate", &rate)
      || rate != codec->clock_rate)
    return NULL;
  /* what rtph264pay makes, RFC 6184 §6.3 */
  if (strcmp (codec->encoding, "H264") == 0 && g_strcmp0 (mode, "1") != 0)
    return NULL;
  *profile = vm_peer_codec_profile_rank (
      gst_structure_get_string (s, "profile-level-id"));
  return codec;
}

/* The first offered format that is @wanted, or with NULL any that is known, and
 * has the number @pt, or any. */
static const VmPeerCodec *
find_codec (const GstSDPMedia *media, const VmPeerCodec *wanted, gint *pt)
{
  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++) {
    gint format = atoi (gst_sdp_media_get_format (media, i));
    const VmPeerCodec *codec;
    guint profile;

    if (*pt != ANY_PT && *pt != format)
      continue;
    codec = read_format (media, format, &profile);
    if (!codec || (wanted && codec != wanted))
      continue;
    *pt = format;
    return codec;
  }
  return NULL;
}

gboolean
vm_peer_sdp_has_codec (const GstSDPMedia *media)
{
  gint pt = ANY_PT;

  return find_codec (media, NULL, &pt) != NULL;
}

/* The first offered format in which @caps can be sent. A browser has a format
 * for each profile of H.264 that it decodes; who offers one alone, as this
 * device does, says by its profile what it sends. */
static const VmPeerCodec *
find_format (const GstSDPMedia *media, const GstCaps *caps, gint *pt)
{
  const VmPeerCodec *wanted = vm_peer_codec_from_caps (caps);
  g_autofree gchar *own = vm_peer_codec_profile_level_id (caps);
  guint n = 0, profile = 0;
  gint only = ANY_PT;

  for (guint i = 0; i < gst_sdp_media_formats_len (media); i++) {
    gint format = atoi (gst_sdp_media_get_format (media, i));

    if (read_format (media, format, &profile) != wanted)
      continue;
    only = format;
    n++;
    if (profile >= vm_peer_codec_profile_rank (own)) {
      *pt = format;
      return wanted;
    }
  }
  if (n != 1)
    return NULL;
  *pt = only;
  return wanted;
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
vm_peer_sdp_offered_codec (
    const gchar *text, VmPeerStream stream, const VmPeerCodec *wanted)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (text, TRUE, NULL);
  guint n = remote ? gst_sdp_message_medias_len (remote->sdp) : 0;
  guint taken = 0;

  for (guint i = 0; i < n; i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (remote->sdp, i);
    const VmPeerCodec *codec;
    gint s, pt = ANY_PT;

    if (remote->rejected[i]
        || strcmp (gst_sdp_media_get_media (media), "application") == 0)
      continue;
    s = classify (media, taken);
    if (s == (gint) stream) {
      codec = wanted ? find_codec (media, wanted, &pt) : NULL;
      return codec ? codec : find_codec (media, NULL, &pt);
    }
    if (s >= 0)
      taken |= 1u << s;
  }
  return NULL;
}

gchar *
vm_peer_name_connection (const gchar *sdp, gboolean offer, GError **error)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (sdp, offer, error);
  const GstSDPOrigin *origin;

  if (!remote)
    return NULL;
  origin = gst_sdp_message_get_origin (remote->sdp);
  return g_strdup_printf ("%s\n%s %s\n%s", remote->fingerprints[0],
      remote->ufrag, remote->pwd, origin->sess_id);
}

gboolean
vm_peer_is_same_connection (const gchar *a, const gchar *b)
{
  g_auto (GStrv) of_a = g_strsplit (a, "\n", 3);
  g_auto (GStrv) of_b = g_strsplit (b, "\n", 3);

  return g_str_equal (of_a[0], of_b[0])
         && (g_str_equal (of_a[1], of_b[1]) || g_str_equal (of_a[2], of_b[2]));
}

/* --- what this side makes of an offer --- */

static gboolean
is_sent (VmPeer *self, VmPeerStream stream)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    if (self->mlines[i].stream == (gint) stream && self->mlines[i].can_send)
      return TRUE;
  }
  return FALSE;
}

static void
    G_GNUC_PRINTF (2, 3) tell_refused (VmPeer *self, const gchar *format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  error = g_error_new_valist (VM_ERROR, VM_ERROR_CODEC, format, args);
  va_end (args);
  g_signal_emit_by_name (self, "media-refused", error);
}

static void
tell_not_taken (VmPeer *self, const VmPeerMline *line)
{
  GstCaps *caps = self->send[line->stream];
  g_autofree gchar *codec = caps ? vm_peer_codec_describe (caps)
                                 : g_strdup ("this side would take it");

  tell_refused (self, "The other side does not take the %s stream as %s",
      vm_peer_mline_name (line), codec);
}

/* Of an m-line that was offered as @media, and is rejected. */
static void
tell_unknown (VmPeer *self, const GstSDPMedia *media)
{
  if (!vm_peer_sdp_is_rejected (media))
    tell_refused (self, "The other side offers no known format for m=%s",
        gst_sdp_media_get_media (media));
}

/* webrtcbin's codec of an m-line is there once and for all, so that a camera
 * that is not wanted yet has a say in it, too. */
static void
choose_codec (VmPeer *self, VmPeerMline *line, const GstSDPMedia *media)
{
  line->pt = ANY_PT;
  line->codec = line->can_send
                    ? find_format (media, self->send[line->stream], &line->pt)
                    : find_codec (media, NULL, &line->pt);
  if (line->codec || (line->send && !self->foreign))
    return;
  if (line->send)
    tell_not_taken (self, line);
  line->can_send = line->send = FALSE;
  line->codec = find_codec (media, NULL, &line->pt);
}

static gboolean
plan_media (
    VmPeer *self, VmPeerMline *line, const GstSDPMedia *media, GError **error)
{
  gboolean sends, receives;

  remote_direction (media, &sends, &receives);
  line->twcc = vm_peer_sdp_extension_id (media, VM_PEER_TWCC_URI);
  if (line->audio && line->stream >= 0)
    line->level = vm_peer_sdp_extension_id (media, VM_PEER_LEVEL_URI);
  if (self->many) {
    line->can_receive = TRUE;
    line->receive = sends;
  } else if (line->stream >= 0) {
    line->can_send = self->send[line->stream] && !is_sent (self, line->stream);
    line->can_receive = self->receive[line->stream];
    line->send = receives && line->can_send;
    line->receive = sends && line->can_receive;
  }
  choose_codec (self, line, media);
  /* one that cannot be taken is no reason to leave the others */
  line->receive &= line->codec || !self->many;
  if (!line->codec && (line->send || line->receive)) {
    g_autofree gchar *name =
        line->send ? vm_peer_codec_describe (self->send[line->stream]) : NULL;

    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        name ? "The other side does not take the %s stream as %s"
             : "The other side offers no known format for the %s stream%s",
        vm_peer_mline_name (line), name ? name : "");
    return FALSE;
  }
  line->can_send &= line->codec != NULL;
  line->can_receive &= line->codec != NULL;
  return TRUE;
}

/* libdatachannel says that it sends in each m-line that it was offered, where
 * it has no track; its own tracks come in others. */
static gboolean
names_source (const VmPeerRemote *offer, guint index)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (offer->sdp, index);

  return gst_sdp_media_get_attribute_val (media, "ssrc")
         || gst_sdp_media_get_attribute_val (media, "msid");
}

/* A stream that was sent in an m-line before may come in another, once it does
 * not come there. */
static guint
taken_before (VmPeer *self, const VmPeerRemote *offer, guint index,
    guint n_known, gboolean sends)
{
  guint taken = 0;

  for (guint i = 0; i < index; i++) {
    const VmPeerMline *line = &self->mlines[i];
    gboolean comes =
        line->receive
        && (names_source (offer, i) || !names_source (offer, index));

    if (line->stream >= 0 && (i >= n_known || comes || !sends))
      taken |= 1u << line->stream;
  }
  return taken;
}

static void
move_stream (VmPeer *self, guint index)
{
  for (guint i = 0; self->mlines[index].receive && i < index; i++) {
    if (self->mlines[i].stream == self->mlines[index].stream)
      self->mlines[i].receive = self->mlines[i].can_receive = FALSE;
  }
}

gboolean
vm_peer_sdp_plan_line (VmPeer *self, const VmPeerRemote *offer, guint index,
    guint n_known, GError **error)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (offer->sdp, index);
  VmPeerMline *line = &self->mlines[index];
  gboolean sends, receives;

  *line = (VmPeerMline){ .stream = -1, .pt = ANY_PT };
  line->mid = g_strdup (gst_sdp_media_get_attribute_val (media, "mid"));
  self->n_mlines = index + 1;
  if (offer->rejected[index]) {
    tell_unknown (self, offer->rejected[index]);
    line->codec = find_codec (media, NULL, &line->pt);
    return TRUE;
  }
  if (strcmp (gst_sdp_media_get_media (media), "application") == 0) {
    line->data = TRUE;
    return TRUE;
  }
  remote_direction (media, &sends, &receives);
  line->audio = strcmp (gst_sdp_media_get_media (media), "audio") == 0;
  line->stream =
      self->many
          ? (gint) index
          : classify (media, taken_before (self, offer, index, n_known, sends));
  if (!plan_media (self, line, media, error))
    return FALSE;
  move_stream (self, index);
  return TRUE;
}

gboolean
vm_peer_sdp_check_count (
    VmPeer *self, const VmPeerRemote *offer, GError **error)
{
  guint n = gst_sdp_message_medias_len (offer->sdp);

  return n <= (self->many ? VM_PEER_MLINES_MAX : VM_PEER_MLINES_OF_ONE)
         || vm_peer_sdp_bad (error, "it has %u m-lines", n);
}

gboolean
vm_peer_sdp_plan_answer (
    VmPeer *self, const VmPeerRemote *offer, GError **error)
{
  if (!vm_peer_sdp_check_count (self, offer, error))
    return FALSE;
  for (guint i = 0; i < gst_sdp_message_medias_len (offer->sdp); i++) {
    if (!vm_peer_sdp_plan_line (self, offer, i, 0, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
changes_extension (const GstSDPMedia *media, const gchar *uri, guint before)
{
  guint id = vm_peer_sdp_extension_id (media, uri);

  return before && id && id != before;
}

gboolean
vm_peer_sdp_plan_again (
    VmPeer *self, const VmPeerRemote *offer, guint index, GError **error)
{
  const GstSDPMedia *media = gst_sdp_message_get_media (offer->sdp, index);
  VmPeerMline *line = &self->mlines[index];
  gboolean sends, receives;
  gint pt = line->pt;

  if (offer->rejected[index]) {
    line->send = line->receive = FALSE;
    return TRUE;
  }
  if (!line->can_send && !line->can_receive)
    return TRUE;
  if (!find_codec (media, line->codec, &pt)) {
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        "The other side does not take the %s stream as %s any more",
        vm_peer_mline_name (line), line->codec->name);
    return FALSE;
  }
  if (changes_extension (media, VM_PEER_TWCC_URI, line->twcc)
      || changes_extension (media, VM_PEER_LEVEL_URI, line->level))
    return vm_peer_sdp_bad (
        error, "a=extmap of media %u is another than before", index);
  remote_direction (media, &sends, &receives);
  line->send = line->can_send && receives;
  line->receive = line->can_receive && sends;
  return TRUE;
}

void
vm_peer_sdp_open (VmPeer *self, GstSDPMessage *sdp)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (sdp, i);

    if ((self->mlines[i].can_send || self->mlines[i].can_receive)
        && !vm_peer_sdp_is_rejected (media))
      vm_peer_sdp_set_direction (media, "sendrecv");
  }
}

/* --- what it makes of an answer --- */

static gboolean
check_answer_media (
    VmPeer *self, VmPeerMline *line, const GstSDPMedia *media, GError **error)
{
  const VmPeerCodec *codec;
  gboolean sends, receives, wanted = line->send || line->receive;
  gint pt = ANY_PT;

  /* RFC 3264 §6: the others go on */
  if (vm_peer_sdp_is_rejected (media)) {
    if (wanted)
      tell_not_taken (self, line);
    line->send = line->receive = line->can_send = line->can_receive = FALSE;
    return TRUE;
  }
  remote_direction (media, &sends, &receives);
  line->send = line->send && receives;
  line->receive = line->receive && sends;
  codec = find_codec (media, line->codec, &pt);
  if (!codec && (line->send || line->receive)) {
    g_autofree gchar *name = self->send[line->stream] ? vm_peer_codec_describe (
                                 self->send[line->stream])
                                                      : NULL;

    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        name ? "The other side does not take the %s stream as %s"
             : "The other side has no known format for the %s stream%s",
        vm_peer_stream_to_string (line->stream), name ? name : "");
    return FALSE;
  }
  line->codec = codec;
  line->pt = pt;
  line->can_send &= codec != NULL;
  line->can_receive &= codec != NULL;
  if (vm_peer_sdp_extension_id (media, VM_PEER_LEVEL_URI) != line->level)
    line->level = 0;
  if (vm_peer_sdp_extension_id (media, VM_PEER_TWCC_URI) != line->twcc)
    line->twcc = 0;
  return TRUE;
}

gboolean
vm_peer_sdp_check_answer (
    VmPeer *self, const GstSDPMessage *answer, GError **error)
{
  if (gst_sdp_message_medias_len (answer) != self->n_mlines)
    return vm_peer_sdp_bad (error, "its m= lines are not those of the offer");
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
      return vm_peer_sdp_bad (error, "its m= lines are not those of the offer");
    if (!line->mid)
      line->mid = g_strdup (vm_peer_sdp_get_mid (media));
    if (g_strcmp0 (gst_sdp_media_get_attribute_val (media, "setup"), "actpass")
        == 0)
      return vm_peer_sdp_bad (
          error, "a=setup of an answer leaves the DTLS role open");
    if (!line->data && !check_answer_media (self, line, media, error))
      return FALSE;
  }
  return TRUE;
}
