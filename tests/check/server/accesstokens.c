/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tokens that admit: whose count, for what and until when, and everything that
 * is refused, by its exact code. */

#include "support/net/passtokens.h"
#include "support/trust/trustkeys.h"

#include "program.h"

#include <gst/videomeet/server/access/accesstokens.h>
#include <gst/videomeet/trust/token/webtoken.h>
#include <string.h>

#define NOW 1700000000
#define GOOD "\"exp\":1700000060"
#define ROOM "\"room_id\":\"blue\""

static const VmAccessTokenUse any = { NULL, NULL };
static const VmAccessTokenUse blue = { .room = "blue" };
static const VmAccessTokenUse ann_calls = { .user = "ann" };

static VmAccessTokens *
read_keys (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  VmAccessTokens *passes = vm_access_tokens_read (text, &error);

  g_assert_no_error (error);
  return passes;
}

/* @code 0: it is good. */
static void
is_answered (VmAccessTokens *passes, const gchar *token,
    const VmAccessTokenUse *use, gint64 now, gint code)
{
  g_autoptr (GError) error = NULL;
  gboolean good = vm_access_tokens_check (passes, token, use, now, &error);

  fail_unless_equals_int (good, code == 0);
  if (code)
    g_assert_error (error, VM_ERROR, code);
}

static void
claims_are_answered (VmAccessTokens *passes, const gchar *claims,
    const VmAccessTokenUse *use, gint64 now, gint code)
{
  g_autofree gchar *token = pass_token_by_secret (PASS_SECRET, claims);

  is_answered (passes, token, use, now, code);
}

GST_START_TEST (test_secret)
{
  g_autoptr (VmAccessTokens) passes = read_keys (" " PASS_SECRET "\n");
  g_autofree gchar *good =
      pass_token_by_secret (PASS_SECRET, "{" GOOD "," ROOM "}");
  g_autofree gchar *other =
      pass_token_by_secret ("another secret of 32 bytes or more", "{" GOOD "}");
  g_autofree gchar *key = pass_token_by_key (ann, "{" GOOD "," ROOM "}");

  is_answered (passes, good, &blue, NOW, 0);
  is_answered (passes, NULL, &blue, NOW, VM_ERROR_CAP_REQUIRED);
  is_answered (passes, "", &blue, NOW, VM_ERROR_CAP_REQUIRED);
  is_answered (passes, other, &blue, NOW, VM_ERROR_CAP_INVALID);
  is_answered (passes, key, &blue, NOW, VM_ERROR_CAP_INVALID);
  is_answered (passes, "x", &blue, NOW, VM_ERROR_CAP_INVALID);
  is_answered (passes, "a.b.c", &blue, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

/* Of several keys any counts, and a public key is no secret. */
GST_START_TEST (test_keys)
{
  g_autofree gchar *one = pass_key_to_pem (ann);
  g_autofree gchar *two = pass_key_to_pem (bob);
  g_autofree gchar *both = g_strconcat ("# today's\n", one, two, NULL);
  g_autoptr (VmAccessTokens) passes = read_keys (both);
  g_autofree gchar *first = pass_token_by_key (ann, "{" GOOD "," ROOM "}");
  g_autofree gchar *second = pass_token_by_key (bob, "{" GOOD "," ROOM "}");
  g_autofree gchar *foreign = pass_token_by_key (eve, "{" GOOD "}");
  g_autofree gchar *hmac = pass_token_by_secret (one, "{" GOOD "}");
  g_autofree gchar *none =
      pass_token_of ("{\"alg\":\"none\"}", "{" GOOD "}", "");

  is_answered (passes, first, &blue, NOW, 0);
  is_answered (passes, second, &blue, NOW, 0);
  is_answered (passes, foreign, &blue, NOW, VM_ERROR_CAP_INVALID);
  is_answered (passes, hmac, &blue, NOW, VM_ERROR_CAP_INVALID);
  is_answered (passes, none, &blue, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_times)
{
  g_autoptr (VmAccessTokens) passes = read_keys (PASS_SECRET);
  const gchar *claims =
      "{\"exp\":1700000060,\"nbf\":1700000000,\"room_id\":\"blue\"}";
  const gchar *wrong[] = { "{}", "{\"nbf\":1}", "{\"exp\":\"1700000060\"}",
    "{\"exp\":-1}", "{\"exp\":1700000060.5}", "[]", "null", "{", "" };

  claims_are_answered (passes, claims, &blue, NOW - 1, VM_ERROR_CAP_INVALID);
  claims_are_answered (passes, claims, &blue, NOW, 0);
  claims_are_answered (passes, claims, &blue, NOW + 59, 0);
  claims_are_answered (passes, claims, &blue, NOW + 60, VM_ERROR_CAP_EXPIRED);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    claims_are_answered (passes, wrong[i], &blue, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

/* What was signed for something else opens nothing, unless that is wanted. */
GST_START_TEST (test_any_room)
{
  static const gchar *const claims[] = { "{" GOOD "}",
    "{" GOOD ",\"sub\":\"ann\",\"scope\":\"mail\"}" };
  g_autoptr (VmAccessTokens) passes = read_keys (PASS_SECRET);

  for (guint i = 0; i < G_N_ELEMENTS (claims); i++) {
    vm_access_tokens_set_any_room (passes, FALSE);
    claims_are_answered (passes, claims[i], &blue, NOW, VM_ERROR_CAP_INVALID);
    vm_access_tokens_set_any_room (passes, TRUE);
    claims_are_answered (passes, claims[i], &blue, NOW, 0);
  }
  /* one that names a room is for that */
  claims_are_answered (
      passes, "{" GOOD ",\"aud\":\"red\"}", &blue, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_rooms_and_users)
{
  g_autoptr (VmAccessTokens) passes = read_keys (PASS_SECRET);
  const gint bad = VM_ERROR_CAP_INVALID;
  const struct
  {
    const gchar *claims;
    gint to_ask, to_blue, to_call; /* answers */
  } cases[] = {
    { "{" GOOD "}", 0, bad, bad },
    { "{" GOOD ",\"room_id\":\"blue\"}", 0, 0, bad },
    { "{" GOOD ",\"room_id\":\"red\"}", 0, bad, bad },
    { "{" GOOD ",\"aud\":\"blue\"}", 0, 0, bad },
    { "{" GOOD ",\"aud\":\"red\",\"room_id\":\"blue\"}", 0, bad, bad },
    { "{" GOOD ",\"aud\":[\"blue\"]}", bad, bad, bad },
    { "{" GOOD ",\"sub\":\"ann\"}", 0, bad, 0 },
    { "{" GOOD ",\"sub\":\"bob\"}", 0, bad, bad },
    { "{" GOOD ",\"sub\":5}", bad, bad, bad },
    { "{" GOOD ",\"sub\":\"ann\",\"room_id\":\"blue\"}", 0, 0, bad },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const gchar *claims = cases[i].claims;

    claims_are_answered (passes, claims, &any, NOW, cases[i].to_ask);
    claims_are_answered (passes, claims, &blue, NOW, cases[i].to_blue);
    claims_are_answered (passes, claims, &ann_calls, NOW, cases[i].to_call);
  }
}

GST_END_TEST;

static void
key_is (const gchar *text, gboolean good)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmAccessTokens) passes = vm_access_tokens_read (text, &error);

  fail_unless_equals_int (passes != NULL, good);
  if (!good)
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
}

GST_START_TEST (test_size_of_a_secret)
{
  const gsize edges[] = { VM_ACCESS_TOKEN_SECRET_MIN,
    VM_ACCESS_TOKEN_SECRET_MAX };

  for (guint i = 0; i < G_N_ELEMENTS (edges); i++) {
    for (gint more = -1; more <= 1; more++) {
      g_autofree gchar *text = g_strnfill (edges[i] + more, 'a');

      key_is (text, i ? more <= 0 : more >= 0);
    }
  }
  key_is ("", FALSE);
}

GST_END_TEST;

GST_START_TEST (test_number_of_keys)
{
  g_autofree gchar *pem = pass_key_to_pem (ann);

  for (gint more = -1; more <= 1; more++) {
    g_autoptr (GString) text = g_string_new (NULL);

    for (gint i = 0; i < VM_ACCESS_TOKEN_KEYS_MAX + more; i++)
      g_string_append (text, pem);
    key_is (text->str, more <= 0);
  }
  key_is (
      "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", FALSE);
  key_is ("-----BEGIN", FALSE);
}

GST_END_TEST;

/* A key of another curve signs nothing here, and a private one is not
 * wanted. */
GST_START_TEST (test_other_keys)
{
  g_autofree gchar *curve = pass_other_curve_to_pem ();
  g_autofree gchar *secret = pass_private_key_to_pem (ann);

  key_is (curve, FALSE);
  key_is (secret, FALSE);
}

GST_END_TEST;

GST_START_TEST (test_sizes_of_tokens)
{
  g_autoptr (VmAccessTokens) passes = read_keys (PASS_SECRET);

  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *name = g_strnfill (VM_ACCESS_TOKEN_TEXT_MAX + more, 'a');
    g_autofree gchar *claims =
        g_strdup_printf ("{" GOOD ",\"sub\":\"%s\"}", name);

    claims_are_answered (
        passes, claims, &any, NOW, more <= 0 ? 0 : VM_ERROR_CAP_INVALID);
  }
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *token = pass_token_of_size (VM_WEBTOKEN_SIZE_MAX + more);

    fail_unless_equals_int (strlen (token), VM_WEBTOKEN_SIZE_MAX + more);
    is_answered (
        passes, token, &any, NOW, more <= 0 ? 0 : VM_ERROR_CAP_INVALID);
  }
}

GST_END_TEST;

static Suite *
accesstokens_suite (void)
{
  Suite *s = suite_create ("accesstokens");
  TCase *tc = tcase_create ("passes");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_test (tc, test_secret);
  tcase_add_test (tc, test_keys);
  tcase_add_test (tc, test_times);
  tcase_add_test (tc, test_rooms_and_users);
  tcase_add_test (tc, test_any_room);
  tcase_add_test (tc, test_size_of_a_secret);
  tcase_add_test (tc, test_number_of_keys);
  tcase_add_test (tc, test_other_keys);
  tcase_add_test (tc, test_sizes_of_tokens);
  return s;
}

CHECK_PROGRAM (accesstokens)
