/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* One node of several that hold the same rooms (protocol/cluster.md#records).
 * Sans-I/O: time and the answers of a store come in, requests to it go out.
 * `now` is monotonic time in µs.
 *
 * What this node wants is which seats it holds; what is, is the record of each
 * room. Whenever a record is seen it is made so that it has the seats of this
 * node and no others of it, and none of nodes that are gone; if that changes
 * it, it is written against the revision that was seen, and seen anew when
 * somebody was faster. So what was written twice, or not, or late, does no
 * harm.
 *
 * The record is right while the store keeps it. A store may lose what it has
 * acknowledged, or go back to what it had before; or somebody else writes in
 * it. Such a record has a revision before the last that was seen, or cannot be
 * read, or is not there: then this node puts in its place what it remembers of
 * the room, with whoever is new in it. */

typedef struct _VmCluster VmCluster;

/* protocol/cluster.md#records */
#define VM_CLUSTER_BEAT_TIME (3 * G_USEC_PER_SEC)
/* of a beat, in the store */
#define VM_CLUSTER_BEAT_AGE (10 * G_USEC_PER_SEC)
/* After its beat a node's participants have so long to come back elsewhere:
 * then they have been without a connection for VM_RESUME_TIME. */
#define VM_CLUSTER_GRACE_TIME (VM_RESUME_TIME - VM_CLUSTER_BEAT_AGE)
/* Without an answer of the store; and before it is asked again. */
#define VM_CLUSTER_ANSWER_TIME (5 * G_USEC_PER_SEC)
#define VM_CLUSTER_RETRY_TIME G_USEC_PER_SEC
/* A record that is lost, or damaged, is mended by those who sit in the room; if
 * they have not after that time, by any node that remembers it. */
#define VM_CLUSTER_PATIENCE_TIME VM_CLUSTER_BEAT_AGE
/* So many others in a row were faster: they have their turn first. */
#define VM_CLUSTER_CONFLICTS_MAX 16
/* In which a seat is given or refused; DISCONNECTED. */
#define VM_CLUSTER_SEAT_TIME (10 * G_USEC_PER_SEC)
/* Rooms that a node knows; beyond, RATE_LIMITED, and those of others are not
 * heard of. */
#define VM_CLUSTER_ROOMS_MAX VM_OPEN_ROOMS_MAX

/* What the store keeps apart. */
typedef enum
{
  VM_CLUSTER_ROOMS, /* on disk, for ever */
  VM_CLUSTER_TICKETS, /* in memory, for VM_TICKET_TIME */
  VM_CLUSTER_JTI, /* likewise, for VM_CLUSTER_JTI_TIME */
  VM_CLUSTER_N_BUCKETS
} VmClusterBucket;

/* Longer than a capability is good for, by the clock of whichever server. */
#define VM_CLUSTER_JTI_TIME (600 * G_USEC_PER_SEC)

typedef enum
{
  VM_CLUSTER_DONE, /* read, with a value or without; or written */
  VM_CLUSTER_CONFLICT, /* not written: the record has another revision */
  VM_CLUSTER_LOST, /* nobody knows */
} VmClusterResult;

/* None of these may call back into the cluster. Each @request is answered by
 * vm_cluster_answer(), once or never; @list by vm_cluster_nodes(). */
typedef struct
{
  void (*get) (guint64 request, const gchar *key, gpointer user_data);
  /* Only if the record has @revision, 0: if there is none. @value NULL: it is
   * removed. */
  void (*put) (guint64 request, const gchar *key, GBytes *value,
      guint64 revision, gpointer user_data);
  /* @node lives, for VM_CLUSTER_BEAT_AGE. */
  void (*beat) (const gchar *node, gpointer user_data);
  void (*list) (gpointer user_data);
  /* The seat @epoch of this node is taken, and @one holds it; @one NULL: it is
   * refused, and forgotten. @room: likewise. */
  void (*seated) (guint epoch, const VmClusterRecord *room,
      const VmClusterParticipant *one, const GError *error, gpointer user_data);
  /* A seat that was held is lost: it was taken up elsewhere, or given to
   * others. */
  void (*gone) (guint epoch, const GError *reason, gpointer user_data);
  /* Others than before are in the room @key, as far as is known; @room NULL:
   * nobody. */
  void (*changed) (
      const gchar *key, const VmClusterRecord *room, gpointer user_data);
} VmClusterFuncs;

/* @node: as nobody else has it, nor this program when it ran before. */
VmCluster *vm_cluster_new (
    const VmClusterFuncs *funcs, gpointer user_data, const gchar *node);
/* Without a word to the store. */
void vm_cluster_free (VmCluster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCluster, vm_cluster_free)
/* To be called each second at least. */
void vm_cluster_tick (VmCluster *self, gint64 now);

/* A seat in the room @name, which has @size of them and the id @id if it begins
 * with this one. @one: without id, node and epoch. @token: of the seat that it
 * takes up again, or NULL for a new one. Told by `seated` later: MEETING_FULL,
 * MEETING_LOCKED, WRONG_KEY, RESUME_FAILED, DISCONNECTED. Returns: the seat's
 * epoch; 0: BAD_REQUEST, RATE_LIMITED */
guint vm_cluster_take_seat (VmCluster *self, const gchar *name, const gchar *id,
    guint size, const VmClusterParticipant *one, const gchar *token, gint64 now,
    GError **error);
/* It holds the seat, and has another token to resume with. Nothing is done
 * about one that is gone, as by the next function. */
void
vm_cluster_renew (VmCluster *self, guint epoch, const gchar *token, gint64 now);
/* It is given back, or wanted no more; nothing is told of it from now on. */
void vm_cluster_leave (VmCluster *self, guint epoch, gint64 now);

/* Whether others than those who are in it are admitted to the room @name, in
 * which this node has a seat. */
void vm_cluster_lock (
    VmCluster *self, const gchar *name, gboolean locked, gint64 now);
/* Whether it is locked, or about to be. */
gboolean vm_cluster_is_locked (VmCluster *self, const gchar *name);
/* Whether a room of this meeting id is known. */
gboolean vm_cluster_has_id (VmCluster *self, const gchar *id);
/* Whether something is being written. */
gboolean vm_cluster_is_busy (VmCluster *self);
/* What is known of the room @name; NULL: it is not there, as far as is
 * known. */
const VmClusterRecord *vm_cluster_look_up (VmCluster *self, const gchar *name);
/* The room in which somebody may come back by @token, and who; or NULL. */
const VmClusterRecord *vm_cluster_find_token (
    VmCluster *self, const gchar *token, const VmClusterParticipant **one);

/* The answer to @request. @value: what was read, or NULL when there is no such
 * record; @revision: of it, or of its removal, or of what was written; 0:
 * nothing is there, nor says that something was removed. */
void vm_cluster_answer (VmCluster *self, guint64 request,
    VmClusterResult result, GBytes *value, guint64 revision, gint64 now);
/* Those whose beat is there. A list in which this node is not proves
 * nothing. */
void vm_cluster_nodes (VmCluster *self, const gchar *const *nodes, gint64 now);
/* The store tells of a change by itself; @value NULL: the record was
 * removed. */
void vm_cluster_told (VmCluster *self, const gchar *key, GBytes *value,
    guint64 revision, gint64 now);

/* The store was away, and did not tell what has changed; it may have lost what
 * it had, all or since some time. Then its records are made anew of what the
 * nodes remember. */
void vm_cluster_back (VmCluster *self, gint64 now);

/* Whether the beat of @node was there when it was listed last. */
gboolean vm_cluster_is_alive (VmCluster *self, const gchar *node);
/* Whether somebody of @node is in a room, and its beat was not there. */
gboolean vm_cluster_is_absent (VmCluster *self, const gchar *node);
/* Rooms that this node knows. */
guint vm_cluster_count_rooms (VmCluster *self);

G_END_DECLS
