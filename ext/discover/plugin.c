/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmdeviceprovider.h"
#include "vmdiscoversrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (vmdiscoversrc, plugin)
         && GST_DEVICE_PROVIDER_REGISTER (vmdeviceprovider, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmdiscover,
    "Finds the devices of video meetings on the local network", plugin_init,
    PACKAGE_VERSION, "LGPL", PACKAGE, "https://gstreamer.freedesktop.org/")
