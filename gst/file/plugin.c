/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmfilesink.h"
#include "vmfilesrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (vmfilesrc, plugin)
         && GST_ELEMENT_REGISTER (vmfilesink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmfile,
    "Verified transfer of files", plugin_init, PACKAGE_VERSION, "LGPL", PACKAGE,
    "https://gstreamer.freedesktop.org/")
