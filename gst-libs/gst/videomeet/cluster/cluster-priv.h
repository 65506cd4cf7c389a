/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/cluster.h"
#include "cluster/clusterpast.h"
#include "cluster/clusterstate.h"

struct _VmCluster
{
  VmClusterFuncs funcs;
  gpointer user_data;
  gchar *node;
  GHashTable *rooms; /* key -> VmClusterRoom */
  GHashTable *requests; /* number -> VmClusterRoom, that waits for its answer */
  GHashTable *seats; /* epoch -> VmClusterSeat, which its room owns */
  GHashTable *alive; /* nodes, as they were listed last */
  GHashTable *absent; /* node that a record names -> since when, µs */
  VmClusterPast *past; /* who has gone from the records */
  guint64 asked; /* requests so far */
  guint epoch; /* seats so far */
  gint64 beaten; /* when this node's beat was sent last */
  gint64 listed; /* when a list last proved something */
  gboolean says; /* that it rebuilds; since the store came back */
  gint64 settled; /* since when lists have, without a gap */
};

typedef struct
{
  VmCluster *cluster;
  gchar *key;
  gchar *name; /* NULL: no seat of this node was ever in it */
  VmClusterState state;
  VmClusterRecord *record; /* as it was seen last; NULL: there is none */
  gboolean amiss; /* that is right, and what is stored is not */
  gint64 patience; /* until then others may mend it, if they sit in it */
  guint64 base; /* the revision of what is stored; 0: there is none */
  guint64 seen; /* the last revision of all, also of what was removed */
  gboolean unsure; /* what is stored may be older than @record */
  guint64 was; /* while it is: the last revision of the time before */
  gboolean overtaken; /* as may be what the request under way will find */
  gboolean known; /* FALSE: to be read before anything is made of it */
  gboolean fresh; /* read after the last seat was asked for */
  VmClusterRecord *written; /* what is being written; NULL: it is removed */
  guint64 seen_before; /* what was seen when the last request began */
  guint conflicts; /* since something was written */
  gint lock; /* what it is to be, until it is seen to be so; -1: as it is */
  gboolean locked; /* as it was seen last */
  guint64 request;
  gint64 due; /* of the answer, or until when it waits */
  GPtrArray *seats; /* VmClusterSeat, in the order they were asked for */
} VmClusterRoom;

typedef struct
{
  VmClusterRoom *room;
  VmClusterParticipant *one; /* as the record should have it */
  gchar *id; /* of the meeting, if it begins with this one, or anew */
  guint size; /* likewise */
  gchar *token; /* by which it is taken up, while it is not held; or NULL */
  gboolean held;
  gint64 deadline; /* while it is not held */
} VmClusterSeat;

/* clusterroom.c */
VmClusterRoom *vm_cluster_room_new (VmCluster *cluster, const gchar *key);
void vm_cluster_room_free (VmClusterRoom *room);
void vm_cluster_room_move (VmClusterRoom *room, VmClusterEvent event);
/* That is the record from now on, as of @revision of all that were ever
 * stored. */
void vm_cluster_room_adopt (
    VmClusterRoom *room, VmClusterRecord *record, guint64 revision);
/* Does what is to be done next; @room may be gone afterwards. */
void vm_cluster_room_look (VmClusterRoom *room, gint64 now);
/* It is no longer wanted; @reason NULL: as it has asked, else that is told. */
void vm_cluster_seat_end (VmClusterSeat *seat, const GError *reason);
/* Nobody can tell who is in it. */
void vm_cluster_room_fail (VmClusterRoom *room, const GError *reason);

/* clusterrebuild.c */
/* What the store has under the room's key at @revision; @value NULL: nothing.
 * That of a later version is left alone, and nobody comes into the room. */
void vm_cluster_room_take (
    VmClusterRoom *room, GBytes *value, guint64 revision, gint64 now);
/* What the store has from now on may be older than what was seen. */
void vm_cluster_room_doubt (VmClusterRoom *room);
/* What is stored is right. */
void vm_cluster_room_settle (VmClusterRoom *room);

/* cluster.c: whether @one has left with its node, which is gone. */
gboolean vm_cluster_is_over (
    VmCluster *self, const VmClusterParticipant *one, gint64 now);
