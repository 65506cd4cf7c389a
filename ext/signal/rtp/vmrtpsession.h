/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#define VM_RTCP_BITRATE 200000 /* bits/s; a report every 25 ms at most */
/* Sources an RTP session may know: twice what rtpbin has streams for. */
#define VM_RTP_SOURCES_MAX 256
#define VM_RTP_OWN_SSRCS_MAX 32 /* that a session sends, over its life */

/* Sets up @rtpsession, an element, and keeps from it what it does not bear:
 * webrtcbin.md#feedback. @twcc_ids, atomic: a bit for each number that
 * descriptions give the extension of transport-wide congestion control; it
 * lives as long as @rtpsession's session. */
void vm_rtp_session_setup (GstElement *rtpsession, const gint *twcc_ids);
