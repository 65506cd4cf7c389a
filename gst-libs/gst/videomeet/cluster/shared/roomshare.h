/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusteronce.h"
#include "room/rooms.h"

G_BEGIN_DECLS

/* The open rooms of one server, of which others of its cluster have members too
 * (protocol/cluster.md#records). Who sits where is said by the record of each
 * room (cluster.h), what one says to another by lines between the servers
 * (clusterline.h). A member who sits elsewhere is one of the room like any
 * other, but for its peer. Sans-I/O; `now` is monotonic time in µs. */

typedef struct _VmRoomShare VmRoomShare;
typedef struct _VmRoomShared VmRoomShared;

/* How long a member whom the record has no more is waited for a last word
 * of. */
#define VM_SHARE_LEAVE_TIME (2 * G_USEC_PER_SEC)
/* How long a message waits for its sender or receiver to be heard of, and how
 * many do; beyond, the oldest is not. */
#define VM_SHARE_HOLD_TIME (5 * G_USEC_PER_SEC)
#define VM_SHARE_HOLD_MAX 4096
/* A line to a node that is gone is kept for so long. */
#define VM_SHARE_LINE_TIME (60 * G_USEC_PER_SEC)
/* Who comes back at another server hears of the last so many who have left. */
#define VM_SHARE_LEFT_MAX 64
/* States of a room that a server may have told in the last second of its
 * life. */
#define VM_SHARE_COUNTS_MAX (2 * VM_SIGNAL_ROSTER_MAX)

/* None of these may call back into the share. */
typedef struct
{
  /* As in VmClusterFuncs and VmOnceFuncs. */
  void (*get) (VmClusterBucket bucket, guint64 request, const gchar *key,
      gpointer user_data);
  void (*put) (VmClusterBucket bucket, guint64 request, const gchar *key,
      GBytes *value, guint64 revision, gpointer user_data);
  void (*beat) (const gchar *node, gpointer user_data);
  void (*list) (gpointer user_data);
  /* To vm_room_share_hear() of @node, unless it is lost. */
  void (*send) (const gchar *node, GBytes *frame, gpointer user_data);
} VmRoomShareFuncs;

/* From now on the open rooms of @rooms are shared; there are none yet. @node:
 * as in vm_cluster_new(). @date: Unix seconds. */
VmRoomShare *vm_room_share_new (VmRooms *rooms, const VmRoomShareFuncs *funcs,
    gpointer user_data, const gchar *node, gint64 now, gint64 date);
/* Its rooms are there still, and shared no more. */
void vm_room_share_free (VmRoomShare *share);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRoomShare, vm_room_share_free)
void vm_room_share_tick (VmRoomShare *share, gint64 now, gint64 date);
/* Whether something that was to be stored is not yet. */
gboolean vm_room_share_is_busy (VmRoomShare *share);

/* Whether that server was there lately. */
gboolean vm_room_share_knows_node (VmRoomShare *share, const gchar *node);

/* See cluster.h. */
void vm_room_share_answer (VmRoomShare *share, VmClusterBucket bucket,
    guint64 request, VmClusterResult result, GBytes *value, guint64 revision,
    gint64 now);
void
vm_room_share_nodes (VmRoomShare *share, const gchar *const *nodes, gint64 now);
void vm_room_share_told (VmRoomShare *share, const gchar *key, GBytes *value,
    guint64 revision, gint64 now);
void vm_room_share_back (VmRoomShare *share, gint64 now);
/* What another node has sent. */
void vm_room_share_hear (VmRoomShare *share, GBytes *frame, gint64 now);
/* What was sent may be lost. */
void vm_room_share_again (VmRoomShare *share, gint64 now);

/* Seats, at once or when the other servers have been asked (roomseat.c) */

typedef struct _VmSeatWish VmSeatWish;

typedef struct
{
  /* The seat that it leaves for the new one, or NULL; and what leaves that when
   * there is a new one, later. Both may be NULL. */
  VmMember *(*from) (gpointer user_data);
  void (*leave) (gpointer user_data);
  /* The answer, once; it was welcomed already. @member NULL: @error. The wish
   * is gone. */
  void (*seated) (VmMember *member, const GError *error, gpointer user_data);
} VmSeatFuncs;

/* As vm_rooms_take_seat(), vm_rooms_enter() and vm_rooms_find_lost(), of
 * somebody who sat at another server. Each returns the wish while it is to be
 * waited for; else all is told before it returns. */
VmSeatWish *vm_rooms_wish_seat (VmRooms *rooms, const VmTicket *ticket,
    const VmSignal *hello, gpointer peer, const VmSeatFuncs *funcs,
    gpointer user_data);
VmSeatWish *
vm_rooms_wish_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    gpointer peer, gint64 now, const VmSeatFuncs *funcs, gpointer user_data);
VmSeatWish *
vm_rooms_wish_resume (VmRooms *rooms, const gchar *token, const gchar *key,
    gpointer peer, const VmSeatFuncs *funcs, gpointer user_data);
/* Likewise by the ticket @text, which whatever server of the cluster has given:
 * BAD_TICKET. */
VmSeatWish *vm_rooms_wish_by_ticket (VmRooms *rooms, const gchar *text,
    const gchar *key, const VmSignal *hello, gpointer peer,
    const VmSeatFuncs *funcs, gpointer user_data);
/* Whether @text is to be used by vm_rooms_wish_by_ticket(), not
 * vm_rooms_use_ticket(). */
gboolean vm_rooms_shares_ticket (VmRooms *rooms, const gchar *text);
/* Nothing is told any more. */
void vm_seat_wish_cancel (VmSeatWish *wish);
/* Whether the rooms of @rooms are shared. */
gboolean vm_rooms_are_shared (VmRooms *rooms);
/* What is good once in the whole cluster; or NULL. */
VmOnce *vm_rooms_get_once (VmRooms *rooms);
/* The ticket @text of vm_rooms_join() is good at every server when that is
 * answered; the rest as vm_once_keep(). */
guint64 vm_rooms_keep_ticket (VmRooms *rooms, const gchar *text,
    const VmOnceAsker *asker, gpointer user_data, gint64 now);
/* Whether a room of this id is open here, or at another server. */
gboolean vm_rooms_know_id (VmRooms *rooms, const gchar *id);

G_END_DECLS
