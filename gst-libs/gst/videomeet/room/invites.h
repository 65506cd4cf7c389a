/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/token/invitation.h"
#include "trust/token/token.h"

G_BEGIN_DECLS

/* Admits a browser as a guest under `require` (protocol/trust.md#invitations):
 * the browser redeems the invitation of its link for a guest's token for its
 * new key, and signs with that key each time it joins. Nothing is stored on
 * disk. @now is monotonic time, @date Unix seconds; one thread at a time. */

#define VM_INVITATION_LIFETIME (G_TIME_SPAN_HOUR) /* default, µs */
/* Of a guest's token, s; it is valid for one meeting, and ends with it. */
#define VM_GUEST_TIME (24 * 60 * 60)
#define VM_GUEST_NONCE_BYTES 32
#define VM_GUEST_NONCE_LENGTH 43 /* characters: base64url, no padding */
#define VM_GUEST_NONCE_TIME (30 * G_USEC_PER_SEC) /* as a ticket */
/* Not yet used; beyond, the oldest of the same address goes, else
 * RATE_LIMITED. */
#define VM_GUEST_NONCES_MAX 256
#define VM_GUEST_NONCES_PER_ADDRESS 16

typedef struct _VmInvites VmInvites;

VmInvites *vm_invites_new (
    VmIdentity *issuer, VmInvitationRandom random, gpointer user_data);
void vm_invites_free (VmInvites *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmInvites, vm_invites_free)

/* See vm_invitations_make(). */
gchar *vm_invites_make (VmInvites *self, const gchar *meeting_id,
    gint64 lifetime, gint64 now, GError **error);
/* The meeting is over. */
void vm_invites_withdraw (VmInvites *self, const gchar *meeting_id);

/* Uses up @invitation for a guest's token for the key @spki. After wrong ones a
 * @group must wait longer and longer, as after wrong PINs: RATE_LIMITED.
 * NOT_TRUSTED: the invitation is invalid; WRONG_KEY: @spki is no P-256 key, and
 * the invitation stays valid. Returns: (transfer full) */
VmToken *vm_invites_redeem (VmInvites *self, const gchar *invitation,
    GBytes *spki, const gchar *meeting_id, const gchar *group, gint64 now,
    gint64 date, GError **error);

/* A nonce for the holder of @token to sign, once. Returns: (transfer full) */
gchar *vm_invites_ask (VmInvites *self, const VmToken *token,
    const gchar *group, gint64 now, GError **error);
/* Whether the presenter of @token has its key: @signature, base64 of r ‖ s, is
 * over vm_invites_signed_bytes(). The nonce is used up either way.
 * Returns: (transfer full): the hash of the key */
gchar *vm_invites_prove (VmInvites *self, const VmToken *token,
    const gchar *nonce, const gchar *signature, gint64 now, GError **error);

/* "vm2 guest join", meeting id, nonce; see transcript.h. */
GByteArray *
vm_invites_signed_bytes (const gchar *meeting_id, const gchar *nonce);

G_END_DECLS
