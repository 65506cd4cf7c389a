/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/token.h"
#include <gst/videomeet/vmtrustfacts.h>

G_BEGIN_DECLS

/* Decides whether a device may do something, from the facts about it
 * (security.md#policies). Pure. */

/* A device without a token has these under `open` and `pin`. */
#define VM_POLICY_PERMISSIONS \
  (VM_PERMISSIONS_CALL | VM_PERMISSIONS_FILE | VM_PERMISSIONS_FOLDER)

typedef struct
{
  gboolean accepted;
  VmTrustLevel level; /* the level shown, accepted or not */
  VmPermissions permissions; /* its current permissions; none when refused */
  const gchar *voucher; /* the voucher if level is vouched; owned by the facts
                         */
} VmTrustDecision;

/* @permission: those that it must have, all of them; none: what it may do is
 * asked by the caller.
 * @now: Unix seconds.
 * @decision: (out) (nullable): filled in either case.
 * Errors: VM_ERROR_NOT_TRUSTED, VM_ERROR_KEY_CHANGED, in words for people.
 * Returns: whether it is accepted */
gboolean vm_trust_decide (VmPolicy policy, const VmTrustFacts *facts,
    VmPermissions permission, gint64 now, VmTrustDecision *decision,
    GError **error);

/* Sets VM_ERROR_KEY_CHANGED: another device, changed_id of @facts, is known by
 * this one's names. @facts have that device's names as well.
 * Returns: FALSE */
gboolean vm_trust_refuse_changed (const VmTrustFacts *facts, GError **error);

/* Sets VM_ERROR_NOT_TRUSTED: it is not known who @damaged_id was. Returns:
 * FALSE
 */
gboolean vm_trust_refuse_damaged (
    const gchar *name, const gchar *damaged_id, GError **error);

/* The device's name for people: its user's name, else its id. */
const gchar *vm_trust_name_of (const VmTrustFacts *facts);

/* The level to show for a participant that joined as @was and is @now: joining
 * alone does not make an unknown device a known one. */
VmTrustLevel vm_trust_level_meanwhile (VmTrustLevel was, VmTrustLevel now);

/* Adds to @facts the permissions of a token that came with a message and is not
 * in the store: an introducer's, or a guest's for @meeting_id. @issuer: the
 * store's facts about token->issuer_id, which is this device itself, or one
 * with VM_PERMISSIONS_INTRODUCER. An introducer can pass on only its own
 * permissions, and never that to introduce. @meeting_id may be NULL: then a
 * guest's token is refused. Errors: VM_ERROR_NOT_TRUSTED, VM_ERROR_WRONG_KEY;
 * @facts are then unchanged.
 */
gboolean vm_trust_facts_add_token (VmTrustFacts *facts, VmToken *token,
    const VmTrustFacts *issuer, const gchar *meeting_id, gint64 now,
    GError **error);

G_END_DECLS
