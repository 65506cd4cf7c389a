/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"
#include <gst/videomeet/vmnode.h>

/* A second node in the process, with its own identity from @config_dir (NULL:
 * the user's): for tests, which need two devices in one process. */
VmNode *vm_node_new (const gchar *config_dir);
/* Another port than VM_UDP_PORT, before the node is started: keeps tests that
 * run side by side apart. */
void vm_node_set_udp_port (VmNode *self, guint16 port);

/* A call on this device begins or ends. Any thread. */
void vm_node_begin_call (VmNode *self);
void vm_node_end_call (VmNode *self);

/* The server of this process, running while VM_NODE_ROLES_SERVE is held; not
 * owned by the caller. NULL before the first start. */
VmServer *vm_node_get_server (VmNode *self);
