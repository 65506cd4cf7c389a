/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The bodies of the handshake: every one written and read, without each of its
 * members, with each of a wrong form, and at its limits. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/pairing/trustbody.h>
#include <string.h>

#define ID "AAAAAAAAAAAAAAAAAAAAAA"

static VmTrustBody
full (void)
{
  VmTrustBody body = {
    .device_id = (gchar *) vm_identity_get_device_id (ann),
    .spki = vm_identity_get_spki (ann),
    .name = (gchar *) "Ann \"A\" \xc3\xa4",
    .request_id = (gchar *) ID,
    .token = (gchar *) "line 1\nline 2\n",
    .expires_in = 17,
  };

  memset (body.commit, 1, sizeof body.commit);
  memset (body.nonce, 2, sizeof body.nonce);
  memset (body.signature, 3, sizeof body.signature);
  return body;
}

static gboolean
reads (VmTrustBodyType type, const gchar *text, GError **error)
{
  g_auto (VmTrustBody) body = { NULL };

  return vm_trust_body_read (&body, type, text, strlen (text), error);
}

static void
refused (VmTrustBodyType type, const gchar *text, VmError code)
{
  g_autoptr (GError) error = NULL;

  fail_if (reads (type, text, &error), "taken: %s", text);
  fail_unless (
      g_error_matches (error, VM_ERROR, code), "%s: %s", text, error->message);
}

GST_START_TEST (test_there_and_back)
{
  VmTrustBody body = full ();
  g_autofree gchar *text = vm_trust_body_write (&body, __i__);
  g_auto (VmTrustBody) read = { NULL };
  g_autofree gchar *again = NULL;

  fail_unless (
      vm_trust_body_read (&read, __i__, text, strlen (text), NULL), "%s", text);
  again = vm_trust_body_write (&read, __i__);
  fail_unless_equals_string (text, again);
}

GST_END_TEST;

/* What each must have, as in handshake.h. */
static const struct
{
  const gchar *needed[5];
  const gchar *optional[3];
} forms[VM_TRUST_BODY_N_TYPES] = {
  [VM_TRUST_BODY_REQUEST] = { { "deviceId", "pubKey", "name", "commit" } },
  [VM_TRUST_BODY_OFFER] = { { "requestId", "pubKey", "nonce" },
      { "name", "expiresIn" } },
  [VM_TRUST_BODY_REVEAL] = { { "requestId", "nonce" } },
  [VM_TRUST_BODY_PENDING] = { { "status" } },
  [VM_TRUST_BODY_CHALLENGE] = { { "challenge", "nonce", "signature" } },
  [VM_TRUST_BODY_PROOF] = { { "requestId", "signature" } },
  [VM_TRUST_BODY_TOKEN] = { { "token" } },
};

/* @text with the member called otherwise: an unknown one is ignored. */
static gchar *
without (const gchar *text, const gchar *key)
{
  g_autofree gchar *name = g_strdup_printf ("\"%s\"", key);
  gchar *copy = g_strdup (text);
  gchar *found = strstr (copy, name);

  fail_unless (found != NULL, "no %s in %s", key, text);
  found[1] = 'X';
  return copy;
}

GST_START_TEST (test_members)
{
  VmTrustBody body = full ();
  g_autofree gchar *text = vm_trust_body_write (&body, __i__);

  for (guint i = 0; forms[__i__].needed[i]; i++) {
    g_autofree gchar *less = without (text, forms[__i__].needed[i]);

    refused (__i__, less, VM_ERROR_BAD_MESSAGE);
  }
  for (guint i = 0; forms[__i__].optional[i]; i++) {
    g_autofree gchar *less = without (text, forms[__i__].optional[i]);

    fail_unless (reads (__i__, less, NULL));
  }
}

GST_END_TEST;

/* No body is taken for another, but for one that has all of the other's
 * members; they go opposite ways. */
GST_START_TEST (test_others)
{
  VmTrustBody body = full ();
  g_autofree gchar *text = vm_trust_body_write (&body, __i__);

  for (guint type = 0; type < VM_TRUST_BODY_N_TYPES; type++) {
    if (type != (guint) __i__
        && !(__i__ == VM_TRUST_BODY_OFFER && type == VM_TRUST_BODY_REVEAL))
      refused (type, text, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_forms)
{
  static const struct
  {
    VmTrustBodyType type;
    const gchar *text;
  } bad[] = {
    { VM_TRUST_BODY_PENDING, "" },
    { VM_TRUST_BODY_PENDING, "[]" },
    { VM_TRUST_BODY_PENDING, "{\"status\":1}" },
    { VM_TRUST_BODY_PENDING, "{\"status\":\"done\"}" },
    { VM_TRUST_BODY_PENDING, "{\"status\":\"pending\"" },
    { VM_TRUST_BODY_TOKEN, "{\"token\":null}" },
    { VM_TRUST_BODY_TOKEN, "{\"token\":\"a\\u0000\"}" },
    { VM_TRUST_BODY_CHALLENGE, "{\"challenge\":[]}" },
    { VM_TRUST_BODY_CHALLENGE, "{\"challenge\":{}}" },
    /* ids that would leave the path, or are of another length */
    { VM_TRUST_BODY_REVEAL,
        "{\"requestId\":\"../../../../../../aaaa\","
        "\"nonce\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}" },
    { VM_TRUST_BODY_REVEAL,
        "{\"requestId\":\"AAAA\","
        "\"nonce\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}" },
    /* nonces of 31 and 33 bytes, and in the other alphabet */
    { VM_TRUST_BODY_REVEAL,
        "{\"requestId\":\"" ID "\",\"nonce\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\"}" },
    { VM_TRUST_BODY_REVEAL,
        "{\"requestId\":\"" ID "\",\"nonce\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}" },
    { VM_TRUST_BODY_REVEAL,
        "{\"requestId\":\"" ID "\",\"nonce\":"
        "\"-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    refused (bad[i].type, bad[i].text, VM_ERROR_BAD_MESSAGE);
  fail_unless (reads (VM_TRUST_BODY_REVEAL,
      "{\"requestId\":\"" ID "\",\"nonce\":"
      "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}",
      NULL));
}

GST_END_TEST;

GST_START_TEST (test_keys)
{
  VmTrustBody body = full ();
  guint8 key[VM_SPKI_SIZE];
  g_autofree gchar *foreign = NULL;
  g_autofree gchar *off = NULL;
  g_autoptr (GBytes) spki = NULL;

  body.device_id = (gchar *) vm_identity_get_device_id (bob);
  foreign = vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
  refused (VM_TRUST_BODY_REQUEST, foreign, VM_ERROR_WRONG_KEY);
  /* no point of the curve */
  memcpy (key, g_bytes_get_data (body.spki, NULL), sizeof key);
  key[VM_SPKI_SIZE - 1] ^= 1;
  spki = g_bytes_new (key, sizeof key);
  body.spki = spki;
  off = vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
  refused (VM_TRUST_BODY_REQUEST, off, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  VmTrustBody body = full ();
  g_autofree gchar *at = g_strnfill (128, 'x');
  g_autofree gchar *above = g_strnfill (129, 'x');
  const struct
  {
    const gchar *name;
    gboolean good;
  } cases[] = { { at, TRUE }, { at + 1, TRUE }, { above, FALSE }, { "", FALSE },
    { "a\nb", FALSE }, { "a\x1b[2J", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = NULL;

    body.name = (gchar *) cases[i].name;
    text = vm_trust_body_write (&body, VM_TRUST_BODY_REQUEST);
    fail_unless_equals_int (
        reads (VM_TRUST_BODY_REQUEST, text, NULL), cases[i].good);
  }
}

GST_END_TEST;

GST_START_TEST (test_expiry)
{
  const struct
  {
    gint64 seconds;
    gboolean good;
  } cases[] = { { 0, FALSE }, { 1, TRUE }, { 299, TRUE }, { 300, TRUE },
    { 301, FALSE }, { -1, FALSE }, { G_MAXINT64, FALSE } };
  VmTrustBody body = full ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = NULL;

    body.expires_in = cases[i].seconds;
    text = vm_trust_body_write (&body, VM_TRUST_BODY_OFFER);
    fail_unless_equals_int (
        reads (VM_TRUST_BODY_OFFER, text, NULL), cases[i].good);
  }
}

GST_END_TEST;

/* A body that is good but for its length, and a token. */
GST_START_TEST (test_sizes)
{
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *blanks = g_strnfill (
        VM_TRUST_BODY_MAX + more - strlen ("{\"status\":\"pending\"}"), ' ');
    g_autofree gchar *text =
        g_strconcat ("{\"status\":\"pending\"}", blanks, NULL);
    g_autofree gchar *pem = g_strnfill (VM_TOKEN_PEM_MAX + more, 'x');
    g_autofree gchar *token = g_strconcat ("{\"token\":\"", pem, "\"}", NULL);

    if (more > 0) {
      refused (VM_TRUST_BODY_PENDING, text, VM_ERROR_TOO_LARGE);
      refused (VM_TRUST_BODY_TOKEN, token, VM_ERROR_BAD_MESSAGE);
    } else {
      fail_unless (reads (VM_TRUST_BODY_PENDING, text, NULL));
      fail_unless (reads (VM_TRUST_BODY_TOKEN, token, NULL));
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_refusals)
{
  static const gchar control[] =
      "{\"error\":{\"code\":\"TIMEOUT\",\"message\":\"a\\u001b\"}}";
  g_autoptr (GError) error =
      g_error_new (VM_ERROR, VM_ERROR_RATE_LIMITED, "Not\nnow \"Bob\"");
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, 1, "x");
  g_autofree gchar *text = vm_trust_refusal_write (error);
  g_autofree gchar *other = vm_trust_refusal_write (foreign);
  g_autoptr (GError) read = vm_trust_refusal_read (429, text, strlen (text));
  g_autoptr (GError) html = vm_trust_refusal_read (502, "<html>", 6);
  g_autoptr (GError) nothing = vm_trust_refusal_read (500, NULL, 0);
  g_autoptr (GError) odd =
      vm_trust_refusal_read (500, control, strlen (control));

  g_assert_error (read, VM_ERROR, VM_ERROR_RATE_LIMITED);
  fail_unless_equals_string (
      read->message, "The other device says: Not now \"Bob\"");
  fail_unless_equals_string (
      other, "{\"error\":{\"code\":\"FAILED\",\"message\":\"x\"}}");
  g_assert_error (html, VM_ERROR, VM_ERROR_FAILED);
  fail_unless_equals_string (html->message, "The other device answered 502");
  g_assert_error (nothing, VM_ERROR, VM_ERROR_FAILED);
  g_assert_error (odd, VM_ERROR, VM_ERROR_TIMEOUT);
  fail_unless_equals_string (odd->message, "The other device answered 500");
}

GST_END_TEST;

static Suite *
trustbody_suite (void)
{
  Suite *s = suite_create ("trustbody");
  TCase *tc = tcase_create ("bodies");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_loop_test (tc, test_there_and_back, 0, VM_TRUST_BODY_N_TYPES);
  tcase_add_loop_test (tc, test_members, 0, VM_TRUST_BODY_N_TYPES);
  tcase_add_loop_test (tc, test_others, 0, VM_TRUST_BODY_N_TYPES);
  tcase_add_test (tc, test_forms);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_expiry);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_refusals);
  return s;
}

CHECK_PROGRAM (trustbody)
