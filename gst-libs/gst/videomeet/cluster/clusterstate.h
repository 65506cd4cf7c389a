/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a node does about the record of one room, and what moves it on. Pure. */

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
  VM_CLUSTER_EVENT_READ, /* what is known of the record is too old, or
                          * nothing */
  VM_CLUSTER_EVENT_WRITE, /* it is not as it should be */
  VM_CLUSTER_EVENT_DONE, /* the store has answered */
  VM_CLUSTER_EVENT_CONFLICT, /* somebody else was faster */
  VM_CLUSTER_EVENT_LOST, /* no answer: it has happened, or not */
  VM_CLUSTER_EVENT_DUE, /* it has waited */
  VM_CLUSTER_N_EVENTS
} VmClusterEvent;

/* Looks one edge up. FALSE, with @next = @state, when there is none. */
gboolean vm_cluster_state_next (
    VmClusterState state, VmClusterEvent event, VmClusterState *next);
const gchar *vm_cluster_state_to_string (VmClusterState state);

G_END_DECLS
