/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a link sends and takes to set a connection up, and whose word it is:
 * descriptions are signed and checked by the session of the meeting
 * (VmMediaSession) before the connection hears of them. Control thread. */

#include "link/vmlink-priv.h"
#include "plugin/plugin.h"
#include "meeting/vmmeeting-priv.h"

#include <string.h>

#define GST_CAT_DEFAULT vm_signal_debug

/* How long the answer to an offer of this side is waited for, once an offer of
 * the other side crosses it (protocol/rooms.md#crossing-offers). */
#define CROSSED_MS 1500
/* Trickled candidates that arrive before their offer. */
#define EARLY_CANDIDATES_MAX 64

typedef struct
{
  gchar *candidate, *session;
  gint mline;
  guint generation;
} Early;

VmLinkDescription *
vm_link_description_new (const gchar *sdp, const gchar *session,
    guint generation, const gchar *identity)
{
  VmLinkDescription *self = g_new0 (VmLinkDescription, 1);

  self->sdp = g_strdup (sdp);
  self->session = g_strdup (session);
  self->generation = generation;
  self->identity = g_strdup (identity);
  return self;
}

void
vm_link_description_free (VmLinkDescription *self)
{
  g_free (self->sdp);
  g_free (self->session);
  g_free (self->identity);
  g_free (self);
}

static void
early_free (gpointer data)
{
  Early *early = data;

  g_free (early->candidate);
  g_free (early->session);
  g_free (early);
}

static void
clear_held (VmLink *self)
{
  vm_timer_clear (&self->held_source);
  g_clear_pointer (&self->held, vm_link_description_free);
}

void
vm_link_stop_negotiating (VmLink *self)
{
  clear_held (self);
  g_queue_clear_full (&self->early, early_free);
}

static gchar *
find_attribute (const gchar *text)
{
  for (const gchar *at = text; (at = strchr (at, '=')); at++) {
    if (at - text < 2 || at[-2] != ' ' || (at[-1] != 'a' && at[-1] != 'm'))
      continue;
    return g_strndup (at - 1, strcspn (at - 1, " ,;:"));
  }
  return NULL;
}

gchar *
vm_link_find_field (const GError *error)
{
  if (g_error_matches (error, VM_ERROR, VM_ERROR_CODEC))
    return g_strdup ("a=rtpmap");
  if (g_error_matches (error, VM_ERROR, VM_ERROR_FINGERPRINT))
    return g_strdup ("a=fingerprint");
  if (g_error_matches (error, VM_ERROR, VM_ERROR_SIGNATURE)
      || g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_KEY))
    return g_strdup ("identity");
  return g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE)
             ? find_attribute (error->message)
             : NULL;
}

void
vm_link_tell_refusal (VmLink *self, const GError *error)
{
  if (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE)
      || g_error_matches (error, VM_ERROR, VM_ERROR_CODEC)
      || g_error_matches (error, VM_ERROR, VM_ERROR_DECLINED)
      || g_error_matches (error, VM_ERROR, VM_ERROR_FINGERPRINT))
    vm_meeting_refuse_description (
        vm_link_get_meeting (self), self->participant, error);
}

/* Says what is wrong with something that came in the other's name, to the user
 * and to the other. */
static void
refuse (VmLink *self, const GError *error)
{
  VmMeeting *meeting = vm_link_get_meeting (self);

  vm_meeting_refuse_description (meeting, self->participant, error);
  if (vm_link_is_connected (self)) {
    vm_link_tell_forged (self, error);
  } else {
    vm_timer_clear (&self->offer_wait);
    vm_link_fail (self, error);
  }
}

static void
on_description (VmPeer *peer, gboolean offer, const gchar *sdp, VmLink *self)
{
  VmConnection *connection = vm_link_get_newest (self);
  VmDescriptionType type =
      offer ? VM_DESCRIPTION_TYPE_OFFER : VM_DESCRIPTION_TYPE_ANSWER;
  g_autoptr (VmLink) alive = g_object_ref (self);
  g_autofree gchar *identity = NULL;
  g_auto (GStrv) found = NULL;
  guint mline = 0;
  g_autoptr (GError) error = NULL;

  if (connection->peer != peer)
    return;
  /* not the text: it has the password of ICE */
  GST_DEBUG_OBJECT (self->bin, "%s for %s, %" G_GSIZE_FORMAT " bytes",
      offer ? "offer" : "answer", vm_participant_get_id (self->participant),
      strlen (sdp));
  if (connection->media
      && !vm_media_session_sign (
          connection->media, type, sdp, &identity, &error)) {
    vm_link_fail (self, error);
    return;
  }
  self->offered = offer;
  found = vm_peer_take_found (peer, &mline);
  vm_meeting_send_description (vm_link_get_meeting (self), self->participant,
      type, sdp, (const gchar *const *) found, mline, self->session,
      self->generation, identity);
}

static void
on_candidate (VmPeer *peer, guint mline, const gchar *candidate, VmLink *self)
{
  /* the name of any other is over */
  if (vm_link_get_newest (self)->peer != peer)
    return;
  vm_meeting_send_candidate (vm_link_get_meeting (self), self->participant,
      candidate, mline, NULL, self->session, self->generation);
}

static void
tell_offer_refused (VmLink *self, const GError *error)
{
  vm_meeting_refuse_description (
      vm_link_get_meeting (self), self->participant, error);
  vm_link_warn_refused (self, error);
}

static void
on_offer_refused (VmPeer *peer, const GError *error, VmLink *self)
{
  tell_offer_refused (self, error);
}

static void
on_media_refused (VmPeer *peer, const GError *error, VmLink *self)
{
  vm_link_warn_left_out (self, error);
}

void
vm_link_start_negotiating (VmLink *self, VmPeer *peer)
{
  g_signal_connect (peer, "media-refused", G_CALLBACK (on_media_refused), self);
  g_signal_connect (peer, "offer-refused", G_CALLBACK (on_offer_refused), self);
  g_signal_connect (peer, "description", G_CALLBACK (on_description), self);
  g_signal_connect (peer, "candidate", G_CALLBACK (on_candidate), self);
}

void
vm_link_add_early_candidates (VmLink *self)
{
  Early *early;

  while ((early = g_queue_pop_head (&self->early))) {
    VmConnection *newest = vm_link_get_newest (self);

    if (newest && g_strcmp0 (early->session, self->session) == 0
        && early->generation == self->generation)
      vm_peer_add_candidate (newest->peer, early->mline, early->candidate);
    early_free (early);
  }
}

static VmMediaSession *
open_media (VmLink *self, const gchar *session, guint generation)
{
  return vm_meeting_open_media (
      vm_link_get_meeting (self), self->participant, session, generation);
}

void
vm_link_offer (VmLink *self)
{
  g_autoptr (VmMediaSession) media = NULL;

  vm_timer_clear (&self->restart_source);
  g_clear_pointer (&self->theirs, g_free);
  self->offered = FALSE;
  g_free (self->session);
  self->session = g_uuid_string_random ();
  self->generation++;
  media = open_media (self, self->session, self->generation);
  vm_link_connect (self, TRUE, NULL, media);
}

static gboolean
on_held (gpointer user_data)
{
  VmLink *self = user_data;
  VmLinkDescription *held = g_steal_pointer (&self->held);

  clear_held (self);
  vm_link_take_offer (self, held);
  vm_link_description_free (held);
  return G_SOURCE_REMOVE;
}

/* Of offers that come too soon, the last counts. */
static void
hold_offer (VmLink *self, const VmLinkDescription *offer, guint delay)
{
  clear_held (self);
  self->held = vm_link_description_new (
      offer->sdp, offer->session, offer->generation, offer->identity);
  self->held_source = vm_timer_new (self->context, delay, on_held, self);
}

/* Each of its descriptions is signed for one connection. */
static gboolean
has_key (VmLink *self)
{
  return *vm_participant_get_device_id (self->participant) != '\0';
}

static void
take_words (VmLink *self, gboolean offer, const gchar *sdp)
{
  g_free (self->theirs);
  self->theirs = vm_peer_name_connection (sdp, offer, NULL);
  if (offer)
    return;
  vm_peer_set_remote_description (vm_link_get_newest (self)->peer, FALSE, sdp);
}

/* What a signature of @offer is held to; NULL, with @error: it is nobody's
 * word. Nobody has a key where there is no error. */
static VmMediaSession *
check_offer (VmLink *self, const VmLinkDescription *offer, GError **error)
{
  g_autoptr (VmMediaSession) media =
      open_media (self, offer->session, offer->generation);

  if (media
      && !vm_media_session_check (
          media, VM_DESCRIPTION_TYPE_OFFER, offer->sdp, offer->identity, error))
    return NULL;
  return g_steal_pointer (&media);
}

static void
begin_session (VmLink *self, const VmLinkDescription *offer)
{
  g_free (self->session);
  self->session = g_strdup (offer->session);
  self->generation = offer->generation;
}

/* Checked before anything is given up for it: a connection that stands is not
 * ended by what is nobody's word. */
void
vm_link_take_offer (VmLink *self, const VmLinkDescription *offer)
{
  guint delay = vm_link_connect_delay (self);
  g_autoptr (VmMediaSession) media = NULL;
  g_autoptr (GError) error = NULL;

  if (self->served)
    return;
  if (self->now && offer->generation <= self->generation
      && (has_key (self) || g_strcmp0 (offer->session, self->session) == 0)) {
    GST_INFO ("%s: stale offer %u dropped",
        vm_participant_get_id (self->participant), offer->generation);
    return;
  }
  if (delay) {
    hold_offer (self, offer, delay);
    return;
  }
  media = check_offer (self, offer, &error);
  if (error) {
    refuse (self, error);
    return;
  }
  vm_timer_clear (&self->offer_wait);
  vm_timer_clear (&self->restart_source);
  clear_held (self);
  if (!vm_link_is_connected (self) && !self->paired)
    vm_link_end_outputs (self);
  begin_session (self, offer);
  take_words (self, TRUE, offer->sdp);
  vm_link_connect (self, FALSE, offer->sdp, media);
}

static gboolean
is_current (VmLink *self, const gchar *session, guint generation)
{
  return self->now && !self->given_up && g_strcmp0 (session, self->session) == 0
         && generation == self->generation;
}

/* It is answered in the connection there is: a browser takes no answer of
 * another connection for one of its own. */
static void
change_connection (VmLink *self, const VmLinkDescription *offer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmMediaSession) media = check_offer (self, offer, &error);
  VmConnection *connection = vm_link_get_newest (self);

  if (error) {
    tell_offer_refused (self, error);
    return;
  }
  begin_session (self, offer);
  g_set_object (&connection->media, media);
  vm_link_acquire_more (self, connection, offer->sdp);
  vm_peer_renegotiate (connection->peer, offer->sdp);
}

/* Whether @offer is none for another connection; then it is seen to. */
static gboolean
take_change (VmLink *self, const VmLinkDescription *offer)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name = vm_peer_name_connection (offer->sdp, TRUE, &error);

  if (!self->theirs
      || (name && !vm_peer_is_same_connection (name, self->theirs)))
    return FALSE;
  if (name && self->now) {
    change_connection (self, offer);
    return TRUE;
  }
  if (name)
    error = g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The connection of this offer has ended; a new connection is taken");
  else if (self->now)
    g_prefix_error (&error, "The connection goes on as it is. ");
  tell_offer_refused (self, error);
  return TRUE;
}

gboolean
vm_link_wants_offer (VmLink *self, const VmLinkDescription *offer)
{
  gboolean offers =
      vm_meeting_offers_to (vm_link_get_meeting (self), self->participant);

  if (has_key (self))
    return !offers;
  if (take_change (self, offer))
    return FALSE;
  if (!offers || self->theirs)
    return TRUE;
  if (self->offered) {
    hold_offer (self, offer, CROSSED_MS);
    return FALSE;
  }
  /* that of this side is not made yet */
  if (!vm_link_close_next (self) && !vm_link_is_connected (self))
    vm_link_close_all (self);
  return TRUE;
}

/* Of an offer that crosses one of this side, which begins an exchange of its
 * own. */
static gboolean
is_of_held (VmLink *self, const gchar *session)
{
  return self->held && !has_key (self) && !self->theirs
         && g_strcmp0 (session, self->held->session) == 0;
}

void
vm_link_take_answer (VmLink *self, const VmLinkDescription *answer)
{
  VmMediaSession *media;
  g_autoptr (GError) error = NULL;

  /* whoever answers has withdrawn its own offer */
  if (is_of_held (self, answer->session)) {
    begin_session (self, self->held);
    clear_held (self);
    vm_link_add_early_candidates (self);
  }
  if (!is_current (self, answer->session, answer->generation))
    return;
  media = vm_link_get_newest (self)->media;
  if (media
      && !vm_media_session_check (media, VM_DESCRIPTION_TYPE_ANSWER,
          answer->sdp, answer->identity, &error))
    refuse (self, error);
  else
    take_words (self, FALSE, answer->sdp);
}

void
vm_link_take_candidate (VmLink *self, const gchar *candidate, gint mline,
    const gchar *session, guint generation)
{
  Early *early;

  if (is_current (self, session, generation)) {
    vm_peer_add_candidate (
        vm_link_get_newest (self)->peer, MAX (mline, 0), candidate);
    return;
  }
  if (generation <= self->generation && self->now
      && !is_of_held (self, session))
    return;
  if (g_queue_get_length (&self->early) >= EARLY_CANDIDATES_MAX)
    early_free (g_queue_pop_head (&self->early));
  early = g_new0 (Early, 1);
  early->candidate = g_strdup (candidate);
  early->session = g_strdup (session);
  early->mline = MAX (mline, 0);
  early->generation = generation;
  g_queue_push_tail (&self->early, early);
}

/* A picture that this device encodes can be had in another codec. */
static gboolean
offer_next_codec (VmLink *self, const GError *error)
{
  VmConnection *newest = vm_link_get_newest (self);
  const VmLinkConfig *config = self->config;

  if (!g_error_matches (error, VM_ERROR, VM_ERROR_CODEC)
      || config->dialect != VM_DIALECT_NAME_NATIVE
      || self->choice + 1 >= VM_CODEC_N
      || config->codecs[self->choice + 1] == VM_CODEC_NONE
      || !vm_meeting_offers_to (vm_link_get_meeting (self), self->participant))
    return FALSE;
  for (guint i = VM_PEER_VIDEO; i < VM_PEER_N_STREAMS; i++) {
    if (newest->inputs[i]
        && vm_input_get_codec (newest->inputs[i]) != VM_CODEC_NONE)
      return FALSE;
  }
  self->choice++;
  if (!vm_link_close_next (self))
    vm_link_close_all (self);
  vm_link_restart (self);
  return TRUE;
}

void
vm_link_take_refusal (VmLink *self, const GError *error)
{
  VmConnection *newest = vm_link_get_newest (self);
  g_autoptr (GError) why = NULL;

  /* A refusal is not signed, so it ends nothing that is in use. */
  if (!newest || vm_peer_get_heard_at (newest->peer)) {
    GST_INFO ("%s refuses what it has: %s",
        vm_participant_get_id (self->participant), error->message);
    return;
  }
  if (self->held && !self->theirs) {
    g_autoptr (VmLink) alive = g_object_ref (self);

    on_held (self);
    return;
  }
  if (offer_next_codec (self, error))
    return;
  why = g_error_copy (error);
  g_prefix_error (&why, "It refuses this device's description: ");
  vm_link_fail (self, why);
}
