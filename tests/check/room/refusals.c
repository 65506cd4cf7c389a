/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Of how many refused joins the user is told. */

#include "program.h"

#include <gst/videomeet/server/socket/refusals.h>

#define START (1000 * G_USEC_PER_SEC)

static VmRefusals *refusals;

static void
setup (void)
{
  refusals = vm_refusals_new ();
}

static void
teardown (void)
{
  g_clear_pointer (&refusals, vm_refusals_free);
}

GST_START_TEST (test_of_an_address)
{
  for (guint i = 0; i < VM_REFUSALS_PER_ADDRESS; i++)
    fail_unless (vm_refusals_tells (refusals, "10.0.0.2", START + i));
  fail_if (vm_refusals_tells (refusals, "10.0.0.2", START + 9));
  /* others are heard beside it */
  fail_unless (vm_refusals_tells (refusals, "10.0.0.3", START + 9));
  fail_if (
      vm_refusals_tells (refusals, "10.0.0.2", START + VM_REFUSALS_TIME - 1));
  fail_unless (
      vm_refusals_tells (refusals, "10.0.0.2", START + VM_REFUSALS_TIME));
}

GST_END_TEST;

static gboolean
tells_one_of_many (guint i, gint64 now)
{
  g_autofree gchar *group = g_strdup_printf ("10.0.1.%u", i);

  return vm_refusals_tells (refusals, group, now);
}

GST_START_TEST (test_of_all)
{
  for (guint i = 0; i < VM_REFUSALS_MAX; i++)
    fail_unless (tells_one_of_many (i, START));
  for (guint i = 0; i <= 2 * VM_REFUSALS_MAX; i++)
    fail_if (tells_one_of_many (i, START + VM_REFUSALS_TIME - 1));
  fail_unless_equals_int (vm_refusals_count (refusals), VM_REFUSALS_MAX);
  fail_unless (tells_one_of_many (0, START + VM_REFUSALS_TIME));
  fail_unless_equals_int (vm_refusals_count (refusals), 1);
}

GST_END_TEST;

/* Addresses that come late in the time of others are kept within bounds,
 * too. */
GST_START_TEST (test_addresses_are_bounded)
{
  for (guint i = 0; i < 20 * VM_REFUSALS_MAX; i++) {
    tells_one_of_many (i, START + i * (VM_REFUSALS_TIME / 16));
    fail_unless (vm_refusals_count (refusals) <= VM_REFUSALS_MAX);
  }
}

GST_END_TEST;

static Suite *
refusals_suite (void)
{
  Suite *suite = suite_create ("refusals");
  TCase *tests = tcase_create ("general");

  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_of_an_address);
  tcase_add_test (tests, test_of_all);
  tcase_add_test (tests, test_addresses_are_bounded);
  suite_add_tcase (suite, tests);
  return suite;
}

CHECK_PROGRAM (refusals)
