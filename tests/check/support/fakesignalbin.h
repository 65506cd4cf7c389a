/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Registers an element "vmsignalbin" in this process that knows no network:
 * its property "meeting", or the end of its "uri", names what is played.
 * "call": Bob is there and sends back what he gets; "refused": an error;
 * "nowhere": the one of a meeting that nobody hosts; "token": the one of a
 * token that is too old; "silent": nothing happens; "ends": the host ends the
 * meeting at once; "left": as "call", but it is idle before it ends; "leaves":
 * Bob comes and goes; "burst": he cannot decide what
 * he does; "missed": a server where Bob calls, gives up at once, and calls
 * again; "crossed": one where he is called while he calls, and gives up as that
 * is answered; "disturbed": one where Carl calls instead, and Bob takes the
 * second call. */
void fake_signal_bin_register (void);

/* Buffers that Bob has sent back since the last one began to play. Any
 * thread. */
guint fake_signal_bin_count (gboolean video);
/* Buffers that came to the pad of a second picture. */
guint fake_signal_bin_count_shared (void);
/* Of the last of them: its first pixel, or its loudest sample. */
gint fake_signal_bin_get_value (gboolean video);
/* The longest time between the timestamps of two of them, in ms. */
guint fake_signal_bin_get_gap (gboolean video);
/* What its properties mute-audio and mute-video say. */
gboolean fake_signal_bin_is_muted (gboolean video);
