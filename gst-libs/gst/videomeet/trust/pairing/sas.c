/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* digits = SHA-256 of the transcript
 *
 *   "vm2 sas", SPKI-A, id-A, nonce-A, SPKI-B, id-B, nonce-B
 *
 * (A approves, B asks; transcript.h) taken as a number of 256 bits, big-endian,
 * modulo 10^6: all digits are as likely but for a part in 2^236. The requester
 * has committed to its nonce before it learns the approver's, so an attacker
 * between them cannot choose what comes out and has one guess in a million. */

#include "trust/pairing/sas.h"

static void
add_side (VmTranscript *transcript, const VmSasSide *side)
{
  vm_transcript_add_bytes (transcript, side->spki);
  vm_transcript_add_text (transcript, side->device_id);
  vm_transcript_add (transcript, side->nonce, VM_TRUST_NONCE_SIZE);
}

void
vm_sas_format (
    const guint8 hash[VM_SHA256_SIZE], gchar digits[VM_SAS_DIGITS + 1])
{
  guint32 rest = 0;

  for (guint i = 0; i < VM_SHA256_SIZE; i++)
    rest = (rest << 8 | hash[i]) % VM_SAS_MODULUS;
  g_snprintf (digits, VM_SAS_DIGITS + 1, "%06u", rest);
}

void
vm_sas (const VmSasSide *approver, const VmSasSide *requester,
    gchar digits[VM_SAS_DIGITS + 1])
{
  g_autoptr (GByteArray) transcript = vm_transcript_new ("vm2 sas");
  guint8 hash[VM_SHA256_SIZE];

  add_side (transcript, approver);
  add_side (transcript, requester);
  vm_transcript_hash (transcript, hash);
  vm_sas_format (hash, digits);
}
