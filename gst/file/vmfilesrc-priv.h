/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vmfilesrc.h"

#include <gst/videomeet/videomeet.h>

/* vmfilesrc-lane.c: a VM_TRANSFER_EVENT without a message. FALSE: it is none,
 * or of another file than @sender's. */
gboolean
vm_file_src_take_lane (VmFileSender *sender, const GstStructure *event);

/* vmfilesrc-thread.c: gives it a streaming thread that lets others go first. */
gboolean vm_file_src_post_message (GstElement *element, GstMessage *message);
