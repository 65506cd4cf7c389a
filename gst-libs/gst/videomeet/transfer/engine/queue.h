/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Files that wait for their turn (protocol/files.md#flow): which begins next,
 * and how fast it may go. An entry is one file to one receiver; who owns the
 * queue begins what vm_transfer_queue_next() names, and tells how it goes on.
 * Sans-I/O; one thread at a time; times in µs, monotonic.
 *
 * Of all that could begin it is one of the highest priority; among receivers
 * with such a one, that which was begun with longest ago. To a receiver they
 * begin by priority, then in the order in which they came; one that waits to be
 * begun again is not overtaken, because what it waits for is the receiver.
 *
 * WAITING: for its turn. ACTIVE: it has one of the places. STALLED: nothing of
 * it went on for VM_QUEUE_STALL_TIME; it runs on, and its place is another
 * receiver's. As soon as it goes on it counts again: nobody is interrupted for
 * it, so for a while there may be more than max-active, and none begins
 * meanwhile. RESTING: it broke, and waits to be begun again. Who is DONE or has
 * FAILED is forgotten. */

#define VM_QUEUE_ENTRIES_MAX 16384
#define VM_QUEUE_RECEIVERS_MAX \
  128 /* as participants of a meeting, protocol/files.md#flow */
/* Each has two threads, a file and a socket. */
#define VM_QUEUE_RUNNING_MAX 64 /* ACTIVE and STALLED */
#define VM_QUEUE_ACTIVE_MAX 32
#define VM_QUEUE_ACTIVE_DEFAULT 4
#define VM_QUEUE_PER_RECEIVER_DEFAULT 1
#define VM_QUEUE_PRIORITY_MIN -100
#define VM_QUEUE_PRIORITY_MAX 100
/* A slow disk, a long chunk or a lane that is replaced take less. */
#define VM_QUEUE_STALL_TIME (10 * G_USEC_PER_SEC)
/* Who has sent nothing for so long needs no share of the rate. */
#define VM_QUEUE_IDLE_TIME (2 * G_USEC_PER_SEC)
/* Before it is begun again; it doubles. */
#define VM_QUEUE_REST_MIN (1 * G_USEC_PER_SEC)
#define VM_QUEUE_REST_MAX (60 * G_USEC_PER_SEC)
#define VM_QUEUE_RETRIES_MAX 100
#define VM_QUEUE_RETRIES_DEFAULT 5 /* in a row that brought nothing */

typedef enum
{
  VM_QUEUE_WAITING,
  VM_QUEUE_ACTIVE,
  VM_QUEUE_STALLED,
  VM_QUEUE_RESTING,
  VM_QUEUE_DONE,
  VM_QUEUE_FAILED,
  VM_QUEUE_N_STATES
} VmQueueState;

typedef enum
{
  VM_QUEUE_EVENT_BEGIN,
  VM_QUEUE_EVENT_STALL,
  VM_QUEUE_EVENT_MOVE, /* it goes on */
  VM_QUEUE_EVENT_BREAK, /* and another attempt may bring more */
  VM_QUEUE_EVENT_REST, /* it has rested */
  VM_QUEUE_EVENT_SUCCEED,
  VM_QUEUE_EVENT_FAIL,
  VM_QUEUE_N_EVENTS
} VmQueueEvent;

const gchar *vm_queue_state_to_string (VmQueueState state);
const gchar *vm_queue_event_to_string (VmQueueEvent event);
/* Whether there is such an edge; *@next is @state where there is none. */
gboolean vm_queue_state_next (
    VmQueueState state, VmQueueEvent event, VmQueueState *next);

typedef struct
{
  guint max_active; /* 1 to VM_QUEUE_ACTIVE_MAX */
  guint per_receiver; /* the same */
  guint64 max_bitrate; /* bits/s, of all together; 0: any */
  guint retries; /* 0 to VM_QUEUE_RETRIES_MAX */
  gint64 stall_time; /* µs, more than 0 */
} VmQueueLimits;

typedef struct _VmTransferQueue VmTransferQueue;

VmTransferQueue *vm_transfer_queue_new (void);
void vm_transfer_queue_free (VmTransferQueue *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTransferQueue, vm_transfer_queue_free)

void vm_queue_limits_init (VmQueueLimits *limits);
/* What is beyond a bound becomes the bound. What runs already runs on. */
void vm_transfer_queue_set_limits (
    VmTransferQueue *self, const VmQueueLimits *limits);

/* A file for @receiver, any word; its number, from 1. 0: VM_ERROR_BAD_REQUEST,
 * a priority out of range; VM_ERROR_RATE_LIMITED, there are too many. */
guint vm_transfer_queue_add (VmTransferQueue *self, const gchar *receiver,
    gint priority, GError **error);
/* The one to begin now, which is ACTIVE from here on; 0: none. */
guint vm_transfer_queue_next (VmTransferQueue *self, gint64 now);

/* Of one that runs: so many bytes are there. More than ever before: it goes
 * on. */
void vm_transfer_queue_progress (
    VmTransferQueue *self, guint entry, guint64 done, gint64 now);
/* It broke. FALSE: that was once too often, and it has FAILED. */
gboolean
vm_transfer_queue_break (VmTransferQueue *self, guint entry, gint64 now);
void vm_transfer_queue_succeed (VmTransferQueue *self, guint entry);
/* For good, wherever it is. */
void vm_transfer_queue_fail (VmTransferQueue *self, guint entry);

/* When vm_transfer_queue_tick() is due; -1: it is not. */
gint64 vm_transfer_queue_get_deadline (VmTransferQueue *self);
void vm_transfer_queue_tick (VmTransferQueue *self, gint64 now);

/* FALSE: there is none of that number, or no longer. */
gboolean vm_transfer_queue_get_state (
    VmTransferQueue *self, guint entry, VmQueueState *state);
/* What one that runs may send, bits/s; 0: any. The rate is shared by the
 * receivers to which something goes, and their parts by their files; of what
 * does not move each is counted for itself alone, so that it can begin to. */
guint64 vm_transfer_queue_get_share (VmTransferQueue *self, guint entry);
guint vm_transfer_queue_count (VmTransferQueue *self, VmQueueState state);
