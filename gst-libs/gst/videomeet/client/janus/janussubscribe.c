/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this device receives (protocol/janus.md#subscribing): one handle, whose
 * connection carries the streams of everybody. The server offers; a single
 * negotiation is under way at a time, and what is wanted and dropped meanwhile
 * is the next. */

#include "client/janus/janusclient-priv.h"

#include <string.h>

/* After a request that gave nothing. */
#define RETRY_TIME (G_USEC_PER_SEC / 2)
/* Between two updates: what several people do at once is one negotiation. */
#define UPDATE_TIME (G_USEC_PER_SEC / 10)
/* For its first connection (protocol/janus.md#subscribing). */
#define CONNECT_TIME (10 * G_USEC_PER_SEC)
/* Participants whose streams are looked at after a return; a camera, a screen
 * and a microphone each stay within VM_JANUS_SLOTS_MAX. */
#define SURVEY_MAX 20

/* From the beginning of one connection to that of the next, ms; the last one
 * repeats. */
static const guint delays[] = { 0, 500, 1000, 2000, 4000, 8000 };

static void
wanted_free (VmJanusWanted *wanted)
{
  g_free (wanted->mid);
  g_free (wanted);
}

void
vm_janus_subscriber_init (VmJanusSubscriber *sub)
{
  sub->wanted = g_ptr_array_new_with_free_func ((GDestroyNotify) wanted_free);
  sub->slots =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_janus_stream_free);
  sub->deadline = G_MAXINT64;
}

void
vm_janus_subscriber_clear (VmJanusSubscriber *sub)
{
  g_ptr_array_unref (sub->wanted);
  g_ptr_array_unref (sub->slots);
  g_free (sub->pending);
}

static gint
find_wanted (VmJanusSubscriber *sub, gint64 feed, const gchar *mid)
{
  for (guint i = 0; i < sub->wanted->len; i++) {
    const VmJanusWanted *wanted = sub->wanted->pdata[i];

    if (wanted->feed == feed && strcmp (wanted->mid, mid) == 0)
      return (gint) i;
  }
  return -1;
}

static const VmJanusStream *
find_slot (VmJanusSubscriber *sub, gint64 feed, const gchar *mid)
{
  for (guint i = 0; i < sub->slots->len; i++) {
    const VmJanusStream *slot = sub->slots->pdata[i];

    if (slot->feed == feed && g_strcmp0 (slot->feed_mid, mid) == 0)
      return slot;
  }
  return NULL;
}

static void
enter (VmJanusClient *self, VmJanusSubState state, gint64 deadline)
{
  self->subscriber.state = state;
  self->subscriber.deadline = deadline;
}

/* Asking */

static void
add_source (GArray *sources, const VmJanusWanted *wanted)
{
  const VmJanusSource source = { wanted->feed, wanted->mid, wanted->substream,
    wanted->temporal };

  g_array_append_val (sources, source);
}

/* Of those that are not there, the one that was asked for least; else all. */
static GArray *
list_missing (VmJanusSubscriber *sub)
{
  GArray *sources = g_array_new (FALSE, FALSE, sizeof (VmJanusSource));
  VmJanusWanted *least = NULL;

  for (guint i = 0; i < sub->wanted->len; i++) {
    VmJanusWanted *wanted = sub->wanted->pdata[i];

    if (find_slot (sub, wanted->feed, wanted->mid))
      continue;
    if (!least || wanted->tries < least->tries)
      least = wanted;
    if (!sub->single) {
      wanted->tries++;
      add_source (sources, wanted);
    }
  }
  if (sub->single && least) {
    least->tries++;
    add_source (sources, least);
  }
  sub->single &= least != NULL;
  return sources;
}

/* The m-lines that nobody wants: the mid of each is the slot's. */
static GPtrArray *
list_unwanted (VmJanusSubscriber *sub)
{
  GPtrArray *mids = g_ptr_array_new ();

  for (guint i = 0; i < sub->slots->len; i++) {
    const VmJanusStream *slot = sub->slots->pdata[i];

    if (slot->feed > 0 && find_wanted (sub, slot->feed, slot->feed_mid) < 0)
      g_ptr_array_add (mids, slot->mid);
  }
  return mids;
}

static GArray *
list_everybody (VmJanusClient *self)
{
  GArray *sources = g_array_new (FALSE, FALSE, sizeof (VmJanusSource));

  for (guint i = 0; i < self->roster->len && sources->len < SURVEY_MAX; i++) {
    const VmJanusParticipant *participant = self->roster->pdata[i];
    const VmJanusSource source = { participant->id, NULL, -1, -1 };

    if (participant->publishes)
      g_array_append_val (sources, source);
  }
  return sources;
}

static void
ask_for_handle (VmJanusClient *self, gint64 now)
{
  VmJanusHead head;

  if (!vm_janus_client_begin (
          self, VM_JANUS_REQUEST_ATTACH, VM_JANUS_SUBSCRIBER, now, &head))
    return;
  vm_janus_client_send (self, vm_janus_write_attach (&head));
  self->subscriber.begun_at = now;
  enter (self, VM_JANUS_SUB_ATTACHING, G_MAXINT64);
}

static void
subscribe (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;
  const VmJanusEntry entry = { self->config.room, NULL, self->config.pin,
    self->config.token };
  g_autoptr (GArray) sources = NULL;
  VmJanusHead head;

  sources = sub->survey ? list_everybody (self) : list_missing (sub);
  sub->survey &= sources->len > 0;
  if (!sources->len
      || !vm_janus_client_begin (
          self, VM_JANUS_REQUEST_SUBSCRIBE, VM_JANUS_SUBSCRIBER, now, &head))
    return;
  vm_janus_client_send (self,
      vm_janus_write_subscribe (&head, &entry, self->private_id, sources));
  enter (self, VM_JANUS_SUB_JOINING, G_MAXINT64);
}

static void
update (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;
  g_autoptr (GArray) sources = list_missing (sub);
  g_autoptr (GPtrArray) mids = list_unwanted (sub);
  VmJanusHead head;

  if (!sources->len && !mids->len)
    return;
  /* no m-line is ever removed: a new connection has only those in use */
  if (sub->slots->len + sources->len > VM_JANUS_SLOTS_MAX) {
    vm_janus_subscriber_renew (self, NULL, TRUE, now);
    vm_janus_subscriber_pump (self, now);
    return;
  }
  if (!vm_janus_client_begin (
          self, VM_JANUS_REQUEST_UPDATE, VM_JANUS_SUBSCRIBER, now, &head))
    return;
  vm_janus_client_send (self, vm_janus_write_update (&head, sources, mids));
  sub->retry_at = now + UPDATE_TIME;
  enter (self, VM_JANUS_SUB_UPDATING, G_MAXINT64);
}

/* What the server does not give, again and again, is not asked for. */
static void
give_up_some (VmJanusClient *self)
{
  VmJanusSubscriber *sub = &self->subscriber;

  for (guint i = sub->wanted->len; i-- > 0;) {
    VmJanusWanted *wanted = sub->wanted->pdata[i];
    g_autoptr (GError) error = NULL;

    if (find_slot (sub, wanted->feed, wanted->mid)) {
      wanted->tries = 0;
    } else if (wanted->tries >= VM_JANUS_TRIES_MAX) {
      g_set_error (&error, VM_ERROR, VM_ERROR_UNROUTABLE,
          "Janus does not give the stream %s of participant %" G_GINT64_FORMAT,
          wanted->mid, wanted->feed);
      vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
      g_ptr_array_remove_index (sub->wanted, i);
    }
  }
}

void
vm_janus_subscriber_pump (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;

  if (self->state != VM_JANUS_CLIENT_JOINED || now < sub->retry_at)
    return;
  switch (sub->state) {
    case VM_JANUS_SUB_NONE:
      if (sub->wanted->len || sub->survey)
        ask_for_handle (self, now);
      return;
    case VM_JANUS_SUB_ATTACHED:
      give_up_some (self);
      subscribe (self, now);
      return;
    case VM_JANUS_SUB_READY:
      give_up_some (self);
      update (self, now);
      return;
    default:
      return;
  }
}

/* Beginning anew */

void
vm_janus_subscriber_renew (
    VmJanusClient *self, const GError *error, gboolean detach, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;
  VmJanusPeer *peer = &self->peers[VM_JANUS_SUBSCRIBER];
  VmJanusHead head;
  guint delay;

  /* there is nothing yet that could be begun anew */
  if (detach && sub->state == VM_JANUS_SUB_ATTACHING)
    return;
  if (peer->handle > 0)
    vm_janus_client_forget_requests (self, peer->handle);
  if (peer->handle > 0 && detach && self->state == VM_JANUS_CLIENT_JOINED
      && vm_janus_client_begin (
          self, VM_JANUS_REQUEST_DETACH, VM_JANUS_SUBSCRIBER, now, &head))
    vm_janus_client_send (self, vm_janus_write_detach (&head));
  peer->handle = -1;
  vm_janus_peer_clear (peer);
  g_ptr_array_set_size (sub->slots, 0);
  g_clear_pointer (&sub->pending, g_free);
  /* that was not for want of a stream */
  for (guint i = 0; i < sub->wanted->len; i++)
    ((VmJanusWanted *) sub->wanted->pdata[i])->tries = 0;
  enter (self, VM_JANUS_SUB_NONE, G_MAXINT64);
  delay = delays[MIN (sub->renewals, G_N_ELEMENTS (delays) - 1)];
  sub->retry_at = MAX (now, sub->begun_at + delay * (gint64) 1000);
  sub->renewals += error != NULL;
  if (sub->offered) {
    VmJanusEvent *event =
        vm_janus_client_tell (self, VM_JANUS_EVENT_CONNECTION_LOST);

    event->role = VM_JANUS_SUBSCRIBER;
    event->error = error ? g_error_copy (error) : NULL;
  } else if (error) {
    vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
  }
  sub->offered = sub->is_up = FALSE;
}

void
vm_janus_client_renew_subscriber (
    VmJanusClient *self, const GError *error, gint64 now)
{
  vm_janus_subscriber_renew (self, error, TRUE, now);
  vm_janus_subscriber_pump (self, now);
}

/* The list does not say what anybody sends. A subscription to everything does,
 * and what of it nobody wants is dropped again. */
void
vm_janus_subscriber_survey (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;

  /* its answer went to the lost connection */
  if (sub->state == VM_JANUS_SUB_ATTACHING)
    enter (self, VM_JANUS_SUB_NONE, G_MAXINT64);
  vm_janus_subscriber_renew (self, NULL, TRUE, now);
  for (guint i = 0; i < self->roster->len; i++)
    sub->survey |= ((VmJanusParticipant *) self->roster->pdata[i])->publishes;
  vm_janus_subscriber_pump (self, now);
}

static void
renew_with (VmJanusClient *self, VmError code, const gchar *what, gint64 now)
{
  g_autoptr (GError) error = g_error_new_literal (VM_ERROR, code, what);

  vm_janus_subscriber_renew (self, error, TRUE, now);
}

/* Answers */

void
vm_janus_subscriber_take_handle (VmJanusClient *self,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (self->subscriber.state != VM_JANUS_SUB_ATTACHING)
    return;
  if (error || answer->id < 0) {
    enter (self, VM_JANUS_SUB_NONE, G_MAXINT64);
    if (error)
      vm_janus_subscriber_renew (self, error, FALSE, now);
    else
      renew_with (self, VM_ERROR_BAD_MESSAGE,
          "The answer of Janus to “attach” makes no sense", now);
    return;
  }
  self->peers[VM_JANUS_SUBSCRIBER].handle = answer->id;
  enter (self, VM_JANUS_SUB_ATTACHED, G_MAXINT64);
  vm_janus_subscriber_pump (self, now);
}

static void
set_slots (VmJanusClient *self, const GPtrArray *streams)
{
  VmJanusSubscriber *sub = &self->subscriber;

  g_ptr_array_set_size (sub->slots, 0);
  for (guint i = 0; i < streams->len; i++)
    g_ptr_array_add (sub->slots, vm_janus_stream_copy (streams->pdata[i]));
}

/* As the participant would announce it. */
static VmJanusStream *
to_published (const VmJanusStream *slot)
{
  VmJanusStream *stream = vm_janus_stream_copy (slot);

  g_free (stream->mid);
  stream->mid = g_steal_pointer (&stream->feed_mid);
  g_clear_pointer (&stream->feed_display, g_free);
  stream->feed = -1;
  return stream;
}

static void
take_survey (VmJanusClient *self)
{
  VmJanusSubscriber *sub = &self->subscriber;
  g_autoptr (GArray) asked = list_everybody (self);

  sub->survey = FALSE;
  sub->surveys = 0;
  for (guint i = 0; i < asked->len; i++) {
    gint64 feed = g_array_index (asked, VmJanusSource, i).feed;
    g_autoptr (GPtrArray) streams =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vm_janus_stream_free);

    for (guint j = 0; j < sub->slots->len; j++) {
      const VmJanusStream *slot = sub->slots->pdata[j];

      if (slot->feed == feed && streams->len < VM_JANUS_STREAMS_MAX)
        g_ptr_array_add (streams, to_published (slot));
    }
    vm_janus_roster_set_streams (
        self, vm_janus_roster_find (self, feed), streams);
  }
}

static void
hand_on_offer (VmJanusClient *self, const gchar *sdp, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;
  VmJanusEvent *event = vm_janus_client_tell (self, VM_JANUS_EVENT_OFFER);

  event->role = VM_JANUS_SUBSCRIBER;
  event->again = sub->offered;
  event->sdp = g_strdup (sdp);
  event->streams =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_janus_stream_free);
  for (guint i = 0; i < sub->slots->len; i++)
    g_ptr_array_add (
        event->streams, vm_janus_stream_copy (sub->slots->pdata[i]));
  sub->offered = TRUE;
  vm_janus_peer_hear (self, VM_JANUS_SUBSCRIBER);
  enter (self, VM_JANUS_SUB_OFFERED, now + VM_JANUS_ANSWER_TIME);
}

static void
take_offer (VmJanusClient *self, const VmJanusMessage *message, gint64 now)
{
  if (!message->is_offer || !message->streams) {
    renew_with (self, VM_ERROR_BAD_MESSAGE,
        "Janus has offered streams without saying whose", now);
    return;
  }
  set_slots (self, message->streams);
  if (self->subscriber.survey)
    take_survey (self);
  hand_on_offer (self, message->sdp, now);
}

/* An m-line that the server says it does not carry anything on. */
static void
empty_unwanted (VmJanusSubscriber *sub)
{
  for (guint i = 0; i < sub->slots->len; i++) {
    VmJanusStream *slot = sub->slots->pdata[i];

    if (slot->feed > 0 && find_wanted (sub, slot->feed, slot->feed_mid) < 0)
      slot->feed = -1;
  }
}

static gboolean
is_not_there (const VmJanusMessage *answer)
{
  return answer->code == VM_JANUS_NO_SUCH_FEED
         || answer->code == VM_JANUS_INVALID_SDP; /* none of them is */
}

/* One of those that were asked for is not there: the others come one by one. */
static void
take_absence (VmJanusSubscriber *sub)
{
  if (!sub->survey)
    sub->single = TRUE;
  else if (++sub->surveys >= VM_JANUS_TRIES_MAX)
    sub->survey = FALSE;
}

/* Whoever has just left is in the list for a moment. */
static void
try_again (VmJanusClient *self, VmJanusSubState state, gint64 now)
{
  enter (self, state, G_MAXINT64);
  self->subscriber.retry_at = now + RETRY_TIME;
}

void
vm_janus_answer_subscribe (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (self->subscriber.state != VM_JANUS_SUB_JOINING)
    return;
  if (is_not_there (answer)) {
    take_absence (&self->subscriber);
    try_again (self, VM_JANUS_SUB_ATTACHED, now);
  } else if (error) {
    vm_janus_subscriber_renew (self, error, TRUE, now);
  } else if (answer->room_type != VM_JANUS_ROOM_ATTACHED || !answer->sdp) {
    renew_with (self, VM_ERROR_BAD_MESSAGE,
        "The answer of Janus to a subscription makes no sense", now);
  } else {
    take_offer (self, answer, now);
  }
}

void
vm_janus_answer_update (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (self->subscriber.state != VM_JANUS_SUB_UPDATING)
    return;
  if (is_not_there (answer)) {
    self->subscriber.single = TRUE;
    try_again (self, VM_JANUS_SUB_READY, now);
  } else if (error) {
    vm_janus_subscriber_renew (self, error, TRUE, now);
  } else if (answer->sdp) {
    take_offer (self, answer, now);
  } else if (answer->room_type == VM_JANUS_ROOM_UPDATING) {
    /* an offer follows */
    self->subscriber.deadline = now + VM_JANUS_ANSWER_TIME;
  } else {
    /* nothing has changed */
    if (answer->streams)
      set_slots (self, answer->streams);
    empty_unwanted (&self->subscriber);
    try_again (self, VM_JANUS_SUB_READY, now);
  }
}

void
vm_janus_subscriber_take_update (
    VmJanusClient *self, const VmJanusMessage *message, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;

  if (!message->sdp || !message->is_offer || !message->streams)
    return;
  switch (sub->state) {
    case VM_JANUS_SUB_OFFERED:
    case VM_JANUS_SUB_STARTING:
      /* the last one says it all */
      g_free (sub->pending);
      sub->pending = g_strdup (message->sdp);
      set_slots (self, message->streams);
      return;
    case VM_JANUS_SUB_READY:
    case VM_JANUS_SUB_UPDATING:
      take_offer (self, message, now);
      return;
    default:
      return;
  }
}

void
vm_janus_answer_start (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;
  g_autofree gchar *pending = NULL;

  if (sub->state != VM_JANUS_SUB_STARTING)
    return;
  if (error) {
    vm_janus_subscriber_renew (self, error, TRUE, now);
    return;
  }
  sub->renewals = 0;
  enter (self, VM_JANUS_SUB_READY, G_MAXINT64);
  if (!sub->is_up)
    sub->retry_at = now + CONNECT_TIME;
  pending = g_steal_pointer (&sub->pending);
  if (pending)
    hand_on_offer (self, pending, now);
  else
    vm_janus_subscriber_pump (self, now);
}

void
vm_janus_subscriber_up (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;

  if (sub->is_up)
    return;
  sub->is_up = TRUE;
  sub->retry_at = MIN (sub->retry_at, now + UPDATE_TIME);
}

/* The owner's calls */

void
vm_janus_client_answer (VmJanusClient *self, const gchar *sdp, gint64 now)
{
  VmJanusHead head;

  if (self->state != VM_JANUS_CLIENT_JOINED
      || self->subscriber.state != VM_JANUS_SUB_OFFERED
      || !vm_janus_client_begin (
          self, VM_JANUS_REQUEST_START, VM_JANUS_SUBSCRIBER, now, &head))
    return;
  vm_janus_client_send (self, vm_janus_write_start (&head, sdp));
  enter (self, VM_JANUS_SUB_STARTING, G_MAXINT64);
  vm_janus_peer_tell (self, VM_JANUS_SUBSCRIBER, now);
}

static gboolean
may_want (VmJanusClient *self, gint64 feed, const gchar *mid, GError **error)
{
  const VmJanusStream *stream = vm_janus_roster_find_stream (self, feed, mid);

  if (!stream)
    g_set_error (error, VM_ERROR, VM_ERROR_NOT_FOUND,
        "Participant %" G_GINT64_FORMAT " has no stream %s", feed, mid);
  else if (!stream->codec
           || !g_strv_contains (self->config.codecs, stream->codec))
    g_set_error (error, VM_ERROR, VM_ERROR_CODEC,
        "Participant %" G_GINT64_FORMAT " sends %s, which this device does not "
        "have",
        feed, stream->codec ? stream->codec : "an unknown codec");
  else if (self->subscriber.wanted->len >= VM_JANUS_WANTED_MAX)
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "More than %d streams cannot be received at a time",
        VM_JANUS_WANTED_MAX);
  else
    return TRUE;
  return FALSE;
}

gboolean
vm_janus_client_want (VmJanusClient *self, gint64 feed, const gchar *mid,
    gint64 now, GError **error)
{
  VmJanusWanted *wanted;

  if (find_wanted (&self->subscriber, feed, mid) >= 0)
    return TRUE;
  if (!may_want (self, feed, mid, error))
    return FALSE;
  wanted = g_new0 (VmJanusWanted, 1);
  wanted->feed = feed;
  wanted->mid = g_strdup (mid);
  wanted->substream = wanted->temporal = -1;
  g_ptr_array_add (self->subscriber.wanted, wanted);
  vm_janus_subscriber_pump (self, now);
  return TRUE;
}

void
vm_janus_subscriber_forget (VmJanusClient *self, gint64 feed, const gchar *mid)
{
  gint i = find_wanted (&self->subscriber, feed, mid);

  if (i >= 0)
    g_ptr_array_remove_index (self->subscriber.wanted, (guint) i);
}

void
vm_janus_client_drop (
    VmJanusClient *self, gint64 feed, const gchar *mid, gint64 now)
{
  vm_janus_subscriber_forget (self, feed, mid);
  vm_janus_subscriber_pump (self, now);
}

void
vm_janus_client_choose_layers (VmJanusClient *self, gint64 feed,
    const gchar *mid, gint substream, gint temporal, gint64 now)
{
  gint i = find_wanted (&self->subscriber, feed, mid);
  const VmJanusStream *slot = find_slot (&self->subscriber, feed, mid);
  VmJanusWanted *wanted = i < 0 ? NULL : self->subscriber.wanted->pdata[i];
  VmJanusHead head;

  if (!wanted
      || (wanted->substream == substream && wanted->temporal == temporal))
    return;
  wanted->substream = substream;
  wanted->temporal = temporal;
  if (slot && self->state == VM_JANUS_CLIENT_JOINED
      && vm_janus_client_begin (
          self, VM_JANUS_REQUEST_CHANGE, VM_JANUS_SUBSCRIBER, now, &head))
    vm_janus_client_send (
        self, vm_janus_write_layers (&head, slot->mid, substream, temporal));
}

void
vm_janus_client_ask_key_frame (
    VmJanusClient *self, gint64 feed, const gchar *mid, gint64 now)
{
  const VmJanusStream *slot = find_slot (&self->subscriber, feed, mid);
  VmJanusHead head;

  if (slot && self->state == VM_JANUS_CLIENT_JOINED
      && vm_janus_client_begin (
          self, VM_JANUS_REQUEST_CHANGE, VM_JANUS_SUBSCRIBER, now, &head))
    vm_janus_client_send (self, vm_janus_write_key_frame (&head, slot->mid));
}

const gchar *
vm_janus_client_find_mid (VmJanusClient *self, gint64 feed, const gchar *mid)
{
  const VmJanusStream *slot = find_slot (&self->subscriber, feed, mid);

  return slot ? slot->mid : NULL;
}

/* Time */

gint64
vm_janus_subscriber_get_wake (VmJanusClient *self)
{
  VmJanusSubscriber *sub = &self->subscriber;
  gboolean waits = sub->state == VM_JANUS_SUB_NONE
                   || sub->state == VM_JANUS_SUB_ATTACHED
                   || sub->state == VM_JANUS_SUB_READY;

  return waits && sub->retry_at ? sub->retry_at : sub->deadline;
}

void
vm_janus_subscriber_tick (VmJanusClient *self, gint64 now)
{
  VmJanusSubscriber *sub = &self->subscriber;

  if (now >= sub->deadline)
    renew_with (self, VM_ERROR_TIMEOUT,
        sub->state == VM_JANUS_SUB_OFFERED
            ? "This device did not answer the offer of Janus in time"
            : "Janus did not make its offer in time",
        now);
  if (now >= sub->retry_at) {
    sub->retry_at = 0;
    vm_janus_subscriber_pump (self, now);
  }
}
