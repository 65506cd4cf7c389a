/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/handshake.h"

/* The side that asks one device for trust; see handshake.h for the exchange. It
 * returns the calls to send, takes the answers, and takes its own user's
 * decision on the digits:
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
 * VM_TRUST_REQUEST_TIME lead to FAILED with the reason. Store nothing about the
 * other device before DONE, when both users have agreed. */

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

/* @name: this device's own name; @device_id: the other device's, or NULL for
 * any; @nonce: random, used only once. */
VmRequester *vm_requester_new (VmIdentity *identity, const gchar *name,
    const gchar *device_id, const guint8 nonce[VM_TRUST_NONCE_SIZE],
    gint64 now);
void vm_requester_free (VmRequester *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmRequester, vm_requester_free)

VmRequesterState vm_requester_get_state (VmRequester *self);
/* The digits that both users compare; NULL before they are known. */
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

/* The call to send now; @call all zero. FALSE: none while the last call or this
 * user has not answered, or before @when (monotonic µs, G_MAXINT64: only after
 * an event). Ends an attempt that is too old. */
gboolean vm_requester_next (
    VmRequester *self, gint64 now, VmTrustCall *call, gint64 *when);
/* The call's answer: any bytes; @spki: the key that TLS presented, NULL: no
 * P-256 key. */
void vm_requester_answer (VmRequester *self, gint64 now, gint64 date,
    GBytes *spki, guint status, const gchar *data, gsize size);
/* The call got no answer: a GET is sent again, any other call has failed. */
void
vm_requester_unanswered (VmRequester *self, gint64 now, const GError *reason);

/* The user's decision. VM_ERROR_BAD_REQUEST: there is nothing to confirm now.
 */
gboolean vm_requester_confirm (VmRequester *self, GError **error);
void vm_requester_deny (VmRequester *self);

/* The data to store; owned by the requester. */
typedef struct
{
  const gchar *device_id;
  const gchar *name; /* the other device's own name, or NULL */
  GBytes *spki;
  VmToken *token; /* for this device, verified */
} VmTrustResult;

/* FALSE unless DONE. */
gboolean vm_requester_get_result (VmRequester *self, VmTrustResult *result);
