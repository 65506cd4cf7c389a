/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/videomeet.h>
#include <glib/gstdio.h>
#include <string.h>

static gchar *folder;
static VmTrustStore *store;
static GDateTime *now;

static VmIdentity *
identity (const gchar *name)
{
  g_autofree gchar *path = g_build_filename (folder, name, NULL);

  return vm_identity_load (path, NULL);
}

static void
setup (void)
{
  folder = g_dir_make_tmp ("vm-store-XXXXXX", NULL);
  store = vm_trust_store_new (folder);
  now = g_date_time_new_utc (2026, 1, 2, 3, 4, 5);
}

static void
teardown (void)
{
  const gchar *argv[] = { "rm", "-rf", folder, NULL };

  g_object_unref (store);
  g_date_time_unref (now);
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL,
      NULL, NULL, NULL, NULL);
  g_clear_pointer (&folder, g_free);
}

static gboolean
pin (VmIdentity *who, const gchar *user, const gchar *device, GError **error)
{
  return vm_trust_store_pin (
      store, user, device, vm_identity_get_tls_certificate (who), now, error);
}

GST_START_TEST (test_remembered_at_first_sight)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (GPtrArray) list = NULL;
  g_autofree gchar *date = NULL;
  VmKnownDevice *known;

  fail_unless (pin (ann, "Ann", "laptop", NULL));
  fail_unless (pin (ann, "Ann", "laptop", NULL));
  list = vm_trust_store_list (store);
  fail_unless_equals_int (list->len, 1);
  known = list->pdata[0];
  fail_unless_equals_string (known->user, "Ann");
  fail_unless_equals_string (known->device, "laptop");
  fail_unless_equals_string (known->device_id, vm_identity_get_device_id (ann));
  date = g_date_time_format_iso8601 (known->first_seen);
  fail_unless_equals_string (date, "2026-01-02T03:04:05Z");
}

GST_END_TEST;

GST_START_TEST (test_new_key_under_a_known_name_is_refused)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (VmIdentity) other = identity ("other");
  g_autoptr (GError) error = NULL;
  g_autoptr (VmKnownDevice) forgotten = NULL;

  fail_unless (pin (ann, "Ann", "laptop", NULL));
  fail_if (pin (other, "Ann", "laptop", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
  /* both ids, the date of first sight, and the command that forgets */
  fail_unless (strstr (error->message, vm_identity_get_device_id (ann)));
  fail_unless (strstr (error->message, vm_identity_get_device_id (other)));
  fail_unless (strstr (error->message, "2026-01-02"));
  fail_unless (strstr (error->message, "videomeet forget"));
  /* refused again, not learnt by being seen */
  fail_if (pin (other, "Ann", "laptop", NULL));
  forgotten =
      vm_trust_store_forget (store, vm_identity_get_device_id (ann), NULL);
  fail_unless (forgotten != NULL);
  fail_unless (pin (other, "Ann", "laptop", NULL));
  g_clear_error (&error);
  fail_if (pin (ann, "Ann", "laptop", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
}

GST_END_TEST;

/* What people cannot tell apart is one name. */
GST_START_TEST (test_new_key_under_a_name_that_looks_the_same)
{
  static const gchar *const names[][2] = { { "ann", "laptop" },
    { "Ann", "LAPTOP" }, { "Ann ", "laptop" }, { "A\xe2\x80\x8dnn", "laptop" },
    { "Ann\xef\xb8\x8f", "laptop" }, { "\xef\xbc\xa1nn", "laptop" },
    { "Ann", "\xc2\xa0laptop" } };
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (VmIdentity) other = identity ("other");

  fail_unless (pin (ann, "Ann", "laptop", NULL));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (VmTrustFacts) facts = vm_trust_store_know (store,
        vm_identity_get_device_id (other), names[i][0], names[i][1], now);

    fail_if (pin (other, names[i][0], names[i][1], &error), "names %u", i);
    g_assert_error (error, VM_ERROR, VM_ERROR_KEY_CHANGED);
    fail_unless_equals_string (
        facts->changed_id, vm_identity_get_device_id (ann));
  }
  /* its own key may write them as it likes */
  fail_unless (pin (ann, "ANN", "laptop", NULL));
  fail_unless (pin (other, "Anna", "laptop", NULL));
}

GST_END_TEST;

GST_START_TEST (test_other_devices_and_new_names_are_welcome)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (VmIdentity) other = identity ("other");
  g_autoptr (GPtrArray) list = NULL;

  fail_unless (pin (ann, "Ann", "laptop", NULL));
  fail_unless (pin (other, "Ann", "phone", NULL));
  fail_unless (pin (ann, "Ann B.", "laptop", NULL));
  /* the old name is free again */
  fail_unless (pin (other, "Ann", "laptop", NULL));
  list = vm_trust_store_list (store);
  fail_unless_equals_int (list->len, 2);
}

GST_END_TEST;

GST_START_TEST (test_nameless_devices_are_not_pinned)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (GPtrArray) list = NULL;

  fail_unless (pin (ann, "", "device-1234", NULL));
  fail_unless (pin (ann, NULL, NULL, NULL));
  list = vm_trust_store_list (store);
  fail_unless_equals_int (list->len, 0);
}

GST_END_TEST;

GST_START_TEST (test_forget_must_mean_one)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autoptr (VmIdentity) bob = identity ("bob");
  g_autoptr (VmIdentity) eve = identity ("eve");
  g_autoptr (GError) error = NULL;
  g_autoptr (VmKnownDevice) device = NULL;

  pin (ann, "Ann", "laptop", NULL);
  pin (bob, "Ann", "phone", NULL);
  pin (eve, "Eve", "tablet", NULL);
  fail_unless (vm_trust_store_forget (store, "Ann", &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  g_clear_error (&error);
  fail_unless (vm_trust_store_forget (store, "nobody", &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  g_clear_error (&error);
  fail_unless (vm_trust_store_forget (store, "", &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_NOT_FOUND);
  device = vm_trust_store_forget (store, "phone", NULL);
  fail_unless_equals_string (
      device->device_id, vm_identity_get_device_id (bob));
}

GST_END_TEST;

GST_START_TEST (test_damaged_files_never_count)
{
  g_autoptr (VmIdentity) ann = identity ("ann");
  g_autofree gchar *path = NULL;
  g_autofree gchar *text = NULL;
  gsize size;

  pin (ann, "Ann", "laptop", NULL);
  path = g_strdup_printf (
      "%s/devices/%s.pem", folder, vm_identity_get_device_id (ann));
  g_file_get_contents (path, &text, &size, NULL);
  for (gsize cut = 0; cut < size; cut += 37) {
    g_autoptr (GPtrArray) list = NULL;

    g_file_set_contents (path, text, cut, NULL);
    g_test_expect_message ("videomeet", G_LOG_LEVEL_WARNING, "*ignored*");
    list = vm_trust_store_list (store);
    g_test_assert_expected_messages ();
    fail_unless_equals_int (list->len, 0);
  }
}

GST_END_TEST;

static Suite *
truststore_suite (void)
{
  Suite *s = suite_create ("truststore");
  TCase *tc = tcase_create ("pin");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_remembered_at_first_sight);
  tcase_add_test (tc, test_new_key_under_a_known_name_is_refused);
  tcase_add_test (tc, test_new_key_under_a_name_that_looks_the_same);
  tcase_add_test (tc, test_other_devices_and_new_names_are_welcome);
  tcase_add_test (tc, test_nameless_devices_are_not_pinned);
  tcase_add_test (tc, test_forget_must_mean_one);
  tcase_add_test (tc, test_damaged_files_never_count);
  return s;
}

CHECK_PROGRAM (truststore)
