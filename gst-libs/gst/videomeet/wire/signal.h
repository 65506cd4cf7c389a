/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include <gst/videomeet/vmerror.h>
#include "base/json/json.h"
#include "wire/iceservers.h"

/* The server's one model of a signalling message; a VmDialect translates to and
 * from it (protocol/README.md#words). A string that is only relayed (sdp,
 * candidate, candidates, identity) is kept as the raw JSON span it came in, so
 * that it leaves byte for byte. */

typedef enum
{
  VM_SIGNAL_HELLO,
  VM_SIGNAL_WELCOME,
  VM_SIGNAL_PARTICIPANT_JOINED,
  VM_SIGNAL_PARTICIPANT_LEFT,
  VM_SIGNAL_PARTICIPANT_STATE,
  VM_SIGNAL_MEETING_STATE,
  VM_SIGNAL_OFFER,
  VM_SIGNAL_ANSWER,
  VM_SIGNAL_CANDIDATE,
  VM_SIGNAL_RESTART,
  VM_SIGNAL_CHAT,
  VM_SIGNAL_PRESENCE,
  VM_SIGNAL_HAND,
  VM_SIGNAL_MUTE_REQUEST,
  VM_SIGNAL_KICK,
  VM_SIGNAL_UNBAN,
  VM_SIGNAL_LOCK,
  VM_SIGNAL_BYE,
  VM_SIGNAL_ERROR,
  VM_SIGNAL_ACK,
  VM_SIGNAL_ICE_SERVERS,
  VM_SIGNAL_SFU,
  VM_SIGNAL_SFU_HEARD,
  VM_SIGNAL_SFU_PAIR,
  VM_SIGNAL_REACTION,
  VM_SIGNAL_N_TYPES
} VmSignalType;

/* Limits (security.md#limits); beyond them VM_ERROR_BAD_MESSAGE. Bytes of the
 * text itself, not of its JSON. */
#define VM_SIGNAL_SDP_MAX (64 * 1024)
#define VM_SIGNAL_CHAT_MAX 4096
#define VM_SIGNAL_REACTION_MAX 8 /* a sign; a heart with its variant has 6 */
#define VM_SIGNAL_TIME_MAX 40 /* ISO 8601 with microseconds has 27 */
#define VM_SIGNAL_NAME_MAX 128 /* user, device, meeting, status, reason */
#define VM_SIGNAL_MESSAGE_MAX 512 /* of an error */
#define VM_SIGNAL_CANDIDATE_MAX 2048 /* Chromium's are below 300 */
#define VM_SIGNAL_SESSION_MAX 64 /* a uuid has 36 */
#define VM_SIGNAL_NONCE_MAX 64 /* base64 of 16 bytes has 24 */
#define VM_SIGNAL_ID_MAX 64 /* participant, meeting; anything elsewhere */
#define VM_SIGNAL_TOKEN_MAX 64 /* base64url of 32 bytes has 43 */
#define VM_SIGNAL_PATH_MAX 128 /* "/sfu?ticket=" and a token */
#define VM_SIGNAL_TOKEN_PEM_MAX 4096 /* as VM_TOKEN_PEM_MAX; some take 900 */
#define VM_SIGNAL_ROSTER_MAX 128 /* participants of one message */
#define VM_SIGNAL_REVOKED_MAX 128 /* devices of one message */
#define VM_SIGNAL_BARRED_MAX 128 /* bars of one message */
#define VM_SIGNAL_SIGNATURE_MAX 88 /* base64 of 64 bytes */
/* JavaScript's */
#define VM_SIGNAL_INT_MAX ((G_GINT64_CONSTANT (1) << 53) - 1)

/* A participant of a meeting, as hello (nonce, device, callType of the sender),
 * participant-joined and welcome describe it. */
typedef struct
{
  gchar *id;
  gchar *alias; /* what clients named at connecting call it; NULL: its id */
  gchar *user;
  gchar *device;
  gchar *device_id;
  gchar *nonce;
  gchar *state;
  gchar *trust; /* how well it is known, see vm_trust_level_to_wire() */
  gchar *token; /* PEM: given to it by the device that vouches for it, or NULL
                 */
  gchar *voucher; /* name of the voucher, if it is vouched for, or NULL */
  /* who passes its media on (protocol/bridge.md#bridge), or NULL, as the two
   * that follow */
  gchar *via; /* id of the participant that does */
  gchar *origin; /* where it really is: "cloud" */
  gchar *origin_id; /* what it is called there */
  VmCallType call_type;
  gboolean host;
  GError *refused; /* not on the wire: why this device refuses it */
  gchar
      *address; /* not on the wire: at which this device reaches it, or NULL */
} VmSignalParticipant;

/* A participant that the host has removed, and that is kept out: by its key,
 * and strangers from its address. */
typedef struct
{
  gchar *id; /* that it had; `unban` names it */
  gchar *device_id; /* of its key, or NULL */
  gchar *address; /* or NULL */
  gint64 seconds; /* for which @address is still kept out */
} VmSignalBar;

VmSignalBar *vm_signal_bar_new (const gchar *id, const gchar *device_id,
    const gchar *address, gint64 seconds);
void vm_signal_bar_free (gpointer bar);

/* A message. Reference-counted; its creator may write it, until a second party
 * has it. Which fields a type has: native.c. Spans point into @bytes or @owned.
 * Strings are NULL, spans empty and numbers -1 when absent. */
typedef struct _VmSignal VmSignal;
struct _VmSignal
{
  VmSignalType type;
  gint64 seq;
  gint64 ack;
  gchar *from;
  gchar *to; /* NULL: everybody */

  VmSpan sdp;
  VmSpan candidates;
  VmSpan identity;
  VmSpan candidate; /* "" = end of candidates */
  VmSpan object; /* a browser's, that held sdp or candidate */
  VmSpan sdp_mid;
  VmSpan session;
  gint64 sdp_mline_index;
  gint64 generation;

  /* the subject of welcome, participant-left and -state; of chat, a uuid, which
   * an ack on a data channel names */
  gchar *id;
  gchar *state;
  /* of participant-state, when its level has changed; as in VmSignalParticipant
   */
  gchar *trust, *token, *voucher;
  gchar *code;
  gchar *message;
  gint64 in_reply_to; /* seq of the message an error is about */

  gchar *meeting;
  gchar *meeting_id;
  gchar *host; /* of a room without a host: NULL */
  gchar *moderator; /* a participant with the rights of a host, or NULL */
  gint64 epoch;
  gchar **roster;
  gchar **revoked; /* device ids */
  VmIceGrant ice; /* of ice-servers, and of welcome where no join's answer has
                   * listed them */
  GPtrArray *barred; /* of VmSignalBar; NULL: none, or not told */
  gint64 count; /* of the states of an epoch, from 1 */
  gchar *signature; /* base64; see trust/keys/statesignature.h */
  gchar *barred_signature; /* of @barred, likewise */
  gboolean locked;
  gint64 max_participants;

  gchar *resume; /* token: of welcome the next, of hello the last */
  gint64 last_seq; /* of hello: the last that the client received */
  gboolean resumed; /* of welcome: the seat is the same as before */

  gchar *reason;
  gchar *nonce;
  gchar *text;
  gchar *time; /* of chat */
  /* of chat: for @to alone; of a meeting: it has a PIN */
  gboolean confidential;
  gchar *status;
  gchar
      *bridge; /* of presence: "no", "able" or "chosen" (protocol/bridge.md) */
  /* whether it is sent, or is to be muted; -1 when not given */
  gint audio;
  gint video;
  gboolean raised;
  gchar *reaction; /* a sign, as "👍" */

  /* protocol/cloud.md */
  gboolean takes_sfu; /* of hello */
  gint active; /* of sfu and sfu-pair; -1 when not given */
  gchar *path; /* of sfu: of the WebSocket, with its ticket */
  gint64 sfu_room; /* of sfu: number at the SFU */
  gchar **with; /* of sfu: ids of those who come by it; NULL: all */
  gboolean heard; /* of sfu-heard */

  GPtrArray *participants; /* of VmSignalParticipant; never NULL */

  GBytes *bytes;
  GPtrArray *owned;
};

VmSignal *vm_signal_new (VmSignalType type);
VmSignal *vm_signal_ref (const VmSignal *signal);
void vm_signal_unref (VmSignal *signal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSignal, vm_signal_unref)

/* An `error` message of @error; @in_reply_to: seq of what it answers, or -1. */
VmSignal *vm_signal_new_error (const GError *error, gint64 in_reply_to);
/* The error of an `error` or a `participant-left`; NULL when it has no code. */
GError *vm_signal_get_error (const VmSignal *signal);

/* Makes @span, a field of @signal, the JSON string of @text. */
void vm_signal_set_text (VmSignal *signal, VmSpan *span, const gchar *text);
/* Sets @json, which it takes over, as the object that a browser would send. */
void vm_signal_take_object (VmSignal *signal, GString *json);
/* The array of candidates, likewise. */
void vm_signal_take_candidates (VmSignal *signal, GString *json);

/* Another participant of @signal, which owns it; all empty. */
VmSignalParticipant *vm_signal_add_participant (VmSignal *signal);
void vm_signal_participant_free (gpointer participant);

/* "trusted", "vouched", "known", "unknown" or "guest". Any other word, or NULL,
 * is unknown: a newer host may have more words. */
const gchar *vm_trust_level_to_wire (VmTrustLevel level);
VmTrustLevel vm_trust_level_from_wire (const gchar *word);

const gchar *vm_signal_type_to_string (VmSignalType type);
gboolean vm_signal_type_from_string (const gchar *name, VmSignalType *type);
