/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/hostverifier.h"
#include "client/janus/janusconnection.h"
#include "client/signalclient.h"
#include "discovery/interfaces.h"
#include "trust/store/storewatch.h"
#include "server/server.h"
#include <gst/videomeet/vmmeeting.h>
#include "base/vmtimer-priv.h"
#include "wire/chat.h"

/* Shared by the files of VmMeeting. Everything belongs to the thread whose
 * default context made it. */

#define VM_MEETING_JOIN_TIMEOUT 30000 /* ms, default */
#define VM_MEETING_STEP_TIMEOUT 5000 /* ms, default */
#define VM_MEETING_BROWSE_TIME 2000 /* ms, default; architecture.md#mode */
/* To reconnect to a server or host that does not answer; default. */
#define VM_MEETING_RETURN_TIME (5 * 60 * 1000) /* ms */
/* For a user to compare a host's key with what the host shows. */
#define VM_MEETING_CONFIRM_TIME (2 * 60 * 1000) /* ms */
/* Hosts whose keys wait for an answer; more are skipped. */
#define VM_MEETING_STRANGERS_MAX 16
/* ms, from the loss; protocol/signalling.md#resume */
#define VM_MEETING_RESUME_TIME 30000
#define VM_MEETING_SEATS 10 /* default; security.md#limits */
/* Without the server, and without the host's heartbeat;
 * protocol/meeting.md#host-lost. */
#define VM_MEETING_HOST_LOST_MS 5000
/* From the moment when its heartbeat counts as quiet: it is dead. */
#define VM_MEETING_HOST_DEAD_MS 2000
/* The reason of a host's `bye` when another is to go on. */
#define VM_MEETING_HAND_OVER "hand-over"
/* By how much the epoch of a successor may exceed the last that was known:
 * hosts that came and went unseen. */
#define VM_MEETING_EPOCHS_MAX 16

typedef enum
{
  VM_MEETING_SIGNAL_STATE_CHANGED,
  VM_MEETING_SIGNAL_JOINED,
  VM_MEETING_SIGNAL_PARTICIPANT_JOINED,
  VM_MEETING_SIGNAL_PARTICIPANT_LEFT,
  VM_MEETING_SIGNAL_PARTICIPANT_REFUSED,
  VM_MEETING_SIGNAL_PARTICIPANT_STATE_CHANGED,
  VM_MEETING_SIGNAL_DESCRIPTION,
  VM_MEETING_SIGNAL_CANDIDATE,
  VM_MEETING_SIGNAL_RESTART,
  VM_MEETING_SIGNAL_REFUSED,
  VM_MEETING_SIGNAL_FORGED,
  VM_MEETING_SIGNAL_FAILED,
  VM_MEETING_SIGNAL_CHAT_RECEIVED,
  VM_MEETING_SIGNAL_CHAT_UNDELIVERED,
  VM_MEETING_SIGNAL_PRESENCE_CHANGED,
  VM_MEETING_SIGNAL_HAND_CHANGED,
  VM_MEETING_SIGNAL_REACTION,
  VM_MEETING_SIGNAL_BRIDGE_CHANGED,
  VM_MEETING_SIGNAL_DETACHED_CHANGED,
  VM_MEETING_SIGNAL_TRUST_CHANGED,
  VM_MEETING_SIGNAL_MUTE_REQUESTED,
  VM_MEETING_SIGNAL_HOST_UNKNOWN,
  VM_MEETING_SIGNAL_HOST_LOST,
  VM_MEETING_SIGNAL_HOST_RETURNED,
  VM_MEETING_SIGNAL_HOST_CHANGED,
  VM_MEETING_SIGNAL_REJOINING,
  VM_MEETING_SIGNAL_NETWORK_CHANGED,
  VM_MEETING_SIGNAL_SEND_MESSAGE,
  VM_MEETING_SIGNAL_CALL_OFFERED,
  VM_MEETING_SIGNAL_CALL_MISSED,
  VM_MEETING_N_SIGNALS
} VmMeetingSignal;

extern guint vm_meeting_signals[VM_MEETING_N_SIGNALS];

/* An address of a device that may host the meeting. */
typedef struct
{
  gchar *base_uri;
  gchar *key_hash; /* as announced, or NULL */
  gchar *key; /* in VmMeeting::tried, or NULL */
  gchar *device; /* in VmMeeting::tried once it refused the PIN, or NULL */
  gboolean named; /* it announces that it hosts the meeting */
  gchar *stranger; /* device id that the user is asked about; or NULL */
} VmMeetingEndpoint;

void vm_meeting_endpoint_free (VmMeetingEndpoint *endpoint);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeetingEndpoint, vm_meeting_endpoint_free)

/* What happens in the cloud besides, and to whom: participants have joined
 * before, and leave after their streams. @participant: NULL where it is
 * nobody's.
 */
typedef void (*VmMeetingCloudFunc) (VmMeeting *self, const VmJanusEvent *event,
    VmParticipant *participant, gpointer user_data);

/* The meeting goes by an SFU from now on, which events of the cloud tell of, or
 * by a mesh (@participant NULL); or @participant hears this device by the SFU.
 */
typedef void (*VmMeetingSfuFunc) (VmMeeting *self, VmParticipant *participant,
    gboolean on, gpointer user_data);

/* No path leads from @participant to this device, it says. */
typedef void (*VmMeetingPairFunc) (
    VmMeeting *self, VmParticipant *participant, gpointer user_data);

struct _VmMeeting
{
  GObject parent;

  /* properties */
  gchar *name;
  gchar *user;
  VmMeetingMode mode;
  VmDialectName dialect;
  gchar *uri;
  gchar *pin;
  gchar *host_key; /* device id of a host that may get the PIN; or NULL */
  gboolean ask_host;
  gchar *cap_token;
  gchar *api_secret; /* of Janus */
  gboolean make_room; /* there, if there is none */
  guint max_participants;
  VmCallType call_type;
  guint join_timeout; /* ms */
  guint step_timeout; /* ms, for one request to one device; tests wait longer */
  guint browse_time; /* ms */
  guint resume_time; /* ms, to regain a seat; tests wait less */
  guint return_time; /* ms, to a server that was lost; tests wait less */
  gchar **ice_servers; /* to hand out, or NULL */
  gboolean direct_chat;
  gboolean rejoin;

  VmNode *node;
  VmNodeRoles roles; /* held of the node */
  GMainContext *context;
  gboolean started;
  gboolean stopped; /* for good */

  /* entering */
  GCancellable *cancellable;
  GSource *join_timer;
  GSource *browse_timer;
  GSource *welcome_timer; /* after `hello`, until `welcome`; or NULL */
  gint64 welcome_until; /* the fixed end of that wait */
  gulong node_handlers[2];
  gboolean browsing;
  VmTrustStore *store; /* of the devices met before */
  VmHostVerifier *verifier; /* judges the others; NULL: there is no judge */
  VmStoreWatch *watch; /* of the store, while inside; NULL without a judge */
  GQueue endpoints; /* of VmMeetingEndpoint, to be tried */
  GQueue strangers; /* of VmMeetingEndpoint, whose keys were asked about */
  /* "uri meeting-id", so that each is asked once; "device-id port meeting-id",
   * not to be asked again; and device ids that the user was asked about */
  GHashTable *tried;
  VmMeetingEndpoint *endpoint; /* being tried, or joined */
  GError *refusal; /* the best reason so far why none opened */
  gboolean browsed; /* the time to find a host is over */
  gboolean may_host; /* mode auto: there is no other host */

  /* the meeting */
  VmSeat *seat; /* when hosting */
  VmSignalClient *client; /* when not */
  VmJanusConnection *cloud; /* when it is a room of Janus */
  GHashTable *feeds; /* its numbers -> VmParticipant */
  guint n_feeds; /* that have come so far */
  gchar *via, *origin_id; /* see vm_meeting_set_via(), or NULL */
  const gchar *bridge; /* see vm_meeting_set_bridge(); or NULL */
  GHashTable *sfu_feeds; /* number in the SFU -> id; NULL: not there */
  gboolean sfu_active; /* the server says so, of everybody */
  gchar **sfu_with; /* or of these; or NULL */
  gint64 sfu_room, sfu_since; /* µs */
  guint sfu_attempts;
  GSource *sfu_timer; /* when another ticket is asked for */
  gchar *sfu_uri, *sfu_secret; /* see vm_meeting_set_sfu_server(); or NULL */
  VmMeetingSfuFunc sfu_func; /* or NULL */
  VmMeetingPairFunc pair_func; /* likewise */
  VmMeetingCloudFunc cloud_func; /* or NULL */
  gpointer cloud_data;
  gboolean welcomed;
  VmMeetingState state;
  gchar *id;
  gchar *host_id; /* participant id of the host */
  gchar *moderator_id; /* who may moderate besides; or NULL */
  gchar *nonce; /* sent to the others when joining; base64 */
  VmParticipant *me;
  GPtrArray *participants; /* the others, in the order they joined */
  gboolean in_call; /* there are others, and the node knows */
  gboolean told_crowd; /* reported that there are too many of them */
  GError *kicked;

  /* chat, and this participant's presence */
  VmChatLog *chat;
  VmChatRate rate; /* of its own chat */
  gboolean locked;
  gboolean has_presence;
  gchar *status;
  gboolean audio, video, hand;

  /* succession */
  guint epoch; /* of the last state */
  VmSignal *host_state; /* the last of this host; or NULL */
  gint64 host_state_at; /* µs: when it came */
  guint room_max; /* seats, as the host says; 0: not known */
  GHashTable *met; /* ids of the devices that were in it */
  guint joined; /* number of the participant that joined last */
  gboolean has_pin; /* the host asks for one */
  gboolean took_over; /* its seats are those of another host's meeting */
  gboolean host_leaving; /* the host has said that another is to go on */
  gboolean handed_over; /* as host: another does */
  gchar *relay_id; /* the host, that is reached by its data channel; or NULL */
  GSource *succession_timer; /* this device's turn to become host */
  VmSignal *claim; /* of a host that this device does not need yet; or NULL */
  VmParticipant *claimant;
  GSource *claim_timer;
  gboolean moving; /* it does */
  GSource *move_timer; /* as host: until it joins the other half of a split */

  /* the host is lost */
  gint64 quiet_since; /* µs: its heartbeat is not heard; 0: it is */
  gboolean socket_lost;
  gint64 socket_lost_at; /* µs */
  gboolean host_lost;
  gboolean orphaned; /* for good: only the other guests remain */
  GSource *host_timer;

  /* the network below it */
  VmInterfaces *interfaces; /* of this device, once it has started */
  GSource *tick;
  gint64 ticked_at; /* µs of CLOCK_BOOTTIME */
  gboolean slept; /* and has not been told of yet */
  guint steady_ticks; /* in time, since */

  /* the server is lost, and this device is out */
  gboolean returning;
  guint returns; /* attempts so far */
  gint64 return_until;
  GSource *return_timer;
};

/* vmmeeting-class.c */
void vm_meeting_install (GObjectClass *klass);
void vm_meeting_install_signals (void);

/* vmmeeting.c */
void vm_meeting_set_state (VmMeeting *self, VmMeetingState state);
void vm_meeting_send (VmMeeting *self, VmSignal *signal);
/* Ends the meeting: all participants leave; @error: why, or NULL. */
void vm_meeting_finish (VmMeeting *self, const GError *error);
void vm_meeting_drop_participants (VmMeeting *self, const GError *reason);

/* vmmeeting-enter.c: how a meeting is joined or hosted */
gboolean vm_meeting_enter (VmMeeting *self, GError **error);
void vm_meeting_stop_entering (VmMeeting *self);
/* Closes the connection with bye, and gives the node's roles back. */
void vm_meeting_disconnect (VmMeeting *self);
/* The first message was not a welcome. */
void vm_meeting_refused (VmMeeting *self, GError *error);

void vm_meeting_on_seat_signal (
    VmSeat *seat, const VmSignal *signal, gpointer meeting);
/* Starts the node in those @roles as well. */
gboolean
vm_meeting_take_roles (VmMeeting *self, VmNodeRoles roles, GError **error);
/* Tries the next endpoint, or handles that there is none. */
void vm_meeting_try_next (VmMeeting *self);
/* The meeting must be joined within @ms from now on. */
void vm_meeting_limit_entering (VmMeeting *self, guint ms);
/* Fails with the best reason why no endpoint opened, else with @fallback.
 * @fallback: (nullable) (transfer full). */
void vm_meeting_give_up (VmMeeting *self, GError *fallback);
/* No endpoint is left, for now. */
void vm_meeting_take_stock (VmMeeting *self);

/* vmmeeting-strangers.c */
/* The host at @endpoint is a stranger: asks the user about it, once.
 * @endpoint: (transfer full). The answer may arrive during the call. */
void vm_meeting_ask_about (
    VmMeeting *self, VmMeetingEndpoint *endpoint, const VmHostNames *names);

/* vmmeeting-endpoints.c: the endpoints that VmMeeting:uri leads to */
gboolean vm_meeting_read_address (VmMeeting *self, GError **error);
/* Adds the endpoints of hosting devices as they are found, until
 * vm_meeting_ignore_devices(). */
void vm_meeting_watch_devices (VmMeeting *self);
/* Where the server of @device is, by one of its addresses. (transfer full) */
gchar *vm_meeting_base_uri_at (VmDevice *device, const gchar *address);
/* Checks the known devices soon; any thread. */
void vm_meeting_look_soon (VmMeeting *self);
void vm_meeting_ignore_devices (VmMeeting *self);

/* vmmeeting-room.c: the address of a room server's WebSocket, from the
 * meeting's properties; sets the meeting's name to the room's. */
gchar *vm_meeting_read_room_uri (VmMeeting *self, GError **error);
/* Makes the only other participant offer anew. */
void vm_meeting_restart_room (VmMeeting *self);

/* vmmeeting-cloud.c: a room of Janus */
gboolean vm_meeting_enter_cloud (VmMeeting *self, GError **error);
void vm_meeting_leave_cloud (VmMeeting *self);
/* The connection, for media; NULL in any other meeting, and once it is over. */
VmJanusConnection *vm_meeting_get_cloud (VmMeeting *self);
void vm_meeting_set_cloud_func (
    VmMeeting *self, VmMeetingCloudFunc func, gpointer data);

/* vmmeeting-sfu.c: a meeting that its server takes to an SFU */
/* The functions get the data of vm_meeting_set_cloud_func(); without them this
 * device does not say that it can follow. */
void vm_meeting_set_sfu_func (
    VmMeeting *self, VmMeetingSfuFunc func, VmMeetingPairFunc pair);
/* If this device hosts the meeting, pairs without a path meet by the Janus at
 * @uri, "janus+ws://host:port/", or NULL. Before vm_meeting_start(). */
void vm_meeting_set_sfu_server (
    VmMeeting *self, const gchar *uri, const gchar *secret);
/* Fills in what of it concerns an SFU. */
void vm_meeting_configure_sfu (VmMeeting *self, VmMeetingConfig *config);
/* Whether this device can follow to an SFU. */
gboolean vm_meeting_takes_sfu (VmMeeting *self);
void vm_meeting_take_sfu (VmMeeting *self, const VmSignal *signal);
void vm_meeting_take_sfu_heard (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
/* This device hears @participant by the SFU; or, where that has been so, by
 * their own connection again. */
void vm_meeting_send_sfu_heard (
    VmMeeting *self, VmParticipant *participant, gboolean heard);
gboolean vm_meeting_get_sfu_active (VmMeeting *self);
/* Whether the server takes @participant and this device to the SFU, because no
 * path leads from one to the other. NULL: whether it does so with anybody. */
gboolean vm_meeting_is_sfu_pair (VmMeeting *self, VmParticipant *participant);
/* No path leads to @participant, or one does again. */
void vm_meeting_send_sfu_pair (
    VmMeeting *self, VmParticipant *participant, gboolean asks);
void vm_meeting_take_sfu_pair (VmMeeting *self, VmParticipant *from);
/* Everybody is heard by the mesh again: leaves the room there. */
void vm_meeting_leave_sfu (VmMeeting *self);
/* The seat is gone, or the meeting. */
void vm_meeting_forget_sfu (VmMeeting *self);

/* vmmeeting-cloud.c */
/* Tells the owner of @event, about @participant or nobody (NULL). */
void vm_meeting_hand_on_cloud (
    VmMeeting *self, const VmJanusEvent *event, VmParticipant *participant);
/* Whether the policy meets the cloud. */
gboolean vm_meeting_may_cloud (VmMeeting *self);

/* vmmeeting-bridge.c: a bridge to the cloud */
/* This meeting is joined for somebody in the cloud, who is called @origin_id
 * there, by the participant @bridge, which this device is as well. Before
 * vm_meeting_start(). */
void vm_meeting_set_via (
    VmMeeting *self, const gchar *bridge, const gchar *origin_id);
/* Whether this device could be the bridge, which the others are told: "no",
 * "able", or "chosen" by its user. @word: static */
void vm_meeting_set_bridge (VmMeeting *self, const gchar *word);
/* The same to @to, or to all (NULL). */
void vm_meeting_tell_bridge (VmMeeting *self, const gchar *to);
/* Whether no connection is made to that participant: both are in the cloud, and
 * meet there. */
gboolean
vm_meeting_leaves_out (VmMeeting *self, const VmSignalParticipant *described);

/* vmmeeting-call.c: a call rings, or has stopped */
void vm_meeting_take_ringing (VmMeeting *self, const VmSignal *signal);
/* The other user has ended the call, but not through the server. */
void vm_meeting_forget_call (VmMeeting *self);
/* The connection of the call is lost, and the call with it. */
void vm_meeting_lose_call (VmMeeting *self, const GError *reason);
/* The server is lost, or back. */
void vm_meeting_set_calls_lost (VmMeeting *self, gboolean lost);

/* vmmeeting-network.c: what changes below it */
void vm_meeting_watch_network (VmMeeting *self);
void vm_meeting_ignore_network (VmMeeting *self);
/* Whether this device has @address still; it has what is no address. */
gboolean vm_meeting_has_address (VmMeeting *self, const gchar *address);
/* The host may have another address: goes on there. */
void vm_meeting_follow_host (VmMeeting *self);

/* vmmeeting-return.c: back into a meeting whose server was lost */
/* The connection is lost for good: whether to reconnect, with the others kept
 * meanwhile. */
gboolean vm_meeting_return (VmMeeting *self, const GError *error);
/* The same at another device, which has the meeting. Takes @endpoint. */
void vm_meeting_return_at (VmMeeting *self, VmMeetingEndpoint *endpoint);
/* An attempt has failed. */
void vm_meeting_fail_return (VmMeeting *self, const GError *error);
/* Inside again: removes the old participants and adds the current ones. */
void vm_meeting_take_return (VmMeeting *self);
void vm_meeting_stop_returning (VmMeeting *self);

/* vmmeeting-trust.c: leaves, or drops a participant, when trust in it is
 * revoked; updates the trust levels of the others */
void vm_meeting_watch_trust (VmMeeting *self);
/* Call it once seated, before any participant is reported. */
void vm_meeting_check_trust (VmMeeting *self);
/* The same before a newcomer is reported. */
void vm_meeting_look_at_store (VmMeeting *self);
/* Whether the store's current facts let this device meet @participant, who is
 * not reported yet; sets its level. */
gboolean
vm_meeting_judge (VmMeeting *self, VmParticipant *participant, GError **reason);
/* This device refuses to meet @participant. */
void vm_meeting_refuse (
    VmMeeting *self, VmParticipant *participant, const GError *reason);
/* Drops participants whom this device would no longer meet. */
void vm_meeting_check_others (VmMeeting *self);
/* Takes the trust level of @who from the host's server. */
void vm_meeting_take_trust (
    VmMeeting *self, VmParticipant *who, const VmSignal *signal);
/* Another participant refuses to meet this device. */
void vm_meeting_take_refusal (VmMeeting *self, const VmSignal *error);

/* vmmeeting-media.c: the setup of connections */
/* Makes the nonce for the next seat. */
const gchar *vm_meeting_renew_nonce (VmMeeting *self);
/* Reports a dropped message that was forged in the name of @from. */
void vm_meeting_tell_forged (
    VmMeeting *self, VmParticipant *from, const GError *error);
void vm_meeting_take_restart (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);

/* vmmeeting-talk.c: signals of the others */
/* Adds a participant that is not there yet, and tells, if this device meets it.
 */
void vm_meeting_add_participant (
    VmMeeting *self, const VmSignalParticipant *described);
VmParticipant *vm_meeting_find (VmMeeting *self, const gchar *id);
/* Removes the participant from the list, and reports it. */
void vm_meeting_remove (
    VmMeeting *self, VmParticipant *participant, const GError *reason);
/* Tells the node whether there are other participants. */
void vm_meeting_look_whether_busy (VmMeeting *self);
void vm_meeting_take_signal (VmMeeting *self, const VmSignal *signal);

/* vmmeeting-chat.c: chat */
void vm_meeting_take_chat (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_chat_text (
    VmMeeting *self, VmParticipant *from, const gchar *text);
/* The data channel `signal` is open: this device acknowledges chat. */
void vm_meeting_start_acks (VmMeeting *self, VmParticipant *to);
/* @id: of a message; NULL: of none yet. */
void
vm_meeting_take_ack (VmMeeting *self, VmParticipant *from, const gchar *id);
/* Whether something that this device has said may still be delivered. */
gboolean vm_meeting_awaits_acks (VmMeeting *self);
/* @to is about to go: tells what was not delivered. */
void vm_meeting_give_up_chat (VmMeeting *self, VmParticipant *to);
/* The data channel `chat` is open. */
void vm_meeting_start_chat (VmMeeting *self, VmParticipant *to);
void vm_meeting_go_on_with_chat (VmMeeting *self, VmParticipant *to);
/* Sends over a data channel; FALSE when none took it. */
gboolean vm_meeting_send_text (
    VmMeeting *self, VmParticipant *to, const gchar *label, const gchar *text);

/* vmmeeting-moderate.c: presence, hands, and the host's actions */
void vm_meeting_take_presence (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_reaction (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_hand (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_mute_request (VmMeeting *self, const VmSignal *signal);
void vm_meeting_take_locked (VmMeeting *self, gboolean locked);
void vm_meeting_take_moderator (VmMeeting *self, const gchar *id);
/* Whether the participant @id may mute and remove others: the host, or the
 * moderator. */
gboolean vm_meeting_obeys (VmMeeting *self, const gchar *id);
/* Sends this participant's presence; @to NULL: to all. */
void vm_meeting_tell_presence (VmMeeting *self, VmParticipant *to);

/* vmmeeting-succession.c: another device becomes host */
/* A participant of that id is there, or was. */
void vm_meeting_note_participant (VmMeeting *self, const gchar *id);
void vm_meeting_note_met (VmMeeting *self, VmParticipant *participant);
/* This device has another seat. */
void vm_meeting_forget_succession (VmMeeting *self);
/* A `welcome` or `meeting-state` of the host. */
void vm_meeting_note_state (VmMeeting *self, const VmSignal *signal);
/* The host is lost, or about to leave. */
void vm_meeting_find_successor (VmMeeting *self);
void vm_meeting_stop_succession (VmMeeting *self);
/* A message on @from's channel `signal`: TRUE: it claims to host the meeting,
 * and was taken as far as it is right. */
gboolean vm_meeting_take_claim (
    VmMeeting *self, VmParticipant *from, const VmSignal *state);
/* Whether @signal of the host, by its data channel, is no state of the meeting,
 * or one that it has signed later than the last. */
gboolean vm_meeting_is_news (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_hand_over (VmMeeting *self, VmParticipant *from);
/* The network may be split: looks for devices that host the same meeting. */
void vm_meeting_watch_halves (VmMeeting *self);
/* Joins the half of a split meeting that has the higher epoch, if one of the
 * node's devices hosts that. */
void vm_meeting_join_halves (VmMeeting *self);

/* vmmeeting-orphan.c: without the host */
/* Sends over the data channel `signal` to @to alone. */
void vm_meeting_send_signal_to (
    VmMeeting *self, VmParticipant *to, const VmSignal *signal);
/* Sends to the host, by its channel. */
void vm_meeting_send_to_relay (VmMeeting *self, const VmSignal *signal);
/* There is another host. */
void vm_meeting_forget_loss (VmMeeting *self);
/* Messages that wait for a participant's channel `signal`: a description and
 * its candidates. Beyond, the oldest is dropped. */
#define VM_SIGNALS_UNSENT_MAX 80
/* Bytes of a message on the channel `signal`: no data channel takes more, so a
 * longer one is dropped. */
#define VM_SIGNAL_CHANNEL_TEXT_MAX 65536
void vm_meeting_set_socket_lost (VmMeeting *self, gboolean lost);
/* Sends over data channels `signal` while the server is away; FALSE when it is
 * not. */
gboolean vm_meeting_send_past_server (VmMeeting *self, VmSignal *signal);
/* The connection is lost for good: whether the meeting goes on without it. */
gboolean vm_meeting_survive (VmMeeting *self, const GError *error);
/* A participant has left: a meeting without a server ends with its last guest.
 */
void vm_meeting_look_whether_alone (VmMeeting *self);
void vm_meeting_forget_host (VmMeeting *self);
/* Its address without possible secrets, for display. (transfer full) */
gchar *vm_meeting_dup_place (VmMeeting *self);

/* Properties of VmMeeting. */
gboolean vm_meeting_get_hosting (VmMeeting *self);
gboolean vm_meeting_get_locked (VmMeeting *self);
/* Whether the host is lost, for now or for good. */
gboolean vm_meeting_get_host_lost (VmMeeting *self);
/* Runs the calling thread's default main context until the connections of its
 * meetings are closed. A connection says goodbye and closes after its meeting
 * is stopped and unreferenced. A program that ends such a context, and not
 * itself, calls this first; what still waits for a context that never runs
 * again is leaked. Meetings of this context that go on are waited for as well.
 * @timeout_ms: to wait at most; 2,000 is ample. FALSE: something is still open
 * after that. */
gboolean vm_meeting_settle (guint timeout_ms);
