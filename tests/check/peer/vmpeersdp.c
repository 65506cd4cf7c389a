/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Descriptions as other programs write them: with more fingerprints, groups and
 * credentials than this side writes, or at other places. Each is an offer of a
 * real peer, rewritten on its way, and has to end in a connection. */

#include "elements/knownfaults.h"
#include "elements/peerpair.h"
#include "program.h"

#include <gst/check/gstcheck.h>
#include <stdlib.h>
#include <string.h>

#define MEDIA_MS 20000
#define OTHER_SCTP_PORT 6001

/* --- rewriting --- */

static gchar *
replace (const gchar *text, const gchar *from, const gchar *to)
{
  g_auto (GStrv) parts = g_strsplit (text, from, 0);

  fail_unless (parts[0] && parts[1], "\"%s\" is not in\n%s", from, text);
  return g_strjoinv (to, parts);
}

/* Takes @text. */
static gchar *
then (gchar *text, const gchar *from, const gchar *to)
{
  g_autofree gchar *owned = text;

  return replace (owned, from, to);
}

/* Without the lines that begin with @prefix; the first is @removed. Takes
 * @text. */
static gchar *
without (gchar *text, const gchar *prefix, gchar **removed)
{
  g_autofree gchar *owned = text;
  g_auto (GStrv) lines = g_strsplit (owned, "\r\n", 0);
  g_autoptr (GString) rest = g_string_new (NULL);

  for (guint i = 0; lines[i] && *lines[i]; i++) {
    if (!g_str_has_prefix (lines[i], prefix))
      g_string_append_printf (rest, "%s\r\n", lines[i]);
    else if (removed && !*removed)
      *removed = g_strdup (lines[i]);
  }
  return g_strdup (rest->str);
}

/* @line between the session and the first m-line. Takes @text. */
static gchar *
at_session (gchar *text, const gchar *line)
{
  g_autofree gchar *owned = text;
  const gchar *media = strstr (owned, "m=");
  g_autofree gchar *head = g_strndup (owned, media - owned);

  return g_strconcat (head, line, "\r\n", media, NULL);
}

static gchar *
moved_to_session (gchar *text, const gchar *prefix)
{
  g_autofree gchar *line = NULL;
  gchar *rest = without (text, prefix, &line);

  fail_unless (line != NULL, "%s", prefix);
  return at_session (rest, line);
}

/* --- what others write --- */

static Pair pair;

static gchar *
certificate_hash (GChecksumType type)
{
  g_autoptr (GstIterator) it = gst_bin_iterate_all_by_element_factory_name (
      GST_BIN (pair.sides[0].peer->pipeline), "dtlssrtpdec");
  g_auto (GValue) item = G_VALUE_INIT;
  g_autofree gchar *pem = NULL;
  g_auto (GStrv) lines = NULL;
  g_autofree guint8 *der = NULL;
  g_autofree gchar *hex = NULL;
  g_autofree gchar *upper = NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  gsize size = 0;

  fail_unless (gst_iterator_next (it, &item) == GST_ITERATOR_OK);
  g_object_get (g_value_get_object (&item), "pem", &pem, NULL);
  lines = g_strsplit (pem, "-----", 0);
  der = g_base64_decode (lines[2], &size);
  hex = g_compute_checksum_for_data (type, der, size);
  upper = g_ascii_strup (hex, -1);
  for (gsize i = 0; upper[i]; i += 2)
    g_string_append_printf (text, i ? ":%.2s" : "%.2s", upper + i);
  return g_strdup (text->str);
}

static gchar *
fingerprints (const gchar *sdp, gboolean sha256_first, gboolean sha256)
{
  g_autofree gchar *sha384 = certificate_hash (G_CHECKSUM_SHA384);
  g_autofree gchar *sha512 = certificate_hash (G_CHECKSUM_SHA512);
  g_autofree gchar *line = NULL;
  g_autofree gchar *rest = without (g_strdup (sdp), "a=fingerprint:", &line);
  g_autofree gchar *lower = g_ascii_strdown (line, -1);
  g_autofree gchar *all = g_strdup_printf (
      "%s%sa=fingerprint:SHA-512 %s\r\na=fingerprint:sha-384 %s\r\n%s%s"
      "a=setup:",
      sha256_first ? lower : "", sha256_first ? "\r\n" : "", sha512, sha384,
      sha256 && !sha256_first ? lower : "",
      sha256 && !sha256_first ? "\r\n" : "");

  return replace (rest, "a=setup:", all);
}

static gchar *
sha256_first (const gchar *sdp)
{
  return fingerprints (sdp, TRUE, TRUE);
}

static gchar *
sha512_first (const gchar *sdp)
{
  return fingerprints (sdp, FALSE, TRUE);
}

static gchar *
no_sha256 (const gchar *sdp)
{
  return fingerprints (sdp, FALSE, FALSE);
}

/* The certificate is the second that is named. */
static gchar *
two_certificates (const gchar *sdp)
{
  g_autofree gchar *no = g_strnfill (95, '0');
  g_autofree gchar *both = NULL;

  for (gsize i = 2; no[i]; i += 3)
    no[i] = ':';
  both = g_strdup_printf ("a=fingerprint:sha-256 %s\r\na=fingerprint:", no);
  return then (g_strdup (sdp), "a=fingerprint:", both);
}

static gchar *
fingerprint_at_session (const gchar *sdp)
{
  return moved_to_session (g_strdup (sdp), "a=fingerprint:");
}

static gchar *
all_at_session (const gchar *sdp)
{
  static const gchar *const keys[] = {
    "a=fingerprint:", "a=setup:", "a=ice-ufrag:", "a=ice-pwd:"
  };
  gchar *text = g_strdup (sdp);

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    text = moved_to_session (text, keys[i]);
  return text;
}

static gchar *
lip_sync_first (const gchar *sdp)
{
  return replace (
      sdp, "a=group:BUNDLE", "a=group:LS audio camera\r\na=group:BUNDLE");
}

static gchar *
other_groups_after (const gchar *sdp)
{
  return at_session (
      g_strdup (sdp), "a=group:LS audio camera\r\na=group:FID audio camera");
}

/* The real credentials at the m-line of the tag alone. */
static gchar *
own_credentials (const gchar *sdp, guint tag)
{
  g_auto (GStrv) parts = g_strsplit (sdp, "m=", 0);
  g_autoptr (GString) text = g_string_new (parts[0]);

  for (guint i = 1; parts[i]; i++) {
    gchar *part = g_strconcat ("m=", parts[i], NULL);

    if (i - 1 != tag) {
      g_autofree gchar *line =
          g_strdup_printf ("a=ice-ufrag:none%u\r\na=ice-pwd:"
                           "%022u\r\na=setup:",
              i, i);

      part = without (part, "a=ice-ufrag:", NULL);
      part = without (part, "a=ice-pwd:", NULL);
      part = then (part, "a=setup:", line);
    }
    g_string_append (text, part);
    g_free (part);
  }
  return g_strdup (text->str);
}

static gchar *
credentials_each (const gchar *sdp)
{
  return own_credentials (sdp, 0);
}

static gchar *
reversed (const gchar *sdp)
{
  return replace (sdp, "a=group:BUNDLE audio camera application0",
      "a=group:BUNDLE application0 camera audio");
}

static gchar *
reversed_with_credentials_each (const gchar *sdp)
{
  g_autofree gchar *each = own_credentials (sdp, 2);

  return reversed (each);
}

static gchar *
sctp_map (const gchar *sdp)
{
  g_autofree gchar *changed =
      replace (sdp, "UDP/DTLS/SCTP webrtc-datachannel", "DTLS/SCTP 5000");

  return replace (
      changed, "a=sctp-port:5000", "a=sctpmap:5000 webrtc-datachannel 1024");
}

static gchar *
sctp_port (const gchar *sdp)
{
  return replace (
      sdp, "a=sctp-port:5000", "a=sctp-port:" G_STRINGIFY (OTHER_SCTP_PORT));
}

#define STOPPED                                                     \
  "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:" \
  "stopped\r\na=inactive\r\n"

static gchar *
port_0_last (const gchar *sdp)
{
  g_autofree gchar *changed =
      replace (sdp, " application0\r\n", " application0 stopped\r\n");

  return g_strconcat (changed, STOPPED, NULL);
}

static gchar *
port_0_first (const gchar *sdp)
{
  g_autofree gchar *changed =
      replace (sdp, "a=group:BUNDLE ", "a=group:BUNDLE stopped ");

  return replace (changed, "m=audio", STOPPED "m=audio");
}

/* One that this side could not even read. */
static gchar *
port_0_of_a_stranger (const gchar *sdp)
{
  return replace (sdp, "m=video", "m=message 0 TCP/MSRP *\r\nm=video");
}

/* Pictures that this side does not know. */
static gchar *
av1_alone (const gchar *sdp)
{
  return replace (sdp, "VP8/90000", "AV1/90000");
}

static gchar *
h264_in_mode_0 (const gchar *sdp)
{
  g_autofree gchar *changed = replace (sdp, "VP8/90000", "H264/90000");
  g_auto (GStrv) parts = g_strsplit (changed, "a=rtpmap:", 0);
  gint pt = atoi (parts[2]);
  g_autofree gchar *mode = g_strdup_printf (
      "a=fmtp:%d packetization-mode=0;profile-level-id=42e01f\r\na=mid:camera",
      pt);

  return replace (changed, "a=mid:camera", mode);
}

/* --- what the answer is like --- */

static void
has (const gchar *answer, const gchar *text)
{
  fail_unless (strstr (answer, text) != NULL, "no \"%s\" in\n%s", text, answer);
}

static gchar *
without_stopped (const gchar *answer)
{
  const gchar *from, *to;
  g_autofree gchar *head = NULL;

  has (answer, "m=video 0 UDP/TLS/RTP/SAVPF 96 97\r\n");
  has (answer, "a=mid:stopped\r\n");
  has (answer, "a=group:BUNDLE audio camera application0\r\n");
  from = strstr (answer, "m=video 0 ");
  to = strstr (from + 1, "m=");
  head = g_strndup (answer, from - answer);
  return g_strconcat (head, to, NULL);
}

static gchar *
without_stranger (const gchar *answer)
{
  const gchar *from, *to;
  g_autofree gchar *head = NULL;

  has (answer, "m=message 0 TCP/MSRP *\r\n");
  from = strstr (answer, "m=message 0 ");
  to = strstr (from + 1, "m=");
  head = g_strndup (answer, from - answer);
  return g_strconcat (head, to, NULL);
}

static gchar *
no_picture (const gchar *answer)
{
  has (answer, "m=video 0 UDP/TLS/RTP/SAVPF ");
  has (answer, "a=mid:camera\r\n");
  has (answer, "a=group:BUNDLE audio application0\r\n");
  return g_strdup (answer);
}

static gchar *
without_map (const gchar *answer)
{
  g_autofree gchar *changed = NULL;

  has (answer, "m=application 9 DTLS/SCTP 5000\r\n");
  has (answer, "a=sctpmap:5000 webrtc-datachannel ");
  changed =
      replace (answer, "DTLS/SCTP 5000", "UDP/DTLS/SCTP webrtc-datachannel");
  return replace (
      changed, "a=sctpmap:5000 webrtc-datachannel 65535", "a=sctp-port:5000");
}

static gchar *
tag_is_the_last (const gchar *answer)
{
  has (answer, "a=group:BUNDLE application0 audio camera\r\n");
  return replace (answer, "a=group:BUNDLE application0 audio camera",
      "a=group:BUNDLE audio camera application0");
}

/* --- the trial --- */

typedef struct
{
  gchar *(*offer) (const gchar *sdp);
  gchar *(*answer) (const gchar *sdp);
} Kind;

static const Kind kinds[] = {
  { sha256_first },
  { sha512_first },
  { no_sha256 },
  { two_certificates },
  { fingerprint_at_session },
  { all_at_session },
  { lip_sync_first },
  { other_groups_after },
  { credentials_each },
  { reversed, tag_is_the_last },
  { reversed_with_credentials_each, tag_is_the_last },
  { sctp_map, without_map },
  { sctp_port },
  { port_0_last, without_stopped },
  { port_0_first, without_stopped },
  { port_0_of_a_stranger, without_stranger },
  { av1_alone, no_picture },
  { h264_in_mode_0, no_picture },
};

static const Kind *kind;

static gchar *
rewrite (gboolean offer, const gchar *sdp)
{
  /* which others take for a rejected m-line */
  fail_if (offer && (strstr (sdp, "a=bundle-only") || strstr (sdp, " 0 UDP/")));
  if (offer)
    return kind->offer (sdp);
  return kind->answer ? kind->answer (sdp) : g_strdup (sdp);
}

static void
on_local_port (GObject *sctpdec, GParamSpec *pspec, gpointer user_data)
{
  guint port = 0;

  g_object_get (sctpdec, "local-sctp-port", &port, NULL);
  if (port != OTHER_SCTP_PORT)
    g_object_set (sctpdec, "local-sctp-port", OTHER_SCTP_PORT, NULL);
}

static void
on_element (
    GstBin *bin, GstBin *sub_bin, GstElement *element, gpointer user_data)
{
  GstElementFactory *factory = gst_element_get_factory (element);

  if (factory && strcmp (GST_OBJECT_NAME (factory), "sctpdec") == 0)
    g_signal_connect (
        element, "notify::local-sctp-port", G_CALLBACK (on_local_port), NULL);
}

static gboolean
all_flows (gpointer data)
{
  for (guint i = 0; i < 2; i++) {
    if (!pair.sides[i].channels_open
        || !g_atomic_int_get (&pair.sides[i].samples[VM_PEER_AUDIO])
        || (kind->answer != no_picture
            && !g_atomic_int_get (&pair.sides[i].samples[VM_PEER_VIDEO])))
      return FALSE;
  }
  return TRUE;
}

static void
on_media_refused (VmPeer *peer, const GError *error, guint *n)
{
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_CODEC));
  (*n)++;
}

GST_START_TEST (test_taken)
{
  guint refused[2] = { 0 };

  kind = &kinds[__i__];
  pair_make_talkers (&pair);
  pair.mangle = rewrite;
  for (guint i = 0; i < 2; i++)
    g_signal_connect (pair.sides[i].peer, "media-refused",
        G_CALLBACK (on_media_refused), &refused[i]);
  if (kind->offer == sctp_port)
    g_signal_connect (pair.sides[0].peer->pipeline, "deep-element-added",
        G_CALLBACK (on_element), NULL);
  pair_start (&pair);
  pair_expect_connected (&pair);
  pair_feed_talkers (&pair);
  fail_unless (wait_for (all_flows, NULL, MEDIA_MS),
      "kind %d: sound %d %d, pictures %d %d, channels %u %u", __i__,
      pair.sides[0].samples[VM_PEER_AUDIO],
      pair.sides[1].samples[VM_PEER_AUDIO],
      pair.sides[0].samples[VM_PEER_VIDEO],
      pair.sides[1].samples[VM_PEER_VIDEO], pair.sides[0].channels_open,
      pair.sides[1].channels_open);
  for (guint i = 0; i < 2; i++)
    fail_unless_equals_int (refused[i], kind->answer == no_picture);
  pair_clear (&pair);
}

GST_END_TEST;

/* --- a fingerprint of another certificate, wherever it counts --- */

static gchar *
last_digit_changed (const gchar *sdp, const gchar *hash)
{
  g_auto (GStrv) lines = g_strsplit (sdp, "\r\n", 0);
  g_autofree gchar *prefix = g_strconcat ("a=fingerprint:", hash, " ", NULL);

  for (guint i = 0; lines[i]; i++) {
    gchar *last = lines[i] + strlen (lines[i]) - 1;

    if (g_ascii_strncasecmp (lines[i], prefix, strlen (prefix)) == 0)
      *last = *last == '0' ? '1' : '0';
  }
  return g_strjoinv ("\r\n", lines);
}

/* The preferred one counts, though the others fit. */
static gchar *
other_sha256 (gboolean offer, const gchar *sdp)
{
  g_autofree gchar *all = NULL;

  if (!offer)
    return g_strdup (sdp);
  all = sha512_first (sdp);
  return last_digit_changed (all, "sha-256");
}

static gchar *
other_sha384_alone (gboolean offer, const gchar *sdp)
{
  g_autofree gchar *all = NULL;

  if (!offer)
    return g_strdup (sdp);
  all = no_sha256 (sdp);
  return last_digit_changed (all, "sha-384");
}

GST_START_TEST (test_another_certificate)
{
  static const Mangle mangles[] = { other_sha256, other_sha384_alone };

  pair_make_talkers (&pair);
  pair.mangle = mangles[__i__];
  pair_start (&pair);
  fail_unless (wait_for (side_has_ended, &pair.sides[1], PAIR_CONNECT_MS));
  fail_unless (
      g_error_matches (pair.sides[1].error, VM_ERROR, VM_ERROR_FINGERPRINT));
  fail_if (pair.sides[0].connected_seen);
  pair_clear (&pair);
}

GST_END_TEST;

/* --- what this side writes --- */

static gboolean
both_have_ended (gpointer data)
{
  return pair.sides[0].ends && pair.sides[1].ends;
}

/* The description, its candidates, and last that there are no more. */
GST_START_TEST (test_end_of_candidates_is_last)
{
  pair_make_talkers (&pair);
  pair_start (&pair);
  pair_expect_connected (&pair);
  fail_unless (wait_for (both_have_ended, NULL, PAIR_CONNECT_MS));
  for (guint i = 0; i < 2; i++) {
    fail_unless (pair.sides[i].candidates > 0);
    fail_unless (pair.sides[i].found > 0);
    fail_unless_equals_int (pair.sides[i].ends, 1);
    fail_unless_equals_int (pair.sides[i].after_end, 0);
    fail_unless_equals_int (pair.sides[i].before_description, 0);
  }
  pair_clear (&pair);
}

GST_END_TEST;

/* --- read, without a connection --- */

#define HEAD                                                 \
  "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"      \
  "a=ice-ufrag:real\r\na=ice-pwd:0123456789012345678901\r\n" \
  "a=setup:actpass\r\na=fingerprint:sha-1 "                  \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33\r\n"
#define DATA(port)                                                         \
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r" \
  "\na=mid:d\r\na=sctp-port:" port "\r\n"
#define AUDIO                                                          \
  "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=mid:a\r\n" \
  "a=rtpmap:111 opus/48000/2\r\n"

static void
check_port (const gchar *sdp, guint port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (sdp, TRUE, &error);

  if (!port) {
    fail_unless (remote == NULL);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
    fail_unless (strstr (error->message, "a=sctp-port") != NULL);
    return;
  }
  fail_unless (remote != NULL, "%s", error ? error->message : "");
  fail_unless_equals_int (remote->sctp_port, port);
}

GST_START_TEST (test_sctp_ports)
{
  check_port (HEAD DATA ("0"), 0);
  check_port (HEAD DATA ("1"), 1);
  check_port (HEAD DATA ("65535"), 65535);
  check_port (HEAD DATA ("65536"), 0);
  check_port (HEAD DATA ("-1"), 0);
  check_port (HEAD DATA (""), 0);
}

GST_END_TEST;

/* As browsers of before 2019 write it. */
#define OLD_DATA(map)                                                       \
  "m=application 9 DTLS/SCTP 5000\r\nc=IN IP4 0.0.0.0\r\na=mid:d\r\na=" map \
  "\r\n"

static void
check_map (const gchar *sdp, gboolean good)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (sdp, TRUE, &error);

  if (good) {
    fail_unless (remote != NULL, "%s", error ? error->message : "");
    fail_unless_equals_int (remote->sctp_port, 5000);
    return;
  }
  fail_unless (remote == NULL);
  fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  fail_unless (strstr (error->message, "a=sctpmap") != NULL);
}

GST_START_TEST (test_sctp_maps)
{
  check_map (HEAD OLD_DATA ("sctpmap:5000 webrtc-datachannel 1024"), TRUE);
  check_map (HEAD OLD_DATA ("sctpmap:5000 webrtc-datachannel"), TRUE);
  check_map (HEAD OLD_DATA ("sctpmap:5001 webrtc-datachannel 1024"), FALSE);
  check_map (HEAD OLD_DATA ("sctpmap:5000 other 1024"), FALSE);
  check_map (HEAD OLD_DATA ("sctpmap:5000"), FALSE);
  check_map (HEAD OLD_DATA ("sctpmap:"), FALSE);
  check_map (HEAD OLD_DATA ("sctpmap"), FALSE);
  check_map (HEAD OLD_DATA ("recvonly"), FALSE);
}

GST_END_TEST;

GST_START_TEST (test_empty)
{
  static const gchar *const empty[] = { "", "\n", "v=0\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (empty); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmPeerRemote) remote =
        vm_peer_remote_parse (empty[i], TRUE, &error);

    fail_unless (remote == NULL);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
  }
}

GST_END_TEST;

/* What stands for the session holds for m-lines that say nothing else. */
GST_START_TEST (test_from_the_session)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (HEAD
      "a=recvonly\r\na=extmap:3 urn:x\r\na=group:BUNDLE a d\r\n" AUDIO
      "a=candidate:1 1 UDP 1 192.0.2.1 9 typ host\r\n" DATA ("5000"),
      TRUE, NULL);
  const GstSDPMedia *audio;

  fail_unless (remote != NULL);
  audio = gst_sdp_message_get_media (remote->sdp, 0);
  fail_unless (gst_sdp_media_get_attribute_val (audio, "recvonly") != NULL);
  fail_unless_equals_string (
      gst_sdp_media_get_attribute_val (audio, "extmap"), "3 urn:x");
  fail_unless_equals_string (
      gst_sdp_media_get_attribute_val (audio, "ice-ufrag"), "real");
  fail_unless (gst_sdp_media_get_attribute_val (audio, "candidate") == NULL);
  fail_unless_equals_int (remote->candidates->len, 1);
  fail_unless (vm_peer_remote_takes_candidate (remote, 1, "candidate:1"));
}

GST_END_TEST;

/* Candidates of transports that are not used lead nowhere. */
GST_START_TEST (test_candidates_of_other_transports)
{
  g_autoptr (VmPeerRemote) remote = vm_peer_remote_parse (HEAD
      "a=group:BUNDLE d a\r\n" AUDIO
      "a=ice-ufrag:none\r\na=candidate:1 1 UDP 1 192.0.2.1 9 typ "
      "host\r\n" DATA ("5000") "a=candidate:1 1 UDP 1 192.0.2.2 9 typ host\r\n",
      TRUE, NULL);

  fail_unless (remote != NULL);
  fail_unless_equals_int (remote->tag, 1);
  fail_unless_equals_int (remote->candidates->len, 1);
  fail_unless (strstr (remote->candidates->pdata[0], "192.0.2.2") != NULL);
  fail_if (
      vm_peer_remote_takes_candidate (remote, 0, "candidate:1 ufrag none"));
  fail_if (vm_peer_remote_takes_candidate (remote, 0, "candidate:1"));
  fail_if (vm_peer_remote_takes_candidate (remote, 0, ""));
  fail_unless (vm_peer_remote_takes_candidate (remote, 1, "candidate:1"));
  fail_unless (vm_peer_remote_takes_candidate (remote, 1, ""));
  fail_unless (
      vm_peer_remote_takes_candidate (remote, 0, "candidate:1 ufrag real"));
  fail_if (
      vm_peer_remote_takes_candidate (remote, 1, "candidate:1 ufrag realer"));
}

GST_END_TEST;

/* Whether an offer of @n m-lines is taken: from a page, whose camera was
 * removed and added again and again, or from a server that sends the streams of
 * many. */
static gboolean
takes_lines (guint n, gboolean many)
{
  const VmPeerConfig config = { .many = many };
  g_autoptr (GString) group = g_string_new (HEAD "a=group:BUNDLE");
  g_autoptr (GString) lines = g_string_new (NULL);
  g_autoptr (VmPeer) peer = vm_peer_new (&config, NULL, NULL, NULL);
  g_autoptr (VmPeerRemote) remote = NULL;
  g_autoptr (GError) error = NULL;
  gboolean taken;

  for (guint i = 0; i < n; i++) {
    g_string_append_printf (group, " %u", i);
    g_string_append_printf (lines,
        "m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\na=mid:%u\r\n"
        "a=rtpmap:96 VP8/90000\r\n",
        i);
  }
  g_string_append_printf (group, "\r\n%s", lines->str);
  remote = vm_peer_remote_parse_for (peer, group->str, TRUE, &error);
  taken = remote && vm_peer_sdp_check_count (peer, remote, &error);
  fail_unless (taken || strstr (error->message, "m-lines") != NULL, "%s",
      error ? error->message : "");
  return taken;
}

GST_START_TEST (test_how_many_lines)
{
  fail_unless (takes_lines (VM_PEER_MLINES_OF_ONE - 1, FALSE));
  fail_unless (takes_lines (VM_PEER_MLINES_OF_ONE, FALSE));
  fail_if (takes_lines (VM_PEER_MLINES_OF_ONE + 1, FALSE));
  fail_unless (takes_lines (VM_PEER_MLINES_MAX - 1, TRUE));
  fail_unless (takes_lines (VM_PEER_MLINES_MAX, TRUE));
  fail_if (takes_lines (VM_PEER_MLINES_MAX + 1, TRUE));
}

GST_END_TEST;

/* One m-line needs no group, and its answer has none. */
GST_START_TEST (test_no_group)
{
  g_autoptr (VmPeerRemote) one = vm_peer_remote_parse (HEAD AUDIO, TRUE, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmPeerRemote) two =
      vm_peer_remote_parse (HEAD AUDIO DATA ("5000"), TRUE, &error);

  fail_unless (one != NULL);
  fail_if (one->bundled);
  fail_unless_equals_string (
      gst_sdp_message_get_attribute_val (one->sdp, "group"), "BUNDLE a");
  vm_peer_remote_fit_answer (one, one->sdp);
  fail_unless (gst_sdp_message_get_attribute_val (one->sdp, "group") == NULL);
  fail_unless (two == NULL);
  fail_unless (strstr (error->message, "max-bundle") != NULL);
}

GST_END_TEST;

/* As a gateway of SIP writes it: its answer has no a=mid either. */
GST_START_TEST (test_no_mid)
{
  g_autoptr (VmPeerRemote) one = vm_peer_remote_parse (HEAD
      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
      "a=rtpmap:111 opus/48000/2\r\n",
      TRUE, NULL);

  fail_unless (one && one->unnamed[0]);
  fail_unless_equals_string (
      vm_peer_sdp_get_mid (gst_sdp_message_get_media (one->sdp, 0)), "0");
  vm_peer_remote_fit_answer (one, one->sdp);
  fail_unless (
      vm_peer_sdp_get_mid (gst_sdp_message_get_media (one->sdp, 0)) == NULL);
}

GST_END_TEST;

static gboolean
are_same (const gchar *changed_ufrag, const gchar *changed_session,
    const gchar *changed_certificate)
{
  g_autofree gchar *a = vm_peer_name_connection (HEAD AUDIO, TRUE, NULL);
  gchar *sdp = g_strdup (HEAD AUDIO);
  g_autofree gchar *b = NULL;

  sdp = then (sdp, "a=ice-ufrag:", changed_ufrag);
  sdp = then (sdp, "o=- ", changed_session);
  sdp = then (sdp, "sha-1 00", changed_certificate);
  b = vm_peer_name_connection (sdp, TRUE, NULL);
  g_free (sdp);
  return vm_peer_is_same_connection (a, b);
}

/* Others write another o= into each offer, or restart ICE, in one connection.
 */
GST_START_TEST (test_same_connection)
{
  fail_unless (are_same ("a=ice-ufrag:", "o=- ", "sha-1 00"));
  fail_unless (are_same ("a=ice-ufrag:", "o=- 1", "sha-1 00"));
  fail_unless (are_same ("a=ice-ufrag:anew", "o=- ", "sha-1 00"));
  fail_if (are_same ("a=ice-ufrag:anew", "o=- 1", "sha-1 00"));
  fail_if (are_same ("a=ice-ufrag:", "o=- ", "sha-1 01"));
}

GST_END_TEST;

static Suite *
vmpeersdp_suite (void)
{
  Suite *s = suite_create ("vmpeersdp");
  TCase *tc = tcase_create ("descriptions");

  known_faults_pass ();
  pair_prepare ();
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, pair_stop_failed);
  tcase_set_timeout (tc, 240);
  tcase_add_loop_test (tc, test_taken, 0, G_N_ELEMENTS (kinds));
  tcase_add_loop_test (tc, test_another_certificate, 0, 2);
  tcase_add_test (tc, test_end_of_candidates_is_last);
  tcase_add_test (tc, test_sctp_ports);
  tcase_add_test (tc, test_sctp_maps);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_from_the_session);
  tcase_add_test (tc, test_candidates_of_other_transports);
  tcase_add_test (tc, test_how_many_lines);
  tcase_add_test (tc, test_no_group);
  tcase_add_test (tc, test_no_mid);
  tcase_add_test (tc, test_same_connection);
  return s;
}

CHECK_PROGRAM (vmpeersdp)
