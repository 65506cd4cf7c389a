/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Guests' tokens and what is signed to use them: limits and single use. How it
 * goes over HTTP is guestjoin.c's. */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/room/invites.h>
#include <gst/videomeet/base/limits.h>
#include <gst/videomeet/trust/keys/signature.h>

#include <string.h>

#define MEETING "0b5e3c1e-meeting"
#define NOW (1000 * G_USEC_PER_SEC)
#define GROUP "10.0.0.2"
#define GUESS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static VmInvites *invites;
static guint64 drawn;

static void
count_up (guint8 *bytes, gsize size, gpointer user_data)
{
  drawn++;
  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (drawn >> (8 * (i % 8)));
}

static void
invites_setup (void)
{
  fixture_setup ();
  drawn = 0;
  invites = vm_invites_new (f.me, count_up, NULL);
}

static void
invites_teardown (void)
{
  g_clear_pointer (&invites, vm_invites_free);
  fixture_teardown ();
}

static gchar *
make (gint64 lifetime)
{
  g_autoptr (GError) error = NULL;
  gchar *text = vm_invites_make (invites, MEETING, lifetime, NOW, &error);

  g_assert_no_error (error);
  return text;
}

static VmToken *
redeem (const gchar *text, gint64 now, GError **error)
{
  return vm_invites_redeem (invites, text, vm_identity_get_spki (f.bob),
      MEETING, GROUP, now, FIXTURE_NOW, error);
}

static VmToken *
get_token (void)
{
  g_autofree gchar *text = make (VM_INVITATION_LIFETIME);
  g_autoptr (GError) error = NULL;
  VmToken *token = redeem (text, NOW, &error);

  g_assert_no_error (error);
  return token;
}

static gchar *
sign (VmIdentity *who, const gchar *meeting, const gchar *nonce)
{
  g_autoptr (GByteArray) bytes = vm_invites_signed_bytes (meeting, nonce);
  guint8 signature[VM_SIGNATURE_SIZE];

  fail_unless (
      vm_signature_make (who, bytes->data, bytes->len, signature, NULL));
  return g_base64_encode (signature, sizeof signature);
}

GST_START_TEST (test_token)
{
  g_autoptr (VmToken) token = get_token ();
  g_autoptr (GError) error = NULL;

  fail_unless_equals_string (token->meeting_id, MEETING);
  fail_unless_equals_string (
      token->subject_id, vm_identity_get_device_id (f.bob));
  fail_unless_equals_int (token->permissions, VM_TOKEN_GUEST_PERMISSIONS);
  fail_unless (vm_token_verify (
      token, vm_identity_get_spki (f.me), FIXTURE_NOW + VM_GUEST_TIME, NULL));
  fail_if (vm_token_verify (token, vm_identity_get_spki (f.me),
      FIXTURE_NOW + VM_GUEST_TIME + 1, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_expires)
{
  g_autofree gchar *good = make (VM_INVITATION_LIFETIME);
  g_autofree gchar *late = make (VM_INVITATION_LIFETIME);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = NULL;

  token = redeem (good, NOW + VM_INVITATION_LIFETIME, &error);
  g_assert_no_error (error);
  fail_unless (redeem (late, NOW + VM_INVITATION_LIFETIME + 1, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_withdrawn)
{
  g_autofree gchar *text = make (VM_INVITATION_LIFETIME);
  g_autoptr (GError) error = NULL;

  vm_invites_withdraw (invites, MEETING);
  fail_unless (redeem (text, NOW, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* A fault of the key's uses no invitation up, and is no guess. */
GST_START_TEST (test_wrong_key)
{
  g_autofree gchar *text = make (VM_INVITATION_LIFETIME);
  static const guint8 zeros[VM_SPKI_SIZE];
  g_autoptr (GBytes) bad = g_bytes_new_static (zeros, sizeof zeros);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmToken) token = NULL;

  fail_unless (vm_invites_redeem (
                   invites, text, bad, MEETING, GROUP, NOW, FIXTURE_NOW, &error)
               == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&error);
  token = redeem (text, NOW, &error);
  g_assert_no_error (error);
}

GST_END_TEST;

/* The wait doubles; a good invitation is not looked at before it is over. */
GST_START_TEST (test_guesses)
{
  g_autofree gchar *text = make (VM_INVITATION_LIFETIME);
  gint64 now = NOW, delay = VM_PIN_DELAY_MIN;
  g_autoptr (VmToken) token = NULL;

  for (guint i = 0; i < 4; i++) {
    g_autoptr (GError) wrong = NULL;
    g_autoptr (GError) early = NULL;

    fail_unless (redeem (GUESS, now, &wrong) == NULL);
    g_assert_error (wrong, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    fail_unless (redeem (text, now + delay - 1, &early) == NULL);
    g_assert_error (early, VM_ERROR, VM_ERROR_RATE_LIMITED);
    now += delay;
    delay *= 2;
  }
  token = redeem (text, now, NULL);
  fail_unless (token != NULL);
}

GST_END_TEST;

GST_START_TEST (test_proof)
{
  g_autoptr (VmToken) token = get_token ();
  g_autofree gchar *nonce = vm_invites_ask (invites, token, GROUP, NOW, NULL);
  g_autofree gchar *signature = sign (f.bob, MEETING, nonce);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key =
      vm_invites_prove (invites, token, nonce, signature, NOW, &error);

  g_assert_no_error (error);
  fail_unless_equals_int (strlen (nonce), VM_GUEST_NONCE_LENGTH);
  fail_unless_equals_string (key, vm_identity_get_key_hash (f.bob));
  fail_unless (
      vm_invites_prove (invites, token, nonce, signature, NOW, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
}

GST_END_TEST;

static void
check_proof (VmIdentity *who, const gchar *meeting, gint64 later, gint code)
{
  g_autoptr (VmToken) token = get_token ();
  g_autofree gchar *nonce = vm_invites_ask (invites, token, GROUP, NOW, NULL);
  g_autofree gchar *signature = sign (who, meeting, nonce);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *key =
      vm_invites_prove (invites, token, nonce, signature, NOW + later, &error);

  if (code < 0)
    g_assert_no_error (error);
  else
    g_assert_error (error, VM_ERROR, code);
  fail_unless ((key != NULL) == (code < 0));
}

GST_START_TEST (test_proofs)
{
  check_proof (f.bob, MEETING, VM_GUEST_NONCE_TIME - 1, -1);
  check_proof (f.bob, MEETING, VM_GUEST_NONCE_TIME, VM_ERROR_BAD_TICKET);
  check_proof (f.eve, MEETING, 0, VM_ERROR_SIGNATURE);
  check_proof (f.bob, "another", 0, VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* What another key was to sign is of no use. */
GST_START_TEST (test_nonce_of_another)
{
  g_autoptr (VmToken) token = get_token ();
  g_autofree gchar *text = make (VM_INVITATION_LIFETIME);
  g_autoptr (VmToken) eves = vm_invites_redeem (invites, text,
      vm_identity_get_spki (f.eve), MEETING, GROUP, NOW, FIXTURE_NOW, NULL);
  g_autofree gchar *nonce = vm_invites_ask (invites, token, GROUP, NOW, NULL);
  g_autofree gchar *signature = sign (f.eve, MEETING, nonce);
  g_autoptr (GError) error = NULL;

  fail_unless (
      vm_invites_prove (invites, eves, nonce, signature, NOW, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_TICKET);
}

GST_END_TEST;

GST_START_TEST (test_nonces_of_one_address)
{
  g_autoptr (VmToken) token = get_token ();
  g_autofree gchar *first = vm_invites_ask (invites, token, GROUP, NOW, NULL);
  g_autofree gchar *second =
      vm_invites_ask (invites, token, GROUP, NOW + 1, NULL);
  g_autofree gchar *signed_first = sign (f.bob, MEETING, first);
  g_autofree gchar *signed_second = sign (f.bob, MEETING, second);
  g_autofree gchar *key = NULL;

  for (guint i = 2; i <= VM_GUEST_NONCES_PER_ADDRESS; i++)
    g_free (vm_invites_ask (invites, token, GROUP, NOW + 2, NULL));
  fail_unless (
      vm_invites_prove (invites, token, first, signed_first, NOW + 2, NULL)
      == NULL);
  key = vm_invites_prove (invites, token, second, signed_second, NOW + 2, NULL);
  fail_unless (key != NULL);
}

GST_END_TEST;

static gchar *
ask_from (VmToken *token, guint address, gint64 now, GError **error)
{
  g_autofree gchar *group = g_strdup_printf ("10.0.0.%u", address);

  return vm_invites_ask (invites, token, group, now, error);
}

GST_START_TEST (test_nonces_of_all)
{
  g_autoptr (VmToken) token = get_token ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *later = NULL;

  for (guint i = 0; i < VM_GUEST_NONCES_MAX; i++) {
    g_autofree gchar *nonce =
        ask_from (token, i / VM_GUEST_NONCES_PER_ADDRESS, NOW, &error);

    g_assert_no_error (error);
  }
  fail_unless (ask_from (token, 255, NOW, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  later = ask_from (token, 255, NOW + VM_GUEST_NONCE_TIME, NULL);
  fail_unless (later != NULL);
}

GST_END_TEST;

static Suite *
invites_suite (void)
{
  Suite *s = suite_create ("invites");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, invites_setup, invites_teardown);
  tcase_add_test (tc, test_token);
  tcase_add_test (tc, test_expires);
  tcase_add_test (tc, test_withdrawn);
  tcase_add_test (tc, test_wrong_key);
  tcase_add_test (tc, test_guesses);
  tcase_add_test (tc, test_proof);
  tcase_add_test (tc, test_proofs);
  tcase_add_test (tc, test_nonce_of_another);
  tcase_add_test (tc, test_nonces_of_one_address);
  tcase_add_test (tc, test_nonces_of_all);
  return s;
}

CHECK_PROGRAM (invites)
