/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "cluster/clusterstate.h"

/* Every edge there is. */
static const struct
{
  VmClusterState from;
  VmClusterEvent event;
  VmClusterState to;
} edges[] = {
  { VM_CLUSTER_STATE_IDLE, VM_CLUSTER_EVENT_READ, VM_CLUSTER_STATE_READING },
  { VM_CLUSTER_STATE_IDLE, VM_CLUSTER_EVENT_WRITE, VM_CLUSTER_STATE_WRITING },
  { VM_CLUSTER_STATE_READING, VM_CLUSTER_EVENT_DONE, VM_CLUSTER_STATE_IDLE },
  { VM_CLUSTER_STATE_READING, VM_CLUSTER_EVENT_LOST, VM_CLUSTER_STATE_WAITING },
  { VM_CLUSTER_STATE_WRITING, VM_CLUSTER_EVENT_DONE, VM_CLUSTER_STATE_IDLE },
  { VM_CLUSTER_STATE_WRITING, VM_CLUSTER_EVENT_CONFLICT,
      VM_CLUSTER_STATE_IDLE },
  { VM_CLUSTER_STATE_WRITING, VM_CLUSTER_EVENT_LOST, VM_CLUSTER_STATE_WAITING },
  { VM_CLUSTER_STATE_WAITING, VM_CLUSTER_EVENT_DUE, VM_CLUSTER_STATE_IDLE },
};

static const gchar *const names[VM_CLUSTER_N_STATES] = {
  [VM_CLUSTER_STATE_IDLE] = "idle",
  [VM_CLUSTER_STATE_READING] = "reading",
  [VM_CLUSTER_STATE_WRITING] = "writing",
  [VM_CLUSTER_STATE_WAITING] = "waiting",
};

gboolean
vm_cluster_state_next (
    VmClusterState state, VmClusterEvent event, VmClusterState *next)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}

const gchar *
vm_cluster_state_to_string (VmClusterState state)
{
  g_return_val_if_fail ((guint) state < VM_CLUSTER_N_STATES, "unknown");

  return names[state];
}
