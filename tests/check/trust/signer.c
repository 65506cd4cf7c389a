/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Streams between two devices, by the public objects: each protection against
 * each change. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/media/tag.h>
#include <string.h>

static const VmProtection protections[] = { VM_PROTECTION_HMAC,
  VM_PROTECTION_SIGNATURE, VM_PROTECTION_SHA256 };

static GBytes *
key_of (VmIdentity *identity)
{
  return identity ? vm_identity_get_spki (identity) : NULL;
}

/* @peer NULL: for itself. */
static VmSigner *
signer (VmIdentity *self, VmProtection protection, VmIdentity *peer)
{
  g_autoptr (GError) error = NULL;
  VmSigner *made = vm_signer_new (self, protection, key_of (peer), &error);

  g_assert_no_error (error);
  return made;
}

static VmVerifier *
verifier (VmIdentity *self, VmProtection protection, VmIdentity *peer,
    const gchar *stream)
{
  g_autoptr (GError) error = NULL;
  VmVerifier *made =
      vm_verifier_new (self, protection, key_of (peer), stream, &error);

  g_assert_no_error (error);
  return made;
}

/* A message with its tag. */
static GBytes *
tagged (VmSigner *from, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) message = g_bytes_new (text, strlen (text));
  g_autoptr (GBytes) tag = vm_signer_sign (from, message, &error);
  GByteArray *all = g_byte_array_new ();

  g_assert_no_error (error);
  g_byte_array_append (all, (const guint8 *) text, strlen (text));
  g_byte_array_append (
      all, g_bytes_get_data (tag, NULL), g_bytes_get_size (tag));
  return g_byte_array_free_to_bytes (all);
}

/* 0: it was taken. */
static gint
result (VmVerifier *by, GBytes *bytes)
{
  g_autoptr (GError) error = NULL;

  if (vm_verifier_verify (by, bytes, NULL, NULL, &error))
    return 0;
  fail_unless (error->domain == VM_ERROR);
  return error->code;
}

/* 0: it was taken. */
static gint
result_of (VmVerifier *by, VmSigner *from, const gchar *text)
{
  g_autoptr (GBytes) bytes = tagged (from, text);

  return result (by, bytes);
}

GST_START_TEST (test_stream)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmSigner) from = signer (ann, protection, bob);
  g_autoptr (VmVerifier) to = verifier (bob, protection, ann, NULL);
  g_autoptr (GBytes) one = tagged (from, "one");
  g_autoptr (GBytes) two = tagged (from, "");
  g_autoptr (GBytes) three = tagged (from, "three");
  guint64 missed = 99;
  gsize size = 99;

  fail_unless (vm_verifier_verify (to, one, &size, &missed, NULL));
  fail_unless_equals_uint64 (size, 3);
  fail_unless_equals_uint64 (missed, 0);
  fail_unless (vm_verifier_verify (to, three, &size, &missed, NULL));
  fail_unless_equals_uint64 (size, 5);
  fail_unless_equals_uint64 (missed, 1);
  /* late, and again */
  fail_unless_equals_int (result (to, two), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (result (to, three), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (result_of (to, from, "four"), 0);
}

GST_END_TEST;

GST_START_TEST (test_every_bit)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmSigner) from = signer (ann, protection, bob);
  g_autoptr (GBytes) good = tagged (from, "one");
  gsize size;
  const guint8 *data = g_bytes_get_data (good, &size);
  g_autoptr (VmVerifier) to = verifier (bob, protection, ann, NULL);

  for (gsize bit = 0; bit < 8 * size; bit++) {
    g_autofree guint8 *copy = g_memdup2 (data, size);
    g_autoptr (GBytes) bad = NULL;

    copy[bit / 8] ^= 1 << bit % 8;
    bad = g_bytes_new (copy, size);
    fail_if (result (to, bad) == 0, "bit %" G_GSIZE_FORMAT, bit);
  }
  fail_unless_equals_int (result (to, good), 0);
}

GST_END_TEST;

/* What is cut off, and what was never there. */
GST_START_TEST (test_missing_tag)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmSigner) from = signer (ann, protection, bob);
  g_autoptr (GBytes) good = tagged (from, "one");
  g_autoptr (VmVerifier) to = verifier (bob, protection, ann, NULL);

  for (gsize size = 0; size < g_bytes_get_size (good); size++) {
    g_autoptr (GBytes) cut = g_bytes_new_from_bytes (good, 0, size);

    fail_unless_equals_int (result (to, cut), VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_another_protection)
{
  VmProtection protection = protections[__i__];
  VmProtection other = protections[(__i__ + 1) % G_N_ELEMENTS (protections)];
  g_autoptr (VmSigner) from = signer (ann, other, bob);
  g_autoptr (VmVerifier) to = verifier (bob, protection, ann, NULL);
  g_autoptr (GBytes) bytes = tagged (from, "one");
  g_autoptr (GError) error = NULL;

  fail_if (vm_verifier_verify (to, bytes, NULL, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_unless (strstr (error->message, "another kind") != NULL);
}

GST_END_TEST;

GST_START_TEST (test_wrong_key)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmVerifier) to = verifier (bob, protection, ann, NULL);
  g_autoptr (VmSigner) stranger = signer (eve, protection, bob);
  g_autoptr (VmSigner) own = signer (bob, protection, ann);

  fail_unless_equals_int (result_of (to, stranger, "one"), VM_ERROR_SIGNATURE);
  /* what this device said itself is not sent back as the other's */
  fail_unless_equals_int (result_of (to, own, "one"), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* HMAC convinces the one it is for, a signature everybody. */
GST_START_TEST (test_for_somebody_else)
{
  g_autoptr (VmSigner) hmac = signer (ann, VM_PROTECTION_HMAC, eve);
  g_autoptr (VmSigner) signature = signer (ann, VM_PROTECTION_SIGNATURE, NULL);
  g_autoptr (VmVerifier) by_hmac =
      verifier (bob, VM_PROTECTION_HMAC, ann, NULL);
  g_autoptr (VmVerifier) by_signature =
      verifier (bob, VM_PROTECTION_SIGNATURE, ann, NULL);

  fail_unless_equals_int (result_of (by_hmac, hmac, "a"), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (result_of (by_signature, signature, "a"), 0);
}

GST_END_TEST;

/* What a device keeps for itself, as a recording. */
GST_START_TEST (test_own)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmSigner) from = signer (ann, protection, NULL);
  g_autoptr (VmVerifier) to = verifier (ann, protection, NULL, NULL);

  fail_unless_equals_int (result_of (to, from, "a"), 0);
}

GST_END_TEST;

GST_START_TEST (test_number)
{
  VmProtection protection = protections[__i__];
  g_autoptr (VmSigner) old = signer (ann, protection, bob);
  g_autoptr (VmSigner) now = signer (ann, protection, bob);
  g_autoptr (VmVerifier) to =
      verifier (bob, protection, ann, vm_signer_get_stream (now));
  g_autoptr (VmVerifier) any = verifier (bob, protection, ann, NULL);

  fail_unless_equals_int (strlen (vm_signer_get_stream (now)), 32);
  /* a whole stream that is played again */
  fail_unless_equals_int (result_of (to, old, "one"), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (result_of (to, now, "one"), 0);
  /* the first that comes, then no other */
  fail_unless_equals_int (result_of (any, old, "two"), 0);
  fail_unless_equals_int (result_of (any, now, "two"), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_number)
{
  static const gchar *const wrong[] = { "", "0123456789abcdef0123456789abcde",
    "0123456789abcdef0123456789abcdef0", "0123456789abcdef0123456789abcdeg" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_verifier_new (ann, VM_PROTECTION_HMAC, NULL, wrong[i], &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_key)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("no key", 6);
  g_autoptr (GError) error = NULL;

  fail_if (vm_signer_new (ann, VM_PROTECTION_HMAC, key, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  g_clear_error (&error);
  fail_if (vm_verifier_new (ann, VM_PROTECTION_HMAC, key, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

static Suite *
signer_suite (void)
{
  Suite *s = suite_create ("signer");
  TCase *tc = tcase_create ("general");
  const gint n = G_N_ELEMENTS (protections);

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_loop_test (tc, test_stream, 0, n);
  tcase_add_loop_test (tc, test_every_bit, 0, n);
  tcase_add_loop_test (tc, test_missing_tag, 0, n);
  tcase_add_loop_test (tc, test_another_protection, 0, n);
  /* a checksum knows of no keys */
  tcase_add_loop_test (tc, test_wrong_key, 0, n - 1);
  tcase_add_test (tc, test_for_somebody_else);
  tcase_add_loop_test (tc, test_own, 0, n);
  tcase_add_loop_test (tc, test_number, 0, n);
  tcase_add_test (tc, test_what_is_no_number);
  tcase_add_test (tc, test_what_is_no_key);
  return s;
}

CHECK_PROGRAM (signer)
