/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"

/* How often an address may have something done that costs this server more than
 * its message does: so many times at once, then one in so long. Sans-I/O; `now`
 * is monotonic time in µs. */

typedef struct _VmRates VmRates;

VmRates *vm_rates_new (guint burst, gint64 time);
void vm_rates_free (VmRates *rates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRates, vm_rates_free)

/* Whether one of @group (see vm_address_group()) may now; it counts if it
 * may. */
gboolean vm_rates_take (VmRates *rates, const gchar *group, gint64 now);
/* Addresses that are remembered: VM_RATES_ADDRESSES at most. */
guint vm_rates_count (VmRates *rates);
