/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is said in writing: on the data channel `chat` to whoever has one, over
 * the host's server to the others. The channels belong to whoever owns the
 * connections; the meeting asks for them by a signal. */

#include "meeting/vmmeeting-priv.h"
#include <gst/videomeet/vmerror.h>
#include "meeting/vmparticipant-priv.h"

#include <string.h>

gboolean
vm_meeting_send_text (
    VmMeeting *self, VmParticipant *to, const gchar *label, const gchar *text)
{
  gboolean sent = FALSE;

  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_SEND_MESSAGE], 0,
      to, label, text, &sent);
  return sent;
}

/* Nobody passes on what is said between devices that have keys. */
static gboolean
needs_channel (VmMeeting *self, VmParticipant *other)
{
  return self->direct_chat && *vm_participant_get_device_id (other);
}

static void
tell_undelivered (VmMeeting *self, VmParticipant *to, VmChatMessage *message)
{
  g_signal_emit (self, vm_meeting_signals[VM_MEETING_SIGNAL_CHAT_UNDELIVERED],
      0, to, message);
}

/* Of more than that the oldest is given up. */
static void
limit_sent (VmMeeting *self, VmParticipant *to)
{
  VmParticipantTalk *talk = vm_participant_get_talk (to);
  VmSentChat *oldest;

  if (g_queue_get_length (&talk->sent) <= VM_CHAT_SENT_MAX)
    return;
  oldest = g_queue_pop_head (&talk->sent);
  if (talk->acks)
    tell_undelivered (self, to, oldest->message);
  vm_sent_chat_free (oldest);
}

/* @at: when it was said first, or now. */
static gboolean
send_said_at (
    VmMeeting *self, VmParticipant *to, VmChatMessage *message, gint64 at)
{
  VmParticipantTalk *talk = vm_participant_get_talk (to);
  g_autofree gchar *json = talk->plain ? NULL : vm_chat_format (message);

  VmSentChat *sent;

  if (!talk->chat)
    return FALSE;
  /* before the acknowledgement may come */
  sent = g_new (VmSentChat, 1);
  *sent = (VmSentChat){ g_object_ref (message), at };
  g_queue_push_tail (&talk->sent, sent);
  if (!vm_meeting_send_text (
          self, to, "chat", json ? json : vm_chat_message_get_text (message))) {
    g_queue_remove (&talk->sent, sent);
    vm_sent_chat_free (sent);
    return FALSE;
  }
  limit_sent (self, to);
  return TRUE;
}

static gboolean
send_on_channel (VmMeeting *self, VmParticipant *to, VmChatMessage *message)
{
  return send_said_at (self, to, message, g_get_monotonic_time ());
}

/* While the network is away, a channel takes every message and delivers none.
 * Plain text has no id: the other side would show it twice. */
static void
send_again (VmMeeting *self, VmParticipant *to)
{
  VmParticipantTalk *talk = vm_participant_get_talk (to);
  gint64 since = g_get_monotonic_time () - VM_CHAT_AGAIN_TIME;
  guint max = VM_CHAT_AGAIN_MAX - MIN (talk->unsent.length, VM_CHAT_AGAIN_MAX);
  GQueue sent = talk->sent;
  VmSentChat *one;

  g_queue_init (&talk->sent);
  while ((one = g_queue_pop_head (&sent))) {
    /* with @one those that are left, the newest of them last */
    if (one->at >= since && !talk->plain && sent.length < max)
      send_said_at (self, to, one->message, one->at);
    vm_sent_chat_free (one);
  }
}

static void
send_unsent (VmMeeting *self, VmParticipant *to)
{
  GQueue *unsent = &vm_participant_get_talk (to)->unsent;
  VmChatMessage *message;

  while ((message = g_queue_peek_head (unsent))
         && send_on_channel (self, to, message))
    g_object_unref (g_queue_pop_head (unsent));
}

/* What is said before the channel is open goes out when it is. */
static void
send_on_channel_alone (
    VmMeeting *self, VmParticipant *to, VmChatMessage *message)
{
  GQueue *unsent = &vm_participant_get_talk (to)->unsent;
  g_autoptr (VmChatMessage) dropped = NULL;

  g_queue_push_tail (unsent, g_object_ref (message));
  send_unsent (self, to);
  if (g_queue_get_length (unsent) <= VM_CHAT_UNSENT_MAX)
    return;
  dropped = g_queue_pop_head (unsent);
  tell_undelivered (self, to, dropped);
}

/* @to NULL: to everybody. */
static void
send_to_server (VmMeeting *self, const gchar *to, VmChatMessage *message)
{
  g_autoptr (VmSignal) signal = vm_signal_new (VM_SIGNAL_CHAT);

  signal->to = g_strdup (to);
  signal->id = g_strdup (vm_chat_message_get_id (message));
  signal->text = g_strdup (vm_chat_message_get_text (message));
  signal->time = vm_chat_format_time (vm_chat_message_get_time (message));
  signal->confidential = vm_chat_message_get_confidential (message);
  vm_meeting_send (self, signal);
}

static void
deliver (VmMeeting *self, VmParticipant *to, VmChatMessage *message)
{
  if (needs_channel (self, to))
    send_on_channel_alone (self, to, message);
  else if (!send_on_channel (self, to, message))
    send_to_server (self, vm_participant_get_id (to), message);
}

/* A mesh says to everybody what is said, whatever channels there are; and it
 * has no message for one alone. */
static gboolean
has_own_chat (VmMeeting *self)
{
  return self->dialect == VM_DIALECT_NAME_MESH;
}

static gboolean
may_say (VmMeeting *self, VmParticipant *participant, const gchar *text,
    GError **error)
{
  if (!vm_chat_check_text (text, error))
    return FALSE;
  if (!self->me || self->stopped)
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED,
        "This device is not in the meeting");
  else if (participant
           && vm_meeting_find (self, vm_participant_get_id (participant))
                  != participant)
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "%s is not in the meeting any more",
        vm_participant_get_user (participant));
  else if (participant && has_own_chat (self)
           && !vm_participant_get_talk (participant)->chat)
    g_set_error (error, VM_ERROR, VM_ERROR_UNROUTABLE,
        "This mesh has no message for %s alone",
        vm_participant_get_user (participant));
  else if (!vm_chat_rate_take (&self->rate, g_get_monotonic_time ()))
    g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too much was said at once: at most %d messages a second",
        VM_CHAT_RATE);
  else
    return TRUE;
  return FALSE;
}

/**
 * vm_meeting_send_chat:
 * @self: a #VmMeeting that was joined
 * @participant: (nullable): who alone shall read it; %NULL for everybody
 * @text: 1 to 4096 bytes of UTF-8, with newlines and tabs, without other
 *   control characters
 * @error: return location for an error
 *
 * Sends a chat message. It is in vm_meeting_list_chat() from now on; no
 * #VmMeeting::chat-received tells of it.
 *
 * Returns: %TRUE when it is on its way, which does not tell who reads it;
 * %FALSE with #VM_ERROR_TOO_LARGE or #VM_ERROR_BAD_MESSAGE when that cannot be
 * said, #VM_ERROR_DISCONNECTED when the meeting is not joined,
 *   #VM_ERROR_UNROUTABLE when @participant has left, #VM_ERROR_RATE_LIMITED
 *   beyond 10 messages a second
 *
 * Since: 0.1
 */
gboolean
vm_meeting_send_chat (VmMeeting *self, VmParticipant *participant,
    const gchar *text, GError **error)
{
  g_autoptr (GDateTime) now = NULL;
  g_autofree gchar *id = NULL;
  g_autoptr (VmChatMessage) message = NULL;
  g_autoptr (GPtrArray) others = NULL;
  VmChatFields fields = { 0 };

  g_return_val_if_fail (VM_IS_MEETING (self), FALSE);
  g_return_val_if_fail (!participant || VM_IS_PARTICIPANT (participant), FALSE);
  g_return_val_if_fail (text != NULL, FALSE);

  if (!may_say (self, participant, text, error))
    return FALSE;
  now = g_date_time_new_now_utc ();
  id = g_uuid_string_random ();
  fields.id = id;
  fields.from = vm_participant_get_id (self->me);
  fields.user = vm_participant_get_user (self->me);
  fields.text = text;
  fields.time = now;
  fields.confidential = participant != NULL;
  message = vm_chat_message_new (&fields);
  vm_chat_log_add (self->chat, message);
  if (participant) {
    deliver (self, participant, message);
    return TRUE;
  }
  if (has_own_chat (self)) {
    send_to_server (self, NULL, message);
    return TRUE;
  }
  others =
      g_ptr_array_copy (self->participants, (GCopyFunc) g_object_ref, NULL);
  for (guint i = 0; i < others->len; i++)
    deliver (self, g_ptr_array_index (others, i), message);
  return TRUE;
}

/**
 * vm_meeting_list_chat:
 * @self: a #VmMeeting
 *
 * What was said to everybody, this device's own messages included, and before
 * it came if the host has told: the newest 100 messages, or 48 KiB of them.
 *
 * Returns: (transfer full) (element-type VmChatMessage): oldest first
 *
 * Since: 0.1
 */
GList *
vm_meeting_list_chat (VmMeeting *self)
{
  g_return_val_if_fail (VM_IS_MEETING (self), NULL);

  return vm_chat_log_list (self->chat);
}

/* Whether one more of @from is heard. */
static gboolean
take_turn (VmParticipant *from)
{
  VmParticipantTalk *talk = vm_participant_get_talk (from);

  if (vm_chat_rate_take (&talk->rate, g_get_monotonic_time ())) {
    talk->dropped = FALSE;
    return TRUE;
  }
  if (!talk->dropped)
    g_debug ("%s says too much: some of it is dropped",
        vm_participant_get_id (from));
  talk->dropped = TRUE;
  return FALSE;
}

static void
hear (VmMeeting *self, VmChatMessage *message)
{
  if (vm_chat_log_add (self->chat, message))
    g_signal_emit (
        self, vm_meeting_signals[VM_MEETING_SIGNAL_CHAT_RECEIVED], 0, message);
}

static void
tell_forged (VmMeeting *self, VmParticipant *from)
{
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_SIGNATURE,
      "Something was written in the name of %s, whose device signs what it "
      "says: it came over the meeting's server and is not shown",
      vm_participant_get_user (from));

  vm_meeting_tell_forged (self, from, error);
}

void
vm_meeting_take_chat (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal)
{
  g_autofree gchar *id =
      signal->id ? g_strdup (signal->id) : g_uuid_string_random ();
  g_autoptr (GDateTime) time = vm_chat_parse_time (signal->time);
  g_autoptr (VmChatMessage) message = NULL;
  VmChatFields fields = { .id = id,
    .from = vm_participant_get_id (from),
    .user = vm_participant_get_user (from),
    .text = signal->text,
    .confidential = signal->confidential };

  if (!take_turn (from) || !vm_chat_check_text (signal->text, NULL))
    return;
  if (needs_channel (self, from)) {
    tell_forged (self, from);
    return;
  }
  if (!time)
    time = g_date_time_new_now_utc ();
  fields.time = time;
  message = vm_chat_message_new (&fields);
  hear (self, message);
}

/* @id NULL: chat will be acknowledged. */
static void
acknowledge (VmMeeting *self, VmParticipant *to, const gchar *id)
{
  g_autoptr (VmSignal) ack = vm_signal_new (VM_SIGNAL_ACK);

  ack->id = g_strdup (id);
  if (vm_participant_get_talk (to)->signal)
    vm_meeting_send_signal_to (self, to, ack);
}

void
vm_meeting_take_chat_text (
    VmMeeting *self, VmParticipant *from, const gchar *text)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_auto (VmChatInput) input = { NULL };

  if (!take_turn (from))
    return;
  if (!vm_chat_parse (&input, text, vm_participant_get_id (from),
          vm_participant_get_user (from), now, &error)) {
    g_debug (
        "chat of %s dropped: %s", vm_participant_get_id (from), error->message);
    return;
  }
  if (input.history
      && g_strcmp0 (vm_participant_get_id (from), self->host_id) != 0)
    return;
  if (!input.history)
    vm_participant_get_talk (from)->plain = input.plain;
  for (guint i = 0; i < input.messages->len && !self->stopped; i++) {
    VmChatMessage *message = g_ptr_array_index (input.messages, i);

    if (!input.history && !input.plain)
      acknowledge (self, from, vm_chat_message_get_id (message));
    hear (self, message);
  }
}

void
vm_meeting_start_acks (VmMeeting *self, VmParticipant *to)
{
  acknowledge (self, to, NULL);
}

void
vm_meeting_take_ack (VmMeeting *self, VmParticipant *from, const gchar *id)
{
  VmParticipantTalk *talk = vm_participant_get_talk (from);

  talk->acks = TRUE;
  for (GList *l = talk->sent.head; id && l; l = l->next) {
    VmSentChat *sent = l->data;

    if (strcmp (vm_chat_message_get_id (sent->message), id) != 0)
      continue;
    vm_sent_chat_free (sent);
    g_queue_delete_link (&talk->sent, l);
    return;
  }
}

gboolean
vm_meeting_awaits_acks (VmMeeting *self)
{
  for (guint i = 0; i < self->participants->len; i++) {
    VmParticipantTalk *talk =
        vm_participant_get_talk (self->participants->pdata[i]);

    if (talk->unsent.length || (talk->acks && talk->sent.length))
      return TRUE;
  }
  return FALSE;
}

void
vm_meeting_give_up_chat (VmMeeting *self, VmParticipant *to)
{
  VmParticipantTalk *talk = vm_participant_get_talk (to);
  GQueue sent = talk->sent, unsent = talk->unsent;
  VmChatMessage *message;
  VmSentChat *one;

  g_queue_init (&talk->sent);
  g_queue_init (&talk->unsent);
  while ((one = g_queue_pop_head (&sent))) {
    if (talk->acks)
      tell_undelivered (self, to, one->message);
    vm_sent_chat_free (one);
  }
  while ((message = g_queue_pop_head (&unsent))) {
    tell_undelivered (self, to, message);
    g_object_unref (message);
  }
}

static void
send_history (VmMeeting *self, VmParticipant *to)
{
  g_autofree gchar *text = NULL;

  if (!self->seat || vm_participant_get_talk (to)->plain)
    return;
  text = vm_chat_log_format (self->chat);
  if (text)
    vm_meeting_send_text (self, to, "chat", text);
}

void
vm_meeting_start_chat (VmMeeting *self, VmParticipant *to)
{
  send_history (self, to);
  vm_meeting_go_on_with_chat (self, to);
}

void
vm_meeting_go_on_with_chat (VmMeeting *self, VmParticipant *to)
{
  send_again (self, to);
  send_unsent (self, to);
}
