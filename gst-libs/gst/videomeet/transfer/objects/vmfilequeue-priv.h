/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>
#include "base/vmtimer-priv.h"
#include "transfer/objects/fileattempt.h"
#include "transfer/engine/queue.h"
#include <gst/videomeet/vmfilequeue.h>

/* Shared by vmfilequeue.c (the object), vmfilequeue-user.c (the API) and
 * vmfilequeue-jobs.c (the running jobs). All in the queue's thread. */

struct _VmFileQueue
{
  GObject parent;

  VmIdentity *identity;
  gchar *user; /* or NULL */
  GMainContext *context;
  VmTransferQueue *turns;
  VmQueueLimits limits;
  gint64 lost_time; /* as of VmFileAttemptConfig */
  VmPacer *pacer; /* shared by all attempts: small files end too soon to divide
                   * the rate */
  GHashTable *places; /* receiver → VmQueuePlace */
  guint places_said; /* number of changes of a place */
  GHashTable *jobs; /* number → VmQueueJob */
  GSource *timer;
  gboolean interrupted; /* nothing begins any more */
};

/* The address of a receiver. */
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
  gchar *key_hash; /* that answered an earlier attempt; any other is refused */
  VmFileAttempt *attempt; /* NULL: it is not on its way */
  guint64 share; /* bits/s, of the attempt */
  guint place; /* number of the place that the attempt uses */
  gboolean cancelled;
  gboolean reached; /* a socket to the receiver has opened, in any attempt */
  gboolean moved; /* it was accepted, in this attempt */
  VmQueueState told; /* the last reported state */
  GstStructure *transfer; /* from the sender, without the queue's fields */
  guint64 sent; /* bytes, in attempts that are over */
} VmQueueJob;

/* vmfilequeue.c */
void vm_file_queue_tell (
    VmFileQueue *self, VmQueueJob *job, const GstStructure *transfer);
/* The number of unfinished files has changed. */
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
/* Reports the end of the job and frees it; @error NULL: the file is verified.
 */
void vm_queue_job_conclude (VmQueueJob *job, const GError *error);
/* Call it after any change. */
void vm_file_queue_pump (VmFileQueue *self);
/* The same, from the main loop. */
void vm_file_queue_pump_later (VmFileQueue *self);
