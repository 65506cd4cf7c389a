/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A session description of another participant, as an offer and as an answer:
 * what is taken of it can be planned, and is as webrtcbin needs it. */

#include "fuzz.h"
#include "peer/vmpath.h"
#include "peer/vmpeer-priv.h"

#include <string.h>

static VmPeer *
make_peer (gsize size)
{
  static const gchar *const caps[VM_PEER_N_STREAMS] = { "audio/x-opus",
    "video/x-vp8", "video/x-h264, profile=(string)main" };
  VmPeer *peer;

  if (!gst_is_initialized ()) {
    /* it needs no plugin */
    g_setenv ("GST_REGISTRY_DISABLE", "yes", TRUE);
    gst_init (NULL, NULL);
    g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
  }
  peer = g_object_new (VM_TYPE_PEER, NULL);
  peer->many = size % 2;
  for (guint i = 0; i < VM_PEER_N_STREAMS; i++) {
    peer->send[i] = size % 4 < 2 ? gst_caps_from_string (caps[i]) : NULL;
    peer->receive[i] = TRUE;
  }
  return peer;
}

static void
check_credential (const gchar *text, gsize least)
{
  /* RFC 8839 §5.4 */
  g_assert_nonnull (text);
  g_assert_cmpuint (strlen (text), >=, least);
  g_assert_cmpuint (strlen (text), <=, 256);
}

static void
check_media (const GstSDPMedia *media, VmPeerOpus *opus)
{
  g_assert_nonnull (vm_peer_sdp_get_mid (media));
  g_assert_cmpuint (gst_sdp_media_formats_len (media), >, 0);
  g_assert_nonnull (gst_sdp_media_get_attribute_val (media, "fingerprint"));
  g_assert_null (gst_sdp_media_get_attribute_val (media, "candidate"));
  vm_peer_opus_read (media, 111, opus);
}

static void
check_remote (VmPeerRemote *remote)
{
  guint n = gst_sdp_message_medias_len (remote->sdp);
  VmPeerOpus opus;

  g_assert_cmpuint (n, <=, VM_PEER_MLINES_MAX);
  g_assert_cmpuint (remote->tag, <, n);
  g_assert_cmpuint (remote->sctp_port, >, 0);
  g_assert_cmpuint (remote->sctp_port, <=, G_MAXUINT16);
  g_assert_nonnull (remote->fingerprints[0]);
  check_credential (remote->ufrag, 4);
  check_credential (remote->pwd, 22);
  for (guint i = 0; i < n; i++)
    check_media (gst_sdp_message_get_media (remote->sdp, i), &opus);
  g_assert_cmpuint (remote->candidates->len, <=, VM_PEER_CANDIDATES_EARLY);
  for (guint i = 0; i < remote->candidates->len; i++) {
    vm_path_kind_of_candidate (remote->candidates->pdata[i]);
    vm_peer_remote_takes_candidate (remote, i, remote->candidates->pdata[i]);
  }
}

/* It is planned, and comes once more in the same connection. */
static void
plan (VmPeer *peer, VmPeerRemote *offer)
{
  guint n = gst_sdp_message_medias_len (offer->sdp);

  for (guint i = 0; i < n && vm_peer_sdp_plan_again (peer, offer, i, NULL); i++)
    continue;
  vm_peer_sdp_open (peer, offer->sdp);
  vm_peer_remote_fit_answer (offer, offer->sdp);
  g_assert_cmpuint (gst_sdp_message_medias_len (offer->sdp), ==, n);
}

void
fuzz_one (const guint8 *data, gsize size)
{
  g_autofree gchar *sdp = g_strndup ((const gchar *) data, size);
  g_autoptr (VmPeer) peer = NULL;
  g_autoptr (VmPeerRemote) offer = NULL;
  g_autoptr (VmPeerRemote) answer = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name = NULL;

  /* as JSON is, in which it comes */
  if (!g_utf8_validate (sdp, -1, NULL))
    return;
  peer = make_peer (size);
  offer = vm_peer_remote_parse (sdp, TRUE, &error);
  g_assert_true ((offer == NULL) == (error != NULL));
  name = vm_peer_name_connection (sdp, TRUE, NULL);
  g_assert_true ((offer == NULL) == (name == NULL));
  vm_peer_sdp_offered_codec (sdp, size % VM_PEER_N_STREAMS, NULL);
  if (!offer)
    return;
  check_remote (offer);
  if (!vm_peer_sdp_plan_answer (peer, offer, NULL))
    return;
  answer = vm_peer_remote_parse (sdp, FALSE, NULL);
  if (answer)
    vm_peer_sdp_check_answer (peer, answer->sdp, NULL);
  plan (peer, offer);
}
