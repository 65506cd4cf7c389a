/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "vmquicagent.h"
#include "vmquicsink.h"
#include "vmquicsrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  GST_DEBUG_CATEGORY_INIT (vm_quic_debug, "vmquic", 0, "agents of a mesh");
  return GST_ELEMENT_REGISTER (vmquicsrc, plugin)
         && GST_ELEMENT_REGISTER (vmquicsink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, vmquic,
    "Files between two agents of a mesh, over QUIC", plugin_init,
    PACKAGE_VERSION, "LGPL", PACKAGE, "https://gstreamer.freedesktop.org/")
