/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/dialect/transfer/fileinlet.h"
#include <gst/videomeet/vmnode.h>

VmFileInlet *vm_node_add_file_inlet (
    VmNode *node, const gchar *device_id, const gchar *transfer_id);
