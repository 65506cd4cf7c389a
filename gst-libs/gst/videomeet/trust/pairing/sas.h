/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* The six digits that two people compare (security.md#pairing). */

#define VM_TRUST_NONCE_SIZE 32 /* bytes */
#define VM_SAS_DIGITS 6
#define VM_SAS_MODULUS 1000000

/* One side of a handshake: its key, id and nonce. */
typedef struct
{
  GBytes *spki;
  const gchar *device_id;
  const guint8 *nonce; /* VM_TRUST_NONCE_SIZE */
} VmSasSide;

/* Writes the digits of @hash, as a number modulo 10^6, and a NUL. */
void vm_sas_format (
    const guint8 hash[VM_SHA256_SIZE], gchar digits[VM_SAS_DIGITS + 1]);
/* Writes the digits and a NUL. Both sides must agree on who is approver and
 * requester: swapped, they give other digits. */
void vm_sas (const VmSasSide *approver, const VmSasSide *requester,
    gchar digits[VM_SAS_DIGITS + 1]);
