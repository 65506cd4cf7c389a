/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The numbers of the src pads of vmsignalbin: the lowest free one first, so
 * that the author of a launch line can know them. Belongs to one thread. */

/* Two for each participant that a meeting can have (VM_SIGNAL_ROSTER_MAX): one
 * for camera and sound, one for the screen. */
#define VM_SLOTS_MAX 256
#define VM_SLOT_NONE G_MAXUINT

typedef struct
{
  gboolean taken[VM_SLOTS_MAX];
} VmSlots;

/* VM_SLOT_NONE when all are taken. */
guint vm_slots_take (VmSlots *self);
/* VM_SLOT_NONE may be given back, too. */
void vm_slots_release (VmSlots *self, guint slot);
