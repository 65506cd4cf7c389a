/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterline.h"
#include "room/rooms-priv.h"
#include "cluster/shared/roomshare.h"
#include "cluster/shared/shareledger.h"

#define VM_SHARE_MAGIC "VMM1" /* of what the rooms say */

typedef struct
{
  const gchar *magic;
  VmShareHear hear; /* NULL: there is none */
  gpointer user_data;
} VmShareHearer;

struct _VmRoomShare
{
  VmRooms *rooms;
  VmCluster *cluster;
  VmOnce *once;
  VmRoomShareFuncs funcs;
  gpointer user_data;
  gchar *node;
  gint64 now; /* of the last call */
  gint64 date; /* Unix seconds */
  GHashTable *shared; /* key -> VmRoom */
  GHashTable *lines; /* node -> Line */
  VmShareLedger *ledgers[VM_SHARE_N_KINDS]; /* or NULL */
  VmShareHearer hearers[VM_SHARE_N_KINDS];
  GQueue words; /* for those, not yet heard */
  GHashTable *wishes; /* seat -> VmSeatWish */
  GHashTable *seats; /* seat -> VmMember */
  GHashTable *changed; /* keys of rooms whose record is another */
  GQueue events; /* what the cluster has told, of Event */
  GQueue inbox; /* what others have said, of VmShareMessage */
  GQueue held; /* likewise, for whom this server has not heard of */
  gboolean settling;
};

/* Of one room. */
struct _VmRoomShared
{
  VmRoomShare *share;
  gchar *key;
  GHashTable
      *departed; /* ids that have said so, and that the record still has */
};

struct _VmSeatWish
{
  VmRooms *rooms;
  VmSeatFuncs funcs;
  gpointer user_data;
  gpointer peer;
  guint seat;
  guint64 use; /* of its ticket, as long as that is not known; or 0 */
  gchar *text; /* of that */
  gchar *key; /* of whoever shows it, or NULL */
  gchar *name; /* of the room; NULL: as its ticket will say */
  VmTicket *ticket;
  VmSignal *hello;
  gchar *next; /* the token to resume with, or NULL */
  gboolean resumes;
};

/* One of a room, to those of another node. */
typedef struct
{
  gchar *node; /* that has sent it */
  gchar *key; /* of the room */
  gchar *from; /* ids, or "" */
  gchar *to;
  gint64 seq;
  guint count; /* of the room's states, at that node */
  VmSignal *signal; /* NULL: only that is told */
  gint64 since; /* it is held */
} VmShareMessage;

/* roomshare.c: does what was put off. */
void vm_room_share_settle (VmRoomShare *share);
/* To the store, in which each kind has its keys and its requests. */
void vm_room_share_get (
    VmRoomShare *share, VmShareKind kind, guint64 request, const gchar *key);
void vm_room_share_put (VmRoomShare *share, VmShareKind kind, guint64 request,
    const gchar *key, GBytes *value, guint64 revision);

/* shareledger.c */
VmShareKind vm_share_kind_of_key (const gchar *key);
VmCluster *vm_share_ledger_get_cluster (VmShareLedger *ledger);
void vm_share_ledger_tick (VmShareLedger *ledger);
/* One thing that is to be told; FALSE: there is none. */
gboolean vm_share_ledger_settle (VmShareLedger *ledger);

/* sharelines.c */
void vm_room_share_tick_lines (VmRoomShare *share);
void vm_room_share_free_line (gpointer line);
void vm_room_share_free_word (gpointer word);
/* What waits for @node. Returns: (transfer full) */
GPtrArray *vm_room_share_list_waiting (VmRoomShare *share, const gchar *node);
/* One word that was heard; FALSE: there is none. */
gboolean vm_room_share_take_word (VmRoomShare *share);

/* roomsharetalk.c */
/* Of @node's rooms; it is not yet heard. */
void vm_room_share_take_message (
    VmRoomShare *share, const gchar *node, GBytes *bytes);
void vm_room_share_take_inbox (VmRoomShare *share);
void vm_room_share_tick_held (VmRoomShare *share);
void vm_share_message_free (VmShareMessage *message);
/* To @node alone what @member, who sits here, is. */
void vm_room_share_introduce (const VmMember *member, const gchar *node);
/* What waits for @member at @node, where it is no more, goes to where it is. */
void vm_room_share_send_on (VmMember *member, const gchar *node);

/* roomremote.c: @room gets the members of @record who sit elsewhere; those who
 * sit here are told. */
void vm_room_share_sync (
    VmRoomShare *share, VmRoom *room, const VmClusterRecord *record);
void vm_room_share_tick_room (VmRoomShare *share, VmRoom *room);
/* @one, who has sat elsewhere, or was not known, sits here from now on. */
VmMember *vm_room_bring_back (
    VmRoom *room, const VmClusterParticipant *one, VmSeatWish *wish);
/* The seat of @member is taken up, or given to others. */
void vm_room_share_lose_seat (
    VmRoomShare *share, VmMember *member, const GError *reason);

/* roomseat.c: the answer to @wish, which is freed. */
void vm_seat_wish_grant (VmSeatWish *wish, VmRoomShare *share,
    const VmClusterRecord *record, const VmClusterParticipant *one);
void vm_seat_wish_refuse (VmSeatWish *wish, const GError *error);

/* The functions of VmRoomsRemote, see rooms-priv.h. */
extern const VmRoomsRemote vm_room_share_remote;

/* roomsharetalk.c */
void vm_room_share_send (
    VmRoomShare *share, const VmMember *to, const VmSignal *signal);
void vm_room_share_say (const VmMember *member, const VmSignal *signal);
void vm_room_share_count (VmRoom *room);
/* roomseat.c */
void vm_room_share_drop_ticket (VmRoomShare *share, const gchar *text);
