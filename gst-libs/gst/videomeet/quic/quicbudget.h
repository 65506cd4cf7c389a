/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "quic/quicaddress.h"

/* What an endpoint sends to addresses that have not answered
 * (protocol/agents.md#connection), of all its sessions: many of them that name
 * one victim send it no more than one would. Sans-I/O. */

#define VM_QUIC_BUDGET_SENT_MAX 25 /* datagrams to an address */
#define VM_QUIC_BUDGET_TIME (60 * G_USEC_PER_SEC) /* from the first one */
/* Twice what all sessions can name at once. */
#define VM_QUIC_BUDGET_ADDRESSES_MAX \
  (2 * VM_QUIC_SESSIONS_MAX * VM_QUIC_CANDIDATES_MAX)

typedef struct _VmQuicBudget VmQuicBudget;

VmQuicBudget *vm_quic_budget_new (void);
void vm_quic_budget_free (VmQuicBudget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmQuicBudget, vm_quic_budget_free)
/* Whether one more datagram may go to @to, which is counted. @now: µs. */
gboolean
vm_quic_budget_spend (VmQuicBudget *self, const VmQuicAddress *to, gint64 now);
/* Somebody is there who wants it. */
void vm_quic_budget_clear (VmQuicBudget *self, const VmQuicAddress *address);
