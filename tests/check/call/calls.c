/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Users that call one another, with a clock of its own:
 * protocol/calls.md#call-messages, and protocol/calls.md. */

#include "program.h"
#include "support/phones.h"

#include <string.h>

GST_START_TEST (test_flow_of_the_seed)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob");
  /* candidates do not wait for the answer */
  says (&ann, VM_CALL_CANDIDATE, NULL, "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  says (&bob, VM_CALL_CANDIDATE, "c1", "ann");
  heard (&ann, "call-answer c1 bob>ann, ice-candidate c1 bob>ann");
  /* however long it lasts */
  now += 10 * VM_CALL_RING_TIME;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  heard (&ann, "");
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-end c1 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  /* and again, the other way round */
  says (&bob, VM_CALL_OFFER, "c1", "ann");
  heard (&ann, "call-offer c1 bob>ann");
}

GST_END_TEST;

GST_START_TEST (test_rejected)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&bob, VM_CALL_REJECT, "c1", "ann");
  heard (&ann, "call-reject c1 bob>ann");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  heard (&bob, "call-offer c1 ann>bob, call-offer c2 carl>bob");
}

GST_END_TEST;

GST_START_TEST (test_caller_changes_its_mind)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob, call-end c1 ann>bob");
  /* an answer that crossed it harms nobody */
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  says (&bob, VM_CALL_CANDIDATE, NULL, "ann");
  says (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "");
}

GST_END_TEST;

GST_START_TEST (test_nobody_there)
{
  says (&ann, VM_CALL_OFFER, "c1", "dora");
  heard (&ann, "call-failed c1 offline");
  says (&ann, VM_CALL_CANDIDATE, NULL, "dora");
  heard (&ann, "");
  fail_unless_equals_int (vm_calls_count (calls), 0);
}

GST_END_TEST;

static void
pass (gint64 time)
{
  now += time;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
}

/* They have talked for so long that it may be over. */
static void
talk_long (void)
{
  talk ();
  pass (VM_CALL_SURE_TIME);
}

GST_START_TEST (test_busy)
{
  /* while it rings at either */
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  heard (&carl, "call-failed c2 busy");
  says (&carl, VM_CALL_OFFER, "c3", "ann");
  heard (&carl, "call-failed c3 busy");
  says (&bob, VM_CALL_OFFER, "c4", "carl");
  heard (&bob, "call-offer c1 ann>bob, call-failed c4 busy");
  /* and while it was answered just now */
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  pass (VM_CALL_SURE_TIME - 1);
  says (&carl, VM_CALL_OFFER, "c5", "bob");
  heard (&carl, "call-failed c5 busy");
  heard (&ann, "call-answer c1 bob>ann");
  heard (&bob, "");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  pass (1);
  says (&carl, VM_CALL_OFFER, "c6", "bob");
  heard (&bob, "call-offer c6 carl>bob");
}

GST_END_TEST;

static void
says_busy (Phone *phone, const gchar *call_id, const gchar *to)
{
  g_autoptr (VmCallMessage) message = vm_call_message_new (VM_CALL_REJECT);

  message->to = g_strdup (to);
  message->call_id = g_strdup (call_id);
  message->busy = TRUE;
  fail_unless (vm_call_user_receive (phone->user, message, now, NULL));
}

/* While two talk the server does not know whether they still do: who is called
 * says so, or its user answers or declines. */
GST_START_TEST (test_called_while_talking)
{
  talk_long ();
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  says (&carl, VM_CALL_CANDIDATE, NULL, "bob");
  heard (&bob, "call-offer c2 carl>bob, ice-candidate c2 carl>bob");
  says_busy (&bob, "c2", "carl");
  heard (&carl, "call-failed c2 busy");
  says (&carl, VM_CALL_OFFER, "c3", "bob");
  says (&bob, VM_CALL_REJECT, "c3", "carl");
  heard (&carl, "call-reject c3 bob>carl");
  heard (&bob, "call-offer c3 carl>bob");
  /* what they are in goes on */
  says (&ann, VM_CALL_CANDIDATE, "c1", "bob");
  heard (&bob, "ice-candidate c1 ann>bob");
  says (&bob, VM_CALL_END, "c1", "ann");
  heard (&ann, "call-end c1 bob>ann");
  fail_unless_equals_int (vm_calls_count (calls), 0);
}

GST_END_TEST;

/* Two pages have closed their connection without a word, and a third calls. */
GST_START_TEST (test_answered_while_talking)
{
  Phone eve = { g_string_new (NULL) };

  talk_long ();
  come (&eve, "eve");
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  /* one at a time */
  says (&eve, VM_CALL_OFFER, "c3", "bob");
  heard (&eve, "call-failed c3 busy");
  heard (&bob, "call-offer c2 carl>bob");
  says (&bob, VM_CALL_ANSWER, "c2", "carl");
  heard (&carl, "call-answer c2 bob>carl");
  heard (&ann, "call-end c1 bob>ann");
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  /* nobody is busy but those two, who have just begun */
  says (&eve, VM_CALL_OFFER, "c9", "bob");
  heard (&eve, "call-failed c9 busy");
  says (&eve, VM_CALL_OFFER, "c4", "ann");
  heard (&ann, "call-offer c4 eve>ann");
  says (&bob, VM_CALL_END, "c2", "carl");
  heard (&carl, "call-end c2 bob>carl");
  go (&eve);
  g_string_free (eve.heard, TRUE);
}

GST_END_TEST;

/* What rings besides, when the one or the other ends. */
GST_START_TEST (test_ends_while_called_and_talking)
{
  talk_long ();
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-offer c2 carl>bob, call-end c1 ann>bob");
  says (&bob, VM_CALL_ANSWER, "c2", "carl");
  heard (&carl, "call-answer c2 bob>carl");
  /* by its caller */
  pass (VM_CALL_SURE_TIME);
  says (&ann, VM_CALL_OFFER, "c3", "bob");
  says (&ann, VM_CALL_END, "c3", "bob");
  heard (&bob, "call-offer c3 ann>bob, call-end c3 ann>bob");
  /* by time */
  says (&ann, VM_CALL_OFFER, "c4", "bob");
  pass (VM_CALL_RING_TIME);
  heard (&ann, "call-failed c4 timeout");
  heard (&bob, "call-offer c4 ann>bob, call-end c4 ann>bob");
  /* by an offer of who is called, which crosses it or does not */
  says (&ann, VM_CALL_OFFER, "c5", "bob");
  says (&bob, VM_CALL_OFFER, "c0", "ann");
  heard (&carl, "call-end c2 bob>carl");
  heard (&ann, "call-failed c5 busy, call-offer c0 bob>ann");
  heard (&bob, "call-offer c5 ann>bob, call-end c5 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  /* by the callee, who is lost */
  says (&ann, VM_CALL_ANSWER, "c0", "bob");
  pass (VM_CALL_SURE_TIME);
  says (&carl, VM_CALL_OFFER, "c6", "bob");
  go (&bob);
  heard (&carl, "call-failed c6 offline");
  heard (&ann, "call-end c0 bob>ann");
  fail_unless_equals_int (vm_calls_count (calls), 0);
}

GST_END_TEST;

/* Both calls of a user are there when all is freed. */
GST_START_TEST (test_freed_while_called_and_talking)
{
  talk_long ();
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  fail_unless_equals_int (vm_calls_count (calls), 2);
}

GST_END_TEST;

/* A page that ends a call says nothing; what it offers next says it. */
GST_START_TEST (test_new_offer_replaces_the_old_call)
{
  talk ();
  says (&ann, VM_CALL_OFFER, "c2", "carl");
  heard (&bob, "call-end c1 ann>bob");
  heard (&carl, "call-offer c2 ann>carl");
  /* nobody is busy who is in no call */
  says (&bob, VM_CALL_OFFER, "c3", "ann");
  heard (&bob, "call-failed c3 busy");
  says (&carl, VM_CALL_ANSWER, "c2", "ann");
  heard (&ann, "call-answer c2 carl>ann");
  /* the other party, and to the same user again */
  says (&carl, VM_CALL_OFFER, "c4", "ann");
  heard (&ann, "call-end c2 carl>ann, call-offer c4 carl>ann");
  /* one that still rings is its caller's */
  says (&carl, VM_CALL_OFFER, "c5", "bob");
  heard (&ann, "call-end c4 carl>ann");
  heard (&bob, "call-offer c5 carl>bob");
  fail_unless_equals_int (vm_calls_count (calls), 1);
}

GST_END_TEST;

/* A page that adds its camera offers in the call there is, either of the two;
 * and the other answers. */
GST_START_TEST (test_offered_anew)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  fail_unless_equals_int (
      say (&ann, VM_CALL_OFFER, "c1", "bob"), VM_ERROR_BAD_MESSAGE);
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&bob, "call-offer c1 ann>bob");
  heard (&ann, "call-answer c1 bob>ann");
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob");
  fail_unless_equals_int (
      say (&ann, VM_CALL_ANSWER, "c1", "bob"), VM_ERROR_BAD_MESSAGE);
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&ann, "call-answer c1 bob>ann");
  says (&bob, VM_CALL_OFFER, "c1", "ann");
  says (&ann, VM_CALL_ANSWER, "c1", "bob");
  heard (&ann, "call-offer c1 bob>ann");
  heard (&bob, "call-answer c1 ann>bob");
  /* once */
  fail_unless_equals_int (
      say (&ann, VM_CALL_ANSWER, "c1", "bob"), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (vm_calls_count (calls), 1);
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-end c1 ann>bob");
}

GST_END_TEST;

GST_START_TEST (test_ring_time)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob");
  now += VM_CALL_RING_TIME - 1;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  heard (&ann, "");
  now++;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  heard (&ann, "call-failed c1 timeout");
  heard (&bob, "call-end c1 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&ann, "");
}

GST_END_TEST;

static void
on_missed (const gchar *callee, const gchar *caller, gpointer user_data)
{
  g_string_append_printf (user_data, "%s<%s ", callee, caller);
}

/* Who was called and did not answer is told of, and nobody else. */
GST_START_TEST (test_missed)
{
  g_autoptr (GString) missed = g_string_new (NULL);

  vm_calls_set_missed_func (calls, on_missed, missed);
  fail_unless (vm_call_user_rename (ann.user, "ann", "Ann", NULL));
  heard (&ann, "registered ann=Ann");
  /* answered, declined, busy */
  talk ();
  says (&carl, VM_CALL_OFFER, "c2", "bob");
  says (&ann, VM_CALL_END, "c1", "bob");
  says (&ann, VM_CALL_OFFER, "c3", "bob");
  says (&bob, VM_CALL_REJECT, "c3", "ann");
  fail_unless_equals_string (missed->str, "");
  /* not there */
  says (&ann, VM_CALL_OFFER, "c4", "nobody");
  fail_unless_equals_string (missed->str, "nobody<Ann ");
  /* given up, rung for too long, the caller lost */
  says (&bob, VM_CALL_OFFER, "c5", "ann");
  says (&bob, VM_CALL_END, "c5", "ann");
  says (&ann, VM_CALL_OFFER, "c6", "bob");
  now += VM_CALL_RING_TIME;
  vm_calls_tick (calls, VM_CALL_RING_TIME, now);
  says (&carl, VM_CALL_OFFER, "c7", "bob");
  go (&carl);
  fail_unless_equals_string (
      missed->str, "nobody<Ann Ann<bob bob<Ann bob<carl ");
}

GST_END_TEST;

/* Each has its own time; what was answered meanwhile goes on. */
GST_START_TEST (test_rings_end_in_order)
{
  Phone dora = { g_string_new (NULL) };

  come (&dora, "dora");
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  now += 10;
  says (&carl, VM_CALL_OFFER, "c2", "dora");
  vm_calls_tick (calls, 15, now);
  fail_unless_equals_int (vm_calls_count (calls), 2);
  now += 5;
  vm_calls_tick (calls, 15, now);
  heard (&ann, "call-failed c1 timeout");
  heard (&carl, "");
  says (&dora, VM_CALL_ANSWER, "c2", "carl");
  now += 100;
  vm_calls_tick (calls, 15, now);
  heard (&carl, "call-answer c2 dora>carl");
  fail_unless_equals_int (vm_calls_count (calls), 1);
  go (&dora);
  heard (&carl, "call-end c2 dora>carl");
  g_string_free (dora.heard, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_connection_lost)
{
  talk ();
  go (&bob);
  heard (&ann, "call-end c1 bob>ann");
  says (&ann, VM_CALL_OFFER, "c2", "bob");
  heard (&ann, "call-failed c2 offline");
  come (&bob, "bob");
  says (&ann, VM_CALL_OFFER, "c3", "bob");
  heard (&bob, "call-offer c3 ann>bob");
  /* of the two while it rings */
  go (&bob);
  heard (&ann, "call-failed c3 offline");
  come (&bob, "bob");
  says (&ann, VM_CALL_OFFER, "c4", "bob");
  go (&ann);
  heard (&bob, "call-offer c4 ann>bob, call-end c4 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  fail_unless_equals_int (vm_calls_count_users (calls), 2);
}

GST_END_TEST;

GST_START_TEST (test_crossed)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&bob, VM_CALL_OFFER, "c2", "ann");
  heard (&bob, "call-offer c1 ann>bob, call-failed c2 busy");
  heard (&ann, "");
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  heard (&ann, "call-answer c1 bob>ann");
  says (&ann, VM_CALL_END, "c1", "bob");
  heard (&bob, "call-end c1 ann>bob");

  /* whichever came first */
  says (&ann, VM_CALL_OFFER, "c4", "bob");
  says (&bob, VM_CALL_OFFER, "c3", "ann");
  heard (&bob, "call-offer c4 ann>bob, call-end c4 ann>bob");
  heard (&ann, "call-failed c4 busy, call-offer c3 bob>ann");
  says (&ann, VM_CALL_ANSWER, "c3", "bob");
  heard (&bob, "call-answer c3 ann>bob");
  fail_unless_equals_int (vm_calls_count (calls), 1);
}

GST_END_TEST;

/* Made of the time, they may well be the same. */
GST_START_TEST (test_crossed_with_one_id)
{
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  says (&bob, VM_CALL_OFFER, "c1", "ann");
  heard (&ann, "call-failed c1 busy");
  heard (&bob, "call-offer c1 ann>bob, call-failed c1 busy");
  fail_unless_equals_int (vm_calls_count (calls), 0);
  /* of other people that is nobody's business */
  says (&ann, VM_CALL_OFFER, "c2", "bob");
  come (&(Phone){ ann.heard }, "dora");
  says (&carl, VM_CALL_OFFER, "c2", "dora");
  fail_unless_equals_int (vm_calls_count (calls), 2);
}

GST_END_TEST;

/* Only the parties of a call may say something in it, each its own. */
GST_START_TEST (test_who_may)
{
  static const VmCallMessageType types[] = { VM_CALL_ANSWER, VM_CALL_REJECT,
    VM_CALL_END, VM_CALL_CANDIDATE };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    fail_unless_equals_int (
        say (&ann, types[i], "c1", "bob"), VM_ERROR_UNROUTABLE);
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    fail_unless_equals_int (
        say (&carl, types[i], "c1", "ann"), VM_ERROR_UNROUTABLE);
    fail_unless_equals_int (
        say (&carl, types[i], "c1", "bob"), VM_ERROR_UNROUTABLE);
    fail_unless_equals_int (
        say (&bob, types[i], "c1", "carl"), VM_ERROR_UNROUTABLE);
    fail_unless_equals_int (
        say (&bob, types[i], "c2", "ann"), VM_ERROR_UNROUTABLE);
  }
  fail_unless_equals_int (
      say (&ann, VM_CALL_ANSWER, "c1", "bob"), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (
      say (&ann, VM_CALL_REJECT, "c1", "bob"), VM_ERROR_BAD_MESSAGE);
  says (&bob, VM_CALL_ANSWER, "c1", "ann");
  fail_unless_equals_int (
      say (&bob, VM_CALL_ANSWER, "c1", "ann"), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (
      say (&bob, VM_CALL_REJECT, "c1", "ann"), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (
      say (&ann, VM_CALL_OFFER, "c2", "ann"), VM_ERROR_BAD_MESSAGE);
  heard (&ann, "call-answer c1 bob>ann");
  heard (&bob, "");
  heard (&carl, "");
}

GST_END_TEST;

/* Every edge of the table is drawn here once more, and no other. */
GST_START_TEST (test_state_table)
{
  static const gchar *const ends[][3] = {
    /* caller, callee, server; while it rings */
    [VM_CALL_EVENT_ANSWER] = { NULL, "active", NULL },
    [VM_CALL_EVENT_REJECT] = { NULL, "rejected", NULL },
    [VM_CALL_EVENT_END] = { "missed", "rejected", NULL },
    [VM_CALL_EVENT_LOST] = { "missed", "failed", NULL },
    [VM_CALL_EVENT_TIMEOUT] = { NULL, NULL, "missed" },
    [VM_CALL_EVENT_CROSSED] = { NULL, NULL, "failed" },
  };

  for (gint e = 0; e < VM_CALL_N_EVENTS; e++) {
    for (gint p = 0; p <= VM_CALL_BY_SERVER; p++) {
      gboolean ends_it = (e == VM_CALL_EVENT_END || e == VM_CALL_EVENT_LOST)
                         && p != VM_CALL_BY_SERVER;
      VmCallState next;

      fail_unless_equals_int (
          vm_call_state_next (VM_CALL_STATE_RINGING, e, p, &next),
          ends[e][p] != NULL);
      fail_unless_equals_string (
          vm_call_state_to_string (next), ends[e][p] ? ends[e][p] : "ringing");
      fail_unless_equals_int (
          vm_call_state_next (VM_CALL_STATE_ACTIVE, e, p, &next), ends_it);
      fail_unless_equals_int (
          next, ends_it ? VM_CALL_STATE_ENDED : VM_CALL_STATE_ACTIVE);
      for (gint s = VM_CALL_STATE_REJECTED; s < VM_CALL_N_STATES; s++)
        fail_if (vm_call_state_next (s, e, p, &next));
    }
  }
  for (gint s = 0; s < VM_CALL_N_STATES; s++)
    fail_unless_equals_int (
        vm_call_state_is_over (s), s > VM_CALL_STATE_ACTIVE);
}

GST_END_TEST;

GST_START_TEST (test_names)
{
  Phone other = { g_string_new (NULL) };
  g_autoptr (GError) error = NULL;

  fail_unless (
      vm_calls_register (calls, "ann", "Ann", &other, now, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_USER_TAKEN);
  g_clear_error (&error);
  heard (&other, "");
  fail_if (vm_call_user_rename (ann.user, "anna", "Ann", &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  fail_unless (vm_call_user_rename (ann.user, "ann", "Ann", NULL));
  heard (&ann, "registered ann=Ann");
  fail_unless (vm_call_user_rename (ann.user, "ann", NULL, NULL));
  heard (&ann, "registered ann=Ann");
  go (&ann);
  other.user = vm_calls_register (calls, "ann", "Anna", &other, now, NULL);
  fail_unless (other.user != NULL);
  heard (&other, "registered ann=Anna");
  g_string_free (other.heard, TRUE);
}

GST_END_TEST;

static gchar *called;

static void
on_offer (gpointer peer, const VmCallMessage *message, gpointer user_data)
{
  g_free (called);
  called = g_strdup (message->username);
}

/* The name that was registered counts, and else the one that is given. */
GST_START_TEST (test_from_username)
{
  g_autoptr (VmCalls) own = vm_calls_new (on_offer, NULL);
  VmCallUser *named = vm_calls_register (own, "a", "Ann", NULL, now, NULL);
  VmCallUser *nameless = vm_calls_register (own, "c", NULL, NULL, now, NULL);
  VmCallUser *callers[] = { named, nameless };
  const gchar *names[] = { "Ann", "The Bank" };

  vm_calls_register (own, "b", "Bob", NULL, now, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (callers); i++) {
    g_autoptr (VmCallMessage) offer = vm_call_message_new (VM_CALL_OFFER);

    offer->to = g_strdup ("b");
    offer->call_id = g_strdup ("c1");
    offer->username = g_strdup ("The Bank");
    fail_unless (vm_call_user_receive (callers[i], offer, now, NULL));
    fail_unless_equals_string (called, names[i]);
    vm_call_user_leave (callers[i]);
  }
  g_clear_pointer (&called, g_free);
}

GST_END_TEST;

GST_START_TEST (test_calls_are_limited)
{
  for (guint i = 0; i < VM_CALL_BURST; i++) {
    says (&ann, VM_CALL_OFFER, "c1", "dora");
    heard (&ann, "call-failed c1 offline");
  }
  fail_unless_equals_int (
      say (&ann, VM_CALL_OFFER, "c1", "bob"), VM_ERROR_RATE_LIMITED);
  /* what belongs to it is no other fault */
  says (&ann, VM_CALL_CANDIDATE, NULL, "bob");
  heard (&bob, "");
  now += VM_CALL_TIME - 1;
  fail_unless_equals_int (
      say (&ann, VM_CALL_OFFER, "c1", "bob"), VM_ERROR_RATE_LIMITED);
  now += 1;
  says (&ann, VM_CALL_OFFER, "c1", "bob");
  heard (&bob, "call-offer c1 ann>bob");
  says (&ann, VM_CALL_END, "c1", "bob");
  /* others have their own */
  says (&carl, VM_CALL_OFFER, "c2", "ann");
  heard (&ann, "call-offer c2 carl>ann");
}

GST_END_TEST;

GST_START_TEST (test_users_are_limited)
{
  Phone crowd = { g_string_new (NULL) };
  VmCallUser *last = NULL;
  g_autoptr (GError) error = NULL;

  while (vm_calls_count_users (calls) < VM_CALL_USERS_MAX) {
    g_autofree gchar *id =
        g_strdup_printf ("user%u", vm_calls_count_users (calls));

    last = vm_calls_register (calls, id, NULL, &crowd, now, &error);
    g_assert_no_error (error);
  }
  fail_unless (
      vm_calls_register (calls, "more", NULL, &crowd, now, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
  vm_call_user_leave (last);
  fail_unless (
      vm_calls_register (calls, "more", NULL, &crowd, now, NULL) != NULL);
  g_string_free (crowd.heard, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_who_can_be_called)
{
  says (&ann, VM_CALL_USERS, NULL, NULL);
  heard (&ann, "users bob carl (2 of 2)");
  /* below, at and above the time between two answers */
  says (&ann, VM_CALL_USERS, NULL, NULL);
  now += VM_CALL_LIST_TIME - 1;
  says (&ann, VM_CALL_USERS, NULL, NULL);
  heard (&ann, "");
  now += 1;
  says (&ann, VM_CALL_OFFER, "c1", "carl");
  says (&ann, VM_CALL_USERS, NULL, NULL);
  heard (&ann, "users bob carl* (2 of 2)");
  now += VM_CALL_LIST_TIME + 1;
  go (&carl);
  fail_unless (vm_call_user_rename (bob.user, "bob", "Zoe", NULL));
  come (&carl, "Xaver");
  says (&ann, VM_CALL_USERS, NULL, NULL);
  heard (&ann, "call-failed c1 offline, users Xaver Zoe (2 of 2)");
}

GST_END_TEST;

static void
crowd_until (Phone *crowd, guint n)
{
  while (vm_calls_count_users (calls) < n) {
    g_autofree gchar *id =
        g_strdup_printf ("user%03u", vm_calls_count_users (calls));

    fail_unless (vm_calls_register (calls, id, NULL, crowd, now, NULL) != NULL);
  }
}

/* One is not told of itself: below, at and above the most that are told. */
GST_START_TEST (test_list_is_limited)
{
  Phone crowd = { g_string_new (NULL) };
  static const struct
  {
    guint users;
    const gchar *heard;
  } rows[] = {
    { VM_CALL_LIST_MAX, "users bob carl user003 (99 of 99)" },
    { VM_CALL_LIST_MAX + 1, "users bob carl user003 (100 of 100)" },
    { VM_CALL_LIST_MAX + 2, "users bob carl user003 (100 of 101)" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    crowd_until (&crowd, rows[i].users);
    says (&ann, VM_CALL_USERS, NULL, NULL);
    heard (&ann, rows[i].heard);
    now += VM_CALL_LIST_TIME;
  }
  /* of so many it is put in order again only after a while, whoever asks */
  go (&carl);
  come (&carl, "a");
  says (&ann, VM_CALL_USERS, NULL, NULL);
  heard (&ann, "users a bob user003 (100 of 101)");
  go (&carl);
  come (&carl, "aa");
  says (&bob, VM_CALL_USERS, NULL, NULL);
  heard (&bob, "users ann user003 user004 (99 of 101)");
  g_string_free (crowd.heard, TRUE);
}

GST_END_TEST;

GST_START_TEST (test_free_in_mid_call)
{
  VmCalls *own = vm_calls_new (phone_send, NULL);
  VmCalls *before = calls;
  Phone dora = { g_string_new (NULL) }, eve = { g_string_new (NULL) };

  calls = own;
  come (&dora, "dora");
  come (&eve, "eve");
  says (&dora, VM_CALL_OFFER, "c1", "eve");
  heard (&eve, "call-offer c1 dora>eve");
  vm_calls_free (own);
  calls = before;
  heard (&dora, "");
  heard (&eve, "");
  g_string_free (dora.heard, TRUE);
  g_string_free (eve.heard, TRUE);
}

GST_END_TEST;

static Suite *
calls_suite (void)
{
  Suite *s = suite_create ("calls");
  TCase *tc = tcase_create ("calls");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, phones_setup, phones_teardown);
  tcase_add_test (tc, test_flow_of_the_seed);
  tcase_add_test (tc, test_rejected);
  tcase_add_test (tc, test_caller_changes_its_mind);
  tcase_add_test (tc, test_nobody_there);
  tcase_add_test (tc, test_missed);
  tcase_add_test (tc, test_busy);
  tcase_add_test (tc, test_called_while_talking);
  tcase_add_test (tc, test_answered_while_talking);
  tcase_add_test (tc, test_ends_while_called_and_talking);
  tcase_add_test (tc, test_freed_while_called_and_talking);
  tcase_add_test (tc, test_new_offer_replaces_the_old_call);
  tcase_add_test (tc, test_offered_anew);
  tcase_add_test (tc, test_ring_time);
  tcase_add_test (tc, test_rings_end_in_order);
  tcase_add_test (tc, test_connection_lost);
  tcase_add_test (tc, test_crossed);
  tcase_add_test (tc, test_crossed_with_one_id);
  tcase_add_test (tc, test_who_may);
  tcase_add_test (tc, test_state_table);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_from_username);
  tcase_add_test (tc, test_calls_are_limited);
  tcase_add_test (tc, test_users_are_limited);
  tcase_add_test (tc, test_who_can_be_called);
  tcase_add_test (tc, test_list_is_limited);
  tcase_add_test (tc, test_free_in_mid_call);
  return s;
}

CHECK_PROGRAM (calls)
