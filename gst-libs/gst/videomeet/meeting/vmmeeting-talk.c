/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the host's server says to one participant, the host itself included. */

#include "meeting/vmmeeting-priv.h"
#include "node/node-priv.h"
#include "meeting/vmparticipant-priv.h"

#include <string.h>

VmParticipant *
vm_meeting_find (VmMeeting *self, const gchar *id)
{
  for (guint i = 0; id && i < self->participants->len; i++) {
    VmParticipant *participant = g_ptr_array_index (self->participants, i);

    if (strcmp (vm_participant_get_id (participant), id) == 0)
      return participant;
  }
  return NULL;
}

static gboolean
is_me (VmMeeting *self, const gchar *id)
{
  return self->me && g_strcmp0 (vm_participant_get_id (self->me), id) == 0;
}

static void
mirror_state (VmMeeting *self, const gchar *name)
{
  for (VmMeetingState state = VM_MEETING_STATE_CREATED;
       name && state <= VM_MEETING_STATE_ENDED; state++) {
    if (strcmp (vm_meeting_state_to_string (state), name) == 0)
      vm_meeting_set_state (self, state);
  }
}

/* Whether @other, who came before @id, is shown by a name like @name. */
static gboolean
has_name (VmParticipant *other, const gchar *id, const gchar *name)
{
  return other
         && vm_participant_id_is_earlier (vm_participant_get_id (other), id)
         && vm_text_looks_like (vm_participant_get_user (other), name);
}

static gboolean
is_taken (VmMeeting *self, const gchar *id, const gchar *name)
{
  if (has_name (self->me, id, name))
    return TRUE;
  for (guint i = 0; i < self->participants->len; i++) {
    if (has_name (self->participants->pdata[i], id, name))
      return TRUE;
  }
  return FALSE;
}

/* Names are compared as they look: a newcomer, which may be this device, is
 * told apart from whoever was here before it, and keeps its mark. By the order
 * of joining, so that all see the same. */
static void
tell_apart (VmMeeting *self, VmParticipant *newcomer)
{
  const gchar *id = vm_participant_get_id (newcomer);

  for (guint n = 2; *vm_participant_get_user (newcomer)
                    && is_taken (self, id, vm_participant_get_user (newcomer));
       n++)
    vm_participant_mark (newcomer, n);
}

void
vm_meeting_look_whether_busy (VmMeeting *self)
{
  gboolean in_call = self->participants->len > 0;

  if (in_call == self->in_call)
    return;
  self->in_call = in_call;
  if (in_call)
    vm_node_begin_call (self->node);
  else
    vm_node_end_call (self->node);
}

/* Each is a connection to be set up: a host cannot make them up without end. */
void
vm_meeting_add_participant (
    VmMeeting *self, const VmSignalParticipant *described)
{
  g_autoptr (VmParticipant) participant = NULL;
  g_autoptr (GError) reason = NULL;

  if (vm_meeting_find (self, described->id) || is_me (self, described->id)
      || vm_meeting_leaves_out (self, described))
    return;
  if (self->participants->len >= VM_SIGNAL_ROSTER_MAX) {
    /* once, or a host could fill the log as well */
    if (!self->told_crowd)
      g_message (
          "the host names more than %d others: %s and who comes after it "
          "are left out",
          VM_SIGNAL_ROSTER_MAX, described->id);
    self->told_crowd = TRUE;
    return;
  }
  vm_meeting_note_participant (self, described->id);
  participant = vm_participant_new (described);
  tell_apart (self, participant);
  if (described->refused || !vm_meeting_judge (self, participant, &reason)) {
    vm_meeting_refuse (self, participant, reason ? reason : described->refused);
    return;
  }
  g_ptr_array_add (self->participants, g_object_ref (participant));
  vm_meeting_note_met (self, participant);
  vm_meeting_look_whether_busy (self);
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_PARTICIPANT_JOINED],
      0, participant);
}

void
vm_meeting_remove (
    VmMeeting *self, VmParticipant *participant, const GError *reason)
{
  g_autoptr (VmParticipant) alive = g_object_ref (participant);
  VmParticipantState old;

  if (!g_ptr_array_remove (self->participants, participant))
    return;
  vm_meeting_look_whether_busy (self);
  vm_meeting_give_up_chat (self, participant);
  vm_participant_clear_talk (participant);
  if (vm_participant_take_event (
          participant, VM_PARTICIPANT_EVENT_LEAVES, &old))
    g_signal_emit (self,
        vm_meeting_signals[VM_MEETING_SIGNAL_PARTICIPANT_STATE_CHANGED], 0,
        participant, old, VM_PARTICIPANT_STATE_DISCONNECTED);
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_PARTICIPANT_LEFT],
      0, participant, reason);
}

/* Whoever comes is told what it has missed. */
static void
take_newcomer (VmMeeting *self, const VmSignalParticipant *described)
{
  g_autoptr (VmParticipant) participant = NULL;

  vm_meeting_look_at_store (self);
  if (self->stopped)
    return;
  vm_meeting_add_participant (self, described);
  if (g_set_object (&participant, vm_meeting_find (self, described->id)))
    vm_meeting_tell_presence (self, participant);
}

static void
take_welcome (VmMeeting *self, const VmSignal *signal)
{
  VmIdentity *identity = vm_node_get_identity (self->node);
  g_autofree gchar *device = NULL;
  VmSignalParticipant me = {
    .id = signal->id,
    .user = self->user,
    .device_id = (gchar *) vm_identity_get_device_id (identity),
    .call_type = self->call_type,
    .host = self->seat != NULL,
  };

  if (self->welcomed && !self->returning)
    return;
  vm_meeting_take_return (self);
  if (self->stopped)
    return;
  self->welcomed = TRUE;
  vm_meeting_forget_succession (self);
  vm_meeting_stop_entering (self);
  g_object_get (self->node, "device", &device, NULL);
  me.device = device;
  g_clear_object (&self->me);
  self->me = vm_participant_new (&me);
  if (self->has_presence)
    vm_participant_set_presence (
        self->me, self->status, self->audio, self->video);
  vm_participant_set_hand (self->me, self->hand);
  g_free (self->id);
  self->id = g_strdup (signal->meeting_id);
  g_free (self->host_id);
  self->host_id = g_strdup (signal->host);
  vm_meeting_note_participant (self, signal->id);
  vm_meeting_note_state (self, signal);
  vm_meeting_take_moderator (self, signal->moderator);
  vm_meeting_watch_trust (self);
  g_signal_emit (
      self, vm_meeting_signals[VM_MEETING_SIGNAL_JOINED], 0, self->me);
  if (!self->stopped)
    vm_meeting_check_trust (self);
  for (guint i = 0; i < signal->participants->len && !self->stopped; i++)
    vm_meeting_add_participant (
        self, g_ptr_array_index (signal->participants, i));
  if (!self->stopped)
    tell_apart (self, self->me);
  if (self->stopped)
    return;
  mirror_state (self, signal->state);
  vm_meeting_take_locked (self, signal->locked);
  if (self->participants->len)
    vm_meeting_tell_presence (self, NULL);
}

static void
take_left (VmMeeting *self, const VmSignal *signal)
{
  g_autoptr (GError) reason = vm_signal_get_error (signal);
  VmParticipant *participant = vm_meeting_find (self, signal->id);

  if (!participant)
    return;
  vm_meeting_remove (self, participant, reason);
  if (self->seat && g_error_matches (reason, VM_ERROR, VM_ERROR_TIMEOUT)) {
    vm_meeting_watch_halves (self);
    vm_meeting_look_soon (self);
  }
  /* a host that is alone may follow whom it did not before */
  if (self->seat && !self->participants->len)
    vm_meeting_look_soon (self);
}

/* Of the states that the server tells only that of the connection to it is
 * news: the others are known better here. It may say how well the host knows it
 * now. */
static void
take_participant_state (VmMeeting *self, const VmSignal *signal)
{
  g_autoptr (VmParticipant) who = NULL;

  if (!g_set_object (&who, vm_meeting_find (self, signal->id)))
    return;
  if (vm_participant_set_detached (
          who, g_strcmp0 (signal->state, "detached") == 0))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_DETACHED_CHANGED], 0, who);
  if (signal->trust && !self->stopped && vm_meeting_find (self, signal->id))
    vm_meeting_take_trust (self, who, signal);
}

static void
emit_candidate (VmMeeting *self, VmParticipant *from, const gchar *candidate,
    gint64 mline, const gchar *mid, const VmSignal *signal)
{
  g_autofree gchar *session = vm_span_to_string (signal->session);

  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_CANDIDATE], 0, from,
      candidate, (gint) mline, mid, session,
      (guint) MAX (signal->generation, 0));
}

static void
take_candidate (VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  g_autofree gchar *candidate = vm_span_to_string (signal->candidate);
  g_autofree gchar *mid = vm_span_to_string (signal->sdp_mid);

  if (candidate)
    emit_candidate (
        self, from, candidate, signal->sdp_mline_index, mid, signal);
}

/* The candidates that came with a description. */
static void
take_candidates (VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  VmJson json;

  if (!signal->candidates.size
      || !vm_json_read (
          &json, signal->candidates.data, signal->candidates.size, NULL))
    return;
  for (VmJsonNode e = vm_json_first (&json, 0); e != VM_JSON_NONE;
       e = vm_json_next (&json, e)) {
    g_autofree gchar *candidate = NULL;
    g_autofree gchar *mid = NULL;
    gint64 mline = -1;

    if (vm_json_get_string (
            &json, e, "candidate", VM_SIGNAL_CANDIDATE_MAX, &candidate, NULL)
        && vm_json_get_string (
            &json, e, "sdpMid", VM_SIGNAL_SESSION_MAX, &mid, NULL)
        && vm_json_get_int (
            &json, e, "sdpMLineIndex", 0, G_MAXINT, &mline, NULL)
        && candidate)
      emit_candidate (self, from, candidate, mline, mid, signal);
  }
}

static void
take_description (VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  g_autofree gchar *sdp = vm_span_to_string (signal->sdp);
  g_autofree gchar *session = vm_span_to_string (signal->session);
  g_autofree gchar *identity = vm_span_to_string (signal->identity);

  if (!sdp)
    return;
  /* an object: signed, and not readable */
  if (!identity && signal->identity.size)
    identity = g_strdup ("");
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_DESCRIPTION], 0,
      from,
      signal->type == VM_SIGNAL_OFFER ? VM_DESCRIPTION_TYPE_OFFER
                                      : VM_DESCRIPTION_TYPE_ANSWER,
      sdp, session, (guint) MAX (signal->generation, 0), identity);
  take_candidates (self, from, signal);
}

static void
take_from_participant (VmMeeting *self, const VmSignal *signal)
{
  g_autoptr (VmParticipant) from = NULL;

  if (!g_set_object (&from, vm_meeting_find (self, signal->from)))
    return;
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
      take_description (self, from, signal);
      break;
    case VM_SIGNAL_CANDIDATE:
      take_candidate (self, from, signal);
      break;
    case VM_SIGNAL_RESTART:
      vm_meeting_take_restart (self, from, signal);
      break;
    case VM_SIGNAL_KICK:
      if (vm_meeting_obeys (self, signal->from) && !self->kicked)
        self->kicked = g_error_new (VM_ERROR, VM_ERROR_KICKED,
            "The host removed this device from the meeting");
      /* else the server closes the socket */
      if (self->kicked && self->relay_id)
        vm_meeting_finish (self, self->kicked);
      break;
    case VM_SIGNAL_BYE:
      /* a guest's comes over a data channel: there is no server any more */
      if (g_strcmp0 (signal->reason, VM_MEETING_HAND_OVER) == 0) {
        vm_meeting_take_hand_over (self, from);
      } else if (g_strcmp0 (signal->from, self->host_id) == 0) {
        vm_meeting_finish (self, NULL);
      } else if (self->seat && vm_meeting_obeys (self, signal->from)
                 && g_strcmp0 (signal->reason, "ended") == 0) {
        /* the page of this device's own user ends it */
        vm_meeting_finish (self, NULL);
      } else {
        vm_meeting_forget_call (self);
        vm_meeting_remove (self, from, NULL);
        vm_meeting_look_whether_alone (self);
      }
      break;
    case VM_SIGNAL_CHAT:
      vm_meeting_take_chat (self, from, signal);
      break;
    case VM_SIGNAL_SFU_HEARD:
      vm_meeting_take_sfu_heard (self, from, signal);
      break;
    case VM_SIGNAL_SFU_PAIR:
      vm_meeting_take_sfu_pair (self, from);
      break;
    case VM_SIGNAL_PRESENCE:
      vm_meeting_take_presence (self, from, signal);
      break;
    case VM_SIGNAL_HAND:
      vm_meeting_take_hand (self, from, signal);
      break;
    case VM_SIGNAL_REACTION:
      vm_meeting_take_reaction (self, from, signal);
      break;
    case VM_SIGNAL_MUTE_REQUEST:
      if (vm_meeting_obeys (self, signal->from))
        vm_meeting_take_mute_request (self, signal);
      break;
    default:
      break;
  }
}

static gboolean
is_connected_to_somebody (VmMeeting *self)
{
  for (guint i = 0; i < self->participants->len; i++) {
    if (vm_participant_get_state (g_ptr_array_index (self->participants, i))
        == VM_PARTICIPANT_STATE_CONNECTED)
      return TRUE;
  }
  return FALSE;
}

/* Without a capability nobody can be met. */
static gboolean
is_capability_missing (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_CAP_REQUIRED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_CAP_EXPIRED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_CAP_INVALID);
}

/* A dialect with no other message for it says by an error that this is over. */
static void
take_error (VmMeeting *self, const VmSignal *signal)
{
  g_autoptr (GError) error = vm_signal_get_error (signal);

  g_debug ("the host's server says %s: %s", signal->code, signal->message);
  if (signal->from) {
    vm_meeting_take_refusal (self, signal);
    return;
  }
  if (self->dialect == VM_DIALECT_NAME_NATIVE) {
    /* no answer to anything: the seat is given back */
    if (signal->in_reply_to < 0 && !self->kicked
        && (g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED)
            || g_error_matches (error, VM_ERROR, VM_ERROR_KEY_CHANGED)))
      self->kicked = g_steal_pointer (&error);
    if (self->kicked && self->relay_id)
      vm_meeting_finish (self, self->kicked);
    return;
  }
  if (g_error_matches (error, VM_ERROR, VM_ERROR_KICKED)
      || (self->dialect == VM_DIALECT_NAME_SOCKETIO
          && g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED))
      || (is_capability_missing (error) && !is_connected_to_somebody (self)))
    vm_meeting_finish (self, error);
  else if (g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_ENDED))
    vm_meeting_finish (self, NULL);
}

void
vm_meeting_take_signal (VmMeeting *self, const VmSignal *signal)
{
  g_autoptr (VmMeeting) alive = g_object_ref (self);

  if (self->stopped)
    return;
  if ((!self->welcomed || self->returning) && !signal->from
      && signal->type == VM_SIGNAL_ERROR) {
    vm_meeting_refused (self, vm_signal_get_error (signal));
    return;
  }
  if (signal->type == VM_SIGNAL_WELCOME)
    take_welcome (self, signal);
  if (!self->welcomed)
    return;
  switch (signal->type) {
    case VM_SIGNAL_PARTICIPANT_JOINED:
      if (signal->participants->len)
        take_newcomer (self, g_ptr_array_index (signal->participants, 0));
      break;
    case VM_SIGNAL_PARTICIPANT_LEFT:
      take_left (self, signal);
      break;
    case VM_SIGNAL_MEETING_STATE:
      vm_meeting_note_state (self, signal);
      vm_meeting_take_moderator (self, signal->moderator);
      mirror_state (self, signal->state);
      if (!self->stopped)
        vm_meeting_take_locked (self, signal->locked);
      if (!self->stopped && signal->revoked && *signal->revoked)
        vm_meeting_check_others (self);
      break;
    case VM_SIGNAL_PARTICIPANT_STATE:
      if (self->dialect == VM_DIALECT_NAME_CALL)
        vm_meeting_take_ringing (self, signal);
      else
        take_participant_state (self, signal);
      break;
    case VM_SIGNAL_ERROR:
      take_error (self, signal);
      break;
    case VM_SIGNAL_SFU:
      vm_meeting_take_sfu (self, signal);
      break;
    case VM_SIGNAL_ICE_SERVERS:
      g_object_notify (G_OBJECT (self), "all-ice-servers");
      break;
    default:
      take_from_participant (self, signal);
      break;
  }
}
