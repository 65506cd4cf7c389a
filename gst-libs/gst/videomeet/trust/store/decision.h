/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtrustfacts.h>

G_BEGIN_DECLS

/* Whether a device may do something, from what is known of it
 * (security.md#policies). Pure. */

/* Without a token these are had under `open` and `pin`. */
#define VM_POLICY_PERMISSIONS \
  (VM_PERMISSIONS_CALL | VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER)

typedef struct
{
  gboolean accepted;
  VmTrustLevel level; /* how it is shown, accepted or not */
  VmPermissions permissions; /* all that it may do now; none when refused */
  const gchar *voucher; /* belongs to the facts: by whom, if level is vouched */
} VmTrustDecision;

/* @permission: one or more, all of which it must have.
 * @now: Unix seconds.
 * @decision: (out) (nullable): filled in either case.
 * Errors: VM_ERROR_NOT_TRUSTED, VM_ERROR_KEY_CHANGED, in words for people.
 * Returns: whether it is accepted */
gboolean vm_trust_decide (VmPolicy policy, const VmTrustFacts *facts,
    VmPermissions permission, gint64 now, VmTrustDecision *decision,
    GError **error);

/* Sets VM_ERROR_KEY_CHANGED: another device, changed_id of @facts, is known by
 * the names that this one goes by. @facts have that one's names as well.
 * Returns: FALSE */
gboolean vm_trust_refuse_changed (const VmTrustFacts *facts, GError **error);

/* What people know the device by: its user's name, else its id. */
const gchar *vm_trust_name_of (const VmTrustFacts *facts);

/* How somebody is shown in a meeting that came as @was and is @now: who was not
 * known at its coming is not known for having come. */
VmTrustLevel vm_trust_level_meanwhile (VmTrustLevel was, VmTrustLevel now);

/* Adds to @facts what a token says of that device, that came with a message and
 * is not in the store: vouched for by another, or a guest's of @meeting_id.
 * @issuer is what the store knows of token->issuer_id; this device itself, or
 * one with VM_PERMISSIONS_INTRODUCER. What is vouched for is at most what the
 * introducer may do itself, and never to introduce. @meeting_id may be NULL
 * when there is none: then no guest's token is good. Errors:
 * VM_ERROR_NOT_TRUSTED, VM_ERROR_WRONG_KEY; @facts are then unchanged.
 */
gboolean vm_trust_facts_add_token (VmTrustFacts *facts, VmToken *token,
    const VmTrustFacts *issuer, const gchar *meeting_id, gint64 now,
    GError **error);

G_END_DECLS
