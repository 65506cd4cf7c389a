/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Echo cancellation, noise suppression and gain control, by GStreamer's
 * webrtcdsp: it hears what the loudspeaker plays by a probe in front of it, and
 * takes that out of what the microphone brings. */

#define VMT_VOICE_PROBE "vmt-echo-probe"
#define VMT_VOICE_DSP "vmt-voice"

/* The part of a launch line, "! …", that is the probe; "" where it is not
 * installed. */
const gchar *vmt_voice_probe_line (void);
/* Has the probe in @bin give out what is played at the time at which it is
 * played, however late the sound comes to it. */
void vmt_voice_prepare_probe (GstElement *bin);
/* For the microphone; pads "sink" and "src". There has to be a probe by then.
 * Floating; NULL where it is not installed. */
GstElement *vmt_voice_new (void);
