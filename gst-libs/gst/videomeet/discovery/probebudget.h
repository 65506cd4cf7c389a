/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How much a device asks addresses that have not answered
 * (protocol/discovery.md#probe-budget): anybody on the link can announce
 * anything, and nobody makes this device search the ports of another. Sans-I/O;
 * `now` is monotonic time in µs. */

#define VM_PROBE_PORTS_MAX 8 /* of an address, within VM_PROBE_PORT_TIME */
#define VM_PROBE_PORT_TIME (60 * G_USEC_PER_SEC)
#define VM_PROBES_MAX 25 /* at once, and a second */
/* Addresses that are remembered; beyond, a new one waits until one of them is
 * forgotten: four times the devices kept. */
#define VM_PROBE_ADDRESSES_MAX 1024

typedef struct _VmProbeBudget VmProbeBudget;

VmProbeBudget *vm_probe_budget_new (void);
void vm_probe_budget_free (VmProbeBudget *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmProbeBudget, vm_probe_budget_free)

/* Whether the hint that a device is at @port of @address is worth probes; it
 * counts if so. A probe that is not answered is repeated for the same hint. */
gboolean vm_probe_budget_admit (
    VmProbeBudget *self, const gchar *address, guint16 port, gint64 now);
/* Whether one more probe may begin, which counts. */
gboolean vm_probe_budget_spend (VmProbeBudget *self, gint64 now);
/* A server has answered there. */
void
vm_probe_budget_clear (VmProbeBudget *self, const gchar *address, guint16 port);
