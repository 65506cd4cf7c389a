/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#define VM_TYPE_TERM_SINK (vm_term_sink_get_type ())
G_DECLARE_FINAL_TYPE (VmTermSink, vm_term_sink, VM, TERM_SINK, GstBaseSink)
GST_ELEMENT_REGISTER_DECLARE (vmtermsink);
