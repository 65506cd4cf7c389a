/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include "trust/keys/vmidentity-priv.h"

G_BEGIN_DECLS

/* Permissions that one device grants another: an X.509 certificate for the
 * other's P-256 key, signed by the device key (security.md#pairing). Subject
 * and issuer are the two device ids as common names; a critical extension of
 * our own (VM_TOKEN_OID) holds the permissions, so that other software rejects
 * a token as a certificate:
 *
 *   Capability ::= SEQUENCE {
 *     permissions BIT STRING (named bits, VmPermissions from bit 0),
 *     meeting     UTF8String OPTIONAL }   -- a guest's: that meeting only
 *
 * A token does not prove the presenter's identity: the presenter must prove the
 * key. Pure (the caller's clock; OpenSSL's randomness for signatures); any
 * thread. */

/* 2.25.UUID needs no registration (ITU-T X.667 §6.3);
 * decisions/trust.md#what-a-token-looks-like */
#define VM_TOKEN_OID "2.25.304768019059966969847772149076174210869"
#define VM_TOKEN_DER_MAX 2048 /* bytes; a token takes about 500 */
#define VM_TOKEN_PEM_MAX 4096 /* bytes, of one token */
#define VM_TOKEN_MEETING_MAX 128 /* bytes of a meeting id */
#define VM_TOKEN_EARLY \
  300 /* s that it is valid before it is made: clocks differ */
/* The most that a guest may do. */
#define VM_TOKEN_GUEST_PERMISSIONS (VM_PERMISSIONS_CALL | VM_PERMISSIONS_FILE)

typedef struct
{
  gint ref_count;
  gchar *subject_id; /* device id of the key's owner */
  gchar *issuer_id; /* device id of the claimed signer */
  GBytes *subject_spki;
  VmPermissions permissions; /* without unknown ones */
  gchar *meeting_id; /* of a guest's token; else NULL */
  gint64 not_before; /* Unix seconds, both included */
  gint64 not_after;
  GBytes *der;
} VmToken; /* never changes */

VmToken *vm_token_ref (VmToken *token);
void vm_token_unref (VmToken *token);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmToken, vm_token_unref)

/* Issues a token for the key @subject. @meeting_id NULL, or a guest's token for
 * that meeting: then @permissions must lie within VM_TOKEN_GUEST_PERMISSIONS.
 * @now and @not_after (later than @now) are Unix seconds.
 * Errors: VM_ERROR_WRONG_KEY (@subject is no P-256 key, or @issuer's own),
 * VM_ERROR_BAD_REQUEST (no permission, too many for a guest, expiry not after
 * now, meeting id of a wrong form), VM_ERROR_FAILED (OpenSSL).
 * Returns: (transfer full) (nullable) */
VmToken *
vm_token_issue (VmIdentity *issuer, GBytes *subject, VmPermissions permissions,
    const gchar *meeting_id, gint64 now, gint64 not_after, GError **error);

/* Reads a token; it does not check the signature: vm_token_verify() does.
 * VM_ERROR_TOO_LARGE beyond VM_TOKEN_DER_MAX or VM_TOKEN_PEM_MAX,
 * VM_ERROR_WRONG_KEY when the key is not a P-256 key or its id not the
 * subject's, VM_ERROR_BAD_MESSAGE for everything else: not DER, bytes after it,
 * a name that is no id, an unknown critical extension, one that is there twice.
 * PEM is one CERTIFICATE block and nothing but blanks around it.
 * Returns: (transfer full) (nullable) */
VmToken *vm_token_from_der (gconstpointer data, gsize size, GError **error);
VmToken *vm_token_from_pem (const gchar *text, gssize size, GError **error);

/* Whether @issuer signed it and it is valid at @now (Unix seconds).
 * VM_ERROR_WRONG_KEY when @issuer is not the key of the issuer's id,
 * VM_ERROR_NOT_TRUSTED when the signature is wrong, or it is not yet or no
 * longer valid. */
gboolean
vm_token_verify (VmToken *token, GBytes *issuer, gint64 now, GError **error);

/* Returns: (transfer full): one CERTIFICATE block, ending in a newline */
gchar *vm_token_to_pem (VmToken *token);

G_END_DECLS
