/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterrecord.h"

G_BEGIN_DECLS

/* One node of several that hold the same rooms (protocol/cluster.md#records).
 * Sans-I/O: time and the answers of a store come in, requests to it go out.
 * `now` is monotonic time in µs.
 *
 * Each node knows the seats that it holds; the record of each room is the
 * shared truth. Whenever a node sees a record, it corrects it to have exactly
 * this node's seats, and none of nodes that are gone; if that changes the
 * record, the node writes it against the revision seen, and reads it again when
 * another node was faster. So a write that happens twice, late or not at all
 * does no harm.
 *
 * A node knows only the records that concern it: of the rooms in which it has
 * seats, of those that are watched with vm_cluster_watch(), and of those that
 * it was told to check, until they name nobody of a node that is gone. It knows
 * of their changes because the store tells them; what the store tells may be
 * lost, and is then noticed when the record is read again.
 *
 * A record is right while the store keeps it. A store may lose acknowledged
 * data, or return to an older state, or be written by others. Such a record has
 * a revision before the last one seen, or is unreadable or missing: then this
 * node replaces it with the room that it remembers, merged with the record's
 * new participants. */

typedef struct _VmCluster VmCluster;

/* protocol/cluster.md#records */
#define VM_CLUSTER_BEAT_TIME (3 * G_USEC_PER_SEC)
/* of a beat, in the store */
#define VM_CLUSTER_BEAT_AGE (10 * G_USEC_PER_SEC)
/* How often a node reads the list of nodes: one that dies is missed in less
 * than 12 s. */
#define VM_CLUSTER_LIST_TIME (VM_CLUSTER_BEAT_TIME / 2)
/* After a node's last beat expires, its participants that can resume have this
 * long to return at another server: VM_RESUME_TIME in all without a
 * connection. */
#define VM_CLUSTER_GRACE_TIME (VM_RESUME_TIME - VM_CLUSTER_BEAT_AGE)
/* The time-out of a request to the store; and the pause before the next. */
#define VM_CLUSTER_ANSWER_TIME (5 * G_USEC_PER_SEC)
#define VM_CLUSTER_RETRY_TIME G_USEC_PER_SEC
/* Nodes with seats in a room repair its lost or damaged record; after this
 * time, any node that remembers it does. */
#define VM_CLUSTER_PATIENCE_TIME VM_CLUSTER_BEAT_AGE
/* A node that remembers nothing of a room whose record cannot be read, or of
 * any when the store has just come back, leaves it to those who have seats in
 * it for this long. */
#define VM_CLUSTER_CAUTION_TIME (2 * G_USEC_PER_SEC)
/* Likewise when the store was made just now: the others look every 3 s whether
 * theirs is gone, and then write what they remember. */
#define VM_CLUSTER_YOUNG_TIME (5 * G_USEC_PER_SEC)
/* A record that was neither read nor written for this long is read again:
 * something that the store told may be lost. That is rare, and a read costs
 * NATS as much as a write. */
#define VM_CLUSTER_CHECK_TIME (300 * G_USEC_PER_SEC)
/* How often one node of all scans the records for nodes that are gone, besides
 * each time that a node goes. */
#define VM_CLUSTER_SCAN_TIME (600 * G_USEC_PER_SEC)
/* After this many conflicts in a row the node lets others go first. */
#define VM_CLUSTER_CONFLICTS_MAX 16
/* The time-out for a seat; DISCONNECTED. */
#define VM_CLUSTER_SEAT_TIME (10 * G_USEC_PER_SEC)
/* Rooms that a node knows; beyond, RATE_LIMITED, and what is to be watched or
 * checked is not. */
#define VM_CLUSTER_ROOMS_MAX VM_OPEN_ROOMS_MAX

/* The store's buckets. */
typedef enum
{
  VM_CLUSTER_ROOMS, /* on disk, for ever */
  VM_CLUSTER_TICKETS, /* in memory, for VM_TICKET_TIME */
  VM_CLUSTER_JTI, /* likewise, for VM_CLUSTER_JTI_TIME */
  VM_CLUSTER_N_BUCKETS
} VmClusterBucket;

/* Longer than a capability is valid, by any server's clock. */
#define VM_CLUSTER_JTI_TIME (600 * G_USEC_PER_SEC)

typedef enum
{
  VM_CLUSTER_DONE, /* read, with a value or without; or written */
  VM_CLUSTER_CONFLICT, /* not written: another revision is stored */
  VM_CLUSTER_LOST, /* unknown result */
} VmClusterResult;

/* None of these may call back into the cluster. Each @request is answered by
 * vm_cluster_answer(), once or never; @list by vm_cluster_nodes(). */
typedef struct
{
  void (*get) (guint64 request, const gchar *key, gpointer user_data);
  /* Writes only if the record has @revision, 0: if there is none. @value NULL:
   * removes it. */
  void (*put) (guint64 request, const gchar *key, GBytes *value,
      guint64 revision, gpointer user_data);
  /* @node lives, for VM_CLUSTER_BEAT_AGE. */
  void (*beat) (const gchar *node, gpointer user_data);
  void (*list) (gpointer user_data);
  /* From now on vm_cluster_told() reports the changes of the record @key: the
   * answer to a later `get` is no older than the first of them. */
  void (*watch) (const gchar *key, gpointer user_data);
  void (*unwatch) (const gchar *key, gpointer user_data);
  /* vm_cluster_check() is to follow for each record that names a node that is
   * none of @nodes. */
  void (*scan) (const gchar *const *nodes, gpointer user_data);
  /* @one holds the seat @epoch of this node, in @room; both NULL: it is
   * refused, and forgotten. */
  void (*seated) (guint epoch, const VmClusterRecord *room,
      const VmClusterParticipant *one, const GError *error, gpointer user_data);
  /* A held seat is lost: resumed at another server, or given to others. */
  void (*gone) (guint epoch, const GError *reason, gpointer user_data);
  /* The members of the room @key have changed, or are known for the first time;
   * @room NULL: none. */
  void (*changed) (
      const gchar *key, const VmClusterRecord *room, gpointer user_data);
} VmClusterFuncs;

/* @node: a unique name, also different from this program's earlier runs. */
VmCluster *vm_cluster_new (
    const VmClusterFuncs *funcs, gpointer user_data, const gchar *node);
/* Sends nothing to the store. */
void vm_cluster_free (VmCluster *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmCluster, vm_cluster_free)
/* To be called each second at least. */
void vm_cluster_tick (VmCluster *self, gint64 now);

/* A seat in the room @name, which has @size of them and the id @id if it begins
 * with this one. @most: participants with it, at most; 0: as many as the room
 * has seats. @one: without id, node and epoch. @token: of the seat to
 * resume, or NULL for a new one. `seated` follows later: MEETING_FULL,
 * MEETING_LOCKED, WRONG_KEY, RESUME_FAILED, DISCONNECTED. Returns: the seat's
 * epoch; 0: BAD_REQUEST, RATE_LIMITED */
guint vm_cluster_take_seat (VmCluster *self, const gchar *name, const gchar *id,
    guint size, guint most, const VmClusterParticipant *one, const gchar *token,
    gint64 now, GError **error);
/* Sets a new resume token for a held seat. Ignores a seat that is gone, as does
 * the next function. */
void
vm_cluster_renew (VmCluster *self, guint epoch, const gchar *token, gint64 now);
/* Gives the seat back, or cancels it; no callback for it follows. */
void vm_cluster_leave (VmCluster *self, guint epoch, gint64 now);

/* Locks or unlocks the room @name, in which this node has a seat, for
 * newcomers. */
void vm_cluster_lock (
    VmCluster *self, const gchar *name, gboolean locked, gint64 now);
/* Whether it is locked, or about to be. */
gboolean vm_cluster_is_locked (VmCluster *self, const gchar *name);
/* Whether something is being written. */
gboolean vm_cluster_is_busy (VmCluster *self);
/* The known record of the room @name; NULL: none is known. */
const VmClusterRecord *vm_cluster_look_up (VmCluster *self, const gchar *name);

/* The known record of the room @key; NULL: none is known. */
const VmClusterRecord *
vm_cluster_look_up_key (VmCluster *self, const gchar *key);
/* Whether the record of the room @key was read since this node knows of it: so
 * that vm_cluster_look_up() tells what is so. */
gboolean vm_cluster_has_read (VmCluster *self, const gchar *key);
/* This node knows the record of the room @key from when it has been read,
 * which `changed` tells, until the same number of vm_cluster_unwatch(). FALSE:
 * it knows too many. */
gboolean vm_cluster_watch (VmCluster *self, const gchar *key, gint64 now);
void vm_cluster_unwatch (VmCluster *self, const gchar *key);
/* Reads the record of the room @key, and corrects what is this node's to
 * correct: it may name this node although it has no such seat, or a node that
 * is gone, or this node may have missed a change. */
void vm_cluster_check (VmCluster *self, const gchar *key, gint64 now);

/* The answer to @request. @value: what was read, or NULL when there is no such
 * record; @revision: of it, of its removal, or of the write; 0: there is
 * neither a record nor a removal marker. */
void vm_cluster_answer (VmCluster *self, guint64 request,
    VmClusterResult result, GBytes *value, guint64 revision, gint64 now);
/* The nodes with a beat. A list without this node proves nothing. The first of
 * them by name looks after the rooms in which only dead nodes have seats. */
void vm_cluster_nodes (VmCluster *self, const gchar *const *nodes, gint64 now);
/* A change reported by the store; @value NULL: the record was removed. Ignored
 * where the record concerns nobody here. */
void vm_cluster_told (VmCluster *self, const gchar *key, GBytes *value,
    guint64 revision, gint64 now);

/* The store is there, first, and then each time after a gap without reports; it
 * may have lost all records,
 * or the latest ones. The nodes then restore them from memory. */
void vm_cluster_back (VmCluster *self, gint64 now);

/* Likewise, before vm_cluster_back(): it was made within
 * VM_CLUSTER_YOUNG_TIME. */
void vm_cluster_young (VmCluster *self, gint64 now);

/* Whether the last list had the beat of @node. */
gboolean vm_cluster_is_alive (VmCluster *self, const gchar *node);
/* Whether @node has a participant in a room, but no beat. */
gboolean vm_cluster_is_absent (VmCluster *self, const gchar *node);
/* Rooms that this node knows. */
guint vm_cluster_count_rooms (VmCluster *self);

G_END_DECLS
