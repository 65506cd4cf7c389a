/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/store/vmtruststore-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/storefile.h>
#include <gst/videomeet/trust/store/storetext.h>
#include <gst/videomeet/videomeet.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whatever lies in the folder of the store: nothing crashes, nobody is trusted
 * who was not, and nothing outside of it is read or written. */

static void
trust (VmIdentity *who, const gchar *user, const gchar *device)
{
  g_autoptr (GError) error = NULL;

  fixture_trust (who, user, device, VM_PERMISSIONS_ALL, &error);
  g_assert_no_error (error);
}

static void
expect_warning (const gchar *pattern)
{
  g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, pattern);
}

static gboolean
is_trusted (VmIdentity *who)
{
  g_autoptr (VmTrustFacts) facts = fixture_know (who);

  return facts->given != 0;
}

static void
put (const gchar *path, const gchar *text, gsize size)
{
  g_autoptr (GError) error = NULL;

  g_unlink (path);
  g_file_set_contents_full (
      path, text, size, G_FILE_SET_CONTENTS_NONE, 0600, &error);
  g_assert_no_error (error);
}

static gchar *
get (const gchar *path, gsize *size)
{
  g_autoptr (GError) error = NULL;
  gchar *text = NULL;

  g_file_get_contents (path, &text, size, &error);
  g_assert_no_error (error);
  return text;
}

GST_START_TEST (test_tokens_cut)
{
  g_autofree gchar *path = fixture_path ("tokens", f.ann);
  g_autofree gchar *text = NULL;
  gsize size, whole;

  trust (f.ann, "Ann", "laptop");
  text = get (path, &size);
  /* the first of the two is the one that was given */
  whole = strstr (text + 1, "-----BEGIN") - text;
  for (gsize cut = 1; cut < size; cut += 13) {
    put (path, text, cut);
    if (cut != whole)
      expect_warning ("*ignored*");
    fail_unless_equals_int (is_trusted (f.ann), cut == whole);
    g_test_assert_expected_messages ();
  }
  put (path, "", 0);
  fail_if (is_trusted (f.ann));
  put (path, text, size);
  fail_unless (is_trusted (f.ann));
}

GST_END_TEST;

GST_START_TEST (test_tokens_of_others)
{
  g_autofree gchar *ann = fixture_path ("tokens", f.ann);
  g_autofree gchar *bob = fixture_path ("tokens", f.bob);
  g_autofree gchar *text = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "phone");
  text = get (ann, &size);
  /* Ann's tokens under Bob's id */
  put (bob, text, size);
  expect_warning ("*ignored*");
  fail_if (is_trusted (f.bob));
  g_test_assert_expected_messages ();
}

GST_END_TEST;

GST_START_TEST (test_tokens_by_others)
{
  g_autofree gchar *path = fixture_path ("tokens", f.eve);
  g_autoptr (VmToken) by_bob =
      fixture_token (f.bob, f.eve, VM_PERMISSIONS_CALL);
  g_autofree gchar *text = vm_token_to_pem (by_bob);

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.eve, "Eve", "tablet");
  put (path, text, strlen (text));
  expect_warning ("*ignored*");
  fail_if (is_trusted (f.eve));
  g_test_assert_expected_messages ();
}

GST_END_TEST;

/* Names as if this device had issued it, signed by Eve. */
GST_START_TEST (test_tokens_forged)
{
  g_autofree gchar *path = fixture_path ("tokens", f.eve);
  g_autofree gchar *text = NULL;
  g_autoptr (VmToken) token = fixture_token (f.me, f.eve, VM_PERMISSIONS_CALL);
  gsize size;
  const guint8 *good = g_bytes_get_data (token->der, &size);
  g_autofree guint8 *der = g_memdup2 (good, size);
  g_autoptr (VmToken) forged = NULL;

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.eve, "Eve", "tablet");
  der[size - 1] ^= 1; /* of the signature */
  forged = vm_token_from_der (der, size, NULL);
  fail_unless (forged != NULL);
  text = vm_token_to_pem (forged);
  put (path, text, strlen (text));
  fail_if (is_trusted (f.eve));
  fail_unless (is_trusted (f.ann));
}

GST_END_TEST;

GST_START_TEST (test_another_identity)
{
  g_autofree gchar *own = g_build_filename (f.folder, "identity.pem", NULL);
  g_autofree gchar *text = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  text = get (vm_identity_get_path (f.eve), &size);
  put (own, text, size);
  expect_warning ("*ignored*");
  fail_if (is_trusted (f.ann));
  g_test_assert_expected_messages ();
  put (own, text, size / 2);
  fail_if (is_trusted (f.ann));
  g_unlink (own);
  fail_if (is_trusted (f.ann));
}

GST_END_TEST;

GST_START_TEST (test_device_file_of_another_key)
{
  g_autofree gchar *ann = fixture_path ("devices", f.ann);
  g_autofree gchar *bob = fixture_path ("devices", f.bob);
  g_autofree gchar *text = NULL;
  g_autoptr (GPtrArray) list = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  text = get (ann, &size);
  put (bob, text, size);
  put (ann, "user: Ann\n", 10);
  expect_warning ("*ignored*");
  expect_warning ("*ignored*");
  list = vm_trust_store_list (f.store);
  fail_unless_equals_int (list->len, 0);
  /* without its key what it signed cannot be checked either */
  expect_warning ("*ignored*");
  fail_if (is_trusted (f.ann));
  g_test_assert_expected_messages ();
}

GST_END_TEST;

/* A list that was cut, wherever: nobody is trusted. */
GST_START_TEST (test_revoked_cut)
{
  g_autofree gchar *path = g_build_filename (f.folder, "revoked", NULL);
  g_autofree gchar *id = NULL;
  g_autofree gchar *text = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.eve), f.now, NULL);
  text = get (path, &size);
  for (gsize cut = 0; cut < size; cut++) {
    g_autoptr (VmTrustFacts) facts = NULL;

    put (path, text, cut);
    expect_warning ("*nobody is trusted*");
    facts = fixture_know (f.ann);
    g_test_assert_expected_messages ();
    fail_unless (facts->damaged && !facts->given);
  }
  put (path, text, size);
  fail_unless (is_trusted (f.ann));
}

GST_END_TEST;

GST_START_TEST (test_revoked_damaged_stops_writers)
{
  g_autofree gchar *path = g_build_filename (f.folder, "revoked", NULL);
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  g_autofree gchar *left = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  put (path, "garbage\n", 8);
  expect_warning ("*nobody is trusted*");
  fail_if (fixture_trust (f.bob, "Bob", "phone", VM_PERMISSIONS_CALL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_clear_error (&error);
  expect_warning ("*nobody is trusted*");
  fail_if (vm_trust_store_pardon (
      f.store, vm_identity_get_device_id (f.bob), &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_clear_error (&error);
  expect_warning ("*nobody is trusted*");
  fail_if (vm_trust_store_export (f.store, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_clear_error (&error);
  /* to revoke does not wait for the repair: what was given goes */
  expect_warning ("*nobody is trusted*");
  fail_if (vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.ann), f.now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  g_test_assert_expected_messages ();
  fail_if (g_file_test (tokens, G_FILE_TEST_EXISTS));
  left = get (path, NULL);
  fail_unless_equals_string (left, "garbage\n");
}

GST_END_TEST;

/* What may stand where a file should, and is not read. */
typedef enum
{
  LINK,
  LINK_TO_NOTHING,
  FIFO,
  FOLDER,
  HUGE,
  NULS,
  WRITABLE_BY_ALL,
  N_KINDS,
} Kind;

static void
replace (const gchar *path, Kind kind, const gchar *aside)
{
  gsize size;
  g_autofree gchar *text = get (path, &size);
  gint fd;

  g_unlink (path);
  switch (kind) {
    case LINK:
      put (aside, text, size);
      fail_unless_equals_int (symlink (aside, path), 0);
      break;
    case LINK_TO_NOTHING:
      fail_unless_equals_int (symlink ("/nonexistent", path), 0);
      break;
    case FIFO:
      fail_unless_equals_int (mkfifo (path, 0600), 0);
      break;
    case FOLDER:
      fail_unless_equals_int (g_mkdir (path, 0700), 0);
      break;
    case HUGE:
      put (path, text, size);
      fd = open (path, O_WRONLY);
      fail_unless_equals_int (ftruncate (fd, G_GINT64_CONSTANT (1) << 40), 0);
      close (fd);
      break;
    case NULS:
      text[size / 2] = '\0';
      put (path, text, size);
      break;
    case WRITABLE_BY_ALL:
      put (path, text, size);
      fail_unless_equals_int (g_chmod (path, 0666), 0);
      break;
    case N_KINDS:
      break;
  }
}

GST_START_TEST (test_instead_of_files)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  replace (tokens, __i__, aside);
  expect_warning ("*ignored*");
  facts = fixture_know (f.ann);
  g_test_assert_expected_messages ();
  fail_unless (facts->first_seen && !facts->given && !facts->held);
}

GST_END_TEST;

GST_START_TEST (test_instead_of_devices)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autofree gchar *device = fixture_path ("devices", f.ann);
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  replace (device, __i__, aside);
  expect_warning ("*ignored*");
  facts = fixture_know (f.ann);
  g_test_assert_expected_messages ();
  fail_unless (!facts->first_seen && !facts->given && !facts->held);
}

GST_END_TEST;

GST_START_TEST (test_instead_of_revoked)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autofree gchar *revoked = g_build_filename (f.folder, "revoked", NULL);
  g_autofree gchar *id = NULL;
  g_autoptr (VmTrustFacts) facts = NULL;

  trust (f.ann, "Ann", "laptop");
  id = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.eve), f.now, NULL);
  replace (revoked, __i__, aside);
  /* a link to nothing is there, and cannot be read */
  expect_warning ("*nobody is trusted*");
  facts = fixture_know (f.ann);
  g_test_assert_expected_messages ();
  fail_unless (facts->damaged && !facts->given);
}

GST_END_TEST;

GST_START_TEST (test_instead_of_identity)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autofree gchar *own = g_build_filename (f.folder, "identity.pem", NULL);

  trust (f.ann, "Ann", "laptop");
  replace (own, __i__, aside);
  fail_if (is_trusted (f.ann));
}

GST_END_TEST;

static void
link_folder (const gchar *sub, const gchar *aside)
{
  g_autofree gchar *path = g_build_filename (f.folder, sub, NULL);

  fail_unless_equals_int (g_rename (path, aside), 0);
  fail_unless_equals_int (symlink (aside, path), 0);
}

GST_START_TEST (test_linked_folders)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *bob = NULL;

  trust (f.ann, "Ann", "laptop");
  link_folder (__i__ ? "tokens" : "devices", aside);
  expect_warning ("*ignored*");
  fail_if (is_trusted (f.ann));
  g_test_assert_expected_messages ();
  /* nor is anything written behind it */
  fail_if (fixture_trust (f.bob, "Bob", "phone", VM_PERMISSIONS_CALL, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  bob = g_strdup_printf ("%s/%s.pem", aside, vm_identity_get_device_id (f.bob));
  fail_if (g_file_test (bob, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

GST_START_TEST (test_write_replaces_a_link)
{
  g_autofree gchar *aside = g_build_filename (f.parent, "aside", NULL);
  g_autofree gchar *tokens = fixture_path ("tokens", f.ann);
  g_autofree gchar *left = NULL;

  trust (f.ann, "Ann", "laptop");
  g_unlink (tokens);
  put (aside, "precious", 8);
  fail_unless_equals_int (symlink (aside, tokens), 0);
  trust (f.ann, "Ann", "laptop");
  fail_unless (is_trusted (f.ann));
  left = get (aside, NULL);
  fail_unless_equals_string (left, "precious");
}

GST_END_TEST;

GST_START_TEST (test_size_of_files)
{
  g_autofree gchar *path = fixture_path ("tokens", f.ann);
  g_autofree gchar *text = NULL;
  gsize size;

  trust (f.ann, "Ann", "laptop");
  text = get (path, &size);
  for (gint i = -1; i <= 1; i++) {
    g_autofree gchar *blanks = g_strnfill (VM_TOKENS_FILE_MAX + i - size, '\n');
    g_autofree gchar *longer = g_strconcat (text, blanks, NULL);

    put (path, longer, VM_TOKENS_FILE_MAX + i);
    if (i > 0)
      expect_warning ("*ignored*");
    fail_unless_equals_int (is_trusted (f.ann), i <= 0);
    g_test_assert_expected_messages ();
  }
}

GST_END_TEST;

static gchar *
many_revoked (guint n)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n; i++) {
    gchar id[] =
        "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA";

    for (guint at = 0, rest = i; rest; at++, rest /= 16)
      id[at + at / 4] = 'A' + rest % 16;
    g_string_append_printf (text, "%s 2026-01-02T03:04:05Z\n", id);
  }
  return g_string_free (g_string_append (text, "end\n"), FALSE);
}

GST_START_TEST (test_number_of_revoked)
{
  g_autofree gchar *path = g_build_filename (f.folder, "revoked", NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *id = NULL;

  trust (f.ann, "Ann", "laptop");
  for (gint i = -1; i <= 1; i++) {
    g_autofree gchar *text = many_revoked (VM_TRUST_STORE_REVOKED_MAX + i);

    put (path, text, strlen (text));
    if (i > 0)
      expect_warning ("*nobody is trusted*");
    fail_unless_equals_int (is_trusted (f.ann), i <= 0);
    g_test_assert_expected_messages ();
    if (i < 0) {
      id = vm_trust_store_revoke (
          f.store, vm_identity_get_device_id (f.eve), f.now, &error);
      g_assert_no_error (error);
      fail_if (vm_trust_store_revoke (
          f.store, vm_identity_get_device_id (f.bob), f.now, &error));
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_names_in_the_folder)
{
  static const gchar *const names[] = { "devices/x.pem", "devices/.pem",
    "devices/noise", "tokens/x.pem", "noise" };

  trust (f.ann, "Ann", "laptop");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (f.folder, names[i], NULL);

    put (path, "noise", 5);
  }
  {
    g_autoptr (GPtrArray) all = vm_trust_store_know_all (f.store, f.now);

    fail_unless_equals_int (all->len, 1);
    fail_unless (((VmTrustFacts *) all->pdata[0])->given);
  }
}

GST_END_TEST;

/* What a process left that died while it wrote goes with the next write. */
GST_START_TEST (test_parts_are_removed)
{
  g_autofree gchar *part =
      g_build_filename (f.folder, "tokens", ".part-1", NULL);

  trust (f.ann, "Ann", "laptop");
  put (part, "half", 4);
  fixture_pin (f.bob, "Bob", "phone");
  fail_if (g_file_test (part, G_FILE_TEST_EXISTS));
  fail_unless (is_trusted (f.ann));
}

GST_END_TEST;

/* The trusted stay, whoever comes by. */
GST_START_TEST (test_room_for_the_trusted)
{
  g_autofree gchar *pem = NULL;
  g_autoptr (GPtrArray) devices = NULL;
  g_autoptr (GError) error = NULL;
  gint lock;

  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "phone");
  fixture_pin (f.eve, "Eve", "tablet");
  devices =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);
  {
    g_autoptr (GPtrArray) list = vm_trust_store_list (f.store);

    /* as if there were as many as may be: Ann first, then Bob, then Eve */
    for (guint i = 0; i < VM_TRUST_STORE_DEVICES_MAX; i++)
      g_ptr_array_add (
          devices, vm_known_device_copy (list->pdata[MIN (i, list->len - 1)]));
  }
  lock = vm_trust_store_lock (f.store, NULL);
  fail_unless (vm_trust_store_make_room (f.store, devices, &error));
  g_assert_no_error (error);
  vm_store_unlock (lock);
  fail_unless (is_trusted (f.ann));
  {
    g_autoptr (GPtrArray) left = vm_trust_store_list (f.store);

    fail_unless_equals_int (left->len, 2);
  }
  /* all are Ann: none can go */
  for (guint i = 0; i < devices->len; i++) {
    VmKnownDevice *device = devices->pdata[i];

    g_free (device->device_id);
    device->device_id = g_strdup (vm_identity_get_device_id (f.ann));
  }
  fail_if (vm_trust_store_make_room (f.store, devices, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  fail_unless (is_trusted (f.ann));
}

GST_END_TEST;

static Suite *
storehostile_suite (void)
{
  Suite *s = suite_create ("storehostile");
  TCase *tc = tcase_create ("hostile");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_tokens_cut);
  tcase_add_test (tc, test_tokens_of_others);
  tcase_add_test (tc, test_tokens_by_others);
  tcase_add_test (tc, test_tokens_forged);
  tcase_add_test (tc, test_another_identity);
  tcase_add_test (tc, test_device_file_of_another_key);
  tcase_add_test (tc, test_revoked_cut);
  tcase_add_test (tc, test_revoked_damaged_stops_writers);
  tcase_add_loop_test (tc, test_instead_of_files, 0, N_KINDS);
  tcase_add_loop_test (tc, test_instead_of_devices, 0, N_KINDS);
  tcase_add_loop_test (tc, test_instead_of_revoked, 0, N_KINDS);
  tcase_add_loop_test (tc, test_instead_of_identity, 0, N_KINDS);
  tcase_add_loop_test (tc, test_linked_folders, 0, 2);
  tcase_add_test (tc, test_write_replaces_a_link);
  tcase_add_test (tc, test_size_of_files);
  tcase_add_test (tc, test_number_of_revoked);
  tcase_add_test (tc, test_names_in_the_folder);
  tcase_add_test (tc, test_parts_are_removed);
  tcase_add_test (tc, test_room_for_the_trusted);
  return s;
}

CHECK_PROGRAM (storehostile)
