/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The signals of VmMeeting. */

#include "meeting/vmmeeting-priv.h"

guint vm_meeting_signals[VM_MEETING_N_SIGNALS];

static guint
install_signal (const gchar *name, guint n_params, ...)
{
  va_list types;
  guint id;

  va_start (types, n_params);
  id = g_signal_new_valist (name, VM_TYPE_MEETING, G_SIGNAL_RUN_LAST, NULL,
      NULL, NULL, NULL, G_TYPE_NONE, n_params, types);
  va_end (types);
  return id;
}

static void
install_states (guint *ids)
{
  /**
   * VmMeeting::state-changed:
   * @self: the meeting
   * @old: the #VmMeetingState it was in
   * @new: the #VmMeetingState it is in
   *
   * A guest sees the states as the host tells them.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_STATE_CHANGED] = install_signal (
      "state-changed", 2, VM_TYPE_MEETING_STATE, VM_TYPE_MEETING_STATE);
  /**
   * VmMeeting::joined:
   * @self: the meeting
   * @me: this device's own seat
   *
   * This device is in the meeting. #VmMeeting::participant-joined follows for
   * each participant that is there already; chat that is sent to everybody
   * before that reaches nobody. The signal comes a second time when a host of
   * mode auto gives way to another host, and when a participant comes back to a
   * room whose server has begun anew.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_JOINED] =
      install_signal ("joined", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::failed:
   * @self: the meeting
   * @error: why: a code of #VmError, as #VM_ERROR_WRONG_PIN,
   *   #VM_ERROR_MEETING_FULL, #VM_ERROR_NOT_TRUSTED or #VM_ERROR_TIMEOUT
   *
   * The meeting could not be joined, or cannot go on. It is over.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_FAILED] = install_signal ("failed", 1, G_TYPE_ERROR);
}

static void
install_network (guint *ids)
{
  /**
   * VmMeeting::network-changed:
   * @self: the meeting
   * @slept: whether this device has slept, so that the others may have given it
   *   up, and has been awake for some 1.5 s; else its addresses have changed
   *
   * The meeting renews its own connection to the server by itself, when the
   * address that it goes from is lost or the server no longer answers.
   * Connections to other participants may be lost, and are worth another offer.
   *
   * Since: 0.2
   */
  ids[VM_MEETING_SIGNAL_NETWORK_CHANGED] =
      install_signal ("network-changed", 1, G_TYPE_BOOLEAN);
}

static void
install_hosts (guint *ids)
{
  /**
   * VmMeeting::host-unknown:
   * @self: the meeting
   * @device_id: of the key that the host has shown
   * @user: (nullable): what it says that its user is called
   * @device: (nullable): what it says that it is called
   *
   * With #VmMeeting:ask-host: a host that may have the meeting was never met
   * before, so that it is told neither the meeting's name nor the PIN. To be
   * answered with vm_meeting_confirm_host() within two minutes, by whoever has
   * compared @device_id with what the host shows its user. Nothing in @user and
   * @device is proven. Once for each host.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_HOST_UNKNOWN] = install_signal (
      "host-unknown", 3, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_STRING);
}

static void
install_participants (guint *ids)
{
  /**
   * VmMeeting::participant-joined:
   * @self: the meeting
   * @participant: who is there; whoever was there first is told of as well
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_JOINED] =
      install_signal ("participant-joined", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::participant-left:
   * @self: the meeting
   * @participant: who is gone
   * @error: (nullable): why, when it did not leave by itself
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_LEFT] =
      install_signal ("participant-left", 2, VM_TYPE_PARTICIPANT, G_TYPE_ERROR);
  /**
   * VmMeeting::participant-refused:
   * @self: the meeting
   * @participant: who is in the meeting and is not met: no
   *   #VmMeeting::participant-joined tells of it
   * @error: why: #VM_ERROR_NOT_TRUSTED or #VM_ERROR_KEY_CHANGED
   *
   * The host has let somebody in whom this device's own policy keeps out.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_REFUSED] = install_signal (
      "participant-refused", 2, VM_TYPE_PARTICIPANT, G_TYPE_ERROR);
  /**
   * VmMeeting::participant-state-changed:
   * @self: the meeting
   * @participant: whose state
   * @old: the #VmParticipantState it was in
   * @new: the #VmParticipantState it is in
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_PARTICIPANT_STATE_CHANGED] =
      install_signal ("participant-state-changed", 3, VM_TYPE_PARTICIPANT,
          VM_TYPE_PARTICIPANT_STATE, VM_TYPE_PARTICIPANT_STATE);
  /**
   * VmMeeting::detached-changed:
   * @self: the meeting
   * @participant: who has lost its connection to the host for 10 s, or has it
   *   back
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_DETACHED_CHANGED] =
      install_signal ("detached-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::trust-changed:
   * @self: the meeting
   * @participant: who is known better now than before, or less: its
   *   #VmParticipant:trust, or who vouches for it
   * @old: the #VmTrustLevel it had
   *
   * Trust was agreed on, or has ended, while both are in the meeting. Who is
   * not to be met any more leaves instead.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_TRUST_CHANGED] = install_signal (
      "trust-changed", 2, VM_TYPE_PARTICIPANT, VM_TYPE_TRUST_LEVEL);
}

static void
install_exchange (guint *ids)
{
  /**
   * VmMeeting::description:
   * @self: the meeting
   * @participant: who sent it
   * @type: offer or answer
   * @sdp: the SDP, byte for byte as it was sent
   * @session: (nullable): the uuid of the exchange
   * @generation: counts the offers of a session
   * @identity: (nullable): what signs it, for vm_media_session_check(); any
   *   text
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_DESCRIPTION] = install_signal ("description", 6,
      VM_TYPE_PARTICIPANT, VM_TYPE_DESCRIPTION_TYPE, G_TYPE_STRING,
      G_TYPE_STRING, G_TYPE_UINT, G_TYPE_STRING);
  /**
   * VmMeeting::candidate:
   * @self: the meeting
   * @participant: who sent it
   * @candidate: an ICE candidate, empty after the last
   * @mline: index of its m-line, -1 when not told
   * @mid: (nullable): mid of its m-line
   * @session: (nullable): the uuid of the exchange
   * @generation: counts the offers of a session
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_CANDIDATE] =
      install_signal ("candidate", 6, VM_TYPE_PARTICIPANT, G_TYPE_STRING,
          G_TYPE_INT, G_TYPE_STRING, G_TYPE_STRING, G_TYPE_UINT);
  /**
   * VmMeeting::restart:
   * @self: the meeting
   * @participant: who asks for a new offer
   * @reason: why
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_RESTART] =
      install_signal ("restart", 2, VM_TYPE_PARTICIPANT, G_TYPE_STRING);
  /**
   * VmMeeting::send-message:
   * @self: the meeting
   * @participant: to whom
   * @label: of the data channel
   * @text: what is to be sent on it
   *
   * The meeting has something to say on a data channel that
   * vm_meeting_set_channel() told of.
   *
   * Returns: whether it is on its way
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_SEND_MESSAGE] =
      g_signal_new ("send-message", VM_TYPE_MEETING, G_SIGNAL_RUN_LAST, 0,
          g_signal_accumulator_true_handled, NULL, NULL, G_TYPE_BOOLEAN, 3,
          VM_TYPE_PARTICIPANT, G_TYPE_STRING, G_TYPE_STRING);
}

static void
install_doubts (guint *ids)
{
  /**
   * VmMeeting::refused:
   * @self: the meeting
   * @participant: who will not be connected to this device
   * @error: why, in its words
   *
   * It has not taken this device's description for its word; see
   * vm_meeting_refuse_description(). Nothing says that the meeting's server
   * passed it on as it was.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_REFUSED] =
      install_signal ("refused", 2, VM_TYPE_PARTICIPANT, G_TYPE_ERROR);
  /**
   * VmMeeting::forged:
   * @self: the meeting
   * @participant: in whose name it came
   * @error: what is wrong with it
   *
   * Something that came over the meeting's server is not the word of the device
   * in whose name it came, and was dropped.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_FORGED] =
      install_signal ("forged", 2, VM_TYPE_PARTICIPANT, G_TYPE_ERROR);
}

static void
install_talk (guint *ids)
{
  /**
   * VmMeeting::chat-received:
   * @self: the meeting
   * @message: what was said, each message once
   *
   * Somebody else said something, now or (#VmChatMessage, old) before this
   * device came.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_CHAT_RECEIVED] =
      install_signal ("chat-received", 1, VM_TYPE_CHAT_MESSAGE);
  /**
   * VmMeeting::chat-undelivered:
   * @self: the meeting
   * @participant: who has not acknowledged it
   * @message: what this device has said
   *
   * A message was not delivered, as far as this device knows, when the
   * participant or this device left, or when too much waited for the
   * participant (`protocol/meeting.md#delivery`).
   *
   * Since: 0.3
   */
  ids[VM_MEETING_SIGNAL_CHAT_UNDELIVERED] = install_signal (
      "chat-undelivered", 2, VM_TYPE_PARTICIPANT, VM_TYPE_CHAT_MESSAGE);
  /**
   * VmMeeting::presence-changed:
   * @self: the meeting
   * @participant: who tells something else of itself: its status, and whether
   *   it is muted
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_PRESENCE_CHANGED] =
      install_signal ("presence-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::bridge-changed:
   * @self: the meeting
   * @participant: who has told whether it could be the bridge to the cloud
   *   (`protocol/bridge.md#bridge`)
   *
   * Since: 0.3
   */
  ids[VM_MEETING_SIGNAL_BRIDGE_CHANGED] =
      install_signal ("bridge-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::hand-changed:
   * @self: the meeting
   * @participant: who has raised its hand, or taken it down
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_HAND_CHANGED] =
      install_signal ("hand-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::reaction:
   * @self: the meeting
   * @participant: who reacts
   * @reaction: a sign, to be shown for a moment, see vm_meeting_react()
   *
   * Since: 0.3
   */
  ids[VM_MEETING_SIGNAL_REACTION] =
      install_signal ("reaction", 2, VM_TYPE_PARTICIPANT, G_TYPE_STRING);
  /**
   * VmMeeting::mute-requested:
   * @self: the meeting
   * @audio: whether to mute the sound
   * @video: whether to hold the picture back
   *
   * The host asks this device to mute itself. Its owner does so; it is never
   * asked to be heard again.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_MUTE_REQUESTED] =
      install_signal ("mute-requested", 2, G_TYPE_BOOLEAN, G_TYPE_BOOLEAN);
}

static void
install_host (guint *ids)
{
  /**
   * VmMeeting::host-lost:
   * @self: the meeting
   * @host: (nullable): the host
   *
   * The host is gone without a word: its server has no connection and itself no
   * heartbeat for 5 s. Media among the others goes on. It may come back within
   * 30 s; else it leaves, and the meeting lasts until the last of the others
   * does. Where nobody hosts it is the server that is gone, @host is %NULL, and
   * it is tried for 5 minutes.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_HOST_LOST] =
      install_signal ("host-lost", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::host-returned:
   * @self: the meeting
   * @host: (nullable): the host
   *
   * The host was lost and is there again.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_HOST_RETURNED] =
      install_signal ("host-returned", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::host-changed:
   * @self: the meeting
   * @host: the new host; this device's own seat, when it is that
   *
   * The host is gone, and the meeting goes on at another device: the same
   * participants, under the same ids.
   *
   * Since: 0.2
   */
  ids[VM_MEETING_SIGNAL_HOST_CHANGED] =
      install_signal ("host-changed", 1, VM_TYPE_PARTICIPANT);
  /**
   * VmMeeting::rejoining:
   * @self: the meeting
   * @reason: why the seat is lost
   *
   * The connection to the server was lost, and the seat with it: the meeting is
   * joined anew, for 5 minutes; see #VmMeeting:rejoin. ::joined says that it
   * worked, after everybody has left; they come again, by other ids. ::failed
   * says that it did not.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_REJOINING] =
      install_signal ("rejoining", 1, G_TYPE_ERROR);
}

static void
install_calls (guint *ids)
{
  /**
   * VmMeeting::call-offered:
   * @self: the meeting
   * @user_id: who calls, as it can be called back
   * @user: what it is called
   * @call_type: what it wants to exchange
   *
   * Somebody calls (dialect call): vm_meeting_accept_call() or
   * vm_meeting_reject_call().
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_CALL_OFFERED] = install_signal (
      "call-offered", 3, G_TYPE_STRING, G_TYPE_STRING, VM_TYPE_CALL_TYPE);
  /**
   * VmMeeting::call-missed:
   * @self: the meeting
   * @user_id: who called
   * @user: what it is called
   *
   * It calls no longer: it has changed its mind, or is gone, or has waited for
   * 45 s.
   *
   * Since: 0.1
   */
  ids[VM_MEETING_SIGNAL_CALL_MISSED] =
      install_signal ("call-missed", 2, G_TYPE_STRING, G_TYPE_STRING);
}

void
vm_meeting_install_signals (void)
{
  guint *ids = vm_meeting_signals;

  install_states (ids);
  install_network (ids);
  install_hosts (ids);
  install_participants (ids);
  install_exchange (ids);
  install_doubts (ids);
  install_talk (ids);
  install_host (ids);
  install_calls (ids);
}
