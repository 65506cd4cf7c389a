/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* Call it before the start, in the same thread; after a failure the settings
 * are dropped as well. */
gboolean vm_server_take_config (
    VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_forget_config (VmServer *self);
/* The URIs for a participant of an open room, with its own temporary
 * credentials; on vm-net. Returns: (transfer full) */
gchar **vm_server_make_ice_servers (VmServer *self);
