/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/queue.h"

/* What queue.c (entries and turns) and queuetime.c (what comes with time:
 * stalls, rests, shares) have in common. */

typedef struct
{
  gchar *name;
  GQueue entries; /* of Entry, in the order in which they begin */
  guint running;
  guint moving; /* of these */
  guint64 served; /* the turn at which one last began; 0: never */
} VmQueueReceiver;

typedef struct
{
  guint number;
  VmQueueReceiver *receiver;
  gint priority;
  VmQueueState state;
  guint64 done; /* bytes; the most there were */
  gboolean brought; /* more bytes, since it began */
  guint broken; /* times in a row without */
  gint64 moved; /* µs; when it last went on, or began */
  gboolean moves; /* less than VM_QUEUE_IDLE_TIME ago */
  gint64 due; /* µs; RESTING: until then */
} VmQueueEntry;

struct _VmTransferQueue
{
  VmQueueLimits limits;
  GHashTable *entries; /* number → VmQueueEntry */
  GHashTable *receivers; /* name → VmQueueReceiver; those that have entries */
  guint last; /* number */
  guint64 turn;
  guint counts[VM_QUEUE_N_STATES];
};

void vm_queue_set_moves (VmQueueEntry *entry, gboolean moves);
/* FALSE: there is no such edge. */
gboolean
vm_queue_move (VmTransferQueue *self, VmQueueEntry *entry, VmQueueEvent event);
