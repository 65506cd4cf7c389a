/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

G_BEGIN_DECLS

/* Invitations that let a browser in as a guest under the policy `require`
 * (security.md#pairing): random text for the fragment of a link, valid for one
 * meeting, once, and for a limited time. Only hashes are kept. Every refusal
 * has the same message, whatever the reason. Sans-I/O: @now is monotonic, in
 * microseconds; one thread at a time. */

#define VM_INVITATION_BYTES 32 /* of randomness */
/* characters: base64url of them, no padding */
#define VM_INVITATION_LENGTH 43
#define VM_INVITATIONS_MAX 64 /* neither used nor expired, of all meetings */
#define VM_INVITATION_LIFETIME_MAX (G_TIME_SPAN_DAY) /* µs */

typedef struct _VmInvitations VmInvitations;

/* Fills @bytes with unguessable random bytes. */
typedef void (*VmInvitationRandom) (
    guint8 *bytes, gsize size, gpointer user_data);

VmInvitations *
vm_invitations_new (VmInvitationRandom random, gpointer user_data);
void vm_invitations_free (VmInvitations *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmInvitations, vm_invitations_free)

/* VM_ERROR_RATE_LIMITED when VM_INVITATIONS_MAX are open, VM_ERROR_BAD_REQUEST
 * when @lifetime is not within 1 and VM_INVITATION_LIFETIME_MAX.
 * Returns: (transfer full) (nullable): the words, VM_INVITATION_LENGTH
 * characters */
gchar *vm_invitations_make (VmInvitations *self, const gchar *meeting_id,
    gint64 lifetime, gint64 now, GError **error);

/* Uses up @text if it is valid for that meeting: the caller may issue a guest
 * token. Otherwise VM_ERROR_NOT_TRUSTED. Takes the same time for any text of
 * the right length. */
gboolean vm_invitations_redeem (VmInvitations *self, const gchar *text,
    const gchar *meeting_id, gint64 now, GError **error);

/* The meeting is over. */
void vm_invitations_withdraw (VmInvitations *self, const gchar *meeting_id);

/* How many are open at @now. */
guint vm_invitations_count (VmInvitations *self, gint64 now);

G_END_DECLS
