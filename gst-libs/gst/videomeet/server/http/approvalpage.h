/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/invitation.h"

G_BEGIN_DECLS

/* The page in which the user of this device answers who asks for trust
 * (security.md#pairing): opened by a secret that only the launcher has to
 * hand out, once. The page that was opened last is the one that is asked;
 * one question at a time. Sans-I/O: @now is monotonic, in µs; one thread at
 * a time. */

/* unused, it dies */
#define VM_APPROVAL_SECRET_TIME (10 * G_TIME_SPAN_MINUTE)
#define VM_APPROVAL_SESSION_BYTES 32 /* of randomness */
#define VM_APPROVAL_SESSION_LENGTH 43 /* characters: base64url of them */

typedef struct _VmApprovalPage VmApprovalPage;

VmApprovalPage *
vm_approval_page_new (VmInvitationRandom random, gpointer user_data);
void vm_approval_page_free (VmApprovalPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmApprovalPage, vm_approval_page_free)

/* Another secret; the one before is good no longer. Returns: (transfer full):
 * VM_INVITATION_LENGTH characters */
gchar *vm_approval_page_make_secret (VmApprovalPage *self, gint64 now);
/* Uses @secret up for a session, which ends the one before. Wrong ones of one
 * @group are waited for longer and longer, as wrong PINs are: RATE_LIMITED;
 * NOT_TRUSTED: it is wrong, used, or too old.
 * Returns: (transfer full): VM_APPROVAL_SESSION_LENGTH characters */
gchar *vm_approval_page_open (VmApprovalPage *self, const gchar *secret,
    const gchar *group, gint64 now, GError **error);
/* NOT_TRUSTED: it is another. Takes as long for any text. */
gboolean vm_approval_page_check (
    VmApprovalPage *self, const gchar *session, GError **error);

/* The question that is before the user; the one before is over. */
void vm_approval_page_ask (VmApprovalPage *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits);
/* It is over, if it is still that one. */
void vm_approval_page_withdraw (VmApprovalPage *self, const gchar *request_id);
/* {"question":null}, or with requestId, deviceId, name, digits. */
GBytes *vm_approval_page_describe (const VmApprovalPage *self);
/* Whether that one is before the user: it is no longer then. NOT_FOUND. */
gboolean vm_approval_page_answer (
    VmApprovalPage *self, const gchar *request_id, GError **error);

G_END_DECLS
