/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/judge.h"
#include "client/signalclient.h"
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
/* For coming back to a server or host that does not answer; default. */
#define VM_MEETING_RETURN_TIME (5 * 60 * 1000) /* ms */
/* For a user to compare a host's key with what the host shows. */
#define VM_MEETING_CONFIRM_TIME (2 * 60 * 1000) /* ms */
/* Hosts whose keys wait for an answer; more are passed by. */
#define VM_MEETING_STRANGERS_MAX 16
/* ms, from the loss; protocol/signalling.md#resume */
#define VM_MEETING_RESUME_TIME 30000
#define VM_MEETING_SEATS 10 /* default; security.md#limits */
/* Without the server, and without the host's heartbeat;
 * protocol/meeting.md#host-lost. */
#define VM_MEETING_HOST_LOST_MS 5000

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
  VM_MEETING_SIGNAL_PRESENCE_CHANGED,
  VM_MEETING_SIGNAL_HAND_CHANGED,
  VM_MEETING_SIGNAL_DETACHED_CHANGED,
  VM_MEETING_SIGNAL_TRUST_CHANGED,
  VM_MEETING_SIGNAL_MUTE_REQUESTED,
  VM_MEETING_SIGNAL_HOST_UNKNOWN,
  VM_MEETING_SIGNAL_HOST_LOST,
  VM_MEETING_SIGNAL_HOST_RETURNED,
  VM_MEETING_SIGNAL_REJOINING,
  VM_MEETING_SIGNAL_SEND_MESSAGE,
  VM_MEETING_SIGNAL_CALL_OFFERED,
  VM_MEETING_SIGNAL_CALL_MISSED,
  VM_MEETING_N_SIGNALS
} VmMeetingSignal;

extern guint vm_meeting_signals[VM_MEETING_N_SIGNALS];

/* One way to one device that may host the meeting. */
typedef struct
{
  gchar *base_uri;
  gchar *key_hash; /* as announced, or NULL */
  gchar *key; /* in VmMeeting::tried, or NULL */
  gchar *device; /* in VmMeeting::tried once it refused the PIN, or NULL */
  gboolean named; /* it says itself that it hosts the meeting */
  gchar *stranger; /* whose key its user is asked about; or NULL */
} VmMeetingDoor;

void vm_meeting_door_free (VmMeetingDoor *door);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmMeetingDoor, vm_meeting_door_free)

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
  gchar *host_key; /* device id of whom the PIN may be shown; or NULL */
  gboolean ask_host;
  gchar *cap_token;
  guint max_participants;
  VmCallType call_type;
  guint join_timeout; /* ms */
  guint step_timeout; /* ms, for one request to one device; tests wait longer */
  guint browse_time; /* ms */
  guint resume_time; /* ms, for having a seat back; tests wait less */
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
  GSource *welcome_timer; /* `hello` is said, and `welcome` awaited; or NULL */
  gint64 welcome_until; /* whatever happens in between */
  gulong node_handlers[2];
  gboolean browsing;
  VmTrustStore *store; /* of the devices met before */
  VmJudge *judge; /* what is believed of the others; NULL where nothing is */
  VmStoreWatch *watch; /* of the store, inside; NULL without a judge */
  GQueue doors; /* of VmMeetingDoor, to be tried */
  GQueue strangers; /* of VmMeetingDoor, whose keys were asked about */
  /* of "uri meeting-id", so that each is asked once, and of "device-id port
   * meeting-id", which is asked nothing more, and of device ids that the user
   * was asked about */
  GHashTable *tried;
  VmMeetingDoor *door; /* being tried, or gone through */
  GError *refusal; /* the best reason so far why none opened */
  gboolean browsed; /* who hosts it has had the time to be found */
  gboolean may_host; /* mode auto: nobody else does */

  /* the meeting */
  VmSeat *seat; /* when hosting */
  VmSignalClient *client; /* when not */
  gboolean welcomed;
  VmMeetingState state;
  gchar *id;
  gchar *host_id; /* participant id of the host */
  gchar *moderator_id; /* likewise, in a room that nobody hosts; or NULL */
  gchar *nonce; /* told the others at coming; base64 */
  VmParticipant *me;
  GPtrArray *participants; /* the others, in the order they joined */
  gboolean in_call; /* there are any, and the node knows */
  gboolean told_crowd; /* that there are too many of them */
  GError *kicked;

  /* what is said, and what this participant tells of itself */
  VmChatLog *chat;
  VmChatRate rate; /* of its own chat */
  gboolean locked;
  gboolean has_presence;
  gchar *status;
  gboolean audio, video, hand;

  /* the host is lost */
  gboolean socket_lost;
  gboolean host_lost;
  gboolean orphaned; /* for good: the others are all there is */
  GSource *host_timer;

  /* the server is lost, and this device not inside any more */
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
/* It is over: everybody leaves, the state ends; @error: why, or NULL. */
void vm_meeting_finish (VmMeeting *self, const GError *error);
void vm_meeting_drop_participants (VmMeeting *self, const GError *reason);

/* vmmeeting-enter.c: how a meeting is joined or hosted */
gboolean vm_meeting_enter (VmMeeting *self, GError **error);
void vm_meeting_stop_entering (VmMeeting *self);
/* Leaves the connection, by bye; the node's roles are given back. */
void vm_meeting_disconnect (VmMeeting *self);
/* The first message was no welcome. */
void vm_meeting_refused (VmMeeting *self, GError *error);

/* The next door, or what is done when there is none. */
void vm_meeting_try_next (VmMeeting *self);
/* It must be inside from now on within @ms. */
void vm_meeting_limit_entering (VmMeeting *self, guint ms);
/* The best reason so far why no door opened, else that one. @fallback:
 * (nullable) (transfer full). */
void vm_meeting_give_up (VmMeeting *self, GError *fallback);
/* No door is left, for now. */
void vm_meeting_take_stock (VmMeeting *self);

/* vmmeeting-strangers.c */
/* The host behind @door is a stranger: the user is asked about it, once. @door:
 * (transfer full). The answer may come meanwhile. */
void vm_meeting_ask_about (
    VmMeeting *self, VmMeetingDoor *door, const VmHostNames *names);

/* vmmeeting-doors.c: the doors that VmMeeting:uri leads to */
gboolean vm_meeting_read_address (VmMeeting *self, GError **error);
/* Those of devices that host it, as they are found, until it is ignored. */
void vm_meeting_watch_devices (VmMeeting *self);
/* At those that are known; from any thread. */
void vm_meeting_look_soon (VmMeeting *self);
void vm_meeting_ignore_devices (VmMeeting *self);

/* vmmeeting-room.c: the address of a room server's WebSocket, from the
 * meeting's properties; the meeting has the room's name then. */
gchar *vm_meeting_read_room_uri (VmMeeting *self, GError **error);
/* The only other participant is to offer anew. */
void vm_meeting_restart_room (VmMeeting *self);

/* vmmeeting-call.c: somebody calls, or does no longer */
void vm_meeting_take_ringing (VmMeeting *self, const VmSignal *signal);
/* The other has ended the call, and not over the server. */
void vm_meeting_forget_call (VmMeeting *self);
/* The connection of the call is lost, and the call with it. */
void vm_meeting_lose_call (VmMeeting *self, const GError *reason);
/* The server is lost, or back. */
void vm_meeting_set_calls_lost (VmMeeting *self, gboolean lost);

/* vmmeeting-return.c: back into a meeting whose server was lost */
/* The connection is lost for good: whether it is tried anew, the others staying
 * as they are. */
gboolean vm_meeting_return (VmMeeting *self, const GError *error);
/* An attempt has failed. */
void vm_meeting_fail_return (VmMeeting *self, const GError *error);
/* Inside again: who was there has left, whoever is there comes. */
void vm_meeting_take_return (VmMeeting *self);
void vm_meeting_stop_returning (VmMeeting *self);

/* vmmeeting-trust.c: leaves, or lets go of one of the others, when trust in it
 * is withdrawn; shows how well the others are known meanwhile */
void vm_meeting_watch_trust (VmMeeting *self);
/* Once the seat is taken, and before anybody is told who is there. */
void vm_meeting_check_trust (VmMeeting *self);
/* The same before one of the others is told of that has come. */
void vm_meeting_look_at_store (VmMeeting *self);
/* Whether this device meets @participant, who is not told of yet, by what the
 * store says now; then its level is that. */
gboolean
vm_meeting_judge (VmMeeting *self, VmParticipant *participant, GError **reason);
/* Somebody is there whom this device does not meet. */
void vm_meeting_refuse (
    VmMeeting *self, VmParticipant *participant, const GError *reason);
/* Lets go of whom this device would no longer meet. */
void vm_meeting_check_others (VmMeeting *self);
/* What the host's server says of how well the host knows @who. */
void vm_meeting_take_trust (
    VmMeeting *self, VmParticipant *who, const VmSignal *signal);
/* Somebody does not meet this device. */
void vm_meeting_take_refusal (VmMeeting *self, const VmSignal *error);

/* vmmeeting-media.c: what connections are set up by */
/* For the next seat. */
const gchar *vm_meeting_renew_nonce (VmMeeting *self);
/* What came in the name of @from is not its word, and was dropped. */
void vm_meeting_tell_forged (
    VmMeeting *self, VmParticipant *from, const GError *error);
void vm_meeting_take_restart (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);

/* vmmeeting-talk.c: what the others say */
VmParticipant *vm_meeting_find (VmMeeting *self, const gchar *id);
/* Takes it out of the list, and says so. */
void vm_meeting_remove (
    VmMeeting *self, VmParticipant *participant, const GError *reason);
/* Tells the node whether there is anybody to talk to. */
void vm_meeting_look_whether_busy (VmMeeting *self);
void vm_meeting_take_signal (VmMeeting *self, const VmSignal *signal);

/* vmmeeting-chat.c: what is said in writing */
void vm_meeting_take_chat (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_chat_text (
    VmMeeting *self, VmParticipant *from, const gchar *text);
/* What waits to be said on a channel `signal` to one participant: a description
 * and its candidates. Of more the oldest is dropped. */
#define VM_SIGNALS_UNSENT_MAX 80
/* A longer one no channel takes, and none waits for it. */
#define VM_SIGNAL_TEXT_MAX 65536

/* The data channel `chat` is open. */
void vm_meeting_start_chat (VmMeeting *self, VmParticipant *to);
void vm_meeting_go_on_with_chat (VmMeeting *self, VmParticipant *to);
/* By a data channel; FALSE when nobody took it there. */
gboolean vm_meeting_send_text (
    VmMeeting *self, VmParticipant *to, const gchar *label, const gchar *text);

/* vmmeeting-moderate.c: presence, hands, and what a host may do */
void vm_meeting_take_presence (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_hand (
    VmMeeting *self, VmParticipant *from, const VmSignal *signal);
void vm_meeting_take_mute_request (VmMeeting *self, const VmSignal *signal);
void vm_meeting_take_locked (VmMeeting *self, gboolean locked);
void vm_meeting_take_moderator (VmMeeting *self, const gchar *id);
/* Whether the participant @id may mute and remove others: the host, or who
 * moderates. */
gboolean vm_meeting_obeys (VmMeeting *self, const gchar *id);
/* What this participant tells of itself; @to NULL: to everybody. */
void vm_meeting_tell_presence (VmMeeting *self, VmParticipant *to);

/* vmmeeting-orphan.c: without the host */
void vm_meeting_set_socket_lost (VmMeeting *self, gboolean lost);
/* Over data channels `signal`, while the server is away; FALSE when that is not
 * the way. */
gboolean vm_meeting_send_past_server (VmMeeting *self, VmSignal *signal);
/* The connection is lost for good: whether the meeting goes on without. */
gboolean vm_meeting_survive (VmMeeting *self, const GError *error);
/* Somebody has gone: a meeting without a server ends with its last guest. */
void vm_meeting_look_whether_alone (VmMeeting *self);
void vm_meeting_forget_host (VmMeeting *self);
/* Its address as it may be told: without what may be a secret. (transfer
 * full) */
gchar *vm_meeting_dup_place (VmMeeting *self);
