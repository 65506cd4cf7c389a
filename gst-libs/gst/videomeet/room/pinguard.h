/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>
#include "base/limits.h"

/* Slows down guessing of PINs (security.md#limits): after each wrong one the
 * address must wait, 100 ms at first and twice as long each time, up to 25 s.
 * An earlier attempt is refused unread. Sans-I/O. */

typedef struct _VmPinGuard VmPinGuard;

VmPinGuard *vm_pin_guard_new (void);
void vm_pin_guard_free (VmPinGuard *guard);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPinGuard, vm_pin_guard_free)

/* Whether @group (see vm_address_group()), or a key, may try now:
 * VM_ERROR_RATE_LIMITED. */
gboolean vm_pin_guard_allows (
    VmPinGuard *guard, const gchar *group, gint64 now, GError **error);
void vm_pin_guard_wrong (VmPinGuard *guard, const gchar *group, gint64 now);
void vm_pin_guard_right (VmPinGuard *guard, const gchar *group);
