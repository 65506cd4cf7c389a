/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

#define VM_TYPE_QUIC_SRC (vm_quic_src_get_type ())
G_DECLARE_FINAL_TYPE (VmQuicSrc, vm_quic_src, VM, QUIC_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (vmquicsrc);
