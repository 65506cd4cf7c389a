/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/base/vmthread-priv.h>
#include <sched.h>
#include <sys/resource.h>

typedef struct
{
  gint before; /* the policy that the thread is given first */
  gint short_turns, usual_turns, giving_way, after, long_turns;
  gint nice_before, nice_after;
} Policies;

static gpointer
run (gpointer data)
{
  Policies *policies = data;
  const struct sched_param param = { 0 };

  fail_unless (sched_setscheduler (0, policies->before, &param) == 0);
  policies->nice_before =
      getpriority (PRIO_PROCESS, 0); /* of a thread, on Linux */
  vm_thread_take_short_turns ();
  policies->short_turns = sched_getscheduler (0);
  vm_thread_take_usual_turns ();
  policies->usual_turns = sched_getscheduler (0);
  fail_unless_equals_int (getpriority (PRIO_PROCESS, 0), policies->nice_before);
  vm_thread_take_long_turns ();
  policies->long_turns = sched_getscheduler (0);
  vm_thread_take_turns ();
  policies->after = sched_getscheduler (0);
  fail_unless_equals_int (getpriority (PRIO_PROCESS, 0), policies->nice_before);
  vm_thread_give_way ();
  policies->giving_way = sched_getscheduler (0);
  policies->nice_after = getpriority (PRIO_PROCESS, 0);
  return NULL;
}

static void
look (Policies *policies)
{
  g_thread_join (g_thread_new ("policies", run, policies));
}

/* It takes long turns, and is as it was when it goes back; or gives way for
 * good. */
GST_START_TEST (test_usual)
{
  Policies policies = { .before = SCHED_OTHER };

  /* who runs this at idle priority may not have it back */
  if (sched_getscheduler (0) != SCHED_OTHER)
    return;
  look (&policies);
  fail_unless_equals_int (policies.long_turns, SCHED_BATCH);
  fail_unless_equals_int (policies.after, SCHED_OTHER);
  fail_unless_equals_int (policies.giving_way, SCHED_BATCH);
  fail_unless_equals_int (
      policies.nice_after, MIN (policies.nice_before + 10, 19));
}

GST_END_TEST;

/* What somebody has decided stays. */
GST_START_TEST (test_decided)
{
  Policies policies = { .before = SCHED_IDLE };

  look (&policies);
  fail_unless_equals_int (policies.short_turns, SCHED_IDLE);
  fail_unless_equals_int (policies.usual_turns, SCHED_IDLE);
  fail_unless_equals_int (policies.giving_way, SCHED_IDLE);
  fail_unless_equals_int (policies.after, SCHED_IDLE);
  fail_unless_equals_int (policies.long_turns, SCHED_IDLE);
  fail_unless_equals_int (policies.nice_after, policies.nice_before);
}

GST_END_TEST;

/* A thread for batches stays one while it is somebody's whom others wait
 * for. */
GST_START_TEST (test_batches)
{
  Policies policies = { .before = SCHED_BATCH };

  if (sched_getscheduler (0) != SCHED_OTHER)
    return;
  look (&policies);
  fail_unless_equals_int (policies.short_turns, SCHED_BATCH);
  fail_unless_equals_int (policies.usual_turns, SCHED_BATCH);
}

GST_END_TEST;

/* The others are as they were. */
GST_START_TEST (test_alone)
{
  gint before = sched_getscheduler (0);
  Policies policies = { .before = before };

  look (&policies);
  fail_unless_equals_int (sched_getscheduler (0), before);
}

GST_END_TEST;

static Suite *
thread_suite (void)
{
  Suite *s = suite_create ("thread");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_usual);
  tcase_add_test (tc, test_decided);
  tcase_add_test (tc, test_batches);
  tcase_add_test (tc, test_alone);
  return s;
}

CHECK_PROGRAM (thread)
