/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Files that wait for their turn (protocol/files.md#flow): which begins next,
 * and how fast it may be sent. An entry is one file to one receiver; the owner
 * of the queue begins the entry that vm_transfer_queue_next() returns, and
 * reports its progress. Sans-I/O; one thread at a time; times in µs, monotonic.
 *
 * The next entry has the highest priority of those that could begin; among
 * receivers with such an entry, the one served longest ago is chosen. Entries
 * of one receiver begin by priority, then in the order of adding; they do not
 * overtake one that rests, because it waits for the receiver.
 *
 * WAITING: for its turn. ACTIVE: it has one of the places. STALLED: it made no
 * progress for VM_QUEUE_STALL_TIME; it runs on, and another receiver gets its
 * place. It counts again as soon as it makes progress: no other entry is
 * interrupted, so there may be more than max-active for a while, and none
 * begins meanwhile. RESTING: it broke, and waits to begin again. A DONE or
 * FAILED entry is forgotten. */

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
/* An entry that sent nothing for this long gets no share of the rate. */
#define VM_QUEUE_IDLE_TIME (2 * G_USEC_PER_SEC)
/* Rest before an entry begins again; it doubles. */
#define VM_QUEUE_REST_MIN (1 * G_USEC_PER_SEC)
#define VM_QUEUE_REST_MAX (60 * G_USEC_PER_SEC)
#define VM_QUEUE_RETRIES_MAX 100
#define VM_QUEUE_RETRIES_DEFAULT 5 /* in a row without new bytes */

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
/* Whether the transition exists; *@next is @state where it does not. */
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
/* Clamps values to their bounds. Running entries keep running. */
void vm_transfer_queue_set_limits (
    VmTransferQueue *self, const VmQueueLimits *limits);

/* Adds a file for @receiver, any name; returns its number, from 1. 0:
 * VM_ERROR_BAD_REQUEST, a priority out of range; VM_ERROR_RATE_LIMITED, there
 * are too many. */
guint vm_transfer_queue_add (VmTransferQueue *self, const gchar *receiver,
    gint priority, GError **error);
/* The entry to begin now, which becomes ACTIVE; 0: none. */
guint vm_transfer_queue_next (VmTransferQueue *self, gint64 now);

/* A running entry has @done bytes. More than ever before counts as progress. */
void vm_transfer_queue_progress (
    VmTransferQueue *self, guint entry, guint64 done, gint64 now);
/* The entry broke. FALSE: it has no retries left, and has FAILED. */
gboolean
vm_transfer_queue_break (VmTransferQueue *self, guint entry, gint64 now);
void vm_transfer_queue_succeed (VmTransferQueue *self, guint entry);
/* Fails the entry for good, in any state. */
void vm_transfer_queue_fail (VmTransferQueue *self, guint entry);

/* When vm_transfer_queue_tick() is due; -1: it is not. */
gint64 vm_transfer_queue_get_deadline (VmTransferQueue *self);
void vm_transfer_queue_tick (VmTransferQueue *self, gint64 now);

/* FALSE: no entry has that number, or it is forgotten. */
gboolean vm_transfer_queue_get_state (
    VmTransferQueue *self, guint entry, VmQueueState *state);
/* The rate of a running entry, bits/s; 0: any. The receivers with progress
 * share the rate, and their files share each part; an entry without progress is
 * counted for itself alone, so that it can start. */
guint64 vm_transfer_queue_get_share (VmTransferQueue *self, guint entry);
guint vm_transfer_queue_count (VmTransferQueue *self, VmQueueState state);
