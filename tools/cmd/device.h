/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"
#include "ui/output.h"

/* The process's VmNode with what the command line says of this device. */
VmNode *vmt_device_setup (const VmtOptions *options);
/* Says on @output which of its interfaces do not exist. */
void vmt_device_warn (VmNode *node, VmtOutput *output);
/* A device met before: as {"event": @name}, and as people call it. */
JsonObject *vmt_known_event (const gchar *name, const VmKnownDevice *device);
gchar *vmt_known_name (const VmKnownDevice *device);
