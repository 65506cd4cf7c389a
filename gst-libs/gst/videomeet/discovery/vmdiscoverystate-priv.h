/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmdiscoverystate.h>

const gchar *vm_discovery_event_to_string (VmDiscoveryEvent event);
gboolean vm_discovery_state_next (
    VmDiscoveryState state, VmDiscoveryEvent event, VmDiscoveryState *next);
