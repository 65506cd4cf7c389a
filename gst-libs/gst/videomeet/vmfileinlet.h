/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/**
 * VmFileInlet:
 *
 * Where a file of a meeting may come in over a WebSocket.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_INLET (vm_file_inlet_get_type ())
VM_API G_DECLARE_FINAL_TYPE (VmFileInlet, vm_file_inlet, VM, FILE_INLET,
    GObject)

VM_API gboolean vm_file_inlet_send (
    VmFileInlet *self, const GstStructure *message);
VM_API void vm_file_inlet_close (VmFileInlet *self);

G_END_DECLS
