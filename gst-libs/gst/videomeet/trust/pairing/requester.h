/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/handshake.h"

/* The side that asks one device for trust; handshake.h has the exchange. It
 * says what to send, is given the answers, and is told by its own user whether
 * the digits agree:
 *
 *   state       | answer             | confirm
 *   REQUESTING  | offer → REVEALING  |
 *   REVEALING   | pending → POLLING  | noted
 *   POLLING     | pending            | noted
 *               | challenge → PROVING if confirmed, else CHALLENGED
 *   CHALLENGED  |                    | → PROVING
 *   PROVING     | token → DONE       |
 *   DONE, FAILED: nothing more
 *
 * Every other answer, another key than at first, the user's denial, and
 * VM_TRUST_REQUEST_TIME lead to FAILED with the reason. Nothing is to be
 * remembered of the other device before DONE, which its user and this one have
 * both agreed to. */

typedef enum
{
  VM_REQUESTER_REQUESTING,
  VM_REQUESTER_REVEALING,
  VM_REQUESTER_POLLING,
  VM_REQUESTER_CHALLENGED, /* the other user has confirmed, this one not yet */
  VM_REQUESTER_PROVING,
  VM_REQUESTER_DONE,
  VM_REQUESTER_FAILED,
} VmRequesterState;

typedef enum
{
  VM_REQUESTER_EVENT_OFFER,
  VM_REQUESTER_EVENT_PENDING,
  VM_REQUESTER_EVENT_CHALLENGE,
  VM_REQUESTER_EVENT_CHALLENGE_CONFIRMED, /* a challenge, confirmed before */
  VM_REQUESTER_EVENT_CONFIRM,
  VM_REQUESTER_EVENT_TOKEN,
  VM_REQUESTER_EVENT_FAIL,
} VmRequesterEvent;
#define VM_REQUESTER_N_STATES (VM_REQUESTER_FAILED + 1)
#define VM_REQUESTER_N_EVENTS (VM_REQUESTER_EVENT_FAIL + 1)

const gchar *vm_requester_state_to_string (VmRequesterState state);
gboolean vm_requester_state_next (
    VmRequesterState state, VmRequesterEvent event, VmRequesterState *next);

typedef struct _VmRequester VmRequester;

/* @name: what this device says it is called; @device_id: that of the other, or
 * NULL for whoever answers; @nonce: random, used for nothing else. */
VmRequester *vm_requester_new (VmIdentity *identity, const gchar *name,
    const gchar *device_id, const guint8 nonce[VM_TRUST_NONCE_SIZE],
    gint64 now);
void vm_requester_free (VmRequester *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRequester, vm_requester_free)

VmRequesterState vm_requester_get_state (VmRequester *self);
/* What both users compare; NULL before they are known. */
const gchar *vm_requester_get_digits (VmRequester *self);
/* Why it FAILED; else NULL. */
const GError *vm_requester_get_error (VmRequester *self);

typedef struct
{
  gboolean post; /* else GET */
  gchar *path;
  gchar *body; /* of a POST; JSON */
} VmTrustCall;
void vm_trust_call_clear (VmTrustCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTrustCall, vm_trust_call_clear)

/* What to send now; @call all zero. FALSE: nothing, while the last call is not
 * answered, or this user has not answered, or before @when (monotonic µs,
 * G_MAXINT64: nothing will come by itself). Lets go of what is too old. */
gboolean vm_requester_next (
    VmRequester *self, gint64 now, VmTrustCall *call, gint64 *when);
/* Its answer: any bytes; @spki: what TLS presented, NULL: no P-256 key. */
void vm_requester_answer (VmRequester *self, gint64 now, gint64 date,
    GBytes *spki, guint status, const gchar *data, gsize size);
/* There is none: a GET is sent again, anything else has failed. */
void
vm_requester_unanswered (VmRequester *self, gint64 now, const GError *reason);

/* The user's word. VM_ERROR_BAD_REQUEST: there is nothing to confirm (yet, any
 * more, or again). */
gboolean vm_requester_confirm (VmRequester *self, GError **error);
void vm_requester_deny (VmRequester *self);

/* What is to be remembered; the requester's. */
typedef struct
{
  const gchar *device_id;
  const gchar *name; /* what it says it is called, or NULL */
  GBytes *spki;
  VmToken *token; /* for this device, verified */
} VmTrustResult;

/* FALSE unless DONE. */
gboolean vm_requester_get_result (VmRequester *self, VmTrustResult *result);
