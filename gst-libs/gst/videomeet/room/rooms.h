/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmmeetingstate.h>
#include <gst/videomeet/vmparticipantstate.h>
#include "trust/store/decision.h"
#include "wire/signal.h"
#include "base/limits.h"

/* The model that all dialects share (protocol/signalling.md,
 * protocol/meeting.md, protocol/README.md#words): rooms, their members,
 * admission, and who may send what to whom. Sans-I/O: time and randomness come
 * in, messages go out through VmRoomsFuncs. `now` is monotonic time in µs. */

typedef struct _VmRooms VmRooms;
typedef struct _VmRoom VmRoom;
typedef struct _VmMember VmMember;
typedef struct _VmTicket VmTicket;

/* None of these may call back into the rooms, but `close` and `remove` into
 * vm_room_keep_out() and vm_room_release(). */
typedef struct
{
  /* One message for the connection @peer. */
  void (*send) (gpointer peer, const VmSignal *signal, gpointer user_data);
  /* @peer has lost its seat; close it when all is sent. @reason NULL: it left
   * by itself, or the meeting ended. */
  void (*close) (gpointer peer, const GError *reason, gpointer user_data);
  /* An announced property has changed. */
  void (*changed) (VmRoom *room, gpointer user_data);
  void (*random) (guint8 *bytes, gsize size, gpointer user_data);
  /* The facts about the device @device_id (NULL: it shows no key) that claims
   * these names (either may be NULL), at @date, Unix seconds. NULL: there are
   * no facts at all. Returns: (transfer full) */
  VmTrustFacts *(*know) (const gchar *device_id, const gchar *user,
      const gchar *device, gint64 *date, gpointer user_data);
  /* Sets the host's signatures of a `meeting-state`; no function: unsigned. */
  void (*sign) (VmSignal *state, gpointer user_data);
  /* A participant was refused or removed for lack of trust: NOT_TRUSTED or
   * KEY_CHANGED. Either name may be NULL; or NULL. @group: of VmJoin, NULL for
   * a participant that had a seat. */
  void (*untrusted) (const gchar *device_id, const gchar *user,
      const gchar *group, const GError *reason, gpointer user_data);
  /* Removes the client @id that hears of @room without a seat. FALSE, or no
   * function: there is none with that id. */
  gboolean (*remove) (
      VmRoom *room, const gchar *id, const GError *reason, gpointer user_data);
  /* Whether @pass, of VmJoin, admits to the open @room, which need not exist;
   * no function: all are admitted. */
  gboolean (*admit) (const gchar *pass, const gchar *room, const gchar *group,
      gpointer user_data, GError **error);
  /* The STUN and TURN servers for a participant of an open room, into an empty
   * @grant; no function: there are none. */
  void (*grant_ice) (VmIceGrant *grant, gpointer user_data);
  /* A room at the SFU is wanted for @room, which vm_room_sfu_made() or
   * vm_room_sfu_failed() answers later; or is wanted no more. Or NULL. */
  void (*want_sfu) (VmRoom *room, gboolean wanted, gpointer user_data);
  /* The member @id of @room has left: its connection to the SFU ends. Or NULL.
   */
  void (*cut_sfu) (VmRoom *room, const gchar *id, gpointer user_data);
} VmRoomsFuncs;

VmRooms *vm_rooms_new (const VmRoomsFuncs *funcs, gpointer user_data);
void vm_rooms_free (VmRooms *rooms);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRooms, vm_rooms_free)
/* Forgets old tickets; marks members without a connection as detached, and
 * frees the seats of those who did not return or whose trust has expired. */
void vm_rooms_tick (VmRooms *rooms, gint64 now);
/* The policy of all rooms; VM_POLICY_PIN at first. A change checks all members.
 */
void vm_rooms_set_policy (VmRooms *rooms, VmPolicy policy);
/* Whether VM_POLICY_REQUIRE admits those whom a bridge passes on; not at first.
 */
void vm_rooms_set_cloud_trust (VmRooms *rooms, VmCloudTrust cloud_trust);
/* Checks all members again after a change of the facts: a member who would no
 * longer be admitted is removed and told why. A host stays. */
void vm_rooms_check (VmRooms *rooms);
VmRoom *vm_rooms_find (VmRooms *rooms, const gchar *name);
/* Whether a room of this meeting id is open. */
gboolean vm_rooms_has_id (VmRooms *rooms, const gchar *id);
/* That room, or NULL. */
VmRoom *vm_rooms_find_id (VmRooms *rooms, const gchar *id);
guint vm_rooms_count_tickets (VmRooms *rooms);
guint vm_rooms_count (VmRooms *rooms);
/* In all rooms together. */
guint vm_rooms_count_members (VmRooms *rooms);

/* Rooms without a host (roomopen.c): each begins with its first participant,
 * and ends with the last. Its earliest participant in the native dialect
 * moderates: it has the rights of a host, except to end the meeting. */
typedef struct
{
  guint size; /* seats of a room, 2 to 128 */
  guint rooms_max;
  guint per_address; /* rooms begun by one group of VmJoin, and its tickets */
  guint tickets_max; /* not yet used */
  gboolean unmoderated; /* there is no moderator */
} VmOpenRooms;

/* NULL: only hosts open rooms, the default. */
void vm_rooms_set_open (VmRooms *rooms, const VmOpenRooms *open);
/* Refuses all newcomers from now on, because this server is about to stop. */
void vm_rooms_set_closing (VmRooms *rooms, gboolean closing);
/* The refusal of newcomers by a stopping server, in every dialect: FALSE with
 * @error. */
gboolean vm_rooms_refuse_closing (GError **error);
/* Sets MEETING_ENDED for who comes back to a meeting that is not there; returns
 * FALSE. */
gboolean vm_rooms_refuse_ended (GError **error);
gboolean vm_rooms_are_open (VmRooms *rooms);
/* Removes all open rooms and closes their members, without further signals. */
void vm_rooms_clear_open (VmRooms *rooms);

/* By what way media goes in a room (roomtopology.c, protocol/cloud.md). */
typedef enum
{
  VM_TOPOLOGY_MESH, /* from each to each */
  VM_TOPOLOGY_ASKED, /* likewise; a room at the SFU is about to be made */
  VM_TOPOLOGY_SFU, /* by that */
  VM_TOPOLOGY_RETURNING, /* by a mesh as soon as that stands; until then by the
                          * SFU */
} VmTopology;

/* "mesh", "asked", "sfu" or "returning". */
const gchar *vm_topology_to_string (VmTopology topology);

/* An SFU for open rooms. */
typedef struct
{
  guint mesh_max; /* participants of a mesh, at most; 0: there is no SFU */
  gint64 return_time; /* of few participants, until a room is a mesh again */
} VmRoomsSfu;

/* NULL: all rooms are meshes, the default. */
void vm_rooms_set_sfu (VmRooms *rooms, const VmRoomsSfu *sfu);
/* Whether the SFU can be reached; FALSE at first. */
void vm_rooms_set_sfu_reached (VmRooms *rooms, gboolean reached, gint64 now);
/* The answers to VmRoomsFuncs.want_sfu: it is there, by that number. */
void vm_room_sfu_made (VmRoom *room, gint64 number);
void vm_room_sfu_failed (VmRoom *room);
/* Nobody is connected to the room at the SFU. */
void vm_room_sfu_unused (VmRoom *room);
VmTopology vm_room_get_topology (const VmRoom *room);
/* Who may connect to the SFU by the ticket @text; uses it up. BAD_TICKET. */
VmMember *vm_rooms_use_sfu_ticket (
    VmRooms *rooms, const gchar *text, gint64 now, GError **error);

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
  gboolean takes_sfu; /* the host */
} VmRoomConfig;

/* Opens a meeting and seats its host, who is welcomed at once. */
VmRoom *vm_rooms_open (VmRooms *rooms, const VmRoomConfig *config,
    gpointer peer, VmMember **host, GError **error);
/* A meeting that this device takes over as its host. */
typedef struct
{
  const gchar *id; /* of the meeting */
  guint epoch; /* from now on */
  guint joined; /* the number of the participant that joined last */
  gboolean locked;
  const gchar *host_id; /* participant id of this device */
  const gchar *moderator_id; /* who moderated it besides its host, or NULL */
  GPtrArray *barred; /* of VmSignalBar: who is kept out; or NULL */
  /* of VmSignalParticipant: the others; address: see vm_address_group() */
  GPtrArray *members;
  /* The peer of a member, as for vm_rooms_take_seat(). */
  gpointer (*make_peer) (const gchar *id, gpointer data);
  gpointer data;
} VmRoomPast;

/* As vm_rooms_open(), with all seats of @past. */
VmRoom *vm_rooms_take_over (VmRooms *rooms, const VmRoomConfig *config,
    const VmRoomPast *past, gpointer peer, VmMember **host, GError **error);
/* As vm_room_announced() of a room that was taken over. */
void vm_room_taken_over (VmRoom *room);
/* NULL: no member of @room has that id. */
VmMember *vm_room_find_member (VmRoom *room, const gchar *id);
/* Likewise; see vm_rooms_enter(). */
VmMember *vm_room_find_alias (VmRoom *room, const gchar *alias);
/* The room is announced, so that others can find it. */
void vm_room_announced (VmRoom *room);
/* Sends everybody out: idle, then ended. Frees @room. */
void vm_room_end (VmRoom *room);

/* The same without a word to the others: the meeting goes on elsewhere. */
void vm_room_hand_over (VmRoom *room);

const gchar *vm_room_get_name (VmRoom *room);
const gchar *vm_room_get_id (VmRoom *room);
/* A number that no other room of this process has had. The id of an open room
 * may change while nobody sits in it: another server may have begun it. */
guint64 vm_room_get_serial (const VmRoom *room);
VmMeetingState vm_room_get_state (VmRoom *room);
guint vm_room_get_epoch (VmRoom *room);
guint vm_room_count (VmRoom *room);
/* The members at this server of a cluster. */
guint vm_room_count_here (const VmRoom *room);
guint vm_room_get_max (VmRoom *room);
gboolean vm_room_has_pin (VmRoom *room);
/* Whether who is there may be told before admission: of a hosted meeting that
 * anybody could join as it is (decisions/page.md#who-is-there). */
gboolean vm_room_shows_who (VmRoom *room);
/* Whether nobody hosts it. */
gboolean vm_room_is_open (VmRoom *room);
/* The STUN and TURN servers for a participant, into an empty @grant. */
void vm_room_grant_ice (VmRoom *room, VmIceGrant *grant);
/* The members as in `welcome`, into @signal. */
void vm_room_list (VmRoom *room, VmSignal *signal, const VmMember *but);

/* A request to join. */
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
  gboolean proven; /* by a signature: no connection shows that key */
  VmToken *token; /* presented, or NULL; valid only with that key */
  const gchar *pass; /* to an open room, or NULL */
  /* of a participant of the cloud: who passes it on, a member with @key, and
   * what it is called there; or NULL */
  const gchar *via, *origin_id;
  /* it comes by the page of this device's own user: admitted whatever the
   * policy, the PIN and the lock say, and the moderator of a hosted room */
  gboolean own_page;
  /* participants with this one, at most, when other servers are asked for its
   * seat; 0: as many as the room has seats */
  guint most;
} VmJoin;

/* The first step: a ticket for an admitted client. @ticket is text for a URL.
 */
VmRoom *vm_rooms_join (VmRooms *rooms, const VmJoin *join, gint64 now,
    gchar **ticket, GError **error);
/* The second: uses up the ticket in any case, unless its holder has another
 * @key. */
VmTicket *vm_rooms_use_ticket (VmRooms *rooms, const gchar *text,
    const gchar *key, gint64 now, GError **error);
/* The third: takes the seat, if one is still free. */
VmMember *vm_rooms_take_seat (VmRooms *rooms, VmTicket *ticket,
    const VmSignal *hello, gpointer peer, GError **error);
/* The same in one step, in a dialect without tickets: its clients know each
 * other by @alias. @from: the seat that it leaves for this one, or NULL; it is
 * freed only when the new one is taken. */
VmMember *
vm_rooms_enter (VmRooms *rooms, const VmJoin *join, const gchar *alias,
    VmMember *from, gpointer peer, gint64 now, GError **error);
/* Whether a client would be admitted if there were a seat: for clients that
 * hear of a room without a seat. Opens no room. */
VmRoom *vm_rooms_let_in (
    VmRooms *rooms, const VmJoin *join, gint64 now, GError **error);
/* Likewise, but an open room is begun where there is none, and stays until
 * vm_room_release(), which may free it. */
VmRoom *
vm_rooms_hold (VmRooms *rooms, const VmJoin *join, gint64 now, GError **error);
void vm_room_release (VmRoom *room);
/* @who, a text opaque to the room, was removed and must not hear of it again:
 * the room remembers the last VM_ROOM_BARRED_MAX until it ends, or the host
 * readmits @id. */
void vm_room_keep_out (VmRoom *room, const gchar *id, const gchar *who);
gboolean vm_room_keeps_out (VmRoom *room, const gchar *who);
/* Whether a client admitted by @join would still be trusted. */
gboolean
vm_room_trusts_still (VmRoom *room, const VmJoin *join, GError **error);
void vm_ticket_free (VmTicket *ticket);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTicket, vm_ticket_free)

/* A connection may be lost and come back (protocol/signalling.md#resume). The
 * token is that of the last `welcome`; the one before it, or the ticket, is
 * valid until vm_member_arrived(). Only with the @key of the first connection.
 * VM_ERROR_RESUME_FAILED: the token is no longer valid. */
VmMember *vm_rooms_find_lost (VmRooms *rooms, const gchar *token,
    const gchar *key, gint64 now, GError **error);
/* The connection of @member is gone. */
void vm_member_lose (VmMember *member, gint64 now);
/* @member has a new connection, by @token and from @group: sends a `welcome`
 * with the next token on it. */
void
vm_member_resume (VmMember *member, const gchar *token, const gchar *group);
/* Missed messages have been sent: tells the others, if they knew of the loss.
 */
void vm_member_resumed (VmMember *member);
/* The last `welcome` has arrived: only its token is valid from now on. */
void vm_member_arrived (VmMember *member);

/* Whether its key, shown for the first time, should be stored under these
 * names; not while another member with them has a seat. */
gboolean vm_member_is_new (
    const VmMember *member, const gchar **user, const gchar **device);
gpointer vm_member_get_peer (VmMember *member);
const gchar *vm_member_get_id (VmMember *member);
const gchar *vm_member_get_user (VmMember *member);
VmRoom *vm_member_get_room (VmMember *member);
/* A new uuid. */
gchar *vm_rooms_make_uuid (VmRooms *rooms);
/* A message from @member, which may be gone afterwards. */
void vm_member_receive (VmMember *member, VmSignal *signal);
/* @reason: for the others, or NULL. Frees @member. */
void vm_member_leave (VmMember *member, const GError *reason);
