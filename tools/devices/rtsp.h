/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A camera on the network, by RTSP: a bin with source pads "video", "audio" or
 * both. H.264, VP8 and Opus go as they come; other formats are decoded. The
 * camera's own name and password are never told.
 *
 * A camera that ends, fails or falls silent ends neither the pipeline nor its
 * streams: it is connected to again until it answers. What happens is told by
 * element messages "vmt-rtsp" with the strings "event", "name" and "message":
 *   lost  nothing comes from it, as @message says
 *   used  it is there again */

#define VMT_TYPE_RTSP (vmt_rtsp_get_type ())
G_DECLARE_FINAL_TYPE (VmtRtsp, vmt_rtsp, VMT, RTSP, GstBin)

#define VMT_RTSP_WAIT 10000 /* ms for a camera to answer, and to send */
#define VMT_RTSP_SILENCE 5000 /* ms without anything: it is lost */
#define VMT_RTSP_RETRY 3000 /* ms from the end of an attempt to the next */

/* Floating. Blocks while the camera says what it sends; NULL with a sentence:
 * it cannot be used. */
VmtRtsp *vmt_rtsp_new (const gchar *uri, gboolean audio_only, GError **error);
/* Whether there is a pad "video" or "audio". */
gboolean vmt_rtsp_has_video (VmtRtsp *self);
gboolean vmt_rtsp_has_audio (VmtRtsp *self);
/* A sentence about what of it is not sent; NULL: everything is. */
const gchar *vmt_rtsp_get_note (VmtRtsp *self);
/* Main thread, once a second: looks whether it is silent, and connects to it
 * again. */
void vmt_rtsp_tick (VmtRtsp *self);
/* Before the pipeline ends: nothing is begun any more. */
void vmt_rtsp_close (VmtRtsp *self);
