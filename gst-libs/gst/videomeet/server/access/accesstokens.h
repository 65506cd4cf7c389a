/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Admission to a server that requires access tokens (`--auth`;
 * protocol/rooms.md#access-tokens): a client must show a JSON Web Token (RFC
 * 7519), signed by the site that knows its users. Sans-I/O; the clock is an
 * argument, in Unix seconds. */

#define VM_ACCESS_TOKEN_KEYS_MAX \
  4 /* current and next keys, with room to spare */
/* Bytes of a secret, without surrounding blanks; RFC 7518 §3.2. */
#define VM_ACCESS_TOKEN_SECRET_MIN 32
#define VM_ACCESS_TOKEN_SECRET_MAX 1024
#define VM_ACCESS_TOKEN_TEXT_MAX 128 /* bytes of a name claim */

typedef struct _VmAccessTokens VmAccessTokens;

/* @text: PEM of public keys (P-256), whose tokens are signed by ES256, or a
 * secret, for HS256. VM_ERROR_BAD_REQUEST. Returns: (transfer full) */
VmAccessTokens *vm_access_tokens_read (const gchar *text, GError **error);
/* Whether a token without a room is valid for all; FALSE at first. */
void vm_access_tokens_set_any_room (VmAccessTokens *passes, gboolean any_room);
void vm_access_tokens_free (VmAccessTokens *passes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmAccessTokens, vm_access_tokens_free)

/* The requested use: to join @room; to be called as @user; both NULL: only a
 * check. */
typedef struct
{
  const gchar *room;
  const gchar *user;
} VmAccessTokenUse;

/* VM_ERROR_CAP_REQUIRED: there is no @token (NULL or empty);
 * VM_ERROR_CAP_EXPIRED: it was valid, and is too old; VM_ERROR_CAP_INVALID:
 * anything else. */
gboolean vm_access_tokens_check (VmAccessTokens *passes, const gchar *token,
    const VmAccessTokenUse *use, gint64 now, GError **error);
