/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Who may come to a server that does not admit everybody (`--auth`;
 * protocol/rooms.md#access-tokens): whoever shows a JSON Web Token (RFC 7519)
 * that somebody else has signed, the site that knows its users. Sans-I/O; the
 * clock is an argument, in Unix seconds. */

#define VM_PASS_KEYS_MAX \
  4 /* one that is used, one that is to be, and their like */
/* Bytes of a secret, blanks around it not counted; RFC 7518 §3.2. */
#define VM_PASS_SECRET_MIN 32
#define VM_PASS_SECRET_MAX 1024
#define VM_PASS_TEXT_MAX 128 /* bytes of a claim that is a name */

typedef struct _VmPasses VmPasses;

/* @text: PEM of public keys (P-256), whose tokens are signed by ES256, or a
 * secret, for HS256. VM_ERROR_BAD_REQUEST. Returns: (transfer full) */
VmPasses *vm_passes_read (const gchar *text, GError **error);
/* Whether a token that names no room is one for all; not so at first. */
void vm_passes_set_any_room (VmPasses *passes, gboolean any_room);
void vm_passes_free (VmPasses *passes);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmPasses, vm_passes_free)

/* What somebody wants by it: to come into @room; to be called as @user; both
 * NULL: only to ask. */
typedef struct
{
  const gchar *room;
  const gchar *user;
} VmPassUse;

/* VM_ERROR_CAP_REQUIRED: there is no @token (NULL or empty);
 * VM_ERROR_CAP_EXPIRED: it was good, and is too old; VM_ERROR_CAP_INVALID:
 * anything else. */
gboolean vm_passes_check (VmPasses *passes, const gchar *token,
    const VmPassUse *use, gint64 now, GError **error);
