/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json/json.h"
#include "wire/signal.h"

/* The messages of a Janus server and of its videoroom plugin, for a client
 * (protocol/janus.md). Sans-I/O: pure, any thread.
 *
 * What the server alone writes is held to its form: anything else is
 * VM_ERROR_BAD_MESSAGE. What other participants write reaches every client of
 * the room as it is, and must not end their meeting: names are cleaned, and a
 * stream that cannot be named is left out. */

#define VM_JANUS_PROTOCOL "janus-protocol" /* subprotocol of the WebSocket */

/* Limits; what exceeds them is BAD_MESSAGE unless stated otherwise. */
#define VM_JANUS_ID_MAX VM_SIGNAL_INT_MAX /* session, handle, room, feed */
#define VM_JANUS_PARTICIPANTS_MAX 128 /* of one message; TOO_LARGE */
/* Of one participant; further ones are left out. */
#define VM_JANUS_STREAMS_MAX 16
/* m-lines of a subscription; none is ever removed. */
#define VM_JANUS_SLOTS_MAX 64
#define VM_JANUS_MID_MAX                              \
  32 /* bytes; a stream with a longer one is left out \
      */
#define VM_JANUS_CODEC_MAX 16 /* bytes; a longer one counts as unknown */
#define VM_JANUS_TEXT_MAX 256 /* bytes of an error's text; the rest is cut */
#define VM_JANUS_TRANSACTION_MAX 32
/* PIN, secrets and tokens that this device shows. */
#define VM_JANUS_SECRET_MAX 1024

typedef enum
{
  VM_JANUS_ACK,
  VM_JANUS_SUCCESS,
  VM_JANUS_ERROR,
  VM_JANUS_EVENT,
  VM_JANUS_WEBRTCUP,
  VM_JANUS_MEDIA,
  VM_JANUS_SLOWLINK,
  VM_JANUS_HANGUP,
  VM_JANUS_DETACHED,
  VM_JANUS_TIMEOUT,
  VM_JANUS_TRICKLE,
  VM_JANUS_OTHER, /* of a newer server */
} VmJanusType;

/* What the videoroom says in a message. */
typedef enum
{
  VM_JANUS_ROOM_NOTHING, /* it is not of the videoroom */
  VM_JANUS_ROOM_SUCCESS,
  VM_JANUS_ROOM_CREATED,
  VM_JANUS_ROOM_JOINED,
  VM_JANUS_ROOM_PARTICIPANTS,
  VM_JANUS_ROOM_ATTACHED,
  VM_JANUS_ROOM_UPDATED,
  VM_JANUS_ROOM_UPDATING, /* an offer follows when the last is answered */
  VM_JANUS_ROOM_EVENT,
  VM_JANUS_ROOM_DESTROYED,
  VM_JANUS_ROOM_TALKING,
  VM_JANUS_ROOM_STOPPED_TALKING,
  VM_JANUS_ROOM_OTHER,
} VmJanusRoomType;

typedef enum
{
  VM_JANUS_KIND_AUDIO,
  VM_JANUS_KIND_VIDEO,
  VM_JANUS_KIND_DATA,
} VmJanusKind;

/* A stream that a participant publishes, or (with @feed) an m-line of this
 * device's subscription. */
typedef struct
{
  VmJanusKind kind;
  gchar *mid;
  gchar *codec; /* "vp8", "opus"; NULL: none, or unknown */
  gchar *description; /* "camera"; NULL: none */
  gboolean disabled;
  gboolean simulcast; /* or SVC: the receiver chooses the layer */

  gint64 feed; /* the participant; -1: none */
  gchar *feed_mid; /* its stream; or NULL */
  gchar *feed_display; /* its name; or NULL */
} VmJanusStream;

typedef struct
{
  gint64 id;
  gchar *display; /* its name, a label; NULL: it has none */
  GPtrArray *streams; /* of VmJanusStream; NULL: not said */
  gboolean publishes;
} VmJanusParticipant;

#define VM_JANUS_NOBODY (-1)
#define VM_JANUS_SELF 0 /* "ok" in place of an id */

typedef struct
{
  VmJanusType type;
  gchar *transaction; /* or NULL */
  gint64 session; /* -1: not said, as all ids */
  gint64 sender; /* handle */
  gint64 id; /* of a new session or handle */
  gint64 code; /* of an error, the server's or the videoroom's; 0: none */
  gchar *text; /* of the error; or why something ended */

  gchar *candidate; /* of trickle; NULL: the last has come */
  gchar *sdp_mid;
  gint64 sdp_mline_index;

  gchar *mid; /* of media and slowlink; or NULL */
  gboolean receiving; /* of media, seen from the server */
  gboolean uplink; /* of slowlink, likewise */

  gchar *sdp; /* of jsep; or NULL */
  gboolean is_offer;

  VmJanusRoomType room_type;
  gint64 room;
  gint64 own; /* the id of this device in `joined`, of one who talks */
  gint64 private_id;
  gchar *description; /* of the room */
  gint64 leaving, unpublished, kicked; /* an id, SELF or NOBODY */
  gchar *renamed; /* the new name of @own; or NULL */
  gboolean was_kicked; /* the reason for which this device is leaving */
  gboolean configured, started;
  GPtrArray *participants; /* publishers and attendees; never NULL */
  GPtrArray *streams; /* of own streams, or of m-lines; NULL: not said */
} VmJanusMessage;

/* VM_ERROR_BAD_MESSAGE, VM_ERROR_TOO_LARGE. */
VmJanusMessage *
vm_janus_message_read (const gchar *data, gsize size, GError **error);
void vm_janus_message_free (VmJanusMessage *message);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJanusMessage, vm_janus_message_free)

VmJanusStream *vm_janus_stream_copy (const VmJanusStream *stream);
void vm_janus_stream_free (VmJanusStream *stream);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJanusStream, vm_janus_stream_free)
void vm_janus_participant_free (VmJanusParticipant *participant);

/* januserror.c */

/* Janus's name of a code of the server or of the videoroom, "NO_SUCH_ROOM";
 * "UNKNOWN_CODE" for any other. */
const gchar *vm_janus_code_to_name (gint64 code);
/* Codes of the server and of the videoroom that a client acts on. */
#define VM_JANUS_SESSION_NOT_FOUND 458
#define VM_JANUS_HANDLE_NOT_FOUND 459
#define VM_JANUS_ALREADY_JOINED 425
#define VM_JANUS_ALREADY_PUBLISHED 434
#define VM_JANUS_NOT_PUBLISHED 435
#define VM_JANUS_NO_SUCH_ROOM 426
#define VM_JANUS_ROOM_EXISTS 427
#define VM_JANUS_NO_SUCH_FEED 428
#define VM_JANUS_INVALID_SDP 437
/* The error of a message, with name and code; NULL when it has none. */
GError *vm_janus_message_get_error (const VmJanusMessage *message);

/* janusuri.c */

/* Whether the scheme of @uri says that it is at a Janus; NULL is not. */
gboolean vm_janus_is_uri (const gchar *uri);
/* "janus+ws://host:port/path/4711": the room is the last part of the path.
 * @socket: "ws://host:port/path". VM_ERROR_BAD_REQUEST: it is no such address,
 * or carries a secret, which belongs into a property or a file. */
gboolean vm_janus_uri_parse (
    const gchar *uri, gchar **socket, gint64 *room, GError **error);
/* "janus+ws://host:port/path", of a server, without a room. */
gboolean vm_janus_server_uri_parse (const gchar *uri, gchar **host,
    guint16 *port, gchar **path, GError **error);
