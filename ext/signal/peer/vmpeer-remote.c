/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"
#include "plugin/plugin.h"

#include <gst/videomeet/videomeet.h>
#include "wire/vmsdp.h"
#include <string.h>

/* Brings the remote side's description into the one form that webrtcbin 1.22.0
 * takes, which asserts on some and misreads others: every m-line named, all in
 * one bundle in their order, one set of ICE credentials, and nothing that an
 * m-line takes over from the session. What an answer has to repeat of the form
 * that was offered is put back in vmpeer-answer.c. */

#define SDP_MAX 65536 /* bytes; security.md#limits */
#define MID_MAX 64 /* characters; RFC 8843 has no limit */
#define UFRAG_MIN 4 /* characters; RFC 8839 §5.4, as are the others */
#define PASSWORD_MIN 22
#define CREDENTIAL_MAX 256

/* What all m-lines of a bundle have from the one that carries its tag (RFC 8859
 * §5, category TRANSPORT), beside the candidates. */
static const gchar *const transport_keys[] = { "ice-ufrag", "ice-pwd",
  "ice-options", "setup", "tls-id", NULL };
static const gchar *const directions[] = { "sendrecv", "sendonly", "recvonly",
  "inactive", NULL };

gboolean
vm_peer_sdp_bad (GError **error, const gchar *format, ...)
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

static GstSDPMedia *
get_media (const GstSDPMessage *sdp, guint index)
{
  return (GstSDPMedia *) gst_sdp_message_get_media (sdp, index);
}

const gchar *
vm_peer_sdp_get_mid (const GstSDPMedia *media)
{
  return gst_sdp_media_get_attribute_val (media, "mid");
}

gboolean
vm_peer_sdp_is_data (const GstSDPMedia *media)
{
  return g_strcmp0 (gst_sdp_media_get_media (media), "application") == 0;
}

/* RFC 8843 §6: port 0 without bundle-only. */
gboolean
vm_peer_sdp_is_rejected (const GstSDPMedia *media)
{
  return gst_sdp_media_get_port (media) == 0
         && !gst_sdp_media_get_attribute_val (media, "bundle-only");
}

static gboolean
has_direction (const GstSDPMedia *media)
{
  for (guint i = 0; directions[i]; i++) {
    if (gst_sdp_media_get_attribute_val (media, directions[i]))
      return TRUE;
  }
  return FALSE;
}

void
vm_peer_sdp_remove_attribute (GstSDPMedia *media, const gchar *key)
{
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    if (strcmp (gst_sdp_media_get_attribute (media, i - 1)->key, key) == 0)
      gst_sdp_media_remove_attribute (media, i - 1);
  }
}

void
vm_peer_sdp_set_direction (GstSDPMedia *media, const gchar *direction)
{
  for (guint i = 0; directions[i]; i++)
    vm_peer_sdp_remove_attribute (media, directions[i]);
  gst_sdp_media_add_attribute (media, direction, "");
}

void
vm_peer_sdp_remove_from_session (GstSDPMessage *sdp, const gchar *key)
{
  for (guint i = gst_sdp_message_attributes_len (sdp); i > 0; i--) {
    if (strcmp (gst_sdp_message_get_attribute (sdp, i - 1)->key, key) == 0)
      gst_sdp_message_remove_attribute (sdp, i - 1);
  }
}

/* --- what m-lines have from the session --- */

/* RFC 8859 §5, RFC 8839 §5.4, RFC 4145 §4 and RFC 8866 §6.7: what stands at the
 * session holds for each m-line that says nothing else. */
static void
push_down (GstSDPMessage *sdp, GstSDPMedia *media)
{
  gboolean directed = has_direction (media);
  gboolean extensions =
      gst_sdp_media_get_attribute_val (media, "extmap") != NULL;

  for (guint i = 0; i < gst_sdp_message_attributes_len (sdp); i++) {
    const GstSDPAttribute *a = gst_sdp_message_get_attribute (sdp, i);
    gboolean wanted;

    if (g_strv_contains (transport_keys, a->key))
      wanted = !gst_sdp_media_get_attribute_val (media, a->key);
    else if (g_strv_contains (directions, a->key))
      wanted = !directed;
    else
      wanted = strcmp (a->key, "extmap") == 0 && !extensions;
    if (wanted)
      gst_sdp_media_add_attribute (media, a->key, a->value ? a->value : "");
  }
}

static gboolean
check_session (const GstSDPMessage *sdp, GError **error)
{
  for (guint i = 0; transport_keys[i]; i++) {
    if (gst_sdp_message_get_attribute_val_n (sdp, transport_keys[i], 1))
      return vm_peer_sdp_bad (
          error, "a=%s stands twice for the session", transport_keys[i]);
  }
  return TRUE;
}

/* --- the m-lines --- */

static gboolean
check_sctp_port (
    VmPeerRemote *self, const gchar *port, guint index, GError **error)
{
  guint64 n = 0;

  if (!port || !g_ascii_string_to_unsigned (port, 10, 1, 65535, &n, NULL))
    return vm_peer_sdp_bad (error, "media %u has no usable a=sctp-port", index);
  self->sctp_port = n;
  return TRUE;
}

/* That of drafts up to 05 of RFC 8841, which browsers of before 2019 write:
 * "m=application 9 DTLS/SCTP 5000" and "a=sctpmap:5000 webrtc-datachannel". */
static gboolean
check_data (VmPeerRemote *self, GstSDPMedia *media, guint index, GError **error)
{
  const gchar *format = gst_sdp_media_get_format (media, 0);

  if (strcmp (format, "webrtc-datachannel") == 0)
    return check_sctp_port (self,
        gst_sdp_media_get_attribute_val (media, "sctp-port"), index, error);
  for (guint i = 0;; i++) {
    const gchar *map = gst_sdp_media_get_attribute_val_n (media, "sctpmap", i);
    g_auto (GStrv) fields = map ? g_strsplit (map, " ", 3) : NULL;

    if (!map)
      return vm_peer_sdp_bad (error, "media %u has no usable a=sctpmap", index);
    /* of an empty one there is not even a first field */
    if (g_strcmp0 (fields[0], format) == 0
        && g_strcmp0 (fields[1], "webrtc-datachannel") == 0)
      break;
  }
  if (!check_sctp_port (self, format, index, error))
    return FALSE;
  self->sctp_map = TRUE;
  return TRUE;
}

/* As RFC 8841 has it, with the port that webrtcbin takes; the right one is
 * given to SCTP itself. */
static void
write_data (GstSDPMedia *media)
{
  g_autofree gchar *port = g_strdup_printf ("%d", VM_PEER_SCTP_PORT);

  gst_sdp_media_set_proto (media, "UDP/DTLS/SCTP");
  while (gst_sdp_media_formats_len (media))
    gst_sdp_media_remove_format (media, 0);
  gst_sdp_media_add_format (media, "webrtc-datachannel");
  vm_peer_sdp_remove_attribute (media, "sctpmap");
  vm_peer_sdp_remove_attribute (media, "sctp-port");
  gst_sdp_media_add_attribute (media, "sctp-port", port);
}

static gboolean
check_media (
    VmPeerRemote *self, GstSDPMedia *media, guint index, GError **error)
{
  const gchar *kind = gst_sdp_media_get_media (media);
  const gchar *mid = vm_peer_sdp_get_mid (media);

  if (!vm_peer_sdp_is_data (media) && g_strcmp0 (kind, "audio") != 0
      && g_strcmp0 (kind, "video") != 0)
    return vm_peer_sdp_bad (
        error, "m=%s of media %u is of an unknown kind", kind, index);
  if (!mid || !*mid || strlen (mid) > MID_MAX || strpbrk (mid, " \t\",;()<>")
      || gst_sdp_media_get_attribute_val_n (media, "mid", 1))
    return vm_peer_sdp_bad (error, "media %u has no usable a=mid", index);
  if (gst_sdp_media_formats_len (media) == 0)
    return vm_peer_sdp_bad (
        error, "m=%s of media %u has no format", kind, index);
  for (guint i = 0; transport_keys[i]; i++) {
    if (gst_sdp_media_get_attribute_val_n (media, transport_keys[i], 1))
      return vm_peer_sdp_bad (
          error, "media %u has a=%s twice", index, transport_keys[i]);
  }
  return !vm_peer_sdp_is_data (media) || check_data (self, media, index, error);
}

static gboolean
is_mid_taken (const GstSDPMessage *sdp, guint n, const gchar *mid)
{
  for (guint i = 0; i < n; i++) {
    if (g_strcmp0 (vm_peer_sdp_get_mid (get_media (sdp, i)), mid) == 0)
      return TRUE;
  }
  return FALSE;
}

/* RFC 8829 §5.10: that of one without a=mid. */
static gchar *
make_mid (const GstSDPMessage *sdp, guint index)
{
  guint n = gst_sdp_message_medias_len (sdp);
  gchar *mid = g_strdup_printf ("%u", index);

  for (guint i = n; is_mid_taken (sdp, n, mid); i++) {
    g_free (mid);
    mid = g_strdup_printf ("%u", i);
  }
  return mid;
}

/* webrtcbin 1.22.0 does not answer one that is rejected: it gets an idle one in
 * its place, which the answer rejects. */
static void
replace_rejected (VmPeerRemote *self, guint index)
{
  GstSDPMedia *media = get_media (self->sdp, index);
  g_autofree gchar *mid = NULL;

  gst_sdp_media_copy (media, &self->rejected[index]);
  /* which is no mid of anybody's (check_media()) */
  mid = g_strdup_printf ("rejected;%u", index);
  gst_sdp_media_uninit (media);
  gst_sdp_media_init (media);
  gst_sdp_media_set_media (media, "video");
  gst_sdp_media_set_port_info (media, 9, 1);
  gst_sdp_media_set_proto (media, "UDP/TLS/RTP/SAVPF");
  gst_sdp_media_add_format (media, "96");
  gst_sdp_media_add_connection (media, "IN", "IP4", "0.0.0.0", 0, 0);
  gst_sdp_media_add_attribute (media, "mid", mid);
  gst_sdp_media_add_attribute (media, "inactive", "");
  gst_sdp_media_add_attribute (media, "rtcp-mux", "");
  gst_sdp_media_add_attribute (media, "rtpmap", "96 VP8/90000");
}

static void
name_medias (VmPeerRemote *self)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (self->sdp); i++) {
    g_autofree gchar *mid = NULL;

    if (vm_peer_sdp_get_mid (get_media (self->sdp, i)))
      continue;
    mid = make_mid (self->sdp, i);
    gst_sdp_media_add_attribute (get_media (self->sdp, i), "mid", mid);
    self->unnamed[i] = TRUE;
  }
}

static gboolean
check_medias (VmPeerRemote *self, gboolean offer, gboolean many, GError **error)
{
  guint n = gst_sdp_message_medias_len (self->sdp), used = 0, unknown = 0,
        flows = 0;

  if (n == 0 || n > VM_PEER_MLINES_MAX)
    return vm_peer_sdp_bad (error, "it has %u m-lines", n);
  if (offer)
    name_medias (self);
  for (guint i = 0; i < n; i++) {
    GstSDPMedia *media = get_media (self->sdp, i);

    if (offer && vm_peer_sdp_is_rejected (media)) {
      replace_rejected (self, i);
      continue;
    }
    if (!check_media (self, media, i, error))
      return FALSE;
    if (is_mid_taken (self->sdp, i, vm_peer_sdp_get_mid (media)))
      return vm_peer_sdp_bad (error, "two media have the same a=mid");
    /* RFC 3264 §6 */
    if (offer && !many && !vm_peer_sdp_is_data (media)
        && !vm_peer_sdp_has_codec (media)) {
      replace_rejected (self, i);
      unknown++;
      continue;
    }
    flows += !vm_peer_sdp_is_data (media);
    push_down (self->sdp, media);
    /* webrtcbin crashes by a packet of one that it finds no stream for */
    if (vm_peer_sdp_is_data (media) || vm_peer_sdp_is_rejected (media))
      vm_peer_sdp_remove_attribute (media, "ssrc");
    used++;
  }
  if (unknown && !flows) {
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        "The other side offers no known format for sound or pictures");
    return FALSE;
  }
  return used || vm_peer_sdp_bad (error, "all its m-lines are rejected");
}

/* --- the bundle --- */

/* Of several a=group lines (RFC 5888 §5), which each have their meaning. */
static const gchar *
find_bundle (const GstSDPMessage *sdp, guint *n)
{
  static const gchar meaning[] = "BUNDLE";
  const gchar *found = NULL, *value;

  *n = 0;
  for (guint i = 0;
       (value = gst_sdp_message_get_attribute_val_n (sdp, "group", i)); i++) {
    gsize length = strcspn (value, " ");

    if (length != strlen (meaning) || strncmp (value, meaning, length) != 0)
      continue;
    found = value + length;
    (*n)++;
  }
  return found;
}

/* As it was offered: what stands there now is no more than a place. */
static gboolean
takes_part (VmPeerRemote *self, guint index)
{
  return !self->rejected[index]
         && !vm_peer_sdp_is_rejected (get_media (self->sdp, index));
}

static gint
find_mid (VmPeerRemote *self, const gchar *mid)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (self->sdp); i++) {
    if (takes_part (self, i)
        && strcmp (vm_peer_sdp_get_mid (get_media (self->sdp, i)), mid) == 0)
      return i;
  }
  return -1;
}

static guint
count_parts (VmPeerRemote *self, guint *first)
{
  guint n = 0;

  for (guint i = gst_sdp_message_medias_len (self->sdp); i > 0; i--) {
    if (!takes_part (self, i - 1))
      continue;
    *first = i - 1;
    n++;
  }
  return n;
}

/* The first of the bundle has its tag (RFC 8843 §7.2), whatever its place among
 * the m-lines; a rejected one may still be named there, and counts for
 * nothing. */
static gboolean
read_bundle (VmPeerRemote *self, GError **error)
{
  guint n_groups = 0, n_found = 0, n_parts = count_parts (self, &self->tag);
  const gchar *bundle = find_bundle (self->sdp, &n_groups);
  g_auto (GStrv) mids = bundle ? g_strsplit (bundle, " ", 0) : NULL;
  gboolean seen[VM_PEER_MLINES_MAX] = { FALSE };

  if (n_groups > 1)
    return vm_peer_sdp_bad (error, "it has more than one a=group:BUNDLE");
  self->bundled = bundle != NULL;
  if (!bundle && n_parts == 1)
    return TRUE;
  for (guint i = 0; mids && mids[i]; i++) {
    gint index = find_mid (self, mids[i]);

    if (index < 0)
      continue;
    if (seen[index])
      return vm_peer_sdp_bad (error, "a=group:BUNDLE names %s twice", mids[i]);
    seen[index] = TRUE;
    if (n_found++ == 0)
      self->tag = index;
  }
  return n_found == n_parts
         || vm_peer_sdp_bad (error,
             "a=group:BUNDLE does not name all its m-lines; they need one "
             "transport, of webrtcbin bundle-policy=max-bundle");
}

static gboolean
check_credential (
    const GstSDPMedia *media, const gchar *key, gsize least, GError **error)
{
  const gchar *value = gst_sdp_media_get_attribute_val (media, key);
  gsize n = value ? strlen (value) : 0;

  for (gsize i = 0; i < n; i++) {
    if (!g_ascii_isalnum (value[i]) && value[i] != '+' && value[i] != '/')
      return vm_peer_sdp_bad (error, "a=%s has a strange character", key);
  }
  return (n >= least && n <= CREDENTIAL_MAX)
         || vm_peer_sdp_bad (
             error, "a=%s has %" G_GSIZE_FORMAT " characters", key, n);
}

static gboolean
check_transport (VmPeerRemote *self, GError **error)
{
  static const gchar *const setups[] = { "actpass", "active", "passive", NULL };
  const GstSDPMedia *media = get_media (self->sdp, self->tag);
  const gchar *setup = gst_sdp_media_get_attribute_val (media, "setup");

  if (!setup || !g_strv_contains (setups, setup))
    return vm_peer_sdp_bad (error, "media %u has no usable a=setup", self->tag);
  return check_credential (media, "ice-ufrag", UFRAG_MIN, error)
         && check_credential (media, "ice-pwd", PASSWORD_MIN, error);
}

static void
copy_attribute (
    GstSDPMedia *to, const GstSDPMedia *from, const gchar *key, gboolean *other)
{
  const gchar *value = gst_sdp_media_get_attribute_val (from, key);
  const gchar *old = gst_sdp_media_get_attribute_val (to, key);

  if (strcmp (key, "ice-ufrag") == 0 && old && g_strcmp0 (old, value) != 0)
    *other = TRUE;
  vm_peer_sdp_remove_attribute (to, key);
  if (value)
    gst_sdp_media_add_attribute (to, key, value);
}

/* Rejected ones have a place of their own there. */
void
vm_peer_remote_bundle (VmPeerRemote *self)
{
  g_autoptr (GString) group = g_string_new ("BUNDLE");

  vm_peer_sdp_remove_from_session (self->sdp, "group");
  for (guint i = 0; i < gst_sdp_message_medias_len (self->sdp); i++) {
    if (takes_part (self, i) || self->rejected[i])
      g_string_append_printf (
          group, " %s", vm_peer_sdp_get_mid (get_media (self->sdp, i)));
  }
  gst_sdp_message_add_attribute (self->sdp, "group", group->str);
}

/* The transport of the bundle's tag for all, and one fingerprint that webrtcbin
 * reads; it compares none, vmpeer-dtls.c does. */
static void
write_transport (VmPeerRemote *self)
{
  const GstSDPMedia *tagged = get_media (self->sdp, self->tag);

  for (guint i = 0; transport_keys[i]; i++)
    vm_peer_sdp_remove_from_session (self->sdp, transport_keys[i]);
  vm_peer_sdp_remove_from_session (self->sdp, "fingerprint");
  for (guint i = 0; i < gst_sdp_message_medias_len (self->sdp); i++) {
    GstSDPMedia *media = get_media (self->sdp, i);

    for (guint k = 0; i != self->tag && transport_keys[k]; k++)
      copy_attribute (media, tagged, transport_keys[k], &self->own_transports);
    vm_peer_sdp_remove_attribute (media, "fingerprint");
    gst_sdp_media_add_attribute (media, "fingerprint", self->fingerprints[0]);
    if (vm_peer_sdp_is_data (media) && takes_part (self, i))
      write_data (media);
  }
  vm_peer_remote_bundle (self);
}

/* --- the candidates --- */

/* Of a side that gathers for each m-line, those of the one that counts. */
gboolean
vm_peer_remote_takes_candidate (
    VmPeerRemote *self, guint mline, const gchar *candidate)
{
  static const gchar key[] = " ufrag ";
  const gchar *ufrag = strstr (candidate, key);
  gsize length;

  if (!self->own_transports)
    return TRUE;
  if (!ufrag)
    return mline == self->tag;
  ufrag += strlen (key);
  length = strcspn (ufrag, " ");
  return length == strlen (self->ufrag)
         && strncmp (ufrag, self->ufrag, length) == 0;
}

/* webrtcbin would hand a `.local` name in them to the system's resolver, which
 * may take seconds; they go the way of the trickled ones. */
static void
take_candidates (VmPeerRemote *self)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (self->sdp); i++) {
    GstSDPMedia *media = get_media (self->sdp, i);
    gboolean wanted = !self->own_transports || i == self->tag;
    const gchar *value;

    for (guint j = 0;
         wanted && self->candidates->len < VM_PEER_CANDIDATES_EARLY
         && (value = gst_sdp_media_get_attribute_val_n (media, "candidate", j));
         j++)
      g_ptr_array_add (
          self->candidates, g_strconcat ("candidate:", value, NULL));
    vm_peer_sdp_remove_attribute (media, "candidate");
  }
}

/* --- public --- */

static VmPeerRemote *
parse (const gchar *text, gboolean offer, gboolean many, GError **error)
{
  g_autoptr (VmPeerRemote) self = g_new0 (VmPeerRemote, 1);

  self->sctp_port = VM_PEER_SCTP_PORT;
  self->candidates = g_ptr_array_new_with_free_func (g_free);
  if (strnlen (text, SDP_MAX + 1) > SDP_MAX) {
    vm_peer_sdp_bad (error, "it is longer than %d bytes", SDP_MAX);
    return NULL;
  }
  /* an empty one would be a critical fault for GStreamer */
  if (!*text
      || gst_sdp_message_new_from_text (text, &self->sdp) != GST_SDP_OK) {
    vm_peer_sdp_bad (error, "it cannot be parsed");
    return NULL;
  }
  if (!check_session (self->sdp, error)
      || !check_medias (self, offer, many, error) || !read_bundle (self, error)
      || !check_transport (self, error)
      || !VM_PLUGIN (vm_sdp_list_fingerprints) (
          text, self->tag, &self->fingerprints, error))
    return NULL;
  self->ufrag = g_strdup (gst_sdp_media_get_attribute_val (
      get_media (self->sdp, self->tag), "ice-ufrag"));
  self->pwd = g_strdup (gst_sdp_media_get_attribute_val (
      get_media (self->sdp, self->tag), "ice-pwd"));
  write_transport (self);
  take_candidates (self);
  return g_steal_pointer (&self);
}

VmPeerRemote *
vm_peer_remote_parse (const gchar *text, gboolean offer, GError **error)
{
  return parse (text, offer, FALSE, error);
}

VmPeerRemote *
vm_peer_remote_parse_for (
    VmPeer *self, const gchar *text, gboolean offer, GError **error)
{
  return parse (text, offer, self->many, error);
}

void
vm_peer_remote_free (VmPeerRemote *self)
{
  g_clear_pointer (&self->sdp, gst_sdp_message_free);
  g_strfreev (self->fingerprints);
  g_ptr_array_unref (self->candidates);
  for (guint i = 0; i < VM_PEER_MLINES_MAX; i++) {
    g_clear_pointer (&self->rejected[i], gst_sdp_media_free);
    g_free (self->renamed[i]);
  }
  g_free (self->ufrag);
  g_free (self->pwd);
  g_free (self);
}
