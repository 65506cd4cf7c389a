/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* The participants that have left the records of a cluster, so that a node
 * recognises them when an old record reappears. Pure; time in µs. */

/* The oldest beyond that are forgotten. */
#define VM_CLUSTER_PAST_MAX 16384
/* A past participant that reappears this often within this time counts as
 * present: its node puts it back. */
#define VM_CLUSTER_DOUBTS_MAX 8
#define VM_CLUSTER_DOUBT_TIME (20 * G_USEC_PER_SEC)

typedef struct _VmClusterPast VmClusterPast;

VmClusterPast *vm_cluster_past_new (void);
void vm_cluster_past_free (VmClusterPast *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterPast, vm_cluster_past_free)

/* Adds @one, held by (node, epoch), which has gone. */
void vm_cluster_past_add (VmClusterPast *self, const VmClusterParticipant *one);
/* Whether @one, from a possibly old record, left before. */
gboolean vm_cluster_past_doubts (
    VmClusterPast *self, const VmClusterParticipant *one, gint64 now);
guint vm_cluster_past_count (VmClusterPast *self);

G_END_DECLS
