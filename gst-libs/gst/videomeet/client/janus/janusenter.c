/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How a VmJanusClient comes into its room, comes back, and leaves
 * (protocol/janus.md#states). */

#include "client/janus/janusclient-priv.h"

/* For the owner to open a WebSocket. */
#define OPEN_TIME (15 * G_USEC_PER_SEC)

/* Before each attempt to come back, ms; the last one repeats. */
static const guint delays[] = { 0, 500, 1000, 2000, 4000 };

void
vm_janus_client_end (VmJanusClient *self, const GError *error)
{
  if (self->state == VM_JANUS_CLIENT_CLOSED)
    return;
  vm_janus_client_move (self, VM_JANUS_MOVE_END);
  g_queue_clear_full (&self->requests, g_free);
  vm_janus_client_tell_error (self, VM_JANUS_EVENT_CLOSED, error);
}

void
vm_janus_client_end_with (
    VmJanusClient *self, VmError code, const gchar *message)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, message);

  vm_janus_client_end (self, error);
}

/* Requests on the way in */

static void
ask (VmJanusClient *self, VmJanusRequestType type, gint64 now,
    gchar *(*write) (const VmJanusHead *head))
{
  VmJanusHead head;

  if (vm_janus_client_begin (self, type, VM_JANUS_PUBLISHER, now, &head))
    vm_janus_client_send (self, write (&head));
}

static void
ask_to_join (VmJanusClient *self, gint64 now)
{
  const VmJanusEntry entry = { self->config.room, self->config.display,
    self->config.pin, self->config.token };
  VmJanusHead head;

  if (vm_janus_client_begin (
          self, VM_JANUS_REQUEST_JOIN, VM_JANUS_PUBLISHER, now, &head))
    vm_janus_client_send (self, vm_janus_write_join (&head, &entry));
}

static void
ask_for_room (VmJanusClient *self, gint64 now)
{
  const VmJanusNewRoom room = { self->config.room, self->config.publishers,
    self->config.pin, self->config.room_secret, self->config.admin_key };
  VmJanusHead head;

  self->room_made = TRUE;
  if (vm_janus_client_begin (
          self, VM_JANUS_REQUEST_MAKE_ROOM, VM_JANUS_PUBLISHER, now, &head))
    vm_janus_client_send (self, vm_janus_write_create_room (&head, &room));
}

static void
ask_for_list (VmJanusClient *self, gint64 now)
{
  VmJanusHead head;

  if (vm_janus_client_begin (
          self, VM_JANUS_REQUEST_LIST, VM_JANUS_PUBLISHER, now, &head))
    vm_janus_client_send (self, vm_janus_write_list (&head, self->config.room));
}

static void
create_session (VmJanusClient *self, gint64 now)
{
  self->session = -1;
  self->room_made = FALSE;
  for (guint i = 0; i < VM_JANUS_N_ROLES; i++)
    self->peers[i].handle = -1;
  ask (self, VM_JANUS_REQUEST_CREATE, now, vm_janus_write_create);
}

/* Loss */

/* Later attempts fail in the same way. */
static gboolean
is_final (const GError *error)
{
  return g_error_matches (error, VM_ERROR, VM_ERROR_NOT_TRUSTED)
         || g_error_matches (error, VM_ERROR, VM_ERROR_WRONG_PIN)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_NOT_FOUND)
         || g_error_matches (error, VM_ERROR, VM_ERROR_MEETING_FULL)
         || g_error_matches (error, VM_ERROR, VM_ERROR_NOT_FOUND);
}

static void
tell_lost (VmJanusClient *self, const GError *error)
{
  if (!self->told_lost)
    vm_janus_client_tell_error (self, VM_JANUS_EVENT_LOST, error);
  self->told_lost = TRUE;
}

/* What an attempt took that did not lead into the room is a part of the pause
 * after it: on a link that is cut, each takes longer than any pause. */
static gint64
choose_next_attempt (VmJanusClient *self, gint64 now)
{
  gint64 delay =
      delays[MIN (self->attempts, G_N_ELEMENTS (delays) - 1)] * (gint64) 1000;

  return self->state == VM_JANUS_CLIENT_JOINED
             ? now + delay
             : MAX (now, self->attempt_at + delay);
}

void
vm_janus_client_interrupt (VmJanusClient *self, const GError *error, gint64 now)
{
  gint64 next;

  if (self->state == VM_JANUS_CLIENT_PAUSING
      || self->state == VM_JANUS_CLIENT_CLOSED)
    return;
  if (self->state == VM_JANUS_CLIENT_LEAVING) {
    vm_janus_client_end (self, NULL);
    return;
  }
  if (!self->lost_at)
    self->lost_at = now;
  if (!self->entered || now >= self->lost_at + VM_JANUS_RETURN_TIME) {
    vm_janus_client_end (self, error);
    return;
  }
  /* a session that it is not in yet is not worth a claim */
  if (self->state != VM_JANUS_CLIENT_JOINED
      && self->state != VM_JANUS_CLIENT_CLAIMING
      && self->state != VM_JANUS_CLIENT_OPENING)
    self->session = -1;
  /* nobody knows whether this offer has arrived */
  if (self->publisher == VM_JANUS_OFFERED
      || self->publisher == VM_JANUS_UNPUBLISHING)
    self->session = -1;
  next = choose_next_attempt (self, now);
  vm_janus_client_move (self, VM_JANUS_MOVE_LOST);
  self->connected = FALSE;
  self->keepalive_at = self->steady_at = G_MAXINT64;
  g_queue_clear_full (&self->requests, g_free);
  g_queue_clear_full (&self->texts, g_free);
  self->attempts++;
  self->state_deadline = next;
  tell_lost (self, error);
}

void
vm_janus_client_forget_session (
    VmJanusClient *self, const GError *error, gint64 now)
{
  vm_janus_client_interrupt (self, error, now);
  self->session = -1;
}

static void
take_failure (VmJanusClient *self, const GError *error, gint64 now)
{
  if (is_final (error))
    vm_janus_client_end (self, error);
  else
    vm_janus_client_interrupt (self, error, now);
}

static void
take_nonsense (VmJanusClient *self, const gchar *what, gint64 now)
{
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "The answer of Janus to “%s” makes no sense", what);

  vm_janus_client_interrupt (self, error, now);
}

/* Answers */

void
vm_janus_answer_create (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (error) {
    take_failure (self, error, now);
  } else if (answer->id < 0) {
    take_nonsense (self, "create", now);
  } else {
    self->session = answer->id;
    vm_janus_client_move (self, VM_JANUS_MOVE_CREATED);
    ask (self, VM_JANUS_REQUEST_ATTACH, now, vm_janus_write_attach);
  }
}

void
vm_janus_answer_attach (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (request->role == VM_JANUS_SUBSCRIBER) {
    vm_janus_subscriber_take_handle (self, answer, error, now);
  } else if (error) {
    take_failure (self, error, now);
  } else if (answer->id < 0) {
    take_nonsense (self, "attach", now);
  } else {
    self->peers[VM_JANUS_PUBLISHER].handle = answer->id;
    vm_janus_client_move (self, VM_JANUS_MOVE_ATTACHED);
    ask_to_join (self, now);
  }
}

/* Somebody else may have made it meanwhile. */
void
vm_janus_answer_make_room (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (error && answer->code != VM_JANUS_ROOM_EXISTS)
    take_failure (self, error, now);
  else
    ask_to_join (self, now);
}

static void
settle_after_loss (VmJanusClient *self, gint64 now)
{
  self->told_lost = FALSE;
  if (self->lost_at)
    self->steady_at = now + VM_JANUS_STEADY_TIME;
}

static void
take_room (VmJanusClient *self, const VmJanusMessage *answer, gint64 now)
{
  VmJanusEvent *event;

  vm_janus_client_move (self, VM_JANUS_MOVE_ENTERED);
  self->own = answer->own;
  self->private_id = answer->private_id;
  event = vm_janus_client_tell (self, VM_JANUS_EVENT_JOINED);
  event->id = self->own;
  event->text = g_strdup (answer->description);
  event->again = self->entered;
  self->entered = TRUE;
  settle_after_loss (self, now);
  vm_janus_publisher_reset (self);
  self->subscriber.renewals = 0;
  vm_janus_subscriber_renew (self, NULL, FALSE, now);
  vm_janus_roster_replace (self, answer->participants);
  vm_janus_subscriber_pump (self, now);
}

void
vm_janus_answer_join (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (answer->code == VM_JANUS_NO_SUCH_ROOM && self->config.create
      && !self->room_made)
    ask_for_room (self, now);
  else if (error)
    take_failure (self, error, now);
  else if (answer->room_type != VM_JANUS_ROOM_JOINED || answer->own < 0)
    take_nonsense (self, "join", now);
  else
    take_room (self, answer, now);
}

void
vm_janus_answer_claim (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (error) {
    vm_janus_client_move (self, VM_JANUS_MOVE_REFUSED);
    create_session (self, now);
    return;
  }
  vm_janus_client_move (self, VM_JANUS_MOVE_CLAIMED);
  settle_after_loss (self, now);
  vm_janus_client_tell (self, VM_JANUS_EVENT_RETURNED);
  ask_for_list (self, now);
}

static VmJanusParticipant *
find_own (VmJanusClient *self, const VmJanusMessage *answer)
{
  for (guint i = 0; i < answer->participants->len; i++) {
    VmJanusParticipant *participant = answer->participants->pdata[i];

    if (participant->id == self->own)
      return participant;
  }
  return NULL;
}

/* The list says who is there, and not with which streams. */
void
vm_janus_answer_list (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  g_autoptr (GError) gone = NULL;

  if (!error && !find_own (self, answer))
    gone = g_error_new_literal (VM_ERROR, VM_ERROR_DISCONNECTED,
        "This device is not in the room any longer");
  if (error || gone) {
    vm_janus_client_forget_session (self, error ? error : gone, now);
    return;
  }
  vm_janus_roster_replace (self, answer->participants);
  vm_janus_subscriber_survey (self, now);
}

void
vm_janus_answer_destroy (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  vm_janus_client_end (self, NULL);
}

/* The owner's calls */

void
vm_janus_client_start (VmJanusClient *self, gint64 now)
{
  if (vm_janus_client_move (self, VM_JANUS_MOVE_START))
    self->state_deadline = now + OPEN_TIME;
}

gboolean
vm_janus_client_wants_socket (VmJanusClient *self)
{
  return self->state != VM_JANUS_CLIENT_IDLE
         && self->state != VM_JANUS_CLIENT_PAUSING
         && self->state != VM_JANUS_CLIENT_CLOSED;
}

void
vm_janus_client_opened (VmJanusClient *self, gint64 now)
{
  if (self->state != VM_JANUS_CLIENT_OPENING)
    return;
  self->connected = TRUE;
  self->told_unreadable = FALSE;
  self->keepalive_at = now + VM_JANUS_KEEPALIVE_TIME;
  if (self->session > 0) {
    vm_janus_client_move (self, VM_JANUS_MOVE_OPENED_AGAIN);
    ask (self, VM_JANUS_REQUEST_CLAIM, now, vm_janus_write_claim);
  } else {
    vm_janus_client_move (self, VM_JANUS_MOVE_OPENED);
    create_session (self, now);
  }
}

void
vm_janus_client_lost (VmJanusClient *self, const GError *error, gint64 now)
{
  self->connected = FALSE;
  if (vm_janus_client_wants_socket (self))
    vm_janus_client_interrupt (self, error, now);
}

void
vm_janus_client_leave (VmJanusClient *self, gint64 now)
{
  if (self->state == VM_JANUS_CLIENT_LEAVING
      || self->state == VM_JANUS_CLIENT_CLOSED)
    return;
  g_queue_clear_full (&self->requests, g_free);
  if (!self->connected || self->session < 0) {
    vm_janus_client_end (self, NULL);
    return;
  }
  vm_janus_client_move (self, VM_JANUS_MOVE_LEAVE);
  self->state_deadline = now + VM_JANUS_LEAVE_TIME;
  /* it leaves the room with it */
  ask (self, VM_JANUS_REQUEST_DESTROY, now, vm_janus_write_destroy);
}

/* Time */

gint64
vm_janus_enter_get_wake (VmJanusClient *self)
{
  gint64 wake = self->state_deadline;

  if (self->connected)
    wake = MIN (wake, self->keepalive_at);
  if (self->lost_at && self->state == VM_JANUS_CLIENT_JOINED)
    wake = MIN (wake, self->steady_at);
  return wake;
}

static void
take_state_deadline (VmJanusClient *self, gint64 now)
{
  g_autoptr (GError) error = NULL;

  if (self->state == VM_JANUS_CLIENT_PAUSING) {
    vm_janus_client_move (self, VM_JANUS_MOVE_PAUSED);
    self->attempt_at = now;
    self->state_deadline = now + OPEN_TIME;
    return;
  }
  g_set_error_literal (&error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The server of Janus cannot be reached in time");
  vm_janus_client_interrupt (self, error, now);
}

void
vm_janus_enter_tick (VmJanusClient *self, gint64 now)
{
  if (now >= self->state_deadline)
    take_state_deadline (self, now);
  if (self->lost_at && self->state == VM_JANUS_CLIENT_JOINED
      && now >= self->steady_at) {
    self->lost_at = 0;
    self->attempts = 0;
  }
  if (self->connected && self->session > 0 && now >= self->keepalive_at)
    ask (self, VM_JANUS_REQUEST_KEEPALIVE, now, vm_janus_write_keepalive);
  if (now >= self->keepalive_at)
    self->keepalive_at = now + VM_JANUS_KEEPALIVE_TIME;
}
