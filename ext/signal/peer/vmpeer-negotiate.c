/* SPDX-License-Identifier: LGPL-2.1-or-later */

#define GST_USE_UNSTABLE_API
#include "peer/vmpeer-priv.h"

#include <gst/webrtc/webrtc.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

#define TWCC_ID 1 /* offered extension ids */
#define LEVEL_ID 2

/* Each step asks webrtcbin and goes on in the peer's context when its promise
 * is kept; on-negotiation-needed, which 1.22.0 loses now and then, is not
 * used. */

typedef struct
{
  VmPeerLink *link;
  VmPeerFunc next;
} Step;

typedef GstWebRTCSessionDescription Description;

/* What works goes on where it is an offer in the connection there is. */
static void
give_up (VmPeer *self, GError *error)
{
  if (self->next)
    vm_peer_refuse_again (self, error);
  else
    vm_peer_take_failure (self, error);
}

static void
step_error (VmPeer *self, gpointer data)
{
  const GError *error = data;

  give_up (
      self, g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
                "The session descriptions do not fit: %s", error->message));
}

/* Runs on webrtcbin's thread. */
static void
on_promise (GstPromise *promise, gpointer user_data)
{
  Step *step = user_data;
  const GstStructure *reply;
  const GValue *value;
  GError *error = NULL;
  Description *description = NULL;

  if (gst_promise_wait (promise) != GST_PROMISE_RESULT_REPLIED)
    return;
  reply = gst_promise_get_reply (promise);
  if (reply && gst_structure_has_field (reply, "error")) {
    gst_structure_get (reply, "error", G_TYPE_ERROR, &error, NULL);
    vm_peer_link_post (
        step->link, step_error, error, (GDestroyNotify) g_error_free);
    return;
  }
  value = reply ? gst_structure_get_value (reply, "offer") : NULL;
  if (reply && !value)
    value = gst_structure_get_value (reply, "answer");
  if (value)
    description = g_value_dup_boxed (value);
  vm_peer_link_post (step->link, step->next, description,
      description ? (GDestroyNotify) gst_webrtc_session_description_free
                  : NULL);
}

static void
step_free (gpointer data)
{
  Step *step = data;

  vm_peer_link_unref (step->link);
  g_free (step);
}

static GstPromise *
promise_to (VmPeer *self, VmPeerFunc next)
{
  Step *step = g_new (Step, 1);

  *step = (Step){ vm_peer_link_ref (self->link), next };
  return gst_promise_new_with_change_func (on_promise, step, step_free);
}

static void
emit_with_promise (
    VmPeer *self, const gchar *signal, const Description *what, VmPeerFunc next)
{
  GstPromise *promise = promise_to (self, next);

  if (what)
    g_signal_emit_by_name (self->webrtc, signal, what, promise);
  else
    g_signal_emit_by_name (self->webrtc, signal, NULL, promise);
  gst_promise_unref (promise);
}

/* --- local description --- */

static void
send_answer (VmPeer *self, GstSDPMessage *answer)
{
  g_autofree gchar *text = NULL;

  vm_peer_direct_answer (self, answer);
  vm_peer_remote_fit_answer (self->remote, answer);
  vm_peer_opus_describe (self, answer);
  text = gst_sdp_message_as_text (answer);
  g_signal_emit_by_name (self, "description", FALSE, text);
}

static gboolean
is_active (const GstSDPMedia *media)
{
  return g_strcmp0 (gst_sdp_media_get_attribute_val (media, "setup"), "active")
         == 0;
}

static void
answer_set (VmPeer *self, GstSDPMessage *answer)
{
  gboolean again = self->next != NULL;

  if (again && !vm_peer_take_again (self))
    return;
  if (!again)
    self->dtls_client =
        is_active (gst_sdp_message_get_media (answer, self->remote->tag));
  self->local_sent = TRUE;
  /* else it would be taken for one to what came meanwhile */
  if (vm_peer_is_live (self) && (!again || !self->waiting))
    send_answer (self, answer);
  if (vm_peer_is_live (self) && !again)
    vm_peer_ice_local_sent (self);
  if (vm_peer_is_live (self) && !again)
    vm_peer_ice_remote_ready (self);
  if (vm_peer_is_live (self))
    vm_peer_settle (self);
}

/* webrtcbin's max-bundle offers all m-lines but the first with port 0 and
 * a=bundle-only (RFC 8843 §6), which some take for rejected ones: browsers
 * offer a port. */
static void
give_ports (GstSDPMessage *offer)
{
  for (guint i = 0; i < gst_sdp_message_medias_len (offer); i++) {
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (offer, i);

    vm_peer_sdp_remove_attribute (media, "bundle-only");
    if (gst_sdp_media_get_port (media) == 0)
      gst_sdp_media_set_port_info (media, 9, 1);
  }
}

static void
offer_set (VmPeer *self, GstSDPMessage *offer)
{
  g_autofree gchar *text = NULL;

  give_ports (offer);
  vm_peer_opus_describe (self, offer);
  text = gst_sdp_message_as_text (offer);
  self->local_sent = TRUE;
  g_signal_emit_by_name (self, "description", TRUE, text);
  if (vm_peer_is_live (self))
    vm_peer_ice_local_sent (self);
}

static void
local_set (VmPeer *self, gpointer data)
{
  gboolean offers = self->offerer && !self->next;
  g_autoptr (GstWebRTCSessionDescription) local = NULL;

  g_object_get (self->webrtc,
      offers ? "pending-local-description" : "current-local-description",
      &local, NULL);
  if (!local)
    give_up (self, g_error_new (VM_ERROR, VM_ERROR_FAILED,
                       "No local description was made"));
  if (!local)
    return;
  vm_peer_ice_leave_out (self, local->sdp);
  if (offers)
    offer_set (self, local->sdp);
  else
    answer_set (self, local->sdp);
}

/* The payloader knows profile and level only with the first frame, and offers
 * nothing; a browser takes that as baseline level 1. */
static void
add_h264_profile (VmPeer *self, GstSDPMessage *sdp)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];
    GstSDPMedia *media = (GstSDPMedia *) gst_sdp_message_get_media (sdp, i);
    g_autofree gchar *prefix = NULL;
    g_autofree gchar *profile = NULL;

    if (line->data || (line->codec && strcmp (line->codec->encoding, "H264")))
      continue;
    prefix = g_strdup_printf (
        "%d ", vm_peer_codec_from_encoding ("video", "H264")->pt);
    profile = vm_peer_codec_profile_level_id (self->send[line->stream]);
    for (guint j = 0; j < gst_sdp_media_attributes_len (media); j++) {
      const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, j);
      GstSDPAttribute with_profile = {
        0,
      };
      g_autofree gchar *value = NULL;

      if (strcmp (a->key, "fmtp") != 0 || !g_str_has_prefix (a->value, prefix)
          || strstr (a->value, "profile-level-id"))
        continue;
      value = g_strdup_printf ("%s;profile-level-id=%s;"
                               "level-asymmetry-allowed=1",
          a->value, profile);
      gst_sdp_attribute_set (&with_profile, "fmtp", value);
      gst_sdp_media_replace_attribute (media, j, &with_profile);
    }
  }
}

static void
local_created (VmPeer *self, gpointer data)
{
  Description *description = data;

  if (!description
      || gst_sdp_message_medias_len (description->sdp) != self->n_mlines
      || (self->next && !vm_peer_check_again (self, description->sdp))) {
    give_up (self, g_error_new (VM_ERROR, VM_ERROR_FAILED,
                       "No session description could be made"));
    return;
  }
  if (self->offerer && !self->next)
    add_h264_profile (self, description->sdp);
  if (!self->next)
    vm_peer_turn_add (self);
  emit_with_promise (self, "set-local-description", description, local_set);
}

/* --- offer --- */

gboolean
vm_peer_plan_offer (VmPeer *self, GError **error)
{
  for (gint s = 0; s < VM_PEER_N_STREAMS; s++) {
    VmPeerMline *line;

    if (!self->send[s] && !self->receive[s])
      continue;
    line = &self->mlines[self->n_mlines++];
    line->stream = s;
    line->audio = s == VM_PEER_AUDIO;
    line->mid = g_strdup (vm_peer_stream_to_string (s));
    line->send = line->can_send = self->send[s] != NULL;
    line->receive = line->can_receive = self->receive[s];
    line->twcc = TWCC_ID;
    line->level = s == VM_PEER_AUDIO ? LEVEL_ID : 0;
    if (line->send) {
      line->codec = vm_peer_codec_from_caps (self->send[s]);
      if (!line->codec
          || strcmp (line->codec->media, s == VM_PEER_AUDIO ? "audio" : "video")
                 != 0) {
        g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
            "The %s stream has a format that cannot be sent", line->mid);
        return FALSE;
      }
      line->pt = line->codec->pt;
    }
    if (!vm_peer_media_add_mline (self, self->n_mlines - 1, error))
      return FALSE;
  }
  if (self->bare)
    return TRUE;
  self->mlines[self->n_mlines++] = (VmPeerMline){ .stream = -1, .data = TRUE };
  vm_peer_channels_create (self);
  return TRUE;
}

void
vm_peer_create_offer (VmPeer *self)
{
  emit_with_promise (self, "create-offer", NULL, local_created);
}

/* --- remote description --- */

static void
remote_offer_set (VmPeer *self, gpointer data)
{
  emit_with_promise (self, "create-answer", NULL, local_created);
}

static void
remote_answer_set (VmPeer *self, gpointer data)
{
  self->dtls_client = !is_active (
      gst_sdp_message_get_media (self->remote->sdp, self->remote->tag));
  vm_peer_ice_remote_ready (self);
  vm_peer_check_connected (self);
  if (vm_peer_is_live (self))
    vm_peer_settle (self);
}

static gboolean
take_offer (VmPeer *self, const VmPeerRemote *offer, GError **error)
{
  if (!vm_peer_sdp_plan_answer (self, offer, error))
    return FALSE;
  for (guint i = 0; i < self->n_mlines; i++) {
    if (!self->mlines[i].data
        && (!vm_peer_media_add_mline (self, i, error)
            || !vm_peer_media_add_receiver (self, i, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_answer (VmPeer *self, const GstSDPMessage *sdp, GError **error)
{
  if (!vm_peer_sdp_check_answer (self, sdp, error))
    return FALSE;
  for (guint i = 0; i < self->n_mlines; i++) {
    if (!self->mlines[i].data && !vm_peer_media_add_receiver (self, i, error))
      return FALSE;
  }
  return TRUE;
}

static GstSDPMessage *
copy_sdp (const GstSDPMessage *sdp)
{
  GstSDPMessage *copy = NULL;

  gst_sdp_message_copy (sdp, &copy);
  return copy;
}

/* What is received and sent may have the numbers of both sides. */
static void
learn_twcc_ids (VmPeer *self, const GstSDPMessage *sdp)
{
  guint ids = self->offerer ? 1u << TWCC_ID : 0;

  for (guint i = 0; i < gst_sdp_message_medias_len (sdp); i++)
    ids |= 1u << vm_peer_sdp_extension_id (
               gst_sdp_message_get_media (sdp, i), VM_PEER_TWCC_URI);
  /* 0: it has none */
  g_atomic_int_or (&self->link->twcc_ids, ids & ~1u);
}

static void
set_remote (VmPeer *self, gboolean offer, const GstSDPMessage *sdp)
{
  g_autoptr (GstWebRTCSessionDescription) description =
      gst_webrtc_session_description_new (
          offer ? GST_WEBRTC_SDP_TYPE_OFFER : GST_WEBRTC_SDP_TYPE_ANSWER,
          copy_sdp (sdp));

  learn_twcc_ids (self, sdp);
  emit_with_promise (self, "set-remote-description", description,
      offer ? remote_offer_set : remote_answer_set);
}

void
vm_peer_set_offer (VmPeer *self, const GstSDPMessage *offer)
{
  set_remote (self, TRUE, offer);
}

static void
set_receivers (VmPeer *self)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];

    self->link->mline_stream[i] = line->receive ? line->stream : -1;
    if (line->receive)
      self->link->in[line->stream].wanted = TRUE;
  }
}

/* In one place, before webrtcbin hears of it: the fingerprint DTLS is held
 * to is the one of the description that is really set. */
static gboolean
take_description (
    VmPeer *self, gboolean offer, const gchar *text, GError **error)
{
  g_autoptr (VmPeerRemote) remote =
      vm_peer_remote_parse_for (self, text, offer, error);

  if (!remote
      || !(offer ? take_offer (self, remote, error)
                 : take_answer (self, remote->sdp, error)))
    return FALSE;
  g_mutex_lock (&self->link->lock);
  self->link->fingerprints = g_strdupv (remote->fingerprints);
  self->link->sctp_port = remote->sctp_port;
  set_receivers (self);
  g_mutex_unlock (&self->link->lock);

  vm_peer_sdp_open (self, remote->sdp);
  self->remote = g_steal_pointer (&remote);
  vm_peer_opus_take (self);
  set_remote (self, offer, self->remote->sdp);
  for (guint i = 0; vm_peer_is_live (self) && i < self->remote->candidates->len;
       i++)
    vm_peer_add_candidate (
        self, self->remote->tag, self->remote->candidates->pdata[i]);
  return TRUE;
}

void
vm_peer_set_remote_description (VmPeer *self, gboolean offer, const gchar *sdp)
{
  GError *error = NULL;

  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail (sdp != NULL);

  if (self->state != VM_PEER_STATE_CONNECTING)
    return;
  if (offer == self->offerer || self->remote_set
      || (self->offerer && !self->local_sent)) {
    /* One description each way, so a second one is stale or forged; it changes
     * nothing. A restart is a new peer. */
    GST_WARNING_OBJECT (
        self->pipeline, "unexpected %s dropped", offer ? "offer" : "answer");
    return;
  }
  self->remote_set = TRUE;
  if (!self->offerer || self->answer_ms)
    vm_peer_start_deadline (self, self->connect_ms);
  if (!take_description (self, offer, sdp, &error))
    vm_peer_take_failure (self, error);
}

void
vm_peer_clear_mlines (VmPeer *self)
{
  for (guint i = 0; i < self->n_mlines; i++)
    g_clear_pointer (&self->mlines[i].mid, g_free);
  self->n_mlines = 0;
}
