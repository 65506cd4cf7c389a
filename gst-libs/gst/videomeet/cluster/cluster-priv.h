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
  GHashTable *alive; /* nodes in the last list */
  GHashTable *absent; /* node in a record -> Absence, see cluster.c */
  VmClusterPast *past; /* participants gone from the records */
  guint64 asked; /* requests so far */
  guint epoch; /* seats so far */
  gint64 beaten; /* when this node last sent its beat */
  gint64 asked_list; /* when this node last asked for the list */
  gint64 listed; /* time of the last valid list */
  gboolean says; /* has logged a rebuild since the store returned */
  gint64 settled; /* since when lists are valid without a gap */
  gboolean began; /* the store was there once */
  gint64 caution; /* until then a record may be an old one, or lost */
  gint64 scanned; /* when this node last scanned the records */
};

typedef struct
{
  VmCluster *cluster;
  gchar *key;
  gchar *name; /* NULL: no seat of this node was ever in it */
  VmClusterState state;
  VmClusterRecord *record; /* as last seen; NULL: there is none */
  gboolean amiss; /* @record is right, and the stored one is not */
  gint64 patience; /* until then only nodes with seats in it repair it */
  gint64 caution; /* until then this node writes nothing of it; 0: it may */
  guint64 base; /* the stored revision; 0: there is none */
  guint64 seen; /* the last revision seen, removals included */
  gboolean unsure; /* the stored record may be older than @record */
  guint64 was; /* while unsure: the last revision before */
  gboolean overtaken; /* the store was away since the request under way was
                        sent: its answer is ignored */
  gboolean known; /* FALSE: it must be read before use */
  gboolean fresh; /* read after the last seat was asked for */
  gboolean read; /* the store has answered once at least */
  gint64 checked; /* when @record was last sure to be the stored one */
  guint watchers; /* see vm_cluster_watch() */
  VmClusterRecord *written; /* the record being written; NULL: it is removed */
  guint64 seen_before; /* @seen when the last request began */
  guint conflicts; /* since the last write */
  gint lock; /* the wanted lock, until it is seen; -1: no change */
  gboolean locked; /* as last seen */
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
  guint most; /* see vm_cluster_take_seat() */
  gchar *token; /* to resume the seat with, while it is not held; or NULL */
  gboolean held;
  gint64 deadline; /* while it is not held */
} VmClusterSeat;

/* clusterroom.c */
/* The room of @key, which is new if need be; NULL: there are too many. */
VmClusterRoom *vm_cluster_get_room (VmCluster *cluster, const gchar *key);
void vm_cluster_room_free (VmClusterRoom *room);
/* Whether this node would not miss the record: frees @room then. */
gboolean vm_cluster_room_forget_needless (VmClusterRoom *room);
void vm_cluster_room_move (VmClusterRoom *room, VmClusterEvent event);
/* Makes @record the current one, as of @revision. */
void vm_cluster_room_adopt (
    VmClusterRoom *room, VmClusterRecord *record, guint64 revision);
/* Performs the next step; may free @room. */
void vm_cluster_room_look (VmClusterRoom *room, gint64 now);
/* Ends the seat; @reason NULL: as requested, else it is reported. */
void vm_cluster_seat_end (VmClusterSeat *seat, const GError *reason);
/* Ends all seats of this node in the room, with @reason. */
void vm_cluster_room_fail (VmClusterRoom *room, const GError *reason);

/* clusterrebuild.c */
/* Takes the store's value of the room's key at @revision; @value NULL: none. A
 * record of a later version stays as it is: this node's seats in the room end,
 * and it gives none. */
void vm_cluster_room_take (
    VmClusterRoom *room, GBytes *value, guint64 revision, gint64 now);
/* Whether @value, nullable, which the store tells at @revision, is older than
 * the record seen, or is another one at the same revision. */
gboolean vm_cluster_room_is_doubtful (
    const VmClusterRoom *room, GBytes *value, guint64 revision);
/* From now on the store's record may be older than the one seen. */
void vm_cluster_room_doubt (VmClusterRoom *room);
/* The stored record is right. */
void vm_cluster_room_settle (VmClusterRoom *room);

/* clusterwatch.c */
/* Has the records scanned when it is this node's turn; @lost: a node is gone
 * since the last list. */
void vm_cluster_look_whether_to_scan (
    VmCluster *self, const gchar *const *nodes, gboolean lost, gint64 now);
/* Reads @room if it is time for that; whether it does. */
gboolean vm_cluster_room_check (VmClusterRoom *room, gint64 now);
/* How many rooms may be read for that at one tick. */
guint vm_cluster_count_checks (VmCluster *self);

/* cluster.c: whether @one is gone with its node. */
gboolean vm_cluster_is_over (
    VmCluster *self, const VmClusterParticipant *one, gint64 now);
