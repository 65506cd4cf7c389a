/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmtrust-priv.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (vmtrust, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmtrust,
    "Identity and trust of video meetings, for a pipeline", plugin_init,
    PACKAGE_VERSION, "LGPL", PACKAGE, "https://gstreamer.freedesktop.org/")
