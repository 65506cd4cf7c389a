/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/bundle.h>
#include <gst/videomeet/trust/store/storetext.h>
#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

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
withdraw (VmIdentity *who)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (who), f.now, &error);

  g_assert_no_error (error);
}

static gchar *export(void)
{
  g_autoptr (GError) error = NULL;
  gchar *text = vm_trust_store_export (f.store, &error);

  g_assert_no_error (error);
  return text;
}

static void
import (const gchar *text, guint taken, guint left)
{
  g_autoptr (GError) error = NULL;
  guint got_taken, got_left;

  vm_trust_store_import (
      f.store, text, -1, f.now, &got_taken, &got_left, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (got_taken, taken);
  fail_unless_equals_int (got_left, left);
}

/* The store is empty; the identity stays. */
static void
start_over (void)
{
  static const gchar *const names[] = { "devices", "tokens", "revoked" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (f.folder, names[i], NULL);
    const gchar *argv[] = { "rm", "-rf", path, NULL };

    g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
        NULL, NULL, NULL, NULL);
  }
}

/* Another device opens an empty store. */
static void
be_eve (void)
{
  g_object_unref (f.store);
  g_free (f.folder);
  f.folder = g_path_get_dirname (vm_identity_get_path (f.eve));
  f.store = vm_trust_store_new (f.folder);
}

GST_START_TEST (test_back_as_it_was)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *again = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "phone");
  withdraw (f.eve);
  text = export();
  start_over ();
  import (text, 5, 0); /* two devices, two tokens, one revocation */
  facts = fixture_know (f.ann);
  fail_unless_equals_int (facts->given, ALL);
  fail_unless_equals_int (facts->held, CALL);
  again = export();
  fail_unless_equals_string (text, again);
  /* and there is nothing new in it then */
  import (text, 0, 0);
}

GST_END_TEST;

GST_START_TEST (test_no_private_key_leaves)
{
  g_autofree gchar *text = NULL;

  trust (f.ann, "Ann", "laptop");
  text = export();
  fail_if (strstr (text, "PRIVATE"));
  fail_if (strstr (text, vm_identity_get_certificate_pem (f.me)));
}

GST_END_TEST;

GST_START_TEST (test_no_private_key_comes_in)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *key = NULL;
  g_autofree gchar *own = NULL;
  g_autofree gchar *left = NULL;
  g_autofree gchar *with_key = NULL;
  g_autoptr (GPtrArray) all = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  text = export();
  start_over ();
  g_file_get_contents (vm_identity_get_path (f.me), &own, NULL, NULL);
  g_file_get_contents (vm_identity_get_path (f.eve), &key, NULL, NULL);
  text[strlen (text) - strlen ("end\n")] = '\0';
  with_key =
      g_strconcat (text, strstr (key, "-----BEGIN PRIVATE"), "end\n", NULL);
  fail_if (
      vm_trust_store_import (f.store, with_key, -1, f.now, NULL, NULL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  all = vm_trust_store_know_all (f.store, f.now);
  fail_unless_equals_int (all->len, 0);
  g_file_get_contents (vm_identity_get_path (f.me), &left, NULL, NULL);
  fail_unless_equals_string (left, own);
}

GST_END_TEST;

GST_START_TEST (test_never_overrides_a_revocation)
{
  g_autofree gchar *text = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  text = export();
  withdraw (f.ann);
  /* the device is here already, its two tokens are left */
  import (text, 0, 2);
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked && !facts->given);
  start_over ();
  withdraw (f.ann);
  import (text, 0, 3);
  vm_trust_facts_free (g_steal_pointer (&facts));
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked && !facts->given && !facts->first_seen);
}

GST_END_TEST;

GST_START_TEST (test_brings_revocations)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  g_autoptr (VmTrustFacts) facts = NULL;

  withdraw (f.ann);
  text = export();
  start_over ();
  trust (f.ann, "Ann", "laptop");
  import (text, 1, 0);
  facts = fixture_know (f.ann);
  fail_unless (facts->revoked && !facts->given);
  fail_if (g_file_test (tokens, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

/* A file that somebody sent makes devices known and nobody trusted. */
GST_START_TEST (test_of_another_device)
{
  g_autofree gchar *text = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  withdraw (f.eve);
  text = export();
  be_eve ();
  /* Ann is taken, her tokens are not, nor that Eve herself is revoked */
  import (text, 1, 3);
  facts = fixture_know (f.ann);
  fail_unless (facts->first_seen && !facts->given && !facts->held);
}

GST_END_TEST;

GST_START_TEST (test_known_names_stay)
{
  g_autofree gchar *text = NULL;
  g_autoptr (VmTrustFacts) ann = NULL;
  g_autoptr (VmTrustFacts) bob = NULL;

  fixture_pin (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "phone");
  text = export();
  start_over ();
  fixture_pin (f.eve, "Ann", "laptop"); /* another key under Ann's names */
  fixture_pin (f.bob, "Robert", "phone");
  import (text, 0, 1);
  ann = fixture_know (f.ann);
  bob = fixture_know (f.bob);
  fail_if (ann->first_seen);
  fail_unless_equals_string (bob->user, "Robert");
}

GST_END_TEST;

GST_START_TEST (test_good_tokens_stay)
{
  g_autofree gchar *text = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  text = export();
  start_over ();
  /* since then Ann was given less */
  fail_unless (fixture_trust (f.ann, "Ann", "laptop", CALL, NULL));
  import (text, 0, 0);
  facts = fixture_know (f.ann);
  fail_unless_equals_int (facts->given, CALL);
}

GST_END_TEST;

GST_START_TEST (test_expired_tokens_are_left)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GDateTime) later = g_date_time_add_days (f.now, 2);
  guint taken, left;

  trust (f.ann, "Ann", "laptop");
  text = export();
  start_over ();
  fail_unless (
      vm_trust_store_import (f.store, text, -1, later, &taken, &left, NULL));
  fail_unless_equals_int (taken, 1);
  fail_unless_equals_int (left, 2);
}

GST_END_TEST;

GST_START_TEST (test_cut)
{
  g_autofree gchar *text = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  withdraw (f.eve);
  text = export();
  start_over ();
  size = strlen (text);
  for (gsize cut = 0; cut < size; cut += 7) {
    g_autoptr (GError) error = NULL;

    fail_if (vm_bundle_from_text (text, cut, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
  fail_if (vm_bundle_from_text (text, size - 1, NULL));
}

GST_END_TEST;

GST_START_TEST (test_malformed)
{
  const gchar *pem = vm_identity_get_certificate_pem (f.ann);
  const gchar *first = "videomeet trust 1\n";
  const gchar *names =
      "user: Ann\ndevice: d\nfirst-seen: 2026-01-02T03:04:05Z\n";
  g_autofree gchar *noise = g_strnfill (2000, 'x');
  const struct
  {
    gchar *text;
    gboolean good;
  } cases[] = {
    { g_strconcat (first, "end\n", NULL), TRUE },
    { g_strconcat (first, names, pem, "end\n", NULL), TRUE },
    { g_strconcat (first, "later: x\n", names, pem, "end\n", NULL), TRUE },
    { g_strconcat (first, "end\n", "x", NULL), FALSE },
    { g_strconcat ("videomeet trust 2\n", "end\n", NULL), FALSE },
    { g_strconcat (first, names, "end\n", NULL), FALSE },
    { g_strconcat (first, "user: Ann\n", pem, "end\n", NULL), FALSE },
    { g_strconcat (first, pem, "end\n", NULL), FALSE },
    { g_strconcat (first, "revoked: x y\n", "end\n", NULL), FALSE },
    { g_strconcat (first, noise, "\nend\n", NULL), FALSE },
    { g_strconcat (first, "-----BEGIN X-----\n-----END X-----\nend\n", NULL),
        FALSE },
    { g_strdup (""), FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmBundle) bundle =
        vm_bundle_from_text (cases[i].text, -1, &error);

    fail_unless ((bundle != NULL) == cases[i].good, "case %u", i);
    if (!bundle)
      g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    g_free (cases[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_nul)
{
  const gchar text[] = "videomeet trust 1\nend\n\0";

  fail_if (vm_bundle_from_text (text, sizeof text - 1, NULL));
}

GST_END_TEST;

static GString *
repeated (const gchar *part, guint n)
{
  GString *text = g_string_new ("videomeet trust 1\n");

  for (guint i = 0; i < n; i++)
    g_string_append (text, part);
  return g_string_append (text, "end\n");
}

/* At it, and above: what is below passes on the way. */
static void
check_limit (const gchar *part, guint max)
{
  for (gint i = 0; i <= 1; i++) {
    g_autoptr (GString) text = repeated (part, max + i);
    g_autoptr (GError) error = NULL;
    g_autoptr (VmBundle) bundle =
        vm_bundle_from_text (text->str, text->len, &error);

    fail_unless ((bundle != NULL) == (i <= 0));
    if (!bundle)
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_START_TEST (test_number_of_devices)
{
  g_autofree gchar *part =
      g_strconcat ("user: A\ndevice: d\nfirst-seen: 2026-01-02T03:04:05Z\n",
          vm_identity_get_certificate_pem (f.ann), NULL);

  check_limit (part, VM_TRUST_STORE_DEVICES_MAX);
}

GST_END_TEST;

GST_START_TEST (test_number_of_tokens)
{
  g_autoptr (VmToken) token = fixture_token (f.me, f.ann, CALL);
  g_autofree gchar *pem = vm_token_to_pem (token);

  check_limit (pem, VM_BUNDLE_TOKENS_MAX);
}

GST_END_TEST;

GST_START_TEST (test_number_of_revocations)
{
  for (gint more = -1; more <= 1; more++) {
    g_autoptr (VmBundle) bundle = vm_bundle_new ();
    g_autoptr (VmBundle) again = NULL;
    g_autofree gchar *text = NULL;
    g_autoptr (GError) error = NULL;

    for (gint i = 0; i < VM_TRUST_STORE_REVOKED_MAX + more; i++) {
      gchar *id = g_strdup (
          "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA");

      for (gint at = 0, rest = i; rest; at++, rest /= 16)
        id[at + at / 4] = 'A' + rest % 16;
      g_hash_table_insert (
          bundle->revoked, id, g_strdup ("2026-01-02T03:04:05Z"));
    }
    text = vm_bundle_to_text (bundle);
    again = vm_bundle_from_text (text, -1, &error);
    fail_unless ((again != NULL) == (more <= 0));
    if (!again)
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_size)
{
  for (gint i = -1; i <= 1; i++) {
    gint code = i > 0 ? VM_ERROR_TOO_LARGE : VM_ERROR_BAD_MESSAGE;
    const gchar *first = "videomeet trust 1\n";
    g_autofree gchar *text = g_strnfill (VM_TRUST_BUNDLE_MAX + i, '\n');
    g_autoptr (GError) error = NULL;

    memcpy (text, first, strlen (first));
    fail_if (vm_bundle_from_text (text, -1, &error));
    /* that much of nothing is no bundle either */
    g_assert_error (error, VM_ERROR, code);
  }
}

GST_END_TEST;

static Suite *
storebundle_suite (void)
{
  Suite *s = suite_create ("storebundle");
  TCase *tc = tcase_create ("bundle");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_back_as_it_was);
  tcase_add_test (tc, test_no_private_key_leaves);
  tcase_add_test (tc, test_no_private_key_comes_in);
  tcase_add_test (tc, test_never_overrides_a_revocation);
  tcase_add_test (tc, test_brings_revocations);
  tcase_add_test (tc, test_of_another_device);
  tcase_add_test (tc, test_known_names_stay);
  tcase_add_test (tc, test_good_tokens_stay);
  tcase_add_test (tc, test_expired_tokens_are_left);
  tcase_add_test (tc, test_cut);
  tcase_add_test (tc, test_malformed);
  tcase_add_test (tc, test_nul);
  tcase_add_test (tc, test_number_of_devices);
  tcase_add_test (tc, test_number_of_tokens);
  tcase_add_test (tc, test_number_of_revocations);
  tcase_add_test (tc, test_size);
  return s;
}

CHECK_PROGRAM (storebundle)
