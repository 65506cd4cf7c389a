/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/vmapi.h>

G_BEGIN_DECLS

/*
 * VmFileInlet:
 *
 * The receiving end of a file of a meeting over a WebSocket.
 *
 * Since: 0.1
 */
#define VM_TYPE_FILE_INLET (vm_file_inlet_get_type ())
G_DECLARE_FINAL_TYPE (VmFileInlet, vm_file_inlet, VM, FILE_INLET, GObject)

gboolean vm_file_inlet_send (VmFileInlet *self, const GstStructure *message);
void vm_file_inlet_close (VmFileInlet *self);

G_END_DECLS
