/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What GStreamer's plugin of PipeWire needs on its way out. */

#define VMT_PIPEWIRE_PROVIDER "pipewiredeviceprovider"

/* Of the plugin, as "0.3.65"; NULL: there is none. */
const gchar *vmt_pipewire_get_version (void);
/* Whether the loudspeaker of a plugin of that version may stay silent for good:
 * before 1.0 its streaming thread waits for PipeWire's thread, which waits for
 * it (seen with 0.3.65). */
gboolean vmt_pipewire_sink_locks_up (const gchar *version);
/* Takes PipeWire's elements in @bin, or @bin itself if it is one, to
 * GST_STATE_NULL and leaves them there; to be called before @bin itself is
 * stopped. Any thread; blocks. */
void vmt_pipewire_end (GstElement *bin);
