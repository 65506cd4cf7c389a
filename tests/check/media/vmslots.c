/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The numbers of src pads, up to the last one. */

#include "link/vmslots.h"

#include "program.h"

#include <gst/videomeet/wire/signal.h>

GST_START_TEST (test_lowest_that_is_free)
{
  VmSlots slots = { 0 };

  for (guint i = 0; i < 4; i++)
    fail_unless_equals_int (vm_slots_take (&slots), i);
  vm_slots_release (&slots, 2);
  vm_slots_release (&slots, 0);
  fail_unless_equals_int (vm_slots_take (&slots), 0);
  fail_unless_equals_int (vm_slots_take (&slots), 2);
  fail_unless_equals_int (vm_slots_take (&slots), 4);
}

GST_END_TEST;

/* A pad for sound and picture, and one for a screen, of everybody. */
GST_START_TEST (test_enough_for_a_full_meeting)
{
  fail_unless (VM_SLOTS_MAX >= 2 * VM_SIGNAL_ROSTER_MAX);
}

GST_END_TEST;

GST_START_TEST (test_below_at_and_above_the_limit)
{
  VmSlots slots = { 0 };

  for (guint i = 0; i < VM_SLOTS_MAX; i++)
    fail_unless_equals_int (vm_slots_take (&slots), i);
  for (guint i = 0; i < 3; i++)
    fail_unless (vm_slots_take (&slots) == VM_SLOT_NONE);
  /* what was not had is given back without harm to those who have one */
  vm_slots_release (&slots, VM_SLOT_NONE);
  fail_unless (vm_slots_take (&slots) == VM_SLOT_NONE);
  vm_slots_release (&slots, VM_SLOTS_MAX - 1);
  fail_unless_equals_int (vm_slots_take (&slots), VM_SLOTS_MAX - 1);
  fail_unless (vm_slots_take (&slots) == VM_SLOT_NONE);
}

GST_END_TEST;

static Suite *
vmslots_suite (void)
{
  Suite *s = suite_create ("vmslots");
  TCase *tc = tcase_create ("vmslots");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_lowest_that_is_free);
  tcase_add_test (tc, test_enough_for_a_full_meeting);
  tcase_add_test (tc, test_below_at_and_above_the_limit);
  return s;
}

CHECK_PROGRAM (vmslots)
