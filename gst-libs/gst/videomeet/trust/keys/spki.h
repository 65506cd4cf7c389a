/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

#include <openssl/evp.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EVP_PKEY, EVP_PKEY_free)

/* The public key of a device as bytes: SubjectPublicKeyInfo, DER (RFC 5480), of
 * a P-256 key with its point uncompressed. There is no other encoding, so one
 * key has one id. Pure; any thread. */

/* bytes: 27 constant ones, and the point */
#define VM_SPKI_SIZE 91

/* VM_ERROR_WRONG_KEY when @spki is malformed, or its point is not on the curve.
 * Returns: (transfer full) (nullable) */
EVP_PKEY *vm_spki_to_key (GBytes *spki, GError **error);

/* Of a P-256 key, private or public; VM_ERROR_WRONG_KEY for any other.
 * Returns: (transfer full) (nullable) */
GBytes *vm_spki_from_key (EVP_PKEY *key, GError **error);

/* From the certificate that TLS presented; VM_ERROR_WRONG_KEY when its key is
 * no P-256 key.
 * Returns: (transfer full) (nullable) */
GBytes *vm_spki_from_certificate (GTlsCertificate *certificate, GError **error);

G_END_DECLS
