/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* The sockets of a server: bound in the caller's thread; accepted on vm-net. */

gboolean
vm_server_bind (VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_listen (VmServer *self);
void vm_server_accept (VmServer *self); /* again, after it had to pause */
void vm_server_pause (VmServer *self); /* accepts no connections */
void vm_server_unlisten (VmServer *self);
