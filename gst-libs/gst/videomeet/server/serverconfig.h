/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* Call it before the start, in the same thread; after a failure the settings
 * are dropped as well. */
gboolean vm_server_take_config (
    VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_forget_config (VmServer *self);
/* The servers for a participant of an open room, with its own temporary
 * credentials, into an empty @grant; on vm-net. */
void vm_server_grant_ice (VmServer *self, VmIceGrant *grant);
