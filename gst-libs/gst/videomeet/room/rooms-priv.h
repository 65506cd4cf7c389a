/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/rates.h"
#include "room/pinguard.h"
#include "room/rooms.h"

/* The other servers of a cluster, which have members of the open rooms too
 * (protocol/cluster.md#records). The functions may not call back into
 * the rooms. */
typedef struct _VmRoomsRemote VmRoomsRemote;
/* The other servers' state of one room. */
typedef struct _VmRoomShared VmRoomShared;
/* All shared state of a server; owned by the remote. */
typedef struct _VmRoomShare VmRoomShare;

struct _VmRoomsRemote
{
  /* An open room begins: from now on it has VmRoom.shared. */
  void (*begin) (VmRoom *room);
  /* The room is closed at this server; its members may come back elsewhere. */
  void (*end) (VmRoom *room);
  void (*free) (VmRoomShared *shared);
  /* Sends to a member at another server. */
  void (*send) (VmRoomShare *share, const VmMember *to, const VmSignal *signal);
  /* Sends from a member of this server to the members at all others. */
  void (*say) (const VmMember *member, const VmSignal *signal);
  /* The room is about to send its next state, number VmRoom.count.
   */
  void (*count) (VmRoom *room);
  /* A member of this server leaves; @left is the signal for the others. */
  void (*leave) (VmMember *member, const VmSignal *left);
  /* A member of this server has another token to resume with. */
  void (*renew) (VmMember *member);
  /* The room was locked or unlocked. */
  void (*lock) (VmRoom *room);
  /* The ticket @text, which this server gave, is no longer good. */
  void (*drop_ticket) (VmRoomShare *share, const gchar *text);
  /* A token to resume with, by which other servers find the room. Returns:
   * (transfer full) */
  gchar *(*make_token) (VmRoom *room);
};

struct _VmRooms
{
  VmRoomsFuncs funcs;
  gpointer user_data;
  GHashTable *rooms; /* name -> VmRoom */
  guint64 serials; /* rooms so far */
  GHashTable *tickets; /* text -> VmTicket */
  GHashTable *resumes; /* token -> VmMember */
  GHashTable *sfu_tickets; /* text -> VmMember */
  VmPinGuard *guard;
  VmPolicy policy;
  VmCloudTrust cloud_trust;
  gint64 checked; /* when vm_rooms_tick() last checked all members */
  VmOpenRooms open; /* all zero: only hosts open rooms */
  GHashTable *begun; /* group -> number of open rooms that it has begun */
  gboolean closing;
  guint walks; /* iterations over rooms or in one: no room is removed meanwhile
                */
  gint64 ticked; /* when vm_rooms_tick() was called last */
  VmRoomsSfu sfu; /* all zero: there is none */
  gboolean sfu_reached;
  gint64 sfu_lost_at; /* while it cannot be reached, since when */
  const VmRoomsRemote *remote; /* other servers, or NULL */
  VmRoomShare *share; /* of @remote */
};

/* The wrong PINs of a minute. */
typedef struct
{
  gint64 since;
  guint n;
} VmWrongPins;

struct _VmRoom
{
  VmRooms *rooms;
  gchar *name;
  gchar *id;
  guint64 serial; /* see vm_room_get_serial() */
  gchar *pin;
  gchar **ice_servers;
  guint max_participants;
  guint epoch;
  guint count; /* of the states sent */
  guint joined; /* participants so far; the last one's number */
  /* ids of the devices that had a seat, the last of them; NULL: none */
  GPtrArray *met;
  gchar **revoked; /* of those, as last sent; NULL: none */
  GPtrArray *barred; /* those kept out, see roombars.c; NULL: none */
  gboolean locked;
  VmMeetingState state;
  VmMember *host; /* NULL of an open room */
  gchar *beginner; /* group of the first participant of an open room; shared */
  gint64 awaited; /* until when a ticket may still be used */
  guint held; /* by clients without a seat; it ends with the last of them */
  VmMember *moderator; /* beside a host, or in its place; or NULL */
  GPtrArray *members; /* in the order they joined */
  /* by the trust level of the guesser: strangers, who can make any number of
   * keys, can only lock out strangers */
  VmWrongPins wrong[VM_TRUST_LEVEL_TRUSTED + 1];
  gboolean open; /* see VmOpenRooms */
  VmTopology topology;
  gint64 sfu_room; /* its number there, from VM_TOPOLOGY_SFU on */
  gboolean paired; /* two of the mesh are to meet there, see roompairs.c */
  gboolean sfu_told; /* what the members know: that it goes by the SFU */
  gint64 few_since; /* 0: it has enough participants for the SFU */
  gint64 returning_since;
  VmRoomShared *shared; /* of a room that other servers have as well, or NULL */
};

struct _VmMember
{
  VmRoom *room;
  gpointer peer;
  gchar *id; /* shared, as the two that follow */
  gchar *alias; /* of a client that was named before it had a seat, or NULL */
  gchar *user;
  gchar *device;
  gchar *device_id;
  gchar *nonce;
  VmCallType call_type;
  VmParticipantState state;

  VmTrustLevel trust;
  gboolean named; /* its names were checked when it joined, and are its own */
  gboolean proven; /* see VmJoin */
  gboolean own_page; /* likewise */
  gboolean moderates; /* by the word of the host before this one */
  gchar *key; /* of its TLS, or NULL */
  gchar *group; /* of VmJoin, shared; NULL: it is at another server, or passed
                 * on, and counts for its bridge's */
  VmToken *presented; /* see VmJoin, or NULL */
  gchar *token; /* to resume with; NULL for the host */
  gchar *old_token; /* valid until the welcome with @token has arrived */
  gchar *via, *origin_id; /* see VmJoin, or NULL */
  gint64 lost_at; /* 0: it has a connection */
  gboolean detached; /* and the others were told */
  gboolean takes_sfu; /* its client has said so */
  VmRate reactions;
  gchar *sfu_ticket; /* unused, or NULL */
  gint64 sfu_ticket_expires;
  GHashTable *sfu_asked; /* ids of those whom it cannot reach; or NULL */

  /* in a cluster: */
  guint seat; /* its number among this server's seats; 0: not shared */
  gchar *node; /* its server; NULL: this one */
  gint64 said; /* number of its last message, -1 */
  gint64 missed_at; /* since when the record lacks it; 0: it is there */
};

struct _VmTicket
{
  gchar *text;
  gchar *meeting_id;
  gchar *meeting;
  gchar *user;
  gchar *device_id;
  gchar *group;
  gchar *key;
  gboolean proven; /* see VmJoin */
  gboolean own_page; /* likewise */
  VmToken *presented;
  VmTrustLevel trust; /* when admitted, finally by vm_rooms_take_seat() */
  VmCallType call_type;
  gchar *via, *origin_id; /* see VmJoin, or NULL */
  gboolean open; /* the first participant begins its room */
  gint64 expires;

  /* in a cluster, of a seat that it was used for: */
  const gchar *seat_id;
  const gchar *next; /* the token to resume with, or NULL */
  guint seat;
};

/* The facts by which a participant is judged. */
typedef struct
{
  const gchar *key; /* or NULL */
  const gchar *user;
  const gchar *device;
  VmToken *presented; /* or NULL */
  const gchar *group; /* see VmJoin, or NULL */
  const gchar *via; /* see VmJoin, or NULL */
  gboolean own_page; /* see VmJoin */
} VmBearer;

/* The bearer of a seated member; with its names if they were not checked yet.
 */
VmBearer vm_member_to_bearer (const VmMember *member);
/* Records that the member has its seat by the current policy. */
void vm_member_keep_names (VmMember *member);
/* roomtrust.c: applies the policy to @bearer; @level is set in either case.
 * @error: for others; the user gets the reason. */
gboolean vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error);
/* Whether the room admits @bearer, if there is a seat; see vm_rooms_let_in().
 * @pin: as given;
 * @group: NULL when the PIN was checked before; @level: the level to show. */
gboolean
vm_room_lets_in (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, gint64 now, VmTrustLevel *level, GError **error);
/* Applies the policy where there is no room, without a report. */
gboolean
vm_rooms_trust (VmRooms *rooms, const VmBearer *bearer, GError **error);

/* roompin.c: whether @pin admits @bearer, which has trust @level. @group: NULL
 * when that was checked before. */
gboolean
vm_room_checks_pin (VmRoom *room, const VmBearer *bearer, VmTrustLevel level,
    const gchar *pin, const gchar *group, gint64 now, GError **error);

/* roomvia.c: whether the cloud's participant of @join comes by its bridge. */
gboolean vm_room_checks_via (VmRoom *room, const VmJoin *join, GError **error);
/* Whether the bridge of @ticket, if it has one, is there, and the meeting has
 * not as many of the cloud as it takes. */
gboolean vm_room_has_via (VmRoom *room, const VmTicket *ticket, GError **error);
/* Who has the seat of that participant of the cloud, or NULL. */
VmMember *vm_room_find_origin (VmRoom *room, const gchar *origin_id);
/* Who has the seat of the same participant of the cloud by an earlier bridge
 * leaves it. */
void vm_room_supersede (VmRoom *room, const VmTicket *ticket);
/* The member @id has left, and with it whom it passed on. */
void vm_room_drop_via (VmRoom *room, const gchar *id);

/* Remembers that @member had a seat. */
void vm_room_meet (VmRoom *room, const VmMember *member);
/* roombars.c: @member was removed. Its key is kept out as long as the room
 * exists, its guest token becomes invalid, and for VM_ROOM_BARRED_TIME no
 * stranger from its address is admitted. */
void vm_room_bar (VmRoom *room, const VmMember *member);
gboolean vm_room_bars_key (VmRoom *room, const gchar *key);
/* Readmits the participant removed as @id. FALSE: there is none. */
gboolean vm_room_unbar (VmRoom *room, const gchar *id);
/* For the next host of the meeting, of VmSignalBar; NULL: there are none. */
GPtrArray *vm_room_list_bars (VmRoom *room);
void vm_room_restore_bars (VmRoom *room, GPtrArray *bars);
void vm_room_tick_bars (VmRoom *room, gint64 now);
/* Whether the room's bars admit @bearer. */
gboolean
vm_room_admits_key (VmRoom *room, const VmBearer *bearer, GError **error);
gboolean vm_room_admits_group (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel level, GError **error);
/* Whether one more stranger from this address may have a seat; who is passed on
 * counts as its bridge does. @from: see vm_room_admits(). */
gboolean vm_room_has_share (VmRoom *room, const VmBearer *bearer,
    const VmMember *from, VmTrustLevel level, GError **error);
/* Those remembered devices whose trust is revoked. Returns: (transfer full) */
gchar **vm_room_list_revoked (VmRoom *room);

/* roomtopology.c: whether the room bears one more, by the way that its media
 * goes. @takes_sfu: whether the newcomer takes part in an SFU, or may; @from:
 * see vm_room_admits(). MEETING_FULL. */
gboolean vm_room_bears (
    VmRoom *room, gboolean takes_sfu, const VmMember *from, GError **error);
/* Tells a newcomer of the SFU, if the room goes by it. */
void vm_room_tell_topology (VmRoom *room, VmMember *member);
/* The member asks for another ticket. */
gboolean
vm_member_renew_sfu (VmMember *member, const VmSignal *signal, GError **error);
/* It gives back its seat. */
void vm_member_leave_sfu (VmMember *member);
/* Moves a room that has grown to the SFU. */
void vm_room_look_at_size (VmRoom *room);
void vm_room_tick_topology (VmRoom *room, gint64 now);
/* It went by an SFU until @lost_at, whose room is gone: by another one now. */
void vm_room_restore_topology (VmRoom *room, gint64 lost_at);
void vm_room_tell_topology_to (VmMember *member);
void vm_room_want_sfu (VmRoom *room, gboolean wanted);
gboolean vm_rooms_has_lost_sfu (const VmRooms *rooms, gint64 now);

/* roompairs.c: @member says whether no path leads to @to. Two of whom both say
 * so meet by the SFU. FALSE: @to has not said so, and may be asked. */
gboolean vm_member_pair (VmMember *member, VmMember *to, gboolean asks);
/* Ids of those whom it meets so, or NULL. Returns: (transfer full) */
gchar **vm_member_list_pairs (const VmMember *member);
/* The room at the SFU is there. */
void vm_room_tell_pairs (VmRoom *room);
/* Nobody meets there any more; @told: and those who did are told. */
void vm_room_end_pairs (VmRoom *room, gboolean told);
/* @member leaves. */
void vm_member_end_pairs (VmMember *member);

/* roomtopology.c: the room is about to be freed. */
void vm_room_end_topology (VmRoom *room);

/* PEM of the token that shows others why @member is admitted: given by this
 * device, or presented by it; NULL when there is none. Returns: (transfer full)
 */
gchar *vm_member_get_voucher (const VmMember *member);
/* The local name of the introducer that alone vouches for @member, or NULL.
 * Returns: (transfer full) */
gchar *vm_member_name_voucher (const VmMember *member);
/* The name that others see: the one that it claims, but for a trusted device
 * the name under which it is trusted. Returns: (transfer full) */
gchar *vm_room_name (VmRoom *room, const VmTicket *ticket);

/* roomopen.c: the only look-up of a room for a newcomer, in every dialect and
 * at every step. It checks the pass on a server that requires one: without a
 * pass a client neither learns of a room nor begins one. @begins: create a
 * missing open room. */
VmRoom *vm_rooms_look_up (
    VmRooms *rooms, const VmJoin *join, gboolean begins, GError **error);
/* Likewise for a client that was already looked up: with a ticket, or for
 * another seat. */
VmRoom *vm_rooms_look_again (VmRooms *rooms, const gchar *meeting,
    const VmBearer *bearer, GError **error);
/* The last step of vm_rooms_enter(), into a room that was looked up. */
VmMember *vm_room_enter (VmRoom *room, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error);
/* The room of @ticket, or another one of the same name. */
VmRoom *vm_rooms_of_ticket (VmRooms *rooms, const VmTicket *ticket,
    const VmBearer *bearer, GError **error);
/* The admission check of all dialects; see vm_room_lets_in(). @from: the seat
 * that is given back for the new one, or NULL. */
gboolean vm_room_admits (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, const VmMember *from, gint64 now, VmTrustLevel *level,
    GError **error);
/* roomopen.c: sets BAD_TICKET, in the words for clients. */
void vm_rooms_refuse_ticket (GError **error);
VmBearer vm_ticket_to_bearer (const VmTicket *ticket, const VmSignal *hello);
VmBearer vm_join_to_bearer (const VmJoin *join);

/* 32 random bytes as text for a URL. */
gchar *vm_rooms_make_token (VmRooms *rooms);
/* A token to resume a seat of @room with. */
gchar *vm_room_make_token (VmRoom *room);

/* A room without members, in the table. */
VmRoom *vm_room_new (VmRooms *rooms, const gchar *name);
/* roomopen.c: creates the open room @name for @group. */
VmRoom *vm_room_begin (
    VmRooms *rooms, const gchar *name, const gchar *group, GError **error);
/* Chooses the moderator; of a hosted room the page of its device's user that
 * came last. */
void vm_room_choose_moderator (VmRoom *room);
/* Closes and removes the remaining members. */
void vm_room_empty (VmRoom *room);
/* Removes an empty open room, unless an iteration is under way. */
void vm_room_look_whether_empty (VmRoom *room);
/* Whether an iteration must remove the open room. */
gboolean vm_room_is_over (const VmRoom *room, gint64 now);
void vm_room_forget_beginner (VmRoom *room);

/* @ticket NULL: the host, who cannot be lost; a ticket without text is for a
 * seat that is given back when its connection is lost. */
VmMember *vm_room_seat (
    VmRoom *room, gpointer peer, const VmTicket *ticket, const VmSignal *hello);
/* Inserts the member in the order of ids, which is that of joining. */
void vm_room_insert (VmRoom *room, VmMember *member);
void vm_room_take_event (VmRoom *room, VmMeetingEvent event);
void vm_room_tell_joined (VmRoom *room, const VmMember *member);
void vm_room_welcome (VmRoom *room, VmMember *member, gboolean resumed);
/* The name of a user without one. Returns: (transfer full) */
gchar *vm_room_make_guest_name (const gchar *id);
/* Describes the member to others. */
void
vm_member_describe (const VmMember *member, VmSignalParticipant *participant);
/* A signal with its state. */
VmSignal *vm_member_make_state (const VmMember *member);
/* Makes its resume tokens invalid. */
void vm_member_forget_tokens (VmMember *member);
/* Sets the token of the next welcome: @next, or a new one if that is NULL. The
 * @used token stays valid until that welcome has arrived, because it may be
 * lost. */
void vm_member_renew (VmMember *member, const gchar *used, const gchar *next);
gboolean vm_rooms_check_config (
    VmRooms *rooms, const VmRoomConfig *config, GError **error);
void vm_room_send (VmRoom *room, const VmMember *to, const VmSignal *signal);
/* Sends from @member to the members at other servers, if any. */
void vm_member_say_remote (const VmMember *member, const VmSignal *signal);
/* Sends to the members at this server. */
void
vm_room_send_all (VmRoom *room, const VmSignal *signal, const VmMember *but);
void vm_room_send_state (VmRoom *room);
void vm_room_tick (VmRoom *room, gint64 now);
void vm_member_tell_state (VmMember *member);
/* Likewise, with its changed trust level. */
void vm_member_tell_trust (VmMember *member);
void vm_room_free (VmRoom *room);
