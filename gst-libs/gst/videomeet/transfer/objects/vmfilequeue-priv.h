/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>
#include "base/vmtimer-priv.h"
#include "transfer/objects/fileattempt.h"
#include "transfer/engine/queue.h"
#include <gst/videomeet/vmfilequeue.h>

/* What vmfilequeue.c (the object), vmfilequeue-user.c (what applications call)
 * and vmfilequeue-jobs.c (what goes on) share. All of it is the queue's
 * thread's. */

struct _VmFileQueue
{
  GObject parent;

  VmIdentity *identity;
  gchar *user; /* or NULL */
  GMainContext *context;
  VmTransferQueue *turns;
  VmQueueLimits limits;
  gint64 lost_time; /* as of VmFileAttemptConfig */
  VmPacer
      *pacer; /* of all: many small files have no time to share the rate in */
  GHashTable *places; /* receiver → VmQueuePlace */
  guint places_said; /* how often another one was said */
  GHashTable *jobs; /* number → VmQueueJob */
  GSource *timer;
  gboolean interrupted; /* nothing begins any more */
};

/* Where a receiver is. */
typedef struct
{
  gchar **base_uris;
  gchar *key_hash;
  guint number; /* of VmFileQueue.places_said */
} VmQueuePlace;

/* A file for one receiver. */
typedef struct
{
  VmFileQueue *queue;
  guint number;
  gchar *location;
  gchar *receiver;
  gchar *key_hash; /* that answered an earlier attempt: no other is sent to */
  VmFileAttempt *attempt; /* NULL: it is not on its way */
  guint64 share; /* bits/s, that the attempt has */
  guint place; /* its number, where the attempt has looked */
  gboolean cancelled;
  gboolean reached; /* a socket to the receiver has opened, in any attempt */
  gboolean moved; /* it was accepted, in this attempt */
  VmQueueState told; /* what was said of it last */
  GstStructure *transfer; /* as of the sender, without what is the queue's */
  guint64 sent; /* bytes, in attempts that are over */
} VmQueueJob;

/* vmfilequeue.c */
void vm_file_queue_tell (
    VmFileQueue *self, VmQueueJob *job, const GstStructure *transfer);
/* The number of those that are not over is another. */
void vm_file_queue_counted (VmFileQueue *self);
/* For tests: when a transfer counts as stalled, µs. */
void vm_file_queue_set_stall_time (VmFileQueue *self, gint64 stall_time);
/* For tests: after how long without a lane a receiver is gone, µs. */
void vm_file_queue_set_lost_time (VmFileQueue *self, gint64 lost_time);

/* vmfilequeue-jobs.c */
void vm_queue_job_free (gpointer job);
/* NULL: there is none. */
VmQueueJob *vm_file_queue_find (VmFileQueue *self, guint number);
/* Returns: (transfer full) */
GstStructure *vm_queue_job_describe (const VmQueueJob *job, VmQueueState state);
VmQueueState vm_queue_job_get_state (const VmQueueJob *job);
/* The last word on it, which is freed; @error NULL: it is verified. */
void vm_queue_job_conclude (VmQueueJob *job, const GError *error);
/* Whenever something has changed. */
void vm_file_queue_pump (VmFileQueue *self);
/* The same, from the main loop. */
void vm_file_queue_pump_later (VmFileQueue *self);
