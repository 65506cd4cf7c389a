/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"

/* Limits how often an address may ask for work that costs this server more than
 * the message: a burst at once, then one in each interval. Sans-I/O; `now` is
 * monotonic time in µs. */

/* What one has asked for; all zero at the start. */
typedef struct
{
  gint64 at; /* µs */
  gdouble spent;
} VmRate;

/* Whether one more is allowed: @burst at once, then @per_second. @now: µs. */
gboolean
vm_rate_take (VmRate *rate, guint burst, gdouble per_second, gint64 now);

typedef struct _VmRates VmRates;

VmRates *vm_rates_new (guint burst, gint64 time);
void vm_rates_free (VmRates *rates);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRates, vm_rates_free)

/* Whether @group (see vm_address_group()) may ask now; counts it if so. */
gboolean vm_rates_take (VmRates *rates, const gchar *group, gint64 now);
/* Addresses that are remembered: VM_RATES_ADDRESSES at most. */
guint vm_rates_count (VmRates *rates);
