/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* How long what is sent at a rate waits for its turn. */

#include "program.h"

#include <gst/videomeet/transfer/engine/pacer.h>

#define S G_USEC_PER_SEC
#define START (1000 * S)

GST_START_TEST (test_each_behind_the_other)
{
  VmPacer *pacer = vm_pacer_new ();

  fail_unless_equals_int64 (vm_pacer_take (pacer, 1 << 20, START), START);
  vm_pacer_set_rate (pacer, 8000, START);
  /* the first has what nobody has used */
  for (guint i = 1; i <= 5; i++)
    fail_unless_equals_int64 (
        vm_pacer_take (pacer, 1000, START), START - VM_PACE_BURST + i * S);
  fail_unless_equals_int64 (
      vm_pacer_take (pacer, 0, START + 2 * S), START - VM_PACE_BURST + 5 * S);
  /* long after, and not for all that time */
  fail_unless_equals_int64 (vm_pacer_take (pacer, 500, START + 9 * S),
      START + 9 * S - VM_PACE_BURST + S / 2);
  vm_pacer_free (pacer);
}

GST_END_TEST;

GST_START_TEST (test_rate_that_changes)
{
  VmPacer *pacer = vm_pacer_new ();

  vm_pacer_set_rate (pacer, 8000, START);
  fail_unless_equals_int64 (vm_pacer_take (pacer, 4050, START), START + 4 * S);
  vm_pacer_set_rate (pacer, 16000, START + 2 * S);
  fail_unless_equals_int64 (
      vm_pacer_take (pacer, 0, START + 2 * S), START + 3 * S);
  vm_pacer_set_rate (pacer, 4000, START + 2 * S);
  fail_unless_equals_int64 (
      vm_pacer_take (pacer, 0, START + 2 * S), START + 6 * S);
  vm_pacer_set_rate (pacer, 0, START + 2 * S);
  fail_unless_equals_int64 (
      vm_pacer_take (pacer, 1 << 20, START + 2 * S), START + 2 * S);
  vm_pacer_free (pacer);
}

GST_END_TEST;

static Suite *
pacer_suite (void)
{
  Suite *s = suite_create ("pacer");
  TCase *tc = tcase_create ("pacer");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_each_behind_the_other);
  tcase_add_test (tc, test_rate_that_changes);
  return s;
}

CHECK_PROGRAM (pacer)
