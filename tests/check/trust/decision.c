/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/store/vmtrustfacts-priv.h"

#include <gst/videomeet/trust/store/decision.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

#define NOW G_GINT64_CONSTANT (1800000000)
#define DAY (24 * 3600)

#define CALL VM_PERMISSIONS_CALL
#define FILE_ VM_PERMISSIONS_FILE
#define CONTROL VM_PERMISSIONS_TERMINAL_CONTROL
#define INTRODUCER VM_PERMISSIONS_INTRODUCER

/* What is known of a device, in a word each. */
typedef enum
{
  KEYLESS = 0,
  KEY = 1 << 0, /* it shows one */
  SEEN = 1 << 1,
  CHANGED = 1 << 2,
  REVOKED = 1 << 3,
  DAMAGED = 1 << 4,
  GIVEN = 1 << 5, /* CALL */
  GIVEN_FILE = 1 << 6,
  GIVEN_EXPIRED = 1 << 7,
  VOUCHED = 1 << 8, /* CALL */
  VOUCHED_EXPIRED = 1 << 9,
  GUEST = 1 << 10, /* CALL */
  GUEST_EXPIRED = 1 << 11,
  GIVEN_CONTROL = 1 << 12,
  HELD = 1 << 13, /* what it gave to us says nothing about it */
} Known;

static void
fill (VmTrustFacts *facts, Known known)
{
  if (known & KEY)
    facts->device_id = g_strdup ("ID");
  if (known & SEEN)
    facts->first_seen = g_date_time_new_utc (2026, 1, 2, 3, 4, 5);
  if (known & CHANGED) {
    facts->changed_id = g_strdup ("OLD-ID");
    facts->changed_user = g_strdup ("Ann");
    facts->changed_device = g_strdup ("laptop");
    facts->changed_seen = g_date_time_new_utc (2025, 1, 2, 3, 4, 5);
  }
  facts->revoked = (known & REVOKED) != 0;
  facts->damaged = (known & DAMAGED) != 0;
  if (known & (GIVEN | GIVEN_EXPIRED))
    facts->given |= CALL;
  if (known & GIVEN_FILE)
    facts->given |= FILE_;
  if (known & GIVEN_CONTROL)
    facts->given |= CONTROL;
  facts->given_until = known & GIVEN_EXPIRED ? NOW - 1 : NOW;
  if (known & (VOUCHED | VOUCHED_EXPIRED)) {
    facts->vouched = CALL;
    facts->voucher = g_strdup ("VOUCHER");
  }
  facts->vouched_until = known & VOUCHED_EXPIRED ? NOW - 1 : NOW;
  if (known & (GUEST | GUEST_EXPIRED))
    facts->guest = CALL;
  facts->guest_until = known & GUEST_EXPIRED ? NOW - 1 : NOW;
  if (known & HELD) {
    facts->held = VM_PERMISSIONS_ALL;
    facts->held_until = G_MAXINT64;
  }
}

#define OK -1
#define NO VM_ERROR_NOT_TRUSTED
#define NEW VM_ERROR_KEY_CHANGED
#define AS(level) VM_TRUST_LEVEL_##level

/* Whether it may meet, under open, pin and require, and how it is shown. */
static const struct
{
  Known known;
  gint open, pin, require;
  VmTrustLevel level;
} meets[] = {
  { KEYLESS, OK, OK, NO, AS (UNKNOWN) },
  { KEY, OK, OK, NO, AS (UNKNOWN) },
  { KEY | SEEN, OK, OK, NO, AS (KNOWN) },
  { KEY | SEEN | HELD, OK, OK, NO, AS (KNOWN) },
  { KEY | SEEN | GIVEN, OK, OK, OK, AS (TRUSTED) },
  { KEY | SEEN | GIVEN_FILE, OK, OK, NO, AS (TRUSTED) },
  { KEY | SEEN | GIVEN_EXPIRED, OK, OK, NO, AS (KNOWN) },
  { KEY | VOUCHED, OK, OK, OK, AS (VOUCHED) },
  { KEY | SEEN | VOUCHED, OK, OK, OK, AS (VOUCHED) },
  { KEY | VOUCHED_EXPIRED, OK, OK, NO, AS (UNKNOWN) },
  { KEY | SEEN | GIVEN_EXPIRED | VOUCHED, OK, OK, OK, AS (VOUCHED) },
  { KEY | SEEN | GIVEN | VOUCHED | GUEST, OK, OK, OK, AS (TRUSTED) },
  { KEY | SEEN | GIVEN_FILE | VOUCHED, OK, OK, OK, AS (TRUSTED) },
  { KEY | GUEST, OK, OK, OK, AS (GUEST) },
  { KEY | GUEST | VOUCHED, OK, OK, OK, AS (VOUCHED) },
  { KEY | GUEST_EXPIRED, OK, OK, NO, AS (UNKNOWN) },
  /* revoked wins over all */
  { KEY | REVOKED, NO, NO, NO, AS (UNKNOWN) },
  { KEY | SEEN | REVOKED, NO, NO, NO, AS (KNOWN) },
  { KEY | SEEN | REVOKED | GIVEN, NO, NO, NO, AS (KNOWN) },
  { KEY | SEEN | REVOKED | VOUCHED, NO, NO, NO, AS (KNOWN) },
  { KEY | REVOKED | GUEST, NO, NO, NO, AS (UNKNOWN) },
  { KEY | SEEN | REVOKED | CHANGED, NO, NO, NO, AS (KNOWN) },
  /* so does not to know who is */
  { KEYLESS | DAMAGED, NO, NO, NO, AS (UNKNOWN) },
  { KEY | SEEN | DAMAGED | GIVEN, NO, NO, NO, AS (KNOWN) },
  /* a new key under an old name is a hard stop, but for whoever lets all in */
  { KEY | CHANGED, OK, NEW, NEW, AS (UNKNOWN) },
  { KEY | CHANGED | VOUCHED, OK, NEW, NEW, AS (UNKNOWN) },
  { KEY | CHANGED | SEEN | GIVEN, OK, NEW, NEW, AS (KNOWN) },
  { KEY | CHANGED | GUEST, OK, NEW, NEW, AS (UNKNOWN) },
};

static void
check_meets (guint i, VmPolicy policy, gint code)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_facts_new (NULL);
  g_autoptr (GError) error = NULL;
  VmTrustDecision decision;
  VmTrustLevel level = meets[i].level;

  fill (facts, meets[i].known);
  /* let in under open, it is shown as what it is by its key */
  if (meets[i].known & CHANGED && policy == VM_POLICY_OPEN)
    level = meets[i].known & GIVEN     ? AS (TRUSTED)
            : meets[i].known & VOUCHED ? AS (VOUCHED)
            : meets[i].known & GUEST   ? AS (GUEST)
                                       : level;
  fail_unless (vm_trust_decide (policy, facts, CALL, NOW, &decision, &error)
                   == (code == OK),
      "case %u, policy %d", i, policy);
  fail_unless_equals_int (decision.accepted, code == OK);
  fail_unless (decision.level == level, "case %u, policy %d: shown as %d", i,
      policy, decision.level);
  fail_unless_equals_string (
      decision.voucher, level == AS (VOUCHED) ? "VOUCHER" : NULL);
  if (code == OK) {
    g_assert_no_error (error);
    fail_unless (decision.permissions & CALL);
  } else {
    g_assert_error (error, VM_ERROR, code);
    fail_unless_equals_int (decision.permissions, 0);
  }
}

GST_START_TEST (test_meets)
{
  check_meets (__i__, VM_POLICY_OPEN, meets[__i__].open);
  check_meets (__i__, VM_POLICY_PIN, meets[__i__].pin);
  check_meets (__i__, VM_POLICY_REQUIRE, meets[__i__].require);
}

GST_END_TEST;

/* What else it may do. */
static const struct
{
  Known known;
  VmPermissions request;
  gint open, pin, require;
} requests[] = {
  { KEYLESS, FILE_, OK, OK, NO },
  { KEY, VM_PERMISSIONS_FOLDER, OK, OK, NO },
  /* never without a token, whatever the policy */
  { KEY | SEEN, CONTROL, NO, NO, NO },
  { KEY | SEEN, VM_PERMISSIONS_TERMINAL_VIEW, NO, NO, NO },
  { KEY | SEEN, INTRODUCER, NO, NO, NO },
  { KEY | SEEN | GIVEN, CONTROL, NO, NO, NO },
  { KEY | SEEN | GIVEN, FILE_, OK, OK, NO },
  { KEY | SEEN | GIVEN_FILE, FILE_, OK, OK, OK },
  { KEY | SEEN | GIVEN_FILE, CALL | FILE_, OK, OK, NO },
  { KEY | SEEN | GIVEN | GIVEN_FILE, CALL | FILE_, OK, OK, OK },
  { KEY | SEEN | GIVEN_CONTROL, CONTROL, OK, OK, OK },
  { KEY | SEEN | GIVEN_CONTROL | GIVEN_EXPIRED, CONTROL, NO, NO, NO },
  { KEY | SEEN | GIVEN_CONTROL | REVOKED, CONTROL, NO, NO, NO },
  { KEY | GUEST, FILE_, OK, OK, NO },
};

GST_START_TEST (test_requests)
{
  const gint codes[] = { requests[__i__].open, requests[__i__].pin,
    requests[__i__].require };

  for (VmPolicy policy = VM_POLICY_OPEN; policy <= VM_POLICY_REQUIRE;
       policy++) {
    g_autoptr (VmTrustFacts) facts = vm_trust_facts_new (NULL);
    g_autoptr (GError) error = NULL;

    fill (facts, requests[__i__].known);
    fail_unless (vm_trust_decide (
                     policy, facts, requests[__i__].request, NOW, NULL, &error)
                     == (codes[policy] == OK),
        "policy %d", policy);
    if (codes[policy] != OK)
      g_assert_error (error, VM_ERROR, codes[policy]);
  }
}

GST_END_TEST;

GST_START_TEST (test_says_what_to_do)
{
  g_autoptr (VmTrustFacts) changed = vm_trust_facts_new ("NEW-ID");
  g_autoptr (VmTrustFacts) unknown = vm_trust_facts_new ("NEW-ID");
  g_autoptr (GError) error = NULL;

  fill (changed, CHANGED);
  vm_trust_decide (VM_POLICY_PIN, changed, CALL, NOW, NULL, &error);
  fail_unless (strstr (error->message, "NEW-ID"));
  fail_unless (strstr (error->message, "2025-01-02"));
  fail_unless (strstr (error->message, "videomeet forget OLD-ID"));
  g_clear_error (&error);
  unknown->user = g_strdup ("Ann");
  vm_trust_decide (VM_POLICY_REQUIRE, unknown, CALL, NOW, NULL, &error);
  fail_unless_equals_string (
      error->message, "Ann is not trusted and may not meet");
}

GST_END_TEST;

/* Of a key that changed: whose it was, and whose the other is if that is
 * known. */
static const struct
{
  const gchar *old_device;
  gboolean seen;
  const gchar *user, *device; /* as the other is known, or now says */
  const gchar *label, *owner, *advice;
} changes[] = {
  { "laptop", FALSE, NULL, NULL, "Ann's laptop", "NEW-ID. ",
      "Somebody may be posing as Ann. If you know why the key changed" },
  { "laptop", FALSE, "Ann", NULL, "Ann's laptop", "NEW-ID. ",
      "Somebody may be posing as Ann. If you know why the key changed" },
  { "", FALSE, "Ann", NULL, "Ann", "NEW-ID. ",
      "Somebody may be posing as Ann. If you know why the key changed" },
  { "laptop", TRUE, "Mallory", "phone", "Ann's laptop",
      "NEW-ID, which is no new key but that of Mallory's phone. ",
      "Mallory is probably posing as Ann. Only if you know that it is not so" },
  { "laptop", TRUE, "Mallory", "", "Ann's laptop",
      "NEW-ID, which is no new key but that of Mallory. ",
      "Mallory is probably posing as Ann. Only if you know that it is not so" },
  { "laptop", TRUE, "", "", "Ann's laptop",
      "NEW-ID, which is no new key but that of NEW-ID. ",
      "NEW-ID is probably posing as Ann. Only if you know that it is not so" },
  { "laptop", TRUE, "Ann", "phone", "Ann's laptop",
      "NEW-ID, which is no new key but that of Ann's phone. ",
      "Somebody may be posing as Ann. If you know why the key changed" },
};

GST_START_TEST (test_says_whose_key)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_facts_new ("NEW-ID");
  g_autoptr (GError) error = NULL;
  g_autofree gchar *words = NULL;

  fill (facts, changes[__i__].seen ? CHANGED | SEEN : CHANGED);
  g_free (facts->changed_device);
  facts->changed_device = g_strdup (changes[__i__].old_device);
  facts->user = g_strdup (changes[__i__].user);
  facts->device = g_strdup (changes[__i__].device);
  vm_trust_decide (VM_POLICY_PIN, facts, CALL, NOW, NULL, &error);
  words = g_strdup_printf (
      "%s has another key than when it was first seen on 2025-01-02. It was "
      "OLD-ID and now is %s%s, forget the old one: videomeet forget OLD-ID",
      changes[__i__].label, changes[__i__].owner, changes[__i__].advice);
  fail_unless_equals_string (error->message, words);
}

GST_END_TEST;

/* Tokens that come with messages */

static gchar *folder;
static VmIdentity *me, *ann, *bob;

static VmIdentity *
identity (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  return vm_identity_load (path, NULL);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-decision-XXXXXX", NULL);
  me = identity ("me");
  ann = identity ("ann");
  bob = identity ("bob");
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  g_clear_object (&me);
  g_clear_object (&ann);
  g_clear_object (&bob);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

static VmTrustFacts *
facts_of (VmIdentity *who, VmPermissions given)
{
  VmTrustFacts *facts = vm_trust_facts_new (vm_identity_get_device_id (who));

  facts->spki = g_bytes_ref (vm_identity_get_spki (who));
  facts->given = given;
  facts->given_until = NOW + DAY;
  facts->own = who == me;
  return facts;
}

static VmToken *
token_of (VmIdentity *issuer, VmPermissions permissions, const gchar *meeting)
{
  g_autoptr (GError) error = NULL;
  VmToken *token = vm_token_issue (issuer, vm_identity_get_spki (bob),
      permissions, meeting, NOW, NOW + 2 * DAY, &error);

  g_assert_no_error (error);
  return token;
}

#define ALL VM_PERMISSIONS_ALL

/* Ann, or this device, issued a token for Bob. */
static const struct
{
  gboolean by_me;
  VmPermissions issuer; /* what the issuer may do */
  VmPermissions token;
  const gchar *token_meeting;
  const gchar *meeting; /* where it is shown */
  gboolean good;
  VmPermissions vouched;
  VmPermissions guest;
} vouches[] = {
  { FALSE, ALL, CALL | FILE_, NULL, NULL, TRUE, CALL | FILE_, 0 },
  { FALSE, CALL | INTRODUCER, CALL | FILE_, NULL, NULL, TRUE, CALL, 0 },
  { FALSE, INTRODUCER, CALL, NULL, NULL, FALSE, 0, 0 },
  { FALSE, ALL & ~INTRODUCER, CALL, NULL, NULL, FALSE, 0, 0 },
  { FALSE, 0, CALL, NULL, NULL, FALSE, 0, 0 },
  /* no introducer by an introducer */
  { FALSE, ALL, CALL | INTRODUCER, NULL, NULL, TRUE, CALL, 0 },
  { FALSE, ALL, INTRODUCER, NULL, NULL, FALSE, 0, 0 },
  { FALSE, ALL, CALL, "m", "m", TRUE, 0, CALL },
  { FALSE, ALL, CALL, "m", "n", FALSE, 0, 0 },
  { FALSE, ALL, CALL, "m", NULL, FALSE, 0, 0 },
  { FALSE, ALL & ~INTRODUCER, CALL, "m", "m", FALSE, 0, 0 },
  { TRUE, ALL, CALL, "m", "m", TRUE, 0, CALL },
  { TRUE, ALL, CALL, "m", "n", FALSE, 0, 0 },
  /* of what this device gave only its store speaks: it may be taken back */
  { TRUE, ALL, CALL, NULL, NULL, FALSE, 0, 0 },
};

GST_START_TEST (test_vouches)
{
  VmIdentity *issuer = vouches[__i__].by_me ? me : ann;
  g_autoptr (VmTrustFacts) by = facts_of (issuer, vouches[__i__].issuer);
  g_autoptr (VmTrustFacts) facts = facts_of (bob, 0);
  g_autoptr (VmToken) token =
      token_of (issuer, vouches[__i__].token, vouches[__i__].token_meeting);
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (vm_trust_facts_add_token (facts, token, by,
                              vouches[__i__].meeting, NOW, &error),
      vouches[__i__].good);
  fail_unless_equals_int (facts->vouched, vouches[__i__].vouched);
  fail_unless_equals_int (facts->guest, vouches[__i__].guest);
  fail_unless_equals_int (facts->given, 0);
  if (!vouches[__i__].good) {
    g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
    return;
  }
  g_assert_no_error (error);
  if (facts->vouched) {
    fail_unless_equals_string (facts->voucher, vm_identity_get_device_id (ann));
    /* no longer than the introducer itself is trusted */
    fail_unless_equals_int64 (facts->vouched_until, NOW + DAY);
  }
}

GST_END_TEST;

static void
refused (VmTrustFacts *facts, VmToken *token, const VmTrustFacts *by,
    gint64 now, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_if (vm_trust_facts_add_token (facts, token, by, NULL, now, &error));
  g_assert_error (error, VM_ERROR, code);
  fail_unless_equals_int (facts->vouched, 0);
}

GST_START_TEST (test_who_does_not_vouch)
{
  g_autoptr (VmTrustFacts) by = facts_of (ann, ALL);
  g_autoptr (VmTrustFacts) facts = facts_of (bob, 0);
  g_autoptr (VmTrustFacts) keyless = vm_trust_facts_new (NULL);
  g_autoptr (VmTrustFacts) me_too = facts_of (me, ALL);
  g_autoptr (VmToken) token = token_of (ann, CALL, NULL);

  refused (keyless, token, by, NOW, VM_ERROR_NOT_TRUSTED);
  refused (me_too, token, by, NOW, VM_ERROR_NOT_TRUSTED);
  refused (facts, token, by, NOW + 2 * DAY + 1, VM_ERROR_NOT_TRUSTED);
  refused (facts, token, by, NOW + DAY + 1, VM_ERROR_NOT_TRUSTED);
  refused (facts, token, by, NOW - VM_TOKEN_EARLY - 1, VM_ERROR_NOT_TRUSTED);
  by->revoked = TRUE;
  refused (facts, token, by, NOW, VM_ERROR_NOT_TRUSTED);
  by->revoked = FALSE;
  by->damaged = TRUE;
  refused (facts, token, by, NOW, VM_ERROR_NOT_TRUSTED);
  by->damaged = FALSE;
  /* another introducer did not sign it */
  g_bytes_unref (by->spki);
  by->spki = g_bytes_ref (vm_identity_get_spki (me));
  refused (facts, token, by, NOW, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

GST_START_TEST (test_the_better_voucher_counts)
{
  g_autoptr (VmTrustFacts) well = facts_of (ann, ALL);
  g_autoptr (VmTrustFacts) less = facts_of (me, CALL | INTRODUCER);
  g_autoptr (VmTrustFacts) facts = facts_of (bob, 0);
  g_autoptr (VmToken) more = token_of (ann, CALL | FILE_, NULL);
  g_autoptr (VmToken) call = token_of (me, CALL, NULL);

  less->own = FALSE; /* a second introducer */
  fail_unless (vm_trust_facts_add_token (facts, more, well, NULL, NOW, NULL));
  fail_unless (vm_trust_facts_add_token (facts, call, less, NULL, NOW, NULL));
  fail_unless_equals_int (facts->vouched, CALL | FILE_);
  fail_unless_equals_string (facts->voucher, vm_identity_get_device_id (ann));
}

GST_END_TEST;

GST_START_TEST (test_copy)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_facts_new ("ID");
  g_autoptr (VmTrustFacts) copy = NULL;

  fill (facts, SEEN | CHANGED | VOUCHED | GIVEN);
  copy = vm_trust_facts_copy (facts);
  g_clear_pointer (&facts, vm_trust_facts_free);
  fail_unless_equals_string (copy->device_id, "ID");
  fail_unless_equals_string (copy->voucher, "VOUCHER");
  fail_unless_equals_string (copy->changed_id, "OLD-ID");
  fail_unless_equals_string (copy->changed_user, "Ann");
  fail_unless_equals_string (copy->changed_device, "laptop");
  fail_unless_equals_int (g_date_time_get_year (copy->first_seen), 2026);
}

GST_END_TEST;

GST_START_TEST (test_names_of_permissions)
{
  const struct
  {
    const gchar *text;
    gboolean good;
    VmPermissions permissions;
  } cases[] = {
    { "", TRUE, 0 },
    { "call", TRUE, CALL },
    { "call,file,folder,terminal:view,terminal:control,introducer", TRUE, ALL },
    { "terminal:control", TRUE, CONTROL },
    { "call,call", TRUE, CALL },
    { "Call", FALSE, 0 },
    { "call,", FALSE, 0 },
    { ",call", FALSE, 0 },
    { "call file", FALSE, 0 },
    { "terminal", FALSE, 0 },
    { "all", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmPermissions permissions = ALL;

    fail_unless_equals_int (
        vm_permissions_from_string (cases[i].text, &permissions),
        cases[i].good);
    fail_unless_equals_int (permissions, cases[i].permissions);
  }
  for (guint bits = 0; bits <= ALL; bits++) {
    g_autofree gchar *text = vm_permissions_to_string (bits);
    VmPermissions permissions;

    fail_unless (vm_permissions_from_string (text, &permissions));
    fail_unless_equals_int (permissions, bits);
  }
}

GST_END_TEST;

/* Who came unknown has not become known by that; all else is shown as it is. */
GST_START_TEST (test_meanwhile)
{
  for (VmTrustLevel was = 0; was <= VM_TRUST_LEVEL_TRUSTED; was++)
    for (VmTrustLevel now = 0; now <= VM_TRUST_LEVEL_TRUSTED; now++)
      fail_unless_equals_int (vm_trust_level_meanwhile (was, now),
          was == VM_TRUST_LEVEL_UNKNOWN && now == VM_TRUST_LEVEL_KNOWN ? was
                                                                       : now);
}

GST_END_TEST;

GST_START_TEST (test_name_of)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_facts_new (NULL);

  fail_unless (strstr (vm_trust_name_of (facts), "without a key"));
  facts->device_id = g_strdup ("ID");
  facts->user = g_strdup ("");
  fail_unless_equals_string (vm_trust_name_of (facts), "ID");
  g_free (facts->user);
  facts->user = g_strdup ("Ann");
  fail_unless_equals_string (vm_trust_name_of (facts), "Ann");
}

GST_END_TEST;

static Suite *
decision_suite (void)
{
  Suite *s = suite_create ("decision");
  TCase *tc = tcase_create ("decide");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_meets, 0, G_N_ELEMENTS (meets));
  tcase_add_loop_test (tc, test_requests, 0, G_N_ELEMENTS (requests));
  tcase_add_test (tc, test_says_what_to_do);
  tcase_add_loop_test (tc, test_says_whose_key, 0, G_N_ELEMENTS (changes));
  tcase_add_test (tc, test_copy);
  tcase_add_test (tc, test_names_of_permissions);
  tcase_add_test (tc, test_meanwhile);
  tcase_add_test (tc, test_name_of);
  tc = tcase_create ("vouch");
  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_vouches, 0, G_N_ELEMENTS (vouches));
  tcase_add_test (tc, test_who_does_not_vouch);
  tcase_add_test (tc, test_the_better_voucher_counts);
  return s;
}

CHECK_PROGRAM (decision)
