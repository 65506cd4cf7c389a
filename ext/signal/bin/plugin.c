/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "bin/vmsignalbin-priv.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (vmsignalbin, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmsignal,
    "Video meetings over WebRTC", plugin_init, PACKAGE_VERSION, "LGPL", PACKAGE,
    "https://gstreamer.freedesktop.org/")
