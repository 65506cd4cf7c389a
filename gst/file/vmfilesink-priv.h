/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmfilesink.h"

#include <gst/videomeet/videomeet.h>

/* (transfer full) (nullable): between start() and stop(); any thread */
VmFileReceiver *vm_file_sink_ref_receiver (VmFileSink *self);
/* Of class_init(). */
void vm_file_sink_install_actions (void);
