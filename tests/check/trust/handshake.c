/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The handshake of two devices that mean well: every state and message, every
 * limit (security.md#pairing). trustattack.c has the others. */

#include "program.h"
#include "support/trust/trustpair.h"

#include <openssl/ec.h>
#include <string.h>

GST_START_TEST (test_both_confirm)
{
  VmTrustResult result;
  g_autoptr (GError) error = NULL;

  fail_unless (vm_requester_get_digits (pair.requester) == NULL);
  pair_steps (2);
  pair_heard ("prompt:Bob");
  fail_unless_equals_string (
      pair.digits, vm_requester_get_digits (pair.requester));
  fail_unless_equals_int (strlen (pair.digits), VM_SAS_DIGITS);
  pair_approve ();
  pair_heard ("ready");
  pair_steps (1);
  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_CHALLENGED);
  /* ann has confirmed; without bob's word nothing goes out or is remembered */
  fail_if (pair_step ());
  fail_if (vm_requester_get_result (pair.requester, &result));
  fail_unless (vm_requester_confirm (pair.requester, &error));
  pair_steps (1);
  pair_heard ("established:Bob");
  fail_if (pair_step ());

  fail_unless (vm_requester_get_result (pair.requester, &result));
  fail_unless_equals_string (result.device_id, vm_identity_get_device_id (ann));
  fail_unless_equals_string (result.name, "Ann's laptop");
  fail_unless (g_bytes_equal (result.spki, vm_identity_get_spki (ann)));
  fail_unless (vm_token_verify (
      result.token, vm_identity_get_spki (ann), PAIR_DATE, &error));
  fail_unless_equals_string (
      result.token->subject_id, vm_identity_get_device_id (bob));
  fail_unless_equals_int (result.token->permissions, PAIR_PERMISSIONS);
  fail_unless (g_bytes_equal (result.token->der, pair.given->der));
  fail_unless_equals_int64 (
      result.token->not_after, PAIR_DATE + VM_TRUST_TOKEN_TIME);
}

GST_END_TEST;

GST_START_TEST (test_requester_confirms_first)
{
  pair_steps (1);
  fail_unless (vm_requester_confirm (pair.requester, NULL));
  pair_steps (1);
  pair_approve ();
  pair_steps (2);
  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_DONE);
}

GST_END_TEST;

GST_START_TEST (test_confirm_what_is_not_there)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_requester_confirm (pair.requester, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  pair_steps (1);
  fail_unless (vm_requester_confirm (pair.requester, NULL));
  fail_if (vm_requester_confirm (pair.requester, NULL));
  pair_reach (VM_REQUESTER_DONE);
  fail_if (vm_requester_confirm (pair.requester, NULL));
}

GST_END_TEST;

GST_START_TEST (test_approver_denies)
{
  pair_steps (2);
  fail_unless (vm_approver_deny (pair.approver, pair.prompted, NULL));
  pair_heard ("prompt:Bob ready");
  pair_steps (1);
  pair_failed (VM_ERROR_NOT_TRUSTED);
  fail_unless (strstr (
      vm_requester_get_error (pair.requester)->message, "Ann's laptop"));
  fail_if (vm_approver_deny (pair.approver, pair.prompted, NULL));
  fail_if (vm_approver_approve (
      pair.approver, pair.prompted, PAIR_PERMISSIONS, NULL));
}

GST_END_TEST;

/* At every state, and ann learns of it when the time is over. */
GST_START_TEST (test_requester_denies)
{
  pair_reach (__i__);
  vm_requester_deny (pair.requester);
  if (__i__ == VM_REQUESTER_DONE) {
    fail_unless_equals_int (
        vm_requester_get_state (pair.requester), VM_REQUESTER_DONE);
    return;
  }
  pair_failed (VM_ERROR_NOT_TRUSTED);
  g_string_truncate (pair.heard, 0);
  pair.now += VM_TRUST_REQUEST_TIME;
  vm_approver_tick (pair.approver, pair.now);
  pair_heard (__i__ > VM_REQUESTER_REVEALING ? "failed:Bob:TIMEOUT ready" : "");
  fail_unless (pair.given == NULL);
}

GST_END_TEST;

GST_START_TEST (test_approve_needs_permission_and_a_prompt)
{
  g_autoptr (GError) error = NULL;

  fail_if (
      vm_approver_approve (pair.approver, "nothing", PAIR_PERMISSIONS, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  g_clear_error (&error);
  pair_steps (2);
  fail_if (vm_approver_approve (
      pair.approver, pair.prompted, VM_PERMISSIONS_NONE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  pair_approve ();
  g_clear_error (&error);
  fail_if (vm_approver_approve (
      pair.approver, pair.prompted, PAIR_PERMISSIONS, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

GST_START_TEST (test_store_that_fails)
{
  pair.disk_full = TRUE;
  pair_steps (1);
  vm_requester_confirm (pair.requester, NULL);
  pair_steps (1);
  pair_approve ();
  pair_steps (2);
  pair_failed (VM_ERROR_FAILED);
  pair_heard ("prompt:Bob ready failed:Bob:FAILED ready");
}

GST_END_TEST;

/* An answer that is pending is held, and asked for again after a pause only. */
GST_START_TEST (test_long_poll)
{
  g_auto (VmTrustCall) call = { 0 };
  g_auto (VmTrustAnswer) answer = { 0 };
  gint64 when = 0;

  pair_steps (3);
  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_POLLING);
  fail_if (vm_requester_next (pair.requester, pair.now, &call, &when));
  fail_unless_equals_int64 (when, pair.now + VM_TRUST_POLL_PAUSE);
  fail_if (vm_requester_next (pair.requester, when - 1, &call, &when));
  pair.now = when;
  fail_unless (vm_requester_next (pair.requester, pair.now, &call, &when));
  fail_unless_equals_int (pair_ask (KEY (bob), call.path, NULL, &answer), 202);
  fail_unless (answer.hold);
  vm_trust_answer_clear (&answer);
  /* nothing comes: the connection was lost */
  {
    g_autoptr (GError) lost =
        g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "It is gone");

    fail_if (vm_requester_next (pair.requester, pair.now, &call, &when));
    fail_unless_equals_int64 (when, PAIR_START + VM_TRUST_REQUEST_TIME);
    vm_requester_unanswered (pair.requester, pair.now, lost);
  }
  fail_if (pair_step ());
  pair.now += VM_TRUST_POLL_PAUSE;
  pair_approve ();
  pair_steps (1);
  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_CHALLENGED);
}

GST_END_TEST;

/* What is not a GET is not sent twice. */
GST_START_TEST (test_unanswered)
{
  static const VmRequesterState at[] = { VM_REQUESTER_REQUESTING,
    VM_REQUESTER_REVEALING, VM_REQUESTER_PROVING };
  g_autoptr (GError) lost =
      g_error_new (VM_ERROR, VM_ERROR_DISCONNECTED, "It is gone");
  g_auto (VmTrustCall) call = { 0 };
  gint64 when;

  pair_reach (at[__i__]);
  fail_unless (vm_requester_next (pair.requester, pair.now, &call, &when));
  vm_requester_unanswered (pair.requester, pair.now, lost);
  pair_failed (VM_ERROR_DISCONNECTED);
}

GST_END_TEST;

/* State tables */

GST_START_TEST (test_approver_table)
{
#define NO (-1)
  static const gint next[VM_APPROVER_N_STATES][VM_APPROVER_N_EVENTS] = {
    /* reveal, bad reveal, prompt, approve, deny, proof, bad proof, replace,
     * revoke */
    [VM_APPROVER_COMMITTED] = { VM_APPROVER_WAITING, VM_APPROVER_FAILED, NO, NO,
        NO, NO, NO, VM_APPROVER_FAILED, VM_APPROVER_FAILED },
    [VM_APPROVER_WAITING] = { NO, NO, VM_APPROVER_PROMPTED, NO, NO, NO, NO,
        VM_APPROVER_FAILED, VM_APPROVER_FAILED },
    [VM_APPROVER_PROMPTED] = { NO, NO, NO, VM_APPROVER_APPROVED,
        VM_APPROVER_DENIED, NO, NO, VM_APPROVER_FAILED, VM_APPROVER_FAILED },
    [VM_APPROVER_APPROVED] = { NO, NO, NO, NO, NO, VM_APPROVER_DONE,
        VM_APPROVER_FAILED, VM_APPROVER_FAILED, VM_APPROVER_FAILED },
    [VM_APPROVER_DENIED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO },
    [VM_APPROVER_DONE] = { NO, NO, NO, NO, NO, NO, NO, NO, NO },
    [VM_APPROVER_FAILED] = { NO, NO, NO, NO, NO, NO, NO, NO, NO },
  };

  for (guint s = 0; s < VM_APPROVER_N_STATES; s++) {
    for (guint e = 0; e < VM_APPROVER_N_EVENTS; e++) {
      VmApproverState got;
      gboolean edge = vm_approver_state_next (s, e, &got);

      fail_unless_equals_int (edge, next[s][e] != NO);
      fail_unless_equals_int (got, edge ? next[s][e] : (gint) s);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_requester_table)
{
#define FAILS VM_REQUESTER_FAILED
  static const gint next[VM_REQUESTER_N_STATES][VM_REQUESTER_N_EVENTS] = {
    /* offer, pending, challenge, the same confirmed, confirm, token, fail */
    [VM_REQUESTER_REQUESTING] = { VM_REQUESTER_REVEALING, NO, NO, NO, NO, NO,
        FAILS },
    [VM_REQUESTER_REVEALING] = { NO, VM_REQUESTER_POLLING, NO, NO, NO, NO,
        FAILS },
    [VM_REQUESTER_POLLING] = { NO, VM_REQUESTER_POLLING,
        VM_REQUESTER_CHALLENGED, VM_REQUESTER_PROVING, NO, NO, FAILS },
    [VM_REQUESTER_CHALLENGED] = { NO, NO, NO, NO, VM_REQUESTER_PROVING, NO,
        FAILS },
    [VM_REQUESTER_PROVING] = { NO, NO, NO, NO, NO, VM_REQUESTER_DONE, FAILS },
    [VM_REQUESTER_DONE] = { NO, NO, NO, NO, NO, NO, NO },
    [VM_REQUESTER_FAILED] = { NO, NO, NO, NO, NO, NO, NO },
  };

  for (guint s = 0; s < VM_REQUESTER_N_STATES; s++) {
    for (guint e = 0; e < VM_REQUESTER_N_EVENTS; e++) {
      VmRequesterState got;
      gboolean edge = vm_requester_state_next (s, e, &got);

      fail_unless_equals_int (edge, next[s][e] != NO);
      fail_unless_equals_int (got, edge ? next[s][e] : (gint) s);
    }
  }
}

GST_END_TEST;

/* Every message at every state of a real request. */

enum
{
  REQUEST,
  REVEAL,
  BAD_REVEAL,
  POLL,
  PROOF,
  BAD_PROOF,
  N_MESSAGES
};

static void
bring_to (VmApproverState state, gchar **id)
{
  guint status;

  *id = pair_request (KEY (bob), "Bob", 7, &status);
  fail_unless_equals_int (status, 202);
  if (state == VM_APPROVER_COMMITTED)
    return;
  if (state == VM_APPROVER_FAILED) {
    fail_unless_equals_int (pair_reveal (KEY (bob), *id, 8), 403);
    return;
  }
  if (state == VM_APPROVER_WAITING) {
    g_autofree gchar *older = pair_request (KEY (eve), "Eve", 1, &status);

    fail_unless_equals_int (pair_reveal (KEY (eve), older, 1), 202);
  }
  fail_unless_equals_int (pair_reveal (KEY (bob), *id, 7), 202);
  if (state == VM_APPROVER_DENIED)
    fail_unless (vm_approver_deny (pair.approver, *id, NULL));
  if (state == VM_APPROVER_APPROVED || state == VM_APPROVER_DONE)
    pair_approve ();
}

static guint
send_proof (const gchar *id, gboolean good)
{
  VmApproverRequest *request = pair_find (id);
  VmTrustExchange exchange = vm_approver_exchange_of (pair.approver, request);
  VmTrustBody body = { .request_id = (gchar *) id };
  g_auto (VmTrustAnswer) answer = { 0 };
  g_autofree gchar *text = NULL;

  fail_unless (vm_trust_sign (
      bob, VM_TRUST_ROLE_REQUESTER, &exchange, body.signature, NULL));
  body.signature[9] ^= !good;
  text = vm_trust_body_write (&body, VM_TRUST_BODY_PROOF);
  return pair_ask (KEY (bob), "/trust/proof", text, &answer);
}

static guint
send_message (guint message, const gchar *id)
{
  g_auto (VmTrustAnswer) answer = { 0 };
  g_autofree gchar *path = g_strconcat ("/trust/request/", id, NULL);
  guint status = 0;

  switch (message) {
    case REQUEST:
      g_free (pair_request (KEY (bob), "Bob again", 9, &status));
      return status;
    case REVEAL:
      return pair_reveal (KEY (bob), id, 7);
    case BAD_REVEAL:
      return pair_reveal (KEY (bob), id, 6);
    case POLL:
      return pair_ask (KEY (bob), path, NULL, &answer);
    default:
      return send_proof (id, message == PROOF);
  }
}

GST_START_TEST (test_approver_messages)
{
  /* the status that answers, and the state afterwards */
  static const struct
  {
    guint status;
    VmApproverState state;
  } expected[VM_APPROVER_N_STATES][N_MESSAGES] = {
#define SAME(code, state) { code, VM_APPROVER_##state }
#define TO(code, state)       \
  {                           \
    code, VM_APPROVER_##state \
  }
    [VM_APPROVER_COMMITTED] = { TO (202, FAILED), TO (202, PROMPTED),
        TO (403, FAILED), SAME (400, COMMITTED), SAME (400, COMMITTED),
        SAME (400, COMMITTED) },
    [VM_APPROVER_WAITING] = { TO (202, FAILED), SAME (400, WAITING),
        SAME (400, WAITING), SAME (202, WAITING), SAME (400, WAITING),
        SAME (400, WAITING) },
    [VM_APPROVER_PROMPTED] = { TO (202, FAILED), SAME (400, PROMPTED),
        SAME (400, PROMPTED), SAME (202, PROMPTED), SAME (400, PROMPTED),
        SAME (400, PROMPTED) },
    [VM_APPROVER_APPROVED] = { TO (202, FAILED), SAME (400, APPROVED),
        SAME (400, APPROVED), SAME (200, APPROVED), TO (200, DONE),
        TO (403, FAILED) },
    [VM_APPROVER_DENIED] = { SAME (202, DENIED), SAME (400, DENIED),
        SAME (400, DENIED), SAME (403, DENIED), SAME (400, DENIED),
        SAME (400, DENIED) },
    [VM_APPROVER_DONE] = { SAME (202, DONE), SAME (400, DONE), SAME (400, DONE),
        SAME (400, DONE), SAME (400, DONE), SAME (400, DONE) },
    [VM_APPROVER_FAILED] = { SAME (202, FAILED), SAME (400, FAILED),
        SAME (400, FAILED), SAME (403, FAILED), SAME (400, FAILED),
        SAME (400, FAILED) },
  };
  guint state = __i__ / N_MESSAGES, message = __i__ % N_MESSAGES;
  g_autofree gchar *id = NULL;

  bring_to (state, &id);
  if (state == VM_APPROVER_DONE)
    fail_unless_equals_int (send_proof (id, TRUE), 200);
  fail_unless_equals_int (pair_find (id)->state, state);
  fail_unless_equals_int (
      send_message (message, id), expected[state][message].status);
  fail_unless_equals_int (
      pair_find (id)->state, expected[state][message].state);
}

GST_END_TEST;

/* Every body at every state in which one is awaited; with both statuses. */
static gchar *
some_body (guint type)
{
  VmTrustBody body = {
    .device_id = (gchar *) vm_identity_get_device_id (ann),
    .spki = vm_identity_get_spki (ann),
    .name = (gchar *) "Ann",
    .request_id = (gchar *) "AAAAAAAAAAAAAAAAAAAAAA",
    .token = (gchar *) "no token",
    .expires_in = 300,
  };

  if (type == VM_TRUST_BODY_N_TYPES)
    return g_strdup ("{\"error\":{\"code\":\"NOT_FOUND\",\"message\":\"no\"}}");
  if (type > VM_TRUST_BODY_N_TYPES)
    return g_strdup ("<html>");
  return vm_trust_body_write (&body, type);
}

GST_START_TEST (test_requester_messages)
{
  static const VmRequesterState awaiting[] = { VM_REQUESTER_REQUESTING,
    VM_REQUESTER_REVEALING, VM_REQUESTER_POLLING, VM_REQUESTER_PROVING };
  static const guint statuses[] = { 200, 202, 404 };
  guint n_types = VM_TRUST_BODY_N_TYPES + 2;
  VmRequesterState at = awaiting[__i__ / n_types];
  guint type = __i__ % n_types;

  for (guint i = 0; i < G_N_ELEMENTS (statuses); i++) {
    g_auto (VmTrustCall) call = { 0 };
    g_autofree gchar *body = some_body (type);
    VmRequesterState then = VM_REQUESTER_FAILED;
    gint64 when;

    /* beyond what an address may try */
    pair.now += VM_TRUST_ATTEMPTS_TIME;
    pair_begin ();
    pair_reach (at);
    fail_unless (vm_requester_next (pair.requester, pair.now, &call, &when));
    vm_requester_answer (pair.requester, pair.now, PAIR_DATE, pair.seen_by_bob,
        statuses[i], body, strlen (body));
    if (statuses[i] == 202 && at == VM_REQUESTER_REQUESTING
        && type == VM_TRUST_BODY_OFFER)
      then = VM_REQUESTER_REVEALING;
    if (statuses[i] == 202 && type == VM_TRUST_BODY_PENDING
        && (at == VM_REQUESTER_REVEALING || at == VM_REQUESTER_POLLING))
      then = VM_REQUESTER_POLLING;
    fail_unless_equals_int (vm_requester_get_state (pair.requester), then);
    if (statuses[i] == 404 && type == VM_TRUST_BODY_N_TYPES)
      pair_failed (VM_ERROR_NOT_FOUND);
  }
}

GST_END_TEST;

/* Limits */

GST_START_TEST (test_queue)
{
  guint status;
  g_autofree gchar *older = pair_request (KEY (bob), "Bob", 1, &status);
  g_autofree gchar *newer = pair_request (KEY (eve), "Eve", 2, &status);

  /* in the order of the reveals, one at a time */
  pair_reveal (KEY (eve), newer, 2);
  pair_heard ("prompt:Eve");
  pair_reveal (KEY (bob), older, 1);
  pair_heard ("");
  fail_unless (vm_approver_deny (pair.approver, newer, NULL));
  pair_heard ("ready prompt:Bob");
  /* what waits no longer makes room for the next */
  pair.now += VM_TRUST_REQUEST_TIME;
  fail_unless_equals_int64 (
      vm_approver_tick (pair.approver, pair.now), G_MAXINT64);
  pair_heard ("failed:Bob:TIMEOUT ready");
  fail_unless_equals_int (vm_approver_count (pair.approver), 0);
}

GST_END_TEST;

GST_START_TEST (test_newer_request_replaces)
{
  guint status;
  g_autofree gchar *older = pair_request (KEY (bob), "Bob", 1, &status);
  g_autofree gchar *newer = NULL;

  pair_reveal (KEY (bob), older, 1);
  pair_heard ("prompt:Bob");
  newer = pair_request (KEY (bob), "Bob", 2, &status);
  pair_heard ("failed:Bob:DISCONNECTED ready");
  pair_reveal (KEY (bob), newer, 2);
  pair_heard ("prompt:Bob");
  fail_unless_equals_string (pair.prompted, newer);
}

GST_END_TEST;

/* In every state; what is asked later has not failed by it. */
GST_START_TEST (test_revoked_meanwhile)
{
  const gchar *id = vm_identity_get_device_id (bob);
  const gint64 came = PAIR_DATE * G_USEC_PER_SEC;
  const gboolean approved = __i__ == VM_REQUESTER_CHALLENGED;

  pair_reach (__i__);
  g_string_truncate (pair.heard, 0);
  vm_approver_revoke (pair.approver, vm_identity_get_device_id (ann), came);
  vm_approver_revoke (pair.approver, id, came - 1);
  pair_heard ("");
  vm_approver_revoke (pair.approver, id, came);
  pair_heard ("failed:Bob:NOT_TRUSTED ready");
  if (approved)
    vm_requester_confirm (pair.requester, NULL);
  pair_steps (1);
  pair_failed (__i__ == VM_REQUESTER_POLLING ? VM_ERROR_NOT_TRUSTED
                                             : VM_ERROR_BAD_MESSAGE);
  fail_unless (pair.given == NULL);
  vm_approver_revoke (pair.approver, id, came);
  pair_heard ("");
}

GST_END_TEST;

GST_START_TEST (test_request_lives_five_minutes)
{
  fail_unless_equals_int64 (VM_TRUST_REQUEST_TIME, 300 * G_USEC_PER_SEC);
  pair_steps (2);
  pair_approve ();
  fail_unless (vm_requester_confirm (pair.requester, NULL));
  pair.now += VM_TRUST_REQUEST_TIME - 1 + __i__;
  fail_unless_equals_int64 (vm_approver_tick (pair.approver, pair.now),
      __i__ ? G_MAXINT64 : PAIR_START + VM_TRUST_REQUEST_TIME);
  if (__i__) {
    fail_if (pair_step ());
    pair_failed (VM_ERROR_TIMEOUT);
    pair_heard ("prompt:Bob ready failed:Bob:TIMEOUT ready");
    return;
  }
  pair_steps (2);
  fail_unless_equals_int (
      vm_requester_get_state (pair.requester), VM_REQUESTER_DONE);
}

GST_END_TEST;

/* An answer that comes too late is none. */
GST_START_TEST (test_late_answer)
{
  g_auto (VmTrustCall) call = { 0 };
  g_autofree gchar *body = some_body (VM_TRUST_BODY_OFFER);
  gint64 when;

  fail_unless (vm_requester_next (pair.requester, pair.now, &call, &when));
  pair.now += VM_TRUST_REQUEST_TIME;
  vm_requester_answer (pair.requester, pair.now, PAIR_DATE, pair.seen_by_bob,
      202, body, strlen (body));
  pair_failed (VM_ERROR_TIMEOUT);
}

GST_END_TEST;

static void
use_up_attempts (GBytes *who)
{
  guint status;

  for (guint i = 0; i < VM_TRUST_ATTEMPTS_MAX; i++) {
    g_free (pair_request (who, "Bob", 1, &status));
    fail_unless_equals_int (status, 202);
  }
}

GST_START_TEST (test_attempts_of_a_device)
{
  guint status;

  use_up_attempts (KEY (bob));
  /* wherever it asks from */
  pair.address = "10.0.0.3";
  pair.now += VM_TRUST_ATTEMPTS_TIME - 1;
  g_free (pair_request (KEY (bob), "Bob", 1, &status));
  fail_unless_equals_int (status, 429);
  pair.now += 1;
  use_up_attempts (KEY (bob));
  g_free (pair_request (KEY (bob), "Bob", 1, &status));
  fail_unless_equals_int (status, 429);
}

GST_END_TEST;

GST_START_TEST (test_attempts_of_an_address)
{
  guint status;

  use_up_attempts (KEY (bob));
  /* whatever key it has; other addresses are free */
  g_free (pair_request (KEY (eve), "Eve", 1, &status));
  fail_unless_equals_int (status, 429);
  pair.address = "10.0.0.3";
  g_free (pair_request (KEY (eve), "Eve", 1, &status));
  fail_unless_equals_int (status, 202);
  pair.address = "10.0.0.2";
  pair.now += VM_TRUST_ATTEMPTS_TIME;
  g_free (pair_request (KEY (eve), "Eve", 1, &status));
  fail_unless_equals_int (status, 202);
}

GST_END_TEST;

GST_START_TEST (test_trust_clears_attempts)
{
  guint status;

  for (guint i = 0; i < VM_TRUST_ATTEMPTS_MAX - 1; i++)
    g_free (pair_request (KEY (bob), "Bob", 1, &status));
  pair_begin ();
  pair_reach (VM_REQUESTER_DONE);
  use_up_attempts (KEY (bob));
}

GST_END_TEST;

/* Devices without number. */
static gchar *
ask_from (const gchar *address, guint n, guint *status)
{
  g_autoptr (EVP_PKEY) key = EVP_EC_gen ("P-256");
  g_autoptr (GBytes) spki = vm_spki_from_key (key, NULL);
  gchar *id;

  pair.address = address;
  id = pair_request (spki, "Many", n, status);
  /* a place is not free again because a request has failed */
  if (id)
    fail_unless_equals_int (pair_reveal (spki, id, n + 1), 403);
  pair.address = "10.0.0.2";
  return id;
}

/* Each from an address of its own. */
static gchar *
ask_from_new (guint n, guint *status)
{
  g_autofree gchar *address = g_strdup_printf ("10.0.1.%u", n);

  return ask_from (address, n, status);
}

GST_START_TEST (test_pending)
{
  guint status;

  for (guint i = 0; i < VM_TRUST_PENDING_MAX; i++) {
    g_free (ask_from_new (i, &status));
    fail_unless_equals_int (status, 202);
    pair.now++;
  }
  fail_unless_equals_int (
      vm_approver_count (pair.approver), VM_TRUST_PENDING_MAX);
  g_free (ask_from_new (50, &status));
  fail_unless_equals_int (status, 429);
  pair.now = PAIR_START + VM_TRUST_REQUEST_TIME - 1;
  g_free (ask_from_new (51, &status));
  fail_unless_equals_int (status, 429);
  /* the first is over, and only that */
  pair.now++;
  g_free (ask_from_new (52, &status));
  fail_unless_equals_int (status, 202);
  g_free (ask_from_new (53, &status));
  fail_unless_equals_int (status, 429);
}

GST_END_TEST;

/* An address that has less takes from the one that has most, the newest, and
 * one that has as much takes nothing. */
GST_START_TEST (test_pending_of_an_address)
{
  static const gchar *const from[VM_TRUST_PENDING_MAX] = { "10.0.2.1",
    "10.0.2.2", "10.0.2.3", "10.0.2.1", "10.0.2.2", "10.0.2.3", "10.0.2.1",
    "10.0.2.4" };
  g_autofree gchar *newest = NULL;
  guint status;

  for (guint i = 0; i < G_N_ELEMENTS (from); i++) {
    g_autofree gchar *id = ask_from (from[i], i, &status);

    fail_unless_equals_int (status, 202);
    if (i == 6)
      newest = g_steal_pointer (&id);
  }
  fail_unless (pair_find (newest) != NULL);
  g_free (ask_from ("10.0.3.1", 20, &status));
  fail_unless_equals_int (status, 202);
  fail_unless (pair_find (newest) == NULL);
  g_free (ask_from ("10.0.3.1", 21, &status));
  fail_unless_equals_int (status, 429);
  fail_unless_equals_int (
      vm_approver_count (pair.approver), VM_TRUST_PENDING_MAX);
}

GST_END_TEST;

/* Whoever was met before is heard among any number of strangers, and from their
 * address; it makes no room for them. */
GST_START_TEST (test_pending_of_the_known)
{
  g_autofree gchar *bobs = NULL;
  guint status;

  for (guint i = 0; i < VM_TRUST_PENDING_MAX; i++)
    g_free (ask_from_new (i, &status));
  pair.address = "10.0.1.1";
  pair.known = TRUE;
  bobs = pair_request (KEY (bob), "Bob", 1, &status);
  fail_unless_equals_int (status, 202);
  pair.known = FALSE;
  for (guint i = 20; i < 20 + VM_TRUST_PENDING_MAX; i++)
    g_free (ask_from_new (i, &status));
  fail_unless_equals_int (status, 429);
  fail_unless (pair_find (bobs) != NULL);
}

GST_END_TEST;

GST_START_TEST (test_attempts_of_the_known)
{
  guint status;

  use_up_attempts (KEY (eve));
  g_free (pair_request (KEY (bob), "Bob", 1, &status));
  fail_unless_equals_int (status, 429);
  pair.known = TRUE;
  use_up_attempts (KEY (bob));
  /* its own count is as everybody's */
  g_free (pair_request (KEY (bob), "Bob", 1, &status));
  fail_unless_equals_int (status, 429);
}

GST_END_TEST;

/* What is before the user stays there; what goes from the queue is told. */
GST_START_TEST (test_pending_and_the_user)
{
  g_autofree gchar *shown = NULL;
  g_autofree gchar *queued = NULL;
  guint status;

  shown = pair_request (KEY (bob), "Bob", 1, &status);
  status = pair_reveal (KEY (bob), shown, 1);
  fail_unless_equals_int (status, 202);
  queued = pair_request (KEY (eve), "Eve", 2, &status);
  status = pair_reveal (KEY (eve), queued, 2);
  fail_unless_equals_int (status, 202);
  for (guint i = 2; i < VM_TRUST_PENDING_MAX; i++)
    g_free (ask_from_new (i, &status));
  g_string_truncate (pair.heard, 0);
  g_free (ask_from ("10.0.3.1", 20, &status));
  fail_unless_equals_int (status, 202);
  fail_unless (pair_find (queued) == NULL);
  fail_unless (g_str_has_prefix (pair.heard->str, "failed:Eve:RATE_LIMITED"),
      "%s", pair.heard->str);
  g_free (ask_from ("10.0.3.2", 21, &status));
  fail_unless_equals_int (status, 429);
  pair.known = TRUE;
  g_free (ask_from ("10.0.3.2", 22, &status));
  fail_unless_equals_int (status, 202);
  fail_unless (pair_find (shown) != NULL);
}

GST_END_TEST;

/* What this user has ended makes room, the oldest first. */
GST_START_TEST (test_pending_after_the_user)
{
  guint status;
  g_autofree gchar *older = pair_request (KEY (bob), "Bob", 1, &status);

  pair_reveal (KEY (bob), older, 1);
  for (guint i = 1; i < VM_TRUST_PENDING_MAX; i++)
    g_free (ask_from_new (i, &status));
  fail_unless_equals_int (status, 202);
  g_free (ask_from_new (50, &status));
  fail_unless_equals_int (status, 429);
  fail_unless (vm_approver_deny (pair.approver, older, NULL));
  fail_unless (pair_find (older) != NULL);
  g_free (ask_from_new (51, &status));
  fail_unless_equals_int (status, 202);
  fail_unless (pair_find (older) == NULL);
}

GST_END_TEST;

/* The table of attempts is bounded, whoever asks. */
GST_START_TEST (test_attempts_kept)
{
  g_autoptr (VmTrustAttempts) attempts = vm_trust_attempts_new ();

  for (guint i = 0; i <= VM_TRUST_ATTEMPTS_KEPT; i++) {
    g_autofree gchar *who = g_strdup_printf ("%u", i);

    for (guint j = 0; j < VM_TRUST_ATTEMPTS_MAX; j++)
      vm_trust_attempts_add (attempts, who, i);
    fail_unless_equals_int (vm_trust_attempts_count (attempts),
        MIN (i + 1, VM_TRUST_ATTEMPTS_KEPT));
  }
  /* the oldest is forgotten */
  fail_unless (vm_trust_attempts_allows (
      attempts, "0", VM_TRUST_ATTEMPTS_KEPT + 100, NULL));
  fail_if (vm_trust_attempts_allows (
      attempts, "1", VM_TRUST_ATTEMPTS_KEPT + 100, NULL));
}

GST_END_TEST;

static Suite *
handshake_suite (void)
{
  Suite *s = suite_create ("handshake");
  TCase *tc = tcase_create ("handshake");
  const gint n_bodies = VM_TRUST_BODY_N_TYPES + 2;

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, pair_setup, pair_teardown);
  tcase_add_test (tc, test_both_confirm);
  tcase_add_test (tc, test_requester_confirms_first);
  tcase_add_test (tc, test_confirm_what_is_not_there);
  tcase_add_test (tc, test_approver_denies);
  tcase_add_loop_test (
      tc, test_requester_denies, VM_REQUESTER_REQUESTING, VM_REQUESTER_FAILED);
  tcase_add_test (tc, test_approve_needs_permission_and_a_prompt);
  tcase_add_test (tc, test_store_that_fails);
  tcase_add_test (tc, test_long_poll);
  tcase_add_loop_test (tc, test_unanswered, 0, 3);
  tcase_add_test (tc, test_approver_table);
  tcase_add_test (tc, test_requester_table);
  tcase_add_loop_test (
      tc, test_approver_messages, 0, VM_APPROVER_N_STATES * N_MESSAGES);
  tcase_add_loop_test (tc, test_requester_messages, 0, 4 * n_bodies);
  tcase_add_test (tc, test_queue);
  tcase_add_test (tc, test_newer_request_replaces);
  tcase_add_loop_test (
      tc, test_revoked_meanwhile, VM_REQUESTER_REVEALING, VM_REQUESTER_PROVING);
  tcase_add_loop_test (tc, test_request_lives_five_minutes, 0, 2);
  tcase_add_test (tc, test_late_answer);
  tcase_add_test (tc, test_attempts_of_a_device);
  tcase_add_test (tc, test_attempts_of_an_address);
  tcase_add_test (tc, test_trust_clears_attempts);
  tcase_add_test (tc, test_pending);
  tcase_add_test (tc, test_pending_after_the_user);
  tcase_add_test (tc, test_pending_of_an_address);
  tcase_add_test (tc, test_pending_of_the_known);
  tcase_add_test (tc, test_pending_and_the_user);
  tcase_add_test (tc, test_attempts_of_the_known);
  tcase_add_test (tc, test_attempts_kept);
  return s;
}

CHECK_PROGRAM (handshake)
