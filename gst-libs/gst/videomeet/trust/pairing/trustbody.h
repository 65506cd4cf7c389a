/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/handshake.h"

/* The HTTP bodies of the trust handshake; handshake.h lists their fields. */

typedef enum
{
  VM_TRUST_BODY_REQUEST,
  VM_TRUST_BODY_OFFER, /* the answer to it */
  VM_TRUST_BODY_REVEAL,
  VM_TRUST_BODY_PENDING, /* the answer to that, and to a GET */
  VM_TRUST_BODY_CHALLENGE, /* the other answer to a GET */
  VM_TRUST_BODY_PROOF,
  VM_TRUST_BODY_TOKEN, /* the answer to it */
  VM_TRUST_BODY_N_TYPES
} VmTrustBodyType;

/* The fields of all types. */
typedef struct
{
  gchar *device_id;
  GBytes *spki; /* a P-256 key, the one of device_id if that is there too */
  gchar *name;
  gchar *request_id;
  gchar *token; /* PEM */
  guint8 commit[VM_SHA256_SIZE];
  guint8 nonce[VM_TRUST_NONCE_SIZE];
  guint8 signature[VM_SIGNATURE_SIZE];
  gint64
      expires_in; /* 1 to that of VM_TRUST_REQUEST_TIME, which it is at first */
} VmTrustBody;

/* @body: all zero. Errors: VM_ERROR_BAD_MESSAGE; VM_ERROR_WRONG_KEY: the id is
 * not that of the key; VM_ERROR_TOO_LARGE: beyond VM_TRUST_BODY_MAX. */
gboolean vm_trust_body_read (VmTrustBody *body, VmTrustBodyType type,
    const gchar *data, gsize size, GError **error);
gchar *vm_trust_body_write (const VmTrustBody *body, VmTrustBodyType type);
void vm_trust_body_clear (VmTrustBody *body);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmTrustBody, vm_trust_body_clear)

/* The body of a refusal, {"error":{"code","message"}}, and the error in it; for
 * a malformed body, an error that names @status. */
gchar *vm_trust_refusal_write (const GError *error);
GError *vm_trust_refusal_read (guint status, const gchar *data, gsize size);
