/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "peer/vmpeer-priv.h"

#include <gst/videomeet/videomeet.h>
#include <stdlib.h>
#include <string.h>

GST_DEBUG_CATEGORY_EXTERN (vm_peer_debug);
#define GST_CAT_DEFAULT vm_peer_debug

/* An offer in the connection there is, as a page makes it that adds its camera
 * or stops it. webrtcbin 1.22.0 takes m-lines that come on. It refuses another
 * direction but none, would turn the roles of DTLS round, answers an ICE
 * restart with the old credentials, and asserts where an m-line has another
 * a=mid. So it is told that what there is stays as it was, with all directions
 * open (vm_peer_sdp_open()); what flows is for this side to say. */

static GstSDPMedia *
get_media (const GstSDPMessage *sdp, guint index)
{
  return (GstSDPMedia *) gst_sdp_message_get_media (sdp, index);
}

/* --- what may not change --- */

static const gchar *
remote_setup (VmPeer *self)
{
  return self->dtls_client ? "passive" : "active";
}

static gboolean
check_transport (VmPeer *self, const VmPeerRemote *offer, GError **error)
{
  const gchar *setup = gst_sdp_media_get_attribute_val (
      get_media (offer->sdp, offer->tag), "setup");

  if (strcmp (offer->ufrag, self->remote->ufrag) != 0
      || strcmp (offer->pwd, self->remote->pwd) != 0)
    return vm_peer_sdp_bad (error,
        "a=ice-ufrag is another, and ICE is not begun anew in a connection "
        "there is; a new connection is taken");
  if (strcmp (setup, "actpass") != 0
      && strcmp (setup, remote_setup (self)) != 0)
    return vm_peer_sdp_bad (error, "a=setup turns the roles of DTLS round");
  if (!vm_peer_sdp_check_count (self, offer, error))
    return FALSE;
  if (gst_sdp_message_medias_len (offer->sdp) < self->n_mlines)
    return vm_peer_sdp_bad (error, "it has fewer m-lines than before");
  return TRUE;
}

static gboolean
was_rejected (VmPeer *self, guint index)
{
  return self->remote->rejected[index]
         || vm_peer_sdp_is_rejected (get_media (self->remote->sdp, index));
}

static gboolean
check_line (
    VmPeer *self, const VmPeerRemote *offer, guint index, GError **error)
{
  const GstSDPMedia *media = get_media (offer->sdp, index);
  const VmPeerMline *line = &self->mlines[index];
  const gchar *kind = line->data          ? "application"
                      : line->audio       ? "audio"
                      : line->stream >= 0 ? "video"
                                          : NULL;

  if (offer->rejected[index]) {
    media = offer->rejected[index];
    if (vm_peer_sdp_is_rejected (media) || was_rejected (self, index))
      return TRUE;
  }
  if (was_rejected (self, index) && !line->can_send && !line->can_receive)
    return vm_peer_sdp_bad (error,
        "media %u was rejected from the beginning, and is not used again",
        index);
  if (kind ? strcmp (gst_sdp_media_get_media (media), kind) != 0
           : line->data != vm_peer_sdp_is_data (media))
    return vm_peer_sdp_bad (
        error, "m= of media %u is of another kind than before", index);
  if (!was_rejected (self, index) && !offer->unnamed[index]
      && g_strcmp0 (vm_peer_sdp_get_mid (media),
             self->remote->renamed[index] ? self->remote->renamed[index]
                                          : line->mid)
             != 0)
    return vm_peer_sdp_bad (
        error, "a=mid of media %u is another than before", index);
  return TRUE;
}

/* webrtcbin may know by it what the remote side has given up. */
static gboolean
check_new_mid (VmPeer *self, const VmPeerRemote *offer, guint index,
    guint n_known, GError **error)
{
  const gchar *mid = vm_peer_sdp_get_mid (get_media (offer->sdp, index));

  for (guint i = 0; i < n_known; i++) {
    if (g_strcmp0 (self->mlines[i].mid, mid) == 0)
      return vm_peer_sdp_bad (
          error, "a=mid of media %u was that of media %u", index, i);
  }
  return TRUE;
}

static gboolean
plan (VmPeer *self, const VmPeerRemote *offer, GError **error)
{
  guint n_known = self->n_mlines;

  if (!check_transport (self, offer, error))
    return FALSE;
  for (guint i = 0; i < n_known; i++) {
    if (!check_line (self, offer, i, error)
        || !vm_peer_sdp_plan_again (self, offer, i, error))
      return FALSE;
  }
  for (guint i = n_known; i < gst_sdp_message_medias_len (offer->sdp); i++) {
    if (!check_new_mid (self, offer, i, n_known, error)
        || !vm_peer_sdp_plan_line (self, offer, i, n_known, error))
      return FALSE;
  }
  return TRUE;
}

/* --- what webrtcbin is told --- */

static void
copy_media (GstSDPMedia *to, const GstSDPMedia *from)
{
  GstSDPMedia *copy = NULL;

  gst_sdp_media_copy (from, &copy);
  gst_sdp_media_uninit (to);
  *to = *copy;
  g_free (copy);
}

/* It compares profiles and levels as texts, and knows ours only once a frame
 * has been sent. */
static void
remove_profile (GstSDPMedia *media)
{
  for (guint i = 0; i < gst_sdp_media_attributes_len (media); i++) {
    const GstSDPAttribute *a = gst_sdp_media_get_attribute (media, i);
    g_auto (GStrv) parts = NULL;
    g_autoptr (GString) rest = g_string_new (NULL);
    GstSDPAttribute without = { 0 };

    if (strcmp (a->key, "fmtp") != 0 || !strstr (a->value, "profile-level-id"))
      continue;
    parts = g_strsplit (a->value, ";", 0);
    for (guint j = 0; parts[j]; j++) {
      gchar *part = strstr (parts[j], "profile-level-id=");

      /* the first has the format before it */
      if (part)
        *part = 0;
      if (*parts[j])
        g_string_append_printf (rest, rest->len ? ";%s" : "%s", parts[j]);
    }
    gst_sdp_attribute_set (&without, "fmtp", rest->str);
    gst_sdp_media_replace_attribute (media, i, &without);
  }
}

/* The number of what it sends again for @pt (RFC 4588), or another. */
static gboolean
belongs_to (const GstSDPMedia *media, const gchar *format, gint pt)
{
  g_autofree gchar *apt = g_strdup_printf ("%s apt=%d", format, pt);
  const gchar *value;

  if (atoi (format) == pt)
    return TRUE;
  for (guint i = 0;
       (value = gst_sdp_media_get_attribute_val_n (media, "fmtp", i)); i++) {
    if (strcmp (value, apt) == 0)
      return TRUE;
  }
  return FALSE;
}

static void
keep_format (GstSDPMedia *media, gint pt)
{
  for (guint i = gst_sdp_media_formats_len (media); i > 0; i--) {
    if (!belongs_to (media, gst_sdp_media_get_format (media, i - 1), pt))
      gst_sdp_media_remove_format (media, i - 1);
  }
}

static void
keep_line (VmPeer *self, VmPeerRemote *offer, guint index)
{
  GstSDPMedia *media = get_media (offer->sdp, index);
  const GstSDPMedia *before = get_media (self->remote->sdp, index);
  const VmPeerMline *line = &self->mlines[index];
  const gchar *mid = vm_peer_sdp_get_mid (media);

  if (offer->rejected[index] && !vm_peer_sdp_is_rejected (before))
    copy_media (media, before);
  else if (!offer->rejected[index] && !offer->unnamed[index]
           && g_strcmp0 (mid, line->mid) != 0)
    offer->renamed[index] = g_strdup (mid);
  vm_peer_sdp_remove_attribute (media, "mid");
  gst_sdp_media_add_attribute (media, "mid", line->mid);
  if (line->can_send || line->can_receive) {
    remove_profile (media);
    keep_format (media, line->pt);
  }
}

static void
write_offer (VmPeer *self, VmPeerRemote *offer, guint n_known)
{
  for (guint i = 0; i < n_known; i++)
    keep_line (self, offer, i);
  for (guint i = 0; i < self->n_mlines; i++) {
    GstSDPMedia *media = get_media (offer->sdp, i);

    vm_peer_sdp_remove_attribute (media, "setup");
    gst_sdp_media_add_attribute (media, "setup", remote_setup (self));
  }
  vm_peer_sdp_open (self, offer->sdp);
  vm_peer_remote_bundle (offer);
}

/* webrtcbin 1.22.0 crashes by a packet of an SSRC that it knows to be in an
 * m-line, until that is answered. So those of what comes on are named in an
 * offer of their own, after it. */
static GstSDPMessage *
take_out_ssrcs (VmPeerRemote *offer, guint n_known)
{
  GstSDPMessage *named = NULL;
  gboolean found = FALSE;

  gst_sdp_message_copy (offer->sdp, &named);
  for (guint i = n_known; i < gst_sdp_message_medias_len (offer->sdp); i++) {
    GstSDPMedia *media = get_media (offer->sdp, i);

    found |= gst_sdp_media_get_attribute_val (media, "ssrc") != NULL;
    vm_peer_sdp_remove_attribute (media, "ssrc");
    vm_peer_sdp_remove_attribute (media, "ssrc-group");
  }
  if (!found)
    g_clear_pointer (&named, gst_sdp_message_free);
  return named;
}

/* --- its steps --- */

static gboolean
add_lines (VmPeer *self, guint n_known, GError **error)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    if (self->mlines[i].data)
      continue;
    if ((i >= n_known && !vm_peer_media_add_mline (self, i, error))
        || !vm_peer_media_add_receiver (self, i, error))
      return FALSE;
  }
  return TRUE;
}

static void
forget_plan (VmPeer *self, const VmPeerMline *before, guint n_known)
{
  while (self->n_mlines > n_known)
    g_free (self->mlines[--self->n_mlines].mid);
  memcpy (self->mlines, before, sizeof self->mlines);
}

static void
begin (VmPeer *self, const gchar *text)
{
  VmPeerMline before[VM_PEER_MLINES_MAX];
  guint n_known = self->n_mlines;
  g_autoptr (VmPeerRemote) offer = NULL;
  GError *error = NULL;

  memcpy (before, self->mlines, sizeof before);
  offer = vm_peer_remote_parse_for (self, text, TRUE, &error);
  if (!offer || !plan (self, offer, &error)) {
    forget_plan (self, before, n_known);
    vm_peer_refuse_again (self, error);
    return;
  }
  self->settled = FALSE;
  write_offer (self, offer, n_known);
  self->next_named = take_out_ssrcs (offer, n_known);
  self->next = g_steal_pointer (&offer);
  if (add_lines (self, n_known, &error))
    vm_peer_set_offer (self, self->next->sdp);
  else
    vm_peer_refuse_again (self, error);
}

void
vm_peer_renegotiate (VmPeer *self, const gchar *offer)
{
  g_autoptr (VmPeer) alive = NULL;

  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail (offer != NULL);

  if (!vm_peer_is_live (self))
    return;
  alive = g_object_ref (self);
  if (self->stuck) {
    vm_peer_refuse_again (
        self, g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
                  "This connection takes no other offer; a new connection is "
                  "taken"));
  } else if (!self->settled) {
    g_free (self->waiting);
    self->waiting = g_strdup (offer);
  } else {
    begin (self, offer);
  }
}

static void
go_on (VmPeer *self)
{
  g_autofree gchar *waiting = g_steal_pointer (&self->waiting);

  if (waiting)
    vm_peer_renegotiate (self, waiting);
}

void
vm_peer_settle (VmPeer *self)
{
  g_autoptr (VmPeer) alive = g_object_ref (self);

  self->settled = TRUE;
  go_on (self);
}

void
vm_peer_refuse_again (VmPeer *self, GError *error)
{
  g_autoptr (GError) owned = error;
  g_autoptr (VmPeer) alive = g_object_ref (self);

  /* half of it may be done in webrtcbin */
  self->stuck |= self->next != NULL;
  g_clear_pointer (&self->next, vm_peer_remote_free);
  g_clear_pointer (&self->next_named, gst_sdp_message_free);
  self->settled = TRUE;
  g_prefix_error (&owned, "The connection goes on as it is. ");
  g_signal_emit_by_name (self, "offer-refused", owned);
  go_on (self);
}

gboolean
vm_peer_check_again (VmPeer *self, const GstSDPMessage *answer)
{
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];

    if ((line->data || line->send || line->receive)
        && vm_peer_sdp_is_rejected (get_media (answer, i)))
      return FALSE;
  }
  return TRUE;
}

static void
receive_other (VmPeer *self)
{
  gboolean wanted[VM_PEER_STREAMS_OF_MANY] = { FALSE };
  gboolean was[VM_PEER_STREAMS_OF_MANY];

  g_mutex_lock (&self->link->lock);
  for (guint i = 0; i < VM_PEER_STREAMS_OF_MANY; i++)
    was[i] = self->link->in[i].wanted;
  for (guint i = 0; i < self->n_mlines; i++) {
    const VmPeerMline *line = &self->mlines[i];

    self->link->mline_stream[i] = line->receive ? line->stream : -1;
    if (line->receive)
      wanted[line->stream] = TRUE;
  }
  g_mutex_unlock (&self->link->lock);
  vm_peer_link_receive (self->link, wanted);
  vm_peer_media_link_early (self);
  for (guint i = 0; vm_peer_is_live (self) && i < VM_PEER_STREAMS_OF_MANY;
       i++) {
    if (was[i] && !wanted[i])
      g_signal_emit_by_name (self, "stream-ended", i);
  }
}

static void
add_candidates (VmPeer *self, const VmPeerRemote *before)
{
  const GPtrArray *candidates = self->remote->candidates;

  for (guint i = 0; vm_peer_is_live (self) && i < candidates->len; i++) {
    if (!g_ptr_array_find_with_equal_func (
            before->candidates, candidates->pdata[i], g_str_equal, NULL))
      vm_peer_add_candidate (self, self->remote->tag, candidates->pdata[i]);
  }
}

gboolean
vm_peer_take_again (VmPeer *self)
{
  g_autoptr (GstSDPMessage) named = g_steal_pointer (&self->next_named);
  g_autoptr (VmPeerRemote) before = NULL;

  if (named) {
    vm_peer_set_offer (self, named);
    return FALSE;
  }
  before = g_steal_pointer (&self->remote);
  self->remote = g_steal_pointer (&self->next);
  vm_peer_opus_take (self);
  receive_other (self);
  if (vm_peer_is_live (self) && self->link->flowing) {
    vm_peer_send_start (self);
    vm_peer_send_ask_key_units (self);
  }
  add_candidates (self, before);
  return TRUE;
}

void
vm_peer_set_send (VmPeer *self, VmPeerStream stream, GstCaps *caps)
{
  g_return_if_fail (VM_IS_PEER (self));
  g_return_if_fail ((guint) stream < VM_PEER_N_STREAMS);

  if (!self->send[stream])
    self->send[stream] = gst_caps_ref (caps);
}
