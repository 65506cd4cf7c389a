/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/store/vmtruststore-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/decision.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define CALL VM_PERMISSIONS_CALL
#define ALL VM_PERMISSIONS_ALL

static void
trust (VmIdentity *who, const gchar *user, const gchar *device)
{
  g_autoptr (GError) error = NULL;

  fixture_trust (who, user, device, ALL, &error);
  g_assert_no_error (error);
}

static void
fails (gboolean done, GError **error, gint code)
{
  fail_if (done);
  g_assert_error (*error, VM_ERROR, code);
  g_clear_error (error);
}

GST_START_TEST (test_nothing_is_known)
{
  g_autoptr (VmTrustFacts) facts = fixture_know (f.ann);
  g_autoptr (VmTrustFacts) keyless =
      vm_trust_store_know (f.store, NULL, NULL, NULL, f.now);
  g_autoptr (VmTrustFacts) nonsense =
      vm_trust_store_know (f.store, "../identity", NULL, NULL, f.now);
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (f.store, f.now);

  fail_unless_equals_int (all->len, 0);
  fail_unless (!facts->first_seen && !facts->given && !facts->held);
  fail_if (facts->revoked || facts->damaged || facts->own);
  fail_unless (!keyless->device_id && !keyless->given);
  fail_unless (!nonsense->first_seen && !nonsense->given);
}

GST_END_TEST;

GST_START_TEST (test_own_device)
{
  g_autoptr (VmTrustFacts) facts = fixture_know (f.me);

  fail_unless (facts->own);
  fail_unless_equals_int (facts->given, ALL);
}

GST_END_TEST;

GST_START_TEST (test_pinned_is_not_trusted)
{
  g_autoptr (VmTrustFacts) facts = NULL;

  fixture_pin (f.ann, "Ann", "laptop");
  facts = fixture_know (f.ann);
  fail_unless_equals_string (facts->user, "Ann");
  fail_unless_equals_string (facts->device, "laptop");
  fail_unless (facts->first_seen != NULL);
  fail_unless (g_bytes_equal (facts->spki, vm_identity_get_spki (f.ann)));
  fail_unless_equals_int (facts->given, 0);
  fail_unless_equals_int (facts->held, 0);
}

GST_END_TEST;

GST_START_TEST (test_trusted)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (VmToken) given = NULL;
  g_autoptr (VmToken) held = NULL;

  trust (f.ann, "Ann", "laptop");
  facts = fixture_know (f.ann);
  fail_unless_equals_int (facts->given, ALL);
  fail_unless_equals_int64 (facts->given_until, FIXTURE_NOW + FIXTURE_DAY);
  fail_unless_equals_int (facts->held, CALL);
  fail_unless (vm_trust_store_get_tokens (
      f.store, vm_identity_get_device_id (f.ann), f.now, &given, &held));
  fail_unless_equals_string (
      given->subject_id, vm_identity_get_device_id (f.ann));
  fail_unless_equals_string (
      held->issuer_id, vm_identity_get_device_id (f.ann));
}

GST_END_TEST;

GST_START_TEST (test_trusted_for_a_while)
{
  const struct
  {
    gint64 now;
    gboolean good;
  } cases[] = {
    { FIXTURE_NOW - VM_TOKEN_EARLY - 1, FALSE },
    { FIXTURE_NOW - VM_TOKEN_EARLY, TRUE },
    { FIXTURE_NOW + FIXTURE_DAY, TRUE },
    { FIXTURE_NOW + FIXTURE_DAY + 1, FALSE },
  };

  trust (f.ann, "Ann", "laptop");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GDateTime) now = g_date_time_new_from_unix_utc (cases[i].now);
    g_autoptr (VmTrustFacts) facts = vm_trust_store_know (
        f.store, vm_identity_get_device_id (f.ann), NULL, NULL, now);
    g_autoptr (VmToken) given = NULL;
    g_autoptr (VmToken) held = NULL;

    fail_unless_equals_int (facts->given != 0, cases[i].good);
    fail_unless_equals_int (facts->held != 0, cases[i].good);
    fail_unless_equals_int (
        vm_trust_store_get_tokens (
            f.store, vm_identity_get_device_id (f.ann), now, &given, &held),
        cases[i].good);
  }
}

GST_END_TEST;

/* What is not a token from here for that device, or from it for here. */
GST_START_TEST (test_wrong_tokens_are_not_added)
{
  GTlsCertificate *ann = vm_identity_get_tls_certificate (f.ann);
  g_autoptr (VmToken) given = fixture_token (f.me, f.ann, CALL);
  g_autoptr (VmToken) for_bob = fixture_token (f.me, f.bob, CALL);
  g_autoptr (VmToken) by_bob = fixture_token (f.bob, f.ann, CALL);
  g_autoptr (VmToken) bob_to_me = fixture_token (f.bob, f.me, CALL);
  g_autoptr (VmToken) ann_to_bob = fixture_token (f.ann, f.bob, CALL);
  g_autoptr (VmToken) guest =
      vm_token_issue (f.me, vm_identity_get_spki (f.ann), CALL, "m",
          FIXTURE_NOW, FIXTURE_NOW + FIXTURE_DAY, NULL);
  const struct
  {
    VmToken *given, *held;
  } cases[] = {
    { for_bob, NULL },
    { by_bob, NULL },
    { guest, NULL },
    { given, bob_to_me },
    { given, ann_to_bob },
    { given, given },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmTrustFacts) facts = NULL;

    fails (vm_trust_store_add (f.store, "Ann", "laptop", ann, cases[i].given,
               cases[i].held, f.now, &error),
        &error, VM_ERROR_WRONG_KEY);
    facts = fixture_know (f.ann);
    fail_unless (!facts->given && !facts->first_seen);
  }
}

GST_END_TEST;

GST_START_TEST (test_expired_tokens_are_not_added)
{
  g_autoptr (VmToken) given = fixture_token (f.me, f.ann, CALL);
  g_autoptr (GDateTime) later = g_date_time_add_days (f.now, 2);
  g_autoptr (GError) error = NULL;

  fails (
      vm_trust_store_add (f.store, "Ann", "laptop",
          vm_identity_get_tls_certificate (f.ann), given, NULL, later, &error),
      &error, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

GST_START_TEST (test_names_of_the_trusted)
{
  g_autofree gchar *most = g_strnfill (128, 'n');
  g_autofree gchar *above = g_strnfill (129, 'n');
  g_autoptr (GError) error = NULL;

  fails (fixture_trust (f.ann, "a\nfirst-seen: x", "laptop", CALL, &error),
      &error, VM_ERROR_BAD_REQUEST);
  fails (fixture_trust (f.ann, above, "laptop", CALL, &error), &error,
      VM_ERROR_BAD_REQUEST);
  fails (fixture_trust (f.ann, "Ann", above, CALL, &error), &error,
      VM_ERROR_BAD_REQUEST);
  fail_unless (fixture_trust (f.ann, most, "", CALL, NULL));
  fixture_pin (f.bob, "Bob", "phone");
  fails (fixture_trust (f.eve, "Bob", "phone", CALL, &error), &error,
      VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

GST_START_TEST (test_no_identity_no_trust)
{
  g_autofree gchar *empty = g_build_filename (f.parent, "empty", NULL);
  g_autoptr (VmTrustStore) store = vm_trust_store_new (empty);
  g_autoptr (VmToken) given = fixture_token (f.me, f.ann, CALL);
  g_autoptr (GError) error = NULL;

  fails (
      vm_trust_store_add (store, "Ann", "laptop",
          vm_identity_get_tls_certificate (f.ann), given, NULL, f.now, &error),
      &error, VM_ERROR_IDENTITY);
}

GST_END_TEST;

GST_START_TEST (test_revoked)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;
  g_autofree gchar *again = NULL;
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);

  trust (f.ann, "Ann", "laptop");
  trust (f.bob, "Bob", "phone");
  id = vm_trust_store_revoke (f.store, "Ann", f.now, NULL);
  fail_unless_equals_string (id, vm_identity_get_device_id (f.ann));
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked);
  fail_unless_equals_int (facts->given, 0);
  fail_unless_equals_int (facts->held, 0);
  fail_unless_equals_string (facts->user, "Ann");
  fail_if (g_file_test (tokens, G_FILE_TEST_EXISTS));
  /* twice is once */
  again = vm_trust_store_revoke (f.store, id, f.now, NULL);
  fail_unless_equals_string (again, id);
  /* trust does not come back by itself */
  fails (fixture_trust (f.ann, "Ann", "laptop", CALL, &error), &error,
      VM_ERROR_NOT_TRUSTED);
  vm_trust_facts_free (g_steal_pointer (&facts));
  facts = fixture_know (f.bob);
  fail_unless (!facts->revoked && facts->given);
}

GST_END_TEST;

GST_START_TEST (test_old_tokens_of_the_revoked_are_of_no_use)
{
  g_autofree gchar *path = fixture_path ("tokens", f.ann);
  g_autofree gchar *text = NULL;
  g_autofree gchar *id = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  fail_unless (g_file_get_contents (path, &text, NULL, NULL));
  id = vm_trust_store_revoke (f.store, "Ann", f.now, NULL);
  fail_unless (g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked && !facts->given);
}

GST_END_TEST;

GST_START_TEST (test_pardoned)
{
  const gchar *ann = vm_identity_get_device_id (f.ann);
  g_autofree gchar *id = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  id = vm_trust_store_revoke (f.store, "Ann", f.now, NULL);
  fail_unless (vm_trust_store_pardon (f.store, ann, NULL));
  facts = fixture_know (f.ann);
  fail_unless (!facts->revoked && !facts->given);
  fails (
      vm_trust_store_pardon (f.store, ann, &error), &error, VM_ERROR_NOT_FOUND);
  trust (f.ann, "Ann", "laptop");
}

GST_END_TEST;

static gchar *
revocation_of (VmIdentity *who, gint64 said)
{
  return vm_trust_store_get_revocation (
      f.store, vm_identity_get_device_id (who), said);
}

static gboolean
trust_anew (const gchar *pardon, GError **error)
{
  g_autoptr (VmToken) given = fixture_token (f.me, f.ann, CALL);

  return vm_trust_store_add_anew (f.store, "Ann", "laptop",
      vm_identity_get_tls_certificate (f.ann), given, NULL, pardon, f.now,
      error);
}

/* A pardon is for the revocation that the user knew of, and for no other. */
GST_START_TEST (test_pardoned_by_digits)
{
  g_autoptr (GDateTime) later = g_date_time_add (f.now, 1);
  const gint64 revoked_at = FIXTURE_NOW * G_USEC_PER_SEC;
  g_autofree gchar *id = NULL, *again = NULL, *old = NULL, *new = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  fail_unless (revocation_of (f.ann, G_MAXINT64 - 1) == NULL);
  id = vm_trust_store_revoke (f.store, "Ann", f.now, NULL);
  fail_unless (revocation_of (f.ann, revoked_at - 1) == NULL);
  old = revocation_of (f.ann, revoked_at);
  fail_unless (old != NULL);
  fails (trust_anew (NULL, &error), &error, VM_ERROR_NOT_TRUSTED);
  again = vm_trust_store_revoke (f.store, "Ann", later, NULL);
  fails (trust_anew (old, &error), &error, VM_ERROR_NOT_TRUSTED);
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked && !facts->given);
  new = revocation_of (f.ann, revoked_at + 1);
  fail_unless (trust_anew (new, NULL));
  vm_trust_facts_free (facts);
  facts = fixture_know (f.ann);
  fail_unless (!facts->revoked && facts->given == CALL);
}

GST_END_TEST;

/* Names are any text without control characters. */
GST_START_TEST (test_names_like_certificates)
{
  static const gchar *const names[] = { "-----BEGIN CERTIFICATE-----",
    "-----BEGIN x", "x-----END CERTIFICATE-----", "user: Bob" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (VmTrustFacts) facts = NULL;
    g_autoptr (VmKnownDevice) forgotten = NULL;

    trust (f.ann, names[i], names[G_N_ELEMENTS (names) - 1 - i]);
    facts = fixture_know (f.ann);
    fail_unless_equals_string (facts->user, names[i]);
    fail_unless_equals_string (
        facts->device, names[G_N_ELEMENTS (names) - 1 - i]);
    fail_unless (facts->given != VM_PERMISSIONS_NONE);
    forgotten = vm_trust_store_forget (
        f.store, vm_identity_get_device_id (f.ann), NULL);
    fail_unless (forgotten != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_revoked_though_never_met)
{
  const gchar *ann = vm_identity_get_device_id (f.ann);
  g_autofree gchar *id = vm_trust_store_revoke (f.store, ann, f.now, NULL);
  g_autofree gchar *found = NULL;
  g_autofree gchar *prefix = g_ascii_strdown (ann, 6);
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (f.store, f.now);
  g_autoptr (GError) error = NULL;

  fail_unless_equals_string (id, ann);
  fail_unless_equals_int (all->len, 1);
  fail_unless (((VmTrustFacts *) all->pdata[0])->revoked);
  found = vm_trust_store_find (f.store, prefix, NULL);
  fail_unless_equals_string (found, ann);
  fails (vm_trust_store_revoke (f.store, "Nobody", f.now, &error) != NULL,
      &error, VM_ERROR_NOT_FOUND);
  fails (vm_trust_store_revoke (
             f.store, vm_identity_get_device_id (f.me), f.now, &error)
             != NULL,
      &error, VM_ERROR_BAD_REQUEST);
}

GST_END_TEST;

GST_START_TEST (test_forgotten)
{
  g_autoptr (VmKnownDevice) forgotten = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  g_autofree gchar *id = NULL;

  trust (f.ann, "Ann", "laptop");
  forgotten = vm_trust_store_forget (f.store, "laptop", NULL);
  fail_unless_equals_string (
      forgotten->device_id, vm_identity_get_device_id (f.ann));
  facts = fixture_know (f.ann);
  fail_unless (!facts->first_seen && !facts->given);
  fail_if (g_file_test (tokens, G_FILE_TEST_EXISTS));
  /* that it was revoked is not forgotten */
  fixture_pin (f.bob, "Bob", "phone");
  id = vm_trust_store_revoke (f.store, "Bob", f.now, NULL);
  vm_known_device_free (g_steal_pointer (&forgotten));
  forgotten = vm_trust_store_forget (f.store, "Bob", NULL);
  vm_trust_facts_free (g_steal_pointer (&facts));
  facts = fixture_know (f.bob);
  fail_unless (facts->revoked && !facts->first_seen);
}

GST_END_TEST;

GST_START_TEST (test_found_by)
{
  const gchar *ann = vm_identity_get_device_id (f.ann);
  const gchar *bob = vm_identity_get_device_id (f.bob);
  g_autofree gchar *prefix = NULL;
  gsize common = 0;

  while (ann[common] == bob[common])
    common++;
  prefix = g_strndup (ann, common + 1);
  /* with characters that no id has, so that none begins so */
  trust (f.ann, "Ann.1", "laptop");
  fixture_pin (f.bob, "Bob.1", "laptop");
  {
    const struct
    {
      const gchar *text;
      const gchar *id;
      gint code;
    } cases[] = {
      { ann, ann, 0 },
      { prefix, ann, 0 },
      { "Ann.1", ann, 0 },
      { "Bob.1", bob, 0 },
      { "laptop", NULL, VM_ERROR_BAD_REQUEST },
      { "ann.1", NULL, VM_ERROR_NOT_FOUND },
      { "Ann.", NULL, VM_ERROR_NOT_FOUND },
      { "", NULL, VM_ERROR_NOT_FOUND },
      { "*", NULL, VM_ERROR_NOT_FOUND },
    };

    for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
      g_autoptr (GError) error = NULL;
      g_autofree gchar *id =
          vm_trust_store_find (f.store, cases[i].text, &error);

      fail_unless_equals_string (id, cases[i].id);
      if (!cases[i].id)
        g_assert_error (error, VM_ERROR, cases[i].code);
    }
  }
}

GST_END_TEST;

/* Whoever goes by another's id is not meant by it, and does not keep the other
 * from being meant. */
GST_START_TEST (test_names_like_ids)
{
  const gchar *ann = vm_identity_get_device_id (f.ann);
  const gchar *bob = vm_identity_get_device_id (f.bob);
  g_autofree gchar *lower = g_ascii_strdown (ann, -1);
  g_autofree gchar *prefix = g_strndup (ann, strlen (ann) - 1);
  g_autofree gchar *found = NULL, *same = NULL, *part = NULL, *nobody = NULL;
  g_autoptr (VmKnownDevice) gone = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.eve, ann, bob);
  found = vm_trust_store_find (f.store, ann, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (found, ann);
  same = vm_trust_store_find (f.store, lower, &error);
  fail_unless_equals_string (same, ann);
  part = vm_trust_store_find (f.store, prefix, &error);
  fail_unless_equals_string (part, ann);
  /* who was never met is nobody, and not the one that is called so */
  nobody = vm_trust_store_find (f.store, bob, &error);
  fail_unless (nobody == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  g_clear_error (&error);
  gone = vm_trust_store_forget (f.store, ann, &error);
  g_assert_no_error (error);
  fail_unless_equals_string (gone->device_id, ann);
}

GST_END_TEST;

GST_START_TEST (test_another_key_under_known_names)
{
  g_autoptr (VmTrustFacts) same = NULL;
  g_autoptr (VmTrustFacts) other = NULL;
  g_autoptr (VmTrustFacts) nameless = NULL;

  fixture_pin (f.ann, "Ann", "laptop");
  same = vm_trust_store_know (
      f.store, vm_identity_get_device_id (f.ann), "Ann", "laptop", f.now);
  other = vm_trust_store_know (
      f.store, vm_identity_get_device_id (f.eve), "Ann", "laptop", f.now);
  nameless = vm_trust_store_know (
      f.store, vm_identity_get_device_id (f.eve), "", "laptop", f.now);
  fail_if (same->changed_id);
  fail_if (nameless->changed_id);
  fail_unless_equals_string (
      other->changed_id, vm_identity_get_device_id (f.ann));
  fail_unless_equals_string (other->changed_user, "Ann");
  fail_unless_equals_string (other->changed_device, "laptop");
  fail_unless (g_date_time_equal (other->changed_seen, f.now));
}

GST_END_TEST;

/* Whoever writes the store says the same. */
GST_START_TEST (test_one_known_as_another)
{
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GError) judged = NULL;
  g_autoptr (GError) pinned = NULL;

  fixture_pin (f.ann, "Ann", "laptop");
  fixture_pin (f.eve, "Mallory", "phone");
  facts = vm_trust_store_know (
      f.store, vm_identity_get_device_id (f.eve), "Ann", "laptop", f.now);
  fail_if (vm_trust_decide (
      VM_POLICY_PIN, facts, VM_PERMISSIONS_CALL, FIXTURE_NOW, NULL, &judged));
  fail_unless (
      g_str_has_prefix (judged->message, "Ann's laptop has another key"), "%s",
      judged->message);
  fail_unless (strstr (judged->message, "that of Mallory's phone"));
  fail_if (vm_trust_store_pin (f.store, "Ann", "laptop",
      vm_identity_get_tls_certificate (f.eve), f.now, &pinned));
  fail_unless_equals_string (pinned->message, judged->message);
}

GST_END_TEST;

GST_START_TEST (test_list)
{
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GDateTime) later = g_date_time_add_days (f.now, 1);
  g_autofree gchar *id = NULL;
  const VmTrustFacts *one, *two;

  vm_trust_store_pin (f.store, "Bob", "phone",
      vm_identity_get_tls_certificate (f.bob), later, NULL);
  trust (f.ann, "Ann", "laptop");
  id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.eve), f.now, NULL);
  all = vm_trust_store_know_all (f.store, f.now);
  fail_unless_equals_int (all->len, 3);
  one = all->pdata[0];
  two = all->pdata[1];
  fail_unless_equals_string (one->user, "Ann");
  fail_unless (one->given && !two->given);
  fail_unless_equals_string (two->user, "Bob");
  fail_unless (((VmTrustFacts *) all->pdata[2])->revoked);
}

GST_END_TEST;

GST_START_TEST (test_modes)
{
  static const gchar *const files[] = { "identity.pem", "lock", "revoked" };
  g_autofree gchar *id = NULL;
  g_autofree gchar *device = fixture_path ("devices", f.ann);
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  struct stat st;

  trust (f.ann, "Ann", "laptop");
  id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.bob), f.now, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *path = g_build_filename (f.folder, files[i], NULL);

    fail_unless_equals_int (g_stat (path, &st), 0);
    fail_unless_equals_int (st.st_mode & 07777, 0600);
  }
  fail_unless_equals_int (g_stat (device, &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0600);
  fail_unless_equals_int (g_stat (tokens, &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0600);
  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *path =
        g_build_filename (f.folder, i ? "tokens" : "devices", NULL);

    fail_unless_equals_int (g_stat (path, &st), 0);
    fail_unless_equals_int (st.st_mode & 07777, 0700);
  }
}

GST_END_TEST;

GST_START_TEST (test_admitted)
{
  const gchar *ann = vm_identity_get_device_id (f.ann);
  const gchar *bob = vm_identity_get_device_id (f.bob);
  const struct
  {
    const gchar *id;
    VmPolicy policy;
    VmPermissions permission;
    gboolean good;
    VmTrustLevel level;
  } cases[] = {
    { ann, VM_POLICY_REQUIRE, ALL, TRUE, VM_TRUST_LEVEL_TRUSTED },
    { bob, VM_POLICY_PIN, CALL, TRUE, VM_TRUST_LEVEL_KNOWN },
    { bob, VM_POLICY_REQUIRE, CALL, FALSE, VM_TRUST_LEVEL_KNOWN },
    { bob, VM_POLICY_PIN, ALL, FALSE, VM_TRUST_LEVEL_KNOWN },
    { "nobody", VM_POLICY_OPEN, CALL, TRUE, VM_TRUST_LEVEL_UNKNOWN },
    { "nobody", VM_POLICY_REQUIRE, CALL, FALSE, VM_TRUST_LEVEL_UNKNOWN },
  };

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "laptop");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    VmTrustLevel level;
    g_autoptr (VmTrustFacts) facts = vm_trust_store_admit (f.store, cases[i].id,
        cases[i].policy, cases[i].permission, f.now, &level, &error);

    fail_unless_equals_int (facts != NULL, cases[i].good);
    fail_unless_equals_int (level, cases[i].level);
    if (!cases[i].good)
      g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  }
}

GST_END_TEST;

static Suite *
storetrust_suite (void)
{
  Suite *s = suite_create ("storetrust");
  TCase *tc = tcase_create ("trust");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_nothing_is_known);
  tcase_add_test (tc, test_own_device);
  tcase_add_test (tc, test_pinned_is_not_trusted);
  tcase_add_test (tc, test_trusted);
  tcase_add_test (tc, test_trusted_for_a_while);
  tcase_add_test (tc, test_wrong_tokens_are_not_added);
  tcase_add_test (tc, test_expired_tokens_are_not_added);
  tcase_add_test (tc, test_names_of_the_trusted);
  tcase_add_test (tc, test_no_identity_no_trust);
  tcase_add_test (tc, test_revoked);
  tcase_add_test (tc, test_old_tokens_of_the_revoked_are_of_no_use);
  tcase_add_test (tc, test_pardoned);
  tcase_add_test (tc, test_pardoned_by_digits);
  tcase_add_test (tc, test_names_like_certificates);
  tcase_add_test (tc, test_revoked_though_never_met);
  tcase_add_test (tc, test_forgotten);
  tcase_add_test (tc, test_found_by);
  tcase_add_test (tc, test_names_like_ids);
  tcase_add_test (tc, test_another_key_under_known_names);
  tcase_add_test (tc, test_one_known_as_another);
  tcase_add_test (tc, test_list);
  tcase_add_test (tc, test_admitted);
  tcase_add_test (tc, test_modes);
  return s;
}

CHECK_PROGRAM (storetrust)
