/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasesink.h>

#define VM_TYPE_QUIC_SINK (vm_quic_sink_get_type ())
G_DECLARE_FINAL_TYPE (VmQuicSink, vm_quic_sink, VM, QUIC_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (vmquicsink);
