/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "linkmodel.h"

typedef struct
{
  gint64 at; /* µs: arrival */
  guint64 order;
  gsize size;
  gpointer data;
} Packet;

struct _LinkModel
{
  LinkConfig config;
  LinkCounts counts;
  GRand *rand;
  GSequence *packets; /* Packet, by arrival */
  guint64 order;
  gint64 wire_free; /* µs: when the last packet has left the queue */
  gint64 last_at; /* µs: arrival of the last packet in order */
};

static gint
compare (gconstpointer a, gconstpointer b, gpointer user_data)
{
  const Packet *x = a, *y = b;

  if (x->at != y->at)
    return x->at < y->at ? -1 : 1;
  return x->order < y->order ? -1 : x->order > y->order;
}

LinkModel *
link_model_new (const LinkConfig *config)
{
  LinkModel *self = g_new0 (LinkModel, 1);

  self->config = *config;
  if (self->config.queue == 0)
    self->config.queue = LINK_QUEUE_DEFAULT;
  self->rand = g_rand_new_with_seed (config->seed);
  self->packets = g_sequence_new (g_free);
  return self;
}

void
link_model_free (LinkModel *self)
{
  g_sequence_free (self->packets);
  g_rand_free (self->rand);
  g_free (self);
}

/* Time on the wire of a packet, µs. */
static gint64
wire_time (LinkModel *self, gsize size)
{
  if (self->config.rate == 0)
    return 0;
  return (gint64) (size * 8 * G_USEC_PER_SEC / self->config.rate);
}

static gboolean
happens (LinkModel *self, gdouble probability)
{
  return probability > 0 && g_rand_double (self->rand) < probability;
}

static void
count_way (LinkCounts *counts, gsize size, gint64 way)
{
  counts->shortest = counts->bytes ? MIN (counts->shortest, way) : way;
  counts->longest = MAX (counts->longest, way);
  counts->bytes += size;
}

gboolean
link_model_push (LinkModel *self, gint64 now, gsize size, gpointer data)
{
  const LinkConfig *c = &self->config;
  gint64 start = MAX (now, self->wire_free);
  gint64 at, jitter = (gint64) c->jitter_ms * 1000;
  gsize waiting = c->rate ? (start - now) * c->rate / 8 / G_USEC_PER_SEC : 0;
  gboolean reorder;
  Packet *packet;

  self->counts.sent++;
  if (happens (self, c->loss)) {
    self->counts.lost++;
    return FALSE;
  }
  if (waiting + size > c->queue) {
    self->counts.overflowed++;
    return FALSE;
  }
  self->wire_free = start + wire_time (self, size);
  at = self->wire_free + (gint64) c->delay_ms * 1000;
  if (jitter)
    at += g_rand_int_range (self->rand, 0, 2 * jitter + 1) - jitter;
  at = MAX (at, now);
  reorder = happens (self, c->reorder);
  if (reorder) {
    /* it overtakes what is under way */
    at = now;
    self->counts.reordered++;
  } else {
    /* jitter alone keeps the order, as a queue does */
    at = MAX (at, self->last_at);
    self->last_at = at;
  }
  count_way (&self->counts, size, at - now);
  packet = g_new0 (Packet, 1);
  packet->at = at;
  packet->order = self->order++;
  packet->size = size;
  packet->data = data;
  g_sequence_insert_sorted (self->packets, packet, compare, NULL);
  return TRUE;
}

gpointer
link_model_pop (LinkModel *self, gint64 now, gsize *size)
{
  GSequenceIter *it = g_sequence_get_begin_iter (self->packets);
  Packet *packet;
  gpointer data;

  if (g_sequence_iter_is_end (it))
    return NULL;
  packet = g_sequence_get (it);
  if (packet->at > now)
    return NULL;
  data = packet->data;
  if (size)
    *size = packet->size;
  g_sequence_remove (it);
  self->counts.delivered++;
  return data;
}

gint64
link_model_next (LinkModel *self)
{
  GSequenceIter *it = g_sequence_get_begin_iter (self->packets);

  if (g_sequence_iter_is_end (it))
    return -1;
  return ((Packet *) g_sequence_get (it))->at;
}

const LinkCounts *
link_model_get_counts (LinkModel *self)
{
  return &self->counts;
}
