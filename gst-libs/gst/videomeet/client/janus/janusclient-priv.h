/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/rates.h"
#include "client/janus/janusclient.h"
#include "wire/janus/januswrite.h"

/* Shared by the files of VmJanusClient. */

typedef enum
{
  VM_JANUS_REQUEST_CREATE,
  VM_JANUS_REQUEST_CLAIM,
  VM_JANUS_REQUEST_KEEPALIVE,
  VM_JANUS_REQUEST_DESTROY,
  VM_JANUS_REQUEST_ATTACH, /* of the role's handle */
  VM_JANUS_REQUEST_DETACH,
  VM_JANUS_REQUEST_TRICKLE,
  VM_JANUS_REQUEST_MAKE_ROOM,
  VM_JANUS_REQUEST_JOIN,
  VM_JANUS_REQUEST_LIST,
  VM_JANUS_REQUEST_PUBLISH,
  VM_JANUS_REQUEST_UNPUBLISH,
  VM_JANUS_REQUEST_SUBSCRIBE,
  VM_JANUS_REQUEST_UPDATE,
  VM_JANUS_REQUEST_START,
  VM_JANUS_REQUEST_CHANGE, /* of an m-line of the subscription */
} VmJanusRequestType;

/* One that waits for its answer. */
typedef struct
{
  guint number; /* its transaction */
  VmJanusRequestType type;
  VmJanusRole role;
  gint64 handle; /* -1: none */
  gint64 deadline;
} VmJanusRequest;

/* Takes the answer to a request; @error: what it says is wrong, or NULL. */
typedef void VmJanusAnswer (VmJanusClient *self, const VmJanusRequest *request,
    const VmJanusMessage *answer, const GError *error, gint64 now);

/* One handle, and the candidates of its connection. */
typedef struct
{
  gint64 handle; /* -1: none */
  gboolean told; /* this side's description has gone out */
  gboolean heard; /* the server's has been handed on */
  GQueue out; /* of VmJanusEvent: candidates, until then */
  GQueue in;
} VmJanusPeer;

typedef enum
{
  VM_JANUS_UNPUBLISHED,
  VM_JANUS_OFFERED,
  VM_JANUS_PUBLISHED,
  VM_JANUS_UNPUBLISHING, /* until the server has closed its connection */
} VmJanusPublisherState;

typedef enum
{
  VM_JANUS_SUB_NONE,
  VM_JANUS_SUB_ATTACHING,
  VM_JANUS_SUB_ATTACHED, /* to nobody's stream yet */
  VM_JANUS_SUB_JOINING,
  VM_JANUS_SUB_OFFERED, /* this device is to answer */
  VM_JANUS_SUB_STARTING,
  VM_JANUS_SUB_READY,
  VM_JANUS_SUB_UPDATING,
} VmJanusSubState;

/* A stream to be received. */
typedef struct
{
  gint64 feed;
  gchar *mid;
  guint tries; /* in a row that it was asked for in vain */
  gint substream, temporal; /* -1: the best */
} VmJanusWanted;

typedef struct
{
  VmJanusSubState state;
  GPtrArray *wanted; /* of VmJanusWanted */
  GPtrArray *slots; /* of VmJanusStream: the m-lines as the server has them */
  gchar *pending; /* an offer that came too early; or NULL */
  gint64 deadline; /* of its state; G_MAXINT64: none */
  gint64 retry_at; /* nothing is asked for before */
  gint64 begun_at; /* the last connection */
  guint renewals; /* in a row */
  gboolean offered; /* an OFFER of this connection was handed on */
  gboolean is_up; /* by what the server says */
  gboolean single; /* asks for one stream at a time: one of them is not there */
  gboolean survey; /* asks for all of everybody's, to see what there is */
  guint surveys; /* in a row that failed */
} VmJanusSubscriber;

struct _VmJanusClient
{
  VmJanusClientConfig config; /* the client owns its strings */
  VmJanusClientState state;
  gint64 state_deadline; /* G_MAXINT64: none */
  GQueue texts; /* of gchar, to be sent */
  GQueue events; /* of VmJanusEvent, to be handed on */
  GQueue requests; /* of VmJanusRequest, the oldest first */
  guint last_request;

  gboolean connected; /* the WebSocket is open */
  gint64 keepalive_at;
  gint64 session; /* -1: none, or not to be claimed */
  gint64 own, private_id;
  gboolean entered; /* once at least */
  gboolean room_made; /* or tried to, in this entry */
  gint64 lost_at; /* since when it has not been steady; 0: it is */
  gint64 steady_at;
  gboolean told_lost;
  guint attempts;
  gint64 attempt_at; /* when the last one began */

  VmJanusPeer peers[VM_JANUS_N_ROLES];
  VmJanusPublisherState publisher;
  guint publish_number; /* the request of its last offer */
  gboolean ended_older; /* a connection, for the sake of that offer */
  gboolean publisher_is_up; /* by what the server says */
  gboolean ends_when_up; /* the server does not end it sooner */
  gint64 publisher_deadline; /* G_MAXINT64: none */
  VmJanusSubscriber subscriber;
  GPtrArray *roster; /* of VmJanusParticipant */
  gboolean told_full; /* that the roster is */
  gboolean told_unreadable;
  VmRate warnings;
  gint64 now; /* the last known time */
};

/* janusclient.c */
gboolean vm_janus_client_move (VmJanusClient *self, VmJanusMove move);
/* A new event, to be filled in; it is queued. */
VmJanusEvent *vm_janus_client_tell (VmJanusClient *self, VmJanusEventType type);
void vm_janus_client_tell_error (
    VmJanusClient *self, VmJanusEventType type, const GError *error);
/* Records a request, and fills in what it begins with. FALSE: there are too
 * many. */
gboolean vm_janus_client_begin (VmJanusClient *self, VmJanusRequestType type,
    VmJanusRole role, gint64 now, VmJanusHead *head);
/* Queues @text, which it takes. */
void vm_janus_client_send (VmJanusClient *self, gchar *text);
/* Those of @handle will not be answered. */
void vm_janus_client_forget_requests (VmJanusClient *self, gint64 handle);

/* janusenter.c */
VmJanusAnswer vm_janus_answer_create, vm_janus_answer_claim,
    vm_janus_answer_attach, vm_janus_answer_join, vm_janus_answer_make_room,
    vm_janus_answer_list, vm_janus_answer_destroy;
/* The connection is lost, or useless: another one, and the session claimed. */
void vm_janus_client_interrupt (
    VmJanusClient *self, const GError *error, gint64 now);
/* The same, but the session is lost as well. */
void vm_janus_client_forget_session (
    VmJanusClient *self, const GError *error, gint64 now);
/* It is over; @error NULL: it has left. */
void vm_janus_client_end (VmJanusClient *self, const GError *error);
void vm_janus_client_end_with (
    VmJanusClient *self, VmError code, const gchar *message);
gint64 vm_janus_enter_get_wake (VmJanusClient *self);
void vm_janus_enter_tick (VmJanusClient *self, gint64 now);

/* janusroster.c */
/* What the server says without being asked. */
void vm_janus_client_take_news (
    VmJanusClient *self, const VmJanusMessage *message, gint64 now);
/* The whole list, with or (of the list that was asked for) without streams. */
void
vm_janus_roster_replace (VmJanusClient *self, const GPtrArray *participants);
VmJanusParticipant *vm_janus_roster_find (VmJanusClient *self, gint64 id);
const VmJanusStream *
vm_janus_roster_find_stream (VmJanusClient *self, gint64 id, const gchar *mid);
/* @streams: all that the participant has now. */
void vm_janus_roster_set_streams (VmJanusClient *self,
    VmJanusParticipant *participant, const GPtrArray *streams);

/* januspublish.c */
VmJanusAnswer vm_janus_answer_publish, vm_janus_answer_unpublish;
/* The server has closed the publisher's connection. */
void vm_janus_publisher_hung_up (VmJanusClient *self, const GError *error);
/* The publisher's connection is up. */
void vm_janus_publisher_up (VmJanusClient *self, gint64 now);
/* The session is another one. */
void vm_janus_publisher_reset (VmJanusClient *self);
void vm_janus_publisher_tick (VmJanusClient *self, gint64 now);
void vm_janus_peer_init (VmJanusPeer *peer);
void vm_janus_peer_clear (VmJanusPeer *peer);
/* This side's description has gone out: so do its candidates. */
void vm_janus_peer_tell (VmJanusClient *self, VmJanusRole role, gint64 now);
/* The server's is handed on: so are its candidates. */
void vm_janus_peer_hear (VmJanusClient *self, VmJanusRole role);
/* More of them, if requests have been answered. */
void vm_janus_peer_flush (VmJanusClient *self, VmJanusRole role, gint64 now);
void vm_janus_peer_take_candidate (
    VmJanusClient *self, VmJanusRole role, const VmJanusMessage *message);

/* janussubscribe.c */
VmJanusAnswer vm_janus_answer_subscribe, vm_janus_answer_update,
    vm_janus_answer_start;
void vm_janus_subscriber_init (VmJanusSubscriber *subscriber);
void vm_janus_subscriber_clear (VmJanusSubscriber *subscriber);
/* Asks for what is wanted, if it may now. */
void vm_janus_subscriber_pump (VmJanusClient *self, gint64 now);
void vm_janus_subscriber_take_handle (VmJanusClient *self,
    const VmJanusMessage *answer, const GError *error, gint64 now);
/* The subscriber's connection is up. */
void vm_janus_subscriber_up (VmJanusClient *self, gint64 now);
/* An `updated` that nobody asked for. */
void vm_janus_subscriber_take_update (
    VmJanusClient *self, const VmJanusMessage *message, gint64 now);
/* Begins with a new connection; @detach: the handle is there still. */
void vm_janus_subscriber_renew (
    VmJanusClient *self, const GError *error, gboolean detach, gint64 now);
/* The session was claimed: finds out what was missed. */
void vm_janus_subscriber_survey (VmJanusClient *self, gint64 now);
/* The stream is not in the list any longer. */
void
vm_janus_subscriber_forget (VmJanusClient *self, gint64 feed, const gchar *mid);
gint64 vm_janus_subscriber_get_wake (VmJanusClient *self);
void vm_janus_subscriber_tick (VmJanusClient *self, gint64 now);
