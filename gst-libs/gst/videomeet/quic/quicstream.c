/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "quic/quicconnection-priv.h"

#include <string.h>
#include <sys/uio.h>

/* Consumed bytes are told to the thread in such pieces: small enough for the
 * window, large enough to let it sleep. */
#define CONSUMED_STEP (VM_QUIC_STREAM_WINDOW / 8)

typedef struct
{
  guint8 type;
  GBytes *body;
} Message;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_bytes_unref (message->body);
  g_free (message);
}

static void
clear_arrived (VmQuicStream *self)
{
  g_atomic_int_add (&self->connection->waiting, -(gint) self->arrived.length);
  g_queue_clear_full (&self->arrived, message_free);
}

static GMutex *
lock_of (VmQuicStream *self)
{
  return &self->connection->lock;
}

/* The pipe */

/* With the lock. */
static gboolean
set_over_error (VmQuicStream *self, GError **error)
{
  if (self->why)
    g_propagate_error (error, g_error_copy (self->why));
  else
    g_set_error (error, VM_ERROR, VM_ERROR_DISCONNECTED, "The stream is over");
  return FALSE;
}

static gboolean
set_late (GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_TIMEOUT,
      "The other side did nothing for too long");
  return FALSE;
}

static GBytes *
write_head (guint8 type, const void *head, gsize head_size, gsize body_size)
{
  gsize size =
      type == VM_P2P_GREETING ? VM_P2P_LENGTH_SIZE : VM_P2P_HEADER_SIZE;
  guint8 header[VM_P2P_HEADER_SIZE];
  guint8 *data = g_malloc (size + head_size);

  vm_p2p_header_write (header, type, head_size + body_size);
  memcpy (data, header, size);
  if (head_size)
    memcpy (data + size, head, head_size);
  return g_bytes_new_take (data, size + head_size);
}

/* With the lock. */
static void
push_pending (VmQuicStream *self, GBytes *bytes)
{
  self->unsent += g_bytes_get_size (bytes);
  g_queue_push_tail (&self->pending, bytes);
}

static gboolean
stream_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  gint64 until = g_get_monotonic_time () + timeout;
  gsize body_size = body ? g_bytes_get_size (body) : 0;
  g_autoptr (GBytes) first = write_head (type, head, head_size, body_size);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));

  while (!self->over && !self->ended && self->unsent >= VM_QUIC_UNSENT_MAX)
    if (!g_cond_wait_until (&self->changed, lock_of (self), until)
        && !self->over && self->unsent >= VM_QUIC_UNSENT_MAX)
      return set_late (error);
  if (self->over || self->ended)
    return set_over_error (self, error);
  push_pending (self, g_steal_pointer (&first));
  if (body_size)
    push_pending (self, g_bytes_ref (body));
  vm_quic_connection_touch (self->connection, self);
  return TRUE;
}

static GBytes *
stream_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));
  Message *message;
  GBytes *body;

  while (
      !self->closed && !self->over && !self->finished && !self->arrived.length)
    if (!g_cond_wait_until (&self->changed, lock_of (self), until)
        && !self->closed && !self->over && !self->finished
        && !self->arrived.length) {
      set_late (error);
      return NULL;
    }
  /* what arrived before the end can still be received */
  message = self->closed ? NULL : g_queue_pop_head (&self->arrived);
  if (!message) {
    set_over_error (self, error);
    return NULL;
  }
  g_atomic_int_add (&self->connection->waiting, -1);
  *type = message->type;
  body = g_bytes_ref (message->body);
  self->consumed += vm_p2p_message_size (*type, g_bytes_get_size (body));
  message_free (message);
  if (self->consumed >= CONSUMED_STEP)
    vm_quic_connection_touch (self->connection, self);
  return body;
}

static void
stream_end (VmP2pPipe *pipe)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));

  if (self->ended || self->closed)
    return;
  self->ended = TRUE;
  g_cond_broadcast (&self->changed);
  vm_quic_connection_touch (self->connection, self);
}

static void
stream_close (VmP2pPipe *pipe, const GError *why)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));

  if (self->closed)
    return;
  self->closed = TRUE;
  if (!self->over && why)
    self->why = g_error_copy (why);
  self->over = TRUE;
  clear_arrived (self);
  g_cond_broadcast (&self->changed);
  vm_quic_connection_touch (self->connection, self);
}

static void
stream_free (VmP2pPipe *pipe)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  VmQuicConnection *connection = self->connection;

  vm_quic_stream_unref (self);
  vm_quic_connection_unref (connection);
}

static gboolean
stream_is_over (VmP2pPipe *pipe)
{
  VmQuicStream *self = (VmQuicStream *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));

  return self->over;
}

static const VmP2pPipeFuncs stream_funcs = {
  .send = stream_send,
  .receive = stream_receive,
  .end = stream_end,
  .close = stream_close,
  .free = stream_free,
  .is_over = stream_is_over,
};

VmQuicStream *
vm_quic_stream_new (VmQuicConnection *connection, gint64 id)
{
  VmQuicStream *self = g_new0 (VmQuicStream, 1);

  self->pipe.funcs = &stream_funcs;
  g_atomic_ref_count_init (&self->refs);
  self->connection = vm_quic_connection_hold (connection);
  self->id = id;
  g_cond_init (&self->changed);
  return self;
}

VmQuicStream *
vm_quic_stream_ref (VmQuicStream *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
vm_quic_stream_unref (VmQuicStream *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  clear_arrived (self);
  g_queue_clear_full (&self->pending, (GDestroyNotify) g_bytes_unref);
  g_queue_clear_full (&self->flight, (GDestroyNotify) g_bytes_unref);
  g_clear_pointer (&self->reader, vm_p2p_reader_free);
  g_clear_error (&self->why);
  g_cond_clear (&self->changed);
  vm_quic_connection_drop (self->connection);
  g_free (self);
}

/* On the thread */

void
vm_quic_stream_take (VmQuicStream *self, VmQuicWishes *wishes)
{
  GList *last = self->flight.tail;

  g_mutex_lock (lock_of (self));
  wishes->consumed = self->consumed;
  self->consumed = 0;
  wishes->closed = self->closed;
  wishes->ended = self->ended;
  while (self->flight_size < VM_QUIC_FLIGHT_MAX && self->pending.head) {
    GList *link = g_queue_pop_head_link (&self->pending);

    self->flight_size += g_bytes_get_size (link->data);
    g_queue_push_tail_link (&self->flight, link);
  }
  if (wishes->ended && !self->pending.head)
    self->fin_wanted = TRUE;
  g_mutex_unlock (lock_of (self));
  if (!self->next && self->flight.tail != last)
    self->next = last ? last->next : self->flight.head;
}

guint
vm_quic_stream_peek (const VmQuicStream *self, struct iovec *pieces, guint max)
{
  gsize offset = self->next_offset;
  guint n = 0;

  for (GList *i = self->next; i && n < max; i = i->next) {
    gsize size;
    const guint8 *data = g_bytes_get_data (i->data, &size);

    pieces[n].iov_base = (guint8 *) data + offset;
    pieces[n++].iov_len = size - offset;
    offset = 0;
  }
  return n;
}

void
vm_quic_stream_wrote (VmQuicStream *self, gsize size)
{
  self->wrote += size;
  while (size) {
    gsize left = g_bytes_get_size (self->next->data) - self->next_offset;
    gsize n = MIN (left, size);

    size -= n;
    self->next_offset += n;
    if (n == left) {
      self->next = self->next->next;
      self->next_offset = 0;
    }
  }
}

void
vm_quic_stream_settle (VmQuicStream *self)
{
  gsize before;

  if (!self->wrote)
    return;
  g_mutex_lock (lock_of (self));
  before = self->unsent;
  self->unsent -= self->wrote;
  /* a sender that was stopped goes on when half is gone */
  if (before >= VM_QUIC_UNSENT_MAX / 2 && self->unsent < VM_QUIC_UNSENT_MAX / 2)
    g_cond_broadcast (&self->changed);
  g_mutex_unlock (lock_of (self));
  self->wrote = 0;
}

void
vm_quic_stream_acked (VmQuicStream *self, gsize size)
{
  self->acked += size;
  while (self->flight.head) {
    gsize n = g_bytes_get_size (self->flight.head->data);

    if (self->acked < n)
      break;
    self->acked -= n;
    self->flight_size -= n;
    g_bytes_unref (g_queue_pop_head (&self->flight));
  }
}

/* FALSE: too many wait already. */
static gboolean
push_arrived (VmQuicStream *self, guint8 type, GBytes *body)
{
  gint *waiting = &self->connection->waiting;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (lock_of (self));
  Message *message;

  if (self->closed || g_atomic_int_get (waiting) >= VM_QUIC_WAITING_MAX) {
    g_bytes_unref (body);
    return self->closed;
  }
  message = g_new (Message, 1);
  message->type = type;
  message->body = body;
  g_atomic_int_inc (waiting);
  g_queue_push_tail (&self->arrived, message);
  g_cond_broadcast (&self->changed);
  return TRUE;
}

gboolean
vm_quic_stream_arrived (VmQuicStream *self, const guint8 *data, gsize size,
    gboolean finished, GError **error)
{
  gboolean good;
  GBytes *body;
  guint8 type;

  if (!self->reader) /* the greeting comes on the first stream */
    self->reader = vm_p2p_reader_new (self->id == 0);
  self->received += size;
  good = vm_p2p_reader_take (self->reader, data, size, error);
  while ((body = vm_p2p_reader_pop (self->reader, &type)))
    if (!push_arrived (self, type, body) && good) {
      good = FALSE;
      g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
          "More than %d messages wait to be received", VM_QUIC_WAITING_MAX);
    }
  if (good && finished && !vm_p2p_reader_is_between (self->reader)) {
    good = FALSE;
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
        "The stream ended in the middle of a message");
  }
  if (good && finished) {
    g_mutex_lock (lock_of (self));
    self->finished = TRUE;
    g_cond_broadcast (&self->changed);
    g_mutex_unlock (lock_of (self));
  }
  return good;
}

gboolean
vm_quic_stream_refuse (VmQuicStream *self)
{
  gboolean waited;

  g_mutex_lock (lock_of (self));
  waited = g_queue_remove (&self->connection->accepted, self);
  if (waited) {
    self->closed = TRUE;
    clear_arrived (self);
  }
  g_mutex_unlock (lock_of (self));
  if (waited)
    vm_quic_stream_unref (self);
  return waited;
}

void
vm_quic_stream_set_over (VmQuicStream *self, const GError *why)
{
  g_mutex_lock (lock_of (self));
  if (!self->over && why && !self->why)
    self->why = g_error_copy (why);
  self->over = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (lock_of (self));
}
