/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What GStreamer's plugin of PipeWire needs beside its use. */

#define VMT_PIPEWIRE_PROVIDER "pipewiredeviceprovider"
#define VMT_PIPEWIRE_SOURCE "pipewiresrc"

/* Of the plugin, as "0.3.65"; NULL: there is none. */
const gchar *vmt_pipewire_get_version (void);
/* Whether the loudspeaker of a plugin of that version may stay silent for good:
 * before 1.0 its streaming thread waits for PipeWire's thread, which waits for
 * it (seen with 0.3.65). */
gboolean vmt_pipewire_sink_locks_up (const gchar *version);
/* @element, floating, reads a microphone or camera. PipeWire's provider makes a
 * pipewiresink for a node that has inputs (seen with 0.3.65), and a virtual
 * microphone has: returns a pipewiresrc in its place, else @element. */
GstElement *vmt_pipewire_make_source (GstElement *element);
/* Makes @element, if it is one of PipeWire's, fit for a pipeline with another
 * clock that keeps its buffers for a while. */
void vmt_pipewire_source_setup (GstElement *element);
/* Takes PipeWire's elements in @bin, or @bin itself if it is one, to
 * GST_STATE_NULL and leaves them there; to be called before @bin itself is
 * stopped. Any thread; blocks. */
void vmt_pipewire_end (GstElement *bin);
