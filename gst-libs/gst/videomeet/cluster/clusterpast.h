/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* The participants that a node has seen go from the records of its cluster, so
 * that it knows them when a record of a time before shows up. Pure; time in
 * µs. */

/* The oldest beyond that are forgotten. */
#define VM_CLUSTER_PAST_MAX 16384
/* Who is there again so many times in that time is believed: its node puts it
 * back. */
#define VM_CLUSTER_DOUBTS_MAX 8
#define VM_CLUSTER_DOUBT_TIME (20 * G_USEC_PER_SEC)

typedef struct _VmClusterPast VmClusterPast;

VmClusterPast *vm_cluster_past_new (void);
void vm_cluster_past_free (VmClusterPast *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmClusterPast, vm_cluster_past_free)

/* @one, held by (node, epoch), has gone. */
void vm_cluster_past_add (VmClusterPast *self, const VmClusterParticipant *one);
/* Whether @one, whom a record has that may be an old one, went before. */
gboolean vm_cluster_past_doubts (
    VmClusterPast *self, const VmClusterParticipant *one, gint64 now);
guint vm_cluster_past_count (VmClusterPast *self);

G_END_DECLS
