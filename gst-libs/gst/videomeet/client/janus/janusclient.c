/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "client/janus/janusclient-priv.h"

#include <string.h>

/* Requests that candidates leave to all others. */
#define REQUESTS_KEPT 16

static const gchar *const states[] = {
  [VM_JANUS_CLIENT_IDLE] = "idle",
  [VM_JANUS_CLIENT_OPENING] = "opening",
  [VM_JANUS_CLIENT_PAUSING] = "pausing",
  [VM_JANUS_CLIENT_CLAIMING] = "claiming",
  [VM_JANUS_CLIENT_CREATING] = "creating",
  [VM_JANUS_CLIENT_ATTACHING] = "attaching",
  [VM_JANUS_CLIENT_ENTERING] = "entering",
  [VM_JANUS_CLIENT_JOINED] = "joined",
  [VM_JANUS_CLIENT_LEAVING] = "leaving",
  [VM_JANUS_CLIENT_CLOSED] = "closed",
};

#define FROM(state) VM_JANUS_CLIENT_##state
#define BY(move) VM_JANUS_MOVE_##move
#define TO(state) VM_JANUS_CLIENT_##state

/* Every edge there is but END, which leads from all states but CLOSED to it;
 * what is not listed is refused. */
static const struct
{
  VmJanusClientState from;
  VmJanusMove move;
  VmJanusClientState to;
} edges[] = {
  { FROM (IDLE), BY (START), TO (OPENING) },
  { FROM (OPENING), BY (OPENED), TO (CREATING) },
  { FROM (OPENING), BY (OPENED_AGAIN), TO (CLAIMING) },
  { FROM (OPENING), BY (LOST), TO (PAUSING) },
  { FROM (PAUSING), BY (PAUSED), TO (OPENING) },
  { FROM (CLAIMING), BY (CLAIMED), TO (JOINED) },
  { FROM (CLAIMING), BY (REFUSED), TO (CREATING) },
  { FROM (CLAIMING), BY (LOST), TO (PAUSING) },
  { FROM (CLAIMING), BY (LEAVE), TO (LEAVING) },
  { FROM (CREATING), BY (CREATED), TO (ATTACHING) },
  { FROM (CREATING), BY (LOST), TO (PAUSING) },
  { FROM (ATTACHING), BY (ATTACHED), TO (ENTERING) },
  { FROM (ATTACHING), BY (LOST), TO (PAUSING) },
  { FROM (ATTACHING), BY (LEAVE), TO (LEAVING) },
  { FROM (ENTERING), BY (ENTERED), TO (JOINED) },
  { FROM (ENTERING), BY (LOST), TO (PAUSING) },
  { FROM (ENTERING), BY (LEAVE), TO (LEAVING) },
  { FROM (JOINED), BY (LOST), TO (PAUSING) },
  { FROM (JOINED), BY (LEAVE), TO (LEAVING) },
};

const gchar *
vm_janus_client_state_to_string (VmJanusClientState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "unknown");

  return states[state];
}

gboolean
vm_janus_client_state_next (
    VmJanusClientState state, VmJanusMove move, VmJanusClientState *next)
{
  if (move == VM_JANUS_MOVE_END && state != VM_JANUS_CLIENT_CLOSED) {
    *next = VM_JANUS_CLIENT_CLOSED;
    return TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].move == move) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}

gboolean
vm_janus_client_move (VmJanusClient *self, VmJanusMove move)
{
  VmJanusClientState from = self->state;

  if (!vm_janus_client_state_next (from, move, &self->state)) {
    g_warning ("Janus: no move %d from %s", move, states[from]);
    return FALSE;
  }
  g_debug ("Janus: %s to %s", states[from], states[self->state]);
  self->state_deadline = G_MAXINT64;
  return TRUE;
}

/* Beginning and end */

static gboolean
copy_secret (const gchar **to, const gchar *from, GError **error)
{
  if (from && strlen (from) > VM_JANUS_SECRET_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A PIN, a secret or a token for Janus has at most %d bytes",
        VM_JANUS_SECRET_MAX);
    return FALSE;
  }
  *to = g_strdup (from);
  return TRUE;
}

static gboolean
copy_config (
    VmJanusClientConfig *to, const VmJanusClientConfig *from, GError **error)
{
  static const gchar *const codecs[] = { "opus", "vp8", "h264", NULL };

  to->room = from->room;
  to->create = from->create;
  to->publishers = from->publishers ? from->publishers : 10;
  to->codecs = (const gchar *const *) g_strdupv (
      (gchar **) (from->codecs ? from->codecs : codecs));
  to->display = from->display
                    ? vm_text_to_label (from->display, VM_SIGNAL_NAME_MAX)
                    : NULL;
  return copy_secret (&to->pin, from->pin, error)
         && copy_secret (&to->api_secret, from->api_secret, error)
         && copy_secret (&to->token, from->token, error)
         && copy_secret (&to->room_secret, from->room_secret, error)
         && copy_secret (&to->admin_key, from->admin_key, error);
}

static void
clear_config (VmJanusClientConfig *config)
{
  g_free ((gchar *) config->display);
  g_free ((gchar *) config->pin);
  g_free ((gchar *) config->api_secret);
  g_free ((gchar *) config->token);
  g_free ((gchar *) config->room_secret);
  g_free ((gchar *) config->admin_key);
  g_strfreev ((gchar **) config->codecs);
}

VmJanusClient *
vm_janus_client_new (const VmJanusClientConfig *config, GError **error)
{
  g_autoptr (VmJanusClient) self = g_new0 (VmJanusClient, 1);

  self->session = self->own = self->private_id = -1;
  self->state_deadline = self->publisher_deadline = G_MAXINT64;
  self->keepalive_at = G_MAXINT64;
  self->roster = g_ptr_array_new_with_free_func (
      (GDestroyNotify) vm_janus_participant_free);
  for (guint i = 0; i < VM_JANUS_N_ROLES; i++)
    vm_janus_peer_init (&self->peers[i]);
  vm_janus_subscriber_init (&self->subscriber);
  return copy_config (&self->config, config, error) ? g_steal_pointer (&self)
                                                    : NULL;
}

void
vm_janus_client_free (VmJanusClient *self)
{
  g_queue_clear_full (&self->texts, g_free);
  g_queue_clear_full (&self->events, (GDestroyNotify) vm_janus_event_free);
  g_queue_clear_full (&self->requests, g_free);
  for (guint i = 0; i < VM_JANUS_N_ROLES; i++)
    vm_janus_peer_clear (&self->peers[i]);
  vm_janus_subscriber_clear (&self->subscriber);
  g_ptr_array_unref (self->roster);
  clear_config (&self->config);
  g_free (self);
}

VmJanusClientState
vm_janus_client_get_state (VmJanusClient *self)
{
  return self->state;
}

gint64
vm_janus_client_get_own_id (VmJanusClient *self)
{
  return self->own;
}

const GPtrArray *
vm_janus_client_get_roster (VmJanusClient *self)
{
  return self->roster;
}

/* Events */

void
vm_janus_event_free (VmJanusEvent *event)
{
  g_free (event->text);
  g_free (event->mid);
  g_free (event->sdp);
  g_clear_pointer (&event->stream, vm_janus_stream_free);
  g_clear_pointer (&event->streams, g_ptr_array_unref);
  g_clear_error (&event->error);
  g_free (event);
}

VmJanusEvent *
vm_janus_client_tell (VmJanusClient *self, VmJanusEventType type)
{
  VmJanusEvent *event = g_new0 (VmJanusEvent, 1);

  event->type = type;
  event->id = event->mline = -1;
  g_queue_push_tail (&self->events, event);
  return event;
}

void
vm_janus_client_tell_error (
    VmJanusClient *self, VmJanusEventType type, const GError *error)
{
  VmJanusEvent *event;

  if (type == VM_JANUS_EVENT_WARNING
      && !vm_rate_take (&self->warnings, VM_JANUS_WARNINGS_MAX, 1, self->now))
    return;
  event = vm_janus_client_tell (self, type);
  event->error = error ? g_error_copy (error) : NULL;
}

VmJanusEvent *
vm_janus_client_take_event (VmJanusClient *self)
{
  return g_queue_pop_head (&self->events);
}

gchar *
vm_janus_client_take_text (VmJanusClient *self)
{
  return g_queue_pop_head (&self->texts);
}

/* Requests */

static gboolean
is_small (VmJanusRequestType type)
{
  return type == VM_JANUS_REQUEST_TRICKLE || type == VM_JANUS_REQUEST_CHANGE;
}

gboolean
vm_janus_client_begin (VmJanusClient *self, VmJanusRequestType type,
    VmJanusRole role, gint64 now, VmJanusHead *head)
{
  guint max = VM_JANUS_REQUESTS_MAX - (is_small (type) ? REQUESTS_KEPT : 0);
  gboolean plain = type <= VM_JANUS_REQUEST_ATTACH;
  VmJanusRequest *request;

  if (self->requests.length >= max)
    return FALSE;
  request = g_new0 (VmJanusRequest, 1);
  request->number = ++self->last_request;
  request->type = type;
  request->role = role;
  request->handle = plain ? -1 : self->peers[role].handle;
  request->deadline = now + VM_JANUS_ANSWER_TIME;
  g_queue_push_tail (&self->requests, request);
  *head = (VmJanusHead){
    .transaction = request->number,
    .session = type == VM_JANUS_REQUEST_CREATE ? -1 : self->session,
    .handle = request->handle,
    .api_secret = self->config.api_secret,
    .token = self->config.token,
  };
  return TRUE;
}

void
vm_janus_client_send (VmJanusClient *self, gchar *text)
{
  g_queue_push_tail (&self->texts, text);
}

void
vm_janus_client_forget_requests (VmJanusClient *self, gint64 handle)
{
  for (GList *l = self->requests.head, *next; l; l = next) {
    VmJanusRequest *request = l->data;

    next = l->next;
    if (request->handle == handle) {
      g_queue_delete_link (&self->requests, l);
      g_free (request);
    }
  }
}

static GList *
find_request (VmJanusClient *self, const VmJanusMessage *message)
{
  guint64 number;

  if (!message->transaction
      || !g_ascii_string_to_unsigned (
          message->transaction, 10, 1, G_MAXUINT, &number, NULL))
    return NULL;
  for (GList *l = self->requests.head; l; l = l->next) {
    if (((VmJanusRequest *) l->data)->number == number)
      return l;
  }
  return NULL;
}

static VmJanusRequest *
take_request (VmJanusClient *self, GList *link)
{
  VmJanusRequest *request = link->data;

  g_queue_delete_link (&self->requests, link);
  return request;
}

/* Receiving */

static gboolean
has (const gchar *text, const gchar *secret)
{
  return secret && *secret && strstr (text, secret) != NULL;
}

/* A server that repeats a secret is not repeated. */
static void
hide_secrets (VmJanusClient *self, VmJanusMessage *message)
{
  const VmJanusClientConfig *config = &self->config;

  if (message->text
      && (has (message->text, config->pin)
          || has (message->text, config->api_secret)
          || has (message->text, config->token)
          || has (message->text, config->room_secret)
          || has (message->text, config->admin_key)))
    g_clear_pointer (&message->text, g_free);
}

static void
warn_of (VmJanusClient *self, const GError *error)
{
  if (error)
    vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
}

static void
take_answer (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *message, gint64 now)
{
  static VmJanusAnswer *const funcs[] = {
    [VM_JANUS_REQUEST_CREATE] = vm_janus_answer_create,
    [VM_JANUS_REQUEST_CLAIM] = vm_janus_answer_claim,
    [VM_JANUS_REQUEST_DESTROY] = vm_janus_answer_destroy,
    [VM_JANUS_REQUEST_ATTACH] = vm_janus_answer_attach,
    [VM_JANUS_REQUEST_MAKE_ROOM] = vm_janus_answer_make_room,
    [VM_JANUS_REQUEST_JOIN] = vm_janus_answer_join,
    [VM_JANUS_REQUEST_LIST] = vm_janus_answer_list,
    [VM_JANUS_REQUEST_PUBLISH] = vm_janus_answer_publish,
    [VM_JANUS_REQUEST_UNPUBLISH] = vm_janus_answer_unpublish,
    [VM_JANUS_REQUEST_SUBSCRIBE] = vm_janus_answer_subscribe,
    [VM_JANUS_REQUEST_UPDATE] = vm_janus_answer_update,
    [VM_JANUS_REQUEST_START] = vm_janus_answer_start,
    [VM_JANUS_REQUEST_CHANGE] = NULL,
  };
  g_autoptr (GError) error = vm_janus_message_get_error (message);

  if (message->code == VM_JANUS_SESSION_NOT_FOUND
      && request->type != VM_JANUS_REQUEST_CLAIM
      && request->type != VM_JANUS_REQUEST_DESTROY)
    vm_janus_client_forget_session (self, error, now);
  else if (funcs[request->type])
    funcs[request->type](self, request, message, error, now);
  else if (request->type == VM_JANUS_REQUEST_TRICKLE
           || request->type == VM_JANUS_REQUEST_CHANGE
           || request->type == VM_JANUS_REQUEST_KEEPALIVE)
    warn_of (self, error);
}

static gboolean
find_role (
    VmJanusClient *self, const VmJanusMessage *message, VmJanusRole *role)
{
  for (guint i = 0; i < VM_JANUS_N_ROLES; i++) {
    if (message->sender > 0 && self->peers[i].handle == message->sender) {
      *role = (VmJanusRole) i;
      return TRUE;
    }
  }
  return FALSE;
}

/* The connection of a handle, or the handle, is over. */
static void
take_end (VmJanusClient *self, VmJanusRole role, const VmJanusMessage *message,
    gint64 now)
{
  gboolean detached = message->type == VM_JANUS_DETACHED;
  g_autoptr (GError) error = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "Janus has closed the connection: %s",
      message->text ? message->text : "no reason given");

  if (role == VM_JANUS_SUBSCRIBER)
    vm_janus_subscriber_renew (self, error, !detached, now);
  else if (detached)
    vm_janus_client_forget_session (self, error, now);
  else
    vm_janus_publisher_hung_up (self, error);
}

static void
take_of_handle (VmJanusClient *self, const VmJanusMessage *message, gint64 now)
{
  VmJanusEvent *event;
  VmJanusRole role;

  if (self->state != VM_JANUS_CLIENT_JOINED
      || !find_role (self, message, &role))
    return;
  switch (message->type) {
    case VM_JANUS_TRICKLE:
      vm_janus_peer_take_candidate (self, role, message);
      return;
    case VM_JANUS_HANGUP:
    case VM_JANUS_DETACHED:
      take_end (self, role, message, now);
      return;
    case VM_JANUS_WEBRTCUP:
      if (role == VM_JANUS_PUBLISHER)
        vm_janus_publisher_up (self, now);
      else
        vm_janus_subscriber_up (self, now);
      break;
    default:
      break;
  }
  event = vm_janus_client_tell (
      self, message->type == VM_JANUS_WEBRTCUP ? VM_JANUS_EVENT_CONNECTED
            : message->type == VM_JANUS_MEDIA  ? VM_JANUS_EVENT_MEDIA
                                               : VM_JANUS_EVENT_SLOW_LINK);
  event->role = role;
  event->mid = g_strdup (message->mid);
  event->on =
      message->type == VM_JANUS_MEDIA ? message->receiving : message->uplink;
}

static void
take_timeout (VmJanusClient *self, gint64 now)
{
  g_autoptr (GError) error = g_error_new_literal (
      VM_ERROR, VM_ERROR_DISCONNECTED, "Janus has ended the session");

  vm_janus_client_forget_session (self, error, now);
}

/* Before it is in the room somebody waits for this very message; later it may
 * be about anything, and what this device asks for has deadlines. */
static void
take_unreadable (VmJanusClient *self, GError *error)
{
  g_prefix_error (&error, "What Janus says cannot be read: ");
  if (self->state != VM_JANUS_CLIENT_JOINED)
    vm_janus_client_end (self, error);
  else if (!self->told_unreadable)
    warn_of (self, error);
  self->told_unreadable = TRUE;
}

static void
take_acknowledgement (VmJanusClient *self, GList *link, gint64 now)
{
  VmJanusRequest *request = link ? link->data : NULL;

  /* the answer to any other follows */
  if (!request
      || (request->type != VM_JANUS_REQUEST_KEEPALIVE
          && request->type != VM_JANUS_REQUEST_TRICKLE))
    return;
  g_free (take_request (self, link));
  for (guint i = 0; i < VM_JANUS_N_ROLES; i++)
    vm_janus_peer_flush (self, (VmJanusRole) i, now);
}

static void
take_message (VmJanusClient *self, VmJanusMessage *message, gint64 now)
{
  GList *link = find_request (self, message);

  if (message->session > 0 && self->session > 0
      && message->session != self->session)
    return;
  hide_secrets (self, message);
  switch (message->type) {
    case VM_JANUS_ACK:
      take_acknowledgement (self, link, now);
      return;
    case VM_JANUS_SUCCESS:
    case VM_JANUS_ERROR:
    case VM_JANUS_EVENT:
      if (link) {
        g_autofree VmJanusRequest *request = take_request (self, link);

        take_answer (self, request, message, now);
      } else if (message->type == VM_JANUS_EVENT) {
        vm_janus_client_take_news (self, message, now);
      } else if (message->type == VM_JANUS_ERROR) {
        g_autoptr (GError) error = vm_janus_message_get_error (message);

        warn_of (self, error);
      }
      return;
    case VM_JANUS_TIMEOUT:
      take_timeout (self, now);
      return;
    case VM_JANUS_OTHER:
      return;
    default:
      take_of_handle (self, message, now);
  }
}

void
vm_janus_client_receive (
    VmJanusClient *self, const gchar *text, gsize size, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJanusMessage) message = NULL;

  if (!self->connected || self->state == VM_JANUS_CLIENT_CLOSED)
    return;
  self->now = now;
  message = vm_janus_message_read (text, size, &error);
  if (message)
    take_message (self, message, now);
  else if (self->state != VM_JANUS_CLIENT_LEAVING)
    take_unreadable (self, error);
}

/* Time */

gint64
vm_janus_client_get_wake (VmJanusClient *self)
{
  VmJanusRequest *oldest = g_queue_peek_head (&self->requests);
  gint64 wake = vm_janus_enter_get_wake (self);

  if (self->state == VM_JANUS_CLIENT_CLOSED)
    return G_MAXINT64;
  if (oldest)
    wake = MIN (wake, oldest->deadline);
  if (self->state != VM_JANUS_CLIENT_JOINED)
    return wake;
  wake = MIN (wake, self->publisher_deadline);
  return MIN (wake, vm_janus_subscriber_get_wake (self));
}

static void
check_requests (VmJanusClient *self, gint64 now)
{
  VmJanusRequest *oldest = g_queue_peek_head (&self->requests);
  g_autoptr (GError) error = NULL;

  if (!oldest || now < oldest->deadline)
    return;
  g_set_error (&error, VM_ERROR, VM_ERROR_TIMEOUT,
      "Janus did not answer within %d s",
      (gint) (VM_JANUS_ANSWER_TIME / G_USEC_PER_SEC));
  /* a session that cannot even be looked at is not claimed once more */
  if (self->subscriber.survey)
    vm_janus_client_forget_session (self, error, now);
  else
    vm_janus_client_interrupt (self, error, now);
}

void
vm_janus_client_tick (VmJanusClient *self, gint64 now)
{
  if (self->state == VM_JANUS_CLIENT_CLOSED)
    return;
  self->now = now;
  check_requests (self, now);
  vm_janus_enter_tick (self, now);
  if (self->state != VM_JANUS_CLIENT_JOINED)
    return;
  vm_janus_publisher_tick (self, now);
  vm_janus_subscriber_tick (self, now);
}
