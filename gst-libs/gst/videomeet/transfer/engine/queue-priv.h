/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/engine/queue.h"

/* Shared by queue.c (entries and turns) and queuetime.c (timing: stalls, rests,
 * shares). */

typedef struct
{
  gchar *name;
  GQueue entries; /* of Entry, in the order in which they begin */
  guint running;
  guint moving; /* of the running ones */
  guint64 served; /* the turn when an entry last began; 0: never */
} VmQueueReceiver;

typedef struct
{
  guint number;
  VmQueueReceiver *receiver;
  gint priority;
  VmQueueState state;
  guint64 done; /* bytes; the maximum so far */
  gboolean brought; /* it has gained bytes since it began */
  guint broken; /* failures in a row without new bytes */
  gint64 moved; /* µs; of the last progress, or its beginning */
  gboolean moves; /* progress less than VM_QUEUE_IDLE_TIME ago */
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
/* FALSE: the transition does not exist. */
gboolean
vm_queue_move (VmTransferQueue *self, VmQueueEntry *entry, VmQueueEvent event);
