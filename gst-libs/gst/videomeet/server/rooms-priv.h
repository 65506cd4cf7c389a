/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pinguard.h"
#include "rooms.h"

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
};

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
  GPtrArray *met; /* ids of the devices that had a seat, the last of them */
  gchar **revoked; /* of those, as was told last */
  /* keys of guests that were removed, and who was kept out, the last of them */
  GPtrArray *barred;
  gboolean locked;
  VmMeetingState state;
  guint joined; /* participants so far; the last one's number */
  VmMember *host; /* NULL of an open room */
  gboolean open; /* see VmOpenRooms */
  gchar *beginner; /* group of whoever began it, of an open room */
  gint64 awaited; /* until when somebody may come by a ticket */
  VmMember *moderator; /* of an open room, or NULL */
  GPtrArray *members; /* in the order they joined */
  gint64 wrong_since; /* the minute in which wrong PINs are counted */
  guint wrong_pins;
};

struct _VmMember
{
  VmRoom *room;
  gpointer peer;
  gchar *id;
  gchar *alias; /* of a client that was named before it had a seat, or NULL */
  gchar *user;
  gchar *device;
  gchar *device_id;
  gchar *nonce;
  VmCallType call_type;
  VmParticipantState state;

  gchar *key; /* of its TLS, or NULL */
  gboolean proven; /* see VmJoin */
  VmToken *presented; /* see VmJoin, or NULL */
  VmTrustLevel trust;
  gchar *token; /* to resume with; NULL for the host, who needs none */
  gchar *old_token; /* good until the welcome with @token has arrived */
  gint64 lost_at; /* 0: it has a connection */
  gboolean detached; /* and the others know */
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

VmBearer vm_member_to_bearer (const VmMember *member);
/* roomtrust.c: the policy towards @bearer; @level is filled in either case.
 * @error: as others may read it; the user is told the reason. */
gboolean vm_room_trusts (
    VmRoom *room, const VmBearer *bearer, VmTrustLevel *level, GError **error);
/* Whom the room would have, if there is a seat; see vm_rooms_let_in(). @pin: as given;
 * @group: NULL when the PIN was checked before; @level: how it is shown. */
gboolean
vm_room_lets_in (VmRoom *room, const VmBearer *bearer, const gchar *pin,
    const gchar *group, gint64 now, VmTrustLevel *level, GError **error);
/* roomopen.c: what a server asks for that does not admit everybody, before anything
 * else: whoever has no pass learns of no room, and begins none. */
gboolean
vm_rooms_check_pass (VmRooms *rooms, const VmJoin *join, GError **error);
/* The policy where there is no room: nobody is told. */
gboolean
vm_rooms_trust (VmRooms *rooms, const VmBearer *bearer, GError **error);

/* Remembers who had a seat. */
void vm_room_meet (VmRoom *room, const VmMember *member);
/* It was removed: what it presented as a guest is good no longer. */
void vm_room_bar (VmRoom *room, const VmMember *member);
/* Those of them whose trust is withdrawn. Returns: (transfer full) */
gchar **vm_room_list_revoked (VmRoom *room);

/* PEM, by which others may see why @member is here: what this device gave it, or
 * what it presented; NULL when there is none. Returns: (transfer full) */
gchar *vm_member_get_voucher (const VmMember *member);
/* What the introducer is called here by whose word alone @member is, or NULL.
 * Returns: (transfer full) */
gchar *vm_member_name_voucher (const VmMember *member);
/* What the others are told that it is called: what it says, but a device that is
 * trusted goes by the name that it is trusted under. Returns: (transfer full) */
gchar *vm_room_name (VmRoom *room, const VmTicket *ticket);

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
VmMember *vm_room_find_member (VmRoom *room, const gchar *id);
void vm_room_send (VmRoom *room, const VmMember *to, const VmSignal *signal);
void
vm_room_send_all (VmRoom *room, const VmSignal *signal, const VmMember *but);
void vm_room_send_state (VmRoom *room);
void vm_room_tick (VmRoom *room, gint64 now);
void vm_member_tell_state (VmMember *member);
/* Likewise, and how well it is known, which is another level now. */
void vm_member_tell_trust (VmMember *member);
void vm_room_free (VmRoom *room);
