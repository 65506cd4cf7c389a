/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Two devices host a meeting of one name: the one with the lower id stays,
 * unless that would take a guest to somebody unknown. Or one of them only says
 * that it does, and keeps whoever comes waiting. */

#include "program.h"
#include "support/net/mutehost.h"

#include <gmodule.h>
#include <gst/videomeet/trust/store/vmtruststore-priv.h>
#include <gst/videomeet/meeting/vmmeeting-priv.h>

#include <string.h>

/* Of the steps of a guest; so long each silence is. */
#define STEP_MS 4000
#define SHORT_STEP_MS 2000 /* where nobody else is to be reached in it */

/* Several servers at a time: see filequeue.c. */
G_MODULE_EXPORT const gchar *__lsan_default_suppressions (void);

const gchar *
__lsan_default_suppressions (void)
{
  return "leak:libcrypto.so\n";
}

static Device *low, *high;
static gint met; /* @high knows that @low hosts it; atomic */

/* On the node's thread. */
static void
on_device (VmNode *node, VmDevice *device, gpointer data)
{
  if (vm_device_get_meeting_id (device))
    g_atomic_int_set (&met, TRUE);
  g_main_context_wakeup (NULL);
}

/* @high hosts in mode auto, and as long as it is not told of @low. */
static void
host_high (void)
{
  g_autofree gchar *peer = NULL;

  low = strcmp (vm_identity_get_device_id (key_of (&a)),
            vm_identity_get_device_id (key_of (&b)))
                < 0
            ? &a
            : &b;
  high = low == &a ? &b : &a;
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    /* TLS takes seconds under a sanitizer that walks whole stacks */
    g_object_set (d->node, "interfaces", "", "announce", VM_ANNOUNCE_FULL,
        "timeout", 20000, NULL);
    /* a port before the other needs it */
    fail_unless (vm_node_start (d->node, VM_NODE_ROLES_SERVE, NULL));
  }
  peer = g_strdup_printf ("127.0.0.1:%u", vm_node_get_port (low->node));
  g_object_set (high->node, "methods", VM_METHODS_MANUAL, "peers", peer, NULL);
  device_open (high, VM_MEETING_MODE_AUTO);
  g_object_set (high->meeting, "browse-time", 0, NULL);
  start (high);
  WAIT_FOR (has (high, "announced"));
}

/* Until @high has looked at it. */
static void
host_low (void)
{
  met = FALSE;
  /* called after the meeting's own */
  g_signal_connect (high->node, "device-added", G_CALLBACK (on_device), NULL);
  g_signal_connect (high->node, "device-changed", G_CALLBACK (on_device), NULL);
  device_open (low, VM_MEETING_MODE_HOST);
  start (low);
  WAIT_FOR (g_atomic_int_get (&met));
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
end_hosts (void)
{
  for (Device *d = &a; d; d = d == &a ? &b : NULL) {
    vm_meeting_stop (d->meeting);
    vm_node_stop (d->node, VM_NODE_ROLES_SERVE);
  }
}

static void
join_high (void)
{
  device_open (&c, VM_MEETING_MODE_JOIN);
  use_port (&c, vm_node_get_port (high->node), "standup");
  start (&c);
  WAIT_FOR (has (&c, "active") && has (high, "active"));
}

/* Anybody can be of that name, and of a lower id. */
GST_START_TEST (test_guest_stays_with_its_host)
{
  host_high ();
  join_high ();
  host_low ();
  fail_unless (vm_meeting_get_hosting (high->meeting));
  heard (high, "joined:p001 announced +p002 active");
  heard (&c, "joined:p002 +p001 active");

  /* alone there is nothing to lose */
  vm_meeting_stop (c.meeting);
  WAIT_FOR (has (low, "+p002"));
  fail_if (vm_meeting_get_hosting (high->meeting));
  end_hosts ();
}

GST_END_TEST;

GST_START_TEST (test_known_host_is_followed)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autoptr (GError) error = NULL;
  g_autofree gchar *user = NULL;

  host_high ();
  join_high ();
  g_object_get (low->node, "user", &user, NULL);
  vm_trust_store_pin (vm_node_get_trust_store (high->node), user, "box",
      vm_identity_get_tls_certificate (key_of (low)), now, &error);
  g_assert_no_error (error);
  host_low ();
  WAIT_FOR (has (low, "+p002"));
  fail_if (vm_meeting_get_hosting (high->meeting));
  end_hosts ();
}

GST_END_TEST;

GST_START_TEST (test_untrusted_host_is_not_followed)
{
  g_object_set (a.node, "policy", VM_POLICY_REQUIRE, NULL);
  g_object_set (b.node, "policy", VM_POLICY_REQUIRE, NULL);
  host_high ();
  host_low ();
  fail_unless (vm_meeting_get_hosting (high->meeting));
  heard (high, "joined:p001 announced");
  end_hosts ();
}

GST_END_TEST;

/* Any device can say that it hosts the meeting: it does not keep its guests
 * from whoever does. */
GST_START_TEST (test_silent_hosts_are_left)
{
  Mute *silent = mute_new (MUTE_SILENT, 1), *cutting = mute_new (MUTE_CUTS, 1);

  mute_know (silent, cutting, 1);
  host ();
  WAIT_FOR (mute_count_doors () == 3);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "active") || has (&b, "ended"));
  heard (&b, "joined:p002 +p001 active");
  heard (&a, "joined:p001 announced +p002 active");
  fail_unless_equals_int (silent->hellos, 1);
  /* it was asked for the seat as long as a step lasts */
  fail_unless (cutting->hellos > 1, "%u", cutting->hellos);
  mute_leave ();
  mute_free (silent);
  mute_free (cutting);
}

GST_END_TEST;

/* One that has many addresses is not as many devices. */
GST_START_TEST (test_silent_host_at_many_addresses)
{
  Mute *mute = mute_new (MUTE_SILENT, 4);

  mute_know (mute, NULL, 4);
  host ();
  WAIT_FOR (mute_count_doors () == 5);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "active") || has (&b, "ended"));
  heard (&b, "joined:p002 +p001 active");
  fail_unless_equals_int (mute->hellos, 1);
  mute_leave ();
  mute_free (mute);
}

GST_END_TEST;

GST_START_TEST (test_auto_hosts_beside_a_silent_host)
{
  Mute *mute = mute_new (__i__, 1);

  mute_know (mute, NULL, 1);
  device_open (&b, VM_MEETING_MODE_AUTO);
  g_object_set (
      b.meeting, "browse-time", 0, "join-timeout", 10 * SHORT_STEP_MS, NULL);
  b.meeting->step_timeout = SHORT_STEP_MS;
  start (&b);
  WAIT_FOR (has (&b, "announced") || has (&b, "ended"));
  heard (&b, "joined:p001 announced");
  fail_unless (vm_meeting_get_hosting (b.meeting));
  /* as often as it has let itself be asked */
  fail_unless (mute->hellos > (guint) __i__, "%u", mute->hellos);
  fail_unless (__i__ != MUTE_SILENT || mute->hellos == 1);
  mute_leave ();
  mute_free (mute);
}

GST_END_TEST;

/* By name the whole join has its time, in which another may be found. */
GST_START_TEST (test_nobody_but_a_silent_host)
{
  Mute *mute = mute_new (MUTE_SILENT, 1);

  mute_know (mute, NULL, 1);
  device_open (&b, VM_MEETING_MODE_JOIN);
  b.meeting->step_timeout = SHORT_STEP_MS;
  g_object_set (b.meeting, "join-timeout", 2 * SHORT_STEP_MS, NULL);
  start (&b);
  WAIT_FOR (has (&b, "ended"));
  heard (&b, "failed ended");
  g_assert_error (b.error, VM_ERROR, VM_ERROR_TIMEOUT);
  fail_unless (
      strstr (b.error->message, "did not answer"), "%s", b.error->message);
  mute_leave ();
  mute_free (mute);
}

GST_END_TEST;

static Suite *
meetinghosts_suite (void)
{
  Suite *suite = suite_create ("meetinghosts");
  TCase *tests = tcase_create ("meetinghosts");
  TCase *silence = tcase_create ("silence");

  tcase_add_checked_fixture (tests, setup_keys, teardown_three);
  tcase_add_test (tests, test_guest_stays_with_its_host);
  tcase_add_test (tests, test_known_host_is_followed);
  tcase_add_test (tests, test_untrusted_host_is_not_followed);
  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (silence, setup, teardown);
  tcase_add_test (silence, test_silent_hosts_are_left);
  tcase_add_test (silence, test_silent_host_at_many_addresses);
  tcase_add_loop_test (
      silence, test_auto_hosts_beside_a_silent_host, 0, MUTE_N_MANNERS);
  tcase_add_test (silence, test_nobody_but_a_silent_host);
  suite_add_tcase (suite, silence);
  return suite;
}

CHECK_PROGRAM (meetinghosts)
