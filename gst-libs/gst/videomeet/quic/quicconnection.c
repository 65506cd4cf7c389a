/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicendpoint-priv.h"

#include <string.h>

const gchar *
vm_quic_path_to_string (VmQuicPath path)
{
  static const gchar *const names[] = { "none", "direct", "relay" };

  return names[path];
}

VmQuicConnection *
vm_quic_connection_new (
    VmQuicEndpoint *endpoint, gboolean asking, const VmQuicSession *session)
{
  VmQuicConnection *self = g_new0 (VmQuicConnection, 1);
  gint64 now = g_get_monotonic_time ();
  g_autoptr (VmQuicOwn) own = vm_quic_own_new ();

  g_atomic_ref_count_init (&self->refs);
  self->users = 1;
  vm_quic_endpoint_hold (endpoint);
  self->endpoint = endpoint;
  self->asking = asking;
  memcpy (self->fingerprint, session->fingerprint, sizeof self->fingerprint);
  self->relay_send = session->relay_send;
  self->path_changed = session->path_changed;
  self->user_data = session->user_data;
  self->destroy = session->destroy;
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  vm_quic_punch_init (&self->punch, asking, session->secret,
      session->candidates, session->n_candidates, own, endpoint->loopback, now);
  self->punch.budget = endpoint->budget; /* which only the thread uses */
  self->begun = now;
  self->deadline =
      now + (session->timeout ? session->timeout : VM_QUIC_HANDSHAKE_TIME);
  return self;
}

VmQuicConnection *
vm_quic_connection_hold (VmQuicConnection *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

static void
clear_streams (GQueue *streams)
{
  g_queue_clear_full (streams, (GDestroyNotify) vm_quic_stream_unref);
}

void
vm_quic_connection_drop (VmQuicConnection *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_queue_clear_full (&self->relayed, (GDestroyNotify) g_bytes_unref);
  g_clear_error (&self->error);
  g_clear_error (&self->close_why);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  if (self->destroy)
    self->destroy (self->user_data);
  vm_quic_endpoint_drop (self->endpoint);
  g_free (self);
}

VmQuicConnection *
vm_quic_connection_ref (VmQuicConnection *self)
{
  g_atomic_int_inc (&self->users);
  return vm_quic_connection_hold (self);
}

void
vm_quic_connection_unref (VmQuicConnection *self)
{
  if (g_atomic_int_dec_and_test (&self->users))
    vm_quic_connection_close (self, NULL);
  vm_quic_connection_drop (self);
}

void
vm_quic_connection_touch (VmQuicConnection *self, VmQuicStream *stream)
{
  if (self->state == VM_QUIC_CLOSED)
    return;
  if (stream) {
    if (stream->dirty)
      return;
    stream->dirty = TRUE;
    g_queue_push_tail (&self->dirty, vm_quic_stream_ref (stream));
  }
  vm_quic_endpoint_queue (self->endpoint, self);
}

void
vm_quic_connection_close (VmQuicConnection *self, const GError *why)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->state == VM_QUIC_CLOSED || self->close_wanted)
    return;
  self->close_wanted = TRUE;
  if (why)
    self->close_why = g_error_copy (why);
  vm_quic_connection_touch (self, NULL);
}

void
vm_quic_connection_wait_closed (VmQuicConnection *self, gint64 timeout)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->told)
    if (!g_cond_wait_until (&self->changed, &self->lock, until))
      break;
}

/* With the lock. */
static gboolean
set_closed_error (VmQuicConnection *self, GError **error)
{
  g_propagate_error (error, g_error_copy (self->error));
  return FALSE;
}

static gboolean
set_late (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The other device did not answer in time");
  return FALSE;
}

gboolean
vm_quic_connection_wait (VmQuicConnection *self, gint64 timeout, GError **error)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (self->state == VM_QUIC_CONNECTING)
    if (!g_cond_wait_until (&self->changed, &self->lock, until)
        && self->state == VM_QUIC_CONNECTING)
      return set_late (error);
  return self->state == VM_QUIC_CONNECTED || set_closed_error (self, error);
}

VmQuicPath
vm_quic_connection_get_path (VmQuicConnection *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->path;
}

gint64
vm_quic_connection_get_silence (VmQuicConnection *self)
{
  return g_atomic_int_get (&self->silent_ms) * G_GINT64_CONSTANT (1000);
}

void
vm_quic_connection_use_relay (VmQuicConnection *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->relay_send)
    return;
  g_atomic_int_set (&self->relay_wanted, TRUE);
  vm_quic_connection_touch (self, NULL);
}

void
vm_quic_connection_take_datagram (
    VmQuicConnection *self, const guint8 *data, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!size || size > VM_QUIC_DATAGRAM_MAX || self->state == VM_QUIC_CLOSED
      || self->relayed.length >= VM_QUIC_RELAYED_MAX)
    return;
  g_queue_push_tail (&self->relayed, g_bytes_new (data, size));
  vm_quic_connection_touch (self, NULL);
}

/* Streams */

VmP2pPipe *
vm_quic_connection_open_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error)
{
  gint64 until = g_get_monotonic_time () + timeout;
  VmQuicStream *stream;
  gboolean waiting;

  if (!vm_quic_connection_wait (self, timeout, error))
    return NULL;
  stream = vm_quic_stream_new (self, -1);
  g_mutex_lock (&self->lock);
  if (self->state == VM_QUIC_CONNECTED) {
    g_queue_push_tail (&self->opening, vm_quic_stream_ref (stream));
    vm_quic_connection_touch (self, NULL);
  }
  while (self->state == VM_QUIC_CONNECTED && stream->id < 0)
    if (!g_cond_wait_until (&stream->changed, &self->lock, until))
      break;
  waiting = stream->id < 0;
  if (waiting && g_queue_remove (&self->opening, stream))
    vm_quic_stream_unref (stream);
  if (waiting && self->state == VM_QUIC_CLOSED)
    set_closed_error (self, error);
  else if (waiting)
    set_late (error);
  g_mutex_unlock (&self->lock);
  if (waiting) {
    vm_quic_stream_unref (stream);
    return NULL;
  }
  vm_quic_connection_ref (self);
  return &stream->pipe;
}

VmP2pPipe *
vm_quic_connection_accept_pipe (
    VmQuicConnection *self, gint64 timeout, GError **error)
{
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  VmQuicStream *stream;

  while (self->state != VM_QUIC_CLOSED && !self->accepted.length)
    if (!g_cond_wait_until (&self->changed, &self->lock, until)
        && self->state != VM_QUIC_CLOSED && !self->accepted.length) {
      set_late (error);
      return NULL;
    }
  stream = g_queue_pop_head (&self->accepted);
  if (!stream) {
    set_closed_error (self, error);
    return NULL;
  }
  vm_quic_connection_ref (self);
  return &stream->pipe;
}

/* On the thread */

void
vm_quic_connection_set_connected (VmQuicConnection *self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->state != VM_QUIC_CONNECTING)
    return;
  self->state = VM_QUIC_CONNECTED;
  g_cond_broadcast (&self->changed);
}

void
vm_quic_connection_set_closed (VmQuicConnection *self, const GError *error)
{
  GQueue opening = G_QUEUE_INIT, accepted = G_QUEUE_INIT, dirty = G_QUEUE_INIT;

  g_mutex_lock (&self->lock);
  if (self->state != VM_QUIC_CLOSED) {
    self->state = VM_QUIC_CLOSED;
    self->error = g_error_copy (error);
    /* streams hold the connection: in its queues they would hold it for ever */
    opening = self->opening;
    accepted = self->accepted;
    dirty = self->dirty;
    g_queue_init (&self->opening);
    g_queue_init (&self->accepted);
    g_queue_init (&self->dirty);
    g_queue_clear_full (&self->relayed, (GDestroyNotify) g_bytes_unref);
    for (GList *i = opening.head; i; i = i->next)
      g_cond_broadcast (&((VmQuicStream *) i->data)->changed);
    g_cond_broadcast (&self->changed);
  }
  g_mutex_unlock (&self->lock);
  clear_streams (&opening);
  clear_streams (&accepted);
  clear_streams (&dirty);
}

void
vm_quic_connection_set_told (VmQuicConnection *self)
{
  g_mutex_lock (&self->lock);
  self->told = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

void
vm_quic_connection_set_path (VmQuicConnection *self, VmQuicPath path)
{
  gboolean changed;

  g_mutex_lock (&self->lock);
  changed = self->path != path && self->state != VM_QUIC_CLOSED;
  if (changed)
    self->path = path;
  g_mutex_unlock (&self->lock);
  if (changed && self->path_changed)
    self->path_changed (path, self->user_data);
}

VmQuicStream *
vm_quic_connection_add_stream (VmQuicConnection *self, gint64 id)
{
  VmQuicStream *stream = vm_quic_stream_new (self, id);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_queue_push_tail (&self->accepted, vm_quic_stream_ref (stream));
  g_cond_broadcast (&self->changed);
  return stream;
}
