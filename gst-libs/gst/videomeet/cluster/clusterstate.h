/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The states of a node's work on the record of one room, and their events.
 * Pure. */

typedef enum
{
  VM_CLUSTER_STATE_IDLE,
  VM_CLUSTER_STATE_READING,
  VM_CLUSTER_STATE_WRITING,
  VM_CLUSTER_STATE_WAITING, /* the store did not answer */
  VM_CLUSTER_N_STATES
} VmClusterState;

typedef enum
{
  VM_CLUSTER_EVENT_READ, /* the record is unknown, or known from too long ago */
  VM_CLUSTER_EVENT_WRITE, /* the record must change */
  VM_CLUSTER_EVENT_DONE, /* the store has answered */
  VM_CLUSTER_EVENT_CONFLICT, /* another node was faster */
  VM_CLUSTER_EVENT_LOST, /* no answer: the result is unknown */
  VM_CLUSTER_EVENT_DUE, /* it has waited */
  VM_CLUSTER_N_EVENTS
} VmClusterEvent;

/* Looks up one transition. FALSE, with @next = @state, when there is none. */
gboolean vm_cluster_state_next (
    VmClusterState state, VmClusterEvent event, VmClusterState *next);
const gchar *vm_cluster_state_to_string (VmClusterState state);

G_END_DECLS
