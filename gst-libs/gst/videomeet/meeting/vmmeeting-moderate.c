/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What participants tell of themselves, and what the host may do. */

#include "meeting/vmmeeting-priv.h"
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"

#include <string.h>

void
vm_meeting_tell_presence (VmMeeting *self, VmParticipant *to)
{
  const gchar *id = to ? vm_participant_get_id (to) : NULL;

  if (self->has_presence) {
    g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_PRESENCE);

    signal->to = g_strdup (id);
    signal->status = g_strdup (self->status);
    signal->audio = self->audio;
    signal->video = self->video;
    vm_meeting_send (self, signal);
  }
  vm_meeting_tell_bridge (self, id);
  if (self->hand) {
    g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_HAND);

    signal->to = g_strdup (id);
    signal->raised = TRUE;
    vm_meeting_send (self, signal);
  }
}

/**
 * vm_meeting_set_presence:
 * @self: a #VmMeeting
 * @status: (nullable): what this participant is doing, at most 128 bytes
 *   without control characters (more is cut off, others are replaced); %NULL:
 *   as it was
 * @audio: whether it sends sound
 * @video: whether it sends a picture
 *
 * Tells the others, and whoever joins later; may be called before the meeting
 * is joined. What is the case already is not told again.
 *
 * Since: 0.1
 */
void
vm_meeting_set_presence (
    VmMeeting *self, const gchar *status, gboolean audio, gboolean video)
{
  g_autofree gchar *text = NULL;

  g_return_if_fail (VM_IS_MEETING (self));

  text = vm_text_to_name (status ? status : self->status, VM_SIGNAL_NAME_MAX);
  audio = !!audio;
  video = !!video;
  if (self->has_presence && self->audio == audio && self->video == video
      && strcmp (text, self->status) == 0)
    return;
  g_free (self->status);
  self->status = g_steal_pointer (&text);
  self->audio = audio;
  self->video = video;
  self->has_presence = TRUE;
  if (self->me) {
    g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_PRESENCE);

    vm_participant_set_presence (self->me, self->status, audio, video);
    signal->status = g_strdup (self->status);
    signal->audio = audio;
    signal->video = video;
    vm_meeting_send (self, signal);
  }
}

/**
 * vm_meeting_raise_hand:
 * @self: a #VmMeeting
 * @raised: whether the hand is up
 *
 * Raises this participant's hand, or takes it down.
 *
 * Since: 0.1
 */
void
vm_meeting_raise_hand (VmMeeting *self, gboolean raised)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_if_fail (VM_IS_MEETING (self));

  raised = !!raised;
  if (self->hand == raised)
    return;
  self->hand = raised;
  if (!self->me)
    return;
  vm_participant_set_hand (self->me, raised);
  signal = vm_signal_new (VM_SIGNAL_HAND);
  signal->raised = raised;
  vm_meeting_send (self, signal);
}

/**
 * vm_meeting_react:
 * @self: a #VmMeeting
 * @reaction: a sign, as "👍": at most 8 bytes of UTF-8 without control
 *   characters
 * @error: return location for an error
 *
 * Shows the others a sign for a moment (`protocol/meeting.md#reactions`). A
 * server passes five at once, then two a second.
 *
 * Returns: %FALSE with #VM_ERROR_BAD_REQUEST when @reaction is no such sign,
 *   #VM_ERROR_DISCONNECTED when this device is not in the meeting
 *
 * Since: 0.3
 */
gboolean
vm_meeting_react (VmMeeting *self, const gchar *reaction, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  if (!reaction || !*reaction
      || !vm_text_is_name (reaction, VM_SIGNAL_REACTION_MAX)) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A reaction is a sign of at most %d bytes", VM_SIGNAL_REACTION_MAX);
    return FALSE;
  }
  if (!self->me || self->stopped) {
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "This device is not in the meeting");
    return FALSE;
  }
  signal = vm_signal_new (VM_SIGNAL_REACTION);
  signal->reaction = g_strdup (reaction);
  vm_meeting_send (self, signal);
  return TRUE;
}

/* In a room that nobody hosts the server names somebody
 * (protocol/rooms.md#open-rooms); a host names the page of its own user
 * (protocol/trust.md#the-hosts-page). */
void
vm_meeting_take_moderator (VmMeeting *self, const gchar *id)
{
  g_free (self->moderator_id);
  self->moderator_id = g_strdup (id);
}

gboolean
vm_meeting_obeys (VmMeeting *self, const gchar *id)
{
  return id
         && (g_strcmp0 (self->host_id, id) == 0
             || g_strcmp0 (self->moderator_id, id) == 0);
}

static gboolean
is_host (VmMeeting *self, GError **error)
{
  if (self->seat && self->me && !self->stopped)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
      "Only the host of the meeting may do that");
  return FALSE;
}

static gboolean
may_moderate (VmMeeting *self, GError **error)
{
  return (self->me && !self->stopped
             && vm_meeting_obeys (self, vm_participant_get_id (self->me)))
         || is_host (self, error);
}

static gboolean
is_here (VmMeeting *self, VmParticipant *participant, GError **error)
{
  if (vm_meeting_find (self, vm_participant_get_id (participant))
      == participant)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "%s is not in the meeting any more",
      vm_participant_get_user (participant));
  return FALSE;
}

gboolean
vm_meeting_get_locked (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  return self->locked;
}

/**
 * vm_meeting_set_locked:
 * @self: a #VmMeeting hosted here, or moderated from here
 * @locked: whether nobody else is admitted
 * @error: return location for an error
 *
 * Locks the meeting, or opens it again. #VmMeeting:locked follows.
 *
 * Returns: %FALSE with #VM_ERROR_NOT_TRUSTED when this device is not the host
 *
 * Since: 0.1
 */
gboolean
vm_meeting_set_locked (VmMeeting *self, gboolean locked, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  if (!may_moderate (self, error))
    return FALSE;
  signal = vm_signal_new (VM_SIGNAL_LOCK);
  signal->locked = !!locked;
  vm_meeting_send (self, signal);
  return TRUE;
}

/**
 * vm_meeting_mute_request:
 * @self: a #VmMeeting hosted here, or moderated from here
 * @participant: whom to ask
 * @audio: whether to mute its sound
 * @video: whether to hold its picture back
 * @error: return location for an error
 *
 * Asks a participant to mute itself. Nobody can be asked to be heard again.
 *
 * Returns: %FALSE with #VM_ERROR_NOT_TRUSTED when this device is not the host,
 *   #VM_ERROR_UNROUTABLE when @participant has left, #VM_ERROR_BAD_REQUEST when
 *   nothing is to be muted
 *
 * Since: 0.1
 */
gboolean
vm_meeting_mute_request (VmMeeting *self, VmParticipant *participant,
    gboolean audio, gboolean video, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (VM_IS_PARTICIPANT (participant), FALSE);

  if (!may_moderate (self, error) || !is_here (self, participant, error))
    return FALSE;
  if (!audio && !video) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A participant is asked to mute sound, picture, or both");
    return FALSE;
  }
  signal = vm_signal_new (VM_SIGNAL_MUTE_REQUEST);
  signal->to = g_strdup (vm_participant_get_id (participant));
  signal->audio = !!audio;
  signal->video = !!video;
  vm_meeting_send (self, signal);
  return TRUE;
}

/**
 * vm_meeting_kick:
 * @self: a #VmMeeting hosted here, or moderated from here
 * @participant: whom to remove
 * @error: return location for an error
 *
 * Removes a participant; its meeting fails with #VM_ERROR_KICKED, and it does
 * not come again before vm_meeting_unban().
 *
 * Returns: %FALSE with #VM_ERROR_NOT_TRUSTED when this device is not the host,
 *   #VM_ERROR_UNROUTABLE when @participant has left
 *
 * Since: 0.1
 */
gboolean
vm_meeting_kick (VmMeeting *self, VmParticipant *participant, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (VM_IS_PARTICIPANT (participant), FALSE);

  if (!may_moderate (self, error) || !is_here (self, participant, error))
    return FALSE;
  signal = vm_signal_new (VM_SIGNAL_KICK);
  signal->to = g_strdup (vm_participant_get_id (participant));
  vm_meeting_send (self, signal);
  return TRUE;
}

/**
 * vm_meeting_unban:
 * @self: a #VmMeeting hosted here, or moderated from here
 * @id: the id that somebody had who was removed, see vm_meeting_kick()
 * @error: return location for an error
 *
 * Lets somebody come again who was removed: its key is kept out for as long as
 * the meeting goes on, and whoever is not known, of its address, for ten
 * minutes. An id by which nobody was removed changes nothing.
 *
 * Returns: %FALSE with #VM_ERROR_NOT_TRUSTED when this device is not the host
 *
 * Since: 0.1
 */
gboolean
vm_meeting_unban (VmMeeting *self, const gchar *id, GError **error)
{
  g_autoptr (VmSignal) signal = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (id != NULL, FALSE);

  if (!may_moderate (self, error))
    return FALSE;
  signal = vm_signal_new (VM_SIGNAL_UNBAN);
  signal->id = g_strdup (id);
  vm_meeting_send (self, signal);
  return TRUE;
}

/**
 * vm_meeting_end:
 * @self: a #VmMeeting hosted here
 * @error: return location for an error
 *
 * Sends everybody out: the meeting becomes idle, then ended.
 *
 * Returns: %FALSE with #VM_ERROR_NOT_TRUSTED when this device is not the host
 *
 * Since: 0.1
 */
gboolean
vm_meeting_end (VmMeeting *self, GError **error)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  if (!is_host (self, error))
    return FALSE;
  vm_meeting_finish (self, NULL);
  return TRUE;
}

/* Told by others */

void
vm_meeting_take_presence (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  if (signal->bridge && vm_participant_set_bridge (from, signal->bridge))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_BRIDGE_CHANGED], 0, from);
  if (vm_participant_set_presence (
          from, signal->status, signal->audio, signal->video))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_PRESENCE_CHANGED], 0, from);
}

void
vm_meeting_take_hand (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  if (vm_participant_set_hand (from, signal->raised))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_HAND_CHANGED], 0, from);
}

void
vm_meeting_take_reaction (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  if (*signal->reaction)
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_REACTION], 0,
        from, signal->reaction);
}

/* A request that names neither means both. */
void
vm_meeting_take_mute_request (VmMeeting *self, const VmSignal *signal)
{
  gboolean both = signal->audio < 0 && signal->video < 0;
  gboolean audio = both || signal->audio > 0;
  gboolean video = both || signal->video > 0;

  if (audio || video)
    g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_MUTE_REQUESTED],
        0, audio, video);
}

void
vm_meeting_take_locked (VmMeeting *self, gboolean locked)
{
  if (self->locked == locked)
    return;
  self->locked = locked;
  g_object_notify (G_OBJECT (self), "locked");
}
