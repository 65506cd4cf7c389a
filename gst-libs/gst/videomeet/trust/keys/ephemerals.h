/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/messagekeys.h"

/* Keys for connections that are still to come, so that nobody who calls waits
 * for one to be made. Any thread. */

/* For each of the others of a meeting of ten, and some who come again. */
#define VM_EPHEMERALS_READY 16

/* Makes what is missing: for when nobody waits. */
void vm_ephemerals_prepare (void);
/* One that nobody else has; made here and now only when none is ready.
 * VM_ERROR_FAILED */
VmEphemeral *vm_ephemerals_take (GError **error);
/* How many are ready. */
guint vm_ephemerals_count (void);
