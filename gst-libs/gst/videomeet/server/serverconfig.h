/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* Before the start, in its thread; what is taken is forgotten after a failure
 * as well. */
gboolean vm_server_take_config (
    VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_forget_config (VmServer *self);
/* What somebody in an open room is told: URIs, with credentials of its own that
 * are good for a while; on vm-net. Returns: (transfer full) */
gchar **vm_server_make_ice_servers (VmServer *self);
