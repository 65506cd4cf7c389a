/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cluster/shared/roomshare.h"
#include "room/pinguard.h"
#include "server/dialect/mesh/mesh.h"
#include "server/dialect/mesh/meshlinks.h"
#include "server/dialect/mesh/meshquota.h"
#include "server/dialect/mesh/meshsessions.h"
#include "server/outlet.h"
#include "server/server-priv.h"
#include "server/socket/ws.h"
#include "trust/token/capability.h"
#include "wire/mesh/mesh.h"
#include "wire/mesh/meshrecords.h"
#include "wire/room/roomwire.h"

/* Shared by the files of the mesh. */

typedef struct _VmMeshGuest VmMeshGuest;

typedef struct
{
  VmServer *server;
  gchar *secret; /* required to open a session, or NULL */
  guint room_size;
  VmMeshSessions *sessions;
  VmPinGuard *guard; /* against guessing the secret */
  VmCapabilityReplay *replay;
  VmMeshRecords *records;
  VmMeshLinks *links;
  VmMeshQuota *quota;
  gint64 relay_wait; /* VM_RELAY_WAIT_TIME, but for tests */
  guint64 sessions_made;
  guint64 relay_bytes, relay_dropped;
  GPtrArray *guests; /* of VmMeshGuest, in the order they said hello */
  guint64 numbers; /* given to connections */
} VmMesh;

/* The data of an upgrade. */
typedef struct
{
  gchar *user_id, *user; /* of the session */
  gchar *pin; /* of the URL, or NULL */
} VmMeshUrl;

/* One WebSocket at /v2/ws. */
struct _VmMeshGuest
{
  VmOutlet outlet;

  VmMesh *mesh;
  VmWs *ws;
  VmRoomPeers *peers;
  guint64 number; /* unique among connections */
  gchar *user_id; /* of its session */
  gchar *user;
  gchar *pin; /* of the URL, or NULL */
  gchar *pass; /* of its session, or NULL */
  gchar *replying; /* id of the message being handled, or NULL */

  gchar *id; /* peer_id; of an agent its device_id, and of one that only asks
                DEVICE_ID/INSTANCE; NULL until hello */
  VmMeshMessage *hello; /* of an agent, else NULL */

  gchar *room; /* the current room, or NULL */
  guint64 room_serial; /* in the model: of an agent */
  VmMember *member; /* NULL: in no room, or an agent */
  gchar *shown_token; /* the last valid capability, or NULL */
  VmCapability *shown;
  VmSeatRequest *seat_request; /* for a seat, or NULL */
  gchar *asked; /* id of the message that requested it, or NULL */
  GQueue early; /* of GBytes: messages before the answer */
  guint64 claim; /* of a capability being claimed, or 0 */
  gchar *claimed; /* its jti, or NULL */
  gboolean unproven; /* the next capability could not be checked */
  gboolean replaced; /* by another connection of the same agent */
  gboolean leaves; /* by itself: it stays connected */
  gboolean enters; /* its request is being made, with a possible answer at once
                    */
  gdouble joins; /* still allowed */
  gint64 joins_at;

  GPtrArray *views; /* of a page: ids of agents that it has offered to */
  gboolean terminal; /* of an agent: it shares one */

  /* of an agent: the controller of its terminal, or NULL, and until when (Unix
   * seconds) */
  VmMeshGuest *controller;
  gint64 control_ends;
};

/* mesh.c */
VmMesh *vm_mesh_of (VmServer *server);
/* Whether others hear of that agent, and may ask it for sessions. */
gboolean vm_mesh_is_reachable (const VmMeshGuest *agent);
/* The agent @device_id, or any guest of the user, in @room; or NULL. */
VmMeshGuest *
vm_mesh_find_agent (VmMesh *mesh, const gchar *room, const gchar *device_id);
/* A page by its peer_id, or an agent. */
VmMeshGuest *
vm_mesh_find_peer (VmMesh *mesh, const gchar *room, const gchar *id);
VmMeshGuest *
vm_mesh_find_user (VmMesh *mesh, const gchar *room, const gchar *user_id);
/* Calls @func for all others of the mesh in the room of @guest. */
typedef void (*VmMeshEach) (VmMeshGuest *other, VmMeshGuest *guest);
void vm_mesh_each (VmMeshGuest *guest, gboolean agents, VmMeshEach func);
gint64 vm_mesh_now (void); /* Unix seconds */
/* 32 random bytes as text for a URL. */
gchar *vm_mesh_make_token (VmMesh *mesh);
/* The capability in @message for @caps, valid until the next message; or NULL:
 * without @error the message is handled again later. */
const VmCapability *vm_mesh_may (VmMeshGuest *guest,
    const VmMeshMessage *message, VmCaps caps, GError **error);

/* meshproof.c: whether no other connection has shown it before; FALSE without
 * @error as above. */
gboolean vm_mesh_is_first (
    VmMeshGuest *guest, const VmCapability *capability, GError **error);
void vm_mesh_forget_claim (VmMeshGuest *guest);

/* mesh.c */
/* A page was removed from its room, where it had @seat: removes its user's
 * agents there, too. */
void vm_mesh_remove_agents_of (
    VmMeshGuest *page, const gchar *seat, const GError *reason);
/* Whether that agent was removed from @room, or its user. */
gboolean vm_mesh_keeps_out (VmMeshGuest *agent, VmRoom *room, GError **error);
/* Whether that agent is called as a participant of @room, by any dialect and at
 * any server. NOT_TRUSTED. */
gboolean vm_mesh_poses (VmMeshGuest *agent, VmRoom *room, GError **error);

/* meshroutes.c: /v2/… */
int vm_mesh_get (VmConn *conn);
int vm_mesh_post (VmConn *conn);
gboolean vm_mesh_upgrade (VmConn *conn, GError **error);

/* meshguest.c */
extern const VmWsFuncs vm_mesh_guest_funcs;
/* Handles the messages received while it waited for its seat. */
void vm_mesh_guest_take_early (VmMeshGuest *guest);
void vm_mesh_guest_send (VmMeshGuest *guest, GBytes *bytes);
/* A new envelope to @guest, cleared by vm_mesh_envelope_clear(); @from NULL:
 * the server. */
typedef struct
{
  VmMeshEnvelope head;
  gchar *id, *time;
} VmMeshStamp;
VmMeshStamp vm_mesh_stamp (VmMeshGuest *guest, const gchar *from);
void vm_mesh_stamp_clear (VmMeshStamp *stamp);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmMeshStamp, vm_mesh_stamp_clear)
/* @news: the peer has just joined, and @guest, which was there before, must
 * offer. Else the server reports a peer that is already in the room. */
void vm_mesh_guest_tell_joined (
    VmMeshGuest *guest, const gchar *id, const gchar *role, gboolean news);
/* Likewise of a guest of the mesh; of an agent the name of its user as well. */
void vm_mesh_guest_tell_met (
    VmMeshGuest *guest, const VmMeshGuest *other, gboolean news);
void vm_mesh_guest_tell_status (
    VmMeshGuest *guest, const gchar *id, const gchar *status);
void vm_mesh_guest_fail (VmMeshGuest *guest, const GError *error);
/* Reports that the participant @from refused a message of the guest. */
void vm_mesh_guest_tell_refusal (
    VmMeshGuest *guest, const gchar *from, const GError *error);

/* meshjoin.c: into a room, and out of it */
void vm_mesh_guest_join (VmMeshGuest *guest, const gchar *room, GError **error);
/* @reason: for the others, when a page leaves, or NULL. */
void vm_mesh_guest_leave (VmMeshGuest *guest, const GError *reason);
/* The guest no longer has a seat or hears of a room. */
void vm_mesh_guest_forget_room (VmMeshGuest *guest);
/* The guest is seated: introduces it and the room's agents to each other. */
void vm_mesh_guest_met (VmMeshGuest *guest);

/* meshp2p.c: sessions between agents */
void vm_mesh_request (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error);
/* Of a session that was made: passes it on to the other side. */
void vm_mesh_take_about (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error);
/* The agent is removed: its sessions end. */
void vm_mesh_revoke (VmMeshGuest *agent, const GError *reason);

/* meshrelay.c: /v2/relay */
gboolean vm_mesh_relay_upgrade (VmConn *conn, GError **error);
/* The session is over: so is its relay. */
void vm_mesh_relay_cut (VmMeshLink *link);
void vm_mesh_relay_tick (VmMesh *mesh, gint64 now);

/* meshagents.c: the control of terminals */
/* The agent of the same room that is meant; UNROUTABLE. */
VmMeshGuest *vm_mesh_find_target (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error);
void vm_mesh_take_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error);
void vm_mesh_release_terminal (
    VmMeshGuest *guest, const VmMeshMessage *message, GError **error);
/* Ends its control of other terminals, and others' control of its own. */
void vm_mesh_drop_terminals (VmMeshGuest *guest);
void vm_mesh_tick_terminal (VmMeshGuest *agent, gint64 now);

/* meshviews.c: pages that see the terminal of an agent */
/* Whether rtc.* is between a page and an agent. */
gboolean vm_mesh_is_view (VmMeshGuest *guest, const VmMeshMessage *message);
void
vm_mesh_pass_view (VmMeshGuest *guest, VmMeshMessage *message, GError **error);
/* The agent has refused a page. */
void vm_mesh_refuse_view (VmMeshGuest *agent, const VmMeshMessage *message);
void vm_mesh_tell_terminal_started (VmMeshGuest *agent);

/* meshoutlet.c: signals of the room model */
extern const VmOutletFuncs vm_mesh_outlet_funcs;
