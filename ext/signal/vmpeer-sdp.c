/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmpeer-priv.h"

#include <gst/videomeet/videomeet.h>
#include <stdlib.h>
#include <string.h>

/* Reads the remote side's descriptions. webrtcbin 1.22.0 asserts on some and
 * misreads others, so what it is handed has been checked here first: every
 * m-line named, all in one bundle, one set of ICE credentials. */

#define SCTP_PORT "5000" /* webrtcbin reads the local one for both */
#define MID_MAX 64 /* characters; RFC 8843 has no limit */

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

static guint
count_attributes (const GstSDPMedia *media, const gchar *key)
{
  guint n = 0;

  while (gst_sdp_media_get_attribute_val_n (media, key, n))
    n++;
  return n;
}

static gboolean
check_media (const GstSDPMedia *media, guint index, GError **error)
{
  static const gchar *const setups[] = { "actpass", "active", "passive", NULL };
  const gchar *kind = gst_sdp_media_get_media (media);
  const gchar *mid = gst_sdp_media_get_attribute_val (media, "mid");
  const gchar *setup = gst_sdp_media_get_attribute_val (media, "setup");
  const gchar *port = gst_sdp_media_get_attribute_val (media, "sctp-port");
  gboolean data = g_strcmp0 (kind, "application") == 0;

  if (!data && g_strcmp0 (kind, "audio") != 0 && g_strcmp0 (kind, "video") != 0)
    return bad (error, "media %u is of an unknown kind", index);
  if (!mid || !*mid || strlen (mid) > MID_MAX || strpbrk (mid, " \t\",;()<>")
      || count_attributes (media, "mid") != 1)
    return bad (error, "media %u has no usable mid", index);
  if (!setup || !g_strv_contains (setups, setup)
      || count_attributes (media, "setup") != 1)
    return bad (error, "media %u has no usable setup", index);
  if (count_attributes (media, "ice-ufrag") > 1
      || count_attributes (media, "ice-pwd") > 1)
    return bad (error, "media %u has two ICE credentials", index);
  if (gst_sdp_media_formats_len (media) == 0)
    return bad (error, "media %u has no format", index);
  if (data && g_strcmp0 (port, SCTP_PORT) != 0)
    return bad (error, "its SCTP port is not " SCTP_PORT);
  return TRUE;
}

/* RFC 8843 §6: port 0 without bundle-only. */
static gboolean
is_rejected (const GstSDPMedia *media)
{
  return gst_sdp_media_get_port (media) == 0
         && !gst_sdp_media_get_attribute_val (media, "bundle-only");
}

static gboolean
check_mids_differ (const GstSDPMessage *sdp, GError **error)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    const gchar *mid = gst_sdp_media_get_attribute_val (
        gst_sdp_message_get_media (sdp, i), "mid");

    for (guint j = 0; j < i; j++) {
      if (strcmp (mid, gst_sdp_media_get_attribute_val (
                           gst_sdp_message_get_media (sdp, j), "mid"))
          == 0)
        return bad (error, "two media have the same mid");
    }
  }
  return TRUE;
}

/* All m-lines that are not rejected in one group, the first leading. */
static gboolean
check_bundle (const GstSDPMessage *sdp, GError **error)
{
  const gchar *group = gst_sdp_message_get_attribute_val (sdp, "group");
  g_autoptr (GString) wanted = g_string_new ("BUNDLE");

  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (sdp, i);

    if (!is_rejected (media))
      g_string_append_printf (
          wanted, " %s", gst_sdp_media_get_attribute_val (media, "mid"));
    else if (i == 0)
      return bad (error, "its first media, which carries all, is rejected");
  }
  if (g_strcmp0 (group, wanted->str) != 0
      || gst_sdp_message_get_attribute_val_n (sdp, "group", 1))
    return bad (error, "its media are not in one bundle, in their order");
  return check_mids_differ (sdp, error);
}

GstSDPMessage *
vm_peer_sdp_parse (const gchar *text, gchar **fingerprint, GError **error)
{
  g_autoptr (GstSDPMessage) sdp = NULL;
  g_autofree gchar *ufrag = NULL;
  guint n;

  if (!vm_sdp_get_fingerprint (text, fingerprint, error)
      || !vm_sdp_get_ice_ufrag (text, &ufrag, error))
    return NULL;
  if (gst_sdp_message_new_from_text (text, &sdp) != GST_SDP_OK) {
    bad (error, "it cannot be parsed");
    return NULL;
  }
  n = gst_sdp_message_medias_len (sdp);
  if (n == 0 || n > VM_PEER_MLINES_MAX) {
    bad (error, "it has %u media", n);
    return NULL;
  }
  if (gst_sdp_message_get_attribute_val_n (sdp, "ice-ufrag", 1)
      || gst_sdp_message_get_attribute_val_n (sdp, "ice-pwd", 1)) {
    bad (error, "it has two ICE credentials");
    return NULL;
  }
  for (guint i = 0; i < n; i++) {
    if (!check_media (gst_sdp_message_get_media (sdp, i), i, error))
      return NULL;
  }
  if (!check_bundle (sdp, error))
    return NULL;
  return g_steal_pointer (&sdp);
}

/* webrtcbin would hand a `.local` name in them to the system's resolver, which
 * may take seconds; they go the way of the trickled ones. */
GPtrArray *
vm_peer_sdp_take_candidates (GstSDPMessage *sdp)
{
  GPtrArray *candidates = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (sdp, i);

    for (guint j = gst_sdp_media_attributes_len (media); j > 0; j--) {
      const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, j - 1);

      if (strcmp (a->key, "candidate") != 0)
        continue;
      if (candidates->len < VM_PEER_CANDIDATES_EARLY)
        g_ptr_array_insert (
            candidates, 0, g_strconcat ("candidate:", a->value, NULL));
      gst_sdp_media_remove_attribute (media, j - 1);
    }
  }
  return candidates;
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
  g_autofree gchar *fingerprint = NULL;
  g_autoptr (GstSDPMessage) sdp = vm_peer_sdp_parse (text, &fingerprint, NULL);
  guint taken = 0;

  for (guint i = 0; sdp && i < gst_sdp_message_medias_len (sdp); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (sdp, i);
    gint s, pt;

    if (strcmp (gst_sdp_media_get_media (media), "application") == 0)
      continue;
    s = classify (media, taken);
    if (s == (gint) stream)
      return is_rejected (media) ? NULL : find_codec (media, NULL, &pt);
    if (s >= 0)
      taken |= 1u << s;
  }
  return NULL;
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
    VmPeer *self, const GstSDPMessage *offer, GError **error)
{
  guint taken = 0;

  for (guint i = 0; i < gst_sdp_message_medias_len (offer); i++) {
    const GstSDPMedia *media = gst_sdp_message_get_media (offer, i);
    VmPeerMline *line = &self->mlines[i];

    line->mid = g_strdup (gst_sdp_media_get_attribute_val (media, "mid"));
    line->stream = -1;
    self->n_mlines = i + 1;
    if (is_rejected (media))
      return bad (error, "an offer with a rejected media");
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
  if (is_rejected (media))
    sends = receives = FALSE;
  line->send = line->send && receives;
  line->receive = line->receive && sends;
  codec = find_codec (media, line->codec, &line->pt);
  if (!codec && wanted
      && (line->send || line->receive || is_rejected (media))) {
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
    return bad (error, "it has not the media of the offer");
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
      return bad (error, "it has not the media of the offer");
    if (strcmp (gst_sdp_media_get_attribute_val (media, "setup"), "actpass")
        == 0)
      return bad (error, "an answer leaves its DTLS role open");
    if (!line->data && !check_answer_media (self, line, media, error))
      return FALSE;
  }
  return TRUE;
}
