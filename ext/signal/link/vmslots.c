/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/vmslots.h"

guint
vm_slots_take (VmSlots *self)
{
  for (guint slot = 0; slot < VM_SLOTS_MAX; slot++) {
    if (!self->taken[slot]) {
      self->taken[slot] = TRUE;
      return slot;
    }
  }
  return VM_SLOT_NONE;
}

void
vm_slots_release (VmSlots *self, guint slot)
{
  if (slot < VM_SLOTS_MAX)
    self->taken[slot] = FALSE;
}
