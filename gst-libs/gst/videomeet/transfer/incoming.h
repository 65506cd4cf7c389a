/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include "receivefolder.h"
#include "receiver.h"

/* A file that comes: receiver.h and what it wants of the disk, which it blocks
 * for. One thread at a time; times as there. */
typedef struct _VmIncoming VmIncoming;

/* @from: who sends it: letters, digits, "-" and "_". */
VmIncoming *vm_incoming_new (VmReceiveFolder *folder, const gchar *from,
    const VmTransferMessage *offer, gint64 now);
/* What is verified stays for the next, unless it was cancelled. */
void vm_incoming_free (VmIncoming *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmIncoming, vm_incoming_free)

/* For what is said to it; vm_incoming_next() behind it. */
VmReceiver *vm_incoming_get_engine (VmIncoming *self);
const gchar *vm_incoming_get_from (VmIncoming *self);
/* What it comes over from now on: a constant. */
void vm_incoming_set_lane (VmIncoming *self, const gchar *lane);
gboolean vm_incoming_is_over (VmIncoming *self);

/* Does what there is to do, up to the next message for the sender. Returns:
 * (transfer full) (nullable): NULL: it waits */
VmTransferMessage *vm_incoming_next (VmIncoming *self);

/* As describe.h, in a state that it is or was in. Returns: (transfer full) */
GstStructure *vm_incoming_describe (VmIncoming *self, VmTransferState state);
