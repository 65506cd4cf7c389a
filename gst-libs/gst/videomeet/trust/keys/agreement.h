/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/spki.h"
#include "trust/keys/transcript.h"

/* Keys derived from two P-256 keys. */

#define VM_SECRET_SIZE 32 /* bytes of an x of P-256 */
#define VM_DERIVED_SIZE 32 /* bytes of a derived key */

/* ECDH: the shared x, SEC 1 §3.3.1. FALSE: OpenSSL fails. */
gboolean
vm_agree (EVP_PKEY *own, EVP_PKEY *peer, guint8 secret[VM_SECRET_SIZE]);

/* HKDF-SHA-256, RFC 5869. @salt: VM_SHA256_SIZE bytes. FALSE: OpenSSL fails. */
gboolean vm_hkdf (const guint8 secret[VM_SECRET_SIZE], const guint8 *salt,
    const VmTranscript *info, guint8 key[VM_DERIVED_SIZE]);
