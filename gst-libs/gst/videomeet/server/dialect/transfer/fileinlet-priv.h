/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/message/message.h"
#include "server/dialect/transfer/fileinlet.h"
#include "server/server-priv.h"

/* The server's side of a VmFileInlet. All but the first on vm-net. */

/* Bytes that wait for the inlet's owner; beyond, the socket is not read. Twice
 * a sender's window. */
#define VM_FILE_INLET_QUEUE_MAX (8 * 1024 * 1024)

/* As vm_node_add_file_inlet(); any thread. */
VmFileInlet *vm_server_add_file_inlet (
    VmServer *self, const gchar *device_id, const gchar *transfer_id);
/* NULL: that device has no such transfer. Returns: (transfer none) */
VmFileInlet *vm_server_find_file_inlet (
    VmServer *self, const gchar *device_id, const gchar *transfer_id);
/* The key of a device's transfer. Returns: (transfer full) */
gchar *vm_transfer_key (const gchar *device_id, const gchar *transfer_id);

/* Whether there is a socket. */
void vm_file_inlet_set_attached (VmFileInlet *self, gboolean attached);
/* Takes @message. FALSE: the queue is over its limit; vm_transfer_read_on()
 * follows. */
gboolean vm_file_inlet_push (VmFileInlet *self, VmTransferMessage *message);
/* Whether it still is over the limit. */
gboolean vm_file_inlet_is_full (VmFileInlet *self);
/* Reads the sockets again that had to wait for @inlet, NULL: for the receiver.
 * transfer.c */
void vm_transfer_read_on (VmServer *self, VmFileInlet *inlet);
