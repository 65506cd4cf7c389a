/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What connections between participants are set up by, and whose word it is
 * (security.md#media-and-messages). */

#include "meeting/vmmeeting-priv.h"
#include "trust/media/mediaidentity.h"
#include "trust/media/vmmediasession-priv.h"
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"

#include <openssl/rand.h>

const gchar *
vm_meeting_renew_nonce (VmMeeting *self)
{
  guint8 nonce[VM_MEDIA_NONCE_SIZE];

  g_clear_pointer (&self->nonce, g_free);
  if (RAND_bytes (nonce, sizeof nonce) == 1)
    self->nonce = g_base64_encode (nonce, sizeof nonce);
  return self->nonce;
}

/* Whether a browser without a key may be connected to: who came by an
 * invitation has one, and signs. */
static gboolean
takes_keyless (VmMeeting *self, VmParticipant *participant)
{
  VmPolicy policy;

  g_object_get (self->node, "policy", &policy, NULL);
  return policy != VM_POLICY_REQUIRE
         || (vm_participant_get_origin_id (participant)
             && vm_meeting_may_cloud (self));
}

/**
 * vm_meeting_open_media:
 * @self: a #VmMeeting that was joined
 * @participant: another participant
 * @session: (nullable): the uuid of the exchange of descriptions to come
 * @generation: counts the offers of a session
 *
 * Begins a connection to @participant. What one side has signed for it is good
 * for no other, and what came for an earlier one is not taken.
 *
 * Returns: (transfer full) (nullable): by which descriptions are signed and
 *   checked; %NULL at a server of another #VmMeeting:dialect than the native
 *   one, where nobody has a key, and for a participant of the cloud
 *
 * Since: 0.1
 */
VmMediaSession *
vm_meeting_open_media (VmMeeting *self, VmParticipant *participant,
    const gchar *session, guint generation)
{
  VmMediaSessionConfig config = { .session = session,
    .generation = generation };
  VmMediaSession *media;

  g_return_val_if_fail (VM_IS_MEETING (self), NULL);
  g_return_val_if_fail (VM_IS_PARTICIPANT (participant), NULL);
  g_return_val_if_fail (self->me != NULL, NULL);

  if (self->dialect != VM_DIALECT_NAME_NATIVE || self->via)
    return NULL;
  config.identity = vm_node_get_identity (self->node);
  config.meeting_id = self->id;
  config.participant_id = vm_participant_get_id (self->me);
  config.nonce = self->nonce;
  config.other_device_id = vm_participant_get_device_id (participant);
  config.other_participant_id = vm_participant_get_id (participant);
  config.other_nonce = vm_participant_get_nonce (participant);
  config.keyless = takes_keyless (self, participant);
  media =
      vm_media_session_new (&config, vm_participant_get_media (participant));
  vm_participant_set_media (participant, media);
  return media;
}

void
vm_meeting_tell_forged (
    VmMeeting *self, VmParticipant *from, const GError *error)
{
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_FORGED], 0, from, error);
}

void
vm_meeting_take_restart (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  VmMediaSession *media = vm_participant_get_media (from);
  g_autofree gchar *identity = vm_span_to_string (signal->identity);
  g_autoptr (GError) error = NULL;

  if (!media
      || vm_media_session_check_restart (
          media, signal->nonce, identity, &error))
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_RESTART], 0, from,
        signal->reason ? signal->reason : "");
  else if (error)
    vm_meeting_tell_forged (self, from, error);
}

static VmSignal *
new_signal_to (VmParticipant *participant, VmSignalType type)
{
  VmSignal *signal = vm_signal_new (type);

  signal->to = g_strdup (vm_participant_get_id (participant));
  return signal;
}

/* As RTCIceCandidate has them. */
static void
add_candidates (VmSignal *signal, const gchar *const *candidates, gint mline)
{
  GString *json = g_string_new ("[");

  for (guint i = 0; candidates[i]; i++) {
    g_string_append (json, i ? ",{" : "{");
    vm_json_append_member (json, "candidate", candidates[i]);
    vm_json_append_int (json, "sdpMLineIndex", mline);
    g_string_append_c (json, '}');
  }
  g_string_append_c (json, ']');
  vm_signal_take_candidates (signal, json);
}

/**
 * vm_meeting_send_description:
 * @self: a #VmMeeting
 * @participant: whom to send it
 * @type: offer or answer
 * @sdp: the SDP, at most 64 KiB
 * @candidates: (nullable) (array zero-terminated=1): ICE candidates that are
 *   known already
 * @mline: index of their m-line
 * @session: (nullable): uuid of the exchange; an answer repeats the offer's
 * @generation: counts the offers of a session; an answer repeats the offer's
 * @identity: (nullable): what signs it, of vm_media_session_sign()
 *
 * Sends a session description and the candidates that were gathered before it:
 * in one message, where the meeting's protocol can. It is lost without a word
 * when @participant has left.
 *
 * Since: 0.1
 */
void
vm_meeting_send_description (VmMeeting *self, VmParticipant *participant,
    VmDescriptionType type, const gchar *sdp, const gchar *const *candidates,
    gint mline, const gchar *session, guint generation, const gchar *identity)
{
  g_autoptr (VmSignal) signal = NULL;
  gboolean within;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));
  g_return_if_fail (sdp != NULL);

  within = self->dialect == VM_DIALECT_NAME_NATIVE;
  signal = new_signal_to (participant,
      type == VM_DESCRIPTION_TYPE_OFFER ? VM_SIGNAL_OFFER : VM_SIGNAL_ANSWER);
  vm_signal_set_text (signal, &signal->sdp, sdp);
  if (candidates && candidates[0] && within)
    add_candidates (signal, candidates, mline);
  if (session)
    vm_signal_set_text (signal, &signal->session, session);
  signal->generation = generation;
  if (identity)
    vm_signal_set_text (signal, &signal->identity, identity);
  vm_meeting_send (self, signal);
  for (guint i = 0; candidates && candidates[i] && !within; i++)
    vm_meeting_send_candidate (
        self, participant, candidates[i], mline, NULL, session, generation);
}

/**
 * vm_meeting_send_candidate:
 * @self: a #VmMeeting
 * @participant: whom to send it
 * @candidate: an ICE candidate; empty after the last
 * @mline: index of its m-line, -1 for none
 * @mid: (nullable): mid of its m-line
 * @session: (nullable): uuid of the exchange
 * @generation: of the offer it belongs to
 *
 * Sends an ICE candidate.
 *
 * Since: 0.1
 */
void
vm_meeting_send_candidate (VmMeeting *self, VmParticipant *participant,
    const gchar *candidate, gint mline, const gchar *mid, const gchar *session,
    guint generation)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));
  g_return_if_fail (candidate != NULL);

  signal = new_signal_to (participant, VM_SIGNAL_CANDIDATE);
  vm_signal_set_text (signal, &signal->candidate, candidate);
  if (mid)
    vm_signal_set_text (signal, &signal->sdp_mid, mid);
  if (session)
    vm_signal_set_text (signal, &signal->session, session);
  signal->sdp_mline_index = mline;
  signal->generation = generation;
  vm_meeting_send (self, signal);
}

/* Whether it may go out: to who knows this device by its key only with a
 * signature, for which there is nothing until both have signed a connection.
 * The offerer tries again of itself then. */
static gboolean
sign_restart (VmParticipant *participant, VmSignal *signal)
{
  VmMediaSession *media = vm_participant_get_media (participant);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *nonce = NULL;
  g_autofree gchar *identity = NULL;

  if (!media)
    return TRUE;
  if (vm_media_session_sign_restart (media, &nonce, &identity, &error)) {
    signal->nonce = g_steal_pointer (&nonce);
    vm_signal_set_text (signal, &signal->identity, identity);
    return TRUE;
  }
  if (error)
    g_warning ("A restart cannot be signed: %s", error->message);
  return *vm_media_session_get_other_device (media) == '\0';
}

/**
 * vm_meeting_send_restart:
 * @self: a #VmMeeting
 * @participant: whoever offers to this device
 * @reason: (nullable): why, at most 128 bytes
 *
 * Asks for a new offer; only the offerer restarts. It is signed where a
 * connection to @participant was; nothing is sent to a device with a key before
 * both have signed one, because nobody would believe it. In a room
 * (%VM_DIALECT_NAME_ROOM, %VM_DIALECT_NAME_SOCKETIO), which cannot be asked,
 * this device leaves and joins when nobody else is disturbed by it.
 *
 * Since: 0.1
 */
void
vm_meeting_send_restart (
    VmMeeting *self, VmParticipant *participant, const gchar *reason)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));

  if (self->dialect == VM_DIALECT_NAME_ROOM
      || self->dialect == VM_DIALECT_NAME_SOCKETIO) {
    vm_meeting_restart_room (self);
    return;
  }
  /* there is no message for it */
  if (self->dialect != VM_DIALECT_NAME_NATIVE)
    return;
  signal = new_signal_to (participant, VM_SIGNAL_RESTART);
  signal->reason = g_strdup (reason);
  if (sign_restart (participant, signal))
    vm_meeting_send (self, signal);
}

/**
 * vm_meeting_refuse_description:
 * @self: a #VmMeeting
 * @participant: whose description was not taken
 * @error: why
 *
 * Tells @participant that what it has sent is not taken, so that its user
 * learns why: by an `error` of the meeting's protocol, which a server of
 * another maker may keep to itself.
 *
 * Since: 0.1
 */
void
vm_meeting_refuse_description (
    VmMeeting *self, VmParticipant *participant, const GError *error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));
  g_return_if_fail (error != NULL);

  signal = vm_signal_new_error (error, -1);
  signal->to = g_strdup (vm_participant_get_id (participant));
  vm_meeting_send (self, signal);
}
