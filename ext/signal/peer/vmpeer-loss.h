/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What the other side reports as lost of what this side sends. */

/* The fraction, in percent, that the RTCP packets in @rtcp report of @ssrc (RFC
 * 3550 §6.4.1). FALSE: nothing. */
gboolean vm_peer_loss_read (GstBuffer *rtcp, guint ssrc, guint *percent);
