/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/engine/chunkstate.h"
#include "transfer/engine/sender-priv.h"

#include <string.h>

typedef struct
{
  guint64 index;
  VmChunkState state;
  GBytes *data; /* kept until it is acknowledged: the window bounds it */
  guint8 hash[VM_SHA256_SIZE];
  gboolean prefix; /* it is that of the file up to the end of the chunk */
  guint retries;
  gboolean untimed; /* sent twice, or over a pause: it measures nothing */
  gboolean unsure; /* sent over a lane that is gone, and not again */
  gboolean question; /* sent again for what its answer says of the unsure */
  gint64 sent;
  gint64 deadline;
} Chunk;

static void
free_chunk (Chunk *chunk)
{
  g_clear_pointer (&chunk->data, g_bytes_unref);
  g_free (chunk);
}

void
vm_sender_start_chunks (VmSender *self)
{
  guint n = 0;
  const VmChunkRun *runs =
      self->have ? vm_chunk_set_get_runs (self->have, &n) : NULL;

  vm_window_init (&self->window, self->chunk_size, self->nearby);
  if (self->reliable)
    vm_window_set_max (&self->window, self->chunk_size, self->reliable);
  g_queue_init (&self->chunks);
  for (guint i = 0; i < n; i++) {
    guint64 end = (runs[i].first + runs[i].count) * self->chunk_size;

    self->done += MIN (end, (guint64) self->offer->size)
                  - runs[i].first * self->chunk_size;
  }
}

void
vm_sender_clear_chunks (VmSender *self)
{
  g_queue_clear_full (&self->chunks, (GDestroyNotify) free_chunk);
}

static GList *
find (VmSender *self, guint64 index)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    if (((Chunk *) link->data)->index == index)
      return link;
  }
  return NULL;
}

static gboolean
next_missing (VmSender *self, guint64 *index)
{
  *index = self->next;
  if (self->have && !vm_chunk_set_next_missing (self->have, self->next, index))
    return FALSE;
  return *index < self->total;
}

static gboolean
has_sent (VmSender *self)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    if (((Chunk *) link->data)->state == VM_CHUNK_STATE_SENT)
      return TRUE;
  }
  return FALSE;
}

static void
send_chunk (VmSender *self, Chunk *chunk, gint64 now)
{
  VmTransferMessage *message;

  if (self->engine.state != VM_TRANSFER_STATE_TRANSFERRING) {
    vm_chunk_state_move (&chunk->state, VM_CHUNK_STATE_READY);
    return;
  }
  if (self->reliable && !has_sent (self))
    self->acked_at = now;
  message = vm_engine_send (&self->engine, VM_TRANSFER_CHUNK_DATA);
  message->index = chunk->index;
  message->data = g_bytes_ref (chunk->data);
  message->has_hash = TRUE;
  memcpy (message->hash, chunk->hash, VM_SHA256_SIZE);
  message->prefix = chunk->prefix;
  self->sent += g_bytes_get_size (chunk->data);
  vm_chunk_state_move (&chunk->state, VM_CHUNK_STATE_SENT);
  chunk->unsure = FALSE;
  chunk->sent = now;
  chunk->deadline = now + vm_window_get_timeout (&self->window);
}

/* Those that were read, as far as the window reaches. */
static void
send_ahead (VmSender *self, gint64 now)
{
  guint in_flight = 0;

  for (GList *link = self->chunks.head; link; link = link->next) {
    Chunk *chunk = link->data;

    if (chunk->state == VM_CHUNK_STATE_AHEAD
        && in_flight >= vm_window_get_chunks (&self->window))
      return;
    if (chunk->state == VM_CHUNK_STATE_AHEAD)
      send_chunk (self, chunk, now);
    in_flight += chunk->state != VM_CHUNK_STATE_READING;
  }
}

/* They are the last: what is read comes back in order. */
static guint
count_reading (VmSender *self)
{
  guint n = 0;

  for (GList *link = self->chunks.tail;
       link && ((Chunk *) link->data)->state == VM_CHUNK_STATE_READING;
       link = link->prev)
    n++;
  return n;
}

gboolean
vm_sender_fill (VmSender *self, gint64 now)
{
  guint ahead = MIN (MIN (self->nearby, VM_WINDOW_BYTES_MAX) / self->chunk_size,
      VM_SENDER_AHEAD_CHUNKS);
  guint reading;
  guint64 index;

  send_ahead (self, now);
  for (reading = count_reading (self);
       reading < VM_SENDER_READING_MAX
       && self->chunks.length < vm_window_get_chunks (&self->window) + ahead
       && next_missing (self, &index);
       reading++) {
    Chunk *chunk = g_new0 (Chunk, 1);
    VmAction *action = vm_engine_want (&self->engine, VM_ACTION_READ);

    chunk->index = action->index = index;
    action->offset = index * self->chunk_size;
    action->prefix = self->prefixes;
    action->size =
        vm_engine_chunk_size (self->offer->size, self->chunk_size, index);
    g_queue_push_tail (&self->chunks, chunk);
    self->next = index + 1;
  }
  return !self->chunks.length && !next_missing (self, &index);
}

/* The window and the retries were those of another lane. */
static void
forget_lane (VmSender *self, gint64 now)
{
  gdouble chunks = self->window.chunks;

  vm_window_init (&self->window, self->chunk_size, self->nearby);
  self->window.chunks = MIN (chunks, self->window.nearby);
  for (GList *link = self->chunks.head; link; link = link->next) {
    Chunk *chunk = link->data;

    chunk->retries = 0;
    chunk->untimed = chunk->state > VM_CHUNK_STATE_AHEAD;
    chunk->unsure = chunk->state == VM_CHUNK_STATE_SENT;
    chunk->deadline = now + vm_window_get_timeout (&self->window);
  }
}

static Chunk *
first_unsure (VmSender *self)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    if (((Chunk *) link->data)->unsure)
      return link->data;
  }
  return NULL;
}

void
vm_sender_set_nearby (VmSender *self, guint32 bytes)
{
  self->nearby = bytes;
  if (self->chunk_size)
    vm_window_set_nearby (&self->window, self->chunk_size, bytes);
}

void
vm_sender_set_reliable (VmSender *self, guint32 bytes)
{
  self->reliable = bytes;
  vm_sender_set_nearby (self, bytes);
}

void
vm_sender_change_lane (VmSender *self, gint64 now)
{
  VmTransferState state = self->engine.state;
  Chunk *first;

  if (state == VM_TRANSFER_STATE_VERIFYING && self->engine.again >= 0)
    self->engine.again = now;
  if (state != VM_TRANSFER_STATE_TRANSFERRING
      && state != VM_TRANSFER_STATE_PAUSED)
    return;
  /* who does not know of it says so; else nothing would be said while it is
   * paused */
  if (!self->heard
      || (state == VM_TRANSFER_STATE_PAUSED && !self->engine.legacy))
    vm_sender_send_start (self);
  forget_lane (self, now);
  first = first_unsure (self);
  if (first) {
    first->question = TRUE;
    send_chunk (self, first, now);
  }
}

void
vm_sender_chunk_read (VmSender *self, guint64 index, GBytes *data,
    const guint8 hash[VM_SHA256_SIZE], gboolean prefix)
{
  GList *link = find (self, index);
  Chunk *chunk = link ? link->data : NULL;

  if (!chunk || chunk->state != VM_CHUNK_STATE_READING)
    return;
  chunk->data = g_bytes_ref (data);
  memcpy (chunk->hash, hash, VM_SHA256_SIZE);
  chunk->prefix = prefix;
  vm_chunk_state_move (&chunk->state, VM_CHUNK_STATE_AHEAD);
}

void
vm_sender_send_ready (VmSender *self, gint64 now)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    Chunk *chunk = link->data;

    if (chunk->state == VM_CHUNK_STATE_READY)
      send_chunk (self, chunk, now);
    else if (chunk->state == VM_CHUNK_STATE_SENT)
      chunk->deadline = now + vm_window_get_timeout (&self->window);
    chunk->untimed = chunk->state == VM_CHUNK_STATE_SENT;
  }
  self->acked_at = now;
}

static void
finish (VmSender *self, GList *link)
{
  Chunk *chunk = link->data;

  self->done += g_bytes_get_size (chunk->data);
  g_queue_delete_link (&self->chunks, link);
  free_chunk (chunk);
}

/* All before @up_to that were sent: their own acknowledgements were lost, or
 * are behind this one, or it stands for them. Returns: how many, but for those
 * that were sent more than once */
static guint
finish_up_to (VmSender *self, gint64 up_to)
{
  guint n = 0;

  for (GList *link = self->chunks.head, *next; link; link = next) {
    Chunk *chunk = link->data;

    next = link->next;
    if (up_to < 0 || chunk->index >= (guint64) up_to)
      break;
    if (chunk->state != VM_CHUNK_STATE_SENT)
      continue;
    n += !chunk->untimed;
    finish (self, link);
  }
  return n;
}

static GError *
retry (
    VmSender *self, Chunk *chunk, VmError code, const gchar *what, gint64 now)
{
  if (chunk->retries == VM_TRANSFER_RETRIES)
    return g_error_new (VM_ERROR, code,
        "Chunk %" G_GUINT64_FORMAT " was sent %d times and %s", chunk->index,
        VM_TRANSFER_RETRIES + 1, what);
  chunk->retries++;
  chunk->untimed = TRUE;
  send_chunk (self, chunk, now);
  return NULL;
}

/* An acknowledgement that was doubled on its way comes sooner than one of what
 * was sent because of it. */
static gboolean
is_doubled (VmSender *self, const Chunk *chunk, gint64 now)
{
  return chunk->retries && now - chunk->sent < self->window.rtt / 2;
}

/* Those that the receiver has not said it has. */
static void
send_rest (VmSender *self, gint64 now)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    Chunk *chunk = link->data;

    if (chunk->unsure)
      send_chunk (self, chunk, now);
  }
}

/* Whether what the receiver has is known now: by the answer to the question, or
 * by one that stands for it. */
static gboolean
is_answer (VmSender *self, const VmTransferMessage *ack)
{
  for (GList *link = self->chunks.head; link; link = link->next) {
    const Chunk *chunk = link->data;

    if (chunk->question
        && (chunk->index == (guint64) ack->index
            || (gint64) chunk->index < ack->up_to))
      return TRUE;
  }
  return FALSE;
}

GError *
vm_sender_ack (VmSender *self, const VmTransferMessage *ack, gint64 now)
{
  GList *link = find (self, ack->index);
  Chunk *chunk = link ? link->data : NULL;
  gboolean answer = is_answer (self, ack);
  gint64 rtt = chunk && !chunk->untimed ? now - chunk->sent : -1;
  guint others;
  GError *error = NULL;

  self->acked_at = now;
  if (chunk && chunk->state <= VM_CHUNK_STATE_AHEAD)
    chunk = NULL; /* of one that was not sent: a lie, or damage */
  if (!chunk || ack->status != VM_CHUNK_RECEIVED)
    rtt = -1;
  if (chunk && ack->status == VM_CHUNK_RECEIVED)
    finish (self, link);
  else if (chunk && ack->status == VM_CHUNK_FULL)
    vm_chunk_state_move (&chunk->state, VM_CHUNK_STATE_READY);
  else if (chunk && chunk->state == VM_CHUNK_STATE_SENT
           && !is_doubled (self, chunk, now))
    error = retry (self, chunk, VM_ERROR_BAD_MESSAGE, "came corrupt", now);
  if (error)
    return error;
  others = finish_up_to (self, ack->up_to);
  vm_window_acked (&self->window, 1 + others, rtt, now);
  if (answer)
    send_rest (self, now);
  return NULL;
}

GError *
vm_sender_retry (VmSender *self, gint64 now)
{
  gboolean late = FALSE;

  if (self->reliable) {
    gint64 deadline = vm_sender_chunk_deadline (self);

    return deadline < 0 || now < deadline
               ? NULL
               : g_error_new_literal (VM_ERROR, VM_ERROR_TIMEOUT,
                   "Nothing comes from the other side");
  }
  for (GList *link = self->chunks.head; link; link = link->next) {
    Chunk *chunk = link->data;
    GError *error;

    if (chunk->state != VM_CHUNK_STATE_SENT || chunk->deadline > now)
      continue;
    if (!late)
      vm_window_timed_out (&self->window, now);
    if (!late && !self->heard)
      vm_sender_send_start (self);
    late = TRUE;
    error =
        retry (self, chunk, VM_ERROR_TIMEOUT, "not acknowledged in time", now);
    if (error)
      return error;
  }
  return NULL;
}

gint64
vm_sender_chunk_deadline (VmSender *self)
{
  gint64 deadline = -1;

  if (self->reliable)
    return has_sent (self) ? self->acked_at + VM_TRANSFER_PATIENCE
                                 + vm_engine_chunk_patience (self->chunk_size)
                           : -1;
  for (GList *link = self->chunks.head; link; link = link->next) {
    const Chunk *chunk = link->data;

    if (chunk->state == VM_CHUNK_STATE_SENT
        && (deadline < 0 || chunk->deadline < deadline))
      deadline = chunk->deadline;
  }
  return deadline;
}
