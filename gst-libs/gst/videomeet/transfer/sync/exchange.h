/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/sync/round.h"
#include "transfer/sync/model/work.h"

/* What a round does once both sides agree. */
typedef struct
{
  VmSyncPlan *plan;
  VmSyncWork *works[2]; /* by side */
  const VmSyncTree *mine;
  GHashTable *failed; /* path → reason, of both sides, once it is done */
  GHashTable *stamps; /* path → VmSyncStamp of what this side has written */
} VmSyncExchange;

void vm_sync_exchange_clear (VmSyncExchange *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmSyncExchange, vm_sync_exchange_clear)

/* Sends and receives what is wanted, both at once, and does the work of this
 * side. */
gboolean
vm_sync_exchange (VmSyncRounds *rounds, VmSyncExchange *self, GError **error);
