/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/limits.h"

G_BEGIN_DECLS

/* Which refused joins the user is told of: whoever may not come in can ask as
 * often as it likes, and is not to fill a terminal or a log by that, nor to
 * hide others there. Sans-I/O. */

typedef struct _VmRefusals VmRefusals;

VmRefusals *vm_refusals_new (void);
void vm_refusals_free (VmRefusals *refusals);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRefusals, vm_refusals_free)

/* Whether one of @group (see vm_address_group()) at @now is told: the first
 * VM_REFUSALS_PER_ADDRESS, and of all addresses VM_REFUSALS_MAX, in
 * VM_REFUSALS_TIME. It counts if it is. */
gboolean
vm_refusals_tells (VmRefusals *refusals, const gchar *group, gint64 now);
/* Addresses that are remembered: VM_REFUSALS_MAX at most. */
guint vm_refusals_count (VmRefusals *refusals);

G_END_DECLS
