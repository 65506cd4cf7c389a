/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Seats whose connection is lost, with a clock of their own: who may come back,
 * by what, and until when (protocol/signalling.md#resume). */

#include "program.h"
#include "support/roompeer.h"

#include <string.h>

static gchar *
token_of (Peer *peer)
{
  return g_strdup (peer->token);
}

/* Bob and Carl, whose connection is lost now. */
static gchar *
lose_carl (Peer *bob, Peer *carl)
{
  g_autofree gchar *ticket = ask ("standup", NULL, "10.0.0.2", NULL);

  come_in (bob);
  peer_init (carl);
  fail_unless (sit (carl, ticket, NULL));
  vm_member_lose (carl->member, now);
  g_string_truncate (host.heard, 0);
  g_string_truncate (bob->heard, 0);
  g_string_truncate (carl->heard, 0);
  return token_of (carl);
}

static VmMember *
come_back (const gchar *token, const gchar *key, GError **error)
{
  return vm_rooms_find_lost (rooms, token, key, now, error);
}

static void
refused_back (const gchar *token, const gchar *key)
{
  g_autoptr (GError) error = NULL;

  fail_unless (come_back (token, key, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_RESUME_FAILED);
}

GST_START_TEST (test_resume)
{
  Peer bob, carl;
  g_autofree gchar *token = lose_carl (&bob, &carl);
  g_autofree gchar *next = NULL;

  fail_unless_equals_int (strlen (token), 43);
  now += VM_DETACHED_TIME - 1;
  vm_rooms_tick (rooms, now);
  heard (&bob, "");
  fail_unless (come_back (token, NULL, NULL) == carl.member);
  fail_unless (vm_member_get_peer (carl.member) == &carl);
  vm_member_resume (carl.member, token, "a");
  vm_member_resumed (carl.member);
  heard (&carl, "welcome:active");
  fail_unless (carl.last->resumed);
  fail_unless_equals_string (carl.last->id, "p003");
  heard (&bob, "");
  heard (&host, "");

  /* the old one is good until the new one has arrived, and then not */
  next = token_of (&carl);
  fail_if (strcmp (next, token) == 0);
  fail_unless (come_back (token, NULL, NULL) == carl.member);
  vm_member_arrived (carl.member);
  refused_back (token, NULL);
  fail_unless (come_back (next, NULL, NULL) == carl.member);
  /* long after */
  now += 10 * VM_RESUME_TIME;
  vm_rooms_tick (rooms, now);
  fail_unless (come_back (next, NULL, NULL) == carl.member);
  fail_unless_equals_int (vm_room_count (room), 3);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

/* A welcome with a new token is lost: the client knows the old one only. */
GST_START_TEST (test_resume_twice_by_one_token)
{
  Peer bob, carl;
  g_autofree gchar *token = lose_carl (&bob, &carl);
  g_autofree gchar *lost = NULL, *next = NULL;

  vm_member_resume (carl.member, token, "a");
  lost = token_of (&carl);
  vm_member_lose (carl.member, now);
  fail_unless (come_back (token, NULL, NULL) == carl.member);
  vm_member_resume (carl.member, token, "a");
  next = token_of (&carl);
  refused_back (lost, NULL);
  fail_unless (come_back (next, NULL, NULL) == carl.member);
  vm_member_arrived (carl.member);
  refused_back (token, NULL);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

/* A first welcome that is lost leaves the client with its ticket. */
GST_START_TEST (test_resume_by_ticket)
{
  Peer bob;
  g_autofree gchar *ticket = ask ("standup", NULL, "a", NULL);

  peer_init (&bob);
  fail_unless (sit (&bob, ticket, NULL));
  vm_member_lose (bob.member, now);
  fail_unless (come_back (ticket, NULL, NULL) == bob.member);
  vm_member_resume (bob.member, ticket, "a");
  vm_member_arrived (bob.member);
  refused_back (ticket, NULL);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_detached)
{
  Peer bob, carl, dave;
  g_autofree gchar *token = lose_carl (&bob, &carl);

  now += VM_DETACHED_TIME;
  vm_rooms_tick (rooms, now);
  vm_rooms_tick (rooms, now + 1);
  heard (&bob, "participant-state:detached");
  heard (&host, "participant-state:detached");
  fail_unless_equals_string (bob.last->id, "p003");
  {
    g_autoptr (VmSignal) list = vm_signal_new (VM_SIGNAL_WELCOME);
    VmSignalParticipant *who;

    vm_room_list (room, list, NULL);
    who = g_ptr_array_index (list->participants, 2);
    fail_unless_equals_string (who->state, "detached");
  }
  /* the seat is taken still */
  peer_init (&dave);
  {
    g_autoptr (GError) error = NULL;

    fail_unless (ask ("standup", NULL, "a", &error) == NULL);
    g_assert_error (error, VM_ERROR, VM_ERROR_MEETING_FULL);
  }

  now += VM_RESUME_TIME - VM_DETACHED_TIME - 1;
  vm_rooms_tick (rooms, now);
  fail_unless (come_back (token, NULL, NULL) == carl.member);
  vm_member_resume (carl.member, token, "a");
  vm_member_resumed (carl.member);
  heard (&bob, "participant-state:connecting");
  heard (&carl, "participant-state:detached welcome:active "
                "participant-state:connecting");
  peer_clear (&bob);
  peer_clear (&carl);
  peer_clear (&dave);
}

GST_END_TEST;

GST_START_TEST (test_removed)
{
  Peer bob, carl;
  g_autofree gchar *token = lose_carl (&bob, &carl);
  g_autoptr (GError) error = NULL;

  now += VM_RESUME_TIME;
  /* too late even when nobody has looked */
  refused_back (token, NULL);
  vm_rooms_tick (rooms, now);
  heard (&bob, "participant-left meeting-state:active");
  heard (&host, "participant-left meeting-state:active");
  fail_unless (carl.closed);
  g_assert_error (carl.reason, VM_ERROR, VM_ERROR_TIMEOUT);
  refused_back (token, NULL);
  fail_unless_equals_int (vm_room_count (room), 2);
  peer_clear (&bob);
  peer_clear (&carl);
}

GST_END_TEST;

GST_START_TEST (test_no_resume_after)
{
  Peer bob, carl;
  g_autofree gchar *token = lose_carl (&bob, &carl);
  g_autofree gchar *other = NULL;

  /* a kick, while nobody is there to hear it */
  say (&host, VM_SIGNAL_KICK, "p003");
  fail_unless (carl.closed);
  refused_back (token, NULL);
  peer_clear (&carl);
  vm_member_lose (bob.member, now);
  other = token_of (&bob);
  say (&bob, VM_SIGNAL_BYE, NULL);
  refused_back (other, NULL);
  refused_back (NULL, NULL);
  refused_back ("guess", NULL);
  peer_clear (&bob);
}

GST_END_TEST;

GST_START_TEST (test_resume_is_bound_to_the_key)
{
  VmJoin join = { "standup", "Bob", NULL, NULL, "a", VM_CALL_TYPE_VIDEO,
    "key 1" };
  g_autoptr (VmSignal) hello = vm_signal_new (VM_SIGNAL_HELLO);
  g_autofree gchar *text = NULL;
  g_autoptr (VmTicket) ticket = NULL;
  Peer bob;

  vm_rooms_join (rooms, &join, now, &text, NULL);
  fail_unless (vm_rooms_use_ticket (rooms, text, "key 2", now, NULL) == NULL);
  fail_unless (vm_rooms_use_ticket (rooms, text, NULL, now, NULL) == NULL);
  /* whoever has it without the key cannot use it up */
  ticket = vm_rooms_use_ticket (rooms, text, "key 1", now, NULL);
  fail_unless (ticket != NULL);
  peer_init (&bob);
  bob.member = vm_rooms_take_seat (rooms, ticket, hello, &bob, NULL);
  refused_back (text, NULL);
  refused_back (text, "key 2");
  fail_unless (come_back (text, "key 1", NULL) == bob.member);
  peer_clear (&bob);
}

GST_END_TEST;

static Suite *
roomsresume_suite (void)
{
  Suite *s = suite_create ("roomsresume");
  TCase *tc = tcase_create ("roomsresume");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_resume);
  tcase_add_test (tc, test_resume_twice_by_one_token);
  tcase_add_test (tc, test_resume_by_ticket);
  tcase_add_test (tc, test_detached);
  tcase_add_test (tc, test_removed);
  tcase_add_test (tc, test_no_resume_after);
  tcase_add_test (tc, test_resume_is_bound_to_the_key);
  return s;
}

CHECK_PROGRAM (roomsresume)
