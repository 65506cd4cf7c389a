/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#define VM_TYPE_FILE_SINK (vm_file_sink_get_type ())
G_DECLARE_FINAL_TYPE (VmFileSink, vm_file_sink, VM, FILE_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (vmfilesink);
