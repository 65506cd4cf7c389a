/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "transfer/disk/receivefolder.h"
#include "transfer/engine/receiver.h"

/* An incoming file: receiver.h with its disk work. Writing a chunk blocks;
 * beginning a file, which may read a large earlier part again, and committing
 * it are jobs on their own threads. One thread at a time; times as in
 * receiver.h. */
typedef struct _VmIncoming VmIncoming;

/* In a job's thread: vm_incoming_finish() has something to do. */
typedef void (*VmIncomingFunc) (gpointer data);

/* @from: the sender: letters, digits, "-" and "_". */
VmIncoming *vm_incoming_new (VmReceiveFolder *folder, const gchar *from,
    const VmTransferMessage *offer, VmIncomingFunc done, gpointer data,
    gint64 now);
/* Verified chunks stay for the next transfer, unless it was cancelled. Waits
 * for a job. */
void vm_incoming_free (VmIncoming *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmIncoming, vm_incoming_free)

/* The engine, for calls to it; call vm_incoming_next() after each. */
VmReceiver *vm_incoming_get_engine (VmIncoming *self);
/* Whether the sender is a known device, whose file gets its disk room in
 * advance. FALSE by default. */
void vm_incoming_set_known (VmIncoming *self, gboolean known);
const gchar *vm_incoming_get_from (VmIncoming *self);
/* The lane from now on: a constant. */
void vm_incoming_set_lane (VmIncoming *self, const gchar *lane);
/* Whether another transfer of the same file waits for the end of this one. */
gboolean vm_incoming_is_wanted (VmIncoming *self);
gboolean vm_incoming_is_over (VmIncoming *self);

/* Performs actions up to the next message for the sender. Returns: (transfer
 * full) (nullable): NULL: it waits, also while a job is under way */
VmTransferMessage *vm_incoming_next (VmIncoming *self);

/* Whether a job is under way, or its result not taken. Do not call the engine
 * meanwhile: a file that is getting its name cannot be withdrawn. */
gboolean vm_incoming_is_busy (VmIncoming *self);
/* Passes a job's result to the engine. FALSE: no job has ended. */
gboolean vm_incoming_finish (VmIncoming *self);
/* Waits for the running job, then does the same. */
void vm_incoming_wait (VmIncoming *self);

/* As describe.h, in a state that it is or was in. Returns: (transfer full) */
GstStructure *vm_incoming_describe (VmIncoming *self, VmTransferState state);
