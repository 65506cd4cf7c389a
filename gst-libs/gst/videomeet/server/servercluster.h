/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

G_BEGIN_DECLS

/* Connects the rooms of a server to a cluster: posts the events of NATS to
 * vm-net, for vm_room_share_*(). All on vm-net unless stated otherwise. */

typedef struct _VmServerCluster VmServerCluster;

/* Before vm-net runs. BAD_REQUEST; NOT_FOUND: this program was built without
 * NATS. */
VmServerCluster *vm_server_cluster_new (
    VmServer *server, const VmServerConfig *config, GError **error);
/* After vm-net has run. Blocks until NATS's threads have ended: 5 s. */
void vm_server_cluster_free (VmServerCluster *self);
void vm_server_cluster_tick (VmServerCluster *self, gint64 now);
/* Whether a write to the store is pending. */
gboolean vm_server_cluster_is_busy (VmServerCluster *self);

/* Whether NATS is unreachable, so that no client can join. */
gboolean vm_server_cluster_waits (VmServerCluster *self);
/* This server's node name. */
const gchar *vm_server_cluster_get_node (VmServerCluster *self);
/* Whether @node is another live server. */
gboolean vm_server_cluster_is_other (VmServerCluster *self, const gchar *node);
/* See clusterforward.h; take_forwarded() of its protocol answers @asker. */
guint64 vm_server_cluster_forward (VmServerCluster *self, const gchar *node,
    const VmForward *forward, VmConn *asker);
void vm_server_cluster_give_up (VmServerCluster *self, guint64 forward);
/* @self NULL: does nothing. */
void vm_server_cluster_reply (VmServerCluster *self, const gchar *node,
    guint64 number, guint status, GBytes *body);

G_END_DECLS
