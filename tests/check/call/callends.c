/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Calls that outlast their server, and those that end meanwhile:
 * protocol/calls.md#returning-calls, with a clock of its own. */

#include "program.h"
#include "support/phones.h"

/* The server was stopped and started: each is back, and says what it is in. */
static void
claim (Phone *phone, const gchar *call_id, const gchar *other)
{
  vm_call_user_claim (phone->user, call_id, other);
}

GST_START_TEST (test_both_go_on)
{
  claim (&ann, "c1", "bob");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  claim (&bob, "c1", "ann");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  claim (&bob, "c9", "carl");
  heard (&ann, "");
  heard (&bob, "");
  says (&carl, VM_CALL_OFFER, "c2", "ann");
  heard (&carl, "call-failed c2 busy");
  says (&ann, VM_CALL_CANDIDATE, NULL, "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  says (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  says (&carl, VM_CALL_OFFER, "c3", "ann");
  heard (&ann, "call-offer c3 carl>ann");
}

GST_END_TEST;

/* The other does not say so: it is an older page. */
GST_START_TEST (test_one_goes_on)
{
  claim (&ann, "c1", "bob");
  says (&carl, VM_CALL_OFFER, "c2", "ann");
  heard (&carl, "call-failed c2 busy");
  heard (&ann, "");
  says (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  says (&carl, VM_CALL_OFFER, "c3", "ann");
  heard (&ann, "call-offer c3 carl>ann");
  /* what one said alone, it takes back alone */
  claim (&bob, "c7", "ann");
  says (&bob, VM_CALL_END, "c7", "ann");
  heard (&ann, "");
  says (&bob, VM_CALL_OFFER, "c4", "dora");
  heard (&bob, "call-failed c4 offline");
}

GST_END_TEST;

/* Ann has ended it while there was no server, and is back before Bob, or
 * after. */
GST_START_TEST (test_ended_meanwhile)
{
  for (guint later = 0; later < 2; later++) {
    if (later)
      claim (&bob, "c1", "ann");
    claim (&ann, "c1", "bob");
    says (&ann, VM_CALL_END, "c1", "bob");
    if (!later)
      claim (&bob, "c1", "ann");
    heard (&bob, "call-end c1 ann>bob");
    heard (&ann, "");
    fail_unless_equals_int (vm_calls_count (calls), 0);
    go (&ann);
    go (&bob);
    come (&ann, "ann");
    come (&bob, "bob");
  }
  /* a lost connection is the end, if the server has seen it */
  talk ();
  go (&ann);
  heard (&bob, "call-end c1 ann>bob");
  come (&ann, "ann");
  claim (&ann, "c1", "bob");
  heard (&ann, "call-end c1 bob>ann");
  /* who calls is not in what the other remembers */
  claim (&ann, "c2", "bob");
  says (&bob, VM_CALL_OFFER, "c3", "ann");
  heard (&ann, "call-end c2 bob>ann, call-offer c3 bob>ann");
}

GST_END_TEST;

/* Bob is not back, and Ann does not wait for him. */
static void
end_by_saying (void)
{
  says (&ann, VM_CALL_END, "c1", "bob");
  go (&ann);
}

static void
end_by_leaving (void)
{
  go (&ann);
}

static void
end_by_calling (void)
{
  says (&ann, VM_CALL_OFFER, "c2", "carl");
  heard (&carl, "call-offer c2 ann>carl");
}

static void (*const ends[]) (
    void) = { end_by_saying, end_by_leaving, end_by_calling };

GST_START_TEST (test_ended_before_the_other_is_back)
{
  go (&bob);
  claim (&ann, "c1", "bob");
  ends[__i__]();
  /* of another call, and with somebody else */
  come (&bob, "bob");
  claim (&bob, "c9", "ann");
  claim (&bob, "c1", "carl");
  heard (&bob, "");
  claim (&bob, "c1", "ann");
  heard (&bob, "call-end c1 ann>bob");
  /* once; and he is free */
  says (&bob, VM_CALL_OFFER, "c3", "dora");
  heard (&bob, "call-failed c3 offline");
  claim (&bob, "c1", "ann");
  heard (&bob, "");
}

GST_END_TEST;

/* Who was only away, and says again that the call goes on, has not ended it. */
GST_START_TEST (test_away_before_the_other_is_back)
{
  go (&bob);
  claim (&ann, "c1", "bob");
  go (&ann);
  come (&ann, "ann");
  claim (&ann, "c1", "bob");
  come (&bob, "bob");
  claim (&bob, "c1", "ann");
  heard (&bob, "");
  heard (&ann, "");
  fail_unless_equals_int (vm_calls_count (calls), 1);
}

GST_END_TEST;

/* A call that has begun since is another, whatever it is called. */
GST_START_TEST (test_called_alike_since)
{
  go (&bob);
  claim (&ann, "c1", "bob");
  says (&ann, VM_CALL_END, "c1", "bob");
  fail_unless_equals_int (calls->ends.length, 1);
  come (&bob, "bob");
  talk ();
  fail_unless_equals_int (calls->ends.length, 0);
}

GST_END_TEST;

/* Ann's connection is dead, which the server knows, or not yet; Bob has ended
 * the call and gone when she is back. */
GST_START_TEST (test_ended_while_away)
{
  talk ();
  if (__i__) {
    go (&ann);
    heard (&bob, "call-end c1 ann>bob");
  } else {
    says (&bob, VM_CALL_END, "c1", "ann");
  }
  go (&bob);
  if (!__i__)
    go (&ann);
  come (&ann, "ann");
  claim (&ann, "c1", "bob");
  heard (&ann, "call-end c1 bob>ann");
}

GST_END_TEST;

static void
hear_end (const gchar *from, const gchar *to)
{
  g_autoptr (VmCallMessage) end = vm_calls_new_end (from, to, "c1");

  vm_calls_hear (calls, "another-server", from, to, end, now);
}

/* Of another server's user, for one who comes to this one a moment later;
 * unless whoever it is of says since that the call goes on, there or here. */
GST_START_TEST (test_ended_before_it_is_here)
{
  static const gchar *const told[] = { "call-end c1 dora>bob", "", "" };
  Phone dora = { g_string_new (NULL) };

  go (&bob);
  if (__i__ == 2) {
    come (&dora, "dora");
    claim (&dora, "c1", "bob");
  }
  hear_end ("dora", "bob");
  if (__i__ == 1)
    vm_calls_hear_claim (calls, "another-server", "dora", "bob", "c1");
  come (&bob, "bob");
  claim (&bob, "c1", "dora");
  heard (&bob, told[__i__]);
  fail_unless_equals_int (vm_calls_count (calls), __i__ == 2);
  g_string_free (dora.heard, TRUE);
}

GST_END_TEST;

/* At another server as well as here: who is in no call with him, or in another
 * one. */
GST_START_TEST (test_nobody_elsewhere_ends_it)
{
  claim (&bob, "c1", "ann");
  hear_end ("dora", "bob");
  heard (&bob, "");
  says (&bob, VM_CALL_END, "c1", "ann");
  claim (&bob, "c2", "ann");
  hear_end ("ann", "bob");
  heard (&bob, "");
}

GST_END_TEST;

/* A server that stops takes no end with it. */
GST_START_TEST (test_stopped_before_the_other_is_back)
{
  go (&bob);
  claim (&ann, "c1", "bob");
  vm_call_user_detach (g_steal_pointer (&ann.user));
  come (&bob, "bob");
  claim (&bob, "c1", "ann");
  heard (&bob, "");
}

GST_END_TEST;

/* Below VM_CALL_END_TIME, and at it. */
GST_START_TEST (test_ends_are_kept_for_a_while)
{
  go (&bob);
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  claim (&ann, "c1", "bob");
  end_by_saying ();
  now += VM_CALL_END_TIME - !__i__;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  come (&bob, "bob");
  claim (&bob, "c1", "ann");
  heard (&bob, __i__ ? "" : "call-end c1 ann>bob");
}

GST_END_TEST;

/* VM_CALL_ENDS_MAX, and one more: the oldest goes. */
GST_START_TEST (test_ends_are_limited)
{
  Phone one = { g_string_new (NULL) };

  go (&bob);
  for (guint i = 0; i < VM_CALL_ENDS_MAX + __i__; i++) {
    g_autofree gchar *id = g_strdup_printf ("user%u", i);

    come (&one, id);
    claim (&one, "c1", "bob");
    go (&one);
  }
  come (&bob, "bob");
  claim (&bob, "c1", "user1");
  heard (&bob, "call-end c1 user1>bob");
  claim (&bob, "c1", "user0");
  heard (&bob, __i__ ? "" : "call-end c1 user0>bob");
  g_string_free (one.heard, TRUE);
}

GST_END_TEST;

/* Of one user VM_CALL_ENDS_OF_USER, and one more: its own oldest goes. */
GST_START_TEST (test_ends_of_a_user_are_limited)
{
  go (&bob);
  claim (&carl, "c1", "bob");
  go (&carl);
  for (guint i = 0; i < VM_CALL_ENDS_OF_USER + __i__; i++) {
    g_autofree gchar *id = g_strdup_printf ("c%u", i);

    claim (&ann, id, "bob");
    says (&ann, VM_CALL_END, id, "bob");
  }
  come (&bob, "bob");
  claim (&bob, "c1", "carl");
  heard (&bob, "call-end c1 carl>bob");
  go (&ann);
  claim (&bob, "c1", "ann");
  heard (&bob, "call-end c1 ann>bob");
  claim (&bob, "c0", "ann");
  heard (&bob, __i__ ? "" : "call-end c0 ann>bob");
}

GST_END_TEST;

GST_START_TEST (test_nobody_else_ends_it)
{
  claim (&ann, "c1", "bob");
  fail_unless_equals_int (
      say (&carl, VM_CALL_END, "c1", "ann"), VM_ERROR_UNROUTABLE);
  fail_unless_equals_int (
      say (&bob, VM_CALL_END, "c2", "ann"), VM_ERROR_UNROUTABLE);
  fail_unless_equals_int (
      say (&bob, VM_CALL_CANDIDATE, "c1", "ann"), VM_ERROR_UNROUTABLE);
  /* to be in a call with somebody takes two */
  claim (&carl, "c1", "ann");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  says (&carl, VM_CALL_END, "c1", "ann");
  heard (&ann, "");
  claim (&bob, "c1", "bob");
  claim (&bob, NULL, NULL);
  says (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
}

GST_END_TEST;

static Suite *
callends_suite (void)
{
  Suite *s = suite_create ("callends");
  TCase *tc = tcase_create ("callends");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, phones_setup, phones_teardown);
  tcase_add_test (tc, test_both_go_on);
  tcase_add_test (tc, test_one_goes_on);
  tcase_add_test (tc, test_ended_meanwhile);
  tcase_add_loop_test (
      tc, test_ended_before_the_other_is_back, 0, G_N_ELEMENTS (ends));
  tcase_add_test (tc, test_stopped_before_the_other_is_back);
  tcase_add_loop_test (tc, test_ends_are_kept_for_a_while, 0, 2);
  tcase_add_loop_test (tc, test_ends_are_limited, 0, 2);
  tcase_add_loop_test (tc, test_ends_of_a_user_are_limited, 0, 2);
  tcase_add_test (tc, test_away_before_the_other_is_back);
  tcase_add_test (tc, test_called_alike_since);
  tcase_add_loop_test (tc, test_ended_while_away, 0, 2);
  tcase_add_loop_test (tc, test_ended_before_it_is_here, 0, 3);
  tcase_add_test (tc, test_nobody_elsewhere_ends_it);
  tcase_add_test (tc, test_nobody_else_ends_it);
  return s;
}

CHECK_PROGRAM (callends)
