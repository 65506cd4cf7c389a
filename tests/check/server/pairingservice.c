/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What waits for the pairing service while it waits for the disk. */

#include "program.h"
#include "support/trust/trusthost.h"

#include <sys/resource.h>

static GMutex busy; /* held: the pairing service's thread waits for it */

static void
on_requested (const gchar *request_id, const gchar *device_id,
    const gchar *name, const gchar *six, gpointer user_data)
{
}

static void
on_established (const gchar *device_id, const gchar *name, gpointer user_data)
{
}

static void
on_failed (const gchar *request_id, const gchar *device_id, const gchar *name,
    const GError *reason, gpointer user_data)
{
  host_hear ("%s", name);
  g_mutex_lock (&busy);
  g_mutex_unlock (&busy);
}

static void
on_changed (const gchar *device_id, gpointer user_data)
{
}

static void
pairing_setup (void)
{
  static const VmPairingServiceFuncs funcs = { on_requested, on_established,
    on_failed, on_changed };

  host_open_ears ();
  pairing = vm_pairing_service_new (f.me, f.store, &funcs, NULL);
}

static void
pairing_teardown (void)
{
  vm_pairing_service_close (pairing);
  g_clear_pointer (&pairing, vm_pairing_service_unref);
  host_close_ears ();
}

static gboolean
ask (guint64 serial)
{
  g_autoptr (GBytes) nothing = g_bytes_new_static ("x", 1);

  return vm_pairing_service_ask (pairing, serial, VM_TRUST_ASK_POLL,
      vm_identity_get_tls_certificate (f.bob), "10.0.0.2", nothing);
}

static void
tell (const gchar *name)
{
  g_autoptr (GError) reason =
      g_error_new (VM_ERROR, VM_ERROR_NOT_TRUSTED, "not let in");

  vm_pairing_service_tell_failed (pairing, NULL, name, reason);
}

GST_START_TEST (test_asks_are_bounded)
{
  g_mutex_lock (&busy);
  tell ("first");
  host_heard ("first");
  for (guint i = 0; i < VM_TRUST_ASKS_MAX; i++)
    fail_unless (ask (i + 1));
  fail_if (ask (VM_TRUST_ASKS_MAX + 1));
  fail_if (ask (VM_TRUST_ASKS_MAX + 2));
  tell ("second");
  g_mutex_unlock (&busy);
  /* all of them are looked at before */
  host_heard ("second");
  for (guint i = 0; i < VM_TRUST_ASKS_MAX; i++)
    fail_unless (ask (i + 1));
}

GST_END_TEST;

/* With the pairing service goes what waits. */
GST_START_TEST (test_asks_at_the_end)
{
  g_mutex_lock (&busy);
  tell ("first");
  host_heard ("first");
  fail_unless (ask (1));
  g_mutex_unlock (&busy);
}

GST_END_TEST;

/* Whoever cannot know who is revoked does not begin to let people in. */
GST_START_TEST (test_out_of_descriptors)
{
  g_autoptr (VmServer) one = vm_server_new (f.me);
  struct rlimit limit, none;
  gboolean attached;

  /* its threads have all that GLib opens for them */
  fail_unless (
      vm_pairing_service_attach (pairing, one, NET_SECONDS * G_USEC_PER_SEC));
  fail_unless_equals_int (getrlimit (RLIMIT_NOFILE, &limit), 0);
  none = limit;
  none.rlim_cur = 1;
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &none), 0);
  attached =
      vm_pairing_service_attach (pairing, one, NET_SECONDS * G_USEC_PER_SEC);
  fail_unless_equals_int (setrlimit (RLIMIT_NOFILE, &limit), 0);
  fail_if (attached);
  fail_unless (
      vm_pairing_service_attach (pairing, one, NET_SECONDS * G_USEC_PER_SEC));
  vm_pairing_service_detach (pairing);
}

GST_END_TEST;

static Suite *
pairingservice_suite (void)
{
  Suite *suite = suite_create ("pairingservice");
  TCase *tests = tcase_create ("desk");

  tcase_add_checked_fixture (tests, pairing_setup, pairing_teardown);
  tcase_add_test (tests, test_asks_are_bounded);
  tcase_add_test (tests, test_asks_at_the_end);
  tcase_add_test (tests, test_out_of_descriptors);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (pairingservice)
