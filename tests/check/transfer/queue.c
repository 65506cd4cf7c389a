/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The queue of files: who begins next, who gives its place up, who gets how
 * much of the rate. The clock is a number. */

#include "program.h"

#include <gst/videomeet/transfer/engine/queue.h>

#define S G_USEC_PER_SEC

static VmTransferQueue *queue;
static gint64 now;

static void
setup (void)
{
  queue = vm_transfer_queue_new ();
  now = 1;
}

static void
teardown (void)
{
  g_clear_pointer (&queue, vm_transfer_queue_free);
}

static void
limit (guint max_active, guint per_receiver, guint64 max_bitrate)
{
  VmQueueLimits limits;

  vm_queue_limits_init (&limits);
  limits.max_active = max_active;
  limits.per_receiver = per_receiver;
  limits.max_bitrate = max_bitrate;
  vm_transfer_queue_set_limits (queue, &limits);
}

static guint
add (const gchar *receiver, gint priority)
{
  g_autoptr (GError) error = NULL;
  guint entry = vm_transfer_queue_add (queue, receiver, priority, &error);

  g_assert_no_error (error);
  fail_unless (entry != 0);
  return entry;
}

static void
fill (const gchar *receiver, guint n)
{
  for (guint i = 0; i < n; i++)
    add (receiver, 0);
}

static guint
next (void)
{
  return vm_transfer_queue_next (queue, now);
}

static const gchar *
state_of (guint entry)
{
  VmQueueState state;

  return vm_transfer_queue_get_state (queue, entry, &state)
             ? vm_queue_state_to_string (state)
             : "forgotten";
}

static void
progress (guint entry, guint64 done)
{
  vm_transfer_queue_progress (queue, entry, done, now);
}

/* At its deadline, which is this long from now. */
static void
tick_after (gint64 wait)
{
  gint64 deadline = vm_transfer_queue_get_deadline (queue);

  fail_unless_equals_int64 (deadline, now + wait);
  vm_transfer_queue_tick (queue, deadline - 1);
  fail_unless_equals_int64 (vm_transfer_queue_get_deadline (queue), deadline);
  now = deadline;
  vm_transfer_queue_tick (queue, now);
}

/* A row a state, a column an event; "-" where there is no edge. */
GST_START_TEST (test_states)
{
  static const gchar *const table[] = {
    "waiting active - - - - - failed",
    "active - stalled active resting - done failed",
    "stalled - - active resting - done failed",
    "resting - - - - waiting - failed",
    "done - - - - - - -",
    "failed - - - - - - -",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_QUEUE_N_STATES);
  for (guint s = 0; s < VM_QUEUE_N_STATES; s++) {
    g_auto (GStrv) row = g_strsplit (table[s], " ", 0);

    fail_unless_equals_int (g_strv_length (row), VM_QUEUE_N_EVENTS + 1);
    fail_unless_equals_string (vm_queue_state_to_string (s), row[0]);
    for (guint e = 0; e < VM_QUEUE_N_EVENTS; e++) {
      VmQueueState to;
      gboolean legal = vm_queue_state_next (s, e, &to);

      fail_unless_equals_int (legal, !g_str_equal (row[e + 1], "-"));
      fail_unless_equals_string (
          vm_queue_state_to_string (to), legal ? row[e + 1] : row[0]);
    }
  }
  fail_unless_equals_string (
      vm_queue_event_to_string (VM_QUEUE_EVENT_REST), "rest");
}

GST_END_TEST;

GST_START_TEST (test_one_after_the_other)
{
  guint a = add ("ann", 0), b = add ("ann", 0);

  fail_unless_equals_int (next (), a);
  fail_unless_equals_int (next (), 0);
  fail_unless_equals_string (state_of (a), "active");
  fail_unless_equals_string (state_of (b), "waiting");
  vm_transfer_queue_succeed (queue, a);
  fail_unless_equals_string (state_of (a), "forgotten");
  fail_unless_equals_int (next (), b);
  vm_transfer_queue_succeed (queue, b);
  fail_unless_equals_int (next (), 0);
  fail_unless_equals_int64 (vm_transfer_queue_get_deadline (queue), -1);
}

GST_END_TEST;

GST_START_TEST (test_priority_first)
{
  guint low = add ("ann", -1), one = add ("ann", 0), two = add ("ann", 0);
  guint high = add ("bob", 7);

  limit (1, 1, 0);
  fail_unless_equals_int (next (), high);
  vm_transfer_queue_succeed (queue, high);
  fail_unless_equals_int (next (), one);
  /* the next is not the one that waits longest */
  high = add ("ann", 1);
  vm_transfer_queue_succeed (queue, one);
  fail_unless_equals_int (next (), high);
  vm_transfer_queue_succeed (queue, high);
  fail_unless_equals_int (next (), two);
  vm_transfer_queue_succeed (queue, two);
  fail_unless_equals_int (next (), low);
}

GST_END_TEST;

GST_START_TEST (test_round_robin)
{
  guint a, b, c;

  limit (1, 1, 0);
  fill ("ann", 3); /* 1 to 3 */
  fill ("bob", 2); /* 4, 5 */
  for (guint i = 0; i < 2; i++) {
    a = next ();
    fail_unless_equals_int (a, 1 + i);
    vm_transfer_queue_succeed (queue, a);
    if (i == 1)
      break;
    b = next ();
    fail_unless_equals_int (b, 4);
    vm_transfer_queue_succeed (queue, b);
  }
  /* who comes later is served first, having had nothing */
  c = add ("cid", 0);
  fail_unless_equals_int (next (), c);
  vm_transfer_queue_succeed (queue, c);
  fail_unless_equals_int (next (), 5);
  vm_transfer_queue_succeed (queue, 5);
  fail_unless_equals_int (next (), 3);
}

GST_END_TEST;

GST_START_TEST (test_max_active)
{
  static const struct
  {
    guint set, has;
  } cases[] = {
    { 0, 1 },
    { 1, 1 },
    { VM_QUEUE_ACTIVE_MAX - 1, VM_QUEUE_ACTIVE_MAX - 1 },
    { VM_QUEUE_ACTIVE_MAX, VM_QUEUE_ACTIVE_MAX },
    { VM_QUEUE_ACTIVE_MAX + 1, VM_QUEUE_ACTIVE_MAX },
  };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (cases); i++) {
    guint set = cases[i / 2].set, begun = 0;

    teardown ();
    setup ();
    if (i % 2)
      limit (VM_QUEUE_ACTIVE_MAX, set, 0);
    else
      limit (set, VM_QUEUE_ACTIVE_MAX, 0);
    fill ("ann", VM_QUEUE_ACTIVE_MAX + 2);
    while (next ())
      begun++;
    fail_unless_equals_int (begun, cases[i / 2].has);
    fail_unless_equals_int (
        vm_transfer_queue_count (queue, VM_QUEUE_ACTIVE), begun);
  }
}

GST_END_TEST;

GST_START_TEST (test_max_active_of_each)
{
  limit (3, 2, 0);
  fill ("ann", 4);
  fill ("bob", 4);
  fail_unless_equals_int (next (), 1);
  fail_unless_equals_int (next (), 5);
  fail_unless_equals_int (next (), 2);
  fail_unless_equals_int (next (), 0);
  limit (8, 2, 0);
  fail_unless_equals_int (next (), 6);
  fail_unless_equals_int (next (), 0);
  /* what runs runs on */
  limit (1, 1, 0);
  fail_unless_equals_int (vm_transfer_queue_count (queue, VM_QUEUE_ACTIVE), 4);
  vm_transfer_queue_succeed (queue, 1);
  fail_unless_equals_int (next (), 0);
}

GST_END_TEST;

GST_START_TEST (test_stalled_gives_its_place_up)
{
  guint a = add ("ann", 0), a2 = add ("ann", 0), b = add ("bob", 0);
  guint c = add ("cid", 0);

  limit (1, 1, 0);
  fail_unless_equals_int (next (), a);
  tick_after (VM_QUEUE_STALL_TIME);
  fail_unless_equals_string (state_of (a), "stalled");
  /* to another receiver: this one takes nothing */
  fail_unless_equals_int (next (), b);
  fail_unless_equals_int (next (), 0);

  /* it moves, and has its place again; nobody is interrupted */
  now += S;
  progress (a, 1);
  fail_unless_equals_string (state_of (a), "active");
  fail_unless_equals_string (state_of (b), "active");
  vm_transfer_queue_succeed (queue, b);
  fail_unless_equals_int (next (), 0);
  vm_transfer_queue_succeed (queue, a);
  fail_unless_equals_int (next (), c);
  vm_transfer_queue_succeed (queue, c);
  fail_unless_equals_int (next (), a2);
}

GST_END_TEST;

GST_START_TEST (test_bytes_that_were_there_are_no_progress)
{
  guint a = add ("ann", 0);

  next ();
  now += VM_QUEUE_STALL_TIME / 2;
  progress (a, 10);
  now += VM_QUEUE_STALL_TIME / 2;
  progress (a, 10);
  progress (a, 9);
  vm_transfer_queue_tick (queue, now);
  fail_unless_equals_string (state_of (a), "active");
  tick_after (VM_QUEUE_STALL_TIME / 2);
  fail_unless_equals_string (state_of (a), "stalled");
  progress (a, 10);
  fail_unless_equals_string (state_of (a), "stalled");
  progress (a, 11);
  fail_unless_equals_string (state_of (a), "active");
}

GST_END_TEST;

GST_START_TEST (test_running_at_most)
{
  guint begun = 0;

  limit (VM_QUEUE_ACTIVE_MAX, VM_QUEUE_ACTIVE_MAX, 0);
  for (guint i = 0; i < VM_QUEUE_RUNNING_MAX + 1; i++) {
    g_autofree gchar *name = g_strdup_printf ("r%u", i);

    add (name, 0);
  }
  for (guint i = 0; i < 4; i++) {
    while (next ())
      begun++;
    now += VM_QUEUE_STALL_TIME;
    vm_transfer_queue_tick (queue, now);
  }
  fail_unless_equals_int (begun, VM_QUEUE_RUNNING_MAX);
  fail_unless_equals_int (
      vm_transfer_queue_count (queue, VM_QUEUE_STALLED), VM_QUEUE_RUNNING_MAX);
  vm_transfer_queue_fail (queue, 1);
  fail_unless (next () != 0);
  fail_unless_equals_int (next (), 0);
}

GST_END_TEST;

GST_START_TEST (test_broken_rests_and_is_not_overtaken)
{
  guint a = add ("ann", 0), b = add ("ann", 0), high;

  fail_unless_equals_int (next (), a);
  fail_unless (vm_transfer_queue_break (queue, a, now));
  fail_unless_equals_string (state_of (a), "resting");
  fail_unless_equals_int (next (), 0);
  high = add ("ann", 1); /* but by what is more urgent */
  fail_unless_equals_int (next (), high);
  vm_transfer_queue_succeed (queue, high);
  tick_after (VM_QUEUE_REST_MIN);
  fail_unless_equals_int (next (), a);
  vm_transfer_queue_succeed (queue, a);
  fail_unless_equals_int (next (), b);
}

GST_END_TEST;

GST_START_TEST (test_rests_double)
{
  static const gint64 rests[] = { 1, 2, 4, 8, 16, 32, 60, 60 };
  VmQueueLimits limits;
  guint a = add ("ann", 0);

  vm_queue_limits_init (&limits);
  limits.retries = G_N_ELEMENTS (rests);
  vm_transfer_queue_set_limits (queue, &limits);
  for (guint i = 0; i < G_N_ELEMENTS (rests); i++) {
    fail_unless_equals_int (next (), a);
    fail_unless (vm_transfer_queue_break (queue, a, now));
    tick_after (rests[i] * S);
  }
  fail_unless_equals_int (next (), a);
  fail_unless (!vm_transfer_queue_break (queue, a, now));
  fail_unless_equals_string (state_of (a), "forgotten");
}

GST_END_TEST;

GST_START_TEST (test_an_attempt_that_brings_more_is_none_too_many)
{
  VmQueueLimits limits;
  guint a = add ("ann", 0);

  vm_queue_limits_init (&limits);
  limits.retries = 1;
  vm_transfer_queue_set_limits (queue, &limits);
  for (guint i = 1; i < 10; i++) {
    fail_unless_equals_int (next (), a);
    progress (a, i);
    fail_unless (vm_transfer_queue_break (queue, a, now));
    tick_after (VM_QUEUE_REST_MIN);
  }
  for (guint i = 0; i < 2; i++) {
    fail_unless_equals_int (next (), a);
    progress (a, 9);
    fail_unless_equals_int (vm_transfer_queue_break (queue, a, now), i == 0);
    if (i == 0)
      tick_after (VM_QUEUE_REST_MIN);
  }
}

GST_END_TEST;

GST_START_TEST (test_retries_at_most)
{
  static const struct
  {
    guint set, has;
  } cases[] = {
    { 0, 0 },
    { 1, 1 },
    { VM_QUEUE_RETRIES_MAX, VM_QUEUE_RETRIES_MAX },
    { VM_QUEUE_RETRIES_MAX + 1, VM_QUEUE_RETRIES_MAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    VmQueueLimits limits;
    guint a = add ("ann", 0), broken = 0;

    vm_queue_limits_init (&limits);
    limits.retries = cases[i].set;
    vm_transfer_queue_set_limits (queue, &limits);
    while (next () == a && vm_transfer_queue_break (queue, a, now)) {
      broken++;
      now += VM_QUEUE_REST_MAX;
      vm_transfer_queue_tick (queue, now);
    }
    fail_unless_equals_int (broken, cases[i].has);
  }
}

GST_END_TEST;

/* Given up in each state; what is said of it afterwards is of no effect. */
GST_START_TEST (test_given_up_wherever_it_is)
{
  static const gchar *const states[] = { "waiting", "active", "stalled",
    "resting" };

  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    guint a = add ("ann", 0), b = add ("ann", 0);

    if (i > 0)
      fail_unless_equals_int (next (), a);
    if (i == 2)
      tick_after (VM_QUEUE_STALL_TIME);
    if (i == 3)
      fail_unless (vm_transfer_queue_break (queue, a, now));
    fail_unless_equals_string (state_of (a), states[i]);
    vm_transfer_queue_fail (queue, a);
    fail_unless_equals_string (state_of (a), "forgotten");
    progress (a, 5);
    vm_transfer_queue_succeed (queue, a);
    fail_unless (!vm_transfer_queue_break (queue, a, now));
    fail_unless_equals_int (vm_transfer_queue_get_share (queue, a), 0);
    fail_unless_equals_int (next (), b);
    vm_transfer_queue_succeed (queue, b);
  }
  for (guint s = 0; s < VM_QUEUE_N_STATES; s++)
    fail_unless_equals_int (vm_transfer_queue_count (queue, s), 0);
}

GST_END_TEST;

GST_START_TEST (test_what_waits_does_not_move)
{
  guint a = add ("ann", 0);

  progress (a, 5);
  vm_transfer_queue_succeed (queue, a);
  fail_unless (!vm_transfer_queue_break (queue, a, now));
  fail_unless_equals_string (state_of (a), "waiting");
}

GST_END_TEST;

GST_START_TEST (test_shares)
{
  limit (8, 2, 12000);
  fill ("ann", 2); /* 1, 2 */
  fill ("bob", 1); /* 3 */
  fill ("cid", 1); /* 4 */
  while (next ())
    continue;

  /* while nobody moves each may begin with all */
  for (guint i = 1; i <= 4; i++)
    fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, i), 12000);
  for (guint i = 1; i <= 4; i++)
    progress (i, 1);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 1), 2000);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 2), 2000);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 3), 4000);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 4), 4000);

  /* one is idle, and gives up what it had */
  now += S;
  for (guint i = 1; i <= 3; i++)
    progress (i, 2);
  tick_after (VM_QUEUE_IDLE_TIME - S);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 1), 3000);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 3), 6000);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 4), 4000);
  progress (4, 2);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 3), 4000);

  /* one ends, one breaks */
  vm_transfer_queue_succeed (queue, 1);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 2), 4000);
  vm_transfer_queue_break (queue, 2, now);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 3), 6000);
}

GST_END_TEST;

GST_START_TEST (test_share_is_never_any)
{
  limit (8, 1, 1);
  fill ("ann", 1);
  fill ("bob", 1);
  while (next ())
    continue;
  progress (1, 1);
  progress (2, 1);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 1), 1);
  limit (8, 1, 0);
  fail_unless_equals_uint64 (vm_transfer_queue_get_share (queue, 1), 0);
}

GST_END_TEST;

static void
refuse (const gchar *receiver, gint priority, VmError code)
{
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (
      vm_transfer_queue_add (queue, receiver, priority, &error), 0);
  g_assert_error (error, VM_ERROR, (gint) code);
}

GST_START_TEST (test_priorities_in_range)
{
  refuse ("ann", VM_QUEUE_PRIORITY_MIN - 1, VM_ERROR_BAD_REQUEST);
  refuse ("ann", VM_QUEUE_PRIORITY_MAX + 1, VM_ERROR_BAD_REQUEST);
  add ("ann", VM_QUEUE_PRIORITY_MIN);
  add ("ann", VM_QUEUE_PRIORITY_MAX);
  fail_unless_equals_int (next (), 2);
}

GST_END_TEST;

GST_START_TEST (test_entries_at_most)
{
  fill ("ann", VM_QUEUE_ENTRIES_MAX - 1);
  fill ("bob", 1);
  refuse ("ann", 0, VM_ERROR_RATE_LIMITED);
  vm_transfer_queue_fail (queue, 1);
  add ("ann", 0);
  refuse ("ann", 0, VM_ERROR_RATE_LIMITED);
}

GST_END_TEST;

GST_START_TEST (test_receivers_at_most)
{
  for (guint i = 0; i < VM_QUEUE_RECEIVERS_MAX; i++) {
    g_autofree gchar *name = g_strdup_printf ("r%u", i);

    add (name, 0);
  }
  refuse ("one more", 0, VM_ERROR_RATE_LIMITED);
  add ("r0", 0);
  vm_transfer_queue_fail (queue, 2);
  add ("one more", 0);
}

GST_END_TEST;

/* 100 files to four, of whom one takes nothing for a long time. Each file takes
 * a second; all of the three are there long before it wakes up. */
GST_START_TEST (test_hundred_files)
{
  static const gchar *const names[] = { "ann", "bob", "cid", "dan" };
  guint begun[101] = { 0 }, last[4] = { 0 }, done = 0;
  gboolean awake = FALSE;
  GQueue running = G_QUEUE_INIT;

  limit (2, 1, 0);
  for (guint i = 0; i < 100; i++)
    add (names[i % 4], 0);
  while (done < 100) {
    guint entry, n;

    while ((entry = next ())) {
      guint receiver = (entry - 1) % 4;

      fail_unless_equals_int (begun[entry]++, 0);
      fail_unless (entry > last[receiver]);
      last[receiver] = entry;
      g_queue_push_tail (&running, GUINT_TO_POINTER (entry));
    }
    now += S;
    for (n = running.length; n; n--) {
      entry = GPOINTER_TO_UINT (g_queue_pop_head (&running));
      if (entry % 4 == 0 && !awake) {
        g_queue_push_tail (&running, GUINT_TO_POINTER (entry));
        continue;
      }
      progress (entry, 1);
      vm_transfer_queue_succeed (queue, entry);
      done++;
    }
    vm_transfer_queue_tick (queue, now);
    fail_unless (now < 200 * S);
    fail_unless (awake || done <= 75);
    awake = awake || done == 75;
  }
}

GST_END_TEST;

static Suite *
queue_suite (void)
{
  Suite *s = suite_create ("queue");
  TCase *tc = tcase_create ("queue");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_one_after_the_other);
  tcase_add_test (tc, test_priority_first);
  tcase_add_test (tc, test_round_robin);
  tcase_add_test (tc, test_max_active);
  tcase_add_test (tc, test_max_active_of_each);
  tcase_add_test (tc, test_stalled_gives_its_place_up);
  tcase_add_test (tc, test_bytes_that_were_there_are_no_progress);
  tcase_add_test (tc, test_running_at_most);
  tcase_add_test (tc, test_broken_rests_and_is_not_overtaken);
  tcase_add_test (tc, test_rests_double);
  tcase_add_test (tc, test_an_attempt_that_brings_more_is_none_too_many);
  tcase_add_test (tc, test_retries_at_most);
  tcase_add_test (tc, test_given_up_wherever_it_is);
  tcase_add_test (tc, test_what_waits_does_not_move);
  tcase_add_test (tc, test_shares);
  tcase_add_test (tc, test_share_is_never_any);
  tcase_add_test (tc, test_priorities_in_range);
  tcase_add_test (tc, test_entries_at_most);
  tcase_add_test (tc, test_receivers_at_most);
  tcase_add_test (tc, test_hundred_files);
  return s;
}

CHECK_PROGRAM (queue)
