/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/p2p/pipe.h"

gboolean
vm_p2p_pipe_send (VmP2pPipe *self, guint8 type, const void *head,
    gsize head_size, GBytes *body, gint64 timeout, GError **error)
{
  if (head_size + (body ? g_bytes_get_size (body) : 0) > VM_P2P_BODY_MAX) {
    g_set_error (error, VM_ERROR, VM_ERROR_TOO_LARGE,
        "A message of a stream has at most %d bytes", VM_P2P_BODY_MAX);
    return FALSE;
  }
  return self->funcs->send (self, type, head, head_size, body, timeout, error);
}

GBytes *
vm_p2p_pipe_receive (
    VmP2pPipe *self, gint64 timeout, guint8 *type, GError **error)
{
  return self->funcs->receive (self, timeout, type, error);
}

void
vm_p2p_pipe_end (VmP2pPipe *self)
{
  self->funcs->end (self);
}

void
vm_p2p_pipe_close (VmP2pPipe *self, const GError *why)
{
  self->funcs->close (self, why);
}

gboolean
vm_p2p_pipe_is_over (VmP2pPipe *self)
{
  return self->funcs->is_over (self);
}

void
vm_p2p_pipe_free (VmP2pPipe *self)
{
  vm_p2p_pipe_close (self, NULL);
  self->funcs->free (self);
}

/* The pair in memory */

typedef struct
{
  guint8 type;
  GBytes *body;
} Message;

/* One direction. */
typedef struct
{
  GQueue messages; /* of Message */
  gsize waiting; /* bytes of their bodies */
  gboolean ended; /* nothing more is sent */
} Way;

typedef struct
{
  gint refs; /* ends that are not freed */
  gsize bound;
  GMutex lock;
  GCond changed;
  Way ways[2];
  GError *why; /* of the first close; or NULL */
  gboolean closed;
} Pair;

typedef struct
{
  VmP2pPipe pipe;
  Pair *pair;
  guint side; /* sends by ways[side], receives by the other */
} End;

static void
message_free (gpointer data)
{
  Message *message = data;

  g_bytes_unref (message->body);
  g_free (message);
}

/* With the lock. */
static gboolean
set_over (Pair *pair, GError **error)
{
  if (pair->why)
    g_propagate_error (error, g_error_copy (pair->why));
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
join (const void *head, gsize head_size, GBytes *body)
{
  g_autoptr (GByteArray) joined = NULL;

  if (!head_size)
    return body ? g_bytes_ref (body) : g_bytes_new (NULL, 0);
  joined = g_byte_array_new ();
  g_byte_array_append (joined, head, head_size);
  if (body)
    g_byte_array_append (
        joined, g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  return g_byte_array_free_to_bytes (g_steal_pointer (&joined));
}

/* A message that is larger than the bound passes when nothing else waits. */
static gboolean
has_room (const Pair *pair, const Way *way, gsize size)
{
  return !way->waiting || way->waiting + size <= pair->bound;
}

static gboolean
end_send (VmP2pPipe *pipe, guint8 type, const void *head, gsize head_size,
    GBytes *body, gint64 timeout, GError **error)
{
  End *self = (End *) pipe;
  Pair *pair = self->pair;
  Way *way = &pair->ways[self->side];
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GBytes) joined = join (head, head_size, body);
  gsize size = g_bytes_get_size (joined);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pair->lock);
  Message *message;

  while (!pair->closed && !way->ended && !has_room (pair, way, size))
    if (!g_cond_wait_until (&pair->changed, &pair->lock, until) && !pair->closed
        && !has_room (pair, way, size))
      return set_late (error);
  if (pair->closed || way->ended)
    return set_over (pair, error);
  message = g_new (Message, 1);
  message->type = type;
  message->body = g_steal_pointer (&joined);
  way->waiting += size;
  g_queue_push_tail (&way->messages, message);
  g_cond_broadcast (&pair->changed);
  return TRUE;
}

static GBytes *
end_receive (VmP2pPipe *pipe, gint64 timeout, guint8 *type, GError **error)
{
  End *self = (End *) pipe;
  Pair *pair = self->pair;
  Way *way = &pair->ways[!self->side];
  gint64 until = g_get_monotonic_time () + timeout;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pair->lock);
  Message *message;
  GBytes *body;

  while (!pair->closed && !way->ended && !way->messages.length)
    if (!g_cond_wait_until (&pair->changed, &pair->lock, until) && !pair->closed
        && !way->ended && !way->messages.length) {
      set_late (error);
      return NULL;
    }
  message = pair->closed ? NULL : g_queue_pop_head (&way->messages);
  if (!message) {
    set_over (pair, error);
    return NULL;
  }
  body = g_bytes_ref (message->body);
  *type = message->type;
  way->waiting -= g_bytes_get_size (body);
  message_free (message);
  g_cond_broadcast (&pair->changed);
  return body;
}

static void
end_end (VmP2pPipe *pipe)
{
  End *self = (End *) pipe;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->pair->lock);

  self->pair->ways[self->side].ended = TRUE;
  g_cond_broadcast (&self->pair->changed);
}

static void
end_close (VmP2pPipe *pipe, const GError *why)
{
  Pair *pair = ((End *) pipe)->pair;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pair->lock);

  if (!pair->closed && why)
    pair->why = g_error_copy (why);
  pair->closed = TRUE;
  g_cond_broadcast (&pair->changed);
}

static gboolean
end_is_over (VmP2pPipe *pipe)
{
  Pair *pair = ((End *) pipe)->pair;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&pair->lock);

  return pair->closed;
}

static void
pair_free (Pair *pair)
{
  for (guint i = 0; i < 2; i++)
    g_queue_clear_full (&pair->ways[i].messages, message_free);
  g_clear_error (&pair->why);
  g_mutex_clear (&pair->lock);
  g_cond_clear (&pair->changed);
  g_free (pair);
}

static void
end_free (VmP2pPipe *pipe)
{
  Pair *pair = ((End *) pipe)->pair;

  if (g_atomic_int_dec_and_test (&pair->refs))
    pair_free (pair);
  g_free (pipe);
}

static const VmP2pPipeFuncs end_funcs = {
  .send = end_send,
  .receive = end_receive,
  .end = end_end,
  .close = end_close,
  .free = end_free,
  .is_over = end_is_over,
};

static VmP2pPipe *
end_new (Pair *pair, guint side)
{
  End *self = g_new0 (End, 1);

  self->pipe.funcs = &end_funcs;
  self->pair = pair;
  self->side = side;
  return &self->pipe;
}

void
vm_p2p_pipe_new_pair (gsize bound, VmP2pPipe **a, VmP2pPipe **b)
{
  Pair *pair = g_new0 (Pair, 1);

  pair->refs = 2;
  pair->bound = bound;
  g_mutex_init (&pair->lock);
  g_cond_init (&pair->changed);
  *a = end_new (pair, 0);
  *b = end_new (pair, 1);
}
