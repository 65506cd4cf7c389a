/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmeetingstate.h>
#include <gst/videomeet/vmparticipantstate.h>
#include "trust/store/decision.h"
#include "wire/signal.h"
#include "base/limits.h"

/* The model that all dialects share (protocol/signalling.md,
 * protocol/meeting.md, protocol/README.md#words): rooms, who sits in them, who
 * may come in, and who may say what to whom. Sans-I/O: time and randomness come
 * in, messages go out through VmRoomsFuncs. `now` is monotonic time in µs. */

typedef struct _VmRooms VmRooms;
typedef struct _VmRoom VmRoom;
typedef struct _VmMember VmMember;
typedef struct _VmTicket VmTicket;

/* None of these may call back into the rooms. */
typedef struct
{
  /* One message for the connection @peer. */
  void (*send) (gpointer peer, const VmSignal *signal, gpointer user_data);
  /* @peer has lost its seat; to be closed when all is sent. @reason NULL: it
   * left by itself, or the meeting ended. */
  void (*close) (gpointer peer, const GError *reason, gpointer user_data);
  /* Something that is announced has changed. */
  void (*changed) (VmRoom *room, gpointer user_data);
  void (*random) (guint8 *bytes, gsize size, gpointer user_data);
  /* What is known of the device @device_id (NULL: it shows no key), that says
   * it is called so (either may be NULL), at @date, Unix seconds. NULL: nothing
   * is known of anybody. Returns: (transfer full) */
  VmTrustFacts *(*know) (const gchar *device_id, const gchar *user,
      const gchar *device, gint64 *date, gpointer user_data);
  /* The host's signature of a `meeting-state`, base64; NULL, or no function:
   * unsigned. Returns: (transfer full) */
  gchar *(*sign) (const VmSignal *state, gpointer user_data);
  /* Somebody was not let in, or sent out, for want of trust: NOT_TRUSTED or
   * KEY_CHANGED. Either name may be NULL; or NULL. @group: of VmJoin, NULL for
   * one who had a seat. */
  void (*untrusted) (const gchar *device_id, const gchar *user,
      const gchar *group, const GError *reason, gpointer user_data);
  /* Who hears of @room as @id, and has no seat, is to be sent out. FALSE, or no
   * function: there is nobody of that id. */
  gboolean (*remove) (
      VmRoom *room, const gchar *id, const GError *reason, gpointer user_data);
  /* Whether @pass, of VmJoin, admits to @room, which nobody hosts and which
   * need not be there; no function: everybody is admitted. */
  gboolean (*admit) (const gchar *pass, const gchar *room, const gchar *group,
      gpointer user_data, GError **error);
} VmRoomsFuncs;

VmRooms *vm_rooms_new (const VmRoomsFuncs *funcs, gpointer user_data);
void vm_rooms_free (VmRooms *rooms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRooms, vm_rooms_free)
/* Forgets old tickets; shows who has lost the connection, and gives the seats
 * of those back who did not return, or whose trust has run out. */
void vm_rooms_tick (VmRooms *rooms, gint64 now);
/* Whom all rooms admit; VM_POLICY_PIN at first. Checks when it is another. */
void vm_rooms_set_policy (VmRooms *rooms, VmPolicy policy);
/* Looks at everybody anew, after a change of what is known: who would not be
 * let in any more is out, and is told why. A host stays. */
void vm_rooms_check (VmRooms *rooms);
VmRoom *vm_rooms_find (VmRooms *rooms, const gchar *name);
/* Whether a room of this meeting id is open. */
gboolean vm_rooms_has_id (VmRooms *rooms, const gchar *id);
guint vm_rooms_count_tickets (VmRooms *rooms);
guint vm_rooms_count (VmRooms *rooms);
/* In all rooms together. */
guint vm_rooms_count_members (VmRooms *rooms);

/* Rooms that nobody hosts here (roomopen.c): each begins with whoever comes
 * first, and is gone with the last. The earliest of its participants that
 * speaks the native dialect moderates: it may do what a host may, but for
 * ending it. */
typedef struct
{
  guint size; /* seats of a room, 2 to 128 */
  guint rooms_max;
  guint per_address; /* rooms that one group of VmJoin has begun, and tickets */
  guint tickets_max; /* not yet used */
  gboolean unmoderated; /* nobody moderates */
} VmOpenRooms;

/* NULL: rooms are opened by hosts alone, as at first. */
void vm_rooms_set_open (VmRooms *rooms, const VmOpenRooms *open);
/* From now on nobody is admitted, to rooms of any kind: this server is about to
 * stop. */
void vm_rooms_set_closing (VmRooms *rooms, gboolean closing);
/* What whoever comes then is told, in whatever dialect: FALSE with @error. */
gboolean vm_rooms_refuse_closing (GError **error);
gboolean vm_rooms_are_open (VmRooms *rooms);
/* Removes them all; whoever is in one is closed, and nobody is told more. */
void vm_rooms_clear_open (VmRooms *rooms);

typedef struct
{
  const gchar *name;
  const gchar *user; /* of the host */
  const gchar *device;
  const gchar *device_id;
  const gchar *pin; /* or NULL */
  guint max_participants;
  VmCallType call_type;
  const gchar *const *ice_servers; /* or NULL */
  const gchar *nonce; /* of the host, or NULL */
} VmRoomConfig;

/* Opens a meeting and seats its host, who is welcomed at once. */
VmRoom *vm_rooms_open (VmRooms *rooms, const VmRoomConfig *config,
    gpointer peer, VmMember **host, GError **error);
/* Others can find it. */
void vm_room_announced (VmRoom *room);
/* Sends everybody out: idle, then ended. Frees @room. */
void vm_room_end (VmRoom *room);

const gchar *vm_room_get_name (VmRoom *room);
const gchar *vm_room_get_id (VmRoom *room);
VmMeetingState vm_room_get_state (VmRoom *room);
guint vm_room_get_epoch (VmRoom *room);
guint vm_room_count (VmRoom *room);
/* Who sits at this server, of a cluster. */
guint vm_room_count_here (const VmRoom *room);
guint vm_room_get_max (VmRoom *room);
gboolean vm_room_has_pin (VmRoom *room);
/* Whether nobody hosts it. */
gboolean vm_room_is_open (VmRoom *room);
/* What guests are told; may be NULL. */
const gchar *const *vm_room_get_ice_servers (VmRoom *room);
/* The members as in `welcome`, into @signal. */
void vm_room_list (VmRoom *room, VmSignal *signal, const VmMember *but);

/* Who wants in. */
typedef struct
{
  const gchar *meeting;
  /* NULL, to vm_rooms_enter() only: a guest without a name */
  const gchar *user;
  const gchar *device_id;
  const gchar *pin;
  const gchar *group; /* see vm_address_group() */
  VmCallType call_type;
  const gchar *key; /* hash of the key that its TLS presented, or NULL */
  gboolean proven; /* by a signature instead: no connection shows that key */
  VmToken *token; /* that it presents, or NULL; good only with that key */
  const gchar *pass; /* to a room that nobody hosts, or NULL */
} VmJoin;

/* The first step: a ticket for who may come in. @ticket is text for a URL. */
VmRoom *vm_rooms_join (VmRooms *rooms, const VmJoin *join, gint64 now,
    gchar **ticket, GError **error);
/* The second: the ticket is used up, whatever becomes of it, unless somebody
 * with another @key shows it. */
VmTicket *vm_rooms_use_ticket (VmRooms *rooms, const gchar *text,
    const gchar *key, gint64 now, GError **error);
/* The third: the seat is taken, if there is one still. */
VmMember *vm_rooms_take_seat (VmRooms *rooms, VmTicket *ticket,
    const VmSignal *hello, gpointer peer, GError **error);
/* The same at once, in a dialect without tickets: by @alias its clients know
 * each other. @from: the seat that it leaves for this one, or NULL, which is
 * gone only when another is taken. */
VmMember *
vm_rooms_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error);
/* Whether it would be let in if there is a seat: what hears of a room and sits
 * in it not. Nothing is opened. */
VmRoom *vm_rooms_let_in (
    VmRooms *rooms, const VmJoin *join, gint64 now, GError **error);
/* @who, in words that mean nothing to the room, was sent out and is not to hear
 * of it again: the last VM_ROOM_BARRED_MAX are known, as long as the room is
 * there, or until the host lets @id in again. */
void vm_room_keep_out (VmRoom *room, const gchar *id, const gchar *who);
gboolean vm_room_keeps_out (VmRoom *room, const gchar *who);
/* Whether whoever was let in so would be still, as far as it is trusted. */
gboolean
vm_room_trusts_still (VmRoom *room, const VmJoin *join, GError **error);
void vm_ticket_free (VmTicket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTicket, vm_ticket_free)

/* A connection may be lost and come back (protocol/signalling.md#resume). The
 * token is that of the last `welcome`; the one before it, or the ticket, is
 * good until vm_member_arrived(). Only with the @key of the first connection.
 * VM_ERROR_RESUME_FAILED: nobody may come back by it any more. */
VmMember *vm_rooms_find_lost (VmRooms *rooms, const gchar *token,
    const gchar *key, gint64 now, GError **error);
/* The connection of @member is gone. */
void vm_member_lose (VmMember *member, gint64 now);
/* It has another, by @token and from @group: a `welcome` with the next one goes
 * out on it. */
void
vm_member_resume (VmMember *member, const gchar *token, const gchar *group);
/* What was missed has been sent: the others are told, if they knew. */
void vm_member_resumed (VmMember *member);
/* The last `welcome` has arrived: only its token is good from now on. */
void vm_member_arrived (VmMember *member);

/* Whether its key, which it shows for the first time, is to be remembered under
 * these names; not while somebody else has a seat by them. */
gboolean vm_member_is_new (
    const VmMember *member, const gchar **user, const gchar **device);
gpointer vm_member_get_peer (VmMember *member);
const gchar *vm_member_get_id (VmMember *member);
/* A uuid, for whoever needs one. */
gchar *vm_rooms_make_uuid (VmRooms *rooms);
/* A message from @member, which may be gone afterwards. */
void vm_member_receive (VmMember *member, VmSignal *signal);
/* @reason: what the others are told, or NULL. Frees @member. */
void vm_member_leave (VmMember *member, const GError *reason);
