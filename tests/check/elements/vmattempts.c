/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "link/vmattempts.h"

#include <gst/check/gstcheck.h>

#include "program.h"

/* How often, and how long, a connection is tried. */

#define TIMEOUT_MS 8000

GST_START_TEST (test_time)
{
  fail_unless_equals_int (vm_attempts_time (0, TIMEOUT_MS), 8000);
  for (guint failed = 1; failed <= VM_ATTEMPTS_MORE; failed++)
    fail_unless_equals_int (vm_attempts_time (failed, TIMEOUT_MS), 16000);
  fail_unless_equals_int (vm_attempts_patience (TIMEOUT_MS), 3000);
}

GST_END_TEST;

/* The bound is where they end, and beside it. */
GST_START_TEST (test_pauses_grow)
{
  static const guint pauses[VM_ATTEMPTS_MORE] = { 1000, 2000, 4000, 8000,
    16000 };

  for (guint i = 0; i < VM_ATTEMPTS_MORE; i++)
    fail_unless_equals_int (vm_attempts_pause (i + 1, TIMEOUT_MS), pauses[i]);
  fail_unless_equals_int (
      vm_attempts_pause (VM_ATTEMPTS_MORE + 1, TIMEOUT_MS), 16000);
  fail_unless_equals_int (vm_attempts_pause (0, TIMEOUT_MS), 1000);
}

GST_END_TEST;

/* They double up to the bound, and at it they stay. */
GST_START_TEST (test_server_pauses_grow)
{
  static const guint pauses[] = { 500, 1000, 2000, 4000, 8000, 16000 };

  G_STATIC_ASSERT (G_N_ELEMENTS (pauses) == VM_ATTEMPTS_DOUBLINGS + 1);
  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    fail_unless_equals_int (
        vm_attempts_server_pause (i + 1, TIMEOUT_MS, 0), pauses[i]);
  fail_unless_equals_int (
      vm_attempts_server_pause (VM_ATTEMPTS_DOUBLINGS + 2, TIMEOUT_MS, 0),
      16000);
  fail_unless_equals_int (
      vm_attempts_server_pause (G_MAXUINT, TIMEOUT_MS, 0), 16000);
  fail_unless_equals_int (vm_attempts_server_pause (0, TIMEOUT_MS, 0), 500);
}

GST_END_TEST;

/* Chance takes a quarter off, and no more. */
GST_START_TEST (test_server_pauses_differ)
{
  fail_unless_equals_int (vm_attempts_server_pause (1, TIMEOUT_MS, 0.5), 438);
  fail_unless_equals_int (vm_attempts_server_pause (6, TIMEOUT_MS, 0.5), 14000);
  fail_unless_equals_int (
      vm_attempts_server_pause (6, TIMEOUT_MS, 0.999999), 12001);
}

GST_END_TEST;

/* From half a minute to ten, and no longer. */
GST_START_TEST (test_detours_are_looked_past)
{
  static const guint pauses[] = { 30000, 60000, 120000, 240000, 480000, 600000,
    600000 };
  guint pause = 0;

  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++) {
    pause = vm_attempts_detour_pause (pause);
    fail_unless_equals_int (pause, pauses[i]);
  }
  fail_unless_equals_int (vm_attempts_detour_pause (300000), 600000);
  fail_unless_equals_int (vm_attempts_detour_pause (299999), 599998);
  fail_unless_equals_int (vm_attempts_detour_pause (G_MAXUINT), 600000);
}

GST_END_TEST;

/* Replacements that do not help get rarer, and never stop. */
GST_START_TEST (test_renewals_get_rarer)
{
  static const guint pauses[] = { 0, 2000, 4000, 8000, 16000, 32000, 32000 };

  for (guint i = 0; i < G_N_ELEMENTS (pauses); i++)
    fail_unless_equals_int (vm_attempts_renewal_pause (i), pauses[i]);
  fail_unless_equals_int (vm_attempts_renewal_pause (G_MAXUINT), 32000);
}

GST_END_TEST;

static Suite *
vmattempts_suite (void)
{
  Suite *s = suite_create ("vmattempts");
  TCase *tc = tcase_create ("attempts");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_time);
  tcase_add_test (tc, test_pauses_grow);
  tcase_add_test (tc, test_server_pauses_grow);
  tcase_add_test (tc, test_server_pauses_differ);
  tcase_add_test (tc, test_detours_are_looked_past);
  tcase_add_test (tc, test_renewals_get_rarer);
  return s;
}

CHECK_PROGRAM (vmattempts)
