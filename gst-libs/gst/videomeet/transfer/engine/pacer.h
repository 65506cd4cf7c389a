/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* When bytes may go, at a rate in bits/s; 0: any. Times in µs, monotonic. */

/* What was not used is made up for, as far as it is no older. */
#define VM_PACE_BURST (50 * 1000)

/* Until when @size bytes take their time, behind those that do until @until. */
gint64 vm_pace (gint64 until, gsize size, guint64 rate, gint64 now);
/* Until when they do at @to, where @until was of @from: what has waited for a
 * part of its time waits for the rest. A rate that often changes would not hold
 * otherwise. */
gint64 vm_pace_again (gint64 until, guint64 from, guint64 to, gint64 now);

/* What several do one after the other, all at one rate; any thread. Its owner
 * frees it last. */
typedef struct _VmPacer VmPacer;

VmPacer *vm_pacer_new (void);
void vm_pacer_free (VmPacer *self);
void vm_pacer_set_rate (VmPacer *self, guint64 rate, gint64 now);
/* As vm_pace(), behind what was taken before. */
gint64 vm_pacer_take (VmPacer *self, gsize size, gint64 now);
