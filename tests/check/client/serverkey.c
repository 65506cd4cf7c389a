/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The key of a server for which no authority vouches: it is remembered at first
 * sight, another one is refused later, and a PIN waits for one that is known
 * (security.md#server-keys). */

#include "program.h"

#include <gst/videomeet/client/serverkey.h>
#include <gst/videomeet/trust/store/storetext.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>

#include <glib/gstdio.h>
#include <string.h>

#define SERVER "https://Server.example:8080"
#define ADDRESS "server.example:8080"

static gchar *folder;
static VmTrustStore *store;
static VmIdentity *own, *server, *other;

static VmIdentity *
identity (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  return vm_identity_load (path, NULL);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-serverkey-XXXXXX", NULL);
  store = vm_trust_store_new (folder);
  own = identity ("identity.pem");
  server = identity ("server.pem");
  other = identity ("other.pem");
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  g_clear_object (&store);
  g_clear_object (&own);
  g_clear_object (&server);
  g_clear_object (&other);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

static void
on_result (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GAsyncResult *
wait_for (GAsyncResult **result)
{
  while (!*result)
    g_main_context_iteration (NULL, TRUE);
  return *result;
}

static VmServerKey *
make (VmPolicy policy, const gchar *host_id, gboolean has_pin)
{
  const VmServerKeyConfig config = { .identity = own,
    .store = store,
    .server = SERVER,
    .host_id = host_id,
    .policy = policy,
    .has_pin = has_pin };
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  VmServerKey *key = vm_server_key_new (&config);

  vm_server_key_load_async (key, on_result, &result);
  fail_unless (vm_server_key_load_finish (key, wait_for (&result), &error));
  g_assert_no_error (error);
  return key;
}

static gboolean
judge (VmServerKey *key, VmIdentity *who, GError **error)
{
  return vm_server_key_judge (
      key, vm_identity_get_tls_certificate (who), error);
}

static gboolean
remember (VmServerKey *key, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  vm_server_key_remember_async (key, on_result, &result);
  return vm_server_key_remember_finish (key, wait_for (&result), error);
}

static void
meet (VmPolicy policy, VmIdentity *who)
{
  g_autoptr (VmServerKey) key = make (policy, NULL, FALSE);
  g_autoptr (GError) error = NULL;

  fail_unless (judge (key, who, &error));
  fail_unless (remember (key, &error));
  g_assert_no_error (error);
}

static void
refuses (VmServerKey *key, VmIdentity *who, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_if (judge (key, who, &error));
  g_assert_error (error, VM_ERROR, code);
}

GST_START_TEST (test_first_sight)
{
  g_autoptr (VmServerKey) key = NULL;
  g_autoptr (GPtrArray) known = NULL;
  g_autoptr (GError) error = NULL;
  const VmKnownDevice *oldest;

  meet (VM_POLICY_PIN, server);
  meet (VM_POLICY_PIN, server);
  known = vm_trust_store_list_servers (store);
  fail_unless_equals_int (known->len, 1);
  oldest = known->pdata[0];
  fail_unless_equals_string (oldest->device, ADDRESS);
  fail_unless_equals_string (
      oldest->device_id, vm_identity_get_device_id (server));

  key = make (VM_POLICY_PIN, NULL, FALSE);
  fail_if (judge (key, other, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  fail_unless (strstr (error->message, vm_identity_get_device_id (server)));
  fail_unless (strstr (error->message, vm_identity_get_device_id (other)));
  fail_unless (strstr (error->message, "videomeet forget " ADDRESS));
}

GST_END_TEST;

GST_START_TEST (test_forgotten)
{
  g_autoptr (VmKnownDevice) gone = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *names[] = { ADDRESS, vm_identity_get_device_id (server) };

  meet (VM_POLICY_PIN, server);
  gone = vm_trust_store_forget (store, names[__i__], &error);
  g_assert_no_error (error);
  fail_unless_equals_string (gone->device, ADDRESS);
  meet (VM_POLICY_PIN, other);
  fail_if (vm_trust_store_forget (store, names[1], &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
}

GST_END_TEST;

GST_START_TEST (test_pin)
{
  g_autoptr (VmServerKey) key = make (VM_POLICY_PIN, NULL, TRUE);
  g_autoptr (VmServerKey) confirmed =
      make (VM_POLICY_PIN, vm_identity_get_device_id (server), TRUE);
  g_autoptr (VmServerKey) later = NULL, changed = NULL;
  g_autoptr (GError) error = NULL;

  fail_if (judge (key, server, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_HOST_UNKNOWN);
  fail_unless (strstr (error->message, vm_identity_get_device_id (server)));
  refuses (confirmed, other, VM_ERROR_WRONG_KEY);
  fail_unless (judge (confirmed, server, NULL));
  fail_unless (remember (confirmed, NULL));
  later = make (VM_POLICY_PIN, NULL, TRUE);
  fail_unless (judge (later, server, NULL));
  /* that the new key is confirmed does not make the old one forgotten */
  changed = make (VM_POLICY_PIN, vm_identity_get_device_id (other), TRUE);
  refuses (changed, other, VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

GST_START_TEST (test_own_and_known_devices_get_the_pin)
{
  g_autoptr (VmServerKey) mine = make (VM_POLICY_PIN, NULL, TRUE);
  g_autoptr (VmServerKey) known = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();

  fail_unless (judge (mine, own, NULL));
  fail_unless (vm_trust_store_pin (store, "Ann", "laptop",
      vm_identity_get_tls_certificate (server), now, NULL));
  known = make (VM_POLICY_PIN, NULL, TRUE);
  fail_unless (judge (known, server, NULL));
}

GST_END_TEST;

GST_START_TEST (test_open)
{
  g_autoptr (VmServerKey) key = NULL;
  g_autoptr (GPtrArray) known = NULL;

  meet (VM_POLICY_OPEN, server);
  known = vm_trust_store_list_servers (store);
  fail_unless_equals_int (known->len, 0);
  meet (VM_POLICY_PIN, server);
  meet (VM_POLICY_OPEN, other);
  /* but no PIN goes to the new one */
  key = make (VM_POLICY_OPEN, NULL, TRUE);
  refuses (key, other, VM_ERROR_HOST_UNKNOWN);
}

GST_END_TEST;

GST_START_TEST (test_require)
{
  g_autoptr (VmServerKey) key = make (VM_POLICY_REQUIRE, NULL, FALSE);
  g_autoptr (VmServerKey) confirmed =
      make (VM_POLICY_REQUIRE, vm_identity_get_device_id (server), FALSE);

  refuses (key, server, VM_ERROR_NOT_TRUSTED);
  fail_unless (judge (confirmed, server, NULL));
  fail_unless (remember (confirmed, NULL));
  meet (VM_POLICY_REQUIRE, server);
}

GST_END_TEST;

GST_START_TEST (test_revoked)
{
  g_autoptr (VmServerKey) key = NULL;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *id = NULL;

  meet (VM_POLICY_PIN, server);
  id = vm_trust_store_revoke (
      store, vm_identity_get_device_id (server), now, NULL);
  fail_unless (id != NULL);
  key = make (VM_POLICY_PIN, NULL, FALSE);
  refuses (key, server, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

/* Between two connections of one attempt. */
GST_START_TEST (test_other_key_just_after)
{
  g_autoptr (VmServerKey) key = make (VM_POLICY_PIN, NULL, FALSE);

  fail_unless (judge (key, server, NULL));
  refuses (key, other, VM_ERROR_WRONG_KEY);
  fail_unless (judge (key, server, NULL));
}

GST_END_TEST;

/* Two programs meet a server for the first time; one of them another one. */
GST_START_TEST (test_at_the_same_time)
{
  g_autoptr (VmServerKey) one = make (VM_POLICY_PIN, NULL, FALSE);
  g_autoptr (VmServerKey) two = make (VM_POLICY_PIN, NULL, FALSE);
  g_autoptr (GError) error = NULL;

  fail_unless (judge (one, server, NULL) && judge (two, other, NULL));
  fail_unless (remember (one, NULL));
  fail_if (remember (two, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

/* Nothing is taken as new because the list is damaged. */
GST_START_TEST (test_damaged_list)
{
  const VmServerKeyConfig config = {
    .identity = own, .store = store, .server = SERVER, .policy = VM_POLICY_PIN
  };
  g_autoptr (VmServerKey) key = vm_server_key_new (&config);
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = g_build_filename (folder, "servers", NULL);

  meet (VM_POLICY_PIN, server);
  fail_unless (g_file_set_contents (path, "half a line", -1, NULL));
  vm_server_key_load_async (key, on_result, &result);
  fail_if (vm_server_key_load_finish (key, wait_for (&result), &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_FAILED);
  refuses (key, server, VM_ERROR_NOT_TRUSTED);
}

GST_END_TEST;

static gchar *
make_list (guint lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < lines; i++)
    g_string_append_printf (text, "%s 2026-01-02T03:04:05Z host%u:8080\n",
        vm_identity_get_device_id (server), i);
  return g_string_free (g_string_append (text, "end\n"), FALSE);
}

GST_START_TEST (test_lines_below_at_and_above_the_limit)
{
  for (gint more = -1; more <= 1; more++) {
    g_autofree gchar *text = make_list (VM_TRUST_STORE_SERVERS_MAX + more);
    g_autoptr (GPtrArray) servers =
        g_ptr_array_new_with_free_func ((GDestroyNotify) vm_known_device_free);

    fail_unless_equals_int (vm_servers_from_text (text, servers), more <= 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_the_first_makes_room)
{
  g_autofree gchar *path = g_build_filename (folder, "servers", NULL);
  g_autofree gchar *text = make_list (VM_TRUST_STORE_SERVERS_MAX);
  g_autoptr (GPtrArray) known = NULL;
  const VmKnownDevice *oldest, *last;

  fail_unless (g_file_set_contents_full (
      path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  meet (VM_POLICY_PIN, server);
  known = vm_trust_store_list_servers (store);
  fail_unless_equals_int (known->len, VM_TRUST_STORE_SERVERS_MAX);
  oldest = known->pdata[0];
  last = known->pdata[known->len - 1];
  fail_unless_equals_string (oldest->device, "host1:8080");
  fail_unless_equals_string (last->device, ADDRESS);
}

GST_END_TEST;

GST_START_TEST (test_addresses)
{
  for (guint size = VM_SERVER_ADDRESS_MAX - 1;
       size <= VM_SERVER_ADDRESS_MAX + 1; size++) {
    g_autofree gchar *address = g_strnfill (size, 'a');

    fail_unless_equals_int (
        vm_server_address_is_valid (address), size <= VM_SERVER_ADDRESS_MAX);
  }
  fail_if (vm_server_address_is_valid (""));
  fail_if (vm_server_address_is_valid ("a b:1"));
  fail_if (vm_server_address_is_valid ("a\nb:1"));
  fail_unless (vm_server_address_is_valid ("[fe80::1%eth0]:8080"));
}

GST_END_TEST;

static Suite *
serverkey_suite (void)
{
  Suite *suite = suite_create ("serverkey");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_first_sight);
  tcase_add_loop_test (tc, test_forgotten, 0, 2);
  tcase_add_test (tc, test_pin);
  tcase_add_test (tc, test_own_and_known_devices_get_the_pin);
  tcase_add_test (tc, test_open);
  tcase_add_test (tc, test_require);
  tcase_add_test (tc, test_revoked);
  tcase_add_test (tc, test_other_key_just_after);
  tcase_add_test (tc, test_at_the_same_time);
  tcase_add_test (tc, test_damaged_list);
  tcase_add_test (tc, test_lines_below_at_and_above_the_limit);
  tcase_add_test (tc, test_the_first_makes_room);
  tcase_add_test (tc, test_addresses);
  return suite;
}

CHECK_PROGRAM (serverkey)
