/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What this device sends, and the candidates of both connections
 * (protocol/janus.md#publishing). */

#include "client/janus/janusclient-priv.h"

#include <string.h>

/* For the server to close a connection that it was told to. */
#define HANGUP_TIME (2 * G_USEC_PER_SEC)

/* Candidates */

void
vm_janus_peer_init (VmJanusPeer *peer)
{
  peer->handle = -1;
  g_queue_init (&peer->out);
  g_queue_init (&peer->in);
}

void
vm_janus_peer_clear (VmJanusPeer *peer)
{
  g_queue_clear_full (&peer->out, (GDestroyNotify) vm_janus_event_free);
  g_queue_clear_full (&peer->in, (GDestroyNotify) vm_janus_event_free);
  peer->told = peer->heard = FALSE;
}

static VmJanusEvent *
candidate_new (
    VmJanusRole role, const gchar *candidate, const gchar *mid, gint64 mline)
{
  VmJanusEvent *event = g_new0 (VmJanusEvent, 1);

  event->type = VM_JANUS_EVENT_CANDIDATE;
  event->role = role;
  event->id = -1;
  event->text = g_strdup (candidate);
  event->mid = g_strdup (mid);
  event->mline = mline;
  return event;
}

/* Takes @candidate. */
static void
keep (GQueue *queue, VmJanusEvent *candidate)
{
  if (queue->length < VM_JANUS_CANDIDATES_MAX)
    g_queue_push_tail (queue, candidate);
  else
    vm_janus_event_free (candidate);
}

void
vm_janus_peer_flush (VmJanusClient *self, VmJanusRole role, gint64 now)
{
  VmJanusPeer *peer = &self->peers[role];
  VmJanusHead head;

  while (peer->told && peer->handle > 0 && self->state == VM_JANUS_CLIENT_JOINED
         && peer->out.length
         && vm_janus_client_begin (
             self, VM_JANUS_REQUEST_TRICKLE, role, now, &head)) {
    g_autoptr (VmJanusEvent) candidate = g_queue_pop_head (&peer->out);

    vm_janus_client_send (self, vm_janus_write_trickle (&head, candidate->text,
                                    candidate->mid, candidate->mline));
  }
}

void
vm_janus_peer_tell (VmJanusClient *self, VmJanusRole role, gint64 now)
{
  self->peers[role].told = TRUE;
  vm_janus_peer_flush (self, role, now);
}

void
vm_janus_client_add_candidate (VmJanusClient *self, VmJanusRole role,
    const gchar *candidate, const gchar *mid, gint64 mline, gint64 now)
{
  keep (&self->peers[role].out, candidate_new (role, candidate, mid, mline));
  vm_janus_peer_flush (self, role, now);
}

void
vm_janus_peer_hear (VmJanusClient *self, VmJanusRole role)
{
  VmJanusPeer *peer = &self->peers[role];

  peer->heard = TRUE;
  while (peer->in.length)
    g_queue_push_tail (&self->events, g_queue_pop_head (&peer->in));
}

void
vm_janus_peer_take_candidate (
    VmJanusClient *self, VmJanusRole role, const VmJanusMessage *message)
{
  VmJanusPeer *peer = &self->peers[role];
  VmJanusEvent *candidate = candidate_new (
      role, message->candidate, message->sdp_mid, message->sdp_mline_index);

  if (peer->heard)
    g_queue_push_tail (&self->events, candidate);
  else
    keep (&peer->in, candidate);
}

/* Publishing */

static void
lose_publisher (VmJanusClient *self, const GError *error)
{
  self->publisher = VM_JANUS_UNPUBLISHED;
  self->publisher_deadline = G_MAXINT64;
  vm_janus_peer_clear (&self->peers[VM_JANUS_PUBLISHER]);
  vm_janus_client_tell_error (self, VM_JANUS_EVENT_CONNECTION_LOST, error);
}

void
vm_janus_publisher_reset (VmJanusClient *self)
{
  g_autoptr (GError) error = g_error_new_literal (
      VM_ERROR, VM_ERROR_DISCONNECTED, "The session with Janus is another one");

  if (self->publisher != VM_JANUS_UNPUBLISHED)
    lose_publisher (self, error);
}

void
vm_janus_publisher_hung_up (VmJanusClient *self, const GError *error)
{
  if (self->publisher == VM_JANUS_UNPUBLISHING)
    lose_publisher (self, NULL);
  else if (self->publisher != VM_JANUS_UNPUBLISHED)
    lose_publisher (self, error);
}

void
vm_janus_publisher_tick (VmJanusClient *self, gint64 now)
{
  if (now >= self->publisher_deadline)
    lose_publisher (self, NULL);
}

static gboolean
may_publish (VmJanusClient *self, const gchar *sdp, GError **error)
{
  const gchar *what = NULL;

  if (self->state != VM_JANUS_CLIENT_JOINED)
    what = "This device is not in the room";
  else if (self->publisher == VM_JANUS_OFFERED
           || self->publisher == VM_JANUS_UNPUBLISHING)
    what = "The last offer to Janus is not done with";
  else if (strlen (sdp) > VM_SIGNAL_SDP_MAX)
    what = "The offer is longer than 64 KiB";
  if (what)
    g_set_error_literal (error, VM_ERROR, VM_ERROR_FAILED, what);
  return !what;
}

gboolean
vm_janus_client_publish (VmJanusClient *self, const gchar *sdp,
    const gchar *const *descriptions, gint64 now, GError **error)
{
  gboolean again = self->publisher == VM_JANUS_PUBLISHED;
  VmJanusHead head;

  if (!may_publish (self, sdp, error))
    return FALSE;
  if (!vm_janus_client_begin (
          self, VM_JANUS_REQUEST_PUBLISH, VM_JANUS_PUBLISHER, now, &head)) {
    g_set_error_literal (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
        "Too many requests to Janus wait for an answer");
    return FALSE;
  }
  self->publisher = VM_JANUS_OFFERED;
  self->publisher_is_up = self->ends_when_up = FALSE;
  self->publish_number = head.transaction;
  vm_janus_client_send (
      self, vm_janus_write_publish (&head, sdp, descriptions, again));
  vm_janus_peer_tell (self, VM_JANUS_PUBLISHER, now);
  return TRUE;
}

static gboolean
ask_to_unpublish (VmJanusClient *self, gint64 now)
{
  VmJanusHead head;

  self->ends_when_up = FALSE;
  if (self->state != VM_JANUS_CLIENT_JOINED
      || !vm_janus_client_begin (
          self, VM_JANUS_REQUEST_UNPUBLISH, VM_JANUS_PUBLISHER, now, &head))
    return FALSE;
  vm_janus_client_send (self, vm_janus_write_unpublish (&head));
  return TRUE;
}

/* Where it cannot be said, a connection that the server has is ended before the
 * next offer: end_older(). */
void
vm_janus_client_unpublish (VmJanusClient *self, gint64 now)
{
  gboolean is_there = self->publisher == VM_JANUS_OFFERED
                      || self->publisher == VM_JANUS_PUBLISHED;

  if (self->publisher == VM_JANUS_UNPUBLISHING)
    return;
  self->publisher = VM_JANUS_UNPUBLISHING;
  if (!is_there || !ask_to_unpublish (self, now))
    self->publisher_deadline = now + HANGUP_TIME;
}

void
vm_janus_publisher_up (VmJanusClient *self, gint64 now)
{
  self->publisher_is_up = TRUE;
  if (self->publisher == VM_JANUS_UNPUBLISHING && self->ends_when_up)
    ask_to_unpublish (self, now);
}

/* What the room has no codec for, it takes as an m-line that is off. */
static void
check_codecs (VmJanusClient *self, const GPtrArray *streams)
{
  for (guint i = 0; streams && i < streams->len; i++) {
    const VmJanusStream *stream = streams->pdata[i];
    g_autoptr (GError) error = NULL;

    if (stream->kind == VM_JANUS_KIND_DATA
        || (stream->codec && !stream->disabled))
      continue;
    g_set_error (&error, VM_ERROR, VM_ERROR_CODEC,
        "The room of Janus takes no %s in a codec that this device offers",
        stream->kind == VM_JANUS_KIND_AUDIO ? "sound" : "picture");
    vm_janus_client_tell_error (self, VM_JANUS_EVENT_WARNING, error);
  }
}

/* The connection of an offer that was refused is of no use. */
static void
fail_to_publish (VmJanusClient *self, const GError *error)
{
  self->publisher = VM_JANUS_UNPUBLISHED;
  vm_janus_peer_clear (&self->peers[VM_JANUS_PUBLISHER]);
  vm_janus_client_tell_error (self, VM_JANUS_EVENT_PUBLISH_FAILED, error);
}

/* A connection that this device has closed before it was up is there still: the
 * server would not end what had not begun, and then it began. It ends now, and
 * the offer is to be made anew. TRUE: it does. */
static gboolean
end_older (VmJanusClient *self, const VmJanusMessage *answer, gint64 now)
{
  if (answer->code != VM_JANUS_ALREADY_PUBLISHED || self->ended_older)
    return FALSE;
  self->ended_older = TRUE;
  vm_janus_client_unpublish (self, now);
  return self->publisher == VM_JANUS_UNPUBLISHING;
}

void
vm_janus_answer_publish (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  g_autoptr (GError) nonsense = NULL;
  VmJanusEvent *event;

  if (self->publisher != VM_JANUS_OFFERED
      || request->number != self->publish_number
      || end_older (self, answer, now))
    return;
  self->ended_older = FALSE;
  if (!error && (!answer->sdp || answer->is_offer))
    nonsense = g_error_new_literal (VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "Janus has answered an offer with none");
  if (error || nonsense) {
    fail_to_publish (self, error ? error : nonsense);
    return;
  }
  self->publisher = VM_JANUS_PUBLISHED;
  event = vm_janus_client_tell (self, VM_JANUS_EVENT_PUBLISHED);
  event->sdp = g_strdup (answer->sdp);
  event->streams = answer->streams ? g_ptr_array_ref (answer->streams) : NULL;
  check_codecs (self, answer->streams);
  vm_janus_peer_hear (self, VM_JANUS_PUBLISHER);
}

/* It says so before it closes the connection, or afterwards. A connection that
 * is not up it does not end, and then it comes up; that may have been said
 * before the refusal. */
void
vm_janus_answer_unpublish (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now)
{
  if (self->publisher != VM_JANUS_UNPUBLISHING)
    return;
  self->publisher_deadline = now + HANGUP_TIME;
  if (answer->code != VM_JANUS_NOT_PUBLISHED)
    return;
  self->ends_when_up = TRUE;
  if (self->publisher_is_up) {
    self->publisher_is_up = FALSE;
    ask_to_unpublish (self, now);
  }
}
