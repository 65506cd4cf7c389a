/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>
#include <gst/videomeet/videomeet.h>

/* A device as a GstStructure: the body of the element's messages and the
 * properties of the provider's devices. */
GstStructure *vm_device_to_structure (VmDevice *device, const gchar *name);
