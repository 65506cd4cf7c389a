/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/camera.h"
#include "devices/slot.h"

/* The place of a camera or microphone: a pad "src". Where no device is used it
 * gives black pictures, or silence. */

#define VMT_TYPE_SOURCE_SLOT (vmt_source_slot_get_type ())
G_DECLARE_FINAL_TYPE (VmtSourceSlot, vmt_source_slot, VMT, SOURCE_SLOT, VmtSlot)

/* Floating. @size: of the pictures. */
VmtSlot *vmt_source_slot_new (VmtKind kind, const VmtSize *size);
