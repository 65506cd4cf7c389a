/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "room/pinguard.h"
#include "room/rooms.h"

/* The other servers of a cluster, which have members of the open rooms too
 * (protocol/cluster.md#records). The functions may not call back into
 * the rooms. */
typedef struct _VmRoomsRemote VmRoomsRemote;
/* What the other servers know of one room. */
typedef struct _VmRoomShared VmRoomShared;
/* All that a server shares; the remote's own. */
typedef struct _VmRoomShare VmRoomShare;

struct _VmRoomsRemote
{
  /* An open room begins: from now on it has VmRoom.shared. */
  void (*begin) (VmRoom *room);
  /* The room is closed at this server; its members may come back elsewhere. */
  void (*end) (VmRoom *room);
  void (*free) (VmRoomShared *shared);
  /* To a member who sits at another server. */
  void (*send) (VmRoomShare *share, const VmMember *to, const VmSignal *signal);
  /* From a member of this server to the members at all others. */
  void (*say) (const VmMember *member, const VmSignal *signal);
  /* The room is about to tell its next state, whose number is in VmRoom.count.
   */
  void (*count) (VmRoom *room);
  /* A member of this server leaves; @left is what the others are told. */
  void (*leave) (VmMember *member, const VmSignal *left);
  /* A member of this server has another token to resume with. */
  void (*renew) (VmMember *member);
  /* The room was locked or unlocked. */
  void (*lock) (VmRoom *room);
  /* The ticket @text, which this server gave, is no longer good. */
  void (*drop_ticket) (VmRoomShare *share, const gchar *text);
};

struct _VmRooms
{
  VmRoomsFuncs funcs;
  gpointer user_data;
  GHashTable *rooms; /* name -> VmRoom */
  GHashTable *tickets; /* text -> VmTicket */
  GHashTable *resumes; /* token -> VmMember */
  VmPinGuard *guard;
  VmPolicy policy;
  gint64 checked; /* when everybody was looked at last, by vm_rooms_tick() */
  VmOpenRooms open; /* all zero: rooms are opened by hosts alone */
  GHashTable *begun; /* group -> number of open rooms that it has begun */
  gboolean closing;
  guint walks; /* over rooms or into one: meanwhile none is removed */
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
  gchar *pin;
  gchar **ice_servers;
  guint max_participants;
  guint epoch;
  guint count; /* of the states that were told */
  guint joined; /* participants so far; the last one's number */
  /* ids of the devices that had a seat, the last of them; NULL: none */
  GPtrArray *met;
  gchar **revoked; /* of those, as was told last; NULL: none */
  GPtrArray *barred; /* whom it keeps out, see roombars.c; NULL: nobody */
  gboolean locked;
  VmMeetingState state;
  VmMember *host; /* NULL of an open room */
  gchar *beginner; /* group of whoever began it, of an open room; shared */
  gint64 awaited; /* until when somebody may come by a ticket */
  VmMember *moderator; /* of an open room, or NULL */
  GPtrArray *members; /* in the order they joined */
  /* by how well they are known who gave them: strangers, who can make keys
   * without end, keep nobody out but strangers */
  VmWrongPins wrong[VM_TRUST_LEVEL_TRUSTED + 1];
  gboolean open; /* see VmOpenRooms */
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
  gboolean named; /* its names were judged when it came, and are its own */
  gboolean proven; /* see VmJoin */
  gchar *key; /* of its TLS, or NULL */
  gchar *group; /* of VmJoin, shared; NULL: it sits at another server */
  VmToken *presented; /* see VmJoin, or NULL */
  gchar *token; /* to resume with; NULL for the host, who needs none */
  gchar *old_token; /* good until the welcome with @token has arrived */
  gint64 lost_at; /* 0: it has a connection */
  gboolean detached; /* and the others know */

  /* in a cluster: */
  guint seat; /* its number among the seats of this one; 0: it shares none */
  gchar *node; /* the server at which it sits; NULL: this one */
  gint64 said; /* number of its last message, -1 */
  gint64 missed_at; /* when it was not among those in the room; 0: it is */
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
  VmToken *presented;
  VmTrustLevel trust; /* as it was let in, by vm_rooms_take_seat() at last */
  VmCallType call_type;
  gboolean open; /* its room is begun by whoever comes first */
  gint64 expires;

  /* in a cluster, of a seat that it has given: */
  const gchar *seat_id;
  const gchar *next; /* the token to resume with, or NULL */
  guint seat;
};

/* Who is to be trusted, as far as is told of it. */
typedef struct
{
  const gchar *key; /* or NULL */
  const gchar *user;
  const gchar *device;
  VmToken *presented; /* or NULL */
  const gchar *group; /* see VmJoin, or NULL */
} VmBearer;

/* To be judged as whoever sits already: by the names as well if they have not
 * been yet. */
VmBearer vm_member_to_bearer (const VmMember *member);
/* It has its seat by the policy that the rooms have now. */
void vm_member_keep_names (VmMember *member);
/* roomtrust.c: the policy towards @bearer; @level is filled in either case.
 * @error: as others may read it; the user is told the reason. */
gboolean vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error);
/* Whom the room would have, if there is a seat; see vm_rooms_let_in(). @pin: as
 * given;
 * @group: NULL when the PIN was checked before; @level: how it is shown. */
gboolean
vm_room_lets_in (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, gint64 now, VmTrustLevel *level, GError **error);
/* The policy where there is no room: nobody is told. */
gboolean
vm_rooms_trust (VmRooms *rooms, const VmBearer *bearer, GError **error);

/* roompin.c: whether @pin opens the room to @bearer, who is known as well as
 * @level. @group: NULL when that was checked before. */
gboolean
vm_room_checks_pin (VmRoom *room, const VmBearer *bearer, VmTrustLevel level,
    const gchar *pin, const gchar *group, gint64 now, GError **error);

/* Remembers who had a seat. */
void vm_room_meet (VmRoom *room, const VmMember *member);
/* roombars.c: it was removed. Its key is kept out as long as the room is there,
 * what it presented as a guest is good no longer, and for VM_ROOM_BARRED_TIME
 * nobody comes from its address who is not known. */
void vm_room_bar (VmRoom *room, const VmMember *member);
gboolean vm_room_bars_key (VmRoom *room, const gchar *key);
/* Whoever was removed as @id may come again. FALSE: nobody was. */
gboolean vm_room_unbar (VmRoom *room, const gchar *id);
void vm_room_tick_bars (VmRoom *room, gint64 now);
/* Whether the room lets @bearer in, although somebody was removed from it. */
gboolean
vm_room_admits_key (VmRoom *room, const VmBearer *bearer, GError **error);
gboolean vm_room_admits_group (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel level, GError **error);
/* Whether there is a seat for one more of those who are not known, and come
 * from one address. @from: see vm_room_admits(). */
gboolean vm_room_has_share (VmRoom *room, const VmBearer *bearer,
    const VmMember *from, VmTrustLevel level, GError **error);
/* Those of them whose trust is withdrawn. Returns: (transfer full) */
gchar **vm_room_list_revoked (VmRoom *room);

/* PEM, by which others may see why @member is here: what this device gave it,
 * or what it presented; NULL when there is none. Returns: (transfer full) */
gchar *vm_member_get_voucher (const VmMember *member);
/* What the introducer is called here by whose word alone @member is, or NULL.
 * Returns: (transfer full) */
gchar *vm_member_name_voucher (const VmMember *member);
/* What the others are told that it is called: what it says, but a device that
 * is trusted goes by the name that it is trusted under. Returns: (transfer
 * full) */
gchar *vm_room_name (VmRoom *room, const VmTicket *ticket);

/* roomopen.c: the room that somebody asks for who comes, in whatever dialect
 * and by whatever step: there is no other way to it. Here is asked for what a
 * server wants that does not admit everybody: whoever has no pass learns of no
 * room, and begins none. @begins: an open one that is not there. */
VmRoom *vm_rooms_look_up (
    VmRooms *rooms, const VmJoin *join, gboolean begins, GError **error);
/* Likewise for somebody who has come that way: by a ticket, or to another
 * seat. */
VmRoom *vm_rooms_look_again (VmRooms *rooms, const gchar *meeting,
    const VmBearer *bearer, GError **error);
/* The last step of vm_rooms_enter(), into a room that was looked up. */
VmMember *vm_room_enter (VmRoom *room, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error);
/* The room that @ticket is for, or another one of its name. */
VmRoom *vm_rooms_of_ticket (VmRooms *rooms, const VmTicket *ticket,
    const VmBearer *bearer, GError **error);
/* Whoever wants in, through whatever dialect, comes through here; see
 * vm_room_lets_in(). @from: the seat that is given back for the new one, or
 * NULL. */
gboolean vm_room_admits (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, const VmMember *from, gint64 now, VmTrustLevel *level,
    GError **error);
/* roomopen.c: BAD_TICKET, as whoever shows one is told. */
void vm_rooms_refuse_ticket (GError **error);
VmBearer vm_ticket_to_bearer (const VmTicket *ticket, const VmSignal *hello);
VmBearer vm_join_to_bearer (const VmJoin *join);

/* 32 random bytes as text for a URL. */
gchar *vm_rooms_make_token (VmRooms *rooms);

/* A room without members, in the table. */
VmRoom *vm_room_new (VmRooms *rooms, const gchar *name);
/* roomopen.c: the open room @name, which is not there, for @group. */
VmRoom *vm_room_begin (
    VmRooms *rooms, const gchar *name, const gchar *group, GError **error);
/* Who moderates from now on; nobody in a room that is hosted. */
void vm_room_choose_moderator (VmRoom *room);
/* Whoever is left is closed, and gone. */
void vm_room_empty (VmRoom *room);
/* Removes an open room if nobody is in it, unless there is a walk. */
void vm_room_look_whether_empty (VmRoom *room);
/* Whether an open room is to be removed by a walk. */
gboolean vm_room_is_over (const VmRoom *room, gint64 now);
void vm_room_forget_beginner (VmRoom *room);

/* @ticket NULL: the host, who cannot be lost; one without text is for a seat
 * that is given back when its connection is lost. */
VmMember *vm_room_seat (
    VmRoom *room, gpointer peer, const VmTicket *ticket, const VmSignal *hello);
/* Its place in the room: ids tell who came first. */
void vm_room_insert (VmRoom *room, VmMember *member);
void vm_room_take_event (VmRoom *room, VmMeetingEvent event);
void vm_room_tell_joined (VmRoom *room, const VmMember *member);
void vm_room_welcome (VmRoom *room, VmMember *member, gboolean resumed);
/* What its user is called if it has no name. Returns: (transfer full) */
gchar *vm_room_make_guest_name (const gchar *id);
/* What others are told of it. */
void
vm_member_describe (const VmMember *member, VmSignalParticipant *participant);
/* Its state, as it is told. */
VmSignal *vm_member_make_state (const VmMember *member);
/* No token brings it back any more. */
void vm_member_forget_tokens (VmMember *member);
/* The token of the welcome to come: @next, or another one if that is NULL. The
 * one that was @used is good until that has arrived, for it may be lost as
 * well. */
void vm_member_renew (VmMember *member, const gchar *used, const gchar *next);
VmMember *vm_room_find_member (VmRoom *room, const gchar *id);
void vm_room_send (VmRoom *room, const VmMember *to, const VmSignal *signal);
/* From @member to the members at other servers, if there are such. */
void vm_member_say_remote (const VmMember *member, const VmSignal *signal);
/* To those who sit here. */
void
vm_room_send_all (VmRoom *room, const VmSignal *signal, const VmMember *but);
void vm_room_send_state (VmRoom *room);
void vm_room_tick (VmRoom *room, gint64 now);
void vm_member_tell_state (VmMember *member);
/* Likewise, and how well it is known, which is another level now. */
void vm_member_tell_trust (VmMember *member);
void vm_room_free (VmRoom *room);
