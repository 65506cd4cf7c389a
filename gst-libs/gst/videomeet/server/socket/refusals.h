/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"

G_BEGIN_DECLS

/* Limits which refused joins are reported to the user: a refused client can ask
 * any number of times, and must not flood a terminal or a log, nor hide others
 * there. Sans-I/O. */

typedef struct _VmRefusals VmRefusals;

VmRefusals *vm_refusals_new (void);
void vm_refusals_free (VmRefusals *refusals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRefusals, vm_refusals_free)

/* Whether to report one of @group (see vm_address_group()) at @now: the first
 * VM_REFUSALS_PER_ADDRESS, and of all addresses VM_REFUSALS_MAX, in
 * VM_REFUSALS_TIME. Counts it if so. */
gboolean
vm_refusals_tells (VmRefusals *refusals, const gchar *group, gint64 now);
/* Addresses that are remembered: VM_REFUSALS_MAX at most. */
guint vm_refusals_count (VmRefusals *refusals);

G_END_DECLS
