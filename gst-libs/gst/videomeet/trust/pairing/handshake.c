/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/handshake.h"

#include <string.h>

static const gchar commit_domain[] = "vm2 commit";

static const struct
{
  const gchar *what;
  const gchar *role;
} roles[] = {
  [VM_TRUST_ROLE_APPROVER] = { "challenge", "approver" },
  [VM_TRUST_ROLE_REQUESTER] = { "proof", "requester" },
};

void
vm_trust_commit (const guint8 nonce[VM_TRUST_NONCE_SIZE], GBytes *spki,
    guint8 commit[VM_SHA256_SIZE])
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  g_byte_array_append (
      bytes, (const guint8 *) commit_domain, strlen (commit_domain));
  g_byte_array_append (bytes, nonce, VM_TRUST_NONCE_SIZE);
  g_byte_array_append (
      bytes, g_bytes_get_data (spki, NULL), g_bytes_get_size (spki));
  vm_sha256 (bytes->data, bytes->len, commit);
}

static VmTranscript *
exchange_bytes (VmTrustRole role, const VmTrustExchange *exchange)
{
  VmTranscript *bytes = vm_transcript_new ("vm2 trust");

  vm_transcript_add_text (bytes, roles[role].what);
  vm_transcript_add_text (bytes, roles[role].role);
  vm_transcript_add_text (bytes, exchange->approver_id);
  vm_transcript_add_text (bytes, exchange->requester_id);
  vm_transcript_add (bytes, exchange->approver_nonce, VM_TRUST_NONCE_SIZE);
  vm_transcript_add (bytes, exchange->requester_nonce, VM_TRUST_NONCE_SIZE);
  vm_transcript_add (bytes, exchange->challenge, VM_TRUST_NONCE_SIZE);
  vm_transcript_add_number (bytes, exchange->expires_in);
  return bytes;
}

gboolean
vm_trust_sign (VmIdentity *identity, VmTrustRole role,
    const VmTrustExchange *exchange, guint8 signature[VM_SIGNATURE_SIZE],
    GError **error)
{
  g_autoptr (GByteArray) bytes = exchange_bytes (role, exchange);

  return vm_signature_make (
      identity, bytes->data, bytes->len, signature, error);
}

gboolean
vm_trust_is_signed (GBytes *spki, VmTrustRole role,
    const VmTrustExchange *exchange, const guint8 signature[VM_SIGNATURE_SIZE])
{
  g_autoptr (GByteArray) bytes = exchange_bytes (role, exchange);

  return vm_signature_is (spki, bytes->data, bytes->len, signature);
}
