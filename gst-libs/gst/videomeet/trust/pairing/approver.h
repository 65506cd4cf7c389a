/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/handshake.h"

/* The side that is asked for trust: all requests that wait at this device. See
 * handshake.h for the exchange. A request goes through
 *
 *   state      | reveal       prompt    approve   deny    proof        replace,
 *              |                                                       revoke
 *   COMMITTED  | WAITING, or                                           FAILED
 *              | FAILED (bad)
 *   WAITING    |              PROMPTED                                 FAILED
 *   PROMPTED   |                        APPROVED  DENIED               FAILED
 *   APPROVED   |                                          DONE, or     FAILED
 *              |                                          FAILED (bad)
 *   DENIED, DONE, FAILED: nothing more
 *
 * Any other event is refused and changes nothing. This side makes `prompt`: the
 * user sees one request at a time, the others wait in the order of their
 * reveals. `replace` is a newer request of the same device; `revoke` means that
 * trust in it was revoked while the request ran, whatever the user decided.
 * After VM_TRUST_REQUEST_TIME a request is gone, whatever its state; until then
 * it holds one of VM_TRUST_PENDING_MAX places, even if it failed: otherwise an
 * attacker between two devices could begin again until the digits happen to
 * agree. A request that the user has ended makes room; else a stranger's
 * request from the address with most makes room for a known caller, or for one
 * from an address with fewer. Nobody gains attempts by that, as attempts are
 * counted. */

typedef enum
{
  VM_APPROVER_COMMITTED, /* to be revealed */
  VM_APPROVER_WAITING, /* for its turn */
  VM_APPROVER_PROMPTED, /* for this user */
  VM_APPROVER_APPROVED, /* for the proof, and the other user */
  VM_APPROVER_DENIED,
  VM_APPROVER_DONE,
  VM_APPROVER_FAILED,
} VmApproverState;

typedef enum
{
  VM_APPROVER_EVENT_REVEAL,
  VM_APPROVER_EVENT_BAD_REVEAL,
  VM_APPROVER_EVENT_PROMPT,
  VM_APPROVER_EVENT_APPROVE,
  VM_APPROVER_EVENT_DENY,
  VM_APPROVER_EVENT_PROOF,
  VM_APPROVER_EVENT_BAD_PROOF,
  VM_APPROVER_EVENT_REPLACE,
  VM_APPROVER_EVENT_REVOKE,
} VmApproverEvent;
#define VM_APPROVER_N_STATES (VM_APPROVER_FAILED + 1)
#define VM_APPROVER_N_EVENTS (VM_APPROVER_EVENT_REVOKE + 1)

const gchar *vm_approver_state_to_string (VmApproverState state);
gboolean vm_approver_state_next (
    VmApproverState state, VmApproverEvent event, VmApproverState *next);

typedef struct _VmApprover VmApprover;

/* A request as callbacks see it; owned by the approver. */
typedef struct
{
  const gchar *request_id;
  const gchar *device_id; /* proven by TLS */
  const gchar *name; /* the device's own name: a label */
  const gchar *address;
  const gchar *digits; /* "" before the reveal */
  GBytes *spki;
} VmTrustPrompt;

/* None of these may free the approver or pass it a message or a tick; all may
 * approve and deny. */
typedef struct
{
  void (*random) (guint8 *bytes, gsize size, gpointer user_data);
  /* The user is to compare the digits, then vm_approver_approve() or
   * _deny(). */
  void (*prompt) (const VmTrustPrompt *prompt, gpointer user_data);
  /* A held GET for @request_id can be answered now. */
  void (*ready) (const gchar *request_id, gpointer user_data);
  /* The other device has proved its key: remember it. If that fails, the device
   * gets the error and no token. */
  gboolean (*established) (const VmTrustPrompt *peer, VmToken *given,
      gpointer user_data, GError **error);
  /* A request ended without trust, and not by this user: remove its prompt. */
  void (*failed) (
      const VmTrustPrompt *prompt, const GError *reason, gpointer user_data);
} VmApproverFuncs;

/* @name: this device's own name. */
VmApprover *vm_approver_new (VmIdentity *identity, const gchar *name,
    const VmApproverFuncs *funcs, gpointer user_data);
void vm_approver_free (VmApprover *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmApprover, vm_approver_free)
/* From the next request on. */
void vm_approver_set_name (VmApprover *self, const gchar *name);

/* The caller. */
typedef struct
{
  gint64 now;
  gint64 date;
  gint64 real_time; /* Unix µs: to find requests older than a revocation */
  const gchar *address; /* group; see vm_address_group() */
  gboolean known; /* its key is known */
  GBytes *spki; /* what TLS presented; NULL: nothing, or no P-256 key */
} VmTrustCaller;

typedef struct
{
  guint status; /* HTTP */
  gchar *body; /* JSON */
  gboolean hold; /* to be sent after VM_TRUST_POLL_TIME, unless ready() comes
                  * first: then ask again */
} VmTrustAnswer;
void vm_trust_answer_clear (VmTrustAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTrustAnswer, vm_trust_answer_clear)

/* The four requests; @data is any bytes, @answer all zero. */
void vm_approver_request (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer);
void vm_approver_reveal (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer);
void vm_approver_poll (VmApprover *self, const VmTrustCaller *caller,
    const gchar *request_id, VmTrustAnswer *answer);
void vm_approver_proof (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer);

/* The user's decision. VM_ERROR_NOT_FOUND: there is no such request;
 * VM_ERROR_BAD_REQUEST: it is not the prompted one, or there are no
 * permissions. */
gboolean vm_approver_approve (VmApprover *self, const gchar *request_id,
    VmPermissions permissions, GError **error);
gboolean
vm_approver_deny (VmApprover *self, const gchar *request_id, GError **error);

/* Trust in @device_id was revoked at @real_time, Unix µs: its requests up to
 * then fail. */
void
vm_approver_revoke (VmApprover *self, const gchar *device_id, gint64 real_time);

/* Drops requests that are too old; returns the time of the next call,
 * G_MAXINT64: only after the next message. */
gint64 vm_approver_tick (VmApprover *self, gint64 now);
guint vm_approver_count (VmApprover *self);
