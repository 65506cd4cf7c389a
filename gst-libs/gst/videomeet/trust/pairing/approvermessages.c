/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The four requests of a trust handshake, at the approver. */

#include "trust/pairing/approver-priv.h"
#include "base/vmerror-priv.h"
#include "base/base64.h"
#include "trust/pairing/trustbody.h"
#include "trust/keys/vmidentity-priv.h"
#include <gst/videomeet/vmerror.h>

#include <openssl/crypto.h>
#include <string.h>

void
vm_trust_answer_clear (VmTrustAnswer *answer)
{
  g_clear_pointer (&answer->body, g_free);
}

static void
refuse (VmTrustAnswer *answer, const GError *error)
{
  answer->status = error->domain == VM_ERROR
                       ? vm_error_to_http_status (error->code)
                       : vm_error_to_http_status (VM_ERROR_FAILED);
  answer->body = vm_trust_refusal_write (error);
}

static void
accept (VmTrustAnswer *answer, guint status, const VmTrustBody *body,
    VmTrustBodyType type)
{
  answer->status = status;
  answer->body = vm_trust_body_write (body, type);
}

/* Every message is bound to the key of the TLS connection that brings it. */
static VmApproverRequest *
find_of (VmApprover *self, const VmTrustCaller *caller, const gchar *id,
    GError **error)
{
  VmApproverRequest *request = vm_approver_find (self, id, error);

  if (!request || (caller->spki && g_bytes_equal (request->spki, caller->spki)))
    return request;
  g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
      "This trust request was made with another key than the connection's");
  return NULL;
}

static gboolean
out_of_place (
    const VmApproverRequest *request, const gchar *what, GError **error)
{
  g_set_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE,
      "A trust request that is %s takes no %s",
      vm_approver_state_to_string (request->state), what);
  return FALSE;
}

/* POST /trust/request */

static gboolean
check_caller (VmApprover *self, const VmTrustCaller *caller,
    const VmTrustBody *body, GError **error)
{
  if (!caller->spki || !g_bytes_equal (caller->spki, body->spki)) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The trust request names another key than the connection %s: somebody "
        "may be between the two devices",
        caller->spki ? "has" : "has, which is none");
    return FALSE;
  }
  if (strcmp (body->device_id, vm_identity_get_device_id (self->identity))
      == 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A device need not be trusted by itself");
    return FALSE;
  }
  return vm_trust_attempts_allows (
             self->attempts, body->device_id, caller->now, error)
         && (caller->known
             || vm_trust_attempts_allows (
                 self->attempts, caller->address, caller->now, error));
}

/* How many requests of strangers there are from an address. */
static guint
count_from (VmApprover *self, const gchar *address)
{
  guint n = 0;

  for (guint i = 0; i < self->requests->len; i++) {
    const VmApproverRequest *request = self->requests->pdata[i];

    n += !request->known && strcmp (request->address, address) == 0;
  }
  return n;
}

/* The newest of the address that has most; but what is before a user, here or
 * there, is not taken away from under their eyes. */
static VmApproverRequest *
find_victim (VmApprover *self, const VmTrustCaller *caller)
{
  /* one of its own would be in its place */
  guint most = caller->known ? 0 : count_from (self, caller->address) + 1;
  VmApproverRequest *victim = NULL;

  for (guint i = self->requests->len; i > 0; i--) {
    VmApproverRequest *request = self->requests->pdata[i - 1];
    guint n = count_from (self, request->address);

    if (request->known || request->state == VM_APPROVER_PROMPTED
        || request->state == VM_APPROVER_APPROVED || n <= most)
      continue;
    most = n;
    victim = request;
  }
  return victim;
}

/* Among VM_TRUST_PENDING_MAX, if need be by forgetting the oldest that this
 * user has ended, or a stranger's. */
static gboolean
make_room (VmApprover *self, const VmTrustCaller *caller, GError **error)
{
  VmApproverRequest *victim;

  if (self->requests->len < VM_TRUST_PENDING_MAX)
    return TRUE;
  for (guint i = 0; i < self->requests->len; i++) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (request->state == VM_APPROVER_DENIED
        || request->state == VM_APPROVER_DONE) {
      g_ptr_array_remove_index (self->requests, i);
      return TRUE;
    }
  }
  victim = find_victim (self, caller);
  if (victim) {
    vm_approver_evict (self, victim);
    return TRUE;
  }
  g_set_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED,
      "%d trust requests wait here already; try again in a few minutes",
      VM_TRUST_PENDING_MAX);
  return FALSE;
}

/* The user would compare digits that the other side no longer shows. */
static void
replace_older (VmApprover *self, const gchar *device_id)
{
  g_autoptr (GError) reason = g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED,
      "The device has begun a new trust request");

  for (guint i = 0; i < self->requests->len; i++) {
    VmApproverRequest *request = self->requests->pdata[i];

    if (strcmp (request->device_id, device_id) == 0
        && vm_approver_step (request, VM_APPROVER_EVENT_REPLACE))
      vm_approver_tell_failed (self, request, reason);
  }
}

static VmApproverRequest *
add_request (
    VmApprover *self, const VmTrustCaller *caller, const VmTrustBody *body)
{
  VmApproverRequest *request = g_new0 (VmApproverRequest, 1);
  guint8 id[VM_TRUST_REQUEST_ID_SIZE];

  self->funcs.random (id, sizeof id, self->user_data);
  self->funcs.random (
      request->own_nonce, sizeof request->own_nonce, self->user_data);
  request->id = vm_base64url_write (id, sizeof id);
  request->came = caller->real_time;
  request->expires = caller->now + VM_TRUST_REQUEST_TIME;
  request->device_id = g_strdup (body->device_id);
  request->name = g_strdup (body->name);
  request->address = g_strdup (caller->address);
  request->known = caller->known;
  request->spki = g_bytes_ref (body->spki);
  memcpy (request->commit, body->commit, sizeof request->commit);
  g_ptr_array_add (self->requests, request);
  vm_trust_attempts_add (self->attempts, body->device_id, caller->now);
  if (!caller->known)
    vm_trust_attempts_add (self->attempts, caller->address, caller->now);
  return request;
}

void
vm_approver_request (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer)
{
  g_auto (VmTrustBody) body = { NULL };
  VmTrustBody offer = { NULL };
  g_autoptr (GError) error = NULL;
  VmApproverRequest *request;

  vm_approver_tick (self, caller->now);
  if (!vm_trust_body_read (&body, VM_TRUST_BODY_REQUEST, data, size, &error)
      || !check_caller (self, caller, &body, &error)
      || !make_room (self, caller, &error)) {
    refuse (answer, error);
    return;
  }
  replace_older (self, body.device_id);
  request = add_request (self, caller, &body);
  offer.request_id = request->id;
  offer.spki = vm_identity_get_spki (self->identity);
  offer.name = self->name;
  offer.expires_in = VM_TRUST_REQUEST_TIME / G_USEC_PER_SEC;
  memcpy (offer.nonce, request->own_nonce, sizeof offer.nonce);
  accept (answer, 202, &offer, VM_TRUST_BODY_OFFER);
  /* what was replaced may have been before the user */
  vm_approver_prompt_next (self);
}

/* POST /trust/reveal */

static void
make_digits (VmApprover *self, VmApproverRequest *request)
{
  const VmSasSide approver = { vm_identity_get_spki (self->identity),
    vm_identity_get_device_id (self->identity), request->own_nonce };
  const VmSasSide requester = { request->spki, request->device_id,
    request->nonce };

  vm_sas (&approver, &requester, request->digits);
}

static gboolean
take_reveal (VmApprover *self, VmApproverRequest *request,
    const VmTrustBody *body, GError **error)
{
  guint8 commit[VM_SHA256_SIZE];
  gboolean opens;

  vm_trust_commit (body->nonce, request->spki, commit);
  opens = CRYPTO_memcmp (commit, request->commit, sizeof commit) == 0;
  if (!vm_approver_step (request,
          opens ? VM_APPROVER_EVENT_REVEAL : VM_APPROVER_EVENT_BAD_REVEAL))
    return out_of_place (request, "reveal", error);
  if (!opens) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The nonce is not the one that the trust request was made with: "
        "somebody may be between the two devices");
    return FALSE;
  }
  memcpy (request->nonce, body->nonce, sizeof request->nonce);
  request->turn = self->turns++;
  make_digits (self, request);
  return TRUE;
}

void
vm_approver_reveal (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer)
{
  g_auto (VmTrustBody) body = { NULL };
  g_autoptr (GError) error = NULL;
  VmApproverState before;
  VmApproverRequest *request;

  vm_approver_tick (self, caller->now);
  if (!vm_trust_body_read (&body, VM_TRUST_BODY_REVEAL, data, size, &error)
      || !(request = find_of (self, caller, body.request_id, &error))) {
    refuse (answer, error);
    return;
  }
  before = request->state;
  if (!take_reveal (self, request, &body, &error)) {
    refuse (answer, error);
    if (request->state != before)
      vm_approver_tell_failed (self, request, error);
    return;
  }
  accept (answer, 202, &body, VM_TRUST_BODY_PENDING);
  vm_approver_prompt_next (self);
}

/* GET /trust/request/{id} */

static gboolean
check_poll (VmApprover *self, const VmApproverRequest *request, GError **error)
{
  switch (request->state) {
    case VM_APPROVER_COMMITTED:
    case VM_APPROVER_DONE:
      return out_of_place (request, "question", error);
    case VM_APPROVER_DENIED:
      g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
          "The user of %s did not confirm the digits", self->name);
      return FALSE;
    case VM_APPROVER_FAILED:
      g_set_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED,
          "The trust request has failed before; make a new one");
      return FALSE;
    default:
      return TRUE;
  }
}

void
vm_approver_poll (VmApprover *self, const VmTrustCaller *caller,
    const gchar *request_id, VmTrustAnswer *answer)
{
  VmTrustBody body = { NULL };
  g_autoptr (GError) error = NULL;
  VmApproverRequest *request;

  vm_approver_tick (self, caller->now);
  request = find_of (self, caller, request_id, &error);
  if (!request || !check_poll (self, request, &error)) {
    refuse (answer, error);
  } else if (request->state == VM_APPROVER_APPROVED) {
    memcpy (body.nonce, request->challenge, sizeof body.nonce);
    memcpy (body.signature, request->signature, sizeof body.signature);
    accept (answer, 200, &body, VM_TRUST_BODY_CHALLENGE);
  } else {
    accept (answer, 202, &body, VM_TRUST_BODY_PENDING);
    answer->hold = TRUE;
  }
}

/* POST /trust/proof */

/* What this device could not do is told to its own user. */
static void
refuse_plainly (VmTrustAnswer *answer, const GError *reason)
{
  g_autoptr (GError) error = NULL;

  if (g_error_matches (reason, VM_ERROR, VM_ERROR_SIGNATURE))
    error = g_error_copy (reason);
  else if (g_error_matches (reason, VM_ERROR, VM_ERROR_KEY_CHANGED))
    error = g_error_new (VM_ERROR, VM_ERROR_KEY_CHANGED,
        "The other device knows another key by this name");
  else if (g_error_matches (reason, VM_ERROR, VM_ERROR_NOT_TRUSTED))
    error = g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
        "The other device does not trust this one");
  else
    error = g_error_new (VM_ERROR, VM_ERROR_FAILED,
        "The other device could not remember this one");
  refuse (answer, error);
}

/* Whatever fails here, the nonces are used up. */
static VmToken *
take_proof (VmApprover *self, const VmTrustCaller *caller,
    VmApproverRequest *request, const VmTrustBody *body, GError **error)
{
  VmTrustExchange exchange = vm_approver_exchange_of (self, request);
  VmTrustPrompt peer = vm_approver_prompt_of (request);
  g_autoptr (VmToken) token = NULL;

  if (!vm_trust_is_signed (
          request->spki, VM_TRUST_ROLE_REQUESTER, &exchange, body->signature)) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The proof is not signed by the key that asks for trust, or not for "
        "this request");
    return NULL;
  }
  token = vm_token_issue (self->identity, request->spki, request->permissions,
      NULL, caller->date, caller->date + VM_TRUST_TOKEN_TIME, error);
  if (!token || !self->funcs.established (&peer, token, self->user_data, error))
    return NULL;
  return g_steal_pointer (&token);
}

void
vm_approver_proof (VmApprover *self, const VmTrustCaller *caller,
    const gchar *data, gsize size, VmTrustAnswer *answer)
{
  g_auto (VmTrustBody) body = { NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = NULL;
  VmApproverRequest *request;

  vm_approver_tick (self, caller->now);
  if (!vm_trust_body_read (&body, VM_TRUST_BODY_PROOF, data, size, &error)
      || !(request = find_of (self, caller, body.request_id, &error))
      || (request->state != VM_APPROVER_APPROVED
          && !out_of_place (request, "proof", &error))) {
    refuse (answer, error);
    return;
  }
  token = take_proof (self, caller, request, &body, &error);
  vm_approver_step (
      request, token ? VM_APPROVER_EVENT_PROOF : VM_APPROVER_EVENT_BAD_PROOF);
  if (!token) {
    refuse_plainly (answer, error);
    vm_approver_tell_failed (self, request, error);
    return;
  }
  vm_trust_attempts_forget (self->attempts, request->device_id);
  vm_trust_attempts_forget (self->attempts, request->address);
  body.token = vm_token_to_pem (token);
  accept (answer, 200, &body, VM_TRUST_BODY_TOKEN);
}
