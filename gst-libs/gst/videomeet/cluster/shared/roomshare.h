/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/singleuse.h"
#include "room/rooms.h"

G_BEGIN_DECLS

/* Shares the open rooms of one server with the others of its cluster
 * (protocol/cluster.md#records). The record of each room lists its members and
 * their servers (cluster.h); messages go over lines between the servers
 * (clusterline.h). A member at another server differs from others only in its
 * peer. Sans-I/O; `now` is monotonic time in µs. */

typedef struct _VmRoomShare VmRoomShare;
typedef struct _VmRoomShared VmRoomShared;

/* How long to wait for the leave message of a member that is gone from the
 * record. */
#define VM_SHARE_LEAVE_TIME (2 * G_USEC_PER_SEC)
/* How long a message waits until its sender or receiver is known, and how many
 * wait; beyond, the oldest is dropped. */
#define VM_SHARE_HOLD_TIME (5 * G_USEC_PER_SEC)
#define VM_SHARE_HOLD_MAX 4096
/* After this time of it the record of its room is read: what the store told of
 * the sender may be lost. */
#define VM_SHARE_DOUBT_TIME G_USEC_PER_SEC
/* Rooms that are looked for at once; beyond, RATE_LIMITED. */
#define VM_SHARE_LOOKS_MAX 1024
/* How long a line to a node that is gone is kept. */
#define VM_SHARE_LINE_TIME (60 * G_USEC_PER_SEC)
/* A member that returns at another server is told of at most this many who
 * left. */
#define VM_SHARE_LEFT_MAX 64
/* States of a room that a server may have sent in its last second. */
#define VM_SHARE_COUNTS_MAX (2 * VM_SIGNAL_ROSTER_MAX)
/* By how many states the counts of two servers may differ before one tells the
 * other. */
#define VM_SHARE_DRIFT_MAX 64

/* None of these may call back into the share. */
typedef struct
{
  /* As in VmClusterFuncs and VmSingleUseFuncs. */
  void (*get) (VmClusterBucket bucket, guint64 request, const gchar *key,
      gpointer user_data);
  void (*put) (VmClusterBucket bucket, guint64 request, const gchar *key,
      GBytes *value, guint64 revision, gpointer user_data);
  void (*beat) (const gchar *node, gpointer user_data);
  void (*list) (gpointer user_data);
  /* As in VmClusterFuncs; of vm_room_share_told() and vm_room_share_check(). */
  void (*watch) (const gchar *key, gpointer user_data);
  void (*unwatch) (const gchar *key, gpointer user_data);
  void (*scan) (const gchar *const *nodes, gpointer user_data);
  /* To vm_room_share_hear() of @node, unless it is lost. */
  void (*send) (const gchar *node, GBytes *frame, gpointer user_data);
} VmRoomShareFuncs;

/* From now on the open rooms of @rooms are shared; there are none yet. @node:
 * as in vm_cluster_new(). @date: Unix seconds. */
VmRoomShare *vm_room_share_new (VmRooms *rooms, const VmRoomShareFuncs *funcs,
    gpointer user_data, const gchar *node, gint64 now, gint64 date);
/* The rooms remain, but are no longer shared. */
void vm_room_share_free (VmRoomShare *share);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRoomShare, vm_room_share_free)
void vm_room_share_tick (VmRoomShare *share, gint64 now, gint64 date);
/* Whether a write to the store is pending. */
gboolean vm_room_share_is_busy (VmRoomShare *share);

/* Whether that server was alive lately. */
gboolean vm_room_share_knows_node (VmRoomShare *share, const gchar *node);

/* See cluster.h. */
void vm_room_share_answer (VmRoomShare *share, VmClusterBucket bucket,
    guint64 request, VmClusterResult result, GBytes *value, guint64 revision,
    gint64 now);
void
vm_room_share_nodes (VmRoomShare *share, const gchar *const *nodes, gint64 now);
void vm_room_share_told (VmRoomShare *share, const gchar *key, GBytes *value,
    guint64 revision, gint64 now);
void vm_room_share_young (VmRoomShare *share, gint64 now);
void vm_room_share_back (VmRoomShare *share, gint64 now);
void vm_room_share_check (VmRoomShare *share, const gchar *key, gint64 now);
/* Takes a frame of another node. */
void vm_room_share_hear (VmRoomShare *share, GBytes *frame, gint64 now);
/* Frames sent so far may be lost. */
void vm_room_share_again (VmRoomShare *share, gint64 now);

/* Rooms of which this server knows nothing yet (roomlook.c) */

/* @known FALSE: the store does not answer. */
typedef void (*VmRoomLooked) (gboolean known, gpointer user_data);

/* Whether the room @name may be open at other servers, and is to be looked for
 * with vm_rooms_look(). */
gboolean vm_rooms_must_look (VmRooms *rooms, const gchar *name);
/* Calls @looked when it is known who is in the room @name: not before this
 * returns, and within VM_CLUSTER_SEAT_TIME. Returns: the number of the look; 0:
 * there are too many. */
guint64 vm_rooms_look (
    VmRooms *rooms, const gchar *name, VmRoomLooked looked, gpointer user_data);
/* No callback follows; ignores a look that is over. */
void vm_rooms_cancel_look (VmRooms *rooms, guint64 look);

/* Seats, at once or when the other servers have been asked (roomseat.c) */

typedef struct _VmSeatRequest VmSeatRequest;

typedef struct
{
  /* The seat that it leaves for the new one, or NULL; and the function that
   * leaves it once the new seat is there. Both may be NULL. */
  VmMember *(*from) (gpointer user_data);
  void (*leave) (gpointer user_data);
  /* The answer, once; @member was already welcomed. @member NULL: @error. The
   * request is gone. */
  void (*seated) (VmMember *member, const GError *error, gpointer user_data);
} VmSeatFuncs;

/* As vm_rooms_take_seat(), vm_rooms_enter() and vm_rooms_find_lost(), also for
 * a client from another server. Each returns the request while the answer is
 * pending; else it calls @funcs before it returns. */
VmSeatRequest *vm_rooms_request_seat (VmRooms *rooms, const VmTicket *ticket,
    const VmSignal *hello, gpointer peer, const VmSeatFuncs *funcs,
    gpointer user_data);
VmSeatRequest *
vm_rooms_request_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    gpointer peer, gint64 now, const VmSeatFuncs *funcs, gpointer user_data);
/* @meeting_id: of the meeting in which the seat is, or NULL; MEETING_ENDED
 * (roomresume.c). */
VmSeatRequest *vm_rooms_request_resume (VmRooms *rooms, const gchar *token,
    const gchar *key, const gchar *meeting_id, gpointer peer,
    const VmSeatFuncs *funcs, gpointer user_data);
/* Likewise with the ticket @text of any server of the cluster: BAD_TICKET. */
VmSeatRequest *vm_rooms_request_by_ticket (VmRooms *rooms, const gchar *text,
    const gchar *key, const VmSignal *hello, gpointer peer,
    const VmSeatFuncs *funcs, gpointer user_data);
/* Whether @text is to be used by vm_rooms_request_by_ticket(), not
 * vm_rooms_use_ticket(). */
gboolean vm_rooms_shares_ticket (VmRooms *rooms, const gchar *text);
/* No callback follows. */
void vm_seat_request_cancel (VmSeatRequest *seat_request);
/* Whether the rooms of @rooms are shared. */
gboolean vm_rooms_are_shared (VmRooms *rooms);
/* The single-use keys of the cluster; or NULL. */
VmSingleUse *vm_rooms_get_single_use (VmRooms *rooms);
/* Makes the ticket @text of vm_rooms_join() valid at every server, once
 * answered; otherwise as vm_single_use_keep(). */
guint64 vm_rooms_keep_ticket (VmRooms *rooms, const gchar *text,
    const VmSingleUseAsker *asker, gpointer user_data, gint64 now);

G_END_DECLS
