/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How often an address may: below, at and above what it may at once, and
 * later. */

#include "program.h"

#include <gst/videomeet/base/rates.h>

#define START (1000 * G_USEC_PER_SEC)
#define BURST 5
#define TIME (2 * G_USEC_PER_SEC)

static VmRates *rates;

static void
setup (void)
{
  rates = vm_rates_new (BURST, TIME);
}

static void
teardown (void)
{
  g_clear_pointer (&rates, vm_rates_free);
}

static void
use_up (const gchar *group, gint64 now)
{
  for (guint i = 0; i < BURST; i++)
    fail_unless (vm_rates_take (rates, group, now));
  fail_if (vm_rates_take (rates, group, now));
}

GST_START_TEST (test_of_an_address)
{
  use_up ("10.0.0.2", START);
  fail_if (vm_rates_take (rates, "10.0.0.2", START + TIME - 1));
  fail_unless (vm_rates_take (rates, "10.0.0.2", START + TIME));
  fail_if (vm_rates_take (rates, "10.0.0.2", START + TIME));
  /* no more at once, however long it was silent */
  use_up ("10.0.0.2", START + 100 * TIME);
}

GST_END_TEST;

GST_START_TEST (test_others_have_their_own)
{
  use_up ("10.0.0.2", START);
  use_up ("10.0.0.3", START);
  fail_if (vm_rates_take (rates, "10.0.0.2", START));
}

GST_END_TEST;

static void
take_one_of_many (guint i, gint64 now)
{
  g_autofree gchar *group = g_strdup_printf ("10.1.%u.%u", i / 256, i % 256);

  fail_unless (vm_rates_take (rates, group, now));
}

GST_START_TEST (test_addresses_are_bounded)
{
  use_up ("10.0.0.2", START);
  for (guint i = 1; i < VM_RATES_ADDRESSES; i++)
    take_one_of_many (i, START);
  fail_unless_equals_int (vm_rates_count (rates), VM_RATES_ADDRESSES);
  /* who has used most is remembered longest */
  for (guint i = 0; i < VM_RATES_ADDRESSES; i++)
    take_one_of_many (VM_RATES_ADDRESSES + i, START);
  fail_unless_equals_int (vm_rates_count (rates), VM_RATES_ADDRESSES);
  fail_if (vm_rates_take (rates, "10.0.0.2", START));
  /* and forgotten when it makes no difference */
  take_one_of_many (0, START + BURST * TIME);
  fail_unless_equals_int (vm_rates_count (rates), 1);
}

GST_END_TEST;

/* So many at once and not one more; then one for each part of a second. */
GST_START_TEST (test_messages_of_one)
{
  VmRate rate = { 0 };
  gint64 now = G_USEC_PER_SEC;

  for (guint i = 0; i < VM_MESSAGE_BURST; i++)
    fail_unless (vm_rate_take (&rate, VM_MESSAGE_BURST, VM_MESSAGE_RATE, now));
  fail_if (vm_rate_take (&rate, VM_MESSAGE_BURST, VM_MESSAGE_RATE, now));
  now += G_USEC_PER_SEC / VM_MESSAGE_RATE - 1;
  fail_if (vm_rate_take (&rate, VM_MESSAGE_BURST, VM_MESSAGE_RATE, now));
  now += 2;
  fail_unless (vm_rate_take (&rate, VM_MESSAGE_BURST, VM_MESSAGE_RATE, now));
  fail_if (vm_rate_take (&rate, VM_MESSAGE_BURST, VM_MESSAGE_RATE, now));
}

GST_END_TEST;

static Suite *
rates_suite (void)
{
  Suite *s = suite_create ("rates");
  TCase *tc = tcase_create ("rates");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_of_an_address);
  tcase_add_test (tc, test_others_have_their_own);
  tcase_add_test (tc, test_addresses_are_bounded);
  tcase_add_test (tc, test_messages_of_one);
  return s;
}

CHECK_PROGRAM (rates)
