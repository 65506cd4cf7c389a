/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Of a message STREAM_STATUS, in the thread that begins or ends: that of sound
 * goes first, so that it is in time beside those that encode and decode
 * pictures; any other is as usual, whatever it did before. */
void vm_turns_follow (GstMessage *message, gboolean sound);
