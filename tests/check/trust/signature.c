/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What trust hashes and signs: transcripts, the six digits, detached
 * signatures. The vectors were made by another implementation (Python's
 * hashlib). */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/base/base64.h>
#include <gst/videomeet/trust/pairing/handshake.h>
#include <string.h>

GST_START_TEST (test_transcript)
{
  g_autoptr (GByteArray) bytes = vm_transcript_new ("vm2 x");
  static const guint8 expected[] =
      "\0\0\0\5vm2 x\0\0\0\0\0\0\0\10\0\0\0\0\0\0\0"
      "\7";

  vm_transcript_add_text (bytes, "");
  vm_transcript_add_number (bytes, 7);
  fail_unless_equals_int (bytes->len, sizeof expected - 1);
  fail_unless (memcmp (bytes->data, expected, bytes->len) == 0);
}

GST_END_TEST;

/* What stands in one field cannot be had by filling two. */
GST_START_TEST (test_transcript_tells_fields_apart)
{
  g_autoptr (GByteArray) one = vm_transcript_new ("vm2 x");
  g_autoptr (GByteArray) two = vm_transcript_new ("vm2 x");

  vm_transcript_add_text (one, "ab");
  vm_transcript_add_text (one, "c");
  vm_transcript_add_text (two, "a");
  vm_transcript_add_text (two, "bc");
  fail_unless_equals_int (one->len, two->len);
  fail_if (memcmp (one->data, two->data, one->len) == 0);
}

GST_END_TEST;

GST_START_TEST (test_base64)
{
  guint8 data[3] = { 0 };
  const struct
  {
    const gchar *text;
    gsize size;
    gboolean plain, url;
  } cases[] = {
    { "AAEC", 3, TRUE, TRUE },
    { "AAEC", 2, FALSE, FALSE },
    { "AAE=", 2, TRUE, FALSE },
    { "AAE", 2, FALSE, TRUE },
    { "AAF=", 2, FALSE, FALSE }, /* another spelling of the same */
    { "AAF", 2, FALSE, FALSE },
    { "AA==", 1, TRUE, FALSE },
    { "AA", 1, FALSE, TRUE },
    { "+/+/", 3, TRUE, FALSE },
    { "-_-_", 3, FALSE, TRUE },
    { "A EC", 3, FALSE, FALSE },
    { "AAE\n", 3, FALSE, FALSE },
    { "AAE\xff", 3, FALSE, FALSE },
    { "", 3, FALSE, FALSE },
    { "AAECAAEC", 3, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    fail_unless_equals_int (
        vm_base64_read (cases[i].text, data, cases[i].size), cases[i].plain);
    fail_unless_equals_int (
        vm_base64url_read (cases[i].text, data, cases[i].size), cases[i].url);
  }
}

GST_END_TEST;

static void
fill (guint8 *data, guint8 byte)
{
  memset (data, byte, VM_TRUST_NONCE_SIZE);
}

GST_START_TEST (test_digits)
{
  guint8 key_a[VM_SPKI_SIZE], key_b[VM_SPKI_SIZE];
  guint8 nonce_a[VM_TRUST_NONCE_SIZE], nonce_b[VM_TRUST_NONCE_SIZE];
  g_autoptr (GBytes) spki_a = NULL;
  g_autoptr (GBytes) spki_b = NULL;
  gchar digits[VM_SAS_DIGITS + 1];

  memset (key_a, 0xaa, sizeof key_a);
  memset (key_b, 0xbb, sizeof key_b);
  spki_a = g_bytes_new (key_a, sizeof key_a);
  spki_b = g_bytes_new (key_b, sizeof key_b);
  fill (nonce_a, 1);
  fill (nonce_b, 2);
  {
    const VmSasSide a = { spki_a, "A-ID", nonce_a };
    const VmSasSide b = { spki_b, "B-ID", nonce_b };

    vm_sas (&a, &b, digits);
    fail_unless_equals_string (digits, "670220");
    /* who asks and who is asked matters */
    vm_sas (&b, &a, digits);
    fail_unless_equals_string (digits, "783785");
    fill (nonce_b, 4);
    vm_sas (&a, &b, digits);
    fail_unless_equals_string (digits, "061292");
  }
}

GST_END_TEST;

/* Each thing they are made of changes them; and no digit is more likely. */
GST_START_TEST (test_digits_depend_on_all)
{
  guint8 nonces[2][VM_TRUST_NONCE_SIZE] = { { 0 } };
  GBytes *keys[] = { vm_identity_get_spki (ann), vm_identity_get_spki (bob) };
  VmSasSide a = { keys[0], "A", nonces[0] }, b = { keys[1], "B", nonces[1] };
  gchar first[VM_SAS_DIGITS + 1], other[VM_SAS_DIGITS + 1];
  guint seen[VM_SAS_DIGITS][10] = { { 0 } };
  const guint n = 2000;

  vm_sas (&a, &b, first);
  for (guint i = 0; i < 6; i++) {
    VmSasSide c = a, d = b;
    guint8 nonce[VM_TRUST_NONCE_SIZE] = { 1 };
    VmSasSide *side = i % 2 ? &c : &d;

    if (i / 2 == 0)
      side->spki = vm_identity_get_spki (eve);
    else if (i / 2 == 1)
      side->device_id = "C";
    else
      side->nonce = nonce;
    vm_sas (&c, &d, other);
    fail_if (strcmp (first, other) == 0);
  }
  for (guint i = 0; i < n; i++) {
    memcpy (nonces[0], &i, sizeof i);
    vm_sas (&a, &b, other);
    for (guint j = 0; j < VM_SAS_DIGITS; j++)
      seen[j][other[j] - '0']++;
  }
  /* 200 expected, 13 the standard deviation: six of them */
  for (guint j = 0; j < VM_SAS_DIGITS; j++) {
    for (guint k = 0; k < 10; k++)
      fail_unless (seen[j][k] > n / 10 - 80 && seen[j][k] < n / 10 + 80);
  }
}

GST_END_TEST;

GST_START_TEST (test_commit)
{
  guint8 key[VM_SPKI_SIZE], nonce[VM_TRUST_NONCE_SIZE];
  guint8 commit[VM_SHA256_SIZE];
  g_autoptr (GBytes) spki = NULL;
  g_autoptr (GString) hex = g_string_new (NULL);

  memset (key, 0xbb, sizeof key);
  fill (nonce, 2);
  spki = g_bytes_new (key, sizeof key);
  vm_trust_commit (nonce, spki, commit);
  for (guint i = 0; i < sizeof commit; i++)
    g_string_append_printf (hex, "%02x", commit[i]);
  fail_unless_equals_string (hex->str,
      "9ca7d4e3afdbe0747a33c70aab922cc46f8ca8a6f070eabf4e59374e50c07550");
}

GST_END_TEST;

static const gchar text[] = "{\"epoch\":1}";
static const VmSignatureScope scope = { VM_SIGNATURE_MEETING_STATE, "meeting-1",
  7 };

static VmError
refused (GBytes *spki, const VmSignatureScope *by, const gchar *what,
    const gchar *signature)
{
  g_autoptr (GError) error = NULL;

  fail_if (
      vm_signature_verify (spki, by, what, strlen (what), signature, &error));
  fail_unless (error->domain == VM_ERROR);
  return error->code;
}

GST_START_TEST (test_signature)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *signature =
      vm_signature_sign (ann, &scope, text, strlen (text), &error);
  GBytes *key = vm_identity_get_spki (ann);
  VmSignatureScope other;

  g_assert_no_error (error);
  fail_unless_equals_int (strlen (signature), VM_SIGNATURE_BASE64_SIZE);
  fail_unless (vm_signature_verify (
      key, &scope, text, strlen (text), signature, &error));

  /* another key, purpose, context, version, text */
  fail_unless_equals_int (
      refused (vm_identity_get_spki (bob), &scope, text, signature),
      VM_ERROR_SIGNATURE);
  for (guint i = 0; i < VM_SIGNATURE_N_PURPOSES; i++) {
    other = scope;
    other.purpose = i;
    if (i != scope.purpose)
      fail_unless_equals_int (
          refused (key, &other, text, signature), VM_ERROR_SIGNATURE);
  }
  other = scope;
  other.context = "meeting-2";
  fail_unless_equals_int (
      refused (key, &other, text, signature), VM_ERROR_SIGNATURE);
  other = scope;
  other.version++;
  fail_unless_equals_int (
      refused (key, &other, text, signature), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      refused (key, &scope, "{\"epoch\":2}", signature), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

GST_START_TEST (test_signature_bytes)
{
  guint8 signature[VM_SIGNATURE_SIZE];
  GBytes *key = vm_identity_get_spki (ann);

  fail_unless (vm_signature_make (ann, text, sizeof text, signature, NULL));
  fail_unless (vm_signature_is (key, text, sizeof text, signature));
  for (guint i = 0; i < sizeof signature; i++) {
    signature[i] ^= 1 << i % 8;
    fail_if (vm_signature_is (key, text, sizeof text, signature));
    signature[i] ^= 1 << i % 8;
  }
  /* r or s of zero, and greater than the order */
  memset (signature, 0, sizeof signature);
  fail_if (vm_signature_is (key, text, sizeof text, signature));
  memset (signature, 0xff, sizeof signature);
  fail_if (vm_signature_is (key, text, sizeof text, signature));
}

GST_END_TEST;

GST_START_TEST (test_signature_texts)
{
  static const gchar *const bad[] = { NULL, "", "AAAA", "no base64 at all",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
    "AA"
    "AAAAAAAAAAA=" };
  g_autofree gchar *longer = g_strnfill (VM_SIGNATURE_BASE64_SIZE + 4, 'A');
  GBytes *key = vm_identity_get_spki (ann);

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_unless_equals_int (
        refused (key, &scope, text, bad[i]), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (
      refused (key, &scope, text, longer), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

/* A key that is no point of the curve, or of another kind, verifies nothing. */
GST_START_TEST (test_signature_of_no_key)
{
  guint8 signature[VM_SIGNATURE_SIZE];
  guint8 key[VM_SPKI_SIZE];
  g_autoptr (GBytes) spki = NULL;

  fail_unless (vm_signature_make (ann, text, sizeof text, signature, NULL));
  memcpy (key, g_bytes_get_data (vm_identity_get_spki (ann), NULL), sizeof key);
  key[VM_SPKI_SIZE - 1] ^= 1;
  spki = g_bytes_new (key, sizeof key);
  fail_if (vm_signature_is (spki, text, sizeof text, signature));
}

GST_END_TEST;

static Suite *
signature_suite (void)
{
  Suite *s = suite_create ("signature");
  TCase *tc = tcase_create ("bytes");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_test (tc, test_transcript);
  tcase_add_test (tc, test_transcript_tells_fields_apart);
  tcase_add_test (tc, test_base64);
  tcase_add_test (tc, test_digits);
  tcase_add_test (tc, test_digits_depend_on_all);
  tcase_add_test (tc, test_commit);
  tcase_add_test (tc, test_signature);
  tcase_add_test (tc, test_signature_bytes);
  tcase_add_test (tc, test_signature_texts);
  tcase_add_test (tc, test_signature_of_no_key);
  return s;
}

CHECK_PROGRAM (signature)
