/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A meeting whose host is lost (protocol/meeting.md#host-lost): media among the
 * others goes on, and what they have to say to set it up goes over their data
 * channels `signal`, as over the server, but for numbers: a channel loses
 * nothing. */

#include "meeting/vmmeeting-priv.h"
#include "base/rates.h"
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"
#include "wire/dialect.h"

#include <string.h>

/* While a server that answers nothing is not lost yet. */
#define LOOK_AGAIN_MS 250

static void look_for_host (VmMeeting *self);

static VmParticipant *
find_host (VmMeeting *self)
{
  return vm_meeting_find (self, self->host_id);
}

void
vm_meeting_forget_host (VmMeeting *self)
{
  vm_timer_clear (&self->host_timer);
}

void
vm_meeting_forget_loss (VmMeeting *self)
{
  vm_timer_clear (&self->host_timer);
  self->host_lost = FALSE;
  self->quiet_since = 0;
}

static gboolean
on_host_gone (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The connection to the host of the meeting was lost");

  vm_timer_clear (&self->host_timer);
  if (!vm_meeting_survive (self, error))
    vm_meeting_finish (self, error);
  return G_SOURCE_REMOVE;
}

static void
set_host_lost (VmMeeting *self, gboolean lost)
{
  VmParticipant *host = find_host (self);

  vm_timer_clear (&self->host_timer);
  if (self->host_lost == lost)
    return;
  self->host_lost = lost;
  g_signal_emit (self,
      vm_meeting_signals[lost ? VM_MEETING_SIGNAL_HOST_LOST
                              : VM_MEETING_SIGNAL_HOST_RETURNED],
      0, host);
  if (self->stopped || !lost)
    return;
  /* else its client knows when its seat is lost */
  if (self->relay_id)
    self->host_timer =
        vm_timer_new (self->context, self->resume_time, on_host_gone, self);
  vm_meeting_find_successor (self);
}

static gboolean
on_host_timer (gpointer data)
{
  g_autoptr (VmMeeting) self = g_object_ref (data);

  vm_timer_clear (&self->host_timer);
  look_for_host (self);
  return G_SOURCE_REMOVE;
}

/* Whether the host's own heartbeat says that it is there. */
static gboolean
host_beats (VmMeeting *self)
{
  VmParticipant *host = find_host (self);
  VmParticipantTalk *talk = host ? vm_participant_get_talk (host) : NULL;

  return talk && talk->heartbeat && !talk->quiet;
}

/* Whether the server has not answered either. */
static gboolean
is_server_lost (VmMeeting *self)
{
  return self->socket_lost || !self->client
         || vm_signal_client_is_silent (self->client, VM_MEETING_HOST_DEAD_MS);
}

/* ms until the host is lost, if nothing is heard of it meanwhile; -1: never. */
static gint64
get_patience (VmMeeting *self, VmParticipant *host)
{
  gint64 since = self->quiet_since;
  gint64 ms = VM_MEETING_HOST_DEAD_MS;

  if (!since && host && vm_participant_get_talk (host)->heartbeat)
    return -1; /* it is heard */
  if (!since && !self->socket_lost)
    return -1;
  if (!since) {
    since = self->socket_lost_at;
    ms = VM_MEETING_HOST_LOST_MS;
  }
  return MAX (ms - (g_get_monotonic_time () - since) / 1000, 0);
}

static void
look_for_host (VmMeeting *self)
{
  VmParticipant *host = find_host (self);
  gint64 ms;

  if (self->stopped || self->seat || self->orphaned || self->host_lost) {
    if (self->host_lost
        && ((!self->socket_lost && !self->relay_id) || host_beats (self)))
      set_host_lost (self, FALSE);
    return;
  }
  vm_timer_clear (&self->host_timer);
  ms = get_patience (self, host);
  if (ms < 0)
    return;
  /* a host without power never closes its socket */
  if (self->client && !self->socket_lost)
    vm_signal_client_probe (self->client);
  if (ms == 0 && is_server_lost (self))
    set_host_lost (self, TRUE);
  else
    self->host_timer = vm_timer_new (
        self->context, MAX (ms, LOOK_AGAIN_MS), on_host_timer, self);
}

void
vm_meeting_set_socket_lost (VmMeeting *self, gboolean lost)
{
  g_autoptr (VmMeeting) alive = g_object_ref (self);

  if (lost && !self->socket_lost)
    self->socket_lost_at = g_get_monotonic_time ();
  self->socket_lost = lost;
  look_for_host (self);
}

/**
 * vm_meeting_set_heartbeat:
 * @self: a #VmMeeting
 * @participant: another participant
 * @beats: whether its heartbeat is heard, on the data channel of that name
 *
 * Tells the meeting, which cannot know, that a participant answers directly, or
 * has not for 2 s. Needed to find out that the host is lost.
 *
 * Since: 0.1
 */
void
vm_meeting_set_heartbeat (
    VmMeeting *self, VmParticipant *participant, gboolean beats)
{
  g_autoptr (VmMeeting) alive = NULL;
  VmParticipantTalk *talk;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));

  alive = g_object_ref (self);
  talk = vm_participant_get_talk (participant);
  talk->heartbeat = talk->heartbeat || beats;
  talk->quiet = talk->heartbeat && !beats;
  if (participant != find_host (self))
    return;
  if (!talk->quiet)
    self->quiet_since = 0;
  else if (!self->quiet_since)
    self->quiet_since = g_get_monotonic_time ();
  look_for_host (self);
}

static void
send_unsent_signals (VmMeeting *self, VmParticipant *to)
{
  GQueue *unsent = &vm_participant_get_talk (to)->unsent_signals;
  const gchar *text;

  while ((text = g_queue_peek_head (unsent))
         && vm_meeting_send_text (self, to, "signal", text))
    g_free (g_queue_pop_head (unsent));
}

/* In order: what is said while neither of two connections carries it waits. */
static void
send_signal_text (VmMeeting *self, VmParticipant *to, const gchar *text)
{
  GQueue *unsent = &vm_participant_get_talk (to)->unsent_signals;

  send_unsent_signals (self, to);
  if (g_queue_is_empty (unsent)
      && vm_meeting_send_text (self, to, "signal", text))
    return;
  if (strlen (text) > VM_SIGNAL_CHANNEL_TEXT_MAX)
    return;
  g_queue_push_tail (unsent, g_strdup (text));
  if (g_queue_get_length (unsent) > VM_SIGNALS_UNSENT_MAX)
    g_free (g_queue_pop_head (unsent));
}

/* Whether signals to the others have no way but the data channels. A signal
 * that cannot be sent then waits for the next connection. */
static gboolean
is_only_way (VmMeeting *self)
{
  return self->relay_id || (self->took_over && self->seat);
}

static void
set_signal_channel (VmMeeting *self, VmParticipant *participant, gboolean open)
{
  VmParticipantTalk *talk = vm_participant_get_talk (participant);
  gboolean was_open = talk->signal;

  talk->signal = open;
  if (open && !was_open)
    vm_meeting_start_acks (self, participant);
  if (open)
    send_unsent_signals (self, participant);
  else if (!is_only_way (self))
    g_queue_clear_full (&talk->unsent_signals, g_free);
}

/**
 * vm_meeting_set_channel:
 * @self: a #VmMeeting
 * @participant: another participant
 * @label: of a data channel: `chat` and `signal` matter
 * @open: whether messages can be sent on it
 *
 * Tells the meeting of a data channel, which its owner has. What the meeting
 * says there it asks for by #VmMeeting::send-message; what comes there it is
 * given by vm_meeting_take_message().
 *
 * Since: 0.1
 */
void
vm_meeting_set_channel (VmMeeting *self, VmParticipant *participant,
    const gchar *label, gboolean open)
{
  VmParticipantTalk *talk;
  gboolean was_open;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));
  g_return_if_fail (label != NULL);

  talk = vm_participant_get_talk (participant);
  if (vm_meeting_find (self, vm_participant_get_id (participant))
      != participant)
    return;
  if (strcmp (label, "signal") == 0)
    set_signal_channel (self, participant, open);
  if (strcmp (label, "chat") != 0)
    return;
  was_open = talk->chat;
  talk->chat = open;
  if (open && !was_open)
    vm_meeting_start_chat (self, participant);
  else if (open)
    /* another connection takes the place of one; what neither could carry has
     * waited */
    vm_meeting_go_on_with_chat (self, participant);
}

static gboolean
goes_past_server (VmSignalType type)
{
  switch (type) {
    case VM_SIGNAL_OFFER:
    case VM_SIGNAL_ANSWER:
    case VM_SIGNAL_CANDIDATE:
    case VM_SIGNAL_RESTART:
    case VM_SIGNAL_PRESENCE:
    case VM_SIGNAL_HAND:
    case VM_SIGNAL_REACTION:
    case VM_SIGNAL_BYE:
      return TRUE;
    default:
      return FALSE;
  }
}

static gchar *
format (const VmSignal *signal)
{
  g_autoptr (GBytes) bytes = vm_dialect_native.format (NULL, signal);
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  return g_strndup (data, size);
}

void
vm_meeting_send_signal_to (
    VmMeeting *self, VmParticipant *to, const VmSignal *signal)
{
  g_autofree gchar *text = format (signal);

  if (vm_participant_get_talk (to)->signal || is_only_way (self))
    send_signal_text (self, to, text);
}

void
vm_meeting_send_to_relay (VmMeeting *self, const VmSignal *signal)
{
  VmParticipant *host = find_host (self);

  if (host)
    vm_meeting_send_signal_to (self, host, signal);
}

/* An offer with all it carries may have more than a channel takes; the channel
 * refuses it then, and the other side asks again. */
static void
send_on_channels (VmMeeting *self, const VmSignal *signal)
{
  g_autofree gchar *text = format (signal);
  g_autoptr (GPtrArray) others =
      g_ptr_array_copy (self->participants, (GCopyFunc) g_object_ref, NULL);

  for (guint i = 0; i < others->len; i++) {
    VmParticipant *to = g_ptr_array_index (others, i);

    if (signal->to && strcmp (signal->to, vm_participant_get_id (to)) != 0)
      continue;
    if (vm_participant_get_talk (to)->signal)
      send_signal_text (self, to, text);
  }
}

gboolean
vm_meeting_send_past_server (VmMeeting *self, VmSignal *signal)
{
  if (!self->host_lost && !self->orphaned)
    return FALSE;
  if (goes_past_server (signal->type))
    send_on_channels (self, signal);
  /* whatever the host should know it would be told when it is back */
  return self->orphaned || goes_past_server (signal->type);
}

/* A host that is no server vouches for nobody, and there is no other host. */
static void
take_from_relay (VmMeeting *self, VmSignal *signal)
{
  if (signal->type == VM_SIGNAL_WELCOME)
    return;
  for (guint i = 0; i < signal->participants->len; i++) {
    VmSignalParticipant *described = signal->participants->pdata[i];

    described->host = FALSE;
    g_clear_pointer (&described->trust, g_free);
    g_clear_pointer (&described->voucher, g_free);
  }
  vm_meeting_take_signal (self, signal);
}

/* The limits of a socket. */
static gboolean
may_say (VmParticipant *from)
{
  return vm_rate_take (&vm_participant_get_talk (from)->signal_rate,
      VM_MESSAGE_BURST, VM_MESSAGE_RATE, g_get_monotonic_time ());
}

static void
take_signal_text (VmMeeting *self, VmParticipant *from, const gchar *text)
{
  /* the signal refers to it, and may go on to another thread */
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (VmSignal) signal = vm_dialect_native.parse (NULL, bytes, &error);

  if (signal && signal->type == VM_SIGNAL_ACK) {
    vm_meeting_take_ack (self, from, signal->id);
    return;
  }
  if (signal && vm_meeting_take_claim (self, from, signal))
    return;
  if (signal && self->relay_id && from == find_host (self)) {
    if (vm_meeting_is_news (self, from, signal))
      take_from_relay (self, signal);
    return;
  }
  if (signal && self->took_over && self->seat) {
    vm_seat_receive (self->seat, vm_participant_get_id (from), signal);
    return;
  }
  if (!signal || !goes_past_server (signal->type)) {
    g_debug ("%s on the channel signal dropped: %s",
        vm_participant_get_id (from), error ? error->message : "out of place");
    return;
  }
  /* whose channel it is, whatever it says */
  g_free (signal->from);
  signal->from = g_strdup (vm_participant_get_id (from));
  vm_meeting_take_signal (self, signal);
}

/**
 * vm_meeting_take_message:
 * @self: a #VmMeeting
 * @participant: whose data channel it is
 * @label: of the channel: `chat` and `signal` are understood
 * @text: what came, valid UTF-8
 *
 * Gives the meeting what came on a data channel.
 *
 * Since: 0.1
 */
void
vm_meeting_take_message (VmMeeting *self, VmParticipant *participant,
    const gchar *label, const gchar *text)
{
  g_autoptr (VmMeeting) alive = NULL;
  g_autoptr (VmParticipant) from = NULL;

  g_return_if_fail (VM_IS_MEETING (self));
  g_return_if_fail (VM_IS_PARTICIPANT (participant));
  g_return_if_fail (label != NULL && text != NULL);

  alive = g_object_ref (self);
  from = g_object_ref (participant);
  if (self->stopped
      || vm_meeting_find (self, vm_participant_get_id (from)) != from)
    return;
  if (strcmp (label, "chat") == 0)
    vm_meeting_take_chat_text (self, from, text);
  else if (strcmp (label, "signal") == 0 && may_say (from))
    take_signal_text (self, from, text);
}

/* Nobody is left whom one can hear. */
static gboolean
is_alone (VmMeeting *self)
{
  return self->participants->len == 0;
}

void
vm_meeting_look_whether_alone (VmMeeting *self)
{
  if (self->orphaned && is_alone (self))
    vm_meeting_finish (self, NULL);
}

/* Without the host. */
static gboolean
is_reached (VmParticipant *other)
{
  return !vm_participant_get_host (other)
         && vm_participant_get_state (other) == VM_PARTICIPANT_STATE_CONNECTED
         && !vm_participant_get_talk (other)->quiet;
}

/* Whoever answers something else has the meeting still, with the others in it:
 * to go on without that host would make two meetings of one. */
static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_DISCONNECTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_TIMEOUT)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_ENDED);
}

gboolean
vm_meeting_survive (VmMeeting *self, const GError *error)
{
  guint connected = 0;

  if (!self->host_lost || self->via || !is_gone (error))
    return FALSE;
  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipant *other = g_ptr_array_index (self->participants, i);

    connected += is_reached (other);
  }
  if (!connected)
    return FALSE;
  self->orphaned = TRUE;
  g_clear_pointer (&self->relay_id, g_free);
  if (self->client)
    vm_signal_client_close (self->client);
  g_clear_object (&self->client);
  for (guint i = self->participants->len; i > 0 && !self->stopped; i--) {
    VmParticipant *other = i <= self->participants->len
                               ? g_ptr_array_index (self->participants, i - 1)
                               : NULL;

    if (other && !is_reached (other))
      vm_meeting_remove (self, other, error);
  }
  vm_meeting_look_whether_alone (self);
  return TRUE;
}

gboolean
vm_meeting_get_host_lost (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  return self->host_lost || self->orphaned;
}

/**
 * vm_meeting_can_signal:
 * @self: a #VmMeeting
 * @participant: another participant
 *
 * Returns: whether a description of another connection to @participant would
 *   arrive: over the host's server, or while the host is lost over the data
 *   channel to it. Never in a call (%VM_DIALECT_NAME_CALL), which is one
 *   connection
 *
 * Since: 0.1
 */
gboolean
vm_meeting_can_signal (VmMeeting *self, VmParticipant *participant)
{
  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (VM_IS_PARTICIPANT (participant), FALSE);

  if (self->dialect == VM_DIALECT_NAME_CALL)
    return FALSE;
  return (!vm_meeting_get_host_lost (self) && !self->returning)
         || vm_participant_get_talk (participant)->signal;
}

/* A host comes back within seconds, and tells; a server of calls may not. */
static gboolean
cannot_be_told (VmMeeting *self)
{
  return vm_meeting_get_host_lost (self) || self->relay_id
         || (self->seat && self->took_over)
         || (self->socket_lost && self->dialect == VM_DIALECT_NAME_CALL);
}

/**
 * vm_meeting_say_bye:
 * @self: a #VmMeeting
 *
 * Tells the others that this device is about to leave, where no server can:
 * when the host is lost, or has taken the meeting over from another. To be
 * followed by vm_meeting_stop() or vm_meeting_end_call(), once the messages had
 * time to get out of their channels.
 *
 * Returns: whether anything was said
 *
 * Since: 0.1
 */
gboolean
vm_meeting_say_bye (VmMeeting *self)
{
  g_autoptr (VmSignal) bye = NULL;

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);

  if (self->stopped || !cannot_be_told (self))
    return FALSE;
  bye = vm_signal_new (VM_SIGNAL_BYE);
  bye->from = g_strdup (vm_participant_get_id (self->me));
  if (self->relay_id && !self->host_lost)
    vm_meeting_send_to_relay (self, bye);
  else
    send_on_channels (self, bye);
  return TRUE;
}
