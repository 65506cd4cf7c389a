/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Pauses a live source at the worst moment: it has made a buffer, which its
 * base class has not got yet. */

/* The next buffer of @source, a GstPushSrc that is not PLAYING yet. One source
 * at a time. */
void live_pause_prepare (GstElement *source);
/* Waits until it was, and lets it go on. */
void live_pause_end (void);
