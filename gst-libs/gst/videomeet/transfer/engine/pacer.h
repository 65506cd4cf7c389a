/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* When bytes may be sent, at a rate in bits/s; 0: any. Times in µs, monotonic.
 */

/* Unused time up to this age may be caught up. */
#define VM_PACE_BURST (50 * 1000)

/* When the time of @size bytes ends, if that of the bytes before ends at
 * @until. */
gint64 vm_pace (gint64 until, gsize size, guint64 rate, gint64 now);
/* Converts @until from the rate @from to the rate @to: bytes that have waited
 * part of their time wait for the rest. Otherwise a rate that changes often
 * would not hold. */
gint64 vm_pace_again (gint64 until, guint64 from, guint64 to, gint64 now);

/* One rate shared by several senders; any thread. Its owner frees it last. */
typedef struct _VmPacer VmPacer;

VmPacer *vm_pacer_new (void);
void vm_pacer_free (VmPacer *self);
void vm_pacer_set_rate (VmPacer *self, guint64 rate, gint64 now);
/* As vm_pace(), after the bytes taken before. */
gint64 vm_pacer_take (VmPacer *self, gsize size, gint64 now);
