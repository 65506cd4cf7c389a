/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/spki.h"
#include "trust/keys/transcript.h"
#include <gst/videomeet/vmidentity.h>

/* Signatures by device keys: ECDSA P-256 over SHA-256, as r ‖ s (IEEE P1363,
 * which WebCrypto and ES256 use too), in JSON base64. From one signature anyone
 * can make another of the same bytes: never compare signatures, nor use one as
 * a name of the signed text. Pure: any thread. */

#define VM_SIGNATURE_SIZE 64 /* bytes */
#define VM_SIGNATURE_BASE64_SIZE 88 /* characters */

/* Over any bytes, which must state their own purpose. */
gboolean vm_signature_make (VmIdentity *identity, gconstpointer data,
    gsize size, guint8 signature[VM_SIGNATURE_SIZE], GError **error);
/* Whether it is the signature of @spki, a P-256 key. */
gboolean vm_signature_is (GBytes *spki, gconstpointer data, gsize size,
    const guint8 signature[VM_SIGNATURE_SIZE]);

/* What a detached signature is for. */
typedef enum
{
  VM_SIGNATURE_MEETING_STATE, /* context: meeting id; version: epoch and
                               * count */
  VM_SIGNATURE_FILE_OFFER, /* context: transfer id */
  VM_SIGNATURE_INVITATION, /* context: meeting id */
  VM_SIGNATURE_QUIC_FINGERPRINT, /* context: none */
  VM_SIGNATURE_N_PURPOSES
} VmSignaturePurpose;

/* The fields signed beside the text itself: "vm2 signature", the purpose by its
 * name, the signer's device id, context, version. A receiver of versions takes
 * only one that is greater than the last. */
typedef struct
{
  VmSignaturePurpose purpose;
  const gchar *context;
  guint64 version;
} VmSignatureScope;

/* Base64, or NULL with VM_ERROR_IDENTITY. */
gchar *vm_signature_sign (VmIdentity *identity, const VmSignatureScope *scope,
    gconstpointer data, gsize size, GError **error);
/* @signature: any text, or NULL when there is none. VM_ERROR_BAD_MESSAGE: it is
 * no signature; VM_ERROR_SIGNATURE: it is not that of @spki over this. */
gboolean vm_signature_verify (GBytes *spki, const VmSignatureScope *scope,
    gconstpointer data, gsize size, const gchar *signature, GError **error);
