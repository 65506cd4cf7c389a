/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/pairing/sas.h"
#include "trust/keys/signature.h"
#include "trust/token/token.h"

/* The trust handshake (security.md#pairing; protocol/trust.md#pairing): B, the
 * requester (requester.h), asks A, the approver (approver.h), over TLS in which
 * both show their device keys.
 *
 *   B → A  POST /trust/request {deviceId, pubKey, name, commit}
 *   A → B  202 {requestId, pubKey, nonce, name, expiresIn}
 *   B → A  POST /trust/reveal {requestId, nonce}         both show the digits
 *   A → B  202 {status: "pending"}
 *   B → A  GET /trust/request/{requestId}                held up to 60 s
 *   A → B  202 {status: "pending"}                       ask again, or
 *          200 {challenge: {nonce, signature}}           A's user has confirmed
 *   B → A  POST /trust/proof {requestId, signature}      B's user has confirmed
 *   A → B  200 {token}
 *
 * pubKey is DER SubjectPublicKeyInfo, token is PEM; keys, nonces, commitments
 * and signatures are base64. `name` and `expiresIn` (seconds) of the answer may
 * be left out. Every refusal is an error of protocol/http.md#errors.
 *
 * Both sides are sans-I/O: `now` is monotonic time in µs, `date` is Unix time
 * in seconds (it only goes into tokens: the clocks of the two sides need not
 * agree), randomness comes in from outside. One thread at a time. */

#define VM_TRUST_REQUEST_TIME \
  (5 * 60 * G_USEC_PER_SEC) /* of a request's life */
#define VM_TRUST_POLL_TIME (60 * G_USEC_PER_SEC) /* that a GET is held */
/* Between two GETs, with or without an answer. */
#define VM_TRUST_POLL_PAUSE G_USEC_PER_SEC
#define VM_TRUST_ATTEMPTS_MAX 3 /* of a device, and of an address; then */
#define VM_TRUST_ATTEMPTS_TIME (10 * 60 * G_USEC_PER_SEC) /* so long none */
#define VM_TRUST_PENDING_MAX 8 /* requests at one approver */
#define VM_TRUST_BODY_MAX (16 * 1024) /* bytes of a body, either way */
#define VM_TRUST_REQUEST_ID_SIZE 16 /* bytes */
#define VM_TRUST_REQUEST_ID_LENGTH 22 /* characters, base64url of them */
#define VM_TRUST_TOKEN_TIME (365 * 24 * 3600) /* s that a token is good */

/* The data that both sides hold at the end. */
typedef struct
{
  const gchar *approver_id;
  const gchar *requester_id;
  const guint8 *approver_nonce; /* VM_TRUST_NONCE_SIZE each */
  const guint8 *requester_nonce;
  const guint8 *challenge; /* the approver's second nonce */
  gint64 expires_in; /* s, as answered to the request */
} VmTrustExchange;

typedef enum
{
  VM_TRUST_ROLE_APPROVER, /* signs the challenge */
  VM_TRUST_ROLE_REQUESTER, /* signs the proof */
} VmTrustRole;

/* SHA-256 of "vm2 commit", nonce-B and SPKI-B, concatenated; all but the last
 * have a fixed length. */
void vm_trust_commit (const guint8 nonce[VM_TRUST_NONCE_SIZE], GBytes *spki,
    guint8 commit[VM_SHA256_SIZE]);

/* Signs a transcript of: "vm2 trust", "challenge" or "proof", the signer's
 * role, id-A, id-B, nonce-A, nonce-B, challenge nonce, expiry. */
gboolean vm_trust_sign (VmIdentity *identity, VmTrustRole role,
    const VmTrustExchange *exchange, guint8 signature[VM_SIGNATURE_SIZE],
    GError **error);
gboolean vm_trust_is_signed (GBytes *spki, VmTrustRole role,
    const VmTrustExchange *exchange, const guint8 signature[VM_SIGNATURE_SIZE]);
