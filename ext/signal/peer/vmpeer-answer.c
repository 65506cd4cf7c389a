/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

#include <string.h>

/* Gives an answer, as webrtcbin 1.22.0 made it to what vmpeer-remote.c had
 * brought into form, the form that was offered. */

#define SCTP_STREAMS "65535" /* of a=sctpmap */

static GstSDPMedia *
get_media (const GstSDPMessage *sdp, guint index)
{
  return (GstSDPMedia *) gst_sdp_message_get_media (sdp, index);
}

/* RFC 3264 §6: it stays rejected. */
static void
reject (GstSDPMedia *media, const GstSDPMedia *offered)
{
  const gchar *mid = vm_peer_sdp_get_mid (offered);

  gst_sdp_media_uninit (media);
  gst_sdp_media_init (media);
  gst_sdp_media_set_media (media, gst_sdp_media_get_media (offered));
  gst_sdp_media_set_port_info (media, 0, 0);
  gst_sdp_media_set_proto (media, gst_sdp_media_get_proto (offered));
  for (guint i = 0; i < gst_sdp_media_formats_len (offered); i++)
    gst_sdp_media_add_format (media, gst_sdp_media_get_format (offered, i));
  gst_sdp_media_add_connection (media, "IN", "IP4", "0.0.0.0", 0, 0);
  if (mid)
    gst_sdp_media_add_attribute (media, "mid", mid);
  gst_sdp_media_add_attribute (media, "inactive", "");
}

static void
map_sctp (GstSDPMedia *media)
{
  g_autofree gchar *port = g_strdup_printf ("%d", VM_PEER_SCTP_PORT);
  g_autofree gchar *map = g_strdup_printf (
      "%d webrtc-datachannel " SCTP_STREAMS, VM_PEER_SCTP_PORT);

  gst_sdp_media_set_proto (media, "DTLS/SCTP");
  while (gst_sdp_media_formats_len (media))
    gst_sdp_media_remove_format (media, 0);
  gst_sdp_media_add_format (media, port);
  vm_peer_sdp_remove_attribute (media, "sctp-port");
  gst_sdp_media_add_attribute (media, "sctpmap", map);
}

static gboolean
has_attribute (const GstSDPMedia *media, const GstSDPAttribute *wanted)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, i);

    if (strcmp (a->key, wanted->key) == 0
        && g_strcmp0 (a->value, wanted->value) == 0)
      return TRUE;
  }
  return FALSE;
}

/* RFC 8285 §6: no others; webrtcbin has those of an earlier offer, too. */
static void
keep_extensions (GstSDPMedia *media, const GstSDPMedia *offered)
{
  for (guint i = gst_sdp_media_attributes_len (media); i > 0; i--) {
    const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, i - 1);

    if (strcmp (a->key, "extmap") == 0 && !has_attribute (offered, a))
      gst_sdp_media_remove_attribute (media, i - 1);
  }
}

/* RFC 8843 §7.3.1: the tag stays where it was offered, and there is no group
 * where none was offered. */
static void
regroup (VmPeerRemote *self, GstSDPMessage *answer)
{
  g_autoptr (GString) group = g_string_new ("BUNDLE");

  vm_peer_sdp_remove_from_session (answer, "group");
  if (!self->bundled)
    return;
  g_string_append_printf (
      group, " %s", vm_peer_sdp_get_mid (get_media (answer, self->tag)));
  for (guint i = 0; i < gst_sdp_message_medias_len (answer); i++) {
    const GstSDPMedia *media = get_media (answer, i);

    if (i != self->tag && !vm_peer_sdp_is_rejected (media))
      g_string_append_printf (group, " %s", vm_peer_sdp_get_mid (media));
  }
  gst_sdp_message_add_attribute (answer, "group", group->str);
}

void
vm_peer_remote_fit_answer (VmPeerRemote *self, GstSDPMessage *answer)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (answer); i++) {
    GstSDPMedia *media = get_media (answer, i);

    if (self->rejected[i])
      reject (media, self->rejected[i]);
    else if (vm_peer_sdp_is_data (media) && self->sctp_map)
      map_sctp (media);
    if (!self->rejected[i])
      keep_extensions (media, get_media (self->sdp, i));
    if (self->renamed[i]) {
      vm_peer_sdp_remove_attribute (media, "mid");
      gst_sdp_media_add_attribute (media, "mid", self->renamed[i]);
    }
  }
  regroup (self, answer);
  for (guint i = 0; i < gst_sdp_message_medias_len (answer); i++) {
    if (self->unnamed[i])
      vm_peer_sdp_remove_attribute (get_media (answer, i), "mid");
  }
}

void
vm_peer_direct_answer (VmPeer *self, GstSDPMessage *answer)
{
  static const gchar *const directions[2][2] = { { "inactive", "recvonly" },
    { "sendonly", "sendrecv" } };

  for (guint i = 0; i < gst_sdp_message_medias_len (answer); i++) {
    const VmPeerMline *line = &self->mlines[i];
    GstSDPMedia *media = get_media (answer, i);

    if (!line->data && !vm_peer_sdp_is_rejected (media))
      vm_peer_sdp_set_direction (media, directions[line->send][line->receive]);
  }
}
