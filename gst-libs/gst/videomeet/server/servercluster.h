/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/protocol.h"

G_BEGIN_DECLS

/* The rooms of a server as those of a cluster: what NATS says is posted to
 * vm-net, where vm_room_share_*() hears it. All on vm-net, but for what is said
 * otherwise. */

typedef struct _VmServerCluster VmServerCluster;

/* Before vm-net runs. BAD_REQUEST; NOT_FOUND: this program was built without
 * NATS. */
VmServerCluster *vm_server_cluster_new (
    VmServer *server, const VmServerConfig *config, GError **error);
/* After vm-net has run. Blocks until NATS's threads have ended: 5 s. */
void vm_server_cluster_free (VmServerCluster *self);
void vm_server_cluster_tick (VmServerCluster *self, gint64 now);
/* Whether something that was to be stored is not yet. */
gboolean vm_server_cluster_is_busy (VmServerCluster *self);

/* Whether NATS is not there, so that nobody joins. */
gboolean vm_server_cluster_waits (VmServerCluster *self);
/* This server, as others call it. */
const gchar *vm_server_cluster_get_node (VmServerCluster *self);
/* Whether @node is another server that is there. */
gboolean vm_server_cluster_is_other (VmServerCluster *self, const gchar *node);
/* See clusterforward.h; @asker is answered by take_forwarded() of its
 * protocol. */
guint64 vm_server_cluster_forward (VmServerCluster *self, const gchar *node,
    const VmForward *forward, VmConn *asker);
void vm_server_cluster_give_up (VmServerCluster *self, guint64 forward);
/* NULL: nobody can be told any more. */
void vm_server_cluster_reply (VmServerCluster *self, const gchar *node,
    guint64 number, guint status, GBytes *body);

G_END_DECLS
