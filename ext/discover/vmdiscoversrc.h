/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define VM_TYPE_DISCOVER_SRC (vm_discover_src_get_type ())
G_DECLARE_FINAL_TYPE (
    VmDiscoverSrc, vm_discover_src, VM, DISCOVER_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (vmdiscoversrc);

G_END_DECLS
