/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/videomeet.h>

G_BEGIN_DECLS

#define VM_TYPE_GST_DEVICE (vm_gst_device_get_type ())
G_DECLARE_FINAL_TYPE (VmGstDevice, vm_gst_device, VM, GST_DEVICE, GstDevice)

/* A floating reference, as the provider takes it. */
GstDevice *vm_gst_device_new (VmDevice *device);
gboolean vm_gst_device_is (VmGstDevice *self, VmDevice *device);

G_END_DECLS
