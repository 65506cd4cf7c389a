/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/handshake.h"

/* Counts the trust requests of each device and of each address: after
 * VM_TRUST_ATTEMPTS_MAX, it allows none until VM_TRUST_ATTEMPTS_TIME after the
 * last. Sans-I/O; `now` is monotonic time in µs. */

/* Devices and addresses that are remembered; beyond, the oldest makes room.
 * Requests of an approver can replace one another: this holds those of 500
 * addresses. */
#define VM_TRUST_ATTEMPTS_KEPT 1024

typedef struct _VmTrustAttempts VmTrustAttempts;

VmTrustAttempts *vm_trust_attempts_new (void);
void vm_trust_attempts_free (VmTrustAttempts *attempts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTrustAttempts, vm_trust_attempts_free)

/* @who: the id of a device, or an address. */
gboolean vm_trust_attempts_allows (
    VmTrustAttempts *attempts, const gchar *who, gint64 now, GError **error);
void
vm_trust_attempts_add (VmTrustAttempts *attempts, const gchar *who, gint64 now);
/* It ended well. */
void vm_trust_attempts_forget (VmTrustAttempts *attempts, const gchar *who);
guint vm_trust_attempts_count (VmTrustAttempts *attempts);
