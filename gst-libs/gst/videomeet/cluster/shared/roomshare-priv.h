/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/clusterline.h"
#include "room/rooms-priv.h"
#include "cluster/shared/roomshare.h"
#include "cluster/shared/namedirectory.h"

#define VM_SHARE_MAGIC "VMM1" /* of the rooms' messages */

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
  VmSingleUse *once;
  VmRoomShareFuncs funcs;
  gpointer user_data;
  gchar *node;
  gint64 now; /* of the last call */
  gint64 date; /* Unix seconds */
  GHashTable *shared; /* key -> VmRoom */
  GHashTable *lines; /* node -> Line */
  VmNameDirectory *directories[VM_SHARE_N_KINDS]; /* or NULL */
  VmShareHearer hearers[VM_SHARE_N_KINDS];
  GQueue words; /* for the hearers, not yet delivered */
  GHashTable *requests; /* seat -> VmSeatRequest */
  GHashTable *seats; /* seat -> VmMember */
  GHashTable *changed; /* keys of rooms with a changed record */
  GHashTable *looks; /* number -> Look */
  guint64 looked; /* looks so far */
  GQueue events; /* of Event, from the cluster */
  GQueue inbox; /* of VmShareMessage, from other servers */
  GQueue held; /* likewise, for participants unknown to this server */
  gboolean settling;
  guint echoes; /* what is done now was done by another server first */
};

/* Of one room. */
struct _VmRoomShared
{
  VmRoomShare *share;
  gchar *key;
  gboolean watched; /* the record of @key */
  GHashTable *departed; /* ids that have left, but are still in the record */
  guint counted; /* the highest count that was told or heard */
};

struct _VmSeatRequest
{
  VmRooms *rooms;
  VmSeatFuncs funcs;
  gpointer user_data;
  gpointer peer;
  guint seat;
  guint most; /* see VmJoin */
  guint64 use; /* of its ticket, until that is known; or 0 */
  guint64 look; /* for the room of its token, likewise */
  gchar *text; /* of its ticket, or token */
  gchar *meeting_id; /* see vm_rooms_request_resume() */
  gchar *key; /* of the client that shows it, or NULL */
  gchar *name; /* of the room; NULL: from its ticket */
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
  VmSignal *signal; /* NULL: only the count */
  gint64 since; /* it is held */
  gboolean doubted; /* and the record has been read for that */
} VmShareMessage;

/* roomshare.c: handles deferred events. */
void vm_room_share_settle (VmRoomShare *share);
/* Requests to the store; each kind has its own keys and requests. */
void vm_room_share_get (
    VmRoomShare *share, VmShareKind kind, guint64 request, const gchar *key);
void vm_room_share_put (VmRoomShare *share, VmShareKind kind, guint64 request,
    const gchar *key, GBytes *value, guint64 revision);

/* roomlook.c: as vm_rooms_look(), of the room with that key. */
guint64 vm_room_share_look (VmRoomShare *share, const gchar *key,
    VmRoomLooked looked, gpointer user_data);
/* The record of @key was read, or has changed. */
void vm_room_share_finish_looks (VmRoomShare *share, const gchar *key);
void vm_room_share_tick_looks (VmRoomShare *share);
void vm_room_share_free_look (gpointer look);
void vm_room_share_refuse_lost (GError **error);

/* namedirectory.c */
VmShareKind vm_share_kind_of_key (const gchar *key);
VmCluster *vm_name_directory_get_cluster (VmNameDirectory *directory);
void vm_name_directory_tick (VmNameDirectory *directory);
/* Delivers one pending event; FALSE: there is none. */
gboolean vm_name_directory_settle (VmNameDirectory *directory);

/* sharelines.c */
void vm_room_share_tick_lines (VmRoomShare *share);
void vm_room_share_free_line (gpointer line);
void vm_room_share_free_word (gpointer word);
/* The messages that wait for @node. Returns: (transfer full) */
GPtrArray *vm_room_share_list_waiting (VmRoomShare *share, const gchar *node);
/* Delivers one received word; FALSE: there is none. */
gboolean vm_room_share_take_word (VmRoomShare *share);

/* roomsharetalk.c */
/* Queues a message of @node's rooms. */
void vm_room_share_take_message (
    VmRoomShare *share, const gchar *node, GBytes *bytes);
void vm_room_share_take_inbox (VmRoomShare *share);
void vm_room_share_tick_held (VmRoomShare *share);
void vm_share_message_free (VmShareMessage *message);
/* Describes @member of this server to @node alone. */
void vm_room_share_introduce (const VmMember *member, const gchar *node);
/* Sends the messages that wait for @member at @node, which it has left, to its
 * new server. */
void vm_room_share_send_on (VmMember *member, const gchar *node);

/* roomremote.c: updates the remote members of @room from @record, and tells the
 * local ones. */
void vm_room_share_sync (
    VmRoomShare *share, VmRoom *room, const VmClusterRecord *record);
void vm_room_share_tick_room (VmRoomShare *share, VmRoom *room);
/* Seats @one, who was at another server or unknown, here. */
VmMember *vm_room_bring_back (
    VmRoom *room, const VmClusterParticipant *one, VmSeatRequest *seat_request);
/* @member has lost its seat: it was resumed elsewhere, or given to others. */
void vm_room_share_lose_seat (
    VmRoomShare *share, VmMember *member, const GError *reason);

/* roomseat.c */
VmSeatRequest *vm_seat_request_new (VmRooms *rooms, const gchar *name,
    gpointer peer, const VmSeatFuncs *funcs, gpointer user_data);
/* The answer to @request, which is freed. */
void vm_seat_request_grant (VmSeatRequest *seat_request, VmRoomShare *share,
    const VmClusterRecord *record, const VmClusterParticipant *one);
void vm_seat_request_refuse (VmSeatRequest *seat_request, const GError *error);

/* The functions of VmRoomsRemote, see rooms-priv.h. */
extern const VmRoomsRemote vm_room_share_remote;

/* roomresume.c: the next token of a member of @room. */
gchar *vm_room_share_make_token (VmRoom *room);
/* roomsharetalk.c */
/* Has the servers that @record names look whether they have those seats. */
void
vm_room_share_ask_who_sits (VmRoomShare *share, const VmClusterRecord *record);
void vm_room_share_send (
    VmRoomShare *share, const VmMember *to, const VmSignal *signal);
void vm_room_share_say (const VmMember *member, const VmSignal *signal);
void vm_room_share_count (VmRoom *room);
/* roomseat.c */
void vm_room_share_drop_ticket (VmRoomShare *share, const gchar *text);
