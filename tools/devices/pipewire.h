/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* What GStreamer's plugin of PipeWire needs on its way out. */

#define VMT_PIPEWIRE_PROVIDER "pipewiredeviceprovider"

/* Takes PipeWire's elements in @bin, or @bin itself if it is one, to
 * GST_STATE_NULL and leaves them there; to be called before @bin itself is
 * stopped. Any thread; blocks. */
void vmt_pipewire_end (GstElement *bin);
