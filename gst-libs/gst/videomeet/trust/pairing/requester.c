/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "trust/pairing/requester.h"
#include "trust/pairing/trustbody.h"
#include "trust/keys/vmidentity-priv.h"
#include <gst/videomeet/vmerror.h>

#include <string.h>

struct _VmRequester
{
  VmIdentity *identity;
  gchar *name;
  gchar *device_id; /* of the other; NULL: not known yet */
  VmRequesterState state;
  GError *error;
  gint64 expires;
  gint64 next_poll;
  gint64 expires_in;
  gboolean in_flight; /* a call was handed out and is not answered */
  gboolean confirmed;

  guint8 nonce[VM_TRUST_NONCE_SIZE];
  gchar *request_id;
  GBytes *peer_spki;
  gchar *peer_name;
  guint8 peer_nonce[VM_TRUST_NONCE_SIZE];
  guint8 challenge[VM_TRUST_NONCE_SIZE];
  gchar digits[VM_SAS_DIGITS + 1];
  VmToken *token;
};

static const gchar *const states[] = {
  [VM_REQUESTER_REQUESTING] = "requesting",
  [VM_REQUESTER_REVEALING] = "revealing",
  [VM_REQUESTER_POLLING] = "polling",
  [VM_REQUESTER_CHALLENGED] = "challenged",
  [VM_REQUESTER_PROVING] = "proving",
  [VM_REQUESTER_DONE] = "done",
  [VM_REQUESTER_FAILED] = "failed",
};

/* Every edge there is; what is not listed is refused. */
static const struct
{
  VmRequesterState from;
  VmRequesterEvent event;
  VmRequesterState to;
} edges[] = {
  { VM_REQUESTER_REQUESTING, VM_REQUESTER_EVENT_OFFER, VM_REQUESTER_REVEALING },
  { VM_REQUESTER_REQUESTING, VM_REQUESTER_EVENT_FAIL, VM_REQUESTER_FAILED },
  { VM_REQUESTER_REVEALING, VM_REQUESTER_EVENT_PENDING, VM_REQUESTER_POLLING },
  { VM_REQUESTER_REVEALING, VM_REQUESTER_EVENT_FAIL, VM_REQUESTER_FAILED },
  { VM_REQUESTER_POLLING, VM_REQUESTER_EVENT_PENDING, VM_REQUESTER_POLLING },
  { VM_REQUESTER_POLLING, VM_REQUESTER_EVENT_CHALLENGE,
      VM_REQUESTER_CHALLENGED },
  { VM_REQUESTER_POLLING, VM_REQUESTER_EVENT_CHALLENGE_CONFIRMED,
      VM_REQUESTER_PROVING },
  { VM_REQUESTER_POLLING, VM_REQUESTER_EVENT_FAIL, VM_REQUESTER_FAILED },
  { VM_REQUESTER_CHALLENGED, VM_REQUESTER_EVENT_CONFIRM, VM_REQUESTER_PROVING },
  { VM_REQUESTER_CHALLENGED, VM_REQUESTER_EVENT_FAIL, VM_REQUESTER_FAILED },
  { VM_REQUESTER_PROVING, VM_REQUESTER_EVENT_TOKEN, VM_REQUESTER_DONE },
  { VM_REQUESTER_PROVING, VM_REQUESTER_EVENT_FAIL, VM_REQUESTER_FAILED },
};

const gchar *
vm_requester_state_to_string (VmRequesterState state)
{
  g_return_val_if_fail ((guint) state < G_N_ELEMENTS (states), "unknown");

  return states[state];
}

gboolean
vm_requester_state_next (
    VmRequesterState state, VmRequesterEvent event, VmRequesterState *next)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    if (edges[i].from == state && edges[i].event == event) {
      *next = edges[i].to;
      return TRUE;
    }
  }
  *next = state;
  return FALSE;
}

VmRequester *
vm_requester_new (VmIdentity *identity, const gchar *name,
    const gchar *device_id, const guint8 nonce[VM_TRUST_NONCE_SIZE], gint64 now)
{
  VmRequester *self = g_new0 (VmRequester, 1);

  self->identity = g_object_ref (identity);
  self->name = g_strdup (name);
  self->device_id = g_strdup (device_id);
  self->expires = now + VM_TRUST_REQUEST_TIME;
  memcpy (self->nonce, nonce, sizeof self->nonce);
  return self;
}

void
vm_requester_free (VmRequester *self)
{
  g_object_unref (self->identity);
  g_free (self->name);
  g_free (self->device_id);
  g_clear_error (&self->error);
  g_free (self->request_id);
  g_clear_pointer (&self->peer_spki, g_bytes_unref);
  g_free (self->peer_name);
  g_clear_pointer (&self->token, vm_token_unref);
  g_free (self);
}

void
vm_trust_call_clear (VmTrustCall *call)
{
  g_clear_pointer (&call->path, g_free);
  g_clear_pointer (&call->body, g_free);
}

VmRequesterState
vm_requester_get_state (VmRequester *self)
{
  return self->state;
}

const gchar *
vm_requester_get_digits (VmRequester *self)
{
  return *self->digits ? self->digits : NULL;
}

const GError *
vm_requester_get_error (VmRequester *self)
{
  return self->error;
}

/* Whether @event was one; the one place where the state changes. */
static gboolean
step (VmRequester *self, VmRequesterEvent event)
{
  VmRequesterState from = self->state;

  if (!vm_requester_state_next (from, event, &self->state))
    return FALSE;
  if (from != self->state)
    g_debug ("request for trust: %s -> %s", states[from], states[self->state]);
  return TRUE;
}

static void
fail (VmRequester *self, GError *reason)
{
  if (step (self, VM_REQUESTER_EVENT_FAIL))
    self->error = reason;
  else
    g_error_free (reason);
}

static void
expire (VmRequester *self, gint64 now)
{
  if (now >= self->expires)
    fail (self,
        g_error_new (VM_ERROR, VM_ERROR_TIMEOUT,
            "The digits were not confirmed in time on %s device",
            self->state == VM_REQUESTER_CHALLENGED ? "this" : "the other"));
}

/* Calls */

static gboolean
write_post (VmTrustCall *call, const gchar *path, const VmTrustBody *body,
    VmTrustBodyType type)
{
  call->post = TRUE;
  call->path = g_strdup (path);
  call->body = vm_trust_body_write (body, type);
  return TRUE;
}

static gboolean
write_request (VmRequester *self, VmTrustCall *call)
{
  VmTrustBody body = { .device_id =
                           (gchar *) vm_identity_get_device_id (self->identity),
    .spki = vm_identity_get_spki (self->identity),
    .name = self->name };

  vm_trust_commit (self->nonce, body.spki, body.commit);
  return write_post (call, "/trust/request", &body, VM_TRUST_BODY_REQUEST);
}

static gboolean
write_reveal (VmRequester *self, VmTrustCall *call)
{
  VmTrustBody body = { .request_id = self->request_id };

  memcpy (body.nonce, self->nonce, sizeof body.nonce);
  return write_post (call, "/trust/reveal", &body, VM_TRUST_BODY_REVEAL);
}

static VmTrustExchange
exchange_of (VmRequester *self)
{
  return (VmTrustExchange){ .approver_id = self->device_id,
    .requester_id = vm_identity_get_device_id (self->identity),
    .approver_nonce = self->peer_nonce,
    .requester_nonce = self->nonce,
    .challenge = self->challenge,
    .expires_in = self->expires_in };
}

static gboolean
write_proof (VmRequester *self, VmTrustCall *call)
{
  VmTrustBody body = { .request_id = self->request_id };
  VmTrustExchange exchange = exchange_of (self);
  GError *error = NULL;

  if (!vm_trust_sign (self->identity, VM_TRUST_ROLE_REQUESTER, &exchange,
          body.signature, &error)) {
    fail (self, error);
    return FALSE;
  }
  return write_post (call, "/trust/proof", &body, VM_TRUST_BODY_PROOF);
}

static gboolean
write_poll (VmRequester *self, gint64 now, VmTrustCall *call, gint64 *when)
{
  if (now < self->next_poll) {
    *when = MIN (*when, self->next_poll);
    return FALSE;
  }
  self->next_poll = now + VM_TRUST_POLL_PAUSE;
  call->path = g_strconcat ("/trust/request/", self->request_id, NULL);
  return TRUE;
}

gboolean
vm_requester_next (
    VmRequester *self, gint64 now, VmTrustCall *call, gint64 *when)
{
  expire (self, now);
  *when = G_MAXINT64;
  if (self->state == VM_REQUESTER_DONE || self->state == VM_REQUESTER_FAILED)
    return FALSE;
  *when = self->expires;
  if (self->in_flight)
    return FALSE;
  switch (self->state) {
    case VM_REQUESTER_REQUESTING:
      self->in_flight = write_request (self, call);
      break;
    case VM_REQUESTER_REVEALING:
      self->in_flight = write_reveal (self, call);
      break;
    case VM_REQUESTER_POLLING:
      self->in_flight = write_poll (self, now, call, when);
      break;
    case VM_REQUESTER_PROVING:
      self->in_flight = write_proof (self, call);
      break;
    default:
      break;
  }
  return self->in_flight;
}

/* Answers */

static gboolean
check_key (VmRequester *self, GBytes *spki, GError **error)
{
  g_autofree gchar *id = NULL;

  if (!spki) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The other device does not show a device key");
    return FALSE;
  }
  if (self->peer_spki && !g_bytes_equal (self->peer_spki, spki)) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The other device shows another key than before: somebody may be "
        "between the two devices");
    return FALSE;
  }
  if (self->peer_spki)
    return TRUE;
  id = vm_spki_to_device_id (spki);
  if (self->device_id && strcmp (self->device_id, id) != 0) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The device that answers is %s, not %s", id, self->device_id);
    return FALSE;
  }
  if (g_bytes_equal (spki, vm_identity_get_spki (self->identity))) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "A device need not be trusted by itself");
    return FALSE;
  }
  g_free (self->device_id);
  self->device_id = g_steal_pointer (&id);
  self->peer_spki = g_bytes_ref (spki);
  return TRUE;
}

static gboolean
take_offer (VmRequester *self, gint64 now, VmTrustBody *body, GError **error)
{
  VmSasSide approver, requester;

  if (!g_bytes_equal (body->spki, self->peer_spki)) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The other device names another key than its connection has: somebody "
        "may be between the two devices");
    return FALSE;
  }
  self->request_id = g_steal_pointer (&body->request_id);
  self->peer_name = g_steal_pointer (&body->name);
  self->expires_in = body->expires_in;
  self->expires = MIN (self->expires, now + body->expires_in * G_USEC_PER_SEC);
  memcpy (self->peer_nonce, body->nonce, sizeof self->peer_nonce);
  approver = (VmSasSide){ self->peer_spki, self->device_id, self->peer_nonce };
  requester = (VmSasSide){ vm_identity_get_spki (self->identity),
    vm_identity_get_device_id (self->identity), self->nonce };
  vm_sas (&approver, &requester, self->digits);
  return step (self, VM_REQUESTER_EVENT_OFFER);
}

static gboolean
take_challenge (VmRequester *self, const VmTrustBody *body, GError **error)
{
  VmTrustExchange exchange = exchange_of (self);

  memcpy (self->challenge, body->nonce, sizeof self->challenge);
  if (!vm_trust_is_signed (self->peer_spki, VM_TRUST_ROLE_APPROVER, &exchange,
          body->signature)) {
    g_set_error (error, VM_ERROR, VM_ERROR_SIGNATURE,
        "The challenge is not signed by the key of the other device, or not "
        "for this request");
    return FALSE;
  }
  return step (self, self->confirmed ? VM_REQUESTER_EVENT_CHALLENGE_CONFIRMED
                                     : VM_REQUESTER_EVENT_CHALLENGE);
}

static gboolean
take_token (
    VmRequester *self, gint64 date, const VmTrustBody *body, GError **error)
{
  g_autoptr (VmToken) token = vm_token_from_pem (body->token, -1, error);

  if (!token || !vm_token_verify (token, self->peer_spki, date, error))
    return FALSE;
  if (!g_bytes_equal (
          token->subject_spki, vm_identity_get_spki (self->identity))
      || token->meeting_id) {
    g_set_error (error, VM_ERROR, VM_ERROR_WRONG_KEY,
        "The token that the other device gives is not for this one");
    return FALSE;
  }
  self->token = g_steal_pointer (&token);
  return step (self, VM_REQUESTER_EVENT_TOKEN);
}

/* What the last call is answered by when all goes well. */
static gboolean
answer_type (VmRequesterState state, guint status, VmTrustBodyType *type)
{
  static const struct
  {
    VmRequesterState state;
    guint status;
    VmTrustBodyType type;
  } answers[] = {
    { VM_REQUESTER_REQUESTING, 202, VM_TRUST_BODY_OFFER },
    { VM_REQUESTER_REVEALING, 202, VM_TRUST_BODY_PENDING },
    { VM_REQUESTER_POLLING, 202, VM_TRUST_BODY_PENDING },
    { VM_REQUESTER_POLLING, 200, VM_TRUST_BODY_CHALLENGE },
    { VM_REQUESTER_PROVING, 200, VM_TRUST_BODY_TOKEN },
  };

  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    if (answers[i].state == state && answers[i].status == status) {
      *type = answers[i].type;
      return TRUE;
    }
  }
  return FALSE;
}

static gboolean
take (VmRequester *self, gint64 now, gint64 date, VmTrustBodyType type,
    const gchar *data, gsize size, GError **error)
{
  g_auto (VmTrustBody) body = { NULL };

  if (!vm_trust_body_read (&body, type, data, size, error))
    return FALSE;
  switch (type) {
    case VM_TRUST_BODY_OFFER:
      return take_offer (self, now, &body, error);
    case VM_TRUST_BODY_CHALLENGE:
      return take_challenge (self, &body, error);
    case VM_TRUST_BODY_TOKEN:
      return take_token (self, date, &body, error);
    default:
      return step (self, VM_REQUESTER_EVENT_PENDING);
  }
}

void
vm_requester_answer (VmRequester *self, gint64 now, gint64 date, GBytes *spki,
    guint status, const gchar *data, gsize size)
{
  GError *error = NULL;
  VmTrustBodyType type;

  g_return_if_fail (self->in_flight);

  self->in_flight = FALSE;
  expire (self, now);
  if (self->state == VM_REQUESTER_FAILED)
    return;
  /* not even a refusal is believed of another key */
  if (!check_key (self, spki, &error))
    fail (self, error);
  else if (!answer_type (self->state, status, &type))
    fail (self, vm_trust_refusal_read (status, data, size));
  else if (!take (self, now, date, type, data, size, &error))
    fail (self, error);
}

void
vm_requester_unanswered (VmRequester *self, gint64 now, const GError *reason)
{
  g_return_if_fail (self->in_flight);

  self->in_flight = FALSE;
  expire (self, now);
  if (self->state == VM_REQUESTER_POLLING)
    self->next_poll = now + VM_TRUST_POLL_PAUSE;
  else
    fail (self, g_error_copy (reason));
}

/* The user */

gboolean
vm_requester_confirm (VmRequester *self, GError **error)
{
  if (self->confirmed || !*self->digits
      || self->state >= VM_REQUESTER_PROVING) {
    g_set_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST,
        "There are no digits to confirm: the request for trust is %s",
        states[self->state]);
    return FALSE;
  }
  self->confirmed = TRUE;
  if (self->state == VM_REQUESTER_CHALLENGED)
    step (self, VM_REQUESTER_EVENT_CONFIRM);
  return TRUE;
}

void
vm_requester_deny (VmRequester *self)
{
  fail (self, g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED,
                  "The digits were not confirmed on this device"));
}

gboolean
vm_requester_get_result (VmRequester *self, VmTrustResult *result)
{
  if (self->state != VM_REQUESTER_DONE)
    return FALSE;
  *result = (VmTrustResult){ .device_id = self->device_id,
    .name = self->peer_name,
    .spki = self->peer_spki,
    .token = self->token };
  return TRUE;
}
