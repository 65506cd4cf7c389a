/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/messagekeys.h"

/* Keys made in advance for later connections, so that no call waits for one.
 * Any thread. */

/* For each other participant of a meeting of ten, and some reconnections. */
#define VM_EPHEMERALS_READY 16

/* Makes the missing keys: call it when nothing waits. */
void vm_ephemerals_prepare (void);
/* A key for this caller alone; made on the spot only when none is ready.
 * VM_ERROR_FAILED */
VmEphemeral *vm_ephemerals_take (GError **error);
/* How many are ready. */
guint vm_ephemerals_count (void);
