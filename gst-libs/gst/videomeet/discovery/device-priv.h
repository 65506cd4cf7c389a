/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmdevice.h>
#include "wire/deviceinfo.h"

/* @addresses: GSocketAddress, at least one, the one that answered last
 * first. */
VmDevice *vm_device_new (
    const VmDeviceInfo *info, GPtrArray *addresses, VmMethods methods);
/* A copy of @device with that trust. */
VmDevice *vm_device_new_trusted (VmDevice *device, gboolean trusted);
gboolean vm_device_equal (VmDevice *a, VmDevice *b);

/* Of its meeting, from 1; 0 without one. */
guint vm_device_get_epoch (VmDevice *self);
