/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What comes before there is anybody to take it: whole, or not at all. */

#include "media/vmpending.h"

#include "program.h"

static VmPending pending;

static void
teardown (void)
{
  vm_pending_clear (&pending);
}

/* A frame whose number is its offset. */
static void
keep (guint number, gboolean key, gboolean video)
{
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  g_autoptr (GstSample) sample = NULL;

  GST_BUFFER_OFFSET (buffer) = number;
  if (!key)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  sample = gst_sample_new (buffer, NULL, NULL, NULL);
  vm_pending_keep (&pending, sample, video);
}

static void
takes (guint number)
{
  g_autoptr (GstSample) sample = vm_pending_take (&pending);

  fail_unless (sample != NULL, "%u is not there", number);
  fail_unless_equals_uint64 (
      GST_BUFFER_OFFSET (gst_sample_get_buffer (sample)), number);
}

static void
takes_none (void)
{
  fail_unless (vm_pending_take (&pending) == NULL);
}

GST_START_TEST (test_begins_with_a_key_frame)
{
  keep (0, FALSE, TRUE);
  fail_if (pending.whole);
  takes_none ();
  keep (1, TRUE, TRUE);
  keep (2, FALSE, TRUE);
  keep (3, TRUE, TRUE);
  keep (4, FALSE, TRUE);
  takes (3);
  takes (4);
  takes_none ();
}

GST_END_TEST;

/* Whoever takes the last is not done with it yet when the next one comes. */
GST_START_TEST (test_what_follows_the_last_that_was_taken)
{
  keep (1, TRUE, TRUE);
  takes (1);
  keep (2, FALSE, TRUE);
  fail_unless (pending.whole);
  takes (2);
  takes_none ();
  keep (3, FALSE, TRUE);
  takes (3);
  vm_pending_clear (&pending);
  keep (4, FALSE, TRUE);
  takes_none ();
}

GST_END_TEST;

GST_START_TEST (test_below_at_and_above_the_limit)
{
  keep (0, TRUE, TRUE);
  for (guint i = 1; i < VM_PENDING_MAX; i++)
    keep (i, FALSE, TRUE);
  takes (0);
  keep (VM_PENDING_MAX, FALSE, TRUE);
  fail_unless (pending.whole);
  keep (VM_PENDING_MAX + 1, FALSE, TRUE);
  fail_if (pending.whole);
  keep (VM_PENDING_MAX + 2, FALSE, TRUE);
  takes_none ();
  keep (VM_PENDING_MAX + 3, TRUE, TRUE);
  fail_unless (pending.whole);
  takes (VM_PENDING_MAX + 3);
}

GST_END_TEST;

/* Each frame of sound stands alone: the latest are kept. */
GST_START_TEST (test_sound)
{
  for (guint i = 0; i <= VM_PENDING_MAX; i++)
    keep (i, TRUE, FALSE);
  takes (VM_PENDING_MAX);
  takes_none ();
  keep (1, TRUE, FALSE);
  keep (2, TRUE, FALSE);
  takes (1);
  takes (2);
}

GST_END_TEST;

static Suite *
vmpending_suite (void)
{
  Suite *s = suite_create ("vmpending");
  TCase *tc = tcase_create ("vmpending");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, NULL, teardown);
  tcase_add_test (tc, test_begins_with_a_key_frame);
  tcase_add_test (tc, test_what_follows_the_last_that_was_taken);
  tcase_add_test (tc, test_below_at_and_above_the_limit);
  tcase_add_test (tc, test_sound);
  return s;
}

CHECK_PROGRAM (vmpending)
