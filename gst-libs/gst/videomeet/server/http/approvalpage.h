/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/invitation.h"

G_BEGIN_DECLS

/* The page in which the user of this device answers trust requests
 * (security.md#pairing): opened by a single-use secret from the launcher. The
 * page opened last gets the questions, one at a time. Sans-I/O: @now is
 * monotonic, in µs; one thread at a time. */

/* until an unused secret expires */
#define VM_APPROVAL_SECRET_TIME (10 * G_TIME_SPAN_MINUTE)
#define VM_APPROVAL_SESSION_BYTES 32 /* of randomness */
#define VM_APPROVAL_SESSION_LENGTH 43 /* characters: base64url of them */

typedef struct _VmApprovalPage VmApprovalPage;

VmApprovalPage *
vm_approval_page_new (VmInvitationRandom random, gpointer user_data);
void vm_approval_page_free (VmApprovalPage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmApprovalPage, vm_approval_page_free)

/* Makes a new secret; the old one becomes invalid. Returns: (transfer full):
 * VM_INVITATION_LENGTH characters */
gchar *vm_approval_page_make_secret (VmApprovalPage *self, gint64 now);
/* Uses up @secret for a session, which ends the one before. After wrong ones a
 * @group must wait longer and longer, as after wrong PINs: RATE_LIMITED;
 * NOT_TRUSTED: it is wrong, used, or too old. Returns: (transfer full):
 * VM_APPROVAL_SESSION_LENGTH characters */
gchar *vm_approval_page_open (VmApprovalPage *self, const gchar *secret,
    const gchar *group, gint64 now, GError **error);
/* NOT_TRUSTED: it is not the current session. Takes the same time for any text.
 */
gboolean vm_approval_page_check (
    VmApprovalPage *self, const gchar *session, GError **error);

/* Sets the question for the user, in place of the last one. */
void vm_approval_page_ask (VmApprovalPage *self, const gchar *request_id,
    const gchar *device_id, const gchar *name, const gchar *digits);
/* Removes the question, if it is still that one. */
void vm_approval_page_withdraw (VmApprovalPage *self, const gchar *request_id);
/* {"question":null}, or with requestId, deviceId, name, digits. */
GBytes *vm_approval_page_describe (const VmApprovalPage *self);
/* Whether that question is the current one; removes it. NOT_FOUND. */
gboolean vm_approval_page_answer (
    VmApprovalPage *self, const gchar *request_id, GError **error);

G_END_DECLS
