/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Six digits that two people of a meeting compare. */

#include "program.h"

#include <gst/videomeet/trust/pairing/comparison.h>
#include <string.h>

#define S G_USEC_PER_SEC
#define DIFFER "{\"type\":\"compare\",\"step\":\"differ\"}"

static const VmComparisonFingerprints of_a = { "AA", "BB" },
                                      of_b = { "BB", "AA" };

/* p001 and p002, and how they see the connection. */
typedef struct
{
  VmComparison *a, *b;
  VmComparisonFingerprints at_a, at_b;
  gint64 now;
} Pair;

static Pair
pair_new (VmComparisonFingerprints at_a, VmComparisonFingerprints at_b)
{
  return (Pair){ vm_comparison_new ("p001", "p002", TRUE),
    vm_comparison_new ("p002", "p001", FALSE), at_a, at_b, S };
}

static void
pair_clear (Pair *pair)
{
  vm_comparison_free (pair->a);
  vm_comparison_free (pair->b);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static const guint8 *
nonce_of (guint8 value)
{
  static guint8 nonces[8][VM_TRUST_NONCE_SIZE];

  memset (nonces[value], value, VM_TRUST_NONCE_SIZE);
  return nonces[value];
}

static gchar *
ask (Pair *pair, gboolean a)
{
  return vm_comparison_ask (a ? pair->a : pair->b,
      a ? &pair->at_a : &pair->at_b, nonce_of (a ? 1 : 2), pair->now);
}

static VmComparisonNews
take (Pair *pair, gboolean a, const gchar *text, gchar **reply)
{
  return vm_comparison_take (a ? pair->a : pair->b, text,
      a ? &pair->at_a : &pair->at_b, nonce_of (a ? 1 : 2), pair->now, reply);
}

/* A asks; what B answers, or NULL. */
static gchar *
ask_for_nonce (Pair *pair)
{
  g_autofree gchar *commit = ask (pair, TRUE);
  gchar *nonce = NULL;

  fail_unless_equals_int (
      take (pair, FALSE, commit, &nonce), VM_COMPARISON_NOTHING);
  return nonce;
}

/* A asks; what each has in the end. */
static void
compare (Pair *pair, VmComparisonNews *at_a, VmComparisonNews *at_b)
{
  g_autofree gchar *nonce = ask_for_nonce (pair);
  g_autofree gchar *reveal = NULL, *none = NULL;

  fail_unless (nonce != NULL);
  *at_a = take (pair, TRUE, nonce, &reveal);
  fail_unless (reveal != NULL);
  *at_b = take (pair, FALSE, reveal, &none);
  fail_unless (none == NULL);
}

/* The same as the page makes of them (tests/browser/test_modules.mjs). */
GST_START_TEST (test_digits)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  VmComparisonNews at_a, at_b;

  compare (&pair, &at_a, &at_b);
  fail_unless_equals_int (at_a, VM_COMPARISON_DIGITS);
  fail_unless_equals_int (at_b, VM_COMPARISON_DIGITS);
  fail_unless_equals_string (vm_comparison_get_digits (pair.a), "852928");
  fail_unless_equals_string (vm_comparison_get_digits (pair.b), "852928");
  fail_if (vm_comparison_was_asked (pair.a));
  fail_unless (vm_comparison_was_asked (pair.b));
  fail_unless_equals_int (vm_comparison_get_deadline (pair.a), -1);
}

GST_END_TEST;

GST_START_TEST (test_result_is_of_these_certificates)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  const VmComparisonFingerprints other = { "AA", "CC" };
  VmComparisonNews at_a, at_b;
  g_autofree gchar *none = NULL, *at_first = NULL, *differ = NULL;

  fail_if (vm_comparison_answer (pair.a, TRUE, &none));
  fail_unless_equals_int (
      vm_comparison_get_result (pair.a, &of_a), VM_COMPARISON_UNKNOWN);
  compare (&pair, &at_a, &at_b);
  fail_unless (vm_comparison_answer (pair.a, TRUE, &at_first));
  fail_unless (vm_comparison_answer (pair.b, FALSE, &differ));
  fail_unless (vm_comparison_get_digits (pair.a) == NULL);
  fail_unless_equals_int (
      vm_comparison_get_result (pair.a, &of_a), VM_COMPARISON_SAME);
  fail_unless_equals_int (
      vm_comparison_get_result (pair.a, &other), VM_COMPARISON_UNKNOWN);
  fail_unless_equals_int (
      vm_comparison_get_result (pair.a, NULL), VM_COMPARISON_UNKNOWN);
  /* an alarm stays one */
  fail_unless_equals_int (
      vm_comparison_get_result (pair.b, &other), VM_COMPARISON_DIFFERENT);
}

GST_END_TEST;

/* One side finds that they differ, before the other has answered (0), after
 * it has found them the same (1), and while it asks anew (2); of later digits
 * that are the same nothing is left. */
GST_START_TEST (test_differ_is_told)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  g_autofree gchar *none = NULL, *same = NULL, *differ = NULL, *anew = NULL;
  g_autofree gchar *nonce = NULL, *reveal = NULL, *last = NULL;
  VmComparisonNews at_a, at_b;

  fail_unless_equals_int (
      take (&pair, FALSE, DIFFER, &none), VM_COMPARISON_NOTHING);
  compare (&pair, &at_a, &at_b);
  if (__i__ > 0)
    fail_unless (vm_comparison_answer (pair.b, TRUE, &same));
  fail_unless (same == NULL);
  if (__i__ == 2)
    anew = ask (&pair, FALSE);
  fail_unless (vm_comparison_answer (pair.a, FALSE, &differ));
  fail_unless_equals_string (differ, DIFFER);
  fail_unless_equals_int (
      take (&pair, FALSE, differ, &none), VM_COMPARISON_DIFFERS);
  fail_unless_equals_int (
      vm_comparison_get_result (pair.b, &of_b), VM_COMPARISON_DIFFERENT);
  fail_if (vm_comparison_answer (pair.b, TRUE, &none));
  fail_unless_equals_int (
      vm_comparison_get_result (pair.b, &of_b), VM_COMPARISON_DIFFERENT);
  /* once for these digits, and who has found so needs not be told */
  fail_unless_equals_int (
      take (&pair, FALSE, differ, &none), VM_COMPARISON_NOTHING);
  fail_unless_equals_int (
      take (&pair, TRUE, differ, &none), VM_COMPARISON_NOTHING);
  if (!anew)
    anew = ask (&pair, FALSE);
  take (&pair, TRUE, anew, &nonce);
  fail_unless_equals_int (
      take (&pair, FALSE, nonce, &reveal), VM_COMPARISON_DIGITS);
  fail_unless_equals_int (
      take (&pair, TRUE, reveal, &last), VM_COMPARISON_DIGITS);
  fail_unless_equals_int (
      vm_comparison_get_result (pair.b, &of_b), VM_COMPARISON_DIFFERENT);
  fail_unless (vm_comparison_answer (pair.b, TRUE, &none));
  fail_unless_equals_int (
      vm_comparison_get_result (pair.b, &of_b), VM_COMPARISON_SAME);
}

GST_END_TEST;

/* Somebody in between has a certificate for each, and passes on what is
 * said. */
GST_START_TEST (test_somebody_between)
{
  g_auto (Pair) pair = pair_new ((VmComparisonFingerprints){ "AA", "MM" },
      (VmComparisonFingerprints){ "BB", "MM" });
  VmComparisonNews at_a, at_b;

  compare (&pair, &at_a, &at_b);
  fail_unless_equals_int (at_b, VM_COMPARISON_WRONG);
  fail_unless (vm_comparison_get_digits (pair.b) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_another_nonce_than_committed_to)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  g_autofree gchar *nonce = ask_for_nonce (&pair), *none = NULL;
  g_autofree gchar *value = g_base64_encode (nonce_of (3), VM_TRUST_NONCE_SIZE);
  g_autofree gchar *reveal = g_strdup_printf (
      "{\"type\":\"compare\",\"step\":\"reveal\",\"value\":\"%s\"}", value);

  fail_unless (nonce != NULL);
  fail_unless_equals_int (
      take (&pair, FALSE, reveal, &none), VM_COMPARISON_WRONG);
}

GST_END_TEST;

GST_START_TEST (test_another_connection_meanwhile)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  g_autofree gchar *nonce = ask_for_nonce (&pair), *reveal = NULL;

  pair.at_a.theirs = "CC";
  fail_unless_equals_int (
      take (&pair, TRUE, nonce, &reveal), VM_COMPARISON_CHANGED);
}

GST_END_TEST;

/* Below, at and above. */
GST_START_TEST (test_unanswered)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);
  g_autofree gchar *commit = ask (&pair, TRUE), *nonce = NULL, *late = NULL;
  gint64 deadline = pair.now + VM_COMPARISON_ANSWER_US;

  fail_unless (vm_comparison_get_deadline (pair.a) == deadline);
  fail_unless_equals_int (
      vm_comparison_tick (pair.a, deadline - 1), VM_COMPARISON_NOTHING);
  fail_unless_equals_int (
      vm_comparison_tick (pair.a, deadline), VM_COMPARISON_UNANSWERED);
  fail_unless_equals_int (
      vm_comparison_tick (pair.a, deadline + 1), VM_COMPARISON_NOTHING);
  /* an answer that comes then is of no use */
  take (&pair, FALSE, commit, &nonce);
  fail_unless_equals_int (
      take (&pair, TRUE, nonce, &late), VM_COMPARISON_NOTHING);
  fail_unless (late == NULL);
  /* who was asked and hears no more of it says nothing */
  fail_unless_equals_int (
      vm_comparison_tick (pair.b, G_MAXINT64), VM_COMPARISON_NOTHING);
}

GST_END_TEST;

GST_START_TEST (test_asked_too_often)
{
  static const struct
  {
    gint64 after;
    gboolean heard;
  } cases[] = { { 0, TRUE }, { VM_COMPARISON_ASK_US - 1, FALSE },
    { VM_COMPARISON_ASK_US, TRUE }, { 2 * VM_COMPARISON_ASK_US + 1, TRUE } };
  g_auto (Pair) pair = pair_new (of_a, of_b);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *nonce = NULL;

    pair.now = S + cases[i].after;
    nonce = ask_for_nonce (&pair);
    fail_unless_equals_int (nonce != NULL, cases[i].heard);
  }
}

GST_END_TEST;

/* The earlier participant asks, and asks again at once. */
GST_START_TEST (test_both_at_once)
{
  g_auto (Pair) pair = pair_new (of_a, of_b);

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *of_first = ask (&pair, TRUE),
                     *of_second = ask (&pair, FALSE);
    g_autofree gchar *none = NULL, *nonce = NULL, *reveal = NULL, *last = NULL;

    take (&pair, TRUE, of_second, &none);
    fail_unless (none == NULL);
    take (&pair, FALSE, of_first, &nonce);
    fail_unless (nonce != NULL);
    fail_unless_equals_int (
        take (&pair, TRUE, nonce, &reveal), VM_COMPARISON_DIGITS);
    fail_unless_equals_int (
        take (&pair, FALSE, reveal, &last), VM_COMPARISON_DIGITS);
    fail_unless_equals_string (
        vm_comparison_get_digits (pair.a), vm_comparison_get_digits (pair.b));
  }
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_message)
{
  static const gchar *const texts[] = { "", "{}", "[]", "compare",
    "{\"type\":\"compare\"}", "{\"type\":\"compare\",\"step\":\"commit\"}",
    "{\"type\":\"compare\",\"step\":\"commit\",\"value\":\"x\"}",
    "{\"type\":\"compare\",\"step\":\"commit\",\"value\":7}",
    "{\"type\":\"compare\",\"step\":\"nothing\",\"value\":\"AQEBAQEBAQEBAQEBAQE"
    "BAQEBAQEBAQEBAQEBAQEBAQE=\"}",
    "{\"type\":\"chat\",\"step\":\"commit\",\"value\":\"AQEBAQEBAQEBAQEBAQE"
    "BAQEBAQEBAQEBAQEBAQEBAQE=\"}" };
  g_auto (Pair) pair = pair_new (of_a, of_b);
  g_autofree gchar *commit = ask (&pair, FALSE);
  g_autofree gchar *blanks = NULL, *longest = NULL, *beyond = NULL;
  g_autofree gchar *at = NULL, *above = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *reply = NULL;

    fail_unless_equals_int (
        take (&pair, TRUE, texts[i], &reply), VM_COMPARISON_NOTHING);
    fail_unless (reply == NULL, "%s", texts[i]);
  }
  fail_unless (vm_comparison_is_for (texts[4]));
  fail_if (vm_comparison_is_for (texts[9]));
  /* at the limit, and above it */
  blanks = g_strnfill (VM_COMPARISON_TEXT_MAX - strlen (commit), ' ');
  longest = g_strconcat (commit, blanks, NULL);
  beyond = g_strconcat (longest, " ", NULL);
  fail_if (vm_comparison_is_for (beyond));
  take (&pair, TRUE, beyond, &above);
  fail_unless (above == NULL);
  take (&pair, TRUE, longest, &at);
  fail_unless (at != NULL);
}

GST_END_TEST;

static Suite *
trust_comparison_suite (void)
{
  Suite *s = suite_create ("trust-comparison");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_digits);
  tcase_add_test (tc, test_result_is_of_these_certificates);
  tcase_add_loop_test (tc, test_differ_is_told, 0, 3);
  tcase_add_test (tc, test_somebody_between);
  tcase_add_test (tc, test_another_nonce_than_committed_to);
  tcase_add_test (tc, test_another_connection_meanwhile);
  tcase_add_test (tc, test_unanswered);
  tcase_add_test (tc, test_asked_too_often);
  tcase_add_test (tc, test_both_at_once);
  tcase_add_test (tc, test_what_is_no_message);
  return s;
}

CHECK_PROGRAM (trust_comparison)
