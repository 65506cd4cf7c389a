/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmtermsink.h"
#include "vmtermsrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (vmtermsrc, plugin)
         && GST_ELEMENT_REGISTER (vmtermsink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmterm,
    "A shared terminal", plugin_init, PACKAGE_VERSION, "LGPL", PACKAGE,
    "https://gstreamer.freedesktop.org/")
