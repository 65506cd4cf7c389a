/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "trust/store/vmtruststore-priv.h"
#include "support/trust/storefixture.h"

#include <gst/videomeet/trust/store/decision.h>
#include <gst/videomeet/trust/store/storefile.h>
#include <gst/videomeet/trust/store/storetext.h>
#include <gst/videomeet/trust/store/trustsnapshot.h>
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

static void
ignore_warning (const gchar *domain, GLogLevelFlags level, const gchar *message,
    gpointer data)
{
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

/* The files of a store, each with what may happen to a file. */
typedef enum
{
  DEVICE,
  TOKENS,
  REVOKED,
  SERVERS,
  IDENTITY,
  N_FILES,
} File;

typedef enum
{
  EMPTIED,
  CUT,
  GARBLED,
  ALTERED, /* a letter of it, one after the other */
  A_FOLDER,
  FOR_ALL, /* anybody may write it */
  FOREIGN, /* what another file of that kind should have */
  N_DAMAGES,
} Damage;

#define SERVER "10.0.0.1:443"
#define ALTERED_EVERY 97 /* on the disk; a prime */

static VmIdentity *dan; /* never met */

/* As @user's laptop, by what is on the disk. */
static gboolean
may_come (VmIdentity *who, const gchar *user, const gchar *device,
    VmPolicy policy, GError **error)
{
  g_autoptr (VmTrustFacts) facts = vm_trust_store_know (
      f.store, vm_identity_get_device_id (who), user, device, f.now);

  return vm_trust_decide (
      policy, facts, VM_PERMISSIONS_CALL, FIXTURE_NOW, NULL, error);
}

/* And by what is in memory. */
static gboolean
may_come_again (
    VmIdentity *who, const gchar *user, const gchar *device, VmPolicy policy)
{
  g_autoptr (VmTrustSnapshot) known = vm_trust_snapshot_new (f.me);
  g_autoptr (GPtrArray) all = vm_trust_store_know_all (f.store, f.now);
  g_autoptr (VmTrustFacts) nobody =
      vm_trust_store_know (f.store, NULL, NULL, NULL, f.now);
  g_autoptr (VmTrustFacts) facts = NULL;

  vm_trust_snapshot_take (known, all, nobody->damaged, 0);
  facts = vm_trust_snapshot_get (
      known, vm_identity_get_device_id (who), user, device);
  return vm_trust_decide (
      policy, facts, VM_PERMISSIONS_CALL, FIXTURE_NOW, NULL, NULL);
}

static gboolean
may_pin (VmIdentity *who, const gchar *user, const gchar *device)
{
  return vm_trust_store_pin (f.store, user, device,
      vm_identity_get_tls_certificate (who), f.now, NULL);
}

/* Whatever has happened: nobody has more than before. */
static void
check_closed (File file)
{
  g_autoptr (VmIdentity) me = NULL;

  fail_if (may_come (dan, "Ann", "laptop", VM_POLICY_PIN, NULL));
  fail_if (may_come_again (dan, "Ann", "laptop", VM_POLICY_PIN));
  fail_if (may_pin (dan, "Ann", "laptop"));
  fail_if (may_come (f.eve, NULL, NULL, VM_POLICY_PIN, NULL));
  fail_if (may_come_again (f.eve, NULL, NULL, VM_POLICY_PIN));
  fail_if (may_come (f.bob, "Bob", "phone", VM_POLICY_REQUIRE, NULL));
  fail_if (vm_trust_store_pin_server (
      f.store, SERVER, vm_identity_get_device_id (dan), f.now, NULL));
  /* another device is as welcome as before */
  fail_unless (may_come (f.bob, "Bob", "phone", VM_POLICY_PIN, NULL)
               == (file != REVOKED));
  me = vm_identity_load (f.folder, NULL);
  fail_unless (!me
               || strcmp (vm_identity_get_device_id (me),
                      vm_identity_get_device_id (f.me))
                      == 0);
}

/* @who: whose device and tokens; @own: the file of the identity. */
static gchar **
paths_of (VmIdentity *who, const gchar *own, const gchar *revoked,
    const gchar *servers)
{
  gchar **paths = g_new0 (gchar *, N_FILES + 1);

  paths[DEVICE] = fixture_path ("devices", who);
  paths[TOKENS] = fixture_path ("tokens", who);
  paths[REVOKED] = g_build_filename (f.folder, revoked, NULL);
  paths[SERVERS] = g_build_filename (f.folder, servers, NULL);
  paths[IDENTITY] = g_strdup (own);
  return paths;
}

static void
check_damage (File file, Damage damage)
{
  g_autofree gchar *own = g_build_filename (f.folder, "identity.pem", NULL);
  g_auto (GStrv) paths = paths_of (f.ann, own, "revoked", "servers");
  g_auto (GStrv) others = paths_of (f.bob, own, "servers", "revoked");
  const gchar *path = paths[file];
  gsize size, other_size;
  g_autofree gchar *text = get (path, &size);
  g_autofree gchar *other = NULL;

  switch (damage) {
    case EMPTIED:
      put (path, "", 0);
      break;
    case CUT:
      put (path, text, size / 2);
      break;
    case GARBLED:
      put (path, "\377\001garbage\n", 10);
      break;
    case ALTERED:
      for (gsize i = 0; i < size; i += ALTERED_EVERY) {
        text[i] ^= 1;
        put (path, text, size);
        text[i] ^= 1;
        check_closed (file);
      }
      return;
    case A_FOLDER:
      fail_unless_equals_int (g_unlink (path), 0);
      fail_unless_equals_int (g_mkdir (path, 0700), 0);
      break;
    case FOR_ALL:
      fail_unless_equals_int (g_chmod (path, 0666), 0);
      break;
    case FOREIGN:
      /* Bob has no tokens, and gets Ann's */
      if (file == TOKENS) {
        put (others[file], text, size);
        break;
      }
      /* with the key of another this would be another device */
      if (file == IDENTITY) {
        other = g_strconcat (text, text, NULL);
        put (path, other, 2 * size);
        break;
      }
      other = get (others[file], &other_size);
      put (path, other, other_size);
      break;
    case N_DAMAGES:
      break;
  }
  check_closed (file);
}

GST_START_TEST (test_damaged_file_gives_nobody_more)
{
  File file = __i__ / N_DAMAGES;
  Damage damage = __i__ % N_DAMAGES;
  g_autofree gchar *folder = g_build_filename (f.parent, "dan", NULL);
  g_autofree gchar *gone = NULL;

  dan = vm_identity_load (folder, NULL);
  trust (f.ann, "Ann", "laptop");
  fixture_pin (f.bob, "Bob", "phone");
  gone = vm_trust_store_revoke (
      f.store, vm_identity_get_device_id (f.eve), f.now, NULL);
  fail_unless (vm_trust_store_pin_server (
      f.store, SERVER, vm_identity_get_device_id (f.ann), f.now, NULL));
  check_closed (DEVICE);
  g_log_set_fatal_mask ("videomeet", G_LOG_FATAL_MASK);
  g_log_set_handler ("videomeet", G_LOG_LEVEL_WARNING, ignore_warning, NULL);
  check_damage (file, damage);
  g_clear_object (&dan);
}

GST_END_TEST;

/* Wherever a letter is altered: it is found out, or changes nothing. */
GST_START_TEST (test_altered_letters)
{
  const gchar *id = vm_identity_get_device_id (f.ann);
  g_autofree gchar *path = fixture_path ("devices", f.ann);
  g_autofree gchar *revoked = NULL;
  g_autofree gchar *servers = NULL;
  g_autofree gchar *device = NULL;
  g_autoptr (GHashTable) ids = vm_revoked_new ();
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);

  trust (f.ann, "Ann", "laptop");
  device = get (path, NULL);
  for (gchar *c = device; *c; c++) {
    g_autoptr (VmKnownDevice) read = NULL;

    *c ^= 1;
    read = vm_known_device_from_text (device, id, NULL, NULL);
    *c ^= 1;
    fail_if (
        read
        && (strcmp (read->user, "Ann") || strcmp (read->device, "laptop")));
  }
  g_hash_table_insert (ids, g_strdup (id), g_strdup ("2026-01-02T03:04:05Z"));
  revoked = vm_revoked_to_text (ids);
  for (gchar *c = revoked; *c; c++) {
    g_autoptr (GHashTable) read = vm_revoked_new ();

    *c ^= 1;
    fail_if (vm_revoked_from_text (revoked, read));
    *c ^= 1;
  }
  fail_unless (vm_revoked_from_text (revoked, ids));
  g_ptr_array_add (list, vm_known_device_from_text (device, id, NULL, NULL));
  servers = vm_servers_to_text (list);
  for (gchar *c = servers; *c; c++) {
    *c ^= 1;
    fail_if (vm_servers_from_text (servers, list));
    *c ^= 1;
  }
  fail_unless (vm_servers_from_text (servers, list));
}

GST_END_TEST;

/* A store of an earlier version, without sums. */
GST_START_TEST (test_files_without_sums)
{
  const gchar *id = vm_identity_get_device_id (f.ann);
  g_autofree gchar *path = fixture_path ("devices", f.ann);
  g_autofree gchar *text = NULL;
  g_autoptr (GRegex) sum = g_regex_new ("sum: .*\n", 0, 0, NULL);
  g_autofree gchar *old = NULL;
  g_autofree gchar *revoked =
      g_strconcat (id, " 2026-01-02T03:04:05Z\nend\n", NULL);
  g_autofree gchar *servers =
      g_strconcat (id, " 2026-01-02T03:04:05Z a:1\nend\n", NULL);
  g_autoptr (VmKnownDevice) device = NULL;
  g_autoptr (GHashTable) ids = vm_revoked_new ();
  g_autoptr (GPtrArray) list =
      g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);

  trust (f.ann, "Ann", "laptop");
  text = get (path, NULL);
  old = g_regex_replace_literal (sum, text, -1, 0, "", 0, NULL);
  fail_unless (strlen (old) < strlen (text));
  device = vm_known_device_from_text (old, id, NULL, NULL);
  fail_unless (device != NULL);
  fail_unless (vm_revoked_from_text (revoked, ids));
  fail_unless (vm_servers_from_text (servers, list));
}

GST_END_TEST;

/* What to do is said, and done; what a text editor leaves is no file of ours.
 */
GST_START_TEST (test_damaged_device_is_forgotten)
{
  g_autofree gchar *path = fixture_path ("devices", f.ann);
  g_autofree gchar *backup = g_strconcat (path, "~", NULL);
  g_autofree gchar *name = g_path_get_basename (path);
  g_autofree gchar *command = g_strconcat (
      "videomeet forget ", vm_identity_get_device_id (f.ann), NULL);
  g_autoptr (VmKnownDevice) device = NULL;
  g_autoptr (GError) error = NULL;

  trust (f.ann, "Ann", "laptop");
  put (backup, "user: Ann\n", 10);
  fail_unless (may_come (f.bob, "Bob", "phone", VM_POLICY_PIN, &error));
  put (path, "user: Ann\n", 10);
  expect_warning ("*videomeet forget*");
  fail_if (may_come (f.bob, "Bob", "phone", VM_POLICY_PIN, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_TRUSTED);
  fail_unless (strstr (error->message, name) != NULL);
  fail_unless (strstr (error->message, command) != NULL);
  g_clear_error (&error);
  expect_warning ("*videomeet forget*");
  device = vm_trust_store_forget (
      f.store, vm_identity_get_device_id (f.ann), &error);
  g_assert_no_error (error);
  g_test_assert_expected_messages ();
  fail_unless_equals_string (
      device->device_id, vm_identity_get_device_id (f.ann));
  fail_unless (may_come (f.bob, "Bob", "phone", VM_POLICY_PIN, &error));
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
  tcase_add_loop_test (
      tc, test_damaged_file_gives_nobody_more, 0, N_FILES * N_DAMAGES);
  tcase_add_test (tc, test_altered_letters);
  tcase_add_test (tc, test_files_without_sums);
  tcase_add_test (tc, test_damaged_device_is_forgotten);
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
