/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmidentity.h>
#include <gst/videomeet/vmfilereceiver.h>
#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/vmmeetingstate.h>
#include "wire/deviceinfo.h"
#include "wire/signal.h"

/* The one HTTP and WebSocket server of a process (protocol/http.md,
 * protocol/signalling.md, protocol/README.md#words): GET /status, POST
 * /meetings/join, the page, native signalling on /ws, rooms and calls on a
 * WebSocket at /, the mesh at /v2/, rooms over Socket.IO at /socket.io/. It
 * runs on the thread "vm-net"; every function here may be called from any
 * thread and enqueues, except start, stop, vm_server_open_meeting() and
 * vm_server_make_invitation(), which block (deadline 5 s). */

#define VM_TYPE_SERVER (vm_server_get_type ())
G_DECLARE_FINAL_TYPE (VmServer, vm_server, VM, SERVER, GObject)

typedef struct _VmPairingService VmPairingService;

typedef struct _VmServerConfig
{
  guint16 port; /* 0: the system chooses */
  gboolean port_explicit; /* taken: an error; else the next free port */
  gboolean loopback_only; /* bind 127.0.0.1 and ::1 only: plain HTTP */
  gboolean insecure; /* plain HTTP everywhere */
  gboolean calls; /* allows calls between users, see calls.h */
  const gchar *const *names; /* more names that Host may carry, or NULL */
  const gchar *const *origins; /* foreign origins that are admitted, or NULL */
  const gchar *web_root; /* folder of the page, or NULL */
  /* files for clients that ask for a name, see namedcert.h; NULL or empty */
  const gchar *tls_cert, *tls_key;
  /* allows rooms without a host, of @room_size seats, 0: VM_ROOM_SIZE */
  gboolean open_rooms;
  guint room_size;
  /* connections, open rooms and tickets of one address; 0:
   * VM_CONNECTIONS_PER_ADDRESS */
  guint max_per_address;
  /* addresses and networks ("10.0.0.0/8") of proxies with a trusted
   * X-Forwarded-For; or NULL */
  const gchar *const *trusted_proxies;
  /* for participants of open rooms: URIs as of vm_ice_servers_check(), and TURN
   * servers without user and password ("turn://host:port"), for which
   * @turn_secret makes them (wire/turncredential.h); or NULL */
  const gchar *const *ice_servers;
  const gchar *const *turn_servers;
  const gchar *turn_secret;
  guint turn_lifetime; /* s that they are good; 0: VM_TURN_LIFETIME */
  gboolean relay_only; /* participants shall use TURN servers alone */
  const gchar *mesh_secret; /* required to open a mesh session, or NULL */
  /* see vm_access_tokens_read(): open rooms, calls and the mesh require a
   * token; NULL: they do not */
  const gchar *auth_keys;
  gboolean auth_any_room; /* see vm_access_tokens_set_any_room() */
  gboolean unmoderated; /* see VmOpenRooms */
  /* a file that keeps open rooms over a restart, or NULL */
  const gchar *state_file;
  /* a NATS server through which servers share open rooms, its credentials and
   * the authority of its TLS (natsstore.h); or NULL. Use it without a
   * @state_file. */
  const gchar *cluster, *cluster_credentials, *cluster_ca;
  /* a Janus server by which a room of more than @mesh_max participants goes,
   * "janus+ws://host:port/" (protocol/cloud.md), and its API secret; or NULL.
   * @mesh_max 0: VM_MESH_MAX; @mesh_return: s of few participants until a room
   * is a mesh again, 0: VM_SFU_FEW_TIME */
  const gchar *sfu_uri, *sfu_secret;
  guint mesh_max, mesh_return;
  /* of a Gotify server for notifications (notify.h), both or NULL */
  const gchar *notify_url, *notify_key;
} VmServerConfig;

/* The number of participants of an open room has changed, 0: it is gone; on
 * vm-net. */
typedef void (*VmRoomFunc) (
    VmServer *self, const gchar *id, guint participants, gpointer user_data);

VmServer *vm_server_new (VmIdentity *identity);
gboolean
vm_server_start (VmServer *self, const VmServerConfig *config, GError **error);
void vm_server_stop (VmServer *self);
/* Admits no newcomers from now on, and says so at GET /healthz. */
void vm_server_drain (VmServer *self);
/* Before the start. */
void
vm_server_set_room_func (VmServer *self, VmRoomFunc func, gpointer user_data);
guint16 vm_server_get_port (VmServer *self);
gboolean vm_server_get_secure (VmServer *self);
/* The name of its certificate, while it runs with one; else NULL. */
const gchar *vm_server_get_name (VmServer *self);

/* The answer of GET /status; the server adds the open meeting. */
void vm_server_set_device_info (VmServer *self, const VmDeviceInfo *info);
/* By which others reach it, for GET /status; NULL: the server looks at the
 * interfaces. Before the start too. */
void vm_server_set_address (VmServer *self, const gchar *address);

/* Sets the source of trust and the handler of trust requests
 * (pairingservice.h); before the start, once. Without one, no device is known
 * and /trust/ does not exist. */
void vm_server_set_pairing_service (VmServer *self, VmPairingService *pairing);
/* The policy of meetings; VM_POLICY_PIN at first. Removes participants who no
 * longer meet it. Before the start too. */
void vm_server_set_policy (VmServer *self, VmPolicy policy);
/* As vm_rooms_set_cloud_trust(). */
void vm_server_set_cloud_trust (VmServer *self, VmCloudTrust cloud_trust);

/* The receiver of files outside a meeting; NULL: none are accepted. It must be
 * started, and may stop only after this was set to NULL. Before the start too.
 */
void vm_server_set_file_receiver (VmServer *self, VmFileReceiver *receiver);

/* A meeting hosted here. The host has seat one, in this process. */
typedef struct
{
  const gchar *name; /* as typed; compared exactly */
  const gchar *user; /* of the host */
  const gchar *device; /* of the host */
  const gchar *pin; /* or NULL */
  guint max_participants;
  VmCallType call_type;
  /* for guests, see vm_ice_servers_check(), or NULL */
  const gchar *const *ice_servers;
  const gchar *nonce; /* of the host, or NULL; as in a guest's hello */
  gboolean takes_sfu; /* the host, as in a guest's hello */
  /* as of VmServerConfig, for pairs without a path; or NULL */
  const gchar *sfu_uri, *sfu_secret;
} VmMeetingConfig;

typedef struct _VmSeat VmSeat;

/* One signal for the member @id, which the host passes on by its own
 * connection to it; in the context of the seat. */
typedef void (*VmSeatPassFunc) (
    VmSeat *seat, const gchar *id, const VmSignal *signal, gpointer user_data);

/* A meeting that this device goes on with, as VmRoomPast. */
typedef struct
{
  const gchar *id, *host_id, *moderator_id;
  guint epoch, joined;
  gboolean locked;
  GPtrArray *members; /* of VmSignalParticipant */
  GPtrArray *barred; /* of VmSignalBar */
  VmSeatPassFunc pass;
} VmMeetingPast;

/* Called in the context given to vm_server_open_meeting(): one signal for the
 * host, as over a socket: WELCOME first, then PARTICIPANT_JOINED and so on. */
typedef void (*VmSeatFunc) (
    VmSeat *seat, const VmSignal *signal, gpointer user_data);

VmSeat *vm_server_open_meeting (VmServer *self, const VmMeetingConfig *config,
    GMainContext *context, VmSeatFunc func, gpointer user_data, GError **error);
/* The same for a meeting that is taken over: its members have no socket at this
 * server, and what is for them goes to VmMeetingPast:pass. */
VmSeat *vm_server_take_over_meeting (VmServer *self,
    const VmMeetingConfig *config, const VmMeetingPast *past,
    GMainContext *context, VmSeatFunc func, gpointer user_data, GError **error);
void vm_seat_send (VmSeat *seat, const VmSignal *signal);
/* What such a member says; @signal is given away. */
void vm_seat_receive (VmSeat *seat, const gchar *id, VmSignal *signal);
/* Such a member is gone; of any other this says nothing. */
void vm_seat_drop (VmSeat *seat, const gchar *id, const GError *reason);
/* As vm_seat_close(), and the others are told nothing: another device has the
 * meeting. */
void vm_seat_hand_over (VmSeat *seat);
/* Ends the meeting for all; after it returns in the seat's context, @func is
 * not called again. */
void vm_seat_close (VmSeat *seat);
/* An invitation that admits one browser to the meeting of that id as a guest,
 * once (guestjoin.c, trust/token/invitation.h): a secret, for the fragment of a
 * link.
 * @lifetime: µs, VM_INVITATION_LIFETIME_MAX at most. Blocks; not to be called
 * on vm-net. RATE_LIMITED, MEETING_ENDED, TIMEOUT. Returns: (transfer full) */
gchar *vm_server_make_invitation (
    VmServer *self, const gchar *meeting_id, gint64 lifetime, GError **error);

/* A secret that opens, once, the page in which this device's user answers trust
 * requests (approvalpage.h), for a browser on this machine. Blocks; not to be
 * called on vm-net. TIMEOUT. Returns: (transfer full) */
gchar *vm_server_make_approval_secret (VmServer *self, GError **error);

/* What discovery announces; called on vm-net at each change of an open
 * meeting. */
typedef struct
{
  gchar *id, *name;
  VmMeetingState state;
  guint participants, max_participants, epoch;
  gboolean has_pin;
} VmMeetingInfo;
typedef void (*VmMeetingsFunc) (VmServer *self, const VmMeetingInfo *info,
    gpointer user_data); /* info NULL: the meeting is over */
void vm_server_set_meetings_func (
    VmServer *self, VmMeetingsFunc func, gpointer user_data);
