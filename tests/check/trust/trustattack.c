/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The handshake with somebody in between, or at one end, who does not mean
 * well: each attempt fails, each is told for what it is. */

#include "program.h"
#include "support/trust/trustpair.h"

#include <gst/videomeet/base/base64.h>
#include <string.h>

static void
nobody_is_trusted (void)
{
  fail_unless (pair.given == NULL);
  fail_if (vm_requester_get_state (pair.requester) == VM_REQUESTER_DONE);
}

/* Eve ends bob's TLS at her own server and speaks to ann as herself, but passes
 * on what both say: the keys in the bodies are not those of the connections. */

GST_START_TEST (test_request_over_another_connection)
{
  pair.seen_by_ann = __i__ ? vm_identity_get_spki (eve) : NULL;
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (vm_approver_count (pair.approver), 0);
  nobody_is_trusted ();
}

GST_END_TEST;

GST_START_TEST (test_answer_over_another_connection)
{
  pair.seen_by_bob = __i__ ? vm_identity_get_spki (eve) : NULL;
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
  nobody_is_trusted ();
}

GST_END_TEST;

/* At every later step, either way. */
GST_START_TEST (test_connection_changes_hands)
{
  static const VmRequesterState at[] = { VM_REQUESTER_REVEALING,
    VM_REQUESTER_POLLING, VM_REQUESTER_PROVING };
  gboolean to_ann = __i__ % 2;

  pair_reach (at[__i__ / 2]);
  if (to_ann)
    pair.seen_by_ann = vm_identity_get_spki (eve);
  else
    pair.seen_by_bob = vm_identity_get_spki (eve);
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
  if (to_ann || at[__i__ / 2] != VM_REQUESTER_PROVING)
    nobody_is_trusted ();
}

GST_END_TEST;

/* Eve puts her key in the place of the other's. */

static void
swap_request_key (VmTrustCall *call)
{
  g_autofree gchar *key = g_base64_encode (
      g_bytes_get_data (vm_identity_get_spki (eve), NULL), VM_SPKI_SIZE);

  if (strcmp (call->path, "/trust/request") == 0)
    pair_swap (&call->body, "pubKey", key);
}

static void
swap_request_identity (VmTrustCall *call)
{
  swap_request_key (call);
  if (strcmp (call->path, "/trust/request") == 0)
    pair_swap (&call->body, "deviceId", vm_identity_get_device_id (eve));
}

static void
swap_offer_key (VmTrustAnswer *answer)
{
  g_autofree gchar *key = g_base64_encode (
      g_bytes_get_data (vm_identity_get_spki (eve), NULL), VM_SPKI_SIZE);

  if (strstr (answer->body, "pubKey"))
    pair_swap (&answer->body, "pubKey", key);
}

GST_START_TEST (test_swapped_key_in_request)
{
  pair.on_call = __i__ ? swap_request_identity : swap_request_key;
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
  nobody_is_trusted ();
}

GST_END_TEST;

GST_START_TEST (test_swapped_key_in_offer)
{
  pair.on_answer = swap_offer_key;
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* Eve is the server under ann's address, honest about her key: bob asked for
 * ann's device. */
GST_START_TEST (test_another_device_answers)
{
  pair.seen_by_bob = vm_identity_get_spki (eve);
  pair.on_answer = swap_offer_key;
  pair_steps (1);
  pair_failed (VM_ERROR_WRONG_KEY);
  fail_unless (strstr (vm_requester_get_error (pair.requester)->message,
      vm_identity_get_device_id (ann)));
}

GST_END_TEST;

/* Bob asks whoever answers, and eve sits between with a key for each side: both
 * handshakes go well for themselves, but the digits differ. */
GST_START_TEST (test_two_handshakes_have_two_digits)
{
  guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autofree gchar *id = NULL;
  g_auto (VmTrustCall) call = { 0 };
  VmTrustBody offer = { .spki = vm_identity_get_spki (eve),
    .request_id = (gchar *) "AAAAAAAAAAAAAAAAAAAAAA",
    .expires_in = 300 };
  g_autofree gchar *body = NULL;
  guint status;
  gint64 when;

  vm_requester_free (pair.requester);
  pair.requester = vm_requester_new (bob, "Bob", NULL, nonce, pair.now);
  vm_requester_next (pair.requester, pair.now, &call, &when);
  body = vm_trust_body_write (&offer, VM_TRUST_BODY_OFFER);
  vm_requester_answer (pair.requester, pair.now, PAIR_DATE,
      vm_identity_get_spki (eve), 202, body, strlen (body));
  id = pair_request (KEY (eve), "Bob", 1, &status);
  fail_unless_equals_int (pair_reveal (KEY (eve), id, 1), 202);
  fail_if (strcmp (pair.digits, vm_requester_get_digits (pair.requester)) == 0);
}

GST_END_TEST;

/* Grinding */

/* Eve has committed to one nonce, learns ann's, and opens with the nonce that
 * gives the digits she needs. */
GST_START_TEST (test_commitment_opened_otherwise)
{
  guint status;
  g_autofree gchar *id = pair_request (KEY (eve), "Bob", 1, &status);

  fail_unless_equals_int (pair_reveal (KEY (eve), id, 2), 403);
  pair_heard ("failed:Bob:SIGNATURE ready");
  /* nor afterwards the right one */
  fail_unless_equals_int (pair_reveal (KEY (eve), id, 1), 400);
  pair_heard ("");
  fail_unless_equals_int (pair_find (id)->state, VM_APPROVER_FAILED);
}

GST_END_TEST;

/* A commitment of bob's is no use with another key. */
GST_START_TEST (test_commitment_of_another_key)
{
  VmTrustBody body = { .device_id = (gchar *) vm_identity_get_device_id (eve),
    .spki = vm_identity_get_spki (eve),
    .name = (gchar *) "Bob" };
  g_auto (VmTrustBody) offer = { NULL };
  g_auto (VmTrustAnswer) answer = { 0 };
  g_autofree gchar *text = NULL;
  guint8 nonce[VM_TRUST_NONCE_SIZE];

  memset (nonce, 5, sizeof nonce);
  vm_trust_commit (nonce, vm_identity_get_spki (bob), body.commit);
  text = vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
  fail_unless_equals_int (
      pair_ask (KEY (eve), "/trust/request", text, &answer), 202);
  fail_unless (vm_trust_body_read (
      &offer, VM_TRUST_BODY_OFFER, answer.body, strlen (answer.body), NULL));
  fail_unless_equals_int (pair_reveal (KEY (eve), offer.request_id, 5), 403);
}

GST_END_TEST;

/* Ann's nonce changed on the way to bob: other digits, and her signature is not
 * over what he has. */
static void
swap_offer_nonce (VmTrustAnswer *answer)
{
  if (strstr (answer->body, "pubKey"))
    pair_swap (
        &answer->body, "nonce", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

GST_START_TEST (test_swapped_nonce)
{
  pair.on_answer = swap_offer_nonce;
  pair_steps (2);
  fail_if (strcmp (pair.digits, vm_requester_get_digits (pair.requester)) == 0);
  /* even if both confirm blindly */
  pair_approve ();
  vm_requester_confirm (pair.requester, NULL);
  pair_steps (1);
  pair_failed (VM_ERROR_SIGNATURE);
  nobody_is_trusted ();
}

GST_END_TEST;

static void
stretch_expiry (VmTrustAnswer *answer)
{
  gchar *found = strstr (answer->body, "\"expiresIn\":300");

  if (found)
    memcpy (found, "\"expiresIn\":299", strlen ("\"expiresIn\":299"));
}

GST_START_TEST (test_changed_expiry)
{
  pair.on_answer = stretch_expiry;
  pair_steps (2);
  pair_approve ();
  pair_steps (1);
  pair_failed (VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* Replays */

static gchar *reveal, *proof, *challenge;

static void
keep_calls (VmTrustCall *call)
{
  if (strcmp (call->path, "/trust/reveal") == 0)
    reveal = g_strdup (call->body);
  if (strcmp (call->path, "/trust/proof") == 0)
    proof = g_strdup (call->body);
}

static void
keep_challenge (VmTrustAnswer *answer)
{
  if (strstr (answer->body, "challenge")) {
    g_free (challenge);
    challenge = g_strdup (answer->body);
  }
}

static void
forget_all (void)
{
  g_clear_pointer (&reveal, g_free);
  g_clear_pointer (&proof, g_free);
  g_clear_pointer (&challenge, g_free);
}

GST_START_TEST (test_replays)
{
  g_auto (VmTrustAnswer) reveals = { 0 };
  g_auto (VmTrustAnswer) proofs = { 0 };
  g_auto (VmTrustAnswer) foreign = { 0 };

  pair.on_call = keep_calls;
  pair_reach (VM_REQUESTER_DONE);
  g_clear_pointer (&pair.given, vm_token_unref);
  fail_unless_equals_int (
      pair_ask (KEY (bob), "/trust/reveal", reveal, &reveals), 400);
  fail_unless_equals_int (
      pair_ask (KEY (bob), "/trust/proof", proof, &proofs), 400);
  fail_unless_equals_int (
      pair_ask (KEY (eve), "/trust/proof", proof, &foreign), 403);
  fail_unless (pair.given == NULL);
  forget_all ();
}

GST_END_TEST;

/* The proof of one request in the place of another's. */
static void
swap_proof (VmTrustCall *call)
{
  VmTrustBody body = { 0 };

  if (strcmp (call->path, "/trust/proof") != 0)
    return;
  fail_unless (vm_trust_body_read (
      &body, VM_TRUST_BODY_PROOF, proof, strlen (proof), NULL));
  {
    g_autofree gchar *signature =
        g_base64_encode (body.signature, sizeof body.signature);

    pair_swap (&call->body, "signature", signature);
  }
  vm_trust_body_clear (&body);
}

GST_START_TEST (test_proof_of_an_earlier_request)
{
  pair.on_call = keep_calls;
  pair_reach (VM_REQUESTER_DONE);
  g_clear_pointer (&pair.given, vm_token_unref);
  pair_begin ();
  pair.on_call = swap_proof;
  pair_reach (VM_REQUESTER_PROVING);
  g_string_truncate (pair.heard, 0);
  pair_steps (1);
  pair_failed (VM_ERROR_SIGNATURE);
  pair_heard ("failed:Bob:SIGNATURE ready");
  nobody_is_trusted ();
  forget_all ();
}

GST_END_TEST;

static void
swap_challenge (VmTrustAnswer *answer)
{
  if (!strstr (answer->body, "challenge"))
    return;
  g_free (answer->body);
  answer->body = g_strdup (challenge);
}

GST_START_TEST (test_challenge_of_an_earlier_request)
{
  pair.on_answer = keep_challenge;
  pair_reach (VM_REQUESTER_DONE);
  pair_begin ();
  pair.on_answer = swap_challenge;
  pair_steps (2);
  pair_approve ();
  pair_steps (1);
  pair_failed (VM_ERROR_SIGNATURE);
  forget_all ();
}

GST_END_TEST;

/* Bob's own words sent back, and ann's: the roles differ. */

static void
reflect_challenge (VmTrustCall *call)
{
  VmTrustBody body = { 0 };

  if (strcmp (call->path, "/trust/proof") != 0)
    return;
  fail_unless (vm_trust_body_read (
      &body, VM_TRUST_BODY_CHALLENGE, challenge, strlen (challenge), NULL));
  {
    g_autofree gchar *signature =
        g_base64_encode (body.signature, sizeof body.signature);

    pair_swap (&call->body, "signature", signature);
  }
}

GST_START_TEST (test_reflected_challenge)
{
  pair.on_answer = keep_challenge;
  pair.on_call = reflect_challenge;
  pair_reach (VM_REQUESTER_PROVING);
  pair_steps (1);
  pair_failed (VM_ERROR_SIGNATURE);
  nobody_is_trusted ();
  forget_all ();
}

GST_END_TEST;

/* Ann's device asked by itself, through eve's reflection. */
GST_START_TEST (test_own_key)
{
  guint status;
  guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
  g_autofree gchar *id = pair_request (KEY (ann), "Ann", 1, &status);

  fail_unless (id == NULL);
  fail_unless_equals_int (status, 400);
  vm_requester_free (pair.requester);
  pair.requester = vm_requester_new (bob, "Bob", NULL, nonce, pair.now);
  pair.seen_by_bob = vm_identity_get_spki (bob);
  pair_steps (1);
  pair_failed (VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

/* The token */

static gchar *false_token;

static void
swap_token (VmTrustAnswer *answer)
{
  VmTrustBody body = { .token = false_token };

  if (!strstr (answer->body, "token"))
    return;
  g_free (answer->body);
  answer->body = vm_trust_body_write (&body, VM_TRUST_BODY_TOKEN);
}

static VmToken *
issue (guint which)
{
  switch (which) {
    case 0: /* by another */
      return vm_token_issue (eve, KEY (bob), VM_PERMISSIONS_CALL, NULL,
          PAIR_DATE, PAIR_DATE + 60, NULL);
    case 1: /* for another */
      return vm_token_issue (ann, KEY (eve), VM_PERMISSIONS_CALL, NULL,
          PAIR_DATE, PAIR_DATE + 60, NULL);
    case 2: /* of the past */
      return vm_token_issue (ann, KEY (bob), VM_PERMISSIONS_CALL, NULL,
          PAIR_DATE - 7200, PAIR_DATE - 3600, NULL);
    default: /* a guest's */
      return vm_token_issue (ann, KEY (bob), VM_PERMISSIONS_CALL, "meeting",
          PAIR_DATE, PAIR_DATE + 60, NULL);
  }
}

GST_START_TEST (test_false_tokens)
{
  g_autoptr (VmToken) token = issue (__i__);

  false_token = vm_token_to_pem (token);
  pair.on_answer = swap_token;
  pair_reach (VM_REQUESTER_PROVING);
  pair_steps (1);
  pair_failed (__i__ == 2 ? VM_ERROR_NOT_TRUSTED : VM_ERROR_WRONG_KEY);
  g_clear_pointer (&false_token, g_free);
}

GST_END_TEST;

/* What is signed: one bit of each field, the role, the key. */

typedef struct
{
  gchar approver_id[VM_DEVICE_ID_LENGTH + 1];
  gchar requester_id[VM_DEVICE_ID_LENGTH + 1];
  guint8 approver_nonce[VM_TRUST_NONCE_SIZE];
  guint8 requester_nonce[VM_TRUST_NONCE_SIZE];
  guint8 challenge[VM_TRUST_NONCE_SIZE];
  gint64 expires_in;
} Fields;

static VmTrustExchange
exchange_of (const Fields *f)
{
  return (VmTrustExchange){ f->approver_id, f->requester_id, f->approver_nonce,
    f->requester_nonce, f->challenge, f->expires_in };
}

GST_START_TEST (test_every_signed_field)
{
  Fields f = { .expires_in = 300 };
  guint8 *fields[] = { (guint8 *) f.approver_id, (guint8 *) f.requester_id,
    f.approver_nonce, f.requester_nonce, f.challenge,
    (guint8 *) &f.expires_in };
  VmTrustExchange exchange;
  guint8 signature[VM_SIGNATURE_SIZE];
  VmTrustRole role = __i__;

  g_strlcpy (f.approver_id, vm_identity_get_device_id (ann), 65);
  g_strlcpy (f.requester_id, vm_identity_get_device_id (bob), 65);
  exchange = exchange_of (&f);
  fail_unless (vm_trust_sign (ann, role, &exchange, signature, NULL));
  fail_unless (vm_trust_is_signed (KEY (ann), role, &exchange, signature));
  fail_if (vm_trust_is_signed (KEY (ann), !role, &exchange, signature));
  fail_if (vm_trust_is_signed (KEY (eve), role, &exchange, signature));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    *fields[i] ^= 1;
    exchange = exchange_of (&f);
    fail_if (vm_trust_is_signed (KEY (ann), role, &exchange, signature),
        "field %u", i);
    *fields[i] ^= 1;
  }
}

GST_END_TEST;

static Suite *
trustattack_suite (void)
{
  Suite *s = suite_create ("trustattack");
  TCase *tc = tcase_create ("attacks");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, pair_setup, pair_teardown);
  tcase_add_loop_test (tc, test_request_over_another_connection, 0, 2);
  tcase_add_loop_test (tc, test_answer_over_another_connection, 0, 2);
  tcase_add_loop_test (tc, test_connection_changes_hands, 0, 6);
  tcase_add_loop_test (tc, test_swapped_key_in_request, 0, 2);
  tcase_add_test (tc, test_swapped_key_in_offer);
  tcase_add_test (tc, test_another_device_answers);
  tcase_add_test (tc, test_two_handshakes_have_two_digits);
  tcase_add_test (tc, test_commitment_opened_otherwise);
  tcase_add_test (tc, test_commitment_of_another_key);
  tcase_add_test (tc, test_swapped_nonce);
  tcase_add_test (tc, test_changed_expiry);
  tcase_add_test (tc, test_replays);
  tcase_add_test (tc, test_proof_of_an_earlier_request);
  tcase_add_test (tc, test_challenge_of_an_earlier_request);
  tcase_add_test (tc, test_reflected_challenge);
  tcase_add_test (tc, test_own_key);
  tcase_add_loop_test (tc, test_false_tokens, 0, 4);
  tcase_add_loop_test (tc, test_every_signed_field, 0, 2);
  return s;
}

CHECK_PROGRAM (trustattack)
