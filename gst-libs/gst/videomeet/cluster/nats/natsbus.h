/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/nats/natsstore.h"

G_BEGIN_DECLS

/* Frames between the nodes of a cluster, over subjects of NATS: each node
 * subscribes to `vm.node.` and its own name as of vm_cluster_key(). Nothing is
 * stored: frames sent without a connection are lost, and the sender repeats
 * them (clusterline.h). One thread sends and one receives, each with its own
 * connection, which it makes anew when it is lost. */

/* Frames that wait to be sent; beyond, they are lost. */
#define VM_NATS_BUS_MAX 16384
/* ms; how often it looks whether it is to stop */
#define VM_NATS_BUS_WAIT 500

/* Each on a thread of the bus, to be posted on; must not block. */
typedef struct
{
  void (*heard) (GBytes *frame, gpointer user_data);
  /* The connection is back: earlier frames may be lost. */
  void (*back) (gpointer user_data);
} VmNatsBusFuncs;

typedef struct _VmNatsBus VmNatsBus;

/* The server need not be up yet. BAD_REQUEST: @config is invalid. */
VmNatsBus *vm_nats_bus_new (const VmNatsConfig *config, const gchar *node,
    const VmNatsBusFuncs *funcs, gpointer user_data, GError **error);
/* Stops all callbacks. Waits for both threads: 5 s. */
void vm_nats_bus_free (VmNatsBus *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmNatsBus, vm_nats_bus_free)

/* From any thread. */
void vm_nats_bus_send (VmNatsBus *self, const gchar *node, GBytes *frame);

G_END_DECLS
