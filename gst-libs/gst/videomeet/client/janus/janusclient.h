/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "wire/janus/janus.h"

/* A participant of a room of a Janus videoroom (protocol/janus.md): a session
 * with two handles, one that publishes what this device sends and one that
 * subscribes to what others send, each for one WebRTC connection, and the list
 * of who is there. Sans-I/O: `now` is monotonic time in µs; text goes in and
 * out; the owner opens and closes the WebSocket. One thread.
 *
 * Use: vm_janus_client_start(), and after each call that takes @now, until
 * neither gives anything: vm_janus_client_take_text(), each for the WebSocket,
 * and vm_janus_client_take_event(), each for the meeting; then see
 * vm_janus_client_wants_socket() and vm_janus_client_get_wake(). */

/* Times, µs; protocol/janus.md#times. */
/* For any answer of the server, and for this device's answer to its offer. */
#define VM_JANUS_ANSWER_TIME (10 * G_USEC_PER_SEC)
/* The server ends a session after 60 s of silence. */
#define VM_JANUS_KEEPALIVE_TIME (25 * G_USEC_PER_SEC)
/* For a lost connection to return; then it is over. */
#define VM_JANUS_RETURN_TIME (300 * G_USEC_PER_SEC)
/* As long in the room after a return, the next loss is another. */
#define VM_JANUS_STEADY_TIME (15 * G_USEC_PER_SEC)
/* For the goodbye. */
#define VM_JANUS_LEAVE_TIME (2 * G_USEC_PER_SEC)

/* Limits; TOO_LARGE beyond them unless stated otherwise. */
/* Requests without an answer; RATE_LIMITED. */
#define VM_JANUS_REQUESTS_MAX 64
/* Of one connection, in either direction, until its description is there; a
 * further one is dropped. */
#define VM_JANUS_CANDIDATES_MAX 64
/* In the room; a further participant is not shown, and one warning says so. */
#define VM_JANUS_ROSTER_MAX VM_JANUS_PARTICIPANTS_MAX
/* Streams that this device receives at a time: ten participants with camera,
 * screen and sound. */
#define VM_JANUS_WANTED_MAX 30
/* A stream that the server does not give so often in a row is given up. */
#define VM_JANUS_TRIES_MAX 4
/* At once, then one a second; further warnings are not told. */
#define VM_JANUS_WARNINGS_MAX 10

typedef enum
{
  VM_JANUS_CLIENT_IDLE,
  VM_JANUS_CLIENT_OPENING, /* wants a WebSocket */
  VM_JANUS_CLIENT_PAUSING, /* before it wants the next one */
  VM_JANUS_CLIENT_CLAIMING, /* the session that it had */
  VM_JANUS_CLIENT_CREATING, /* a session */
  VM_JANUS_CLIENT_ATTACHING, /* the publisher's handle */
  VM_JANUS_CLIENT_ENTERING, /* the room */
  VM_JANUS_CLIENT_JOINED,
  VM_JANUS_CLIENT_LEAVING,
  VM_JANUS_CLIENT_CLOSED,
} VmJanusClientState;
#define VM_JANUS_CLIENT_N_STATES (VM_JANUS_CLIENT_CLOSED + 1)

typedef enum
{
  VM_JANUS_MOVE_START,
  VM_JANUS_MOVE_OPENED,
  VM_JANUS_MOVE_OPENED_AGAIN, /* and there is a session to claim */
  VM_JANUS_MOVE_LOST,
  VM_JANUS_MOVE_PAUSED,
  VM_JANUS_MOVE_CLAIMED,
  VM_JANUS_MOVE_REFUSED, /* the claim */
  VM_JANUS_MOVE_CREATED,
  VM_JANUS_MOVE_ATTACHED,
  VM_JANUS_MOVE_ENTERED,
  VM_JANUS_MOVE_LEAVE,
  VM_JANUS_MOVE_END,
} VmJanusMove;
#define VM_JANUS_N_MOVES (VM_JANUS_MOVE_END + 1)

const gchar *vm_janus_client_state_to_string (VmJanusClientState state);
gboolean vm_janus_client_state_next (
    VmJanusClientState state, VmJanusMove move, VmJanusClientState *next);

/* One of the two connections. */
typedef enum
{
  VM_JANUS_PUBLISHER,
  VM_JANUS_SUBSCRIBER,
} VmJanusRole;
#define VM_JANUS_N_ROLES (VM_JANUS_SUBSCRIBER + 1)

typedef enum
{
  VM_JANUS_EVENT_JOINED, /* id, text: the room's; again: with a new session */
  VM_JANUS_EVENT_LOST, /* the server; media may go on; error */
  VM_JANUS_EVENT_RETURNED, /* everything is as before */
  VM_JANUS_EVENT_CLOSED, /* the last one; error, NULL: it has left */
  VM_JANUS_EVENT_WARNING, /* error; it goes on */
  VM_JANUS_EVENT_PARTICIPANT_JOINED, /* id, text: its name or NULL */
  VM_JANUS_EVENT_PARTICIPANT_CHANGED, /* likewise: its name */
  VM_JANUS_EVENT_PARTICIPANT_LEFT, /* id; its streams have gone before */
  VM_JANUS_EVENT_PARTICIPANT_TALKING, /* id, on */
  VM_JANUS_EVENT_STREAM_ADDED, /* id, stream */
  VM_JANUS_EVENT_STREAM_REMOVED, /* id, stream */
  VM_JANUS_EVENT_PUBLISHED, /* sdp: the answer; streams: with their codecs */
  VM_JANUS_EVENT_PUBLISH_FAILED, /* error: the offer was refused */
  VM_JANUS_EVENT_OFFER, /* of the subscription: sdp; streams: its m-lines, each
                           with feed and feed_mid; again: on the same connection
                         */
  VM_JANUS_EVENT_CONNECTION_LOST, /* role, error: its WebRTC connection is over.
                                     The publisher is to offer with a new one; a
                                     subscriber gets a new offer */
  VM_JANUS_EVENT_CONNECTED, /* role */
  VM_JANUS_EVENT_CANDIDATE, /* role, text; NULL: there are no more */
  VM_JANUS_EVENT_MEDIA, /* role, mid, on: the server gets media */
  VM_JANUS_EVENT_SLOW_LINK, /* role, mid, on: towards the server */
} VmJanusEventType;

typedef struct
{
  VmJanusEventType type;
  VmJanusRole role;
  gint64 id;
  gboolean on, again;
  gchar *text;
  gchar *mid;
  gint64 mline;
  gchar *sdp;
  VmJanusStream *stream;
  GPtrArray *streams; /* of VmJanusStream */
  GError *error;
} VmJanusEvent;

void vm_janus_event_free (VmJanusEvent *event);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJanusEvent, vm_janus_event_free)

/* Strings may be NULL but for what is said otherwise; no secret of them is ever
 * part of an event. */
typedef struct
{
  gint64 room;
  const gchar *display; /* this device's name in the room */
  const gchar *pin; /* of the room */
  const gchar *api_secret; /* of the server */
  const gchar *token; /* of the server, or of the room */
  gboolean create; /* makes the room if there is none */
  const gchar *room_secret; /* of the room that it makes */
  const gchar *admin_key; /* to make one, where the server asks for it */
  guint publishers; /* of that room, at most; 0: 10 */
  const gchar *const *codecs; /* to be received; NULL: opus, vp8, h264 */
} VmJanusClientConfig;

typedef struct _VmJanusClient VmJanusClient;

/* VM_ERROR_BAD_REQUEST: a secret is longer than VM_JANUS_SECRET_MAX. */
VmJanusClient *
vm_janus_client_new (const VmJanusClientConfig *config, GError **error);
void vm_janus_client_free (VmJanusClient *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJanusClient, vm_janus_client_free)

void vm_janus_client_start (VmJanusClient *self, gint64 now);
/* Says goodbye; CLOSED follows within VM_JANUS_LEAVE_TIME. */
void vm_janus_client_leave (VmJanusClient *self, gint64 now);

/* The WebSocket */

/* Whether a WebSocket is to be open, or opened; else it is to be closed. */
gboolean vm_janus_client_wants_socket (VmJanusClient *self);
void vm_janus_client_opened (VmJanusClient *self, gint64 now);
/* It is lost, or could not be opened: @error says why. Not for one that was
 * closed because it is not wanted. */
void
vm_janus_client_lost (VmJanusClient *self, const GError *error, gint64 now);
void vm_janus_client_receive (
    VmJanusClient *self, const gchar *text, gsize size, gint64 now);
/* The time of the next vm_janus_client_tick(); G_MAXINT64: none. */
gint64 vm_janus_client_get_wake (VmJanusClient *self);
void vm_janus_client_tick (VmJanusClient *self, gint64 now);
/* The next text to send, or event, until NULL. (transfer full) */
gchar *vm_janus_client_take_text (VmJanusClient *self);
VmJanusEvent *vm_janus_client_take_event (VmJanusClient *self);

VmJanusClientState vm_janus_client_get_state (VmJanusClient *self);
/* -1 before it has joined. */
gint64 vm_janus_client_get_own_id (VmJanusClient *self);

/* Publishing */

/* Offers what this device sends, on a new connection or, while it is published,
 * on the same. PUBLISHED or PUBLISH_FAILED follows. @descriptions: pairs of a
 * mid and what it is ("1", "camera", "2", "screen"), NULL-terminated; or NULL.
 * VM_ERROR_FAILED: it is not in the room, or waits for an answer. */
gboolean vm_janus_client_publish (VmJanusClient *self, const gchar *sdp,
    const gchar *const *descriptions, gint64 now, GError **error);
/* CONNECTION_LOST follows in any case, also where nothing was offered yet, or
 * the session is lost. */
void vm_janus_client_unpublish (VmJanusClient *self, gint64 now);
/* @candidate NULL: there are no more. */
void vm_janus_client_add_candidate (VmJanusClient *self, VmJanusRole role,
    const gchar *candidate, const gchar *mid, gint64 mline, gint64 now);

/* Subscribing */

/* A stream of the list to be received, or not any longer; what changes
 * meanwhile is one negotiation. One that leaves the list needs no call.
 * VM_ERROR_CODEC, VM_ERROR_NOT_FOUND, VM_ERROR_TOO_LARGE. */
gboolean vm_janus_client_want (VmJanusClient *self, gint64 feed,
    const gchar *mid, gint64 now, GError **error);
void vm_janus_client_drop (
    VmJanusClient *self, gint64 feed, const gchar *mid, gint64 now);
/* A key frame of a stream that is received; the caller spaces its calls. By
 * RTCP, a server up to 1.2 does not see what it is about. */
void vm_janus_client_ask_key_frame (
    VmJanusClient *self, gint64 feed, const gchar *mid, gint64 now);
/* The layers of a simulcast stream that is wanted, 0 (smallest) to 2. */
void vm_janus_client_choose_layers (VmJanusClient *self, gint64 feed,
    const gchar *mid, gint substream, gint temporal, gint64 now);
/* The answer to the last OFFER. */
void vm_janus_client_answer (VmJanusClient *self, const gchar *sdp, gint64 now);
/* Its connection has failed: begins with a new one. */
void vm_janus_client_renew_subscriber (
    VmJanusClient *self, const GError *error, gint64 now);
/* The m-line of the subscription that carries a stream, by its mid; NULL: none.
 */
const gchar *
vm_janus_client_find_mid (VmJanusClient *self, gint64 feed, const gchar *mid);

/* The list of the room, without this device: of VmJanusParticipant, in the
 * order in which they came. (transfer none) */
const GPtrArray *vm_janus_client_get_roster (VmJanusClient *self);
