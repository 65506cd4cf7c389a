/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"

#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gchar *folder;

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-identity-XXXXXX", NULL);
}

static void
teardown (void)
{
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *aside = g_build_filename (folder, "aside", NULL);

  g_remove (file);
  g_remove (aside);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
}

GST_START_TEST (test_made_once_and_kept)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmIdentity) made = vm_identity_load (folder, &error);
  g_autoptr (VmIdentity) again = vm_identity_load (folder, &error);
  struct stat st;

  g_assert_no_error (error);
  fail_unless_equals_string (
      vm_identity_get_device_id (made), vm_identity_get_device_id (again));
  fail_unless_equals_int (g_stat (vm_identity_get_path (made), &st), 0);
  fail_unless_equals_int (st.st_mode & 07777, 0600);
}

GST_END_TEST;

GST_START_TEST (test_id_is_hash_of_the_key_tls_shows)
{
  g_autoptr (VmIdentity) identity = vm_identity_load (folder, NULL);
  g_autofree gchar *hash =
      vm_key_hash_from_certificate (vm_identity_get_tls_certificate (identity));
  g_autofree gchar *id = vm_device_id_from_key_hash (hash);

  fail_unless_equals_string (hash, vm_identity_get_key_hash (identity));
  fail_unless_equals_string (id, vm_identity_get_device_id (identity));
  fail_unless_equals_int (strlen (id), 64);
  fail_unless (id[4] == '-' && id[9] == '-');
}

GST_END_TEST;

GST_START_TEST (test_known_hash)
{
  /* 32 zero bytes: base32 is all A (RFC 4648) */
  g_autofree gchar *zero = vm_device_id_from_key_hash (
      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
  /* 32 bytes of 0xff: 51 times 7, then one bit and four of padding */
  g_autofree gchar *ones = vm_device_id_from_key_hash (
      "__________________________________________8");

  fail_unless_equals_string (
      zero, "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA");
  fail_unless_equals_string (
      ones, "7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-777Q");
}

GST_END_TEST;

/* The id of a key and its fingerprint are one hash. */
GST_START_TEST (test_fingerprint)
{
  g_autofree gchar *zero = vm_fingerprint_from_device_id (
      "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA");
  g_autofree gchar *ones = vm_fingerprint_from_device_id (
      "7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-777Q");
  /* RFC 4648 §10: "foobar" is MZXW6YTBOI */
  g_autofree gchar *foobar = vm_fingerprint_from_device_id (
      "MZXW-6YTB-OIAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA");

  fail_unless_equals_string (zero,
      "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:"
      "00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00");
  fail_unless_equals_string (ones,
      "FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:"
      "FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF:FF");
  fail_unless (g_str_has_prefix (foobar, "66:6F:6F:62:61:72:00:"));
}

GST_END_TEST;

GST_START_TEST (test_no_fingerprint)
{
  static const gchar *const bad[] = { NULL, "", "AAAA",
    "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAA",
    "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAA1",
    "-----------------------------------------------------------AAAAA" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_unless (vm_fingerprint_from_device_id (bad[i]) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_bad_hashes)
{
  const gchar *bad[] = { "", "AAAA",
    "____________________________________________",
    "__________________________________________9",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA+/", NULL };

  for (guint i = 0; bad[i]; i++)
    fail_unless (vm_device_id_from_key_hash (bad[i]) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_broken_file_is_an_error_and_is_kept)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *left = NULL;

  g_file_set_contents (file, "not a key", -1, NULL);
  fail_unless (vm_identity_load (folder, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_IDENTITY);
  fail_unless (strstr (error->message, file) != NULL);
  g_file_get_contents (file, &left, NULL, NULL);
  fail_unless_equals_string (left, "not a key");
}

GST_END_TEST;

/* Instead of the file: what it would take for ever, or all memory, to read,
 * what leads elsewhere, and what somebody else can write, read, or owns. */
static void
replace (guint kind, const gchar *file, const gchar *aside)
{
  if (kind == 0) {
    fail_unless_equals_int (g_unlink (file), 0);
    fail_unless_equals_int (mkfifo (file, 0600), 0);
  } else if (kind == 1) {
    fail_unless_equals_int (truncate (file, G_GINT64_CONSTANT (1) << 40), 0);
  } else if (kind == 2) {
    fail_unless_equals_int (g_rename (file, aside), 0);
    fail_unless_equals_int (symlink (aside, file), 0);
  } else if (kind == 3) {
    fail_unless_equals_int (g_unlink (file), 0);
    fail_unless_equals_int (symlink (aside, file), 0); /* to nothing */
  } else if (kind == 4) {
    fail_unless_equals_int (g_unlink (file), 0);
    fail_unless_equals_int (g_mkdir (file, 0700), 0);
  } else if (kind == 9) {
    fail_unless_equals_int (chown (file, 65534, 65534), 0);
  } else {
    static const gint modes[] = { 0620, 0602, 0640, 0604 };

    fail_unless_equals_int (g_chmod (file, modes[kind - 5]), 0);
  }
}

GST_START_TEST (test_what_is_no_file_of_ours)
{
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *aside = g_build_filename (folder, "aside", NULL);
  g_autoptr (VmIdentity) before = vm_identity_load (folder, NULL);
  g_autoptr (GError) error = NULL;

  fail_unless (before != NULL);
  if (__i__ == 9 && geteuid () != 0)
    return; /* nobody gives files away */
  replace (__i__, file, aside);
  fail_unless (vm_identity_load (folder, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_IDENTITY);
  fail_unless (strstr (error->message, file) != NULL, "%s", error->message);
  /* nor is anything made behind a link, or in the place of it */
  fail_unless_equals_int (g_file_test (aside, G_FILE_TEST_EXISTS), __i__ == 2);
}

GST_END_TEST;

GST_START_TEST (test_size)
{
  g_autofree gchar *file = g_build_filename (folder, "identity.pem", NULL);
  g_autofree gchar *text = NULL;
  g_autofree gchar *blanks = g_strnfill (65536, '\n');
  gsize size;

  g_object_unref (vm_identity_load (folder, NULL));
  fail_unless (g_file_get_contents (file, &text, &size, NULL));
  for (gint i = -1; i <= 1; i++) {
    g_autofree gchar *longer = g_strconcat (text, blanks + size - i, NULL);
    g_autoptr (VmIdentity) identity = NULL;

    fail_unless_equals_int (strlen (longer), 65536 + i);
    fail_unless (g_file_set_contents_full (
        file, longer, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    identity = vm_identity_load (folder, NULL);
    fail_unless_equals_int (identity != NULL, i <= 0);
  }
}

GST_END_TEST;

static gpointer
load (gpointer barrier)
{
  while (!g_atomic_int_get ((gint *) barrier))
    g_thread_yield ();
  return vm_identity_load (folder, NULL);
}

GST_START_TEST (test_made_by_many_at_once)
{
  GThread *threads[8];
  gint go = 0;
  g_autofree gchar *id = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("load", load, &go);
  g_atomic_int_set (&go, 1);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++) {
    g_autoptr (VmIdentity) identity = g_thread_join (threads[i]);

    fail_unless (identity != NULL);
    if (!id)
      id = g_strdup (vm_identity_get_device_id (identity));
    fail_unless_equals_string (id, vm_identity_get_device_id (identity));
  }
}

GST_END_TEST;

static Suite *
identity_suite (void)
{
  Suite *s = suite_create ("identity");
  TCase *tc = tcase_create ("identity");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_made_once_and_kept);
  tcase_add_test (tc, test_id_is_hash_of_the_key_tls_shows);
  tcase_add_test (tc, test_known_hash);
  tcase_add_test (tc, test_fingerprint);
  tcase_add_test (tc, test_no_fingerprint);
  tcase_add_test (tc, test_bad_hashes);
  tcase_add_test (tc, test_broken_file_is_an_error_and_is_kept);
  tcase_add_loop_test (tc, test_what_is_no_file_of_ours, 0, 10);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_made_by_many_at_once);
  return s;
}

CHECK_PROGRAM (identity)
