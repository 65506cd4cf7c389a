/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define VM_TYPE_DEVICE_PROVIDER (vm_device_provider_get_type ())
G_DECLARE_FINAL_TYPE (VmDeviceProvider, vm_device_provider, VM, DEVICE_PROVIDER,
    GstDeviceProvider)

GST_DEVICE_PROVIDER_REGISTER_DECLARE (vmdeviceprovider);

G_END_DECLS
