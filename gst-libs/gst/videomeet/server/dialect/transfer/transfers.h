/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Unused tickets of POST /transfers: each lets one device open a socket for one
 * transfer. Sans-I/O. */

/* Unused grants of one server; and of one device, or of one address; beyond,
 * its oldest makes room. */
#define VM_TRANSFER_TICKETS_MAX 256
#define VM_TRANSFER_TICKETS_PER_DEVICE 16
#define VM_TRANSFER_TICKETS_PER_ADDRESS 64

typedef struct _VmTransfers VmTransfers;

typedef void (*VmTransfersRandom) (
    guint8 *bytes, gsize size, gpointer user_data);

VmTransfers *vm_transfers_new (VmTransfersRandom random, gpointer user_data);
void vm_transfers_free (VmTransfers *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTransfers, vm_transfers_free)

/* @device_id: of the key that TLS proved. @address: the device's. @now: µs.
 * RATE_LIMITED. Returns: (transfer full): the ticket, valid once and for
 * VM_TICKET_TIME */
gchar *vm_transfers_grant (VmTransfers *self, const gchar *device_id,
    const gchar *address, const gchar *id, gint64 now, GError **error);
/* BAD_TICKET: it is unknown, used, old, or another device's. Returns: (transfer
 * full): the transfer's id */
gchar *vm_transfers_use (VmTransfers *self, const gchar *ticket,
    const gchar *device_id, gint64 now, GError **error);
guint vm_transfers_count (VmTransfers *self, gint64 now);

G_END_DECLS
