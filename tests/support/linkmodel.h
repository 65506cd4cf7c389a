/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a bad network does to one direction of a link, without the network:
 * packets and a clock in, times of arrival out. */

#define LINK_QUEUE_DEFAULT 65536 /* bytes waiting for the rate */

typedef struct
{
  guint delay_ms; /* every packet */
  guint jitter_ms; /* added, uniform in 0 … 2*jitter, minus jitter */
  gdouble loss; /* 0 … 1, each packet on its own */
  gdouble reorder; /* 0 … 1: goes without the delay's queue */
  guint64 rate; /* bits per second, 0 = unlimited */
  guint queue; /* bytes; beyond it the tail is dropped */
  guint32 seed;
} LinkConfig;

typedef struct
{
  guint64 sent, delivered, lost, overflowed, reordered;
  guint64 bytes; /* of those that were neither lost nor overflowed */
  gint64 shortest, longest; /* µs: their way, 0 when there were none */
} LinkCounts;

typedef struct _LinkModel LinkModel;

LinkModel *link_model_new (const LinkConfig *config);
void link_model_free (LinkModel *self);

/* Takes one packet of @size bytes at @now (µs); @data is handed back by pop.
 * FALSE: lost or overflowed, the caller keeps @data. */
gboolean
link_model_push (LinkModel *self, gint64 now, gsize size, gpointer data);
/* The next packet that has arrived by @now, or NULL. */
gpointer link_model_pop (LinkModel *self, gint64 now, gsize *size);
/* When to call pop next (µs), or -1 when nothing is under way. */
gint64 link_model_next (LinkModel *self);
const LinkCounts *link_model_get_counts (LinkModel *self);
