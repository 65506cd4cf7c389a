/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "transfer/disk/receivefolder.h"
#include "transfer/engine/receiver.h"

/* A file that comes: receiver.h and what it wants of the disk. For a chunk it
 * blocks; beginning a file, of which much may be there and is read again, and
 * committing it are jobs of threads of their own. One thread at a time; times
 * as there. */
typedef struct _VmIncoming VmIncoming;

/* In a job's thread: vm_incoming_finish() has something to do. */
typedef void (*VmIncomingFunc) (gpointer data);

/* @from: who sends it: letters, digits, "-" and "_". */
VmIncoming *vm_incoming_new (VmReceiveFolder *folder, const gchar *from,
    const VmTransferMessage *offer, VmIncomingFunc done, gpointer data,
    gint64 now);
/* What is verified stays for the next, unless it was cancelled. Waits for a
 * job. */
void vm_incoming_free (VmIncoming *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmIncoming, vm_incoming_free)

/* For what is said to it; vm_incoming_next() behind it. */
VmReceiver *vm_incoming_get_engine (VmIncoming *self);
/* Of a device that is known: its file has room on the disk before it comes.
 * FALSE where nobody says it. */
void vm_incoming_set_known (VmIncoming *self, gboolean known);
const gchar *vm_incoming_get_from (VmIncoming *self);
/* What it comes over from now on: a constant. */
void vm_incoming_set_lane (VmIncoming *self, const gchar *lane);
gboolean vm_incoming_is_over (VmIncoming *self);

/* Does what there is to do, up to the next message for the sender. Returns:
 * (transfer full) (nullable): NULL: it waits, also while a job is under way */
VmTransferMessage *vm_incoming_next (VmIncoming *self);

/* Whether a job is under way, or over and not finished with. Nothing is to be
 * said to the engine meanwhile: a file that gets its name is not taken back. */
gboolean vm_incoming_is_busy (VmIncoming *self);
/* What a job brought is told to the engine. FALSE: none is over. */
gboolean vm_incoming_finish (VmIncoming *self);
/* The same for one that is not over, which it waits for. */
void vm_incoming_wait (VmIncoming *self);

/* As describe.h, in a state that it is or was in. Returns: (transfer full) */
GstStructure *vm_incoming_describe (VmIncoming *self, VmTransferState state);
