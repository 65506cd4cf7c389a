/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmtransferstate.h>

const gchar *vm_transfer_event_to_string (VmTransferEvent event);
gboolean vm_transfer_state_next (
    VmTransferState state, VmTransferEvent event, VmTransferState *next);
