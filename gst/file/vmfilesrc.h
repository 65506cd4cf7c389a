/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

#define VM_TYPE_FILE_SRC (vm_file_src_get_type ())
G_DECLARE_FINAL_TYPE (VmFileSrc, vm_file_src, VM, FILE_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (vmfilesrc);
