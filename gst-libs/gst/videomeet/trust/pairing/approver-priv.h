/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/approver.h"
#include "trust/pairing/attempts.h"

/* Shared by approver.c (waiting requests, the user, time) and
 * approvermessages.c (the four requests). */

typedef struct
{
  gchar *id;
  VmApproverState state;
  gint64 came; /* Unix µs */
  gint64 expires;
  gchar *device_id;
  gchar *name;
  gchar *address;
  gboolean known; /* see VmTrustCaller */
  GBytes *spki;
  guint8 commit[VM_SHA256_SIZE];
  guint8 own_nonce[VM_TRUST_NONCE_SIZE];
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  guint8 challenge[VM_TRUST_NONCE_SIZE];
  guint8 signature[VM_SIGNATURE_SIZE];
  gchar digits[VM_SAS_DIGITS + 1];
  VmPermissions permissions;
  guint64 turn; /* the order of reveals */
} VmApproverRequest;

struct _VmApprover
{
  VmIdentity *identity;
  gchar *name;
  VmApproverFuncs funcs;
  gpointer user_data;
  VmTrustAttempts *attempts;
  GPtrArray *requests; /* VmApproverRequest, oldest first; no more than
                        * VM_TRUST_PENDING_MAX */
  guint64 turns;
};

/* Whether @event was one; the one place where a state changes. */
gboolean vm_approver_step (VmApproverRequest *request, VmApproverEvent event);
/* NULL with VM_ERROR_NOT_FOUND. */
VmApproverRequest *
vm_approver_find (VmApprover *self, const gchar *id, GError **error);
/* The request as callbacks see it. */
VmTrustPrompt vm_approver_prompt_of (const VmApproverRequest *request);
/* The exchange that both sides sign. */
VmTrustExchange
vm_approver_exchange_of (VmApprover *self, const VmApproverRequest *request);
void vm_approver_tell_failed (
    VmApprover *self, const VmApproverRequest *request, const GError *reason);
/* Removes the request before its time. */
void vm_approver_evict (VmApprover *self, VmApproverRequest *request);
/* Prompts the user with the next waiting request, when none is prompted. */
void vm_approver_prompt_next (VmApprover *self);
