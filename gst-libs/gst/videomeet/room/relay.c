/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What a participant says, and who may hear it (protocol/signalling.md). */

#include "room/rooms-priv.h"
#include "base/vmparticipantstate-priv.h"

#include <string.h>

static void
answer_error (VmMember *member, const VmSignal *signal, const GError *error)
{
  g_autoptr (VmSignal) answer = vm_signal_new_error (error, signal->seq);

  vm_room_send (member->room, member, answer);
}

static gboolean
refuse (GError **error, VmError code, const gchar *message)
{
  g_set_error_literal (error, VM_ERROR, code, message);
  return FALSE;
}

/* The receiver in the sender's room; NULL without @error when there is none
 * named. */
static VmMember *
receiver_of (VmMember *member, const VmSignal *signal, GError **error)
{
  VmMember *to;

  if (!signal->to)
    return NULL;
  to = vm_room_find_member (member->room, signal->to);
  if (!to || to == member) {
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "No other participant \"%s\" is in the meeting", signal->to);
    return NULL;
  }
  return to;
}

static gboolean
forward (VmMember *member, VmSignal *signal, gboolean to_all, GError **error)
{
  g_autoptr (GError) reason = NULL;
  VmMember *to = receiver_of (member, signal, &reason);

  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    return FALSE;
  }
  if (!to && !to_all)
    return refuse (
        error, VM_ERROR_BAD_MESSAGE, "The message has no receiver (\"to\")");
  g_free (signal->from);
  signal->from = g_strdup (member->id);
  if (to) {
    vm_room_send (member->room, to, signal);
  } else {
    vm_room_send_all (member->room, signal, member);
    vm_member_say_remote (member, signal);
  }
  return TRUE;
}

/* Whoever takes no part in an SFU does not know that word. */
static gboolean
forward_heard (VmMember *member, VmSignal *signal, GError **error)
{
  const VmMember *to = receiver_of (member, signal, NULL);

  if (to && !to->takes_sfu)
    return refuse (
        error, VM_ERROR_BAD_MESSAGE, "The other takes no part in an SFU");
  return forward (member, signal, FALSE, error);
}

static gboolean
pair (VmMember *member, VmSignal *signal, GError **error)
{
  VmMember *to = receiver_of (member, signal, NULL);

  if (to && vm_member_pair (member, to, signal->active))
    return TRUE;
  return forward_heard (member, signal, error);
}

/* protocol/meeting.md#reactions */
static gboolean
react (VmMember *member, VmSignal *signal, GError **error)
{
  if (!*signal->reaction)
    return refuse (error, VM_ERROR_BAD_MESSAGE, "A reaction is a sign");
  if (!vm_rate_take (&member->reactions, VM_REACTION_BURST, VM_REACTION_RATE,
          member->room->rooms->ticked))
    return refuse (
        error, VM_ERROR_RATE_LIMITED, "Too many reactions in a short time");
  return forward (member, signal, TRUE, error);
}

static gboolean
is_host (VmMember *member, GError **error)
{
  return member == member->room->host || member == member->room->moderator
         || refuse (error, VM_ERROR_NOT_TRUSTED, "Only the host may do that");
}

/* Who hears of the room without a seat is removed by the same word. */
static gboolean
is_removed (VmRoom *room, const gchar *id, const GError *reason)
{
  const VmRoomsFuncs *funcs = &room->rooms->funcs;

  return id && !vm_room_find_member (room, id) && funcs->remove
         && funcs->remove (room, id, reason, room->rooms->user_data);
}

static gboolean
kick (VmMember *member, VmSignal *signal, GError **error)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_KICKED,
      "The host removed this participant from the meeting");
  VmMember *removed;

  if (!is_host (member, error))
    return FALSE;
  if (signal->to && member->room->host && member != member->room->host
      && strcmp (signal->to, member->room->host->id) == 0)
    return refuse (
        error, VM_ERROR_NOT_TRUSTED, "The host's device cannot be removed");
  if (is_removed (member->room, signal->to, reason))
    return TRUE;
  if (!forward (member, signal, FALSE, error))
    return FALSE;
  removed = vm_room_find_member (member->room, signal->to);
  vm_room_bar (member->room, removed);
  /* the server at which it sits sends it away */
  if (removed->node)
    return TRUE;
  vm_member_leave (removed, reason);
  return TRUE;
}

/* At the other servers of a room too, each of which keeps out whom it knows. */
static gboolean
unban (VmMember *member, const VmSignal *signal, GError **error)
{
  if (!is_host (member, error))
    return FALSE;
  vm_member_say_remote (member, signal);
  if (vm_room_unbar (member->room, signal->id)) {
    vm_room_send_state (member->room);
    return TRUE;
  }
  if (member->room->shared)
    return TRUE;
  g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
      "Nobody was removed from the meeting as \"%s\", or it may come again",
      signal->id);
  return FALSE;
}

static gboolean
lock (VmMember *member, const VmSignal *signal, GError **error)
{
  if (!is_host (member, error))
    return FALSE;
  if (member->room->locked != signal->locked) {
    member->room->locked = signal->locked;
    if (member->room->shared)
      member->room->rooms->remote->lock (member->room);
    vm_room_send_state (member->room);
  }
  return TRUE;
}

/* Participants tell of themselves only; what is no step is no news. */
static gboolean
take_state (VmMember *member, const VmSignal *signal, GError **error)
{
  VmParticipantState before = member->state;
  VmParticipantEvent event;

  if (signal->id && strcmp (signal->id, member->id) != 0)
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "A participant tells its own state, not another's");
  if (strcmp (signal->state, "connected") == 0)
    event = VM_PARTICIPANT_EVENT_CONNECTED;
  else if (strcmp (signal->state, "disconnected") == 0)
    event = VM_PARTICIPANT_EVENT_FAILS;
  else
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "A participant becomes connected or disconnected");
  if (!vm_participant_state_next (before, event, &member->state))
    return TRUE;
  g_debug ("participant %s: %s → %s (%s)", member->id,
      vm_participant_state_to_string (before),
      vm_participant_state_to_string (member->state),
      vm_participant_event_to_string (event));
  vm_member_tell_state (member);
  return TRUE;
}

/* protocol/signalling.md#fresh-ice-servers */
static gboolean
renew_ice (VmMember *member)
{
  g_autoptr (VmSignal) answer = vm_signal_new (VM_SIGNAL_ICE_SERVERS);

  vm_room_grant_ice (member->room, &answer->ice);
  if (!answer->ice.uris)
    answer->ice.uris = g_new0 (gchar *, 1);
  vm_room_send (member->room, member, answer);
  return TRUE;
}

static gboolean
receive (VmMember *member, VmSignal *signal, GError **error)
{
  switch (signal->type) {
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
    case VM_SIGNAL_RESTART:
      return forward (member, signal, FALSE, error);
    case VM_SIGNAL_CHAT:
    case VM_SIGNAL_PRESENCE:
    case VM_SIGNAL_HAND:
      return forward (member, signal, TRUE, error);
    case VM_SIGNAL_REACTION:
      return react (member, signal, error);
    case VM_SIGNAL_SFU_HEARD:
      return forward_heard (member, signal, error);
    case VM_SIGNAL_SFU_PAIR:
      return pair (member, signal, error);
    case VM_SIGNAL_SFU:
      return vm_member_renew_sfu (member, signal, error);
    case VM_SIGNAL_MUTE_REQUEST:
      return is_host (member, error) && forward (member, signal, FALSE, error);
    case VM_SIGNAL_KICK:
      return kick (member, signal, error);
    case VM_SIGNAL_UNBAN:
      return unban (member, signal, error);
    case VM_SIGNAL_LOCK:
      return lock (member, signal, error);
    case VM_SIGNAL_PARTICIPANT_STATE:
      return take_state (member, signal, error);
    case VM_SIGNAL_ICE_SERVERS:
      return renew_ice (member);
    case VM_SIGNAL_HELLO:
      return refuse (error, VM_ERROR_BAD_MESSAGE, "The seat is taken already");
    default:
      return refuse (error, VM_ERROR_BAD_MESSAGE,
          "Only the server sends messages of this type");
  }
}

/* One participant tells another why it does not take what it has sent. */
static void
forward_refusal (VmMember *member, VmSignal *signal)
{
  forward (member, signal, FALSE, NULL);
}

/* Its own user's page ends the meeting: the host does so, as by itself. */
static void
ask_to_end (VmMember *member, VmSignal *signal)
{
  VmRoom *room = member->room;

  if (member != room->moderator || !room->host
      || g_strcmp0 (signal->reason, "ended") != 0)
    return;
  g_free (signal->from);
  signal->from = g_strdup (member->id);
  vm_room_send (room, room->host, signal);
}

static void
take_bye (VmMember *member, VmSignal *signal)
{
  if (member == member->room->host) {
    vm_room_end (member->room);
    return;
  }
  ask_to_end (member, signal);
  vm_member_leave (member, NULL);
}

void
vm_member_receive (VmMember *member, VmSignal *signal)
{
  g_autoptr (GError) error = NULL;

  /* said before, at another server */
  if (member->seat && signal->seq >= 0 && signal->seq <= member->said)
    return;
  member->said = MAX (member->said, signal->seq);
  if (signal->type == VM_SIGNAL_ERROR) {
    forward_refusal (member, signal);
    return;
  }
  if (signal->type == VM_SIGNAL_BYE) {
    take_bye (member, signal);
    return;
  }
  if (!receive (member, signal, &error))
    answer_error (member, signal, error);
}
