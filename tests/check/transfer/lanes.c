/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Which of the ways to a receiver is taken, and what follows when it is none.
 * The clock is a number. */

#include "program.h"

#include <gst/videomeet/transfer/engine/lanes.h>

#define S G_USEC_PER_SEC

static VmLanes *lanes;
static gint64 now;

static void
setup (void)
{
  lanes = vm_lanes_new ();
  now = 1;
}

static void
teardown (void)
{
  g_clear_pointer (&lanes, vm_lanes_free);
}

static void
add (VmLaneKind kind, const gchar *address)
{
  fail_unless (vm_lanes_add (lanes, kind, address, 1));
}

/* Its address; NULL: none. */
static const gchar *
next (gint *lane)
{
  *lane = vm_lanes_next (lanes, now);
  return *lane < 0 ? NULL : vm_lanes_get_address (lanes, *lane);
}

static gint
check_next (const gchar *address)
{
  gint lane;

  fail_unless_equals_string (next (&lane), address);
  return lane;
}

static void
lose (gint lane)
{
  vm_lanes_lost (lanes, lane, now);
}

/* A row a state, a column an event; "-" where there is no edge. */
GST_START_TEST (test_states)
{
  static const gchar *const table[] = {
    "idle trying - - - -",
    "trying - open resting - refused",
    "open - - resting - refused",
    "resting - - - idle -",
    "refused - - - - -",
  };

  fail_unless_equals_int (G_N_ELEMENTS (table), VM_LANE_N_STATES);
  for (guint s = 0; s < VM_LANE_N_STATES; s++) {
    g_auto (GStrv) row = g_strsplit (table[s], " ", 0);

    fail_unless_equals_int (g_strv_length (row), VM_LANE_N_EVENTS + 1);
    fail_unless_equals_string (vm_lane_state_to_string (s), row[0]);
    for (guint e = 0; e < VM_LANE_N_EVENTS; e++) {
      VmLaneState to;
      gboolean legal = vm_lane_state_next (s, e, &to);

      fail_unless_equals_int (legal, !g_str_equal (row[e + 1], "-"));
      fail_unless_equals_string (
          vm_lane_state_to_string (to), legal ? row[e + 1] : row[0]);
    }
  }
  fail_unless_equals_string (
      vm_lane_event_to_string (VM_LANE_EVENT_LOSE), "lose");
}

GST_END_TEST;

GST_START_TEST (test_fastest_that_both_have)
{
  static const struct
  {
    guint theirs;
    const gchar *taken;
  } cases[] = {
    { VM_LANE_ALL_KINDS, "link" },
    { 1u << VM_LANE_WSS | 1u << VM_LANE_CHANNEL, "wss" },
    { 1u << VM_LANE_CHANNEL, "data-channel" },
    { 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint lane;

    teardown ();
    setup ();
    for (gint kind = VM_LANE_N_KINDS - 1; kind >= 0; kind--)
      add (kind, vm_lane_kind_to_string (kind));
    vm_lanes_set_theirs (lanes, cases[i].theirs);
    fail_unless_equals_string (next (&lane), cases[i].taken);
    fail_unless_equals_int (
        vm_lanes_is_over (lanes, now), cases[i].taken == NULL);
    if (lane >= 0)
      fail_unless_equals_string (
          vm_lane_kind_to_string (vm_lanes_get_kind (lanes, lane)),
          cases[i].taken);
  }
}

GST_END_TEST;

GST_START_TEST (test_first_address_first)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  add (VM_LANE_WSS, "b");
  lane = check_next ("a");
  check_next (NULL);
  vm_lanes_opened (lanes, lane, now);
  check_next (NULL);
  fail_unless_equals_int64 (vm_lanes_get_deadline (lanes), -1);
  now += 1000 * S;
  fail_unless (!vm_lanes_is_over (lanes, now));
}

GST_END_TEST;

GST_START_TEST (test_each_address_is_tried)
{
  add (VM_LANE_CHANNEL, "channel");
  add (VM_LANE_WSS, "a");
  add (VM_LANE_WSS, "b");
  lose (check_next ("a"));
  lose (check_next ("b"));
  lose (check_next ("channel"));
  check_next (NULL);
  fail_unless_equals_int64 (
      vm_lanes_get_deadline (lanes), now + VM_LANE_REST_MIN);
  now += VM_LANE_REST_MIN - 1;
  check_next (NULL);
  now++;
  lose (check_next ("a"));
  lose (check_next ("b"));
}

GST_END_TEST;

GST_START_TEST (test_rests_double)
{
  /* the last but one is below the most, and what would be above is the most */
  static const gint64 rests[] = { VM_LANE_REST_MIN / 1000, 1000, 2000,
    VM_LANE_REST_MAX / 1000, VM_LANE_REST_MAX / 1000 };

  fail_unless_equals_int64 (rests[0], 500);
  fail_unless_equals_int64 (rests[3], 4000);
  add (VM_LANE_WSS, "a");
  for (guint i = 0; i < G_N_ELEMENTS (rests); i++) {
    lose (check_next ("a"));
    fail_unless_equals_int64 (
        vm_lanes_get_deadline (lanes), now + rests[i] * 1000);
    now += rests[i] * 1000;
  }
}

GST_END_TEST;

GST_START_TEST (test_dead_lane_is_replaced)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  add (VM_LANE_WSS, "b");
  lane = check_next ("a");
  vm_lanes_opened (lanes, lane, now);
  now += 100 * S;
  lose (lane);
  fail_unless (!vm_lanes_is_over (lanes, now));
  lane = check_next ("b");
  lose (lane);
  /* the same again, soon: it has failed as often, and is the better one */
  now = vm_lanes_get_deadline (lanes);
  lane = check_next ("a");
  vm_lanes_opened (lanes, lane, now);
  lose (lane);
  fail_unless_equals_int64 (
      vm_lanes_get_deadline (lanes), now + VM_LANE_REST_MIN);
}

GST_END_TEST;

GST_START_TEST (test_slower_kind_at_once)
{
  gint lane;

  add (VM_LANE_WSS, "wss");
  add (VM_LANE_CHANNEL, "channel");
  lane = check_next ("wss");
  vm_lanes_opened (lanes, lane, now);
  lose (lane);
  lane = check_next ("channel");
  vm_lanes_opened (lanes, lane, now);
  /* what is faster is back, and not taken while this one lives */
  now += VM_LANE_REST_MIN;
  check_next (NULL);
  lose (lane);
  check_next ("wss");
}

GST_END_TEST;

GST_START_TEST (test_lost_for_long)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  lose (check_next ("a"));
  fail_unless (!vm_lanes_is_over (lanes, now + VM_LANES_LOST_TIME - 1));
  fail_unless (vm_lanes_is_over (lanes, now + VM_LANES_LOST_TIME));
  now += VM_LANES_LOST_TIME - 1;
  lane = check_next ("a");
  vm_lanes_opened (lanes, lane, now);
  now += 100 * S;
  lose (lane);
  fail_unless (!vm_lanes_is_over (lanes, now + VM_LANES_LOST_TIME - 1));
  fail_unless (vm_lanes_is_over (lanes, now + VM_LANES_LOST_TIME));
}

GST_END_TEST;

/* However long the others took that say nothing. */
GST_START_TEST (test_each_is_tried_before_it_is_over)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  add (VM_LANE_WSS, "b");
  lane = check_next ("a");
  now += VM_LANES_LOST_TIME;
  lose (lane);
  fail_unless (!vm_lanes_is_over (lanes, now));
  lane = check_next ("b");
  lose (lane);
  fail_unless (vm_lanes_is_over (lanes, now));
}

GST_END_TEST;

GST_START_TEST (test_refused_is_not_asked_again)
{
  add (VM_LANE_WSS, "a");
  add (VM_LANE_WSS, "b");
  vm_lanes_refused (lanes, check_next ("a"), now);
  fail_unless (!vm_lanes_is_over (lanes, now));
  vm_lanes_refused (lanes, check_next ("b"), now);
  fail_unless (vm_lanes_is_over (lanes, now));
  fail_unless_equals_int64 (vm_lanes_get_deadline (lanes), -1);
  now += 100 * S;
  check_next (NULL);
}

GST_END_TEST;

GST_START_TEST (test_behind_one_door)
{
  gint lane;

  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "a1", 1));
  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "b1", 1));
  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "a2", 2));
  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "b2", 2));
  vm_lanes_refused (lanes, check_next ("a1"), now);
  vm_lanes_refused (lanes, check_next ("b1"), now);
  lane = check_next ("a2");
  vm_lanes_opened (lanes, lane, now);
  lose (lane);
  lose (check_next ("b2"));
  check_next (NULL);

  teardown ();
  setup ();
  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "a1", 1));
  fail_unless (vm_lanes_add (lanes, VM_LANE_WSS, "a2", 2));
  lane = check_next ("a1");
  vm_lanes_opened (lanes, lane, now);
  vm_lanes_refused (lanes, lane, now);
  check_next (NULL);
  fail_unless (vm_lanes_is_over (lanes, now));
}

GST_END_TEST;

GST_START_TEST (test_at_most)
{
  fail_unless (vm_lanes_is_over (lanes, now));
  for (guint i = 0; i < VM_LANES_MAX; i++)
    add (VM_LANE_WSS, "a");
  fail_unless (!vm_lanes_add (lanes, VM_LANE_LINK, "one more", 1));
  for (guint i = 0; i < VM_LANES_MAX; i++)
    vm_lanes_refused (lanes, check_next ("a"), now);
  check_next (NULL);
}

GST_END_TEST;

static void
open_and_lose (guint times)
{
  for (guint i = 0; i < times; i++) {
    gint lane = check_next ("a");

    vm_lanes_opened (lanes, lane, now);
    lose (lane);
    now += VM_LANE_REST_MIN;
  }
}

/* Whoever opens each and says nothing is no receiver. */
GST_START_TEST (test_opened_for_nothing)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  open_and_lose (VM_LANES_IDLE_MAX - 1);
  fail_unless (!vm_lanes_is_over (lanes, now));
  lane = check_next ("a");
  vm_lanes_opened (lanes, lane, now);
  fail_unless (!vm_lanes_is_over (lanes, now), "it is open");
  vm_lanes_advanced (lanes);
  lose (lane);
  now += VM_LANE_REST_MIN;
  open_and_lose (VM_LANES_IDLE_MAX - 1);
  fail_unless (!vm_lanes_is_over (lanes, now));
  open_and_lose (1);
  fail_unless (vm_lanes_is_over (lanes, now));
}

GST_END_TEST;

/* A long pause may see many of them. */
GST_START_TEST (test_open_for_long)
{
  gint lane;

  add (VM_LANE_WSS, "a");
  open_and_lose (VM_LANES_IDLE_MAX - 1);
  lane = check_next ("a");
  vm_lanes_opened (lanes, lane, now);
  now += VM_LANE_REST_MAX - __i__;
  lose (lane);
  fail_unless_equals_int (vm_lanes_is_over (lanes, now), __i__);
}

GST_END_TEST;

static Suite *
lanes_suite (void)
{
  Suite *s = suite_create ("lanes");
  TCase *tc = tcase_create ("lanes");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_states);
  tcase_add_test (tc, test_fastest_that_both_have);
  tcase_add_test (tc, test_first_address_first);
  tcase_add_test (tc, test_each_address_is_tried);
  tcase_add_test (tc, test_rests_double);
  tcase_add_test (tc, test_dead_lane_is_replaced);
  tcase_add_test (tc, test_slower_kind_at_once);
  tcase_add_test (tc, test_lost_for_long);
  tcase_add_test (tc, test_each_is_tried_before_it_is_over);
  tcase_add_test (tc, test_refused_is_not_asked_again);
  tcase_add_test (tc, test_behind_one_door);
  tcase_add_test (tc, test_at_most);
  tcase_add_test (tc, test_opened_for_nothing);
  tcase_add_loop_test (tc, test_open_for_long, 0, 2);
  return s;
}

CHECK_PROGRAM (lanes)
